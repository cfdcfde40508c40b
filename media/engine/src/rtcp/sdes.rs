//! Source descriptions, of which only the CNAME concerns us (RFC 3550 §6.5).

use super::{HEADER_LEN, SOURCE_DESCRIPTION, begin, put_u32};
use crate::error::{Error, Result};
use crate::rtp::u32_at;

const END: u8 = 0;
const CNAME: u8 = 1;

/// A parsed source description.
#[derive(Debug, Clone, Copy)]
pub struct SourceDescription<'a> {
    chunks: &'a [u8],
    count: usize,
}

impl<'a> SourceDescription<'a> {
    /// Iterate over the canonical names as (SSRC, CNAME bytes).
    pub fn cnames(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut rest = self.chunks;
        (0..self.count)
            .map_while(move |_| {
                let chunk = Chunk::split(rest).ok()?;
                rest = chunk.rest;
                Some(chunk)
            })
            .filter_map(|chunk| Some((chunk.ssrc, chunk.cname?)))
    }
}

struct Chunk<'a> {
    ssrc: u32,
    cname: Option<&'a [u8]>,
    rest: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// Split one chunk off; it ends with a null item and is padded to a multiple of four.
    fn split(data: &'a [u8]) -> Result<Self> {
        let truncated = Error::Truncated("source description");
        if data.len() < 4 {
            return Err(truncated);
        }
        let mut cname = None;
        let mut at = 4;
        while *data.get(at).ok_or(truncated)? != END {
            let len = usize::from(*data.get(at + 1).ok_or(truncated)?);
            let value = data.get(at + 2..at + 2 + len).ok_or(truncated)?;
            if data[at] == CNAME {
                cname.get_or_insert(value);
            }
            at += 2 + len;
        }
        let end = (at + 1).next_multiple_of(4);
        Ok(Self {
            ssrc: u32_at(data, 0),
            cname,
            rest: data.get(end..).ok_or(truncated)?,
        })
    }
}

pub(super) fn parse(count: usize, body: &[u8]) -> Result<SourceDescription<'_>> {
    let mut rest = body;
    for _ in 0..count {
        rest = Chunk::split(rest)?.rest;
    }
    Ok(SourceDescription {
        chunks: body,
        count,
    })
}

/// Write a source description with one CNAME of at most 255 bytes, and return its length.
pub fn write(out: &mut [u8], ssrc: u32, cname: &str) -> Result<usize> {
    let name_len =
        u8::try_from(cname.len()).map_err(|_| Error::InvalidArgument("canonical name"))?;
    // SSRC, item header, name and the null item that ends the chunk
    let len = HEADER_LEN + (4 + 2 + cname.len() + 1).next_multiple_of(4);
    let body = begin(out, 1, SOURCE_DESCRIPTION, len)?;
    body.fill(0);
    put_u32(body, 0, ssrc);
    body[4] = CNAME;
    body[5] = name_len;
    body[6..6 + cname.len()].copy_from_slice(cname.as_bytes());
    Ok(len)
}
