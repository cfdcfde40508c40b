//! Receiver estimated maximum bitrate (draft-alvestrand-rmcat-remb-03 §2.2).

use super::{FORMAT_REMB, HEADER_LEN, PAYLOAD_FEEDBACK, begin, put_u32};
use super::{read_feedback, write_feedback_ssrcs};
use crate::error::{Error, Result};
use crate::rtp::u32_at;

/// Tells REMB from other application layer feedback.
const MARK: &[u8; 4] = b"REMB";
/// Bits of the mantissa.
const MANTISSA_BITS: u32 = 18;

/// A parsed bitrate estimate.
#[derive(Debug, Clone, Copy)]
pub struct Remb<'a> {
    /// Who reports.
    pub sender_ssrc: u32,
    /// Bits per second for all the sources together; saturates at the largest u64.
    pub bitrate: u64,
    ssrcs: &'a [u8],
}

impl<'a> Remb<'a> {
    /// Iterate over the sources the estimate covers.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.ssrcs.chunks_exact(4).map(|ssrc| u32_at(ssrc, 0))
    }
}

pub(super) fn is_remb(body: &[u8]) -> bool {
    body.get(8..12) == Some(MARK)
}

pub(super) fn parse(body: &[u8]) -> Result<Remb<'_>> {
    let truncated = Error::Truncated("bitrate estimate");
    let (sender_ssrc, _, rest) = read_feedback(body, "bitrate estimate")?;
    let value = rest.get(4..8).ok_or(truncated)?;
    let count = usize::from(value[0]);
    let word = u32_at(value, 0);
    let exponent = (word >> MANTISSA_BITS) & 0x3F;
    let mantissa = u64::from(word & ((1 << MANTISSA_BITS) - 1));
    Ok(Remb {
        sender_ssrc,
        bitrate: scale(mantissa, exponent),
        ssrcs: rest.get(8..8 + 4 * count).ok_or(truncated)?,
    })
}

/// Return mantissa · 2^exponent, or the largest value when that does not fit.
fn scale(mantissa: u64, exponent: u32) -> u64 {
    u64::try_from(u128::from(mantissa) << exponent).unwrap_or(u64::MAX)
}

/// Write a bitrate estimate for at most 255 sources, rounded down, and return its length.
pub fn write(out: &mut [u8], sender_ssrc: u32, bitrate: u64, ssrcs: &[u32]) -> Result<usize> {
    let count =
        u8::try_from(ssrcs.len()).map_err(|_| Error::InvalidArgument("number of sources"))?;
    let len = HEADER_LEN + 16 + 4 * ssrcs.len();
    let body = begin(out, FORMAT_REMB, PAYLOAD_FEEDBACK, len)?;
    write_feedback_ssrcs(body, sender_ssrc, 0);
    body[8..12].copy_from_slice(MARK);
    let exponent = (u64::BITS - bitrate.leading_zeros()).saturating_sub(MANTISSA_BITS);
    let mantissa = (bitrate >> exponent) as u32;
    let word = (u32::from(count) << 24) | (exponent << MANTISSA_BITS) | mantissa;
    put_u32(body, 12, word);
    for (at, ssrc) in ssrcs.iter().enumerate() {
        put_u32(body, 16 + 4 * at, *ssrc);
    }
    Ok(len)
}
