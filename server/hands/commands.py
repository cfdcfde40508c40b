"""The commands about hands and turns (docs/speaking-protocol.md)."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from server.errors import NotAllowed
from server.hands.events import Name, settings_facts
from server.hands.queue import next_to_invite, next_to_start, on_air
from server.hands.states import WAITING, Reason, Step, Verdict, Who
from server.hands.store import Stage, change_settings, open_stage
from server.hands.tables import Hand
from server.models import Person
from server.questions.act import Act
from server.questions.events import Entry
from server.web import Body

MAX_NUMBER = MAX_POSITION = 2**31 - 1  # what a column of both databases holds; 24 days
MIN_LIMIT, MAX_LIMIT = 30, 1800  # s of a turn: a short question; half a seminar talk
MIN_MORE = 10  # s that a turn is given more

Number = Annotated[int, Field(ge=1, le=MAX_NUMBER)]


class Nothing(Body):
    """No arguments."""


class OneHand(Body):
    """Which hand."""

    hand: Number


class Raise(Body):
    """Whether somebody wants to be seen, too; where the lesson was when they asked."""

    camera: bool = False
    at: Annotated[int, Field(ge=0, le=MAX_POSITION)] | None = None


class Tested(OneHand):
    """What a silent test found."""

    test: Literal["good", "weak", "silent"]


class Talk(OneHand):
    """Whether the button is held."""

    on: bool


class Extend(OneHand):
    """How much longer, in seconds."""

    seconds: Annotated[int, Field(ge=MIN_MORE, le=MAX_LIMIT)]


class Change(Body):
    """Settings; one that is left out stays, and a limit of null is none."""

    paused: bool = False
    limit: Annotated[int, Field(ge=MIN_LIMIT, le=MAX_LIMIT)] | None = None
    auto: bool = False
    push_to_talk: bool = False


Result = dict[str, Any]


def named(person: Person) -> Name:
    """Return a person as everybody may know them."""
    return Name(person.id, person.name)


async def stage_of(act: Act) -> Stage:
    """Return the hands of the command's lesson."""
    return await open_stage(act.session, act.must_have_lesson(), act.services.clock)


def who(act: Act, hand: Hand) -> frozenset[Who]:
    """Return what somebody is toward a hand."""
    found = {Who.TEACHER} if act.teacher else set()
    return frozenset(found | {Who.OWNER} if hand.person_id == act.person.id else found)


def by(act: Act, hand: Hand) -> Name | None:
    """Return the teacher who takes a step with somebody else's hand."""
    return None if hand.person_id == act.person.id else named(act.person)


def _finish(act: Act, stage: Stage) -> None:
    stage.advance()
    act.said.extend(stage.said)


def _must_own(act: Act, hand: Hand) -> None:
    if hand.person_id != act.person.id:
        raise NotAllowed


def _stands(hand: Hand) -> Result:
    return {"hand": hand.number, "state": hand.state.value}


async def raise_hand(act: Act, args: Raise) -> Result:
    """Put one's hand up."""
    stage = await stage_of(act)
    hand = await stage.raise_hand(named(act.person), camera=args.camera, at=args.at)
    _finish(act, stage)
    return {**_stands(hand), "place": stage.place(hand)}


async def _step(act: Act, number: int, take: Callable[[Stage, Hand], None]) -> Result:
    stage = await stage_of(act)
    hand = await stage.hand(number)
    take(stage, hand)
    _finish(act, stage)
    return _stands(hand)


async def lower(act: Act, args: OneHand) -> Result:
    """Take one's own hand down."""
    return await _step(
        act,
        args.hand,
        lambda stage, hand: stage.lower(hand, Step.LOWER, who(act, hand), Reason.SELF),
    )


async def dismiss(act: Act, args: OneHand) -> Result:
    """Take somebody's hand down, as a teacher."""
    return await _step(
        act,
        args.hand,
        lambda stage, hand: stage.lower(
            hand, Step.DISMISS, who(act, hand), Reason.TEACHER, named(act.person)
        ),
    )


async def lower_all(act: Act, _args: Nothing) -> Result:
    """Take every hand down but the one on air."""
    stage = await stage_of(act)
    waiting = [one for one in stage.hands.values() if one.state in WAITING]
    for hand in waiting:
        stage.lower(hand, Step.DISMISS, who(act, hand), Reason.TEACHER, named(act.person))
    _finish(act, stage)
    return {"hands": [hand.number for hand in waiting]}


