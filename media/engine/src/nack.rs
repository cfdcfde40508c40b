//! Which packets of a source are missing, and when to ask for them (again).

use std::time::{Duration, Instant};

/// Missing packets kept at a time; more than this is an outage, which a keyframe ends sooner.
pub const MAX_OUTSTANDING: usize = 100;
/// Times a packet is asked for before we give it up.
pub const MAX_TRIES: u8 = 5;
/// Shortest time between two requests for one packet.
pub const MIN_INTERVAL: Duration = Duration::from_millis(20);
/// Longest time between two requests for one packet.
pub const MAX_INTERVAL: Duration = Duration::from_millis(400);
/// Each wait is this many percent of the one before.
const BACKOFF_PERCENT: u32 = 125;

/// What a packet's number says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// The one after the newest, or the first of all.
    InOrder,
    /// Newer, with this many missing before it.
    AfterGap(u64),
    /// One that was missing.
    Recovered,
    /// Older and not missing: a duplicate, or given up.
    Old,
}

#[derive(Debug, Clone, Copy)]
struct Missing {
    sequence: u64,
    tries: u8,
    ask_at: Instant,
}

/// Tracks one source's missing packets by extended sequence number.
#[derive(Debug, Default)]
pub struct Generator {
    newest: Option<u64>,
    /// Ascending by sequence, never more than [`MAX_OUTSTANDING`].
    missing: Vec<Missing>,
    given_up: u64,
}

impl Generator {
    /// Begin with nothing missing.
    pub fn new() -> Self {
        Self {
            missing: Vec::with_capacity(MAX_OUTSTANDING),
            ..Self::default()
        }
    }

    /// Note a packet that came, and those it shows to be missing; they may be asked for at once.
    pub fn on_packet(&mut self, sequence: u64, now: Instant) -> Arrival {
        let Some(newest) = self.newest else {
            self.newest = Some(sequence);
            return Arrival::InOrder;
        };
        if sequence <= newest {
            return self.recover(sequence);
        }
        self.newest = Some(sequence);
        let gap = sequence - newest - 1;
        if gap == 0 {
            return Arrival::InOrder;
        }
        self.add(newest + 1, sequence, now);
        Arrival::AfterGap(gap)
    }

    /// Give up what is older than a keyframe: it is not needed any more.
    pub fn on_keyframe(&mut self, first: u64) {
        self.missing.retain(|missing| missing.sequence >= first);
    }

    /// Write the packets to ask for now, ascending and cut to 16 bits, and return them.
    ///
    /// `round_trip` spaces the repeats: there is no answer to be expected sooner.
    pub fn due<'out>(
        &mut self,
        now: Instant,
        round_trip: Duration,
        out: &'out mut [u16; MAX_OUTSTANDING],
    ) -> &'out [u16] {
        let before = self.missing.len();
        // asked for the last time, and that wait is over as well
        self.missing
            .retain(|missing| missing.tries < MAX_TRIES || missing.ask_at > now);
        self.given_up += (before - self.missing.len()) as u64;
        let mut count = 0;
        for missing in self.missing.iter_mut().filter(|m| m.ask_at <= now) {
            out[count] = missing.sequence as u16;
            count += 1;
            missing.ask_at = now + interval(round_trip, missing.tries);
            missing.tries += 1;
        }
        &out[..count]
    }

    /// Return when `due` next has something to do.
    pub fn next_timeout(&self) -> Option<Instant> {
        self.missing.iter().map(|missing| missing.ask_at).min()
    }

    /// Return how many packets were given up since the last call; any asks for a keyframe.
    pub fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }

    /// Return how many packets are missing.
    pub fn outstanding(&self) -> usize {
        self.missing.len()
    }

    fn recover(&mut self, sequence: u64) -> Arrival {
        match self
            .missing
            .binary_search_by_key(&sequence, |missing| missing.sequence)
        {
            Ok(at) => {
                self.missing.remove(at);
                Arrival::Recovered
            }
            Err(_) => Arrival::Old,
        }
    }

    /// Note `from..to` as missing and give up the oldest that find no room.
    fn add(&mut self, from: u64, to: u64, now: Instant) {
        let kept_from = from.max(to.saturating_sub(MAX_OUTSTANDING as u64));
        self.given_up += kept_from - from;
        let excess =
            (self.missing.len() + (to - kept_from) as usize).saturating_sub(MAX_OUTSTANDING);
        self.missing.drain(..excess);
        self.given_up += excess as u64;
        self.missing.extend((kept_from..to).map(|sequence| Missing {
            sequence,
            tries: 0,
            ask_at: now,
        }));
    }
}

