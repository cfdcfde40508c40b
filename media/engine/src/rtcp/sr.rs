//! Sender reports (RFC 3550 §6.4.1).

use super::rr::{BLOCK_LEN, ReportBlock, ReportBlocks, write_blocks};
use super::{HEADER_LEN, MAX_COUNT, SENDER_REPORT, begin, put_u32};
use crate::error::{Error, Result};
use crate::rtp::{u32_at, u64_at};

/// Bytes of the sender's part, its SSRC included.
const SENDER_LEN: usize = 24;

/// What a sender says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SenderInfo {
    /// The source this is about.
    pub ssrc: u32,
    /// Its wall clock as a 64-bit NTP timestamp.
    pub ntp: u64,
    /// The same instant on the media clock.
    pub rtp: u32,
    /// Packets sent since the start, wrapping.
    pub packets: u32,
    /// Payload bytes sent since the start, wrapping.
    pub octets: u32,
}

impl SenderInfo {
    /// Return the middle 32 bits of the NTP time, which report blocks echo as LSR.
    pub fn compact_ntp(&self) -> u32 {
        (self.ntp >> 16) as u32
    }
}

/// A parsed sender report.
#[derive(Debug, Clone, Copy)]
pub struct SenderReport<'a> {
    /// What the sender says of itself.
    pub info: SenderInfo,
    /// What it received from others.
    pub blocks: ReportBlocks<'a>,
}

pub(super) fn parse(count: usize, body: &[u8]) -> Result<SenderReport<'_>> {
    if body.len() < SENDER_LEN {
        return Err(Error::Truncated("sender report"));
    }
    let info = SenderInfo {
        ssrc: u32_at(body, 0),
        ntp: u64_at(body, 4),
        rtp: u32_at(body, 12),
        packets: u32_at(body, 16),
        octets: u32_at(body, 20),
    };
    let blocks = ReportBlocks::parse(count, &body[SENDER_LEN..])?;
    Ok(SenderReport { info, blocks })
}

/// Write a sender report and return its length; at most 31 blocks.
pub fn write(out: &mut [u8], info: &SenderInfo, blocks: &[ReportBlock]) -> Result<usize> {
    if blocks.len() > MAX_COUNT {
        return Err(Error::InvalidArgument("number of report blocks"));
    }
    let len = HEADER_LEN + SENDER_LEN + BLOCK_LEN * blocks.len();
    let body = begin(out, blocks.len() as u8, SENDER_REPORT, len)?;
    put_u32(body, 0, info.ssrc);
    body[4..12].copy_from_slice(&info.ntp.to_be_bytes());
    put_u32(body, 12, info.rtp);
    put_u32(body, 16, info.packets);
    put_u32(body, 20, info.octets);
    write_blocks(&mut body[SENDER_LEN..], blocks);
    Ok(len)
}
