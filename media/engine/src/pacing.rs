//! What leaves in small steps toward subscribers on narrow paths: keyframes and repairs that would
//! otherwise arrive as one burst, and probes. Nobody else pays for it.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::batch::Sink;
use crate::clock::{MICROS_PER_SECOND, Micros};
use crate::command::TransportId;
use crate::consumer::Phase;
use crate::core::Core;
use crate::router::Forwarding;

/// Time between two steps; the queue of a cheap phone's link is many times that.
pub const TICK: Duration = Duration::from_millis(5);

/// Multiple of the estimate at which a burst leaves (as libwebrtc does).
const FACTOR: f64 = 2.5;

/// Bytes that leave at once however narrow the path is: two packets.
const LEAST_BURST: f64 = 2_500.0;

/// Longest time a packet is held; then it goes whatever the path carries, for pacing must never
/// become a queue of its own.
const MOST_HELD: Micros = 250_000;

/// Packets held; a keyframe has fewer.
const MOST_PACKETS: usize = 512;

/// Bytes of a packet beside its payload.
const OVERHEAD: usize = 60;

/// Padding of one packet, the most that its count can tell (RFC 3550 §5.1).
const PADDING: usize = 255;

/// A packet that waits, by its place in the shared ring: nothing is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The place of the slot.
    pub slot: usize,
    /// The place of the source it had.
    pub producer: usize,
    /// The source's number.
    pub sequence: u64,
    /// Whether it was asked for again.
    pub again: bool,
    /// Bytes on the wire.
    pub size: usize,
}

/// The packets that wait for one subscriber.
#[derive(Debug, Default)]
pub struct Pacer {
    queue: VecDeque<(Micros, Held)>,
    left: f64,
    filled: Micros,
    rate: f64,
    has_ended: bool,
}

impl Pacer {
    /// Follow the estimate, bits a second.
    pub fn follow(&mut self, estimate: u64) {
        self.rate = FACTOR * estimate as f64 / 8.0 / MICROS_PER_SECOND as f64;
    }

    /// Take a packet that wants to leave now; returns false when it waits instead.
    pub fn admit(&mut self, packet: Held, now: Micros) -> bool {
        self.fill(now);
        let passes = self.has_ended || self.queue.len() >= MOST_PACKETS;
        if passes || (self.queue.is_empty() && self.left > 0.0) {
            self.spend(packet.size);
            return true;
        }
        match packet.again {
            true => self.queue.push_front((now, packet)),
            false => self.queue.push_back((now, packet)),
        }
        false
    }

    /// Count bytes that leave without waiting.
    pub fn spend(&mut self, size: usize) {
        self.left -= size as f64;
    }

    /// Let everything go at the next step, and hold nothing back any more.
    pub fn end(&mut self) {
        self.has_ended = true;
    }

    /// Return whether it is of no more use.
    pub fn is_over(&self) -> bool {
        self.has_ended && self.queue.is_empty()
    }

    /// Begin to hold back again.
    pub fn resume(&mut self) {
        self.has_ended = false;
    }

    /// Return whether something waits.
    pub fn is_holding(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Return the next packet whose time has come.
    pub fn next(&mut self, now: Micros) -> Option<Held> {
        self.fill(now);
        let (since, packet) = *self.queue.front()?;
        if self.left <= 0.0 && now - since < MOST_HELD && !self.has_ended {
            return None;
        }
        self.queue.pop_front();
        self.spend(packet.size);
        Some(packet)
    }

    fn fill(&mut self, now: Micros) {
        let burst = LEAST_BURST.max(self.rate * TICK.as_micros() as f64);
        let earned = self.rate * (now - self.filled).clamp(0, MICROS_PER_SECOND) as f64;
        // what left without waiting is not held against it for longer than a packet may wait
        let debt = burst.max(self.rate * MOST_HELD as f64);
        self.left = (self.left + earned).clamp(-debt, burst);
        self.filled = now;
    }
}

impl Core {
    /// Find out whether a path carries so many bits a second, and pace what leaves on it meanwhile:
    /// a subscriber who lacks nothing has a path that is wide enough for bursts.
    pub(crate) fn want_more(&mut self, id: TransportId, bits: Option<u64>) {
        let place = self.transport_places.get(&id);
        let Some(transport) = place.map(|&place| &mut self.transports[place]) else {
            return;
        };
        let Some(estimator) = transport.estimator.as_mut() else {
            return;
        };
        estimator.want(bits.filter(|_| transport.is_probing_possible));
        if let (Some(_), Some(estimate)) = (bits, estimator.estimate()) {
            let pacer = transport.pacer.get_or_insert_default();
            pacer.resume();
            pacer.follow(estimate);
        } else if let Some(pacer) = &mut transport.pacer {
            pacer.end();
            if pacer.is_over() {
                transport.pacer = None;
            }
        }
    }

