"""Random lessons full of hands: whatever is done, all who listen know the same."""

import uuid
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from media.types import Turns
from server.errors import Problem
from server.hands import events
from server.hands.events import Name
from server.hands.floor import Floor
from server.hands.queue import order_of
from server.hands.states import UP, Reason, State, Step, Verdict, Who
from server.hands.store import Stage, usual_settings
from server.hands.tables import Hand
from server.models import Lesson
from server.timeline import EVERYONE, PERSON, TEACHERS, Event
from tests.server.hands.stage import Page

PEOPLE = [Name(uuid.UUID(int=number), f"Person {number}") for number in range(1, 5)]
TEACHER = Name(uuid.UUID(int=99), "Teacher")
LESSON = uuid.UUID(int=7)
WHO = st.sets(st.sampled_from(Who)).map(frozenset)
ANY_HAND = st.integers(1, 6)


class LessonOfHands(RuleBasedStateMachine):
    """The part of a lesson that touches no database."""

    @initialize()
    def begin(self) -> None:
        lesson = Lesson(id=LESSON)
        nothing: Any = None  # no step below asks the database
        self.stage = Stage(nothing, lesson, usual_settings(LESSON), now=0)
        self.all: dict[int, Hand] = {}
        self.accepted: set[int] = set()
        self.floor, self.teacher = Floor(), Page()
        self.pages = {person.id: Page() for person in PEOPLE}

    @rule(person=st.sampled_from(PEOPLE), first=st.booleans(), ago=st.integers(0, 100_000))
    def raise_hand(self, person: Name, first: bool, ago: int) -> None:
        if self.stage.own(person.id) is not None:
            return
        now, number = self.stage.now, len(self.all) + 1
        rank = order_of(now - ago, now, first=first)
        hand = Hand(
            lesson_id=LESSON, number=number, person_id=person.id, at=now, rank=rank, first=first,
            camera=False, state=State.RAISED, test=None, invited_at=None, aired_from=None,
            aired_to=None, until=None, talking=False,
        )  # fmt: skip
        self.all[number] = self.stage.hands[number] = hand
        self.stage.names[person.id] = person
        self.stage.said += events.raised(hand, person)
        self.tell()

    @rule(number=ANY_HAND, who=WHO, step=st.sampled_from([Step.LOWER, Step.DISMISS, Step.DECLINE]))
    def lower(self, number: int, who: frozenset[Who], step: Step) -> None:
        self.act(number, lambda hand: self.stage.lower(hand, step, who, Reason.SELF))

    @rule(number=ANY_HAND, who=WHO)
    def invite(self, number: int, who: frozenset[Who]) -> None:
        self.act(number, lambda hand: self.stage.invite(hand, who, TEACHER))

    @rule(number=ANY_HAND, who=WHO)
    def accept(self, number: int, who: frozenset[Who]) -> None:
        def accept(hand: Hand) -> None:
            self.stage.accept(hand, who)
            self.accepted.add(hand.number)

        self.act(number, accept)

    @rule(number=ANY_HAND, verdict=st.sampled_from(Verdict))
    def test(self, number: int, verdict: Verdict) -> None:
        self.act(number, lambda hand: self.stage.note_test(hand, verdict))

    @rule(number=ANY_HAND, who=WHO)
    def start(self, number: int, who: frozenset[Who]) -> None:
        self.act(number, lambda hand: self.stage.start(hand, who, TEACHER))

    @rule(number=ANY_HAND, talking=st.booleans())
    def talk(self, number: int, talking: bool) -> None:
        self.act(number, lambda hand: self.stage.talk(hand, talking))

    @rule(number=ANY_HAND, seconds=st.integers(10, 100))
    def extend(self, number: int, seconds: int) -> None:
        self.act(number, lambda hand: self.stage.extend(hand, seconds, TEACHER))

    @rule(number=ANY_HAND, who=WHO)
    def end(self, number: int, who: frozenset[Who]) -> None:
        self.act(number, lambda hand: self.stage.end(hand, who, Reason.SELF))

    @precondition(lambda self: self.stage.hands)
    @rule(reason=st.sampled_from([Reason.AWAY, Reason.REMOVED]), data=st.data())
    def remove(self, reason: Reason, data: st.DataObject) -> None:
        number = data.draw(st.sampled_from(sorted(self.stage.hands)))
        self.act(number, lambda hand: self.stage.remove(hand, reason))

    @rule(auto=st.booleans(), push_to_talk=st.booleans(), limit=st.none() | st.just(60))
    def decide(self, auto: bool, push_to_talk: bool, limit: int | None) -> None:
        kept = self.stage.settings
        kept.auto, kept.push_to_talk, kept.limit_seconds = auto, push_to_talk, limit

    @rule(seconds=st.integers(1, 100))
    def wait(self, seconds: int) -> None:
        self.stage.now += 1000 * seconds
        for number, reason in self.floor.over(self.stage.now, lambda _: True):
            self.act(number, lambda hand, why=reason: self.stage.remove(hand, why))

    def act(self, number: int, step: Any) -> None:
        hand = self.all.get(number)
        if hand is None:
            return
        before = (hand.state, list(self.stage.said))
        try:
            step(hand)
        except Problem:
            assert (hand.state, self.stage.said) == before
        self.stage.advance()
        self.tell()

    def tell(self) -> None:
        """Bring the news to whoever it is for."""
        now = self.stage.now
        for told in self.stage.said:
            event = Event(LESSON, 1, now, told.kind, told.payload, told.audience, told.person)
            if told.audience in (EVERYONE, TEACHERS):
                self.floor.hear(told.payload["hand"], now, now)
                self.teacher.apply(event)
            for person, page in self.pages.items():
                if told.audience == EVERYONE or told.person == person:
                    page.apply(event)
        assert {one.audience for one in self.stage.said} <= {EVERYONE, TEACHERS, PERSON}
        self.stage.said.clear()

    @invariant()
    def one_is_on_air_who_has_said_yes(self) -> None:
        on_air = [one.number for one in self.all.values() if one.state is State.ON_AIR]
        assert len(on_air) <= 1
        assert set(on_air) <= self.accepted

    @invariant()
    def the_media_let_in_who_may_send_and_nobody_else(self) -> None:
        on_air = [str(n) for n, one in self.all.items() if one.state is State.ON_AIR]
        testing = {str(n) for n, one in self.all.items() if one.state is State.TESTING}
        assert self.floor.turns() == Turns(next(iter(on_air), None), frozenset(testing))

    @invariant()
    def early_and_late_pages_agree(self) -> None:
        up = {number: one for number, one in self.all.items() if one.state in UP}
        assert up == self.stage.hands
        hands = [(one, self.stage.names[one.person_id]) for one in up.values()]
        for person, page in [*self.pages.items(), (TEACHER.id, self.teacher)]:
            told = events.snapshot(self.stage.settings, hands, person, teacher=person == TEACHER.id)
            assert page.list() == told["list"]


TestLessonOfHands = LessonOfHands.TestCase
TestLessonOfHands.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
