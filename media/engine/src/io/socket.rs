//! The media socket: batches in with `recvmmsg`, batches out with `sendmmsg`.
//!
//! Neighbouring datagrams of one size to one address leave as one message that the kernel cuts
//! (UDP GSO, `UDP_SEGMENT`): a frame arrives as such a run, and a run costs little more than a
//! single datagram. Nothing here waits, except [`wait`].

use std::io;
use std::mem::{size_of, zeroed};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::ops::Range;
use std::os::fd::{AsRawFd, RawFd};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use super::control::{Control, destination};
use super::tcp::Queues;
use crate::batch::{Batch, MAX_MESSAGES, Message, Sink};
use crate::command::{Counter, Counters};
use crate::remote::{Class, Remote};

/// Kernel buffer we ask for in each direction; best effort (`net.core.rmem_max`).
const SOCKET_BUFFER: usize = 8 << 20;

/// Bytes read of one datagram; what is longer is no media of ours.
pub const RECEIVE_SIZE: usize = 2048;

/// Datagrams read by one call.
pub const RECEIVE_BATCH: usize = 64;

/// Bytes of one run: an IP packet's limit with room for headers.
const MAX_RUN_BYTES: usize = 60_000;

/// Open a socket for the media port, not bound yet.
///
/// Fails when the system has no more descriptors or does not know the address family.
pub fn open(address: IpAddr) -> io::Result<Socket> {
    let to = SocketAddr::new(address, 0);
    let socket = Socket::new(Domain::for_address(to), Type::DGRAM, Some(Protocol::UDP))?;
    if address == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    if address.is_unspecified() {
        // answers have to leave from the address that was asked
        match address {
            IpAddr::V4(_) => set_option(&socket, libc::IPPROTO_IP, libc::IP_PKTINFO, 1)?,
            IpAddr::V6(_) => set_option(&socket, libc::IPPROTO_IPV6, libc::IPV6_RECVPKTINFO, 1)?,
        }
    }
    socket.set_nonblocking(true)?;
    // best effort: the limits of an ordinary machine are lower, and smaller buffers still work
    let _ = socket.set_recv_buffer_size(SOCKET_BUFFER);
    let _ = socket.set_send_buffer_size(SOCKET_BUFFER);
    Ok(socket)
}

