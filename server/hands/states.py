"""The states of a hand and the steps between them: the one table that decides both.

    raised → invited → testing → on-air → ended
                                 raised, invited, testing → lowered

Pure: no database, no clock, no person; whoever calls says who takes the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a hand is in its life."""

    RAISED = "raised"
    INVITED = "invited"
    TESTING = "testing"
    ON_AIR = "on-air"
    ENDED = "ended"
    LOWERED = "lowered"


class Step(StrEnum):
    """What somebody does with a hand."""

    LOWER = "lower"
    DISMISS = "dismiss"
    DROP = "drop"
    INVITE = "invite"
    ACCEPT = "accept"
    DECLINE = "decline"
    START = "start"
    END = "end"


class Who(StrEnum):
    """Who takes a step."""

    OWNER = "owner"
    TEACHER = "teacher"
    SERVER = "server"


class Reason(StrEnum):
    """Why a hand went down or a turn ended."""

    SELF = "self"
    TEACHER = "teacher"
    DECLINED = "declined"
    MISSED = "missed"
    AWAY = "away"
    TIME = "time"
    NEXT = "next"
    REMOVED = "removed"
    LESSON_ENDED = "lesson-ended"


class Verdict(StrEnum):
    """What a silent test found."""

    GOOD = "good"
    WEAK = "weak"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a step leads to where, and who may take it."""

    sources: frozenset[State]
    target: State
    who: frozenset[Who]


class IllegalStep(Exception):  # noqa: N818  (the name says what happened)
    """A step that is not possible in this state."""

    def __init__(self, step: Step, state: State) -> None:
        expected = ", ".join(sorted(RULES[step].sources))
        super().__init__(f"{step} needs a hand that is {expected}; this one is {state}")
        self.step = step
        self.state = state


class NotYours(Exception):  # noqa: N818  (the name says what happened)
    """A step that somebody else may take."""


def _rule(sources: str, target: State, who: str) -> Rule:
    return Rule(
        frozenset(State(one) for one in sources.split()),
        target,
        frozenset(Who(one) for one in who.split()),
    )


RULES: Mapping[Step, Rule] = {
    Step.LOWER: _rule("raised invited testing", State.LOWERED, "owner"),
    Step.DISMISS: _rule("raised invited testing", State.LOWERED, "teacher"),
    Step.DROP: _rule("raised invited testing", State.LOWERED, "server"),
    Step.INVITE: _rule("raised", State.INVITED, "teacher"),
    Step.ACCEPT: _rule("invited", State.TESTING, "owner"),
    Step.DECLINE: _rule("invited testing", State.LOWERED, "owner"),
    # Only somebody who has accepted can be put on air: no microphone is opened from afar.
    Step.START: _rule("testing", State.ON_AIR, "teacher server"),
    Step.END: _rule("on-air", State.ENDED, "owner teacher server"),
}
UP = frozenset({State.RAISED, State.INVITED, State.TESTING, State.ON_AIR})
WAITING = UP - {State.ON_AIR}
# Whoever is here may send, in silence or on air.
MAY_SEND = frozenset({State.TESTING, State.ON_AIR})
# What classmates are not told: to them such a hand is raised.
DISCREET = frozenset({State.INVITED, State.TESTING})


def take(state: State, step: Step, who: frozenset[Who]) -> State:
    """Return the state a step leads to; raises NotYours or IllegalStep.

    A step that leads where the hand already is changes nothing: it was taken on another page.
    """
    rule = RULES[step]
    if rule.who.isdisjoint(who):
        raise NotYours(step)
    if state is rule.target:
        return state
    if state not in rule.sources:
        raise IllegalStep(step, state)
    return rule.target


def as_told(state: State, *, discreet: bool) -> State:
    """Return the state as classmates (`discreet`) or those concerned are told."""
    return State.RAISED if discreet and state in DISCREET else state
