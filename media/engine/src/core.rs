//! The whole engine of one thread without sockets, threads or a clock: input in, output out.
//!
//! [`Core::datagram`] and [`Core::command`] take input and remember what it leads to;
//! [`Core::flush`] forwards everything that came since, and [`Core::advance`] lets time pass. After
//! a round of input, call both. Packets leave through a [`Sink`], events wait in [`Core::events`].

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Instant;

use crate::batch::{Batch, MAX_DATAGRAM, Sink};
use crate::clock::{Clock, Micros};
use crate::command::{
    ConsumerId, Counter, Counters, Event, ProducerId, RouterId, TransportId, TransportStats,
};
use crate::consumer::Consumer;
use crate::error::{Error, Result};
use crate::producer::{Activity, Producer, Refused};
use crate::router::Forwarding;
use crate::rtp::{self, Packet};
use crate::slab::Slab;
use crate::timers::Timers;
use crate::transport::{Binding, Path, Transport};
use crate::{ice, stun};

/// Whether a datagram found its transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// It was dealt with, be it by refusing it.
    Here,
    /// Its sender is nobody this thread knows; another thread may.
    Stranger,
}

/// The state of every room of one thread.
pub struct Core {
    /// What happened, until somebody takes it.
    pub events: Vec<Event>,
    /// Addresses gained (true) and lost (false), for whoever steers datagrams to threads.
    pub address_changes: Vec<(SocketAddr, bool)>,
    pub(crate) clock: Clock,
    pub(crate) counters: Counters,
    pub(crate) random: Random,
    pub(crate) routers: HashMap<RouterId, Vec<usize>>,
    pub(crate) transports: Slab<Transport>,
    pub(crate) producers: Slab<Producer>,
    pub(crate) consumers: Slab<Consumer>,
    pub(crate) transport_places: HashMap<TransportId, usize>,
    pub(crate) producer_places: HashMap<ProducerId, usize>,
    pub(crate) consumer_places: HashMap<ConsumerId, usize>,
    pub(crate) addresses: HashMap<SocketAddr, usize>,
    pub(crate) ufrags: HashMap<Box<[u8]>, usize>,
    pub(crate) batch: Batch,
    /// Producers with something to forward, to ask for, or a slot that waits to begin.
    pub(crate) queued: Vec<usize>,
    pub(crate) timers: Timers,
}

impl Core {
    /// Begin empty; `seed` makes the numbers that must differ from call to call.
    pub fn new(clock: Clock, seed: u64) -> Self {
        Self {
            events: Vec::new(),
            address_changes: Vec::new(),
            clock,
            counters: Counters::default(),
            random: Random(seed),
            routers: HashMap::new(),
            transports: Slab::default(),
            producers: Slab::default(),
            consumers: Slab::default(),
            transport_places: HashMap::new(),
            producer_places: HashMap::new(),
            consumer_places: HashMap::new(),
            addresses: HashMap::new(),
            ufrags: HashMap::new(),
            batch: Batch::default(),
            queued: Vec::new(),
            timers: Timers::default(),
        }
    }

    /// Return the totals since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Return one transport's totals.
    pub fn transport_stats(&self, id: TransportId) -> Option<TransportStats> {
        let transport = &self.transports[*self.transport_places.get(&id)?];
        Some(TransportStats {
            address: transport.address(),
            ..transport.stats.clone()
        })
    }

