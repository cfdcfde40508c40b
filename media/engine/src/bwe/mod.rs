//! How much one subscriber's path carries, from transport-wide feedback: the delay-based and
//! loss-based parts of draft-ietf-rmcat-gcc-02, and probes for what was never sent on it. Peers
//! without that feedback tell an estimate of their own. Pure: time is an argument.

pub mod probe;
pub mod sent;
#[cfg(test)]
mod tests;
mod trend;
pub mod uplink;

use std::collections::VecDeque;

use crate::clock::{MICROS_PER_SECOND, Micros};
use crate::rtcp::transport_cc::TransportCc;
use probe::{Outcome, Prober};
use sent::{Acked, Sent};
use trend::{Trend, Usage};

/// Bits a second: what is believed before feedback comes, and the bounds of every estimate.
const FIRST_ESTIMATE: f64 = 1_000_000.0;
const ESTIMATES: (f64, f64) = (30_000.0, 20_000_000.0);

/// A growing queue brings the estimate to this part of what arrives (§5.5).
const BACK_OFF: f64 = 0.85;
/// Growth a second. The draft has 8 %, and probes to find a wider path sooner; until we probe,
/// a path that is ten times as wide must be found in ten seconds.
const GROWTH: f64 = 1.4;
/// Growth a second near what the path carried when it was last full, bits a second (§5.5).
const SLOW_GROWTH: f64 = 40_000.0;
/// The estimate never exceeds this multiple of what arrives: beyond it nothing is known.
const MOST_AHEAD: f64 = 1.5;
/// The same where probes look for more: only what was carried counts then.
const PROBED_AHEAD: f64 = 1.05;
/// Bits a second on top, so that a trickle can grow.
const AHEAD_AT_LEAST: f64 = 10_000.0;
/// Time over which what arrives is measured.
const RATE_WINDOW: Micros = 500_000;
/// The same for a path that is full: how much it carries shows while there is a queue, not before.
const FULL_WINDOW: Micros = 250_000;
/// Packets of that window that are kept, whatever times a peer claims.
const MOST_ARRIVALS: usize = 4096;
/// Least time between two reductions; a round trip is seldom longer.
const REDUCE_INTERVAL: Micros = 200_000;

/// Time and packets over which loss is measured.
const LOSS_WINDOW: Micros = 500_000;
const LOSS_PACKETS: u32 = 20;
/// Weight of the newest measurement in the smoothed loss.
const LOSS_WEIGHT: f64 = 0.3;
/// Loss that reduces the estimate (§6).
const HIGH_LOSS: f64 = 0.1;
/// Loss beyond which only congestion can be the reason.
const CONGESTED_LOSS: f64 = 0.3;
/// Measurements in a row with high loss and a long queue after which the path is choked: a queue
/// that was only made by a narrowing path has drained by then.
const CHOKED_AFTER: u32 = 3;
/// Loss that stays at this part although less is sent was not of our making.
const LOSS_STAYS: f64 = 0.7;

/// Queue on the way beyond which nothing is probed: what is in it has to leave first.
const SHORT_QUEUE: Micros = 60_000;
/// Queue beyond which a path is full, also where it grows no more: it may have reached its end.
const LONG_QUEUE: Micros = 200_000;
/// How fast the shortest way is forgotten, of the time that passes: clocks drift apart by less.
const FORGOTTEN: i64 = 1000;

/// Part of the estimate that is news.
const NEWS: f64 = 0.05;

/// Packets since the last measurement of loss.
#[derive(Debug, Default)]
struct Loss {
    since: Option<Micros>,
    came: u32,
    lost: u32,
    /// What is lost however little is sent: a radio link's own loss.
    inherent: f64,
    /// The loss at which we last reduced.
    reduced_at: Option<f64>,
    /// Measurements in a row at which a long queue lost much.
    choked: u32,
    /// The longest queue since the last measurement.
    queue: Micros,
    /// What is lost of late where no queue stands, smoothed; none before it was measured.
    smoothed: Option<f64>,
}

impl Loss {
    /// Return the part of what is sent that arrives at best.
    fn share(&self) -> f64 {
        1.0 - self.inherent
    }

