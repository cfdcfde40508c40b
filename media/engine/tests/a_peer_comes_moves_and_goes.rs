//! ICE: checks, consent, migration, restart, and what others notice of it.

mod lesson;

use engine::command::{Command, Counter, Event, Kind, TransportId};
use engine::core::Taken;
use engine::remote::Remote;
use engine::rtp;
use lesson::*;

fn told(lesson: &mut Lesson) -> Vec<Event> {
    std::mem::take(&mut lesson.events)
}

#[test]
fn the_first_check_connects() {
    let mut lesson = Lesson::new();
    let peer = lesson.open(ROOM);
    lesson.check(peer);
    let address = lesson.peers[peer].address;
    assert_eq!(
        told(&mut lesson),
        [Event::TransportConnected(TransportId(0), address)]
    );
    assert_eq!(lesson.peers[peer].other.len(), 1, "an answer");
}

#[test]
fn silence_disconnects_and_thirty_seconds_of_it_end_the_transport() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    lesson.subscribe(student, Kind::Video, producer);
    told(&mut lesson);
    lesson.wait(10 * SECOND);
    assert!(told(&mut lesson).contains(&Event::TransportDisconnected(TransportId(0))));
    lesson.check(student);
    let address = lesson.peers[student].address;
    assert!(told(&mut lesson).contains(&Event::TransportConnected(TransportId(1), address)));
    lesson.wait(25 * SECOND);
    let events = told(&mut lesson);
    assert!(events.contains(&Event::TransportExpired(TransportId(0))));
    assert!(!events.contains(&Event::TransportExpired(TransportId(1))));
    assert!(lesson.core.transport_stats(TransportId(0)).is_none());
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    assert!(lesson.peers[student].packets.is_empty());
    lesson.tell(Command::TransportClose(TransportId(0)));
}

#[test]
fn consent_checks_keep_a_quiet_peer() {
    let mut lesson = Lesson::new();
    lesson.join();
    told(&mut lesson);
    lesson.wait_consenting(120 * SECOND);
    assert!(told(&mut lesson).is_empty());
}

#[test]
fn media_follows_a_peer_that_moves() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    told(&mut lesson);
    let moved = Remote::udp(([10, 9, 9, 9], 999).into());
    lesson.peers[student].address = moved;
    lesson.wait(3 * SECOND);
    lesson.check(student);
    assert!(told(&mut lesson).contains(&Event::TransportMigrated(TransportId(1), moved)));
    lesson.peers[student].packets.clear();
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
}

#[test]
fn an_address_without_a_check_gets_and_gives_nothing() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    told(&mut lesson);
    let stranger = Remote::udp(([10, 8, 8, 8], 888).into());
    for first in [20u8, 22, 63, 128, 144, 191] {
        assert_eq!(
            lesson.datagram(stranger, &mut [first; 100]),
            Taken::Stranger
        );
    }
    let frame = Camera::new(1000, 1, 1).frame(true);
    let mut protected = lesson.peers[teacher].protect(&frame);
    assert_eq!(lesson.datagram(stranger, &mut protected), Taken::Stranger);
    assert!(told(&mut lesson).is_empty());
}

#[test]
fn another_participant_cannot_take_a_live_address_over() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let attacker = lesson.open(ROOM);
    lesson.peers[attacker].address = lesson.peers[teacher].address;
    lesson.check(attacker);
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    assert_eq!(lesson.peers[student].take(ssrc).len(), 1);
}

#[test]
fn a_restart_accepts_old_and_new_until_the_first_new_check() {
    let mut lesson = Lesson::new();
    let peer = lesson.join();
    lesson.tell(Command::TransportRestartIce {
        transport: TransportId(0),
        ice_ufrag: "fresh".into(),
        ice_pwd: "the-new-password-of-it-all".into(),
    });
    let answers = |lesson: &mut Lesson| std::mem::take(&mut lesson.peers[peer].other).len();
    answers(&mut lesson);
    lesson.check(peer);
    assert_eq!(answers(&mut lesson), 1);
    lesson.check_as(peer, "fresh:remote", "the-new-password-of-it-all");
    assert_eq!(answers(&mut lesson), 1);
    lesson.check(peer);
    assert_eq!(answers(&mut lesson), 0, "the old name is nobody's now");
    lesson.check_as(peer, "fresh:remote", "the-new-password-of-it-all");
    assert_eq!(answers(&mut lesson), 1);
}

#[test]
fn dtls_goes_up_from_checked_addresses_and_down_to_the_selected_one() {
    let mut lesson = Lesson::new();
    let peer = lesson.open(ROOM);
    let address = lesson.peers[peer].address;
    lesson.tell(Command::DtlsSend {
        transport: TransportId(0),
        datagram: vec![22, 1],
    });
    assert!(
        lesson.peers[peer].other.is_empty(),
        "there is no address yet"
    );
    lesson.check(peer);
    told(&mut lesson);
    lesson.datagram(address, &mut [22, 2, 3]);
    assert_eq!(
        told(&mut lesson),
        [Event::DtlsReceived(TransportId(0), vec![22, 2, 3])]
    );
    lesson.tell(Command::DtlsSend {
        transport: TransportId(0),
        datagram: vec![22, 9],
    });
    assert_eq!(lesson.peers[peer].other.last().unwrap(), &[22, 9]);
}

#[test]
fn a_wrong_password_is_refused_and_nothing_else() {
    let mut lesson = Lesson::new();
    let peer = lesson.open(ROOM);
    lesson.check_as(peer, "ufrag0:remote", "not the right password");
    assert_eq!(lesson.peers[peer].other.len(), 1);
    let answer = &lesson.peers[peer].other[0];
    assert_eq!(rtp::demux(answer), rtp::Kind::Stun);
    assert_eq!(answer[..2], [0x01, 0x11], "an error");
    assert!(told(&mut lesson).is_empty());
    assert_eq!(lesson.core.counters().get(Counter::rejected_stun), 1);
}
