//! One thread: wait, take everything in, let the core act, send everything out.

use std::any::Any;
use std::os::fd::AsRawFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use socket2::Socket;

use super::socket::{Inbound, Outbound, OutboundRoom, RECEIVE_BATCH, wait};
use super::{Note, Shared};
use crate::clock::Clock;
use crate::command::{Counter, Counters, Event};
use crate::core::{Core, Taken};
use crate::{rtp, stun};

/// Reads in a row before time and commands get their turn.
const MAX_READS: usize = 8;

/// Pause after a failure, so that one which repeats at once does not fill the log.
const PAUSE_AFTER_PANIC: Duration = Duration::from_millis(100);

/// A thread's socket, rooms and memory.
pub(super) struct Worker {
    thread: usize,
    socket: Socket,
    is_v6: bool,
    clock: Clock,
    shared: Arc<Shared>,
    core: Core,
    inbound: Inbound,
    room: Box<OutboundRoom>,
    counters: Counters,
    /// Totals of cores that failed.
    past: Counters,
    notes: Vec<Note>,
}

impl Worker {
    pub(super) fn new(
        thread: usize,
        socket: Socket,
        is_v6: bool,
        clock: Clock,
        shared: &Arc<Shared>,
    ) -> Self {
        Self {
            thread,
            socket,
            is_v6,
            clock,
            shared: Arc::clone(shared),
            core: Core::new(clock, random_seed()),
            inbound: Inbound::default(),
            room: Box::default(),
            counters: Counters::default(),
            past: Counters::default(),
            notes: Vec::new(),
        }
    }

    /// Work until the engine is closed; a panic costs this thread's rooms, nothing else.
    pub(super) fn run(mut self) {
        while !self.is_stopping() {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| self.work())) {
                self.recover(&*panic);
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    fn work(&mut self) {
        while !self.is_stopping() {
            self.wait();
            self.take_notes();
            let now = self.take_datagrams();
            let (core, mut out) = split(
                &mut self.core,
                &self.socket,
                self.is_v6,
                &mut self.counters,
                &mut self.room,
            );
            core.flush(now, &mut out);
            if core.next_timeout().is_some_and(|at| at <= now) {
                core.advance(now, &mut out);
            }
            self.publish();
        }
    }

    fn wait(&self) {
        let timeout = self.core.next_timeout();
        let timeout = timeout.map(|at| at.saturating_duration_since(Instant::now()));
        let wake = self.shared.inboxes[self.thread].wake.fd();
        wait(&[self.socket.as_raw_fd(), wake], timeout);
    }

    fn take_notes(&mut self) {
        let mut notes = std::mem::take(&mut self.notes);
        self.shared.inboxes[self.thread].take(&mut notes);
        let now = Instant::now();
        for note in notes.drain(..) {
            self.take_note(note, now);
        }
        self.notes = notes;
    }

    fn take_note(&mut self, note: Note, now: Instant) {
        let (core, mut out) = split(
            &mut self.core,
            &self.socket,
            self.is_v6,
            &mut self.counters,
            &mut self.room,
        );
        match note {
            Note::Command(command) => core.command(command, now, &mut out),
            Note::Stats(transport, answer) => {
                // who asked may have stopped waiting
                let _ = answer.try_send(core.transport_stats(transport));
            }
            Note::Datagram(from, mut data) => {
                if core.datagram(from, &mut data, now, &mut out) == Taken::Stranger {
                    self.counters.count(Counter::rejected_stranger);
                }
            }
            #[cfg(test)]
            Note::Panic => panic!("asked to"),
        }
    }

    /// Read what has come; returns when the last of it did.
    fn take_datagrams(&mut self) -> Instant {
        let mut now = Instant::now();
        for _ in 0..MAX_READS {
            let count = self.inbound.receive(&self.socket, &mut self.counters);
            now = Instant::now();
            for at in 0..count {
                self.take_datagram(at, now);
            }
            if count < RECEIVE_BATCH {
                break;
            }
        }
        now
    }

    fn take_datagram(&mut self, at: usize, now: Instant) {
        let Some((from, data)) = self.inbound.datagram(at) else {
            return;
        };
        let (core, mut out) = split(
            &mut self.core,
            &self.socket,
            self.is_v6,
            &mut self.counters,
            &mut self.room,
        );
        if core.datagram(from, data, now, &mut out) == Taken::Here {
            return;
        }
        let directory = &self.shared.directory;
        let owner = match rtp::demux(data) {
            rtp::Kind::Stun => stun::Message::parse(data)
                .ok()
                .and_then(|message| directory.owner_of_ufrag(message.local_ufrag()?)),
            _ => directory.owner_of_address(from),
        };
        let reason = match owner {
            Some(owner) if owner != self.thread => {
                match self.shared.inboxes[owner].put_datagram(from, data) {
                    true => Counter::handed_over,
                    false => Counter::dropped_hand_over,
                }
            }
            _ => Counter::rejected_stranger,
        };
        self.counters.count(reason);
    }

    /// Let others see what happened.
    fn publish(&mut self) {
        for (address, is_owned) in self.core.address_changes.drain(..) {
            self.shared
                .directory
                .learn_address(address, self.thread, is_owned);
        }
        if !self.core.events.is_empty() {
            let dropped = self.shared.outbox.put(&mut self.core.events);
            self.counters.add(Counter::dropped_events, dropped);
        }
        let parts = [&self.counters, self.core.counters(), &self.past].map(Counters::values);
        for (at, total) in self.shared.inboxes[self.thread].counters.iter().enumerate() {
            total.store(parts.iter().map(|part| part[at]).sum(), Ordering::Relaxed);
        }
    }

    /// Begin again with no rooms, and say so.
    fn recover(&mut self, panic: &(dyn Any + Send)) {
        for (at, (counter, _)) in Counter::ALL.iter().enumerate() {
            self.past.add(*counter, self.core.counters().values()[at]);
        }
        self.counters.count(Counter::panics);
        self.core = Core::new(self.clock, random_seed());
        self.shared.directory.forget_thread(self.thread);
        self.core
            .events
            .push(Event::WorkerFailed(self.thread, message_of(panic)));
        self.publish();
        std::thread::sleep(PAUSE_AFTER_PANIC);
    }
}

/// Borrow the core and the sending side at once.
fn split<'a>(
    core: &'a mut Core,
    socket: &'a Socket,
    is_v6: bool,
    counters: &'a mut Counters,
    room: &'a mut OutboundRoom,
) -> (&'a mut Core, Outbound<'a>) {
    (core, Outbound::new(socket, is_v6, counters, room))
}

fn message_of(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without words".to_owned())
}

/// Return a number nobody else knows; should the system have none, the time must do.
fn random_seed() -> u64 {
    let mut bytes = [0; 8];
    match aws_lc_rs::rand::fill(&mut bytes) {
        Ok(()) => u64::from_ne_bytes(bytes),
        Err(_) => std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| since.as_nanos() as u64),
    }
}
