//! What each command from Python changes. One that names something gone, or what it may not touch,
//! changes nothing: closing crosses events on the way.

use std::time::Instant;

use crate::batch::Sink;
use crate::bwe::uplink::Uplink;
use crate::command::{
    Command, ConsumerId, ConsumerParameters, MasterKey, ProducerId, ProducerParameters, RouterId,
    TransportId,
};
use crate::consumer::Consumer;
use crate::core::Core;
use crate::error::Result;
use crate::layers::Track;
use crate::producer::Producer;
use crate::remote::Class;
use crate::srtp::{self, Profile};
use crate::transport::{Binding, Network, Path, Transport};
use crate::{ice, rtp};

impl Core {
    /// Carry out a command.
    pub fn command(&mut self, command: Command, now: Instant, sink: &mut impl Sink) {
        match command {
            Command::RouterCreate(router) => {
                self.routers.entry(router).or_default();
            }
            Command::RouterClose(router) => self.close_router(router, now),
            Command::TransportCreate {
                transport,
                router,
                ice_ufrag,
                ice_pwd,
            } => {
                self.create_transport(transport, router, &ice_ufrag, &ice_pwd, now);
            }
            Command::DirectTransportCreate { transport, router } => {
                self.add_transport(transport, router, Path::Direct);
            }
            Command::TransportRestartIce {
                transport,
                ice_ufrag,
                ice_pwd,
            } => {
                self.restart_ice(transport, &ice_ufrag, &ice_pwd);
            }
            Command::TransportSetKeys {
                transport,
                profile,
                send,
                receive,
            } => {
                self.set_keys(transport, profile, &send, &receive);
            }
            Command::TransportProbe { transport, bits } => self.want_more(transport, bits),
            Command::TransportClose(transport) => self.close_transport(transport, now),
            Command::DtlsSend {
                transport,
                datagram,
            } => {
                self.send_dtls(transport, &datagram, sink);
            }
            Command::ProducerCreate {
                producer,
                transport,
                parameters,
            } => {
                self.create_producer(producer, transport, *parameters);
            }
            Command::MirrorCreate {
                producer,
                transport,
                router,
                owner,
                parameters,
            } => self.create_mirror(producer, transport, router, owner, *parameters),
            Command::MirrorAdd { producer, thread } => self.add_mirror(producer, thread, now),
            Command::ProducerClose(producer) => self.close_producer(producer, now),
            Command::KeyframeRequest(producer) => self.want_keyframe(producer),
            Command::ConsumerCreate {
                consumer,
                transport,
                parameters,
            } => {
                self.create_consumer(consumer, transport, *parameters);
            }
            Command::ConsumerSetProducer { consumer, producer } => {
                self.set_producer(consumer, producer, now);
            }
            Command::ConsumerSetLimit { consumer, limit } => self.set_limit(consumer, limit),
            Command::ConsumerClose(consumer) => self.close_consumer(consumer, now),
            Command::PacketsSend { producer, packets } => {
                self.send_packets(producer, &packets, now, sink);
            }
        }
    }

    fn close_router(&mut self, router: RouterId, now: Instant) {
        for place in self.routers.remove(&router).unwrap_or_default() {
            let id = self.transports[place].id;
            self.close_transport(id, now);
        }
    }

    fn create_transport(
        &mut self,
        id: TransportId,
        router: RouterId,
        ufrag: &str,
        pwd: &str,
        now: Instant,
    ) {
        let Ok(agent) = ice::Agent::new(ufrag, pwd, now) else {
            return;
        };
        if self.ufrags.contains_key(ufrag.as_bytes()) {
            return;
        }
        let network = Box::new(Network::new(agent));
        if let Some(place) = self.add_transport(id, router, Path::Network(network)) {
            self.ufrags.insert(ufrag.as_bytes().into(), place);
        }
    }

    pub(crate) fn add_transport(
        &mut self,
        id: TransportId,
        router: RouterId,
        path: Path,
    ) -> Option<usize> {
        if self.transport_places.contains_key(&id) {
            return None;
        }
        let members = self.routers.get_mut(&router)?;
        let place = self
            .transports
            .insert(Transport::new(id, router, path, self.random.next()));
        members.push(place);
        self.transport_places.insert(id, place);
        Some(place)
    }

