//! Sender reports: one clock for everything a subscriber gets.

mod lesson;

use engine::command::{ConsumerId, Kind};
use engine::rtcp::{self, Message, sr::SenderInfo};
use lesson::*;

/// Return the last report about an SSRC.
fn last_report(lesson: &mut Lesson, peer: usize, ssrc: u32) -> Option<SenderInfo> {
    let reports = lesson.peers[peer].reports.iter();
    let messages = reports.flat_map(|report| rtcp::messages(report)).flatten();
    messages
        .filter_map(|message| match message {
            Message::SenderReport(report) if report.info.ssrc == ssrc => Some(report.info),
            _ => None,
        })
        .last()
}

/// Return when an RTP time is played according to a report, in seconds of its NTP clock.
fn played_at(report: &SenderInfo, timestamp: u32, rate: f64) -> f64 {
    let ntp = report.ntp as f64 / f64::from(2f32.powi(32));
    ntp + f64::from(timestamp.wrapping_sub(report.rtp) as i32) / rate
}

struct Scene {
    lesson: Lesson,
    teacher: usize,
    student: usize,
    picture: u32,
    sound: u32,
    slot: ConsumerId,
}

/// A picture and a voice captured at the same instant, where the picture arrives 80 ms later.
fn scene() -> Scene {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let camera = lesson.publish(teacher, camera(1000));
    let voice = lesson.publish(teacher, voice(2000));
    let (slot, picture) = lesson.subscribe(student, Kind::Video, camera);
    let (_, sound) = lesson.subscribe(student, Kind::Audio, voice);
    Scene {
        lesson,
        teacher,
        student,
        picture,
        sound,
        slot,
    }
}

impl Scene {
    /// Send one second: capture times are exact, the picture is late.
    fn second(&mut self, number: u32, with_reports: bool) {
        let (audio, video) = (
            5_000 + number * 48_000,
            4_294_900_000u32.wrapping_add(number * 90_000),
        );
        if with_reports {
            // the publisher's clock is in another decade
            let ntp = (1_000_000 + u64::from(number)) << 32;
            for (ssrc, rtp) in [(2000, audio), (1000, video)] {
                let info = SenderInfo {
                    ssrc,
                    ntp,
                    rtp,
                    packets: 1,
                    octets: 1,
                };
                let report = write(|out| rtcp::sr::write(out, &info, &[]));
                self.lesson.send(self.teacher, &report);
            }
        }
        let sequence = (number * 10) as u16;
        self.lesson
            .send(self.teacher, &rtp(2000, OPUS, sequence, audio, &[1; 40]));
        self.lesson.wait(80 * MS);
        self.lesson.send(
            self.teacher,
            &rtp(1000, VP8, sequence, video, &vp8(1, true)),
        );
        self.lesson.wait(920 * MS);
    }

    /// Return by how much the picture is played after the sound captured with it, in seconds.
    fn skew(&mut self) -> f64 {
        let student = self.student;
        let picture = last_report(&mut self.lesson, student, self.picture).expect("a report");
        let sound = last_report(&mut self.lesson, student, self.sound).expect("a report");
        let packets = self.lesson.peers[student].packets.clone();
        let newest = |ssrc| {
            let mut read = packets.iter().rev().map(|packet| Got::read(packet));
            read.find(|got| got.ssrc == ssrc)
                .expect("a packet")
                .timestamp
        };
        played_at(&picture, newest(self.picture), 90_000.0)
            - played_at(&sound, newest(self.sound), 48_000.0)
    }
}

#[test]
fn with_the_publishers_reports_they_are_exactly_together() {
    let mut scene = scene();
    for number in 0..4 {
        scene.second(number, true);
    }
    assert!(scene.skew().abs() < 0.005, "{}", scene.skew());
}

#[test]
fn before_its_reports_arrival_decides() {
    let mut scene = scene();
    for number in 0..3 {
        scene.second(number, false);
    }
    assert!((scene.skew() - 0.080).abs() < 0.005, "{}", scene.skew());
    for number in 3..6 {
        scene.second(number, true);
    }
    assert!(scene.skew().abs() < 0.005, "{}", scene.skew());
}

