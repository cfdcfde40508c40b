//! Sockets, threads and the clock: everything around [`crate::core::Core`] that is not pure.
//!
//! Each thread owns the rooms whose router id falls to it, and a socket of its own on the shared
//! port. The kernel spreads senders over the sockets without knowing about rooms, so a datagram
//! that reached the wrong thread is handed to the right one. All `unsafe` of this crate is below
//! this module.

mod control;
mod links;
mod panics;
mod rooms;
mod routes;
pub mod socket;
mod tcp;
#[cfg(test)]
mod tests;
pub mod wake;
mod worker;

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use socket2::Socket;

use crate::clock::Clock;
use crate::command::{Command, Counter, Event, RouterId, TransportId, TransportStats};
use crate::remote::Remote;
use routes::{Directory, Routes};
use socket::Port;
use tcp::{Doorman, Queues};
use wake::Wake;
use worker::Worker;

/// Threads an engine may have; more than the cores of any machine we know.
pub const MAX_THREADS: usize = 256;

/// Events kept until somebody takes them; at a few thousand a second, many seconds' worth.
const MAX_EVENTS: usize = 65_536;

/// Events from which on copies and levels are left out, so that there is room for what matters.
const CROWDED_EVENTS: usize = MAX_EVENTS / 2;

/// Bytes of packets for direct transports kept until somebody takes them: some ten seconds of a
/// whole lesson. What comes beyond is dropped, for that is how everybody is bounded.
const MAX_COPIED_BYTES: usize = 32 << 20;

/// Datagrams one thread may have waiting from the others.
const MAX_HANDED_OVER: usize = 4096;

/// Numbers tried for a UDP port that may have any, until TCP has the same one free.
const MAX_PORT_TRIES: usize = 16;

/// How long a question to a thread may take.
const ANSWER_WITHIN: Duration = Duration::from_millis(50);

/// What one thread is sent by others.
pub(crate) enum Note {
    /// A command for a room.
    Command(RouterId, Command),
    /// A question for one transport's totals.
    Stats(RouterId, TransportId, SyncSender<Option<TransportStats>>),
    /// A datagram whose sender belongs to a room of it.
    Datagram(RouterId, Remote, Vec<u8>),
    /// The connection of a remote in a room of it has ended.
    Closed(RouterId, Remote),
    /// Fail, in a room or outside of all, to see that it is contained.
    #[cfg(test)]
    Panic(Option<RouterId>),
}

/// What is waiting for one thread.
#[derive(Default)]
pub(crate) struct Notes {
    queue: Vec<Note>,
    datagrams: usize,
}

/// One thread's letter box.
pub(crate) struct Inbox {
    notes: Mutex<Notes>,
    wake: Wake,
    counters: Vec<AtomicU64>,
}

impl Inbox {
    fn new() -> io::Result<Self> {
        Ok(Self {
            notes: Mutex::default(),
            wake: Wake::new()?,
            counters: Counter::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        })
    }

    fn put(&self, note: Note) {
        lock(&self.notes).queue.push(note);
        self.wake.raise();
    }

    /// Hand a datagram over, unless too many wait already.
    fn put_datagram(&self, router: RouterId, from: Remote, data: &[u8]) -> bool {
        let mut notes = lock(&self.notes);
        if notes.datagrams >= MAX_HANDED_OVER {
            return false;
        }
        notes.datagrams += 1;
        notes
            .queue
            .push(Note::Datagram(router, from, data.to_vec()));
        drop(notes);
        self.wake.raise();
        true
    }

    /// Swap what waits for an empty list. What raised the wake must be looked for after it was
    /// lowered, so lowering is the caller's.
    fn take(&self, empty: &mut Vec<Note>) {
        let mut notes = lock(&self.notes);
        notes.datagrams = 0;
        std::mem::swap(&mut notes.queue, empty);
    }
}

/// Events on their way to Python.
#[derive(Default)]
pub(crate) struct Events {
    queue: VecDeque<Event>,
    copied: usize,
}

