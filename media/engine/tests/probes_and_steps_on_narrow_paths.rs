//! A subscriber on a narrow path: probes tell what more it carries, bursts leave in steps, and a
//! client without transport-wide feedback tells its own estimate.

mod lesson;

use engine::command::{
    Command, ConsumerId, ConsumerParameters, Counter, Event, ExtensionIds, Kind, TransportId,
};
use engine::rtcp::{self, remb, transport_cc};
use engine::rtp::Packet;
use lesson::*;

const TRANSPORT_CC_ID: u8 = 5;
const MEDIA: u32 = 7000;
const REPAIR: u32 = 7001;
const FRAME: std::time::Duration = std::time::Duration::from_millis(33);

/// A student with one slot, and a teacher whose camera is in it.
struct Scene {
    lesson: Lesson,
    teacher: usize,
    student: usize,
    slot: ConsumerId,
    camera: Camera,
    base: u64,
}

impl Scene {
    fn new(rtx: bool, numbered: bool) -> Self {
        let mut lesson = Lesson::new();
        let (teacher, student) = (lesson.join(), lesson.join());
        let picture = lesson.publish(teacher, camera(1000));
        let slot = ConsumerId(lesson.new_id());
        let mut codecs = codecs(Kind::Video);
        codecs.truncate(1);
        codecs[0].rtx_payload_type = codecs[0].rtx_payload_type.filter(|_| rtx);
        lesson.tell(Command::ConsumerCreate {
            consumer: slot,
            transport: lesson.peers[student].transport,
            parameters: Box::new(ConsumerParameters {
                kind: Kind::Video,
                mid: "slot".into(),
                ssrc: MEDIA,
                rtx_ssrc: rtx.then_some(REPAIR),
                cname: "lesson".into(),
                codecs,
                extensions: ExtensionIds {
                    transport_cc: numbered.then_some(TRANSPORT_CC_ID),
                    ..ExtensionIds::default()
                },
                nack: true,
                remb: !numbered,
            }),
        });
        lesson.put(slot, Some(picture));
        let camera = Camera::new(1000, 1, 1);
        Self {
            lesson,
            teacher,
            student,
            slot,
            camera,
            base: 1 << 16,
        }
    }

    /// Send frames of so many packets for a while; everything arrives, and the student says so.
    /// Returns the SSRC and size of what arrived.
    fn run(&mut self, frames: usize, packets: usize) -> Vec<(u32, usize)> {
        let mut got = Vec::new();
        for number in 0..frames {
            let is_keyframe = self.camera.picture == 100 && number == 0;
            let frame = self.frame(packets, is_keyframe);
            self.lesson.send_batch(self.teacher, &frame);
            for _ in 0..3 {
                self.lesson.wait(FRAME / 3);
                got.extend(self.hear());
            }
        }
        got
    }

    fn frame(&mut self, packets: usize, is_keyframe: bool) -> Vec<Vec<u8>> {
        let picture = self.camera.picture;
        let timestamp = self.camera.timestamp;
        let packet = |index: usize| {
            let mut payload = vp8(picture, is_keyframe);
            payload[0] = if index == 0 { 0x90 } else { 0x80 };
            payload.resize(1000, 9);
            let sequence = self.camera.sequence.wrapping_add(index as u16);
            let mut packet = rtp(1000, VP8, sequence, timestamp, &payload);
            packet[1] |= if index == packets - 1 { 0x80 } else { 0 };
            packet
        };
        let frame = (0..packets).map(packet).collect();
        self.camera.frame(false);
        self.camera.sequence = self.camera.sequence.wrapping_add(packets as u16 - 1);
        frame
    }

    fn hear(&mut self) -> Vec<(u32, usize)> {
        let packets = std::mem::take(&mut self.lesson.peers[self.student].packets);
        let mut arrivals = Vec::new();
        let at = (self.lesson.now - self.lesson.start()).as_micros() as i64 + 30_000;
        for packet in &packets {
            let parsed = Packet::parse(packet).unwrap();
            if parsed.extension(TRANSPORT_CC_ID).is_some() {
                arrivals.push((self.base + arrivals.len() as u64, at));
            }
        }
        if !arrivals.is_empty() {
            let sender = transport_cc::Sender {
                sender_ssrc: 1,
                media_ssrc: 2,
                feedback_count: 0,
            };
            let base = self.base;
            let feedback =
                write(|out| transport_cc::write(out, &sender, base, &arrivals).map(|(len, _)| len));
            self.base += arrivals.len() as u64;
            self.lesson.send(self.student, &feedback);
        }
        let read = |packet: &Vec<u8>| (Packet::parse(packet).unwrap().ssrc(), packet.len());
        packets.iter().map(read).collect()
    }

    /// Return how many packets of the picture arrived.
    fn hear_media(&mut self) -> usize {
        let got = self.hear();
        got.iter().filter(|(ssrc, _)| *ssrc == MEDIA).count()
    }

    fn want(&mut self, bits: Option<u64>) {
        let transport = self.lesson.peers[self.student].transport;
        self.lesson
            .tell(Command::TransportProbe { transport, bits });
    }

    fn limit(&mut self, limit: Option<u32>) {
        let consumer = self.slot;
        self.lesson
            .tell(Command::ConsumerSetLimit { consumer, limit });
    }

    fn probes(&self) -> u64 {
        self.lesson.core.counters().get(Counter::packets_probing)
    }
}

