//! What each message says, and what we write, read back.

use super::rr::ReportBlock;
use super::sr::SenderInfo;
use super::xr::Dlrr;
use super::*;
use proptest::prelude::*;

/// Read a packet of exactly one message.
fn only(packet: &[u8]) -> Message<'_> {
    let mut all = messages(packet);
    let first = all.next().unwrap().unwrap();
    assert!(all.next().is_none());
    first
}

fn block() -> ReportBlock {
    ReportBlock {
        ssrc: 7,
        fraction_lost: 64,
        lost: -3,
        highest_sequence: 0x0002_FFFF,
        jitter: 90,
        last_sr: 0xAABB_CCDD,
        delay_since_last_sr: 65_536,
    }
}

fn info() -> SenderInfo {
    SenderInfo {
        ssrc: 5,
        ntp: 0x0123_4567_89AB_CDEF,
        rtp: 90_000,
        packets: 10,
        octets: 12_000,
    }
}

#[test]
fn a_sender_report_reads_back() {
    let mut out = [0; 200];
    let len = sr::write(&mut out, &info(), &[block(), block()]).unwrap();
    assert_eq!(len, 28 + 48);
    let Message::SenderReport(report) = only(&out[..len]) else {
        panic!("a sender report was expected")
    };
    assert_eq!(report.info, info());
    assert_eq!(report.info.compact_ntp(), 0x4567_89AB);
    assert!(report.blocks.iter().eq([block(), block()]));
}

#[test]
fn cumulative_loss_is_held_to_24_signed_bits() {
    for (lost, wire) in [(i32::MAX, 0x7F_FFFF), (i32::MIN, -0x80_0000), (-1, -1)] {
        let mut out = [0; 64];
        let block = ReportBlock { lost, ..block() };
        let len = rr::write(&mut out, 1, &[block]).unwrap();
        let Message::ReceiverReport(report) = only(&out[..len]) else {
            panic!("a receiver report was expected")
        };
        assert_eq!(report.ssrc, 1);
        assert_eq!(report.blocks.iter().next().unwrap().lost, wire);
    }
}

#[test]
fn a_compound_packet_is_walked_in_order() {
    let mut out = [0; 300];
    let mut len = rr::write(&mut out, 1, &[]).unwrap();
    len += sdes::write(&mut out[len..], 1, "name").unwrap();
    len += pli::write(&mut out[len..], 1, 2).unwrap();
    len += bye::write(&mut out[len..], &[1, 2]).unwrap();
    let all: Vec<_> = messages(&out[..len]).map(Result::unwrap).collect();
    let [
        Message::ReceiverReport(_),
        Message::SourceDescription(names),
        Message::Pli(pli),
        Message::Goodbye(bye),
    ] = all[..]
    else {
        panic!("four messages were expected: {all:?}")
    };
    assert!(names.cnames().eq([(1, &b"name"[..])]));
    assert_eq!((pli.sender_ssrc, pli.media_ssrc), (1, 2));
    assert!(bye.ssrcs().eq([1, 2]));
}

#[test]
fn a_name_of_any_length_is_padded_to_words() {
    for len in [0, 1, 2, 3, 4, 5, 255] {
        let name = "n".repeat(len);
        let mut out = [0xFF; 300];
        let written = sdes::write(&mut out, 9, &name).unwrap();
        assert_eq!(written % 4, 0);
        let Message::SourceDescription(names) = only(&out[..written]) else {
            panic!("a source description was expected")
        };
        assert!(names.cnames().eq([(9, name.as_bytes())]));
    }
    let refused = sdes::write(&mut [0; 300], 9, &"n".repeat(256));
    assert_eq!(refused, Err(Error::InvalidArgument("canonical name")));
}

#[test]
fn other_items_and_several_chunks_are_passed_over() {
    let packet = [
        0x82, 202, 0, 6, 0, 0, 0, 1, 2, 2, b'm', b'e', 0, 0, 0, 0, // a NAME only
        0, 0, 0, 2, 3, 0, 1, 1, b'c', 0, 0, 0, // EMAIL of no bytes, then the CNAME
    ];
    let Message::SourceDescription(names) = only(&packet) else {
        panic!("a source description was expected")
    };
    assert!(names.cnames().eq([(2, &b"c"[..])]));
}

#[test]
fn a_nack_packs_neighbours_and_wraps() {
    let mut out = [0; 64];
    let lost = [65_534, 65_535, 0, 13, 14, 15, 400];
    let len = nack::write(&mut out, 1, 2, &lost).unwrap();
    // 65534 reaches up to 65534 + 16 = 14, so there are three entries
    assert_eq!(len, 12 + 3 * 4);
    let Message::Nack(nack) = only(&out[..len]) else {
        panic!("a NACK was expected")
    };
    assert_eq!((nack.sender_ssrc, nack.media_ssrc), (1, 2));
    assert!(nack.lost().eq(lost));
}