/// Set an option of a socket.
pub fn set_option(
    socket: &impl AsRawFd,
    level: libc::c_int,
    name: libc::c_int,
    value: libc::c_int,
) -> io::Result<()> {
    // SAFETY: the value lives through the call and has the length beside it.
    let done = unsafe {
        libc::setsockopt(
            socket.as_raw_fd(),
            level,
            name,
            (&raw const value).cast(),
            size_of::<libc::c_int>() as libc::socklen_t,
        )
    };
    match done {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Wait until one of the descriptors is readable or the time is over; `None` waits for ever.
pub fn wait(descriptors: &[RawFd; 2], timeout: Option<Duration>) {
    let mut waiting = descriptors.map(|fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    });
    let milliseconds = timeout.map_or(-1, |t| t.as_micros().div_ceil(1000).min(60_000) as i32);
    // SAFETY: the array lives through the call and its length is given. An interrupted wait is
    // a short one.
    unsafe {
        libc::poll(
            waiting.as_mut_ptr(),
            waiting.len() as libc::nfds_t,
            milliseconds,
        )
    };
}

/// What one read brought.
pub struct Inbound {
    buffers: Box<[[u8; RECEIVE_SIZE]]>,
    sizes: [usize; RECEIVE_BATCH],
    from: [Option<Remote>; RECEIVE_BATCH],
    controls: Box<[Control]>,
}

impl Default for Inbound {
    fn default() -> Self {
        Self {
            buffers: vec![[0; RECEIVE_SIZE]; RECEIVE_BATCH].into_boxed_slice(),
            sizes: [0; RECEIVE_BATCH],
            from: [None; RECEIVE_BATCH],
            controls: vec![Control::default(); RECEIVE_BATCH].into_boxed_slice(),
        }
    }
}

impl Inbound {
    /// Read what has come, up to [`RECEIVE_BATCH`] datagrams; returns how many.
    pub fn receive(&mut self, socket: &Socket, counters: &mut Counters) -> usize {
        // SAFETY: all-zero is a valid value of these plain C structures.
        let mut names: [libc::sockaddr_storage; RECEIVE_BATCH] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut vectors: [libc::iovec; RECEIVE_BATCH] = unsafe { zeroed() };
        // SAFETY: as above.
        let mut headers: [libc::mmsghdr; RECEIVE_BATCH] = unsafe { zeroed() };
        for at in 0..RECEIVE_BATCH {
            vectors[at].iov_base = self.buffers[at].as_mut_ptr().cast();
            vectors[at].iov_len = RECEIVE_SIZE;
            let header = &mut headers[at].msg_hdr;
            header.msg_name = (&raw mut names[at]).cast();
            header.msg_namelen = size_of::<libc::sockaddr_storage>() as libc::socklen_t;
            header.msg_iov = &raw mut vectors[at];
            header.msg_iovlen = 1;
            self.controls[at].offer(header);
        }
        // SAFETY: every pointer set above outlives the call and spans the length beside it.
        let count = unsafe {
            libc::recvmmsg(
                socket.as_raw_fd(),
                headers.as_mut_ptr(),
                RECEIVE_BATCH as libc::c_uint,
                libc::MSG_DONTWAIT as _,
                std::ptr::null_mut(),
            )
        };
        let count = usize::try_from(count).unwrap_or(0);
        for at in 0..count {
            self.take(at, &headers[at], &names[at], counters);
        }
        count
    }

    fn take(
        &mut self,
        at: usize,
        header: &libc::mmsghdr,
        name: &libc::sockaddr_storage,
        counters: &mut Counters,
    ) {
        counters.count(Counter::datagrams_received);
        counters.add(Counter::bytes_received, u64::from(header.msg_len));
        let too_long = header.msg_hdr.msg_flags & libc::MSG_TRUNC != 0;
        if too_long {
            counters.count(Counter::rejected_too_long);
        }
        self.sizes[at] = header.msg_len as usize;
        let from = address_of(name).filter(|_| !too_long);
        self.from[at] = from.map(|from| Remote::Udp(from, destination(&header.msg_hdr)));
    }

    /// Return the datagram at `at` with its sender, unless it was too long.
    pub fn datagram(&mut self, at: usize) -> Option<(Remote, &mut [u8])> {
        let from = self.from[at]?;
        Some((from, &mut self.buffers[at][..self.sizes[at]]))
    }
}

/// Read a kernel address; an IPv4 address mapped into IPv6 becomes plain IPv4.
fn address_of(name: &libc::sockaddr_storage) -> Option<SocketAddr> {
    let pointer: *const libc::sockaddr_storage = name;
    match i32::from(name.ss_family) {
        libc::AF_INET => {
            // SAFETY: the kernel wrote a sockaddr_in, as the family says; storage is larger.
            let v4 = unsafe { &*pointer.cast::<libc::sockaddr_in>() };
            let ip = Ipv4Addr::from(u32::from_be(v4.sin_addr.s_addr));
            Some(SocketAddr::new(ip.into(), u16::from_be(v4.sin_port)))
        }
        libc::AF_INET6 => {
            // SAFETY: the kernel wrote a sockaddr_in6, as the family says; storage is larger.
            let v6 = unsafe { &*pointer.cast::<libc::sockaddr_in6>() };
            let ip = Ipv6Addr::from(v6.sin6_addr.s6_addr);
            let port = u16::from_be(v6.sin6_port);
            Some(match ip.to_ipv4_mapped() {
                Some(ip) => SocketAddr::new(ip.into(), port),
                None => SocketAddrV6::new(ip, port, 0, v6.sin6_scope_id).into(),
            })
        }
        _ => None,
    }
}

/// Write an address the way the socket's family wants it.
fn write_address(to: SocketAddr, is_v6: bool, name: &mut libc::sockaddr_in6) -> libc::socklen_t {
    let ip = match to {
        SocketAddr::V4(v4) if !is_v6 => {
            let pointer: *mut libc::sockaddr_in6 = name;
            // SAFETY: sockaddr_in is smaller than sockaddr_in6 and needs no stricter alignment.
            let name = unsafe { &mut *pointer.cast::<libc::sockaddr_in>() };
            name.sin_family = libc::AF_INET as libc::sa_family_t;
            name.sin_port = v4.port().to_be();
            name.sin_addr.s_addr = u32::from(*v4.ip()).to_be();
            name.sin_zero = [0; 8];
            return size_of::<libc::sockaddr_in>() as libc::socklen_t;
        }
        SocketAddr::V4(v4) => v4.ip().to_ipv6_mapped(),
        SocketAddr::V6(v6) => *v6.ip(),
    };
    name.sin6_family = libc::AF_INET6 as libc::sa_family_t;
    name.sin6_port = to.port().to_be();
    name.sin6_flowinfo = 0;
    name.sin6_addr.s6_addr = ip.octets();
    name.sin6_scope_id = if let SocketAddr::V6(v6) = to {
        v6.scope_id()
    } else {
        0
    };
    size_of::<libc::sockaddr_in6>() as libc::socklen_t
}

/// A bound socket, and how to send through it.
pub struct Port {
    /// The socket.
    pub socket: Socket,
    /// Whether it is of IPv6.
    pub is_v6: bool,
    /// Whether datagrams are marked with what they carry.
    pub marks: bool,
}

/// The sending side of a socket, with everything a call needs kept ready.
pub struct Outbound<'a> {
    port: &'a Port,
    queues: &'a Queues,
    counters: &'a mut Counters,
    room: &'a mut OutboundRoom,
}

