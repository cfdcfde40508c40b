//! A camera with three layers: every slot shows the best it may have, and no change is a break.

mod lesson;

use engine::command::{Command, ConsumerId, Event, Kind, ProducerId, ProducerParameters};
use engine::rtcp::sr::SenderInfo;
use engine::rtcp::{self, Message};
use engine::vp8::{Descriptor, is_keyframe, picture_size};
use lesson::*;
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Duration;

const RID_ID: u8 = 3;
const REPAIRED_RID_ID: u8 = 4;
const RIDS: [&str; 3] = ["low", "mid", "high"];
const WIDTHS: [u16; 3] = [320, 640, 1280];
const FRAME: Duration = Duration::from_millis(33);
const RATE: u32 = 90_000;

fn layered() -> ProducerParameters {
    let mut parameters = track(Kind::Video, "0", &[]);
    parameters.rids = RIDS.map(String::from).to_vec();
    parameters.extensions.rid = Some(RID_ID);
    parameters.extensions.repaired_rid = Some(REPAIRED_RID_ID);
    parameters
}

fn pixels(layer: usize) -> u32 {
    u32::from(WIDTHS[layer]) * u32::from(WIDTHS[layer]) * 9 / 16
}

/// One encoder of the camera.
struct Encoder {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
    picture: u16,
    tl0: u8,
    wants_keyframe: bool,
    is_on: bool,
    packets: usize,
}

/// A browser's camera: the same frames in three sizes, keyframes when asked.
struct Browser {
    peer: usize,
    layers: Vec<Encoder>,
    frames: u32,
    /// How often a keyframe of each layer was asked for.
    asked: [usize; 3],
    /// Whether it gives what it is asked for.
    listens: bool,
}

impl Browser {
    fn new(peer: usize) -> Self {
        let encoder = |layer: usize| Encoder {
            ssrc: 1000 + layer as u32,
            sequence: [65_000, 3, 32_760][layer],
            timestamp: [4_294_900_000, 7, 2_000_000_000][layer],
            picture: [32_760, 5, 900][layer],
            tl0: [250, 3, 100][layer],
            wants_keyframe: true,
            is_on: true,
            packets: [1, 2, 4][layer],
        };
        Self {
            peer,
            layers: (0..3).map(encoder).collect(),
            frames: 0,
            asked: [0; 3],
            listens: true,
        }
    }

    /// Send one frame of every layer, smallest first, and let a frame's time pass.
    fn frame(&mut self, lesson: &mut Lesson) {
        self.answer(lesson);
        for layer in 0..self.layers.len() {
            let packets = self.encode(layer);
            lesson.send_batch(self.peer, &packets);
        }
        self.frames += 1;
        lesson.wait(FRAME);
    }

    fn run(&mut self, lesson: &mut Lesson, frames: usize) {
        (0..frames).for_each(|_| self.frame(lesson));
    }

    /// Note which layers a keyframe is wanted of.
    fn answer(&mut self, lesson: &mut Lesson) {
        let (layers, asked, listens) = (&mut self.layers, &mut self.asked, self.listens);
        lesson.peers[self.peer].count(|message| {
            let Message::Pli(pli) = message else {
                return false;
            };
            let layer = layers.iter().position(|one| one.ssrc == pli.media_ssrc);
            layer.is_some_and(|layer| {
                layers[layer].wants_keyframe |= listens;
                asked[layer] += 1;
                true
            })
        });
    }

    fn take_asked(&mut self) -> [usize; 3] {
        std::mem::take(&mut self.asked)
    }

    fn encode(&mut self, layer: usize) -> Vec<Vec<u8>> {
        let one = &mut self.layers[layer];
        let timestamp = one.timestamp.wrapping_add(self.frames * 2970);
        if !one.is_on {
            return Vec::new();
        }
        let keyframe = std::mem::take(&mut one.wants_keyframe);
        let count = one.packets;
        let packets = (0..count).map(|number| {
            let mut payload = payload(layer, one.picture, one.tl0, keyframe, number == 0);
            payload.extend_from_slice(&[layer as u8; 20]);
            let names: [(u8, &[u8]); 2] = [(MID_ID, b"0"), (RID_ID, RIDS[layer].as_bytes())];
            let mut packet = rtp_with(one.ssrc, VP8, one.sequence, timestamp, &payload, &names);
            if number + 1 == count {
                packet[1] |= 0x80;
            }
            one.sequence = one.sequence.wrapping_add(1);
            packet
        });
        let packets = packets.collect();
        one.picture = (one.picture + 1) & 0x7FFF;
        one.tl0 = one.tl0.wrapping_add(1);
        packets
    }

