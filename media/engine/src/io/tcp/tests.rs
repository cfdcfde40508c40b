//! Peers that reach the engine over TCP: who gets in, what arrives, and who is sent away.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream, UdpSocket};
use std::time::{Duration, Instant};

use super::framing::{self, Frames};
use crate::command::{Command, Event, RouterId, TransportId};
use crate::io::Engine;
use crate::remote::Remote;
use crate::stun::{Check, IntegrityKey, write_check};

const PATIENCE: Duration = Duration::from_secs(30);
const PWD: &str = "0123456789012345678901";
const TRANSPORT: TransportId = TransportId(1);

fn open(threads: usize) -> Engine {
    let engine =
        Engine::open(Ipv4Addr::LOCALHOST.into(), 0, threads, &[0], true).expect("an engine");
    engine.command(Command::RouterCreate(RouterId(1)));
    engine.command(Command::TransportCreate {
        transport: TRANSPORT,
        router: RouterId(1),
        ice_ufrag: "ufrag".into(),
        ice_pwd: PWD.into(),
    });
    engine
}

fn check(ufrag: &str, password: &str) -> Vec<u8> {
    let check = Check {
        username: &format!("{ufrag}:remote"),
        priority: 1,
        controlling: 1,
        use_candidate: true,
        nomination: None,
    };
    let mut out = vec![0; 200];
    let len =
        write_check(&mut out, &[1; 12], &check, &IntegrityKey::new(password)).expect("a check");
    out.truncate(len);
    out
}

/// A peer's connection.
struct Client {
    stream: TcpStream,
    frames: Frames,
    got: Vec<Vec<u8>>,
}

impl Client {
    fn connect(engine: &Engine) -> Self {
        let port = engine.tcp_ports()[0];
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        Self {
            stream,
            frames: Frames::default(),
            got: Vec::new(),
        }
    }

    fn send(&mut self, datagram: &[u8]) {
        let mut out = Vec::new();
        framing::write(datagram, &mut out);
        self.stream.write_all(&out).expect("an open connection");
    }

    /// Read one datagram; None when the engine has closed.
    fn receive(&mut self) -> Option<Vec<u8>> {
        let mut bytes = [0; 2000];
        while self.got.is_empty() {
            let count = self
                .stream
                .read(&mut bytes)
                .ok()
                .filter(|&count| count > 0)?;
            let got = &mut self.got;
            let taken = self
                .frames
                .take(&bytes[..count], |frame| got.push(frame.to_vec()));
            taken.expect("frames of ours");
        }
        Some(self.got.remove(0))
    }

