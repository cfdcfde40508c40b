//! A teacher on one thread, students on another: for them nothing is different.

mod lesson;

use engine::command::{Command, Counter, Event, Kind, ProducerId, ProducerParameters};
use engine::rtcp::{self, Message, sr::SenderInfo};
use engine::vp8::picture_size;
use lesson::*;

const HERE: usize = 0;
const THERE: usize = 1;
/// The teacher's number, and so its transport's: none there has it.
const TEACHER: usize = 8;
const FRAME: std::time::Duration = std::time::Duration::from_millis(33);
const RID_ID: u8 = 3;

/// Two threads of one engine with one room, and the ways between them.
struct Spread {
    here: Lesson,
    there: Lesson,
    /// Whether parcels find no room on the way.
    is_full: bool,
}

impl Spread {
    fn new() -> Self {
        let mut here = Lesson::new();
        let mut there = Lesson::new();
        there.now = here.now;
        there.core = engine::core::Core::new(clock_of(&here), 8);
        there.tell(Command::RouterCreate(ROOM));
        for _ in 0..TEACHER {
            here.open(ROOM);
        }
        assert_eq!(here.join(), TEACHER);
        Self {
            here,
            there,
            is_full: false,
        }
    }

    fn publish(&mut self, parameters: ProducerParameters) -> ProducerId {
        self.here.publish(TEACHER, parameters)
    }

    /// Let the other thread mirror a track, as the routes order it.
    fn mirror(&mut self, producer: ProducerId, parameters: ProducerParameters) {
        self.there.tell(Command::MirrorCreate {
            producer,
            transport: self.here.peers[TEACHER].transport,
            router: ROOM,
            owner: HERE,
            parameters: Box::new(parameters),
        });
        let thread = THERE;
        self.here.tell(Command::MirrorAdd { producer, thread });
        self.exchange();
    }

    /// A camera that is published and mirrored, and a student there who watches it.
    fn scene() -> (Self, ProducerId, Camera, (usize, u32)) {
        let mut spread = Self::new();
        let producer = spread.publish(camera(1000));
        spread.mirror(producer, camera(1000));
        let student = spread.there.join();
        let (_, ssrc) = spread.there.subscribe(student, Kind::Video, producer);
        let camera = Camera::new(1000, 65_530, 1);
        (spread, producer, camera, (student, ssrc))
    }

    fn exchange(&mut self) {
        loop {
            let out = std::mem::take(&mut self.here.core.parcels);
            let back = std::mem::take(&mut self.there.core.parcels);
            if out.is_empty() && back.is_empty() {
                return;
            }
            for (thread, parcel) in out.iter().filter(|_| !self.is_full) {
                assert_eq!(*thread, THERE);
                self.there.core.parcel(parcel, self.there.now);
            }
            for (thread, parcel) in back.iter().filter(|_| !self.is_full) {
                assert_eq!(*thread, HERE);
                self.here.core.parcel(parcel, self.here.now);
            }
            self.here.settle();
            self.there.settle();
        }
    }

    fn send(&mut self, packet: &[u8]) {
        self.here.send(TEACHER, packet);
        self.exchange();
    }

    fn show(&mut self, camera: &mut Camera, keyframes: &[bool]) {
        for &is_keyframe in keyframes {
            let frame = camera.frame(is_keyframe);
            self.send(&frame);
            self.wait(FRAME);
        }
    }

    fn wait(&mut self, span: std::time::Duration) {
        let end = self.here.now + span;
        while self.here.now < end {
            let step = (10 * MS).min(end - self.here.now);
            self.here.wait(step);
            self.there.wait(step);
            self.exchange();
        }
    }

    fn got(&mut self, (student, ssrc): (usize, u32)) -> Vec<Got> {
        self.there.peers[student].take(ssrc)
    }

    fn plis(&mut self) -> usize {
        self.here.peers[TEACHER].take_plis()
    }
}

/// The clock that every thread of an engine shares.
fn clock_of(lesson: &Lesson) -> engine::clock::Clock {
    let wall = std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_800_000_000);
    engine::clock::Clock::new(lesson.now, wall)
}

