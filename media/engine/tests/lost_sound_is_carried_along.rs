//! Sound with copies of what was sent before (RFC 2198): taken apart where it comes in, put together
//! for those who lose packets.

mod lesson;

use engine::command::{
    Codec, CodecParameters, Command, ConsumerId, ConsumerParameters, ExtensionIds, Kind,
    ProducerParameters,
};
use engine::red::{self, Block};
use engine::rtcp::{self, rr::ReportBlock, transport_cc};
use lesson::*;
use std::time::Duration;

const RED: u8 = 63;
const SSRC: u32 = 2000;

fn with_red(mut parameters: ProducerParameters) -> ProducerParameters {
    parameters.codecs.push(red_codec(RED));
    parameters
}

fn red_codec(payload_type: u8) -> CodecParameters {
    CodecParameters {
        codec: Codec::Red,
        payload_type,
        clock_rate: 48_000,
        rtx_payload_type: None,
    }
}

/// Open a slot for sound that may have copies; `transport_cc` numbers its packets.
fn slot_with_red(
    lesson: &mut Lesson,
    student: usize,
    transport_cc: Option<u8>,
) -> (ConsumerId, u32) {
    let consumer = ConsumerId(lesson.new_id());
    let ssrc = 0x0B00_0000;
    let mut codecs = codecs(Kind::Audio);
    codecs[0].payload_type += SHIFT;
    codecs.push(red_codec(RED + SHIFT));
    lesson.tell(Command::ConsumerCreate {
        consumer,
        transport: lesson.peers[student].transport,
        parameters: Box::new(ConsumerParameters {
            kind: Kind::Audio,
            mid: "slot".into(),
            ssrc,
            rtx_ssrc: None,
            cname: "lesson".into(),
            codecs,
            extensions: ExtensionIds {
                transport_cc,
                ..ExtensionIds::default()
            },
            nack: true,
            remb: true,
        }),
    });
    (consumer, ssrc)
}

/// Twenty milliseconds of a voice, told by their number.
fn spoken(number: u16) -> Vec<u8> {
    format!("voice {number}").into_bytes()
}

fn plain(number: u16) -> Vec<u8> {
    let timestamp = 960 * u32::from(number);
    rtp(SSRC, OPUS, number, timestamp, &spoken(number))
}

/// A packet as a browser sends it, with copies of the two before.
fn with_copies(number: u16) -> Vec<u8> {
    let before = [spoken(number - 2), spoken(number - 1)];
    let copy = |(offset, payload)| Block {
        payload_type: OPUS,
        offset,
        payload,
    };
    let copies = [(1920, &before[0][..]), (960, &before[1])].map(copy);
    let mut payload = spoken(number);
    let len = payload.len();
    payload.resize(200, 0);
    let len = red::wrap(&mut payload, len, OPUS, &copies).unwrap();
    let timestamp = 960 * u32::from(number);
    rtp(SSRC, RED, number, timestamp, &payload[..len])
}

fn report_loss(lesson: &mut Lesson, student: usize, ssrc: u32, fraction_lost: u8) {
    let block = ReportBlock {
        ssrc,
        fraction_lost,
        ..Default::default()
    };
    lesson.send(student, &write(|out| rtcp::rr::write(out, 9, &[block])));
}

fn words(got: &[Got]) -> Vec<Vec<u8>> {
    got.iter().map(|got| got.payload.clone()).collect()
}

#[test]
fn what_a_publisher_lost_is_there_from_the_copies() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, with_red(voice(SSRC)));
    let (_, ssrc) = lesson.subscribe(student, Kind::Audio, voice);
    for number in [10, 11, 14, 15, 17] {
        lesson.send(teacher, &with_copies(number));
    }
    let got = lesson.peers[student].take(ssrc);
    assert_eq!(words(&got), (8..=17).map(spoken).collect::<Vec<_>>());
    assert_gapless(&got);
    assert!(got.iter().all(|got| got.payload_type == OPUS + SHIFT));
    let steps = got.windows(2);
    assert!(
        steps
            .into_iter()
            .all(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) == 960)
    );
}

#[test]
fn what_was_carried_along_is_not_asked_for_and_not_forwarded_twice() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, with_red(voice(SSRC)));
    let (_, ssrc) = lesson.subscribe(student, Kind::Audio, voice);
    lesson.send(teacher, &with_copies(10));
    lesson.send(teacher, &with_copies(13));
    lesson.send(teacher, &with_copies(12)); // late
    assert_eq!(words(&lesson.peers[student].take(ssrc)).len(), 6);
    lesson.wait(SECOND);
    assert!(lesson.peers[teacher].take_nacks().is_empty());
}

#[test]
fn broken_redundancy_is_refused() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, with_red(voice(SSRC)));
    let (_, ssrc) = lesson.subscribe(student, Kind::Audio, voice);
    let nested = [RED, 1, 2, 3];
    for payload in [
        &[][..],
        &[0xEF],
        &[0xEF, 0, 0, 9, OPUS, 1],
        &[99, 1],
        &nested,
    ] {
        lesson.send(teacher, &rtp(SSRC, RED, 5, 960, payload));
    }
    assert!(lesson.peers[student].take(ssrc).is_empty());
    lesson.send(teacher, &plain(6));
    assert_eq!(words(&lesson.peers[student].take(ssrc)), [spoken(6)]);
}

