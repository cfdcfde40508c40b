//! SRTP and SRTCP (RFC 3711) with AES-GCM (RFC 7714) or AES counter mode and HMAC-SHA1.
//!
//! A [`Sender`] or [`Receiver`] expands its keys once; packets are changed in place and nothing is
//! allocated on the way, except when a receiver meets a new, authenticated SSRC.

mod replay;

use crate::error::{Error, Result, room};
use crate::rtp::{header_len, u16_at, u32_at};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::cipher::{AES_128, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::FixedLength;
use replay::Sources;

/// Bytes of the AES-128 master and session keys.
const KEY_LEN: usize = 16;
/// Bytes of the session authentication key, RFC 3711 §5.2.
const AUTH_KEY_LEN: usize = 20;
/// Bytes of the longest master salt, RFC 3711 §8.2.
const LONGEST_SALT: usize = 14;
/// Bytes at the start of an SRTCP packet that stay in the clear, RFC 3711 §3.4.
const RTCP_CLEAR_LEN: usize = 8;
/// Bytes of the E flag and SRTCP index, RFC 3711 §3.4.
const RTCP_INDEX_LEN: usize = 4;
/// The flag beside the SRTCP index that says "encrypted".
const RTCP_ENCRYPTED: u32 = 1 << 31;
/// A protection profile of DTLS-SRTP (RFC 5764 §4.1.2, RFC 7714 §14.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// `AEAD_AES_128_GCM`.
    Aes128Gcm,
    /// `AES_CM_128_HMAC_SHA1_80`.
    AesCmSha1_80,
}

impl Profile {
    /// Return the profile with this IANA name, if it is one of ours.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "AEAD_AES_128_GCM" => Some(Self::Aes128Gcm),
            "AES_CM_128_HMAC_SHA1_80" => Some(Self::AesCmSha1_80),
            _ => None,
        }
    }

    /// Return the bytes of a master key.
    pub const fn key_len(self) -> usize {
        KEY_LEN
    }

    /// Return the bytes of a master salt.
    pub const fn salt_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 12,
            Self::AesCmSha1_80 => LONGEST_SALT,
        }
    }

    /// Return the bytes of an authentication tag, which is all that SRTP adds to RTP.
    pub const fn tag_len(self) -> usize {
        match self {
            Self::Aes128Gcm => 16,
            Self::AesCmSha1_80 => 10,
        }
    }

    /// Return all that SRTCP adds to RTCP: tag, E flag and index.
    pub const fn rtcp_overhead(self) -> usize {
        self.tag_len() + RTCP_INDEX_LEN
    }
}

/// Labels of the key derivation, RFC 3711 §4.3.2: encryption, authentication, salt.
const RTP_LABELS: [u8; 3] = [0, 1, 2];
const RTCP_LABELS: [u8; 3] = [3, 4, 5];

/// The expanded session keys of one direction, for RTP or for RTCP.
enum SessionKeys {
    Gcm { key: LessSafeKey, salt: [u8; 12] },
    // boxed: ten times the size of the other, which is the usual one and stays in few cache lines
    Cm(Box<CmKeys>),
}

struct CmKeys {
    cipher: EncryptingKey,
    auth: hmac::Key,
    salt: [u8; LONGEST_SALT],
}

impl CmKeys {
    fn apply(&self, ssrc: u32, index: u64, data: &mut [u8]) -> Result<()> {
        apply_keystream(&self.cipher, cm_iv(&self.salt, ssrc, index), data)
    }

    /// Return HMAC-SHA1 over packet and trailer; 80 bits of it are the tag (RFC 3711 §4.2.1).
    fn sha1(&self, packet: &[u8], trailer: &[u8]) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.auth);
        context.update(packet);
        context.update(trailer);
        context.sign()
    }
}

impl SessionKeys {
    fn derive(profile: Profile, key: &[u8], salt: &[u8], labels: [u8; 3]) -> Result<Self> {
        if key.len() != profile.key_len() {
            return Err(Error::InvalidArgument("SRTP master key"));
        }
        if salt.len() != profile.salt_len() {
            return Err(Error::InvalidArgument("SRTP master salt"));
        }
        let master = counter_mode(key)?;
        let session_key: [u8; KEY_LEN] = derive(&master, salt, labels[0])?;
        match profile {
            Profile::Aes128Gcm => Ok(Self::Gcm {
                key: gcm(&session_key)?,
                salt: derive(&master, salt, labels[2])?,
            }),
            Profile::AesCmSha1_80 => Ok(Self::Cm(Box::new(CmKeys {
                cipher: counter_mode(&session_key)?,
                auth: hmac::Key::new(
                    hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
                    &derive::<AUTH_KEY_LEN>(&master, salt, labels[1])?,
                ),
                salt: derive(&master, salt, labels[2])?,
            }))),
        }
    }
}

