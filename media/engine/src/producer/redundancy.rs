//! Sound that comes with copies of what was sent before (RFC 2198): what was lost is there again,
//! and the ring has plain sound for everybody.

use std::time::Instant;

use super::{Producer, Refused};
use crate::clock::Micros;
use crate::command::Codec;
use crate::red;
use crate::ring::PacketInfo;

impl Producer {
    /// Keep a packet of several blocks, and what of its copies has not come.
    pub(super) fn keep_blocks(
        &mut self,
        sequence: u64,
        info: PacketInfo,
        payload: &[u8],
        now: Instant,
        at: Micros,
    ) -> Result<(), Refused> {
        let blocks = red::parse(payload).map_err(|_| Refused::Unreadable)?;
        let primary = blocks.primary();
        let codec = self
            .codec(primary.payload_type)
            .map(|codec| codec.codec)
            .filter(|&codec| codec != Codec::Red)
            .ok_or(Refused::Unreadable)?;
        let info = PacketInfo {
            payload_type: primary.payload_type,
            ..info
        };
        let copies = blocks.copies();
        for (index, copy) in copies.iter().enumerate() {
            // the last copy is of the packet just before
            let earlier = sequence.checked_sub((copies.len() - index) as u64);
            let Some(earlier) = earlier.filter(|_| copy.payload_type == info.payload_type) else {
                continue;
            };
            let info = PacketInfo {
                timestamp: info.timestamp.wrapping_sub(copy.offset),
                marker: false,
                audio_level: None,
                ..info
            };
            let was_lost = red::fits(copy.offset, copy.payload)
                && self.keep(earlier, info, codec, copy.payload, at).is_ok();
            if let Some(source) = self.source.as_mut().filter(|_| was_lost) {
                source.missing.on_packet(earlier, now);
            }
        }
        self.keep(sequence, info, codec, primary.payload, at)
    }
}
