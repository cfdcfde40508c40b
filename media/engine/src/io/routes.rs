//! Which room on which thread a command or a datagram belongs to.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::command::{Command, ConsumerId, ProducerId, ProducerParameters, RouterId, TransportId};
use crate::remote::Remote;

/// A room, or the part of it that a thread has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    pub(super) thread: usize,
    pub(super) router: RouterId,
}

impl Home {
    /// Return this one, followed by the parts of the same room on other threads.
    fn with(self, others: &[usize]) -> Vec<Self> {
        let router = self.router;
        let others = others.iter().map(|&thread| Self { thread, router });
        std::iter::once(self).chain(others).collect()
    }
}

/// Where a datagram from outside belongs.
#[derive(Default)]
pub(crate) struct Directory {
    remotes: RwLock<HashMap<Remote, Home>>,
    ufrags: RwLock<HashMap<Box<[u8]>, Home>>,
}

impl Directory {
    /// Return where a remote belongs.
    pub(super) fn home_of_remote(&self, remote: Remote) -> Option<Home> {
        let remotes = self.remotes.read().unwrap_or_else(PoisonError::into_inner);
        remotes.get(&remote).copied()
    }

    /// Return where the transport is that answers to a user fragment.
    pub(super) fn home_of_ufrag(&self, ufrag: &[u8]) -> Option<Home> {
        let ufrags = self.ufrags.read().unwrap_or_else(PoisonError::into_inner);
        ufrags.get(ufrag).copied()
    }

    /// Note that a thread gained a remote for a room, or lost it.
    pub(super) fn learn_remote(&self, remote: Remote, thread: usize, router: Option<RouterId>) {
        let mut remotes = self.remotes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(router) = router {
            remotes.insert(remote, Home { thread, router });
        } else if remotes.get(&remote).map(|home| home.thread) == Some(thread) {
            remotes.remove(&remote);
        }
    }

    fn learn_ufrag(&self, ufrag: &str, home: Home) {
        let mut ufrags = self.ufrags.write().unwrap_or_else(PoisonError::into_inner);
        ufrags.insert(ufrag.as_bytes().into(), home);
    }

    fn forget_ufrags(&self, gone: &[String]) {
        let mut ufrags = self.ufrags.write().unwrap_or_else(PoisonError::into_inner);
        for ufrag in gone {
            ufrags.remove(ufrag.as_bytes());
        }
    }
}

/// Where each id lives, so that a command finds its room, and how the rooms are spread.
///
/// A peer on the network is put where the fewest are, so that a lesson's subscribers spread over all
/// threads; ends in this process stay together on the room's first thread.
pub(super) struct Routes {
    routers: HashMap<RouterId, RouterRoute>,
    transports: HashMap<TransportId, TransportRoute>,
    producers: HashMap<ProducerId, ProducerRoute>,
    consumers: HashMap<ConsumerId, TransportId>,
    /// Peers on each thread.
    loads: Vec<usize>,
}

/// The threads that have a part of a room, and what ends with it.
#[derive(Default)]
struct RouterRoute {
    threads: Vec<usize>,
    transports: Vec<TransportId>,
}

/// Where one transport is, and what ends with it.
struct TransportRoute {
    home: Home,
    ufrags: Vec<String>,
    producers: Vec<ProducerId>,
    consumers: Vec<ConsumerId>,
    /// Other threads that mirror tracks of it.
    mirrors: Vec<usize>,
}

/// One track, as other threads may have to mirror it.
struct ProducerRoute {
    transport: TransportId,
    parameters: Box<ProducerParameters>,
    mirrors: Vec<usize>,
}

impl Routes {
    /// Begin with nothing on so many threads.
    pub(super) fn new(threads: usize) -> Self {
        Self {
            routers: HashMap::new(),
            transports: HashMap::new(),
            producers: HashMap::new(),
            consumers: HashMap::new(),
            loads: vec![0; threads],
        }
    }

    /// Return where a transport is.
    pub(super) fn home_of_transport(&self, transport: TransportId) -> Option<Home> {
        Some(self.transports.get(&transport)?.home)
    }

