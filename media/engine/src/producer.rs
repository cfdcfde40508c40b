//! A published track: one incoming SSRC at a time, its recent packets, and what we tell its sender.

use std::time::{Duration, Instant};

use crate::clock::{MICROS_PER_SECOND, Micros, Timeline};
use crate::command::{Codec, CodecParameters, Kind, ProducerId, ProducerParameters};
use crate::keyframe::Requests;
use crate::reception::Reception;
use crate::ring::{PacketInfo, Ring};
use crate::rtp::{Packet, SequenceExtender};
use crate::{h264, nack, vp8};

/// Silence after which a source counts as stalled.
pub const STALLED_AFTER: Duration = Duration::from_secs(2);

/// Video kept for repair and for those who join; two seconds cover a slow repair and a short GOP.
const VIDEO_HISTORY: Micros = 2 * MICROS_PER_SECOND;

/// Sound kept for repair; what is older no player waits for.
const AUDIO_HISTORY: Micros = MICROS_PER_SECOND;

/// Most packets replayed from the last keyframe; what is longer is not worth the burst, and a fresh
/// keyframe is asked for.
const FAST_START_PACKETS: u64 = 512;

/// Packets replayed however old they are: a slide that is still shown.
const FEW_PACKETS: u64 = 64;

/// Longest payload we keep: an Ethernet MTU. What we add on the way out still fits a batch's room.
pub const MAX_PAYLOAD: usize = 1500;

/// Forward jump of the sequence number that cannot be loss: the sender began anew.
const MAX_JUMP: u64 = 3000;

/// Bits of an audio level (RFC 6464); the one above them flags voice.
const LEVEL_MASK: u8 = 0x7F;

/// Why a packet was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Its payload type was not negotiated, or it is longer than any MTU.
    Unreadable,
    /// It is there already, or too old.
    Duplicate,
    /// Padding on the repair stream, sent to probe the path.
    Probe,
}

/// How a producer stands with its packets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Nothing has come yet.
    Idle,
    /// Packets come.
    Active,
    /// Packets came, and stopped.
    Stalled,
}

/// The SSRC a producer listens to.
#[derive(Debug)]
pub struct Source {
    /// On the wire.
    pub ssrc: u32,
    /// What its next receiver report says.
    pub reception: Reception,
    /// Which packets to ask for again.
    pub missing: nack::Generator,
    sequence: SequenceExtender,
}

/// Where the newest keyframe begins.
#[derive(Debug, Clone, Copy)]
struct Keyframe {
    first: u64,
    timestamp: u32,
}

/// One published track.
#[derive(Debug)]
pub struct Producer {
    /// Its name outside.
    pub id: ProducerId,
    /// The place of the transport it comes through.
    pub transport: usize,
    /// How it looks on the wire.
    pub parameters: ProducerParameters,
    /// The places of the slots it is in.
    pub consumers: Vec<usize>,
    /// Its recent packets.
    pub ring: Ring,
    /// Numbers that came since the last forwarding.
    pub fresh: Vec<u64>,
    /// The SSRC listened to, once a packet came.
    pub source: Option<Source>,
    /// Where its timestamps lie on our clock.
    pub timeline: Timeline,
    /// Keyframes asked for.
    pub requests: Requests,
    /// Whether packets come.
    pub activity: Activity,
    /// Whether the place is already in the list of those to be forwarded.
    pub queued: bool,
    heard: Option<Instant>,
    keyframe: Option<Keyframe>,
    loudest: Option<u8>,
}

impl Producer {
    /// Expect a track.
    pub fn new(id: ProducerId, transport: usize, parameters: ProducerParameters) -> Self {
        let history = match parameters.kind {
            Kind::Video => VIDEO_HISTORY,
            Kind::Audio => AUDIO_HISTORY,
        };
        let rate = parameters
            .codecs
            .first()
            .map_or(1, |codec| codec.clock_rate);
        Self {
            id,
            transport,
            parameters,
            consumers: Vec::new(),
            ring: Ring::new(history),
            fresh: Vec::new(),
            source: None,
            timeline: Timeline::new(rate),
            requests: Requests::default(),
            activity: Activity::Idle,
            queued: false,
            heard: None,
            keyframe: None,
            loudest: None,
        }
    }

