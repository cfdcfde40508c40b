//! Bad input, one named case each: what is refused, with which sentence, and that nothing else moves.

use engine::error::Error;
use engine::ice::{Agent, Event, State};
use engine::remote::Remote;
use engine::rtcp::{self, Message as Rtcp};
use engine::rtp::{Packet, SequenceExtender, demux, header_len};
use engine::srtp::{Profile, Receiver, Sender};
use engine::stun::{Check, IntegrityKey, MAX_RESPONSE_LEN, Message, write_check};
use std::time::Instant;

const UFRAG: &str = "abcd";
const PASSWORD: &str = "0123456789012345678901";
const FROM: &str = "192.0.2.1:5000";

fn from() -> Remote {
    Remote::udp(FROM.parse().unwrap())
}

fn check(username: &str, password: &str) -> Vec<u8> {
    let check = Check {
        username,
        priority: 1,
        controlling: 1,
        use_candidate: true,
        nomination: None,
    };
    let mut out = [0; 700];
    let key = IntegrityKey::new(password);
    let len = write_check(&mut out, &[7; 12], &check, &key).unwrap();
    out[..len].to_vec()
}

/// A request of raw attributes, signed when there is a password, with a FINGERPRINT when asked.
struct Request {
    bytes: Vec<u8>,
}

impl Request {
    fn new() -> Self {
        let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42];
        bytes.extend_from_slice(&[7; 12]);
        Self { bytes }
    }

    fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.bytes.extend_from_slice(&kind.to_be_bytes());
        let len = value.len() as u16;
        self.bytes.extend_from_slice(&len.to_be_bytes());
        self.bytes.extend_from_slice(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self.set_length(0);
        self
    }

    fn named(self) -> Self {
        self.with(0x0006, b"abcd:peer")
    }

    fn set_length(&mut self, more: usize) {
        let length = (self.bytes.len() + more - 20) as u16;
        self.bytes[2..4].copy_from_slice(&length.to_be_bytes());
    }

    fn signed(mut self) -> Self {
        use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
        self.set_length(24);
        let key = Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, PASSWORD.as_bytes());
        let tag = sign(&key, &self.bytes);
        self.with(0x0008, tag.as_ref())
    }

    fn fingerprinted(mut self) -> Self {
        self.set_length(8);
        let mut crc = u32::MAX;
        for byte in &self.bytes {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
            }
        }
        self.with(0x8028, &(!crc ^ 0x5354_554E).to_be_bytes())
    }
}

/// Give a message to a fresh agent; return the error code of its answer, 0 for none.
fn answer(data: &[u8]) -> u16 {
    let now = Instant::now();
    let message = Message::parse(data).unwrap();
    let mut agent = Agent::new(UFRAG, PASSWORD, now).unwrap();
    let mut out = [0; MAX_RESPONSE_LEN];
    let outcome = agent.handle_check(&message, from(), now, &mut out);
    assert!(outcome.events.is_empty());
    assert_eq!((agent.state(), agent.selected()), (State::Waiting, None));
    assert!(outcome.reply <= data.len());
    if outcome.reply == 0 {
        return 0;
    }
    let reply = Message::parse(&out[..outcome.reply]).unwrap();
    reply.error_code().unwrap()
}

fn refusal(data: &[u8]) -> Error {
    Message::parse(data).unwrap_err()
}

// --- STUN -----------------------------------------------------------------------------------

#[test]
fn stun_of_0_to_19_bytes() {
    let whole = check("abcd:peer", PASSWORD);
    for len in 0..20 {
        assert_eq!(refusal(&whole[..len]), Error::Truncated("STUN header"));
    }
}

#[test]
fn stun_whose_length_field_is_not_its_size() {
    let whole = check("abcd:peer", PASSWORD);
    for len in 20..whole.len() {
        assert_eq!(refusal(&whole[..len]), Error::Malformed("STUN length"));
    }
    let mut longer = whole.clone();
    longer.extend_from_slice(&[0; 4]);
    assert_eq!(refusal(&longer), Error::Malformed("STUN length"));
    let odd = [&whole[..2], &[0, 1], &whole[4..20], &[0]].concat();
    assert_eq!(refusal(&odd), Error::Malformed("STUN length"));
}

