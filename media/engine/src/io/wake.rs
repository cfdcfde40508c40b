//! Waking a waiting thread or event loop: an eventfd.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};

/// A counter in the kernel that is readable while it is not zero.
#[derive(Debug)]
pub struct Wake(OwnedFd);

impl Wake {
    /// Open one, not raised.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers; a descriptor that is not negative is ours alone.
        let fd = unsafe { libc::eventfd(0, libc::EFD_NONBLOCK | libc::EFD_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: `fd` was just opened and belongs to nobody else.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Make it readable. A counter that is full is readable already.
    pub fn raise(&self) {
        let one = 1u64.to_ne_bytes();
        // SAFETY: the buffer lives through the call and has the eight bytes an eventfd takes.
        unsafe { libc::write(self.fd(), one.as_ptr().cast(), one.len()) };
    }

    /// Make it unreadable until it is raised again.
    pub fn lower(&self) {
        let mut count = [0u8; 8];
        // SAFETY: the buffer lives through the call and has the eight bytes an eventfd gives.
        unsafe { libc::read(self.fd(), count.as_mut_ptr().cast(), count.len()) };
    }

    /// Return the descriptor to wait on.
    pub fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
