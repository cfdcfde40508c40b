//! How many connections may be open, so that one source can not take what others need.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};

use super::poll::descriptors;

/// Connections at once: more viewers without UDP than one machine serves.
const MAX_CONNECTIONS: usize = 4096;

/// Of the descriptors that a process may have, the part connections may take.
const SHARE_OF_DESCRIPTORS: usize = 4;

/// Connections from one source: a school behind one address, each pupil with a retry.
pub const MAX_PER_SOURCE: usize = 256;

/// Connections from one source that have not passed a check yet: a class that joins at once.
pub const MAX_UNCHECKED_PER_SOURCE: usize = 64;

/// Who is connected, by source.
pub struct Admission {
    limit: usize,
    total: usize,
    sources: HashMap<IpAddr, Source>,
}

#[derive(Default)]
struct Source {
    connections: usize,
    unchecked: usize,
}

impl Admission {
    /// Begin empty.
    pub fn new() -> Self {
        Self {
            limit: MAX_CONNECTIONS.min(descriptors() / SHARE_OF_DESCRIPTORS),
            total: 0,
            sources: HashMap::new(),
        }
    }

    /// Let one more in, unless there are too many.
    pub fn admit(&mut self, from: IpAddr) -> bool {
        if self.total >= self.limit {
            return false;
        }
        let source = self.sources.entry(source_of(from)).or_default();
        if source.connections >= MAX_PER_SOURCE || source.unchecked >= MAX_UNCHECKED_PER_SOURCE {
            return false;
        }
        source.connections += 1;
        source.unchecked += 1;
        self.total += 1;
        true
    }

    /// Note that one has passed a check.
    pub fn checked(&mut self, from: IpAddr) {
        if let Some(source) = self.sources.get_mut(&source_of(from)) {
            source.unchecked -= 1;
        }
    }

    /// Note that one has ended.
    pub fn ended(&mut self, from: IpAddr, was_checked: bool) {
        if !was_checked {
            self.checked(from);
        }
        let from = source_of(from);
        if let Some(source) = self.sources.get_mut(&from) {
            self.total -= 1;
            source.connections -= 1;
            if source.connections == 0 {
                self.sources.remove(&from);
            }
        }
    }
}

/// Return what one source is: an IPv4 address, or the /64 that an IPv6 subscriber chooses from.
fn source_of(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() & (u128::MAX << 64)).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_source_is_bounded_and_others_are_not_hurt() {
        let (mut admission, school, home) = (Admission::new(), ip("192.0.2.1"), ip("192.0.2.2"));
        for _ in 0..MAX_UNCHECKED_PER_SOURCE {
            assert!(admission.admit(school));
        }
        assert!(!admission.admit(school), "too many without a check");
        assert!(admission.admit(home));
        for _ in 0..MAX_UNCHECKED_PER_SOURCE {
            admission.checked(school);
        }
        assert!(admission.admit(school));
    }

    #[test]
    fn checked_connections_of_a_source_are_bounded_as_well() {
        let (mut admission, school) = (Admission::new(), ip("192.0.2.1"));
        admission.limit = MAX_CONNECTIONS;
        for _ in 0..MAX_PER_SOURCE {
            assert!(admission.admit(school));
            admission.checked(school);
        }
        assert!(!admission.admit(school));
        admission.ended(school, true);
        assert!(admission.admit(school));
    }

    #[test]
    fn all_sources_together_are_bounded_and_forgotten() {
        let mut admission = Admission::new();
        admission.limit = 100;
        let sources = (0..100u32).map(|number| IpAddr::V4(number.into()));
        assert!(sources.clone().all(|source| admission.admit(source)));
        assert!(!admission.admit(ip("192.0.2.1")));
        sources.for_each(|source| admission.ended(source, false));
        assert!(admission.admit(ip("192.0.2.1")));
        assert_eq!(admission.sources.len(), 1);
    }

    #[test]
    fn a_network_of_ipv6_is_one_source() {
        assert_eq!(
            source_of(ip("2001:db8::1")),
            source_of(ip("2001:db8::ffff:1"))
        );
        assert_ne!(
            source_of(ip("2001:db8::1")),
            source_of(ip("2001:db8:0:1::1"))
        );
    }
}