#[test]
fn full_intra_requests_are_numbered() {
    let mut out = [0; 64];
    let len = fir::write(&mut out, 1, 2, 200).unwrap();
    let Message::Fir(fir) = only(&out[..len]) else {
        panic!("a full intra request was expected")
    };
    assert_eq!(fir.sender_ssrc, 1);
    assert!(fir.entries().eq([(2, 200)]));
}

#[test]
fn reference_times_and_their_answers_read_back() {
    let mut out = [0; 64];
    let len = xr::write_reference_time(&mut out, 3, 1 << 40).unwrap();
    let Message::ExtendedReport(report) = only(&out[..len]) else {
        panic!("an extended report was expected")
    };
    assert_eq!((report.ssrc, report.reference_time()), (3, Some(1 << 40)));
    assert_eq!(report.dlrr().count(), 0);

    let answer = Dlrr {
        ssrc: 3,
        last_rr: 1 << 24,
        delay_since_last_rr: 9,
    };
    let len = xr::write_dlrr(&mut out, 4, &answer).unwrap();
    let Message::ExtendedReport(report) = only(&out[..len]) else {
        panic!("an extended report was expected")
    };
    assert!(report.dlrr().eq([answer]));
    assert_eq!(report.reference_time(), None);
}

#[test]
fn bitrate_estimates_keep_18_bits_and_saturate() {
    for (bitrate, read) in [
        (0, 0),
        (262_143, 262_143),
        (262_145, 262_144),
        (2_500_000, 2_500_000),
        (1 << 63, 1 << 63),
    ] {
        let mut out = [0; 64];
        let len = remb::write(&mut out, 1, bitrate, &[2, 3]).unwrap();
        let Message::Remb(remb) = only(&out[..len]) else {
            panic!("a bitrate estimate was expected")
        };
        assert_eq!(remb.bitrate, read);
        assert!(remb.ssrcs().eq([2, 3]));
    }
    let largest = [
        0x8F, 206, 0, 4, 0, 0, 0, 1, 0, 0, 0, 0, b'R', b'E', b'M', b'B', 0, 0xFF, 0xFF, 0xFF,
    ];
    let Message::Remb(remb) = only(&largest) else {
        panic!("a bitrate estimate was expected")
    };
    assert_eq!(remb.bitrate, u64::MAX);
}

/// Feedback on 13 packets: a run of 3, then vectors of two-bit and of one-bit symbols.
const FEEDBACK: &[u8] = &[
    0x8F, 205, 0, 8, 0, 0, 0, 1, 0, 0, 0, 2, 0xFF, 0xFE, 0, 13, 0, 0, 2, 9, 0x20, 0x03, 0xC6, 0x00,
    0x88, 0x00, 4, 8, 0, 12, 0xFF, 0xFC, 2, 0, 0, 0,
];

#[test]
fn transport_wide_feedback_lists_what_came_over_the_wrap() {
    let Message::TransportCc(feedback) = only(FEEDBACK) else {
        panic!("feedback was expected")
    };
    assert_eq!((feedback.sender_ssrc, feedback.base), (1, 65_534));
    assert_eq!((feedback.count, feedback.feedback_count), (13, 9));
    let start = 2 * transport_cc::REFERENCE_UNIT;
    let came = feedback
        .arrivals()
        .map(|one| (one.sequence, one.at - start));
    let expected = [
        (65_534, 1000),
        (65_535, 3000),
        (0, 3000),
        (2, 6000),
        (3, 5000),
        (10, 5500),
    ];
    assert!(came.eq(expected));
}

#[test]
fn feedback_on_65_535_packets_costs_nothing() {
    let mut packet = vec![
        0x8F, 205, 0, 9, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0,
    ];
    packet.extend([0x1F, 0xFF].repeat(9));
    packet.extend([0, 0]);
    let Message::TransportCc(feedback) = only(&packet) else {
        panic!("feedback was expected")
    };
    assert_eq!(feedback.count, 65_535);
    assert_eq!(feedback.arrivals().count(), 0);
}

#[test]
fn feedback_that_claims_more_than_it_has_is_refused() {
    let cut = |len: usize| {
        let mut packet = FEEDBACK[..len].to_vec();
        packet[3] = (len / 4 - 1) as u8;
        messages(&packet).next().unwrap().unwrap_err()
    };
    for len in [8, 12, 16, 20, 24] {
        assert_eq!(cut(len), Error::Truncated("transport-wide feedback"));
    }
    let mut reserved = FEEDBACK.to_vec();
    reserved[20] = 0x60;
    let refused = messages(&reserved).next().unwrap().unwrap_err();
    assert_eq!(refused, Error::Malformed("transport-wide feedback status"));
    let mut empty = FEEDBACK.to_vec();
    empty[20..22].fill(0);
    let refused = messages(&empty).next().unwrap().unwrap_err();
    assert_eq!(refused, Error::Malformed("transport-wide feedback run"));
}

#[test]
fn padding_of_the_last_message_is_left_out() {
    let padded = [0xA1, 203, 0, 2, 0, 0, 0, 9, 0, 0, 0, 4];
    let Message::Goodbye(bye) = only(&padded) else {
        panic!("a goodbye was expected")
    };
    assert!(bye.ssrcs().eq([9]));
}

