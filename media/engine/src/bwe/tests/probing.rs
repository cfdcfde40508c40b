//! A lesson in three sizes over a narrow link: what is sent is far below what the path carries, so
//! that only probes can tell how far.

use super::*;

/// Bits a second of the sizes of a camera, and of a voice.
const LAYERS: [f64; 3] = [100_000.0, 420_000.0, 1_200_000.0];
const VOICE: f64 = 36_000.0;
const VOICE_PACKET: usize = 90;
const STEP: Micros = 5 * MS;
/// Time between two looks at what is missing, all of which is sent again.
const REPAIR_INTERVAL: Micros = 100 * MS;
/// Requests for a packet; a new keyframe ends them as well.
const TRIES: u32 = 10;
const ROUND: Micros = 250 * MS;
/// Part of the estimate that is used; what is above it by a third is too much.
const USABLE: f64 = 0.9;
const TOO_MUCH: f64 = 1.2;

/// A subscriber whose pictures follow the estimate as the allocator has them follow.
struct Viewer {
    link: Link,
    level: usize,
    owed: f64,
    /// The picture's packets that are asked for again: bytes, and how often they were.
    missing: Vec<(usize, u32)>,
    /// Bytes of probes, in all.
    probed: usize,
    /// Longest queue since it was last looked at.
    waited: Micros,
}

impl Viewer {
    fn new(rate: f64, loss: f64) -> Self {
        let link = Link::new(rate, loss);
        Self {
            link,
            level: 2,
            owed: 0.0,
            missing: Vec::new(),
            probed: 0,
            waited: 0,
        }
    }

    fn cost(&self, level: usize) -> f64 {
        LAYERS[level] + VOICE
    }

    fn run(&mut self, seconds: f64) -> f64 {
        let (end, delivered) = (
            self.link.now + (seconds * 1e6) as Micros,
            self.link.delivered,
        );
        while self.link.now < end {
            self.link.now += MS;
            let now = self.link.now;
            if now % (20 * MS) == 0 {
                self.link.packet(VOICE_PACKET);
            }
            if now % FRAME == 0 {
                self.owed += LAYERS[self.level] * FRAME as f64 / 1e6 / 8.0;
                let frame = self.owed as usize;
                self.owed -= frame as f64;
                let packets = frame.div_ceil(1100).max(1);
                let lost = (0..packets).filter(|_| !self.link.packet(frame / packets));
                self.missing.extend(lost.map(|_| (frame / packets, 0)));
            }
            if now % REPAIR_INTERVAL == 0 {
                self.missing.retain_mut(|(size, tries)| {
                    *tries += 1;
                    !self.link.packet(*size) && *tries < TRIES
                });
            }
            if now % ROUND == 0 {
                self.decide();
            }
            if now % STEP == 0 {
                self.step();
            }
            self.link.hear();
            self.waited = self.waited.max(self.link.waiting());
        }
        8.0 * (self.link.delivered - delivered) as f64 / seconds
    }

    fn decide(&mut self) {
        let Some(estimate) = self.link.estimator.estimate() else {
            return;
        };
        let (estimate, before) = (estimate as f64, self.level);
        let fits = |level: &usize| self.cost(*level) <= USABLE * estimate;
        if self.cost(self.level) > TOO_MUCH * estimate {
            self.level = (0..self.level).rev().find(fits).unwrap_or(0);
        } else if let Some(higher) = (self.level + 1..3).rev().find(fits) {
            self.level = higher;
        }
        if self.level != before {
            self.missing.clear();
        }
        let next = (self.level < 2).then(|| self.cost(self.level + 1) / USABLE);
        self.link.estimator.want(next.map(|bits| bits as u64));
    }

    fn step(&mut self) {
        let now = self.link.now;
        if self.link.estimator.is_probe_due(now) {
            self.link.estimator.begin_probe(now);
        }
        let mut lacks = self.link.estimator.prober().lacks(now);
        while lacks > 0 && self.link.estimator.prober().take(SIZE, now) {
            self.link.packet(SIZE);
            self.probed += SIZE;
            lacks = lacks.saturating_sub(SIZE);
        }
    }

    /// Return the seconds until a size is shown.
    fn until_level(&mut self, level: usize) -> f64 {
        let begin = self.link.now;
        while self.level != level && self.link.now - begin < 60_000 * MS {
            self.run(0.05);
        }
        (self.link.now - begin) as f64 / 1e6
    }
}

#[test]
fn pictures_follow_a_link_down_in_two_seconds_and_up_in_ten() {
    for loss in [0.0, 0.05, 0.15] {
        let mut viewer = Viewer::new(3e6, loss);
        viewer.run(20.0);
        assert_eq!(viewer.level, 2, "3 Mbit/s with {loss} lost");
        // room for what is sent again
        let wide = if loss > 0.1 { 1.8e6 } else { 1.5e6 };
        for (rate, level, limit) in [(0.6e6, 1, 2.0), (0.15e6, 0, 2.0), (wide, 2, 10.0)] {
            viewer.link.rate = rate;
            let took = viewer.until_level(level);
            assert!(took <= limit, "{rate} bit/s with {loss} lost: {took} s");
            viewer.run(10.0);
            assert_eq!(viewer.level, level, "{rate} bit/s with {loss} lost");
        }
    }
}

