//! A subscriber with transport-wide feedback: every packet has its own number, and what the path
//! carries is told upwards.

mod lesson;

use std::collections::BTreeSet;

use engine::command::{
    Command, ConsumerId, ConsumerParameters, Event, ExtensionIds, Kind, TransportId,
};
use engine::rtcp::transport_cc::{self, Sender};
use engine::rtp::Packet;
use lesson::*;

const TRANSPORT_CC_ID: u8 = 5;

/// Open a slot with transport-wide numbers; returns its SSRC.
fn numbered_slot(lesson: &mut Lesson, peer: usize, kind: Kind, rtx: bool) -> (ConsumerId, u32) {
    let consumer = ConsumerId(lesson.new_id());
    let ssrc = 0x0B00_0000 + consumer.0 as u32;
    let mut codecs = codecs(kind);
    if !rtx {
        codecs
            .iter_mut()
            .for_each(|codec| codec.rtx_payload_type = None);
    }
    lesson.tell(Command::ConsumerCreate {
        consumer,
        transport: lesson.peers[peer].transport,
        parameters: Box::new(ConsumerParameters {
            kind,
            mid: "slot".into(),
            ssrc,
            rtx_ssrc: rtx.then_some(ssrc + 0x0100_0000),
            cname: "lesson".into(),
            codecs,
            extensions: ExtensionIds {
                transport_cc: Some(TRANSPORT_CC_ID),
                ..ExtensionIds::default()
            },
            nack: true,
            remb: true,
        }),
    });
    (consumer, ssrc)
}

/// Take the transport-wide numbers of everything a peer got.
fn numbers(lesson: &mut Lesson, peer: usize) -> Vec<Option<u16>> {
    let packets = std::mem::take(&mut lesson.peers[peer].packets);
    let number = |packet: &Vec<u8>| {
        let packet = Packet::parse(packet).unwrap();
        let data = packet.extension(TRANSPORT_CC_ID)?;
        Some(u16::from_be_bytes(data.try_into().unwrap()))
    };
    packets.iter().map(number).collect()
}

fn nack(ssrc: u32, lost: &[u16]) -> Vec<u8> {
    write(|out| engine::rtcp::nack::write(out, 1, ssrc, lost))
}

#[test]
fn sound_picture_and_repair_are_numbered_in_one_row() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let picture = lesson.publish(teacher, camera(1000));
    let sound = lesson.publish(teacher, voice(3000));
    let (slot, ssrc) = numbered_slot(&mut lesson, student, Kind::Video, true);
    lesson.put(slot, Some(picture));
    let (slot, _) = numbered_slot(&mut lesson, student, Kind::Audio, false);
    lesson.put(slot, Some(sound));
    let mut camera = Camera::new(1000, 1, 1);
    for number in 0..5u16 {
        let frame = camera.frame(number == 0);
        lesson.send(teacher, &frame);
        let speech = rtp(3000, OPUS, number, u32::from(number) * 960, &[7; 50]);
        lesson.send(teacher, &speech);
    }
    let first = Packet::parse(&lesson.peers[student].packets[0])
        .unwrap()
        .sequence();
    lesson.send(student, &nack(ssrc, &[first + 1]));
    let expected: Vec<_> = (0..11).map(Some).collect();
    assert_eq!(numbers(&mut lesson, student), expected);
}

#[test]
fn a_picture_that_is_repaired_to_the_byte_has_no_numbers() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let picture = lesson.publish(teacher, camera(1000));
    let (slot, _) = numbered_slot(&mut lesson, student, Kind::Video, false);
    lesson.put(slot, Some(picture));
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    assert_eq!(numbers(&mut lesson, student), [None]);
}

#[test]
fn numbered_sound_is_not_sent_again() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let sound = lesson.publish(teacher, voice(3000));
    let (slot, ssrc) = numbered_slot(&mut lesson, student, Kind::Audio, false);
    lesson.put(slot, Some(sound));
    lesson.send(teacher, &rtp(3000, OPUS, 1, 960, &[7; 50]));
    let first = Packet::parse(&lesson.peers[student].packets[0])
        .unwrap()
        .sequence();
    numbers(&mut lesson, student);
    lesson.send(student, &nack(ssrc, &[first]));
    assert!(
        numbers(&mut lesson, student).is_empty(),
        "it would differ under one key and index"
    );
}

#[test]
fn what_the_path_carries_is_told_when_it_changes() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let picture = lesson.publish(teacher, camera(1000));
    let (slot, _) = numbered_slot(&mut lesson, student, Kind::Video, true);
    lesson.put(slot, Some(picture));
    let mut camera = Camera::new(1000, 1, 1);
    let (mut base, mut told) = (65_536, BTreeSet::new());
    for round in 0..200i64 {
        let frame = camera.frame(round == 0);
        lesson.send(teacher, &frame);
        let got = numbers(&mut lesson, student);
        // each packet is a further 20 ms late: a queue that never ends
        let at = round * 53_000;
        let arrivals: Vec<_> = (base..).zip(&got).map(|(number, _)| (number, at)).collect();
        let sender = Sender {
            sender_ssrc: 1,
            media_ssrc: 2,
            feedback_count: 0,
        };
        if !arrivals.is_empty() {
            let write_to = |out: &mut [u8]| transport_cc::write(out, &sender, base, &arrivals);
            let feedback = write(|out| write_to(out).map(|(len, _)| len));
            lesson.send(student, &feedback);
            base += arrivals.len() as u64;
        }
        lesson.wait(33 * MS);
    }
    for event in &lesson.events {
        if let Event::Estimates(estimates) = event {
            assert_eq!(estimates.len(), 1, "the teacher watches nothing");
            assert_eq!(estimates[0].0, TransportId(student as u64));
            told.insert(estimates[0].1);
        }
    }
    assert!(told.len() > 1, "{told:?}");
    assert_eq!(
        told.first(),
        Some(&30_000),
        "a growing queue brings it down"
    );
    assert_eq!(lesson.stats(student).estimate, Some(30_000));
}

#[test]
fn feedback_of_a_peer_that_did_not_negotiate_it_says_nothing() {
    let mut lesson = Lesson::new();
    let student = lesson.join();
    let sender = Sender {
        sender_ssrc: 1,
        media_ssrc: 2,
        feedback_count: 0,
    };
    let feedback =
        write(|out| transport_cc::write(out, &sender, 5, &[(5, 0), (6, 1)]).map(|(len, _)| len));
    lesson.send(student, &feedback);
    lesson.wait(SECOND);
    assert_eq!(lesson.stats(student).estimate, None);
    assert!(
        !lesson
            .events
            .iter()
            .any(|event| matches!(event, Event::Estimates(_)))
    );
}
