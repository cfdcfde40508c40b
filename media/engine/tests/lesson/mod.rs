//! A lesson without network and without waiting: one core, virtual time, and peers in our hands.
#![allow(dead_code)] // each scenario uses its own part

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use engine::batch::{Batch, Sink};
use engine::clock::Clock;
use engine::command::{
    Codec, CodecParameters, Command, ConsumerId, ConsumerParameters, Event, ExtensionIds, Kind,
    MasterKey, ProducerId, ProducerParameters, RouterId, TransportId, TransportStats,
};
use engine::core::{Core, Taken};
use engine::remote::Remote;
use engine::rtcp::{self, Message};
use engine::rtp::{self, HeaderFields, Packet};
use engine::srtp::{self, Profile};
use engine::stun::{self, Check, IntegrityKey};

pub const ROOM: RouterId = RouterId(1);
pub const VP8: u8 = 96;
pub const VP8_RTX: u8 = 97;
pub const H264: u8 = 102;
pub const OPUS: u8 = 111;
/// Payload types are shifted by this toward subscribers, so that a missing translation shows.
pub const SHIFT: u8 = 10;
pub const MID_ID: u8 = 1;
pub const LEVEL_ID: u8 = 2;
pub const MS: Duration = Duration::from_millis(1);
pub const SECOND: Duration = Duration::from_secs(1);

/// Datagrams that left, with where to.
#[derive(Default)]
pub struct Sent(Vec<(Remote, Vec<u8>)>);

impl Sink for Sent {
    fn send(&mut self, batch: &Batch) {
        for message in batch.messages() {
            self.0.push((message.to, batch.bytes(message).to_vec()));
        }
    }
}

impl Sent {
    /// Return the only datagram.
    #[track_caller]
    pub fn only(&self) -> Vec<u8> {
        assert_eq!(self.0.len(), 1);
        self.0[0].1.clone()
    }
}

/// A remote end: what it holds and what it got.
pub struct Peer {
    pub transport: TransportId,
    pub address: Remote,
    pub password: String,
    sender: srtp::Sender,
    receiver: srtp::Receiver,
    rollover: HashMap<u32, (u16, u32)>,
    pub packets: Vec<Vec<u8>>,
    pub reports: Vec<Vec<u8>>,
    pub other: Vec<Vec<u8>>,
}

/// One core with its peers.
pub struct Lesson {
    pub core: Core,
    pub now: Instant,
    pub peers: Vec<Peer>,
    pub events: Vec<Event>,
    pub sent: Sent,
    pub rtx: bool,
    next_id: u64,
    start: Instant,
}

impl Lesson {
    pub fn new() -> Self {
        let now = Instant::now();
        let clock = Clock::new(
            now,
            SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        );
        let mut lesson = Self {
            core: Core::new(clock, 7),
            now,
            peers: Vec::new(),
            events: Vec::new(),
            sent: Sent::default(),
            rtx: true,
            next_id: 100,
            start: now,
        };
        lesson.tell(Command::RouterCreate(ROOM));
        lesson
    }

    /// Return when the lesson began.
    pub fn start(&self) -> Instant {
        self.start
    }

    pub fn tell(&mut self, command: Command) {
        self.core.command(command, self.now, &mut self.sent);
        self.settle();
    }

    /// Open a transport that is not connected yet; returns the peer's number.
    pub fn open(&mut self, router: RouterId) -> usize {
        let number = self.peers.len();
        let transport = TransportId(number as u64);
        let password = format!("password-of-peer-number-{number}");
        self.tell(Command::TransportCreate {
            transport,
            router,
            ice_ufrag: format!("ufrag{number}"),
            ice_pwd: password.clone(),
        });
        let (ours, theirs) = (key(2 * number as u8), key(2 * number as u8 + 1));
        self.peers.push(Peer {
            transport,
            address: Remote::udp(([10, 0, 0, number as u8 + 1], 5000).into()),
            password,
            sender: srtp::Sender::new(Profile::Aes128Gcm, &theirs.key, &theirs.salt).unwrap(),
            receiver: srtp::Receiver::new(Profile::Aes128Gcm, &ours.key, &ours.salt).unwrap(),
            rollover: HashMap::new(),
            packets: Vec::new(),
            reports: Vec::new(),
            other: Vec::new(),
        });
        number
    }

    pub fn give_keys(&mut self, peer: usize) {
        self.tell(Command::TransportSetKeys {
            transport: self.peers[peer].transport,
            profile: Profile::Aes128Gcm,
            send: key(2 * peer as u8),
            receive: key(2 * peer as u8 + 1),
        });
    }

