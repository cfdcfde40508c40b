//! What goes with a datagram to and from the kernel (cmsg(3)): where it is cut, how it is marked,
//! and which of our addresses it is for.

use std::mem::size_of;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of control messages: segment size, traffic class and IPv6 source, each with its header.
pub const CONTROL_SIZE: usize = 96;

/// Control messages of one datagram, with the alignment the kernel wants.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
pub struct Control {
    bytes: [u8; CONTROL_SIZE],
    used: usize,
}

impl Default for Control {
    fn default() -> Self {
        Self {
            bytes: [0; CONTROL_SIZE],
            used: 0,
        }
    }
}

impl Control {
    /// Let the kernel write its own here.
    pub fn offer(&mut self, header: &mut libc::msghdr) {
        self.used = CONTROL_SIZE;
        self.attach(header);
    }

    /// Begin without any.
    pub fn clear(&mut self) {
        self.used = 0;
    }

    /// Let the kernel cut a run into datagrams of this size (`UDP_SEGMENT`, udp(7)).
    pub fn cut(&mut self, size: u16) {
        self.push(libc::SOL_UDP, libc::UDP_SEGMENT, size);
    }

    /// Mark a datagram; the other family's mark is not read (ip(7), ipv6(7)).
    pub fn mark(&mut self, traffic_class: u8, to_v6: bool) {
        let value = libc::c_int::from(traffic_class);
        match to_v6 {
            true => self.push(libc::IPPROTO_IPV6, libc::IPV6_TCLASS, value),
            false => self.push(libc::IPPROTO_IP, libc::IP_TOS, value),
        }
    }

    /// Let a datagram leave from this address of ours, through a socket of either family.
    pub fn leave_from(&mut self, ours: IpAddr, socket_is_v6: bool) {
        match ours {
            IpAddr::V4(v4) if !socket_is_v6 => {
                let info = libc::in_pktinfo {
                    ipi_ifindex: 0,
                    ipi_spec_dst: libc::in_addr {
                        s_addr: u32::from(v4).to_be(),
                    },
                    ipi_addr: libc::in_addr { s_addr: 0 },
                };
                self.push(libc::IPPROTO_IP, libc::IP_PKTINFO, info);
            }
            _ => {
                let ip = match ours {
                    IpAddr::V4(v4) => v4.to_ipv6_mapped(),
                    IpAddr::V6(v6) => v6,
                };
                let info = libc::in6_pktinfo {
                    ipi6_addr: libc::in6_addr {
                        s6_addr: ip.octets(),
                    },
                    ipi6_ifindex: 0,
                };
                self.push(libc::IPPROTO_IPV6, libc::IPV6_PKTINFO, info);
            }
        }
    }

    /// Point a header here.
    pub fn attach(&mut self, header: &mut libc::msghdr) {
        header.msg_control = match self.used {
            0 => std::ptr::null_mut(),
            _ => self.bytes.as_mut_ptr().cast(),
        };
        header.msg_controllen = self.used as _;
    }

    fn push<T: Copy>(&mut self, level: libc::c_int, kind: libc::c_int, value: T) {
        let size = size_of::<T>() as u32;
        // SAFETY: CMSG_SPACE and CMSG_LEN compute lengths from a length.
        let (space, len) = unsafe { (libc::CMSG_SPACE(size), libc::CMSG_LEN(size)) };
        let Some(room) = self.bytes.get_mut(self.used..self.used + space as usize) else {
            return;
        };
        let message: *mut libc::cmsghdr = room.as_mut_ptr().cast();
        // SAFETY: spaces are multiples of the alignment, so that `room` is aligned for a cmsghdr,
        // and it has room for that and the value after it.
        unsafe {
            (*message).cmsg_level = level;
            (*message).cmsg_type = kind;
            (*message).cmsg_len = len as _;
            libc::CMSG_DATA(message).cast::<T>().write_unaligned(value);
        }
        self.used += space as usize;
    }
}

/// Return the address of ours that a datagram was sent to, if the kernel told.
pub fn destination(header: &libc::msghdr) -> Option<IpAddr> {
    // SAFETY: the kernel wrote the messages of `header`, whose memory outlives it; the macros stay
    // within the length it noted.
    let mut message = unsafe { libc::CMSG_FIRSTHDR(header) };
    while !message.is_null() {
        // SAFETY: not null, so it points at a whole header.
        let (level, kind) = unsafe { ((*message).cmsg_level, (*message).cmsg_type) };
        // SAFETY: as above.
        let data = unsafe { libc::CMSG_DATA(message) };
        match (level, kind) {
            (libc::IPPROTO_IP, libc::IP_PKTINFO) => {
                // SAFETY: level and kind say what the kernel wrote.
                let info = unsafe { data.cast::<libc::in_pktinfo>().read_unaligned() };
                return Some(Ipv4Addr::from(u32::from_be(info.ipi_spec_dst.s_addr)).into());
            }
            (libc::IPPROTO_IPV6, libc::IPV6_PKTINFO) => {
                // SAFETY: level and kind say what the kernel wrote.
                let info = unsafe { data.cast::<libc::in6_pktinfo>().read_unaligned() };
                return Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).to_canonical());
            }
            _ => {}
        }
        // SAFETY: `message` is a header of `header`.
        message = unsafe { libc::CMSG_NXTHDR(header, message) };
    }
    None
}
