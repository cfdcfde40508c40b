//! A browser's checks against the agent, with time as an argument.

use super::*;
use crate::stun::{Check, MAX_RESPONSE_LEN, write_check};

const UFRAG: &str = "abcd";
const PASSWORD: &str = "0123456789012345678901";
const NEXT_UFRAG: &str = "efgh";
const NEXT_PASSWORD: &str = "abcdefghijabcdefghijab";

/// A peer's side of the test, at a time that only moves when told.
struct Scene {
    agent: Agent,
    now: Instant,
    ufrag: &'static str,
    password: &'static str,
}

impl Scene {
    fn new() -> Self {
        let now = Instant::now();
        Self {
            agent: Agent::new(UFRAG, PASSWORD, now).unwrap(),
            now,
            ufrag: UFRAG,
            password: PASSWORD,
        }
    }

    fn wait(&mut self, seconds: f64) -> Vec<Event> {
        self.now += Duration::from_secs_f64(seconds);
        self.agent.on_tick(self.now).iter().collect()
    }

    fn check(&mut self, from: &str) -> Vec<Event> {
        self.send(from, false, None)
    }

    fn nominate(&mut self, from: &str) -> Vec<Event> {
        self.send(from, true, None)
    }

    fn send(&mut self, from: &str, use_candidate: bool, nomination: Option<u32>) -> Vec<Event> {
        let outcome = self.answer(from, use_candidate, nomination);
        assert!(outcome.authenticated && outcome.reply > 0);
        outcome.events.into_iter().collect()
    }

    fn answer(&mut self, from: &str, use_candidate: bool, nomination: Option<u32>) -> Outcome {
        let check = Check {
            username: &format!("{}:peer", self.ufrag),
            priority: 1,
            controlling: 1,
            use_candidate,
            nomination,
        };
        let mut request = [0; 256];
        let key = IntegrityKey::new(self.password);
        let len = write_check(&mut request, &[7; 12], &check, &key).unwrap();
        let message = Message::parse(&request[..len]).unwrap();
        let mut out = [0; MAX_RESPONSE_LEN];
        self.agent
            .handle_check(&message, addr(from), self.now, &mut out)
    }

    fn media(&mut self, from: &str) -> Vec<Event> {
        let events = self.agent.on_authenticated(addr(from), self.now);
        events.into_iter().collect()
    }

    fn dtls(&mut self, from: &str) -> Vec<Event> {
        let events = self.agent.on_dtls(addr(from), self.now);
        events.into_iter().collect()
    }

    fn restart(&mut self) {
        self.agent.restart(NEXT_UFRAG, NEXT_PASSWORD).unwrap();
        self.ufrag = NEXT_UFRAG;
        self.password = NEXT_PASSWORD;
    }
}

const WIFI: &str = "192.0.2.1:5000";
const MOBILE: &str = "198.51.100.7:6000";

fn addr(text: &str) -> Remote {
    Remote::udp(text.parse().unwrap())
}

#[test]
fn the_first_check_connects() {
    let mut scene = Scene::new();
    assert_eq!(scene.agent.state(), State::Waiting);
    let events = scene.check(WIFI);
    let expected = [Event::RemoteAdded(addr(WIFI)), Event::Connected(addr(WIFI))];
    assert_eq!(events, expected);
    assert_eq!(scene.agent.selected(), Some(addr(WIFI)));
    assert!(scene.agent.knows(addr(WIFI)) && !scene.agent.knows(addr(MOBILE)));
    assert_eq!(scene.check(WIFI), []);
}

#[test]
fn a_nomination_moves_the_selection() {
    let mut scene = Scene::new();
    scene.check(WIFI);
    assert_eq!(scene.check(MOBILE), [Event::RemoteAdded(addr(MOBILE))]);
    assert_eq!(scene.nominate(MOBILE), [Event::Migrated(addr(MOBILE))]);
    assert_eq!(scene.agent.selected(), Some(addr(MOBILE)));
}