#[test]
fn feedback_padded_as_libwebrtc_does_is_read() {
    // one packet came; its delta leaves one byte of the last word, which says so
    let padded = [
        0xAF, 205, 0, 5, 0, 0, 0, 1, 0, 0, 0, 2, 0, 9, 0, 1, 0, 0, 1, 0, 0x20, 1, 40, 1,
    ];
    let Message::TransportCc(feedback) = only(&padded) else {
        panic!("transport-wide feedback was expected")
    };
    let arrivals: Vec<_> = feedback
        .arrivals()
        .map(|arrival| arrival.sequence)
        .collect();
    assert_eq!(arrivals, [9]);
}

#[test]
fn unknown_types_and_formats_are_passed_over() {
    for packet in [[0x80, 210, 0, 0], [0x8E, 205, 0, 0], [0x8F, 206, 0, 0]] {
        let Message::Other { packet_type, count } = only(&packet) else {
            panic!("an unknown message was expected")
        };
        assert_eq!((packet_type, count), (packet[1], packet[0] & 0x1F));
    }
}

#[test]
fn too_many_items_are_refused_when_writing() {
    let mut out = [0; 4096];
    assert!(sr::write(&mut out, &info(), &[block(); 32]).is_err());
    assert!(rr::write(&mut out, 1, &[block(); 32]).is_err());
    assert!(bye::write(&mut out, &[0; 32]).is_err());
    assert!(remb::write(&mut out, 1, 1, &[0; 256]).is_err());
    assert!(nack::write(&mut out, 1, 1, &[]).is_err());
    let refused = pli::write(&mut out[..8], 1, 2);
    assert_eq!(refused, Err(Error::BufferTooSmall { needed: 12, got: 8 }));
}

proptest! {
    #[test]
    fn a_nack_names_exactly_what_is_lost(start: u16, steps in prop::collection::vec(1u16..40, 1..100)) {
        let lost: Vec<u16> = steps
            .iter()
            .scan(start, |at, step| { *at = at.wrapping_add(*step); Some(*at) })
            .collect();
        let mut out = [0; 500];
        let len = nack::write(&mut out, 1, 2, &lost).unwrap();
        let Message::Nack(nack) = only(&out[..len]) else { panic!("a NACK was expected") };
        prop_assert!(nack.lost().eq(lost));
    }

    #[test]
    fn report_blocks_read_back(
        ssrc: u32, fraction_lost: u8, lost in -0x80_0000i32..0x80_0000, highest_sequence: u32,
        jitter: u32, last_sr: u32, delay_since_last_sr: u32, count in 0usize..=31,
    ) {
        let block = ReportBlock {
            ssrc, fraction_lost, lost, highest_sequence, jitter, last_sr, delay_since_last_sr,
        };
        let mut out = [0; 1000];
        let len = rr::write(&mut out, ssrc, &vec![block; count]).unwrap();
        let Message::ReceiverReport(report) = only(&out[..len]) else { panic!("not a report") };
        prop_assert!(report.blocks.iter().eq(vec![block; count]));
    }

    #[test]
    fn transport_wide_feedback_reads_back(
        base: u16, steps in prop::collection::vec((1u64..30, -20_000i64..200_000), 1..200),
    ) {
        let base = 65_536 + u64::from(base);
        let mut last = (base - 1, 1_000_000);
        let arrivals: Vec<(u64, i64)> = steps
            .iter()
            .map(|(step, span)| { last = (last.0 + step, last.1 + span); last })
            .collect();
        let sender = transport_cc::Sender { sender_ssrc: 1, media_ssrc: 2, feedback_count: 3 };
        let (mut from, mut rest) = (base, &arrivals[..]);
        while !rest.is_empty() {
            let mut out = [0; 200];
            let (len, taken) = transport_cc::write(&mut out, &sender, from, rest).unwrap();
            prop_assert!(taken > 0);
            let Message::TransportCc(feedback) = only(&out[..len]) else { panic!("feedback") };
            prop_assert_eq!((feedback.base, feedback.feedback_count), (from as u16, 3));
            prop_assert_eq!(u64::from(feedback.count), rest[taken - 1].0 + 1 - from);
            let read: Vec<_> = feedback.arrivals().collect();
            prop_assert_eq!(read.len(), taken);
            for (got, (sequence, at)) in read.iter().zip(rest) {
                prop_assert_eq!(got.sequence, *sequence as u16);
                prop_assert!((0..250).contains(&(at - got.at)), "{} {}", at, got.at);
            }
            from = rest[taken - 1].0 + 1;
            rest = &rest[taken..];
        }
    }

    #[test]
    fn noise_ends_after_its_first_error(noise in prop::collection::vec(any::<u8>(), 0..300)) {
        let errors = messages(&noise).filter(Result::is_err).count();
        prop_assert!(errors <= 1);
    }
}
