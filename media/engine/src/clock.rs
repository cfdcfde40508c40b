//! One clock for everything the engine sends, and where each publisher's clocks lie on it.
//!
//! Positions are microseconds since the engine's start. A publisher's sender reports tie its RTP
//! timestamps to its own NTP clock (RFC 3550 §6.4.1); that clock is tied to ours by the quickest
//! report seen. Sound and picture of one publisher share that tie, so they stay in step.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds from the NTP epoch (1900) to the Unix epoch (1970), RFC 5905.
const NTP_TO_UNIX_SECONDS: u64 = 2_208_988_800;

/// A position on the engine's clock, or a span of it, in microseconds; may be negative.
pub type Micros = i64;

/// Microseconds in a second.
pub const MICROS_PER_SECOND: Micros = 1_000_000;

/// A publisher's NTP clock that moves more than this was set, not measured better.
const CLOCK_STEP: i64 = MICROS_PER_SECOND;

/// A slower report moves the tie by this part of the difference: drift, not queueing.
const SLOW_SHARE: i64 = 64;

/// A quicker report moves the tie by this part: the tie was late, but nothing may jump.
const QUICK_SHARE: i64 = 4;

/// Tells where an instant lies, in microseconds since the start and in NTP time.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
    ntp_start: u64,
}

impl Clock {
    /// Tie the monotonic clock to the wall clock once, for good: later jumps of the wall clock
    /// must not reach the receivers.
    pub fn new(start: Instant, wall: SystemTime) -> Self {
        let since_epoch = wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = since_epoch.as_secs() + NTP_TO_UNIX_SECONDS;
        let fraction = (u64::from(since_epoch.subsec_nanos()) << 32) / 1_000_000_000;
        Self {
            start,
            ntp_start: (seconds << 32) | fraction,
        }
    }

    /// Return microseconds since the start.
    pub fn micros(&self, at: Instant) -> i64 {
        at.saturating_duration_since(self.start).as_micros() as i64
    }

    /// Return a position as `abs-send-time` has it: seconds in 6.18 fixed point.
    pub fn abs_send_time(&self, micros: Micros) -> [u8; 3] {
        let units = ((micros as i128) << 18) / i128::from(MICROS_PER_SECOND);
        let [_, high, middle, low] = (units as u32 & 0x00FF_FFFF).to_be_bytes();
        [high, middle, low]
    }

    /// Return the NTP time of a position.
    pub fn ntp(&self, micros: i64) -> u64 {
        self.ntp_start.wrapping_add(micros_to_ntp(micros) as u64)
    }
}

/// Convert a signed span to 32.32 seconds.
fn micros_to_ntp(micros: i64) -> i64 {
    ((i128::from(micros) << 32) / i128::from(MICROS_PER_SECOND)) as i64
}

/// Convert a signed span of 32.32 seconds to microseconds.
fn ntp_to_micros(span: i64) -> i64 {
    ((i128::from(span) * i128::from(MICROS_PER_SECOND)) >> 32) as i64
}

/// Convert the middle 32 bits of NTP time (LSR, DLSR; 1/65536 s) to a duration.
pub fn short_ntp_to_duration(units: u32) -> Duration {
    Duration::from_micros((u64::from(units) * MICROS_PER_SECOND as u64) >> 16)
}

/// Convert a duration to 1/65536 s, saturating.
pub fn duration_to_short_ntp(span: Duration) -> u32 {
    u32::try_from((span.as_micros() << 16) / MICROS_PER_SECOND as u128).unwrap_or(u32::MAX)
}

/// Where one publisher's NTP clock lies on ours.
#[derive(Debug, Clone, Copy, Default)]
pub struct RemoteClock {
    /// (remote NTP, our position) of the tie.
    tie: Option<(u64, i64)>,
}

impl RemoteClock {
    /// Learn from a report that said `ntp` and came at `arrival`; return where that NTP time lies.
    pub fn learn(&mut self, ntp: u64, arrival: i64) -> i64 {
        let Some(expected) = self.position(ntp) else {
            self.tie = Some((ntp, arrival));
            return arrival;
        };
        let late = arrival - expected;
        let moved = match late {
            _ if late.abs() > CLOCK_STEP => late,
            _ if late < 0 => late / QUICK_SHARE,
            _ => late / SLOW_SHARE,
        };
        self.tie = Some((ntp, expected + moved));
        expected + moved
    }