#[test]
fn stun_with_an_attribute_longer_than_the_message() {
    for len in [5u16, 8, 0xFFFC, 0xFFFF] {
        let mut request = Request::new().with(0x8022, b"name").bytes;
        request[22..24].copy_from_slice(&len.to_be_bytes());
        assert_eq!(refusal(&request), Error::Truncated("STUN attribute"));
    }
}

#[test]
fn stun_with_an_address_of_no_bytes_or_another_family() {
    for value in [
        &[][..],
        &[0, 1, 0],
        &[0, 2, 0, 0, 1, 2, 3, 4],
        &[0, 3, 0, 0],
    ] {
        let request = Request::new().with(0x0020, value).bytes;
        assert_eq!(refusal(&request), Error::Malformed("STUN mapped address"));
    }
}

#[test]
fn stun_with_fixed_attributes_of_another_length() {
    for kind in [0x0024, 0x8029, 0x802A, 0x0008, 0xC001, 0x8028] {
        let request = Request::new().with(kind, b"xyz").bytes;
        assert_eq!(refusal(&request), Error::Malformed("STUN attribute length"));
    }
    let request = Request::new().with(0x0025, b"xyz").bytes;
    assert_eq!(refusal(&request), Error::Malformed("STUN attribute length"));
}

#[test]
fn stun_of_another_method_cookie_or_size() {
    let mut allocate = check("abcd:peer", PASSWORD);
    allocate[1] = 3;
    assert_eq!(refusal(&allocate), Error::Refused("STUN message type"));
    let mut cookie = check("abcd:peer", PASSWORD);
    cookie[4] = 0;
    assert_eq!(refusal(&cookie), Error::Malformed("STUN magic cookie"));
    let huge = Request::new().with(0x8022, &[b'x'; 65_000]).bytes;
    assert_eq!(refusal(&huge), Error::Malformed("STUN message size"));
}

#[test]
fn stun_with_a_wrong_fingerprint_or_something_behind_it() {
    let mut wrong = check("abcd:peer", PASSWORD);
    *wrong.last_mut().unwrap() ^= 1;
    assert_eq!(refusal(&wrong), Error::Malformed("STUN fingerprint"));
    let behind = Request::new().fingerprinted().with(0x8022, b"name").bytes;
    let expected = Error::Malformed("STUN attribute after FINGERPRINT");
    assert_eq!(refusal(&behind), expected);
}

#[test]
fn stun_without_a_fingerprint_gets_no_answer() {
    assert_eq!(answer(&Request::new().named().signed().bytes), 0);
}

#[test]
fn stun_without_integrity_or_name_is_a_bad_request() {
    let padding = [0; 12];
    let unsigned = Request::new().named().with(0x8022, &padding);
    assert_eq!(answer(&unsigned.fingerprinted().bytes), 400);
    let nameless = Request::new().with(0x8022, &padding).signed();
    assert_eq!(answer(&nameless.fingerprinted().bytes), 400);
    let no_colon = Request::new().with(0x0006, b"abcdpeer").signed();
    assert_eq!(answer(&no_colon.fingerprinted().bytes), 400);
}

#[test]
fn stun_with_wrong_integrity_or_name_is_unauthenticated() {
    assert_eq!(
        answer(&check("abcd:peer", "another password, 22 long")),
        401
    );
    assert_eq!(answer(&check("abce:peer", PASSWORD)), 401);
    assert_eq!(answer(&check("abc:peer", PASSWORD)), 401);
    assert_eq!(answer(&check(":", PASSWORD)), 401);
}

#[test]
fn stun_with_short_integrity_is_malformed() {
    let short = Request::new().named().with(0x0008, &[1; 12]).bytes;
    assert_eq!(refusal(&short), Error::Malformed("STUN attribute length"));
}

