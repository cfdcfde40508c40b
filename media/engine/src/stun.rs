//! STUN binding requests of ICE and their answers (RFC 8489, RFC 8445 §7).
//!
//! Only what an ICE-lite responder needs: short-term credentials, and answers that are never
//! larger than what asked for them.

mod write;

use crate::error::{Error, Result};
use crate::rtp::{u16_at, u32_at, u64_at};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

pub use write::{Check, write_check, write_error, write_success};

/// Bytes of the fixed header, RFC 8489 §5.
pub const HEADER_LEN: usize = 20;
/// Largest message we read: a check carries about 100 bytes and fits any path unfragmented.
pub const MAX_MESSAGE_LEN: usize = 1280;
/// Largest answer we write: a 420 that names [`MAX_UNKNOWN`] attributes, or an IPv6 success.
pub const MAX_RESPONSE_LEN: usize = 96;
/// Unknown comprehension-required attributes we name in a 420; more are not listed.
pub const MAX_UNKNOWN: usize = 8;

const MAGIC_COOKIE: u32 = 0x2112_A442;
const FINGERPRINT_XOR: u32 = 0x5354_554E;
const INTEGRITY_LEN: usize = 20;
const ATTRIBUTE_HEADER_LEN: usize = 4;

const BINDING_REQUEST: u16 = 0x0001;
const BINDING_INDICATION: u16 = 0x0011;
const BINDING_SUCCESS: u16 = 0x0101;
const BINDING_ERROR: u16 = 0x0111;

const USERNAME: u16 = 0x0006;
const MESSAGE_INTEGRITY: u16 = 0x0008;
const ERROR_CODE: u16 = 0x0009;
const UNKNOWN_ATTRIBUTES: u16 = 0x000A;
const MAPPED_ADDRESS: u16 = 0x0001;
const REALM: u16 = 0x0014;
const NONCE: u16 = 0x0015;
const MESSAGE_INTEGRITY_SHA256: u16 = 0x001C;
const XOR_MAPPED_ADDRESS: u16 = 0x0020;
const PRIORITY: u16 = 0x0024;
const USE_CANDIDATE: u16 = 0x0025;
const FINGERPRINT: u16 = 0x8028;
const ICE_CONTROLLED: u16 = 0x8029;
const ICE_CONTROLLING: u16 = 0x802A;
/// libwebrtc's renomination counter (draft-thatcher-ice-renomination).
const NOMINATION: u16 = 0xC001;
/// From here on an attribute may be ignored when it is not understood, RFC 8489 §14.
const COMPREHENSION_OPTIONAL: u16 = 0x8000;

/// A transaction id, echoed in the answer.
pub type TransactionId = [u8; 12];

/// Class of a binding message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Asks for an answer.
    Request,
    /// Keeps a path open, asks for nothing.
    Indication,
    /// Answers with the mapped address.
    Success,
    /// Answers with an error code.
    Error,
}

/// Error codes we answer with, RFC 8489 §14.8 and RFC 8445 §7.3.1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCode {
    /// 400: an attribute that must be there is missing.
    BadRequest,
    /// 401: the user name or the integrity is not right.
    Unauthenticated,
    /// 420: an attribute that must be understood is not.
    UnknownAttribute,
    /// 487: both ends believe they are controlled.
    RoleConflict,
}

impl ErrorCode {
    /// Return the number on the wire.
    pub const fn code(self) -> u16 {
        match self {
            Self::BadRequest => 400,
            Self::Unauthenticated => 401,
            Self::UnknownAttribute => 420,
            Self::RoleConflict => 487,
        }
    }
}

/// The key of MESSAGE-INTEGRITY with short-term credentials, expanded once.
#[derive(Clone)]
pub struct IntegrityKey(hmac::Key);

