//! Datagrams as frames of a byte stream (RFC 4571): two bytes of length before each.

use crate::error::{Error, Result};
use crate::io::socket::RECEIVE_SIZE;

/// Bytes of the length before a frame.
pub const LENGTH_SIZE: usize = 2;

/// What has come of a frame that is not whole yet.
#[derive(Debug, Default)]
pub struct Frames(Vec<u8>);

impl Frames {
    /// Take bytes of the stream and hand over every frame that they complete; empty ones are none.
    ///
    /// Fails with `Refused` at a frame longer than any datagram we read.
    pub fn take(&mut self, mut bytes: &[u8], mut each: impl FnMut(&[u8])) -> Result<()> {
        while !bytes.is_empty() {
            let missing = self.size()? - self.0.len();
            let (part, rest) = bytes.split_at(missing.min(bytes.len()));
            self.0.extend_from_slice(part);
            bytes = rest;
            if self.0.len() >= LENGTH_SIZE && self.0.len() == self.size()? {
                if self.0.len() > LENGTH_SIZE {
                    each(&self.0[LENGTH_SIZE..]);
                }
                self.0.clear();
            }
        }
        Ok(())
    }

    /// Return the frame's bytes with its length, or those of the length while it is unknown.
    fn size(&self) -> Result<usize> {
        let Some(&length) = self.0.first_chunk::<LENGTH_SIZE>() else {
            return Ok(LENGTH_SIZE);
        };
        let length = usize::from(u16::from_be_bytes(length));
        if length > RECEIVE_SIZE {
            return Err(Error::Refused("frame length"));
        }
        Ok(LENGTH_SIZE + length)
    }
}

/// Write a datagram as a frame.
pub fn write(datagram: &[u8], out: &mut Vec<u8>) {
    // no datagram of ours comes near the limit of 65 535 bytes
    out.extend_from_slice(&(datagram.len() as u16).to_be_bytes());
    out.extend_from_slice(datagram);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stream(datagrams: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        datagrams
            .iter()
            .for_each(|datagram| write(datagram, &mut out));
        out
    }

    fn read(pieces: &[&[u8]]) -> Result<Vec<Vec<u8>>> {
        let (mut frames, mut found) = (Frames::default(), Vec::new());
        for piece in pieces {
            frames.take(piece, |frame| found.push(frame.to_vec()))?;
        }
        Ok(found)
    }

    #[test]
    fn frames_come_whole_however_the_stream_is_cut() {
        let datagrams: [&[u8]; 3] = [b"one", &[7; RECEIVE_SIZE], b"x"];
        let bytes = stream(&datagrams);
        assert_eq!(read(&[&bytes]).unwrap(), datagrams);
        for size in [1, 2, 3, 5, 1000] {
            let pieces: Vec<_> = bytes.chunks(size).collect();
            assert_eq!(read(&pieces).unwrap(), datagrams, "in pieces of {size}");
        }
    }

    #[test]
    fn an_empty_frame_is_none_and_half_a_frame_waits() {
        assert_eq!(read(&[&[0, 0, 0, 0, 0, 1, 9]]).unwrap(), [[9]]);
        assert!(read(&[&[0, 3, 1, 2]]).unwrap().is_empty());
        assert!(read(&[&[0]]).unwrap().is_empty());
    }

    #[test]
    fn a_frame_longer_than_any_datagram_is_refused_at_its_length() {
        let too_long = (RECEIVE_SIZE as u16 + 1).to_be_bytes();
        assert_eq!(
            read(&[&too_long, &[0]]),
            Err(Error::Refused("frame length"))
        );
        assert_eq!(
            read(&[b"GET / HTTP/1.1\r\n"]),
            Err(Error::Refused("frame length"))
        );
    }
}
