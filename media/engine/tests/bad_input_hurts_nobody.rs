//! Whatever comes, from whomever: it is counted, and everybody else goes on.

mod lesson;

use engine::command::{Command, Counter, Kind, MasterKey, TransportId};
use engine::remote::Remote;
use engine::srtp::Profile;
use lesson::*;
use proptest::prelude::*;

/// A lesson with a picture under way; returns teacher, student, slot SSRC and camera.
fn going() -> (Lesson, usize, usize, u32, Camera) {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    (lesson, teacher, student, ssrc, camera)
}

fn assert_goes_on(
    lesson: &mut Lesson,
    teacher: usize,
    student: usize,
    ssrc: u32,
    camera: &mut Camera,
) {
    lesson.peers[student].packets.clear();
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
}

#[test]
fn ten_thousand_forged_packets_change_nothing() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let from = lesson.peers[teacher].address;
    for number in 0..10_000u16 {
        let mut forged = rtp(1000, VP8, number, 5, &[0xAA; 60]);
        lesson.datagram(from, &mut forged);
    }
    let counters = lesson.core.counters();
    let refused =
        counters.get(Counter::rejected_unauthenticated) + counters.get(Counter::rejected_replayed);
    assert_eq!(refused, 10_000);
    assert_eq!(lesson.stats(teacher).packets_rejected, 10_000);
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
}

#[test]
fn a_replayed_packet_is_refused() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let frame = camera.frame(false);
    let protected = lesson.peers[teacher].protect(&frame);
    let from = lesson.peers[teacher].address;
    for _ in 0..3 {
        lesson.datagram(from, &mut protected.clone());
    }
    assert_eq!(lesson.peers[student].take(ssrc).len(), 2);
    assert_eq!(lesson.core.counters().get(Counter::rejected_replayed), 2);
}

#[test]
fn an_ssrc_of_another_track_stays_with_its_owner() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let other = lesson.publish(teacher, track(Kind::Video, "9", &[1000]));
    let (_, other_slot) = lesson.subscribe(student, Kind::Video, other);
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
    assert!(lesson.peers[student].take(other_slot).is_empty());
}

#[test]
fn a_student_who_sends_media_reaches_nobody() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    for number in 0..50 {
        lesson.send(student, &rtp(1000, VP8, number, 5, &vp8(1, true)));
    }
    assert_eq!(
        lesson.core.counters().get(Counter::rejected_unknown_source),
        50
    );
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
}

#[test]
fn packets_longer_than_any_mtu_are_refused() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let giant = rtp(1000, VP8, camera.sequence, camera.timestamp, &[1; 1900]);
    lesson.send(teacher, &giant);
    camera.sequence += 1;
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
    assert_eq!(lesson.core.counters().get(Counter::rejected_malformed), 1);
}

#[test]
fn a_runaway_source_is_bounded_at_each_subscriber_to_the_next_keyframe() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let payload = [&vp8(0, false)[..], &[0; 1400]].concat();
    for _ in 0..6000 {
        let packet = rtp(1000, VP8, camera.sequence, camera.timestamp, &payload);
        camera.sequence = camera.sequence.wrapping_add(1);
        lesson.send(teacher, &packet);
    }
    let got = lesson.peers[student].take(ssrc);
    let bytes: usize = got.iter().map(|got| got.payload.len()).sum();
    assert!(bytes < 5 << 20, "{bytes}");
    assert_gapless(&got);
    assert!(lesson.stats(student).packets_dropped > 0);
    lesson.wait(SECOND);
    camera.timestamp += 90_000;
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    assert!(
        lesson.peers[student].take(ssrc).is_empty(),
        "nothing before a keyframe"
    );
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    let after = lesson.peers[student].take(ssrc);
    assert_eq!(after.len(), 1);
    let step = after[0].sequence.wrapping_sub(got.last().unwrap().sequence);
    assert_eq!(step, 2, "the gap shows that something is missing");
}

