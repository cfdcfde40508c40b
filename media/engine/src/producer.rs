//! A published track, or one layer of it: one incoming SSRC at a time, its recent packets, and what
//! we tell its sender.

use std::time::{Duration, Instant};

use crate::clock::{MICROS_PER_SECOND, Micros, Timeline};
use crate::command::{Codec, CodecParameters, Kind, ProducerId, ProducerParameters, Size};
use crate::keyframe::Requests;
use crate::reception::Reception;
use crate::ring::{PacketInfo, Ring};
use crate::rtp::{Packet, SequenceExtender};
use crate::{h264, nack, vp8};

mod redundancy;

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

/// What is sent beside a payload: addresses, RTP header with extensions, authentication tag.
const OVERHEAD: u64 = 60;

/// Frames that other layers must have brought before one that brings none counts as ended: several
/// at any rate of frames, with two others or one.
const MISSED_FRAMES: u32 = 6;

/// Least silence of a layer that has ended; a burst of the others must not end it.
const LAYER_SILENCE: Duration = Duration::from_millis(200);

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

/// One published track, or one layer of it.
#[derive(Debug)]
pub struct Producer {
    /// Its name outside, which the layers of a track share.
    pub id: ProducerId,
    /// Which layer of its track it is (RFC 8852), if there are several.
    pub rid: Option<String>,
    /// The place of the transport it comes through.
    pub transport: usize,
    /// How it looks on the wire.
    pub parameters: ProducerParameters,
    /// The places of the slots it is in.
    pub consumers: Vec<usize>,
    /// The places of the slots that change to this layer at its next keyframe.
    pub joining: Vec<usize>,
    /// The threads that mirror it.
    pub mirrors: Vec<usize>,
    /// How often its source began anew, by which mirrors know.
    pub epoch: u32,
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
    size: Option<Size>,
    resized: bool,
    missed: u32,
    octets: u64,
    bits: u64,
    measured: Option<Micros>,
}

impl Producer {
    /// Expect a track.
    pub fn new(
        id: ProducerId,
        transport: usize,
        parameters: ProducerParameters,
        rid: Option<String>,
    ) -> Self {
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
            rid,
            transport,
            parameters,
            consumers: Vec::new(),
            joining: Vec::new(),
            mirrors: Vec::new(),
            epoch: 0,
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
            size: None,
            resized: false,
            missed: 0,
            octets: 0,
            bits: 0,
            measured: None,
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
        self.epoch = self.epoch.wrapping_add(1);
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
        self.size = None;
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
        match codec {
            Codec::Red => self.keep_blocks(sequence, info, packet.payload(), now, at)?,
            _ => self.keep(sequence, info, codec, packet.payload(), at)?,
        }
        let Some(source) = self.source.as_mut() else {
            return Ok(());
        };
        source.reception.packet(sequence, packet.timestamp(), at);
        if self.parameters.nack {
            source.missing.on_packet(sequence, now);
        }
        self.timeline.arrival(at, packet.timestamp());
        self.heard = Some(now);
        self.missed = 0;
        self.octets += packet.payload().len() as u64 + OVERHEAD;
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

    /// Take in the copy of a packet that another thread took in at `arrival`.
    pub fn accept_copy(
        &mut self,
        sequence: u64,
        info: PacketInfo,
        payload: &[u8],
        arrival: Micros,
        now: Instant,
    ) -> Result<(), Refused> {
        let codec = self
            .codec(info.payload_type)
            .ok_or(Refused::Unreadable)?
            .codec;
        // a repair is no sign of life
        let is_newest = self.ring.highest().is_none_or(|newest| sequence > newest);
        self.keep(sequence, info, codec, payload, arrival)?;
        if is_newest {
            self.heard = Some(now);
            self.missed = 0;
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

    /// Return whether the picture has another size than at the last call.
    pub fn take_resized(&mut self) -> bool {
        std::mem::take(&mut self.resized)
    }

    /// Return how large the picture was last.
    pub fn size(&self) -> Option<Size> {
        self.size
    }

    /// Return how large the picture is, while it comes.
    pub fn live_size(&self) -> Option<Size> {
        self.size.filter(|_| self.activity == Activity::Active)
    }

    /// Note that another layer brought a frame; returns whether this one has ended.
    pub fn miss_frame(&mut self, now: Instant) -> bool {
        self.missed += 1;
        let silent = |heard| now.saturating_duration_since(heard) >= LAYER_SILENCE;
        let ended = self.missed >= MISSED_FRAMES && self.heard.is_some_and(silent);
        let ends = ended && self.activity == Activity::Active;
        if ends {
            self.activity = Activity::Stalled;
        }
        ends
    }

    /// Measure what came since the last call; returns its size and bits a second, while it comes.
    pub fn measure(&mut self, now: Micros) -> Option<(Size, u64)> {
        let span = now - self.measured.replace(now).unwrap_or(now);
        let octets = std::mem::take(&mut self.octets);
        if span > 0 {
            let bits = 8 * octets * MICROS_PER_SECOND as u64 / span as u64;
            let before = if self.bits == 0 { bits } else { self.bits };
            self.bits = u64::midpoint(before, bits);
        }
        let (size, bits) = (self.live_size()?, self.bits);
        (bits > 0).then_some((size, bits))
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
            playout_delay: whole(packet, ids.playout_delay),
            content_type: first(ids.content_type),
            color_space: whole(packet, ids.color_space),
            is_padded: false,
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
            self.note_size(picture_size(codec, payload));
        }
        if let Some(level) = info.audio_level {
            let level = level & LEVEL_MASK;
            self.loudest = Some(self.loudest.map_or(level, |loudest| loudest.min(level)));
        }
        Ok(())
    }

    /// Note how large the picture is, if that is known.
    pub fn note_size(&mut self, size: Option<Size>) {
        self.resized |= size.is_some() && size != self.size;
        self.size = size.or(self.size);
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

/// Return an extension of exactly so many bytes.
fn whole<const N: usize>(packet: &Packet<'_>, id: Option<u8>) -> Option<[u8; N]> {
    packet.extension(id?)?.try_into().ok()
}

fn picture_size(codec: Codec, payload: &[u8]) -> Option<Size> {
    match codec {
        Codec::Vp8 => vp8::picture_size(payload),
        Codec::H264 => h264::picture_size(payload),
        Codec::Opus | Codec::Red => None,
    }
}

fn is_keyframe(codec: Codec, payload: &[u8]) -> bool {
    match codec {
        Codec::Vp8 => vp8::is_keyframe(payload),
        Codec::H264 => h264::is_keyframe(payload),
        Codec::Opus | Codec::Red => false,
    }
}
