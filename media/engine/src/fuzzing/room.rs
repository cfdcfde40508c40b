//! A whole room driven by a fuzzer: what strangers send, and what people with keys may send.

use crate::batch::{Batch, MAX_DATAGRAM, MAX_MESSAGES, Sink};
use crate::clock::Clock;
use crate::command::{
    Codec, CodecParameters, Command, ConsumerId, ConsumerParameters, ExtensionIds, Kind, MasterKey,
    ProducerId, ProducerParameters, RouterId, TransportId,
};
use crate::core::Core;
use crate::rtp;
use crate::srtp::{Profile, Sender};
use crate::stun::{Check, IntegrityKey, write_check};
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

const PASSWORD: &str = "0123456789012345678901";
const PROFILE: Profile = Profile::Aes128Gcm;
const TEACHER: TransportId = TransportId(1);
const STUDENT: TransportId = TransportId(2);
const RECORDER: TransportId = TransportId(3);
/// SSRCs of the teacher's tracks; the repairs of each are ten above.
const SSRCS: [u32; 3] = [100, 101, 102];
/// The student's slots, for which they may send feedback.
const SLOTS: [u32; 3] = [200, 201, 202];
/// Steps of one run; longer scripts teach nothing new.
const MAX_STEPS: usize = 200;

/// Counts what leaves the room and holds it to its limits.
#[derive(Default)]
struct Wire {
    datagrams: usize,
}

impl Sink for Wire {
    fn send(&mut self, batch: &Batch) {
        assert!(batch.messages().len() <= MAX_MESSAGES);
        for message in batch.messages() {
            assert!((1..=MAX_DATAGRAM).contains(&message.size()));
        }
        self.datagrams += batch.messages().len();
    }
}

struct Room {
    core: Core,
    wire: Wire,
    now: Instant,
    /// What the teacher and the student protect their packets with.
    senders: [Sender; 2],
    sequence: u16,
}

impl Room {
    fn new() -> Self {
        let now = Instant::now();
        let clock = Clock::new(now, SystemTime::UNIX_EPOCH);
        let sender = || Sender::new(PROFILE, &[1; 16], &[2; 12]).expect("valid lengths");
        let mut room = Self {
            core: Core::new(clock, 1),
            wire: Wire::default(),
            now,
            senders: [sender(), sender()],
            sequence: 65_530,
        };
        room.command(Command::RouterCreate(RouterId(1)));
        for (transport, ufrag) in [(TEACHER, "teacher"), (STUDENT, "student")] {
            room.enter(transport, ufrag);
        }
        room.command(Command::DirectTransportCreate {
            transport: RECORDER,
            router: RouterId(1),
        });
        for track in 0..SSRCS.len() {
            room.publish(track);
        }
        room
    }

    fn command(&mut self, command: Command) {
        self.core.command(command, self.now, &mut self.wire);
    }

    fn enter(&mut self, transport: TransportId, ufrag: &str) {
        self.command(Command::TransportCreate {
            transport,
            router: RouterId(1),
            ice_ufrag: ufrag.into(),
            ice_pwd: PASSWORD.into(),
        });
        let key = || MasterKey {
            key: vec![1; 16],
            salt: vec![2; 12],
        };
        self.command(Command::TransportSetKeys {
            transport,
            profile: PROFILE,
            send: key(),
            receive: key(),
        });
        self.check(transport, ufrag);
    }

    fn check(&mut self, transport: TransportId, ufrag: &str) {
        let check = Check {
            username: &format!("{ufrag}:peer"),
            priority: 1,
            controlling: 1,
            use_candidate: true,
            nomination: None,
        };
        let mut out = [0; 256];
        let key = IntegrityKey::new(PASSWORD);
        let len = write_check(&mut out, &[7; 12], &check, &key).expect("the check fits");
        self.datagram(address(transport), &mut out[..len]);
    }

    /// Publish one track of the teacher, and put it into a slot of the student and the recorder.
    fn publish(&mut self, track: usize) {
        let id = track as u64;
        let (kind, codecs) = codecs(track);
        let extensions = ExtensionIds {
            mid: Some(1),
            audio_level: Some(2),
            ..ExtensionIds::default()
        };
        self.command(Command::ProducerCreate {
            producer: ProducerId(id),
            transport: TEACHER,
            parameters: Box::new(ProducerParameters {
                kind,
                mid: track.to_string(),
                ssrcs: vec![SSRCS[track]],
                rtx_ssrcs: vec![SSRCS[track] + 10],
                codecs: codecs.clone(),
                extensions,
                nack: true,
                pli: true,
            }),
        });
        for (transport, consumer) in [(STUDENT, id), (RECORDER, id + 10)] {
            self.command(Command::ConsumerCreate {
                consumer: ConsumerId(consumer),
                transport,
                parameters: Box::new(ConsumerParameters {
                    kind,
                    mid: track.to_string(),
                    ssrc: SLOTS[track],
                    rtx_ssrc: Some(SLOTS[track] + 10),
                    cname: "room".into(),
                    codecs: codecs.clone(),
                    extensions,
                    nack: true,
                }),
            });
            self.show(consumer, Some(id));
        }
    }

    fn show(&mut self, consumer: u64, producer: Option<u64>) {
        self.command(Command::ConsumerSetProducer {
            consumer: ConsumerId(consumer),
            producer: producer.map(ProducerId),
        });
    }

