//! What a packet says, and what we write, read back.

use super::*;
use proptest::prelude::*;

/// Marker, payload type 96, one CSRC, a one-byte extension block, 5 payload bytes, 3 padding bytes.
const FULL: &[u8] = &[
    0xB1, 0xE0, 0x12, 0x34, 0xDE, 0xCA, 0xFB, 0xAD, 0xCA, 0xFE, 0xBA, 0xBE, 0, 0, 0, 9, 0xBE, 0xDE,
    0, 2, 0x10, 0xAA, 0, 0x32, 1, 2, 3, 0, b'h', b'e', b'l', b'l', b'o', 0, 0, 3,
];

#[test]
fn every_part_of_a_packet_is_read() {
    let packet = Packet::parse(FULL).unwrap();
    let fields = HeaderFields {
        marker: true,
        payload_type: 96,
        sequence: 0x1234,
        timestamp: 0xDECA_FBAD,
        ssrc: 0xCAFE_BABE,
    };
    assert_eq!(packet.fields(), fields);
    assert_eq!(packet.header_len(), 28);
    assert_eq!(header_len(FULL), Ok(28));
    assert_eq!(packet.payload(), b"hello");
    let elements: Vec<_> = packet.extensions().collect();
    assert_eq!(elements, [(1, &[0xAA][..]), (3, &[1, 2, 3][..])]);
    assert_eq!(packet.extension(3), Some(&[1, 2, 3][..]));
    assert_eq!(packet.extension(2), None);
}

#[test]
fn a_probe_of_padding_only_has_an_empty_payload() {
    let mut probe = vec![0xA0, 96, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7];
    probe.resize(12 + 254, 0);
    probe.push(255);
    assert_eq!(Packet::parse(&probe).unwrap().payload(), b"");
}

#[test]
fn two_byte_elements_may_be_empty_and_long() {
    let long = [7; 200];
    let exts: [(u8, &[u8]); 3] = [(1, &[]), (200, &long), (15, &[1])];
    let mut out = [0xFF; 300];
    let len = write_header(&mut out, &HeaderFields::default(), &exts).unwrap();
    assert_eq!(out[12..14], [0x10, 0]);
    let packet = Packet::parse(&out[..len]).unwrap();
    assert!(packet.extensions().eq(exts));
}

#[test]
fn a_block_of_another_profile_has_no_elements() {
    let mut other = FULL.to_vec();
    other[16] = 0x11;
    assert_eq!(Packet::parse(&other).unwrap().extensions().count(), 0);
}

#[test]
fn extension_ids_0_and_15_end_a_one_byte_block() {
    for stop in [0xF0, 0x03] {
        let mut packet = FULL.to_vec();
        packet[23] = stop;
        let elements = Packet::parse(&packet).unwrap().extensions().count();
        assert_eq!(elements, 1, "{stop:#x}");
    }
}

#[test]
fn bad_arguments_are_refused_when_writing() {
    let fields = HeaderFields::default();
    let mut out = [0; 400];
    let too_long = [0; 256];
    for exts in [(0, &[1][..]), (1, &too_long[..])] {
        let refused = write_header(&mut out, &fields, &[exts]);
        let expected = Error::InvalidArgument("header extension element");
        assert_eq!(refused, Err(expected));
    }
    let payload_type = HeaderFields {
        payload_type: 128,
        ..fields
    };
    let refused = write_header(&mut out, &payload_type, &[]);
    assert_eq!(refused, Err(Error::InvalidArgument("payload type")));
    let refused = write_header(&mut out[..11], &fields, &[]);
    assert_eq!(
        refused,
        Err(Error::BufferTooSmall {
            needed: 12,
            got: 11
        })
    );
}

#[test]
fn datagrams_are_told_apart_by_their_first_bytes() {
    for (datagram, kind) in [
        (&[][..], Kind::Unknown),
        (&[0, 1][..], Kind::Stun),
        (&[3][..], Kind::Stun),
        (&[4][..], Kind::Unknown),
        (&[19][..], Kind::Unknown),
        (&[20][..], Kind::Dtls),
        (&[63][..], Kind::Dtls),
        (&[64][..], Kind::Unknown),
        (&[127][..], Kind::Unknown),
        (&[128][..], Kind::Rtp),
        (&[0x80, 191][..], Kind::Rtp),
        (&[0x80, 192][..], Kind::Rtcp),
        (&[0x81, 223][..], Kind::Rtcp),
        (&[0x80, 224][..], Kind::Rtp),
        (&[191, 111][..], Kind::Rtp),
        (&[192][..], Kind::Unknown),
    ] {
        assert_eq!(demux(datagram), kind, "{datagram:?}");
    }
}

#[test]
fn sequence_numbers_go_on_over_wraps_in_both_directions() {
    let mut extender = SequenceExtender::default();
    assert_eq!(extender.highest(), None);
    let first = extender.extend(65_534);
    assert_eq!(extender.extend(1), first + 3);
    assert_eq!(extender.extend(65_535), first + 1);
    assert_eq!(extender.highest(), Some(first + 3));
    assert_eq!(extender.peek(32_768), first + 32_770);
    assert_eq!(extender.peek(32_770), first + 4 - 32_768);
}

#[test]
fn a_packet_older_than_the_first_has_a_smaller_number() {
    let mut extender = SequenceExtender::default();
    let first = extender.extend(3);
    assert_eq!(extender.extend(65_000), first - 539);
}

proptest! {
    #[test]
    fn a_written_header_reads_back(
        marker: bool,
        payload_type in 0u8..128,
        sequence: u16,
        timestamp: u32,
        ssrc: u32,
        exts in prop::collection::vec((1u8..=255, prop::collection::vec(any::<u8>(), 0..40)), 0..6),
        payload in prop::collection::vec(any::<u8>(), 0..50),
    ) {
        let fields = HeaderFields { marker, payload_type, sequence, timestamp, ssrc };
        let exts: Vec<(u8, &[u8])> = exts.iter().map(|(id, data)| (*id, &data[..])).collect();
        let mut out = vec![0xFF; 400];
        let len = write_header(&mut out, &fields, &exts).unwrap();
        out.truncate(len);
        out.extend_from_slice(&payload);
        let packet = Packet::parse(&out).unwrap();
        prop_assert_eq!(packet.fields(), fields);
        prop_assert_eq!(packet.header_len(), len);
        prop_assert_eq!(packet.payload(), &payload[..]);
        prop_assert!(packet.extensions().eq(exts));
    }

    #[test]
    fn an_extended_number_keeps_its_low_bits(numbers in prop::collection::vec(any::<u16>(), 1..200)) {
        let mut extender = SequenceExtender::default();
        for number in numbers {
            prop_assert_eq!(extender.extend(number) as u16, number);
        }
    }

    #[test]
    fn noise_never_panics(noise in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(packet) = Packet::parse(&noise) {
            packet.extensions().for_each(drop);
            prop_assert!(packet.header_len() + packet.payload().len() <= noise.len());
        }
    }
}