async def change(act: Act, args: Change) -> Result:
    """Change the settings."""
    stage = await stage_of(act)
    wanted = args.model_dump(include=args.model_fields_set)
    if "limit" in wanted:
        wanted["limit_seconds"] = wanted.pop("limit")
    await change_settings(stage, wanted, named(act.person))
    _finish(act, stage)
    return settings_facts(stage.settings)


async def invite(act: Act, args: OneHand) -> Result:
    """Ask somebody whether they will speak now."""
    return await _step(
        act,
        args.hand,
        lambda stage, hand: stage.invite(hand, who(act, hand), named(act.person)),
    )


async def accept(act: Act, args: OneHand) -> Result:
    """Say yes, and begin the silent test."""
    return await _step(act, args.hand, lambda stage, hand: stage.accept(hand, who(act, hand)))


async def decline(act: Act, args: OneHand) -> Result:
    """Say no."""
    return await _step(
        act,
        args.hand,
        lambda stage, hand: stage.lower(hand, Step.DECLINE, who(act, hand), Reason.DECLINED),
    )


async def note_test(act: Act, args: Tested) -> Result:
    """Say what the silent test found."""

    def note(stage: Stage, hand: Hand) -> None:
        _must_own(act, hand)
        stage.note_test(hand, Verdict(args.test))

    return {**await _step(act, args.hand, note), "test": args.test}


async def start(act: Act, args: OneHand) -> Result:
    """Put somebody on air who has accepted."""
    return await _step(
        act,
        args.hand,
        lambda stage, hand: stage.start(hand, who(act, hand), named(act.person)),
    )


async def talk(act: Act, args: Talk) -> Result:
    """Hold the button, or let it go."""

    def note(stage: Stage, hand: Hand) -> None:
        _must_own(act, hand)
        stage.talk(hand, args.on)

    await _step(act, args.hand, note)
    return {"hand": args.hand, "talking": args.on}


async def extend(act: Act, args: Extend) -> Result:
    """Give a turn more time."""
    stage = await stage_of(act)
    hand = await stage.hand(args.hand)
    stage.extend(hand, args.seconds, named(act.person))
    _finish(act, stage)
    return {"hand": hand.number, "until": hand.until}


async def end(act: Act, args: OneHand) -> Result:
    """End a turn: one's own, or anybody's as a teacher."""

    def finish(stage: Stage, hand: Hand) -> None:
        reason = Reason.TEACHER if by(act, hand) else Reason.SELF
        stage.end(hand, who(act, hand), reason, by(act, hand))

    return await _step(act, args.hand, finish)


async def go_on(act: Act, _args: Nothing) -> Result:
    """End the turn on air and turn to the next hand."""
    stage = await stage_of(act)
    teacher = named(act.person)
    ended = next(iter(on_air(stage.standings())), None)
    if ended is not None:
        hand = stage.hands[ended]
        stage.end(hand, frozenset({Who.TEACHER}), Reason.NEXT, teacher)
    started = next_to_start(stage.standings(), tested=False)
    invited = None if started is not None else next_to_invite(stage.standings())
    if started is not None:
        stage.start(stage.hands[started], frozenset({Who.TEACHER}), teacher)
    if invited is not None:
        stage.invite(stage.hands[invited], frozenset({Who.TEACHER}), teacher)
    _finish(act, stage)
    return {"ended": ended, "started": started, "invited": invited}


_STUDENT: dict[str, Entry] = {
    "hand_raise": Entry(Raise, raise_hand),
    "hand_lower": Entry(OneHand, lower),
    "turn_accept": Entry(OneHand, accept),
    "turn_decline": Entry(OneHand, decline),
    "turn_test": Entry(Tested, note_test),
    "turn_talk": Entry(Talk, talk),
    "turn_end": Entry(OneHand, end),
}
_TEACHER: dict[str, Entry] = {
    "hand_dismiss": Entry(OneHand, dismiss),
    "hands_lower": Entry(Nothing, lower_all),
    "hands_set": Entry(Change, change),
    "turn_invite": Entry(OneHand, invite),
    "turn_start": Entry(OneHand, start),
    "turn_extend": Entry(Extend, extend),
    "turn_next": Entry(Nothing, go_on),
}
COMMANDS: Mapping[str, Entry] = {
    **{name: replace(entry, book=False) for name, entry in _STUDENT.items()},
    **{name: replace(entry, book=False, teacher=True) for name, entry in _TEACHER.items()},
}