    /// Return hertz of the RTP timestamps.
    pub fn clock_rate(&self) -> u32 {
        self.parameters
            .codecs
            .first()
            .map_or(1, |codec| codec.clock_rate)
    }

    /// Return whether packets of another SSRC may take the track over.
    pub fn is_free(&self, now: Instant) -> bool {
        let silent = |heard| now.saturating_duration_since(heard) >= STALLED_AFTER;
        self.source.is_none() || self.heard.is_none_or(silent)
    }

    /// Begin with an SSRC, forgetting all that another one said.
    pub fn adopt(&mut self, ssrc: u32, first: u16) {
        let mut sequence = SequenceExtender::default();
        let first = sequence.extend(first);
        self.source = Some(Source {
            ssrc,
            reception: Reception::new(ssrc, self.clock_rate(), first),
            missing: nack::Generator::new(),
            sequence,
        });
        self.ring.clear();
        self.fresh.clear();
        self.keyframe = None;
        self.timeline = Timeline::new(self.clock_rate());
    }

    /// Let another SSRC take over at once.
    pub fn free(&mut self) {
        self.heard = None;
    }

    /// Return whether this number is so far ahead that its sender must have begun anew.
    pub fn is_restart(&self, sequence: u16) -> bool {
        let Some(source) = &self.source else {
            return true;
        };
        let newest = source.sequence.highest().unwrap_or(0);
        source.sequence.peek(sequence) > newest + MAX_JUMP
    }

    /// Take a media packet in.
    pub fn accept(&mut self, packet: &Packet<'_>, now: Instant, at: Micros) -> Result<(), Refused> {
        let codec = self
            .codec(packet.payload_type())
            .ok_or(Refused::Unreadable)?
            .codec;
        let source = self.source.as_mut().ok_or(Refused::Unreadable)?;
        let sequence = source.sequence.extend(packet.sequence());
        let info = self.read(packet);
        self.keep(sequence, info, codec, packet.payload(), at)?;
        let Some(source) = self.source.as_mut() else {
            return Ok(());
        };
        source.reception.packet(sequence, packet.timestamp(), at);
        if self.parameters.nack {
            source.missing.on_packet(sequence, now);
        }
        self.timeline.arrival(at, packet.timestamp());
        self.heard = Some(now);
        Ok(())
    }

    /// Take in a packet that repairs another (RFC 4588): the original number, then its payload.
    pub fn accept_rtx(
        &mut self,
        packet: &Packet<'_>,
        now: Instant,
        at: Micros,
    ) -> Result<(), Refused> {
        let [high, low, payload @ ..] = packet.payload() else {
            return Err(Refused::Probe);
        };
        let repaired =
            |codec: &&CodecParameters| codec.rtx_payload_type == Some(packet.payload_type());
        let codec = self
            .parameters
            .codecs
            .iter()
            .find(repaired)
            .ok_or(Refused::Unreadable)?;
        let (codec, payload_type) = (codec.codec, codec.payload_type);
        let source = self.source.as_mut().ok_or(Refused::Probe)?;
        if payload.is_empty() {
            return Err(Refused::Probe);
        }
        let sequence = source.sequence.peek(u16::from_be_bytes([*high, *low]));
        let mut info = self.read(packet);
        info.payload_type = payload_type;
        self.keep(sequence, info, codec, payload, at)?;
        if let Some(source) = self.source.as_mut().filter(|_| self.parameters.nack) {
            source.missing.on_packet(sequence, now);
        }
        Ok(())
    }

