//! One slot of one subscriber: numbers and times that go on whatever source is in it.
//!
//! A slot's outgoing sequence numbers are its source's plus a constant, as long as nothing is left
//! out: each such stretch is a [`Run`](crate::runs::Run). Runs make every outgoing packet a function of the shared
//! ring, so that nothing is stored per subscriber, and a packet sent twice is the same to the byte,
//! which SRTP demands.

use crate::clock::{Clock, MICROS_PER_SECOND, Micros};
use crate::command::{Codec, ConsumerId, ConsumerParameters, Kind};
use crate::keyframe::Wishes;
use crate::producer::Producer;
use crate::red::Redundancy;
use crate::remote::Class;
use crate::ring::Kept;
use crate::runs::{Resends, Runs};
use crate::vp8;
use writing::Sending;

mod redundancy;
mod writing;

/// A sender report that puts a packet further than this from its arrival is not believed.
const MAX_CLOCK_ERROR: Micros = 5 * MICROS_PER_SECOND;

/// Least step of time between two sources.
const SOURCE_STEP: Micros = 20_000;

/// Least step of time between two layers: often the same frame is shown in both.
const LAYER_STEP: Micros = 1_000;

/// How much later the old layer's newest packet may have come than the new one's keyframe.
const LAYER_OVERLAP: Micros = 100_000;

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
    /// A source, of which the subscriber shall have nothing now.
    Paused,
}

/// What changes between two packets that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seam {
    Source,
    Layer,
}

impl Seam {
    /// Return the least step of time, and how far the second packet may lie back.
    fn tolerances(self) -> (Micros, Micros) {
        match self {
            Self::Source => (SOURCE_STEP, 0),
            Self::Layer => (LAYER_STEP, LAYER_OVERLAP),
        }
    }
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
    /// Where the transport-wide number goes, which is known only when the packet leaves.
    pub transport_cc_at: Option<usize>,
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
    /// The place of the source in it, or of the layer of it that is shown.
    pub producer: Option<usize>,
    /// The place of the layer to be shown instead, from its next keyframe on.
    pub wanted: Option<usize>,
    /// Most pixels of a picture in it, 0 for none at all; without a limit, the largest is shown.
    pub limit: Option<u32>,
    /// How it looks on the wire.
    pub parameters: ConsumerParameters,
    /// The subscriber's right to ask for keyframes.
    pub wishes: Wishes,
    /// Packets for a direct transport, until the batch is over.
    pub copies: Vec<Vec<u8>>,
    /// How many copies of earlier sound its packets carry, if it negotiated that.
    pub redundancy: Redundancy,
    /// Packets sent, for sender reports.
    pub packets: u32,
    /// Their payload bytes.
    pub octets: u32,
    asked_after: Option<Option<u64>>,
    command: Option<u8>,
    phase: Phase,
    payload_types: [u8; 128],
    vp8_type: Option<u8>,
    red_type: Option<u8>,
    runs: Runs,
    first_out: u64,
    next_out: u64,
    next_rtx: u64,
    frame_cut: bool,
    frame_open: bool,
    newest: Option<(u32, Micros)>,
    line: Option<(Micros, u32)>,
    seam: Seam,
    first_timestamp: u32,
    munger: vp8::Munger,
    resends: Resends,
}

impl Consumer {
    /// Open an empty slot; `random` seeds its numbers.
    pub fn new(
        id: ConsumerId,
        transport: usize,
        mut parameters: ConsumerParameters,
        random: [u32; 3],
    ) -> Self {
        // a repair that is the same to the byte can not carry a new transport-wide number
        if parameters.kind == Kind::Video && parameters.rtx_ssrc.is_none() {
            parameters.extensions.transport_cc = None;
        }
        let first_out = u64::from(random[0]) % FIRST_SEQUENCE_BELOW;
        let type_of = |codec| {
            let mut codecs = parameters.codecs.iter();
            let found = codecs.find(|offered| offered.codec == codec);
            found.map(|codec| codec.payload_type)
        };
        let (vp8_type, red_type) = (type_of(Codec::Vp8), type_of(Codec::Red));
        Self {
            id,
            transport,
            producer: None,
            wanted: None,
            limit: None,
            parameters,
            wishes: Wishes::default(),
            copies: Vec::new(),
            redundancy: Redundancy::default(),
            packets: 0,
            octets: 0,
            asked_after: None,
            command: None,
            phase: Phase::Empty,
            payload_types: [UNWANTED; 128],
            vp8_type,
            red_type,
            runs: Runs::default(),
            first_out,
            next_out: first_out,
            next_rtx: u64::from(random[1]) % FIRST_SEQUENCE_BELOW,
            frame_cut: false,
            frame_open: false,
            newest: None,
            line: None,
            seam: Seam::Source,
            first_timestamp: random[2],
            munger: vp8::Munger::default(),
            resends: Resends::default(),
        }
    }

    /// Return what its packets carry.
    pub fn class(&self) -> Class {
        match self.parameters.kind {
            Kind::Audio => Class::Audio,
            Kind::Video => Class::Video,
        }
    }

    /// Return whether packets flow.
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Put a source in; packets flow once there is something to begin with.
    pub fn enter(&mut self, place: usize, producer: &Producer) {
        self.producer = Some(place);
        self.wait();
        self.payload_types = self.translate(producer);
    }

