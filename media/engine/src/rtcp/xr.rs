//! Extended reports: only the two that measure the way of a receiver's clock (RFC 3611 §4.4, §4.5).

use super::{EXTENDED_REPORT, HEADER_LEN, begin, put_u32};
use crate::error::{Error, Result};
use crate::rtp::{u16_at, u32_at, u64_at};

/// Receiver reference time, RFC 3611 §4.4.
const RRTR: u8 = 4;
/// Delay since the last receiver reference time, RFC 3611 §4.5.
const DLRR: u8 = 5;
const BLOCK_HEADER_LEN: usize = 4;
/// Bytes of one sub-block of a DLRR.
const DLRR_LEN: usize = 12;

/// The answer to a receiver reference time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dlrr {
    /// The receiver that sent its time.
    pub ssrc: u32,
    /// Middle 32 bits of that time.
    pub last_rr: u32,
    /// Time since it came, in 1/65536 s.
    pub delay_since_last_rr: u32,
}

/// A parsed extended report.
#[derive(Debug, Clone, Copy)]
pub struct ExtendedReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    blocks: &'a [u8],
}

impl<'a> ExtendedReport<'a> {
    /// Return the reporter's own 64-bit NTP time, if it gives it.
    pub fn reference_time(&self) -> Option<u64> {
        let mut blocks = self.blocks();
        blocks.find_map(|(kind, data)| (kind == RRTR && data.len() == 8).then(|| u64_at(data, 0)))
    }

    /// Iterate over the answers to reference times.
    pub fn dlrr(&self) -> impl Iterator<Item = Dlrr> + use<'a> {
        let answers = self.blocks().filter(|(kind, _)| *kind == DLRR);
        answers.flat_map(|(_, data)| {
            data.chunks_exact(DLRR_LEN).map(|answer| Dlrr {
                ssrc: u32_at(answer, 0),
                last_rr: u32_at(answer, 4),
                delay_since_last_rr: u32_at(answer, 8),
            })
        })
    }

    fn blocks(&self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let mut rest = self.blocks;
        std::iter::from_fn(move || {
            let (kind, data, after) = split_block(rest)?;
            rest = after;
            Some((kind, data))
        })
    }
}

fn split_block(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let kind = *data.first()?;
    let (header, after) = data.split_at_checked(BLOCK_HEADER_LEN)?;
    let (block, rest) = after.split_at_checked(4 * usize::from(u16_at(header, 2)))?;
    Some((kind, block, rest))
}

pub(super) fn parse(body: &[u8]) -> Result<ExtendedReport<'_>> {
    if body.len() < 4 {
        return Err(Error::Truncated("extended report"));
    }
    let blocks = &body[4..];
    let mut rest = blocks;
    while !rest.is_empty() {
        let block = split_block(rest).ok_or(Error::Truncated("extended report block"))?;
        rest = block.2;
    }
    let ssrc = u32_at(body, 0);
    Ok(ExtendedReport { ssrc, blocks })
}

/// Write an extended report with one receiver reference time, and return its length.
pub fn write_reference_time(out: &mut [u8], ssrc: u32, ntp: u64) -> Result<usize> {
    let len = HEADER_LEN + 4 + BLOCK_HEADER_LEN + 8;
    let body = begin(out, 0, EXTENDED_REPORT, len)?;
    put_u32(body, 0, ssrc);
    put_u32(body, 4, (u32::from(RRTR) << 24) | 2);
    body[8..16].copy_from_slice(&ntp.to_be_bytes());
    Ok(len)
}

/// Write an extended report that answers one receiver reference time, and return its length.
pub fn write_dlrr(out: &mut [u8], ssrc: u32, answer: &Dlrr) -> Result<usize> {
    let len = HEADER_LEN + 4 + BLOCK_HEADER_LEN + DLRR_LEN;
    let body = begin(out, 0, EXTENDED_REPORT, len)?;
    put_u32(body, 0, ssrc);
    put_u32(body, 4, (u32::from(DLRR) << 24) | 3);
    put_u32(body, 8, answer.ssrc);
    put_u32(body, 12, answer.last_rr);
    put_u32(body, 16, answer.delay_since_last_rr);
    Ok(len)
}
