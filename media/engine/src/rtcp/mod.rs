//! RTCP (RFC 3550 §6): walk a compound packet, and write the messages we send.
//!
//! One file per message. Reduced-size packets (RFC 5506) are accepted: any message may stand first.

pub mod bye;
pub mod fir;
pub mod nack;
pub mod pli;
pub mod remb;
pub mod rr;
pub mod sdes;
pub mod sr;
pub mod transport_cc;
pub mod xr;

use crate::error::{Error, Result, room};
use crate::rtp::{u16_at, u32_at};

/// Bytes of the header that every message begins with, RFC 3550 §6.4.1.
pub const HEADER_LEN: usize = 4;
/// Largest value of the 5-bit count of blocks, chunks or sources.
pub const MAX_COUNT: usize = 31;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const SOURCE_DESCRIPTION: u8 = 202;
const GOODBYE: u8 = 203;
/// Transport layer feedback, RFC 4585 §6.2.
const TRANSPORT_FEEDBACK: u8 = 205;
/// Payload-specific feedback, RFC 4585 §6.3.
const PAYLOAD_FEEDBACK: u8 = 206;
const EXTENDED_REPORT: u8 = 207;

const FORMAT_NACK: u8 = 1;
const FORMAT_PLI: u8 = 1;
const FORMAT_FIR: u8 = 4;
const FORMAT_REMB: u8 = 15;

/// One message of a compound packet.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    /// RFC 3550 §6.4.1.
    SenderReport(sr::SenderReport<'a>),
    /// RFC 3550 §6.4.2.
    ReceiverReport(rr::ReceiverReport<'a>),
    /// RFC 3550 §6.5.
    SourceDescription(sdes::SourceDescription<'a>),
    /// RFC 3550 §6.6.
    Goodbye(bye::Goodbye<'a>),
    /// RFC 4585 §6.2.1.
    Nack(nack::Nack<'a>),
    /// RFC 4585 §6.3.1.
    Pli(pli::Pli),
    /// RFC 5104 §4.3.1.
    Fir(fir::Fir<'a>),
    /// RFC 3611.
    ExtendedReport(xr::ExtendedReport<'a>),
    /// draft-alvestrand-rmcat-remb-03.
    Remb(remb::Remb<'a>),
    /// draft-holmer-rmcat-transport-wide-cc-extensions-01.
    TransportCc(transport_cc::TransportCc<'a>),
    /// A type or format we do not read.
    Other {
        /// Packet type, 192..=223.
        packet_type: u8,
        /// Count or feedback format, 0..=31.
        count: u8,
    },
}

/// Iterate over the messages of one plain RTCP packet; ends after the first error.
pub fn messages(packet: &[u8]) -> Messages<'_> {
    Messages { rest: packet }
}

/// Iterator over the messages of a compound packet; see [`messages`].
#[derive(Debug, Clone)]
pub struct Messages<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let message = split(self.rest).and_then(|(header, body, rest)| {
            self.rest = rest;
            parse(header, body)
        });
        if message.is_err() {
            self.rest = &[];
        }
        Some(message)
    }
}

struct Header {
    count: u8,
    packet_type: u8,
}

/// Split one message off a compound packet: its header, its body without padding, and the rest.
fn split(data: &[u8]) -> Result<(Header, &[u8], &[u8])> {
    if data.len() < HEADER_LEN {
        return Err(Error::Truncated("RTCP header"));
    }
    if data[0] >> 6 != 2 {
        return Err(Error::Malformed("RTCP version"));
    }
    let len = HEADER_LEN + 4 * usize::from(u16_at(data, 2));
    let (message, rest) = data
        .split_at_checked(len)
        .ok_or(Error::Truncated("RTCP message"))?;
    let header = Header {
        count: data[0] & 0x1F,
        packet_type: data[1],
    };
    let body = &message[HEADER_LEN..];
    if data[0] & 0x20 == 0 {
        return Ok((header, body, rest));
    }
    // RFC 3550 §6.4.1: only the last message may be padded; by a multiple of four, but libwebrtc
    // fills the last word of transport-wide feedback with one to three bytes
    let padding = usize::from(body.last().copied().unwrap_or(0));
    if padding == 0 || padding > body.len() || !rest.is_empty() {
        return Err(Error::Malformed("RTCP padding"));
    }
    Ok((header, &body[..body.len() - padding], rest))
}

fn parse<'a>(header: Header, body: &'a [u8]) -> Result<Message<'a>> {
    let count = usize::from(header.count);
    Ok(match (header.packet_type, header.count) {
        (SENDER_REPORT, _) => Message::SenderReport(sr::parse(count, body)?),
        (RECEIVER_REPORT, _) => Message::ReceiverReport(rr::parse(count, body)?),
        (SOURCE_DESCRIPTION, _) => Message::SourceDescription(sdes::parse(count, body)?),
        (GOODBYE, _) => Message::Goodbye(bye::parse(count, body)?),
        (TRANSPORT_FEEDBACK, FORMAT_NACK) => Message::Nack(nack::parse(body)?),
        (TRANSPORT_FEEDBACK, transport_cc::FORMAT_TRANSPORT_CC) => {
            Message::TransportCc(transport_cc::parse(body)?)
        }
        (PAYLOAD_FEEDBACK, FORMAT_PLI) => Message::Pli(pli::parse(body)?),
        (PAYLOAD_FEEDBACK, FORMAT_FIR) => Message::Fir(fir::parse(body)?),
        (PAYLOAD_FEEDBACK, FORMAT_REMB) if remb::is_remb(body) => Message::Remb(remb::parse(body)?),
        (EXTENDED_REPORT, _) => Message::ExtendedReport(xr::parse(body)?),
        (packet_type, count) => Message::Other { packet_type, count },
    })
}

/// Write the header of a message of `len` bytes, a multiple of four, and return its body.
fn begin(out: &mut [u8], count: u8, packet_type: u8, len: usize) -> Result<&mut [u8]> {
    let out = room(out, len)?;
    let words = u16::try_from(len / 4 - 1).map_err(|_| Error::InvalidArgument("RTCP message"))?;
    out[0] = 0x80 | count;
    out[1] = packet_type;
    out[2..4].copy_from_slice(&words.to_be_bytes());
    Ok(&mut out[HEADER_LEN..])
}

/// Write the two SSRCs that every feedback message begins with (RFC 4585 §6.1).
fn write_feedback_ssrcs(body: &mut [u8], sender_ssrc: u32, media_ssrc: u32) {
    put_u32(body, 0, sender_ssrc);
    put_u32(body, 4, media_ssrc);
}

/// Read the two SSRCs that every feedback message begins with, and what follows.
fn read_feedback<'a>(body: &'a [u8], what: &'static str) -> Result<(u32, u32, &'a [u8])> {
    if body.len() < 8 {
        return Err(Error::Truncated(what));
    }
    Ok((u32_at(body, 0), u32_at(body, 4), &body[8..]))
}

fn put_u32(out: &mut [u8], at: usize, value: u32) {
    out[at..at + 4].copy_from_slice(&value.to_be_bytes());
}

#[cfg(test)]
mod tests;
