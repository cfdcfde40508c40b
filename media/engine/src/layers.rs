//! Several encodings of one picture (RFC 8853): each slot shows the largest that comes and that its
//! limit allows, and changes from one to another at a keyframe, so that nobody sees a break.
//!
//! Each layer is a [`Producer`] of its own, so that forwarding knows nothing of layers. What is
//! decided here is decided when something changes, never for a packet.

use std::time::Instant;

use crate::clock::Micros;
use crate::command::{ConsumerId, Event, Layer, ProducerId};
use crate::core::Core;
use crate::producer::{Activity, Producer};

/// Change of a layer's rate that is news, as a part of what was told.
const NEWS: f64 = 0.2;

/// What a [`ProducerId`] stands for.
#[derive(Debug)]
pub(crate) struct Track {
    /// The places of its layers, or of the only encoding.
    pub(crate) places: Vec<usize>,
    is_stalled: bool,
    told: Vec<Layer>,
}

impl Track {
    /// Begin with at least one place.
    pub(crate) fn new(places: Vec<usize>) -> Self {
        Self {
            places,
            is_stalled: false,
            told: Vec::new(),
        }
    }
}

impl Core {
    /// Return the layer a slot with this limit should show; of a track that sends nothing, any.
    pub(crate) fn best_layer(&self, id: ProducerId, limit: Option<u32>) -> Option<usize> {
        let places = &self.tracks.get(&id)?.places;
        let live = || {
            let sized = |&place: &usize| Some((self.producers[place].live_size()?.pixels(), place));
            places.iter().filter_map(sized)
        };
        let allowed = live().filter(|(pixels, _)| limit.is_none_or(|limit| *pixels <= limit));
        let best = allowed.max().or_else(|| live().min());
        let comes = |place: &&usize| self.producers[**place].activity == Activity::Active;
        let any = || places.iter().find(comes).or(places.first()).copied();
        best.map(|(_, place)| place).or_else(any)
    }

    /// Take note that a layer comes, ended, or has another size.
    pub(crate) fn on_change(&mut self, id: ProducerId) {
        let Some(track) = self.tracks.get_mut(&id) else {
            return;
        };
        let comes = |&place: &usize| self.producers[place].activity == Activity::Active;
        let is_stalled = !track.places.iter().any(comes);
        let is_news = is_stalled != track.is_stalled;
        track.is_stalled = is_stalled;
        let (first, has_layers) = (track.places[0], track.places.len() > 1);
        if is_news && !self.is_mirror(first) {
            self.events.push(match is_stalled {
                true => Event::ProducerStalled(id),
                false => Event::ProducerResumed(id),
            });
        }
        if has_layers {
            self.arrange(id);
        }
    }

    /// Take note that a frame of a layer is complete, which ends those that bring none any more.
    pub(crate) fn on_frame(&mut self, place: usize, now: Instant) {
        let producer = &self.producers[place];
        if producer.rid.is_none() {
            return;
        }
        let id = producer.id;
        let Some(track) = self.tracks.get(&id) else {
            return;
        };
        let mut ended = false;
        for &other in track.places.iter().filter(|&&other| other != place) {
            ended |= self.producers[other].miss_frame(now);
        }
        if ended {
            self.on_change(id);
        }
    }

    pub(crate) fn set_limit(&mut self, consumer: ConsumerId, limit: Option<u32>) {
        let Some(&slot) = self.consumer_places.get(&consumer) else {
            return;
        };
        if !self.consumers[slot].set_limit(limit) {
            return;
        }
        if let Some(place) = self.consumers[slot].producer {
            self.arrange_slot(slot);
            self.queue(place);
        }
    }

    /// Let a slot change to another layer, or to none but its own.
    pub(crate) fn aim(&mut self, slot: usize, target: Option<usize>) {
        let wanted = self.consumers[slot].wanted;
        if wanted == target {
            return;
        }
        if let Some(place) = wanted {
            self.producers[place]
                .joining
                .retain(|&member| member != slot);
        }
        self.consumers[slot].want(target);
        if let Some(place) = target {
            self.producers[place].joining.push(slot);
            self.queue(place);
        }
    }

    /// Let the slots that wait for this layer change to it, or ask for its keyframe.
    pub(crate) fn change_layers(&mut self, place: usize, at: Micros) {
        let is_wanted = |producer: &&mut Producer| !producer.joining.is_empty();
        let Some(producer) = self.producers.get_mut(place).filter(is_wanted) else {
            return;
        };
        let id = producer.id;
        let mut joining = std::mem::take(&mut producer.joining);
        joining.retain(|&slot| !self.change_layer(slot, place, at));
        self.producers[place].joining = joining;
        let places = self.tracks.get(&id).map(|track| track.places.clone());
        for place in places.unwrap_or_default() {
            let stays = |slot: &usize| self.consumers[*slot].producer == Some(place);
            self.producers[place].consumers.retain(stays);
        }
    }

    /// Change one slot; the list of the layer it leaves is put right by the caller.
    fn change_layer(&mut self, slot: usize, place: usize, at: Micros) -> bool {
        let consumer = &mut self.consumers[slot];
        let Some(from) = consumer.producer else {
            return false;
        };
        let (from, to) = (&self.producers[from], &self.producers[place]);
        if consumer.change_layer(from, (place, to), at) {
            consumer.want(None);
            self.producers[place].consumers.push(slot);
            return true;
        }
        if consumer.asks_to_change(to) {
            self.producers[place].requests.want();
        }
        false
    }

    /// Say which layers come and how much of each, where that is news.
    pub(crate) fn tell_layers(&mut self, now: Instant) {
        let at = self.at(now);
        let mut news = Vec::new();
        for (&id, track) in &mut self.tracks {
            let measured = |(number, &place): (usize, &usize)| {
                let (size, bits) = self.producers[place].measure(at)?;
                Some(Layer { number, size, bits })
            };
            let places = track.places.iter().enumerate();
            let mut layers: Vec<_> = places.filter_map(measured).collect();
            layers.sort_by_key(|layer| layer.size.pixels());
            if is_news(&track.told, &layers) {
                track.told.clone_from(&layers);
                news.push((id, layers));
            }
        }
        if !news.is_empty() {
            self.events.push(Event::Layers(news));
        }
    }

    fn arrange(&mut self, id: ProducerId) {
        let places = self.tracks[&id].places.clone();
        for place in places {
            for slot in self.producers[place].consumers.clone() {
                self.arrange_slot(slot);
            }
        }
    }

    fn arrange_slot(&mut self, slot: usize) {
        let consumer = &self.consumers[slot];
        let Some(place) = consumer.producer else {
            return;
        };
        let best = self.best_layer(self.producers[place].id, consumer.limit);
        let is_held = consumer.is_held();
        self.aim(slot, best.filter(|&best| best != place && !is_held));
    }
}

fn is_news(told: &[Layer], layers: &[Layer]) -> bool {
    let differs = |(before, after): (&Layer, &Layer)| {
        let change = after.bits.abs_diff(before.bits) as f64;
        let is_other = (before.number, before.size) != (after.number, after.size);
        is_other || change > NEWS * before.bits as f64
    };
    told.len() != layers.len() || told.iter().zip(layers).any(differs)
}
