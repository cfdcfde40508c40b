//! The media engine of Darsgoh: packets in, packets out.
//!
//! `io` holds the sockets, threads and clock; `core` decides what happens to a datagram and has
//! none of them; `router` is the way of a packet from its source to everyone who watches it. The
//! other modules are the protocols, one each. `python` is the joint to the rest of Darsgoh.

pub mod arrivals;
pub mod batch;
pub mod budget;
pub mod bwe;
pub mod clock;
pub mod command;
mod commands;
pub mod consumer;
pub mod core;
pub mod error;
mod feedback;
#[doc(hidden)]
pub mod fuzzing;
pub mod h264;
pub mod ice;
mod incoming;
pub mod io;
pub mod keyframe;
mod layers;
pub mod mirror;
pub mod nack;
pub mod pacing;
pub mod producer;
#[cfg(feature = "python")]
mod python;
mod random;
pub mod reception;
pub mod red;
pub mod remote;
pub mod ring;
pub mod router;
pub mod rtcp;
pub mod rtp;
pub mod runs;
pub mod slab;
pub mod sps;
pub mod srtp;
pub mod stun;
pub mod timers;
pub mod transport;
pub mod vp8;
