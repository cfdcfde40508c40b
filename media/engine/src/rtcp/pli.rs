//! Picture loss indication: "send me a keyframe" (RFC 4585 §6.3.1).

use super::{FORMAT_PLI, HEADER_LEN, PAYLOAD_FEEDBACK, begin};
use super::{read_feedback, write_feedback_ssrcs};
use crate::error::Result;

/// A picture loss indication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pli {
    /// Who asks.
    pub sender_ssrc: u32,
    /// The source that should send a keyframe.
    pub media_ssrc: u32,
}

pub(super) fn parse(body: &[u8]) -> Result<Pli> {
    let (sender_ssrc, media_ssrc, _) = read_feedback(body, "picture loss indication")?;
    Ok(Pli {
        sender_ssrc,
        media_ssrc,
    })
}

/// Write a picture loss indication and return its length.
pub fn write(out: &mut [u8], sender_ssrc: u32, media_ssrc: u32) -> Result<usize> {
    let len = HEADER_LEN + 8;
    let body = begin(out, FORMAT_PLI, PAYLOAD_FEEDBACK, len)?;
    write_feedback_ssrcs(body, sender_ssrc, media_ssrc);
    Ok(len)
}
