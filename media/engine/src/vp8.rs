//! VP8 over RTP (RFC 7741): where frames and keyframes begin, and continuous picture ids.

use crate::command::Size;
use crate::error::{Error, Result};

/// Bits of a long picture id.
const LONG_ID_MASK: u16 = 0x7FFF;
/// Bits of a short picture id.
const SHORT_ID_MASK: u16 = 0x7F;
/// Bits of the temporal layer zero index.
const TL0_MASK: u16 = 0xFF;
/// Bits of the key frame index.
const KEY_INDEX_MASK: u16 = 0x1F;
/// What follows the frame tag of every keyframe (RFC 6386 §9.1).
const START_CODE: [u8; 3] = [0x9D, 0x01, 0x2A];
/// Bits of a width or a height.
const SIZE_MASK: u16 = 0x3FFF;

/// A picture id and how many bits it has on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PictureId {
    /// 0..=127, or 0..=32767 when `long`.
    pub value: u16,
    /// Whether it takes 15 bits rather than 7.
    pub long: bool,
}

/// A parsed payload descriptor, RFC 7741 §4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Descriptor {
    /// Bytes of the descriptor; the VP8 data follows.
    pub len: usize,
    /// The S bit: a VP8 partition starts here.
    pub starts_partition: bool,
    /// Which partition.
    pub partition: u8,
    /// Counts frames.
    pub picture_id: Option<PictureId>,
    /// Counts frames of temporal layer zero.
    pub tl0_index: Option<u8>,
    /// Temporal layer, 0..=3.
    pub temporal_layer: Option<u8>,
    /// Counts key frames, 5 bits.
    pub key_index: Option<u8>,
    picture_id_at: usize,
    tl0_at: usize,
    key_index_at: usize,
}

impl Descriptor {
    /// Parse the descriptor at the start of an RTP payload.
    pub fn parse(payload: &[u8]) -> Result<Self> {
        let first = byte(payload, 0)?;
        let mut descriptor = Self {
            len: 1,
            starts_partition: first & 0x10 != 0,
            partition: first & 0x07,
            picture_id: None,
            tl0_index: None,
            temporal_layer: None,
            key_index: None,
            picture_id_at: 0,
            tl0_at: 0,
            key_index_at: 0,
        };
        if first & 0x80 != 0 {
            descriptor.read_extension(payload)?;
        }
        Ok(descriptor)
    }

    fn read_extension(&mut self, payload: &[u8]) -> Result<()> {
        let flags = byte(payload, 1)?;
        self.len = 2;
        if flags & 0x80 != 0 {
            self.read_picture_id(payload)?;
        }
        if flags & 0x40 != 0 {
            self.tl0_at = self.len;
            self.tl0_index = Some(byte(payload, self.len)?);
            self.len += 1;
        }
        // T and K share one byte
        if flags & 0x30 != 0 {
            let shared = byte(payload, self.len)?;
            self.temporal_layer = (flags & 0x20 != 0).then_some(shared >> 6);
            self.key_index = (flags & 0x10 != 0).then_some(shared & 0x1F);
            self.key_index_at = self.len;
            self.len += 1;
        }
        Ok(())
    }

    fn read_picture_id(&mut self, payload: &[u8]) -> Result<()> {
        self.picture_id_at = self.len;
        let high = byte(payload, self.len)?;
        let long = high & 0x80 != 0;
        let mut value = u16::from(high & 0x7F);
        if long {
            value = (value << 8) | u16::from(byte(payload, self.len + 1)?);
        }
        self.picture_id = Some(PictureId { value, long });
        self.len += if long { 2 } else { 1 };
        Ok(())
    }

    /// Tell whether the packet is the first of its frame.
    pub fn starts_frame(&self) -> bool {
        self.starts_partition && self.partition == 0
    }
}

fn byte(payload: &[u8], at: usize) -> Result<u8> {
    let found = payload.get(at).copied();
    found.ok_or(Error::Truncated("VP8 payload descriptor"))
}

/// Tell whether the payload is the first packet of a frame.
pub fn is_frame_start(payload: &[u8]) -> bool {
    Descriptor::parse(payload).is_ok_and(|descriptor| descriptor.starts_frame())
}

/// Tell whether the payload is the first packet of a keyframe (inverse P bit, RFC 7741 §4.3).
pub fn is_keyframe(payload: &[u8]) -> bool {
    let Ok(descriptor) = Descriptor::parse(payload) else {
        return false;
    };
    let frame_header = payload.get(descriptor.len);
    descriptor.starts_frame() && frame_header.is_some_and(|first| first & 0x01 == 0)
}

