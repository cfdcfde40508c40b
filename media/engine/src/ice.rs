//! The ICE-lite end of one transport: who may talk to us, and where we answer (RFC 8445, RFC 7675).
//!
//! An [`Agent`] answers connectivity checks, keeps the addresses that passed one, and selects the
//! address we send to. It owns no socket and reads no clock.

use crate::error::{Error, Result};
use crate::remote::Remote;
use crate::stun::{self, Class, ErrorCode, IntegrityKey, Message};
use std::time::{Duration, Instant};

/// Addresses of one peer kept at a time; a phone on Wi-Fi and mobile, v4 and v6, uses four.
pub const MAX_ADDRESSES: usize = 8;
/// Silence after which a peer counts as disconnected. Consent checks come every 5 s ± 20 % (RFC 7675
/// §5.1), so a peer that sends nothing else may be silent for 6 s and be well.
pub const DISCONNECTED_AFTER: Duration = Duration::from_secs(7);
/// Time without an authenticated check after which consent is gone, RFC 7675 §5.1.
pub const CONSENT_EXPIRES_AFTER: Duration = Duration::from_secs(30);
/// Authentic packets this young keep their address selected against a bare USE-CANDIDATE, which
/// Firefox puts into the checks of every pair.
pub const TRAFFIC_HOLDS_FOR: Duration = Duration::from_secs(2);
/// Packets from an address left this short a time ago are stragglers and do not move us back.
pub const STRAGGLERS_FOR: Duration = Duration::from_millis(250);
/// Shortest and longest user fragment, RFC 8839 §5.4.
const UFRAG_LEN: std::ops::RangeInclusive<usize> = 4..=256;
/// Shortest and longest password, RFC 8839 §5.4.
const PASSWORD_LEN: std::ops::RangeInclusive<usize> = 22..=256;
/// Events that one call can cause, at most.
const MAX_EVENTS: usize = 4;

/// Something the owner of the agent should act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// An authenticated check came for the first time, or after silence; we send to this address.
    Connected(Remote),
    /// We now send to this address.
    Migrated(Remote),
    /// Nothing has come for [`DISCONNECTED_AFTER`]; the peer may return.
    Disconnected,
    /// Consent has ended; the transport is gone for good.
    Expired,
    /// Datagrams from this address belong to this transport.
    RemoteAdded(Remote),
    /// Datagrams from this address no longer belong to this transport.
    RemoteRemoved(Remote),
}

/// The few events of one call, in order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Events {
    items: [Option<Event>; MAX_EVENTS],
    len: usize,
}

impl Events {
    fn push(&mut self, event: Event) {
        if let Some(slot) = self.items.get_mut(self.len) {
            *slot = Some(event);
            self.len += 1;
        }
    }

    /// Iterate over the events, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = Event> + '_ {
        self.items.iter().flatten().copied()
    }

    /// Tell whether nothing happened.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl IntoIterator for Events {
    type Item = Event;
    type IntoIter = std::iter::Flatten<std::array::IntoIter<Option<Event>, MAX_EVENTS>>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter().flatten()
    }
}

/// What came of a check.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Bytes of the answer in the caller's buffer; 0 when there is none.
    pub reply: usize,
    /// What changed.
    pub events: Events,
    /// The old user fragment, after the first check with the new one.
    pub retired_ufrag: Option<Box<str>>,
    /// Whether the check was authentic and sound, so that its address is known now.
    pub authenticated: bool,
}

/// Where the agent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// No authenticated check has come yet.
    Waiting,
    /// The peer is heard.
    Connected,
    /// The peer has been silent for [`DISCONNECTED_AFTER`].
    Disconnected,
    /// Consent has ended, for good.
    Expired,
}

#[derive(Debug)]
struct Credentials {
    ufrag: Box<str>,
    key: IntegrityKey,
}

impl Credentials {
    fn new(ufrag: &str, password: &str) -> Result<Self> {
        if !UFRAG_LEN.contains(&ufrag.len()) || !ufrag.bytes().all(is_ice_char) {
            return Err(Error::InvalidArgument("ICE user fragment"));
        }
        if !PASSWORD_LEN.contains(&password.len()) || !password.bytes().all(is_ice_char) {
            return Err(Error::InvalidArgument("ICE password"));
        }
        Ok(Self {
            ufrag: ufrag.into(),
            key: IntegrityKey::new(password),
        })
    }

