//! A direct transport: plain packets in and out, otherwise like everybody.

mod lesson;

use engine::command::{Command, Event, Kind};
use engine::rtcp::{self, sr::SenderInfo};
use engine::rtp::is_rtcp;
use lesson::*;

#[test]
fn a_direct_subscriber_gets_plain_copies_in_batches() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let recorder = lesson.open_direct();
    let producer = lesson.publish(teacher, camera(1000));
    let (slot, ssrc) = lesson.slot_on(recorder, Kind::Video);
    lesson.put(slot, Some(producer));
    let mut camera = Camera::new(1000, 1, 1);
    let frames: Vec<_> = (0..5).map(|number| camera.frame(number == 0)).collect();
    lesson.send_batch(teacher, &frames);
    let copies: Vec<_> = lesson
        .events
        .iter()
        .filter_map(|event| match event {
            Event::PacketsReceived(transport, consumer, packets) if *consumer == slot => {
                assert_eq!(*transport, recorder);
                Some(packets.clone())
            }
            _ => None,
        })
        .collect();
    assert_eq!(copies.len(), 1);
    let got: Vec<_> = copies[0].iter().map(|copy| Got::read(copy)).collect();
    assert_eq!(got.len(), 5);
    assert_gapless(&got);
    assert_eq!(got[0].ssrc, ssrc);
}

#[test]
fn a_direct_subscriber_gets_sender_reports() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let recorder = lesson.open_direct();
    let producer = lesson.publish(teacher, camera(1000));
    let (slot, _) = lesson.slot_on(recorder, Kind::Video);
    lesson.put(slot, Some(producer));
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    lesson.wait(SECOND);
    assert!(lesson.events.iter().any(|event| match event {
        Event::PacketsReceived(_, _, packets) => is_rtcp(&packets[0]),
        _ => false,
    }));
}

#[test]
fn a_direct_publisher_reaches_subscribers_and_hears_their_wishes() {
    let mut lesson = Lesson::new();
    let student = lesson.join();
    let camera_file = lesson.open_direct();
    let producer = lesson.publish_on(camera_file, track(Kind::Video, "0", &[]));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(42, 9, 1);
    let info = SenderInfo {
        ssrc: 42,
        ntp: 1 << 32,
        rtp: 1,
        packets: 0,
        octets: 0,
    };
    let report = write(|out| rtcp::sr::write(out, &info, &[]));
    let packets = vec![camera.frame(false), report];
    lesson.tell(Command::PacketsSend { producer, packets });
    assert!(lesson.events.contains(&Event::KeyframeRequested(producer)));
    lesson.tell(Command::PacketsSend {
        producer,
        packets: vec![camera.frame(true)],
    });
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
    assert!(
        lesson
            .events
            .contains(&Event::ProducerStarted(producer, 42))
    );
}

#[test]
fn nonsense_from_a_direct_publisher_is_refused() {
    let mut lesson = Lesson::new();
    let (student, teacher) = (lesson.join(), lesson.join());
    let direct = lesson.open_direct();
    let producer = lesson.publish_on(direct, track(Kind::Video, "0", &[]));
    lesson.subscribe(student, Kind::Video, producer);
    let packets = vec![
        vec![],
        vec![0x80],
        vec![0x80, 200],
        vec![0; 3000],
        vec![0xFF; 20],
    ];
    lesson.tell(Command::PacketsSend { producer, packets });
    let foreign = lesson.publish(teacher, camera(1000));
    let packets = vec![Camera::new(1000, 1, 1).frame(true)];
    lesson.tell(Command::PacketsSend {
        producer: foreign,
        packets,
    });
    assert!(lesson.peers[student].packets.is_empty());
}