#[test]
fn a_path_that_carries_more_is_found_by_sending_again_what_went_before() {
    let mut scene = Scene::new(true, true);
    scene.run(60, 2);
    assert_eq!(scene.probes(), 0, "nobody asked");
    let before = scene.lesson.stats(scene.student).estimate.unwrap();
    scene.want(Some(2 * before));
    let got = scene.run(120, 2);
    let after = scene.lesson.stats(scene.student).estimate.unwrap();
    assert!(after >= 2 * before, "{before} and then {after} bit/s");
    let repeated = got.iter().filter(|(ssrc, _)| *ssrc == REPAIR).count();
    assert!(repeated > 0);
    assert_eq!(repeated as u64, scene.probes());
    assert_eq!(scene.lesson.stats(scene.student).retransmitted, 0);
    scene.run(60, 2);
    assert_eq!(repeated as u64, scene.probes(), "it is known now");
}

#[test]
fn a_picture_that_is_held_is_probed_for_with_padding() {
    let mut scene = Scene::new(true, true);
    scene.run(60, 1);
    scene.limit(Some(0));
    let before = scene.lesson.stats(scene.student).estimate.unwrap();
    scene.want(Some(before + before / 2));
    let got = scene.run(30, 1);
    assert!(scene.probes() > 0);
    assert!(
        got.iter()
            .all(|(ssrc, size)| *ssrc == REPAIR && *size < 300)
    );
}

#[test]
fn nothing_is_probed_without_a_repair_stream_or_numbers() {
    for (rtx, numbered) in [(false, true), (true, false)] {
        let mut scene = Scene::new(rtx, numbered);
        scene.want(Some(10_000_000));
        scene.run(120, 2);
        assert_eq!(scene.probes(), 0, "{rtx} {numbered}");
    }
}

#[test]
fn a_probe_that_nobody_wants_any_more_ends() {
    let mut scene = Scene::new(true, true);
    scene.run(60, 1);
    scene.want(Some(3_000_000));
    scene.want(None);
    scene.run(60, 1);
    assert_eq!(scene.probes(), 0);
}

#[test]
fn a_burst_leaves_in_steps_where_more_is_wanted_and_at_once_elsewhere() {
    let mut scene = Scene::new(true, true);
    scene.run(60, 1);
    let burst = |scene: &mut Scene| {
        let frame = scene.frame(40, false);
        scene.lesson.send_batch(scene.teacher, &frame);
        let at_once = scene.hear_media();
        scene.lesson.wait(SECOND);
        (at_once, at_once + scene.hear_media())
    };
    assert_eq!(burst(&mut scene), (40, 40));
    scene.want(Some(5_000_000));
    let (at_once, all) = burst(&mut scene);
    assert!(at_once < 20, "{at_once} packets at once");
    assert_eq!(all, 40, "what waits is not lost");
    scene.want(None);
    scene.run(5, 1);
    assert_eq!(burst(&mut scene), (40, 40));
}

#[test]
fn packets_that_waited_are_numbered_without_a_gap() {
    let mut scene = Scene::new(true, true);
    scene.run(60, 1);
    scene.want(Some(5_000_000));
    let frame = scene.frame(40, false);
    scene.lesson.send_batch(scene.teacher, &frame);
    let frame = scene.frame(3, false);
    scene.lesson.send_batch(scene.teacher, &frame);
    scene.lesson.wait(SECOND);
    let got = scene.lesson.peers[scene.student].take(MEDIA);
    assert_eq!(got.len(), 43);
    assert_gapless(&got);
}

#[test]
fn the_estimate_of_a_client_without_numbers_is_told() {
    let mut scene = Scene::new(true, false);
    scene.run(2, 1);
    let feedback = write(|out| remb::write(out, 1, 400_000, &[MEDIA]));
    scene.lesson.send(scene.student, &feedback);
    scene.lesson.wait(SECOND);
    assert_eq!(scene.lesson.stats(scene.student).estimate, Some(400_000));
    let told = Event::Estimates(vec![(TransportId(scene.student as u64), 400_000)]);
    assert!(scene.lesson.events.contains(&told));
}

#[test]
fn the_narrowest_path_has_its_losses_repaired() {
    let mut scene = Scene::new(true, false);
    scene.run(10, 1);
    let feedback = write(|out| remb::write(out, 1, 30_000, &[MEDIA]));
    scene.lesson.send(scene.student, &feedback);
    scene.lesson.wait(SECOND);
    scene.hear();
    let frame = scene.frame(1, false);
    scene.lesson.send_batch(scene.teacher, &frame);
    let packets = std::mem::take(&mut scene.lesson.peers[scene.student].packets);
    let lost = Packet::parse(&packets[0]).unwrap().sequence();
    let request = write(|out| rtcp::nack::write(out, 1, MEDIA, &[lost]));
    scene.lesson.send(scene.student, &request);
    let repairs = scene.hear();
    assert_eq!(
        repairs.iter().filter(|(ssrc, _)| *ssrc == REPAIR).count(),
        1
    );
}

#[test]
fn an_estimate_of_somebody_elses_stream_is_not_believed() {
    let mut scene = Scene::new(true, false);
    scene.run(2, 1);
    let feedback = write(|out| remb::write(out, 1, 40_000, &[12345]));
    scene.lesson.send(scene.student, &feedback);
    scene.lesson.wait(SECOND);
    assert_eq!(scene.lesson.stats(scene.student).estimate, None);
}

#[test]
fn an_estimate_that_was_not_negotiated_is_not_believed() {
    let mut scene = Scene::new(true, true);
    scene.run(60, 1);
    let before = scene.lesson.stats(scene.student).estimate;
    let feedback = write(|out| remb::write(out, 1, 4_000, &[MEDIA]));
    scene.lesson.send(scene.student, &feedback);
    scene.lesson.wait(SECOND);
    assert_eq!(scene.lesson.stats(scene.student).estimate, before);
}
