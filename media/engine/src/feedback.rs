//! What peers tell us in RTCP, as publishers and as subscribers.

use std::time::Instant;

use crate::batch::Sink;
use crate::clock::{Micros, short_ntp_to_duration};
use crate::command::Counter;
use crate::core::Core;
use crate::router::Forwarding;
use crate::rtcp::{self, Message, remb::Remb, rr::ReportBlock, sr::SenderInfo, xr::Dlrr};
use crate::transport::Binding;

/// Sequence numbers answered of one NACK; more than this lost at once is an outage.
const MAX_NACKED: usize = 256;

/// Messages read of one compound packet; honest ones have a handful per track.
const MAX_MESSAGES: usize = 64;

/// Entries read of one full intra request; a subscriber has three pictures.
const MAX_COMMANDS: usize = 8;

/// Longest round trip believed, milliseconds.
const MAX_ROUND_TRIP_MS: f64 = 10_000.0;

impl Core {
    /// Take a plain RTCP packet from the peer of a transport.
    pub(crate) fn feedback(
        &mut self,
        place: usize,
        data: &[u8],
        now: Instant,
        sink: &mut impl Sink,
    ) {
        for message in rtcp::messages(data).take(MAX_MESSAGES) {
            match message {
                Ok(message) => self.on_rtcp(place, &message, now, sink),
                Err(_) => {
                    self.transports[place].stats.packets_rejected += 1;
                    self.counters.count(Counter::rejected_malformed);
                }
            }
        }
    }

    fn on_rtcp(&mut self, place: usize, message: &Message<'_>, now: Instant, sink: &mut impl Sink) {
        match message {
            Message::SenderReport(report) => {
                self.on_sender_report(place, &report.info, now);
                report
                    .blocks
                    .iter()
                    .for_each(|block| self.on_report_block(place, &block, now));
            }
            Message::ReceiverReport(report) => {
                report
                    .blocks
                    .iter()
                    .for_each(|block| self.on_report_block(place, &block, now));
            }
            Message::Nack(nack) => {
                let lost = nack.lost().take(MAX_NACKED);
                self.on_nack(place, nack.media_ssrc, lost, now, sink);
            }
            Message::Pli(pli) => self.on_keyframe_wish(place, pli.media_ssrc, now),
            Message::Fir(fir) => {
                for (ssrc, command) in fir.entries().take(MAX_COMMANDS) {
                    let slot = self.slot_of(place, ssrc);
                    if slot.is_some_and(|slot| self.consumers[slot].is_news(command)) {
                        self.on_keyframe_wish(place, ssrc, now);
                    }
                }
            }
            Message::Goodbye(goodbye) => {
                goodbye
                    .ssrcs()
                    .for_each(|ssrc| self.on_goodbye(place, ssrc));
            }
            Message::ExtendedReport(report) => {
                if let Some(ntp) = report.reference_time() {
                    self.answer_reference_time(place, report.ssrc, ntp, sink);
                }
            }
            Message::TransportCc(feedback) => {
                let at = self.at(now);
                let (batch, clock) = (&self.batch, &self.clock);
                let left = |number| Some(clock.micros(batch.departure(number)?));
                if let Some(estimator) = &mut self.transports[place].estimator {
                    estimator.feedback(feedback, left, at);
                }
                self.follow_estimate(place);
                self.follow_loss(place, at);
            }
            Message::Remb(remb) => self.on_remb(place, remb),
            Message::SourceDescription(_) | Message::Other { .. } => {}
        }
    }

    /// Take a subscriber's own estimate, if it was negotiated for something we send: libwebrtc
    /// makes one of every stream without transport-wide numbers, and tells it unasked.
    fn on_remb(&mut self, place: usize, remb: &Remb<'_>) {
        let is_asked = |slot: usize| self.consumers[slot].parameters.remb;
        if !remb
            .ssrcs()
            .any(|ssrc| self.slot_of(place, ssrc).is_some_and(is_asked))
        {
            return;
        }
        let transport = &mut self.transports[place];
        transport
            .estimator
            .get_or_insert_default()
            .told(remb.bitrate);
        self.follow_estimate(place);
    }

    /// Let what waits for a subscriber leave as fast as its path allows.
    fn follow_estimate(&mut self, place: usize) {
        let transport = &mut self.transports[place];
        let estimate = transport.estimator.as_ref().and_then(|one| one.estimate());
        let Some(estimate) = estimate else { return };
        transport.bound_resends(estimate);
        if let Some(pacer) = &mut transport.pacer {
            pacer.follow(estimate);
        }
        for &slot in &transport.consumers {
            self.consumers[slot].redundancy.follow(estimate);
        }
    }

    /// Carry as many copies of sound as the path's own losses ask for.
    fn follow_loss(&mut self, place: usize, at: Micros) {
        let Some(lost) = self.path_loss(place) else {
            return;
        };
        let lost = (256.0 * lost) as u8;
        for &slot in &self.transports[place].consumers {
            self.consumers[slot].redundancy.on_report(lost, at);
        }
    }