    /// Open a transport, check it and give it keys.
    pub fn join(&mut self) -> usize {
        self.join_router(ROOM)
    }

    pub fn join_router(&mut self, router: RouterId) -> usize {
        let peer = self.open(router);
        self.check(peer);
        self.give_keys(peer);
        peer
    }

    /// Open a direct transport; it has no peer.
    pub fn open_direct(&mut self) -> TransportId {
        let transport = TransportId(self.new_id());
        self.tell(Command::DirectTransportCreate {
            transport,
            router: ROOM,
        });
        transport
    }

    pub fn new_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }

    /// Send the check a browser sends.
    pub fn check(&mut self, peer: usize) {
        let username = format!("ufrag{peer}:remote");
        let password = self.peers[peer].password.clone();
        self.check_as(peer, &username, &password);
    }

    pub fn check_as(&mut self, peer: usize, username: &str, password: &str) {
        let mut out = [0; 200];
        let check = Check {
            username,
            priority: 1,
            controlling: 9,
            use_candidate: true,
            nomination: None,
        };
        let id = [peer as u8; 12];
        let len = stun::write_check(&mut out, &id, &check, &IntegrityKey::new(password)).unwrap();
        let from = self.peers[peer].address;
        self.datagram(from, &mut out[..len]);
    }

    pub fn datagram(&mut self, from: Remote, data: &mut [u8]) -> Taken {
        let taken = self.core.datagram(from, data, self.now, &mut self.sent);
        self.settle();
        taken
    }

    /// Publish a track; returns the producer.
    pub fn publish(&mut self, peer: usize, parameters: ProducerParameters) -> ProducerId {
        self.publish_on(self.peers[peer].transport, parameters)
    }

    pub fn publish_on(
        &mut self,
        transport: TransportId,
        parameters: ProducerParameters,
    ) -> ProducerId {
        let producer = ProducerId(self.new_id());
        let parameters = Box::new(parameters);
        self.tell(Command::ProducerCreate {
            producer,
            transport,
            parameters,
        });
        producer
    }

    /// Open a slot; returns the consumer and its SSRC.
    pub fn slot(&mut self, peer: usize, kind: Kind) -> (ConsumerId, u32) {
        self.slot_on(self.peers[peer].transport, kind)
    }

    pub fn slot_on(&mut self, transport: TransportId, kind: Kind) -> (ConsumerId, u32) {
        let consumer = ConsumerId(self.new_id());
        let ssrc = 0x0A00_0000 + consumer.0 as u32;
        let rtx = self.rtx;
        self.tell(Command::ConsumerCreate {
            consumer,
            transport,
            parameters: Box::new(ConsumerParameters {
                kind,
                mid: "slot".into(),
                ssrc,
                rtx_ssrc: rtx.then_some(ssrc + 0x0100_0000),
                cname: "lesson".into(),
                codecs: codecs(kind)
                    .into_iter()
                    .map(|codec| CodecParameters {
                        payload_type: codec.payload_type + SHIFT,
                        rtx_payload_type: codec.rtx_payload_type.filter(|_| rtx).map(|t| t + SHIFT),
                        ..codec
                    })
                    .collect(),
                extensions: ExtensionIds::default(),
                nack: true,
                remb: true,
            }),
        });
        (consumer, ssrc)
    }

    /// Put a source into a slot, or empty it.
    pub fn put(&mut self, consumer: ConsumerId, producer: Option<ProducerId>) {
        self.tell(Command::ConsumerSetProducer { consumer, producer });
    }

    /// Open a slot and put a source in.
    pub fn subscribe(
        &mut self,
        peer: usize,
        kind: Kind,
        producer: ProducerId,
    ) -> (ConsumerId, u32) {
        let slot = self.slot(peer, kind);
        self.put(slot.0, Some(producer));
        slot
    }

    /// Send plain RTP or RTCP as a peer, protected by its keys.
    pub fn send(&mut self, peer: usize, packet: &[u8]) {
        let mut data = self.peers[peer].protect(packet);
        let from = self.peers[peer].address;
        self.datagram(from, &mut data);
    }

    /// Send several packets that arrive as one batch.
    pub fn send_batch(&mut self, peer: usize, packets: &[Vec<u8>]) {
        let from = self.peers[peer].address;
        for packet in packets {
            let mut data = self.peers[peer].protect(packet);
            self.core
                .datagram(from, &mut data, self.now, &mut self.sent);
        }
        self.settle();
    }

    /// Let time pass in the steps the core asks for.
    pub fn wait(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some(at) = self.core.next_timeout().filter(|at| *at <= end) {
            self.now = self.now.max(at);
            self.core.advance(self.now, &mut self.sent);
            self.settle();
        }
        self.now = end;
    }

    /// Wait while the peers keep their consent.
    pub fn wait_consenting(&mut self, span: Duration) {
        let end = self.now + span;
        while self.now < end {
            self.wait((4 * SECOND).min(end - self.now));
            (0..self.peers.len()).for_each(|peer| self.check(peer));
        }
    }

    pub fn stats(&self, peer: usize) -> TransportStats {
        self.core
            .transport_stats(self.peers[peer].transport)
            .unwrap()
    }

    /// Flush the core and deliver what it sent.
    pub fn settle(&mut self) {
        self.core.ship();
        self.core.flush(self.now, &mut self.sent);
        self.events.append(&mut self.core.events);
        for (to, datagram) in std::mem::take(&mut self.sent.0) {
            if let Some(peer) = self.peers.iter_mut().find(|peer| peer.address == to) {
                peer.receive(datagram);
            }
        }
    }
}