    fn matches(&self, ufrag: &[u8]) -> bool {
        self.ufrag.as_bytes() == ufrag
    }
}

/// RFC 8839 §5.4: ALPHA, DIGIT, "+" and "/"; "-" and "_" as well, which some stacks use.
fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// An address the peer is known at.
#[derive(Debug, Clone, Copy)]
struct Address {
    at: Remote,
    heard: Instant,
    left: Option<Instant>,
}

/// The ICE-lite agent of one transport.
#[derive(Debug)]
pub struct Agent {
    current: Credentials,
    next: Option<Credentials>,
    state: State,
    addresses: Vec<Address>,
    selected: Option<Remote>,
    nomination: Option<u32>,
    consented: Instant,
    heard: Instant,
    traffic: Option<Instant>,
}

impl Agent {
    /// Expect checks with these local credentials; consent is due within [`CONSENT_EXPIRES_AFTER`].
    ///
    /// Fails with `InvalidArgument` when they are not as RFC 8839 §5.4 wants them.
    pub fn new(ufrag: &str, password: &str, now: Instant) -> Result<Self> {
        Ok(Self {
            current: Credentials::new(ufrag, password)?,
            next: None,
            state: State::Waiting,
            addresses: Vec::with_capacity(MAX_ADDRESSES),
            selected: None,
            nomination: None,
            consented: now,
            heard: now,
            traffic: None,
        })
    }

    /// Accept new credentials beside the old until the first check that uses them.
    ///
    /// Returns the user fragment of an earlier restart that no check has used, which is void now.
    pub fn restart(&mut self, ufrag: &str, password: &str) -> Result<Option<Box<str>>> {
        let next = Credentials::new(ufrag, password)?;
        let replaced = self.next.replace(next);
        Ok(replaced.map(|credentials| credentials.ufrag))
    }

    /// Return the user fragments that are valid now: the current one and one waiting for a restart.
    pub fn ufrags(&self) -> impl Iterator<Item = &str> {
        let next = self.next.as_ref();
        std::iter::once(&self.current)
            .chain(next)
            .map(|c| &*c.ufrag)
    }

    /// Return where the agent stands.
    pub fn state(&self) -> State {
        self.state
    }

    /// Return the address to send to, if any has passed a check.
    pub fn selected(&self) -> Option<Remote> {
        self.selected
    }

    /// Tell whether datagrams from this address are the peer's.
    pub fn knows(&self, address: Remote) -> bool {
        self.position(address).is_some()
    }

