//! One slot of one subscriber: numbers and times that go on whatever source is in it.
//!
//! A slot's outgoing sequence numbers are its source's plus a constant, as long as nothing is left
//! out: each such stretch is a [`Run`](crate::runs::Run). Runs make every outgoing packet a function of the shared
//! ring, so that nothing is stored per subscriber, and a packet sent twice is the same to the byte,
//! which SRTP demands.

use crate::clock::{Clock, MICROS_PER_SECOND, Micros};
use crate::command::{Codec, ConsumerId, ConsumerParameters, Kind};
use crate::error::Result;
use crate::keyframe::Wishes;
use crate::producer::Producer;
use crate::ring::Kept;
use crate::rtp::{self, HeaderFields};
use crate::runs::{Resends, Runs};
use crate::vp8;

/// Packets at a slot's start that carry the MID extension, for receivers that were not told SSRCs.
const MID_PACKETS: u64 = 128;

/// A sender report that puts a packet further than this from its arrival is not believed.
const MAX_CLOCK_ERROR: Micros = 5 * MICROS_PER_SECOND;

/// Least step of time between two sources.
const SOURCE_STEP: Micros = 20_000;

/// Highest first sequence number: the receiver must not have to guess at a wrap (RFC 3711 §3.3.1).
const FIRST_SEQUENCE_BELOW: u64 = 1 << 15;

/// Entry of the payload table for a payload type this subscriber does not know.
const UNWANTED: u8 = 0xFF;

/// Whether packets flow through the slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// No source.
    Empty,
    /// A source, but nothing to begin with yet.
    Waiting,
    /// Packets are forwarded as they come.
    Flowing,
}

/// Whether a packet leaves for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sending {
    First,
    Again,
}

/// A packet written into a buffer, not yet protected.
#[derive(Debug, Clone, Copy)]
pub struct Written {
    /// Bytes in all.
    pub len: usize,
    /// Bytes of them that stay readable.
    pub header_len: usize,
    /// Our extended sequence number.
    pub out: u64,
}

impl Written {
    /// Return how often the sequence number has wrapped.
    pub fn rollover(&self) -> u32 {
        (self.out >> 16) as u32
    }
}

/// One subscriber's slot.
#[derive(Debug)]
pub struct Consumer {
    /// Its name outside.
    pub id: ConsumerId,
    /// The place of the transport it sends through.
    pub transport: usize,
    /// The place of the source in it.
    pub producer: Option<usize>,
    /// How it looks on the wire.
    pub parameters: ConsumerParameters,
    /// The subscriber's right to ask for keyframes.
    pub wishes: Wishes,
    /// Packets for a direct transport, until the batch is over.
    pub copies: Vec<Vec<u8>>,
    /// Packets sent, for sender reports.
    pub packets: u32,
    /// Their payload bytes.
    pub octets: u32,
    asked_after: Option<Option<u64>>,
    phase: Phase,
    payload_types: [u8; 128],
    vp8_type: Option<u8>,
    runs: Runs,
    first_out: u64,
    next_out: u64,
    next_rtx: u64,
    frame_cut: bool,
    frame_open: bool,
    newest: Option<(u32, Micros)>,
    line: Option<(Micros, u32)>,
    first_timestamp: u32,
    munger: vp8::Munger,
    resends: Resends,
}

impl Consumer {
    /// Open an empty slot; `random` seeds its numbers.
    pub fn new(
        id: ConsumerId,
        transport: usize,
        parameters: ConsumerParameters,
        random: [u32; 3],
    ) -> Self {
        let first_out = u64::from(random[0]) % FIRST_SEQUENCE_BELOW;
        let vp8 = parameters
            .codecs
            .iter()
            .find(|codec| codec.codec == Codec::Vp8);
        let vp8_type = vp8.map(|codec| codec.payload_type);
        Self {
            id,
            transport,
            producer: None,
            parameters,
            wishes: Wishes::default(),
            copies: Vec::new(),
            packets: 0,
            octets: 0,
            asked_after: None,
            phase: Phase::Empty,
            payload_types: [UNWANTED; 128],
            vp8_type,
            runs: Runs::default(),
            first_out,
            next_out: first_out,
            next_rtx: u64::from(random[1]) % FIRST_SEQUENCE_BELOW,
            frame_cut: false,
            frame_open: false,
            newest: None,
            line: None,
            first_timestamp: random[2],
            munger: vp8::Munger::default(),
            resends: Resends::default(),
        }
    }

    /// Return whether packets flow.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Put a source in; packets flow once there is something to begin with.
    pub fn enter(&mut self, place: usize, producer: &Producer) {
        self.producer = Some(place);
        self.phase = Phase::Waiting;
        self.asked_after = None;
        self.payload_types = self.translate(producer);
    }

    /// Take the source out, remembering where its time stood.
    pub fn leave(&mut self, producer: &Producer, now: Micros) {
        self.line = self.time_at(producer, now).or(self.line);
        self.producer = None;
        self.phase = Phase::Empty;
        self.frame_cut |= self.frame_open;
        self.runs.clear();
        self.resends.clear();
    }