#[test]
fn a_report_follows_the_first_packet_at_once() {
    let mut scene = scene();
    scene.second(0, true);
    let student = scene.student;
    let info = last_report(&mut scene.lesson, student, scene.picture).expect("a report");
    assert!(info.packets >= 1);
    assert_eq!(
        info.ntp >> 32,
        1_800_000_000 + 2_208_988_800,
        "the engine's own clock"
    );
}

#[test]
fn a_slot_keeps_its_line_of_time_when_its_source_changes() {
    let mut scene = scene();
    for number in 0..3 {
        scene.second(number, true);
    }
    let student = scene.student;
    let before = last_report(&mut scene.lesson, student, scene.picture).unwrap();
    let guest = scene.lesson.join();
    let other = scene.lesson.publish(guest, camera(7000));
    scene.lesson.put(scene.slot, Some(other));
    let info = SenderInfo {
        ssrc: 7000,
        ntp: 99 << 32,
        rtp: 555,
        packets: 0,
        octets: 0,
    };
    scene
        .lesson
        .send(guest, &rtp(7000, VP8, 1, 555, &vp8(1, true)));
    scene
        .lesson
        .send(guest, &write(|out| rtcp::sr::write(out, &info, &[])));
    scene.lesson.wait(2 * SECOND);
    let after = last_report(&mut scene.lesson, student, scene.picture).unwrap();
    assert!(after.ntp > before.ntp);
    let jump = played_at(&after, 0, 90_000.0) - played_at(&before, 0, 90_000.0);
    assert!(jump.abs() < 0.1, "{jump}");
}

#[test]
fn a_publisher_gets_receiver_reports() {
    let mut scene = scene();
    scene.second(0, true);
    scene.second(1, true);
    scene.lesson.wait(SECOND);
    let reports = std::mem::take(&mut scene.lesson.peers[scene.teacher].reports);
    let mut blocks = Vec::new();
    for message in reports
        .iter()
        .flat_map(|report| rtcp::messages(report))
        .flatten()
    {
        if let Message::ReceiverReport(report) = message {
            blocks.extend(report.blocks.iter());
        }
    }
    let last = blocks
        .iter()
        .rev()
        .find(|block| block.ssrc == 1000)
        .expect("a block");
    assert_eq!(last.highest_sequence, 10);
    assert_eq!(last.lost, 9);
    assert_eq!(last.last_sr, 1_000_001 << 16);
    assert!(last.delay_since_last_sr > 0);
    assert!(blocks.iter().any(|block| block.ssrc == 2000));
}

#[test]
fn a_subscribers_report_tells_round_trip_and_loss() {
    let mut scene = scene();
    scene.second(0, true);
    let student = scene.student;
    let info = last_report(&mut scene.lesson, student, scene.picture).unwrap();
    let sent = scene.lesson.now;
    scene.lesson.wait(40 * MS);
    let held = scene.lesson.now - sent;
    let block = rtcp::rr::ReportBlock {
        ssrc: scene.picture,
        fraction_lost: 64,
        last_sr: info.compact_ntp(),
        delay_since_last_sr: engine::clock::duration_to_short_ntp(held),
        ..Default::default()
    };
    let report = write(|out| rtcp::rr::write(out, 9, &[block]));
    scene.lesson.send(student, &report);
    let stats = scene.lesson.stats(student);
    assert_eq!(stats.fraction_lost, Some(0.25));
    let round_trip = stats.round_trip_ms.expect("a round trip");
    assert!(round_trip < 1000.0, "{round_trip}");
}

#[test]
fn a_reference_time_is_answered() {
    let mut scene = scene();
    let report = write(|out| rtcp::xr::write_reference_time(out, 9, 0x1234_5678_9ABC_DEF0));
    scene.lesson.send(scene.student, &report);
    let answers = scene.lesson.peers[scene.student].count(|message| match message {
        Message::ExtendedReport(report) => report
            .dlrr()
            .any(|answer| answer.ssrc == 9 && answer.last_rr == 0x5678_9ABC),
        _ => false,
    });
    assert_eq!(answers, 1);
}