    /// Let the packets go whose time has come, and continue probes.
    pub(crate) fn step(&mut self, now: Instant, sink: &mut impl Sink) {
        let mut stepped = std::mem::take(&mut self.stepped);
        stepped.retain(|&place| self.step_transport(place, now, sink));
        // nothing else has a chance to add to the list meanwhile but the steps themselves
        stepped.append(&mut self.stepped);
        self.stepped = stepped;
        self.timers.step = (!self.stepped.is_empty()).then(|| now + TICK);
    }

    /// Begin the probes that are due.
    pub(crate) fn begin_probes(&mut self, now: Instant) {
        let at = self.at(now);
        for (place, transport) in self.transports.iter_mut() {
            let Some(estimator) = &mut transport.estimator else {
                continue;
            };
            if !estimator.is_probe_due(at) || !transport.is_probing_possible {
                continue;
            }
            estimator.begin_probe(at);
            if !std::mem::replace(&mut transport.is_stepped, true) {
                self.stepped.push(place);
            }
        }
    }

    /// Return whether there is more to do for a transport.
    fn step_transport(&mut self, place: usize, now: Instant, sink: &mut impl Sink) -> bool {
        let at = self.at(now);
        if !self.transports.get(place).is_some_and(|one| one.is_stepped) {
            return false; // it is gone, and its place may be another's
        }
        self.let_go(place, at, sink);
        self.probe(place, at, sink);
        let transport = &mut self.transports[place];
        if transport
            .pacer
            .as_ref()
            .is_some_and(|pacer| pacer.is_over())
        {
            transport.pacer = None;
        }
        let holds = transport
            .pacer
            .as_ref()
            .is_some_and(|pacer| pacer.is_holding());
        let probes = transport
            .estimator
            .as_mut()
            .is_some_and(|estimator| estimator.prober().is_sending());
        transport.is_stepped = holds || probes;
        transport.is_stepped
    }

    fn let_go(&mut self, place: usize, at: Micros, sink: &mut impl Sink) {
        loop {
            let transport = &mut self.transports[place];
            let Some(held) = transport.pacer.as_mut().and_then(|pacer| pacer.next(at)) else {
                return;
            };
            let is_there = self.consumers.get(held.slot).is_some_and(|consumer| {
                let shows = consumer.producer == Some(held.producer);
                consumer.transport == place && shows && consumer.phase() == Phase::Flowing
            });
            let Some(producer) = self.producers.get(held.producer).filter(|_| is_there) else {
                continue;
            };
            let Some(kept) = producer.ring.get(held.sequence) else {
                continue;
            };
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
            match held.again {
                true => forwarding.write_again(held.slot, kept),
                false => forwarding.write(held.slot, kept, &producer.ring),
            }
        }
    }

    /// Send what a probe lacks: the newest packets of a picture again, or padding without one.
    fn probe(&mut self, place: usize, at: Micros, sink: &mut impl Sink) {
        let lacking = |core: &mut Self| {
            let estimator = core.transports[place].estimator.as_mut();
            estimator.map_or(0, |estimator| estimator.prober().lacks(at))
        };
        let mut lacks = lacking(self);
        if lacks == 0 {
            return;
        }
        let Some(slot) = self.probing_slot(place) else {
            return;
        };
        let source = self.consumers[slot]
            .producer
            .map(|place| &self.producers[place]);
        let flows = self.consumers[slot].phase() == Phase::Flowing;
        let ring = source.filter(|_| flows).map(|source| &source.ring);
        let mut newest = ring.and_then(|ring| ring.highest());
        while lacks > 0 {
            let kept = ring
                .zip(newest)
                .and_then(|(ring, newest)| ring.get_recent(newest, at));
            newest = newest
                .filter(|_| kept.is_some())
                .and_then(|newest| newest.checked_sub(1));
            let size = OVERHEAD + kept.map_or(PADDING, |kept| kept.payload.len());
            let estimator = self.transports[place].estimator.as_mut();
            if !estimator.is_some_and(|estimator| estimator.prober().take(size, at)) {
                return;
            }
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
            forwarding.write_probe(slot, kept, PADDING);
            lacks = lacks.saturating_sub(size);
        }
    }

    /// Return the slot whose repair stream carries a transport's probes: one with a picture, if any.
    fn probing_slot(&self, place: usize) -> Option<usize> {
        let slots = self.transports[place].consumers.iter().copied();
        slots
            .filter(|&slot| self.consumers[slot].may_probe())
            .max_by_key(|&slot| self.consumers[slot].phase() == Phase::Flowing)
    }
}
