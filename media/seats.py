"""Who sends which source of a room: seats are taken, handed over, waited for and given up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from media.errors import KindMismatch, SourceTaken, TurnOver
from media.events import (
    PublisherGone,
    RoomEvent,
    SourceAdded,
    SourceRemoved,
    SourceResumed,
    SourceStalled,
)
from media.seat import Seat
from media.types import Activity, CloseReason, Turns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from media.membership import Contribution
    from media.producer import Producer
    from media.types import Source, SourceState, TrackParameters
    from media.voices import Voices
    from media.worker import Timers

PUBLISHER_GRACE = 10.0  # seconds a lost source keeps its slot; a reload takes three to five
REPLACE_PATIENCE = 5.0  # seconds the old publication waits for the rest of the new one


class Seats:
    """The sources of one room and the publications that fill them.

    `emit` is told what happens to a source, `assign` that the slots are to be filled anew.
    """

    def __init__(
        self,
        timers: Timers,
        voices: Voices,
        emit: Callable[[RoomEvent], None],
        assign: Callable[[], None],
    ) -> None:
        self.publications: list[Contribution] = []  # oldest first
        self.turns = Turns()
        self._timers = timers
        self._voices = voices
        self._emit = emit
        self._assign = assign
        self._seats: dict[Source, Seat] = {}

    # --- what is asked ----------------------------------------------------------------------

    def get(self, source: Source) -> Seat | None:
        """Return the seat of a source, if somebody has it."""
        return self._seats.get(source)

    def states(self) -> dict[Source, SourceState]:
        """Return the sources that have started."""
        return {source: seat.state for source, seat in self._seats.items() if seat.announced}

    def check(
        self, participant: str, sources: Mapping[Source, TrackParameters], turn: str | None
    ) -> None:
        """Raise SourceTaken, TurnOver or KindMismatch unless a participant may send sources."""
        if turn is not None and turn not in self.turns:
            raise TurnOver(turn)
        for source, track in sources.items():
            if track.kind != source.kind:
                raise KindMismatch(source, track.kind)
            seat = self._seats.get(source)
            if turn is None and seat is not None and seat.participant != participant:
                raise SourceTaken(source, seat.participant)

    def attempts(
        self, participant: str, sources: Mapping[Source, TrackParameters]
    ) -> list[Contribution]:
        """Return the participant's publications that never connected and that these repeat."""
        return [
            one
            for one in self.publications
            if one.participant == participant
            and not one.connected
            and not one.producers.keys().isdisjoint(sources)
        ]

    def tests(self, turn: str | None) -> list[Contribution]:
        """Return what a turn sends in silence: nobody misses it when it is sent anew."""
        held = [one for one in self.publications if one.held and one.connected]
        return [one for one in held if one.turn == turn]

    # --- what is told -----------------------------------------------------------------------

    def keep(self, publication: Contribution) -> None:
        """Seat the sources of a publication, or hold them back for its turn."""
        self.publications.append(publication)
        publication.on_close(lambda reason: self._lose(publication, reason))
        if publication.turn is None:
            self._seat_all(publication)
        else:
            self._follow_turn(publication)

    def set_turns(self, turns: Turns) -> None:
        """Put the guest whose turn it is on air; end what is published for any other turn."""
        self.turns = turns
        for publication in list(self.publications):
            self._follow_turn(publication)
        for seat in list(self._seats.values()):  # whose guests were to come back
            if seat.turn is not None and seat.turn != turns.on_air:
                seat.last_reason = CloseReason.LEFT
                self._remove(seat)

    def end(self, reason: CloseReason) -> None:
        """Give up every seat; those whose participants were to come back, too."""
        for seat in list(self._seats.values()):
            seat.last_reason = reason
            self._remove(seat)

    # --- turns ------------------------------------------------------------------------------

    def _follow_turn(self, publication: Contribution) -> None:
        """Hold a guest's publication back, put it on air or end it, as the turns are now."""
        if publication.turn is None:
            return
        on_air = publication.turn == self.turns.on_air
        if publication.turn not in self.turns or not (on_air or publication.held):
            publication.close(CloseReason.LEFT)
        elif on_air and publication.held:
            publication.held = False
            self._make_way(publication)
            self._seat_all(publication)

    def _make_way(self, publication: Contribution) -> None:
        """End what others send as the sources of whoever is on air now."""
        for source in publication.producers:
            seat = self._seats.get(source)
            if seat is None or seat.participant == publication.participant:
                continue
            for other in list(self.publications):
                if other.producers.get(source) in seat.producers:
                    other.close(CloseReason.REPLACED)
            seat.last_reason = CloseReason.REPLACED
            self._remove(seat)

    # --- sources ----------------------------------------------------------------------------

    def _seat_all(self, publication: Contribution) -> None:
        for producer in publication.producers.values():
            self._seat(publication, producer)
            if producer.started:  # in silence
                self._handle_producer(publication, producer)

    def _seat(self, publication: Contribution, producer: Producer) -> None:
        seat = self._seats.get(producer.source)
        if seat is None:
            seat = self._seats[producer.source] = Seat(producer.source, publication.participant)
        seat.turn = publication.turn
        seat.take(producer)
        producer.on_state(lambda _: self._handle_producer(publication, producer))
        if producer.source.kind == "audio":
            producer.on_level(self._handle_level)

    def _handle_producer(self, publication: Contribution, producer: Producer) -> None:
        seat = self._seats.get(producer.source)
        if seat is None:
            return
        activity, shown = seat.activity, seat.shown
        seat.note(producer)
        if seat.shown is not None:
            seat.stop_grace()
            self._tell_flow(seat, activity)
            if seat.shown is not shown:
                self._assign()
                self._retire_replaced(publication)
        elif seat.abandoned:
            self._remove(seat)
        elif seat.announced:
            self._tell_flow(seat, activity)
            self._wait_for_return(seat)

    def _tell_flow(self, seat: Seat, before: Activity) -> None:
        if not seat.announced:
            seat.announced = True
            self._emit(SourceAdded(seat.source, seat.participant))
            before = Activity.ACTIVE
        if seat.activity is not before:
            event = SourceResumed if seat.activity is Activity.ACTIVE else SourceStalled
            self._emit(event(seat.source, seat.participant))

    def _wait_for_return(self, seat: Seat) -> None:
        if seat.grace is None:
            seat.grace = self._timers.call_later(PUBLISHER_GRACE, lambda: self._remove(seat))

    def _remove(self, seat: Seat) -> None:
        """Take the source out; a producer still on its way keeps the seat."""
        seat.stop_grace()
        if not seat.producers:
            self._seats.pop(seat.source, None)
        self._voices.forget(seat.source)
        if not seat.announced:
            return
        seat.announced = False
        self._emit(SourceRemoved(seat.source, seat.participant, seat.last_reason))
        self._assign()

    def _retire_replaced(self, publication: Contribution) -> None:
        """Close what a publication replaces, once all of the common sources have started."""
        for old in self._replaced_by(publication):
            if all(publication.has_started(source) for source in publication.overlap(old)):
                old.close(CloseReason.REPLACED)
            elif not old.retiring:
                old.retiring = True
                self._timers.call_later(REPLACE_PATIENCE, partial(old.close, CloseReason.REPLACED))

    def _replaced_by(self, publication: Contribution) -> list[Contribution]:
        if publication not in self.publications:
            return []
        older = self.publications[: self.publications.index(publication)]
        return [
            old
            for old in older
            if old.participant == publication.participant and not old.held
            if any(publication.has_started(source) for source in publication.overlap(old))
        ]

    def _handle_level(self, producer: Producer, level: int) -> None:
        seat = self._seats.get(producer.source)
        if seat is None or seat.shown is not producer:
            return
        now = self._timers.time()
        if self._voices.hear(producer.source, level, self.states(), now):
            self._assign()

    def _lose(self, publication: Contribution, reason: CloseReason) -> None:
        self.publications.remove(publication)
        self._emit(PublisherGone(publication.participant, reason))
