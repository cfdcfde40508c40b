//! Goodbye (RFC 3550 §6.6).

use super::{GOODBYE, HEADER_LEN, MAX_COUNT, begin, put_u32};
use crate::error::{Error, Result};
use crate::rtp::u32_at;

/// A parsed goodbye; its reason is not kept.
#[derive(Debug, Clone, Copy)]
pub struct Goodbye<'a> {
    data: &'a [u8],
}

impl<'a> Goodbye<'a> {
    /// Iterate over the sources that end.
    pub fn ssrcs(&self) -> impl Iterator<Item = u32> + use<'a> {
        self.data.chunks_exact(4).map(|ssrc| u32_at(ssrc, 0))
    }
}

pub(super) fn parse(count: usize, body: &[u8]) -> Result<Goodbye<'_>> {
    body.get(..4 * count)
        .map(|data| Goodbye { data })
        .ok_or(Error::Truncated("list of ending sources"))
}

/// Write a goodbye for at most 31 sources, and return its length.
pub fn write(out: &mut [u8], ssrcs: &[u32]) -> Result<usize> {
    if ssrcs.len() > MAX_COUNT {
        return Err(Error::InvalidArgument("number of ending sources"));
    }
    let len = HEADER_LEN + 4 * ssrcs.len();
    let body = begin(out, ssrcs.len() as u8, GOODBYE, len)?;
    for (at, ssrc) in ssrcs.iter().enumerate() {
        put_u32(body, 4 * at, *ssrc);
    }
    Ok(len)
}
