//! How much a publisher's path carries, for those who leave the estimate to the receiver: from when
//! they say their packets left (`abs-send-time`) and when those came. What they are told is REMB
//! (draft-alvestrand-rmcat-remb-03); losses they know from reports, and follow them themselves.

#[cfg(test)]
mod tests;

use super::Estimator;
use super::sent::Acked;
use crate::clock::{MICROS_PER_SECOND, Micros};

/// `abs-send-time` counts this much of a second, in 24 bits: it comes again every 64 seconds.
const STAMPS_PER_SECOND: i64 = 1 << 18;
const STAMP_BITS: u32 = 24;

/// Part of what was told below which less is told at once.
const LESS: f64 = 0.97;
/// Time between two messages otherwise (libwebrtc as a receiver).
const INTERVAL: Micros = MICROS_PER_SECOND;

/// Follows one publisher's path.
#[derive(Debug)]
pub struct Uplink {
    id: u8,
    estimator: Estimator,
    /// The newest stamp as it came, and counted on over its wraps.
    newest: Option<(u32, i64)>,
    packets: u64,
    /// Packets since the last look.
    came: u32,
    told: Option<(u64, Micros)>,
}

impl Uplink {
    /// Begin with a peer whose packets carry their stamps under an extension's id.
    pub fn new(id: u8) -> Self {
        Self {
            id,
            estimator: Estimator::default(),
            newest: None,
            packets: 0,
            came: 0,
            told: None,
        }
    }

    /// Return the id under which packets carry their stamps.
    pub fn id(&self) -> u8 {
        self.id
    }

    /// Take a packet of `size` bytes that came, be it media, repair or padding.
    pub fn packet(&mut self, stamp: [u8; 3], size: usize, at: Micros) {
        let [high, middle, low] = stamp;
        let stamp = self.count_on(u32::from_be_bytes([0, high, middle, low]));
        self.packets += 1;
        self.came += 1;
        self.estimator.came(&Acked {
            number: self.packets,
            sent: stamp * MICROS_PER_SECOND / STAMPS_PER_SECOND,
            came: at,
            size: size as u16,
        });
    }

    /// Return what the publisher is to be told now, bits a second, if anything.
    pub fn take_news(&mut self, now: Micros) -> Option<u64> {
        match std::mem::take(&mut self.came) {
            0 => return None, // whoever sends nothing learns nothing
            came => self.estimator.follow(came, 0, now),
        }
        let estimate = self.estimator.estimate()?;
        let is_news = self.told.is_none_or(|(told, at)| {
            (estimate as f64) < LESS * told as f64 || now - at >= INTERVAL
        });
        is_news.then(|| {
            self.told = Some((estimate, now));
            estimate
        })
    }

    /// Return a stamp counted on over its wraps; packets overtake each other by less than half of one.
    fn count_on(&mut self, stamp: u32) -> i64 {
        let Some((newest, counted)) = self.newest else {
            self.newest = Some((stamp, stamp.into()));
            return stamp.into();
        };
        let unused = u32::BITS - STAMP_BITS;
        let step = i64::from((stamp.wrapping_sub(newest) << unused) as i32 >> unused);
        if step > 0 {
            self.newest = Some((stamp, counted + step));
        }
        counted + step
    }
}
