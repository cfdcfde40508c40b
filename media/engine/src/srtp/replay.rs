//! What a receiver remembers of each source: which packets it has seen, and where it is.

use crate::error::{Error, Result};

/// SSRCs one peer may use; a browser with every slot and its RTX uses about twelve.
const MAX_SOURCES: usize = 64;
/// Packets the replay window reaches back: SFU practice, RFC 3711 §3.3.2 asks for at least 64.
const WINDOW: u64 = 1024;
/// 64-bit words of the replay window.
const WINDOW_WORDS: usize = WINDOW as usize / 64;

/// Remembers which of the last [`WINDOW`] indexes were seen (RFC 3711 §3.3.2).
struct ReplayWindow {
    highest: u64,
    seen: [u64; WINDOW_WORDS],
}

impl ReplayWindow {
    fn starting_at(index: u64) -> Self {
        let mut window = Self {
            highest: index,
            seen: [0; WINDOW_WORDS],
        };
        window.mark(index);
        window
    }

    fn check(&self, index: u64) -> Result<()> {
        if index > self.highest {
            return Ok(());
        }
        let (word, bit) = Self::place(index);
        if self.highest - index >= WINDOW || self.seen[word] & bit != 0 {
            return Err(Error::Replayed);
        }
        Ok(())
    }

    /// Remember an index that has passed `check` and authentication.
    fn accept(&mut self, index: u64) {
        if index > self.highest {
            if index - self.highest >= WINDOW {
                self.seen = [0; WINDOW_WORDS];
            } else {
                (self.highest + 1..index).for_each(|skipped| self.clear(skipped));
            }
            self.highest = index;
        }
        self.mark(index);
    }

    fn mark(&mut self, index: u64) {
        let (word, bit) = Self::place(index);
        self.seen[word] |= bit;
    }

    fn clear(&mut self, index: u64) {
        let (word, bit) = Self::place(index);
        self.seen[word] &= !bit;
    }

    fn place(index: u64) -> (usize, u64) {
        let slot = index % WINDOW;
        ((slot / 64) as usize, 1 << (slot % 64))
    }
}

/// What a receiver knows of the SSRCs that have sent it an authentic packet.
#[derive(Default)]
pub(super) struct Sources {
    known: Vec<(u32, ReplayWindow)>,
}

impl Sources {
    pub(super) fn find(&self, ssrc: u32) -> Result<Option<usize>> {
        let found = self.known.iter().position(|(known, _)| *known == ssrc);
        if found.is_none() && self.known.len() >= MAX_SOURCES {
            return Err(Error::TooManySources);
        }
        Ok(found)
    }

    /// Guess the index of a packet; one from before the first cycle cannot exist.
    pub(super) fn guess_index(&self, source: Option<usize>, sequence: u16) -> Result<u64> {
        let guess = match source {
            Some(at) => guess_index(self.known[at].1.highest, sequence),
            None => Some(u64::from(sequence)),
        };
        guess.ok_or(Error::Replayed)
    }

    pub(super) fn count(&self) -> usize {
        self.known.len()
    }

    pub(super) fn check(&self, source: Option<usize>, index: u64) -> Result<()> {
        source.map_or(Ok(()), |at| self.known[at].1.check(index))
    }

    /// Remember an authentic packet; only this creates state.
    pub(super) fn accept(&mut self, source: Option<usize>, ssrc: u32, index: u64) {
        match source {
            Some(at) => self.known[at].1.accept(index),
            None => self.known.push((ssrc, ReplayWindow::starting_at(index))),
        }
    }
}

/// Guess the 48-bit index of a packet from its sequence number (RFC 3711 §3.3.1 and appendix A).
///
/// Returns None for a packet from before the first cycle, which cannot exist.
fn guess_index(highest: u64, sequence: u16) -> Option<u64> {
    let step = sequence.wrapping_sub(highest as u16) as i16;
    let index = highest.checked_add_signed(i64::from(step))?;
    (index < 1 << 48).then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_index_guess_follows_both_ends_of_the_cycle() {
        // (highest index, sequence number, guess), RFC 3711 appendix A
        for (highest, sequence, guess) in [
            (10, 11, Some(11)),
            (10, 9, Some(9)),
            (10, 65_535, None),
            (65_535, 0, Some(65_536)),
            (65_536, 65_535, Some(65_535)),
            (65_536 + 40_000, 7_000, Some(65_536 + 7_000 + 65_536)),
            (65_536 + 10_000, 50_000, Some(50_000)),
            ((1 << 48) - 1, 0, None),
        ] {
            assert_eq!(
                guess_index(highest, sequence),
                guess,
                "{highest} {sequence}"
            );
        }
    }

    #[test]
    fn the_window_reaches_back_exactly_1024() {
        let mut window = ReplayWindow::starting_at(5000);
        assert_eq!(window.check(5000), Err(Error::Replayed));
        assert_eq!(window.check(5000 - 1023), Ok(()));
        assert_eq!(window.check(5000 - 1024), Err(Error::Replayed));
        window.accept(5000 - 1023);
        assert_eq!(window.check(5000 - 1023), Err(Error::Replayed));
        window.accept(9000);
        assert_eq!(window.check(8999), Ok(()));
    }

    proptest! {
        /// The window agrees with the plain rule: not too old, and never seen.
        #[test]
        fn the_window_agrees_with_a_set(steps in prop::collection::vec(-1200i64..1300, 1..300)) {
            let mut window = ReplayWindow::starting_at(100_000);
            let mut seen = std::collections::HashSet::from([100_000u64]);
            let mut highest = 100_000u64;
            for step in steps {
                let index = highest.saturating_add_signed(step);
                let fresh = highest.saturating_sub(index) < WINDOW && !seen.contains(&index);
                prop_assert_eq!(window.check(index).is_ok(), fresh);
                if fresh {
                    window.accept(index);
                    seen.insert(index);
                    highest = highest.max(index);
                }
            }
        }
    }
}
