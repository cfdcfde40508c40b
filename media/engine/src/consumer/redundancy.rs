//! Copies of the packets before in a packet of sound (RFC 2198), for a subscriber who loses some.

use super::{Consumer, Written};
use crate::red::{self, Block, MAX_COPIES};
use crate::ring::{Kept, Ring};
use crate::rtp;

/// Longest payload that copies may make: with all headers below every path's MTU.
const MAX_WITH_COPIES: usize = 1100;

impl Consumer {
    /// Add to a written packet of sound as many of those before it as this subscriber needs.
    ///
    /// A packet with copies is never sent again: others might be at hand by then, and SRTP demands
    /// that the same number has the same bytes.
    pub fn add_copies(
        &mut self,
        written: Written,
        kept: &Kept,
        ring: &Ring,
        out: &mut [u8],
    ) -> Written {
        let Some(red_type) = self.red_type.filter(|_| self.redundancy.count() > 0) else {
            return written;
        };
        let payload_type = rtp::payload_type(out);
        let mut blocks = [Block::default(); MAX_COPIES];
        let mut count = 0;
        let mut total = kept.payload.len();
        for back in 1..=self.redundancy.count() as u64 {
            let Some(earlier) = self.sent_before(written.out, kept, back, ring) else {
                continue;
            };
            let offset = kept.info.timestamp.wrapping_sub(earlier.info.timestamp);
            total += earlier.payload.len();
            if red::fits(offset, &earlier.payload) && total <= MAX_WITH_COPIES {
                blocks[count] = Block {
                    payload_type,
                    offset,
                    payload: &earlier.payload,
                };
                count += 1;
            }
        }
        let copies = &mut blocks[..count];
        copies.reverse();
        if copies.is_empty() {
            return written;
        }
        let (at, len) = (written.header_len, written.len - written.header_len);
        let Ok(longer) = red::wrap(&mut out[at..], len, payload_type, copies) else {
            return written;
        };
        rtp::set_payload_type(out, red_type);
        self.octets = self.octets.wrapping_add((longer - len) as u32);
        Written {
            len: at + longer,
            ..written
        }
    }

    /// Return the packet so many before this one, if it was one of this slot's as well.
    fn sent_before<'a>(
        &self,
        out: u64,
        kept: &Kept,
        back: u64,
        ring: &'a Ring,
    ) -> Option<&'a Kept> {
        let earlier = kept.sequence.checked_sub(back)?;
        let (_, number) = self.runs.find(earlier)?;
        (number + back == out).then(|| ring.get(earlier)).flatten()
    }
}
