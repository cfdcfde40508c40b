//! Probes: whether a path carries more than is sent on it, found out with what nobody misses.
//!
//! A probe is a short time in which media and repetitions together have a certain rate. What of it
//! arrives, and how much later, tells what the path carries. Each asks for a little more; one that is
//! carried allows the next at once, and one that fills the path ends it for a while.

use super::sent::Acked;
use crate::budget::Budget;
use crate::clock::{MICROS_PER_SECOND, Micros};

/// Length of a probe: several frames, and short enough for the queue it may build to be heard by
/// nobody.
pub const LENGTH: Micros = 200_000;
/// Multiple of the estimate that is asked for: more would be heard where it is too much.
const STEP: f64 = 1.5;
/// Bits a second of the fastest probe; all layers of a lesson need less.
const MOST_RATE: f64 = 5_000_000.0;
/// Part of what is wanted that is asked for on top, since a probe is measured a little short.
const MARGIN: f64 = 1.08;

/// Bytes a second of repetitions and padding toward one subscriber, in the long run: 100 kbit/s.
const LONG_RUN_RATE: i64 = 12_500;
/// Bytes of them at once: the steps from sound alone to a whole lesson.
const LONG_RUN_BURST: i64 = 250_000;
/// Bytes of one go, every [`TICK`](crate::pacing::TICK) while a probe lasts.
const MOST_AT_ONCE: usize = 12_000;

/// Time between two probes after one that filled the path, doubled each time.
const PAUSES: (Micros, Micros) = (1_000_000, 4_000_000);
/// Time to the next try after a probe that told nothing.
const RETRY: Micros = 1_000_000;
/// Time without a reduction before a probe: the queue must be empty.
const SETTLED: Micros = 1_000_000;
/// A probe that was left alone for longer says more about us than about the path.
const LATE: Micros = 60_000;
/// Time in which a probe must be answered.
const ANSWERED_WITHIN: Micros = 1_500_000;

/// Packets from which on a probe tells anything.
const LEAST_PACKETS: usize = 6;
/// Packets of a probe that are remembered: the fastest one has far fewer.
const MOST_PACKETS: usize = 1024;
/// Part of the packets, the first ones, that is not measured: many links let a few packets pass at
/// any speed.
const UNMEASURED: f64 = 0.25;
/// Part of the bytes that must arrive, beside what this path always loses.
const ARRIVES: f64 = 0.8;
/// Part of the bytes below which the path has broken down.
const BREAKS: f64 = 0.6;
/// Part of the speed of sending at which a probe arrives if the path carries it.
const CARRIED: f64 = 0.9;
/// Part of what a full path lets through that is believed (draft-ietf-rmcat-gcc-02 §5.5).
const FULL: f64 = 0.95;

/// What a probe told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The path carries at least so many bits a second.
    Carries(f64),
    /// It carries so many and no more.
    Full(f64),
    /// It carries so many, and most of what is sent is lost.
    Broken(f64),
    /// Nothing.
    Unknown,
}

#[derive(Debug, Default)]
struct Probe {
    rate: f64,
    began: Micros,
    ended: Option<Micros>,
    first: u64,
    packets: u64,
    bytes: u64,
    acked: Vec<Acked>,
}

/// Decides when to probe one path and how fast, and judges what came of it.
#[derive(Debug)]
pub struct Prober {
    wanted: Option<f64>,
    probe: Option<Probe>,
    not_before: Micros,
    pause: Micros,
    polled: Micros,
    long_run: Budget,
}

impl Default for Prober {
    fn default() -> Self {
        Self {
            wanted: None,
            probe: None,
            not_before: 0,
            pause: PAUSES.0,
            polled: 0,
            long_run: Budget::new(LONG_RUN_RATE, LONG_RUN_BURST),
        }
    }
}

impl Prober {
    /// Find out from now on whether the path carries so many bits a second of media; `None` ends that.
    pub fn want(&mut self, bits: Option<u64>) {
        if bits.is_none() || self.wanted.is_none() {
            self.pause = PAUSES.0;
        }
        self.wanted = bits.map(|bits| (bits as f64).min(MOST_RATE));
    }

    /// Return whether more is wanted than is known to be carried.
    pub fn is_looking(&self) -> bool {
        self.wanted.is_some()
    }

    /// Return whether an estimate reaches what is wanted and another one does not.
    pub fn is_reached(&self, before: f64, estimate: f64) -> bool {
        self.wanted
            .is_some_and(|wanted| before < wanted && wanted <= estimate)
    }

    /// Return whether a probe is under way or waits for its answer.
    pub fn is_busy(&self) -> bool {
        self.probe.is_some()
    }

    /// Return whether a probe is being sent.
    pub fn is_sending(&self) -> bool {
        self.probe
            .as_ref()
            .is_some_and(|probe| probe.ended.is_none())
    }

