"""The table of a hand's states, step by step, and at random."""

import itertools

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from server.hands.states import (
    DISCREET,
    RULES,
    UP,
    IllegalStep,
    NotYours,
    State,
    Step,
    Who,
    as_told,
    take,
)

EVERYBODY = frozenset(Who)
# Every pair that changes something; all others are refused or change nothing.
WAYS = {
    (State.RAISED, Step.LOWER): State.LOWERED,
    (State.INVITED, Step.LOWER): State.LOWERED,
    (State.TESTING, Step.LOWER): State.LOWERED,
    (State.RAISED, Step.DISMISS): State.LOWERED,
    (State.INVITED, Step.DISMISS): State.LOWERED,
    (State.TESTING, Step.DISMISS): State.LOWERED,
    (State.RAISED, Step.DROP): State.LOWERED,
    (State.INVITED, Step.DROP): State.LOWERED,
    (State.TESTING, Step.DROP): State.LOWERED,
    (State.RAISED, Step.INVITE): State.INVITED,
    (State.INVITED, Step.ACCEPT): State.TESTING,
    (State.INVITED, Step.DECLINE): State.LOWERED,
    (State.TESTING, Step.DECLINE): State.LOWERED,
    (State.TESTING, Step.START): State.ON_AIR,
    (State.ON_AIR, Step.END): State.ENDED,
}
WHO = {
    Step.LOWER: {Who.OWNER},
    Step.DISMISS: {Who.TEACHER},
    Step.DROP: {Who.SERVER},
    Step.INVITE: {Who.TEACHER},
    Step.ACCEPT: {Who.OWNER},
    Step.DECLINE: {Who.OWNER},
    Step.START: {Who.TEACHER, Who.SERVER},
    Step.END: {Who.OWNER, Who.TEACHER, Who.SERVER},
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(State, Step)))
def test_every_step_from_every_state(state: State, step: Step) -> None:
    if (state, step) in WAYS:
        assert take(state, step, EVERYBODY) is WAYS[state, step]
    elif state is RULES[step].target:
        assert take(state, step, EVERYBODY) is state
    else:
        with pytest.raises(IllegalStep, match=rf"this one is {state}$"):
            take(state, step, EVERYBODY)


@pytest.mark.parametrize(("step", "who"), list(itertools.product(Step, Who)))
def test_every_step_by_everybody(step: Step, who: Who) -> None:
    source = next(iter(RULES[step].sources))
    if who in WHO[step]:
        take(source, step, frozenset({who}))
    else:
        for state in State:
            with pytest.raises(NotYours):
                take(state, step, frozenset({who}))


def test_classmates_are_not_told_of_invitations() -> None:
    for state in State:
        assert as_told(state, discreet=False) is state
        assert as_told(state, discreet=True) is (State.RAISED if state in DISCREET else state)


class HandsLife(RuleBasedStateMachine):
    """Whatever anybody does, nobody is on air who has not been asked and has not said yes."""

    @initialize()
    def begin(self) -> None:
        self.state = State.RAISED
        self.history = [State.RAISED]

    @rule(step=st.sampled_from(Step), who=st.sets(st.sampled_from(Who)))
    def act(self, step: Step, who: set[Who]) -> None:
        before = self.state
        try:
            self.state = take(before, step, frozenset(who))
        except (NotYours, IllegalStep):
            return
        if self.state is not before:
            self.history.append(self.state)

    @invariant()
    def nobody_skips_the_question(self) -> None:
        if State.ON_AIR in self.history:
            assert self.history[:4] == [
                State.RAISED,
                State.INVITED,
                State.TESTING,
                State.ON_AIR,
            ]

    @invariant()
    def the_end_is_the_end(self) -> None:
        assert all(state in UP for state in self.history[:-1])
        assert len(set(self.history)) == len(self.history)


TestHandsLife = HandsLife.TestCase
TestHandsLife.settings = settings(max_examples=60, stateful_step_count=30)
