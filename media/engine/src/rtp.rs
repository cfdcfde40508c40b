//! RTP packets (RFC 3550), their header extensions (RFC 8285) and what a datagram is (RFC 7983).

use crate::error::{Error, Result, room};

/// Bytes of the fixed header, RFC 3550 §5.1.
pub const FIXED_HEADER_LEN: usize = 12;
/// Sequence numbers in one cycle of the 16-bit counter.
const SEQUENCE_CYCLE: u64 = 1 << 16;
/// Profile that marks one-byte extension elements, RFC 8285 §4.2.
const ONE_BYTE_PROFILE: u16 = 0xBEDE;
/// Profile that marks two-byte extension elements (the low 4 bits are free), RFC 8285 §4.3.
const TWO_BYTE_PROFILE: u16 = 0x1000;
/// Largest id of a one-byte element; 15 means "stop", RFC 8285 §4.2.
const ONE_BYTE_MAX_ID: u8 = 14;
/// Largest data of a one-byte element, whose 4-bit length counts from one.
const ONE_BYTE_MAX_LEN: usize = 16;

/// What a datagram on the media port is, by its first bytes (RFC 7983 §7, RFC 5761 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// First byte 0..=3.
    Stun,
    /// First byte 20..=63.
    Dtls,
    /// First byte 128..=191 and not RTCP.
    Rtp,
    /// First byte 128..=191 and a packet type of 192..=223.
    Rtcp,
    /// Everything else, to be dropped.
    Unknown,
}

/// Tell what a datagram is; an empty one is unknown.
pub fn demux(datagram: &[u8]) -> Kind {
    match datagram.first() {
        Some(0..=3) => Kind::Stun,
        Some(20..=63) => Kind::Dtls,
        Some(128..=191) if is_rtcp(datagram) => Kind::Rtcp,
        Some(128..=191) => Kind::Rtp,
        _ => Kind::Unknown,
    }
}

/// Tell RTCP from RTP on one port by the packet type (RFC 5761 §4).
pub fn is_rtcp(datagram: &[u8]) -> bool {
    matches!(datagram.get(1), Some(192..=223))
}

/// A read-only view of one plain RTP packet.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    data: &'a [u8],
    header_len: usize,
    extension_profile: u16,
    extension: &'a [u8],
    payload_end: usize,
}

impl<'a> Packet<'a> {
    /// Parse one plain packet, checking every length it claims.
    ///
    /// Fails with `Truncated` or `Malformed`; the padding is validated and left out of the payload.
    pub fn parse(data: &'a [u8]) -> Result<Self> {
        let layout = Layout::of(data)?;
        Ok(Self {
            data,
            header_len: layout.header_len,
            extension_profile: layout.extension_profile,
            extension: &data[layout.extension_start..layout.header_len],
            payload_end: payload_end(data, layout.header_len)?,
        })
    }

    /// Return the marker bit.
    pub fn marker(&self) -> bool {
        self.data[1] & 0x80 != 0
    }

    /// Return the 7-bit payload type.
    pub fn payload_type(&self) -> u8 {
        self.data[1] & 0x7F
    }

    /// Return the sequence number.
    pub fn sequence(&self) -> u16 {
        u16_at(self.data, 2)
    }

    /// Return the timestamp in units of the payload's clock.
    pub fn timestamp(&self) -> u32 {
        u32_at(self.data, 4)
    }

    /// Return the synchronisation source.
    pub fn ssrc(&self) -> u32 {
        u32_at(self.data, 8)
    }

    /// Return the bytes before the payload: fixed header, CSRCs and extension.
    pub fn header_len(&self) -> usize {
        self.header_len
    }

    /// Return the payload without its padding; empty for a probe of padding only.
    pub fn payload(&self) -> &'a [u8] {
        &self.data[self.header_len..self.payload_end]
    }

    /// Return the fields that a rewritten copy starts from.
    pub fn fields(&self) -> HeaderFields {
        HeaderFields {
            marker: self.marker(),
            payload_type: self.payload_type(),
            sequence: self.sequence(),
            timestamp: self.timestamp(),
            ssrc: self.ssrc(),
        }
    }

    /// Iterate over the header extension elements as (id, data).
    ///
    /// Ends early at an element that does not fit, as RFC 8285 §4.2 asks for id 15.
    pub fn extensions(&self) -> Extensions<'a> {
        Extensions {
            rest: match self.extension_profile & 0xFFF0 {
                TWO_BYTE_PROFILE => self.extension,
                _ if self.extension_profile == ONE_BYTE_PROFILE => self.extension,
                _ => &[],
            },
            one_byte: self.extension_profile == ONE_BYTE_PROFILE,
        }
    }

    /// Return the data of the first extension element with this id.
    pub fn extension(&self, id: u8) -> Option<&'a [u8]> {
        self.extensions()
            .find_map(|(found, data)| (found == id).then_some(data))
    }
}

