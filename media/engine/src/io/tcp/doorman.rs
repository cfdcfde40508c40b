//! The thread that lets connections in, reads from and writes to them, and closes them.

use std::collections::HashMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::admission::Admission;
use super::framing::Frames;
use super::poll::Poll;
use crate::command::{Counter, Counters};
use crate::io::panics::{be_quiet, contain};
use crate::io::routes::Home;
use crate::io::socket::{set_option, traffic_class};
use crate::io::{Note, Shared};
use crate::remote::{Class, ConnectionId, Remote};
use crate::{rtp, stun};

/// Time in which a connection must have passed a check.
pub const CHECKED_WITHIN: Duration = Duration::from_secs(10);

/// Time without a byte read by the other end, while some wait, after which it is given up.
pub const STALLED_AFTER: Duration = Duration::from_secs(10);

/// How often all connections are looked after.
const ROUND: Duration = Duration::from_secs(1);

/// Connections the kernel holds until we let them in.
const BACKLOG: i32 = 256;

/// Bytes read or written at once.
const CHUNK: usize = 16 << 10;

/// Bytes that lie in the kernel not sent yet: what is there can not be overtaken by sound.
const MAX_UNSENT: u32 = 16 << 10;

/// Pause after a failure, so that one which repeats at once does not take the processor.
const PAUSE_AFTER_PANIC: Duration = Duration::from_millis(100);

/// The token of what engine threads wake us with; the listeners' are below it.
const WAKE: u64 = u64::MAX;

