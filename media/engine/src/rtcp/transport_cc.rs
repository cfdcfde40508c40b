//! Transport-wide congestion control feedback: when which packet came
//! (draft-holmer-rmcat-transport-wide-cc-extensions-01 §3.1).

use super::{HEADER_LEN, TRANSPORT_FEEDBACK, begin};
use super::{read_feedback, write_feedback_ssrcs};
use crate::clock::Micros;
use crate::error::{Error, Result};
use crate::rtp::u16_at;

pub(super) const FORMAT_TRANSPORT_CC: u8 = 15;

/// Microseconds of one unit of the reference time.
pub const REFERENCE_UNIT: Micros = 64_000;
/// Microseconds of one unit of a receive delta.
const DELTA_UNIT: Micros = 250;
/// Bits of the reference time.
const REFERENCE_BITS: u32 = 24;
/// Bytes between the SSRCs and the chunks: base, count, reference time and feedback count.
const FIXED_LEN: usize = 8;
/// Most packets of one run length chunk, §3.1.3.
const MAX_RUN: usize = (1 << 13) - 1;
/// Packets of a status vector chunk with two-bit symbols, §3.1.4.
const VECTOR_LEN: usize = 7;

/// Packet status symbols, §3.1.1.
const NOT_RECEIVED: u16 = 0;
const SMALL_DELTA: u16 = 1;
const LARGE_DELTA: u16 = 2;

/// One packet that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arrival {
    /// Its transport-wide sequence number.
    pub sequence: u16,
    /// When it came, on the receiver's clock, which wraps with the reference time.
    pub at: Micros,
}

/// Parsed feedback; what it does not list between its first and last number did not come.
#[derive(Debug, Clone, Copy)]
pub struct TransportCc<'a> {
    /// Who reports.
    pub sender_ssrc: u32,
    /// Number of the first packet it covers.
    pub base: u16,
    /// How many packets it covers, lost ones included.
    pub count: u16,
    /// Counts the messages.
    pub feedback_count: u8,
    reference: Micros,
    chunks: &'a [u8],
    deltas: &'a [u8],
}

impl<'a> TransportCc<'a> {
    /// Iterate over the packets that came, in the order of their numbers.
    ///
    /// Runs of lost packets are stepped over at once, so that what this costs is bounded by the
    /// bytes of the message and not by the packets it claims to cover.
    pub fn arrivals(&self) -> impl Iterator<Item = Arrival> + use<'a> {
        let (base, mut deltas, mut at) = (self.base, self.deltas, self.reference);
        let received = symbols(self.chunks, self.count).filter(|run| run.symbol != NOT_RECEIVED);
        let each = received.flat_map(|run| (0..run.len).map(move |step| (run.from + step, run)));
        each.map_while(move |(offset, run)| {
            let (delta, rest) = read_delta(run.symbol, deltas)?;
            deltas = rest;
            at += delta * DELTA_UNIT;
            Some(Arrival {
                sequence: base.wrapping_add(offset),
                at,
            })
        })
    }
}

fn read_delta(symbol: u16, data: &[u8]) -> Option<(Micros, &[u8])> {
    match (symbol, data) {
        (SMALL_DELTA, [delta, rest @ ..]) => Some((Micros::from(*delta), rest)),
        (LARGE_DELTA, [high, low, rest @ ..]) => {
            Some((i16::from_be_bytes([*high, *low]).into(), rest))
        }
        _ => None,
    }
}

/// Packets in a row with one status, from the `from`th on.
#[derive(Debug, Clone, Copy)]
struct StatusRun {
    symbol: u16,
    from: u16,
    len: u16,
}