fn gcm(key: &[u8]) -> Result<LessSafeKey> {
    let key = UnboundKey::new(&AES_128_GCM, key);
    key.map(LessSafeKey::new)
        .map_err(|_| Error::InvalidArgument("AES-GCM key"))
}

fn counter_mode(key: &[u8]) -> Result<EncryptingKey> {
    UnboundCipherKey::new(&AES_128, key)
        .and_then(EncryptingKey::ctr)
        .map_err(|_| Error::InvalidArgument("AES key"))
}

/// Derive session key material as RFC 3711 §4.3.1 with a key derivation rate of zero.
///
/// A 96-bit salt takes the place of the upper 96 of the 112 bits (RFC 7714 §11).
fn derive<const N: usize>(master: &EncryptingKey, salt: &[u8], label: u8) -> Result<[u8; N]> {
    let mut iv = [0; 16];
    iv[..salt.len()].copy_from_slice(salt);
    iv[7] ^= label;
    let mut out = [0; N];
    apply_keystream(master, iv, &mut out)?;
    Ok(out)
}

/// XOR the AES counter mode keystream that starts at `iv` over `data`.
fn apply_keystream(key: &EncryptingKey, iv: [u8; 16], data: &mut [u8]) -> Result<()> {
    key.less_safe_encrypt(data, EncryptionContext::Iv128(FixedLength::from(iv)))
        .map(drop)
        .map_err(|_| Error::Unauthenticated)
}

/// Return the counter block of RFC 3711 §4.1.1: salt · 2^16 ⊕ SSRC · 2^64 ⊕ index · 2^16.
fn cm_iv(salt: &[u8; LONGEST_SALT], ssrc: u32, index: u64) -> [u8; 16] {
    let mut iv = [0; 16];
    iv[..LONGEST_SALT].copy_from_slice(salt);
    xor(&mut iv[4..8], &ssrc.to_be_bytes());
    xor(&mut iv[8..14], &index.to_be_bytes()[2..]);
    iv
}

/// Return the nonce of RFC 7714 §8.1 (RTP) and §9.1 (RTCP): salt ⊕ (0 0 SSRC index), 48 bits of index.
fn gcm_nonce(salt: &[u8; 12], ssrc: u32, index: u64) -> Nonce {
    let mut nonce = *salt;
    xor(&mut nonce[2..6], &ssrc.to_be_bytes());
    xor(&mut nonce[6..12], &index.to_be_bytes()[2..]);
    Nonce::assume_unique_for_key(nonce)
}

fn xor(into: &mut [u8], with: &[u8]) {
    for (a, b) in into.iter_mut().zip(with) {
        *a ^= b;
    }
}

/// The sending half of one session: RTP and RTCP toward one peer.
pub struct Sender {
    profile: Profile,
    rtp: SessionKeys,
    rtcp: SessionKeys,
    rtcp_index: u32,
}