/// Return the wait after a request that was the (`tries` + 1)th.
fn interval(round_trip: Duration, tries: u8) -> Duration {
    let first = round_trip.clamp(MIN_INTERVAL, MAX_INTERVAL);
    let grown = (0..tries).fold(first, |wait, _| wait * BACKOFF_PERCENT / 100);
    grown.min(MAX_INTERVAL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ROUND_TRIP: Duration = Duration::from_millis(50);

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn due(generator: &mut Generator, now: Instant) -> Vec<u16> {
        let mut out = [0; MAX_OUTSTANDING];
        generator.due(now, ROUND_TRIP, &mut out).to_vec()
    }

    #[test]
    fn a_gap_is_asked_for_at_once_and_again_later_each_time() {
        let (mut generator, start) = (Generator::new(), Instant::now());
        assert_eq!(generator.on_packet(10, start), Arrival::InOrder);
        assert_eq!(generator.on_packet(11, start), Arrival::InOrder);
        assert_eq!(generator.on_packet(14, start), Arrival::AfterGap(2));
        let mut now = start;
        // 50 ms, then each wait a quarter longer
        for wait in [0, 50_000, 62_500, 78_125, 97_657] {
            now += Duration::from_micros(wait);
            assert!(generator.next_timeout().unwrap() <= now);
            assert_eq!(due(&mut generator, now - ms(1)), [0u16; 0], "{wait}");
            assert_eq!(due(&mut generator, now), [12, 13], "{wait}");
        }
        assert_eq!(due(&mut generator, now + ms(400)), [0u16; 0]);
        assert_eq!((generator.outstanding(), generator.take_given_up()), (0, 2));
        assert_eq!(generator.take_given_up(), 0);
        assert_eq!(generator.next_timeout(), None);
    }

    #[test]
    fn a_recovered_packet_is_not_asked_for_again() {
        let (mut generator, now) = (Generator::new(), Instant::now());
        generator.on_packet(1, now);
        generator.on_packet(4, now);
        assert_eq!(generator.on_packet(2, now), Arrival::Recovered);
        assert_eq!(generator.on_packet(2, now), Arrival::Old);
        assert_eq!(due(&mut generator, now), [3]);
    }

    #[test]
    fn packets_from_before_the_first_are_not_missing() {
        let (mut generator, now) = (Generator::new(), Instant::now());
        generator.on_packet(100, now);
        assert_eq!(generator.on_packet(98, now), Arrival::Old);
        assert_eq!(due(&mut generator, now), [0u16; 0]);
    }

    #[test]
    fn a_keyframe_ends_the_wait_for_what_is_older() {
        let (mut generator, now) = (Generator::new(), Instant::now());
        generator.on_packet(1, now);
        generator.on_packet(5, now);
        generator.on_packet(8, now);
        generator.on_keyframe(5);
        assert_eq!(due(&mut generator, now), [6, 7]);
        assert_eq!(generator.take_given_up(), 0);
    }

    #[test]
    fn an_outage_is_bounded_and_counted() {
        let (mut generator, now) = (Generator::new(), Instant::now());
        generator.on_packet(1, now);
        assert_eq!(generator.on_packet(1_000, now), Arrival::AfterGap(998));
        let asked = due(&mut generator, now);
        assert_eq!((asked.len(), asked[0], asked[99]), (100, 900, 999));
        assert_eq!(generator.take_given_up(), 898);
        generator.on_packet(1_011, now);
        assert_eq!(generator.outstanding(), MAX_OUTSTANDING);
        assert_eq!(generator.take_given_up(), 10);
    }

    #[test]
    fn waits_stay_between_their_bounds() {
        assert_eq!(interval(ms(1), 0), MIN_INTERVAL);
        assert_eq!(interval(ms(5_000), 0), MAX_INTERVAL);
        assert_eq!(interval(ms(390), 4), MAX_INTERVAL);
    }

    #[test]
    fn the_end_of_all_numbers_is_survived() {
        let (mut generator, now) = (Generator::new(), Instant::now());
        generator.on_packet(0, now);
        generator.on_packet(u64::MAX, now);
        generator.on_packet(u64::MAX, now);
        assert_eq!(generator.outstanding(), MAX_OUTSTANDING);
    }

    proptest! {
        #[test]
        fn asks_only_for_what_has_not_come(arrivals in prop::collection::vec(0u64..300, 1..200)) {
            let (mut generator, now) = (Generator::new(), Instant::now());
            let mut came = std::collections::HashSet::new();
            for sequence in arrivals {
                generator.on_packet(sequence, now);
                came.insert(sequence as u16);
            }
            let asked = due(&mut generator, now);
            prop_assert!(asked.iter().all(|sequence| !came.contains(sequence)));
            prop_assert!(asked.is_sorted());
        }
    }
}