    /// Return the codec of a media payload type.
    pub fn codec(&self, payload_type: u8) -> Option<&CodecParameters> {
        self.parameters
            .codecs
            .iter()
            .find(|codec| codec.payload_type == payload_type)
    }

    /// Return whether a payload type is one of this track's, media or repair.
    pub fn has_payload_type(&self, payload_type: u8) -> bool {
        self.parameters.codecs.iter().any(|codec| {
            codec.payload_type == payload_type || codec.rtx_payload_type == Some(payload_type)
        })
    }

    /// Return the number a new subscriber can begin with: for sound that of the oldest fresh packet,
    /// for pictures that of the last keyframe, if little or not much time has passed since.
    pub fn entry(&self, now: Micros) -> Option<u64> {
        if self.parameters.kind == Kind::Audio {
            return self.fresh.iter().copied().min();
        }
        let first = self.keyframe?.first;
        let kept = self.ring.get(first)?;
        let behind = self.ring.highest()? - first;
        let is_recent = now - kept.arrival <= VIDEO_HISTORY;
        let limit = if is_recent {
            FAST_START_PACKETS
        } else {
            FEW_PACKETS
        };
        (behind < limit).then_some(first)
    }

    /// Return where the newest keyframe begins.
    pub fn keyframe(&self) -> Option<u64> {
        self.keyframe.map(|keyframe| keyframe.first)
    }

    /// Return the loudest level since the last call (RFC 6464: 0 is loudest, 127 silence).
    pub fn take_level(&mut self) -> Option<u8> {
        self.loudest.take()
    }

    /// Return whether the last packet is older than [`STALLED_AFTER`].
    pub fn is_silent(&self, now: Instant) -> bool {
        self.heard
            .is_some_and(|heard| now.saturating_duration_since(heard) >= STALLED_AFTER)
    }

    fn read(&self, packet: &Packet<'_>) -> PacketInfo {
        let ids = &self.parameters.extensions;
        let first = |id: Option<u8>| packet.extension(id?)?.first().copied();
        PacketInfo {
            timestamp: packet.timestamp(),
            payload_type: packet.payload_type(),
            marker: packet.marker(),
            audio_level: first(ids.audio_level),
            video_orientation: first(ids.video_orientation),
            playout_delay: ids
                .playout_delay
                .and_then(|id| packet.extension(id))
                .and_then(|delay| delay.try_into().ok()),
        }
    }

    fn keep(
        &mut self,
        sequence: u64,
        info: PacketInfo,
        codec: Codec,
        payload: &[u8],
        at: Micros,
    ) -> Result<(), Refused> {
        if payload.len() > MAX_PAYLOAD {
            return Err(Refused::Unreadable);
        }
        if !self.ring.insert(sequence, info, payload, at) {
            return Err(Refused::Duplicate);
        }
        self.fresh.push(sequence);
        if is_keyframe(codec, payload) {
            self.note_keyframe(sequence, info.timestamp);
        }
        if let Some(level) = info.audio_level {
            let level = level & LEVEL_MASK;
            self.loudest = Some(self.loudest.map_or(level, |loudest| loudest.min(level)));
        }
        Ok(())
    }

    /// Remember the first packet of the newest keyframe; several of its packets may look like it.
    fn note_keyframe(&mut self, sequence: u64, timestamp: u32) {
        let known = self.keyframe;
        let first = match known {
            Some(known) if known.timestamp == timestamp => known.first.min(sequence),
            Some(known) if sequence < known.first => return,
            _ => sequence,
        };
        self.keyframe = Some(Keyframe { first, timestamp });
        if known.is_none_or(|known| known.timestamp != timestamp) {
            self.requests.arrived();
            if let Some(source) = &mut self.source {
                source.missing.on_keyframe(first);
            }
        }
    }
}

fn is_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8::is_keyframe(payload),
        Codec::H264 => h264::is_keyframe(payload),
        Codec::Opus => false,
    }
}