impl Peer {
    /// Protect a packet as this peer.
    pub fn protect(&mut self, packet: &[u8]) -> Vec<u8> {
        let mut data = packet.to_vec();
        data.resize(packet.len() + 40, 0);
        let len = if rtp::is_rtcp(packet) {
            self.sender.protect_rtcp(&mut data, packet.len())
        } else {
            let parsed = Packet::parse(packet).unwrap();
            let rollover = self.count_on(parsed.ssrc(), parsed.sequence());
            self.sender
                .protect(&mut data, packet.len(), parsed.header_len(), rollover)
        };
        data.truncate(len.unwrap());
        data
    }

    /// Open a packet as a receiver would that has not seen it.
    pub fn opened_anew(&self, datagram: &[u8]) -> Vec<u8> {
        let ours = key(2 * self.transport.0 as u8);
        let mut receiver = srtp::Receiver::new(Profile::Aes128Gcm, &ours.key, &ours.salt).unwrap();
        let mut data = datagram.to_vec();
        let len = receiver.unprotect(&mut data).expect("SRTP that opens");
        data.truncate(len);
        data
    }

    fn count_on(&mut self, ssrc: u32, sequence: u16) -> u32 {
        let (last, rollover) = self.rollover.entry(ssrc).or_insert((sequence, 0));
        if (sequence.wrapping_sub(*last) as i16) < 0 {
            return if sequence > *last {
                rollover.saturating_sub(1)
            } else {
                *rollover
            };
        }
        *rollover += u32::from(sequence < *last);
        *last = sequence;
        *rollover
    }

    fn receive(&mut self, mut data: Vec<u8>) {
        match rtp::demux(&data) {
            rtp::Kind::Rtp => {
                let len = self.receiver.unprotect(&mut data).expect("SRTP that opens");
                data.truncate(len);
                self.packets.push(data);
            }
            rtp::Kind::Rtcp => {
                let len = self
                    .receiver
                    .unprotect_rtcp(&mut data)
                    .expect("SRTCP that opens");
                data.truncate(len);
                self.reports.push(data);
            }
            _ => self.other.push(data),
        }
    }

    /// Take the packets received with this SSRC.
    pub fn take(&mut self, ssrc: u32) -> Vec<Got> {
        let got = self
            .packets
            .iter()
            .map(|packet| Got::read(packet))
            .collect::<Vec<_>>();
        self.packets.clear();
        got.into_iter().filter(|got| got.ssrc == ssrc).collect()
    }

    /// Return how many PLIs came, and forget all reports.
    pub fn take_plis(&mut self) -> usize {
        self.count(|message| matches!(message, Message::Pli(_)))
    }

    /// Return the sequence numbers asked for again, and forget all reports.
    pub fn take_nacks(&mut self) -> Vec<u16> {
        let mut numbers = Vec::new();
        self.count(|message| {
            if let Message::Nack(nack) = message {
                numbers.extend(nack.lost());
            }
            false
        });
        numbers
    }

    pub fn count(&mut self, mut is_it: impl FnMut(&Message<'_>) -> bool) -> usize {
        let reports = std::mem::take(&mut self.reports);
        let messages = reports.iter().flat_map(|report| rtcp::messages(report));
        messages
            .filter(|message| is_it(message.as_ref().expect("RTCP that parses")))
            .count()
    }
}

/// A received packet, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    pub ssrc: u32,
    pub payload_type: u8,
    pub sequence: u16,
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Vec<u8>,
}

