//! When a publisher's packets came, so that its own estimator can follow the path
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01).

use crate::clock::Micros;
use crate::error::Result;
use crate::rtcp::transport_cc::{self, Sender};
use crate::rtp::SequenceExtender;

/// Packets noted between two messages; a tenth of a second of 200 Mbit/s. What is beyond counts as
/// lost, as it soon would be.
const MAX_NOTED: usize = 2048;

/// Transport-wide numbers of one peer with when they came, since the last message.
#[derive(Debug, Default)]
pub struct Arrivals {
    sequence: SequenceExtender,
    noted: Vec<(u64, Micros)>,
    /// The first number that no message has covered yet.
    next: Option<u64>,
    messages: u8,
    media_ssrc: u32,
}

impl Arrivals {
    /// Note a packet, be it media, repair or padding.
    pub fn note(&mut self, ssrc: u32, sequence: u16, at: Micros) {
        let sequence = self.sequence.extend(sequence);
        let is_late = self.next.is_some_and(|next| sequence < next);
        if is_late || self.noted.len() >= MAX_NOTED {
            return;
        }
        self.media_ssrc = ssrc;
        self.noted.push((sequence, at));
    }

    /// Return whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        self.noted.is_empty()
    }

    /// Write as much as fits into one message and return its length; call until nothing is left.
    pub fn write(&mut self, out: &mut [u8], sender_ssrc: u32) -> Result<usize> {
        self.noted.sort_unstable();
        self.noted.dedup_by_key(|(sequence, _)| *sequence);
        let Some(&(first, _)) = self.noted.first() else {
            return Ok(0);
        };
        let sender = Sender {
            sender_ssrc,
            media_ssrc: self.media_ssrc,
            feedback_count: self.messages,
        };
        let base = self.next.unwrap_or(first);
        let written = transport_cc::write(out, &sender, base, &self.noted);
        let taken = written.map_or(0, |(_, taken)| taken);
        if taken == 0 {
            // numbers that jumped further than a message reaches: begin anew after them
            self.next = None;
            self.noted.clear();
            return Ok(0);
        }
        self.next = Some(self.noted[taken - 1].0 + 1);
        self.noted.drain(..taken);
        self.messages = self.messages.wrapping_add(1);
        written.map(|(len, _)| len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rtcp::{Message, messages};

    /// Write everything; return the base, count and number of arrivals of each message.
    fn written(arrivals: &mut Arrivals) -> Vec<(u16, u16, usize)> {
        let mut all = Vec::new();
        while !arrivals.is_empty() {
            let mut out = [0; 1100];
            let len = arrivals.write(&mut out, 1).unwrap();
            for message in messages(&out[..len]) {
                let Message::TransportCc(feedback) = message.unwrap() else {
                    panic!("feedback was expected")
                };
                let came = feedback.arrivals().count();
                all.push((feedback.base, feedback.count, came));
            }
        }
        all
    }

    #[test]
    fn each_message_goes_on_where_the_last_one_ended() {
        let mut arrivals = Arrivals::default();
        for sequence in [65_534, 0, 65_535, 3] {
            arrivals.note(7, sequence, 1000);
        }
        assert_eq!(written(&mut arrivals), [(65_534, 6, 4)]);
        arrivals.note(7, 6, 2000);
        assert_eq!(written(&mut arrivals), [(4, 3, 1)]);
    }

    #[test]
    fn a_duplicate_and_a_packet_already_told_lost_say_nothing() {
        let mut arrivals = Arrivals::default();
        for sequence in [10, 10, 12, 11, 12] {
            arrivals.note(7, sequence, 0);
        }
        assert_eq!(written(&mut arrivals), [(10, 3, 3)]);
        arrivals.note(7, 11, 0);
        assert!(arrivals.is_empty());
    }

    #[test]
    fn a_flood_is_bounded_and_told_in_several_messages() {
        let mut arrivals = Arrivals::default();
        for number in 0..10_000u32 {
            arrivals.note(7, number as u16, i64::from(number) * 10_000);
        }
        let told: usize = written(&mut arrivals).iter().map(|(_, _, came)| came).sum();
        assert_eq!(told, MAX_NOTED);
    }

    #[test]
    fn numbers_that_jump_about_end_in_a_new_beginning() {
        let mut arrivals = Arrivals::default();
        for sequence in [0, 30_000, 60_000, 20_000, 50_000] {
            arrivals.note(7, sequence, 0);
        }
        written(&mut arrivals);
        arrivals.note(7, 50_001, 0);
        assert_eq!(written(&mut arrivals).len(), 1);
    }
}