    /// Take what was lost; a queue's losses are no reason to send more.
    fn smooth(&mut self, lost: f64) {
        let stood = std::mem::take(&mut self.queue) > SHORT_QUEUE;
        let counted = if stood { 0.0 } else { lost };
        let before = self.smoothed.unwrap_or(counted);
        self.smoothed = Some(before + LOSS_WEIGHT * (counted - before));
    }
}

/// How long packets take, beside how long they took at best.
#[derive(Debug, Default)]
struct Way {
    shortest: Option<Micros>,
    newest: Micros,
    sent: Micros,
    at: Micros,
}

impl Way {
    /// Take a packet that came; the clocks of both ends need not agree.
    fn packet(&mut self, packet: &Acked) {
        self.newest = packet.came - packet.sent;
        self.sent = packet.sent;
        let drift = (packet.sent - self.at).max(0) / FORGOTTEN;
        self.at = self.at.max(packet.sent);
        let known = self
            .shortest
            .map_or(self.newest, |shortest| shortest + drift);
        self.shortest = Some(known.min(self.newest));
    }

    fn queue(&self) -> Micros {
        self.newest - self.shortest.unwrap_or(self.newest)
    }
}

/// Estimates one path.
#[derive(Debug, Default)]
pub struct Estimator {
    sent: Sent,
    trend: Trend,
    way: Way,
    loss: Loss,
    came: VecDeque<(Micros, u32)>,
    prober: Prober,
    estimate: Option<f64>,
    /// The peer's own estimate (draft-alvestrand-rmcat-remb-03).
    told_by_peer: Option<f64>,
    /// What arrived when the path was last full.
    capacity: Option<f64>,
    updated: Option<Micros>,
    round_trip: Micros,
    reduced: Option<Micros>,
    told: f64,
}

impl Estimator {
    /// Note a packet of `size` bytes on the wire that leaves now, in a certain batch; return its
    /// number.
    pub fn sent(&mut self, size: usize, batch: u32, now: Micros) -> u16 {
        self.prober.note(size);
        self.sent.note(size, batch, now)
    }

    /// Return the bits a second of media that the path carries, once there was feedback: what a
    /// lossy path takes on top goes to repairs.
    pub fn estimate(&self) -> Option<u64> {
        self.bits().map(|bits| bits as u64)
    }

    /// Return the part lost of late beside what queues lose, once feedback has told.
    pub fn loss(&self) -> Option<f64> {
        self.loss.smoothed
    }

    /// Return ours, which the peer's own may only lower, or else the peer's.
    fn bits(&self) -> Option<f64> {
        let bound = self.told_by_peer.unwrap_or(f64::INFINITY);
        let ours = self
            .estimate
            .map(|estimate| self.media(estimate).min(bound));
        ours.or(self.told_by_peer)
    }

    /// Return what of a rate on the path is left for media.
    fn media(&self, bits: f64) -> f64 {
        (bits * self.loss.share()).max(ESTIMATES.0)
    }

    /// Return how long it took until the newest feedback told of a packet.
    pub fn round_trip(&self) -> Micros {
        self.round_trip
    }

    /// Take the estimate that a peer makes itself.
    pub fn told(&mut self, bits: u64) {
        self.told_by_peer = Some((bits as f64).clamp(ESTIMATES.0, ESTIMATES.1));
    }

    /// Find out whether the path carries so many bits a second, with probes; `None` ends that.
    pub fn want(&mut self, bits: Option<u64>) {
        self.prober.want(bits);
    }

    /// Return whether a probe should begin.
    pub fn is_probe_due(&self, now: Micros) -> bool {
        let is_quiet = self.trend.usage() == Usage::Normal && self.way.queue() <= SHORT_QUEUE;
        let is_due = |estimate| self.prober.is_due(self.media(estimate), self.reduced, now);
        is_quiet && self.estimate.is_some_and(is_due)
    }

    /// Begin a probe.
    pub fn begin_probe(&mut self, now: Micros) {
        if let Some(estimate) = self.estimate {
            let share = self.loss.share();
            self.prober.begin(estimate, share, self.sent.next(), now);
        }
    }