    /// Leave out everything up to the next keyframe.
    pub fn cut(&mut self) {
        self.phase = Phase::Waiting;
        self.asked_after = None;
        self.frame_cut = true;
        self.runs.end_before(self.next_out);
    }

    /// Begin to flow if the source has something to begin with; returns the first number to send.
    pub fn begin(&mut self, producer: &Producer, now: Micros) -> Option<u64> {
        let first = producer.entry(now)?;
        let kept = producer.ring.get(first)?;
        let timestamp = self.timestamp_for(producer, kept)?;
        // after a cut frame the receiver must see that something is missing
        let out_first = self.next_out + u64::from(self.frame_cut);
        if self.runs.is_empty() {
            self.munger.change_source();
        }
        let timestamp_offset = timestamp.wrapping_sub(kept.info.timestamp);
        self.runs.begin(first, out_first, timestamp_offset);
        self.next_out = out_first;
        self.frame_cut = false;
        self.frame_open = false;
        self.phase = Phase::Flowing;
        Some(first)
    }

    /// Return whether the publisher should be asked for a keyframe on behalf of this slot.
    pub fn asks_for_keyframe(&mut self, producer: &Producer) -> bool {
        if self.phase != Phase::Waiting || self.parameters.kind == Kind::Audio {
            return false;
        }
        // once per keyframe that came and was of no use
        let asked = self.asked_after.replace(producer.keyframe());
        asked != Some(producer.keyframe())
    }

    /// Write this subscriber's copy of a packet; `None` when it is not for this slot.
    pub fn write(&mut self, kept: &Kept, clock: &Clock, out: &mut [u8]) -> Option<Written> {
        let written = self.compose(kept, clock, out, Sending::First)?;
        self.packets = self.packets.wrapping_add(1);
        self.octets = self.octets.wrapping_add(kept.payload.len() as u32);
        if written.out >= self.next_out {
            self.next_out = written.out + 1;
            self.frame_open = self.parameters.kind == Kind::Video && !kept.info.marker;
            let offset = self.runs.last().map_or(0, |run| run.timestamp_offset);
            self.newest = Some((kept.info.timestamp.wrapping_add(offset), kept.arrival));
        }
        Some(written)
    }

    /// Return the source's number behind one of ours that shall be sent again now.
    ///
    /// Asking again within `round_trip` is answered once, and no packet more than a few times.
    pub fn source_of(&mut self, sequence: u16, now: Micros, round_trip: Micros) -> Option<u64> {
        let newest = self.next_out.checked_sub(1)?;
        let behind = (newest as u16).wrapping_sub(sequence);
        let out = newest.checked_sub(u64::from(behind))?;
        let source = self.runs.source_of(out)?;
        let may_go = self.resends.allow(out, now, round_trip);
        may_go.then_some(source)
    }

    /// Write a packet that was asked for again: as RTX if negotiated, else the same to the byte.
    pub fn write_again(&mut self, kept: &Kept, clock: &Clock, out: &mut [u8]) -> Option<Written> {
        let codecs = &self.parameters.codecs;
        let payload_type = self.payload_types[usize::from(kept.info.payload_type & 0x7F)];
        let codec = codecs
            .iter()
            .find(|codec| codec.payload_type == payload_type)?;
        let (Some(ssrc), Some(payload_type)) = (self.parameters.rtx_ssrc, codec.rtx_payload_type)
        else {
            return self.compose(kept, clock, out, Sending::Again);
        };
        self.compose_rtx(kept, clock, out, ssrc, payload_type)
    }

    /// Return `now` with the RTP time that this slot has then.
    pub fn time_at(&self, producer: &Producer, now: Micros) -> Option<(Micros, u32)> {
        let offset = self.runs.last()?.timestamp_offset;
        Some((now, producer.timeline.timestamp(now)?.wrapping_add(offset)))
    }

    fn compose(
        &mut self,
        kept: &Kept,
        clock: &Clock,
        out: &mut [u8],
        sending: Sending,
    ) -> Option<Written> {
        let (run, number) = self.runs.find(kept.sequence)?;
        let payload_type = self.payload_types[usize::from(kept.info.payload_type & 0x7F)];
        if payload_type == UNWANTED {
            return None;
        }
        let begins_sound = self.parameters.kind == Kind::Audio && kept.sequence == run.first;
        let fields = HeaderFields {
            marker: kept.info.marker || begins_sound,
            payload_type,
            sequence: number as u16,
            timestamp: kept.info.timestamp.wrapping_add(run.timestamp_offset),
            ssrc: self.parameters.ssrc,
        };
        let header_len = self.write_header(kept, clock, out, &fields, number).ok()?;
        let len = self.write_payload(kept, out, header_len, payload_type, sending)?;
        Some(Written {
            len,
            header_len,
            out: number,
        })
    }