/// Where the parts of a header lie; what SRTP needs before the payload can be read.
struct Layout {
    extension_start: usize,
    extension_profile: u16,
    header_len: usize,
}

impl Layout {
    fn of(data: &[u8]) -> Result<Self> {
        if data.len() < FIXED_HEADER_LEN {
            return Err(Error::Truncated("RTP header"));
        }
        if data[0] >> 6 != 2 {
            return Err(Error::Malformed("RTP version"));
        }
        let csrc_end = FIXED_HEADER_LEN + 4 * usize::from(data[0] & 0x0F);
        if csrc_end > data.len() {
            return Err(Error::Truncated("list of contributing sources"));
        }
        if data[0] & 0x10 == 0 {
            return Ok(Self {
                extension_start: csrc_end,
                extension_profile: 0,
                header_len: csrc_end,
            });
        }
        Self::with_extension(data, csrc_end)
    }

    fn with_extension(data: &[u8], start: usize) -> Result<Self> {
        let extension_start = start + 4;
        if extension_start > data.len() {
            return Err(Error::Truncated("header extension"));
        }
        let header_len = extension_start + 4 * usize::from(u16_at(data, start + 2));
        if header_len > data.len() {
            return Err(Error::Truncated("header extension"));
        }
        Ok(Self {
            extension_start,
            extension_profile: u16_at(data, start),
            header_len,
        })
    }
}

/// Return the length of the header of a plain or protected packet.
///
/// Header and extension are never encrypted, so this holds before authentication (RFC 3711 §3.1).
pub fn header_len(packet: &[u8]) -> Result<usize> {
    Layout::of(packet).map(|layout| layout.header_len)
}

fn payload_end(data: &[u8], header_len: usize) -> Result<usize> {
    if data[0] & 0x20 == 0 {
        return Ok(data.len());
    }
    // RFC 3550 §5.1: the last byte counts the padding, itself included
    let padding = usize::from(data[data.len() - 1]);
    if padding == 0 || padding > data.len() - header_len {
        return Err(Error::Malformed("RTP padding"));
    }
    Ok(data.len() - padding)
}

/// Iterator over header extension elements; see [`Packet::extensions`].
#[derive(Debug, Clone)]
pub struct Extensions<'a> {
    rest: &'a [u8],
    one_byte: bool,
}

impl<'a> Extensions<'a> {
    fn split_header(&self) -> Option<(u8, usize, &'a [u8])> {
        let (&first, after) = self.rest.split_first()?;
        if self.one_byte {
            let id = first >> 4;
            // id 15 ends the block; so does an id 0 that claims data, which padding never does
            let usable = (1..=ONE_BYTE_MAX_ID).contains(&id);
            return usable.then_some((id, usize::from(first & 0x0F) + 1, after));
        }
        let (&len, after) = after.split_first()?;
        Some((first, usize::from(len), after))
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        // a zero byte between elements is padding in both forms
        while let [0, rest @ ..] = self.rest {
            self.rest = rest;
        }
        let found = self
            .split_header()
            .and_then(|(id, len, after)| Some((id, after.split_at_checked(len)?)));
        let Some((id, (data, rest))) = found else {
            self.rest = &[];
            return None;
        };
        self.rest = rest;
        Some((id, data))
    }
}

/// The fields of a fixed header that we choose when we write one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeaderFields {
    /// End of frame for video, start of talk for audio.
    pub marker: bool,
    /// 0..=127.
    pub payload_type: u8,
    /// Sequence number.
    pub sequence: u16,
    /// Timestamp in units of the payload's clock.
    pub timestamp: u32,
    /// Synchronisation source.
    pub ssrc: u32,
}