impl Got {
    pub fn read(packet: &[u8]) -> Self {
        let packet = Packet::parse(packet).expect("RTP that parses");
        Self {
            ssrc: packet.ssrc(),
            payload_type: packet.payload_type(),
            sequence: packet.sequence(),
            timestamp: packet.timestamp(),
            marker: packet.marker(),
            payload: packet.payload().to_vec(),
        }
    }
}

/// Assert that the packets are numbered without a gap.
#[track_caller]
pub fn assert_gapless(packets: &[Got]) {
    for pair in packets.windows(2) {
        assert_eq!(
            pair[1].sequence,
            pair[0].sequence.wrapping_add(1),
            "{packets:?}"
        );
    }
}

pub fn codecs(kind: Kind) -> Vec<CodecParameters> {
    let codec = |codec, payload_type, clock_rate, rtx| CodecParameters {
        codec,
        payload_type,
        clock_rate,
        rtx_payload_type: rtx,
    };
    match kind {
        Kind::Audio => vec![codec(Codec::Opus, OPUS, 48_000, None)],
        Kind::Video => vec![
            codec(Codec::Vp8, VP8, 90_000, Some(VP8_RTX)),
            codec(Codec::H264, H264, 90_000, None),
        ],
    }
}

pub fn track(kind: Kind, mid: &str, ssrcs: &[u32]) -> ProducerParameters {
    ProducerParameters {
        kind,
        mid: mid.into(),
        ssrcs: ssrcs.to_vec(),
        rtx_ssrcs: ssrcs.iter().map(|ssrc| ssrc + 1).collect(),
        rids: Vec::new(),
        codecs: codecs(kind),
        extensions: ExtensionIds {
            mid: Some(MID_ID),
            audio_level: Some(LEVEL_ID),
            ..ExtensionIds::default()
        },
        nack: true,
        pli: true,
        remb: false,
    }
}

pub fn camera(ssrc: u32) -> ProducerParameters {
    track(Kind::Video, "0", &[ssrc])
}

pub fn voice(ssrc: u32) -> ProducerParameters {
    track(Kind::Audio, "1", &[ssrc])
}

pub fn key(number: u8) -> MasterKey {
    MasterKey {
        key: vec![number; 16],
        salt: vec![number; 12],
    }
}

/// Write an RTP packet.
pub fn rtp(ssrc: u32, payload_type: u8, sequence: u16, timestamp: u32, payload: &[u8]) -> Vec<u8> {
    rtp_with(ssrc, payload_type, sequence, timestamp, payload, &[])
}

pub fn rtp_with(
    ssrc: u32,
    payload_type: u8,
    sequence: u16,
    timestamp: u32,
    payload: &[u8],
    extensions: &[(u8, &[u8])],
) -> Vec<u8> {
    let mut out = vec![0; 200 + payload.len()];
    let fields = HeaderFields {
        marker: false,
        payload_type,
        sequence,
        timestamp,
        ssrc,
    };
    let len = rtp::write_header(&mut out, &fields, extensions).unwrap();
    out.truncate(len);
    out.extend_from_slice(payload);
    out
}

/// A VP8 frame of one packet.
pub fn vp8(picture: u16, is_keyframe: bool) -> Vec<u8> {
    let id = (0x8000 | picture).to_be_bytes();
    vec![0x90, 0x80, id[0], id[1], u8::from(!is_keyframe), 1, 2, 3, 4]
}

/// A camera whose frames are one packet each, 30 a second.
pub struct Camera {
    pub ssrc: u32,
    pub sequence: u16,
    pub timestamp: u32,
    pub picture: u16,
}

impl Camera {
    pub fn new(ssrc: u32, sequence: u16, timestamp: u32) -> Self {
        Self {
            ssrc,
            sequence,
            timestamp,
            picture: 100,
        }
    }

    pub fn frame(&mut self, is_keyframe: bool) -> Vec<u8> {
        let payload = vp8(self.picture, is_keyframe);
        let packet = rtp(self.ssrc, VP8, self.sequence, self.timestamp, &payload);
        self.sequence = self.sequence.wrapping_add(1);
        self.timestamp = self.timestamp.wrapping_add(3000);
        self.picture = (self.picture + 1) & 0x7FFF;
        packet
    }
}

/// Read the picture id of a payload that has a 15-bit one.
pub fn picture_id(payload: &[u8]) -> u16 {
    u16::from_be_bytes([payload[2], payload[3]]) & 0x7FFF
}

pub fn write(writer: impl FnOnce(&mut [u8]) -> engine::error::Result<usize>) -> Vec<u8> {
    let mut out = vec![0; 1500];
    let len = writer(&mut out).unwrap();
    out.truncate(len);
    out
}
