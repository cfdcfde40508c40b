//! Sound that carries what was sent before with it (RFC 2198): what a packet of it is made of, and
//! how many copies a subscriber needs.

use crate::clock::{MICROS_PER_SECOND, Micros};
use crate::error::{Error, Result, room};

/// Bytes before a block that is not the last: a bit, payload type, timestamp offset, length.
const HEADER_LEN: usize = 4;

/// The last block's header: only its payload type.
const LAST_HEADER_LEN: usize = 1;

/// Bit of a header that another one follows.
const FOLLOWED: u8 = 0x80;

/// Largest timestamp offset of a copy, 14 bits: 341 ms of Opus.
const MAX_OFFSET: u32 = (1 << 14) - 1;

/// Longest copy, 10 bits; Opus at 32 kbit/s has 80 bytes.
const MAX_COPY: usize = (1 << 10) - 1;

/// Most copies beside a packet: of independent losses, two copies leave the third power.
pub const MAX_COPIES: usize = 2;

/// Blocks read of one packet; browsers send three, and some allow up to nine copies.
const MAX_BLOCKS: usize = 10;

/// Loss from which on packets carry one copy, and two, in 1/256 as reports have it: 5 % and 15 %.
const LOSS_FOR: [u8; MAX_COPIES] = [13, 38];

/// Bits a second that a path must carry for each copy: one takes 32,000, and the packets that it
/// makes longer are lost as others are where that is too much.
const PATH_FOR: u64 = 200_000;

/// Time without such loss before there are fewer copies again; losses come in spells.
const CALM: Micros = 15 * MICROS_PER_SECOND;

/// One block: the packet itself, or a copy of an earlier one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Block<'a> {
    /// 0..=127.
    pub payload_type: u8,
    /// How much earlier its timestamp is; 0 for the packet itself.
    pub offset: u32,
    /// One payload of that type.
    pub payload: &'a [u8],
}

/// The blocks of one packet, oldest first.
#[derive(Debug, Clone, Copy)]
pub struct Blocks<'a> {
    blocks: [Block<'a>; MAX_BLOCKS],
    count: usize,
}

impl<'a> Blocks<'a> {
    /// Return the copies of earlier packets, oldest first.
    pub fn copies(&self) -> &[Block<'a>] {
        &self.blocks[..self.count - 1]
    }

    /// Return the packet itself.
    pub fn primary(&self) -> Block<'a> {
        self.blocks[self.count - 1]
    }
}

/// Take a payload apart. Fails with `Truncated`, or `Malformed` where it has too many blocks.
pub fn parse(payload: &[u8]) -> Result<Blocks<'_>> {
    let mut headers = [(0, 0, 0); MAX_BLOCKS];
    let (mut rest, mut count) = (payload, 0);
    while *rest.first().ok_or(Error::Truncated("RED header"))? & FOLLOWED != 0 {
        let (&[kind, high, middle, low], after) = rest
            .split_first_chunk::<HEADER_LEN>()
            .ok_or(Error::Truncated("RED header"))?;
        if count == MAX_BLOCKS - 1 {
            return Err(Error::Malformed("RED blocks"));
        }
        let fields = u32::from_be_bytes([0, high, middle, low]);
        let len = (fields & MAX_COPY as u32) as usize;
        headers[count] = (kind & !FOLLOWED, fields >> 10, len);
        (rest, count) = (after, count + 1);
    }
    let last = rest[0];
    rest = &rest[LAST_HEADER_LEN..];
    let mut blocks = [Block::default(); MAX_BLOCKS];
    for (block, (payload_type, offset, len)) in blocks.iter_mut().zip(&headers[..count]) {
        let (payload, after) = rest
            .split_at_checked(*len)
            .ok_or(Error::Truncated("RED block"))?;
        *block = Block {
            payload_type: *payload_type,
            offset: *offset,
            payload,
        };
        rest = after;
    }
    blocks[count] = Block {
        payload_type: last,
        offset: 0,
        payload: rest,
    };
    let count = count + 1;
    Ok(Blocks { blocks, count })
}

/// Return whether a payload so much earlier can be carried along.
pub fn fits(offset: u32, payload: &[u8]) -> bool {
    (1..=MAX_OFFSET).contains(&offset) && (1..=MAX_COPY).contains(&payload.len())
}

