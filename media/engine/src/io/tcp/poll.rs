//! Waiting for many descriptors at once: epoll(7).

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

/// Descriptors told of by one wait; those left over are told of by the next.
const BATCH: usize = 64;

/// A set of descriptors, each with a token.
pub struct Poll {
    epoll: OwnedFd,
    ready: [libc::epoll_event; BATCH],
}

impl Poll {
    /// Open an empty set.
    pub fn new() -> io::Result<Self> {
        // SAFETY: no pointers; a descriptor that is not negative is ours alone.
        let fd = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(Self {
            // SAFETY: `fd` was just opened and belongs to nobody else.
            epoll: unsafe { OwnedFd::from_raw_fd(fd) },
            ready: [libc::epoll_event { events: 0, u64: 0 }; BATCH],
        })
    }

    /// Wait for a descriptor to be readable from now on.
    pub fn add(&self, fd: RawFd, token: u64) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_ADD, fd, libc::EPOLLIN, token)
    }

    /// Wait for it to be readable and, if wanted, for room to write as well.
    pub fn change(&self, fd: RawFd, token: u64, wants_room: bool) -> io::Result<()> {
        let room = if wants_room { libc::EPOLLOUT } else { 0 };
        self.control(libc::EPOLL_CTL_MOD, fd, libc::EPOLLIN | room, token)
    }

    /// Wait for it no longer.
    pub fn remove(&self, fd: RawFd) -> io::Result<()> {
        self.control(libc::EPOLL_CTL_DEL, fd, 0, 0)
    }

    /// Wait until something is ready or the time is over; returns the tokens of what is.
    pub fn wait(&mut self, timeout: Option<Duration>) -> Vec<u64> {
        let timeout = timeout.map_or(-1, |timeout| timeout.as_millis().min(60_000) as i32);
        // SAFETY: the array lives through the call and its length is given. An interrupted wait
        // is a short one.
        let count = unsafe {
            libc::epoll_wait(
                self.epoll.as_raw_fd(),
                self.ready.as_mut_ptr(),
                BATCH as i32,
                timeout,
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        self.ready[..count].iter().map(|event| event.u64).collect()
    }

    fn control(&self, operation: i32, fd: RawFd, events: i32, token: u64) -> io::Result<()> {
        let mut event = libc::epoll_event {
            events: events as u32,
            u64: token,
        };
        // SAFETY: the event lives through the call, which only reads it.
        let done = unsafe { libc::epoll_ctl(self.epoll.as_raw_fd(), operation, fd, &mut event) };
        match done {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

/// Return how many descriptors this process may have open.
pub fn descriptors() -> usize {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: the structure lives through the call, which only writes it.
    unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    usize::try_from(limit.rlim_cur).unwrap_or(usize::MAX)
}
