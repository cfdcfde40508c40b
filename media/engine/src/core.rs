//! The engine without sockets, threads or a clock: input in, output out.
//!
//! [`Core::datagram`] and [`Core::command`] take input and remember what it leads to;
//! [`Core::flush`] forwards everything that came since, and [`Core::advance`] lets time pass. After
//! a round of input, call both. Packets leave through a [`Sink`], events wait in [`Core::events`].

use std::collections::HashMap;
use std::time::Instant;

use crate::batch::{Batch, MAX_DATAGRAM, Sink};
use crate::clock::{Clock, Micros};
use crate::command::{
    ConsumerId, Counter, Counters, Event, ProducerId, RouterId, TransportId, TransportStats,
};
use crate::consumer::Consumer;
use crate::error::{Error, Result};
use crate::layers::Track;
use crate::mirror::Parcel;
use crate::pacing::TICK;
use crate::producer::Producer;
use crate::random::Random;
use crate::remote::{Class, Remote};
use crate::router::Forwarding;
use crate::rtp;
use crate::slab::Slab;
use crate::timers::Timers;
use crate::transport::{Path, Transport};
use crate::{ice, stun};

/// Whether a datagram found its transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was dealt with, be it by refusing it.
    Here,
    /// Its sender is nobody this thread knows; another thread may.
    Stranger,
}

/// The state of the rooms given to it; the shell gives each room one of its own.
pub struct Core {
    /// What happened, until somebody takes it.
    pub events: Vec<Event>,
    /// Remotes gained (true) and lost (false), for whoever steers datagrams to threads.
    pub remote_changes: Vec<(Remote, bool)>,
    /// What other threads must get, with their numbers.
    pub parcels: Vec<(usize, Parcel)>,
    pub(crate) clock: Clock,
    pub(crate) counters: Counters,
    pub(crate) random: Random,
    pub(crate) routers: HashMap<RouterId, Vec<usize>>,
    pub(crate) transports: Slab<Transport>,
    pub(crate) producers: Slab<Producer>,
    pub(crate) consumers: Slab<Consumer>,
    pub(crate) transport_places: HashMap<TransportId, usize>,
    pub(crate) tracks: HashMap<ProducerId, Track>,
    pub(crate) consumer_places: HashMap<ConsumerId, usize>,
    pub(crate) remotes: HashMap<Remote, usize>,
    pub(crate) ufrags: HashMap<Box<[u8]>, usize>,
    pub(crate) batch: Batch,
    /// Producers with something to forward, to ask for, or a slot that waits to begin.
    pub(crate) queued: Vec<usize>,
    /// Transports with packets that wait, or a probe.
    pub(crate) stepped: Vec<usize>,
    pub(crate) timers: Timers,
}

