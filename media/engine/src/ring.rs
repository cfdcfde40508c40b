//! The last second or two of one incoming track, shared by all its subscribers.

use crate::clock::Micros;

/// Slots a ring begins with; a quiet slide never needs more.
const FIRST_SLOTS: usize = 128;

/// Slots a ring may grow to: two seconds of about 20 Mbit/s.
pub const MAX_SLOTS: usize = 4096;

/// What every subscriber's copy of a packet needs to know, read once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PacketInfo {
    /// The publisher's RTP timestamp.
    pub timestamp: u32,
    /// The publisher's payload type.
    pub payload_type: u8,
    /// End of a video frame, or begin of a talk spurt.
    pub marker: bool,
    /// RFC 6464, voice flag and level as sent.
    pub audio_level: Option<u8>,
    /// Rotation as sent.
    pub video_orientation: Option<u8>,
    /// Wanted delay as sent.
    pub playout_delay: Option<[u8; 3]>,
    /// Camera or screen, as sent.
    pub content_type: Option<u8>,
    /// Colours as sent; longer ones, with what only HDR has, are left out.
    pub color_space: Option<[u8; 4]>,
    /// Whether a byte of padding follows the payload (RFC 3550 §5.1); see [`Ring::even_out`].
    pub is_padded: bool,
}

/// One kept packet.
#[derive(Debug, Clone)]
pub struct Kept {
    /// The publisher's sequence number, counted on over its wraps.
    pub sequence: u64,
    /// When it came.
    pub arrival: Micros,
    /// Its header.
    pub info: PacketInfo,
    /// Its payload without padding.
    pub payload: Vec<u8>,
}

/// Packets by extended sequence number, kept for `history`.
#[derive(Debug)]
pub struct Ring {
    slots: Vec<Option<Kept>>,
    highest: Option<u64>,
    floor: u64,
    history: Micros,
}

impl Ring {
    /// Keep packets for `history`, as far as [`MAX_SLOTS`] allows.
    pub fn new(history: Micros) -> Self {
        Self {
            slots: vec![None; FIRST_SLOTS],
            highest: None,
            floor: 0,
            history,
        }
    }

    /// Keep a packet; returns false when it is there already or too old to keep.
    pub fn insert(&mut self, sequence: u64, info: PacketInfo, payload: &[u8], now: Micros) -> bool {
        if sequence < self.floor {
            return false;
        }
        self.make_room(sequence, now);
        let at = self.place(sequence);
        match &mut self.slots[at] {
            Some(kept) if kept.sequence == sequence => return false,
            Some(kept) => {
                (kept.sequence, kept.arrival, kept.info) = (sequence, now, info);
                kept.payload.clear();
                kept.payload.extend_from_slice(payload);
            }
            empty => {
                let payload = payload.to_vec();
                *empty = Some(Kept {
                    sequence,
                    arrival: now,
                    info,
                    payload,
                });
            }
        }
        self.note(sequence);
        true
    }

    /// Return a kept packet.
    pub fn get(&self, sequence: u64) -> Option<&Kept> {
        let kept = self.slots[self.place(sequence)].as_ref()?;
        (kept.sequence == sequence).then_some(kept)
    }

    /// Return a kept packet that is not older than the history.
    pub fn get_recent(&self, sequence: u64, now: Micros) -> Option<&Kept> {
        let kept = self.get(sequence)?;
        (now - kept.arrival <= self.history).then_some(kept)
    }

    /// Pad those of one frame's packets that are a byte shorter than others, before they are sent.
    ///
    /// Senders cut a frame into parts of equal length, some a byte longer for the rest that was
    /// left. The kernel sends a run of equal datagrams for little more than one of them.
    pub fn even_out(&mut self, sequences: &[u64]) {
        let mut rest = sequences;
        while let [first, ..] = rest {
            let Some(timestamp) = self.get(*first).map(|kept| kept.info.timestamp) else {
                rest = &rest[1..];
                continue;
            };
            let of_frame = |sequence: &&u64| {
                let kept = self.get(**sequence);
                kept.is_some_and(|kept| kept.info.timestamp == timestamp)
            };
            let count = rest.iter().take_while(of_frame).count();
            let (frame, others) = rest.split_at(count);
            let lengths = frame.iter().filter_map(|sequence| self.get(*sequence));
            let longest = lengths.map(|kept| kept.payload.len()).max().unwrap_or(0);
            for &sequence in frame {
                let at = self.place(sequence);
                if let Some(kept) = &mut self.slots[at] {
                    kept.info.is_padded = kept.payload.len() + 1 == longest;
                }
            }
            rest = others;
        }
    }