    fn position(&self, ntp: u64) -> Option<i64> {
        let (tied, position) = self.tie?;
        Some(position + ntp_to_micros(ntp.wrapping_sub(tied) as i64))
    }
}

/// Where the RTP timestamps of one track lie on our clock.
#[derive(Debug, Clone, Copy)]
pub struct Timeline {
    rate: i64,
    anchor: Option<(i64, u32)>,
    reported: bool,
}

impl Timeline {
    /// Begin for a track whose timestamps run at `rate` hertz.
    pub fn new(rate: u32) -> Self {
        Self {
            rate: i64::from(rate.max(1)),
            anchor: None,
            reported: false,
        }
    }

    /// Take a sender report's word for where `timestamp` lies.
    pub fn report(&mut self, position: i64, timestamp: u32) {
        self.anchor = Some((position, timestamp));
        self.reported = true;
    }

    /// Until a report comes, take the least delayed packet's arrival for it.
    pub fn arrival(&mut self, position: i64, timestamp: u32) {
        if self.reported {
            return;
        }
        let is_earlier = match self.position(timestamp) {
            Some(expected) => position < expected || position - expected > CLOCK_STEP,
            None => true,
        };
        if is_earlier {
            self.anchor = Some((position, timestamp));
        }
    }

    /// Return the position of a timestamp.
    pub fn position(&self, timestamp: u32) -> Option<i64> {
        let (position, anchored) = self.anchor?;
        let ticks = i64::from(timestamp.wrapping_sub(anchored) as i32);
        Some(position + ticks * MICROS_PER_SECOND / self.rate)
    }

    /// Return the timestamp of a position.
    pub fn timestamp(&self, position: i64) -> Option<u32> {
        let (anchored, timestamp) = self.anchor?;
        let ticks = (position - anchored) * self.rate / MICROS_PER_SECOND;
        Some(timestamp.wrapping_add(ticks as u32))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = MICROS_PER_SECOND;

    #[test]
    fn ntp_time_counts_from_1900() {
        let start = Instant::now();
        let clock = Clock::new(start, UNIX_EPOCH + Duration::from_millis(500));
        assert_eq!(clock.ntp(0), (NTP_TO_UNIX_SECONDS << 32) | (1 << 31));
        let later = clock.micros(start + Duration::from_millis(500));
        assert_eq!(clock.ntp(later), (NTP_TO_UNIX_SECONDS + 1) << 32);
    }

    #[test]
    fn a_quick_report_moves_the_tie_more_than_a_slow_one() {
        let mut remote = RemoteClock::default();
        assert_eq!(remote.learn(1 << 32, 5 * SECOND), 5 * SECOND);
        let slow = remote.learn(2 << 32, 6 * SECOND + 64_000);
        assert_eq!(slow, 6 * SECOND + 1000);
        let quick = remote.learn(3 << 32, 7 * SECOND - 3000);
        assert_eq!(quick, 7 * SECOND);
    }

    #[test]
    fn a_clock_that_was_set_is_followed_at_once() {
        let mut remote = RemoteClock::default();
        remote.learn(1 << 32, SECOND);
        assert_eq!(remote.learn(3601 << 32, 2 * SECOND), 2 * SECOND);
        assert_eq!(remote.learn(0, 3 * SECOND), 3 * SECOND);
    }

    #[test]
    fn a_timeline_maps_both_ways_over_the_wrap() {
        let mut timeline = Timeline::new(90_000);
        timeline.report(SECOND, u32::MAX - 44_999);
        assert_eq!(timeline.position(45_000), Some(2 * SECOND));
        assert_eq!(timeline.timestamp(2 * SECOND), Some(45_000));
        assert_eq!(
            timeline.timestamp(0),
            Some((u32::MAX - 44_999).wrapping_sub(90_000))
        );
    }

    #[test]
    fn before_a_report_the_least_delayed_packet_counts() {
        let mut timeline = Timeline::new(48_000);
        timeline.arrival(100_000, 0);
        timeline.arrival(150_000, 960); // 30 ms late
        assert_eq!(timeline.position(960), Some(120_000));
        timeline.arrival(130_000, 1920); // 10 ms early
        assert_eq!(timeline.position(1920), Some(130_000));
        timeline.report(0, 0);
        timeline.arrival(1, 480_000);
        assert_eq!(timeline.position(0), Some(0));
    }
}