#[test]
fn a_student_on_another_thread_gets_every_packet_in_order() {
    let (mut spread, _, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true, false, false, false]);
    let got = spread.got(student);
    assert_eq!(got.len(), 4);
    assert_gapless(&got);
    let steps: Vec<_> = got
        .windows(2)
        .map(|two| two[1].timestamp - two[0].timestamp)
        .collect();
    assert_eq!(steps, [3000; 3]);
    assert_eq!(got[0].payload_type, VP8 + SHIFT);
}

#[test]
fn a_mirror_begins_with_the_last_keyframe() {
    let mut spread = Spread::new();
    let producer = spread.publish(camera(1000));
    let mut teacher = Camera::new(1000, 7, 1);
    let mut keyframes = [false; 101];
    keyframes[20] = true;
    for is_keyframe in keyframes {
        let frame = teacher.frame(is_keyframe);
        spread.send(&frame);
        spread.wait(10 * MS);
    }
    spread.mirror(producer, camera(1000));
    let student = spread.there.join();
    let (_, ssrc) = spread.there.subscribe(student, Kind::Video, producer);
    spread.exchange();
    let got = spread.got((student, ssrc));
    assert_eq!(got.len(), 81, "more than one shipment holds");
    assert_gapless(&got);
    spread.wait(100 * MS);
    assert_eq!(spread.plis(), 0, "nothing had to be asked for");
}

#[test]
fn what_a_student_lost_is_repaired_where_the_student_is() {
    let (mut spread, _, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true, false, false]);
    let lost = spread.got(student)[1].clone();
    let nack = write(|out| rtcp::nack::write(out, 9, student.1, &[lost.sequence]));
    spread.there.send(student.0, &nack);
    let again = spread.got((student.0, student.1 + 0x0100_0000));
    assert_eq!(again[0].payload[..2], lost.sequence.to_be_bytes());
    assert_eq!(again[0].payload[2..], lost.payload);
    spread.exchange();
    assert!(spread.here.peers[TEACHER].take_nacks().is_empty());
}

#[test]
fn what_the_teacher_lost_is_asked_for_once_and_reaches_both_threads() {
    let (mut spread, producer, mut camera, student) = Spread::scene();
    let beside = spread.here.join();
    let (_, ssrc) = spread.here.subscribe(beside, Kind::Video, producer);
    spread.show(&mut camera, &[true, false]);
    let lost = camera.frame(false);
    let missing = camera.sequence.wrapping_sub(1);
    spread.show(&mut camera, &[false]);
    assert_eq!(spread.here.peers[TEACHER].take_nacks(), [missing]);
    spread.send(&lost);
    for got in [spread.got(student), spread.here.peers[beside].take(ssrc)] {
        let first = got[0].sequence;
        let numbers: Vec<_> = got
            .iter()
            .map(|got| got.sequence.wrapping_sub(first))
            .collect();
        assert_eq!(numbers, [0, 1, 3, 2]);
    }
}

#[test]
fn keyframe_wishes_of_both_threads_make_one_request() {
    let (mut spread, producer, mut camera, _) = Spread::scene();
    spread.show(&mut camera, &[false]);
    for _ in 0..10 {
        let (far, near) = (spread.there.join(), spread.here.join());
        spread.there.subscribe(far, Kind::Video, producer);
        spread.here.subscribe(near, Kind::Video, producer);
        spread.exchange();
    }
    spread.wait(300 * MS);
    assert_eq!(spread.plis(), 1);
    spread.show(&mut camera, &[true]);
    spread.wait(5 * SECOND);
    assert_eq!(spread.plis(), 0, "answered");
}

#[test]
fn a_wish_that_found_no_room_is_made_again() {
    let (mut spread, _, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true, false]);
    spread.plis();
    spread.is_full = true;
    let pli = write(|out| rtcp::pli::write(out, 9, student.1));
    spread.there.send(student.0, &pli);
    spread.wait(100 * MS);
    assert_eq!(spread.plis(), 0);
    spread.is_full = false;
    spread.wait(2 * SECOND);
    assert!(spread.plis() > 0);
}

