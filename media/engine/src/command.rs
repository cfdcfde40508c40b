//! What goes down the joint, what comes up, and the names both sides use.
//!
//! Ids are chosen by the caller and unique for the life of the engine.

use std::net::SocketAddr;

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
    /// Negotiated payload types.
    pub codecs: Vec<CodecParameters>,
    /// Negotiated header extensions.
    pub extensions: ExtensionIds,
    /// Whether generic NACK was negotiated.
    pub nack: bool,
    /// Whether PLI was negotiated.
    pub pli: bool,
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
    TransportConnected(TransportId, SocketAddr),
    TransportMigrated(TransportId, SocketAddr),
    TransportDisconnected(TransportId),
    TransportExpired(TransportId),
    DtlsReceived(TransportId, Vec<u8>),
    ProducerStarted(ProducerId, u32),
    ProducerStalled(ProducerId),
    ProducerResumed(ProducerId),
    KeyframeRequested(ProducerId),
    AudioLevels(Vec<(ProducerId, u8)>),
    PacketsReceived(TransportId, ConsumerId, Vec<Vec<u8>>),
    WorkerFailed(usize, String),
}

/// One transport's totals since it was created.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransportStats {
    /// The selected address.
    pub address: Option<SocketAddr>,
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
    /// Datagrams handed to the thread that owns their sender.
    handed_over,
    /// Datagrams a full thread did not take over.
    dropped_hand_over,
    /// Events nobody fetched in time.
    dropped_events,
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

    /// Return one total.
    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Return the totals in the order of [`Counter::ALL`].
    pub fn values(&self) -> &[u64] {
        &self.0
    }
}
