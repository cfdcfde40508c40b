//! Sockets, threads and the clock: everything around [`crate::core::Core`] that is not pure.
//!
//! Each thread owns the rooms whose router id falls to it, and a socket of its own on the shared
//! port. The kernel spreads senders over the sockets without knowing about rooms, so a datagram
//! that reached the wrong thread is handed to the right one. All `unsafe` of this crate is below
//! this module.

pub mod socket;
#[cfg(test)]
mod tests;
pub mod wake;
mod worker;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use socket2::Socket;

use crate::clock::Clock;
use crate::command::{
    Command, ConsumerId, Counter, Event, ProducerId, RouterId, TransportId, TransportStats,
};
use wake::Wake;
use worker::Worker;

/// Threads an engine may have; more than the cores of any machine we know.
pub const MAX_THREADS: usize = 256;

/// Events kept until somebody takes them; at a few thousand a second, many seconds' worth.
const MAX_EVENTS: usize = 65_536;

/// Events from which on copies and levels are left out, so that there is room for what matters.
const CROWDED_EVENTS: usize = MAX_EVENTS / 2;

/// Datagrams one thread may have waiting from the others.
const MAX_HANDED_OVER: usize = 4096;

/// How long a question to a thread may take.
const ANSWER_WITHIN: Duration = Duration::from_millis(50);

/// What one thread is sent by others.
pub(crate) enum Note {
    /// A command for its rooms.
    Command(Command),
    /// A question for one transport's totals.
    Stats(TransportId, SyncSender<Option<TransportStats>>),
    /// A datagram whose sender belongs to it.
    Datagram(SocketAddr, Vec<u8>),
    /// Fail, to see that it is contained.
    #[cfg(test)]
    Panic,
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
    fn put_datagram(&self, from: SocketAddr, data: &[u8]) -> bool {
        let mut notes = lock(&self.notes);
        if notes.datagrams >= MAX_HANDED_OVER {
            return false;
        }
        notes.datagrams += 1;
        notes.queue.push(Note::Datagram(from, data.to_vec()));
        drop(notes);
        self.wake.raise();
        true
    }

    /// Swap what waits for an empty list.
    fn take(&self, empty: &mut Vec<Note>) {
        self.wake.lower();
        let mut notes = lock(&self.notes);
        notes.datagrams = 0;
        std::mem::swap(&mut notes.queue, empty);
    }
}

/// Events on their way to Python.
pub(crate) struct Outbox {
    events: Mutex<VecDeque<Event>>,
    wake: Wake,
}

impl Outbox {
    /// Add events; returns how many found no room.
    fn put(&self, new: &mut Vec<Event>) -> u64 {
        let mut events = lock(&self.events);
        let mut dropped = 0;
        for event in new.drain(..) {
            let may_go = matches!(event, Event::PacketsReceived(..) | Event::AudioLevels(_));
            let limit = if may_go { CROWDED_EVENTS } else { MAX_EVENTS };
            if events.len() < limit {
                events.push_back(event);
            } else {
                dropped += 1;
            }
        }
        drop(events);
        self.wake.raise();
        dropped
    }
}

/// Which thread a datagram from a stranger belongs to.
#[derive(Default)]
pub(crate) struct Directory {
    addresses: RwLock<HashMap<SocketAddr, usize>>,
    ufrags: RwLock<HashMap<Box<[u8]>, usize>>,
}

impl Directory {
    fn owner_of_address(&self, address: SocketAddr) -> Option<usize> {
        let addresses = self
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        addresses.get(&address).copied()
    }

    fn owner_of_ufrag(&self, ufrag: &[u8]) -> Option<usize> {
        let ufrags = self.ufrags.read().unwrap_or_else(PoisonError::into_inner);
        ufrags.get(ufrag).copied()
    }

    fn learn_address(&self, address: SocketAddr, owner: usize, is_owned: bool) {
        let mut addresses = self
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        if is_owned {
            addresses.insert(address, owner);
        } else if addresses.get(&address) == Some(&owner) {
            addresses.remove(&address);
        }
    }

    fn forget_thread(&self, owner: usize) {
        let mut addresses = self
            .addresses
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        addresses.retain(|_, thread| *thread != owner);
    }

    fn learn_ufrag(&self, ufrag: &str, owner: usize) {
        let mut ufrags = self.ufrags.write().unwrap_or_else(PoisonError::into_inner);
        ufrags.insert(ufrag.as_bytes().into(), owner);
    }

