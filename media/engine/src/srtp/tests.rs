//! The vectors of RFC 3711 appendix B and RFC 7714 §16 and §17.

use super::*;

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .bytes()
        .filter_map(|b| (b as char).to_digit(16).map(|d| d as u8))
        .collect();
    digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]).collect()
}

fn array<const N: usize>(text: &str) -> [u8; N] {
    hex(text).try_into().unwrap()
}

#[test]
fn rfc3711_b2_counter_mode_keystream() {
    let key = counter_mode(&hex("2B7E151628AED2A6ABF7158809CF4F3C")).unwrap();
    let salt = array("F0F1F2F3F4F5F6F7F8F9FAFBFCFD");
    let mut stream = vec![0; 0xFF02 * 16];
    apply_keystream(&key, cm_iv(&salt, 0, 0), &mut stream).unwrap();
    for (block, expected) in [
        (0x0000, "E03EAD0935C95E80E166B16DD92B4EB4"),
        (0x0001, "D23513162B02D0F72A43A2FE4A5F97AB"),
        (0x0002, "41E95B3BB0A2E8DD477901E4FCA894C0"),
        (0xFEFF, "EC8CDF7398607CB0F2D21675EA9EA1E4"),
        (0xFF00, "362B7C3C6773516318A077D7FC5073AE"),
        (0xFF01, "6A2CC3787889374FBEB4C81B17BA6C44"),
    ] {
        assert_eq!(stream[16 * block..16 * (block + 1)], hex(expected));
    }
}

#[test]
fn rfc3711_b3_key_derivation() {
    let master = counter_mode(&hex("E1F97A0D3E018BE0D64FA32C06DE4139")).unwrap();
    let salt = hex("0EC675AD498AFEEBB6960B3AABE6");
    assert_eq!(
        derive::<16>(&master, &salt, RTP_LABELS[0]).unwrap(),
        array::<16>("C61E7A93744F39EE10734AFE3FF7A087")
    );
    assert_eq!(
        derive::<14>(&master, &salt, RTP_LABELS[2]).unwrap(),
        array::<14>("30CBBC08863D8C85D49DB34A9AE1")
    );
    assert_eq!(
        derive::<20>(&master, &salt, RTP_LABELS[1]).unwrap(),
        array::<20>("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
    );
}

/// Session keys of RFC 7714 §16: the key counts up, the salt says "Quid pro quo".
fn rfc7714_keys() -> SessionKeys {
    SessionKeys::Gcm {
        key: gcm(&hex("000102030405060708090a0b0c0d0e0f")).unwrap(),
        salt: array("517569642070726f2071756f"),
    }
}

const GALLIA: &str = "8040f17b 8041f8d3 5501a0b2 47616c6c 696120657374206f6d6e697320646976697361
    20696e207061727465732074726573";
const GALLIA_PROTECTED: &str = "8040f17b 8041f8d3 5501a0b2 f24de3a3 fb34de6c acba861c 9d7e4bca
    be633bd5 0d294e6f 42a5f47a 51c7d19b 36de3adf 8833899d 7f27beb1 6a9152cf 765ee439 0cce";
const MARS: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930 4c756e61
    deadbeef deadbeef deadbeef deadbeef deadbeef";
const MARS_PROTECTED: &str = "81c8000d 4d617273 63e94885 dcdab67c a727d766 2f6b7e99 7ff5c0f7
    6c06f32d c676a5f1 730d6fda 4ce09b46 86303ded 0bb9275b c84aa458 96cf4d2f c5abf872 45d9eade
    800005d4";
const MARS_TAG_ONLY: &str = "81c8000d 4d617273 4e545031 4e545032 52545020 0000042a 0000e930
    4c756e61 deadbeef deadbeef deadbeef deadbeef deadbeef 841dd968 3dd78ec9 2ae58790 125f62b3
    000005d4";

fn rfc7714_sender() -> Sender {
    Sender {
        profile: Profile::Aes128Gcm,
        rtp: rfc7714_keys(),
        rtcp: rfc7714_keys(),
        rtcp_index: 0x5d4,
    }
}

fn rfc7714_receiver() -> Receiver {
    Receiver {
        profile: Profile::Aes128Gcm,
        rtp: rfc7714_keys(),
        rtcp: rfc7714_keys(),
        rtp_sources: Sources::default(),
        rtcp_sources: Sources::default(),
    }
}

#[test]
fn rfc7714_16_1_rtp() {
    let plain = hex(GALLIA);
    let mut buf = plain.clone();
    buf.resize(plain.len() + 16, 0);
    let len = rfc7714_sender().protect(&mut buf, plain.len(), 12, 0);
    assert_eq!((len, &buf), (Ok(buf.len()), &hex(GALLIA_PROTECTED)));

    let len = rfc7714_receiver().unprotect(&mut buf).unwrap();
    assert_eq!(buf[..len], plain);
}

#[test]
fn rfc7714_17_1_rtcp() {
    let plain = hex(MARS);
    let mut buf = plain.clone();
    buf.resize(plain.len() + 20, 0);
    let len = rfc7714_sender().protect_rtcp(&mut buf, plain.len());
    assert_eq!((len, &buf), (Ok(buf.len()), &hex(MARS_PROTECTED)));

    let len = rfc7714_receiver().unprotect_rtcp(&mut buf).unwrap();
    assert_eq!(buf[..len], plain);
}

#[test]
fn rfc7714_17_3_rtcp_that_is_only_tagged_is_refused() {
    let refused = rfc7714_receiver().unprotect_rtcp(&mut hex(MARS_TAG_ONLY));
    assert_eq!(refused, Err(Error::Refused("unencrypted SRTCP packet")));
}

#[test]
fn a_key_stops_after_its_last_rtcp_index() {
    let mut sender = rfc7714_sender();
    sender.rtcp_index = RTCP_ENCRYPTED - 1;
    let mut buf = [0x80; 64];
    assert!(sender.protect_rtcp(&mut buf, 16).is_ok());
    assert_eq!(sender.protect_rtcp(&mut buf, 16), Err(Error::KeyExhausted));
}
