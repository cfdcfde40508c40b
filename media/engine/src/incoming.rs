//! From an authentic packet to its producer: which SSRC is whose, and when one gives way to another.

use std::time::Instant;

use crate::clock::Micros;
use crate::command::{Counter, Event};
use crate::core::Core;
use crate::producer::{Activity, Producer, Refused};
use crate::rtp::Packet;
use crate::transport::{Binding, Transport};

impl Core {
    /// Take a plain RTP packet to its producer.
    pub(crate) fn media(&mut self, place: usize, data: &[u8], now: Instant) {
        let Ok(packet) = Packet::parse(data) else {
            return self.reject(place, Counter::rejected_malformed);
        };
        let at = self.clock.micros(now);
        self.note_arrival(place, &packet, at);
        let bound = self.transports[place].binding(packet.ssrc());
        let Some(binding) = bound.or_else(|| self.bind(place, &packet)) else {
            return self.reject(place, Counter::rejected_unknown_source);
        };
        let taken = match binding {
            Binding::Media(producer) => {
                if !self.settle(producer, &packet, now) {
                    return self.reject(place, Counter::rejected_unknown_source);
                }
                if packet.marker() {
                    self.on_frame(producer, now);
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

    /// Note a packet for the publisher's estimator, whatever becomes of it.
    fn note_arrival(&mut self, place: usize, packet: &Packet<'_>, at: Micros) {
        let transport = &mut self.transports[place];
        let number = transport.transport_cc.and_then(|id| packet.extension(id));
        if let Some(&[high, low]) = number {
            let sequence = u16::from_be_bytes([high, low]);
            transport.arrivals.note(packet.ssrc(), sequence, at);
        }
        let Some(uplink) = &mut transport.uplink else {
            return;
        };
        if let Some(&[high, middle, low]) = packet.extension(uplink.id()) {
            let size = packet.header_len() + packet.payload().len();
            uplink.packet([high, middle, low], size, at);
        }
    }

    fn reject(&mut self, place: usize, reason: Counter) {
        self.transports[place].stats.packets_rejected += 1;
        self.counters.count(reason);
    }

    pub(crate) fn on_packet(&mut self, place: usize) {
        let producer = &mut self.producers[place];
        let before = std::mem::replace(&mut producer.activity, Activity::Active);
        if producer.take_resized() || before != Activity::Active {
            let id = producer.id;
            self.on_change(id);
        }
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
            let producer = &self.producers[place];
            let ids = &producer.parameters.extensions;
            let says = |id: Option<u8>, name: &str| {
                id.and_then(|id| packet.extension(id)) == Some(name.as_bytes())
            };
            let rid = producer.rid.as_deref();
            let is_layer = |rid| says(ids.rid, rid) || says(ids.repaired_rid, rid);
            says(ids.mid, &producer.parameters.mid) && rid.is_none_or(is_layer)
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
    pub(crate) fn restart_slots(
        &mut self,
        place: usize,
        now: Instant,
        change: impl FnOnce(&mut Producer),
    ) {
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
}
