//! What goes down the joint, what comes up, and the names both sides use.
//!
//! Ids are chosen by the caller and unique for the life of the engine.

use crate::remote::Remote;
use crate::srtp::Profile;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u64);
    };
}

id!(
    /// A room's router.
    RouterId
);
id!(
    /// One peer's ICE and SRTP, or a direct end.
    TransportId
);
id!(
    /// A published track.
    ProducerId
);
id!(
    /// One slot of one subscriber.
    ConsumerId
);

/// Sound or picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sound.
    Audio,
    /// Picture.
    Video,
}

/// The codecs whose payload the engine understands well enough to switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// RFC 7587.
    Opus,
    /// RFC 7741.
    Vp8,
    /// RFC 6184.
    H264,
    /// Sound with copies of earlier sound (RFC 2198), beside the codec that it carries.
    Red,
}

/// One payload type of an m-line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CodecParameters {
    /// What the payload is.
    pub codec: Codec,
    /// 0..=127.
    pub payload_type: u8,
    /// Hertz of the RTP timestamp.
    pub clock_rate: u32,
    /// The payload type whose `apt` names this one (RFC 4588).
    pub rtx_payload_type: Option<u8>,
}

/// Negotiated RTP header extension ids (RFC 8285), `None` where not negotiated.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ExtensionIds {
    /// RFC 9143.
    pub mid: Option<u8>,
    /// RFC 6464.
    pub audio_level: Option<u8>,
    /// `abs-send-time`.
    pub abs_send_time: Option<u8>,
    /// 3GPP TS 26.114, coordination of video orientation.
    pub video_orientation: Option<u8>,
    /// `playout-delay`.
    pub playout_delay: Option<u8>,
    /// `video-content-type`: a camera, or a screen.
    pub content_type: Option<u8>,
    /// `color-space`.
    pub color_space: Option<u8>,
    /// Transport-wide sequence numbers; the same in every m-line of a peer (RFC 9143 §9.1).
    pub transport_cc: Option<u8>,
    /// RFC 8852: which layer a packet belongs to.
    pub rid: Option<u8>,
    /// RFC 8852: which layer a packet repairs.
    pub repaired_rid: Option<u8>,
}

/// How a published track looks on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProducerParameters {
    /// Sound or picture.
    pub kind: Kind,
    /// The m-line's name, at most 16 bytes on the wire.
    pub mid: String,
    /// SSRCs the SDP names; empty when only MID binds them.
    pub ssrcs: Vec<u32>,
    /// `ssrcs[i]` is repaired by `rtx_ssrcs[i]`.
    pub rtx_ssrcs: Vec<u32>,
    /// The layers of the picture (RFC 8853), which only these names bind; empty when it has one.
    pub rids: Vec<String>,
    /// Negotiated payload types.
    pub codecs: Vec<CodecParameters>,
    /// Negotiated header extensions.
    pub extensions: ExtensionIds,
    /// Whether generic NACK was negotiated.
    pub nack: bool,
    /// Whether PLI was negotiated.
    pub pli: bool,
    /// Whether the publisher leaves the estimate of its path to us (REMB, with `abs-send-time`).
    pub remb: bool,
}

/// How a subscriber's slot looks on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConsumerParameters {
    /// Sound or picture.
    pub kind: Kind,
    /// The m-line's name.
    pub mid: String,
    /// Our SSRC for the slot's media.
    pub ssrc: u32,
    /// Our SSRC for its retransmissions (RFC 4588).
    pub rtx_ssrc: Option<u32>,
    /// The canonical name that ties a subscriber's sound to its picture.
    pub cname: String,
    /// Negotiated payload types.
    pub codecs: Vec<CodecParameters>,
    /// Negotiated header extensions.
    pub extensions: ExtensionIds,
    /// Whether generic NACK was negotiated.
    pub nack: bool,
    /// Whether the subscriber's own estimate was negotiated (draft-alvestrand-rmcat-remb-03).
    pub remb: bool,
}

/// How large a picture is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Pixels.
    pub width: u16,
    /// Pixels.
    pub height: u16,
}