    /// Iterate over the places where the peer is known.
    pub fn remotes(&self) -> impl Iterator<Item = Remote> + '_ {
        self.addresses.iter().map(|address| address.at)
    }

    /// Answer a message and take note of it; the answer is never larger than the message.
    ///
    /// `out` should have [`stun::MAX_RESPONSE_LEN`] bytes.
    pub fn handle_check(
        &mut self,
        message: &Message<'_>,
        from: Remote,
        now: Instant,
        out: &mut [u8],
    ) -> Outcome {
        if self.state == State::Expired || !is_check(message) {
            return Outcome::default();
        }
        let Some(ufrag) = message.local_ufrag().filter(|_| message.has_integrity()) else {
            return Outcome::refused(message, ErrorCode::BadRequest, None, out);
        };
        let restarts = self.next.as_ref().is_some_and(|c| c.matches(ufrag));
        let credentials = match &self.next {
            Some(next) if restarts => next,
            _ if self.current.matches(ufrag) => &self.current,
            _ => return Outcome::refused(message, ErrorCode::Unauthenticated, None, out),
        };
        if !message.check_integrity(&credentials.key) {
            return Outcome::refused(message, ErrorCode::Unauthenticated, None, out);
        }
        if let Some(error) = defect(message) {
            return Outcome::refused(message, error, Some(&credentials.key), out);
        }
        let id = message.transaction_id();
        let written = stun::write_success(out, &id, from.address(), &credentials.key);
        Outcome {
            reply: limited(written, message),
            retired_ufrag: restarts.then(|| self.finish_restart()).flatten(),
            events: self.accept(message, from, now),
            authenticated: true,
        }
    }

    /// Note any datagram from a known address; it ends a silence that led to `Disconnected`.
    pub fn on_datagram(&mut self, from: Remote, now: Instant) -> Events {
        let mut events = Events::default();
        if self.state != State::Expired && self.touch(from, now) {
            self.revive(&mut events);
        }
        events
    }

    /// Follow DTLS to another checked address, until media tells better where the peer is.
    pub fn on_dtls(&mut self, from: Remote, now: Instant) -> Events {
        let mut events = self.on_datagram(from, now);
        if self.traffic.is_none() && self.knows(from) {
            self.select(from, now, &mut events);
        }
        events
    }

    /// Follow the peer to where an authentic SRTP or SRTCP packet came from.
    ///
    /// An address that never passed a check is taken over as well: the packet is fresh, for the
    /// replay window has seen to that, and only the peer has the key.
    pub fn on_authenticated(&mut self, from: Remote, now: Instant) -> Events {
        let mut events = Events::default();
        if matches!(self.state, State::Waiting | State::Expired) {
            return events;
        }
        self.remember(from, now, &mut events);
        if self.selected == Some(from) || !self.is_straggler(from, now) {
            self.select(from, now, &mut events);
            self.traffic = Some(now);
        }
        self.revive(&mut events);
        events
    }

    /// Forget a connection that has ended; packets leave to where the peer was heard last.
    pub fn on_closed(&mut self, remote: Remote, now: Instant) -> Events {
        let mut events = Events::default();
        let Some(at) = self.position(remote) else {
            return events;
        };
        self.addresses.swap_remove(at);
        events.push(Event::RemoteRemoved(remote));
        if self.selected == Some(remote) {
            (self.selected, self.traffic) = (None, None);
            let latest = self.addresses.iter().max_by_key(|known| known.heard);
            if let Some(latest) = latest.map(|known| known.at) {
                self.select(latest, now, &mut events);
            }
        }
        events
    }

    /// Let time pass.
    pub fn on_tick(&mut self, now: Instant) -> Events {
        let mut events = Events::default();
        if self.state == State::Expired {
            return events;
        }
        if now.saturating_duration_since(self.consented) >= CONSENT_EXPIRES_AFTER {
            self.set_state(State::Expired, Event::Expired, &mut events);
        } else if self.state == State::Connected
            && now.saturating_duration_since(self.heard) >= DISCONNECTED_AFTER
        {
            self.set_state(State::Disconnected, Event::Disconnected, &mut events);
        }
        events
    }

    /// Return when `on_tick` next has something to do; None when it never will.
    pub fn next_timeout(&self) -> Option<Instant> {
        let expiry = self.consented + CONSENT_EXPIRES_AFTER;
        match self.state {
            State::Expired => None,
            State::Connected => Some(expiry.min(self.heard + DISCONNECTED_AFTER)),
            State::Waiting | State::Disconnected => Some(expiry),
        }
    }

    /// Make the waiting credentials the current ones; returns the user fragment that ends.
    fn finish_restart(&mut self) -> Option<Box<str>> {
        let next = self.next.take()?;
        // nominations count anew in the new session
        self.nomination = None;
        Some(std::mem::replace(&mut self.current, next).ufrag)
    }

    fn accept(&mut self, message: &Message<'_>, from: Remote, now: Instant) -> Events {
        let mut events = Events::default();
        self.consented = now;
        self.remember(from, now, &mut events);
        if self.selected.is_none() || self.nominates(message, from, now) {
            self.select(from, now, &mut events);
        }
        self.nomination = self.nomination.max(message.nomination());
        self.revive(&mut events);
        events
    }

    /// Tell whether this check should move us to where it came from.
    fn nominates(&self, message: &Message<'_>, from: Remote, now: Instant) -> bool {
        if self.selected == Some(from) {
            return false;
        }
        if let Some(nomination) = message.nomination() {
            return self.nomination.is_none_or(|newest| nomination > newest);
        }
        let held = self
            .traffic
            .is_some_and(|at| now.saturating_duration_since(at) < TRAFFIC_HOLDS_FOR);
        message.use_candidate() && !held
    }

    fn position(&self, address: Remote) -> Option<usize> {
        self.addresses.iter().position(|known| known.at == address)
    }

    /// Note that a known address was heard; false when it is not known.
    fn touch(&mut self, from: Remote, now: Instant) -> bool {
        let Some(at) = self.position(from) else {
            return false;
        };
        self.addresses[at].heard = now;
        self.heard = now;
        true
    }

    /// Note an authenticated address, giving up the one not heard for longest when all are taken.
    fn remember(&mut self, from: Remote, now: Instant, events: &mut Events) {
        if self.touch(from, now) {
            return;
        }
        self.heard = now;
        if self.addresses.len() >= MAX_ADDRESSES {
            self.forget_one(events);
        }
        self.addresses.push(Address {
            at: from,
            heard: now,
            left: None,
        });
        events.push(Event::RemoteAdded(from));
    }

    fn forget_one(&mut self, events: &mut Events) {
        let candidates = self.addresses.iter().enumerate();
        let oldest = candidates
            .filter(|(_, address)| Some(address.at) != self.selected)
            .min_by_key(|(_, address)| address.heard)
            .map(|(at, _)| at);
        if let Some(at) = oldest {
            events.push(Event::RemoteRemoved(self.addresses.swap_remove(at).at));
        }
    }

    fn is_straggler(&self, from: Remote, now: Instant) -> bool {
        self.position(from)
            .and_then(|at| self.addresses[at].left)
            .is_some_and(|left| now.saturating_duration_since(left) < STRAGGLERS_FOR)
    }

    fn select(&mut self, to: Remote, now: Instant, events: &mut Events) {
        if self.selected == Some(to) {
            return;
        }
        let previous = self.selected.replace(to);
        if let Some(at) = previous.and_then(|address| self.position(address)) {
            self.addresses[at].left = Some(now);
            self.traffic = None;
        }
        if self.state == State::Connected {
            events.push(Event::Migrated(to));
        }
    }

    /// Enter `Connected` from waiting or silence.
    fn revive(&mut self, events: &mut Events) {
        let Some(selected) = self.selected else {
            return;
        };
        self.set_state(State::Connected, Event::Connected(selected), events);
    }

    /// Change state in one place, ignoring repeats.
    fn set_state(&mut self, state: State, event: Event, events: &mut Events) {
        if self.state == state {
            return;
        }
        self.state = state;
        events.push(event);
    }
}