    /// Take the source out, remembering where its time stood.
    pub fn leave(&mut self, producer: &Producer, now: Micros) {
        self.line = self.time_at(producer, now).or(self.line);
        self.seam = Seam::Source;
        self.producer = None;
        self.phase = Phase::Empty;
        self.frame_cut |= self.frame_open;
        self.runs.clear();
        self.resends.clear();
    }

    /// Leave out everything up to the next keyframe.
    pub fn cut(&mut self) {
        self.frame_cut = true;
        self.runs.end_before(self.next_out);
        self.wait();
    }

    /// Let the subscriber have pictures of at most so many pixels; returns whether that is news.
    pub fn set_limit(&mut self, limit: Option<u32>) -> bool {
        let is_news = limit != self.limit;
        self.limit = limit;
        match self.phase {
            Phase::Flowing if self.is_held() => self.cut(),
            Phase::Waiting | Phase::Paused => self.wait(),
            Phase::Flowing | Phase::Empty => {}
        }
        is_news
    }

    /// Return whether the subscriber shall have nothing.
    pub fn is_held(&self) -> bool {
        self.limit == Some(0)
    }

    /// Change from one layer to another if that one has a keyframe to go on with.
    ///
    /// Until then the old layer goes on, so that nobody sees the change but by its size. The slot's
    /// line stays: what one change had to add to its time, the next one takes back.
    pub fn change_layer(&mut self, from: &Producer, to: (usize, &Producer), now: Micros) -> bool {
        let (place, to) = to;
        let line = self.line.or_else(|| self.time_at(from, now));
        let kept = to.entry(now).and_then(|first| to.ring.get(first));
        let fits = kept.and_then(|kept| self.timestamp_after(line, Seam::Layer, to, kept));
        if fits.is_none() {
            return false;
        }
        self.leave(from, now);
        (self.line, self.seam) = (line, Seam::Layer);
        self.enter(place, to);
        true
    }

    /// Return whether a keyframe of the wanted layer should be asked for on behalf of this slot.
    pub fn asks_to_change(&mut self, to: &Producer) -> bool {
        let asked = self.asked_after.replace(to.keyframe());
        asked != Some(to.keyframe())
    }

    /// Think of another layer from now on, of which nothing was asked yet.
    pub fn want(&mut self, place: Option<usize>) {
        self.wanted = place;
        self.asked_after = None;
    }

    fn wait(&mut self) {
        self.phase = if self.is_held() {
            Phase::Paused
        } else {
            Phase::Waiting
        };
        self.asked_after = None;
    }

    /// Begin to flow if the source has something to begin with; returns the first number to send.
    pub fn begin(&mut self, producer: &Producer, now: Micros) -> Option<u64> {
        if self.phase != Phase::Waiting {
            return None;
        }
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

    /// Return whether a full intra request is news; the same number is a repeat (RFC 5104 §4.3.1.1).
    pub fn is_news(&mut self, command: u8) -> bool {
        self.command.replace(command) != Some(command)
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
    pub fn write_again(
        &mut self,
        kept: &Kept,
        clock: &Clock,
        now: Micros,
        out: &mut [u8],
    ) -> Option<Written> {
        let codecs = &self.parameters.codecs;
        let payload_type = self.payload_types[usize::from(kept.info.payload_type & 0x7F)];
        let codec = codecs
            .iter()
            .find(|codec| codec.payload_type == payload_type)?;
        let (Some(ssrc), Some(payload_type)) = (self.parameters.rtx_ssrc, codec.rtx_payload_type)
        else {
            let is_numbered = self.parameters.extensions.transport_cc.is_some();
            let may_differ = is_numbered || self.red_type.is_some();
            let repeat = || self.compose(kept, clock, out, Sending::Again);
            return (!may_differ).then(repeat).flatten();
        };
        self.compose_rtx(kept, (clock, now), out, ssrc, payload_type)
    }

    /// Return whether packets of its repair stream can tell what the path carries.
    pub fn may_probe(&self) -> bool {
        let repairs = self.repair().is_some();
        repairs && self.parameters.extensions.transport_cc.is_some()
    }

    /// Return SSRC and a payload type of its repair stream.
    fn repair(&self) -> Option<(u32, u8)> {
        let mut codecs = self.parameters.codecs.iter();
        let payload_type = codecs.find_map(|codec| codec.rtx_payload_type)?;
        Some((self.parameters.rtx_ssrc?, payload_type))
    }

    /// Return `now` with the RTP time that this slot has then.
    pub fn time_at(&self, producer: &Producer, now: Micros) -> Option<(Micros, u32)> {
        let offset = self.runs.last()?.timestamp_offset;
        Some((now, producer.timeline.timestamp(now)?.wrapping_add(offset)))
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
        self.timestamp_after(self.line, self.seam, producer, kept)
    }

    /// Return where a packet of another source or layer lies on the slot's `line`, if it can follow
    /// what was sent last.
    fn timestamp_after(
        &self,
        line: Option<(Micros, u32)>,
        seam: Seam,
        producer: &Producer,
        kept: &Kept,
    ) -> Option<u32> {
        let Some((anchored, anchor)) = line else {
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
        let (step, overlap) = seam.tolerances();
        let soonest = newest.wrapping_add(ticks(step));
        if is_after(wanted, soonest) {
            return Some(wanted);
        }
        let is_past =
            kept.arrival + overlap < newest_arrival && self.parameters.kind == Kind::Video;
        (!is_past).then_some(soonest)
    }
}

/// Return whether RTP time `a` lies after `b`, over the wrap.
fn is_after(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) > 0
}