    /// Tell when the next frame is taken, as the browser's clock and each layer's have it.
    fn report(&self, lesson: &mut Lesson) {
        for one in self.layers.iter().filter(|one| one.is_on) {
            let seconds = f64::from(self.frames) * FRAME.as_secs_f64();
            let info = SenderInfo {
                ssrc: one.ssrc,
                ntp: (9000 << 32) + (seconds * f64::from(1 << 16)) as u64 * (1 << 16),
                rtp: one.timestamp.wrapping_add(self.frames * 2970),
                packets: 1,
                octets: 1,
            };
            let report = write(|out| rtcp::sr::write(out, &info, &[]));
            lesson.send(self.peer, &report);
        }
    }
}

/// A descriptor with picture id, TL0PICIDX and T, then the begin of a frame.
fn payload(layer: usize, picture: u16, tl0: u8, keyframe: bool, starts: bool) -> Vec<u8> {
    let [high, low] = picture.to_be_bytes();
    let first = if starts { 0x90 } else { 0x80 };
    let mut payload = vec![first, 0xE0, 0x80 | high, low, tl0, 0];
    if starts {
        let [w0, w1] = WIDTHS[layer].to_le_bytes();
        let [h0, h1] = (WIDTHS[layer] * 9 / 16).to_le_bytes();
        payload.extend([u8::from(!keyframe), 0, 0, 0x9D, 1, 0x2A, w0, w1, h0, h1]);
    }
    payload
}

/// A lesson with a layered camera and a student who watches it.
struct Scene {
    lesson: Lesson,
    browser: Browser,
    producer: ProducerId,
    student: usize,
    slot: ConsumerId,
    ssrc: u32,
}

impl Scene {
    fn new() -> Self {
        let mut lesson = Lesson::new();
        let (teacher, student) = (lesson.join(), lesson.join());
        let producer = lesson.publish(teacher, layered());
        let (slot, ssrc) = lesson.subscribe(student, Kind::Video, producer);
        Self {
            lesson,
            browser: Browser::new(teacher),
            producer,
            student,
            slot,
            ssrc,
        }
    }

    fn run(&mut self, frames: usize) {
        self.browser.run(&mut self.lesson, frames);
    }

    fn limit(&mut self, limit: Option<u32>) {
        let consumer = self.slot;
        self.lesson
            .tell(Command::ConsumerSetLimit { consumer, limit });
    }

    fn take(&mut self) -> Vec<Got> {
        self.lesson.peers[self.student].take(self.ssrc)
    }
}

/// Return which layer a packet is of: its payload ends with the number.
fn layer_of(got: &Got) -> usize {
    usize::from(*got.payload.last().unwrap())
}

fn layers_of(packets: &[Got]) -> Vec<usize> {
    let mut layers: Vec<_> = packets.iter().map(layer_of).collect();
    layers.dedup();
    layers
}

