//! Which thread a command or a stray datagram belongs to.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{PoisonError, RwLock};

use crate::command::{Command, ConsumerId, ProducerId, RouterId, TransportId};

/// Which thread a datagram from a stranger belongs to.
#[derive(Default)]
pub(crate) struct Directory {
    addresses: RwLock<HashMap<SocketAddr, usize>>,
    ufrags: RwLock<HashMap<Box<[u8]>, usize>>,
}

impl Directory {
    /// Return the thread that knows an address.
    pub(super) fn owner_of_address(&self, address: SocketAddr) -> Option<usize> {
        let addresses = self
            .addresses
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        addresses.get(&address).copied()
    }

    /// Return the thread whose transport answers to a user fragment.
    pub(super) fn owner_of_ufrag(&self, ufrag: &[u8]) -> Option<usize> {
        let ufrags = self.ufrags.read().unwrap_or_else(PoisonError::into_inner);
        ufrags.get(ufrag).copied()
    }

    /// Note that a thread gained or lost an address.
    pub(super) fn learn_address(&self, address: SocketAddr, owner: usize, is_owned: bool) {
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

    /// Forget the addresses of a thread that lost its rooms.
    pub(super) fn forget_thread(&self, owner: usize) {
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

/// Where each id lives, so that a command finds its thread.
#[derive(Default)]
pub(super) struct Routes {
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

impl Routes {
    /// Return the thread of a command, and note what the command opens and closes.
    pub(super) fn follow(
        &mut self,
        command: &Command,
        threads: usize,
        map: &Directory,
    ) -> Option<usize> {
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

    /// Return the thread of a transport.
    pub(super) fn thread_of_transport(&self, transport: TransportId) -> Option<usize> {
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
