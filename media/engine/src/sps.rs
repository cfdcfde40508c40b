//! How large the pictures of an H.264 stream are: the sequence parameter set (ITU-T H.264 §7.3.2.1.1).

use crate::command::Size;

/// Profiles without the fields on colour that High brings: the ones we negotiate.
const PLAIN_PROFILES: [u8; 3] = [66, 77, 88];

/// Leading zeros of the longest number of an honest set; a number of 32 has twice as many bits.
const MAX_ZEROS: u32 = 31;

/// Macroblocks of 16 pixels side by side that still give a width of 16 bits.
const MAX_MACROBLOCKS: u32 = 4096;

/// Entries of a cycle of picture order counts, §7.4.2.1.1.
const MAX_CYCLE: u32 = 255;

/// Return the size that a set tells; `unit` is what follows its NAL unit's header.
pub fn picture_size(unit: &[u8]) -> Option<Size> {
    let (profile, rest) = unit.split_first()?;
    if !PLAIN_PROFILES.contains(profile) {
        return None;
    }
    // after the constraints and the level
    let mut bits = Bits::new(rest.get(2..)?);
    bits.number()?; // its id
    bits.number()?; // bits of a frame's number
    skip_order(&mut bits)?;
    bits.number()?; // reference frames
    bits.flag()?; // whether frame numbers may have gaps
    let columns = macroblocks(&mut bits)?;
    let rows = macroblocks(&mut bits)?;
    let fields = if bits.flag()? { 1 } else { 2 };
    if fields == 2 {
        bits.flag()?; // whether macroblocks choose
    }
    bits.flag()?; // how motion is inferred
    let cropped = bits.flag()?;
    let (across, down) = if cropped {
        cropping(&mut bits)?
    } else {
        (0, 0)
    };
    let across = across.checked_mul(2)?;
    let down = down.checked_mul(2 * fields)?;
    size(16 * columns, across, 16 * rows * fields, down)
}

/// Skip how the order of pictures is counted.
fn skip_order(bits: &mut Bits<'_>) -> Option<()> {
    match bits.number()? {
        0 => drop(bits.number()?),
        1 => {
            bits.flag()?;
            bits.number()?;
            bits.number()?;
            let cycle = bits.number().filter(|&cycle| cycle <= MAX_CYCLE)?;
            for _ in 0..cycle {
                bits.number()?;
            }
        }
        _ => {}
    }
    Some(())
}

fn macroblocks(bits: &mut Bits<'_>) -> Option<u32> {
    let count = bits.number()? + 1;
    (count < MAX_MACROBLOCKS).then_some(count)
}

/// Return what is cut off across and down, in pairs of pixels.
fn cropping(bits: &mut Bits<'_>) -> Option<(u32, u32)> {
    let mut sum = || bits.number()?.checked_add(bits.number()?);
    Some((sum()?, sum()?))
}

fn size(width: u32, cut_width: u32, height: u32, cut_height: u32) -> Option<Size> {
    let left = |full: u32, cut| u16::try_from(full.checked_sub(cut)?).ok();
    let (width, height) = (left(width, cut_width)?, left(height, cut_height)?);
    (width > 0 && height > 0).then_some(Size { width, height })
}

/// Reads bits, leaving out the bytes that keep start codes from appearing (§7.4.1.1).
struct Bits<'a> {
    bytes: &'a [u8],
    zeros: u32,
    byte: u8,
    left: u32,
}

impl<'a> Bits<'a> {
    fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            zeros: 0,
            byte: 0,
            left: 0,
        }
    }

    fn flag(&mut self) -> Option<bool> {
        if self.left == 0 {
            self.byte = self.next_byte()?;
            self.left = 8;
        }
        self.left -= 1;
        Some(self.byte >> self.left & 1 == 1)
    }

    fn next_byte(&mut self) -> Option<u8> {
        let mut byte = self.take()?;
        if self.zeros >= 2 && byte == 3 {
            self.zeros = 0;
            byte = self.take()?;
        }
        self.zeros = if byte == 0 { self.zeros + 1 } else { 0 };
        Some(byte)
    }

    fn take(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    /// Read an unsigned Exp-Golomb number (§9.1); a signed one has the same length.
    fn number(&mut self) -> Option<u32> {
        let mut zeros = 0;
        while !self.flag()? {
            zeros += 1;
            if zeros > MAX_ZEROS {
                return None;
            }
        }
        let mut value: u32 = 1;
        for _ in 0..zeros {
            value = value << 1 | u32::from(self.flag()?);
        }
        Some(value - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of(unit: &[u8]) -> Option<(u16, u16)> {
        picture_size(unit).map(|size| (size.width, size.height))
    }

    fn unhex(digits: &str) -> Vec<u8> {
        let pairs = (0..digits.len()).step_by(2);
        pairs
            .map(|at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn sizes_of_a_real_encoder() {
        // x264, baseline; after the NAL unit's header
        for (unit, width, height) in [
            ("42c01fd9005005ba10000003001000000303c8f1832480", 1280, 720),
            ("42c01ed900a02ff9610000030001000003003c8f162e48", 640, 360),
            ("42c00dd901419f9e10000003001000000303c8f142a480", 320, 180),
            (
                "42c028d900780227a9a10000030001000003003c8f183248",
                1918,
                1078,
            ),
        ] {
            assert_eq!(size_of(&unhex(unit)), Some((width, height)));
        }
    }

    #[test]
    fn a_set_cut_short_or_of_another_profile_tells_nothing() {
        let whole = unhex("42c01ed900a02ff9610000030001000003003c8f162e48");
        for len in 0..8 {
            assert_eq!(size_of(&whole[..len]), None);
        }
        assert_eq!(size_of(&[&[100], &whole[1..]].concat()), None);
    }

    #[test]
    fn the_longest_numbers_overflow_nothing() {
        // 31 zeros, a one and 31 ones, over and over
        let number = [0, 0, 3, 0, 1, 0xFF, 0xFF, 0xFF, 0xFE];
        let unit = [&[66, 0, 30][..], &number.repeat(12)].concat();
        assert_eq!(size_of(&unit), None);
    }
}
