"""The states of a question and the steps between them: the one table that decides both.

    ask → (in review →) open → answering → answered
                        open, in review, later → withdrawn | dismissed | merged
                        open, answering → later → open again

Pure: no database, no clock, no person; whoever calls says who takes the step.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a question is in its life."""

    IN_REVIEW = "in-review"
    OPEN = "open"
    LATER = "later"
    ANSWERING = "answering"
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    WITHDRAWN = "withdrawn"
    MERGED = "merged"


class Step(StrEnum):
    """What somebody does with a question."""

    WITHDRAW = "withdraw"
    APPROVE = "approve"
    DISMISS = "dismiss"
    LATER = "later"
    MERGE = "merge"
    BEGIN = "begin"
    DONE = "done"
    ANSWER = "answer"
    REOPEN = "reopen"


class Who(StrEnum):
    """Who takes a step."""

    ASKER = "asker"
    TEACHER = "teacher"


class How(StrEnum):
    """How a question was answered."""

    LIVE = "live"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Rule:
    """From where a step leads to where, and who may take it."""

    sources: frozenset[State]
    target: State
    who: Who


class IllegalStep(Exception):  # noqa: N818  (the name says what happened)
    """A step that is not possible in this state."""

    def __init__(self, step: Step, state: State) -> None:
        expected = ", ".join(sorted(RULES[step].sources))
        super().__init__(f"{step} needs a question that is {expected}; this one is {state}")
        self.step = step
        self.state = state


class NotYours(Exception):  # noqa: N818  (the name says what happened)
    """A step that somebody else may take."""


def _rule(sources: str, target: State, who: Who = Who.TEACHER) -> Rule:
    return Rule(frozenset(State(one) for one in sources.split()), target, who)


RULES: Mapping[Step, Rule] = {
    Step.WITHDRAW: _rule("open in-review later", State.WITHDRAWN, Who.ASKER),
    Step.APPROVE: _rule("in-review", State.OPEN),
    Step.DISMISS: _rule("open in-review later", State.DISMISSED),
    Step.LATER: _rule("open answering", State.LATER),
    Step.MERGE: _rule("open in-review later", State.MERGED),
    Step.BEGIN: _rule("open later answered", State.ANSWERING),
    Step.DONE: _rule("open later answering", State.ANSWERED),
    Step.ANSWER: _rule("open later answering answered", State.ANSWERED),
    Step.REOPEN: _rule("later answered dismissed merged", State.OPEN),
}
# What classmates see of a question that was published.
SHOWN = frozenset({State.OPEN, State.LATER, State.ANSWERING, State.ANSWERED, State.MERGED})
# What another question can be merged into, voted for and answered by classmates.
ALIVE = SHOWN - {State.MERGED}
# What the next lesson takes over.
UNANSWERED = frozenset({State.OPEN, State.LATER})


def asked(*, review: bool) -> State:
    """Return the state of a new question."""
    return State.IN_REVIEW if review else State.OPEN


def take(state: State, step: Step, who: frozenset[Who]) -> State:
    """Return the state a step leads to; raises NotYours or IllegalStep."""
    rule = RULES[step]
    if rule.who not in who:
        raise NotYours(step)
    if state not in rule.sources:
        raise IllegalStep(step, state)
    return rule.target


def may_undo(step: Step, who: frozenset[Who]) -> bool:
    """Return whether somebody may take a step back: whoever may take it."""
    return RULES[step].who in who


def is_shown(state: State, *, published: bool) -> bool:
    """Return whether classmates see a question."""
    return published and state in SHOWN


def answered_how(state: State, step: Step, before: How | None) -> How | None:
    """Return how a question is answered after a step taken in `state`."""
    if step is Step.DONE:
        return How.LIVE
    if step is not Step.ANSWER:
        return None
    # A written word beside the spoken answer does not make it a written answer.
    return How.LIVE if state is State.ANSWERING or before is How.LIVE else How.TEXT