#[test]
fn a_picture_whose_repairs_do_not_fit_is_not_sent() {
    // 1.24 Mbit/s of which 15 % are lost take 1.45
    let mut viewer = Viewer::new(1.4e6, 0.15);
    viewer.run(20.0);
    let large = (0..60).filter(|_| {
        viewer.run(1.0);
        viewer.level == 2
    });
    let large = large.count();
    assert!(large <= 6, "{large} of 60 s");
    let lost = viewer.link.estimator.loss().unwrap();
    assert!((0.1..0.2).contains(&lost), "{lost}");
}

#[test]
fn a_probe_is_heard_by_nobody() {
    for (rate, level) in [(0.15e6, 0), (0.6e6, 1), (0.9e6, 1)] {
        let mut viewer = Viewer::new(rate, 0.0);
        viewer.run(30.0);
        (viewer.probed, viewer.waited) = (0, 0);
        viewer.run(60.0);
        assert_eq!(viewer.level, level, "{rate} bit/s");
        assert!(
            viewer.waited <= 250 * MS,
            "{rate} bit/s: {} µs",
            viewer.waited
        );
        let bits = 8.0 * viewer.probed as f64 / 60.0;
        assert!(bits <= 100_000.0, "{rate} bit/s: {bits} bit/s of probes");
        assert!(bits > 0.0, "{rate} bit/s: a wider path would not be found");
    }
}

#[test]
fn nothing_is_probed_where_everything_is_sent() {
    let mut viewer = Viewer::new(5e6, 0.0);
    viewer.run(60.0);
    assert_eq!((viewer.level, viewer.probed), (2, 0));
}

#[test]
fn an_estimate_does_not_grow_where_nothing_shows_that_it_may() {
    let mut viewer = Viewer::new(5e6, 0.0);
    viewer.run(60.0);
    let estimate = viewer.link.estimator.estimate().unwrap() as f64;
    assert!(estimate <= 1.6 * viewer.cost(2), "{estimate} bit/s");
}

#[test]
fn probes_cost_a_bounded_number_of_bytes_whatever_is_wanted() {
    let mut viewer = Viewer::new(50e6, 0.0);
    viewer.run(10.0);
    let mut most = 0;
    for _ in 0..60 {
        // a viewer of ever more
        let wanted = 2 * viewer.link.estimator.estimate().unwrap();
        viewer.level = 0;
        let before = viewer.probed;
        for _ in 0..200 {
            viewer.link.estimator.want(Some(wanted));
            viewer.link.now += STEP;
            viewer.step();
            viewer.link.hear();
        }
        most = most.max(viewer.probed - before);
    }
    assert!(most <= 262_500, "{most} bytes in a second");
    let bytes = viewer.probed;
    assert!(
        bytes <= 250_000 + 70 * 12_500 + SIZE,
        "{bytes} bytes in 70 s"
    );
}

#[test]
fn a_probe_that_was_left_alone_says_nothing() {
    let mut prober = Prober::default();
    prober.want(Some(1_000_000));
    assert!(prober.is_due(300_000.0, None, 0));
    prober.begin(300_000.0, 1.0, 0, 0);
    assert!(prober.lacks(5 * MS) > 0);
    assert_eq!(prober.lacks(405 * MS), 0, "the thread was kept waiting");
    assert!(!prober.is_busy());
    assert!(!prober.is_due(300_000.0, None, 1_300 * MS));
    assert!(prober.is_due(300_000.0, None, 1_405 * MS));
}

#[test]
fn what_left_later_than_it_was_meant_to_is_no_queue() {
    let mut estimator = Estimator::default();
    let (mut left, mut base, mut least) = (Vec::new(), 1 << 16, u64::MAX);
    // batches leave later and later after they were written, up to 300 ms, and then sooner again
    for round in 0..200i64 {
        let now = round * FRAME;
        let late = (30 - (round % 60 - 30).abs()) * 10 * MS;
        for _ in 0..5 {
            estimator.sent(SIZE, round as u32, now);
        }
        left.push(now + late);
        let came: Vec<_> = (base..base + 5)
            .map(|number| (number, now + late + WAY))
            .collect();
        let mut out = [0; 1200];
        let sender = Sender {
            sender_ssrc: 1,
            media_ssrc: 2,
            feedback_count: 0,
        };
        let (len, _) = transport_cc::write(&mut out, &sender, base, &came).unwrap();
        base += 5;
        for message in messages(&out[..len]) {
            let Message::TransportCc(feedback) = message.unwrap() else {
                panic!("feedback")
            };
            let known = |batch: u32| left.get(batch as usize).copied();
            estimator.feedback(&feedback, known, now + late + 2 * WAY);
        }
        least = least.min(estimator.estimate().unwrap_or(u64::MAX));
    }
    assert!(least >= 1_000_000, "{least} bit/s");
}

#[test]
fn the_estimate_of_a_peer_counts_alone_and_lowers_ours() {
    let mut estimator = Estimator::default();
    estimator.told(400_000);
    assert_eq!(estimator.take_news(), Some(400_000));
    assert_eq!(estimator.take_news(), None);
    estimator.told(u64::MAX);
    assert_eq!(estimator.estimate(), Some(20_000_000));
    estimator.told(0);
    assert_eq!(estimator.estimate(), Some(30_000));
    assert!(
        !estimator.is_probe_due(0),
        "nobody would tell what came of it"
    );
    let mut link = Link::new(3e6, 0.0);
    link.run(20.0);
    link.estimator.told(500_000);
    assert_eq!(link.estimator.estimate(), Some(500_000));
}
