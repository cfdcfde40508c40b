//! Whether a queue grows on the way, from how packets spread (draft-ietf-rmcat-gcc-02 §5).

use std::collections::VecDeque;

use super::sent::Acked;
use crate::clock::Micros;

/// Packets sent within this span count as one group: a frame.
const GROUP_SPAN: Micros = 5_000;
/// Groups the trend is drawn through.
const WINDOW: usize = 20;
/// Weight of the past in the smoothed delay.
const SMOOTHING: f64 = 0.9;
/// Makes the trend comparable to the threshold.
const GAIN: f64 = 4.0;
/// Groups from which on a longer history adds no more confidence.
const MOST_GROUPS: f64 = 60.0;
/// Milliseconds: where the threshold begins and between which bounds it moves (§5.4).
const FIRST_THRESHOLD: f64 = 12.5;
const THRESHOLDS: (f64, f64) = (6.0, 600.0);
/// How fast the threshold follows the trend up and down, per millisecond (§5.4).
const FOLLOW: (f64, f64) = (0.0087, 0.039);
/// A trend this far beyond the threshold is a sudden event that must not move it.
const SUDDEN: f64 = 15.0;
/// Milliseconds of a growing queue before it counts.
const OVERUSE_AFTER: f64 = 10.0;

/// What the queue does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Usage {
    /// Neither.
    #[default]
    Normal,
    /// It grows.
    Over,
    /// It drains.
    Under,
}

#[derive(Debug, Clone, Copy)]
struct Group {
    first_sent: Micros,
    sent: Micros,
    came: Micros,
}

/// Follows the delay of one path.
#[derive(Debug)]
pub struct Trend {
    group: Option<Group>,
    before: Option<Group>,
    groups: f64,
    delay: f64,
    smoothed: f64,
    points: VecDeque<(f64, f64)>,
    threshold: f64,
    over_for: f64,
    last: f64,
    usage: Usage,
}

impl Default for Trend {
    fn default() -> Self {
        Self {
            group: None,
            before: None,
            groups: 0.0,
            delay: 0.0,
            smoothed: 0.0,
            points: VecDeque::with_capacity(WINDOW + 1),
            threshold: FIRST_THRESHOLD,
            over_for: 0.0,
            last: 0.0,
            usage: Usage::Normal,
        }
    }
}

impl Trend {
    /// Return what the queue does.
    pub fn usage(&self) -> Usage {
        self.usage
    }

    /// Forget the queue so far; how restless the path is stays known.
    pub fn begin_anew(&mut self) {
        let threshold = self.threshold;
        *self = Self {
            threshold,
            ..Self::default()
        };
    }

    /// Take a packet that came.
    pub fn packet(&mut self, packet: &Acked) {
        if let Some(group) = &mut self.group {
            if packet.sent < group.first_sent {
                return; // of a group that is over
            }
            if packet.sent - group.first_sent <= GROUP_SPAN {
                group.sent = group.sent.max(packet.sent);
                group.came = group.came.max(packet.came);
                return;
            }
            let done = *group;
            if let Some(before) = self.before.replace(done) {
                self.measure(&before, &done);
            }
        }
        self.group = Some(Group {
            first_sent: packet.sent,
            sent: packet.sent,
            came: packet.came,
        });
    }

    fn measure(&mut self, before: &Group, group: &Group) {
        let milliseconds = |span: Micros| span as f64 / 1000.0;
        let sent = milliseconds(group.sent - before.sent);
        let came = milliseconds(group.came - before.came);
        self.groups += 1.0;
        self.delay += came - sent;
        self.smoothed = SMOOTHING * self.smoothed + (1.0 - SMOOTHING) * self.delay;
        self.points
            .push_back((milliseconds(group.came), self.smoothed));
        if self.points.len() > WINDOW {
            self.points.pop_front();
        }
        if self.points.len() == WINDOW {
            let trend = slope(&self.points);
            self.judge(trend * self.groups.min(MOST_GROUPS) * GAIN, sent);
        }
    }

    fn judge(&mut self, trend: f64, span: f64) {
        if trend > self.threshold {
            self.over_for += span;
            if self.over_for > OVERUSE_AFTER && trend >= self.last {
                self.usage = Usage::Over;
            }
        } else {
            self.over_for = 0.0;
            let drains = trend < -self.threshold;
            self.usage = if drains { Usage::Under } else { Usage::Normal };
        }
        self.last = trend;
        let size = trend.abs();
        if size <= self.threshold + SUDDEN {
            let (up, down) = FOLLOW;
            let follow = if size < self.threshold { down } else { up };
            let moved = self.threshold + follow * (size - self.threshold) * span.clamp(0.0, 100.0);
            self.threshold = moved.clamp(THRESHOLDS.0, THRESHOLDS.1);
        }
    }
}

/// Return the slope of the line nearest to the points.
fn slope(points: &VecDeque<(f64, f64)>) -> f64 {
    let count = points.len() as f64;
    let (x_mean, y_mean) = points.iter().fold((0.0, 0.0), |(x, y), (px, py)| {
        (x + px / count, y + py / count)
    });
    let (over, under) = points.iter().fold((0.0, 0.0), |(over, under), (x, y)| {
        let dx = x - x_mean;
        (over + dx * (y - y_mean), under + dx * dx)
    });
    if under > 0.0 { over / under } else { 0.0 }
}