#[test]
fn copies_come_with_loss_and_nobody_else_pays_for_them() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let (student, other) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, voice(SSRC));
    let (slot, ssrc) = slot_with_red(&mut lesson, student, None);
    lesson.put(slot, Some(voice));
    let (_, other_ssrc) = lesson.subscribe(other, Kind::Audio, voice);
    for number in 10..20 {
        match number {
            13 => report_loss(&mut lesson, student, ssrc, 20),
            16 => report_loss(&mut lesson, student, ssrc, 60),
            _ => {}
        }
        lesson.send(teacher, &plain(number));
    }
    let got = lesson.peers[student].take(ssrc);
    assert_gapless(&got);
    for (got, number) in got.iter().zip(10u16..) {
        let copies: usize = match number {
            ..13 => 0,
            13..16 => 1,
            _ => 2,
        };
        if copies == 0 {
            assert_eq!(
                (got.payload_type, &got.payload),
                (OPUS + SHIFT, &spoken(number))
            );
            continue;
        }
        assert_eq!(got.payload_type, RED + SHIFT);
        let blocks = red::parse(&got.payload).unwrap();
        assert_eq!(blocks.primary().payload, spoken(number));
        assert_eq!(blocks.copies().len(), copies);
        for (copy, back) in blocks.copies().iter().rev().zip(1u16..) {
            assert_eq!(copy.payload, spoken(number - back));
            assert_eq!(copy.offset, 960 * u32::from(back));
            assert_eq!(copy.payload_type, OPUS + SHIFT);
        }
    }
    let plain = lesson.peers[other].take(other_ssrc);
    assert_eq!(words(&plain), (10..20).map(spoken).collect::<Vec<_>>());
}

#[test]
fn a_path_that_is_said_to_be_narrow_gets_no_copies() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, voice(SSRC));
    let (slot, ssrc) = slot_with_red(&mut lesson, student, None);
    lesson.put(slot, Some(voice));
    report_loss(&mut lesson, student, ssrc, 60);
    for (number, (bits, copies)) in (10..).zip([(5_000_000, 0), (5_000_000, 1), (150_000, 0)]) {
        lesson.send(
            student,
            &write(|out| rtcp::remb::write(out, 9, bits, &[ssrc])),
        );
        lesson.send(teacher, &plain(number));
        let got = &lesson.peers[student].take(ssrc)[0];
        let red = (got.payload_type == RED + SHIFT).then(|| red::parse(&got.payload).unwrap());
        assert_eq!(
            red.map_or(0, |blocks| blocks.copies().len()),
            copies,
            "{bits}"
        );
    }
}

#[test]
fn losses_without_a_queue_bring_copies_whatever_reports_say() {
    const NUMBERED: u8 = 5;
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, voice(SSRC));
    let (slot, ssrc) = slot_with_red(&mut lesson, student, Some(NUMBERED));
    lesson.put(slot, Some(voice));
    let mut copies = Vec::new();
    for (number, base) in (0..300).zip(1u64 << 16..) {
        lesson.send(teacher, &plain(number));
        lesson.wait(Duration::from_millis(20));
        let at = (lesson.now - lesson.start()).as_micros() as i64;
        let is_lost = number >= 150 && number % 4 == 0;
        if !is_lost {
            tell_arrival(&mut lesson, student, (base, at));
        }
        if number == 140 {
            report_loss(&mut lesson, student, ssrc, 255);
        }
        let got = &lesson.peers[student].take(ssrc)[0];
        let red = (got.payload_type == RED + SHIFT).then(|| red::parse(&got.payload).unwrap());
        copies.push(red.map_or(0, |blocks| blocks.copies().len()));
    }
    assert!(copies[..150].iter().all(|&count| count == 0), "{copies:?}");
    let first = copies.iter().position(|&count| count > 0).unwrap();
    assert!(first < 250, "within two seconds: {first}");
    assert!(copies[250..].iter().all(|&count| count == 2), "{copies:?}");
}

fn tell_arrival(lesson: &mut Lesson, student: usize, arrival: (u64, i64)) {
    let sender = transport_cc::Sender {
        sender_ssrc: 1,
        media_ssrc: 2,
        feedback_count: 0,
    };
    let (base, arrivals) = (arrival.0, [arrival]);
    let feedback =
        write(|out| transport_cc::write(out, &sender, base, &arrivals).map(|(len, _)| len));
    lesson.send(student, &feedback);
}

#[test]
fn nothing_from_before_the_slot_began_is_carried_along() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, voice(SSRC));
    let (slot, ssrc) = slot_with_red(&mut lesson, student, None);
    report_loss(&mut lesson, student, ssrc, 90);
    lesson.send(teacher, &plain(9)); // said before anybody should hear it
    lesson.put(slot, Some(voice));
    lesson.send(teacher, &plain(10));
    lesson.send(teacher, &plain(11));
    let got = lesson.peers[student].take(ssrc);
    assert_eq!(got[0].payload, spoken(10));
    let blocks = red::parse(&got[1].payload).unwrap();
    assert_eq!(blocks.copies().len(), 1);
    assert_eq!(blocks.copies()[0].payload, spoken(10));
}

#[test]
fn a_packet_that_may_have_had_copies_is_not_sent_again() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, voice(SSRC));
    let (slot, ssrc) = slot_with_red(&mut lesson, student, None);
    lesson.put(slot, Some(voice));
    report_loss(&mut lesson, student, ssrc, 90);
    for number in 10..14 {
        lesson.send(teacher, &plain(number));
    }
    let got = lesson.peers[student].take(ssrc);
    let numbers: Vec<_> = got.iter().map(|got| got.sequence).collect();
    lesson.send(
        student,
        &write(|out| rtcp::nack::write(out, 9, ssrc, &numbers)),
    );
    assert!(lesson.peers[student].take(ssrc).is_empty());
}
