//! Bodies of the fuzz targets, driven by libFuzzer (`fuzz/`) and, briefly, by `tests/fuzz_brief.rs`.
//!
//! Each takes any bytes, must not panic, and asserts what has to hold of whatever was accepted.

mod room;

pub use room::room;

use crate::remote::Remote;
use crate::rtp::{Packet, write_header};
use crate::srtp::{Profile, Receiver, Sender};
use crate::stun::{self, IntegrityKey, MAX_RESPONSE_LEN, Message};
use crate::{h264, ice, red, rtcp, rtp, sps, vp8};
use std::time::Instant;

/// Room for any packet a body writes.
const BUFFER_LEN: usize = 2048;
/// Credentials that a fuzzer can find in the corpus.
const UFRAG: &str = "abcd";
const PASSWORD: &str = "0123456789012345678901";

/// Parse a plain RTP packet, and rewrite it if it was accepted.
pub fn rtp(data: &[u8]) {
    rtp::demux(data);
    let Ok(packet) = Packet::parse(data) else {
        return;
    };
    assert!(packet.header_len() + packet.payload().len() <= data.len());
    let mut elements: [(u8, &[u8]); 16] = [(0, &[]); 16];
    let mut count = 0;
    for (slot, element) in elements.iter_mut().zip(packet.extensions()) {
        *slot = element;
        count += 1;
    }
    let mut out = [0; 16 * 257 + BUFFER_LEN];
    let Ok(len) = write_header(&mut out, &packet.fields(), &elements[..count]) else {
        return;
    };
    let rewritten = Packet::parse(&out[..len]).expect("what we write is what we read");
    assert_eq!(rewritten.fields(), packet.fields());
    assert!(rewritten.extensions().eq(elements[..count].iter().copied()));
}

/// Walk a plain RTCP packet to its end, reading everything in it.
pub fn rtcp(data: &[u8]) {
    let mut errors = 0;
    for message in rtcp::messages(data) {
        match message {
            Ok(message) => read_rtcp(message),
            Err(_) => errors += 1,
        }
    }
    assert!(errors <= 1, "the walk ends at the first error");
}

fn read_rtcp(message: rtcp::Message<'_>) {
    match message {
        rtcp::Message::SenderReport(report) => report.blocks.iter().for_each(drop),
        rtcp::Message::ReceiverReport(report) => report.blocks.iter().for_each(drop),
        rtcp::Message::SourceDescription(names) => names.cnames().for_each(drop),
        rtcp::Message::Goodbye(bye) => bye.ssrcs().for_each(drop),
        rtcp::Message::Nack(nack) => nack.lost().for_each(drop),
        rtcp::Message::Fir(fir) => fir.entries().for_each(drop),
        rtcp::Message::Remb(remb) => remb.ssrcs().for_each(drop),
        rtcp::Message::TransportCc(feedback) => {
            let came = feedback.arrivals().count();
            assert!(came <= usize::from(feedback.count));
        }
        rtcp::Message::ExtendedReport(report) => {
            report.reference_time();
            report.dlrr().for_each(drop);
        }
        rtcp::Message::Pli(_) | rtcp::Message::Other { .. } => {}
    }
}

/// Give a STUN message to an agent as it is, and with its length and FINGERPRINT made right.
pub fn stun(data: &[u8]) {
    check(data);
    let mut repaired = [0; stun::MAX_MESSAGE_LEN];
    if let Some(buf) = repaired.get_mut(..data.len()) {
        buf.copy_from_slice(data);
        stun::repair(buf);
        check(buf);
    }
}

/// No answer is larger than what it answers, and only an authentic check opens a path.
fn check(data: &[u8]) {
    let Ok(message) = Message::parse(data) else {
        return;
    };
    assert!(message.unknown_attributes().len() <= stun::MAX_UNKNOWN);
    let now = Instant::now();
    let from = Remote::udp(([192, 0, 2, 1], 5000).into());
    let mut out = [0; MAX_RESPONSE_LEN];
    let mut agent = ice::Agent::new(UFRAG, PASSWORD, now).expect("valid credentials");
    let outcome = agent.handle_check(&message, from, now, &mut out);
    assert!(outcome.reply <= data.len());
    let authentic = message.check_integrity(&IntegrityKey::new(PASSWORD));
    assert!(
        authentic || agent.selected().is_none(),
        "only a check opens a path"
    );
}

