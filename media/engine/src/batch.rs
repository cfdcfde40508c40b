//! Datagrams on their way out, in one reusable piece of memory.

use std::time::{Duration, Instant};

use crate::remote::{Class, Remote};

/// Bytes reserved for one datagram; an Ethernet MTU with room for what we add.
pub const MAX_DATAGRAM: usize = 1600;

/// Datagrams handed to the kernel at once; more does not help (measured), fewer costs.
pub const MAX_MESSAGES: usize = 64;

/// Batches whose departure is remembered: a second of the busiest thread, several of most.
const DEPARTURES: usize = 1 << 15;

/// One datagram inside a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Where it goes.
    pub to: Remote,
    /// What it carries.
    pub class: Class,
    start: u32,
    len: u32,
}

impl Message {
    /// Return where in the batch's bytes it begins.
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// Return its length in bytes.
    pub fn size(&self) -> usize {
        self.len as usize
    }
}

/// Up to [`MAX_MESSAGES`] datagrams, packed without gaps so that runs can leave as one.
#[derive(Debug)]
pub struct Batch {
    bytes: Box<[u8]>,
    used: usize,
    messages: Vec<Message>,
    number: u32,
    /// Microseconds since the first departure, by number; 0 where nobody noted it.
    departures: Box<[u64]>,
    first_departure: Option<Instant>,
}

/// Where batches go: a socket, or a test's memory.
pub trait Sink {
    /// Send every datagram of the batch, or drop it; never wait.
    fn send(&mut self, batch: &Batch);

    /// Return the time, where it passes while packets are written: a thread that others keep waiting
    /// sends later than it meant to.
    fn now(&self) -> Option<Instant> {
        None
    }
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: vec![0; MAX_DATAGRAM * MAX_MESSAGES].into_boxed_slice(),
            used: 0,
            messages: Vec::with_capacity(MAX_MESSAGES),
            number: 0,
            departures: vec![0; DEPARTURES].into_boxed_slice(),
            first_departure: None,
        }
    }
}

impl Batch {
    /// Return room for one datagram, after sending what is there if there is none.
    pub fn room(&mut self, sink: &mut impl Sink) -> &mut [u8] {
        let end = self.used + MAX_DATAGRAM;
        if self.messages.len() == MAX_MESSAGES || end > self.bytes.len() {
            self.send(sink);
        }
        &mut self.bytes[self.used..self.used + MAX_DATAGRAM]
    }

    /// Keep the first `len` bytes of the room as a datagram to `to`.
    pub fn push(&mut self, to: Remote, class: Class, len: usize) {
        self.messages.push(Message {
            to,
            class,
            start: self.used as u32,
            len: len as u32,
        });
        self.used += len;
    }

    /// Copy a whole datagram in; one that is too long is left out.
    pub fn push_copy(&mut self, to: Remote, class: Class, datagram: &[u8], sink: &mut impl Sink) {
        let Some(room) = self.room(sink).get_mut(..datagram.len()) else {
            return;
        };
        room.copy_from_slice(datagram);
        self.push(to, class, datagram.len());
    }

    /// Send everything and begin again.
    pub fn send(&mut self, sink: &mut impl Sink) {
        if !self.messages.is_empty() {
            sink.send(self);
            self.note_departure(sink.now());
        }
        self.messages.clear();
        self.used = 0;
    }

    /// Return the number of the batch that is being filled; it wraps.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Return when a batch left, if that was noted and is still known.
    pub fn departure(&self, number: u32) -> Option<Instant> {
        let is_known = (1..=DEPARTURES as u32).contains(&self.number.wrapping_sub(number));
        let span = self.departures[number as usize % DEPARTURES];
        let since = (is_known && span > 0).then(|| Duration::from_micros(span));
        Some(self.first_departure? + since?)
    }

    fn note_departure(&mut self, now: Option<Instant>) {
        let first = now.map(|now| *self.first_departure.get_or_insert(now));
        let since = now
            .zip(first)
            .map(|(now, first)| (now - first).as_micros() as u64 + 1);
        self.departures[self.number as usize % DEPARTURES] = since.unwrap_or(0);
        self.number = self.number.wrapping_add(1);
    }

    /// Return the datagrams in order.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Return a datagram's bytes.
    pub fn bytes(&self, message: &Message) -> &[u8] {
        &self.bytes[message.start()..message.start() + message.size()]
    }

    /// Return the bytes of all datagrams, one after the other.
    pub fn all_bytes(&self) -> &[u8] {
        &self.bytes[..self.used]
    }
}
