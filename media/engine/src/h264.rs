//! H.264 over RTP (RFC 6184): where keyframes begin, in single units, STAP-A and FU-A.

use crate::command::Size;
use crate::sps;

/// A slice of a picture that depends on others.
const SLICE: u8 = 1;
/// A slice of a picture that stands alone (IDR).
const IDR: u8 = 5;
const SEI: u8 = 6;
const SPS: u8 = 7;
const DELIMITER: u8 = 9;
/// Several small units in one packet, RFC 6184 §5.7.1.
const STAP_A: u8 = 24;
/// A fragment of a large unit, RFC 6184 §5.8.
const FU_A: u8 = 28;
const TYPE_MASK: u8 = 0x1F;
/// Bit of the FU header that marks the first fragment.
const FU_START: u8 = 0x80;

/// Tell whether a keyframe begins in this payload: parameter sets or an IDR slice do.
///
/// The parameter sets belong to the switch point: a decoder cannot start on the slice alone.
pub fn is_keyframe(payload: &[u8]) -> bool {
    units(payload).any(|unit| match unit.kind {
        SPS => true,
        IDR => starts_picture(unit.body),
        _ => false,
    })
}

/// Tell whether a frame begins in this payload.
///
/// A slice starts a picture when its first macroblock is number 0, coded as a single 1 bit
/// (ITU-T H.264 §7.3.3).
pub fn is_frame_start(payload: &[u8]) -> bool {
    units(payload).any(|unit| match unit.kind {
        SEI | SPS | DELIMITER => true,
        SLICE | IDR => starts_picture(unit.body),
        _ => false,
    })
}

/// Return the size of the pictures that follow a parameter set in this payload.
pub fn picture_size(payload: &[u8]) -> Option<Size> {
    let mut sets = units(payload).filter(|unit| unit.kind == SPS);
    sets.find_map(|unit| sps::picture_size(unit.body))
}

fn starts_picture(slice: &[u8]) -> bool {
    slice.first().is_some_and(|first| first & 0x80 != 0)
}

/// The start of a NAL unit: its type, and what follows its header in this packet.
struct Unit<'a> {
    kind: u8,
    body: &'a [u8],
}

/// Iterate over the units that start in a payload; a later fragment starts none.
fn units(payload: &[u8]) -> impl Iterator<Item = Unit<'_>> {
    let kind = payload.first().map_or(0, |header| header & TYPE_MASK);
    let (mut single, mut aggregate): (Option<Unit<'_>>, &[u8]) = (None, &[]);
    match kind {
        STAP_A => aggregate = &payload[1..],
        FU_A => single = fragment(payload),
        _ => single = unit(payload),
    }
    let aggregated = std::iter::from_fn(move || {
        let (size, rest) = aggregate.split_at_checked(2)?;
        let size = usize::from(u16::from_be_bytes([size[0], size[1]]));
        let (data, rest) = rest.split_at_checked(size)?;
        aggregate = rest;
        unit(data)
    });
    single.into_iter().chain(aggregated)
}

fn unit(data: &[u8]) -> Option<Unit<'_>> {
    let (header, body) = data.split_first()?;
    let kind = header & TYPE_MASK;
    Some(Unit { kind, body })
}

fn fragment(payload: &[u8]) -> Option<Unit<'_>> {
    let header = payload.get(1).filter(|header| *header & FU_START != 0)?;
    let kind = header & TYPE_MASK;
    let body = &payload[2..];
    Some(Unit { kind, body })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keyframes_and_frame_starts_in_every_packetization() {
        for (payload, keyframe, start) in [
            (&[0x67, 0x42][..], true, true),                         // SPS
            (&[0x68, 0xCE][..], false, false),                       // PPS
            (&[0x65, 0x88][..], true, true),                         // IDR, first macroblock 0
            (&[0x65, 0x40][..], false, false),                       // IDR, a later slice
            (&[0x41, 0x9A][..], false, true),                        // slice, first macroblock 0
            (&[0x41, 0x20][..], false, false),                       // a later slice
            (&[0x09, 0xF0][..], false, true),                        // delimiter
            (&[0x7C, 0x85, 0x88][..], true, true), // FU-A, first fragment of an IDR
            (&[0x7C, 0x05, 0x88][..], false, false), // FU-A, a later fragment
            (&[0x5C, 0x81, 0x9A][..], false, true), // FU-A, first fragment of a slice
            (&[0x78, 0, 2, 0x67, 0x42, 0, 1, 0x68][..], true, true), // STAP-A: SPS, PPS
            (&[0x78, 0, 1, 0x68, 0, 2, 0x65, 0x88][..], true, true), // STAP-A: PPS, IDR
            (&[0x78, 0, 1, 0x68][..], false, false),
        ] {
            assert_eq!(is_keyframe(payload), keyframe, "{payload:x?}");
            assert_eq!(is_frame_start(payload), start, "{payload:x?}");
        }
    }

    #[test]
    fn cut_payloads_begin_nothing() {
        for payload in [
            &[][..],
            &[0x7C],             // FU-A without its header
            &[0x7C, 0x85],       // FU-A without a fragment
            &[0x65],             // IDR without a slice
            &[0x78],             // STAP-A without units
            &[0x78, 0],          // half a size
            &[0x78, 0, 9, 0x67], // a unit longer than the packet
            &[0x78, 0, 0],       // a unit of nothing
        ] {
            assert!(!is_keyframe(payload), "{payload:x?}");
            assert!(!is_frame_start(payload), "{payload:x?}");
        }
    }

    proptest! {
        #[test]
        fn a_keyframe_always_starts_a_frame(noise in prop::collection::vec(any::<u8>(), 0..64)) {
            prop_assert!(!is_keyframe(&noise) || is_frame_start(&noise));
        }
    }
}