impl Sender {
    /// Expand the keys of one direction; fails with `InvalidArgument` on wrong lengths.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self> {
        Ok(Self {
            profile,
            rtp: SessionKeys::derive(profile, key, salt, RTP_LABELS)?,
            rtcp: SessionKeys::derive(profile, key, salt, RTCP_LABELS)?,
            rtcp_index: 0,
        })
    }

    /// Return the profile the keys are for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Protect the RTP packet in `buf[..len]` in place and return its new length.
    ///
    /// `header_len` is what [`rtp::write_header`](crate::rtp::write_header) returned, `roc` how often
    /// the sequence number has wrapped (RFC 3711 §3.3.1). The same SSRC, `roc` and sequence number
    /// must never carry two different packets. Needs [`Profile::tag_len`] bytes behind `len`.
    pub fn protect(
        &mut self,
        buf: &mut [u8],
        len: usize,
        header_len: usize,
        roc: u32,
    ) -> Result<usize> {
        let total = len.saturating_add(self.profile.tag_len());
        let buf = room(buf, total)?;
        if header_len < crate::rtp::FIXED_HEADER_LEN || header_len > len {
            return Err(Error::InvalidArgument("RTP header length"));
        }
        let ssrc = u32_at(buf, 8);
        let index = (u64::from(roc) << 16) | u64::from(u16_at(buf, 2));
        let (packet, tag) = buf.split_at_mut(len);
        match &self.rtp {
            SessionKeys::Gcm { key, salt } => {
                let (header, payload) = packet.split_at_mut(header_len);
                seal(key, gcm_nonce(salt, ssrc, index), header, payload, tag)?;
            }
            SessionKeys::Cm(keys) => {
                keys.apply(ssrc, index, &mut packet[header_len..])?;
                let full = keys.sha1(packet, &roc.to_be_bytes());
                tag.copy_from_slice(&full.as_ref()[..tag.len()]);
            }
        }
        Ok(total)
    }

    /// Protect the RTCP packet in `buf[..len]` in place and return its new length.
    ///
    /// Needs [`Profile::rtcp_overhead`] bytes behind `len`. Fails with `KeyExhausted` after 2^31
    /// packets (RFC 3711 §9.2).
    pub fn protect_rtcp(&mut self, buf: &mut [u8], len: usize) -> Result<usize> {
        let total = len.saturating_add(self.profile.rtcp_overhead());
        let buf = room(buf, total)?;
        if len < RTCP_CLEAR_LEN {
            return Err(Error::Truncated("RTCP header"));
        }
        if self.rtcp_index & RTCP_ENCRYPTED != 0 {
            return Err(Error::KeyExhausted);
        }
        let ssrc = u32_at(buf, 4);
        let index = u64::from(self.rtcp_index);
        let word = (RTCP_ENCRYPTED | self.rtcp_index).to_be_bytes();
        let (packet, trailer) = buf.split_at_mut(len);
        match &self.rtcp {
            SessionKeys::Gcm { key, salt } => {
                let (tag, index_out) = trailer.split_at_mut(16);
                let (clear, secret) = packet.split_at_mut(RTCP_CLEAR_LEN);
                let aad = rtcp_aad(clear, word);
                seal(key, gcm_nonce(salt, ssrc, index), &aad, secret, tag)?;
                index_out.copy_from_slice(&word);
            }
            SessionKeys::Cm(keys) => {
                keys.apply(ssrc, index, &mut packet[RTCP_CLEAR_LEN..])?;
                let (index_out, tag) = trailer.split_at_mut(RTCP_INDEX_LEN);
                index_out.copy_from_slice(&word);
                let full = keys.sha1(packet, &word);
                tag.copy_from_slice(&full.as_ref()[..tag.len()]);
            }
        }
        self.rtcp_index += 1;
        Ok(total)
    }
}

fn seal(
    key: &LessSafeKey,
    nonce: Nonce,
    aad: &[u8],
    plain: &mut [u8],
    tag_out: &mut [u8],
) -> Result<()> {
    let tag = key
        .seal_in_place_separate_tag(nonce, Aad::from(aad), plain)
        .map_err(|_| Error::KeyExhausted)?;
    tag_out.copy_from_slice(tag.as_ref());
    Ok(())
}

/// Return the associated data of an encrypted SRTCP packet: header and index word, RFC 7714 §9.2.
fn rtcp_aad(clear: &[u8], word: [u8; 4]) -> [u8; RTCP_CLEAR_LEN + RTCP_INDEX_LEN] {
    let mut aad = [0; RTCP_CLEAR_LEN + RTCP_INDEX_LEN];
    aad[..RTCP_CLEAR_LEN].copy_from_slice(clear);
    aad[RTCP_CLEAR_LEN..].copy_from_slice(&word);
    aad
}

/// The receiving half of one session: RTP and RTCP from one peer.
pub struct Receiver {
    profile: Profile,
    rtp: SessionKeys,
    rtcp: SessionKeys,
    rtp_sources: Sources,
    rtcp_sources: Sources,
}