#[test]
fn a_full_way_is_loss_and_nothing_worse() {
    let (mut spread, _, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true, false]);
    spread.is_full = true;
    spread.show(&mut camera, &[false; 3]);
    spread.is_full = false;
    spread.show(&mut camera, &[false, true]);
    let got = spread.got(student);
    let first = got[0].sequence;
    let numbers: Vec<_> = got
        .iter()
        .map(|got| got.sequence.wrapping_sub(first))
        .collect();
    assert_eq!(numbers, [0, 1, 5, 6], "a gap as wide as what was lost");
}

#[test]
fn a_teacher_who_begins_anew_is_followed_even_when_the_news_was_lost() {
    let (mut spread, _, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true, false]);
    spread.wait(3 * SECOND);
    let mut second = Camera::new(2000, 30_000, 77);
    spread.is_full = true;
    let frame = |camera: &mut Camera, is_keyframe| {
        let payload = vp8(camera.picture, is_keyframe);
        let mid: &[(u8, &[u8])] = &[(MID_ID, b"0")];
        let packet = rtp_with(2000, VP8, camera.sequence, camera.timestamp, &payload, mid);
        camera.frame(is_keyframe);
        packet
    };
    let packet = frame(&mut second, true);
    spread.send(&packet);
    spread.is_full = false;
    for is_keyframe in [false, true, false] {
        let packet = frame(&mut second, is_keyframe);
        spread.send(&packet);
        spread.wait(FRAME);
    }
    let got = spread.got(student);
    let first = got[0].sequence;
    let numbers: Vec<_> = got
        .iter()
        .map(|got| got.sequence.wrapping_sub(first))
        .collect();
    // on with a keyframe, behind a frame whose end never came
    assert_eq!(numbers, [0, 1, 3, 4]);
}

#[test]
fn a_source_that_ends_leaves_the_slot_and_its_numbers_to_the_next() {
    let (mut spread, producer, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true, false]);
    spread.here.tell(Command::ProducerClose(producer));
    spread.there.tell(Command::ProducerClose(producer));
    spread.show(&mut camera, &[true]);
    assert_eq!(spread.got(student).len(), 2);
    let next = spread.publish(lesson::camera(3000));
    spread.mirror(next, lesson::camera(3000));
    let slot = spread.there.subscribe(student.0, Kind::Video, next);
    let mut camera = Camera::new(3000, 9, 9);
    spread.show(&mut camera, &[true, false]);
    let got = spread.got((student.0, slot.1));
    assert_eq!(got.len(), 2);
    assert_gapless(&got);
}

#[test]
fn a_teacher_who_leaves_takes_the_mirrors_along() {
    let (mut spread, _, mut camera, student) = Spread::scene();
    spread.show(&mut camera, &[true]);
    let transport = spread.here.peers[TEACHER].transport;
    spread.there.tell(Command::TransportClose(transport));
    spread.here.tell(Command::TransportClose(transport));
    spread.wait(SECOND);
    assert_eq!(spread.got(student).len(), 1);
    assert!(spread.there.core.transport_stats(transport).is_none());
    spread.there.tell(Command::RouterClose(ROOM));
}

#[test]
fn what_is_told_of_a_source_is_told_once() {
    let mut spread = Spread::new();
    let producer = spread.publish(voice(500));
    spread.mirror(producer, voice(500));
    let student = spread.there.join();
    spread.there.subscribe(student, Kind::Audio, producer);
    spread.there.events.clear();
    for number in 0..50 {
        let level: &[(u8, &[u8])] = &[(LEVEL_ID, &[30])];
        let packet = rtp_with(500, OPUS, number, u32::from(number) * 960, &[1, 2], level);
        spread.send(&packet);
        spread.wait(20 * MS);
    }
    spread.wait(3 * SECOND);
    let is_told = |event: &Event| {
        matches!(
            event,
            Event::ProducerStalled(_) | Event::AudioLevels(_) | Event::ProducerStarted(..)
        )
    };
    assert!(
        spread
            .here
            .events
            .iter()
            .filter(|event| is_told(event))
            .count()
            >= 3
    );
    assert!(!spread.there.events.iter().any(is_told));
    let student = &mut spread.there.peers[student];
    assert_eq!(student.packets.len(), 50);
}

