//! One peer: where it is, with which keys, and which tracks go through it.

use std::time::Duration;

use crate::arrivals::Arrivals;
use crate::budget::Budget;
use crate::bwe::Estimator;
use crate::bwe::uplink::Uplink;
use crate::clock::RemoteClock;
use crate::command::{MasterKey, RouterId, TransportId, TransportStats};
use crate::pacing::Pacer;
use crate::remote::Remote;
use crate::timers::ReportTimer;
use crate::{ice, srtp};

/// Media one subscriber may be sent, bytes a second: far above any lesson, well below a runaway
/// source multiplied by a hall of students.
const MEDIA_RATE: i64 = 6_250_000;

/// Media sent at once on top: a fast start of every slot.
const MEDIA_BURST: i64 = 4 << 20;

/// Retransmissions one subscriber may be sent, bytes a second: a fifth of a good lesson's rate.
const RESEND_RATE: i64 = 125_000;

/// Part of a known path's rate that they may take: as much as is lost on a very bad one.
const RESEND_PART: f64 = 0.25;

/// Retransmissions sent at once: a lost burst of a keyframe.
const RESEND_BURST: i64 = 250_000;

/// The least of it: two packets, or the narrowest paths could repair none, ever.
const LEAST_RESEND_BURST: i64 = 3_000;

/// DTLS one peer may have us hand to Python, bytes a second: handshakes, alerts and small messages.
const DTLS_RATE: i64 = 250_000;

/// DTLS at once: a handshake with every flight repeated many times.
const DTLS_BURST: i64 = 500_000;

/// Round trip assumed before a report tells.
const FIRST_ROUND_TRIP: Duration = Duration::from_millis(100);

/// SSRCs one peer may bind; a lesson needs fewer than ten.
pub const MAX_BINDINGS: usize = 64;

/// What an incoming SSRC belongs to, bound at first sight and kept: senders stop naming it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binding {
    /// Media of the producer at this place.
    Media(usize),
    /// Repair of the producer at this place.
    Repair(usize),
}

impl Binding {
    /// Return the producer's place.
    pub fn producer(self) -> usize {
        match self {
            Self::Media(place) | Self::Repair(place) => place,
        }
    }
}

/// How packets leave.
pub enum Path {
    /// Through ICE and SRTP.
    Network(Box<Network>),
    /// As plain RTP to this process.
    Direct,
    /// Not here: its peer belongs to this other thread, whose tracks are mirrored.
    Mirror(usize),
}

/// A remote peer's ICE and keys.
pub struct Network {
    /// Its addresses and consent.
    pub agent: ice::Agent,
    /// Bound of what it makes Python read.
    pub dtls: Budget,
    /// What `sender` was made of, so that it is not made again: its counters would begin anew.
    pub sending_key: Option<MasterKey>,
    /// Keys toward it, once DTLS is done.
    pub sender: Option<srtp::Sender>,
    /// Keys from it.
    pub receiver: Option<srtp::Receiver>,
}

impl Network {
    /// Begin without keys.
    pub fn new(agent: ice::Agent) -> Self {
        Self {
            agent,
            dtls: Budget::new(DTLS_RATE, DTLS_BURST),
            sending_key: None,
            sender: None,
            receiver: None,
        }
    }
}

/// One peer.
pub struct Transport {
    /// Its name outside.
    pub id: TransportId,
    /// The router whose packets it may see.
    pub router: RouterId,
    /// How packets leave.
    pub path: Path,
    /// Places of the tracks it publishes.
    pub producers: Vec<usize>,
    /// Places of the slots it watches.
    pub consumers: Vec<usize>,
    /// Incoming SSRCs, few enough to be searched.
    pub bindings: Vec<(u32, Binding)>,
    /// The id under which its packets carry transport-wide numbers.
    pub transport_cc: Option<u8>,
    /// Which of those came, and when.
    pub arrivals: Arrivals,
    /// What the path from it carries, if it leaves that to us.
    pub uplink: Option<Box<Uplink>>,
    /// What the path toward it carries, if it tells us what came when.
    pub estimator: Option<Box<Estimator>>,
    /// What waits, while more is wanted than its path is known to carry.
    pub pacer: Option<Box<Pacer>>,
    /// Whether it has something to do at every step.
    pub is_stepped: bool,
    /// Whether a slot of it has a repair stream whose packets are numbered.
    pub is_probing_possible: bool,
    /// Where the peer's NTP clock lies on ours.
    pub clock: RemoteClock,
    /// Bound of media toward it.
    pub media: Budget,
    /// Bound of retransmissions toward it.
    pub resends: Budget,
    /// Who we are in RTCP about what we receive.
    pub rtcp_ssrc: u32,
    /// When the next report to it is due.
    pub report: ReportTimer,
    /// Totals.
    pub stats: TransportStats,
}

impl Transport {
    /// Begin without tracks.
    pub fn new(id: TransportId, router: RouterId, path: Path, rtcp_ssrc: u32) -> Self {
        Self {
            id,
            router,
            path,
            producers: Vec::new(),
            consumers: Vec::new(),
            bindings: Vec::new(),
            transport_cc: None,
            arrivals: Arrivals::default(),
            uplink: None,
            estimator: None,
            pacer: None,
            is_stepped: false,
            is_probing_possible: false,
            clock: RemoteClock::default(),
            media: Budget::new(MEDIA_RATE, MEDIA_BURST),
            resends: Budget::new(RESEND_RATE, RESEND_BURST),
            rtcp_ssrc,
            report: ReportTimer::default(),
            stats: TransportStats::default(),
        }
    }

    /// Return the ICE and keys of a remote peer.
    pub fn network(&mut self) -> Option<&mut Network> {
        match &mut self.path {
            Path::Network(network) => Some(network),
            Path::Direct | Path::Mirror(_) => None,
        }
    }

    /// Return whether packets can leave.
    pub fn is_ready(&self) -> bool {
        match &self.path {
            Path::Network(network) => {
                network.sender.is_some() && network.agent.selected().is_some()
            }
            Path::Direct => true,
            Path::Mirror(_) => false,
        }
    }

    /// Return where packets leave to.
    pub fn remote(&self) -> Option<Remote> {
        match &self.path {
            Path::Network(network) => network.agent.selected(),
            Path::Direct | Path::Mirror(_) => None,
        }
    }

    /// Return what an SSRC is bound to.
    pub fn binding(&self, ssrc: u32) -> Option<Binding> {
        self.bindings
            .iter()
            .find(|(bound, _)| *bound == ssrc)
            .map(|(_, binding)| *binding)
    }

    /// Bind an SSRC; one that is bound stays as it is. Returns false when there are too many.
    pub fn bind(&mut self, ssrc: u32, binding: Binding) -> bool {
        if self.bindings.len() >= MAX_BINDINGS || self.binding(ssrc).is_some() {
            return false;
        }
        self.bindings.push((ssrc, binding));
        true
    }

    /// Let repairs take their part of what the path carries: where they fill it, they cause the very
    /// losses they are to repair.
    pub fn bound_resends(&mut self, estimate: u64) {
        let part = (RESEND_PART * estimate as f64 / 8.0) as i64;
        let rate = part.min(RESEND_RATE);
        let burst = rate.clamp(LEAST_RESEND_BURST, RESEND_BURST);
        self.resends.change(rate, burst);
    }

    /// Return the last measured round trip.
    pub fn round_trip(&self) -> Duration {
        let known = self
            .stats
            .round_trip_ms
            .map(|ms| Duration::from_secs_f64(ms / 1000.0));
        known.unwrap_or(FIRST_ROUND_TRIP)
    }
}
