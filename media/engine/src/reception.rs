//! What one incoming SSRC's receiver report says (RFC 3550 §6.4.1, A.3, A.8).

use std::time::Duration;

use crate::clock::{MICROS_PER_SECOND, Micros, duration_to_short_ntp};
use crate::rtcp::rr::ReportBlock;

/// Counts of one source since its first packet, and since the last report.
#[derive(Debug, Clone, Copy)]
pub struct Reception {
    ssrc: u32,
    rate: i64,
    base: u64,
    highest: u64,
    received: u64,
    expected_before: u64,
    received_before: u64,
    transit: Option<i64>,
    /// Jitter in 1/16 of a timestamp unit, as RFC 3550 A.8 keeps it.
    jitter: i64,
    last_report: Option<(u32, Micros)>,
}

impl Reception {
    /// Begin with the number of the first packet.
    pub fn new(ssrc: u32, rate: u32, first: u64) -> Self {
        Self {
            ssrc,
            rate: i64::from(rate),
            base: first,
            highest: first,
            received: 0,
            expected_before: 0,
            received_before: 0,
            transit: None,
            jitter: 0,
            last_report: None,
        }
    }

    /// Note a packet that came for the first time, not one that repairs.
    pub fn packet(&mut self, sequence: u64, timestamp: u32, now: Micros) {
        self.received += 1;
        self.base = self.base.min(sequence);
        self.highest = self.highest.max(sequence);
        let arrival = now * self.rate / MICROS_PER_SECOND;
        let transit = i64::from((arrival as u32).wrapping_sub(timestamp));
        if let Some(before) = self.transit {
            let step = i64::from((transit as u32).wrapping_sub(before as u32) as i32).abs();
            self.jitter += step - ((self.jitter + 8) >> 4);
        }
        self.transit = Some(transit);
    }

    /// Note a sender report, to be echoed.
    pub fn sender_report(&mut self, compact_ntp: u32, now: Micros) {
        self.last_report = Some((compact_ntp, now));
    }

    /// Return the block for the next receiver report.
    pub fn report(&mut self, now: Micros) -> ReportBlock {
        let expected = self.highest - self.base + 1;
        let span = expected - self.expected_before.min(expected);
        let got = self.received - self.received_before;
        (self.expected_before, self.received_before) = (expected, self.received);
        let lost_now = span.saturating_sub(got);
        let fraction = (lost_now * 256).checked_div(span).unwrap_or(0);
        let (last_sr, since) = self.last_report.map_or((0, 0), |(ntp, at)| (ntp, now - at));
        let since = Duration::from_micros(since.max(0) as u64);
        ReportBlock {
            ssrc: self.ssrc,
            fraction_lost: fraction.min(255) as u8,
            lost: (expected as i64 - self.received as i64).clamp(-(1 << 23), (1 << 23) - 1) as i32,
            // the extender numbers the first cycle 1; the wire counts wraps from 0
            highest_sequence: (self.highest as u32).wrapping_sub(1 << 16),
            jitter: (self.jitter >> 4) as u32,
            last_sr,
            delay_since_last_sr: duration_to_short_ntp(since),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loss_is_reported_since_the_last_report_and_since_the_start() {
        let mut reception = Reception::new(7, 90_000, 65_536 + 10);
        for sequence in (10..20).filter(|sequence| sequence % 2 == 0) {
            reception.packet(65_536 + sequence, 0, 0);
        }
        let block = reception.report(0);
        assert_eq!((block.lost, block.highest_sequence), (4, 18));
        assert_eq!(block.fraction_lost, (4 * 256 / 9) as u8);
        let again = reception.report(0);
        assert_eq!((again.fraction_lost, again.lost), (0, 4));
    }

    #[test]
    fn the_last_sender_report_is_echoed_with_its_age() {
        let mut reception = Reception::new(7, 90_000, 1);
        assert_eq!(reception.report(5).last_sr, 0);
        reception.sender_report(0xABCD, 1_000_000);
        let block = reception.report(1_500_000);
        assert_eq!(
            (block.last_sr, block.delay_since_last_sr),
            (0xABCD, 1 << 15)
        );
    }

    #[test]
    fn even_packets_have_no_jitter_and_uneven_ones_have() {
        let (mut even, mut uneven) = (Reception::new(7, 1000, 1), Reception::new(7, 1000, 1));
        for packet in 0..100u32 {
            let at = i64::from(packet) * 20_000;
            even.packet(packet.into(), packet * 20, at);
            uneven.packet(
                packet.into(),
                packet * 20,
                at + i64::from(packet % 2) * 10_000,
            );
        }
        assert_eq!(even.report(0).jitter, 0);
        assert!((8..=10).contains(&uneven.report(0).jitter));
    }
}
