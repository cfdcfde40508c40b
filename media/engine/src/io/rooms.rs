//! The rooms of one thread, each in a core of its own, so that a panic costs that room alone.
//!
//! Unwinding may leave a core half changed, so it is thrown away whole. Nothing of another room can
//! be half changed with it: a core owns all it changes but for the sink, whose memory is written
//! anew for every batch, and the totals, which are single numbers. What this thread knows of the
//! room is forgotten here; its parts on other threads go when Python, told by an event, closes it.

use std::collections::HashMap;
use std::time::Instant;

use super::panics::contain;
use crate::batch::Sink;
use crate::clock::Clock;
use crate::command::{Command, Counter, Counters, Event, RouterId, TransportId, TransportStats};
use crate::core::{Core, Taken};
use crate::mirror::Parcel;
use crate::remote::Remote;
use crate::slab::Slab;

struct Room {
    router: RouterId,
    core: Core,
    due: Option<Instant>,
    is_touched: bool,
}

/// Every room of one thread.
pub(super) struct Rooms {
    /// What happened, until somebody takes it.
    pub(super) events: Vec<Event>,
    /// Remotes gained (true) and lost (false).
    pub(super) remote_changes: Vec<(Remote, bool)>,
    /// What other threads must get: their number, the room and what it is.
    pub(super) parcels: Vec<(usize, RouterId, Parcel)>,
    /// Totals of all rooms, those that are gone included.
    pub(super) counters: Counters,
    clock: Clock,
    rooms: Slab<Room>,
    places: HashMap<RouterId, usize>,
    remotes: HashMap<Remote, usize>,
    /// Rooms that took something in since they were last flushed.
    touched: Vec<usize>,
}

