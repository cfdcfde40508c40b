//! What happens because time passes: consent, reports, repeated requests, levels, silence.

use std::time::{Duration, Instant};

use crate::batch::Sink;
use crate::command::{Counter, Event, Kind, TransportId};
use crate::consumer::Phase;
use crate::core::Core;
use crate::nack::MAX_OUTSTANDING;
use crate::producer::{Activity, Producer};
use crate::rtcp::{self, remb, sr::SenderInfo};
use crate::transport::{Binding, Path};

/// How finely time passes for everything but NACKs.
const TICK: Duration = Duration::from_millis(100);

/// Time between two reports to one peer (RFC 3550 §6.2 asks for five seconds in large groups; sound
/// and picture find each other faster with one).
const REPORT_INTERVAL: Duration = Duration::from_secs(1);

/// Time between two events with audio levels.
const LEVEL_INTERVAL: Duration = Duration::from_millis(200);

/// Time between two looks at how much of each layer comes.
const LAYER_INTERVAL: Duration = Duration::from_secs(1);

/// RTCP written into one datagram before the next begins.
const RTCP_SIZE: usize = 1100;

/// Sources that one estimate of a publisher's path names; a peer has far fewer.
const MAX_TOLD: usize = 16;

/// Our canonical name toward publishers; we send no media there, but reports must carry one.
const RECEIVER_CNAME: &str = "darsgoh";

/// When things are due, for all of a [`Core`].
#[derive(Debug, Default)]
pub(crate) struct Timers {
    tick: Option<Instant>,
    missing: Option<Instant>,
    /// When packets that wait go on.
    pub(crate) step: Option<Instant>,
    levels: Option<Instant>,
    layers: Option<Instant>,
    /// Transports whose consent ended, to be closed.
    pub(crate) expired: Vec<TransportId>,
}

impl Timers {
    /// Let time begin to pass, if it does not yet.
    pub(crate) fn start(&mut self, now: Instant) {
        self.tick.get_or_insert(now + TICK);
    }
}

/// When one peer's next report is due.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReportTimer(Option<Instant>);

impl ReportTimer {
    /// Make a report due at once.
    pub fn hurry(&mut self) {
        self.0 = None;
    }

    fn is_due(&mut self, now: Instant) -> bool {
        if self.0.is_some_and(|at| now < at) {
            return false;
        }
        self.0 = Some(now + REPORT_INTERVAL);
        true
    }
}

impl Core {
    /// Return when [`Core::advance`] next has something to do; `None` while there is no room.
    pub fn next_timeout(&self) -> Option<Instant> {
        if self.transports.is_empty() {
            return None;
        }
        let timers = [self.timers.tick, self.timers.missing, self.timers.step];
        timers.into_iter().flatten().min()
    }

    /// Let time pass up to `now`.
    pub fn advance(&mut self, now: Instant, sink: &mut impl Sink) {
        if self.timers.missing.is_some_and(|at| at <= now) {
            self.ask_for_missing(now, sink);
        }
        if self.timers.tick.is_none_or(|at| at <= now) {
            self.timers.tick = Some(now + TICK);
            self.tick(now, sink);
        }
        if self.timers.step.is_some_and(|at| at <= now) || !self.stepped.is_empty() {
            self.step(now, sink);
        }
        self.batch.send(sink);
    }

    fn tick(&mut self, now: Instant, sink: &mut impl Sink) {
        for place in 0..self.transports.places() {
            self.tick_transport(place, now, sink);
        }
        self.tell_estimates();
        self.begin_probes(now);
        for id in std::mem::take(&mut self.timers.expired) {
            self.close_transport(id, now);
        }
        for place in 0..self.producers.places() {
            self.tick_producer(place, now, sink);
        }
        if self.timers.levels.is_none_or(|at| at <= now) {
            self.timers.levels = Some(now + LEVEL_INTERVAL);
            self.tell_levels();
        }
        if self.timers.layers.is_none_or(|at| at <= now) {
            self.timers.layers = Some(now + LAYER_INTERVAL);
            self.tell_layers(now);
        }
    }

