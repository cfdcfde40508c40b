//! The media engine of Darsgoh: packets in, packets out.

pub mod error;
#[doc(hidden)]
pub mod fuzzing;
pub mod h264;
pub mod ice;
pub mod nack;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod stun;
pub mod vp8;

#[cfg(feature = "python")]
mod python {
    use pyo3::prelude::*;

    #[pymodule(name = "_engine")]
    mod engine_module {}
}