/// Put copies, oldest first, before a payload of `len` bytes that lies at the start of `out`; return
/// how long it is then. Each copy [`fits`].
pub fn wrap(out: &mut [u8], len: usize, payload_type: u8, copies: &[Block<'_>]) -> Result<usize> {
    let copied: usize = copies.iter().map(|copy| copy.payload.len()).sum();
    let before = HEADER_LEN * copies.len() + LAST_HEADER_LEN + copied;
    let out = room(out, before + len)?;
    out.copy_within(..len, before);
    let (headers, payloads) = out.split_at_mut(before - copied);
    let mut at = 0;
    for (header, copy) in headers.chunks_exact_mut(HEADER_LEN).zip(copies) {
        let fields = (copy.offset << 10) | copy.payload.len() as u32;
        header.copy_from_slice(&fields.to_be_bytes());
        header[0] = FOLLOWED | copy.payload_type;
        payloads[at..at + copy.payload.len()].copy_from_slice(copy.payload);
        at += copy.payload.len();
    }
    headers[before - copied - 1] = payload_type;
    Ok(before + len)
}

/// How many copies one subscriber's packets carry, by what its reports say.
#[derive(Debug, Clone, Copy)]
pub struct Redundancy {
    count: usize,
    most: usize,
    needed: Micros,
}

impl Default for Redundancy {
    fn default() -> Self {
        Self {
            count: 0,
            most: MAX_COPIES,
            needed: 0,
        }
    }
}

impl Redundancy {
    /// Take a report: the part lost, in 1/256.
    pub fn on_report(&mut self, lost: u8, now: Micros) {
        let wanted = LOSS_FOR.iter().filter(|&&from| lost >= from).count();
        if wanted >= self.count || now - self.needed >= CALM {
            (self.count, self.needed) = (wanted, now);
        }
    }

    /// Take note of what the path carries, bits a second.
    pub fn follow(&mut self, estimate: u64) {
        self.most = MAX_COPIES.min((estimate / PATH_FOR) as usize);
    }

    /// Return how many earlier packets each one shall carry.
    pub fn count(&self) -> usize {
        self.count.min(self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECOND: Micros = MICROS_PER_SECOND;

    #[test]
    fn a_packet_of_a_browser_is_taken_apart() {
        // 20 ms and 40 ms earlier, payload type 111
        let payload = [
            0xEF, 0x1E, 0x00, 0x02, 0xEF, 0x0F, 0x00, 0x03, 0x6F, 1, 2, 3, 4, 5, 6, 7,
        ];
        let blocks = parse(&payload).unwrap();
        let copy = |offset, payload| Block {
            payload_type: 111,
            offset,
            payload,
        };
        assert_eq!(
            blocks.copies(),
            [copy(1920, &[1, 2]), copy(960, &[3, 4, 5])]
        );
        assert_eq!(blocks.primary(), copy(0, &[6, 7]));
    }

    #[test]
    fn a_packet_without_copies_is_one_byte_longer() {
        let mut out = [7, 8, 0, 0];
        assert_eq!(wrap(&mut out, 2, 111, &[]), Ok(3));
        assert_eq!(out, [111, 7, 8, 0]);
    }

    #[test]
    fn cut_and_endless_packets_are_refused() {
        assert!(parse(&[]).is_err());
        assert!(parse(&[0xEF, 0, 0]).is_err());
        assert!(parse(&[0xEF, 0, 0, 3, 111, 1, 2]).is_err());
        assert!(parse(&[0xEF; 400]).is_err());
    }

    #[test]
    fn what_does_not_fit_is_not_carried() {
        assert!(fits(960, &[1]));
        assert!(!fits(0, &[1]));
        assert!(!fits(MAX_OFFSET + 1, &[1]));
        assert!(!fits(960, &[]));
        assert!(!fits(960, &[0; MAX_COPY + 1]));
    }

    #[test]
    fn copies_come_with_loss_and_go_after_a_calm() {
        let mut redundancy = Redundancy::default();
        redundancy.on_report(3, 0);
        assert_eq!(redundancy.count(), 0);
        redundancy.on_report(20, SECOND);
        assert_eq!(redundancy.count(), 1);
        redundancy.on_report(60, 2 * SECOND);
        assert_eq!(redundancy.count(), 2);
        redundancy.on_report(0, 16 * SECOND);
        assert_eq!(redundancy.count(), 2, "the spell may go on");
        redundancy.on_report(20, 17 * SECOND);
        assert_eq!(redundancy.count(), 1);
        redundancy.on_report(0, 31 * SECOND);
        assert_eq!(redundancy.count(), 1);
        redundancy.on_report(0, 32 * SECOND);
        assert_eq!(redundancy.count(), 0);
    }

    proptest! {
        #[test]
        fn what_is_wrapped_is_taken_apart(
            payload in prop::collection::vec(any::<u8>(), 0..300),
            copies in prop::collection::vec(
                (1..=MAX_OFFSET, prop::collection::vec(any::<u8>(), 1..300)),
                0..=MAX_COPIES,
            ),
        ) {
            let copies: Vec<_> = copies
                .iter()
                .map(|(offset, payload)| Block { payload_type: 111, offset: *offset, payload })
                .collect();
            let mut out = vec![0; 1500];
            out[..payload.len()].copy_from_slice(&payload);
            let len = wrap(&mut out, payload.len(), 111, &copies).unwrap();
            let blocks = parse(&out[..len]).unwrap();
            prop_assert_eq!(blocks.copies(), copies);
            prop_assert_eq!(blocks.primary().payload, payload);
        }

        #[test]
        fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = parse(&noise);
        }
    }

    #[test]
    fn a_narrow_path_carries_no_copies() {
        let mut redundancy = Redundancy::default();
        redundancy.on_report(255, 0);
        assert_eq!(redundancy.count(), 2, "nothing is known of the path");
        for (estimate, copies) in [(150_000, 0), (250_000, 1), (5_000_000, 2)] {
            redundancy.follow(estimate);
            assert_eq!(redundancy.count(), copies, "{estimate} bit/s");
        }
    }
}