/// Assert what a decoder needs: numbers and ids without a hole, time that goes on, and a change of
/// layer only at a keyframe.
#[track_caller]
fn assert_no_break(packets: &[Got], most_step: u32) {
    assert!(packets.len() > 1);
    for pair in packets.windows(2) {
        let step = pair[1].sequence.wrapping_sub(pair[0].sequence);
        assert!((1..=2).contains(&step), "{pair:?}");
        let [before, after] = [0, 1].map(|at| Descriptor::parse(&pair[at].payload).unwrap());
        let pictures = after
            .picture_id
            .unwrap()
            .value
            .wrapping_sub(before.picture_id.unwrap().value);
        let tl0 = after
            .tl0_index
            .unwrap()
            .wrapping_sub(before.tl0_index.unwrap());
        let time = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
        if time == 0 {
            assert_eq!((pictures, tl0, step), (0, 0, 1), "one frame: {pair:?}");
            assert_eq!(
                layer_of(&pair[0]),
                layer_of(&pair[1]),
                "one layer: {pair:?}"
            );
            continue;
        }
        assert!(time <= most_step, "time goes on: {time} in {pair:?}");
        assert_eq!((pictures & 0x7FFF, tl0), (1, 1), "ids go on: {pair:?}");
        assert!(
            step == 1 || !pair[0].marker,
            "a hole only after a cut frame"
        );
        if layer_of(&pair[0]) != layer_of(&pair[1]) {
            assert!(is_keyframe(&pair[1].payload), "{pair:?}");
        }
    }
}

#[test]
fn without_a_limit_the_largest_is_shown() {
    let mut scene = Scene::new();
    scene.run(30);
    let got = scene.take();
    assert_no_break(&got, 3100);
    assert_eq!(layers_of(&got), [0, 1, 2], "each as soon as it is there");
    let size = picture_size(&got[got.iter().position(|one| layer_of(one) == 2).unwrap()].payload);
    assert_eq!(size.unwrap().width, 1280);
    let of_high = got.iter().filter(|one| layer_of(one) == 2);
    assert!(of_high.count() > 25 * 4);
}

#[test]
fn a_limit_is_kept_and_lifted_at_keyframes_that_are_asked_for_once() {
    let mut scene = Scene::new();
    scene.run(30);
    scene.browser.take_asked();
    scene.limit(Some(pixels(0)));
    scene.run(30);
    assert_eq!(scene.browser.take_asked(), [1, 0, 0], "one request");
    let down = scene.take();
    assert_no_break(&down, 3100);
    assert_eq!(layers_of(&down), [0, 1, 2, 0]);
    scene.limit(Some(pixels(1)));
    scene.run(30);
    assert_eq!(layers_of(&scene.take()), [0, 1]);
    scene.limit(None);
    scene.run(30);
    let up = scene.take();
    assert_no_break(&up, 3100);
    assert_eq!(layers_of(&up), [1, 2]);
    scene.limit(Some(1));
    scene.run(30);
    assert_eq!(layers_of(&scene.take()), [0], "nothing fits: the smallest");
}

#[test]
fn a_request_that_brings_no_keyframe_is_repeated() {
    let mut scene = Scene::new();
    scene.run(30);
    scene.browser.take_asked();
    scene.browser.listens = false;
    scene.limit(Some(pixels(0)));
    scene.run(100);
    let asked = scene.browser.take_asked();
    assert!((3..=5).contains(&asked[0]), "{asked:?}");
    assert_eq!(
        layers_of(&scene.take()).last(),
        Some(&2),
        "the old one goes on"
    );
    scene.browser.layers[0].wants_keyframe = true;
    scene.run(5);
    assert_eq!(layers_of(&scene.take()), [0], "at the first keyframe");
}

#[test]
fn a_camera_leaves_with_all_its_layers_and_comes_back() {
    let mut scene = Scene::new();
    scene.run(30);
    scene.take();
    let transport = scene.lesson.peers[scene.browser.peer].transport;
    scene.lesson.tell(Command::TransportClose(transport));
    scene.run(5);
    assert!(scene.take().is_empty(), "nothing comes after it left");
    let teacher = scene.lesson.join();
    let producer = scene.lesson.publish(teacher, layered());
    scene.lesson.put(scene.slot, Some(producer));
    scene.browser = Browser::new(teacher);
    scene.run(30);
    assert_eq!(layers_of(&scene.take()).last(), Some(&2));
}

#[test]
fn a_layer_that_ends_gives_way_before_anybody_notices() {
    let mut scene = Scene::new();
    scene.run(30);
    scene.take();
    scene.browser.layers[2].is_on = false;
    scene.run(30);
    let got = scene.take();
    assert_eq!(layers_of(&got).last(), Some(&1));
    assert!(got.len() > 20 * 2, "it took less than a third of a second");
    scene.browser.layers[2].is_on = true;
    scene.browser.layers[2].wants_keyframe = true;
    scene.run(30);
    let back = scene.take();
    assert_no_break(&back, 3100);
    assert_eq!(layers_of(&back), [1, 2]);
    let told = |event: &Event| matches!(event, Event::ProducerStalled(_));
    assert!(!scene.lesson.events.iter().any(told), "the track goes on");
}

