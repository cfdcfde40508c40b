//! A publisher that numbers its packets transport-wide hears within 100 ms which of them came when.

mod lesson;

use engine::command::{ExtensionIds, Kind, ProducerParameters};
use engine::rtcp::{self, Message};
use lesson::*;

const TRANSPORT_CC_ID: u8 = 5;
const ABS_SEND_TIME_ID: u8 = 6;

fn numbered(kind: Kind, mid: &str, ssrc: u32) -> ProducerParameters {
    let parameters = track(kind, mid, &[ssrc]);
    ProducerParameters {
        extensions: ExtensionIds {
            transport_cc: Some(TRANSPORT_CC_ID),
            ..parameters.extensions
        },
        ..parameters
    }
}

fn send(lesson: &mut Lesson, peer: usize, ssrc: u32, payload_type: u8, number: u16) {
    let sequence = 100 + number;
    let extensions = [(TRANSPORT_CC_ID, &number.to_be_bytes()[..])];
    let packet = rtp_with(ssrc, payload_type, sequence, 0, &vp8(1, true), &extensions);
    lesson.send(peer, &packet);
}

/// Feedback: the first number, how many it covers, and which packets came when, in milliseconds.
type Told = (u16, u16, Vec<(u16, i64)>);

/// Take the feedback a peer got.
fn told(lesson: &mut Lesson, peer: usize) -> Vec<Told> {
    let reports = std::mem::take(&mut lesson.peers[peer].reports);
    let messages = reports.iter().flat_map(|report| rtcp::messages(report));
    messages
        .filter_map(|message| match message.unwrap() {
            Message::TransportCc(one) => {
                let came = one.arrivals().map(|each| (each.sequence, each.at / 1000));
                Some((one.base, one.count, came.collect()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn media_repair_and_padding_are_told_with_their_times() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    lesson.publish(teacher, numbered(Kind::Video, "0", 1000));
    lesson.publish(teacher, numbered(Kind::Audio, "1", 3000));
    lesson.wait(10 * MS);
    told(&mut lesson, teacher);
    send(&mut lesson, teacher, 1000, VP8, 7);
    lesson.wait(5 * MS);
    send(&mut lesson, teacher, 1001, VP8_RTX, 8);
    send(&mut lesson, teacher, 3000, OPUS, 9);
    // of no source at all: it used the path like the others
    lesson.wait(5 * MS);
    send(&mut lesson, teacher, 77, VP8, 12);
    lesson.wait(100 * MS);
    let feedback = told(&mut lesson, teacher);
    let came = vec![(7, 10), (8, 15), (9, 15), (12, 20)];
    assert_eq!(feedback, [(7, 6, came)]);
    lesson.wait(SECOND);
    assert!(told(&mut lesson, teacher).is_empty(), "silence is not told");
}

/// Send packets that say when they left, one every 10 ms, and return what REMB tells: bits and SSRCs.
fn bounds(lesson: &mut Lesson, peer: usize, ssrc: u32, packets: u16) -> Vec<(u64, Vec<u32>)> {
    for number in 0..packets {
        let stamp = (u32::from(number) * 2621).to_be_bytes(); // 10 ms
        let extensions = [(ABS_SEND_TIME_ID, &stamp[1..])];
        let packet = rtp_with(ssrc, VP8, 100 + number, 0, &vp8(1, true), &extensions);
        lesson.send(peer, &packet);
        lesson.wait(10 * MS);
    }
    let mut bounds = Vec::new();
    lesson.peers[peer].count(|message| {
        let Message::Remb(remb) = message else {
            return false;
        };
        bounds.push((remb.bitrate, remb.ssrcs().collect()));
        true
    });
    bounds
}

#[test]
fn a_publisher_that_leaves_the_estimate_to_us_is_told_it_every_second() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let mut dated = track(Kind::Video, "0", &[1000]);
    dated.extensions.abs_send_time = Some(ABS_SEND_TIME_ID);
    lesson.publish(teacher, dated.clone());
    assert!(
        bounds(&mut lesson, teacher, 1000, 300).is_empty(),
        "not negotiated"
    );
    dated.remb = true;
    let other = lesson.join();
    lesson.publish(other, dated);
    let told = bounds(&mut lesson, other, 1000, 300);
    assert!((2..=4).contains(&told.len()), "{told:?}");
    let is_right = |(bits, ssrcs): &(u64, Vec<u32>)| *bits > 100_000 && *ssrcs == [1000];
    assert!(told.iter().all(is_right), "{told:?}");
}

#[test]
fn a_publisher_that_did_not_negotiate_it_is_told_nothing() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    lesson.publish(teacher, camera(1000));
    send(&mut lesson, teacher, 1000, VP8, 7);
    lesson.wait(SECOND);
    assert!(told(&mut lesson, teacher).is_empty());
}

#[test]
fn a_number_of_another_length_is_not_one() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    lesson.publish(teacher, numbered(Kind::Video, "0", 1000));
    for number in [&[1][..], &[1, 2, 3]] {
        let packet = rtp_with(1000, VP8, 1, 0, &vp8(1, true), &[(TRANSPORT_CC_ID, number)]);
        lesson.send(teacher, &packet);
    }
    lesson.wait(SECOND);
    assert!(told(&mut lesson, teacher).is_empty());
}

#[test]
fn a_flood_of_numbers_is_answered_in_packets_of_ordinary_size() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    lesson.publish(teacher, numbered(Kind::Video, "0", 1000));
    for number in 0..3000 {
        send(&mut lesson, teacher, 1000, VP8, number);
    }
    lesson.wait(100 * MS);
    let longest = lesson.peers[teacher].reports.iter().map(Vec::len).max();
    assert!(longest.unwrap() <= 1200);
    let feedback = told(&mut lesson, teacher);
    let came: usize = feedback.iter().map(|(_, _, came)| came.len()).sum();
    assert!(came >= 2048, "{came}");
}