    /// Return the part of what we send that a path loses, where transport-wide feedback tells:
    /// reports can not tell a radio's losses from those of a queue, which copies make longer.
    fn path_loss(&self, place: usize) -> Option<f64> {
        let estimator = self.transports[place].estimator.as_ref()?;
        estimator.loss()
    }

    fn on_sender_report(&mut self, place: usize, info: &SenderInfo, now: Instant) {
        let at = self.at(now);
        let transport = &mut self.transports[place];
        let Some(Binding::Media(producer)) = transport.binding(info.ssrc) else {
            return;
        };
        let producer = &mut self.producers[producer];
        let Some(source) = producer
            .source
            .as_mut()
            .filter(|source| source.ssrc == info.ssrc)
        else {
            return;
        };
        source.reception.sender_report(info.compact_ntp(), at);
        let position = transport.clock.learn(info.ntp, at);
        producer.timeline.report(position, info.rtp);
    }

    fn on_report_block(&mut self, place: usize, block: &ReportBlock, now: Instant) {
        let Some(slot) = self.slot_of(place, block.ssrc) else {
            return;
        };
        let at = self.at(now);
        let ntp = (self.clock.ntp(at) >> 16) as u32;
        if self.path_loss(place).is_none() {
            let redundancy = &mut self.consumers[slot].redundancy;
            redundancy.on_report(block.fraction_lost, at);
        }
        let stats = &mut self.transports[place].stats;
        stats.fraction_lost = Some(f64::from(block.fraction_lost) / 256.0);
        if block.last_sr == 0 {
            return;
        }
        let units = ntp
            .wrapping_sub(block.last_sr)
            .wrapping_sub(block.delay_since_last_sr);
        // rounding can make a short way negative, which as an unsigned number is absurdly long
        let milliseconds = short_ntp_to_duration(units).as_secs_f64() * 1000.0;
        if milliseconds < MAX_ROUND_TRIP_MS {
            stats.round_trip_ms = Some(milliseconds);
        }
    }

    fn on_nack(
        &mut self,
        place: usize,
        ssrc: u32,
        lost: impl Iterator<Item = u16>,
        now: Instant,
        sink: &mut impl Sink,
    ) {
        let at = self.at(now);
        let Some(slot) = self.slot_of(place, ssrc) else {
            return;
        };
        let Some(producer) = self.consumers[slot].producer else {
            return;
        };
        let transport = &self.transports[place];
        let told = transport.estimator.as_ref().map(|one| one.round_trip());
        let reported = transport.round_trip().as_micros() as i64;
        // transport-wide feedback comes more often than reports and knows of the newest queue
        let round_trip = told.filter(|told| *told > 0).unwrap_or(reported);
        let producer = &self.producers[producer];
        let mut forwarding = Forwarding {
            consumers: &mut self.consumers,
            transports: &mut self.transports,
            clock: &self.clock,
            now: at,
            batch: &mut self.batch,
            sink,
            counters: &mut self.counters,
            stepped: &mut self.stepped,
        };
        for sequence in lost {
            forwarding.transports[place].stats.nacks_received += 1;
            let source = forwarding.consumers[slot].source_of(sequence, at, round_trip);
            if let Some(kept) = source.and_then(|source| producer.ring.get_recent(source, at)) {
                forwarding.send_again(slot, kept);
            }
        }
    }

    fn on_keyframe_wish(&mut self, place: usize, ssrc: u32, now: Instant) {
        let Some(slot) = self.slot_of(place, ssrc) else {
            return;
        };
        self.transports[place].stats.keyframes_requested += 1;
        let consumer = &mut self.consumers[slot];
        let Some(producer) = consumer.producer.filter(|_| !consumer.is_held()) else {
            return;
        };
        if consumer.wishes.allow(now) {
            self.producers[producer].requests.want();
            self.queue(producer);
        }
    }

    /// End a source that its own sender takes leave of; another SSRC may follow at once.
    fn on_goodbye(&mut self, place: usize, ssrc: u32) {
        let Some(Binding::Media(producer)) = self.transports[place].binding(ssrc) else {
            return;
        };
        let producer = &mut self.producers[producer];
        if producer
            .source
            .as_ref()
            .is_some_and(|source| source.ssrc == ssrc)
        {
            producer.free();
        }
    }

    fn answer_reference_time(&mut self, place: usize, ssrc: u32, ntp: u64, sink: &mut impl Sink) {
        let ours = self.transports[place].rtcp_ssrc;
        let answer = Dlrr {
            ssrc,
            last_rr: (ntp >> 16) as u32,
            delay_since_last_rr: 0,
        };
        self.send_rtcp(place, sink, |out| rtcp::xr::write_dlrr(out, ours, &answer));
    }

    /// Return the slot of a peer that sends with this SSRC.
    fn slot_of(&self, place: usize, ssrc: u32) -> Option<usize> {
        let slots = self.transports[place].consumers.iter();
        slots
            .copied()
            .find(|&slot| self.consumers[slot].parameters.ssrc == ssrc)
    }
}