/// Iterate over the statuses that chunks give to `count` packets.
fn symbols(chunks: &[u8], count: u16) -> impl Iterator<Item = StatusRun> + use<'_> {
    let mut next = 0;
    let runs = chunks.chunks_exact(2).flat_map(|chunk| {
        let chunk = u16_at(chunk, 0);
        // a run is one step, a vector as many as it has symbols
        let (len, bits) = match chunk >> 14 {
            0 | 1 => (1, 0),
            2 => (2 * VECTOR_LEN as u16, 1),
            _ => (VECTOR_LEN as u16, 2),
        };
        (0..len).map(move |at| match bits {
            0 => (chunk >> 13 & 3, chunk & MAX_RUN as u16),
            1 => (chunk >> (13 - at) & 1, 1),
            _ => (chunk >> (12 - 2 * at) & 3, 1),
        })
    });
    runs.map_while(move |(symbol, len)| {
        let run = StatusRun {
            symbol,
            from: next,
            len: len.min(count - next),
        };
        next += run.len;
        (run.len > 0).then_some(run)
    })
}

/// Return the bytes that the chunks of `count` packets take, and those of their deltas.
fn lengths(data: &[u8], count: u16) -> Result<(usize, usize)> {
    let truncated = Error::Truncated("transport-wide feedback");
    let (mut covered, mut chunks, mut deltas) = (0u32, 0, 0);
    while covered < u32::from(count) {
        let chunk = data.get(chunks..chunks + 2).ok_or(truncated)?;
        let left = count - covered as u16;
        for run in symbols(chunk, left) {
            deltas += match run.symbol {
                NOT_RECEIVED => 0,
                SMALL_DELTA => usize::from(run.len),
                LARGE_DELTA => 2 * usize::from(run.len),
                _ => return Err(Error::Malformed("transport-wide feedback status")),
            };
            covered += u32::from(run.len);
        }
        if u16_at(chunk, 0) & 0x9FFF == 0 {
            return Err(Error::Malformed("transport-wide feedback run"));
        }
        chunks += 2;
    }
    Ok((chunks, deltas))
}

pub(super) fn parse(body: &[u8]) -> Result<TransportCc<'_>> {
    let (sender_ssrc, _, rest) = read_feedback(body, "transport-wide feedback")?;
    let truncated = Error::Truncated("transport-wide feedback");
    let (fixed, data) = rest.split_at_checked(FIXED_LEN).ok_or(truncated)?;
    let (base, count) = (u16_at(fixed, 0), u16_at(fixed, 2));
    let (chunks_len, deltas_len) = lengths(data, count)?;
    let (chunks, rest) = data.split_at(chunks_len);
    let deltas = rest.get(..deltas_len).ok_or(truncated)?;
    // 24 signed bits
    let reference = i32::from_be_bytes([fixed[4], fixed[5], fixed[6], 0]) >> 8;
    Ok(TransportCc {
        sender_ssrc,
        base,
        count,
        feedback_count: fixed[7],
        reference: Micros::from(reference) * REFERENCE_UNIT,
        chunks,
        deltas,
    })
}

/// Whom feedback is from and about, and which message it is.
#[derive(Debug, Clone, Copy)]
pub struct Sender {
    /// Who reports.
    pub sender_ssrc: u32,
    /// Any source of the peer; the draft leaves open which.
    pub media_ssrc: u32,
    /// Counts the messages.
    pub feedback_count: u8,
}

