//! The shell around the core: threads, ports and failure.

use std::net::{Ipv4Addr, UdpSocket};

use super::*;
use crate::command::{ConsumerId, ProducerId, RouterId};
use crate::remote::Remote;
use crate::stun::{Check, IntegrityKey, write_check};

const PATIENCE: Duration = Duration::from_secs(10);
const PWD: &str = "0123456789012345678901";

fn open(threads: usize) -> Engine {
    Engine::open(Ipv4Addr::LOCALHOST.into(), 0, threads, &[], true).expect("an engine")
}

/// Wait for an event that satisfies `is_it`, as a sleeping reader would; the others stay.
fn wait_for(engine: &Engine, is_it: impl Fn(&Event) -> bool) -> Event {
    look_for(engine, PATIENCE, is_it).expect("it did not happen")
}

fn look_for(engine: &Engine, patience: Duration, is_it: impl Fn(&Event) -> bool) -> Option<Event> {
    let end = Instant::now() + patience;
    while Instant::now() < end {
        engine.shared.outbox.wake.lower();
        let mut events = lock(&engine.shared.outbox.events);
        if let Some(at) = events.queue.iter().position(&is_it) {
            return events.queue.remove(at);
        }
        drop(events);
        socket::wait(
            &[engine.event_fd(), engine.event_fd()],
            Some(Duration::from_millis(100)),
        );
    }
    None
}

fn add_room(engine: &Engine, number: u64) -> String {
    let (router, transport) = (RouterId(number), TransportId(number));
    let ice_ufrag = format!("ufrag{number}");
    engine.command(Command::RouterCreate(router));
    engine.command(Command::TransportCreate {
        transport,
        router,
        ice_ufrag: ice_ufrag.clone(),
        ice_pwd: PWD.into(),
    });
    ice_ufrag
}

/// Send checks from a new socket until the transport is connected.
fn connect(engine: &Engine, number: u64, ufrag: &str) -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let username = format!("{ufrag}:remote");
    let check = Check {
        username: &username,
        priority: 1,
        controlling: 1,
        use_candidate: true,
        nomination: None,
    };
    let mut out = [0; 200];
    let len = write_check(&mut out, &[1; 12], &check, &IntegrityKey::new(PWD)).expect("a check");
    let to = (Ipv4Addr::LOCALHOST, engine.port());
    let is_connected =
        |event: &Event| matches!(event, Event::TransportConnected(id, _) if id.0 == number);
    // the room may not be there yet when the first check is
    let is_answered = (0..50).any(|_| {
        socket.send_to(&out[..len], to).expect("room in the kernel");
        look_for(engine, PATIENCE / 50, is_connected).is_some()
    });
    assert!(is_answered, "not connected");
    socket
}

fn total(engine: &Engine, name: &str) -> u64 {
    let counters = engine.counters();
    counters
        .iter()
        .find(|(counter, _)| *counter == name)
        .expect("a counter")
        .1
}

#[test]
fn a_datagram_on_the_wrong_thread_reaches_the_right_one() {
    let engine = open(4);
    for number in 0..16 {
        let ufrag = add_room(&engine, number);
        let socket = connect(&engine, number, &ufrag);
        let hello = vec![22, number as u8];
        socket
            .send_to(&hello, (Ipv4Addr::LOCALHOST, engine.port()))
            .expect("room in the kernel");
        let heard = wait_for(&engine, |event| matches!(event, Event::DtlsReceived(..)));
        assert_eq!(heard, Event::DtlsReceived(TransportId(number), hello));
    }
    // of sixteen peers spread by the kernel over four threads, some were on the wrong one
    assert!(total(&engine, "handed_over") > 0);
}

#[test]
fn a_panic_costs_its_room_and_nothing_else() {
    let engine = open(1);
    let other = add_room(&engine, 1);
    connect(&engine, 1, &other);
    let ufrag = add_room(&engine, 2);
    let peer = connect(&engine, 2, &ufrag);
    engine.shared.inboxes[0].put(Note::Panic(Some(RouterId(2))));
    let failed = wait_for(&engine, |event| matches!(event, Event::RoomFailed(..)));
    let Event::RoomFailed(RouterId(2), message) = failed else {
        panic!("another room failed");
    };
    // where it happened is part of the message, for nothing else is written
    assert!(
        message.starts_with("asked to at src/io/worker.rs:"),
        "{message}"
    );
    assert!(engine.transport_stats(TransportId(1)).is_some());
    assert_eq!(engine.transport_stats(TransportId(2)), None);
    let to = (Ipv4Addr::LOCALHOST, engine.port());
    peer.send_to(&[22], to).expect("room in the kernel");
    let again = add_room(&engine, 3);
    connect(&engine, 3, &again);
    assert_eq!(total(&engine, "panics"), 1);
    assert!(total(&engine, "rejected_stranger") > 0);
}

