//! A track whose subscribers are spread over several threads.
//!
//! The thread of the publisher's transport opens the packets. Every other thread on which somebody
//! watches keeps a mirror: a [`Producer`] with a ring of its own, fed with copies of what was taken
//! in, so that slots there forward, repair and change layers as they do here, touching nothing that
//! another thread touches. Each shipment says all a mirror must know of its source, so that a lost
//! one is loss as a network has it and nothing worse. Only wishes for keyframes go the other way.

use std::sync::Arc;
use std::time::Instant;

use crate::clock::{Micros, Timeline};
use crate::command::{ProducerId, ProducerParameters, RouterId, Size, TransportId};
use crate::core::Core;
use crate::producer::Producer;
use crate::ring::PacketInfo;
use crate::transport::Path;

/// Packets in one shipment; a frame has fewer, a keyframe replayed to a new mirror is cut.
const MAX_SHIPPED: usize = 64;

/// What one thread sends to another about a room.
#[derive(Debug, Clone)]
pub enum Parcel {
    /// Packets for a mirror.
    Packets(Arc<Shipment>),
    /// Somebody who watches a mirror needs a keyframe of this layer.
    KeyframeWish(ProducerId, usize),
}

impl Parcel {
    /// Return how many packets are lost with it.
    pub fn packets(&self) -> usize {
        match self {
            Self::Packets(shipment) => shipment.packets.len(),
            Self::KeyframeWish(..) => 0,
        }
    }
}

/// Packets of one layer, and how its source stands.
#[derive(Debug)]
pub struct Shipment {
    producer: ProducerId,
    layer: usize,
    ssrc: u32,
    epoch: u32,
    timeline: Timeline,
    size: Option<Size>,
    packets: Vec<Shipped>,
    payloads: Vec<u8>,
}

#[derive(Debug)]
struct Shipped {
    sequence: u64,
    arrival: Micros,
    info: PacketInfo,
    end: usize,
}

impl Shipment {
    /// Copy the packets with these numbers; `None` of a layer that has no source yet.
    fn of(producer: &Producer, layer: usize, numbers: &[u64]) -> Option<Self> {
        let mut shipment = Self {
            producer: producer.id,
            layer,
            ssrc: producer.source.as_ref()?.ssrc,
            epoch: producer.epoch,
            timeline: producer.timeline,
            size: producer.size(),
            packets: Vec::with_capacity(numbers.len()),
            payloads: Vec::new(),
        };
        let kept = || {
            numbers
                .iter()
                .filter_map(|&number| producer.ring.get(number))
        };
        let bytes = kept().map(|kept| kept.payload.len()).sum();
        shipment.payloads.reserve_exact(bytes);
        for kept in kept() {
            shipment.payloads.extend_from_slice(&kept.payload);
            shipment.packets.push(Shipped {
                sequence: kept.sequence,
                arrival: kept.arrival,
                info: kept.info,
                end: shipment.payloads.len(),
            });
        }
        Some(shipment)
    }
}

impl Core {
    /// Send what came since the last flush to the threads that mirror it. Called before
    /// [`Core::flush`], so that they work while this one does.
    pub fn ship(&mut self) {
        for at in 0..self.queued.len() {
            let Some(producer) = self.producers.get(self.queued[at]) else {
                continue;
            };
            if producer.mirrors.is_empty() || producer.fresh.is_empty() {
                continue;
            }
            let layer = self.layer_of(self.queued[at]);
            for numbers in producer.fresh.chunks(MAX_SHIPPED) {
                let Some(shipment) = Shipment::of(producer, layer, numbers) else {
                    continue;
                };
                let shipment = Arc::new(shipment);
                for &thread in &producer.mirrors {
                    let parcel = Parcel::Packets(Arc::clone(&shipment));
                    self.parcels.push((thread, parcel));
                }
            }
        }
    }

    /// Take what another thread sent.
    pub fn parcel(&mut self, parcel: &Parcel, now: Instant) {
        match parcel {
            Parcel::Packets(shipment) => self.unpack(shipment, now),
            Parcel::KeyframeWish(id, layer) => {
                let track = self.tracks.get(id);
                if let Some(&place) = track.and_then(|track| track.places.get(*layer)) {
                    self.producers[place].requests.want();
                    self.queue(place);
                }
            }
        }
    }

    /// Mirror a track of another thread.
    pub(crate) fn create_mirror(
        &mut self,
        id: ProducerId,
        transport: TransportId,
        router: RouterId,
        owner: usize,
        mut parameters: ProducerParameters,
    ) {
        // what is missing is asked for where the packets come in
        parameters.nack = false;
        if !self.transport_places.contains_key(&transport) {
            self.add_transport(transport, router, Path::Mirror(owner));
        }
        self.create_producer(id, transport, parameters);
    }

    /// Begin to send a track to a thread, first what a new subscriber there can begin with.
    pub(crate) fn add_mirror(&mut self, id: ProducerId, thread: usize, now: Instant) {
        let at = self.at(now);
        let places = self.tracks.get(&id).map(|track| track.places.clone());
        for (layer, place) in places.unwrap_or_default().into_iter().enumerate() {
            let producer = &mut self.producers[place];
            producer.mirrors.push(thread);
            let newest = producer.ring.highest().unwrap_or(0);
            let numbers: Vec<_> = producer
                .entry(at)
                .map_or(0..0, |first| first..newest + 1)
                .collect();
            let mut ship = |numbers: &[u64]| {
                if let Some(shipment) = Shipment::of(producer, layer, numbers) {
                    let parcel = Parcel::Packets(Arc::new(shipment));
                    self.parcels.push((thread, parcel));
                }
            };
            // without any packet, it says at least what the source is
            ship(&[]);
            numbers.chunks(MAX_SHIPPED).for_each(ship);
        }
    }

    /// Ask the thread that owns a mirrored layer for a keyframe.
    pub(crate) fn wish_keyframe(&mut self, place: usize, owner: usize) {
        let wish = Parcel::KeyframeWish(self.producers[place].id, self.layer_of(place));
        self.parcels.push((owner, wish));
    }

    /// Return whether a producer is fed by another thread, which also tells of it.
    pub(crate) fn is_mirror(&self, place: usize) -> bool {
        let transport = &self.transports[self.producers[place].transport];
        matches!(transport.path, Path::Mirror(_))
    }

    fn layer_of(&self, place: usize) -> usize {
        let track = self.tracks.get(&self.producers[place].id);
        let found = track.and_then(|track| track.places.iter().position(|&one| one == place));
        found.unwrap_or(0)
    }

    fn unpack(&mut self, shipment: &Shipment, now: Instant) {
        let track = self.tracks.get(&shipment.producer);
        let Some(&place) = track.and_then(|track| track.places.get(shipment.layer)) else {
            return;
        };
        if self.producers[place].epoch != shipment.epoch {
            self.restart_slots(place, now, |producer| {
                producer.adopt(shipment.ssrc, 0);
                producer.epoch = shipment.epoch;
            });
        }
        self.producers[place].timeline = shipment.timeline;
        self.producers[place].note_size(shipment.size);
        let mut start = 0;
        for packet in &shipment.packets {
            let payload = &shipment.payloads[start..packet.end];
            start = packet.end;
            let producer = &mut self.producers[place];
            let newest = producer.ring.highest();
            let taken =
                producer.accept_copy(packet.sequence, packet.info, payload, packet.arrival, now);
            if taken.is_err() {
                continue;
            }
            if packet.info.marker && newest.is_none_or(|newest| packet.sequence > newest) {
                self.on_frame(place, now);
            }
            self.on_packet(place);
        }
        self.queue(place);
    }
}
