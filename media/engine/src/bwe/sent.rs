//! What was sent lately toward one subscriber, by transport-wide number.

use crate::clock::Micros;
use crate::rtcp::transport_cc::{REFERENCE_UNIT, TransportCc};

/// Packets remembered: more than two seconds of a whole lesson, and feedback is due within one.
const REMEMBERED: u64 = 1024;

/// Reference times come again after this (24 bits).
const REFERENCE_PERIOD: Micros = REFERENCE_UNIT << 24;

/// A packet that has arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Acked {
    /// Its number, counted on over its wraps.
    pub number: u64,
    /// When it was sent, on our clock.
    pub sent: Micros,
    /// When it came, on the peer's clock, counted on over its wraps.
    pub came: Micros,
    /// Bytes on the wire.
    pub size: u16,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    sent: Micros,
    batch: u32,
    size: u16,
    acked: bool,
}

/// The newest packets, and up to which of them feedback has told.
#[derive(Debug)]
pub struct Sent {
    entries: Box<[Entry]>,
    next: u64,
    covered: u64,
    came: Option<Micros>,
}

impl Default for Sent {
    fn default() -> Self {
        Self {
            entries: vec![Entry::default(); REMEMBERED as usize].into_boxed_slice(),
            // room for numbers older than the first, and congruent to 0
            next: 1 << 16,
            covered: 1 << 16,
            came: None,
        }
    }
}

impl Sent {
    /// Note a packet that leaves now, in a certain batch, and return its number.
    pub fn note(&mut self, size: usize, batch: u32, now: Micros) -> u16 {
        let number = self.next;
        self.entries[(number % REMEMBERED) as usize] = Entry {
            sent: now,
            batch,
            size: size as u16,
            acked: false,
        };
        self.next += 1;
        number as u16
    }

    /// Return the number of the next packet.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Return the first number that no feedback has told of.
    pub fn covered(&self) -> u64 {
        self.covered
    }

    /// Take feedback: call `each` with every packet it newly tells to have come, and return how many
    /// it tells to be lost. Numbers never sent or forgotten are passed over.
    ///
    /// `left` says when a batch really left, if that is still known.
    pub fn acknowledge(
        &mut self,
        feedback: &TransportCc<'_>,
        left: impl Fn(u32) -> Option<Micros>,
        mut each: impl FnMut(Acked),
    ) -> u32 {
        for arrival in feedback.arrivals() {
            let Some(number) = self.known(arrival.sequence) else {
                continue;
            };
            let came = self.count_on(arrival.at);
            let entry = &mut self.entries[(number % REMEMBERED) as usize];
            if !std::mem::replace(&mut entry.acked, true) {
                each(Acked {
                    number,
                    sent: left(entry.batch).unwrap_or(entry.sent),
                    came,
                    size: entry.size,
                });
            }
        }
        self.lost_before(feedback.base.wrapping_add(feedback.count))
    }

    /// Return how many packets before a number are lost that were not told of before.
    fn lost_before(&mut self, end: u16) -> u32 {
        let Some(last) = self.known(end.wrapping_sub(1)) else {
            return 0;
        };
        let from = self.covered.max(self.next.saturating_sub(REMEMBERED));
        self.covered = self.covered.max(last + 1);
        let lost = (from..=last).filter(|number| {
            let entry = &self.entries[(number % REMEMBERED) as usize];
            !entry.acked
        });
        lost.count() as u32
    }

    fn known(&self, sequence: u16) -> Option<u64> {
        let behind = (self.next as u16).wrapping_sub(sequence);
        let number = self.next - u64::from(behind);
        let is_kept = behind > 0 && u64::from(behind) <= REMEMBERED && number >= 1 << 16;
        is_kept.then_some(number)
    }

    fn count_on(&mut self, at: Micros) -> Micros {
        let came = self.came.map_or(at, |last| {
            let step = (at - last).rem_euclid(REFERENCE_PERIOD);
            let is_back = step > REFERENCE_PERIOD / 2;
            last + step - if is_back { REFERENCE_PERIOD } else { 0 }
        });
        self.came = Some(came);
        came
    }
}
