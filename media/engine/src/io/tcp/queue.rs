//! What waits for one slow connection: bounded, pictures given up first and in whole frames.

use std::collections::VecDeque;

use super::framing;
use crate::remote::Class;

/// Bytes of pictures that wait: a keyframe with the frames since, a second of a good picture. More
/// would only come late.
pub const MAX_VIDEO_BYTES: usize = 256 << 10;

/// Bytes of everything else that waits: ten seconds of sound.
pub const MAX_URGENT_BYTES: usize = 64 << 10;

/// Datagrams in order, with the sum of their bytes.
#[derive(Debug, Default)]
struct Line {
    datagrams: VecDeque<Box<[u8]>>,
    bytes: usize,
}

impl Line {
    fn push(&mut self, datagram: &[u8]) {
        self.bytes += datagram.len();
        self.datagrams.push_back(datagram.into());
    }

    fn pop(&mut self) -> Option<Box<[u8]>> {
        let datagram = self.datagrams.pop_front()?;
        self.bytes -= datagram.len();
        Some(datagram)
    }
}

/// Datagrams that a connection has no room for yet.
#[derive(Debug, Default)]
pub struct Queue {
    urgent: Line,
    video: Line,
    cut: Cut,
}

/// Whether pictures are being left out.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Cut {
    #[default]
    No,
    /// Inside of a frame.
    InFrame,
    /// What comes next begins a frame.
    AtFrame,
}

impl Queue {
    /// Put a datagram in line; false when it is left out.
    pub fn push(&mut self, class: Class, datagram: &[u8]) -> bool {
        match class {
            Class::Video => self.push_video(datagram),
            Class::Audio | Class::Control => {
                let fits = self.urgent.bytes + datagram.len() <= MAX_URGENT_BYTES;
                if fits {
                    self.urgent.push(datagram);
                }
                fits
            }
        }
    }

    /// Leave pictures out from the first that does not fit until half is gone and a frame begins.
    fn push_video(&mut self, datagram: &[u8]) -> bool {
        if self.cut == Cut::AtFrame && self.video.bytes <= MAX_VIDEO_BYTES / 2 {
            self.cut = Cut::No;
        }
        let fits = self.video.bytes + datagram.len() <= MAX_VIDEO_BYTES;
        if self.cut == Cut::No && fits {
            self.video.push(datagram);
            return true;
        }
        self.cut = match ends_frame(datagram) {
            true => Cut::AtFrame,
            false => Cut::InFrame,
        };
        false
    }

    /// Move frames into `out` until it has `size` bytes: pictures when nothing else waits.
    pub fn take(&mut self, out: &mut Vec<u8>, size: usize) {
        while out.len() < size {
            let Some(datagram) = self.urgent.pop().or_else(|| self.video.pop()) else {
                return;
            };
            framing::write(&datagram, out);
        }
    }
}

/// Read the marker of an RTP packet (RFC 3550 §5.1), which SRTP leaves in the clear.
fn ends_frame(packet: &[u8]) -> bool {
    packet.get(1).is_some_and(|second| second & 0x80 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A video packet of 1024 bytes with a number in it.
    fn packet(number: u8, marker: bool) -> Vec<u8> {
        let mut packet = vec![number; 1024];
        packet[1] = u8::from(marker) << 7;
        packet
    }

    fn full_of_video() -> Queue {
        let mut queue = Queue::default();
        for _ in 0..MAX_VIDEO_BYTES / 1024 {
            assert!(queue.push(Class::Video, &packet(0, false)));
        }
        queue
    }

    #[test]
    fn sound_goes_before_pictures() {
        let mut queue = Queue::default();
        queue.push(Class::Video, b"picture");
        queue.push(Class::Audio, b"sound");
        let mut out = Vec::new();
        queue.take(&mut out, 1000);
        assert_eq!(out, b"\0\x05sound\0\x07picture");
    }

    #[test]
    fn a_chunk_ends_soon_after_its_size() {
        let mut queue = full_of_video();
        let mut out = Vec::new();
        queue.take(&mut out, 2000);
        assert_eq!(out.len(), 2 * (2 + 1024));
    }

    #[test]
    fn sound_still_fits_where_pictures_do_not() {
        let mut queue = full_of_video();
        assert!(!queue.push(Class::Video, &packet(1, true)));
        assert!(queue.push(Class::Audio, &[0; 100]));
        assert!(queue.push(Class::Control, &[0; 100]));
    }

    #[test]
    fn sound_has_a_bound_of_its_own() {
        let mut queue = Queue::default();
        let taken = (0..10_000).filter(|_| queue.push(Class::Audio, &[0; 100]));
        assert_eq!(taken.count(), MAX_URGENT_BYTES / 100);
    }

    #[test]
    fn pictures_come_back_at_a_frame_once_half_is_gone() {
        let mut queue = full_of_video();
        assert!(!queue.push(Class::Video, &packet(1, false)), "no room");
        let mut out = Vec::new();
        queue.take(&mut out, 10_000);
        assert!(
            !queue.push(Class::Video, &packet(1, true)),
            "the rest of the frame"
        );
        assert!(!queue.push(Class::Video, &packet(2, true)), "not half yet");
        queue.take(&mut out, MAX_VIDEO_BYTES * 3 / 4);
        assert!(queue.push(Class::Video, &packet(3, false)));
        assert!(queue.push(Class::Video, &packet(3, true)));
    }

    #[test]
    fn pictures_do_not_come_back_inside_a_frame() {
        let mut queue = full_of_video();
        assert!(!queue.push(Class::Video, &packet(1, false)));
        queue.take(&mut Vec::new(), MAX_VIDEO_BYTES);
        assert!(!queue.push(Class::Video, &packet(1, false)));
        assert!(!queue.push(Class::Video, &packet(1, true)));
        assert!(queue.push(Class::Video, &packet(2, false)));
    }
}
