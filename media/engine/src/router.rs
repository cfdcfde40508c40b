//! The way of a packet from its source to everyone who watches it.

use crate::batch::{Batch, Sink};
use crate::clock::{Clock, Micros};
use crate::command::{Counter, Counters, Kind};
use crate::consumer::{Consumer, Phase, Written};
use crate::pacing::Held;
use crate::producer::Producer;
use crate::ring::{Kept, Ring};
use crate::slab::Slab;
use crate::transport::{Path, Transport};

/// What forwarding needs besides the producer.
pub struct Forwarding<'a, S> {
    /// Every slot of this thread.
    pub consumers: &'a mut Slab<Consumer>,
    /// Every peer of this thread.
    pub transports: &'a mut Slab<Transport>,
    /// The engine's clock.
    pub clock: &'a Clock,
    /// Now, on that clock.
    pub now: Micros,
    /// Datagrams on their way out.
    pub batch: &'a mut Batch,
    /// Where full batches go.
    pub sink: &'a mut S,
    /// Totals.
    pub counters: &'a mut Counters,
    /// Places of the transports with packets that wait.
    pub stepped: &'a mut Vec<usize>,
}

impl<S: Sink> Forwarding<'_, S> {
    /// Send everything that came since the last call: for each subscriber, all of its packets, so
    /// that its keys stay in the cache and a frame leaves as one run.
    pub fn forward(&mut self, producer: &mut Producer) {
        if producer.parameters.kind == Kind::Video {
            producer.ring.even_out(&producer.fresh);
        }
        for &place in &producer.consumers {
            let consumer = &mut self.consumers[place];
            let transport = &mut self.transports[consumer.transport];
            if !transport.is_ready() {
                continue;
            }
            if consumer.phase() == Phase::Flowing {
                for &sequence in &producer.fresh {
                    self.send(producer, place, sequence);
                }
            } else if let Some(first) = consumer.begin(producer, self.now) {
                transport.report.hurry();
                let newest = producer.ring.highest().unwrap_or(first);
                for sequence in first..=newest {
                    self.send(producer, place, sequence);
                }
            } else if consumer.asks_for_keyframe(producer) {
                producer.requests.want();
            }
        }
        producer.fresh.clear();
    }

    fn send(&mut self, producer: &Producer, place: usize, sequence: u64) {
        let consumer = &mut self.consumers[place];
        let Some(kept) = producer.ring.get(sequence) else {
            return;
        };
        if consumer.phase() != Phase::Flowing {
            return;
        }
        let transport = &mut self.transports[consumer.transport];
        if !transport.media.take(kept.payload.len(), self.now) {
            transport.stats.packets_dropped += 1;
            self.counters.count(Counter::dropped_by_bound);
            if consumer.parameters.kind == Kind::Video {
                consumer.cut();
            }
            return;
        }
        if transport.pacer.is_some() && self.waits(place, kept, false) {
            return;
        }
        self.write(place, kept, &producer.ring);
    }

    /// Let a packet leave, for the first time, that no bound holds back.
    pub(crate) fn write(&mut self, place: usize, kept: &Kept, ring: &Ring) {
        let room = self.batch.room(self.sink);
        let consumer = &mut self.consumers[place];
        if let Some(written) = consumer.write(kept, self.clock, room) {
            let written = consumer.add_copies(written, kept, ring, room);
            self.dispatch(place, written);
            self.counters.count(Counter::packets_forwarded);
        }
    }

    /// Hold a packet back where it would be part of a burst on a narrow path; sound never waits.
    #[cold]
    fn waits(&mut self, place: usize, kept: &Kept, again: bool) -> bool {
        let consumer = &self.consumers[place];
        let transport = &mut self.transports[consumer.transport];
        let (Some(pacer), Some(producer)) = (&mut transport.pacer, consumer.producer) else {
            return false;
        };
        if consumer.parameters.kind == Kind::Audio {
            pacer.spend(kept.payload.len());
            return false;
        }
        let held = Held {
            slot: place,
            producer,
            sequence: kept.sequence,
            again,
            size: kept.payload.len(),
        };
        let waits = !pacer.admit(held, self.now);
        if waits && !std::mem::replace(&mut transport.is_stepped, true) {
            self.stepped.push(consumer.transport);
        }
        waits
    }

    /// Send a packet again to a subscriber that asked for it.
    pub fn send_again(&mut self, place: usize, kept: &Kept) {
        let consumer = &mut self.consumers[place];
        let transport = &mut self.transports[consumer.transport];
        if !transport.resends.take(kept.payload.len(), self.now) {
            transport.stats.packets_dropped += 1;
            self.counters.count(Counter::dropped_retransmissions);
            return;
        }
        if transport.pacer.is_some() && self.waits(place, kept, true) {
            return;
        }
        self.write_again(place, kept);
    }

    /// Let a packet leave again that no bound holds back.
    pub(crate) fn write_again(&mut self, place: usize, kept: &Kept) {
        let consumer = &mut self.consumers[place];
        let transport = &mut self.transports[consumer.transport];
        let room = self.batch.room(self.sink);
        if let Some(written) = consumer.write_again(kept, self.clock, self.now, room) {
            transport.stats.retransmitted += 1;
            self.counters.count(Counter::packets_retransmitted);
            self.dispatch(place, written);
        }
    }

    /// Send a packet that nobody misses: one that went before, or padding.
    pub(crate) fn write_probe(&mut self, place: usize, kept: Option<&Kept>, padding: usize) {
        let consumer = &mut self.consumers[place];
        let room = self.batch.room(self.sink);
        let repeated = kept.and_then(|kept| consumer.write_again(kept, self.clock, self.now, room));
        let written =
            repeated.or_else(|| consumer.write_padding(self.clock, self.now, padding, room));
        if let Some(written) = written {
            self.counters.count(Counter::packets_probing);
            self.dispatch(place, written);
        }
    }

    /// Protect what was written into the batch's room and put it on its way.
    fn dispatch(&mut self, place: usize, written: Written) {
        let consumer = &mut self.consumers[place];
        let transport = &mut self.transports[consumer.transport];
        let batch = self.batch.number();
        let room = self.batch.room(self.sink);
        let sent = match &mut transport.path {
            Path::Mirror(_) => return,
            Path::Direct => {
                consumer.copies.push(room[..written.len].to_vec());
                written.len
            }
            Path::Network(network) => {
                let (Some(to), Some(sender)) = (network.agent.selected(), &mut network.sender)
                else {
                    return;
                };
                let (len, header_len) = (written.len, written.header_len);
                if let (Some(at), Some(estimator)) =
                    (written.transport_cc_at, &mut transport.estimator)
                {
                    let size = len + sender.profile().tag_len();
                    let number = estimator.sent(size, batch, self.now);
                    room[at..at + 2].copy_from_slice(&number.to_be_bytes());
                }
                let Ok(len) = sender.protect(room, len, header_len, written.rollover()) else {
                    return;
                };
                self.batch.push(to, consumer.class(), len);
                len
            }
        };
        transport.stats.packets_sent += 1;
        transport.stats.bytes_sent += sent as u64;
    }
}