#[test]
fn a_renomination_needs_a_higher_number() {
    let mut scene = Scene::new();
    scene.send(WIFI, true, Some(1));
    let moved = scene.send(MOBILE, true, Some(2));
    assert!(moved.contains(&Event::Migrated(addr(MOBILE))));
    assert_eq!(scene.send(WIFI, true, Some(1)), []);
    assert_eq!(scene.send(WIFI, true, Some(2)), []);
    let back = scene.send(WIFI, true, Some(3));
    assert_eq!(back, [Event::Migrated(addr(WIFI))]);
}

#[test]
fn firefox_nominating_every_pair_does_not_move_us_from_where_its_media_comes_from() {
    let mut scene = Scene::new();
    scene.nominate(WIFI);
    scene.nominate(MOBILE);
    scene.wait(1.0);
    scene.media(WIFI);
    assert_eq!(scene.agent.selected(), Some(addr(WIFI)));
    assert_eq!(scene.nominate(MOBILE), []);
    assert_eq!(scene.agent.selected(), Some(addr(WIFI)));
    // the media stops: the nomination counts again
    scene.wait(2.0);
    assert_eq!(scene.nominate(MOBILE), [Event::Migrated(addr(MOBILE))]);
}

#[test]
fn dtls_leads_to_its_address_until_media_does() {
    let mut scene = Scene::new();
    scene.nominate(WIFI);
    scene.check(MOBILE);
    assert_eq!(scene.dtls(MOBILE), [Event::Migrated(addr(MOBILE))]);
    scene.media(MOBILE);
    assert_eq!(scene.dtls(WIFI), []);
    assert_eq!(scene.dtls("203.0.113.9:1"), []);
    assert!(!scene.agent.knows(addr("203.0.113.9:1")));
}

#[test]
fn authentic_media_from_a_new_address_moves_us_there() {
    let mut scene = Scene::new();
    scene.nominate(WIFI);
    let expected = [
        Event::RemoteAdded(addr(MOBILE)),
        Event::Migrated(addr(MOBILE)),
    ];
    assert_eq!(scene.media(MOBILE), expected);
    // a straggler from the old path does not move us back, the next second does
    assert_eq!(scene.media(WIFI), []);
    scene.wait(0.3);
    assert_eq!(scene.media(WIFI), [Event::Migrated(addr(WIFI))]);
}

#[test]
fn media_before_the_first_check_counts_for_nothing() {
    let mut scene = Scene::new();
    assert_eq!(scene.media(WIFI), []);
    assert_eq!(scene.agent.selected(), None);
}

#[test]
fn silence_disconnects_and_a_datagram_reconnects() {
    let mut scene = Scene::new();
    scene.check(WIFI);
    assert_eq!(scene.wait(6.9), []);
    assert_eq!(scene.wait(0.2), [Event::Disconnected]);
    assert_eq!(scene.wait(1.0), []);
    let events = scene.agent.on_datagram(addr(MOBILE), scene.now);
    assert!(events.is_empty());
    let events = scene.agent.on_datagram(addr(WIFI), scene.now);
    assert!(events.iter().eq([Event::Connected(addr(WIFI))]));
}

#[test]
fn a_phone_that_changes_networks_returns_at_its_new_address() {
    let mut scene = Scene::new();
    scene.nominate(WIFI);
    scene.media(WIFI);
    scene.wait(8.0);
    let expected = [
        Event::RemoteAdded(addr(MOBILE)),
        Event::Connected(addr(MOBILE)),
    ];
    assert_eq!(scene.nominate(MOBILE), expected);
    assert_eq!(scene.agent.selected(), Some(addr(MOBILE)));
}