    fn datagram(&mut self, from: SocketAddr, data: &mut [u8]) {
        self.core.datagram(from, data, self.now, &mut self.wire);
    }

    /// Do one step of the script: what it is, how, and with which bytes.
    fn step(&mut self, kind: u8, how: u8, data: &[u8]) {
        match kind % 10 {
            0 => self.datagram(address(TEACHER), &mut data.to_vec()),
            1 => self.datagram(([203, 0, 113, 9], 1).into(), &mut data.to_vec()),
            2..=4 => self.media(how, data),
            5 => self.report(TEACHER, data),
            6 => self.report(STUDENT, data),
            7 => self.pass(how),
            8 => self.show(
                u64::from(how % 3),
                (how < 128).then_some(u64::from(how / 3 % 3)),
            ),
            _ => self.command(Command::PacketsSend {
                producer: ProducerId(u64::from(how % 4)),
                packets: vec![data.to_vec()],
            }),
        }
    }

    /// Send media of the teacher: any payload, mostly under numbers that will be accepted.
    fn media(&mut self, how: u8, data: &[u8]) {
        let mut plain = data.to_vec();
        if plain.len() >= 12 && how & 0x80 == 0 {
            self.sequence = self.sequence.wrapping_add(1 + u16::from(how >> 4 & 3));
            let track = usize::from(how & 3).min(2);
            let ssrc = SSRCS[track] + if how & 0x40 != 0 { 10 } else { 0 };
            let payload_type = 96 + track as u8 + if how & 0x40 != 0 { 10 } else { 0 };
            plain[1] = (plain[1] & 0x80) | payload_type;
            plain[2..4].copy_from_slice(&self.sequence.to_be_bytes());
            plain[8..12].copy_from_slice(&ssrc.to_be_bytes());
        }
        let Ok(header_len) = rtp::header_len(&plain) else {
            return;
        };
        let len = plain.len();
        plain.resize(len + PROFILE.tag_len(), 0);
        let roc = u32::from(self.sequence < 30_000);
        if self.senders[0]
            .protect(&mut plain, len, header_len, roc)
            .is_ok()
        {
            self.datagram(address(TEACHER), &mut plain);
        }
    }

    fn report(&mut self, from: TransportId, data: &[u8]) {
        let mut report = data.to_vec();
        report.resize(data.len() + PROFILE.rtcp_overhead(), 0);
        let sender = &mut self.senders[(from.0 - 1) as usize];
        if sender.protect_rtcp(&mut report, data.len()).is_ok() {
            self.datagram(address(from), &mut report);
        }
    }

    /// Let up to 2.5 s pass, with the checks that keep both here.
    fn pass(&mut self, how: u8) {
        self.now += Duration::from_millis(10 * u64::from(how));
        self.check(TEACHER, "teacher");
        self.check(STUDENT, "student");
        self.settle();
    }

    fn settle(&mut self) {
        self.core.flush(self.now, &mut self.wire);
        self.core.advance(self.now, &mut self.wire);
        self.core.events.clear();
        self.core.address_changes.clear();
    }
}

fn codecs(track: usize) -> (Kind, Vec<CodecParameters>) {
    let (kind, codec, clock_rate) = [
        (Kind::Video, Codec::Vp8, 90_000),
        (Kind::Video, Codec::H264, 90_000),
        (Kind::Audio, Codec::Opus, 48_000),
    ][track];
    let payload_type = 96 + track as u8;
    let parameters = CodecParameters {
        codec,
        payload_type,
        clock_rate,
        rtx_payload_type: Some(payload_type + 10),
    };
    (kind, vec![parameters])
}

fn address(of: TransportId) -> SocketAddr {
    ([192, 0, 2, of.0 as u8], 5000).into()
}

/// Play a script: kind, manner and length of each step, then that many bytes.
///
/// Two thirds of the kinds are packets that pass authentication, so that a participant's worst
/// reaches every part of the engine. Nothing may panic, and the room must work afterwards.
pub fn room(script: &[u8]) {
    let mut room = play(script);
    // the room still answers a check
    let before = room.wire.datagrams;
    room.check(STUDENT, "student");
    room.settle();
    assert!(room.wire.datagrams > before);
}

fn play(script: &[u8]) -> Room {
    let mut room = Room::new();
    let mut rest = script;
    for _ in 0..MAX_STEPS {
        let [kind, how, len, after @ ..] = rest else {
            break;
        };
        let (data, after) = after.split_at(usize::from(*len).min(after.len()));
        room.step(*kind, *how, data);
        room.settle();
        rest = after;
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reaches_the_student() {
        // one step: the teacher's track 0, the first packet of a VP8 keyframe
        let keyframe = [
            0x80, 0xE0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x90, 0xF0, 0x92, 0x34, 9, 0x63, 0, 0, 0,
        ];
        let mut script = vec![2, 0, keyframe.len() as u8];
        script.extend_from_slice(&keyframe);
        let room = play(&script);
        let stats = room.core.transport_stats(STUDENT).unwrap();
        assert!(stats.packets_sent > 0, "{stats:?}");
        let stats = room.core.transport_stats(TEACHER).unwrap();
        assert_eq!((stats.packets_received, stats.packets_rejected), (1, 0));
    }
}
