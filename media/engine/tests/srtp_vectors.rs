//! Whole SRTP sessions from their master keys.
//!
//! The fixtures were protected by libsrtp (through pylibsrtp 1.0) with the master key 00..0f and a
//! salt that counts up from a0. The RFCs' own vectors use session keys and stand beside the module.

use engine::error::Error;
use engine::srtp::{Profile, Receiver, Sender};
use proptest::prelude::*;

const PROFILES: [Profile; 2] = [Profile::Aes128Gcm, Profile::AesCmSha1_80];
const RTP_HEADER_LEN: usize = 20;
const RTP: &str = "900f1234decafbadcafebabebede000110ff0000abababababababababababababababab";
const RTCP: &str = "81c8000bcafebabeabababababababababababababababab";

struct Fixture {
    profile: Profile,
    rtp: &'static str,
    /// SRTCP with the indexes 1 and 2.
    rtcp: [&'static str; 2],
    /// Sequence number 0 after 65534 and 65535.
    wrapped: &'static str,
}

const FIXTURES: [Fixture; 2] = [
    Fixture {
        profile: Profile::Aes128Gcm,
        rtp: "900f1234decafbadcafebabebede000110ff0000c5002ede04cfdd2eb91159e0880aa06e\
              42ee93ecb832c7732b72df9e97c8d2a9",
        rtcp: [
            "81c8000bcafebabec98b8b5df0392a55852b6c21ac8e7025\
             c52c6fbea2b3b446ea31123ba88ce61e80000001",
            "81c8000bcafebabe95485299014b22863609e98436126e30\
             dd0b4d26a0465c2881089c7d4ee7aa8880000002",
        ],
        wrapped: "800f0000decafbadcafebabe63b5a725a0d7324ed5f520ba04bd2c7267f09e5e",
    },
    Fixture {
        profile: Profile::AesCmSha1_80,
        rtp: "900f1234decafbadcafebabebede000110ff0000e2d8df8f7a75d688c3502eeec2a98066\
              d2b0a87b983cad8f2822",
        rtcp: [
            "81c8000bcafebabe5674bf01813dc062ac1df6f75f77c688800000013db7a19837ff64e5cbd2",
            "81c8000bcafebabe31d056f519f08cb26fcc9cf330d4d01180000002eeaf3352631ed4befdd5",
        ],
        wrapped: "800f0000decafbadcafebabebf70acff6d6ecd4eab1ab910edd1",
    },
];

fn hex(text: &str) -> Vec<u8> {
    let digits = text.chars().filter_map(|c| c.to_digit(16));
    let digits: Vec<u8> = digits.map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]).collect()
}

fn keys(profile: Profile) -> (Vec<u8>, Vec<u8>) {
    let salt = (0xa0..).take(profile.salt_len()).collect();
    ((0..16).collect(), salt)
}

fn sender(profile: Profile) -> Sender {
    let (key, salt) = keys(profile);
    Sender::new(profile, &key, &salt).unwrap()
}

fn receiver(profile: Profile) -> Receiver {
    let (key, salt) = keys(profile);
    Receiver::new(profile, &key, &salt).unwrap()
}

fn protect(sender: &mut Sender, packet: &[u8], header_len: usize, roc: u32) -> Vec<u8> {
    let mut buf = packet.to_vec();
    buf.resize(packet.len() + sender.profile().tag_len(), 0);
    let len = sender.protect(&mut buf, packet.len(), header_len, roc);
    assert_eq!(len, Ok(buf.len()));
    buf
}

fn protect_rtcp(sender: &mut Sender, packet: &[u8]) -> Vec<u8> {
    let mut buf = packet.to_vec();
    buf.resize(packet.len() + sender.profile().rtcp_overhead(), 0);
    let len = sender.protect_rtcp(&mut buf, packet.len());
    assert_eq!(len, Ok(buf.len()));
    buf
}

fn unprotect(receiver: &mut Receiver, packet: &[u8]) -> Result<Vec<u8>, Error> {
    let mut buf = packet.to_vec();
    let len = receiver.unprotect(&mut buf)?;
    buf.truncate(len);
    Ok(buf)
}

fn unprotect_rtcp(receiver: &mut Receiver, packet: &[u8]) -> Result<Vec<u8>, Error> {
    let mut buf = packet.to_vec();
    let len = receiver.unprotect_rtcp(&mut buf)?;
    buf.truncate(len);
    Ok(buf)
}

fn rtp(ssrc: u32, sequence: u16) -> Vec<u8> {
    let mut packet = hex("800f0000decafbad");
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet.extend_from_slice(&ssrc.to_be_bytes());
    packet.extend_from_slice(b"wrap");
    packet
}

#[test]
fn rtp_is_byte_for_byte_what_libsrtp_sends_and_opens_again() {
    for fixture in &FIXTURES {
        let protected = protect(&mut sender(fixture.profile), &hex(RTP), RTP_HEADER_LEN, 0);
        assert_eq!(protected, hex(fixture.rtp));
        let opened = unprotect(&mut receiver(fixture.profile), &protected);
        assert_eq!(opened, Ok(hex(RTP)));
    }
}

#[test]
fn rtcp_is_byte_for_byte_what_libsrtp_sends_and_opens_again() {
    for fixture in &FIXTURES {
        let mut sender = sender(fixture.profile);
        let mut receiver = receiver(fixture.profile);
        // ours begins with index 0 as RFC 3711 §3.2.1 says, libsrtp with 1
        protect_rtcp(&mut sender, &hex(RTCP));
        for expected in fixture.rtcp {
            let protected = protect_rtcp(&mut sender, &hex(RTCP));
            assert_eq!(protected, hex(expected));
            assert_eq!(unprotect_rtcp(&mut receiver, &protected), Ok(hex(RTCP)));
        }
    }
}