    /// Return the highest number kept.
    pub fn highest(&self) -> Option<u64> {
        self.highest
    }

    /// Forget everything.
    pub fn clear(&mut self) {
        self.slots.fill(None);
        self.highest = None;
        self.floor = 0;
    }

    /// Note a kept packet, and from where on numbers might have been kept and overwritten: refusing
    /// those is what keeps a packet from being forwarded twice.
    fn note(&mut self, sequence: u64) {
        let highest = self
            .highest
            .map_or(sequence, |highest| highest.max(sequence));
        self.highest = Some(highest);
        let oldest = (highest + 1).saturating_sub(self.slots.len() as u64);
        self.floor = self.floor.max(oldest);
    }

    fn place(&self, sequence: u64) -> usize {
        (sequence % self.slots.len() as u64) as usize
    }

    /// Grow while the slot to be taken still holds a recent packet.
    fn make_room(&mut self, sequence: u64, now: Micros) {
        while self.slots.len() < MAX_SLOTS && self.would_lose_recent(sequence, now) {
            let doubled = vec![None; self.slots.len() * 2];
            for kept in std::mem::replace(&mut self.slots, doubled)
                .into_iter()
                .flatten()
            {
                let at = self.place(kept.sequence);
                self.slots[at] = Some(kept);
            }
        }
    }

    fn would_lose_recent(&self, sequence: u64, now: Micros) -> bool {
        self.slots[self.place(sequence)]
            .as_ref()
            .is_some_and(|kept| kept.sequence != sequence && now - kept.arrival <= self.history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: Micros = 2_000_000;

    fn filled(count: u64, now: Micros) -> Ring {
        let mut ring = Ring::new(HISTORY);
        for sequence in 0..count {
            assert!(ring.insert(sequence, PacketInfo::default(), &[1, 2], now));
        }
        ring
    }

    #[test]
    fn a_packet_is_kept_once() {
        let now = 0;
        let mut ring = filled(3, now);
        assert!(!ring.insert(1, PacketInfo::default(), &[9], now));
        assert_eq!(ring.get(1).unwrap().payload, [1, 2]);
    }

    #[test]
    fn the_ring_grows_while_its_packets_are_recent() {
        let now = 0;
        let ring = filled(1000, now);
        assert!((0..1000).all(|sequence| ring.get(sequence).is_some()));
        let ring = filled(10_000, now);
        assert!(ring.get(10_000 - MAX_SLOTS as u64).is_some());
        assert!(ring.get(10_000 - 1 - MAX_SLOTS as u64).is_none());
    }

    #[test]
    fn old_packets_are_overwritten_instead() {
        let start = 0;
        let mut ring = filled(FIRST_SLOTS as u64, start);
        let later = start + HISTORY * 2;
        assert!(ring.get_recent(0, later).is_none());
        assert!(ring.insert(FIRST_SLOTS as u64, PacketInfo::default(), &[3], later));
        assert!(ring.get(0).is_none());
        assert_eq!(ring.slots.len(), FIRST_SLOTS);
    }

    #[test]
    fn growing_lets_nothing_back_in() {
        let mut ring = Ring::new(HISTORY);
        for sequence in 0..FIRST_SLOTS as u64 * 2 {
            let at = sequence as Micros * HISTORY;
            assert!(ring.insert(sequence, PacketInfo::default(), &[1], at));
        }
        let now = FIRST_SLOTS as Micros * 2 * HISTORY;
        for sequence in 0..FIRST_SLOTS as u64 * 2 {
            let next = FIRST_SLOTS as u64 * 2 + sequence;
            assert!(ring.insert(next, PacketInfo::default(), &[1], now));
        }
        assert!(ring.slots.len() > FIRST_SLOTS);
        assert!(!ring.insert(FIRST_SLOTS as u64 + 5, PacketInfo::default(), &[1], now));
    }

    #[test]
    fn a_packet_from_before_the_ring_is_refused() {
        let now = 0;
        let mut ring = Ring::new(HISTORY);
        assert!(ring.insert(1_000_000, PacketInfo::default(), &[1], now));
        assert!(!ring.insert(10, PacketInfo::default(), &[1], now));
        assert!(ring.insert(999_999, PacketInfo::default(), &[1], now));
    }
}