/// Write feedback that covers the numbers from `base` on and return its length, and how many of
/// the arrivals it took; they ascend by number, and the rest is for the next message.
///
/// Arrivals before `base` are taken without a word. Fails with `BufferTooSmall`.
pub fn write(
    out: &mut [u8],
    sender: &Sender,
    base: u64,
    arrivals: &[(u64, Micros)],
) -> Result<(usize, usize)> {
    let skipped = arrivals.partition_point(|(sequence, _)| *sequence < base);
    let Some((_, first_at)) = arrivals.get(skipped) else {
        return Err(Error::InvalidArgument("list of arrivals"));
    };
    let reference = first_at.div_euclid(REFERENCE_UNIT);
    let room = out.len().saturating_sub(HEADER_LEN + 8 + FIXED_LEN + 3);
    let mut encoder = Encoder::new(base, reference * REFERENCE_UNIT, room);
    let taken = arrivals[skipped..]
        .iter()
        .take_while(|(sequence, at)| encoder.add(*sequence, *at))
        .count();
    encoder.end_chunk();
    let parts = encoder.chunks.len() + encoder.deltas.len();
    let len = (HEADER_LEN + 8 + FIXED_LEN + parts).next_multiple_of(4);
    let body = begin(out, FORMAT_TRANSPORT_CC, TRANSPORT_FEEDBACK, len)?;
    write_feedback_ssrcs(body, sender.sender_ssrc, sender.media_ssrc);
    body[8..10].copy_from_slice(&(base as u16).to_be_bytes());
    body[10..12].copy_from_slice(&((encoder.next - base) as u16).to_be_bytes());
    let mask = (1 << REFERENCE_BITS) - 1;
    let word = ((reference & mask) as u32) << 8 | u32::from(sender.feedback_count);
    body[12..16].copy_from_slice(&word.to_be_bytes());
    let (chunks, rest) = body[16..].split_at_mut(encoder.chunks.len());
    chunks.copy_from_slice(&encoder.chunks);
    rest[..encoder.deltas.len()].copy_from_slice(&encoder.deltas);
    rest[encoder.deltas.len()..].fill(0);
    Ok((len, skipped + taken))
}

/// Turns arrivals into chunks and deltas.
struct Encoder {
    base: u64,
    next: u64,
    clock: Micros,
    room: usize,
    chunks: Vec<u8>,
    deltas: Vec<u8>,
    pending: Vec<u16>,
}

impl Encoder {
    fn new(base: u64, clock: Micros, room: usize) -> Self {
        Self {
            base,
            next: base,
            clock,
            room,
            chunks: Vec::new(),
            deltas: Vec::new(),
            pending: Vec::with_capacity(VECTOR_LEN),
        }
    }

    /// Add the packet that came, and those before it that did not; false when it does not fit.
    fn add(&mut self, sequence: u64, at: Micros) -> bool {
        let units = (at - self.clock).div_euclid(DELTA_UNIT);
        let Ok(delta) = i16::try_from(units) else {
            return false;
        };
        let gap = sequence.saturating_sub(self.next);
        let most = self.chunks.len() + self.deltas.len() + 2 * (gap as usize / MAX_RUN) + 10;
        if sequence < self.next || sequence - self.base >= u64::from(u16::MAX) || most > self.room {
            return false;
        }
        self.pass(gap);
        match u8::try_from(delta) {
            Ok(small) => {
                self.deltas.push(small);
                self.push(SMALL_DELTA);
            }
            Err(_) => {
                self.deltas.extend_from_slice(&delta.to_be_bytes());
                self.push(LARGE_DELTA);
            }
        }
        self.clock += Micros::from(delta) * DELTA_UNIT;
        true
    }

    /// Note `gap` packets that did not come.
    fn pass(&mut self, mut gap: u64) {
        while gap > 0 && (!self.pending.is_empty() || gap < VECTOR_LEN as u64) {
            self.push(NOT_RECEIVED);
            gap -= 1;
        }
        self.next += gap;
        while gap > 0 {
            let len = gap.min(MAX_RUN as u64);
            self.chunks.extend_from_slice(&(len as u16).to_be_bytes());
            gap -= len;
        }
    }

    fn push(&mut self, symbol: u16) {
        self.pending.push(symbol);
        self.next += 1;
        if self.pending.len() == VECTOR_LEN {
            self.end_chunk();
        }
    }

    fn end_chunk(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let symbols = self.pending.iter().enumerate();
        let vector = symbols.fold(0xC000, |word, (at, symbol)| word | symbol << (12 - 2 * at));
        self.chunks.extend_from_slice(&u16::to_be_bytes(vector));
        self.pending.clear();
    }
}