    /// Pass a check.
    fn check(&mut self) {
        self.send(&check("ufrag", PWD));
        assert_eq!(self.receive().expect("an answer")[..2], [1, 1], "a success");
    }
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < end, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn wait_for_dtls(engine: &Engine, datagram: &[u8]) {
    let expected = Event::DtlsReceived(TRANSPORT, datagram.to_vec());
    wait_until("a datagram", || engine.take_events().contains(&expected));
}

fn total(engine: &Engine, name: &str) -> u64 {
    let counters = engine.counters();
    counters
        .iter()
        .find(|(counter, _)| *counter == name)
        .expect("a counter")
        .1
}

fn remote(engine: &Engine) -> Option<Remote> {
    engine.transport_stats(TRANSPORT)?.remote
}

fn say(engine: &Engine, datagram: &[u8]) {
    engine.command(Command::DtlsSend {
        transport: TRANSPORT,
        datagram: datagram.to_vec(),
    });
}

#[test]
fn a_peer_over_tcp_is_checked_heard_and_answered() {
    for threads in [1, 3] {
        let engine = open(threads);
        let mut client = Client::connect(&engine);
        client.check();
        client.send(b"\x16hello");
        wait_for_dtls(&engine, b"\x16hello");
        say(&engine, b"\x16welcome");
        assert_eq!(client.receive().expect("an answer"), b"\x16welcome");
        let at = client.stream.local_addr().expect("an address");
        let there = remote(&engine).expect("a selected remote");
        assert_eq!(
            (there.address(), there.to_string()),
            (at, format!("{at}/tcp"))
        );
        assert_eq!(total(&engine, "connections_accepted"), 1);
    }
}

#[test]
fn a_frame_may_come_in_pieces() {
    let engine = open(1);
    let mut client = Client::connect(&engine);
    let mut bytes = Vec::new();
    framing::write(&check("ufrag", PWD), &mut bytes);
    for piece in bytes.chunks(7) {
        client.stream.write_all(piece).expect("an open connection");
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(client.receive().is_some());
}

#[test]
fn whoever_does_not_begin_with_a_check_for_us_is_sent_away() {
    let engine = open(2);
    let mut framed = Vec::new();
    framing::write(b"\x16\xfe\xfd hello without a check", &mut framed);
    framing::write(&check("nobody", PWD), &mut framed);
    let greetings: [&[u8]; 5] = [
        b"GET / HTTP/1.1\r\nHost: darsgoh\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc",
        &[0xFF; 5000],
        &framed,
        &framed[30..],
    ];
    for (number, greeting) in greetings.iter().enumerate() {
        let mut client = Client::connect(&engine);
        client
            .stream
            .write_all(greeting)
            .expect("an open connection");
        assert_eq!(client.receive(), None, "greeting {number}");
    }
    wait_until("all are counted", || {
        total(&engine, "connections_rejected") == greetings.len() as u64
    });
    Client::connect(&engine).check();
}

#[test]
fn a_wrong_password_is_refused_over_tcp_as_over_udp() {
    let engine = open(1);
    let mut client = Client::connect(&engine);
    client.send(&check("ufrag", "another password, 22 long"));
    let refusal = client.receive().expect("a refusal");
    assert_eq!(refusal[..2], [1, 0x11], "an error");
    client.send(b"\x16hello");
    client.check();
    wait_until("the stranger's datagram is counted", || {
        total(&engine, "rejected_stranger") == 1
    });
}

#[test]
fn a_peer_moves_from_udp_to_tcp_and_back_when_the_connection_ends() {
    let engine = open(2);
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("a socket");
    let send = |datagram: &[u8]| {
        let to = (Ipv4Addr::LOCALHOST, engine.port());
        socket.send_to(datagram, to).expect("room in the kernel");
    };
    let udp = Remote::udp(socket.local_addr().expect("an address"));
    wait_until("the check over UDP is taken", || {
        send(&check("ufrag", PWD));
        remote(&engine) == Some(udp)
    });
    let mut client = Client::connect(&engine);
    client.check();
    client.send(b"\x16over tcp");
    wait_for_dtls(&engine, b"\x16over tcp");
    assert!(matches!(remote(&engine), Some(Remote::Tcp(..))));
    drop(client);
    wait_until("packets leave over UDP again", || {
        remote(&engine) == Some(udp)
    });
}

#[test]
fn a_peer_whose_only_connection_ended_comes_back_over_another() {
    let engine = open(1);
    let mut client = Client::connect(&engine);
    client.check();
    drop(client);
    wait_until("nothing is selected", || remote(&engine).is_none());
    let mut again = Client::connect(&engine);
    again.check();
    say(&engine, b"\x16again");
    assert_eq!(again.receive().expect("a datagram"), b"\x16again");
}

#[test]
fn the_connection_of_a_transport_that_is_gone_is_closed() {
    let engine = open(1);
    let mut client = Client::connect(&engine);
    client.check();
    // a round of the doorman has seen that it is known
    std::thread::sleep(Duration::from_millis(1500));
    engine.command(Command::TransportClose(TRANSPORT));
    assert_eq!(client.receive(), None);
}

#[test]
fn a_peer_that_does_not_read_loses_datagrams_and_holds_up_nobody() {
    let engine = open(1);
    let mut client = Client::connect(&engine);
    client.check();
    let datagram = [22; 1200];
    wait_until("something is left out", || {
        (0..1000).for_each(|_| say(&engine, &datagram));
        total(&engine, "dropped_by_connection") > 0
    });
    client.send(b"\x16still heard");
    wait_for_dtls(&engine, b"\x16still heard");
}

#[test]
fn a_port_in_use_on_tcp_is_refused() {
    let engine = open(1);
    let taken = engine.tcp_ports();
    let error = Engine::open(Ipv4Addr::LOCALHOST.into(), 0, 1, taken, true)
        .err()
        .expect("a refusal");
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[test]
fn closing_ends_the_connections() {
    let engine = open(1);
    let mut client = Client::connect(&engine);
    client.check();
    engine.close();
    assert_eq!(client.receive(), None);
}