#[test]
fn a_track_stalls_when_no_layer_comes() {
    let mut scene = Scene::new();
    scene.run(30);
    scene.lesson.wait(3 * SECOND);
    let stalled = Event::ProducerStalled(scene.producer);
    let times =
        |lesson: &Lesson, told: &Event| lesson.events.iter().filter(|event| *event == told).count();
    assert_eq!(times(&scene.lesson, &stalled), 1);
    scene.browser.layers[1].is_on = false;
    scene.run(30);
    let resumed = Event::ProducerResumed(scene.producer);
    assert_eq!(times(&scene.lesson, &resumed), 1);
    assert_eq!(layers_of(&scene.take()).last(), Some(&2));
}

#[test]
fn a_slot_that_is_held_gets_nothing_and_goes_on_with_a_keyframe() {
    let mut scene = Scene::new();
    scene.run(30);
    let before = scene.take();
    scene.browser.take_asked();
    scene.limit(Some(0));
    scene.run(30);
    assert!(scene.take().is_empty());
    assert_eq!(scene.browser.take_asked(), [0; 3], "and asks for nothing");
    scene.limit(Some(pixels(1)));
    scene.run(30);
    let got = scene.take();
    assert!(is_keyframe(&got[0].payload));
    assert_eq!(layers_of(&got).last(), Some(&1));
    let time = got[0]
        .timestamp
        .wrapping_sub(before.last().unwrap().timestamp);
    assert!(
        (RATE * 9 / 10..RATE * 6 / 5).contains(&time),
        "a second passed: {time}"
    );
}

#[test]
fn a_picture_of_one_size_can_be_held_too() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (consumer, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut one = Camera::new(1000, 1, 1);
    lesson.send(teacher, &one.frame(true));
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
    for (limit, count) in [(Some(1), 1), (Some(0), 0), (None, 2)] {
        lesson.tell(Command::ConsumerSetLimit { consumer, limit });
        lesson.wait(40 * MS);
        lesson.send(teacher, &one.frame(true));
        assert_eq!(lesson.peers[student].take(ssrc).len(), count, "{limit:?}");
    }
}

#[test]
fn a_change_is_exact_once_the_browser_has_reported() {
    let mut scene = Scene::new();
    scene.run(10);
    scene.browser.report(&mut scene.lesson);
    scene.run(10);
    scene.limit(Some(pixels(0)));
    scene.run(10);
    scene.take();
    // up twice and down once: a frame is shown in two sizes, and time is not lost over it
    for limit in [None, Some(pixels(0)), None] {
        scene.limit(limit);
        scene.run(20);
    }
    let got = scene.take();
    assert_no_break(&got, 2970 + 90);
    let span = got.last().unwrap().timestamp.wrapping_sub(got[0].timestamp);
    let exact = 59 * 2970;
    assert!(span.abs_diff(exact) <= 2 * 90, "{span} instead of {exact}");
}

#[test]
fn a_layer_is_repaired_by_its_own_rid() {
    let mut scene = Scene::new();
    scene.run(3);
    scene.take();
    let packets = scene.browser.encode(2);
    scene.lesson.send_batch(
        scene.browser.peer,
        &[packets[0].clone(), packets[2].clone()],
    );
    let lost = engine::rtp::Packet::parse(&packets[1]).unwrap();
    let mut payload = lost.sequence().to_be_bytes().to_vec();
    payload.extend_from_slice(lost.payload());
    let names: [(u8, &[u8]); 2] = [(MID_ID, b"0"), (REPAIRED_RID_ID, b"high")];
    let repair = rtp_with(5000, VP8_RTX, 1, lost.timestamp(), &payload, &names);
    scene.lesson.send(scene.browser.peer, &repair);
    let sequences: HashSet<_> = scene.take().iter().map(|got| got.sequence).collect();
    assert_eq!(sequences.len(), 3);
    let first = sequences.iter().min().unwrap();
    assert!(sequences.contains(&(first + 1)));
}

