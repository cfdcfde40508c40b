//! One slot, several sources: numbers, times and picture ids never jump back.

mod lesson;

use engine::command::{Command, Kind, ProducerId, TransportId};
use engine::rtcp::sr::SenderInfo;
use lesson::*;

/// Show `count` frames at 30 a second, the first a keyframe if wanted.
fn show(lesson: &mut Lesson, peer: usize, camera: &mut Camera, count: usize, keyframe: bool) {
    for number in 0..count {
        let frame = camera.frame(keyframe && number == 0);
        lesson.send(peer, &frame);
        lesson.wait(MS * 1000 / 30);
    }
}

fn assert_goes_on(before: &Got, after: &Got, least: u32, most: u32) {
    let step = after.sequence.wrapping_sub(before.sequence);
    assert!((1..=2).contains(&step), "sequence step {step}");
    let span = after.timestamp.wrapping_sub(before.timestamp);
    assert!(
        (least..=most).contains(&span),
        "time step {span} is not in {least}..={most}"
    );
    let pictures = picture_id(&after.payload).wrapping_sub(picture_id(&before.payload)) & 0x7FFF;
    assert_eq!(pictures, 1, "picture ids go on");
    assert_eq!(after.payload[4], 0, "a keyframe begins");
}

#[test]
fn a_teacher_who_reloads_goes_on_in_the_same_slot() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let first = lesson.publish(teacher, camera(1000));
    let (slot, ssrc) = lesson.subscribe(student, Kind::Video, first);
    show(
        &mut lesson,
        teacher,
        &mut Camera::new(1000, 500, 12_345),
        30,
        true,
    );
    let before = lesson.peers[student].take(ssrc);
    lesson.tell(Command::TransportClose(TransportId(teacher as u64)));
    lesson.wait(3 * SECOND);
    let again = lesson.join();
    let second = lesson.publish(again, camera(3000));
    lesson.put(slot, Some(second));
    show(
        &mut lesson,
        again,
        &mut Camera::new(3000, 60_000, 4_000_000_000),
        30,
        true,
    );
    let after = lesson.peers[student].take(ssrc);
    assert_eq!((before.len(), after.len()), (30, 30));
    assert_gapless(&after);
    assert_goes_on(&before[29], &after[0], 3 * 90_000, 3 * 90_000 + 9000);
}

#[test]
fn another_source_begins_with_its_keyframe() {
    let mut lesson = Lesson::new();
    let (teacher, guest, student) = (lesson.join(), lesson.join(), lesson.join());
    let first = lesson.publish(teacher, camera(1000));
    let second = lesson.publish(guest, camera(2000));
    let (slot, ssrc) = lesson.subscribe(student, Kind::Video, first);
    let mut one = Camera::new(1000, 10, 10);
    let mut two = Camera::new(2000, 40_000, 2_000_000_000);
    show(&mut lesson, teacher, &mut one, 10, true);
    show(&mut lesson, guest, &mut two, 5, false);
    lesson.put(slot, Some(second));
    let before = lesson.peers[student].take(ssrc);
    show(&mut lesson, guest, &mut two, 5, false);
    assert!(
        lesson.peers[student].take(ssrc).is_empty(),
        "nothing before a keyframe"
    );
    assert_eq!(lesson.peers[guest].take_plis(), 1, "which is asked for");
    show(&mut lesson, guest, &mut two, 10, true);
    let after = lesson.peers[student].take(ssrc);
    assert_eq!(after.len(), 10);
    assert_goes_on(&before[9], &after[0], 1, 90_000);
    let mut third = Camera::new(1000, 20, 10 + 30_000 * 2);
    show(&mut lesson, teacher, &mut third, 3, false);
    lesson.put(slot, Some(first));
    third.sequence += 1;
    show(&mut lesson, teacher, &mut third, 3, true);
    assert_goes_on(&after[9], &lesson.peers[student].take(ssrc)[0], 1, 90_000);
}

#[test]
fn a_source_seen_before_the_old_one_ended_waits_for_a_later_keyframe() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let first = lesson.publish(teacher, camera(1000));
    let second = lesson.publish(teacher, track(Kind::Video, "2", &[2000]));
    let (slot, ssrc) = lesson.subscribe(student, Kind::Video, first);
    let mut two = Camera::new(2000, 1, 1);
    show(&mut lesson, teacher, &mut two, 3, true);
    show(&mut lesson, teacher, &mut Camera::new(1000, 1, 1), 10, true);
    let before = lesson.peers[student].take(ssrc);
    lesson.put(slot, Some(second));
    assert!(
        lesson.peers[student].take(ssrc).is_empty(),
        "that keyframe lies in the past"
    );
    lesson.wait(100 * MS);
    assert_eq!(lesson.peers[teacher].take_plis(), 1);
    show(&mut lesson, teacher, &mut two, 3, true);
    assert_goes_on(
        before.last().unwrap(),
        &lesson.peers[student].take(ssrc)[0],
        1,
        90_000,
    );
}

