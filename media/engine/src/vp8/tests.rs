//! Descriptors of every shape, and counters over source changes.

use super::*;
use proptest::prelude::*;

/// A first packet of a frame with a 15-bit picture id, TL0PICIDX and KEYIDX.
fn long(id: u16, tl0: u8, key: u8, keyframe: bool) -> Vec<u8> {
    let [high, low] = id.to_be_bytes();
    let frame = u8::from(!keyframe);
    vec![0x90, 0xF0, 0x80 | high, low, tl0, 0x60 | key, frame, 0, 0]
}

/// A first packet of a frame with a 7-bit picture id only.
fn short(id: u8) -> Vec<u8> {
    vec![0x90, 0x80, id, 0x01]
}

fn picture_id(payload: &[u8]) -> u16 {
    let id = Descriptor::parse(payload).unwrap().picture_id;
    id.unwrap().value
}

fn sent(munger: &mut Munger, mut payload: Vec<u8>) -> Vec<u8> {
    let before = payload.len();
    munger.rewrite(&mut payload).unwrap();
    assert_eq!(payload.len(), before);
    payload
}

#[test]
fn a_keyframe_tells_the_size_of_its_picture() {
    let picture = |tag: u8, code: u8| {
        let frame = [tag, 2, 0, 0x9D, 1, code, 0x80, 0x42, 0x68, 0x81];
        picture_size(&[&[0x90, 0x80, 1][..], &frame].concat())
    };
    let size = Size {
        width: 640,
        height: 360,
    };
    assert_eq!(picture(0x10, 0x2A), Some(size), "whatever the scales are");
    assert_eq!(picture(0x11, 0x2A), None, "an interframe");
    assert_eq!(picture(0x10, 0x2B), None, "no start code");
    assert_eq!(picture_size(&long(1, 1, 1, true)), None, "cut short");
}

#[test]
fn every_field_of_a_descriptor_is_read() {
    let read = Descriptor::parse(&long(0x1234, 200, 21, true)).unwrap();
    let id = PictureId {
        value: 0x1234,
        long: true,
    };
    assert_eq!((read.len, read.picture_id), (6, Some(id)));
    assert_eq!((read.tl0_index, read.key_index), (Some(200), Some(21)));
    assert_eq!(read.temporal_layer, Some(1));
    assert!(read.starts_frame());
}

#[test]
fn a_descriptor_without_extension_is_one_byte() {
    let read = Descriptor::parse(&[0x13]).unwrap();
    assert_eq!((read.len, read.partition), (1, 3));
    assert!(read.starts_partition && !read.starts_frame());
    assert_eq!(read.picture_id, None);
}

#[test]
fn a_descriptor_cut_anywhere_is_truncated() {
    let whole = long(1, 2, 3, true);
    for len in 0..6 {
        let refused = Descriptor::parse(&whole[..len]);
        assert_eq!(refused, Err(Error::Truncated("VP8 payload descriptor")));
        assert!(!is_keyframe(&whole[..len]) && !is_frame_start(&whole[..len]));
    }
}

#[test]
fn keyframes_are_told_by_the_first_packet_of_the_frame() {
    for (payload, keyframe, start) in [
        (long(1, 1, 1, true), true, true),
        (long(1, 1, 1, false), false, true),
        (vec![0x10, 0x00], true, true),
        (vec![0x10], false, true),        // the descriptor is all there is
        (vec![0x00, 0x00], false, false), // goes on with a partition
        (vec![0x11, 0x00], false, false), // a later partition
    ] {
        assert_eq!(is_keyframe(&payload), keyframe, "{payload:?}");
        assert_eq!(is_frame_start(&payload), start, "{payload:?}");
    }
}

#[test]
fn the_first_source_passes_unchanged() {
    let mut munger = Munger::default();
    for id in [500, 501, 500, 502] {
        let payload = long(id, 9, 3, false);
        assert_eq!(sent(&mut munger, payload.clone()), payload);
    }
}

#[test]
fn counters_follow_on_when_the_source_changes() {
    let mut munger = Munger::default();
    sent(&mut munger, long(500, 9, 31, true));
    munger.change_source();
    let first = sent(&mut munger, long(77, 200, 4, true));
    assert_eq!(first, long(501, 10, 0, true));
    let next = sent(&mut munger, long(78, 201, 4, false));
    assert_eq!(next, long(502, 11, 0, false));
}

#[test]
fn a_picture_id_wraps_at_15_bits() {
    let mut munger = Munger::default();
    sent(&mut munger, long(0x7FFF, 0, 0, true));
    munger.change_source();
    assert_eq!(picture_id(&sent(&mut munger, long(5, 0, 0, true))), 0);
    let late = sent(&mut munger, long(4, 0, 0, false));
    assert_eq!(picture_id(&late), 0x7FFF);
    assert_eq!(picture_id(&sent(&mut munger, long(6, 0, 0, false))), 1);
}

#[test]
fn short_and_long_ids_follow_one_another() {
    let mut munger = Munger::default();
    sent(&mut munger, long(0x1234, 0, 0, true));
    munger.change_source();
    assert_eq!(picture_id(&sent(&mut munger, short(9))), 0x35);
    assert_eq!(picture_id(&sent(&mut munger, short(10))), 0x36);
    munger.change_source();
    let back = sent(&mut munger, long(3, 0, 0, true));
    assert_eq!(picture_id(&back), 0x1237);
}

#[test]
fn a_repeat_is_rewritten_alike_and_changes_nothing() {
    let mut munger = Munger::default();
    sent(&mut munger, long(100, 0, 0, true));
    munger.change_source();
    let first = sent(&mut munger, long(7, 0, 0, true));
    sent(&mut munger, long(8, 1, 0, false));
    let mut repeat = long(7, 0, 0, true);
    munger.repeat(&mut repeat).unwrap();
    assert_eq!(repeat, first);
    assert_eq!(picture_id(&sent(&mut munger, long(9, 0, 0, false))), 103);
}

#[test]
fn a_source_without_counters_is_left_alone() {
    let mut munger = Munger::default();
    assert_eq!(sent(&mut munger, vec![0x10, 0x00]), [0x10, 0x00]);
    let refused = munger.rewrite(&mut []);
    assert_eq!(refused, Err(Error::Truncated("VP8 payload descriptor")));
}

proptest! {
    #[test]
    fn ids_never_jump_whatever_the_sources_are(
        sources in prop::collection::vec((0u16..0x8000, 1u16..50), 1..20),
    ) {
        let mut munger = Munger::default();
        let mut last = None;
        for (start, frames) in sources {
            munger.change_source();
            for frame in 0..frames {
                let id = start.wrapping_add(frame) & LONG_ID_MASK;
                let out = picture_id(&sent(&mut munger, long(id, 0, 0, frame == 0)));
                if let Some(last) = last {
                    prop_assert_eq!(out, (last + 1) & LONG_ID_MASK);
                }
                last = Some(out);
            }
        }
    }

    #[test]
    fn noise_never_panics(mut noise in prop::collection::vec(any::<u8>(), 0..12)) {
        is_keyframe(&noise);
        let before = noise.len();
        let _ = Munger::default().rewrite(&mut noise);
        prop_assert_eq!(noise.len(), before);
    }
}