#[test]
fn stun_attributes_behind_the_integrity_are_ignored() {
    let priority = Request::new().named().with(0x0024, &[0, 0, 0, 1]);
    let smuggled = priority
        .signed()
        .with(0x0025, &[])
        .with(0x0033, &[])
        .fingerprinted();
    let message = Message::parse(&smuggled.bytes).unwrap();
    assert!(!message.use_candidate());
    assert_eq!(message.unknown_attributes(), [0u16; 0]);
    assert!(message.check_integrity(&IntegrityKey::new(PASSWORD)));
}

#[test]
fn stun_with_an_unknown_required_attribute_names_it() {
    let request = Request::new()
        .named()
        .with(0x0024, &[0, 0, 0, 1])
        .with(0x0033, b"what")
        .with(0x8033, b"optional")
        .signed()
        .fingerprinted();
    let message = Message::parse(&request.bytes).unwrap();
    assert_eq!(message.unknown_attributes(), [0x0033]);
    assert_eq!(answer(&request.bytes), 420);
}

#[test]
fn stun_without_priority_is_a_bad_request() {
    let request = Request::new().named().signed().fingerprinted();
    assert_eq!(answer(&request.bytes), 400);
}

#[test]
fn stun_role_conflicts_are_answered_alike_however_often_they_come() {
    let request = Request::new()
        .named()
        .with(0x0024, &[0, 0, 0, 1])
        .with(0x8029, &[9; 8])
        .signed()
        .fingerprinted();
    for _ in 0..10 {
        assert_eq!(answer(&request.bytes), 487);
    }
}

#[test]
fn stun_use_candidate_from_a_new_address_moves_only_when_authentic() {
    let now = Instant::now();
    let mut agent = Agent::new(UFRAG, PASSWORD, now).unwrap();
    let mut out = [0; MAX_RESPONSE_LEN];
    let genuine = check("abcd:peer", PASSWORD);
    let genuine = Message::parse(&genuine).unwrap();
    agent.handle_check(&genuine, from(), now, &mut out);
    let forged = check("abcd:peer", "another password, 22 long");
    let forged = Message::parse(&forged).unwrap();
    let thief = Remote::udp(([203, 0, 113, 66], 6).into());
    let outcome = agent.handle_check(&forged, thief, now, &mut out);
    assert!(outcome.events.is_empty() && !outcome.authenticated);
    assert_eq!(agent.selected(), Some(from()));
    assert!(!agent.knows(thief));
    let outcome = agent.handle_check(&genuine, thief, now, &mut out);
    assert!(outcome.events.iter().any(|e| e == Event::Migrated(thief)));
}

#[test]
fn stun_floods_of_forgeries_leave_a_transport_alone() {
    let now = Instant::now();
    let mut agent = Agent::new(UFRAG, PASSWORD, now).unwrap();
    let mut out = [0; MAX_RESPONSE_LEN];
    let forged = check("abcd:peer", "another password, 22 long");
    let forged = Message::parse(&forged).unwrap();
    for flood in 0..100_000u32 {
        let thief = Remote::udp((flood.to_be_bytes(), 6).into());
        let outcome = agent.handle_check(&forged, thief, now, &mut out);
        assert!(!outcome.authenticated && outcome.events.is_empty());
    }
    assert_eq!(agent.remotes().count(), 0);
}

#[test]
fn stun_of_an_unsound_check_does_not_make_its_address_known() {
    let now = Instant::now();
    let mut agent = Agent::new(UFRAG, PASSWORD, now).unwrap();
    let request = Request::new().named().with(0x0033, &[]).signed();
    let request = request.fingerprinted().bytes;
    let message = Message::parse(&request).unwrap();
    let outcome = agent.handle_check(&message, from(), now, &mut [0; MAX_RESPONSE_LEN]);
    assert!(!outcome.authenticated && !agent.knows(from()));
}

#[test]
fn stun_answers_are_never_larger_than_the_question() {
    assert_eq!(answer(&Request::new().fingerprinted().bytes), 0);
}