#[test]
fn a_panic_outside_of_all_rooms_costs_those_of_its_thread() {
    let engine = open(2);
    for number in 1..=3 {
        let ufrag = add_room(&engine, number);
        connect(&engine, number, &ufrag);
    }
    engine.shared.inboxes[1].put(Note::Panic(None));
    let mut failed = Vec::new();
    while failed.len() < 2 {
        let event = wait_for(&engine, |event| matches!(event, Event::RoomFailed(..)));
        let Event::RoomFailed(router, _) = event else {
            unreachable!()
        };
        failed.push(router.0);
    }
    failed.sort_unstable();
    assert_eq!(failed, [1, 3]);
    assert!(engine.transport_stats(TransportId(2)).is_some());
    let again = add_room(&engine, 5);
    connect(&engine, 5, &again);
}

#[test]
fn events_that_nobody_takes_are_bounded() {
    let outbox = Outbox::new().expect("an eventfd");
    let mut dropped = 0;
    for _ in 0..MAX_EVENTS {
        dropped += outbox.put(&mut vec![
            Event::AudioLevels(Vec::new()),
            Event::ProducerStalled(ProducerId(1)),
        ]);
    }
    assert_eq!(outbox.take().len(), MAX_EVENTS);
    assert_eq!(dropped, MAX_EVENTS as u64);
}

#[test]
fn copies_that_nobody_takes_are_bounded_in_bytes_and_hold_up_nothing_else() {
    let outbox = Outbox::new().expect("an eventfd");
    let copies = Event::PacketsReceived(TransportId(1), ConsumerId(1), vec![vec![0; 1 << 20]; 4]);
    let dropped: u64 = (0..20).map(|_| outbox.put(&mut vec![copies.clone()])).sum();
    assert_eq!(dropped, 20 - 8);
    assert_eq!(
        outbox.put(&mut vec![Event::ProducerStalled(ProducerId(1))]),
        0
    );
    assert_eq!(outbox.take().len(), 8 + 1);
    assert_eq!(outbox.put(&mut vec![copies]), 0, "taking makes room again");
}

#[test]
fn a_port_in_use_is_refused_whatever_the_number_of_threads() {
    let engine = open(3);
    for threads in [1, 3] {
        let address = Ipv4Addr::LOCALHOST.into();
        let error = Engine::open(address, engine.port(), threads, &[], true)
            .err()
            .expect("a refusal");
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
    }
}

#[test]
fn what_cannot_be_delivered_does_not_stop_the_rest() {
    let engine = open(1);
    let ufrag = add_room(&engine, 1);
    let socket = connect(&engine, 1, &ufrag);
    let transport = TransportId(1);
    for number in 0..200u8 {
        engine.command(Command::DtlsSend {
            transport,
            datagram: vec![22, number],
        });
    }
    socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut got = 0;
    let mut buffer = [0; 2000];
    while got < 200 {
        let len = socket.recv(&mut buffer).expect("a datagram");
        got += usize::from(buffer[0] == 22 && len == 2);
    }
    assert_eq!(total(&engine, "send_errors"), 0);
}

#[test]
fn what_was_ordered_before_the_end_is_still_carried_out() {
    for _ in 0..20 {
        let engine = open(2);
        let ufrag = add_room(&engine, 1);
        let socket = connect(&engine, 1, &ufrag);
        for _ in 0..50 {
            engine.command(Command::DtlsSend {
                transport: TransportId(1),
                datagram: vec![21],
            });
        }
        engine.close();
        socket.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut got = 0;
        let mut buffer = [0; 2000];
        while got < 50 {
            let len = socket.recv(&mut buffer).expect("a datagram");
            got += usize::from(buffer[0] == 21 && len == 1);
        }
    }
}

#[test]
fn closing_twice_is_closing_once() {
    let engine = open(2);
    engine.close();
    engine.close();
    assert!(engine.take_events().is_empty());
}

#[test]
fn an_engine_on_every_address_names_ipv4_peers_plainly() {
    let any = [IpAddr::from([0; 4]), IpAddr::from([0; 16])];
    // a machine without IPv6 has nothing to show for the second
    let engines = any.map(|address| Engine::open(address, 0, 1, &[], true).ok());
    assert!(engines[0].is_some());
    for engine in engines.iter().flatten() {
        let ufrag = add_room(engine, 1);
        let socket = connect(engine, 1, &ufrag);
        let address = socket.local_addr().expect("an address");
        socket
            .send_to(&[22], (Ipv4Addr::LOCALHOST, engine.port()))
            .expect("room in the kernel");
        wait_for(engine, |event| matches!(event, Event::DtlsReceived(..)));
        let stats = engine.transport_stats(TransportId(1)).expect("a transport");
        assert_eq!(stats.remote.map(Remote::address), Some(address));
    }
}
