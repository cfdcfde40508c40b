//! Publishing and subscribing, from the first packet on.

mod lesson;

use engine::command::{Command, Event, Kind, RouterId, TransportId};
use lesson::*;

#[test]
fn a_picture_is_renumbered_for_each_subscriber() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let students = [lesson.join(), lesson.join(), lesson.join()];
    let producer = lesson.publish(teacher, camera(1000));
    let slots = students.map(|student| lesson.subscribe(student, Kind::Video, producer).1);
    let mut camera = Camera::new(1000, 65_500, u32::MAX - 10_000);
    for number in 0..100 {
        let frame = camera.frame(number == 0);
        lesson.send(teacher, &frame);
    }
    for (student, ssrc) in students.into_iter().zip(slots) {
        let got = lesson.peers[student].take(ssrc);
        assert_eq!(got.len(), 100);
        assert_gapless(&got);
        assert!(got[0].sequence < 32_768);
        assert_eq!(got[0].payload_type, VP8 + SHIFT);
        let span = got[99].timestamp.wrapping_sub(got[0].timestamp);
        assert_eq!(span, 99 * 3000);
    }
}

#[test]
fn a_batch_reaches_each_subscriber_as_one_run() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let (first, second) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let slots = [first, second].map(|peer| lesson.subscribe(peer, Kind::Video, producer).1);
    let mut camera = Camera::new(1000, 1, 1);
    // more than one batch of the sending side
    let frames: Vec<_> = (0..150).map(|number| camera.frame(number == 0)).collect();
    lesson.send_batch(teacher, &frames);
    for (student, ssrc) in [first, second].into_iter().zip(slots) {
        let got = lesson.peers[student].take(ssrc);
        assert_eq!(got.len(), 150);
        assert_gapless(&got);
    }
}

#[test]
fn packets_of_a_frame_that_lack_a_byte_leave_as_long_as_the_others() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    lesson.send(teacher, &rtp(1000, VP8, 0, 0, &vp8(6, true)));
    lesson.peers[student].packets.clear();
    let payload = |length: usize| [vp8(7, false), vec![5; length]].concat();
    let lengths = [100, 100, 101, 99, 101, 60];
    let frame: Vec<_> = (1..)
        .zip(lengths)
        .map(|(number, length)| rtp(1000, VP8, number, 3000, &payload(length)))
        .collect();
    let next = rtp(1000, VP8, 7, 6000, &payload(100));
    lesson.send_batch(teacher, &[frame, vec![next]].concat());
    let sizes: Vec<_> = lesson.peers[student].packets.iter().map(Vec::len).collect();
    let longest = sizes[2];
    let expected = [0, 0, 0, 2, 0, 41, 1].map(|less| longest - less);
    assert_eq!(sizes, expected, "only a byte, and only within a frame");
    let got = lesson.peers[student].take(ssrc);
    let carried: Vec<_> = got.iter().map(|got| got.payload.len()).collect();
    assert_eq!(carried, [100, 100, 101, 99, 101, 60, 100].map(|n| n + 9));
}

#[test]
fn a_late_subscriber_begins_with_the_last_keyframe() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    for number in 0..30 {
        let frame = camera.frame(number % 10 == 0);
        lesson.send(teacher, &frame);
    }
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let got = lesson.peers[student].take(ssrc);
    assert_eq!(got.len(), 10, "the last keyframe and what follows, at once");
    assert_eq!(got[0].payload[4], 0, "a keyframe");
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    let next = lesson.peers[student].take(ssrc);
    assert_eq!(next[0].sequence, got[9].sequence.wrapping_add(1));
    assert_eq!(lesson.peers[teacher].take_plis(), 0);
}

#[test]
fn a_subscriber_begins_when_it_is_connected_not_before() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let producer = lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    let student = lesson.open(ROOM);
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    lesson.check(student);
    assert!(lesson.peers[student].packets.is_empty());
    lesson.give_keys(student);
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
}

#[test]
fn sound_begins_with_the_next_packet() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, voice(2000));
    lesson.send(teacher, &rtp(2000, OPUS, 1, 0, &[1; 40]));
    let (_, ssrc) = lesson.subscribe(student, Kind::Audio, producer);
    assert!(lesson.peers[student].packets.is_empty());
    lesson.send(teacher, &rtp(2000, OPUS, 2, 960, &[2; 40]));
    lesson.send(teacher, &rtp(2000, OPUS, 3, 960 * 20, &[3; 40]));
    let got = lesson.peers[student].take(ssrc);
    assert_eq!(got.len(), 2);
    assert!(got[0].marker && !got[1].marker, "a talk spurt begins");
    assert_eq!(
        got[1].timestamp.wrapping_sub(got[0].timestamp),
        960 * 19,
        "DTX keeps its pause"
    );
}

#[test]
fn an_ssrc_is_bound_by_its_mid_once_and_for_good() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, track(Kind::Video, "cam", &[]));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    lesson.send(teacher, &rtp(77, VP8, 1, 0, &vp8(0, true)));
    assert!(
        lesson.peers[student].packets.is_empty(),
        "nobody knows this SSRC yet"
    );
    let named = rtp_with(77, VP8, 2, 0, &vp8(0, true), &[(MID_ID, b"cam")]);
    lesson.send(teacher, &named);
    lesson.send(teacher, &rtp(77, VP8, 3, 3000, &vp8(1, false)));
    assert_eq!(lesson.peers[student].take(ssrc).len(), 2);
    assert!(
        lesson
            .events
            .contains(&Event::ProducerStarted(producer, 77))
    );
}

