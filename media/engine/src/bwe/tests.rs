//! Estimates over links of our own: a queue of a certain rate, random loss, virtual time.

mod probing;

use super::*;
use crate::rtcp::transport_cc::{self, Sender};
use crate::rtcp::{Message, messages};
use proptest::prelude::*;

const MS: Micros = 1000;
/// Bytes of a packet on the wire.
const SIZE: usize = 1200;
/// Time from us to the link's end without a queue, and back.
const WAY: Micros = 30 * MS;
/// Longest queue; what is beyond is dropped.
const QUEUE: Micros = 300 * MS;
const FRAME: Micros = 33 * MS;
const FEEDBACK_INTERVAL: Micros = 50 * MS;

/// A link and a sender that uses the whole estimate.
struct Link {
    estimator: Estimator,
    now: Micros,
    free_at: Micros,
    owed: f64,
    rate: f64,
    loss: f64,
    random: u64,
    numbers: u64,
    base: u64,
    /// Number, time and size of what is on the way.
    arrivals: Vec<(u64, Micros, usize)>,
    feedback: VecDeque<(Micros, Vec<u8>)>,
    delivered: usize,
    queue: Micros,
    /// Bits a second that are sent at least, whatever is believed.
    stubborn: f64,
}

impl Link {
    fn new(rate: f64, loss: f64) -> Self {
        Self {
            estimator: Estimator::default(),
            now: 0,
            free_at: 0,
            owed: 0.0,
            rate,
            loss,
            random: 88_172_645_463_325_252,
            numbers: 0,
            base: 0,
            arrivals: Vec::new(),
            feedback: VecDeque::new(),
            delivered: 0,
            queue: QUEUE,
            stubborn: 0.0,
        }
    }

    fn chance(&mut self) -> f64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) as f64 / (1u64 << 53) as f64
    }

    fn frame(&mut self) {
        let estimate = self.estimator.estimate.unwrap_or(FIRST_ESTIMATE).min(4e6);
        self.owed += estimate.max(self.stubborn) * FRAME as f64 / 1e6 / 8.0;
        while self.owed >= SIZE as f64 {
            self.owed -= SIZE as f64;
            self.packet(SIZE);
        }
    }

    /// Send a packet; returns whether it will arrive.
    fn packet(&mut self, size: usize) -> bool {
        self.estimator.sent(size, 0, self.now);
        let number = self.numbers;
        self.numbers += 1;
        let start = self.free_at.max(self.now);
        // what a radio link loses has been through its queue
        let is_lost = self.chance() < self.loss;
        if start - self.now > self.queue {
            return false;
        }
        self.free_at = start + (8.0 * size as f64 * 1e6 / self.rate) as Micros;
        if !is_lost {
            self.arrivals.push((number, self.free_at + WAY, size));
        }
        !is_lost
    }

    /// Return how long a packet sent now would wait.
    fn waiting(&self) -> Micros {
        (self.free_at - self.now).max(0)
    }

    fn report(&mut self) {
        let came: Vec<_> = self
            .arrivals
            .iter()
            .copied()
            .filter(|(_, at, _)| *at <= self.now)
            .collect();
        self.arrivals.retain(|(_, at, _)| *at > self.now);
        self.delivered += came.iter().map(|(_, _, size)| size).sum::<usize>();
        let came: Vec<_> = came
            .into_iter()
            .map(|(number, at, _)| (number, at))
            .collect();
        let mut rest = &came[..];
        while !rest.is_empty() {
            let mut out = [0; 1200];
            let sender = Sender {
                sender_ssrc: 1,
                media_ssrc: 2,
                feedback_count: 0,
            };
            let (len, taken) = transport_cc::write(&mut out, &sender, self.base, rest).unwrap();
            self.base = rest[taken - 1].0 + 1;
            rest = &rest[taken..];
            self.feedback
                .push_back((self.now + WAY, out[..len].to_vec()));
        }
    }

    fn run(&mut self, seconds: f64) -> f64 {
        let (end, delivered) = (self.now + (seconds * 1e6) as Micros, self.delivered);
        while self.now < end {
            self.now += MS;
            if self.now % FRAME == 0 {
                self.frame();
            }
            self.hear();
        }
        8.0 * (self.delivered - delivered) as f64 / seconds
    }

    /// Let the peer report and us read what it reported.
    fn hear(&mut self) {
        if self.now % FEEDBACK_INTERVAL == 0 {
            self.report();
        }
        while self.feedback.front().is_some_and(|(at, _)| *at <= self.now) {
            let (_, packet) = self.feedback.pop_front().unwrap();
            for message in messages(&packet) {
                let Message::TransportCc(feedback) = message.unwrap() else {
                    panic!("feedback")
                };
                self.estimator.feedback(&feedback, |_| None, self.now);
            }
        }
    }

    /// Return the seconds until the estimate lies in a range of the link's rate.
    fn until(&mut self, least: f64, most: f64) -> f64 {
        let begin = self.now;
        while self.now - begin < 60_000 * MS {
            let estimate = self.estimator.estimate.unwrap_or(FIRST_ESTIMATE);
            if (least..=most).contains(&(estimate / self.rate)) {
                break;
            }
            self.run(0.05);
        }
        (self.now - begin) as f64 / 1e6
    }
}