/// Memory of [`Outbound`] that lives from batch to batch.
pub struct OutboundRoom {
    names: [libc::sockaddr_in6; MAX_MESSAGES],
    vectors: [libc::iovec; MAX_MESSAGES],
    controls: [Control; MAX_MESSAGES],
    headers: [libc::mmsghdr; MAX_MESSAGES],
    runs: [usize; MAX_MESSAGES],
}

// SAFETY: the pointers inside are written and read within one `Outbound::send`, never kept.
unsafe impl Send for OutboundRoom {}

impl Default for OutboundRoom {
    fn default() -> Self {
        // SAFETY: all-zero is a valid value of these plain C structures.
        unsafe { zeroed() }
    }
}

/// Why the kernel did not take a message.
enum Refusal {
    /// Asked at the wrong moment; ask again.
    Interrupted,
    /// No room; what follows would fare no better.
    Full,
    /// This one will never go.
    Refused,
}

impl<'a> Outbound<'a> {
    /// Send through `port`, or by way of `queues` to connections, counting into `counters`.
    pub fn new(
        port: &'a Port,
        queues: &'a Queues,
        counters: &'a mut Counters,
        room: &'a mut OutboundRoom,
    ) -> Self {
        Self {
            port,
            queues,
            counters,
            room,
        }
    }

    /// Fill headers for these messages, of which those before `singly_until` leave one by one.
    fn load(&mut self, batch: &Batch, range: Range<usize>, singly_until: usize) -> usize {
        let messages = &batch.messages()[..range.end];
        let (mut at, mut loaded) = (range.start, 0);
        while at < messages.len() {
            let run = if at < singly_until {
                1
            } else {
                run_length(&messages[at..])
            };
            self.load_run(batch, &messages[at..at + run], loaded);
            self.room.runs[loaded] = run;
            at += run;
            loaded += 1;
        }
        loaded
    }

    fn load_run(&mut self, batch: &Batch, run: &[Message], at: usize) {
        let room = &mut *self.room;
        let size = run.iter().map(Message::size).sum();
        let bytes = &batch.all_bytes()[run[0].start()..][..size];
        // the kernel only reads from it
        room.vectors[at].iov_base = bytes.as_ptr().cast_mut().cast();
        room.vectors[at].iov_len = size;
        let header = &mut room.headers[at].msg_hdr;
        header.msg_namelen =
            write_address(run[0].to.address(), self.port.is_v6, &mut room.names[at]);
        header.msg_name = (&raw mut room.names[at]).cast();
        header.msg_iov = &raw mut room.vectors[at];
        header.msg_iovlen = 1;
        let control = &mut room.controls[at];
        control.clear();
        if run.len() > 1 {
            control.cut(run[0].size() as u16);
        }
        if self.port.marks {
            let to_v6 = run[0].to.address().is_ipv6();
            control.mark(traffic_class(run[0].class), to_v6);
        }
        if let Remote::Udp(_, Some(ours)) = run[0].to {
            control.leave_from(ours, self.port.is_v6);
        }
        control.attach(header);
    }