#[test]
fn without_mid_a_payload_type_of_one_track_binds() {
    let mut lesson = Lesson::new();
    let (encoder, student) = (lesson.join(), lesson.join());
    let mut picture = track(Kind::Video, "0", &[]);
    picture.extensions.mid = None;
    let mut sound = track(Kind::Audio, "1", &[]);
    sound.extensions.mid = None;
    let picture = lesson.publish(encoder, picture);
    let sound = lesson.publish(encoder, sound);
    let (_, video) = lesson.subscribe(student, Kind::Video, picture);
    let (_, audio) = lesson.subscribe(student, Kind::Audio, sound);
    lesson.send_batch(
        encoder,
        &[
            rtp(5, VP8, 1, 0, &vp8(0, true)),
            rtp(6, OPUS, 1, 0, &[1; 20]),
        ],
    );
    let (mut got, peer) = (Vec::new(), &mut lesson.peers[student]);
    got.extend(peer.packets.iter().map(|packet| Got::read(packet).ssrc));
    got.sort_unstable();
    assert_eq!(got, [video, audio]);
}

#[test]
fn padding_probes_of_unknown_ssrcs_create_nothing() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    lesson.publish(teacher, track(Kind::Video, "cam", &[]));
    for ssrc in 0..200 {
        let probe = rtp_with(ssrc, VP8_RTX, 1, 0, &[], &[(MID_ID, b"cam")]);
        lesson.send(teacher, &probe);
    }
    assert!(
        !lesson
            .events
            .iter()
            .any(|event| matches!(event, Event::ProducerStarted(..)))
    );
}

#[test]
fn packets_stay_in_their_room() {
    let mut lesson = Lesson::new();
    lesson.tell(Command::RouterCreate(RouterId(2)));
    let teacher = lesson.join();
    let outsider = lesson.join_router(RouterId(2));
    let producer = lesson.publish(teacher, camera(1000));
    lesson.subscribe(outsider, Kind::Video, producer);
    let listener = lesson.join();
    lesson.subscribe(listener, Kind::Audio, producer);
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    assert!(lesson.peers[outsider].packets.is_empty());
    assert!(
        lesson.peers[listener].packets.is_empty(),
        "pictures do not go into sound"
    );
}

#[test]
fn what_is_closed_is_gone_for_everybody() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (slot, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
    lesson.tell(Command::ConsumerClose(slot));
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    assert!(lesson.peers[student].packets.is_empty());
    lesson.tell(Command::TransportClose(TransportId(teacher as u64)));
    lesson.tell(Command::RouterClose(ROOM));
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    lesson.wait(SECOND);
    assert!(
        lesson.core.next_timeout().is_none(),
        "an empty engine sleeps"
    );
    assert!(
        lesson
            .core
            .transport_stats(TransportId(student as u64))
            .is_none()
    );
}

#[test]
fn audio_levels_are_told_five_times_a_second() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let producer = lesson.publish(teacher, voice(2000));
    for number in 0..50u16 {
        let level = [0x80 | if number % 10 == 3 { 20 } else { 60 }];
        let packet = rtp_with(
            2000,
            OPUS,
            number,
            u32::from(number) * 960,
            &[0; 30],
            &[(LEVEL_ID, &level)],
        );
        lesson.send(teacher, &packet);
        lesson.wait(20 * MS);
    }
    let levels: Vec<_> = lesson
        .events
        .iter()
        .filter_map(|event| match event {
            Event::AudioLevels(levels) => Some(levels.clone()),
            _ => None,
        })
        .collect();
    assert!((4..=6).contains(&levels.len()), "{levels:?}");
    assert!(
        levels[1..4]
            .iter()
            .all(|levels| levels[..] == [(producer, 20)]),
        "the loudest"
    );
}

#[test]
fn a_source_that_stops_is_stalled_and_resumes() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let producer = lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    lesson.wait(5 * SECOND);
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    let told: Vec<_> = lesson
        .events
        .iter()
        .filter(|event| {
            matches!(
                event,
                Event::ProducerStarted(..) | Event::ProducerStalled(_) | Event::ProducerResumed(_)
            )
        })
        .cloned()
        .collect();
    assert_eq!(
        told,
        [
            Event::ProducerStarted(producer, 1000),
            Event::ProducerStalled(producer),
            Event::ProducerResumed(producer),
        ]
    );
}

#[test]
fn a_slide_that_has_stood_for_long_is_shown_at_once() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    for number in 0..5 {
        let frame = camera.frame(number == 0);
        lesson.send(teacher, &frame);
    }
    lesson.wait_consenting(60 * SECOND);
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    assert_eq!(lesson.peers[student].take(ssrc).len(), 5);
    camera.timestamp += 60 * 90_000;
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
}

#[test]
fn a_long_stretch_since_the_keyframe_is_not_replayed() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    for number in 0..600 {
        let frame = camera.frame(number == 0);
        lesson.send(teacher, &frame);
    }
    lesson.subscribe(student, Kind::Video, producer);
    assert!(lesson.peers[student].packets.is_empty());
    assert_eq!(
        lesson.peers[teacher].take_plis(),
        1,
        "a fresh one is asked for"
    );
}