#[test]
fn a_link_that_narrows_is_followed_in_two_seconds_and_one_that_widens_in_ten() {
    for loss in [0.0, 0.05] {
        let mut link = Link::new(3e6, loss);
        for rate in [3e6, 0.6e6, 0.15e6, 1.5e6] {
            let limit = if rate < link.rate { 2.0 } else { 10.0 };
            link.rate = rate;
            let took = link.until(0.75, 1.1);
            assert!(took <= limit, "{rate} bit/s with {loss} lost: {took} s");
            let used = link.run(20.0) / rate;
            assert!(used >= 0.75, "{rate} bit/s with {loss} lost: {used} used");
        }
    }
}

#[test]
fn random_loss_does_not_starve_a_path() {
    for loss in [0.05, 0.15] {
        let mut link = Link::new(1.5e6, loss);
        link.run(20.0);
        let used = link.run(30.0) / 1.5e6;
        assert!(used >= 0.75, "{loss} lost: {used} used");
    }
}

#[test]
fn a_path_without_a_queue_is_found_by_its_loss() {
    let mut link = Link::new(3e6, 0.0);
    link.queue = 10 * MS;
    link.run(10.0);
    link.rate = 0.6e6;
    let took = link.until(0.5, 1.2);
    assert!(took <= 2.0, "{took} s");
}

#[test]
fn a_link_that_repairs_keep_full_is_given_less_and_less() {
    let mut link = Link::new(280_000.0, 0.0);
    link.stubborn = 380_000.0; // a picture that just fits, and what is asked for again
    link.run(8.0);
    let told = link.estimator.loss().unwrap();
    assert!(told < 0.05, "{told}: what a queue loses asks for no copies");
    let estimate = link.estimator.estimate.unwrap();
    assert!(estimate < 140_000.0, "{estimate}");
    link.stubborn = 0.0;
    let took = link.until(0.75, 1.1);
    assert!(took <= 10.0, "{took} s");
}

#[test]
fn small_changes_are_no_news() {
    let mut link = Link::new(1e6, 0.0);
    assert_eq!(link.estimator.take_news(), None);
    link.run(30.0);
    assert!(link.estimator.take_news().is_some());
    assert_eq!(link.estimator.take_news(), None);
}

proptest! {
    #[test]
    fn feedback_of_any_content_keeps_the_estimate_in_its_bounds(
        feedbacks in prop::collection::vec(
            (any::<u16>(), prop::collection::vec((1u64..600, -100_000i64..1_000_000), 1..40)), 1..60
        ),
        sent in 0usize..3000,
    ) {
        let mut estimator = Estimator::default();
        for number in 0..sent {
            estimator.sent(SIZE, 0, number as Micros * MS);
        }
        let mut now = 3_000_000;
        for (base, steps) in feedbacks {
            let base = 65_536 + u64::from(base);
            let mut last = (base - 1, now);
            let arrivals: Vec<_> = steps
                .iter()
                .map(|(step, span)| { last = (last.0 + step, last.1 + span); last })
                .collect();
            let mut out = [0; 1200];
            let sender = Sender { sender_ssrc: 1, media_ssrc: 2, feedback_count: 0 };
            let Ok((len, _)) = transport_cc::write(&mut out, &sender, base, &arrivals) else {
                continue;
            };
            for message in messages(&out[..len]) {
                let Message::TransportCc(feedback) = message.unwrap() else { panic!("feedback") };
                estimator.feedback(&feedback, |_| None, now);
            }
            now += 50 * MS;
            let estimate = estimator.estimate().unwrap_or(FIRST_ESTIMATE as u64);
            prop_assert!((30_000..=20_000_000).contains(&estimate));
        }
    }
}