#[test]
fn commands_with_nonsense_are_ignored() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let gone = TransportId(4711);
    let short = MasterKey {
        key: vec![1],
        salt: vec![],
    };
    lesson.tell(Command::TransportSetKeys {
        transport: TransportId(teacher as u64),
        profile: Profile::Aes128Gcm,
        send: short.clone(),
        receive: short,
    });
    lesson.tell(Command::TransportClose(gone));
    lesson.tell(Command::DtlsSend {
        transport: gone,
        datagram: vec![0; 5000],
    });
    lesson.tell(Command::DtlsSend {
        transport: TransportId(0),
        datagram: vec![0; 5000],
    });
    lesson.tell(Command::TransportCreate {
        transport: TransportId(student as u64),
        router: ROOM,
        ice_ufrag: "another".into(),
        ice_pwd: "0123456789012345678901".into(),
    });
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
}

#[test]
fn a_flood_of_dtls_does_not_drown_python() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let from = lesson.peers[student].address;
    lesson.events.clear();
    for _ in 0..10_000 {
        lesson.datagram(from, &mut [22; 1200]);
    }
    assert!(lesson.events.len() < 500, "{}", lesson.events.len());
    assert!(lesson.core.counters().get(Counter::dropped_dtls) > 9000);
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
}

#[test]
fn the_same_keys_again_do_not_reset_the_counters() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    lesson.wait(2 * SECOND);
    let before = lesson.peers[student].reports.len();
    lesson.give_keys(student);
    lesson.wait(2 * SECOND);
    // a receiver refuses SRTCP whose index it has seen
    assert!(lesson.peers[student].reports.len() > before);
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
}

#[test]
fn too_many_ssrcs_of_one_peer_are_not_kept() {
    let (mut lesson, teacher, student, ssrc, mut camera) = going();
    let producer = lesson.publish(teacher, track(Kind::Video, "many", &[]));
    lesson.subscribe(student, Kind::Video, producer);
    for number in 0..500 {
        let packet = rtp_with(
            50_000 + number,
            VP8,
            1,
            0,
            &vp8(0, true),
            &[(MID_ID, b"many")],
        );
        lesson.send(teacher, &packet);
    }
    assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_datagram_from_anyone_is_survived(
        data in prop::collection::vec(any::<u8>(), 0..200), first in any::<u8>(), known in any::<bool>(),
    ) {
        let (mut lesson, teacher, student, ssrc, mut camera) = going();
        let from = if known { lesson.peers[teacher].address } else { Remote::udp(([1, 2, 3, 4], 5).into()) };
        let mut data = data;
        if let Some(byte) = data.first_mut() { *byte = first; }
        lesson.datagram(from, &mut data);
        assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
    }

    #[test]
    fn any_authentic_rtp_is_survived(
        payload in prop::collection::vec(any::<u8>(), 0..100),
        sequences in prop::collection::vec(any::<u16>(), 1..40),
        payload_type in prop::sample::select(vec![VP8, VP8_RTX, H264, OPUS, 3]),
        ssrc in prop::sample::select(vec![1000u32, 1001, 5]),
        timestamp in any::<u32>(),
    ) {
        let (mut lesson, teacher, ..) = going();
        for sequence in sequences {
            let packet = rtp(ssrc, payload_type, sequence, timestamp, &payload);
            let mut data = lesson.peers[teacher].protect(&packet);
            let from = lesson.peers[teacher].address;
            lesson.datagram(from, &mut data);
        }
        lesson.wait(SECOND);
    }

    #[test]
    fn any_authentic_rtcp_is_survived(
        body in prop::collection::vec(any::<u8>(), 4..120), kind in 192u8..=207, count in 0u8..32,
    ) {
        let (mut lesson, teacher, student, ssrc, mut camera) = going();
        let mut packet = body;
        packet.truncate(packet.len() / 4 * 4);
        let words = (packet.len() / 4) as u16;
        let mut message = vec![0x80 | count, kind];
        message.extend_from_slice(&words.to_be_bytes());
        message.append(&mut packet);
        for peer in [teacher, student] {
            lesson.send(peer, &message);
        }
        lesson.wait(300 * MS);
        // a goodbye for the very source may have ended it; the slot goes on either way
        assert_goes_on(&mut lesson, teacher, student, ssrc, &mut camera);
    }
}
