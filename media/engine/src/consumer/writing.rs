//! One subscriber's copy of a packet: a function of the shared ring and the slot's runs.

use super::{Consumer, UNWANTED, Written};
use crate::clock::{Clock, Micros};
use crate::command::Kind;
use crate::error::Result;
use crate::ring::{Kept, PacketInfo};
use crate::rtp::{self, HeaderFields};

/// Packets at a slot's start that carry the MID extension, for receivers that were not told SSRCs.
const MID_PACKETS: u64 = 128;

/// Says that the last byte of a packet counts bytes of padding (RFC 3550 §5.1).
const PADDING_BIT: u8 = 0x20;

/// Whether a packet leaves for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sending {
    First,
    Again,
}

impl Consumer {
    pub(super) fn compose(
        &mut self,
        kept: &Kept,
        clock: &Clock,
        out: &mut [u8],
        sending: Sending,
    ) -> Option<Written> {
        let (run, number) = self.runs.find(kept.sequence)?;
        let payload_type = self.payload_types[usize::from(kept.info.payload_type & 0x7F)];
        if payload_type == UNWANTED {
            return None;
        }
        let begins_sound = self.parameters.kind == Kind::Audio && kept.sequence == run.first;
        let fields = HeaderFields {
            marker: kept.info.marker || begins_sound,
            payload_type,
            sequence: number as u16,
            timestamp: kept.info.timestamp.wrapping_add(run.timestamp_offset),
            ssrc: self.parameters.ssrc,
        };
        // the time the packet came here: the same when it is sent again, which SRTP demands
        let sent = clock.abs_send_time(kept.arrival);
        let header_len = self
            .write_header(&kept.info, sent, out, &fields, number)
            .ok()?;
        let mut len = self.write_payload(kept, out, header_len, payload_type, sending)?;
        if kept.info.is_padded {
            *out.get_mut(len)? = 1;
            out[0] |= PADDING_BIT;
            len += 1;
        }
        Some(Written {
            len,
            header_len,
            out: number,
            transport_cc_at: self.transport_cc_at(out),
        })
    }

    pub(super) fn compose_rtx(
        &mut self,
        kept: &Kept,
        sent: (&Clock, Micros),
        out: &mut [u8],
        ssrc: u32,
        payload_type: u8,
    ) -> Option<Written> {
        let (run, original) = self.runs.find(kept.sequence)?;
        let number = self.next_rtx;
        let fields = HeaderFields {
            marker: kept.info.marker,
            payload_type,
            sequence: number as u16,
            timestamp: kept.info.timestamp.wrapping_add(run.timestamp_offset),
            ssrc,
        };
        let (clock, now) = sent;
        // under a number of its own it may tell when it really leaves
        let sent = clock.abs_send_time(now);
        let header_len = self
            .write_header(&kept.info, sent, out, &fields, original)
            .ok()?;
        let media = self.payload_types[usize::from(kept.info.payload_type & 0x7F)];
        out.get_mut(header_len..header_len + 2)?
            .copy_from_slice(&(original as u16).to_be_bytes());
        let len = self.write_payload(kept, out, header_len + 2, media, Sending::Again)?;
        self.next_rtx += 1;
        Some(Written {
            len,
            header_len,
            out: number,
            transport_cc_at: self.transport_cc_at(out),
        })
    }

    /// Write a packet of the repair stream that is nothing but padding (RFC 3550 §5.1).
    pub fn write_padding(
        &mut self,
        clock: &Clock,
        now: Micros,
        padding: usize,
        out: &mut [u8],
    ) -> Option<Written> {
        let (ssrc, payload_type) = self.repair()?;
        let number = self.next_rtx;
        let fields = HeaderFields {
            marker: false,
            payload_type,
            sequence: number as u16,
            timestamp: self
                .newest
                .map_or(self.first_timestamp, |(newest, _)| newest),
            ssrc,
        };
        let (info, sent) = (PacketInfo::default(), clock.abs_send_time(now));
        let header_len = self
            .write_header(&info, sent, out, &fields, self.next_out)
            .ok()?;
        let len = header_len + padding;
        let room = out.get_mut(header_len..len)?;
        room.fill(0);
        *room.last_mut()? = u8::try_from(padding).ok()?;
        out[0] |= PADDING_BIT;
        self.next_rtx += 1;
        Some(Written {
            len,
            header_len,
            out: number,
            transport_cc_at: self.transport_cc_at(out),
        })
    }

    fn transport_cc_at(&self, packet: &[u8]) -> Option<usize> {
        let negotiated = self.parameters.extensions.transport_cc.is_some();
        negotiated.then(|| rtp::first_element_at(packet))
    }

    fn write_header(
        &self,
        info: &PacketInfo,
        sent: [u8; 3],
        out: &mut [u8],
        fields: &HeaderFields,
        number: u64,
    ) -> Result<usize> {
        let ids = &self.parameters.extensions;
        let mid = (number < self.first_out + MID_PACKETS).then_some(self.parameters.mid.as_bytes());
        let candidates: [(Option<u8>, Option<&[u8]>); 8] = [
            // first, so that its place is known
            (ids.transport_cc, Some(&[0; 2])),
            (ids.mid, mid),
            (ids.abs_send_time, Some(&sent)),
            (ids.audio_level, one(&info.audio_level)),
            (ids.video_orientation, one(&info.video_orientation)),
            (ids.playout_delay, some(&info.playout_delay)),
            (ids.content_type, one(&info.content_type)),
            (ids.color_space, some(&info.color_space)),
        ];
        let mut chosen: [(u8, &[u8]); 8] = [(0, &[]); 8];
        let mut count = 0;
        for (id, data) in candidates {
            if let (Some(id), Some(data)) = (id, data) {
                chosen[count] = (id, data);
                count += 1;
            }
        }
        rtp::write_header(out, fields, &chosen[..count])
    }

    fn write_payload(
        &mut self,
        kept: &Kept,
        out: &mut [u8],
        at: usize,
        payload_type: u8,
        sending: Sending,
    ) -> Option<usize> {
        let end = at + kept.payload.len();
        let room = out.get_mut(at..end)?;
        room.copy_from_slice(&kept.payload);
        if self.vp8_type == Some(payload_type) {
            // a payload without a readable descriptor goes as it came: decoders know what to do
            let _ = match sending {
                Sending::First => self.munger.rewrite(room),
                Sending::Again => self.munger.repeat(room),
            };
        }
        Some(end)
    }
}

fn one(value: &Option<u8>) -> Option<&[u8]> {
    value.as_ref().map(std::slice::from_ref)
}

fn some<const N: usize>(value: &Option<[u8; N]>) -> Option<&[u8]> {
    value.as_ref().map(<[u8; N]>::as_slice)
}