    fn compose_rtx(
        &mut self,
        kept: &Kept,
        clock: &Clock,
        out: &mut [u8],
        ssrc: u32,
        payload_type: u8,
    ) -> Option<Written> {
        let (run, original) = self.runs.find(kept.sequence)?;
        let number = self.next_rtx;
        let fields = HeaderFields {
            marker: kept.info.marker,
            payload_type,
            sequence: number as u16,
            timestamp: kept.info.timestamp.wrapping_add(run.timestamp_offset),
            ssrc,
        };
        let header_len = self
            .write_header(kept, clock, out, &fields, original)
            .ok()?;
        let media = self.payload_types[usize::from(kept.info.payload_type & 0x7F)];
        out.get_mut(header_len..header_len + 2)?
            .copy_from_slice(&(original as u16).to_be_bytes());
        let len = self.write_payload(kept, out, header_len + 2, media, Sending::Again)?;
        self.next_rtx += 1;
        Some(Written {
            len,
            header_len,
            out: number,
        })
    }

    fn write_header(
        &self,
        kept: &Kept,
        clock: &Clock,
        out: &mut [u8],
        fields: &HeaderFields,
        number: u64,
    ) -> Result<usize> {
        let ids = &self.parameters.extensions;
        let info = &kept.info;
        // the time the packet came here: the same when it is sent again, which SRTP demands
        let sent = clock.abs_send_time(kept.arrival);
        let level = info.audio_level.map(|level| [level]);
        let orientation = info.video_orientation.map(|orientation| [orientation]);
        let mid = (number < self.first_out + MID_PACKETS).then_some(self.parameters.mid.as_bytes());
        let candidates: [(Option<u8>, Option<&[u8]>); 5] = [
            (ids.mid, mid),
            (ids.abs_send_time, Some(&sent)),
            (ids.audio_level, level.as_ref().map(<[u8; 1]>::as_slice)),
            (
                ids.video_orientation,
                orientation.as_ref().map(<[u8; 1]>::as_slice),
            ),
            (
                ids.playout_delay,
                info.playout_delay.as_ref().map(<[u8; 3]>::as_slice),
            ),
        ];
        let mut chosen: [(u8, &[u8]); 5] = [(0, &[]); 5];
        let mut count = 0;
        for (id, data) in candidates {
            if let (Some(id), Some(data)) = (id, data) {
                chosen[count] = (id, data);
                count += 1;
            }
        }
        rtp::write_header(out, fields, &chosen[..count])
    }

    fn write_payload(
        &mut self,
        kept: &Kept,
        out: &mut [u8],
        at: usize,
        payload_type: u8,
        sending: Sending,
    ) -> Option<usize> {
        let end = at + kept.payload.len();
        let room = out.get_mut(at..end)?;
        room.copy_from_slice(&kept.payload);
        if self.vp8_type == Some(payload_type) {
            // a payload without a readable descriptor goes as it came: decoders know what to do
            let _ = match sending {
                Sending::First => self.munger.rewrite(room),
                Sending::Again => self.munger.repeat(room),
            };
        }
        Some(end)
    }

    fn translate(&self, producer: &Producer) -> [u8; 128] {
        let mut table = [UNWANTED; 128];
        for from in &producer.parameters.codecs {
            let same = |to: &&crate::command::CodecParameters| {
                to.codec == from.codec && to.clock_rate == from.clock_rate
            };
            if let Some(to) = self.parameters.codecs.iter().find(same) {
                table[usize::from(from.payload_type & 0x7F)] = to.payload_type;
            }
        }
        table
    }

    /// Choose the outgoing time of the first packet of a run, so that time neither jumps nor turns.
    ///
    /// `None` means that the packet is from before what was sent last: a later one must be found.
    fn timestamp_for(&self, producer: &Producer, kept: &Kept) -> Option<u32> {
        if let Some(run) = self.runs.last() {
            // the same source after a cut: its own clock goes on
            let timestamp = kept.info.timestamp.wrapping_add(run.timestamp_offset);
            let is_later = self
                .newest
                .is_none_or(|(newest, _)| is_after(timestamp, newest));
            return is_later.then_some(timestamp);
        }
        let Some((anchored, anchor)) = self.line else {
            return Some(self.first_timestamp);
        };
        let rate = i64::from(producer.clock_rate());
        let ticks = |span: Micros| (span * rate / MICROS_PER_SECOND) as u32;
        let reported = producer.timeline.position(kept.info.timestamp);
        let position = reported
            .filter(|position| (position - kept.arrival).abs() < MAX_CLOCK_ERROR)
            .unwrap_or(kept.arrival);
        let wanted = anchor.wrapping_add(ticks(position - anchored));
        let Some((newest, newest_arrival)) = self.newest else {
            return Some(wanted);
        };
        let soonest = newest.wrapping_add(ticks(SOURCE_STEP));
        if is_after(wanted, soonest) {
            return Some(wanted);
        }
        let is_past = kept.arrival < newest_arrival && self.parameters.kind == Kind::Video;
        (!is_past).then_some(soonest)
    }
}

/// Return whether RTP time `a` lies after `b`, over the wrap.
fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}