impl Outcome {
    fn refused(
        message: &Message<'_>,
        error: ErrorCode,
        key: Option<&IntegrityKey>,
        out: &mut [u8],
    ) -> Self {
        Self {
            reply: write_refusal(message, error, key, out),
            ..Self::default()
        }
    }
}

/// Tell a check from noise: a request with a FINGERPRINT, which RFC 8445 §7.1 makes mandatory.
fn is_check(message: &Message<'_>) -> bool {
    message.class() == Class::Request && message.has_fingerprint()
}

/// Return what is wrong with an authentic check (RFC 8445 §7.3).
fn defect(message: &Message<'_>) -> Option<ErrorCode> {
    if !message.unknown_attributes().is_empty() {
        return Some(ErrorCode::UnknownAttribute);
    }
    if message.priority().is_none() {
        return Some(ErrorCode::BadRequest);
    }
    // a lite agent is always the controlled one, RFC 8445 §6.1.1: no role to give way in
    message.controlled().map(|_| ErrorCode::RoleConflict)
}

fn write_refusal(
    message: &Message<'_>,
    error: ErrorCode,
    key: Option<&IntegrityKey>,
    out: &mut [u8],
) -> usize {
    let id = message.transaction_id();
    let written = stun::write_error(out, &id, error, message.unknown_attributes(), key);
    limited(written, message)
}

/// Keep an answer only if it is no larger than the message, so that we never amplify.
fn limited(written: Result<usize>, message: &Message<'_>) -> usize {
    written
        .ok()
        .filter(|len| *len <= message.size())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