    fn tick_transport(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let Some(transport) = self.transports.get_mut(place) else {
            return;
        };
        if let Some(network) = transport.network() {
            let events = network.agent.on_tick(now);
            self.on_ice(place, events);
        }
        self.tell_arrivals(place, sink);
        self.tell_uplink(place, now, sink);
        let transport = &mut self.transports[place];
        if transport.is_ready() && transport.report.is_due(now) {
            self.report(place, now, sink);
        }
    }

    /// Tell a publisher which of its packets came when, so that its estimator works.
    fn tell_arrivals(&mut self, place: usize, sink: &mut impl Sink) {
        let ours = self.transports[place].rtcp_ssrc;
        let mut arrivals = std::mem::take(&mut self.transports[place].arrivals);
        while !arrivals.is_empty() && self.transports[place].is_ready() {
            self.send_rtcp(place, sink, |out| {
                arrivals.write(&mut out[..RTCP_SIZE], ours)
            });
        }
        self.transports[place].arrivals = arrivals;
    }

    /// Tell a publisher that leaves it to us what its path carries.
    fn tell_uplink(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let at = self.at(now);
        let transport = &mut self.transports[place];
        let news = transport.uplink.as_mut().and_then(|one| one.take_news(at));
        let Some(bits) = news.filter(|_| transport.is_ready()) else {
            return;
        };
        let ours = transport.rtcp_ssrc;
        let is_bounded = |binding: &Binding| match *binding {
            Binding::Media(producer) => self.producers[producer].parameters.remb,
            Binding::Repair(_) => false,
        };
        let bounded = transport.bindings.iter().filter(|(_, one)| is_bounded(one));
        let ssrcs: Vec<_> = bounded.map(|(ssrc, _)| *ssrc).take(MAX_TOLD).collect();
        self.send_rtcp(place, sink, |out| remb::write(out, ours, bits, &ssrcs));
    }

    fn tick_producer(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let Some(producer) = self.producers.get_mut(place) else {
            return;
        };
        if producer.activity == Activity::Active && producer.is_silent(now) {
            producer.activity = Activity::Stalled;
            let id = producer.id;
            self.on_change(id);
        }
        self.request_keyframe(place, now, sink);
    }

    fn tell_estimates(&mut self) {
        let transports = self.transports.iter_mut();
        let estimates: Vec<_> = transports
            .filter_map(|(_, transport)| {
                let estimator = transport.estimator.as_mut()?;
                Some((transport.id, estimator.take_news()?))
            })
            .collect();
        if !estimates.is_empty() {
            self.events.push(Event::Estimates(estimates));
        }
    }

    fn tell_levels(&mut self) {
        let transports = &self.transports;
        let is_here =
            |producer: &Producer| !matches!(transports[producer.transport].path, Path::Mirror(_));
        let producers = self.producers.iter_mut();
        let levels: Vec<_> = producers
            .filter(|(_, producer)| is_here(producer))
            .filter_map(|(_, producer)| Some((producer.id, producer.take_level()?)))
            .collect();
        if !levels.is_empty() {
            self.events.push(Event::AudioLevels(levels));
        }
    }

    /// Ask for what a producer lacks: missing packets and keyframes.
    pub(crate) fn request(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        if self.producers.get(place).is_none() {
            return;
        }
        self.send_nack(place, now, sink);
        self.request_keyframe(place, now, sink);
    }

    fn ask_for_missing(&mut self, now: Instant, sink: &mut impl Sink) {
        self.timers.missing = None;
        for place in 0..self.producers.places() {
            if self.producers.get(place).is_some() {
                self.send_nack(place, now, sink);
            }
        }
    }