impl Core {
    /// Begin empty; `seed` makes the numbers that must differ from call to call.
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            events: Vec::new(),
            remote_changes: Vec::new(),
            parcels: Vec::new(),
            clock,
            counters: Counters::default(),
            random: Random::new(seed),
            routers: HashMap::new(),
            transports: Slab::default(),
            producers: Slab::default(),
            consumers: Slab::default(),
            transport_places: HashMap::new(),
            tracks: HashMap::new(),
            consumer_places: HashMap::new(),
            remotes: HashMap::new(),
            ufrags: HashMap::new(),
            batch: Batch::default(),
            queued: Vec::new(),
            stepped: Vec::new(),
            timers: Timers::default(),
        }
    }

    /// Return the totals since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Return whether a connected peer sends from here.
    pub fn is_home_of(&self, remote: Remote) -> bool {
        let Some(&owner) = self.remotes.get(&remote) else {
            return false;
        };
        let Path::Network(network) = &self.transports[owner].path else {
            return false;
        };
        network.agent.state() == ice::State::Connected && network.agent.selected() == Some(remote)
    }

    /// Return one transport's totals.
    pub fn transport_stats(&self, id: TransportId) -> Option<TransportStats> {
        let transport = &self.transports[*self.transport_places.get(&id)?];
        Some(TransportStats {
            remote: transport.remote(),
            estimate: transport
                .estimator
                .as_ref()
                .and_then(|estimator| estimator.estimate()),
            ..transport.stats.clone()
        })
    }

    /// Take a datagram from the network; its bytes are worked on in place.
    pub fn datagram(
        &mut self,
        from: Remote,
        data: &mut [u8],
        now: Instant,
        sink: &mut impl Sink,
    ) -> Taken {
        let kind = rtp::demux(data);
        if kind == rtp::Kind::Stun {
            return self.stun(from, data, now, sink);
        }
        let Some(&place) = self.remotes.get(&from) else {
            return Taken::Stranger;
        };
        match kind {
            rtp::Kind::Dtls => self.dtls(place, from, data, now),
            rtp::Kind::Rtp => self.srtp(place, from, data, now),
            rtp::Kind::Rtcp => self.srtcp(place, from, data, now, sink),
            _ => self.counters.count(Counter::rejected_malformed),
        }
        Taken::Here
    }

    /// Forward what came since the last call, ask for what is missing, and send everything.
    pub fn flush(&mut self, now: Instant, sink: &mut impl Sink) {
        let at = self.clock.micros(now);
        self.timers.start(now);
        let mut queued = std::mem::take(&mut self.queued);
        for &place in &queued {
            self.change_layers(place, at);
            let Some(producer) = self.producers.get_mut(place) else {
                continue;
            };
            producer.queued = false;
            let mut forwarding = Forwarding {
                consumers: &mut self.consumers,
                transports: &mut self.transports,
                clock: &self.clock,
                now: at,
                batch: &mut self.batch,
                sink,
                counters: &mut self.counters,
                stepped: &mut self.stepped,
            };
            forwarding.forward(producer);
        }
        for &place in &queued {
            self.request(place, now, sink);
        }
        self.hand_over_copies(&queued);
        queued.clear();
        // producers queued meanwhile would be news to nobody: keep their list, reuse ours
        if self.queued.is_empty() {
            self.queued = queued;
        }
        self.batch.send(sink);
        if !self.stepped.is_empty() {
            self.timers.step.get_or_insert(now + TICK);
        }
    }

    /// Note that a producer has something for [`Core::flush`].
    pub(crate) fn queue(&mut self, place: usize) {
        let producer = &mut self.producers[place];
        if !producer.queued {
            producer.queued = true;
            self.queued.push(place);
        }
    }

    /// Let every slot of a transport try to begin, now that it can send.
    pub(crate) fn queue_slots(&mut self, transport: usize) {
        let slots = self.transports[transport].consumers.clone();
        for place in slots {
            if let Some(producer) = self.consumers[place].producer {
                self.queue(producer);
            }
        }
    }

    /// Turn what an ICE agent says into what Python hears and where datagrams belong.
    pub(crate) fn on_ice(&mut self, place: usize, events: ice::Events) {
        let id = self.transports[place].id;
        for event in events {
            match event {
                ice::Event::Connected(at) => {
                    self.events.push(Event::TransportConnected(id, at));
                    self.queue_slots(place);
                }
                ice::Event::Migrated(to) => self.events.push(Event::TransportMigrated(id, to)),
                ice::Event::Disconnected => self.events.push(Event::TransportDisconnected(id)),
                ice::Event::RemoteAdded(remote) => self.claim(place, remote),
                ice::Event::RemoteRemoved(remote) => self.release(place, remote),
                ice::Event::Expired => {
                    self.events.push(Event::TransportExpired(id));
                    self.timers.expired.push(id);
                }
            }
        }
    }

    /// Let datagrams from a remote belong to a transport, unless another one lives there.
    fn claim(&mut self, place: usize, remote: Remote) {
        if self.remotes.get(&remote) == Some(&place) || self.is_home_of(remote) {
            return;
        }
        self.remotes.insert(remote, place);
        self.remote_changes.push((remote, true));
    }

    pub(crate) fn release(&mut self, place: usize, remote: Remote) {
        if self.remotes.get(&remote) == Some(&place) {
            self.remotes.remove(&remote);
            self.remote_changes.push((remote, false));
        }
    }

    /// Forget a remote whose connection has ended.
    pub fn closed(&mut self, remote: Remote, now: Instant) {
        let Some(&place) = self.remotes.get(&remote) else {
            return;
        };
        if let Some(network) = self.transports[place].network() {
            let events = network.agent.on_closed(remote, now);
            self.on_ice(place, events);
        }
    }

    fn stun(&mut self, from: Remote, data: &[u8], now: Instant, sink: &mut impl Sink) -> Taken {
        let Ok(message) = stun::Message::parse(data) else {
            self.counters.count(Counter::rejected_stun);
            return Taken::Here;
        };
        let Some(place) = message
            .local_ufrag()
            .and_then(|ufrag| self.ufrags.get(ufrag))
        else {
            return Taken::Stranger;
        };
        let place = *place;
        let Some(network) = self.transports[place].network() else {
            return Taken::Here;
        };
        let room = self.batch.room(sink);
        let outcome = network.agent.handle_check(&message, from, now, room);
        if outcome.reply > 0 {
            self.batch.push(from, Class::Control, outcome.reply);
        }
        if !outcome.authenticated {
            self.counters.count(Counter::rejected_stun);
            return Taken::Here;
        }
        if let Some(retired) = outcome.retired_ufrag {
            self.ufrags.remove(retired.as_bytes());
        }
        self.on_ice(place, outcome.events);
        self.claim(place, from);
        Taken::Here
    }

    fn dtls(&mut self, place: usize, from: Remote, data: &[u8], now: Instant) {
        let at = self.clock.micros(now);
        let id = self.transports[place].id;
        let Some(network) = self.transports[place].network() else {
            return;
        };
        let events = network.agent.on_dtls(from, now);
        let may_go = network.dtls.take(data.len(), at);
        self.on_ice(place, events);
        match may_go {
            true => self.events.push(Event::DtlsReceived(id, data.to_vec())),
            false => self.counters.count(Counter::dropped_dtls),
        }
    }

    fn srtp(&mut self, place: usize, from: Remote, data: &mut [u8], now: Instant) {
        let Some(network) = self.transports[place].network() else {
            return;
        };
        let Some(receiver) = &mut network.receiver else {
            return;
        };
        let opened = receiver.unprotect(data);
        let Some(len) = self.authenticated(place, from, data.len(), opened, now) else {
            return;
        };
        self.media(place, &data[..len], now);
    }

    fn srtcp(
        &mut self,
        place: usize,
        from: Remote,
        data: &mut [u8],
        now: Instant,
        sink: &mut impl Sink,
    ) {
        let Some(network) = self.transports[place].network() else {
            return;
        };
        let Some(receiver) = &mut network.receiver else {
            return;
        };
        let opened = receiver.unprotect_rtcp(data);
        let Some(len) = self.authenticated(place, from, data.len(), opened, now) else {
            return;
        };
        self.feedback(place, &data[..len], now, sink);
    }

    /// Count a packet that was or was not opened, and follow its sender to where it came from.
    fn authenticated(
        &mut self,
        place: usize,
        from: Remote,
        size: usize,
        opened: Result<usize>,
        now: Instant,
    ) -> Option<usize> {
        let transport = &mut self.transports[place];
        match opened {
            Ok(len) => {
                transport.stats.packets_received += 1;
                transport.stats.bytes_received += size as u64;
                let events = transport.network()?.agent.on_authenticated(from, now);
                if !events.is_empty() {
                    self.on_ice(place, events);
                }
                Some(len)
            }
            Err(error) => {
                transport.stats.packets_rejected += 1;
                self.counters.count(match error {
                    Error::Unauthenticated => Counter::rejected_unauthenticated,
                    Error::Replayed => Counter::rejected_replayed,
                    _ => Counter::rejected_malformed,
                });
                None
            }
        }
    }

    fn hand_over_copies(&mut self, queued: &[usize]) {
        for &place in queued {
            let Some(producer) = self.producers.get(place) else {
                continue;
            };
            for &slot in &producer.consumers {
                let consumer = &mut self.consumers[slot];
                if consumer.copies.is_empty() {
                    continue;
                }
                let transport = self.transports[consumer.transport].id;
                let copies = std::mem::take(&mut consumer.copies);
                self.events
                    .push(Event::PacketsReceived(transport, consumer.id, copies));
            }
        }
    }

    /// Write RTCP into the batch with `write`, protect it and let it go to a transport's peer.
    pub(crate) fn send_rtcp(
        &mut self,
        place: usize,
        sink: &mut impl Sink,
        write: impl FnOnce(&mut [u8]) -> Result<usize>,
    ) {
        let room = self.batch.room(sink);
        debug_assert_eq!(room.len(), MAX_DATAGRAM);
        let transport = &mut self.transports[place];
        let Path::Network(network) = &mut transport.path else {
            return;
        };
        let (Some(to), Some(sender)) = (network.agent.selected(), &mut network.sender) else {
            return;
        };
        let Ok(len) = write(room) else { return };
        if let Some(len) = (len > 0)
            .then(|| sender.protect_rtcp(room, len).ok())
            .flatten()
        {
            self.batch.push(to, Class::Control, len);
            transport.stats.packets_sent += 1;
            transport.stats.bytes_sent += len as u64;
        }
    }

    pub(crate) fn at(&self, now: Instant) -> Micros {
        self.clock.micros(now)
    }
}
