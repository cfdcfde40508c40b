//! The least that forwarding can cost: AES-128-GCM for each subscriber and `sendmmsg`, nothing else.
//!
//! One RTP packet of a frame is sealed for every subscriber with that subscriber's key and sent to
//! 127.a.b.c. No parsing, no rewriting, no state: what an engine adds to this is its own cost.
//! `python -m bench forward` runs it beside the engine and prints the ratio.
//!
//! Arguments: subscribers, port, frames, packets in a frame, bytes of an RTP packet, frames a second
//! (0: as fast as possible), and 1 if runs of equal size are to be handed over whole (`UDP_SEGMENT`).
//! As libwebrtc cuts a frame, the second half of its packets is one byte longer than the first.
//! Prints one JSON line.

use std::io;
use std::mem::{size_of, zeroed};
use std::net::UdpSocket;
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

/// Bytes of an RTP header, which is authenticated and stays readable.
const HEADER: usize = 12;
/// Bytes of the GCM tag (RFC 7714).
const TAG: usize = 16;
/// Messages of one `sendmmsg`.
const BATCH: usize = 64;
/// Room for a run of sealed packets; a datagram's length limits it in the kernel as well.
const SLOT: usize = 65_000;
/// Room for one control message with a `u16` in it.
const CONTROL: usize = 32;

struct Arguments {
    subscribers: usize,
    port: u16,
    frames: u64,
    packets: usize,
    bytes: usize,
    rate: u64,
    runs: bool,
}

/// The control messages of one run, aligned as C wants them.
#[repr(C, align(8))]
#[derive(Clone, Copy)]
struct Control([u8; CONTROL]);

/// Buffers and message headers of one `sendmmsg`; the headers point into the buffers.
struct Batch {
    buffers: Vec<Vec<u8>>,
    controls: Vec<Control>,
    addresses: Vec<libc::sockaddr_in>,
    parts: Vec<libc::iovec>,
    messages: Vec<libc::mmsghdr>,
    used: usize,
    /// Sealed bytes of each packet of the run under way; 0 when the next packet begins one.
    segment: usize,
}

fn main() -> io::Result<()> {
    let arguments = read_arguments();
    let socket = UdpSocket::bind("0.0.0.0:0")?;
    let keys: Vec<LessSafeKey> = (0..arguments.subscribers).map(key).collect();
    let addresses: Vec<libc::sockaddr_in> = (0..arguments.subscribers)
        .map(|index| address(index, arguments.port))
        .collect();
    let mut batch = Batch::new();
    let packet = vec![0x5A_u8; arguments.bytes + 1];
    let started = Instant::now();
    let before = cpu_ns();
    for frame in 0..arguments.frames {
        wait(started, frame, arguments.rate);
        for (key, address) in keys.iter().zip(&addresses) {
            batch.end_run();
            for number in 0..arguments.packets {
                let index = frame * arguments.packets as u64 + number as u64;
                let bytes = arguments.bytes + usize::from(number >= arguments.packets / 2);
                if !arguments.runs || batch.segment != bytes + TAG {
                    batch.begin_run(&socket, *address, bytes + TAG)?;
                }
                batch.seal(&packet[..bytes], key, index);
            }
        }
        batch.send(&socket)?;
    }
    let cpu = cpu_ns() - before;
    let sent = arguments.frames * (arguments.packets * arguments.subscribers) as u64;
    println!("{{\"packets\": {sent}, \"cpu_ns\": {cpu}}}");
    Ok(())
}

fn read_arguments() -> Arguments {
    let numbers: Vec<u64> = std::env::args()
        .skip(1)
        .map(|text| text.parse().expect("every argument is a number"))
        .collect();
    let [subscribers, port, frames, packets, bytes, rate, runs] = numbers[..] else {
        panic!("seven arguments: subscribers port frames packets bytes rate runs");
    };
    Arguments {
        subscribers: subscribers as usize,
        port: port as u16,
        frames,
        packets: packets as usize,
        bytes: bytes as usize,
        rate,
        runs: runs != 0,
    }
}

fn key(subscriber: usize) -> LessSafeKey {
    let mut bytes = [7_u8; 16];
    bytes[..8].copy_from_slice(&(subscriber as u64).to_be_bytes());
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &bytes).expect("16 bytes"))
}

/// Subscriber n is 127.1.0.1 + n, as in `bench/sink.py`.
fn address(subscriber: usize, port: u16) -> libc::sockaddr_in {
    let host = 0x7F01_0001_u32 + subscriber as u32;
    // SAFETY: all bytes zero is a valid sockaddr_in
    let mut address: libc::sockaddr_in = unsafe { zeroed() };
    address.sin_family = libc::AF_INET as libc::sa_family_t;
    address.sin_port = port.to_be();
    address.sin_addr.s_addr = host.to_be();
    address
}