    fn restart_ice(&mut self, id: TransportId, ufrag: &str, pwd: &str) {
        let Some(&place) = self.transport_places.get(&id) else {
            return;
        };
        if self.ufrags.contains_key(ufrag.as_bytes()) {
            return;
        }
        let Some(network) = self.transports[place].network() else {
            return;
        };
        let Ok(void) = network.agent.restart(ufrag, pwd) else {
            return;
        };
        if let Some(void) = void {
            self.ufrags.remove(void.as_bytes());
        }
        self.ufrags.insert(ufrag.as_bytes().into(), place);
    }

    fn set_keys(
        &mut self,
        id: TransportId,
        profile: Profile,
        send: &MasterKey,
        receive: &MasterKey,
    ) {
        let Some(&place) = self.transport_places.get(&id) else {
            return;
        };
        let Some(network) = self.transports[place].network() else {
            return;
        };
        // the same key with counters from zero would protect two packets alike, which breaks it
        if network.sending_key.as_ref() == Some(send) {
            return;
        }
        let keys = || -> Result<_> {
            let sender = srtp::Sender::new(profile, &send.key, &send.salt)?;
            Ok((
                sender,
                srtp::Receiver::new(profile, &receive.key, &receive.salt)?,
            ))
        };
        let Ok((sender, receiver)) = keys() else {
            return;
        };
        network.sending_key = Some(send.clone());
        network.sender = Some(sender);
        network.receiver = Some(receiver);
        self.queue_slots(place);
    }

    /// Remove a transport with all that goes through it.
    pub(crate) fn close_transport(&mut self, id: TransportId, now: Instant) {
        let Some(place) = self.transport_places.remove(&id) else {
            return;
        };
        for producer in std::mem::take(&mut self.transports[place].producers) {
            // the layers of one track end together
            let Some(id) = self.producers.get(producer).map(|one| one.id) else {
                continue;
            };
            self.close_producer(id, now);
        }
        for consumer in std::mem::take(&mut self.transports[place].consumers) {
            let id = self.consumers[consumer].id;
            self.close_consumer(id, now);
        }
        let Some(transport) = self.transports.remove(place) else {
            return;
        };
        if let Some(members) = self.routers.get_mut(&transport.router) {
            members.retain(|&member| member != place);
        }
        if let Path::Network(network) = &transport.path {
            for ufrag in network.agent.ufrags() {
                self.ufrags.remove(ufrag.as_bytes());
            }
            for remote in network.agent.remotes() {
                self.release(place, remote);
            }
        }
    }

    fn send_dtls(&mut self, id: TransportId, datagram: &[u8], sink: &mut impl Sink) {
        let Some(&place) = self.transport_places.get(&id) else {
            return;
        };
        if let Some(to) = self.transports[place].remote() {
            self.batch.push_copy(to, Class::Control, datagram, sink);
        }
    }

    pub(crate) fn create_producer(
        &mut self,
        id: ProducerId,
        transport: TransportId,
        parameters: ProducerParameters,
    ) {
        let Some(&transport) = self.transport_places.get(&transport) else {
            return;
        };
        if self.tracks.contains_key(&id) {
            return;
        }
        let rids = parameters.rids.iter().cloned().map(Some).collect();
        let rids = if parameters.rids.is_empty() {
            vec![None]
        } else {
            rids
        };
        let add = |rid| Producer::new(id, transport, parameters.clone(), rid);
        let places: Vec<_> = rids
            .into_iter()
            .map(|rid| self.producers.insert(add(rid)))
            .collect();
        let transport = &mut self.transports[transport];
        transport.producers.extend(&places);
        transport.transport_cc = parameters
            .extensions
            .transport_cc
            .or(transport.transport_cc);
        if let Some(id) = parameters
            .extensions
            .abs_send_time
            .filter(|_| parameters.remb)
        {
            transport
                .uplink
                .get_or_insert_with(|| Box::new(Uplink::new(id)));
        }
        if let [place] = places[..] {
            for &ssrc in &parameters.ssrcs {
                transport.bind(ssrc, Binding::Media(place));
            }
            for &ssrc in &parameters.rtx_ssrcs {
                transport.bind(ssrc, Binding::Repair(place));
            }
        }
        self.tracks.insert(id, Track::new(places));
    }

    fn close_producer(&mut self, id: ProducerId, now: Instant) {
        let Some(track) = self.tracks.remove(&id) else {
            return;
        };
        for place in track.places {
            self.close_layer(place, now);
        }
    }