    /// Return the probe to be sent, and the bounds it keeps.
    pub fn prober(&mut self) -> &mut Prober {
        &mut self.prober
    }

    /// Return the estimate if it is news since the last call.
    pub fn take_news(&mut self) -> Option<u64> {
        let estimate = self.bits()?;
        let is_small = (estimate - self.told).abs() <= NEWS * self.told;
        if is_small && !self.prober.is_reached(self.told, estimate) {
            return None;
        }
        self.told = estimate;
        self.estimate()
    }

    /// Take a packet that came at our end; [`follow`](Self::follow) what they say together.
    pub fn came(&mut self, packet: &Acked) {
        self.way.packet(packet);
        self.came.push_back((packet.came, packet.size.into()));
        self.trend.packet(packet);
    }

    /// Take feedback that came now; `left` says when a batch really left, if that is still known.
    pub fn feedback(
        &mut self,
        feedback: &TransportCc<'_>,
        left: impl Fn(u32) -> Option<Micros>,
        now: Micros,
    ) {
        let (trend, came, prober) = (&mut self.trend, &mut self.came, &mut self.prober);
        let way = &mut self.way;
        let mut count = 0;
        let lost = self.sent.acknowledge(feedback, left, |packet| {
            count += 1;
            way.packet(&packet);
            came.push_back((packet.came, packet.size.into()));
            // the queue of a probe is no reason to send less
            if !prober.packet(&packet) {
                trend.packet(&packet);
            }
        });
        if count > 0 {
            self.round_trip = now - self.way.sent;
        }
        if self.prober.is_busy() {
            self.judge_probe(now);
            return;
        }
        self.follow(count, lost, now);
    }

    /// Let the estimate follow packets that came and that were lost.
    pub fn follow(&mut self, count: u32, lost: u32, now: Micros) {
        self.loss.came += count;
        self.loss.lost += lost;
        self.loss.queue = self.loss.queue.max(self.way.queue());
        if count + lost == 0 {
            return;
        }
        let arriving = self.arriving();
        if self.estimate.is_none() && arriving.is_none() {
            return; // what was not measured yet is nobody's news
        }
        let estimate = self.estimate.unwrap_or(FIRST_ESTIMATE);
        let span = now - self.updated.replace(now).unwrap_or(now);
        let followed = self.follow_delay(estimate, arriving, span, now);
        let followed = self.follow_loss(followed, arriving, now);
        self.estimate = Some(followed.clamp(ESTIMATES.0, ESTIMATES.1));
    }

    /// Believe what a probe told, once it did; what came and was lost meanwhile says nothing else.
    fn judge_probe(&mut self, now: Micros) {
        let covered = self.sent.covered();
        let Some(outcome) = self.prober.judge(covered, self.loss.inherent, now) else {
            return;
        };
        let estimate = self.estimate.unwrap_or(FIRST_ESTIMATE);
        let bits = match outcome {
            Outcome::Carries(bits) => bits.max(estimate),
            // a receiver that was busy looks the same: what is really less, the delay will tell
            Outcome::Full(bits) => bits.max(BACK_OFF * estimate),
            Outcome::Broken(bits) => bits.min(estimate),
            Outcome::Unknown => estimate,
        };
        self.estimate = Some(bits.clamp(ESTIMATES.0, ESTIMATES.1));
        if matches!(outcome, Outcome::Full(_) | Outcome::Broken(_)) {
            self.capacity = Some(bits);
        }
        self.trend.begin_anew();
        (self.loss.since, self.loss.came, self.loss.lost) = (None, 0, 0);
        self.updated = Some(now);
    }

    /// Return the bits a second that arrive, and with them what this path loses of any; nothing
    /// before a window is full.
    fn arriving(&mut self) -> Option<f64> {
        let newest = self.came.back()?.0;
        let begin = newest - RATE_WINDOW;
        let mut full = false;
        let too_many = self.came.len().saturating_sub(MOST_ARRIVALS);
        self.came.drain(..too_many);
        while self.came.front().is_some_and(|(at, _)| *at < begin) {
            self.came.pop_front();
            full = true;
        }
        full.then(|| self.arriving_within(RATE_WINDOW))
    }