    fn send_nack(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let producer = &mut self.producers[place];
        let Some(source) = &mut producer.source else {
            return;
        };
        if source.missing.outstanding() == 0 {
            return;
        }
        let transport = &mut self.transports[producer.transport];
        let (ours, theirs) = (transport.rtcp_ssrc, source.ssrc);
        let mut numbers = [0; MAX_OUTSTANDING];
        let due = source
            .missing
            .due(now, transport.round_trip(), &mut numbers);
        if let Some(at) = source.missing.next_timeout() {
            let earliest = self.timers.missing.map_or(at, |other| other.min(at));
            self.timers.missing = Some(earliest);
        }
        if source.missing.take_given_up() > 0 && producer.parameters.kind == Kind::Video {
            producer.requests.want();
        }
        if due.is_empty() {
            return;
        }
        transport.stats.nacks_sent += due.len() as u64;
        let publisher = producer.transport;
        self.send_rtcp(publisher, sink, |out| {
            rtcp::nack::write(out, ours, theirs, due)
        });
    }

    /// Ask a publisher for a keyframe, if one is wanted and the throttle allows.
    fn request_keyframe(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let producer = &mut self.producers[place];
        let (id, publisher) = (producer.id, producer.transport);
        let Some(theirs) = producer.source.as_ref().map(|source| source.ssrc) else {
            return;
        };
        let path = &self.transports[publisher].path;
        if let &Path::Mirror(owner) = path {
            if producer.requests.due(now) {
                self.wish_keyframe(place, owner);
            }
            return;
        }
        if !self.transports[publisher].is_ready() || !producer.requests.due(now) {
            return;
        }
        if matches!(self.transports[publisher].path, Path::Direct) {
            self.events.push(Event::KeyframeRequested(id));
        } else if producer.parameters.pli {
            let ours = self.transports[publisher].rtcp_ssrc;
            self.counters.count(Counter::keyframe_requests_sent);
            self.send_rtcp(publisher, sink, |out| rtcp::pli::write(out, ours, theirs));
        }
    }

    /// Tell a peer what we sent it, so that its sound and picture stay in step, and what we got.
    fn report(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let mut slots = std::mem::take(&mut self.transports[place].consumers);
        for &slot in &slots {
            self.report_slot(place, slot, now, sink);
        }
        std::mem::swap(&mut self.transports[place].consumers, &mut slots);
        self.report_reception(place, now, sink);
    }

    fn report_slot(&mut self, place: usize, slot: usize, now: Instant, sink: &mut impl Sink) {
        let at = self.at(now);
        let ntp = self.clock.ntp(at);
        let consumer = &self.consumers[slot];
        let Some(producer) = consumer
            .producer
            .filter(|_| consumer.phase() == Phase::Flowing)
        else {
            return;
        };
        let Some((_, rtp)) = consumer.time_at(&self.producers[producer], at) else {
            return;
        };
        let info = SenderInfo {
            ssrc: consumer.parameters.ssrc,
            ntp,
            rtp,
            packets: consumer.packets,
            octets: consumer.octets,
        };
        let cname = consumer.parameters.cname.clone();
        let write = |out: &mut [u8]| {
            let len = rtcp::sr::write(out, &info, &[])?;
            Ok(len + rtcp::sdes::write(&mut out[len..RTCP_SIZE], info.ssrc, &cname)?)
        };
        if matches!(self.transports[place].path, Path::Direct) {
            let mut packet = vec![0; RTCP_SIZE];
            if let Ok(len) = write(&mut packet) {
                packet.truncate(len);
                let transport = self.transports[place].id;
                let id = self.consumers[slot].id;
                self.events
                    .push(Event::PacketsReceived(transport, id, vec![packet]));
            }
            return;
        }
        self.send_rtcp(place, sink, write);
    }

    fn report_reception(&mut self, place: usize, now: Instant, sink: &mut impl Sink) {
        let at = self.at(now);
        let ours = self.transports[place].rtcp_ssrc;
        let mut blocks = Vec::new();
        for &producer in &self.transports[place].producers {
            if let Some(source) = &mut self.producers[producer].source {
                blocks.push(source.reception.report(at));
            }
        }
        for blocks in blocks.chunks(rtcp::MAX_COUNT) {
            self.send_rtcp(place, sink, |out| {
                let len = rtcp::rr::write(out, ours, blocks)?;
                Ok(len + rtcp::sdes::write(&mut out[len..], ours, RECEIVER_CNAME)?)
            });
        }
    }
}
