//! The media engine of Darsgoh: packets in, packets out.

pub mod error;
pub mod ice;
pub mod rtcp;
pub mod rtp;
pub mod srtp;
pub mod stun;

#[cfg(feature = "python")]
mod python {
    use pyo3::prelude::*;

    #[pymodule(name = "_engine")]
    mod engine_module {}
}