impl Events {
    /// Add an event, unless there is no room for its kind.
    fn put(&mut self, event: Event) -> bool {
        let (limit, bytes) = match &event {
            Event::AudioLevels(_) | Event::Estimates(_) => (CROWDED_EVENTS, 0),
            Event::PacketsReceived(_, _, packets) => {
                (CROWDED_EVENTS, packets.iter().map(Vec::len).sum())
            }
            _ => (MAX_EVENTS, 0),
        };
        if self.queue.len() >= limit || self.copied + bytes > MAX_COPIED_BYTES {
            return false;
        }
        self.copied += bytes;
        self.queue.push_back(event);
        true
    }
}

/// The events with what wakes their reader.
pub(crate) struct Outbox {
    events: Mutex<Events>,
    wake: Wake,
}

impl Outbox {
    fn new() -> io::Result<Self> {
        Ok(Self {
            events: Mutex::default(),
            wake: Wake::new()?,
        })
    }

    /// Add events; returns how many found no room.
    fn put(&self, new: &mut Vec<Event>) -> u64 {
        let mut events = lock(&self.events);
        let dropped = new
            .drain(..)
            .map(|event| events.put(event))
            .filter(|put| !put)
            .count();
        drop(events);
        self.wake.raise();
        dropped as u64
    }

    fn take(&self) -> VecDeque<Event> {
        self.wake.lower();
        std::mem::take(&mut *lock(&self.events)).queue
    }
}

/// What all threads share.
pub(crate) struct Shared {
    inboxes: Vec<Inbox>,
    outbox: Outbox,
    directory: Directory,
    queues: Queues,
    stopping: AtomicBool,
}

/// The running engine.
pub struct Engine {
    shared: Arc<Shared>,
    routes: Mutex<Routes>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    port: u16,
    tcp_ports: Vec<u16>,
}

impl Engine {
    /// Bind the media port, on TCP as well for each of `tcp_ports`, and start the threads.
    ///
    /// A TCP port of 0 has the number of the UDP port. `marks` is whether packets are marked with
    /// what they carry (RFC 8837). Fails when a port is taken, or the address is not ours.
    pub fn open(
        address: IpAddr,
        port: u16,
        threads: usize,
        tcp_ports: &[u16],
        marks: bool,
    ) -> io::Result<Self> {
        let threads = threads.clamp(1, MAX_THREADS);
        let (sockets, listeners, port) = open_ports(address, port, threads, tcp_ports)?;
        let number = |&tcp: &u16| if tcp == 0 { port } else { tcp };
        let tcp_ports = tcp_ports.iter().map(number).collect();
        let inboxes: io::Result<Vec<_>> = (0..threads).map(|_| Inbox::new()).collect();
        let shared = Arc::new(Shared {
            inboxes: inboxes?,
            outbox: Outbox::new()?,
            directory: Directory::default(),
            queues: Queues::new()?,
            stopping: AtomicBool::new(false),
        });
        let clock = Clock::new(Instant::now(), SystemTime::now());
        let engine = Self {
            shared,
            routes: Mutex::new(Routes::new(threads)),
            threads: Mutex::default(),
            port,
            tcp_ports,
        };
        if !listeners.is_empty() {
            let doorman = Doorman::new(listeners, marks, Arc::clone(&engine.shared))?;
            engine.start("engine-tcp".to_owned(), move || doorman.run())?;
        }
        let ends = links::between(threads);
        for (thread, (socket, ends)) in sockets.into_iter().zip(ends).enumerate() {
            let port = Port {
                socket,
                is_v6: address.is_ipv6(),
                marks,
            };
            let worker = Worker::new(thread, port, clock, &engine.shared, ends);
            engine.start(format!("engine-{thread}"), move || worker.run())?;
        }
        Ok(engine)
    }

    fn start(&self, name: String, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let handle = std::thread::Builder::new().name(name).spawn(work)?;
        lock(&self.threads).push(handle);
        Ok(())
    }

