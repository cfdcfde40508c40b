//! Datagrams on their way out, in one reusable piece of memory.

use std::net::SocketAddr;

/// Bytes reserved for one datagram; an Ethernet MTU with room for what we add.
pub const MAX_DATAGRAM: usize = 1600;

/// Datagrams handed to the kernel at once; more does not help (measured), fewer costs.
pub const MAX_MESSAGES: usize = 64;

/// One datagram inside a [`Batch`].
#[derive(Debug, Clone, Copy)]
pub struct Message {
    /// Where it goes.
    pub to: SocketAddr,
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
}

/// Where batches go: a socket, or a test's memory.
pub trait Sink {
    /// Send every datagram of the batch, or drop it; never wait.
    fn send(&mut self, batch: &Batch);
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            bytes: vec![0; MAX_DATAGRAM * MAX_MESSAGES].into_boxed_slice(),
            used: 0,
            messages: Vec::with_capacity(MAX_MESSAGES),
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
    pub fn push(&mut self, to: SocketAddr, len: usize) {
        self.messages.push(Message {
            to,
            start: self.used as u32,
            len: len as u32,
        });
        self.used += len;
    }

    /// Copy a whole datagram in; one that is too long is left out.
    pub fn push_copy(&mut self, to: SocketAddr, datagram: &[u8], sink: &mut impl Sink) {
        let Some(room) = self.room(sink).get_mut(..datagram.len()) else {
            return;
        };
        room.copy_from_slice(datagram);
        self.push(to, datagram.len());
    }

    /// Send everything and begin again.
    pub fn send(&mut self, sink: &mut impl Sink) {
        if !self.messages.is_empty() {
            sink.send(self);
        }
        self.messages.clear();
        self.used = 0;
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