impl IntegrityKey {
    /// Make the key of an ICE password (RFC 8489 §9.1.1; ICE characters need no preparation).
    pub fn new(password: &str) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        Self(key)
    }

    /// Return HMAC-SHA1 of a message whose length field is taken to be `length`.
    fn sign(&self, message: &[u8], length: u16) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&message[..2]);
        context.update(&length.to_be_bytes());
        context.update(&message[4..]);
        context.sign()
    }
}

impl std::fmt::Debug for IntegrityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IntegrityKey(..)")
    }
}

/// A parsed binding message; attributes behind MESSAGE-INTEGRITY are ignored (RFC 8489 §14.5).
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    data: &'a [u8],
    class: Class,
    username: Option<&'a [u8]>,
    priority: Option<u32>,
    use_candidate: bool,
    nomination: Option<u32>,
    controlling: Option<u64>,
    controlled: Option<u64>,
    mapped: Option<SocketAddr>,
    error_code: Option<u16>,
    integrity_at: Option<usize>,
    fingerprint: Option<(usize, u32)>,
    unknown: [u16; MAX_UNKNOWN],
    unknown_count: usize,
}

impl<'a> Message<'a> {
    /// Parse one datagram that holds exactly one binding message.
    ///
    /// Fails with `Truncated`, `Malformed`, or `Refused` for other methods. A FINGERPRINT is checked,
    /// integrity is not: see [`Message::check_integrity`].
    pub fn parse(data: &'a [u8]) -> Result<Self> {
        let class = check_header(data)?;
        let mut message = Self::empty(data, class);
        let mut at = HEADER_LEN;
        while at < data.len() {
            at = message.read_attribute(at)?;
        }
        message.check_fingerprint()?;
        Ok(message)
    }

    fn empty(data: &'a [u8], class: Class) -> Self {
        Self {
            data,
            class,
            username: None,
            priority: None,
            use_candidate: false,
            nomination: None,
            controlling: None,
            controlled: None,
            mapped: None,
            error_code: None,
            integrity_at: None,
            fingerprint: None,
            unknown: [0; MAX_UNKNOWN],
            unknown_count: 0,
        }
    }

    /// Read the attribute at `at` and return where the next one begins.
    fn read_attribute(&mut self, at: usize) -> Result<usize> {
        if self.fingerprint.is_some() {
            return Err(Error::Malformed("STUN attribute after FINGERPRINT"));
        }
        let value_at = at + ATTRIBUTE_HEADER_LEN;
        if value_at > self.data.len() {
            return Err(Error::Truncated("STUN attribute"));
        }
        let kind = u16_at(self.data, at);
        let len = usize::from(u16_at(self.data, at + 2));
        let next = value_at + len.next_multiple_of(4);
        if next > self.data.len() {
            return Err(Error::Truncated("STUN attribute"));
        }
        let value = &self.data[value_at..value_at + len];
        if kind == FINGERPRINT {
            self.fingerprint = Some((at, u32_at(exactly(value, 4)?, 0)));
        } else if self.integrity_at.is_none() {
            self.keep(kind, value, at)?;
        }
        Ok(next)
    }

    /// Keep an attribute; of several of one kind the first counts (RFC 8489 §14).
    fn keep(&mut self, kind: u16, value: &'a [u8], at: usize) -> Result<()> {
        match kind {
            USERNAME => _ = self.username.get_or_insert(value),
            PRIORITY => _ = self.priority.get_or_insert(u32_at(exactly(value, 4)?, 0)),
            USE_CANDIDATE => {
                exactly(value, 0)?;
                self.use_candidate = true;
            }
            NOMINATION => _ = self.nomination.get_or_insert(u32_at(exactly(value, 4)?, 0)),
            ICE_CONTROLLING => {
                _ = self
                    .controlling
                    .get_or_insert(u64_at(exactly(value, 8)?, 0))
            }
            ICE_CONTROLLED => _ = self.controlled.get_or_insert(u64_at(exactly(value, 8)?, 0)),
            XOR_MAPPED_ADDRESS => {
                let address = read_xor_address(value, &self.data[4..HEADER_LEN])?;
                self.mapped.get_or_insert(address);
            }
            ERROR_CODE => _ = self.error_code.get_or_insert(read_error_code(value)?),
            MESSAGE_INTEGRITY => {
                exactly(value, INTEGRITY_LEN)?;
                self.integrity_at = Some(at);
            }
            MAPPED_ADDRESS | UNKNOWN_ATTRIBUTES | REALM | NONCE | MESSAGE_INTEGRITY_SHA256 => {}
            _ if kind < COMPREHENSION_OPTIONAL => self.note_unknown(kind),
            _ => {}
        }
        Ok(())
    }