    fn forget_ufrags(&self, gone: &[String]) {
        let mut ufrags = self.ufrags.write().unwrap_or_else(PoisonError::into_inner);
        for ufrag in gone {
            ufrags.remove(ufrag.as_bytes());
        }
    }
}

/// What all threads share.
pub(crate) struct Shared {
    inboxes: Vec<Inbox>,
    outbox: Outbox,
    directory: Directory,
    stopping: AtomicBool,
}

/// Where each id lives, so that a command finds its thread.
#[derive(Default)]
struct Routes {
    routers: HashMap<RouterId, Vec<TransportId>>,
    transports: HashMap<TransportId, TransportRoute>,
    producers: HashMap<ProducerId, TransportId>,
    consumers: HashMap<ConsumerId, TransportId>,
}

/// One transport's thread, and what ends with it.
struct TransportRoute {
    thread: usize,
    router: RouterId,
    ufrags: Vec<String>,
    producers: Vec<ProducerId>,
    consumers: Vec<ConsumerId>,
}

/// The running engine.
pub struct Engine {
    shared: Arc<Shared>,
    routes: Mutex<Routes>,
    threads: Mutex<Vec<JoinHandle<()>>>,
    port: u16,
}

impl Engine {
    /// Bind the media port and start the threads.
    ///
    /// Fails when the port is taken or the address is not ours.
    pub fn open(address: IpAddr, port: u16, threads: usize) -> io::Result<Self> {
        let threads = threads.clamp(1, MAX_THREADS);
        let (sockets, port) = open_sockets(address, port, threads)?;
        let inboxes: io::Result<Vec<_>> = (0..threads).map(|_| Inbox::new()).collect();
        let shared = Arc::new(Shared {
            inboxes: inboxes?,
            outbox: Outbox {
                events: Mutex::default(),
                wake: Wake::new()?,
            },
            directory: Directory::default(),
            stopping: AtomicBool::new(false),
        });
        let clock = Clock::new(Instant::now(), SystemTime::now());
        let engine = Self {
            shared,
            routes: Mutex::default(),
            threads: Mutex::default(),
            port,
        };
        for (thread, socket) in sockets.into_iter().enumerate() {
            let worker = Worker::new(thread, socket, address.is_ipv6(), clock, &engine.shared);
            let name = format!("engine-{thread}");
            let handle = std::thread::Builder::new()
                .name(name)
                .spawn(move || worker.run())?;
            lock(&engine.threads).push(handle);
        }
        Ok(engine)
    }

    /// Return the bound UDP port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Return a descriptor that is readable while events wait.
    pub fn event_fd(&self) -> RawFd {
        self.shared.outbox.wake.fd()
    }

    /// Take every waiting event.
    pub fn take_events(&self) -> VecDeque<Event> {
        self.shared.outbox.wake.lower();
        std::mem::take(&mut *lock(&self.shared.outbox.events))
    }

    /// Queue a command for the thread that owns what it names.
    pub fn command(&self, command: Command) {
        let mut routes = lock(&self.routes);
        let threads = self.shared.inboxes.len();
        let Some(thread) = routes.follow(&command, threads, &self.shared.directory) else {
            return;
        };
        // while the routes are locked, so that commands reach a thread in the order they were given
        self.shared.inboxes[thread].put(Note::Command(command));
    }

    /// Return the totals of all threads by name.
    pub fn counters(&self) -> Vec<(&'static str, u64)> {
        let total = |at: usize| {
            let inboxes = self.shared.inboxes.iter();
            inboxes
                .map(|inbox| inbox.counters[at].load(Ordering::Relaxed))
                .sum()
        };
        let names = Counter::ALL.iter().enumerate();
        names.map(|(at, (_, name))| (*name, total(at))).collect()
    }

    /// Return one transport's totals; waits a moment for the thread that keeps them.
    pub fn transport_stats(&self, transport: TransportId) -> Option<TransportStats> {
        let thread = lock(&self.routes).transports.get(&transport)?.thread;
        let (answer, answered) = sync_channel(1);
        self.shared.inboxes[thread].put(Note::Stats(transport, answer));
        answered.recv_timeout(ANSWER_WITHIN).ok().flatten()
    }