/// Open noise, then close and open it as a genuine packet.
pub fn srtp_unprotect(data: &[u8]) {
    for profile in [Profile::Aes128Gcm, Profile::AesCmSha1_80] {
        let mut receiver = Receiver::new(profile, &[1; 16], &[2; 14][..profile.salt_len()])
            .expect("valid lengths");
        let mut buf = [0; BUFFER_LEN];
        let len = data.len().min(BUFFER_LEN);
        buf[..len].copy_from_slice(&data[..len]);
        let opened = receiver.unprotect(&mut buf[..len]).is_ok();
        buf[..len].copy_from_slice(&data[..len]);
        let opened_rtcp = receiver.unprotect_rtcp(&mut buf[..len]).is_ok();
        assert!(!opened && !opened_rtcp, "nobody forges a tag");
        reopen(profile, &mut receiver, data);
    }
}

fn reopen(profile: Profile, receiver: &mut Receiver, data: &[u8]) {
    let Ok(header_len) = rtp::header_len(data) else {
        return;
    };
    let mut sender =
        Sender::new(profile, &[1; 16], &[2; 14][..profile.salt_len()]).expect("valid lengths");
    let mut buf = [0; BUFFER_LEN];
    let Some(room) = buf.get_mut(..data.len() + profile.tag_len()) else {
        return;
    };
    room[..data.len()].copy_from_slice(data);
    let protected = sender.protect(room, data.len(), header_len, 0);
    assert_eq!(protected, Ok(room.len()));
    assert_eq!(receiver.unprotect(room), Ok(data.len()));
    assert_eq!(&room[..data.len()], data);
}

/// Read a VP8 payload, and rewrite it twice over a source change.
pub fn vp8(data: &[u8]) {
    assert!(!vp8::is_keyframe(data) || vp8::is_frame_start(data));
    assert!(vp8::picture_size(data).is_none() || vp8::is_keyframe(data));
    let mut buf = [0; BUFFER_LEN];
    let len = data.len().min(BUFFER_LEN);
    buf[..len].copy_from_slice(&data[..len]);
    let mut munger = vp8::Munger::default();
    let before = vp8::Descriptor::parse(&buf[..len]);
    for _ in 0..2 {
        let rewritten = munger.rewrite(&mut buf[..len]);
        assert_eq!(rewritten.is_ok(), before.is_ok());
        munger.change_source();
    }
    let after = vp8::Descriptor::parse(&buf[..len]);
    assert_eq!(before.map(|read| read.len), after.map(|read| read.len));
    if let Ok(descriptor) = before {
        assert!(descriptor.len <= len);
        assert_eq!(buf[descriptor.len..len], data[descriptor.len..len]);
    }
}

/// Read an H.264 payload.
pub fn h264(data: &[u8]) {
    assert!(!h264::is_keyframe(data) || h264::is_frame_start(data));
    assert!(h264::picture_size(data).is_none() || h264::is_keyframe(data));
}

/// Take sound with copies apart, and put it together again with as many as we would send.
pub fn red(data: &[u8]) {
    let Ok(blocks) = red::parse(data) else {
        return;
    };
    let primary = blocks.primary();
    let carried: usize = blocks.copies().iter().map(|copy| copy.payload.len()).sum();
    assert!(carried + primary.payload.len() < data.len());
    let fits = |copy: &&red::Block<'_>| red::fits(copy.offset, copy.payload);
    let mut copies: Vec<_> = blocks.copies().iter().filter(fits).copied().collect();
    copies.truncate(red::MAX_COPIES);
    let mut out = vec![0; 2 * BUFFER_LEN + data.len()];
    out[..primary.payload.len()].copy_from_slice(primary.payload);
    let len = red::wrap(
        &mut out,
        primary.payload.len(),
        primary.payload_type,
        &copies,
    )
    .expect("room for everything");
    let again = red::parse(&out[..len]).expect("what we write is what we read");
    assert_eq!(again.copies(), copies);
    assert_eq!(again.primary(), primary);
}

/// Read the sequence parameter set of an H.264 stream.
pub fn sps(data: &[u8]) {
    if let Some(size) = sps::picture_size(data) {
        assert!(size.width > 0 && size.height > 0);
    }
}