    fn arriving_within(&self, span: Micros) -> f64 {
        let newest = self.came.back().map_or(0, |(at, _)| *at);
        let recent = self.came.iter().filter(|(at, _)| newest - at <= span);
        let bytes: u64 = recent.map(|(_, size)| u64::from(*size)).sum();
        8.0 * bytes as f64 * MICROS_PER_SECOND as f64 / span as f64 / self.loss.share()
    }

    fn follow_delay(
        &mut self,
        estimate: f64,
        arriving: Option<f64>,
        span: Micros,
        now: Micros,
    ) -> f64 {
        let Some(arriving) = arriving else {
            return estimate;
        };
        match self.trend.usage() {
            Usage::Over if self.may_reduce(now) => {
                let carried = arriving.max(self.arriving_within(FULL_WINDOW));
                self.capacity = Some(carried);
                estimate.min(BACK_OFF * carried)
            }
            Usage::Over | Usage::Under => estimate,
            Usage::Normal if self.way.queue() > LONG_QUEUE => estimate,
            Usage::Normal => self.grow(estimate, arriving, span),
        }
    }

    fn grow(&mut self, estimate: f64, arriving: f64, span: Micros) -> f64 {
        // what once was full is wider now
        if self.capacity.is_some_and(|known| arriving > 1.1 * known) {
            self.capacity = None;
        }
        let seconds = span.min(MICROS_PER_SECOND) as f64 / MICROS_PER_SECOND as f64;
        let grown = match self.capacity {
            Some(known) if estimate > 0.9 * known => estimate + SLOW_GROWTH * seconds,
            _ => estimate * GROWTH.powf(seconds),
        };
        // not below what it was: that little is sent is no reason to believe in less
        let ahead = if self.prober.is_looking() {
            PROBED_AHEAD * arriving
        } else {
            MOST_AHEAD * arriving + AHEAD_AT_LEAST
        };
        let grown = grown.min(estimate.max(ahead));
        // what arrives without a queue is carried, however slowly we came to believe in it
        grown.max(arriving)
    }

    fn follow_loss(&mut self, estimate: f64, arriving: Option<f64>, now: Micros) -> f64 {
        let since = *self.loss.since.get_or_insert(now);
        let total = self.loss.came + self.loss.lost;
        if now - since < LOSS_WINDOW || total < LOSS_PACKETS {
            return estimate;
        }
        let lost = f64::from(self.loss.lost) / f64::from(total);
        (self.loss.since, self.loss.came, self.loss.lost) = (Some(now), 0, 0);
        // what is lost where a queue stands is lost by that queue
        let is_full = self.way.queue() > LONG_QUEUE;
        self.loss.smooth(lost);
        let before = self.loss.reduced_at.take().filter(|_| !is_full);
        if before.is_some_and(|before| lost > LOSS_STAYS * before) {
            self.loss.inherent = self.loss.inherent.max(lost.min(CONGESTED_LOSS));
        }
        // a window with few losses is chance more often than a better radio
        let eased = self.loss.inherent + LOSS_WEIGHT * (lost - self.loss.inherent) + 0.01;
        self.loss.inherent = self.loss.inherent.min(eased);
        let ours = (lost - self.loss.inherent) / (1.0 - self.loss.inherent);
        if ours <= HIGH_LOSS {
            self.loss.choked = 0;
            return estimate;
        }
        self.loss.reduced_at = Some(lost);
        self.loss.choked = if is_full { self.loss.choked + 1 } else { 0 };
        self.reduced = Some(now);
        let less = estimate * (1.0 - 0.5 * ours);
        match arriving {
            // what arrives is no measure any more: it includes repairs, which fill what was freed
            Some(arriving) if self.loss.choked > CHOKED_AFTER => less.min(BACK_OFF * arriving),
            Some(arriving) if is_full => estimate.min(BACK_OFF * arriving),
            Some(arriving) if lost > CONGESTED_LOSS => estimate.min(arriving),
            _ => less,
        }
    }

    fn may_reduce(&mut self, now: Micros) -> bool {
        let may = self
            .reduced
            .is_none_or(|reduced| now - reduced >= REDUCE_INTERVAL);
        if may {
            self.reduced = Some(now);
        }
        may
    }
}