    fn send_loaded(&mut self, loaded: usize) -> Result<usize, Refusal> {
        self.counters.count(Counter::send_calls);
        // SAFETY: `load` pointed every header at memory of `room` and of the batch, both of which
        // outlive this call and are not touched during it.
        let sent = unsafe {
            libc::sendmmsg(
                self.port.socket.as_raw_fd(),
                self.room.headers.as_mut_ptr(),
                loaded as libc::c_uint,
                libc::MSG_DONTWAIT as _,
            )
        };
        if sent > 0 {
            return Ok(sent as usize);
        }
        Err(match io::Error::last_os_error().raw_os_error() {
            Some(libc::EINTR) => Refusal::Interrupted,
            Some(libc::EAGAIN | libc::ENOBUFS | libc::ENOMEM) => Refusal::Full,
            _ => Refusal::Refused,
        })
    }
}

impl Sink for Outbound<'_> {
    fn now(&self) -> Option<Instant> {
        Some(Instant::now())
    }

    fn send(&mut self, batch: &Batch) {
        let mut at = 0;
        for stretch in batch.messages().chunk_by(|a, b| is_udp(a) == is_udp(b)) {
            if is_udp(&stretch[0]) {
                self.send_datagrams(batch, at..at + stretch.len());
            } else {
                self.queues.put(batch, stretch, self.counters);
            }
            at += stretch.len();
        }
    }
}

impl Outbound<'_> {
    fn send_datagrams(&mut self, batch: &Batch, range: Range<usize>) {
        let (mut at, mut singly_until, total) = (range.start, range.start, range.end);
        while at < total {
            let loaded = self.load(batch, at..total, singly_until);
            match self.send_loaded(loaded) {
                Ok(sent) => {
                    let taken: usize = self.room.runs[..sent].iter().sum();
                    let bytes = batch.messages()[at..at + taken].iter().map(Message::size);
                    self.counters.add(Counter::datagrams_sent, taken as u64);
                    self.counters
                        .add(Counter::bytes_sent, bytes.sum::<usize>() as u64);
                    at += taken;
                }
                Err(Refusal::Interrupted) => {}
                Err(Refusal::Full) => {
                    self.counters
                        .add(Counter::dropped_by_kernel, (total - at) as u64);
                    return;
                }
                // a run may be refused where its datagrams are not: a path without GSO or with
                // a smaller MTU
                Err(Refusal::Refused) if self.room.runs[0] > 1 => {
                    singly_until = at + self.room.runs[0];
                }
                Err(Refusal::Refused) => {
                    self.counters.count(Counter::send_errors);
                    at += 1;
                }
            }
        }
    }
}

fn is_udp(message: &Message) -> bool {
    matches!(message.to, Remote::Udp(..))
}

/// Return the traffic class byte of what a datagram carries (RFC 8837 §5, at medium priority): EF
/// for sound, AF42 for pictures. Checks are marked as media is (RFC 8445 §7.2.2).
pub fn traffic_class(class: Class) -> u8 {
    match class {
        Class::Audio => 46 << 2,
        Class::Video | Class::Control => 36 << 2,
    }
}

/// Return how many messages from the first on can leave as one: same address, class and size,
/// where only the last may be shorter.
fn run_length(messages: &[Message]) -> usize {
    let Message { to, class, .. } = messages[0];
    let size = messages[0].size();
    let mut length = 1;
    let mut bytes = size;
    for message in &messages[1..] {
        bytes += message.size();
        if message.to != to
            || message.class != class
            || message.size() > size
            || bytes > MAX_RUN_BYTES
        {
            break;
        }
        length += 1;
        if message.size() < size {
            break;
        }
    }
    length
}

#[cfg(test)]
mod tests;