#[test]
fn stun_answers_and_indications_are_not_answered() {
    for kind in [[0x00, 0x11], [0x01, 0x01], [0x01, 0x11]] {
        let mut request = Request::new().named();
        request.bytes[..2].copy_from_slice(&kind);
        assert_eq!(answer(&request.signed().fingerprinted().bytes), 0);
    }
}

// --- RTP ------------------------------------------------------------------------------------

const RTP: [u8; 16] = [0x80, 96, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4];

fn rtp(first: u8, rest: &[u8]) -> Vec<u8> {
    let mut packet = RTP[..12].to_vec();
    packet[0] = first;
    packet.extend_from_slice(rest);
    packet
}

fn rtp_refusal(packet: &[u8]) -> Error {
    Packet::parse(packet).unwrap_err()
}

#[test]
fn rtp_of_0_to_11_bytes() {
    for len in 0..12 {
        assert_eq!(rtp_refusal(&RTP[..len]), Error::Truncated("RTP header"));
    }
}

#[test]
fn rtp_of_versions_0_1_and_3() {
    for first in [0x00, 0x40, 0xC0] {
        assert_eq!(
            rtp_refusal(&rtp(first, &[])),
            Error::Malformed("RTP version")
        );
    }
}

#[test]
fn rtp_with_more_contributing_sources_than_bytes() {
    let expected = Error::Truncated("list of contributing sources");
    for (first, bytes) in [(0x81, 0), (0x81, 3), (0x8F, 59)] {
        assert_eq!(rtp_refusal(&rtp(first, &vec![0; bytes])), expected);
    }
    assert!(Packet::parse(&rtp(0x8F, &[0; 60])).is_ok());
}

#[test]
fn rtp_with_an_extension_beyond_the_packet() {
    let expected = Error::Truncated("header extension");
    for rest in [&[][..], &[0xBE, 0xDE, 0], &[0xBE, 0xDE, 0, 1, 1, 2, 3]] {
        assert_eq!(rtp_refusal(&rtp(0x90, rest)), expected);
    }
    assert_eq!(rtp_refusal(&rtp(0x90, &[0xBE, 0xDE, 0xFF, 0xFF])), expected);
}

#[test]
fn rtp_with_an_extension_element_beyond_its_block() {
    let cut = rtp(0x90, &[0xBE, 0xDE, 0, 1, 0x1F, 1, 2, 3, 9, 9, 9]);
    let packet = Packet::parse(&cut).unwrap();
    assert_eq!(packet.extensions().count(), 0);
    assert_eq!(packet.payload(), [9, 9, 9]);
    let cut = rtp(0x90, &[0x10, 0, 0, 1, 1, 0, 2, 200]);
    assert_eq!(Packet::parse(&cut).unwrap().extensions().count(), 1);
}

#[test]
fn rtp_with_padding_of_0_and_beyond_the_packet() {
    let expected = Error::Malformed("RTP padding");
    for rest in [&[][..], &[0], &[2], &[9, 9, 255], &[1, 2, 3, 5]] {
        // without any payload the last byte is the SSRC's
        assert_eq!(rtp_refusal(&rtp(0xA0, rest)), expected, "{rest:?}");
    }
}

#[test]
fn rtp_of_65_kilobytes_is_only_a_long_packet() {
    let long = rtp(0x80, &[0; 65_000]);
    assert_eq!(Packet::parse(&long).unwrap().payload().len(), 65_000);
}

#[test]
fn rtp_sequence_numbers_that_jump_about_stay_congruent() {
    let mut extender = SequenceExtender::default();
    for sequence in [0, 65_535, 0x8000, 0, 0x8001, 1, 0x7FFF, 65_535] {
        assert_eq!(extender.extend(sequence) as u16, sequence);
    }
}

// --- SRTP -----------------------------------------------------------------------------------

const PROFILES: [Profile; 2] = [Profile::Aes128Gcm, Profile::AesCmSha1_80];

fn receiver(profile: Profile) -> Receiver {
    Receiver::new(profile, &[1; 16], &[2; 14][..profile.salt_len()]).unwrap()
}