fn wait(started: Instant, frame: u64, rate: u64) {
    if rate == 0 {
        return;
    }
    let due = started + Duration::from_micros(frame * 1_000_000 / rate);
    std::thread::sleep(due.saturating_duration_since(Instant::now()));
}

fn cpu_ns() -> u64 {
    // SAFETY: clock_gettime only writes the timespec it is given
    let time = unsafe {
        let mut time: libc::timespec = zeroed();
        libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time);
        time
    };
    time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
}

impl Batch {
    fn new() -> Self {
        // SAFETY: all bytes zero is a valid value of each of these C structures
        let (address, part, message) = unsafe { (zeroed(), zeroed(), zeroed()) };
        Self {
            buffers: vec![vec![0; SLOT]; BATCH],
            controls: vec![Control([0; CONTROL]); BATCH],
            addresses: vec![address; BATCH],
            parts: vec![part; BATCH],
            messages: vec![message; BATCH],
            used: 0,
            segment: 0,
        }
    }

    fn end_run(&mut self) {
        self.segment = 0;
    }

    /// Begin a message for packets of this many sealed bytes; a full batch is sent first.
    fn begin_run(
        &mut self,
        socket: &UdpSocket,
        address: libc::sockaddr_in,
        segment: usize,
    ) -> io::Result<()> {
        if self.used == BATCH {
            self.send(socket)?;
        }
        let slot = self.used;
        self.addresses[slot] = address;
        self.parts[slot].iov_base = self.buffers[slot].as_mut_ptr().cast();
        self.parts[slot].iov_len = 0;
        let header = &mut self.messages[slot].msg_hdr;
        header.msg_name = (&raw mut self.addresses[slot]).cast();
        header.msg_namelen = size_of::<libc::sockaddr_in>() as u32;
        header.msg_iov = &raw mut self.parts[slot];
        header.msg_iovlen = 1;
        header.msg_control = std::ptr::null_mut();
        header.msg_controllen = 0;
        self.segment = segment;
        self.used += 1;
        Ok(())
    }

    /// Append one sealed packet to the run under way.
    fn seal(&mut self, packet: &[u8], key: &LessSafeKey, index: u64) {
        let slot = self.used - 1;
        let start = self.parts[slot].iov_len;
        let end = start + packet.len();
        let buffer = &mut self.buffers[slot];
        buffer[start..end].copy_from_slice(packet);
        let mut nonce = [0_u8; 12];
        nonce[4..].copy_from_slice(&index.to_be_bytes());
        let (header, body) = buffer[start..end].split_at_mut(HEADER);
        let tag = key
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&*header),
                body,
            )
            .expect("a packet is short");
        buffer[end..end + TAG].copy_from_slice(tag.as_ref());
        self.parts[slot].iov_len = end + TAG;
        if start > 0 {
            self.cut(slot);
        }
    }

    /// Tell the kernel where to cut a run (udp(7)).
    fn cut(&mut self, slot: usize) {
        let header = &mut self.messages[slot].msg_hdr;
        header.msg_control = self.controls[slot].0.as_mut_ptr().cast();
        // SAFETY: the control buffer is aligned and has room for one message with a u16
        unsafe {
            header.msg_controllen = libc::CMSG_SPACE(size_of::<u16>() as u32) as _;
            let message = libc::CMSG_FIRSTHDR(header);
            (*message).cmsg_level = libc::SOL_UDP;
            (*message).cmsg_type = libc::UDP_SEGMENT;
            (*message).cmsg_len = libc::CMSG_LEN(size_of::<u16>() as u32) as _;
            libc::CMSG_DATA(message)
                .cast::<u16>()
                .write_unaligned(self.segment as u16);
        }
    }

    fn send(&mut self, socket: &UdpSocket) -> io::Result<()> {
        let mut sent = 0;
        while sent < self.used {
            let rest = &mut self.messages[sent..self.used];
            // SAFETY: the headers point into vectors that live and do not move while this runs
            let count = unsafe {
                libc::sendmmsg(socket.as_raw_fd(), rest.as_mut_ptr(), rest.len() as u32, 0)
            };
            if count < 0 {
                return Err(io::Error::last_os_error());
            }
            sent += count as usize;
        }
        self.used = 0;
        self.segment = 0;
        Ok(())
    }
}