#[test]
fn sound_goes_on_over_a_source_change() {
    let mut lesson = Lesson::new();
    let (teacher, guest, student) = (lesson.join(), lesson.join(), lesson.join());
    let first = lesson.publish(teacher, voice(1000));
    let second = lesson.publish(guest, voice(2000));
    let (slot, ssrc) = lesson.subscribe(student, Kind::Audio, first);
    let speak = |lesson: &mut Lesson, peer, ssrc, sequence: u16, base: u32| {
        for number in 0..10u16 {
            let timestamp = base.wrapping_add(u32::from(number) * 960);
            lesson.send(
                peer,
                &rtp(
                    ssrc,
                    OPUS,
                    sequence.wrapping_add(number),
                    timestamp,
                    &[7; 50],
                ),
            );
            lesson.wait(20 * MS);
        }
    };
    speak(&mut lesson, teacher, 1000, 65_530, 5);
    lesson.put(slot, Some(second));
    speak(&mut lesson, guest, 2000, 1, 4_294_967_000);
    let got = lesson.peers[student].take(ssrc);
    assert_eq!(got.len(), 20);
    let step = got[10].timestamp.wrapping_sub(got[9].timestamp);
    assert!((900..=1100).contains(&step), "{step}");
    assert!(got[10].marker);
}

#[test]
fn an_ssrc_that_changes_under_a_mid_takes_over_after_silence() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, track(Kind::Video, "cam", &[]));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let named = |ssrc, sequence, timestamp, payload: &[u8]| {
        rtp_with(ssrc, VP8, sequence, timestamp, payload, &[(MID_ID, b"cam")])
    };
    lesson.send(teacher, &named(5, 1, 0, &vp8(9, true)));
    lesson.send(teacher, &named(6, 1, 0, &vp8(1, true)));
    let before = lesson.peers[student].take(ssrc);
    assert_eq!(before.len(), 1, "one SSRC at a time");
    lesson.wait(3 * SECOND);
    lesson.send(teacher, &named(6, 2, 3000, &vp8(2, true)));
    let after = lesson.peers[student].take(ssrc);
    assert_goes_on(&before[0], &after[0], 2 * 90_000, 4 * 90_000);
}

#[test]
fn a_goodbye_makes_room_at_once() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, track(Kind::Video, "0", &[5, 6]));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    lesson.send(teacher, &rtp(5, VP8, 1, 0, &vp8(1, true)));
    lesson.send(teacher, &write(|out| engine::rtcp::bye::write(out, &[5])));
    lesson.send(teacher, &rtp(6, VP8, 1, 0, &vp8(1, true)));
    assert_eq!(lesson.peers[student].take(ssrc).len(), 2);
}

#[test]
fn a_sender_that_numbers_anew_is_followed() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    show(&mut lesson, teacher, &mut Camera::new(1000, 1, 1), 5, true);
    let before = lesson.peers[student].take(ssrc);
    show(
        &mut lesson,
        teacher,
        &mut Camera::new(1000, 20_000, 3_000_000_000),
        5,
        true,
    );
    let after = lesson.peers[student].take(ssrc);
    assert_goes_on(&before[4], &after[0], 1, 9000);
}

#[test]
fn an_empty_slot_is_silent_and_goes_on_later() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (slot, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(1000, 1, 1);
    show(&mut lesson, teacher, &mut camera, 5, true);
    let before = lesson.peers[student].take(ssrc);
    lesson.put(slot, None);
    show(&mut lesson, teacher, &mut camera, 30, true);
    assert!(lesson.peers[student].packets.is_empty());
    lesson.put(slot, Some(ProducerId(producer.0)));
    let after = lesson.peers[student].take(ssrc);
    assert_goes_on(&before[4], &after[0], 3000, 60_000);
}

#[test]
fn a_report_moves_no_packet_of_a_running_source() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(1000, 1, 1);
    show(&mut lesson, teacher, &mut camera, 3, true);
    let info = SenderInfo {
        ssrc: 1000,
        ntp: 5 << 32,
        rtp: 77,
        packets: 3,
        octets: 30,
    };
    lesson.send(
        teacher,
        &write(|out| engine::rtcp::sr::write(out, &info, &[])),
    );
    show(&mut lesson, teacher, &mut camera, 3, false);
    let got = lesson.peers[student].take(ssrc);
    assert_gapless(&got);
    assert!(
        got.windows(2)
            .all(|pair| pair[1].timestamp.wrapping_sub(pair[0].timestamp) == 3000)
    );
}
