"""The table of states: every step from every state, by everybody."""

import itertools

import pytest

from server.questions.states import (
    ALIVE,
    RULES,
    SHOWN,
    How,
    IllegalStep,
    NotYours,
    State,
    Step,
    Who,
    answered_how,
    asked,
    is_shown,
    may_undo,
    take,
)

PATHS = """
withdraw: open in-review later -> withdrawn
approve: in-review -> open
dismiss: open in-review later -> dismissed
later: open answering -> later
merge: open in-review later -> merged
begin: open later answered -> answering
done: open later answering -> answered
answer: open later answering answered -> answered
reopen: later answered dismissed merged -> open
"""


def expected() -> dict[tuple[Step, State], State]:
    found = {}
    for line in PATHS.strip().splitlines():
        step, _, rest = line.partition(": ")
        sources, _, target = rest.partition(" -> ")
        for source in sources.split():
            found[Step(step), State(source)] = State(target)
    return found


@pytest.mark.parametrize(("step", "state"), list(itertools.product(Step, State)))
def test_every_step_from_every_state(step: Step, state: State) -> None:
    rightful = frozenset({RULES[step].who})
    target = expected().get((step, state))
    if target is None:
        with pytest.raises(IllegalStep, match=f"this one is {state}"):
            take(state, step, rightful)
    else:
        assert take(state, step, rightful) is target


@pytest.mark.parametrize("step", Step)
def test_a_step_is_taken_and_taken_back_by_whom_it_belongs_to(step: Step) -> None:
    owner = RULES[step].who
    assert owner is (Who.ASKER if step is Step.WITHDRAW else Who.TEACHER)
    for who in (frozenset(), frozenset(set(Who) - {owner})):
        assert not may_undo(step, who)
        for state in State:
            with pytest.raises(NotYours):
                take(state, step, who)
    assert may_undo(step, frozenset(Who))


def test_no_state_is_a_dead_end_but_what_its_asker_took_back() -> None:
    left = {source for rule in RULES.values() for source in rule.sources}
    assert set(State) - left == {State.WITHDRAWN}


def test_what_classmates_see() -> None:
    assert asked(review=True) is State.IN_REVIEW
    assert asked(review=False) is State.OPEN
    assert ALIVE < SHOWN
    for state in State:
        assert not is_shown(state, published=False)
        assert is_shown(state, published=True) is (state in SHOWN)


def test_a_word_beside_a_spoken_answer_leaves_it_spoken() -> None:
    assert answered_how(State.OPEN, Step.DONE, None) is How.LIVE
    assert answered_how(State.OPEN, Step.ANSWER, None) is How.TEXT
    assert answered_how(State.ANSWERING, Step.ANSWER, None) is How.LIVE
    assert answered_how(State.ANSWERED, Step.ANSWER, How.LIVE) is How.LIVE
    assert answered_how(State.ANSWERED, Step.ANSWER, How.TEXT) is How.TEXT
    assert answered_how(State.ANSWERED, Step.REOPEN, How.LIVE) is None
