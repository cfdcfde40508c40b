//! When to ask a publisher for a keyframe: many subscribers ask, few requests leave.

use std::time::{Duration, Instant};

/// Least time between two requests to one publisher. A keyframe costs it many times a frame.
pub const THROTTLE: Duration = Duration::from_millis(500);

/// A request that brought no keyframe is repeated after this time.
pub const REPEAT_AFTER: Duration = Duration::from_secs(1);

/// Repeats before we believe that this encoder does not listen; a new wish starts again.
pub const MAX_REPEATS: u32 = 10;

/// Requests one subscriber may make at once, before [`WISH_INTERVAL`] bounds it.
const WISH_BURST: u32 = 3;

/// Time in which a subscriber earns one more request; a storm must not become keyframes for all.
const WISH_INTERVAL: Duration = Duration::from_secs(5);

/// The requests toward one publisher.
#[derive(Debug, Default)]
pub struct Requests {
    wanted: bool,
    sent: Option<Instant>,
    unanswered: u32,
}

impl Requests {
    /// Note that somebody needs a keyframe.
    pub fn want(&mut self) {
        self.wanted = true;
        self.unanswered = self.unanswered.min(MAX_REPEATS);
    }

    /// Note that a keyframe began.
    pub fn arrived(&mut self) {
        self.wanted = false;
        self.unanswered = 0;
    }

    /// Return whether a request shall leave now, and note that it did.
    pub fn due(&mut self, now: Instant) -> bool {
        if self.next_timeout(now).is_none_or(|at| now < at) {
            return false;
        }
        self.sent = Some(now);
        self.unanswered += 1;
        true
    }

    /// Return when the wanted request may leave, if there is one.
    pub fn next_timeout(&self, now: Instant) -> Option<Instant> {
        if !self.wanted || self.unanswered > MAX_REPEATS {
            return None;
        }
        let pause = if self.unanswered == 0 {
            THROTTLE
        } else {
            REPEAT_AFTER
        };
        Some(self.sent.map_or(now, |sent| sent + pause))
    }
}

/// One subscriber's right to ask for keyframes.
#[derive(Debug, Default)]
pub struct Wishes {
    spent: u32,
    since: Option<Instant>,
}

impl Wishes {
    /// Return whether this subscriber may ask now.
    pub fn allow(&mut self, now: Instant) -> bool {
        let since = *self.since.get_or_insert(now);
        let earned = now.saturating_duration_since(since).as_secs() / WISH_INTERVAL.as_secs();
        if earned > 0 {
            self.spent = self
                .spent
                .saturating_sub(u32::try_from(earned).unwrap_or(u32::MAX));
            self.since = Some(now);
        }
        if self.spent >= WISH_BURST {
            return false;
        }
        self.spent += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    #[test]
    fn many_wishes_make_one_request() {
        let start = Instant::now();
        let mut requests = Requests::default();
        assert!(!requests.due(start));
        requests.want();
        assert!(requests.due(start));
        requests.want();
        assert!(!requests.due(start + 499 * MS));
        requests.arrived();
        assert!(!requests.due(start + 5000 * MS));
    }

    #[test]
    fn a_wish_soon_after_a_keyframe_waits_for_the_throttle() {
        let start = Instant::now();
        let mut requests = Requests::default();
        requests.want();
        assert!(requests.due(start));
        requests.arrived();
        requests.want();
        assert!(!requests.due(start + 499 * MS));
        assert!(requests.due(start + 500 * MS));
    }

    #[test]
    fn an_unanswered_request_is_repeated_a_few_times() {
        let start = Instant::now();
        let mut requests = Requests::default();
        requests.want();
        let sent = (0..60_000)
            .step_by(100)
            .filter(|&at| requests.due(start + at * MS))
            .count();
        assert_eq!(sent, 1 + MAX_REPEATS as usize);
    }

    #[test]
    fn a_storm_of_wishes_is_bounded() {
        let start = Instant::now();
        let mut wishes = Wishes::default();
        let allowed = (0..20_000)
            .filter(|&at| wishes.allow(start + at * MS))
            .count();
        assert!((4..=6).contains(&allowed), "{allowed}");
    }
}
