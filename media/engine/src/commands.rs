//! What each command from Python changes. One that names something gone, or what it may not touch,
//! changes nothing: closing crosses events on the way.

use std::time::Instant;

use crate::batch::Sink;
use crate::command::{
    Command, ConsumerId, ConsumerParameters, MasterKey, ProducerId, ProducerParameters, RouterId,
    TransportId,
};
use crate::consumer::Consumer;
use crate::core::Core;
use crate::error::Result;
use crate::producer::Producer;
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

    fn add_transport(&mut self, id: TransportId, router: RouterId, path: Path) -> Option<usize> {
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
            let id = self.producers[producer].id;
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
            for address in network.agent.addresses() {
                self.release(place, address);
            }
        }
    }

    fn send_dtls(&mut self, id: TransportId, datagram: &[u8], sink: &mut impl Sink) {
        let Some(&place) = self.transport_places.get(&id) else {
            return;
        };
        if let Some(to) = self.transports[place].address() {
            self.batch.push_copy(to, datagram, sink);
        }
    }

    fn create_producer(
        &mut self,
        id: ProducerId,
        transport: TransportId,
        parameters: ProducerParameters,
    ) {
        let Some(&transport) = self.transport_places.get(&transport) else {
            return;
        };
        if self.producer_places.contains_key(&id) {
            return;
        }
        let (ssrcs, rtx_ssrcs) = (parameters.ssrcs.clone(), parameters.rtx_ssrcs.clone());
        let place = self
            .producers
            .insert(Producer::new(id, transport, parameters));
        self.producer_places.insert(id, place);
        let transport = &mut self.transports[transport];
        transport.producers.push(place);
        for ssrc in ssrcs {
            transport.bind(ssrc, Binding::Media(place));
        }
        for ssrc in rtx_ssrcs {
            transport.bind(ssrc, Binding::Repair(place));
        }
    }

    fn close_producer(&mut self, id: ProducerId, now: Instant) {
        let Some(place) = self.producer_places.remove(&id) else {
            return;
        };
        let at = self.at(now);
        let Some(producer) = self.producers.remove(place) else {
            return;
        };
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
        let Some(&place) = self.producer_places.get(&id) else {
            return;
        };
        self.producers[place].requests.want();
        self.queue(place);
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
        self.transports[transport].consumers.push(place);
    }

    fn set_producer(&mut self, consumer: ConsumerId, producer: Option<ProducerId>, now: Instant) {
        let Some(&slot) = self.consumer_places.get(&consumer) else {
            return;
        };
        let place = match producer.map(|id| self.producer_places.get(&id)) {
            Some(None) => return,
            Some(Some(&place)) if !self.may_enter(slot, place) => return,
            place => place.flatten().copied(),
        };
        if self.consumers[slot].producer == place {
            return;
        }
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
        let Some(&place) = self.producer_places.get(&producer) else {
            return;
        };
        let transport = self.producers[place].transport;
        if !matches!(self.transports[transport].path, Path::Direct) {
            return;
        }
        for packet in packets {
            if rtp::is_rtcp(packet) {
                self.feedback(transport, packet, now, sink);
                continue;
            }
            if let Ok(parsed) = rtp::Packet::parse(packet) {
                self.transports[transport].bind(parsed.ssrc(), Binding::Media(place));
            }
            self.media(transport, packet, now);
        }
    }
}
