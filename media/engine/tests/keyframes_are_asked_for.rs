//! PLI: aggregated, throttled, repeated, and never a storm.

mod lesson;

use engine::command::{Command, Kind};
use engine::rtcp;
use lesson::*;

#[test]
fn many_who_wait_make_one_request() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let producer = lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    for _ in 0..20 {
        let student = lesson.join();
        lesson.subscribe(student, Kind::Video, producer);
    }
    lesson.wait(300 * MS);
    assert_eq!(lesson.peers[teacher].take_plis(), 1);
    lesson.wait(800 * MS);
    assert_eq!(
        lesson.peers[teacher].take_plis(),
        1,
        "repeated after a second"
    );
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    lesson.wait(5 * SECOND);
    assert_eq!(lesson.peers[teacher].take_plis(), 0, "answered");
    assert!(
        lesson.peers[1..]
            .iter()
            .all(|student| student.packets.len() == 1)
    );
}

#[test]
fn nobody_asks_while_nobody_watches() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    lesson.publish(teacher, camera(1000));
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(false);
    lesson.send(teacher, &frame);
    lesson.wait(3 * SECOND);
    assert_eq!(lesson.peers[teacher].take_plis(), 0);
}

#[test]
fn a_storm_of_wishes_does_not_become_a_storm_of_keyframes() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    let (_, ssrc) = lesson.subscribe(student, Kind::Video, producer);
    let mut camera = Camera::new(1000, 1, 1);
    let frame = camera.frame(true);
    lesson.send(teacher, &frame);
    let mut asked = 0;
    for number in 0u8..200 {
        let wish = match number % 2 {
            0 => write(|out| rtcp::pli::write(out, 9, ssrc)),
            _ => write(|out| rtcp::fir::write(out, 9, ssrc, number)),
        };
        lesson.send(student, &wish);
        lesson.wait(50 * MS);
        let plis = lesson.peers[teacher].take_plis();
        asked += plis;
        let frame = camera.frame(plis > 0);
        lesson.send(teacher, &frame);
    }
    assert!((2..=6).contains(&asked), "{asked} in ten seconds");
    assert_eq!(lesson.stats(student).keyframes_requested, 200);
}

#[test]
fn a_wish_of_the_application_obeys_the_same_throttle() {
    let mut lesson = Lesson::new();
    let teacher = lesson.join();
    let producer = lesson.publish(teacher, camera(1000));
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    for _ in 0..10 {
        lesson.tell(Command::KeyframeRequest(producer));
    }
    assert_eq!(lesson.peers[teacher].take_plis(), 1);
}

#[test]
fn an_encoder_without_pli_is_left_alone() {
    let mut lesson = Lesson::new();
    let (encoder, student) = (lesson.join(), lesson.join());
    let mut parameters = camera(1000);
    parameters.pli = false;
    let producer = lesson.publish(encoder, parameters);
    lesson.send(encoder, &Camera::new(1000, 1, 1).frame(false));
    lesson.subscribe(student, Kind::Video, producer);
    lesson.wait(3 * SECOND);
    assert_eq!(lesson.peers[encoder].take_plis(), 0);
}

#[test]
fn a_wish_for_another_ssrc_is_ignored() {
    let mut lesson = Lesson::new();
    let (teacher, student) = (lesson.join(), lesson.join());
    let producer = lesson.publish(teacher, camera(1000));
    lesson.subscribe(student, Kind::Video, producer);
    lesson.send(teacher, &Camera::new(1000, 1, 1).frame(true));
    lesson.send(student, &write(|out| rtcp::pli::write(out, 9, 1000)));
    lesson.send(student, &write(|out| rtcp::pli::write(out, 9, 4242)));
    lesson.wait(SECOND);
    assert_eq!(lesson.peers[teacher].take_plis(), 0);
}