#[test]
fn srtp_of_every_length_up_to_65_kilobytes() {
    for profile in PROFILES {
        let mut receiver = receiver(profile);
        for len in (0..200).chain([1500, 9000, 65_507]) {
            let mut noise = vec![0x80; len];
            assert!(receiver.unprotect(&mut noise).is_err());
            let mut noise = vec![0x81; len];
            assert!(receiver.unprotect_rtcp(&mut noise).is_err());
        }
        assert_eq!(receiver.source_count(), 0);
    }
}

#[test]
fn srtp_shorter_than_its_tag() {
    for profile in PROFILES {
        let mut packet = rtp(0x80, &vec![0; profile.tag_len() - 1]);
        let refused = receiver(profile).unprotect(&mut packet);
        assert_eq!(refused, Err(Error::Truncated("SRTP authentication tag")));
        let mut report = vec![0x80; 8 + profile.rtcp_overhead() - 1];
        let refused = receiver(profile).unprotect_rtcp(&mut report);
        assert_eq!(refused, Err(Error::Truncated("SRTCP packet")));
    }
}

#[test]
fn srtp_whose_header_reaches_into_the_tag() {
    for profile in PROFILES {
        let mut packet = rtp(0x90, &[0; 16]);
        packet[12..16].copy_from_slice(&[0xBE, 0xDE, 0, 3]);
        assert_eq!(header_len(&packet), Ok(28));
        let refused = receiver(profile).unprotect(&mut packet);
        assert_eq!(refused, Err(Error::Truncated("SRTP authentication tag")));
    }
}

#[test]
fn srtp_of_another_key_is_unauthenticated() {
    for profile in PROFILES {
        let salt = &[2; 14][..profile.salt_len()];
        let mut other = Sender::new(profile, &[9; 16], salt).unwrap();
        let mut buf = [0; 64];
        buf[..16].copy_from_slice(&RTP);
        let len = other.protect(&mut buf, 16, 12, 0).unwrap();
        let refused = receiver(profile).unprotect(&mut buf[..len]);
        assert_eq!(refused, Err(Error::Unauthenticated));
    }
}

#[test]
fn srtcp_of_another_version() {
    let mut report = [0x40; 64];
    let refused = receiver(PROFILES[0]).unprotect_rtcp(&mut report);
    assert_eq!(refused, Err(Error::Malformed("RTCP version")));
}

// --- RTCP -----------------------------------------------------------------------------------

fn rtcp_refusal(packet: &[u8]) -> Error {
    rtcp::messages(packet).find_map(Result::err).unwrap()
}

#[test]
fn rtcp_cut_in_its_header_or_body() {
    for packet in [&[0x80][..], &[0x80, 201, 0]] {
        assert_eq!(rtcp_refusal(packet), Error::Truncated("RTCP header"));
    }
    for packet in [&[0x80, 201, 0, 1][..], &[0x80, 201, 0xFF, 0xFF, 1, 2, 3]] {
        assert_eq!(rtcp_refusal(packet), Error::Truncated("RTCP message"));
    }
}

#[test]
fn rtcp_of_versions_0_1_and_3() {
    for first in [0x00, 0x40, 0xC0] {
        let refused = rtcp_refusal(&[first, 201, 0, 1, 0, 0, 0, 1]);
        assert_eq!(refused, Error::Malformed("RTCP version"));
    }
}

#[test]
fn rtcp_with_padding_of_0_beyond_the_message_or_in_the_middle() {
    let expected = Error::Malformed("RTCP padding");
    for padding in [0, 9, 12, 255] {
        let packet = [0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, padding];
        assert_eq!(rtcp_refusal(&packet), expected);
    }
    assert_eq!(rtcp_refusal(&[0xA0, 201, 0, 0]), expected);
    let padded = [0xA0, 201, 0, 2, 0, 0, 0, 1, 0, 0, 0, 4];
    assert_eq!(rtcp_refusal(&[padded, padded].concat()), expected);
}