    /// Return whether a probe should begin, given the media that the path is believed to carry and
    /// the time of the last reduction.
    pub fn is_due(&self, estimate: f64, reduced: Option<Micros>, now: Micros) -> bool {
        let is_settled = reduced.is_none_or(|at| now - at >= SETTLED);
        let lacks = self.wanted.is_some_and(|wanted| wanted > estimate);
        lacks && is_settled && !self.is_busy() && now >= self.not_before
    }

    /// Begin a probe beyond what the path is believed to carry, of which a `share` arrives; `next`
    /// is the number of the next packet.
    pub fn begin(&mut self, estimate: f64, share: f64, next: u64, now: Micros) {
        let wanted = MARGIN * self.wanted.unwrap_or(0.0) / share;
        self.polled = now;
        self.probe = Some(Probe {
            rate: wanted.min(STEP * estimate),
            began: now,
            first: next,
            ..Probe::default()
        });
    }

    /// Return how many bytes a probe lacks now; none when it is over or the bound is reached.
    pub fn lacks(&mut self, now: Micros) -> usize {
        let since = now - std::mem::replace(&mut self.polled, now);
        let Some(probe) = self.probe.as_mut().filter(|probe| probe.ended.is_none()) else {
            return 0;
        };
        if since > LATE {
            self.probe = None;
            self.not_before = now + RETRY;
            return 0;
        }
        let span = now - probe.began;
        if span >= LENGTH {
            probe.ended = Some(now);
            return 0;
        }
        let due = probe.rate * span as f64 / MICROS_PER_SECOND as f64 / 8.0;
        let lacking = (due as usize).saturating_sub(probe.bytes as usize);
        lacking.min(MOST_AT_ONCE)
    }

    /// Take the bytes of a repetition or of padding from the bound; false when it is reached.
    pub fn take(&mut self, bytes: usize, now: Micros) -> bool {
        self.long_run.take(bytes, now)
    }

    /// Note a packet that leaves now, media or not.
    pub fn note(&mut self, size: usize) {
        if let Some(probe) = self.probe.as_mut().filter(|probe| probe.ended.is_none()) {
            probe.packets += 1;
            probe.bytes += size as u64;
        }
    }

    /// Take a packet that came; returns whether it was one of a probe.
    pub fn packet(&mut self, packet: &Acked) -> bool {
        let Some(probe) = &mut self.probe else {
            return false;
        };
        // what leaves after it still meets its queue
        let belongs = packet.number >= probe.first;
        let is_part = belongs && packet.number < probe.first + probe.packets;
        if is_part && probe.acked.len() < MOST_PACKETS {
            probe.acked.push(*packet);
        }
        belongs
    }

    /// Return what the probe told, once all of it was answered; `covered` is the first number
    /// that feedback has not told of, and `inherent` the part that this path always loses.
    pub fn judge(&mut self, covered: u64, inherent: f64, now: Micros) -> Option<Outcome> {
        let probe = self.probe.as_ref()?;
        let ended = probe.ended?;
        if covered < probe.first + probe.packets && now - ended < ANSWERED_WITHIN {
            return None;
        }
        let outcome = measure(probe, inherent);
        self.probe = None;
        self.not_before = match outcome {
            Outcome::Carries(_) => now,
            Outcome::Unknown => now + RETRY,
            Outcome::Full(_) | Outcome::Broken(_) => {
                let at = now + self.pause;
                self.pause = (2 * self.pause).min(PAUSES.1);
                at
            }
        };
        Some(outcome)
    }
}

fn measure(probe: &Probe, inherent: f64) -> Outcome {
    let arrived: u64 = probe.acked.iter().map(|one| u64::from(one.size)).sum();
    let part = arrived as f64 / (probe.bytes as f64 * (1.0 - inherent)).max(1.0);
    let skipped = (probe.acked.len() as f64 * UNMEASURED) as usize;
    let mut measured = probe.acked[skipped..].to_vec();
    measured.sort_by_key(|one| one.number);
    if probe.acked.len() < LEAST_PACKETS {
        return Outcome::Unknown;
    }
    let (Some(first), Some(last)) = (measured.first(), measured.last()) else {
        return Outcome::Unknown;
    };
    let bits = |one: &Acked| 8.0 * f64::from(one.size);
    let all: f64 = measured.iter().map(bits).sum();
    let rate = |bits: f64, span: Micros| bits * MICROS_PER_SECOND as f64 / span as f64;
    let newest = measured.iter().map(|one| one.came).max().unwrap_or(0);
    let (sending, coming) = (last.sent - first.sent, newest - first.came);
    if sending <= 0 || coming <= 0 {
        return Outcome::Unknown;
    }
    let sent = rate(all - bits(last), sending) / (1.0 - inherent);
    let came = rate(all - bits(first), coming) / (1.0 - inherent);
    if part < BREAKS {
        return Outcome::Broken(FULL * came);
    }
    if part < ARRIVES || came < CARRIED * sent {
        return Outcome::Full(FULL * came);
    }
    Outcome::Carries(sent.min(came))
}