impl Size {
    /// Return how many pixels there are in all.
    pub fn pixels(self) -> u32 {
        u32::from(self.width) * u32::from(self.height)
    }
}

/// One encoding of a picture, as it comes now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// Its place among the track's rids; 0 of a track that has one encoding.
    pub number: usize,
    /// Of its newest keyframe.
    pub size: Size,
    /// Bits a second on the wire.
    pub bits: u64,
}

/// A master key with its salt, for one direction.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey {
    /// Length by the profile.
    pub key: Vec<u8>,
    /// Length by the profile.
    pub salt: Vec<u8>,
}

impl std::fmt::Debug for MasterKey {
    /// Keys never reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

/// An order from Python. One that names something gone is ignored.
#[derive(Debug, Clone)]
#[allow(missing_docs)] // each is the method of the same name in `_engine.pyi`
pub enum Command {
    RouterCreate(RouterId),
    RouterClose(RouterId),
    TransportCreate {
        transport: TransportId,
        router: RouterId,
        ice_ufrag: String,
        ice_pwd: String,
    },
    DirectTransportCreate {
        transport: TransportId,
        router: RouterId,
    },
    TransportRestartIce {
        transport: TransportId,
        ice_ufrag: String,
        ice_pwd: String,
    },
    TransportSetKeys {
        transport: TransportId,
        profile: Profile,
        send: MasterKey,
        receive: MasterKey,
    },
    TransportProbe {
        transport: TransportId,
        bits: Option<u64>,
    },
    TransportClose(TransportId),
    DtlsSend {
        transport: TransportId,
        datagram: Vec<u8>,
    },
    ProducerCreate {
        producer: ProducerId,
        transport: TransportId,
        parameters: Box<ProducerParameters>,
    },
    /// Keep a copy of a track that another thread, its owner, takes in; made by the engine itself.
    MirrorCreate {
        producer: ProducerId,
        transport: TransportId,
        router: RouterId,
        owner: usize,
        parameters: Box<ProducerParameters>,
    },
    /// Feed the copy that a thread keeps of a track; made by the engine itself.
    MirrorAdd {
        producer: ProducerId,
        thread: usize,
    },
    ProducerClose(ProducerId),
    KeyframeRequest(ProducerId),
    ConsumerCreate {
        consumer: ConsumerId,
        transport: TransportId,
        parameters: Box<ConsumerParameters>,
    },
    ConsumerSetProducer {
        consumer: ConsumerId,
        producer: Option<ProducerId>,
    },
    ConsumerSetLimit {
        consumer: ConsumerId,
        limit: Option<u32>,
    },
    ConsumerClose(ConsumerId),
    PacketsSend {
        producer: ProducerId,
        packets: Vec<Vec<u8>>,
    },
}

/// What happened, in the past tense; each is the tuple of the same name in `_engine.pyi`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Event {
    TransportConnected(TransportId, Remote),
    TransportMigrated(TransportId, Remote),
    TransportDisconnected(TransportId),
    TransportExpired(TransportId),
    DtlsReceived(TransportId, Vec<u8>),
    ProducerStarted(ProducerId, u32),
    ProducerStalled(ProducerId),
    ProducerResumed(ProducerId),
    KeyframeRequested(ProducerId),
    AudioLevels(Vec<(ProducerId, u8)>),
    Estimates(Vec<(TransportId, u64)>),
    Layers(Vec<(ProducerId, Vec<Layer>)>),
    PacketsReceived(TransportId, ConsumerId, Vec<Vec<u8>>),
    RoomFailed(RouterId, String),
}