    fn note_unknown(&mut self, kind: u16) {
        if self.unknown_count < MAX_UNKNOWN {
            self.unknown[self.unknown_count] = kind;
            self.unknown_count += 1;
        }
    }

    fn check_fingerprint(&self) -> Result<()> {
        let Some((at, claimed)) = self.fingerprint else {
            return Ok(());
        };
        if crc32(&self.data[..at]) ^ FINGERPRINT_XOR != claimed {
            return Err(Error::Malformed("STUN fingerprint"));
        }
        Ok(())
    }

    /// Tell whether MESSAGE-INTEGRITY is there and made with this key (RFC 8489 §14.5).
    pub fn check_integrity(&self, key: &IntegrityKey) -> bool {
        let Some(at) = self.integrity_at else {
            return false;
        };
        let value_at = at + ATTRIBUTE_HEADER_LEN;
        let claimed = &self.data[value_at..value_at + INTEGRITY_LEN];
        // the length counts everything up to and including the integrity, and MAX_MESSAGE_LEN bounds it
        let length = (value_at + INTEGRITY_LEN - HEADER_LEN) as u16;
        let expected = key.sign(&self.data[..at], length);
        verify_slices_are_equal(expected.as_ref(), claimed).is_ok()
    }

    /// Return the class.
    pub fn class(&self) -> Class {
        self.class
    }

    /// Return the transaction id.
    pub fn transaction_id(&self) -> TransactionId {
        let mut id = [0; 12];
        id.copy_from_slice(&self.data[8..HEADER_LEN]);
        id
    }

    /// Return the size of the whole message in bytes.
    pub fn size(&self) -> usize {
        self.data.len()
    }

    /// Return the USERNAME, "responder:requester" in an ICE check (RFC 8445 §7.2.2).
    pub fn username(&self) -> Option<&'a [u8]> {
        self.username
    }

    /// Return the user fragment of the agent that is asked: what stands before the colon.
    pub fn local_ufrag(&self) -> Option<&'a [u8]> {
        let username = self.username?;
        let colon = username.iter().position(|byte| *byte == b':')?;
        Some(&username[..colon])
    }

    /// Return the PRIORITY of the candidate that asks.
    pub fn priority(&self) -> Option<u32> {
        self.priority
    }

    /// Tell whether the controlling agent nominates this pair.
    pub fn use_candidate(&self) -> bool {
        self.use_candidate
    }

    /// Return libwebrtc's renomination counter.
    pub fn nomination(&self) -> Option<u32> {
        self.nomination
    }

    /// Return the tie-breaker of an agent that takes the controlling role.
    pub fn controlling(&self) -> Option<u64> {
        self.controlling
    }

    /// Return the tie-breaker of an agent that takes the controlled role.
    pub fn controlled(&self) -> Option<u64> {
        self.controlled
    }

    /// Return the XOR-MAPPED-ADDRESS of a success.
    pub fn mapped_address(&self) -> Option<SocketAddr> {
        self.mapped
    }

    /// Return the number of an error answer.
    pub fn error_code(&self) -> Option<u16> {
        self.error_code
    }

    /// Tell whether MESSAGE-INTEGRITY is there, right or wrong.
    pub fn has_integrity(&self) -> bool {
        self.integrity_at.is_some()
    }

    /// Tell whether a (then correct) FINGERPRINT is there.
    pub fn has_fingerprint(&self) -> bool {
        self.fingerprint.is_some()
    }

    /// Return the comprehension-required attributes we do not know, at most [`MAX_UNKNOWN`].
    pub fn unknown_attributes(&self) -> &[u16] {
        &self.unknown[..self.unknown_count]
    }
}

