//! What can be wrong with bytes from the network, or with a caller's arguments.
//!
//! ```text
//! Error
//! ├── Truncated         the data ends before the named part does
//! ├── Malformed         a field holds what its specification forbids
//! ├── Refused           well formed, but not accepted here
//! ├── Unauthenticated   the authentication tag does not match
//! ├── Replayed          seen before, or too old to tell
//! ├── TooManySources    one session uses more SSRCs than we keep state for
//! ├── KeyExhausted      the key has protected as many packets as it may
//! ├── BufferTooSmall    the caller's buffer cannot hold the result
//! └── InvalidArgument   a caller's value has the wrong length or shape
//! ```
//!
//! Errors are input, panics are bugs: no function of this crate panics on any datagram.

use std::fmt;

/// A refusal, small enough to be returned for every datagram.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Error {
    /// The data ends before the named part does.
    Truncated(&'static str),
    /// The named field holds what its specification forbids.
    Malformed(&'static str),
    /// The named thing is well formed but not accepted here.
    Refused(&'static str),
    /// The authentication tag does not match.
    Unauthenticated,
    /// The packet was seen before, or is too old to tell.
    Replayed,
    /// One session uses more SSRCs than we keep state for.
    TooManySources,
    /// The key has protected as many packets as it may.
    KeyExhausted,
    /// The caller's buffer cannot hold the result.
    BufferTooSmall {
        /// Bytes the result takes.
        needed: usize,
        /// Bytes the caller offered.
        got: usize,
    },
    /// The named argument has the wrong length or shape.
    InvalidArgument(&'static str),
}

/// The result of everything in this crate that reads or writes the wire.
pub type Result<T> = std::result::Result<T, Error>;

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated(what) => write!(f, "The data ends before the {what} does."),
            Self::Malformed(what) => write!(f, "The {what} is malformed."),
            Self::Refused(what) => write!(f, "The {what} is not accepted here."),
            Self::Unauthenticated => f.write_str("The authentication tag does not match."),
            Self::Replayed => f.write_str("The packet was seen before or is too old."),
            Self::TooManySources => f.write_str("The session uses too many SSRCs."),
            Self::KeyExhausted => f.write_str("The key may not protect any more packets."),
            Self::BufferTooSmall { needed, got } => {
                write!(f, "The result takes {needed} bytes, the buffer has {got}.")
            }
            Self::InvalidArgument(what) => write!(f, "The {what} has the wrong length or shape."),
        }
    }
}

impl std::error::Error for Error {}

/// Return the first `needed` bytes of `out`, or say how many are missing.
pub(crate) fn room(out: &mut [u8], needed: usize) -> Result<&mut [u8]> {
    let got = out.len();
    out.get_mut(..needed)
        .ok_or(Error::BufferTooSmall { needed, got })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_is_a_sentence() {
        let errors = [
            Error::Truncated("RTP header"),
            Error::Malformed("RTP version"),
            Error::Refused("unencrypted SRTCP packet"),
            Error::Unauthenticated,
            Error::Replayed,
            Error::TooManySources,
            Error::KeyExhausted,
            Error::BufferTooSmall { needed: 9, got: 3 },
            Error::InvalidArgument("master key"),
        ];
        for error in errors {
            let text = error.to_string();
            assert!(text.starts_with("The ") && text.ends_with('.'), "{text}");
        }
    }

    #[test]
    fn a_small_buffer_is_named_with_both_sizes() {
        let refused = room(&mut [0; 3], 9).unwrap_err();
        assert_eq!(refused, Error::BufferTooSmall { needed: 9, got: 3 });
    }
}