impl Rooms {
    /// Begin without rooms.
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            events: Vec::new(),
            remote_changes: Vec::new(),
            parcels: Vec::new(),
            counters: Counters::default(),
            clock,
            rooms: Slab::default(),
            places: HashMap::new(),
            remotes: HashMap::new(),
            touched: Vec::new(),
        }
    }

    /// Return the room of a remote.
    pub(super) fn room_at(&self, remote: Remote) -> Option<RouterId> {
        let place = *self.remotes.get(&remote)?;
        Some(self.rooms[place].router)
    }

    /// Carry out a command in its room; in one that failed, nothing.
    pub(super) fn command(
        &mut self,
        router: RouterId,
        command: Command,
        now: Instant,
        sink: &mut impl Sink,
    ) {
        if matches!(command, Command::RouterCreate(_)) && !self.places.contains_key(&router) {
            let core = Core::new(self.clock, random_seed());
            let room = Room {
                router,
                core,
                due: None,
                is_touched: false,
            };
            self.places.insert(router, self.rooms.insert(room));
        }
        let closes = matches!(command, Command::RouterClose(_));
        self.enter(router, |core| core.command(command, now, sink));
        if closes && let Some(&place) = self.places.get(&router) {
            self.forget(place);
        }
    }

    /// Take a datagram to a room.
    pub(super) fn datagram(
        &mut self,
        router: RouterId,
        from: Remote,
        data: &mut [u8],
        now: Instant,
        sink: &mut impl Sink,
    ) -> Taken {
        self.enter(router, |core| core.datagram(from, data, now, sink))
            .unwrap_or(Taken::Stranger)
    }

    /// Let a room know that the connection of a remote has ended.
    pub(super) fn closed(&mut self, router: RouterId, remote: Remote, now: Instant) {
        self.enter(router, |core| core.closed(remote, now));
    }

    /// Take what another thread sent to its part of a room here.
    pub(super) fn parcel(&mut self, router: RouterId, parcel: &Parcel, now: Instant) {
        self.enter(router, |core| core.parcel(parcel, now));
    }

    /// Make ready for other threads what came for the tracks that they mirror.
    pub(super) fn ship(&mut self) {
        for at in 0..self.touched.len() {
            let place = self.touched[at];
            self.contain(place, Core::ship);
            self.take_parcels(place);
        }
    }

    /// Return one transport's totals.
    pub(super) fn transport_stats(
        &mut self,
        router: RouterId,
        transport: TransportId,
    ) -> Option<TransportStats> {
        self.enter(router, |core| core.transport_stats(transport))?
    }

    /// Let a room do something, and mark it to be flushed; `None` when it is gone or fails.
    pub(super) fn enter<T>(
        &mut self,
        router: RouterId,
        work: impl FnOnce(&mut Core) -> T,
    ) -> Option<T> {
        let place = *self.places.get(&router)?;
        let room = &mut self.rooms[place];
        if !room.is_touched {
            room.is_touched = true;
            self.touched.push(place);
        }
        let done = self.contain(place, work);
        // a check and what follows it may come in one batch
        self.take_changes(place);
        done
    }

    /// Forward what came, let time pass where it is due, and collect what happened.
    pub(super) fn settle(&mut self, now: Instant, sink: &mut impl Sink) {
        let mut touched = std::mem::take(&mut self.touched);
        for &place in &touched {
            self.contain(place, |core| core.flush(now, sink));
            self.collect(place);
        }
        touched.clear();
        self.touched = touched;
        for place in 0..self.rooms.places() {
            let due = self.rooms.get(place).and_then(|room| room.due);
            if due.is_some_and(|at| at <= now) {
                self.contain(place, |core| core.advance(now, sink));
                self.collect(place);
            }
        }
    }

    /// Return when [`Rooms::settle`] next has something to do.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        self.rooms.iter().filter_map(|(_, room)| room.due).min()
    }

    /// Give up every room, after a failure that is nobody's in particular.
    pub(super) fn lose_all(&mut self, message: &str) {
        for place in 0..self.rooms.places() {
            self.lose(place, message.to_owned());
        }
        self.touched.clear();
    }

    fn contain<T>(&mut self, place: usize, work: impl FnOnce(&mut Core) -> T) -> Option<T> {
        let core = &mut self.rooms.get_mut(place)?.core;
        match contain(|| work(core)) {
            Ok(done) => Some(done),
            Err(message) => {
                self.counters.count(Counter::panics);
                self.lose(place, message);
                None
            }
        }
    }

    /// Give up a room, and say so.
    fn lose(&mut self, place: usize, message: String) {
        if let Some(router) = self.forget(place) {
            self.events.push(Event::RoomFailed(router, message));
        }
    }

    fn forget(&mut self, place: usize) -> Option<RouterId> {
        self.collect(place);
        let room = self.rooms.remove(place)?;
        self.places.remove(&room.router);
        self.touched.retain(|&touched| touched != place);
        let changes = &mut self.remote_changes;
        self.remotes.retain(|&remote, owner| {
            if *owner == place {
                changes.push((remote, false));
            }
            *owner != place
        });
        Some(room.router)
    }

    fn collect(&mut self, place: usize) {
        self.take_changes(place);
        self.take_parcels(place);
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        room.is_touched = false;
        room.due = room.core.next_timeout();
        self.events.append(&mut room.core.events);
        self.counters.absorb(&mut room.core.counters);
    }

    fn take_parcels(&mut self, place: usize) {
        if let Some(room) = self.rooms.get_mut(place) {
            let parcels = room.core.parcels.drain(..);
            let addressed = parcels.map(|(thread, parcel)| (thread, room.router, parcel));
            self.parcels.extend(addressed);
        }
    }

    fn take_changes(&mut self, place: usize) {
        let Some(room) = self.rooms.get_mut(place) else {
            return;
        };
        if room.core.remote_changes.is_empty() {
            return;
        }
        for (remote, is_gained) in std::mem::take(&mut room.core.remote_changes) {
            let owner = self.remotes.get(&remote).copied();
            let is_ours = owner.is_none_or(|owner| owner == place);
            if is_gained && (is_ours || !self.is_home_of(owner, remote)) {
                self.remotes.insert(remote, place);
                self.remote_changes.push((remote, true));
            } else if !is_gained && owner == Some(place) {
                self.remotes.remove(&remote);
                self.remote_changes.push((remote, false));
            }
        }
    }

    fn is_home_of(&self, place: Option<usize>, remote: Remote) -> bool {
        let room = place.and_then(|place| self.rooms.get(place));
        room.is_some_and(|room| room.core.is_home_of(remote))
    }
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
