"""The states of a poll and the steps between them: draft → open → closed; pure."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Where a poll is in its life."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class Step(StrEnum):
    """What somebody does with a poll."""

    EDIT = "edit"
    REMOVE = "remove"
    OPEN = "open"
    VOTE = "vote"
    CLOSE = "close"
    SHOW = "show"


_MAY: Mapping[Step, frozenset[State]] = {
    Step.EDIT: frozenset({State.DRAFT}),
    Step.REMOVE: frozenset({State.DRAFT}),
    Step.OPEN: frozenset({State.DRAFT}),
    Step.VOTE: frozenset({State.OPEN}),
    Step.CLOSE: frozenset({State.OPEN}),
    Step.SHOW: frozenset({State.OPEN, State.CLOSED}),
}


def may(step: Step, state: State) -> bool:
    """Return whether a step is possible in a state."""
    return state in _MAY[step]
