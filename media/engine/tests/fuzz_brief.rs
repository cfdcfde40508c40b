//! A few seconds of what `fuzz/` does for hours: each body with mutated inputs, the same every time.

use engine::fuzzing;
use std::time::{Duration, Instant};

/// Inputs for each body; together they take a few seconds on a slow machine.
const INPUTS: u32 = 200_000;
/// A slow machine stops here, having shown less.
const AT_MOST: Duration = Duration::from_secs(10);
/// Longest input: more than the largest packet on the wire.
const LONGEST: usize = 1500;

/// xorshift64*: small, and alike everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, limit: usize) -> usize {
        (self.next() >> 33) as usize % limit.max(1)
    }

    /// Return a byte, often one that sits on an edge.
    fn byte(&mut self) -> u8 {
        const EDGES: [u8; 8] = [0, 1, 0x0F, 0x7F, 0x80, 0x90, 0xFE, 0xFF];
        match self.below(3) {
            0 => EDGES[self.below(EDGES.len())],
            _ => self.next() as u8,
        }
    }

    fn mutate(&mut self, data: &mut Vec<u8>) {
        let at = self.below(data.len());
        match self.below(7) {
            0 if !data.is_empty() => data[at] ^= 1 << self.below(8),
            1 if !data.is_empty() => data[at] = self.byte(),
            2 => data.truncate(at),
            3 => data.insert(at, self.byte()),
            4 if !data.is_empty() => drop(data.remove(at)),
            5 => {
                let copy = data[at..].to_vec();
                data.extend_from_slice(&copy);
            }
            _ => data.extend((0..self.below(40)).map(|_| 0xAB)),
        }
        data.truncate(LONGEST);
    }
}

/// Drive a body with seeds and what a few mutations make of them.
fn drive(body: fn(&[u8]), seeds: &[Vec<u8>]) {
    let mut random = Random(0x5EED_0FDA_2560);
    let started = Instant::now();
    body(&[]);
    seeds.iter().for_each(|seed| body(seed));
    for _ in 0..INPUTS {
        if started.elapsed() > AT_MOST {
            return;
        }
        let mut input = seeds[random.below(seeds.len())].clone();
        for _ in 0..=random.below(6) {
            random.mutate(&mut input);
        }
        body(&input);
    }
}

/// Read the seeds that libFuzzer starts from as well.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/fuzz/seeds");
    let text = std::fs::read_to_string(format!("{folder}/{target}.hex")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let seeds: Vec<_> = lines.map(unhex).filter(|seed| !seed.is_empty()).collect();
    assert!(!seeds.is_empty(), "{target} has no seeds");
    seeds
}

fn unhex(line: &str) -> Vec<u8> {
    let digits: Vec<u32> = line.chars().filter_map(|c| c.to_digit(16)).collect();
    let bytes = digits.chunks_exact(2);
    bytes.map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

#[test]
fn rtp() {
    drive(fuzzing::rtp, &seeds("rtp"));
}

#[test]
fn rtcp() {
    drive(fuzzing::rtcp, &seeds("rtcp"));
}

#[test]
fn stun() {
    drive(fuzzing::stun, &seeds("stun"));
}

#[test]
fn srtp_unprotect() {
    drive(fuzzing::srtp_unprotect, &seeds("srtp_unprotect"));
}

#[test]
fn vp8() {
    drive(fuzzing::vp8, &seeds("vp8"));
}

#[test]
fn h264() {
    drive(fuzzing::h264, &seeds("h264"));
}

#[test]
fn sps() {
    drive(fuzzing::sps, &seeds("sps"));
}

#[test]
fn red() {
    drive(fuzzing::red, &seeds("red"));
}

#[test]
fn room() {
    drive(fuzzing::room, &seeds("room"));
}