#[test]
fn the_rollover_counter_enters_the_protection() {
    for fixture in &FIXTURES {
        let wrapped = protect(&mut sender(fixture.profile), &rtp(0xCAFE_BABE, 0), 12, 1);
        assert_eq!(wrapped, hex(fixture.wrapped));
    }
}

#[test]
fn a_receiver_follows_the_sequence_number_over_its_wrap_and_back() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        for (sequence, roc) in [(65_534, 0), (0, 1), (65_535, 0), (1, 1), (2, 1)] {
            let packet = rtp(7, sequence);
            let protected = protect(&mut sender, &packet, 12, roc);
            assert_eq!(unprotect(&mut receiver, &protected), Ok(packet));
        }
    }
}

#[test]
fn a_replayed_packet_is_refused_and_the_stream_goes_on() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let first = protect(&mut sender, &rtp(7, 100), 12, 0);
        let second = protect(&mut sender, &rtp(7, 101), 12, 0);
        assert!(unprotect(&mut receiver, &first).is_ok());
        assert_eq!(unprotect(&mut receiver, &first), Err(Error::Replayed));
        assert!(unprotect(&mut receiver, &second).is_ok());
        let report = protect_rtcp(&mut sender, &hex(RTCP));
        assert!(unprotect_rtcp(&mut receiver, &report).is_ok());
        assert_eq!(unprotect_rtcp(&mut receiver, &report), Err(Error::Replayed));
    }
}

#[test]
fn ten_thousand_forgeries_leave_no_trace() {
    for profile in PROFILES {
        let (mut sender, mut receiver) = (sender(profile), receiver(profile));
        let genuine = protect(&mut sender, &rtp(7, 100), 12, 0);
        for forgery in 0..10_000u32 {
            let mut forged = genuine.clone();
            // another SSRC and sequence number each time, and a broken tag
            forged[2..4].copy_from_slice(&(forgery as u16).to_be_bytes());
            forged[8..12].copy_from_slice(&(forgery % 50).to_be_bytes());
            *forged.last_mut().unwrap() ^= 1;
            assert_eq!(
                unprotect(&mut receiver, &forged),
                Err(Error::Unauthenticated)
            );
        }
        assert_eq!(receiver.source_count(), 0);
        assert!(unprotect(&mut receiver, &genuine).is_ok());
    }
}

#[test]
fn every_flipped_bit_is_noticed() {
    for profile in PROFILES {
        let genuine = protect(&mut sender(profile), &rtp(7, 100), 12, 0);
        let report = protect_rtcp(&mut sender(profile), &hex(RTCP));
        let mut receiver = receiver(profile);
        for bit in 0..8 * genuine.len() {
            let mut forged = genuine.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(unprotect(&mut receiver, &forged).is_err(), "bit {bit}");
        }
        for bit in 0..8 * report.len() {
            let mut forged = report.clone();
            forged[bit / 8] ^= 1 << (bit % 8);
            assert!(unprotect_rtcp(&mut receiver, &forged).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn the_sixty_fifth_source_is_refused_and_the_others_go_on() {
    let (mut sender, mut receiver) = (sender(PROFILES[0]), receiver(PROFILES[0]));
    for ssrc in 0..64 {
        let protected = protect(&mut sender, &rtp(ssrc, 1), 12, 0);
        assert!(unprotect(&mut receiver, &protected).is_ok());
    }
    let one_more = protect(&mut sender, &rtp(64, 1), 12, 0);
    assert_eq!(
        unprotect(&mut receiver, &one_more),
        Err(Error::TooManySources)
    );
    let known = protect(&mut sender, &rtp(3, 2), 12, 0);
    assert!(unprotect(&mut receiver, &known).is_ok());
}

#[test]
fn keys_of_the_wrong_length_are_refused() {
    for profile in PROFILES {
        let (key, salt) = keys(profile);
        let wrong_key = Sender::new(profile, &key[1..], &salt).err();
        assert_eq!(wrong_key, Some(Error::InvalidArgument("SRTP master key")));
        let wrong_salt = Receiver::new(profile, &key, &salt[1..]).err();
        assert_eq!(wrong_salt, Some(Error::InvalidArgument("SRTP master salt")));
    }
}

#[test]
fn a_buffer_without_room_for_the_tag_is_refused() {
    let packet = rtp(7, 1);
    let mut buf = packet.clone();
    let refused = sender(PROFILES[0]).protect(&mut buf, packet.len(), 12, 0);
    assert_eq!(
        refused,
        Err(Error::BufferTooSmall {
            needed: 32,
            got: 16
        })
    );
    let mut room = [0x80; 64];
    let refused = sender(PROFILES[0]).protect(&mut room, 20, 40, 0);
    assert_eq!(refused, Err(Error::InvalidArgument("RTP header length")));
}

proptest! {
    #[test]
    fn what_is_protected_opens_unchanged(
        payload in prop::collection::vec(any::<u8>(), 0..1300),
        ssrc: u32,
        sequence: u16,
        gcm: bool,
    ) {
        let profile = PROFILES[usize::from(gcm)];
        let mut packet = rtp(ssrc, sequence);
        packet.extend_from_slice(&payload);
        let protected = protect(&mut sender(profile), &packet, 12, 0);
        prop_assert_eq!(unprotect(&mut receiver(profile), &protected), Ok(packet));
    }

    #[test]
    fn noise_is_refused(mut noise in prop::collection::vec(any::<u8>(), 0..200), gcm: bool) {
        let profile = PROFILES[usize::from(gcm)];
        prop_assert!(receiver(profile).unprotect(&mut noise.clone()).is_err());
        prop_assert!(receiver(profile).unprotect_rtcp(&mut noise).is_err());
    }
}