    /// Take a datagram from the network; its bytes are worked on in place.
    pub fn datagram(
        &mut self,
        from: SocketAddr,
        data: &mut [u8],
        now: Instant,
        sink: &mut impl Sink,
    ) -> Taken {
        let kind = rtp::demux(data);
        if kind == rtp::Kind::Stun {
            return self.stun(from, data, now, sink);
        }
        let Some(&place) = self.addresses.get(&from) else {
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
                ice::Event::AddressAdded(address) => self.claim(place, address),
                ice::Event::AddressRemoved(address) => self.release(place, address),
                ice::Event::Expired => {
                    self.events.push(Event::TransportExpired(id));
                    self.timers.expired.push(id);
                }
            }
        }
    }

    /// Let datagrams from an address belong to a transport, unless another one lives there.
    fn claim(&mut self, place: usize, address: SocketAddr) {
        if let Some(&owner) = self.addresses.get(&address) {
            let agent = self.transports[owner]
                .network()
                .map(|network| &network.agent);
            let lives_there = agent.is_some_and(|agent| {
                agent.state() == ice::State::Connected && agent.selected() == Some(address)
            });
            if owner == place || lives_there {
                return;
            }
        }
        self.addresses.insert(address, place);
        self.address_changes.push((address, true));
    }

    pub(crate) fn release(&mut self, place: usize, address: SocketAddr) {
        if self.addresses.get(&address) == Some(&place) {
            self.addresses.remove(&address);
            self.address_changes.push((address, false));
        }
    }

    fn stun(&mut self, from: SocketAddr, data: &[u8], now: Instant, sink: &mut impl Sink) -> Taken {
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
            self.batch.push(from, outcome.reply);
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

    fn dtls(&mut self, place: usize, from: SocketAddr, data: &[u8], now: Instant) {
        let Some(network) = self.transports[place].network() else {
            return;
        };
        let events = network.agent.on_dtls(from, now);
        self.on_ice(place, events);
        let id = self.transports[place].id;
        self.events.push(Event::DtlsReceived(id, data.to_vec()));
    }

    fn srtp(&mut self, place: usize, from: SocketAddr, data: &mut [u8], now: Instant) {
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
        from: SocketAddr,
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
        from: SocketAddr,
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

    /// Take a plain RTP packet to its producer.
    pub(crate) fn media(&mut self, place: usize, data: &[u8], now: Instant) {
        let Ok(packet) = Packet::parse(data) else {
            return self.reject(place, Counter::rejected_malformed);
        };
        let bound = self.transports[place].binding(packet.ssrc());
        let Some(binding) = bound.or_else(|| self.bind(place, &packet)) else {
            return self.reject(place, Counter::rejected_unknown_source);
        };
        let at = self.clock.micros(now);
        let taken = match binding {
            Binding::Media(producer) => {
                if !self.settle(producer, &packet, now) {
                    return self.reject(place, Counter::rejected_unknown_source);
                }
                self.producers[producer].accept(&packet, now, at)
            }
            Binding::Repair(producer) => self.producers[producer].accept_rtx(&packet, now, at),
        };
        match taken {
            Ok(()) => self.on_packet(binding.producer()),
            Err(Refused::Probe) => {}
            Err(Refused::Duplicate) => self.counters.count(Counter::rejected_duplicate),
            Err(Refused::Unreadable) => self.reject(place, Counter::rejected_malformed),
        }
    }

    fn reject(&mut self, place: usize, reason: Counter) {
        self.transports[place].stats.packets_rejected += 1;
        self.counters.count(reason);
    }

    fn on_packet(&mut self, place: usize) {
        let producer = &mut self.producers[place];
        if producer.activity == Activity::Stalled {
            self.events.push(Event::ProducerResumed(producer.id));
        }
        producer.activity = Activity::Active;
        self.queue(place);
    }

    /// Find the producer of an SSRC not seen before: by the MID it carries, or, where no MID was
    /// negotiated and no SSRC announced, by a payload type that only one track has.
    fn bind(&mut self, place: usize, packet: &Packet<'_>) -> Option<Binding> {
        let transport = &self.transports[place];
        // padding of an unknown SSRC probes the path and must create nothing
        if packet.payload().is_empty() {
            return None;
        }
        let names = |&&place: &&usize| {
            let parameters = &self.producers[place].parameters;
            let mid = parameters
                .extensions
                .mid
                .and_then(|id| packet.extension(id));
            mid.is_some_and(|mid| mid == parameters.mid.as_bytes())
        };
        let named = transport.producers.iter().find(names);
        let producer = *named.or_else(|| self.only_candidate(transport, packet))?;
        let has_type = |repair: bool| {
            let codecs = &self.producers[producer].parameters.codecs;
            codecs.iter().any(|codec| {
                let wanted = if repair {
                    codec.rtx_payload_type
                } else {
                    Some(codec.payload_type)
                };
                wanted == Some(packet.payload_type())
            })
        };
        let binding = match (has_type(false), has_type(true)) {
            (true, _) => Binding::Media(producer),
            (_, true) => Binding::Repair(producer),
            _ => return None,
        };
        self.transports[place]
            .bind(packet.ssrc(), binding)
            .then_some(binding)
    }

    fn only_candidate<'a>(
        &self,
        transport: &'a Transport,
        packet: &Packet<'_>,
    ) -> Option<&'a usize> {
        let mut candidates = transport.producers.iter().filter(|&&place| {
            let producer = &self.producers[place];
            producer.has_payload_type(packet.payload_type())
        });
        let only = candidates.next().filter(|_| candidates.next().is_none())?;
        let parameters = &self.producers[*only].parameters;
        (parameters.ssrcs.is_empty() && parameters.extensions.mid.is_none()).then_some(only)
    }

    /// Make sure that the producer listens to this packet's SSRC; false when it listens to another.
    fn settle(&mut self, place: usize, packet: &Packet<'_>, now: Instant) -> bool {
        let producer = &self.producers[place];
        let current = producer.source.as_ref().map(|source| source.ssrc);
        if current == Some(packet.ssrc()) && !producer.is_restart(packet.sequence()) {
            return true;
        }
        if current != Some(packet.ssrc()) && !producer.is_free(now) {
            return false;
        }
        self.restart_slots(place, now, |producer| {
            producer.adopt(packet.ssrc(), packet.sequence());
        });
        let producer = &self.producers[place];
        if current != Some(packet.ssrc()) {
            self.events
                .push(Event::ProducerStarted(producer.id, packet.ssrc()));
        }
        true
    }

    /// Change a producer's source, so that every slot it is in goes on where it was.
    fn restart_slots(&mut self, place: usize, now: Instant, change: impl FnOnce(&mut Producer)) {
        let at = self.clock.micros(now);
        let producer = &mut self.producers[place];
        for &slot in &producer.consumers {
            self.consumers[slot].leave(producer, at);
        }
        change(producer);
        for &slot in &producer.consumers {
            self.consumers[slot].enter(place, producer);
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
            self.batch.push(to, len);
            transport.stats.packets_sent += 1;
            transport.stats.bytes_sent += len as u64;
        }
    }

    pub(crate) fn at(&self, now: Instant) -> Micros {
        self.clock.micros(now)
    }
}

/// Numbers that differ from each other, from a seed that nobody else knows (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 32) as u32
    }
}