#[test]
fn a_layer_of_no_known_name_is_refused() {
    let mut scene = Scene::new();
    for names in [
        &[(MID_ID, &b"0"[..]), (RID_ID, b"huge")][..],
        &[(MID_ID, b"0")],
        &[(RID_ID, b"low")],
    ] {
        let packet = rtp_with(77, VP8, 1, 1, &vp8(1, true), names);
        scene.lesson.send(scene.browser.peer, &packet);
    }
    assert_eq!(scene.lesson.stats(scene.browser.peer).packets_rejected, 3);
    assert!(scene.take().is_empty());
}

#[test]
fn what_comes_is_told_smallest_first() {
    let mut scene = Scene::new();
    scene.run(100);
    let told = scene
        .lesson
        .events
        .iter()
        .rev()
        .find_map(|event| match event {
            Event::Layers(layers) => layers.iter().find(|(id, _)| *id == scene.producer),
            _ => None,
        });
    let layers = &told.expect("layers are told").1;
    let widths: Vec<_> = layers.iter().map(|layer| layer.size.width).collect();
    assert_eq!(widths, WIDTHS);
    let numbers: Vec<_> = layers.iter().map(|layer| layer.number).collect();
    assert_eq!(numbers, [0, 1, 2]);
    // a packet of 26 or 36 bytes with 60 around it, 30 times a second
    assert!((15_000..30_000).contains(&layers[0].bits), "{layers:?}");
    assert!(layers.is_sorted_by_key(|layer| layer.bits));
}

#[test]
fn whoever_leaves_in_the_middle_of_a_change_leaves_nothing_behind() {
    let mut scene = Scene::new();
    scene.run(30);
    scene.limit(Some(pixels(0)));
    scene.lesson.tell(Command::ConsumerClose(scene.slot));
    scene.run(5);
    let (slot, ssrc) = scene
        .lesson
        .subscribe(scene.student, Kind::Video, scene.producer);
    (scene.slot, scene.ssrc) = (slot, ssrc);
    scene.run(5);
    scene.limit(Some(pixels(0)));
    scene.lesson.tell(Command::ProducerClose(scene.producer));
    scene.run(5);
    let again = scene.lesson.publish(scene.browser.peer, layered());
    scene.lesson.put(slot, Some(again));
    scene.browser.layers.iter_mut().for_each(|one| {
        one.wants_keyframe = true;
        one.ssrc += 100;
    });
    scene.run(30);
    assert_eq!(layers_of(&scene.take()).last(), Some(&0), "the limit stays");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    /// Whatever is limited, held, switched off or not answered, no decoder meets a break.
    #[test]
    fn no_sequence_of_changes_is_a_break(
        steps in prop::collection::vec((0..8_usize, 1..20_usize, any::<bool>()), 1..30),
    ) {
        let mut scene = Scene::new();
        let mut all = Vec::new();
        for (step, frames, reports) in steps {
            match step {
                0..=2 => scene.limit(Some(pixels(step))),
                3 => scene.limit(None),
                4 => scene.limit(Some(0)),
                layer => {
                    let one = &mut scene.browser.layers[layer - 5];
                    one.is_on = !one.is_on;
                    one.wants_keyframe = one.is_on;
                }
            }
            if reports {
                scene.browser.report(&mut scene.lesson);
            }
            scene.run(frames);
            all.extend(scene.take());
        }
        for pair in all.windows(2) {
            let step = pair[1].sequence.wrapping_sub(pair[0].sequence);
            prop_assert!((1..=2).contains(&step));
            let time = pair[1].timestamp.wrapping_sub(pair[0].timestamp);
            prop_assert!(time < 30 * RATE, "time never turns back");
            if layer_of(&pair[0]) != layer_of(&pair[1]) {
                prop_assert!(is_keyframe(&pair[1].payload));
                prop_assert!(time > 0);
            }
        }
    }
}
