//! The way between threads: from each to each other one a bounded ring with one end on either.
//!
//! The rings are the standard library's bounded channels. With a capacity they are arrays of slots
//! with a stamp each: sender and receiver claim a slot by moving their own position, write or read
//! it, and publish it by storing its stamp with release order, which the other end loads with
//! acquire order. Nobody locks, and `try_send` and `try_recv` never wait. A ring of our own would
//! save nothing that counts, for what travels is not a packet but all packets of a layer that came
//! in one batch, counted by reference: no `unsafe`, and no order of memory to be argued for here.
//!
//! What remains to be argued is the wake. A sender puts first and raises then; a receiver lowers
//! first and looks then. So whatever is put after a look raises the wake after it was lowered, and
//! the next wait ends at once: nothing is left lying. A full ring loses the parcel, which is counted
//! and is for a mirror what loss on a network is: nobody waits and nothing grows.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use crate::command::RouterId;
use crate::mirror::Parcel;

/// Parcels waiting on one way: a layer sends one for each batch, some thirty a second, so this holds
/// a second of some sixty layers. A thread that is later than that is not going to catch up.
const CAPACITY: usize = 2048;

/// A parcel with its room.
pub(super) type Addressed = (RouterId, Parcel);

/// One thread's ends of the ways to and from all others; none to itself.
pub(super) struct Links {
    to: Vec<Option<SyncSender<Addressed>>>,
    from: Vec<Receiver<Addressed>>,
    woken: Vec<bool>,
}

/// Lay the ways between so many threads; returns the ends of each.
pub(super) fn between(threads: usize) -> Vec<Links> {
    let empty = || Links {
        to: (0..threads).map(|_| None).collect(),
        from: Vec::new(),
        woken: vec![false; threads],
    };
    let mut ends: Vec<_> = (0..threads).map(|_| empty()).collect();
    for from in 0..threads {
        for to in (0..threads).filter(|&to| to != from) {
            let (sender, receiver) = sync_channel(CAPACITY);
            ends[from].to[to] = Some(sender);
            ends[to].from.push(receiver);
        }
    }
    ends
}

impl Links {
    /// Send parcels to their threads and `wake` each of those once; returns how many packets were
    /// lost because a way was full or its thread is gone.
    pub(super) fn send(
        &mut self,
        parcels: impl Iterator<Item = (usize, RouterId, Parcel)>,
        wake: impl Fn(usize),
    ) -> u64 {
        let mut lost = 0;
        for (thread, router, parcel) in parcels {
            let packets = parcel.packets();
            let sender = self.to.get(thread).and_then(Option::as_ref);
            match sender.map(|sender| sender.try_send((router, parcel))) {
                Some(Ok(())) => self.woken[thread] = true,
                _ => lost += packets as u64,
            }
        }
        for (thread, woken) in self.woken.iter_mut().enumerate() {
            if std::mem::take(woken) {
                wake(thread);
            }
        }
        lost
    }

    /// Take what has come, in order from each thread.
    pub(super) fn receive(&self, arrived: &mut Vec<Addressed>) {
        for from in &self.from {
            // as many as there is room for: a sender that never rests must not hold us up
            arrived.extend(from.try_iter().take(CAPACITY));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::thread;

    use super::*;
    use crate::command::ProducerId;

    fn wish(number: usize) -> Parcel {
        Parcel::KeyframeWish(ProducerId(1), number)
    }

    fn numbers(arrived: &[Addressed]) -> Vec<usize> {
        let number = |(_, parcel): &Addressed| match parcel {
            Parcel::KeyframeWish(_, number) => *number,
            Parcel::Packets(_) => unreachable!("none was sent"),
        };
        arrived.iter().map(number).collect()
    }

    #[test]
    fn a_thread_is_woken_once_for_all_it_gets() {
        let mut ends = between(3);
        let woken = RefCell::new(Vec::new());
        let parcels = [(1, wish(0)), (2, wish(1)), (1, wish(2))];
        let parcels = parcels.map(|(thread, parcel)| (thread, RouterId(7), parcel));
        let lost = ends[0].send(parcels.into_iter(), |thread| {
            woken.borrow_mut().push(thread);
        });
        assert_eq!((lost, woken.into_inner()), (0, vec![1, 2]));
        let mut arrived = Vec::new();
        ends[1].receive(&mut arrived);
        assert_eq!(numbers(&arrived), [0, 2]);
    }

    #[test]
    fn a_full_way_loses_what_is_new_and_waits_for_nobody() {
        let mut ends = between(2);
        let many = (0..CAPACITY + 5).map(|number| (1, RouterId(7), wish(number)));
        ends[0].send(many, |_| {});
        let mut arrived = Vec::new();
        ends[1].receive(&mut arrived);
        assert_eq!(numbers(&arrived), (0..CAPACITY).collect::<Vec<_>>());
        ends[0].send([(1, RouterId(7), wish(0))].into_iter(), |_| {});
        ends[1].receive(&mut arrived);
        assert_eq!(arrived.len(), CAPACITY + 1);
    }

    #[test]
    fn what_runs_between_two_threads_arrives_whole_and_in_order() {
        let mut ends = between(2);
        let (mut here, there) = (ends.remove(0), ends.remove(0));
        const SENT: usize = 50_000;
        let reader = thread::spawn(move || {
            let mut arrived = Vec::new();
            while arrived.len() < SENT {
                there.receive(&mut arrived);
                thread::yield_now();
            }
            numbers(&arrived)
        });
        let mut sent = 0;
        while sent < SENT {
            // what found no room is sent again, as no engine does
            let woken = RefCell::new(false);
            here.send([(1, RouterId(7), wish(sent))].into_iter(), |_| {
                *woken.borrow_mut() = true;
            });
            sent += usize::from(woken.into_inner());
        }
        assert_eq!(reader.join().ok(), Some((0..SENT).collect()));
    }
}
