use std::net::UdpSocket;

use super::*;
use crate::remote::Class;

/// Send datagrams of these sizes through the engine's socket, each to its address.
fn send(batch: &[(SocketAddr, usize)]) -> Counters {
    let port = Port {
        socket: open(Ipv4Addr::LOCALHOST.into()).expect("a socket"),
        is_v6: false,
        marks: true,
    };
    let (mut counters, mut room) = (Counters::default(), Box::<OutboundRoom>::default());
    let queues = Queues::new().expect("an eventfd");
    let mut out = Outbound::new(&port, &queues, &mut counters, &mut room);
    let mut datagrams = Batch::default();
    for (number, (to, size)) in batch.iter().enumerate() {
        let data = vec![number as u8; *size];
        datagrams.push_copy(Remote::udp(*to), Class::Video, &data, &mut out);
    }
    datagrams.send(&mut out);
    counters
}

fn receiver() -> (UdpSocket, SocketAddr) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    socket
        .set_read_timeout(Some(Duration::from_secs(10)))
        .expect("a timeout");
    let address = socket.local_addr().expect("an address");
    (socket, address)
}

fn received(socket: &UdpSocket, count: usize) -> Vec<(u8, usize)> {
    let mut buffer = [0; 2000];
    let mut next = || socket.recv(&mut buffer).map(|size| (buffer[0], size));
    (0..count).map(|_| next().expect("a datagram")).collect()
}

#[test]
fn a_run_leaves_at_once_and_arrives_in_pieces() {
    let (first, to) = receiver();
    let (second, other) = receiver();
    let sizes = [900, 900, 900, 500, 900, 1200];
    let mut batch: Vec<_> = sizes.map(|size| (to, size)).to_vec();
    batch.extend([(other, 700), (other, 700)]);
    let counters = send(&batch);
    let expected: Vec<_> = sizes
        .iter()
        .enumerate()
        .map(|(at, size)| (at as u8, *size))
        .collect();
    assert_eq!(received(&first, sizes.len()), expected);
    assert_eq!(received(&second, 2), [(6, 700), (7, 700)]);
    assert_eq!(counters.get(Counter::datagrams_sent), 8);
    assert_eq!(counters.get(Counter::send_calls), 1);
}

#[test]
fn one_bad_address_does_not_stop_the_batch() {
    let (socket, to) = receiver();
    let nowhere = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let counters = send(&[
        (to, 10),
        (nowhere, 20),
        (nowhere, 20),
        (to, 30),
        (nowhere, 9),
        (to, 40),
    ]);
    assert_eq!(received(&socket, 3), [(0, 10), (3, 30), (5, 40)]);
    assert_eq!(counters.get(Counter::send_errors), 3);
    assert_eq!(counters.get(Counter::datagrams_sent), 3);
}

#[test]
fn more_than_a_batch_is_sent_in_several() {
    let (socket, to) = receiver();
    let counters = send(&vec![(to, 100); 3 * MAX_MESSAGES]);
    assert_eq!(received(&socket, 3 * MAX_MESSAGES).len(), 3 * MAX_MESSAGES);
    assert_eq!(counters.get(Counter::send_calls), 3);
}

#[test]
fn a_run_ends_where_address_or_size_change() {
    let (here, there) = ("1.1.1.1:1".parse().unwrap(), "1.1.1.1:2".parse().unwrap());
    let length = |datagrams: &[(SocketAddr, usize)]| {
        struct Nowhere;
        impl Sink for Nowhere {
            fn send(&mut self, _: &Batch) {}
        }
        let mut batch = Batch::default();
        for (to, size) in datagrams {
            let data = vec![0; *size];
            batch.push_copy(Remote::udp(*to), Class::Video, &data, &mut Nowhere);
        }
        run_length(batch.messages())
    };
    assert_eq!(length(&[(here, 5)]), 1);
    assert_eq!(length(&[(here, 5), (here, 5), (there, 5)]), 2);
    assert_eq!(length(&[(here, 5), (here, 6)]), 1);
    assert_eq!(length(&[(here, 5), (here, 4), (here, 4)]), 2);
    assert_eq!(length(&[(here, 1500); 64]), MAX_RUN_BYTES / 1500);
}

#[test]
fn addresses_read_back_in_both_families() {
    for text in ["10.1.2.3:4567", "[2001:db8::5]:99"] {
        let address: SocketAddr = text.parse().unwrap();
        // SAFETY: all-zero is a valid value of these plain C structures.
        let mut storage: libc::sockaddr_storage = unsafe { zeroed() };
        // SAFETY: storage is larger and at least as aligned as any address.
        let name = unsafe { &mut *(&raw mut storage).cast::<libc::sockaddr_in6>() };
        write_address(address, true, name);
        assert_eq!(address_of(&storage), Some(address));
    }
}
