//! Where a peer is, and what a datagram toward it carries.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// One TCP connection of the engine, never used again for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConnectionId(pub u64);

/// A peer's transport address (RFC 8445 §4): one on UDP, or the far end of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remote {
    /// Datagrams to and from this address and, where we have several, one of ours.
    Udp(SocketAddr, Option<IpAddr>),
    /// Frames of one connection (RFC 6544), which comes from this address.
    Tcp(ConnectionId, SocketAddr),
}

impl Remote {
    /// Return an address on UDP where our end is not in question.
    pub fn udp(address: SocketAddr) -> Self {
        Self::Udp(address, None)
    }

    /// Return the address without its protocol.
    pub fn address(self) -> SocketAddr {
        match self {
            Self::Udp(address, _) | Self::Tcp(_, address) => address,
        }
    }
}

impl fmt::Display for Remote {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Udp(address, _) => address.fmt(formatter),
            Self::Tcp(_, address) => write!(formatter, "{address}/tcp"),
        }
    }
}

/// What a datagram carries: how it is marked on the way, and what is left out first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Checks, handshakes and reports.
    Control,
    /// Sound.
    Audio,
    /// Pictures.
    Video,
}