/// One transport's totals since it was created.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransportStats {
    /// Where the peer is now.
    pub remote: Option<Remote>,
    /// RTP and RTCP packets that passed authentication.
    pub packets_received: u64,
    /// Their bytes on the wire.
    pub bytes_received: u64,
    /// RTP and RTCP packets sent.
    pub packets_sent: u64,
    /// Their bytes on the wire.
    pub bytes_sent: u64,
    /// Failed authentication, replayed or malformed.
    pub packets_rejected: u64,
    /// Left out by this subscriber's bound.
    pub packets_dropped: u64,
    /// Sequence numbers the peer asked for again.
    pub nacks_received: u64,
    /// Sequence numbers we asked for again.
    pub nacks_sent: u64,
    /// Packets sent again to the peer.
    pub retransmitted: u64,
    /// PLI and FIR received from the peer.
    pub keyframes_requested: u64,
    /// From the newest receiver report, milliseconds.
    pub round_trip_ms: Option<f64>,
    /// From the newest receiver report, 0..1.
    pub fraction_lost: Option<f64>,
    /// What the path toward the peer carries, bits a second.
    pub estimate: Option<u64>,
}

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// A total since start, over everything one thread does.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        #[allow(non_camel_case_types)] // the variants are the names Python sees
        pub enum Counter { $($(#[$doc])* $name,)* }

        impl Counter {
            /// Every counter with the name Python sees.
            pub const ALL: &[(Counter, &str)] = &[$((Counter::$name, stringify!($name)),)*];
        }
    };
}

counters! {
    /// Datagrams taken from the socket.
    datagrams_received,
    /// Their bytes.
    bytes_received,
    /// Datagrams the kernel accepted.
    datagrams_sent,
    /// Their bytes.
    bytes_sent,
    /// `sendmmsg` calls.
    send_calls,
    /// RTP packets written for subscribers, without retransmissions.
    packets_forwarded,
    /// RTP packets sent again on request.
    packets_retransmitted,
    /// RTP packets sent to find out what a path carries.
    packets_probing,
    /// Datagrams longer than we read.
    rejected_too_long,
    /// Datagrams from an address that passed no check.
    rejected_stranger,
    /// STUN messages that were malformed, unauthenticated or for nobody.
    rejected_stun,
    /// RTP or RTCP that cannot be read.
    rejected_malformed,
    /// SRTP that failed authentication.
    rejected_unauthenticated,
    /// SRTP seen before or too old.
    rejected_replayed,
    /// RTP that belongs to no producer.
    rejected_unknown_source,
    /// RTP whose number was already there or is too old.
    rejected_duplicate,
    /// Packets left out by a subscriber's bound.
    dropped_by_bound,
    /// Retransmissions refused by a subscriber's bound.
    dropped_retransmissions,
    /// DTLS beyond what one peer may make Python read.
    dropped_dtls,
    /// Datagrams the kernel had no room for.
    dropped_by_kernel,
    /// Datagrams the kernel refused for their destination.
    send_errors,
    /// TCP connections let in.
    connections_accepted,
    /// TCP connections turned away: too many, silent, or not speaking STUN first.
    connections_rejected,
    /// TCP connections closed because nothing was read for too long.
    connections_stalled,
    /// Datagrams that a slow TCP connection had no room for.
    dropped_by_connection,
    /// Datagrams handed to the thread that owns their sender.
    handed_over,
    /// Datagrams a full thread did not take over.
    dropped_hand_over,
    /// Events nobody fetched in time.
    dropped_events,
    /// Packets that a thread which mirrors a track was too busy to take.
    dropped_mirrored,
    /// Keyframe requests sent to publishers.
    keyframe_requests_sent,
    /// Panics caught.
    panics,
}

/// The totals of one thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counters([u64; Counter::ALL.len()]);

impl Default for Counters {
    fn default() -> Self {
        Self([0; Counter::ALL.len()])
    }
}

impl Counters {
    /// Add one.
    pub fn count(&mut self, counter: Counter) {
        self.add(counter, 1);
    }

    /// Add `amount`.
    pub fn add(&mut self, counter: Counter, amount: u64) {
        self.0[counter as usize] += amount;
    }

    /// Take over what another has counted, which begins again.
    pub fn absorb(&mut self, other: &mut Self) {
        for (total, counted) in self.0.iter_mut().zip(&mut other.0) {
            *total += std::mem::take(counted);
        }
    }

    /// Return one total.
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Return the totals in the order of [`Counter::ALL`].
    pub fn values(&self) -> &[u64] {
        &self.0
    }
}