    /// Note what a command opens and closes, and `put` where it belongs all that follows from it.
    pub(super) fn follow(
        &mut self,
        command: Command,
        map: &Directory,
        put: &mut impl FnMut(Home, Command),
    ) -> Option<()> {
        let homes = match &command {
            Command::RouterCreate(router) => {
                self.routers.entry(*router).or_default();
                return None;
            }
            Command::RouterClose(router) => self.close_router(*router, map)?,
            Command::TransportCreate {
                transport,
                router,
                ice_ufrag,
                ..
            } => {
                let thread = self.least_loaded(*router);
                let home = self.add_transport(*transport, *router, thread, put)?;
                self.loads[thread] += 1;
                self.add_ufrag(*transport, ice_ufrag, map);
                vec![home]
            }
            Command::DirectTransportCreate { transport, router } => {
                let thread = self.first_thread(*router);
                vec![self.add_transport(*transport, *router, thread, put)?]
            }
            Command::TransportRestartIce {
                transport,
                ice_ufrag,
                ..
            } => vec![self.add_ufrag(*transport, ice_ufrag, map)?],
            Command::TransportClose(transport) => {
                let route = self.forget_transport(*transport, map)?;
                if let Some(router) = self.routers.get_mut(&route.home.router) {
                    router.transports.retain(|member| member != transport);
                }
                route.home.with(&route.mirrors)
            }
            Command::TransportSetKeys { transport, .. }
            | Command::TransportProbe { transport, .. }
            | Command::DtlsSend { transport, .. } => vec![self.home_of_transport(*transport)?],
            Command::ProducerCreate {
                producer,
                transport,
                parameters,
            } => vec![self.add_producer(*producer, *transport, parameters)?],
            Command::ProducerClose(producer) => {
                let homes = self.homes_of_producer(*producer)?;
                let route = self.producers.remove(producer)?;
                let transport = self.transports.get_mut(&route.transport)?;
                transport.producers.retain(|member| member != producer);
                homes
            }
            Command::KeyframeRequest(producer) => self.homes_of_producer(*producer)?,
            Command::PacketsSend { producer, .. } => {
                let transport = self.producers.get(producer)?.transport;
                vec![self.home_of_transport(transport)?]
            }
            Command::ConsumerCreate {
                consumer,
                transport,
                ..
            } => {
                let route = self.transports.get_mut(transport)?;
                route.consumers.push(*consumer);
                self.consumers.insert(*consumer, *transport);
                vec![route.home]
            }
            Command::ConsumerSetProducer { consumer, producer } => {
                let home = self.home_of_transport(*self.consumers.get(consumer)?)?;
                if let Some(producer) = producer {
                    self.mirror(*producer, home, put);
                }
                vec![home]
            }
            Command::ConsumerSetLimit { consumer, .. } => {
                vec![self.home_of_transport(*self.consumers.get(consumer)?)?]
            }
            Command::ConsumerClose(consumer) => {
                let transport = self.consumers.remove(consumer)?;
                let route = self.transports.get_mut(&transport)?;
                route.consumers.retain(|member| member != consumer);
                vec![route.home]
            }
            Command::MirrorCreate { .. } | Command::MirrorAdd { .. } => return None,
        };
        for &home in &homes[1..] {
            put(home, command.clone());
        }
        put(homes[0], command);
        Some(())
    }

    /// Let the thread of a slot mirror a track of another one, from the first time on.
    fn mirror(
        &mut self,
        id: ProducerId,
        to: Home,
        put: &mut impl FnMut(Home, Command),
    ) -> Option<()> {
        let producer = self.producers.get_mut(&id)?;
        let transport = self.transports.get_mut(&producer.transport)?;
        let from = transport.home;
        let is_there = from.thread == to.thread || producer.mirrors.contains(&to.thread);
        if is_there || from.router != to.router {
            return None;
        }
        producer.mirrors.push(to.thread);
        if !transport.mirrors.contains(&to.thread) {
            transport.mirrors.push(to.thread);
        }
        // in this order: what the owner sends then finds the mirror there
        put(
            to,
            Command::MirrorCreate {
                producer: id,
                transport: producer.transport,
                router: to.router,
                owner: from.thread,
                parameters: producer.parameters.clone(),
            },
        );
        let thread = to.thread;
        put(
            from,
            Command::MirrorAdd {
                producer: id,
                thread,
            },
        );
        Some(())
    }

    fn first_thread(&self, router: RouterId) -> usize {
        (router.0 % self.loads.len() as u64) as usize
    }

    /// Return the thread with the fewest peers, of several the first from the room's own one on.
    fn least_loaded(&self, router: RouterId) -> usize {
        let (first, threads) = (self.first_thread(router), self.loads.len());
        let from_first = (first..first + threads).map(|thread| thread % threads);
        from_first
            .min_by_key(|&thread| self.loads[thread])
            .unwrap_or(first)
    }

    fn add_transport(
        &mut self,
        id: TransportId,
        router: RouterId,
        thread: usize,
        put: &mut impl FnMut(Home, Command),
    ) -> Option<Home> {
        if self.transports.contains_key(&id) {
            return None;
        }
        let home = Home { thread, router };
        let route = self.routers.get_mut(&router)?;
        route.transports.push(id);
        if !route.threads.contains(&thread) {
            route.threads.push(thread);
            put(home, Command::RouterCreate(router));
        }
        let route = TransportRoute {
            home,
            ufrags: Vec::new(),
            producers: Vec::new(),
            consumers: Vec::new(),
            mirrors: Vec::new(),
        };
        self.transports.insert(id, route);
        Some(home)
    }

    fn add_producer(
        &mut self,
        id: ProducerId,
        transport: TransportId,
        parameters: &ProducerParameters,
    ) -> Option<Home> {
        let route = self.transports.get_mut(&transport)?;
        route.producers.push(id);
        let producer = ProducerRoute {
            transport,
            parameters: Box::new(parameters.clone()),
            mirrors: Vec::new(),
        };
        self.producers.insert(id, producer);
        Some(route.home)
    }

    fn homes_of_producer(&self, id: ProducerId) -> Option<Vec<Home>> {
        let route = self.producers.get(&id)?;
        let home = self.home_of_transport(route.transport)?;
        Some(home.with(&route.mirrors))
    }

    fn add_ufrag(&mut self, id: TransportId, ufrag: &str, map: &Directory) -> Option<Home> {
        let route = self.transports.get_mut(&id)?;
        route.ufrags.push(ufrag.to_owned());
        map.learn_ufrag(ufrag, route.home);
        Some(route.home)
    }

    fn close_router(&mut self, router: RouterId, map: &Directory) -> Option<Vec<Home>> {
        let route = self.routers.remove(&router)?;
        for transport in route.transports {
            self.forget_transport(transport, map);
        }
        let (&thread, more) = route.threads.split_first()?;
        Some(Home { thread, router }.with(more))
    }

    fn forget_transport(&mut self, id: TransportId, map: &Directory) -> Option<TransportRoute> {
        let route = self.transports.remove(&id)?;
        if !route.ufrags.is_empty() {
            self.loads[route.home.thread] -= 1;
        }
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