/// Return the size of the picture whose keyframe begins in this payload (RFC 6386 §9.1).
pub fn picture_size(payload: &[u8]) -> Option<Size> {
    if !is_keyframe(payload) {
        return None;
    }
    let frame = payload.get(Descriptor::parse(payload).ok()?.len..)?;
    let [_, _, _, code @ .., w0, w1, h0, h1] = frame.first_chunk::<10>()?;
    if code != &START_CODE {
        return None;
    }
    // the two upper bits tell how much to scale the picture up, which no browser does
    let size = |bytes: [u8; 2]| u16::from_le_bytes(bytes) & SIZE_MASK;
    let (width, height) = (size([*w0, *w1]), size([*h0, *h1]));
    (width > 0 && height > 0).then_some(Size { width, height })
}

/// Keeps picture id, TL0PICIDX and KEYIDX continuous for one subscriber over source changes.
///
/// Rewrites in place and never changes a length: a source with 15-bit ids gives 15-bit ids.
#[derive(Debug, Clone, Copy, Default)]
pub struct Munger {
    picture_id: Counter,
    tl0_index: Counter,
    key_index: Counter,
}

impl Munger {
    /// Let the next packet's counters follow the last ones sent, whatever they are.
    pub fn change_source(&mut self) {
        self.picture_id.joins = true;
        self.tl0_index.joins = true;
        self.key_index.joins = true;
    }

    /// Rewrite the next packet of the current source; old and repeated ones are fine as well.
    pub fn rewrite(&mut self, payload: &mut [u8]) -> Result<()> {
        let descriptor = Descriptor::parse(payload)?;
        if let Some(id) = descriptor.picture_id {
            let out = self.picture_id.forward(id.value, id_mask(id), LONG_ID_MASK);
            put_picture_id(payload, &descriptor, id.long, out);
        }
        if let Some(index) = descriptor.tl0_index {
            let out = self.tl0_index.forward(index.into(), TL0_MASK, TL0_MASK);
            payload[descriptor.tl0_at] = out as u8;
        }
        if let Some(index) = descriptor.key_index {
            let out = self
                .key_index
                .forward(index.into(), KEY_INDEX_MASK, KEY_INDEX_MASK);
            put_key_index(payload, &descriptor, out);
        }
        Ok(())
    }

    /// Rewrite a packet of the current source that was sent before, changing nothing here.
    pub fn repeat(&self, payload: &mut [u8]) -> Result<()> {
        let mut copy = *self;
        copy.rewrite(payload)
    }
}

fn id_mask(id: PictureId) -> u16 {
    if id.long { LONG_ID_MASK } else { SHORT_ID_MASK }
}

fn put_picture_id(payload: &mut [u8], descriptor: &Descriptor, long: bool, id: u16) {
    let at = descriptor.picture_id_at;
    if long {
        payload[at] = 0x80 | (id >> 8) as u8;
        payload[at + 1] = id as u8;
    } else {
        payload[at] = (id & SHORT_ID_MASK) as u8;
    }
}

fn put_key_index(payload: &mut [u8], descriptor: &Descriptor, index: u16) {
    let shared = &mut payload[descriptor.key_index_at];
    *shared = (*shared & !(KEY_INDEX_MASK as u8)) | index as u8;
}

/// A wrapping counter moved by a constant, which a new source resets.
#[derive(Debug, Clone, Copy, Default)]
struct Counter {
    offset: u16,
    newest: u16,
    started: bool,
    joins: bool,
}

impl Counter {
    /// Return what goes out for `value`, of `mask` bits now; `full` is the counter's widest mask.
    fn forward(&mut self, value: u16, mask: u16, full: u16) -> u16 {
        if !self.started {
            self.started = true;
            self.joins = false;
            self.newest = value;
        } else if self.joins {
            self.joins = false;
            self.offset = self.newest.wrapping_add(1).wrapping_sub(value);
        }
        let moved = value.wrapping_add(self.offset);
        // the smaller half of the circle lies ahead, the rest are packets out of order
        let ahead = moved.wrapping_sub(self.newest) & mask;
        if ahead <= mask / 2 {
            self.newest = self.newest.wrapping_add(ahead) & full;
            return self.newest & mask;
        }
        moved & mask
    }
}

#[cfg(test)]
mod tests;
