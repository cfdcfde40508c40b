//! The way of a packet allocates nothing: an allocator that counts watches each part of it.

use engine::ice::Agent;
use engine::nack::{Generator, MAX_OUTSTANDING};
use engine::remote::Remote;
use engine::rtp::{HeaderFields, Packet, write_header};
use engine::srtp::{Profile, Receiver, Sender};
use engine::stun::{Check, IntegrityKey, MAX_RESPONSE_LEN, Message, write_check};
use engine::{rtcp, vp8};
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::time::{Duration, Instant};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

struct Counting;

// SAFETY: every call goes to the system's allocator unchanged; only a number is kept beside it
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract of `alloc`
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the pointer came from `alloc` above, which is the system's
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// Run a part of the way and return how often it allocated.
fn allocations(part: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.with(Cell::get);
    part();
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn the_counter_counts() {
    let allocate = || drop(std::hint::black_box(Box::new(1)));
    assert_eq!(allocations(allocate), 1);
}

#[test]
fn rewriting_protecting_and_opening_a_packet() {
    for profile in [Profile::Aes128Gcm, Profile::AesCmSha1_80] {
        let salt = &[2; 14][..profile.salt_len()];
        let mut sender = Sender::new(profile, &[1; 16], salt).unwrap();
        let mut receiver = Receiver::new(profile, &[1; 16], salt).unwrap();
        let mut munger = vp8::Munger::default();
        let mut forward = |sequence| {
            let mut buf = [0; 1500];
            let fields = HeaderFields {
                sequence,
                ..HeaderFields::default()
            };
            let header_len = write_header(&mut buf, &fields, &[(1, b"0"), (2, &[5])]).unwrap();
            buf[header_len..header_len + 4].copy_from_slice(&[0x90, 0x80, 1, 0]);
            munger.rewrite(&mut buf[header_len..1200]).unwrap();
            let len = sender.protect(&mut buf, 1200, header_len, 0).unwrap();
            let len = receiver.unprotect(&mut buf[..len]).unwrap();
            let packet = Packet::parse(&buf[..len]).unwrap();
            assert_eq!(packet.extension(1), Some(&b"0"[..]));
            assert!(vp8::is_keyframe(packet.payload()));
        };
        // the first packet of a source makes its replay window
        forward(0);
        assert_eq!(allocations(|| (1..100).for_each(&mut forward)), 0);
    }
}

#[test]
fn noticing_a_loss_and_asking_for_it() {
    let now = Instant::now();
    let mut generator = Generator::new();
    let count = allocations(|| {
        for sequence in (0..3000).filter(|sequence| sequence % 7 != 0) {
            generator.on_packet(sequence, now);
        }
        let mut out = [0; MAX_OUTSTANDING];
        let lost = generator.due(now, Duration::from_millis(50), &mut out);
        let mut report = [0; 1200];
        let len = rtcp::nack::write(&mut report, 1, 2, lost).unwrap();
        for message in rtcp::messages(&report[..len]) {
            let rtcp::Message::Nack(nack) = message.unwrap() else {
                continue;
            };
            assert_eq!(nack.lost().count(), MAX_OUTSTANDING);
        }
    });
    assert_eq!(count, 0);
}

#[test]
fn answering_a_check() {
    let now = Instant::now();
    let password = "0123456789012345678901";
    let mut agent = Agent::new("abcd", password, now).unwrap();
    let key = IntegrityKey::new(password);
    let check = Check {
        username: "abcd:peer",
        priority: 1,
        controlling: 1,
        use_candidate: true,
        nomination: None,
    };
    let count = allocations(|| {
        let mut request = [0; 256];
        let len = write_check(&mut request, &[7; 12], &check, &key).unwrap();
        let message = Message::parse(&request[..len]).unwrap();
        let mut out = [0; MAX_RESPONSE_LEN];
        let from = Remote::udp(([192, 0, 2, 1], 5000).into());
        let outcome = agent.handle_check(&message, from, now, &mut out);
        assert!(outcome.authenticated && outcome.reply > 0);
    });
    assert_eq!(count, 0);
}
