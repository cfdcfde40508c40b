//! Header extensions toward a subscriber: with their ids, from our clock where it is ours.

mod lesson;

use engine::command::{Command, ConsumerId, ConsumerParameters, ExtensionIds, Kind};
use engine::rtcp;
use engine::rtp::Packet;
use lesson::*;

/// What a publisher has negotiated.
fn theirs() -> ExtensionIds {
    ExtensionIds {
        mid: Some(MID_ID),
        audio_level: Some(LEVEL_ID),
        abs_send_time: Some(3),
        video_orientation: Some(4),
        playout_delay: Some(5),
        content_type: Some(6),
        color_space: Some(7),
        transport_cc: Some(8),
        ..ExtensionIds::default()
    }
}

/// What a subscriber has: the same in another order.
fn ours() -> ExtensionIds {
    ExtensionIds {
        mid: Some(9),
        audio_level: Some(8),
        abs_send_time: Some(7),
        video_orientation: Some(6),
        playout_delay: Some(5),
        content_type: Some(4),
        color_space: Some(3),
        transport_cc: Some(2),
        ..ExtensionIds::default()
    }
}

fn open_slot(lesson: &mut Lesson, student: usize, kind: Kind) -> ConsumerId {
    let consumer = ConsumerId(lesson.new_id());
    let is_video = kind == Kind::Video;
    lesson.tell(Command::ConsumerCreate {
        consumer,
        transport: lesson.peers[student].transport,
        parameters: Box::new(ConsumerParameters {
            kind,
            mid: "slot".into(),
            ssrc: 77,
            rtx_ssrc: is_video.then_some(78),
            cname: "lesson".into(),
            codecs: codecs(kind),
            extensions: ours(),
            nack: true,
            remb: true,
        }),
    });
    consumer
}

#[test]
fn a_picture_keeps_what_its_publisher_says_of_it() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let mut parameters = camera(1000);
    parameters.extensions = theirs();
    let camera = lesson.publish(teacher, parameters);
    let slot = open_slot(&mut lesson, student, Kind::Video);
    lesson.put(slot, Some(camera));
    let said: [(u8, &[u8]); 6] = [
        (3, &[9, 9, 9]),
        (4, &[2]),
        (5, &[0, 16, 32]),
        (6, &[1]),
        (7, &[1, 1, 1, 2]),
        (8, &[0, 9]),
    ];
    for number in 0..2 {
        lesson.wait(100 * MS);
        let timestamp = 3000 * u32::from(number);
        let frame = rtp_with(1000, VP8, number, timestamp, &vp8(number, true), &said);
        lesson.send(teacher, &frame);
    }
    let packets = std::mem::take(&mut lesson.peers[student].packets);
    let mut read = packets.iter().map(|packet| Packet::parse(packet).unwrap());
    let (first, second) = (read.next().unwrap(), read.next().unwrap());
    for packet in [first, second] {
        assert_eq!(packet.extension(9), Some(&b"slot"[..]));
        assert_eq!(packet.extension(6), Some(&[2][..]));
        assert_eq!(packet.extension(5), Some(&[0, 16, 32][..]));
        assert_eq!(packet.extension(4), Some(&[1][..]));
        assert_eq!(packet.extension(3), Some(&[1, 1, 1, 2][..]));
    }
    // the clock of abs-send-time and the row of transport-wide numbers are ours
    let sent = |packet: Packet<'_>| {
        let time = packet.extension(7).unwrap();
        u32::from_be_bytes([0, time[0], time[1], time[2]])
    };
    let tenth = (1 << 18) / 10;
    assert!((sent(second) - sent(first)).abs_diff(tenth) <= 2);
    assert_eq!(first.extension(2), Some(&[0, 0][..]));
    assert_eq!(second.extension(2), Some(&[0, 1][..]));
}

#[test]
fn a_voice_says_how_loud_it_is() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let voice = lesson.publish(teacher, voice(2000));
    let slot = open_slot(&mut lesson, student, Kind::Audio);
    lesson.put(slot, Some(voice));
    let loud = rtp_with(2000, OPUS, 1, 960, b"sound", &[(LEVEL_ID, &[0x80 | 30])]);
    lesson.send(teacher, &loud);
    let packet = lesson.peers[student].packets[0].clone();
    let packet = Packet::parse(&packet).unwrap();
    assert_eq!(packet.extension(8), Some(&[0x80 | 30][..]));
}

#[test]
fn a_repeated_request_for_a_keyframe_is_no_news() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let camera = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, camera);
    lesson.send(teacher, &rtp(1000, VP8, 1, 0, &vp8(1, true)));
    lesson.wait(2 * SECOND);
    for (command, wishes) in [(7, 1), (7, 1), (7, 1), (8, 2)] {
        lesson.send(
            student,
            &write(|out| rtcp::fir::write(out, 9, ssrc, command)),
        );
        lesson.wait(2 * SECOND);
        lesson.check(student);
        assert_eq!(lesson.stats(student).keyframes_requested, wishes);
    }
}