/// Listen for connections; an unspecified IPv6 address takes IPv4 as well.
///
/// Fails when the port is taken, the address not ours, or the port not for us to open.
pub fn listen(address: IpAddr, port: u16) -> io::Result<TcpListener> {
    let at = SocketAddr::new(address, port);
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    if address == IpAddr::V6(Ipv6Addr::UNSPECIFIED) {
        socket.set_only_v6(false)?;
    }
    // connections of an earlier run that are still ending do not hold the port
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// One peer's connection.
struct Connection {
    stream: TcpStream,
    remote: Remote,
    frames: Frames,
    /// Frames on their way, and how much of them the kernel has.
    out: Vec<u8>,
    written: usize,
    /// Where the transport of the newest check is.
    home: Option<Home>,
    is_checked: bool,
    since: Instant,
    /// Since when nothing more could be written.
    full_since: Option<Instant>,
}

/// Everything the thread has.
pub struct Doorman {
    listeners: Vec<TcpListener>,
    /// Whether packets are marked; a connection has one mark for all it carries.
    marks: bool,
    /// Whether listeners are waited for; not while the system has no descriptors left.
    is_open: bool,
    poll: Poll,
    shared: Arc<Shared>,
    connections: HashMap<u64, Connection>,
    admission: Admission,
    next_id: u64,
    next_round: Instant,
    counters: Counters,
}

impl Doorman {
    /// Let nobody in yet; fails when the system has no descriptors left.
    pub fn new(listeners: Vec<TcpListener>, marks: bool, shared: Arc<Shared>) -> io::Result<Self> {
        let poll = Poll::new()?;
        poll.add(shared.queues.wake.fd(), WAKE)?;
        let mut doorman = Self {
            listeners,
            marks,
            is_open: false,
            poll,
            shared,
            connections: HashMap::new(),
            admission: Admission::new(),
            next_id: 0,
            next_round: Instant::now(),
            counters: Counters::default(),
        };
        doorman.set_open(true)?;
        Ok(doorman)
    }

    /// Work until the engine is closed; a panic costs the connections, nothing else.
    pub fn run(mut self) {
        be_quiet();
        while !self.is_stopping() {
            if contain(|| self.work()).is_err() {
                self.counters.count(Counter::panics);
                let ids: Vec<_> = self.connections.keys().copied().collect();
                ids.into_iter().for_each(|id| self.close(id));
                std::thread::sleep(PAUSE_AFTER_PANIC);
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    fn work(&mut self) {
        while !self.is_stopping() {
            let is_idle = self.connections.is_empty() && self.is_open;
            let round = self.next_round.saturating_duration_since(Instant::now());
            let ready = self.poll.wait((!is_idle).then_some(round));
            let now = Instant::now();
            for token in ready {
                self.serve(token, now);
            }
            if now >= self.next_round {
                self.next_round = now + ROUND;
                self.look_after_all(now);
            }
            self.publish();
        }
    }

    fn serve(&mut self, token: u64, now: Instant) {
        if token == WAKE {
            for connection in self.shared.queues.take_fresh() {
                self.write(connection.0, now);
            }
        } else if let Some(listener) = usize::try_from(WAKE - 1 - token)
            .ok()
            .filter(|&listener| listener < self.listeners.len())
        {
            self.accept_all(listener, now);
        } else {
            self.read(token);
            self.write(token, now);
        }
    }

    /// Wait for listeners, or not.
    fn set_open(&mut self, is_open: bool) -> io::Result<()> {
        if self.is_open == is_open {
            return Ok(());
        }
        for (at, listener) in self.listeners.iter().enumerate() {
            match is_open {
                true => self.poll.add(listener.as_raw_fd(), WAKE - 1 - at as u64)?,
                false => self.poll.remove(listener.as_raw_fd())?,
            }
        }
        self.is_open = is_open;
        Ok(())
    }

    fn accept_all(&mut self, listener: usize, now: Instant) {
        loop {
            match self.listeners[listener].accept() {
                Ok((stream, from)) => self.accept(stream, plain(from), now),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error) if is_of_one(&error) => {}
                Err(_) => {
                    // no descriptors: the next round tries again
                    let _ = self.set_open(false);
                    self.next_round = now + ROUND;
                    return;
                }
            }
        }
    }

    fn accept(&mut self, stream: TcpStream, from: SocketAddr, now: Instant) {
        if !self.admission.admit(from.ip()) {
            self.counters.count(Counter::connections_rejected);
            return;
        }
        let id = self.next_id;
        self.next_id += 1;
        if self.marks {
            mark(&stream, from);
        }
        if prepare(&stream).is_err() || self.poll.add(stream.as_raw_fd(), id).is_err() {
            self.admission.ended(from.ip(), false);
            return;
        }
        self.counters.count(Counter::connections_accepted);
        self.shared.queues.open(ConnectionId(id));
        let connection = Connection::new(stream, Remote::Tcp(ConnectionId(id), from), now);
        self.connections.insert(id, connection);
        if self.connections.len() == 1 {
            self.next_round = now + ROUND;
        }
    }

    /// Read what has come, and close a connection that has ended or is not ours.
    fn read(&mut self, id: u64) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let mut chunk = [0; CHUNK];
        match connection.stream.read(&mut chunk) {
            Ok(0) => self.close(id),
            Ok(count) => {
                self.counters.add(Counter::bytes_received, count as u64);
                if !connection.take(&chunk[..count], &self.shared, &mut self.counters) {
                    self.counters.count(Counter::connections_rejected);
                    self.close(id);
                }
            }
            Err(error) if is_passing(&error) => {}
            Err(_) => self.close(id),
        }
    }

    /// Write what waits, as much as the kernel takes.
    fn write(&mut self, id: u64, now: Instant) {
        let Some(connection) = self.connections.get_mut(&id) else {
            return;
        };
        let was_full = connection.full_since.is_some();
        if connection.write_all(&self.shared, now).is_err() {
            return self.close(id);
        }
        let is_full = connection.full_since.is_some();
        let fd = connection.stream.as_raw_fd();
        if is_full != was_full && self.poll.change(fd, id, is_full).is_err() {
            self.close(id);
        }
    }

    /// Close whoever passed no check in time, belongs to nobody any more, or does not read.
    fn look_after_all(&mut self, now: Instant) {
        // when it fails, there are no descriptors still, and the next round tries again
        let _ = self.set_open(true);
        let ids: Vec<_> = self.connections.keys().copied().collect();
        for id in ids {
            let Some(connection) = self.connections.get_mut(&id) else {
                continue;
            };
            let is_known = self
                .shared
                .directory
                .home_of_remote(connection.remote)
                .is_some();
            if is_known && !connection.is_checked {
                connection.is_checked = true;
                self.admission.checked(connection.remote.address().ip());
            }
            let reason = connection.fault(is_known, now);
            if let Some(reason) = reason {
                self.counters.count(reason);
                self.close(id);
            }
        }
    }

    fn close(&mut self, id: u64) {
        let Some(connection) = self.connections.remove(&id) else {
            return;
        };
        self.shared.queues.close(ConnectionId(id));
        self.admission
            .ended(connection.remote.address().ip(), connection.is_checked);
        if let Some(home) = connection.home {
            let note = Note::Closed(home.router, connection.remote);
            self.shared.inboxes[home.thread].put(note);
        }
    }

    fn publish(&self) {
        let totals = self.shared.queues.counters.iter();
        for (total, value) in totals.zip(self.counters.values()) {
            total.store(*value, Ordering::Relaxed);
        }
    }
}

impl Connection {
    fn new(stream: TcpStream, remote: Remote, now: Instant) -> Self {
        Self {
            stream,
            remote,
            frames: Frames::default(),
            out: Vec::new(),
            written: 0,
            home: None,
            is_checked: false,
            since: now,
            full_since: None,
        }
    }

    /// Take bytes of the stream; false when they are none of a peer of ours.
    fn take(&mut self, bytes: &[u8], shared: &Shared, counters: &mut Counters) -> bool {
        let (remote, home) = (self.remote, &mut self.home);
        let mut is_ours = true;
        let taken = self.frames.take(bytes, |frame| {
            counters.count(Counter::datagrams_received);
            if rtp::demux(frame) == rtp::Kind::Stun {
                *home = home_of_check(frame, shared).or(*home);
            }
            let Some(home) = *home else {
                is_ours = false;
                return;
            };
            let inbox = &shared.inboxes[home.thread];
            counters.count(match inbox.put_datagram(home.router, remote, frame) {
                true => Counter::handed_over,
                false => Counter::dropped_hand_over,
            });
        });
        is_ours && taken.is_ok()
    }

    fn write_all(&mut self, shared: &Shared, now: Instant) -> io::Result<()> {
        let Remote::Tcp(id, _) = self.remote else {
            return Ok(());
        };
        loop {
            if self.written == self.out.len() {
                self.out.clear();
                self.written = 0;
                shared.queues.take(id, &mut self.out, CHUNK);
            }
            if self.out.is_empty() {
                self.full_since = None;
                return Ok(());
            }
            match self.stream.write(&self.out[self.written..]) {
                Ok(count) => {
                    self.written += count;
                    self.full_since = None;
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => {
                    self.full_since.get_or_insert(now);
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Return why it should be closed.
    fn fault(&self, is_known: bool, now: Instant) -> Option<Counter> {
        let lasts = |since: Instant, limit| now.saturating_duration_since(since) >= limit;
        let is_late = !self.is_checked && lasts(self.since, CHECKED_WITHIN);
        if is_late || (self.is_checked && !is_known) {
            return Some(Counter::connections_rejected);
        }
        let is_stalled = self
            .full_since
            .is_some_and(|since| lasts(since, STALLED_AFTER));
        is_stalled.then_some(Counter::connections_stalled)
    }
}

/// Return where the transport is that a check is for.
fn home_of_check(frame: &[u8], shared: &Shared) -> Option<Home> {
    let message = stun::Message::parse(frame).ok()?;
    shared.directory.home_of_ufrag(message.local_ufrag()?)
}

/// Let an accepted connection send at once and keep little unsent.
fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    stream.set_nodelay(true)?;
    SockRef::from(stream).set_tcp_notsent_lowat(MAX_UNSENT)
}

/// Mark what a connection carries as pictures are; best effort, for it works without as well.
fn mark(stream: &TcpStream, from: SocketAddr) {
    let class = i32::from(traffic_class(Class::Video));
    let _ = match from {
        SocketAddr::V4(_) => set_option(stream, libc::IPPROTO_IP, libc::IP_TOS, class),
        SocketAddr::V6(_) => set_option(stream, libc::IPPROTO_IPV6, libc::IPV6_TCLASS, class),
    };
}

/// Return an IPv4 address that is mapped into IPv6 as plain IPv4.
fn plain(from: SocketAddr) -> SocketAddr {
    SocketAddr::new(from.ip().to_canonical(), from.port())
}

/// Tell whether accepting failed for one connection only (accept(2)).
fn is_of_one(error: &io::Error) -> bool {
    let kinds = [ErrorKind::Interrupted, ErrorKind::ConnectionAborted];
    kinds.contains(&error.kind()) || error.raw_os_error() == Some(libc::EPROTO)
}

fn is_passing(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_has_so_long_to_pass_a_check_and_to_read() {
        let listener = listen(IpAddr::from([127, 0, 0, 1]), 0).expect("a port");
        let at = listener.local_addr().expect("an address");
        let now = Instant::now();
        let mut connection = Connection::new(
            TcpStream::connect(at).expect("a connection"),
            Remote::Tcp(ConnectionId(0), at),
            now,
        );
        assert_eq!(connection.fault(false, now + CHECKED_WITHIN / 2), None);
        let late = connection.fault(false, now + CHECKED_WITHIN);
        assert_eq!(late, Some(Counter::connections_rejected));
        connection.is_checked = true;
        assert_eq!(connection.fault(true, now + CHECKED_WITHIN), None);
        let of_nobody = connection.fault(false, now);
        assert_eq!(of_nobody, Some(Counter::connections_rejected));
        connection.full_since = Some(now);
        assert_eq!(connection.fault(true, now + STALLED_AFTER / 2), None);
        let stalled = connection.fault(true, now + STALLED_AFTER);
        assert_eq!(stalled, Some(Counter::connections_stalled));
    }
}
