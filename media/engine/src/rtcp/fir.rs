//! Full intra request: "send a keyframe", numbered so that repeats are told from news (RFC 5104 §4.3.1).

use super::{FORMAT_FIR, HEADER_LEN, PAYLOAD_FEEDBACK, begin, put_u32};
use super::{read_feedback, write_feedback_ssrcs};
use crate::error::{Error, Result};
use crate::rtp::u32_at;

/// Bytes of one entry: SSRC, sequence number, reserved.
const ENTRY_LEN: usize = 8;

/// A parsed full intra request.
#[derive(Debug, Clone, Copy)]
pub struct Fir<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    entries: &'a [u8],
}

impl<'a> Fir<'a> {
    /// Iterate over (source, command sequence number); an unchanged number is a repeat.
    pub fn entries(&self) -> impl Iterator<Item = (u32, u8)> + use<'a> {
        let entries = self.entries.chunks_exact(ENTRY_LEN);
        entries.map(|entry| (u32_at(entry, 0), entry[4]))
    }
}

pub(super) fn parse(body: &[u8]) -> Result<Fir<'_>> {
    // the media SSRC of the common header is unused, RFC 5104 §4.3.1.2
    let (sender_ssrc, _, entries) = read_feedback(body, "full intra request")?;
    if entries.len() < ENTRY_LEN {
        return Err(Error::Malformed("empty full intra request"));
    }
    Ok(Fir {
        sender_ssrc,
        entries,
    })
}

/// Write a full intra request for one source and return its length.
pub fn write(out: &mut [u8], sender_ssrc: u32, media_ssrc: u32, command: u8) -> Result<usize> {
    let len = HEADER_LEN + 8 + ENTRY_LEN;
    let body = begin(out, FORMAT_FIR, PAYLOAD_FEEDBACK, len)?;
    write_feedback_ssrcs(body, sender_ssrc, 0);
    put_u32(body, 8, media_ssrc);
    put_u32(body, 12, u32::from(command) << 24);
    Ok(len)
}