fn check_header(data: &[u8]) -> Result<Class> {
    if data.len() < HEADER_LEN {
        return Err(Error::Truncated("STUN header"));
    }
    if data.len() > MAX_MESSAGE_LEN {
        return Err(Error::Malformed("STUN message size"));
    }
    if u32_at(data, 4) != MAGIC_COOKIE {
        return Err(Error::Malformed("STUN magic cookie"));
    }
    let length = usize::from(u16_at(data, 2));
    if length % 4 != 0 || length != data.len() - HEADER_LEN {
        return Err(Error::Malformed("STUN length"));
    }
    match u16_at(data, 0) {
        BINDING_REQUEST => Ok(Class::Request),
        BINDING_INDICATION => Ok(Class::Indication),
        BINDING_SUCCESS => Ok(Class::Success),
        BINDING_ERROR => Ok(Class::Error),
        _ => Err(Error::Refused("STUN message type")),
    }
}

fn exactly(value: &[u8], len: usize) -> Result<&[u8]> {
    if value.len() != len {
        return Err(Error::Malformed("STUN attribute length"));
    }
    Ok(value)
}

fn read_error_code(value: &[u8]) -> Result<u16> {
    let [_, _, class, number, ..] = value else {
        return Err(Error::Malformed("STUN error code"));
    };
    Ok(u16::from(class & 0x07) * 100 + u16::from(*number))
}

/// Read an XOR-MAPPED-ADDRESS; `mask` is magic cookie and transaction id (RFC 8489 §14.2).
fn read_xor_address(value: &[u8], mask: &[u8]) -> Result<SocketAddr> {
    let malformed = Error::Malformed("STUN mapped address");
    let [_, family, port_high, port_low, address @ ..] = value else {
        return Err(malformed);
    };
    let port = u16::from_be_bytes([port_high ^ mask[0], port_low ^ mask[1]]);
    let mut octets = [0; 16];
    for (octet, (a, b)) in octets.iter_mut().zip(address.iter().zip(mask)) {
        *octet = a ^ b;
    }
    match (family, address.len()) {
        (1, 4) => {
            let [a, b, c, d, ..] = octets;
            Ok((Ipv4Addr::new(a, b, c, d), port).into())
        }
        (2, 16) => Ok((Ipv6Addr::from(octets), port).into()),
        _ => Err(malformed),
    }
}

/// Make length and FINGERPRINT of a message right where it has them, so that a fuzzer gets past them.
pub(crate) fn repair(message: &mut [u8]) {
    let Some(covered) = message.len().checked_sub(8).filter(|at| *at >= HEADER_LEN) else {
        return;
    };
    let length = (message.len() - HEADER_LEN) as u16;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    if u16_at(message, covered) == FINGERPRINT {
        let crc = crc32(&message[..covered]) ^ FINGERPRINT_XOR;
        message[covered + 4..].copy_from_slice(&crc.to_be_bytes());
    }
}

/// CRC-32 of ITU V.42, as FINGERPRINT wants it (RFC 8489 §14.7).
fn crc32(data: &[u8]) -> u32 {
    let step =
        |crc: u32, byte: &u8| (crc >> 8) ^ CRC_TABLE[((crc ^ u32::from(*byte)) & 0xFF) as usize];
    !data.iter().fold(u32::MAX, step)
}

const CRC_TABLE: [u32; 256] = crc_table();

const fn crc_table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            // the polynomial, reflected
            value = (value >> 1) ^ (0xEDB8_8320 * (value & 1));
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}
