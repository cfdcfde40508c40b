//! Receiver reports and the report blocks they share with sender reports (RFC 3550 §6.4.2).

use super::{HEADER_LEN, MAX_COUNT, RECEIVER_REPORT, begin, put_u32};
use crate::error::{Error, Result};
use crate::rtp::u32_at;

/// Bytes of one report block.
pub(super) const BLOCK_LEN: usize = 24;
/// Largest and smallest cumulative loss that 24 signed bits hold.
const MAX_LOST: i32 = (1 << 23) - 1;
const MIN_LOST: i32 = -(1 << 23);

/// What a receiver says of one source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReportBlock {
    /// The source this is about.
    pub ssrc: u32,
    /// Share of packets lost since the last report, in 1/256.
    pub fraction_lost: u8,
    /// Packets lost since the start; duplicates may make it negative. 24 bits on the wire.
    pub lost: i32,
    /// Highest sequence number received, with the count of wraps above it.
    pub highest_sequence: u32,
    /// Interarrival jitter in units of the media clock.
    pub jitter: u32,
    /// Middle 32 bits of the NTP time of the last sender report; 0 before the first.
    pub last_sr: u32,
    /// Time since that report in 1/65536 s.
    pub delay_since_last_sr: u32,
}

/// Report blocks, checked to be complete.
#[derive(Debug, Clone, Copy)]
pub struct ReportBlocks<'a> {
    data: &'a [u8],
}

impl<'a> ReportBlocks<'a> {
    /// Take `count` blocks; what follows them is a profile's extension and left alone.
    pub(super) fn parse(count: usize, data: &'a [u8]) -> Result<Self> {
        data.get(..count * BLOCK_LEN)
            .map(|data| Self { data })
            .ok_or(Error::Truncated("report blocks"))
    }

    /// Iterate over the blocks.
    pub fn iter(&self) -> impl Iterator<Item = ReportBlock> + use<'a> {
        self.data.chunks_exact(BLOCK_LEN).map(|block| ReportBlock {
            ssrc: u32_at(block, 0),
            fraction_lost: block[4],
            // the sign is that of the 24-bit number
            lost: ((u32_at(block, 4) << 8) as i32) >> 8,
            highest_sequence: u32_at(block, 8),
            jitter: u32_at(block, 12),
            last_sr: u32_at(block, 16),
            delay_since_last_sr: u32_at(block, 20),
        })
    }
}

/// A parsed receiver report.
#[derive(Debug, Clone, Copy)]
pub struct ReceiverReport<'a> {
    /// Who reports.
    pub ssrc: u32,
    /// What it received.
    pub blocks: ReportBlocks<'a>,
}

pub(super) fn parse(count: usize, body: &[u8]) -> Result<ReceiverReport<'_>> {
    if body.len() < 4 {
        return Err(Error::Truncated("receiver report"));
    }
    let blocks = ReportBlocks::parse(count, &body[4..])?;
    let ssrc = u32_at(body, 0);
    Ok(ReceiverReport { ssrc, blocks })
}

/// Write a receiver report and return its length; at most 31 blocks.
pub fn write(out: &mut [u8], ssrc: u32, blocks: &[ReportBlock]) -> Result<usize> {
    if blocks.len() > MAX_COUNT {
        return Err(Error::InvalidArgument("number of report blocks"));
    }
    let len = HEADER_LEN + 4 + BLOCK_LEN * blocks.len();
    let body = begin(out, blocks.len() as u8, RECEIVER_REPORT, len)?;
    put_u32(body, 0, ssrc);
    write_blocks(&mut body[4..], blocks);
    Ok(len)
}

pub(super) fn write_blocks(out: &mut [u8], blocks: &[ReportBlock]) {
    for (out, block) in out.chunks_exact_mut(BLOCK_LEN).zip(blocks) {
        put_u32(out, 0, block.ssrc);
        let lost = block.lost.clamp(MIN_LOST, MAX_LOST) as u32 & 0x00FF_FFFF;
        put_u32(out, 4, (u32::from(block.fraction_lost) << 24) | lost);
        put_u32(out, 8, block.highest_sequence);
        put_u32(out, 12, block.jitter);
        put_u32(out, 16, block.last_sr);
        put_u32(out, 20, block.delay_since_last_sr);
    }
}
