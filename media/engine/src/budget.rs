//! A bound on what one subscriber may cost.

use crate::clock::{MICROS_PER_SECOND, Micros};

/// A bucket of bytes that fills at a steady rate.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    rate: i64,
    burst: i64,
    left: i64,
    filled: Micros,
}

impl Budget {
    /// Allow `rate` bytes a second on average and `burst` bytes at once.
    pub fn new(rate: i64, burst: i64) -> Self {
        Self {
            rate,
            burst,
            left: burst,
            filled: 0,
        }
    }

    /// Allow so much from now on.
    pub fn change(&mut self, rate: i64, burst: i64) {
        (self.rate, self.burst) = (rate, burst);
        self.left = self.left.min(burst);
    }

    /// Take `bytes`, or leave everything and return false.
    pub fn take(&mut self, bytes: usize, now: Micros) -> bool {
        self.fill(now);
        let bytes = bytes as i64;
        if bytes > self.left {
            return false;
        }
        self.left -= bytes;
        true
    }

    fn fill(&mut self, now: Micros) {
        let span = (now - self.filled).clamp(0, MICROS_PER_SECOND * 60);
        let earned = span * self.rate / MICROS_PER_SECOND;
        if earned > 0 {
            self.left = self.burst.min(self.left + earned);
            self.filled = now;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_that_shrinks_keeps_no_more_than_it_allows() {
        let mut budget = Budget::new(1000, 500);
        budget.change(100, 50);
        assert!(!budget.take(51, 0));
        assert!(budget.take(50, 0));
        assert!(!budget.take(50, 400_000));
        assert!(budget.take(50, 500_000));
    }

    #[test]
    fn a_budget_fills_again_with_time() {
        let mut budget = Budget::new(1000, 500);
        assert!(budget.take(500, 0));
        assert!(!budget.take(1, 0));
        assert!(budget.take(100, 100_000));
        assert!(!budget.take(501, 100 * MICROS_PER_SECOND));
        assert!(budget.take(500, 100 * MICROS_PER_SECOND));
    }
}