impl Receiver {
    /// Expand the keys of one direction; fails with `InvalidArgument` on wrong lengths.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self> {
        Ok(Self {
            profile,
            rtp: SessionKeys::derive(profile, key, salt, RTP_LABELS)?,
            rtcp: SessionKeys::derive(profile, key, salt, RTCP_LABELS)?,
            rtp_sources: Sources::default(),
            rtcp_sources: Sources::default(),
        })
    }

    /// Return the profile the keys are for.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Open the SRTP packet that fills `buf` in place and return the length of the plain packet.
    ///
    /// A refused packet leaves no trace in the session; what it leaves in `buf` is undefined.
    pub fn unprotect(&mut self, buf: &mut [u8]) -> Result<usize> {
        let header_len = header_len(buf)?;
        let tag_len = self.profile.tag_len();
        if buf.len() < header_len + tag_len {
            return Err(Error::Truncated("SRTP authentication tag"));
        }
        let (ssrc, sequence) = (u32_at(buf, 8), u16_at(buf, 2));
        let source = self.rtp_sources.find(ssrc)?;
        let index = self.rtp_sources.guess_index(source, sequence)?;
        self.rtp_sources.check(source, index)?;
        let plain_len = buf.len() - tag_len;
        open_rtp(&self.rtp, buf, header_len, plain_len, ssrc, index)?;
        self.rtp_sources.accept(source, ssrc, index);
        Ok(plain_len)
    }

    /// Open the SRTCP packet that fills `buf` in place and return the length of the plain packet.
    ///
    /// Unencrypted SRTCP is refused: WebRTC never sends it (RFC 8827 §6.5).
    pub fn unprotect_rtcp(&mut self, buf: &mut [u8]) -> Result<usize> {
        let overhead = self.profile.rtcp_overhead();
        if buf.len() < RTCP_CLEAR_LEN + overhead {
            return Err(Error::Truncated("SRTCP packet"));
        }
        if buf[0] >> 6 != 2 {
            return Err(Error::Malformed("RTCP version"));
        }
        let plain_len = buf.len() - overhead;
        let word_at = match self.profile {
            Profile::Aes128Gcm => buf.len() - RTCP_INDEX_LEN,
            Profile::AesCmSha1_80 => plain_len,
        };
        let (ssrc, word) = (u32_at(buf, 4), u32_at(buf, word_at));
        if word & RTCP_ENCRYPTED == 0 {
            return Err(Error::Refused("unencrypted SRTCP packet"));
        }
        let index = u64::from(word & !RTCP_ENCRYPTED);
        let source = self.rtcp_sources.find(ssrc)?;
        self.rtcp_sources.check(source, index)?;
        open_rtcp(&self.rtcp, buf, plain_len, ssrc, word)?;
        self.rtcp_sources.accept(source, ssrc, index);
        Ok(plain_len)
    }

    /// Return how many SSRCs have sent authentic RTP.
    pub fn source_count(&self) -> usize {
        self.rtp_sources.count()
    }
}

fn open_rtp(
    keys: &SessionKeys,
    buf: &mut [u8],
    header_len: usize,
    plain_len: usize,
    ssrc: u32,
    index: u64,
) -> Result<()> {
    match keys {
        SessionKeys::Gcm { key, salt } => {
            let (header, secret) = buf.split_at_mut(header_len);
            open(key, gcm_nonce(salt, ssrc, index), header, secret)
        }
        SessionKeys::Cm(keys) => {
            let roc = ((index >> 16) as u32).to_be_bytes();
            let (packet, tag) = buf.split_at_mut(plain_len);
            verify(&keys.sha1(packet, &roc), tag)?;
            keys.apply(ssrc, index, &mut packet[header_len..])
        }
    }
}

fn open_rtcp(
    keys: &SessionKeys,
    buf: &mut [u8],
    plain_len: usize,
    ssrc: u32,
    word: u32,
) -> Result<()> {
    let index = u64::from(word & !RTCP_ENCRYPTED);
    match keys {
        SessionKeys::Gcm { key, salt } => {
            let end = buf.len() - RTCP_INDEX_LEN;
            let (clear, secret) = buf[..end].split_at_mut(RTCP_CLEAR_LEN);
            let aad = rtcp_aad(clear, word.to_be_bytes());
            open(key, gcm_nonce(salt, ssrc, index), &aad, secret)
        }
        SessionKeys::Cm(keys) => {
            let (packet, trailer) = buf.split_at_mut(plain_len);
            let (word, tag) = trailer.split_at(RTCP_INDEX_LEN);
            verify(&keys.sha1(packet, word), tag)?;
            keys.apply(ssrc, index, &mut packet[RTCP_CLEAR_LEN..])
        }
    }
}

fn open(key: &LessSafeKey, nonce: Nonce, aad: &[u8], secret: &mut [u8]) -> Result<()> {
    key.open_in_place(nonce, Aad::from(aad), secret)
        .map(drop)
        .map_err(|_| Error::Unauthenticated)
}

fn verify(full: &hmac::Tag, tag: &[u8]) -> Result<()> {
    verify_slices_are_equal(&full.as_ref()[..tag.len()], tag).map_err(|_| Error::Unauthenticated)
}

#[cfg(test)]
mod tests;
