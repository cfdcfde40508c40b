//! Which of a slot's outgoing numbers stand for which of its source's, and which were sent again.

use crate::clock::Micros;

/// Runs remembered for late packets and NACKs.
const MAX_RUNS: usize = 4;

/// Packets whose last retransmission is remembered.
const RESENT_PLACES: usize = 256;

/// Times one packet is sent again.
const MAX_RESENDS: u8 = 4;

/// A stretch of the source's numbers that maps onto ours by a constant.
#[derive(Debug, Clone, Copy)]
pub struct Run {
    /// The source's first number.
    pub first: u64,
    /// What is added to the source's timestamps.
    pub timestamp_offset: u32,
    end: u64,
    out_first: u64,
}

impl Run {
    fn out(&self, sequence: u64) -> Option<u64> {
        let is_inside = (self.first..self.end).contains(&sequence);
        is_inside.then(|| self.out_first + (sequence - self.first))
    }

    fn source(&self, out: u64) -> Option<u64> {
        let sequence = self.first + out.checked_sub(self.out_first)?;
        (sequence < self.end).then_some(sequence)
    }
}

/// The newest runs of one source in one slot, oldest first.
#[derive(Debug, Default)]
pub struct Runs(Vec<Run>);

impl Runs {
    /// Let the source's numbers from `first` on stand at ours from `out_first` on.
    pub fn begin(&mut self, first: u64, out_first: u64, timestamp_offset: u32) {
        if self.0.len() == MAX_RUNS {
            self.0.remove(0);
        }
        self.0.push(Run {
            first,
            timestamp_offset,
            end: u64::MAX,
            out_first,
        });
    }

    /// End the newest run before our number `out`.
    pub fn end_before(&mut self, out: u64) {
        if let Some(run) = self.0.last_mut() {
            run.end = run.first + (out - run.out_first);
        }
    }

    /// Return the run of one of the source's numbers, and what it is among ours.
    pub fn find(&self, sequence: u64) -> Option<(&Run, u64)> {
        let newest_first = self.0.iter().rev();
        newest_first
            .into_iter()
            .find_map(|run| Some((run, run.out(sequence)?)))
    }

    /// Return the source's number behind one of ours.
    pub fn source_of(&self, out: u64) -> Option<u64> {
        self.0.iter().rev().find_map(|run| run.source(out))
    }

    /// Return the newest run.
    pub fn last(&self) -> Option<&Run> {
        self.0.last()
    }

    /// Return whether nothing was sent of this source.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forget the source.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// When a packet was last sent again, and how often.
#[derive(Debug, Clone, Copy)]
struct Resent {
    out: u64,
    at: Micros,
    times: u8,
}

/// The newest retransmissions of one slot; takes memory only once something was lost.
#[derive(Debug, Default)]
pub struct Resends(Vec<Option<Resent>>);

impl Resends {
    /// Return whether a packet may be sent again: once in a round trip, and a few times in all.
    pub fn allow(&mut self, out: u64, now: Micros, round_trip: Micros) -> bool {
        if self.0.is_empty() {
            self.0.resize(RESENT_PLACES, None);
        }
        let place = &mut self.0[(out % RESENT_PLACES as u64) as usize];
        let times = match place {
            Some(sent) if sent.out == out => {
                if now - sent.at < round_trip || sent.times >= MAX_RESENDS {
                    return false;
                }
                sent.times
            }
            _ => 0,
        };
        *place = Some(Resent {
            out,
            at: now,
            times: times + 1,
        });
        true
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_map_both_ways_in_every_run() {
        let mut runs = Runs::default();
        runs.begin(100, 7, 0);
        runs.end_before(10);
        runs.begin(200, 11, 0);
        let outs = [99, 100, 102, 103, 199, 200, 205].map(|n| runs.find(n).map(|(_, out)| out));
        assert_eq!(
            outs,
            [None, Some(7), Some(9), None, None, Some(11), Some(16)]
        );
        let sources = [6, 7, 9, 10, 11].map(|out| runs.source_of(out));
        assert_eq!(sources, [None, Some(100), Some(102), None, Some(200)]);
    }

    #[test]
    fn only_the_newest_runs_are_kept() {
        let mut runs = Runs::default();
        for number in 0..10 {
            runs.begin(number * 100, number * 100, 0);
            runs.end_before(number * 100 + 1);
        }
        assert!(runs.find(500).is_none());
        assert!(runs.find(600).is_some());
    }

    #[test]
    fn repeats_are_spaced_and_counted() {
        let mut resends = Resends::default();
        let allowed: Vec<_> = (0..10)
            .map(|time| resends.allow(5, time * 60, 100))
            .collect();
        assert_eq!(allowed.iter().filter(|allowed| **allowed).count(), 4);
        assert!(!allowed[1]);
        assert!(resends.allow(5 + RESENT_PLACES as u64, 0, 100));
    }
}
