//! A whole room driven by a fuzzer: what strangers send, and what people with keys may send.

use crate::batch::{Batch, MAX_DATAGRAM, MAX_MESSAGES, Sink};
use crate::clock::Clock;
use crate::command::{
    Codec, CodecParameters, Command, ConsumerId, ConsumerParameters, ExtensionIds, Kind, MasterKey,
    ProducerId, ProducerParameters, RouterId, TransportId,
};
use crate::core::Core;
use crate::remote::Remote;
use crate::rtp::{self, HeaderFields};
use crate::srtp::{Profile, Sender};
use crate::stun::{Check, IntegrityKey, write_check};
use std::time::{Duration, Instant, SystemTime};

const PASSWORD: &str = "0123456789012345678901";
const PROFILE: Profile = Profile::Aes128Gcm;
const TEACHER: TransportId = TransportId(1);
const STUDENT: TransportId = TransportId(2);
const RECORDER: TransportId = TransportId(3);
/// SSRCs of the teacher's tracks; the repairs of each are ten above, the second layer of the last
/// twenty.
const SSRCS: [u32; 4] = [100, 101, 102, 103];
/// The student's slots, for which they may send feedback.
const SLOTS: [u32; 4] = [200, 201, 202, 203];
/// The track whose packets carry copies of those before (RFC 2198) under a payload type of their own.
const VOICE: usize = 2;
const RED: u8 = 120;
/// The track that comes in layers, which only their names bind.
const LAYERED: usize = 3;
const RIDS: [&str; 2] = ["a", "b"];
const MID_ID: u8 = 1;
const RID_ID: u8 = 3;
/// Pixels a slot may be limited to; none, the smallest, and more than there are.
const LIMITS: [Option<u32>; 4] = [None, Some(0), Some(1), Some(100_000)];
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
        let named = track != LAYERED;
        let extensions = ExtensionIds {
            mid: Some(MID_ID),
            audio_level: Some(2),
            rid: Some(RID_ID),
            ..ExtensionIds::default()
        };
        self.command(Command::ProducerCreate {
            producer: ProducerId(id),
            transport: TEACHER,
            parameters: Box::new(ProducerParameters {
                kind,
                mid: track.to_string(),
                ssrcs: named.then_some(SSRCS[track]).into_iter().collect(),
                rtx_ssrcs: named.then_some(SSRCS[track] + 10).into_iter().collect(),
                rids: if named {
                    Vec::new()
                } else {
                    RIDS.map(String::from).to_vec()
                },
                codecs: codecs.clone(),
                extensions,
                nack: true,
                pli: true,
                remb: false,
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
                    remb: true,
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

    fn datagram(&mut self, from: Remote, data: &mut [u8]) {
        self.core.datagram(from, data, self.now, &mut self.wire);
    }

    /// Do one step of the script: what it is, how, and with which bytes.
    fn step(&mut self, kind: u8, how: u8, data: &[u8]) {
        match kind % 11 {
            0 => self.datagram(address(TEACHER), &mut data.to_vec()),
            1 => self.datagram(
                Remote::udp(([203, 0, 113, 9], 1).into()),
                &mut data.to_vec(),
            ),
            2..=4 => self.media(how, data),
            5 => self.report(TEACHER, data),
            6 => self.report(STUDENT, data),
            7 => self.pass(how),
            8 => self.show(
                u64::from(how % 4),
                (how < 128).then_some(u64::from(how / 4 % 4)),
            ),
            10 => self.command(Command::ConsumerSetLimit {
                consumer: ConsumerId(u64::from(how % 4)),
                limit: LIMITS[usize::from(how / 4 % 4)],
            }),
            _ => self.command(Command::PacketsSend {
                producer: ProducerId(u64::from(how % 4)),
                packets: vec![data.to_vec()],
            }),
        }
    }

    /// Send media of the teacher: any payload, mostly under numbers that will be accepted.
    fn media(&mut self, how: u8, data: &[u8]) {
        let track = usize::from(how & 3);
        let mut plain = match track {
            LAYERED => layer(how, data),
            _ => data.to_vec(),
        };
        if plain.len() >= 12 && how & 0x80 == 0 {
            self.sequence = self.sequence.wrapping_add(1 + u16::from(how >> 4 & 3));
            let ssrc = match (how & 0x40 != 0, track) {
                (true, LAYERED) => SSRCS[track] + 20,
                (true, _) => SSRCS[track] + 10,
                (false, _) => SSRCS[track],
            };
            let repair = how & 0x40 != 0 && track != LAYERED;
            let payload_type = match track {
                VOICE if how & 8 != 0 => RED,
                _ => 96 + track as u8 + if repair { 10 } else { 0 },
            };
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
        self.core.remote_changes.clear();
    }
}

fn codecs(track: usize) -> (Kind, Vec<CodecParameters>) {
    let (kind, codec, clock_rate) = [
        (Kind::Video, Codec::Vp8, 90_000),
        (Kind::Video, Codec::H264, 90_000),
        (Kind::Audio, Codec::Opus, 48_000),
        (Kind::Video, Codec::Vp8, 90_000),
    ][track];
    let payload_type = 96 + track as u8;
    let parameters = CodecParameters {
        codec,
        payload_type,
        clock_rate,
        rtx_payload_type: Some(payload_type + 10),
    };
    let red = CodecParameters {
        codec: Codec::Red,
        payload_type: RED,
        rtx_payload_type: None,
        ..parameters
    };
    let carried = (track == VOICE).then_some(red);
    (kind, [parameters].into_iter().chain(carried).collect())
}

/// Write a packet of one of the layers, which says whose it is; its payload is the fuzzer's.
fn layer(how: u8, payload: &[u8]) -> Vec<u8> {
    let rid = RIDS[usize::from(how & 0x40 != 0)];
    let mid = LAYERED.to_string();
    let names = [(MID_ID, mid.as_bytes()), (RID_ID, rid.as_bytes())];
    let fields = HeaderFields {
        marker: how & 8 != 0,
        timestamp: 3000 * u32::from(how),
        ..HeaderFields::default()
    };
    let mut out = vec![0; 32 + payload.len()];
    let len = rtp::write_header(&mut out, &fields, &names).expect("room for two short names");
    out.truncate(len);
    out.extend_from_slice(payload);
    out
}

fn address(of: TransportId) -> Remote {
    Remote::udp(([192, 0, 2, of.0 as u8], 5000).into())
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
    fn a_script_reaches_both_layers() {
        let keyframe = [0x10, 0x00, 0x00, 0x00, 0x9D, 0x01, 0x2A, 16, 0, 16, 0];
        let mut script = Vec::new();
        for how in [3, 0x43] {
            script.extend([2, how, keyframe.len() as u8]);
            script.extend(keyframe);
        }
        script.extend([10, 3 + 4 * 2, 0]); // and a limit to the smallest
        let room = play(&script);
        let stats = room.core.transport_stats(TEACHER).unwrap();
        assert_eq!((stats.packets_received, stats.packets_rejected), (2, 0));
        assert!(room.core.transport_stats(STUDENT).unwrap().packets_sent > 0);
    }

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
