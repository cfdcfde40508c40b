//! Writing STUN messages: our answers, and the checks of tests and load generators.

use super::*;
use crate::error::room;
use std::net::IpAddr;

/// Write a binding success with the address the request came from, and return its length.
pub fn write_success(
    out: &mut [u8],
    id: &TransactionId,
    mapped: SocketAddr,
    key: &IntegrityKey,
) -> Result<usize> {
    let mut writer = Writer::new(out, BINDING_SUCCESS, id)?;
    writer.xor_address(mapped)?;
    writer.integrity(key)?;
    writer.fingerprint()
}

/// Write a binding error without a reason phrase, and return its length.
///
/// `unknown` fills UNKNOWN-ATTRIBUTES of a 420. Errors about credentials carry no integrity: pass
/// None for the key (RFC 8489 §9.1.3).
pub fn write_error(
    out: &mut [u8],
    id: &TransactionId,
    error: ErrorCode,
    unknown: &[u16],
    key: Option<&IntegrityKey>,
) -> Result<usize> {
    let mut writer = Writer::new(out, BINDING_ERROR, id)?;
    let (class, number) = (error.code() / 100, error.code() % 100);
    writer.attribute(ERROR_CODE, &[0, 0, class as u8, number as u8])?;
    if error == ErrorCode::UnknownAttribute {
        let mut list = [0; 2 * MAX_UNKNOWN];
        let count = unknown.len().min(MAX_UNKNOWN);
        for (slot, kind) in list.chunks_exact_mut(2).zip(unknown) {
            slot.copy_from_slice(&kind.to_be_bytes());
        }
        writer.attribute(UNKNOWN_ATTRIBUTES, &list[..2 * count])?;
    }
    if let Some(key) = key {
        writer.integrity(key)?;
    }
    writer.fingerprint()
}

/// What an agent says in a connectivity check; we only send them in tests and load generators.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// "responder:requester".
    pub username: &'a str,
    /// Priority of the peer-reflexive candidate this may create.
    pub priority: u32,
    /// Tie-breaker of the controlling role.
    pub controlling: u64,
    /// Nominate this pair.
    pub use_candidate: bool,
    /// libwebrtc's renomination counter.
    pub nomination: Option<u32>,
}

/// Write a connectivity check as a browser sends it (RFC 8445 §7.2.2), and return its length.
pub fn write_check(
    out: &mut [u8],
    id: &TransactionId,
    check: &Check<'_>,
    key: &IntegrityKey,
) -> Result<usize> {
    let mut writer = Writer::new(out, BINDING_REQUEST, id)?;
    writer.attribute(USERNAME, check.username.as_bytes())?;
    writer.attribute(ICE_CONTROLLING, &check.controlling.to_be_bytes())?;
    if check.use_candidate {
        writer.attribute(USE_CANDIDATE, &[])?;
    }
    if let Some(nomination) = check.nomination {
        writer.attribute(NOMINATION, &nomination.to_be_bytes())?;
    }
    writer.attribute(PRIORITY, &check.priority.to_be_bytes())?;
    writer.integrity(key)?;
    writer.fingerprint()
}

/// Appends attributes to a message and keeps its length field right.
struct Writer<'a> {
    out: &'a mut [u8],
    len: usize,
}

impl<'a> Writer<'a> {
    fn new(out: &'a mut [u8], kind: u16, id: &TransactionId) -> Result<Self> {
        let header = room(out, HEADER_LEN)?;
        header[..2].copy_from_slice(&kind.to_be_bytes());
        header[4..8].copy_from_slice(&MAGIC_COOKIE.to_be_bytes());
        header[8..].copy_from_slice(id);
        let len = HEADER_LEN;
        Ok(Self { out, len })
    }

    fn attribute(&mut self, kind: u16, value: &[u8]) -> Result<()> {
        let value_len = u16::try_from(value.len())
            .map_err(|_| Error::InvalidArgument("STUN attribute value"))?;
        let end = self.len + ATTRIBUTE_HEADER_LEN + value.len().next_multiple_of(4);
        let attribute = &mut room(self.out, end)?[self.len..];
        attribute[..2].copy_from_slice(&kind.to_be_bytes());
        attribute[2..4].copy_from_slice(&value_len.to_be_bytes());
        let (value_out, padding) = attribute[4..].split_at_mut(value.len());
        value_out.copy_from_slice(value);
        padding.fill(0);
        self.len = end;
        self.set_length(end)
    }

    fn set_length(&mut self, end: usize) -> Result<()> {
        let length = u16::try_from(end - HEADER_LEN)
            .map_err(|_| Error::InvalidArgument("STUN message length"))?;
        self.out[2..4].copy_from_slice(&length.to_be_bytes());
        Ok(())
    }

    fn xor_address(&mut self, address: SocketAddr) -> Result<()> {
        let mut mask = [0; 16];
        mask.copy_from_slice(&self.out[4..HEADER_LEN]);
        let mut value = [0; 20];
        let octets: &[u8] = match address.ip().to_canonical() {
            IpAddr::V4(ip) => &ip.octets(),
            IpAddr::V6(ip) => &ip.octets(),
        };
        value[1] = if octets.len() == 4 { 1 } else { 2 };
        value[2..4].copy_from_slice(&address.port().to_be_bytes());
        value[2] ^= mask[0];
        value[3] ^= mask[1];
        for (out, (a, b)) in value[4..].iter_mut().zip(octets.iter().zip(mask)) {
            *out = a ^ b;
        }
        self.attribute(XOR_MAPPED_ADDRESS, &value[..4 + octets.len()])
    }

    fn integrity(&mut self, key: &IntegrityKey) -> Result<()> {
        let covered = self.len;
        self.set_length(covered + ATTRIBUTE_HEADER_LEN + INTEGRITY_LEN)?;
        let length = u16_at(self.out, 2);
        let tag = key.sign(&self.out[..covered], length);
        self.attribute(MESSAGE_INTEGRITY, tag.as_ref())
    }

    /// Append the FINGERPRINT, which ends the message, and return its length.
    fn fingerprint(mut self) -> Result<usize> {
        let covered = self.len;
        self.set_length(covered + ATTRIBUTE_HEADER_LEN + 4)?;
        let crc = crc32(&self.out[..covered]) ^ FINGERPRINT_XOR;
        self.attribute(FINGERPRINT, &crc.to_be_bytes())?;
        Ok(self.len)
    }
}