#[test]
fn rtcp_that_counts_more_than_it_carries() {
    for (packet_type, what) in [
        (200, "sender report"),
        (201, "report blocks"),
        (202, "source description"),
        (203, "list of ending sources"),
    ] {
        let packet = [0x9F, packet_type, 0, 1, 0, 0, 0, 1];
        assert_eq!(rtcp_refusal(&packet), Error::Truncated(what));
    }
}

#[test]
fn rtcp_feedback_without_its_sources_or_entries() {
    for (first, packet_type, what) in [
        (0x81, 205, "NACK"),
        (0x81, 206, "picture loss indication"),
        (0x84, 206, "full intra request"),
    ] {
        let packet = [first, packet_type, 0, 1, 0, 0, 0, 1];
        assert_eq!(rtcp_refusal(&packet), Error::Truncated(what));
    }
    for (first, packet_type, what) in [
        (0x81, 205, "empty NACK"),
        (0x84, 206, "empty full intra request"),
    ] {
        let packet = [first, packet_type, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2];
        assert_eq!(rtcp_refusal(&packet), Error::Malformed(what));
    }
}

#[test]
fn rtcp_nack_of_65536_packets_is_read_without_harm() {
    // 4096 entries of 17, the sequence numbers repeat and wrap
    let mut packet = vec![0x81, 205, 0x10, 0x02, 0, 0, 0, 1, 0, 0, 0, 2];
    for entry in 0..4096u16 {
        packet.extend_from_slice(&(entry << 4).to_be_bytes());
        packet.extend_from_slice(&[0xFF, 0xFF]);
    }
    let Some(Ok(Rtcp::Nack(nack))) = rtcp::messages(&packet).next() else {
        panic!("a NACK was expected")
    };
    assert_eq!(nack.lost().count(), 4096 * 17);
}

#[test]
fn rtcp_bitrates_of_0_and_beyond_64_bits() {
    let mut packet = [0; 20];
    packet[..4].copy_from_slice(&[0x8F, 206, 0, 4]);
    packet[12..16].copy_from_slice(b"REMB");
    for (word, bitrate) in [
        (0, 0),
        (45 << 18 | 1 << 18, 0),
        (63 << 18 | 1, 1 << 63),
        (0xFF_FFFF, u64::MAX),
    ] {
        packet[16..].copy_from_slice(&u32::to_be_bytes(word));
        let Some(Ok(Rtcp::Remb(remb))) = rtcp::messages(&packet).next() else {
            panic!("a bitrate estimate was expected")
        };
        assert_eq!(remb.bitrate, bitrate, "{word:#x}");
    }
    packet[16] = 1;
    let expected = Error::Truncated("bitrate estimate");
    assert_eq!(rtcp_refusal(&packet), expected);
}

#[test]
fn rtcp_names_and_blocks_that_run_over() {
    let name = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 9, b'a', b'b'];
    assert_eq!(rtcp_refusal(&name), Error::Truncated("source description"));
    let endless = [0x81, 202, 0, 2, 0, 0, 0, 1, 1, 2, b'a', b'b'];
    assert_eq!(
        rtcp_refusal(&endless),
        Error::Truncated("source description")
    );
    let block = [0x80, 207, 0, 2, 0, 0, 0, 1, 4, 0, 0, 9];
    let expected = Error::Truncated("extended report block");
    assert_eq!(rtcp_refusal(&block), expected);
}

#[test]
fn rtcp_goodbye_may_name_anyone_and_nobody() {
    for packet in [&[0x80, 203, 0, 0][..], &[0x81, 203, 0, 1, 0, 0, 0, 9]] {
        assert!(matches!(
            rtcp::messages(packet).next(),
            Some(Ok(Rtcp::Goodbye(_)))
        ));
    }
}

#[test]
fn an_empty_datagram_is_nothing() {
    assert_eq!(demux(&[]), engine::rtp::Kind::Unknown);
    assert!(rtcp::messages(&[]).next().is_none());
    assert_eq!(rtp_refusal(&[]), Error::Truncated("RTP header"));
}