    /// Stop the threads and close the port; safe to call twice.
    pub fn close(&self) {
        self.shared.stopping.store(true, Ordering::Release);
        self.shared
            .inboxes
            .iter()
            .for_each(|inbox| inbox.wake.raise());
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

impl Routes {
    /// Return the thread of a command, and note what the command opens and closes.
    fn follow(&mut self, command: &Command, threads: usize, map: &Directory) -> Option<usize> {
        match command {
            Command::RouterCreate(router) => {
                self.routers.entry(*router).or_default();
                Some(thread_of(*router, threads))
            }
            Command::RouterClose(router) => {
                for transport in self.routers.remove(router)? {
                    self.forget_transport(transport, map);
                }
                Some(thread_of(*router, threads))
            }
            Command::TransportCreate {
                transport,
                router,
                ice_ufrag,
                ..
            } => {
                let thread = thread_of(*router, threads);
                self.add_transport(*transport, *router, thread)?;
                self.add_ufrag(*transport, ice_ufrag, map);
                Some(thread)
            }
            Command::DirectTransportCreate { transport, router } => {
                let thread = thread_of(*router, threads);
                self.add_transport(*transport, *router, thread)?;
                Some(thread)
            }
            Command::TransportRestartIce {
                transport,
                ice_ufrag,
                ..
            } => self.add_ufrag(*transport, ice_ufrag, map),
            Command::TransportClose(transport) => {
                let route = self.forget_transport(*transport, map)?;
                self.routers
                    .entry(route.router)
                    .and_modify(|t| t.retain(|t| t != transport));
                Some(route.thread)
            }
            Command::TransportSetKeys { transport, .. } | Command::DtlsSend { transport, .. } => {
                self.thread_of_transport(*transport)
            }
            Command::ProducerCreate {
                producer,
                transport,
                ..
            } => {
                let route = self.transports.get_mut(transport)?;
                route.producers.push(*producer);
                self.producers.insert(*producer, *transport);
                Some(route.thread)
            }
            Command::ProducerClose(producer) => {
                let transport = self.producers.remove(producer)?;
                let route = self.transports.get_mut(&transport)?;
                route.producers.retain(|member| member != producer);
                Some(route.thread)
            }
            Command::KeyframeRequest(producer) | Command::PacketsSend { producer, .. } => {
                self.thread_of_transport(*self.producers.get(producer)?)
            }
            Command::ConsumerCreate {
                consumer,
                transport,
                ..
            } => {
                let route = self.transports.get_mut(transport)?;
                route.consumers.push(*consumer);
                self.consumers.insert(*consumer, *transport);
                Some(route.thread)
            }
            Command::ConsumerSetProducer { consumer, .. } => {
                self.thread_of_transport(*self.consumers.get(consumer)?)
            }
            Command::ConsumerClose(consumer) => {
                let transport = self.consumers.remove(consumer)?;
                let route = self.transports.get_mut(&transport)?;
                route.consumers.retain(|member| member != consumer);
                Some(route.thread)
            }
        }
    }

    fn thread_of_transport(&self, transport: TransportId) -> Option<usize> {
        Some(self.transports.get(&transport)?.thread)
    }

    fn add_transport(&mut self, id: TransportId, router: RouterId, thread: usize) -> Option<()> {
        if self.transports.contains_key(&id) {
            return None;
        }
        self.routers.get_mut(&router)?.push(id);
        let route = TransportRoute {
            thread,
            router,
            ufrags: Vec::new(),
            producers: Vec::new(),
            consumers: Vec::new(),
        };
        self.transports.insert(id, route);
        Some(())
    }

    fn add_ufrag(&mut self, id: TransportId, ufrag: &str, map: &Directory) -> Option<usize> {
        let route = self.transports.get_mut(&id)?;
        route.ufrags.push(ufrag.to_owned());
        map.learn_ufrag(ufrag, route.thread);
        Some(route.thread)
    }

    fn forget_transport(&mut self, id: TransportId, map: &Directory) -> Option<TransportRoute> {
        let route = self.transports.remove(&id)?;
        map.forget_ufrags(&route.ufrags);
        for producer in &route.producers {
            self.producers.remove(producer);
        }
        for consumer in &route.consumers {
            self.consumers.remove(consumer);
        }
        Some(route)
    }
}

fn thread_of(router: RouterId, threads: usize) -> usize {
    (router.0 % threads as u64) as usize
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
