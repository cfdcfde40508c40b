//! One thread: wait, take everything in, let the core act, send everything out.

use std::os::fd::AsRawFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::links::{Addressed, Links};
use super::panics::{be_quiet, contain};
use super::rooms::Rooms;
use super::routes::Home;
use super::socket::{Inbound, Outbound, OutboundRoom, Port, RECEIVE_BATCH, wait};
use super::{Note, Shared};
use crate::clock::Clock;
use crate::command::{Counter, Counters};
use crate::core::Taken;
use crate::{rtp, stun};

/// Reads in a row before time and commands get their turn.
const MAX_READS: usize = 8;

/// Pause after a failure outside of all rooms, so that one which repeats at once leaves the core to
/// others.
const PAUSE_AFTER_PANIC: Duration = Duration::from_millis(100);

/// A thread's socket, rooms and memory.
pub(super) struct Worker {
    thread: usize,
    port: Port,
    shared: Arc<Shared>,
    rooms: Rooms,
    inbound: Inbound,
    room: Box<OutboundRoom>,
    counters: Counters,
    notes: Vec<Note>,
    links: Links,
    arrived: Vec<Addressed>,
}

impl Worker {
    pub(super) fn new(
        thread: usize,
        port: Port,
        clock: Clock,
        shared: &Arc<Shared>,
        links: Links,
    ) -> Self {
        Self {
            thread,
            port,
            shared: Arc::clone(shared),
            rooms: Rooms::new(clock),
            inbound: Inbound::default(),
            room: Box::default(),
            counters: Counters::default(),
            notes: Vec::new(),
            links,
            arrived: Vec::new(),
        }
    }

    /// Work until the engine is closed. A panic in a room costs that room; one outside of all rooms
    /// costs this thread's, and the thread goes on.
    pub(super) fn run(mut self) {
        be_quiet();
        while let Err(message) = contain(|| self.work()) {
            self.counters.count(Counter::panics);
            self.rooms.lose_all(&message);
            self.publish();
            if self.is_stopping() {
                return;
            }
            std::thread::sleep(PAUSE_AFTER_PANIC);
        }
    }

    fn work(&mut self) {
        let mut is_last = false;
        while !is_last {
            // looked at before the notes, so that what was ordered before the end is carried out
            is_last = self.is_stopping();
            if !is_last {
                self.wait();
            }
            let now = self.take_in();
            self.rooms.ship();
            self.send_parcels();
            let (rooms, mut out) = self.split();
            rooms.settle(now, &mut out);
            self.send_parcels();
            self.publish();
        }
    }

    fn is_stopping(&self) -> bool {
        self.shared.stopping.load(Ordering::Acquire)
    }

    fn wait(&self) {
        let timeout = self.rooms.next_timeout();
        let timeout = timeout.map(|at| at.saturating_duration_since(Instant::now()));
        let wake = self.shared.inboxes[self.thread].wake.fd();
        wait(&[self.port.socket.as_raw_fd(), wake], timeout);
    }

    fn take_notes(&mut self) {
        let mut notes = std::mem::take(&mut self.notes);
        let inbox = &self.shared.inboxes[self.thread];
        inbox.wake.lower();
        // before the notes: a mirror was ordered before anything was sent to it
        self.links.receive(&mut self.arrived);
        inbox.take(&mut notes);
        let now = Instant::now();
        for note in notes.drain(..) {
            self.take_note(note, now);
        }
        self.notes = notes;
        for (router, parcel) in self.arrived.drain(..) {
            self.rooms.parcel(router, &parcel, now);
        }
    }

    /// Hand over what other threads must get, and wake each of them once.
    fn send_parcels(&mut self) {
        let parcels = self.rooms.parcels.drain(..);
        let lost = self.links.send(parcels, |thread| {
            self.shared.inboxes[thread].wake.raise();
        });
        self.counters.add(Counter::dropped_mirrored, lost);
    }

    fn take_note(&mut self, note: Note, now: Instant) {
        let (rooms, mut out) = self.split();
        match note {
            Note::Command(router, command) => rooms.command(router, command, now, &mut out),
            Note::Closed(router, remote) => rooms.closed(router, remote, now),
            Note::Stats(router, transport, answer) => {
                // who asked may have stopped waiting
                let _ = answer.try_send(rooms.transport_stats(router, transport));
            }
            Note::Datagram(router, from, mut data) => {
                if rooms.datagram(router, from, &mut data, now, &mut out) == Taken::Stranger {
                    self.counters.count(Counter::rejected_stranger);
                }
            }
            #[cfg(test)]
            Note::Panic(Some(router)) => {
                rooms.enter(router, |_| panic!("asked to"));
            }
            #[cfg(test)]
            Note::Panic(None) => panic!("asked to"),
        }
    }

    /// Take in what has come; returns when the last of it did.
    fn take_in(&mut self) -> Instant {
        let mut now = Instant::now();
        for _ in 0..MAX_READS {
            let count = self.inbound.receive(&self.port.socket, &mut self.counters);
            // commands that were given before a datagram was sent are carried out before it
            self.take_notes();
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
        let home = match rtp::demux(data) {
            rtp::Kind::Stun => match stun::Message::parse(data) {
                Ok(message) => message
                    .local_ufrag()
                    .and_then(|ufrag| self.shared.directory.home_of_ufrag(ufrag)),
                Err(_) => return self.counters.count(Counter::rejected_stun),
            },
            _ => {
                let here = self.rooms.room_at(from).map(|router| Home {
                    thread: self.thread,
                    router,
                });
                here.or_else(|| self.shared.directory.home_of_remote(from))
            }
        };
        let Some(home) = home else {
            return self.counters.count(Counter::rejected_stranger);
        };
        if home.thread != self.thread {
            let inbox = &self.shared.inboxes[home.thread];
            return self
                .counters
                .count(match inbox.put_datagram(home.router, from, data) {
                    true => Counter::handed_over,
                    false => Counter::dropped_hand_over,
                });
        }
        let mut out = Outbound::new(
            &self.port,
            &self.shared.queues,
            &mut self.counters,
            &mut self.room,
        );
        let taken = self.rooms.datagram(home.router, from, data, now, &mut out);
        if taken == Taken::Stranger {
            self.counters.count(Counter::rejected_stranger);
        }
    }

    /// Let others see what happened.
    fn publish(&mut self) {
        for (remote, is_owned) in std::mem::take(&mut self.rooms.remote_changes) {
            let router = self.rooms.room_at(remote);
            self.shared
                .directory
                .learn_remote(remote, self.thread, router.filter(|_| is_owned));
        }
        let parts = [&self.counters, &self.rooms.counters].map(Counters::values);
        for (at, total) in self.shared.inboxes[self.thread].counters.iter().enumerate() {
            total.store(parts.iter().map(|part| part[at]).sum(), Ordering::Relaxed);
        }
        // last: who acts on an event finds the rest done
        if !self.rooms.events.is_empty() {
            let dropped = self.shared.outbox.put(&mut self.rooms.events);
            self.counters.add(Counter::dropped_events, dropped);
        }
    }

    /// Borrow the rooms and the sending side at once.
    fn split(&mut self) -> (&mut Rooms, Outbound<'_>) {
        let out = Outbound::new(
            &self.port,
            &self.shared.queues,
            &mut self.counters,
            &mut self.room,
        );
        (&mut self.rooms, out)
    }
}