#[test]
fn sender_reports_keep_the_same_time_on_both_threads() {
    let (mut spread, producer, mut camera, student) = Spread::scene();
    let beside = spread.here.join();
    let (_, ssrc) = spread.here.subscribe(beside, Kind::Video, producer);
    spread.show(&mut camera, &[true, false]);
    let info = SenderInfo {
        ssrc: 1000,
        ntp: 0xE000_0000_0000_0000,
        rtp: 90_000,
        packets: 2,
        octets: 20,
    };
    let report = write(|out| rtcp::sr::write(out, &info, &[]));
    spread.send(&report);
    spread.show(&mut camera, &[false; 60]);
    let near = distance(&mut spread.here.peers[beside], ssrc);
    let far = distance(&mut spread.there.peers[student.0], student.1);
    // reports leave at times of their own, which the clock of the media goes on in between
    assert!(near.abs_diff(far) < 9, "{near} {far}");
}

/// Return how far a peer's newest report lies after its first packet, against NTP time.
fn distance(peer: &mut Peer, ssrc: u32) -> i64 {
    let first = peer.take(ssrc)[0].timestamp;
    let mut newest = None;
    peer.count(|message| {
        if let Message::SenderReport(report) = message {
            newest = Some((report.info.rtp, report.info.ntp));
        }
        false
    });
    let (rtp, ntp) = newest.expect("a report");
    let seconds = (ntp & 0xFFFF_FFFF_FFFF) as f64 / 2f64.powi(32);
    i64::from(rtp.wrapping_sub(first)) - (seconds * 90_000.0) as i64
}

fn layered() -> ProducerParameters {
    let mut parameters = track(Kind::Video, "0", &[]);
    parameters.rids = vec!["low".into(), "high".into()];
    parameters.extensions.rid = Some(RID_ID);
    parameters
}

/// A frame of one packet of one of two layers, 320 or 640 pixels wide.
fn layer_frame(layer: usize, number: u16, is_keyframe: bool) -> Vec<u8> {
    let width = [320u16, 640][layer].to_le_bytes();
    let id = (0x8000 | number).to_be_bytes();
    let mut payload = vec![0x90, 0x80, id[0], id[1], u8::from(!is_keyframe), 0, 0];
    payload.extend([0x9D, 0x01, 0x2A, width[0], width[1], 180, 0]);
    let rid = ["low", "high"][layer].as_bytes();
    let extensions: &[(u8, &[u8])] = &[(MID_ID, b"0"), (RID_ID, rid)];
    let ssrc = 100 + layer as u32;
    let timestamp = u32::from(number) * 3000;
    let mut packet = rtp_with(ssrc, VP8, number, timestamp, &payload, extensions);
    packet[1] |= 0x80; // the frame's end
    packet
}

#[test]
fn layers_change_on_another_thread_at_a_keyframe_that_is_asked_for() {
    let mut spread = Spread::new();
    let producer = spread.publish(layered());
    spread.mirror(producer, layered());
    let student = spread.there.join();
    let (slot, ssrc) = spread.there.subscribe(student, Kind::Video, producer);
    let mut asked = [false; 2];
    let mut widths = Vec::new();
    for number in 0..90 {
        if number == 30 {
            let limit = Some(320 * 180);
            spread.there.tell(Command::ConsumerSetLimit {
                consumer: slot,
                limit,
            });
        }
        for (layer, asked) in asked.iter_mut().enumerate() {
            let is_keyframe = number == 0 || std::mem::take(asked);
            let frame = layer_frame(layer, number, is_keyframe);
            spread.send(&frame);
        }
        spread.wait(FRAME);
        spread.here.peers[TEACHER].count(|message| {
            if let Message::Pli(pli) = message {
                asked[pli.media_ssrc as usize - 100] = true;
            }
            false
        });
        let got = spread.got((student, ssrc));
        assert!(!got.is_empty() || number < 3, "no frame without a picture");
        widths.extend(
            got.iter()
                .filter_map(|got| picture_size(&got.payload))
                .map(|size| size.width),
        );
    }
    assert!(widths.contains(&640));
    assert_eq!(widths.last(), Some(&320));
    assert!(spread.there.core.counters().get(Counter::packets_forwarded) >= 88);
}
