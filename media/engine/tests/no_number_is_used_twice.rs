//! A random walk through a lesson: whatever sources do, a slot's numbers and times only go on.
//!
//! SRTP breaks when one number protects two packets; the peers' receivers refuse a number they
//! have seen, and the lesson fails then.

mod lesson;

use engine::command::{Kind, ProducerId};
use engine::rtcp;
use engine::rtcp::sr::SenderInfo;
use lesson::*;
use proptest::prelude::*;

#[derive(Debug, Clone)]
enum Step {
    Show {
        source: usize,
        keyframe: bool,
    },
    Lose {
        source: usize,
    },
    SendLate {
        source: usize,
    },
    BeginAnew {
        source: usize,
        jump: u16,
        timestamp: u32,
    },
    Report {
        source: usize,
        ntp: u32,
    },
    Put {
        source: usize,
    },
    Empty,
    Wait {
        milliseconds: u32,
    },
    AskAgain {
        behind: u16,
    },
    AskForKeyframe,
}

fn step() -> impl Strategy<Value = Step> {
    let source = 0..2usize;
    prop_oneof![
        10 => (source.clone(), prop::bool::weighted(0.2))
            .prop_map(|(source, keyframe)| Step::Show { source, keyframe }),
        2 => source.clone().prop_map(|source| Step::Lose { source }),
        2 => source.clone().prop_map(|source| Step::SendLate { source }),
        1 => (source.clone(), 5000..25_000u16, any::<u32>()).prop_map(|(source, jump, timestamp)| {
            Step::BeginAnew { source, jump, timestamp }
        }),
        1 => (source.clone(), any::<u32>()).prop_map(|(source, ntp)| Step::Report { source, ntp }),
        2 => source.prop_map(|source| Step::Put { source }),
        1 => Just(Step::Empty),
        3 => (0..1500u32).prop_map(|milliseconds| Step::Wait { milliseconds }),
        2 => (0..40u16).prop_map(|behind| Step::AskAgain { behind }),
        1 => Just(Step::AskForKeyframe),
    ]
}

/// Two cameras of one teacher, and the packets they held back.
struct Walk {
    lesson: Lesson,
    teacher: usize,
    student: usize,
    producers: Vec<ProducerId>,
    cameras: Vec<Camera>,
    late: Vec<Vec<Vec<u8>>>,
}

impl Walk {
    fn take(&mut self, step: Step, slot: engine::command::ConsumerId, ssrc: u32, newest: u16) {
        match step {
            Step::Show { source, keyframe } => {
                let frame = self.cameras[source].frame(keyframe);
                self.lesson.send(self.teacher, &frame);
            }
            Step::Lose { source } => {
                let frame = self.cameras[source].frame(false);
                self.late[source].push(frame);
            }
            Step::SendLate { source } => {
                if let Some(frame) = self.late[source].pop() {
                    self.lesson.send(self.teacher, &frame);
                }
            }
            Step::BeginAnew {
                source,
                jump,
                timestamp,
            } => {
                let camera = &mut self.cameras[source];
                camera.sequence = camera.sequence.wrapping_add(jump);
                camera.timestamp = timestamp;
                self.late[source].clear();
                let frame = self.cameras[source].frame(false);
                self.lesson.send(self.teacher, &frame);
            }
            Step::Report { source, ntp } => {
                let camera = &self.cameras[source];
                let (ssrc, rtp) = (camera.ssrc, camera.timestamp);
                let ntp = u64::from(ntp) << 32;
                let info = SenderInfo {
                    ssrc,
                    ntp,
                    rtp,
                    packets: 0,
                    octets: 0,
                };
                let report = write(|out| rtcp::sr::write(out, &info, &[]));
                self.lesson.send(self.teacher, &report);
            }
            Step::Put { source } => self.lesson.put(slot, Some(self.producers[source])),
            Step::Empty => self.lesson.put(slot, None),
            Step::Wait { milliseconds } => {
                self.lesson.wait(milliseconds * MS);
                self.lesson.check(self.teacher);
                self.lesson.check(self.student);
                let ticks = milliseconds * 90;
                self.cameras
                    .iter_mut()
                    .for_each(|c| c.timestamp = c.timestamp.wrapping_add(ticks));
            }
            Step::AskAgain { behind } => {
                let lost = [newest.wrapping_sub(behind)];
                let nack = write(|out| rtcp::nack::write(out, 9, ssrc, &lost));
                self.lesson.send(self.student, &nack);
            }
            Step::AskForKeyframe => {
                let wish = write(|out| rtcp::pli::write(out, 9, ssrc));
                self.lesson.send(self.student, &wish);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(400)
    })]

    #[test]
    fn whatever_the_sources_do(steps in prop::collection::vec(step(), 1..150)) {
        let mut lesson = Lesson::new();
        let (teacher, student) = (lesson.join(), lesson.join());
        let ssrcs = [1000, 2000];
        let producers = ssrcs.map(|ssrc| {
            lesson.publish(teacher, track(Kind::Video, &format!("{ssrc}"), &[ssrc]))
        });
        let (slot, ssrc) = lesson.slot(student, Kind::Video);
        let mut walk = Walk {
            lesson,
            teacher,
            student,
            producers: producers.to_vec(),
            cameras: vec![Camera::new(1000, 65_000, 1), Camera::new(2000, 5, u32::MAX - 5)],
            late: vec![Vec::new(), Vec::new()],
        };
        let mut newest: Option<Got> = None;
        for step in steps {
            let ask_from = newest.as_ref().map_or(0, |got| got.sequence);
            walk.take(step, slot, ssrc, ask_from);
            for got in walk.lesson.peers[student].take(ssrc) {
                let Some(before) = newest.replace(got.clone()) else { continue };
                let is_later = (got.sequence.wrapping_sub(before.sequence) as i16) > 0;
                if !is_later {
                    newest = Some(before);
                    continue;
                }
                let time = got.timestamp.wrapping_sub(before.timestamp) as i32;
                prop_assert!(time >= 0, "time turns back by {}: {before:?} {got:?}", -time);
            }
        }
    }
}