/// Write a header with these extension elements and return its length.
///
/// Elements take the one-byte form when all of them fit it, else the two-byte form (RFC 8285 §4).
/// Fails with `BufferTooSmall`, or `InvalidArgument` for id 0 and data over 255 bytes.
pub fn write_header(out: &mut [u8], fields: &HeaderFields, exts: &[(u8, &[u8])]) -> Result<usize> {
    if fields.payload_type > 0x7F {
        return Err(Error::InvalidArgument("payload type"));
    }
    if exts.is_empty() {
        write_fixed(room(out, FIXED_HEADER_LEN)?, fields, false);
        return Ok(FIXED_HEADER_LEN);
    }
    if exts.iter().any(|(id, data)| *id == 0 || data.len() > 255) {
        return Err(Error::InvalidArgument("header extension element"));
    }
    let one_byte = exts
        .iter()
        .all(|(id, data)| *id <= ONE_BYTE_MAX_ID && (1..=ONE_BYTE_MAX_LEN).contains(&data.len()));
    let element_header = if one_byte { 1 } else { 2 };
    let block: usize = exts.iter().map(|(_, d)| element_header + d.len()).sum();
    let words = u16::try_from(block.div_ceil(4))
        .map_err(|_| Error::InvalidArgument("header extension block"))?;
    let total = FIXED_HEADER_LEN + 4 + 4 * usize::from(words);
    let out = room(out, total)?;
    write_fixed(out, fields, true);
    let profile = if one_byte {
        ONE_BYTE_PROFILE
    } else {
        TWO_BYTE_PROFILE
    };
    out[12..14].copy_from_slice(&profile.to_be_bytes());
    out[14..16].copy_from_slice(&words.to_be_bytes());
    write_elements(&mut out[16..], exts, one_byte);
    Ok(total)
}

/// Return the payload type of a written packet.
pub fn payload_type(packet: &[u8]) -> u8 {
    packet[1] & 0x7F
}

/// Let a written packet have another payload type, 0..=127.
pub fn set_payload_type(packet: &mut [u8], payload_type: u8) {
    packet[1] = (packet[1] & 0x80) | payload_type;
}

/// Return where the data of the first extension element of a written header lies.
pub fn first_element_at(packet: &[u8]) -> usize {
    let is_one_byte = u16_at(packet, FIXED_HEADER_LEN) == ONE_BYTE_PROFILE;
    FIXED_HEADER_LEN + 4 + if is_one_byte { 1 } else { 2 }
}

fn write_fixed(out: &mut [u8], fields: &HeaderFields, extension: bool) {
    out[0] = if extension { 0x90 } else { 0x80 };
    out[1] = (u8::from(fields.marker) << 7) | fields.payload_type;
    out[2..4].copy_from_slice(&fields.sequence.to_be_bytes());
    out[4..8].copy_from_slice(&fields.timestamp.to_be_bytes());
    out[8..12].copy_from_slice(&fields.ssrc.to_be_bytes());
}

/// Write checked elements and fill the rest of `out` with padding.
fn write_elements(out: &mut [u8], exts: &[(u8, &[u8])], one_byte: bool) {
    let mut at = 0;
    for (id, data) in exts {
        // write_header has checked that lengths fit their fields
        if one_byte {
            out[at] = (id << 4) | (data.len() as u8 - 1);
            at += 1;
        } else {
            out[at] = *id;
            out[at + 1] = data.len() as u8;
            at += 2;
        }
        out[at..at + data.len()].copy_from_slice(data);
        at += data.len();
    }
    out[at..].fill(0);
}

/// Counts 16-bit sequence numbers on over their wraps.
///
/// The first cycle is numbered 1, so packets older than the first one still have a number.
#[derive(Debug, Clone, Copy, Default)]
pub struct SequenceExtender {
    highest: Option<u64>,
}

impl SequenceExtender {
    /// Return the extended number of a packet and remember it when it is the newest.
    pub fn extend(&mut self, sequence: u16) -> u64 {
        let extended = self.peek(sequence);
        self.highest = Some(self.highest.map_or(extended, |h| h.max(extended)));
        extended
    }

    /// Return the extended number that lies nearest to the highest seen, changing nothing.
    pub fn peek(&self, sequence: u16) -> u64 {
        let Some(highest) = self.highest else {
            return SEQUENCE_CYCLE + u64::from(sequence);
        };
        let step = sequence.wrapping_sub(highest as u16) as i16;
        let extended = highest.saturating_add_signed(i64::from(step));
        // only a stream that walks backwards for ever reaches the bottom; stay congruent there
        if extended as u16 == sequence {
            extended
        } else {
            u64::from(sequence)
        }
    }

    /// Return the highest extended number seen.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }
}

pub(crate) fn u16_at(data: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([data[at], data[at + 1]])
}

pub(crate) fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([data[at], data[at + 1], data[at + 2], data[at + 3]])
}

pub(crate) fn u64_at(data: &[u8], at: usize) -> u64 {
    (u64::from(u32_at(data, at)) << 32) | u64::from(u32_at(data, at + 4))
}

#[cfg(test)]
mod tests;
