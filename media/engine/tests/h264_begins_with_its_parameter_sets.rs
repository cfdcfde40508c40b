//! A decoder can not begin with a slice of H.264 alone: wherever a slot begins or changes its source,
//! the first packet is the parameter set, however the encoder packs it.

mod lesson;

use engine::command::Kind;
use lesson::*;

const SPS: &[u8] = &[0x67, 0x42, 0xC0, 0x1F];
const PPS: &[u8] = &[0x68, 0xCE, 0x3C, 0x80];
const DELIMITER: &[u8] = &[0x09, 0xF0];
const IDR_BEGIN: &[u8] = &[0x7C, 0x85, 0x88, 0x80];
const IDR_END: &[u8] = &[0x7C, 0x45, 0x11, 0x22];
const SLICE: &[u8] = &[0x41, 0x9A, 0x33, 0x44];
/// STAP-A (RFC 6184 §5.7.1) of both sets, as browsers send them.
const SETS: &[u8] = &[
    0x78, 0, 4, 0x67, 0x42, 0xC0, 0x1F, 0, 4, 0x68, 0xCE, 0x3C, 0x80,
];

/// An H.264 encoder: numbers and times of its own.
struct Encoder {
    ssrc: u32,
    sequence: u16,
    timestamp: u32,
}

impl Encoder {
    fn new(ssrc: u32) -> Self {
        Self {
            ssrc,
            sequence: 65_500,
            timestamp: 4_294_960_000,
        }
    }

    /// Send one frame in so many packets, and let a frame's time pass.
    fn frame(&mut self, lesson: &mut Lesson, peer: usize, payloads: &[&[u8]]) {
        for (number, payload) in payloads.iter().enumerate() {
            let mut packet = rtp(self.ssrc, H264, self.sequence, self.timestamp, payload);
            if number + 1 == payloads.len() {
                packet[1] |= 0x80;
            }
            self.sequence = self.sequence.wrapping_add(1);
            lesson.send(peer, &packet);
        }
        self.timestamp = self.timestamp.wrapping_add(3000);
        lesson.wait(MS * 33);
    }
}

/// The ways in which encoders pack a keyframe, and which of its packets a slot begins with.
const KEYFRAMES: [(&[&[u8]], usize); 3] = [
    (&[SETS, IDR_BEGIN, IDR_END], 0),
    (&[SPS, PPS, IDR_BEGIN, IDR_END], 0),
    (&[DELIMITER, SPS, PPS, IDR_BEGIN, IDR_END], 1),
];

#[test]
fn whoever_joins_begins_with_the_parameter_sets() {
    for (keyframe, first) in KEYFRAMES {
        let mut lesson = Lesson::new();
        let (teacher, student) = (lesson.join(), lesson.join());
        let camera = lesson.publish(teacher, camera(1000));
        let mut encoder = Encoder::new(1000);
        for frame in [&[SLICE][..], keyframe, &[SLICE], &[SLICE]] {
            encoder.frame(&mut lesson, teacher, frame);
        }
        let (_, ssrc) = lesson.subscribe(student, Kind::Video, camera);
        encoder.frame(&mut lesson, teacher, &[SLICE]);
        let got = lesson.peers[student].take(ssrc);
        assert_gapless(&got);
        let whole = keyframe.len() - first;
        let payloads: Vec<_> = got.iter().map(|one| one.payload.as_slice()).collect();
        assert_eq!(payloads[..whole], keyframe[first..]);
        assert_eq!(payloads[whole..], [SLICE; 3]);
    }
}

#[test]
fn a_slot_that_changes_its_source_goes_on_with_the_parameter_sets() {
    for (keyframe, first) in KEYFRAMES {
        let mut lesson = Lesson::new();
        let (teacher, guest, student) = (lesson.join(), lesson.join(), lesson.join());
        let one = lesson.publish(teacher, camera(1000));
        let other = lesson.publish(guest, camera(2000));
        let (mut theirs, mut ours) = (Encoder::new(1000), Encoder::new(2000));
        let (slot, ssrc) = lesson.subscribe(student, Kind::Video, one);
        theirs.frame(&mut lesson, teacher, keyframe);
        lesson.put(slot, Some(other));
        lesson.peers[student].take(ssrc);
        for frame in [&[SLICE][..], &[SLICE], keyframe, &[SLICE]] {
            ours.frame(&mut lesson, guest, frame);
        }
        let got = lesson.peers[student].take(ssrc);
        assert_gapless(&got);
        assert_eq!(got[0].payload, keyframe[first]);
    }
}

#[test]
fn a_parameter_set_that_the_network_brings_late_is_not_left_out() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let camera = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, camera);
    let packets: Vec<_> = [(SETS, 7), (IDR_BEGIN, 8), (IDR_END, 9)]
        .map(|(payload, sequence)| rtp(1000, H264, sequence, 5000, payload))
        .to_vec();
    let reordered = [&packets[1], &packets[0], &packets[2]].map(Clone::clone);
    lesson.send_batch(teacher, &reordered);
    let mut got = lesson.peers[student].take(ssrc);
    got.sort_by_key(|one| one.sequence);
    let payloads: Vec<_> = got.iter().map(|one| one.payload.as_slice()).collect();
    assert_eq!(payloads, [SETS, IDR_BEGIN, IDR_END]);
}
