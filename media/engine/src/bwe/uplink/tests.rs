//! Publishers over links of our own, in virtual time: they send what they were told.

use super::*;
use std::collections::VecDeque;

const MS: Micros = 1000;
const FRAME: Micros = 33 * MS;
const LOOK: Micros = 100 * MS;
/// Time from the publisher to us without a queue, and back.
const WAY: Micros = 30 * MS;
const QUEUE: Micros = 400 * MS;
const SIZE: usize = 1200;
/// Bits a second that a camera needs at most, and sends before it was told anything.
const MOST: f64 = 2_500_000.0;
const FIRST: f64 = 300_000.0;
/// The publisher's clock beside ours.
const OFFSET: Micros = 3_000 * MICROS_PER_SECOND;

struct Link {
    uplink: Uplink,
    now: Micros,
    free_at: Micros,
    owed: f64,
    rate: f64,
    most: f64,
    told: f64,
    arrivals: VecDeque<(Micros, Micros)>,
    messages: VecDeque<(Micros, u64)>,
    /// Every message: when, and what it said.
    heard: Vec<(Micros, u64)>,
}

impl Link {
    fn new(rate: f64) -> Self {
        Self {
            uplink: Uplink::new(2),
            now: 0,
            free_at: 0,
            owed: 0.0,
            rate,
            most: MOST,
            told: FIRST,
            arrivals: VecDeque::new(),
            messages: VecDeque::new(),
            heard: Vec::new(),
        }
    }

    fn run(&mut self, seconds: f64) {
        let end = self.now + (seconds * 1e6) as Micros;
        while self.now < end {
            self.now += MS;
            if self.now % FRAME == 0 {
                self.frame();
            }
            self.receive();
        }
    }

    fn frame(&mut self) {
        self.owed += self.told.min(self.most) * FRAME as f64 / 1e6 / 8.0;
        while self.owed >= SIZE as f64 {
            self.owed -= SIZE as f64;
            let start = self.free_at.max(self.now);
            if start - self.now <= QUEUE {
                self.free_at = start + (8.0 * SIZE as f64 * 1e6 / self.rate) as Micros;
                self.arrivals.push_back((self.now, self.free_at + WAY));
            }
        }
    }

    fn receive(&mut self) {
        while let Some(&(sent, at)) = self.arrivals.front().filter(|(_, at)| *at <= self.now) {
            self.arrivals.pop_front();
            self.uplink.packet(stamp(sent), SIZE, at);
        }
        if self.now % LOOK == 0 {
            let news = self.uplink.take_news(self.now);
            self.messages
                .extend(news.map(|bits| (self.now + WAY, bits)));
        }
        while let Some(&(at, bits)) = self.messages.front().filter(|(at, _)| *at <= self.now) {
            self.messages.pop_front();
            self.told = bits as f64;
            self.heard.push((at, bits));
        }
    }

    /// Return the seconds until the publisher is told a part of what the link carries.
    fn until(&mut self, least: f64, most: f64) -> f64 {
        let begin = self.now;
        while self.now - begin < 60 * MICROS_PER_SECOND {
            if (least..=most).contains(&(self.told / self.rate)) {
                break;
            }
            self.run(0.05);
        }
        (self.now - begin) as f64 / 1e6
    }
}

fn stamp(at: Micros) -> [u8; 3] {
    let units = (at + OFFSET) * STAMPS_PER_SECOND / MICROS_PER_SECOND;
    let [.., high, middle, low] = units.to_be_bytes();
    [high, middle, low]
}

#[test]
fn an_uplink_that_narrows_is_told_in_two_seconds_and_one_that_widens_in_ten() {
    let mut link = Link::new(2e6);
    link.run(20.0);
    for (rate, limit) in [(0.5e6, 2.0), (0.15e6, 2.0), (1.5e6, 10.0)] {
        link.rate = rate;
        let took = link.until(0.6, 1.05);
        assert!(took <= limit, "{rate} bit/s: {took} s");
        link.run(10.0);
        let part = link.told / rate;
        assert!((0.6..1.3).contains(&part), "{rate} bit/s: told {part}");
    }
}

#[test]
fn an_uplink_that_carries_everything_is_told_more_than_it_sends() {
    let mut link = Link::new(20e6);
    link.most = 400_000.0;
    link.run(80.0); // past the end of what a stamp counts
    assert!(link.told >= 1.3 * link.most, "{}", link.told);
    let later = link
        .heard
        .iter()
        .filter(|(at, _)| *at > 10 * MICROS_PER_SECOND);
    assert!(
        later
            .clone()
            .all(|(_, bits)| *bits as f64 >= 1.2 * link.most)
    );
    let count = later.count();
    assert!((60..=80).contains(&count), "{count} messages in 70 s");
}

#[test]
fn an_estimate_that_falls_is_told_before_the_second_is_over() {
    let mut link = Link::new(2e6);
    link.run(20.0);
    link.heard.clear();
    link.rate = 0.3e6;
    link.run(5.0);
    let soon = link.heard.windows(2).any(|pair| {
        let [(before, told), (at, less)] = [pair[0], pair[1]];
        less < told && at - before < INTERVAL
    });
    assert!(soon, "{:?}", link.heard);
}

#[test]
fn whoever_sends_nothing_is_told_nothing() {
    let mut link = Link::new(2e6);
    link.run(5.0);
    link.most = 0.0;
    link.run(1.0);
    link.heard.clear();
    link.run(10.0);
    assert_eq!(link.heard, []);
}

#[test]
fn stamps_are_counted_on_over_their_wraps_and_back() {
    let mut uplink = Uplink::new(2);
    let counted = [0xFF_FFFE, 0xFF_FFFF, 1, 0, 0x7F_0000].map(|stamp| uplink.count_on(stamp));
    let begin = 0xFF_FFFE;
    assert_eq!(
        counted,
        [
            begin,
            begin + 1,
            begin + 3,
            begin + 2,
            begin + 2 + 0x7F_0000
        ]
    );
}