    fn close_layer(&mut self, place: usize, now: Instant) {
        let at = self.at(now);
        let Some(producer) = self.producers.remove(place) else {
            return;
        };
        for &slot in &producer.joining {
            self.consumers[slot].want(None);
        }
        for &slot in &producer.consumers {
            self.consumers[slot].leave(&producer, at);
        }
        self.queued.retain(|&queued| queued != place);
        let transport = &mut self.transports[producer.transport];
        transport.producers.retain(|&member| member != place);
        transport
            .bindings
            .retain(|(_, binding)| binding.producer() != place);
    }

    fn want_keyframe(&mut self, id: ProducerId) {
        let places = self.tracks.get(&id).map(|track| track.places.clone());
        let places = places.unwrap_or_default();
        for &place in &places {
            // of several layers, those that somebody watches
            if places.len() == 1 || !self.producers[place].consumers.is_empty() {
                self.producers[place].requests.want();
                self.queue(place);
            }
        }
    }

    fn create_consumer(
        &mut self,
        id: ConsumerId,
        transport: TransportId,
        parameters: ConsumerParameters,
    ) {
        let Some(&transport) = self.transport_places.get(&transport) else {
            return;
        };
        if self.consumer_places.contains_key(&id) {
            return;
        }
        let random = [self.random.next(), self.random.next(), self.random.next()];
        let place = self
            .consumers
            .insert(Consumer::new(id, transport, parameters, random));
        self.consumer_places.insert(id, place);
        let tells = self.consumers[place].parameters.extensions.transport_cc;
        let may_probe = self.consumers[place].may_probe();
        let transport = &mut self.transports[transport];
        transport.consumers.push(place);
        transport.is_probing_possible |= may_probe;
        if tells.is_some() {
            transport.estimator.get_or_insert_default();
        }
    }

    fn set_producer(&mut self, consumer: ConsumerId, producer: Option<ProducerId>, now: Instant) {
        let Some(&slot) = self.consumer_places.get(&consumer) else {
            return;
        };
        let shown = self.consumers[slot].producer;
        if shown.map(|place| self.producers[place].id) == producer {
            return;
        }
        let limit = self.consumers[slot].limit;
        let place = match producer.map(|id| self.best_layer(id, limit)) {
            Some(None) => return,
            Some(Some(place)) if !self.may_enter(slot, place) => return,
            place => place.flatten(),
        };
        self.empty_slot(slot, now);
        if let Some(place) = place {
            let producer = &mut self.producers[place];
            producer.consumers.push(slot);
            self.consumers[slot].enter(place, producer);
            self.queue(place);
        }
    }

    /// Packets stay in their room, and pictures do not go into sound.
    fn may_enter(&self, slot: usize, place: usize) -> bool {
        let (consumer, producer) = (&self.consumers[slot], &self.producers[place]);
        let to = &self.transports[consumer.transport];
        let from = &self.transports[producer.transport];
        to.router == from.router && consumer.parameters.kind == producer.parameters.kind
    }

    fn empty_slot(&mut self, slot: usize, now: Instant) {
        let at = self.at(now);
        self.aim(slot, None);
        let consumer = &mut self.consumers[slot];
        if let Some(place) = consumer.producer {
            let producer = &mut self.producers[place];
            consumer.leave(producer, at);
            producer.consumers.retain(|&member| member != slot);
        }
    }

    fn close_consumer(&mut self, id: ConsumerId, now: Instant) {
        let Some(slot) = self.consumer_places.remove(&id) else {
            return;
        };
        self.empty_slot(slot, now);
        let Some(consumer) = self.consumers.remove(slot) else {
            return;
        };
        let transport = &mut self.transports[consumer.transport];
        transport.consumers.retain(|&member| member != slot);
    }

    fn send_packets(
        &mut self,
        producer: ProducerId,
        packets: &[Vec<u8>],
        now: Instant,
        sink: &mut impl Sink,
    ) {
        let Some(track) = self.tracks.get(&producer) else {
            return;
        };
        let (place, has_layers) = (track.places[0], track.places.len() > 1);
        let transport = self.producers[place].transport;
        if !matches!(self.transports[transport].path, Path::Direct) {
            return;
        }
        for packet in packets {
            if rtp::is_rtcp(packet) {
                self.feedback(transport, packet, now, sink);
                continue;
            }
            let parsed = rtp::Packet::parse(packet).ok();
            if let Some(parsed) = parsed.filter(|_| !has_layers) {
                self.transports[transport].bind(parsed.ssrc(), Binding::Media(place));
            }
            self.media(transport, packet, now);
        }
    }
}
