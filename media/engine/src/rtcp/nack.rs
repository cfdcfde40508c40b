//! Generic negative acknowledgements (RFC 4585 §6.2.1).

use super::{FORMAT_NACK, HEADER_LEN, TRANSPORT_FEEDBACK, begin, put_u32};
use super::{read_feedback, write_feedback_ssrcs};
use crate::error::{Error, Result};
use crate::rtp::u16_at;

/// Packets that one entry can name: the first, and one per bit of its mask.
const ENTRY_SPAN: u16 = 17;

/// A parsed NACK.
#[derive(Debug, Clone, Copy)]
pub struct Nack<'a> {
    /// Who asks.
    pub sender_ssrc: u32,
    /// The source whose packets are missing.
    pub media_ssrc: u32,
    entries: &'a [u8],
}

impl<'a> Nack<'a> {
    /// Iterate over the missing sequence numbers, as the asker listed them.
    ///
    /// A hostile packet can list tens of thousands: take only as many as you would answer.
    pub fn lost(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.entries.chunks_exact(4).flat_map(|entry| {
            let (first, mask) = (u16_at(entry, 0), u16_at(entry, 2));
            let masked = (1..ENTRY_SPAN).filter(move |step| mask >> (step - 1) & 1 != 0);
            std::iter::once(first).chain(masked.map(move |step| first.wrapping_add(step)))
        })
    }
}

pub(super) fn parse(body: &[u8]) -> Result<Nack<'_>> {
    let (sender_ssrc, media_ssrc, entries) = read_feedback(body, "NACK")?;
    if entries.is_empty() {
        return Err(Error::Malformed("empty NACK"));
    }
    Ok(Nack {
        sender_ssrc,
        media_ssrc,
        entries,
    })
}

/// Write a NACK for these sequence numbers, in ascending order, and return its length.
pub fn write(out: &mut [u8], sender_ssrc: u32, media_ssrc: u32, lost: &[u16]) -> Result<usize> {
    if lost.is_empty() {
        return Err(Error::InvalidArgument("list of lost packets"));
    }
    let len = HEADER_LEN + 8 + 4 * entries(lost).count();
    let body = begin(out, FORMAT_NACK, TRANSPORT_FEEDBACK, len)?;
    write_feedback_ssrcs(body, sender_ssrc, media_ssrc);
    for (index, (first, mask)) in entries(lost).enumerate() {
        let entry = (u32::from(first) << 16) | u32::from(mask);
        put_u32(body, 8 + 4 * index, entry);
    }
    Ok(len)
}

/// Pack sequence numbers into entries of a first one and a mask of the 16 that follow it.
fn entries(lost: &[u16]) -> impl Iterator<Item = (u16, u16)> + '_ {
    let mut rest = lost;
    std::iter::from_fn(move || {
        let (&first, mut after) = rest.split_first()?;
        let mut mask = 0;
        while let [next, others @ ..] = after {
            let step = next.wrapping_sub(first);
            if !(1..ENTRY_SPAN).contains(&step) {
                break;
            }
            mask |= 1 << (step - 1);
            after = others;
        }
        rest = after;
        Some((first, mask))
    })
}
