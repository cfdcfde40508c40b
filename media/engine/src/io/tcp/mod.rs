//! ICE over TCP for viewers whose network lets no UDP through (RFC 6544, passive candidates only).
//!
//! One thread holds all connections. What it reads goes to the thread that owns the user fragment
//! of the connection's newest check; what engine threads send waits in [`Queues`] until a
//! connection has room. A connection that does not begin with a check for one of our transports,
//! passes none in time, or does not read, is closed.

mod admission;
mod doorman;
mod framing;
mod poll;
mod queue;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::lock;
use super::wake::Wake;
use crate::batch::{Batch, Message};
use crate::command::{Counter, Counters};
use crate::remote::{ConnectionId, Remote};
pub use doorman::{Doorman, listen};
use queue::Queue;

/// What engine threads have for connections.
pub struct Queues {
    lines: Mutex<Lines>,
    wake: Wake,
    counters: Vec<AtomicU64>,
}

#[derive(Default)]
struct Lines {
    queues: HashMap<ConnectionId, Waiting>,
    /// Connections that got something since the doorman looked last.
    fresh: Vec<ConnectionId>,
}

#[derive(Default)]
struct Waiting {
    queue: Queue,
    is_told: bool,
}

impl Queues {
    /// Begin without connections.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            lines: Mutex::default(),
            wake: Wake::new()?,
            counters: Counter::ALL.iter().map(|_| AtomicU64::new(0)).collect(),
        })
    }

    /// Put messages for connections in line; those without room are counted and left out.
    pub fn put(&self, batch: &Batch, messages: &[Message], counters: &mut Counters) {
        let mut lines = lock(&self.lines);
        for message in messages {
            let taken = lines.put(batch, message);
            counters.count(match taken {
                true => Counter::datagrams_sent,
                false => Counter::dropped_by_connection,
            });
            if taken {
                counters.add(Counter::bytes_sent, message.size() as u64);
            }
        }
        let is_news = !lines.fresh.is_empty();
        drop(lines);
        if is_news {
            self.wake.raise();
        }
    }

    /// Return the doorman's totals.
    pub fn total(&self, counter: usize) -> u64 {
        self.counters[counter].load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Let the doorman look up.
    pub fn wake(&self) {
        self.wake.raise();
    }

    fn open(&self, connection: ConnectionId) {
        lock(&self.lines)
            .queues
            .insert(connection, Waiting::default());
    }

    fn close(&self, connection: ConnectionId) {
        lock(&self.lines).queues.remove(&connection);
    }

    /// Move what waits for a connection into `out`, about `size` bytes at a time.
    ///
    /// Once there is nothing, the doorman is told of what comes next.
    fn take(&self, connection: ConnectionId, out: &mut Vec<u8>, size: usize) {
        if let Some(waiting) = lock(&self.lines).queues.get_mut(&connection) {
            waiting.queue.take(out, size);
            waiting.is_told = !out.is_empty();
        }
    }

    fn take_fresh(&self) -> Vec<ConnectionId> {
        self.wake.lower();
        std::mem::take(&mut lock(&self.lines).fresh)
    }
}

impl Lines {
    fn put(&mut self, batch: &Batch, message: &Message) -> bool {
        let Remote::Tcp(connection, _) = message.to else {
            return false;
        };
        let Some(waiting) = self.queues.get_mut(&connection) else {
            return false;
        };
        let taken = waiting.queue.push(message.class, batch.bytes(message));
        if taken && !waiting.is_told {
            waiting.is_told = true;
            self.fresh.push(connection);
        }
        taken
    }
}