#[test]
fn consent_lasts_thirty_seconds_and_only_checks_renew_it() {
    let mut scene = Scene::new();
    scene.check(WIFI);
    for _ in 0..29 {
        assert_eq!(scene.wait(1.0), []);
        scene.media(WIFI);
    }
    assert_eq!(scene.wait(1.0), [Event::Expired]);
    assert_eq!(scene.agent.state(), State::Expired);
    assert_eq!(scene.wait(1.0), []);
    assert_eq!(scene.agent.next_timeout(), None);
    assert_eq!(scene.answer(WIFI, true, None).reply, 0);
    assert_eq!(scene.media(WIFI), []);
    assert!(scene.agent.on_datagram(addr(WIFI), scene.now).is_empty());
}

#[test]
fn a_peer_that_never_checks_expires() {
    let mut scene = Scene::new();
    assert_eq!(scene.wait(29.9), []);
    assert_eq!(scene.wait(0.1), [Event::Expired]);
}

#[test]
fn the_next_timeout_is_when_something_happens() {
    let mut scene = Scene::new();
    let start = scene.now;
    let expiry = start + CONSENT_EXPIRES_AFTER;
    assert_eq!(scene.agent.next_timeout(), Some(expiry));
    scene.check(WIFI);
    let silence = start + DISCONNECTED_AFTER;
    assert_eq!(scene.agent.next_timeout(), Some(silence));
    scene.wait(7.0);
    assert_eq!(scene.agent.next_timeout(), Some(expiry));
}

#[test]
fn a_restart_keeps_the_old_credentials_until_the_new_are_used() {
    let mut scene = Scene::new();
    scene.send(WIFI, true, Some(5));
    assert_eq!(scene.agent.restart(NEXT_UFRAG, NEXT_PASSWORD), Ok(None));
    assert!(scene.agent.ufrags().eq([UFRAG, NEXT_UFRAG]));
    assert_eq!(scene.check(WIFI), []);

    scene.ufrag = NEXT_UFRAG;
    scene.password = NEXT_PASSWORD;
    let outcome = scene.answer(MOBILE, true, Some(1));
    assert_eq!(outcome.retired_ufrag.as_deref(), Some(UFRAG));
    // nominations count anew, so 1 is enough
    assert_eq!(scene.agent.selected(), Some(addr(MOBILE)));
    assert!(scene.agent.ufrags().eq([NEXT_UFRAG]));

    scene.ufrag = UFRAG;
    scene.password = PASSWORD;
    assert!(!scene.answer(WIFI, true, None).authenticated);
}

#[test]
fn a_second_restart_voids_the_first() {
    let mut scene = Scene::new();
    scene.restart();
    let void = scene.agent.restart("ijkl", NEXT_PASSWORD).unwrap();
    assert_eq!(void.as_deref(), Some(NEXT_UFRAG));
    assert!(!scene.answer(WIFI, true, None).authenticated);
}

#[test]
fn a_ninth_address_takes_the_place_of_the_one_silent_for_longest() {
    let mut scene = Scene::new();
    let address = |n: u16| format!("192.0.2.1:{}", 1000 + n);
    for n in 0..8 {
        scene.check(&address(n));
        scene.wait(0.01);
    }
    let events = scene.check(&address(8));
    // the first one is selected and stays
    let expected = [
        Event::RemoteRemoved(addr(&address(1))),
        Event::RemoteAdded(addr(&address(8))),
    ];
    assert_eq!(events, expected);
    assert_eq!(scene.agent.remotes().count(), MAX_ADDRESSES);
    assert_eq!(scene.agent.selected(), Some(addr(&address(0))));
}

#[test]
fn bad_credentials_are_refused() {
    let now = Instant::now();
    let too_long = "a".repeat(257);
    for (ufrag, password) in [
        ("abc", PASSWORD),
        ("ab:d", PASSWORD),
        (too_long.as_str(), PASSWORD),
        (UFRAG, "short"),
        (UFRAG, "012345678901234567890 "),
        (UFRAG, too_long.as_str()),
    ] {
        let refused = Agent::new(ufrag, password, now);
        assert!(matches!(refused, Err(Error::InvalidArgument(_))));
    }
}
