//! The STUN messages of RFC 5769 §2, and ours read back.

use engine::stun::{
    Check, Class, ErrorCode, IntegrityKey, MAX_RESPONSE_LEN, Message, write_check, write_error,
    write_success,
};
use proptest::prelude::*;
use std::net::SocketAddr;

const PASSWORD: &str = "VOkJxbRl1RmTxUk/WvJxBt";
const ID: [u8; 12] = [
    0xb7, 0xe7, 0xa7, 0x01, 0xbc, 0x34, 0xd6, 0x86, 0xfa, 0x87, 0xdf, 0xae,
];

const REQUEST: &str = "00010058 2112a442 b7e7a701bc34d686fa87dfae
    80220010 5354554e207465737420636c69656e74 00240004 6e0001ff 80290008 932ff9b151263b36
    00060009 6576746a3a68367659202020 00080014 9aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a2
    80280004 e57a3bcf";
const IPV4_RESPONSE: &str = "0101003c 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220 00200008 0001a147e112a643
    00080014 2b91f599fd9e90c38c7489f92af9ba53f06be7d7 80280004 c07d4c96";
const IPV6_RESPONSE: &str = "01010048 2112a442 b7e7a701bc34d686fa87dfae
    8022000b 7465737420766563746f7220 00200014 0002a1470113a9faa5d3f179bc25f4b5bed2b9d9
    00080014 a382954e4be67bf11784c97c8292c275bfe3ed41 80280004 c8fb0b4c";

fn hex(text: &str) -> Vec<u8> {
    let digits = text.chars().filter_map(|c| c.to_digit(16));
    let digits: Vec<u8> = digits.map(|d| d as u8).collect();
    digits.chunks_exact(2).map(|d| d[0] << 4 | d[1]).collect()
}

#[test]
fn rfc5769_2_1_request() {
    let data = hex(REQUEST);
    let message = Message::parse(&data).unwrap();
    assert_eq!(message.class(), Class::Request);
    assert_eq!(message.transaction_id(), ID);
    assert_eq!(message.username(), Some(&b"evtj:h6vY"[..]));
    assert_eq!(message.local_ufrag(), Some(&b"evtj"[..]));
    assert_eq!(message.priority(), Some(0x6e00_01ff));
    assert_eq!(message.controlled(), Some(0x932f_f9b1_5126_3b36));
    assert!(message.has_fingerprint());
    assert!(message.check_integrity(&IntegrityKey::new(PASSWORD)));
    assert!(!message.check_integrity(&IntegrityKey::new("another")));
}

#[test]
fn rfc5769_2_2_and_2_3_responses() {
    for (text, mapped) in [
        (IPV4_RESPONSE, "192.0.2.1:32853"),
        (
            IPV6_RESPONSE,
            "[2001:db8:1234:5678:11:2233:4455:6677]:32853",
        ),
    ] {
        let data = hex(text);
        let message = Message::parse(&data).unwrap();
        assert_eq!(message.class(), Class::Success);
        assert_eq!(message.mapped_address(), mapped.parse().ok());
        assert!(message.check_integrity(&IntegrityKey::new(PASSWORD)));
    }
}

#[test]
fn a_success_names_the_address_and_is_signed() {
    let key = IntegrityKey::new(PASSWORD);
    // a mapped IPv4 address is named as what it is
    for (from, named) in [
        ("192.0.2.1:32853", "192.0.2.1:32853"),
        ("[2001:db8::1]:9", "[2001:db8::1]:9"),
        ("[::ffff:192.0.2.1]:9", "192.0.2.1:9"),
    ] {
        let mut out = [0; MAX_RESPONSE_LEN];
        let len = write_success(&mut out, &ID, from.parse().unwrap(), &key).unwrap();
        let message = Message::parse(&out[..len]).unwrap();
        assert_eq!(message.transaction_id(), ID);
        assert_eq!(message.mapped_address(), named.parse().ok());
        assert!(message.has_fingerprint() && message.check_integrity(&key));
    }
}

#[test]
fn every_error_answer_fits_and_reads_back() {
    let key = IntegrityKey::new(PASSWORD);
    for (error, number) in [
        (ErrorCode::BadRequest, 400),
        (ErrorCode::Unauthenticated, 401),
        (ErrorCode::UnknownAttribute, 420),
        (ErrorCode::RoleConflict, 487),
    ] {
        let mut out = [0; MAX_RESPONSE_LEN];
        let unknown = [0x0033; 20];
        let len = write_error(&mut out, &ID, error, &unknown, Some(&key)).unwrap();
        let message = Message::parse(&out[..len]).unwrap();
        assert_eq!(message.class(), Class::Error);
        assert_eq!(message.error_code(), Some(number));
        assert!(message.check_integrity(&key));
    }
}

proptest! {
    #[test]
    fn a_check_reads_back(
        name in "[a-zA-Z0-9+/]{4,32}:[a-zA-Z0-9+/]{4,32}",
        id: [u8; 12],
        priority: u32,
        controlling: u64,
        use_candidate: bool,
        nomination: Option<u32>,
    ) {
        let key = IntegrityKey::new(PASSWORD);
        let check = Check { username: &name, priority, controlling, use_candidate, nomination };
        let mut out = [0; 256];
        let len = write_check(&mut out, &id, &check, &key).unwrap();
        let message = Message::parse(&out[..len]).unwrap();
        prop_assert_eq!(message.transaction_id(), id);
        prop_assert_eq!(message.username(), Some(name.as_bytes()));
        prop_assert_eq!(message.priority(), Some(priority));
        prop_assert_eq!(message.controlling(), Some(controlling));
        prop_assert_eq!(message.use_candidate(), use_candidate);
        prop_assert_eq!(message.nomination(), nomination);
        prop_assert!(message.check_integrity(&key));
    }

    #[test]
    fn an_address_survives_the_mask(address: SocketAddr, id: [u8; 12]) {
        let key = IntegrityKey::new(PASSWORD);
        let mut out = [0; MAX_RESPONSE_LEN];
        let len = write_success(&mut out, &id, address, &key).unwrap();
        let read = Message::parse(&out[..len]).unwrap().mapped_address().unwrap();
        prop_assert_eq!(read.ip(), address.ip().to_canonical());
        prop_assert_eq!(read.port(), address.port());
    }
}