    /// Return the bound UDP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Return the bound TCP ports.
    pub fn tcp_ports(&self) -> &[u16] {
        &self.tcp_ports
    }

    /// Return a descriptor that is readable while events wait.
    pub fn event_fd(&self) -> RawFd {
        self.shared.outbox.wake.fd()
    }

    /// Take every waiting event.
    pub fn take_events(&self) -> VecDeque<Event> {
        self.shared.outbox.take()
    }

    /// Queue a command for the thread that owns what it names; a closed engine ignores it.
    pub fn command(&self, command: Command) {
        if self.shared.stopping.load(Ordering::Acquire) {
            return;
        }
        let shared = &self.shared;
        // while the routes are locked, so that commands reach a thread in the order they were given
        lock(&self.routes).follow(command, &shared.directory, &mut |home, command| {
            shared.inboxes[home.thread].put(Note::Command(home.router, command));
        });
    }

    /// Return the totals of all threads by name.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let total = |at: usize| {
            let inboxes = self.shared.inboxes.iter();
            let threads = inboxes.map(|inbox| inbox.counters[at].load(Ordering::Relaxed));
            threads.sum::<u64>() + self.shared.queues.total(at)
        };
        let names = Counter::ALL.iter().enumerate();
        names.map(|(at, (_, name))| (*name, total(at))).collect()
    }

    /// Return one transport's totals; waits a moment for the thread that keeps them.
    pub fn transport_stats(&self, transport: TransportId) -> Option<TransportStats> {
        let home = lock(&self.routes).home_of_transport(transport)?;
        let (answer, answered) = sync_channel(1);
        self.shared.inboxes[home.thread].put(Note::Stats(home.router, transport, answer));
        answered.recv_timeout(ANSWER_WITHIN).ok().flatten()
    }

    /// Stop the threads and close the port; safe to call twice.
    pub fn close(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared
            .inboxes
            .iter()
            .for_each(|inbox| inbox.wake.raise());
        self.shared.queues.wake();
        for thread in std::mem::take(&mut *lock(&self.threads)) {
            // a thread that failed has said so in an event already
            let _ = thread.join();
        }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.close();
    }
}

/// Open the sockets and listeners, with the number of the UDP port.
///
/// A UDP port of any number is tried again where TCP has none of that number.
fn open_ports(
    address: IpAddr,
    port: u16,
    threads: usize,
    tcp_ports: &[u16],
) -> io::Result<(Vec<Socket>, Vec<TcpListener>, u16)> {
    let mut tries = if port == 0 { MAX_PORT_TRIES } else { 1 };
    loop {
        let (sockets, port) = open_sockets(address, port, threads)?;
        let listen = |&tcp: &u16| tcp::listen(address, if tcp == 0 { port } else { tcp });
        let listeners: io::Result<Vec<_>> = tcp_ports.iter().map(listen).collect();
        tries -= 1;
        match listeners {
            Ok(listeners) => return Ok((sockets, listeners, port)),
            Err(error) if tries == 0 => return Err(error),
            Err(_) => {}
        }
    }
}

/// Open one socket per thread on one port.
///
/// Several sockets must all allow sharing, which would let another program's engine in as well; a
/// socket that does not share is opened first and finds out.
fn open_sockets(address: IpAddr, port: u16, threads: usize) -> io::Result<(Vec<Socket>, u16)> {
    let probe = socket::open(address)?;
    probe.bind(&SocketAddr::new(address, port).into())?;
    let bound = probe
        .local_addr()?
        .as_socket()
        .map_or(port, |address| address.port());
    if threads == 1 {
        return Ok((vec![probe], bound));
    }
    drop(probe);
    let open = |_| {
        let socket = socket::open(address)?;
        socket.set_reuse_port(true)?;
        socket.bind(&SocketAddr::new(address, bound).into())?;
        Ok(socket)
    };
    let sockets: io::Result<Vec<_>> = (0..threads).map(open).collect();
    Ok((sockets?, bound))
}

/// A poisoned lock is one whose holder panicked; what it guards is still whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
