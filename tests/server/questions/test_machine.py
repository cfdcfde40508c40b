"""Whatever people do in whatever order: rows, events, early and late pages agree.

Hypothesis chooses what happens; a plain model says what must come of it.
"""

import asyncio
import shutil
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from server.errors import Problem
from server.questions.states import RULES, IllegalStep, State, Step, Who, take
from tests.server.conftest import Place, _migrate, running_world
from tests.server.questions.classroom import Room, Someone

numbers = st.integers(1, 6)
people = st.integers(0, 2)
_STEPS = {
    Step.APPROVE: "question_approve",
    Step.DISMISS: "question_dismiss",
    Step.LATER: "question_later",
    Step.BEGIN: "question_begin",
    Step.DONE: "question_done",
    Step.REOPEN: "question_reopen",
}
_TEMPLATE = Path(tempfile.mkdtemp(prefix="darsgoh-machine-"))


def _template() -> Path:
    file = _TEMPLATE / "darsgoh.sqlite3"
    if not file.exists():
        _migrate(Place(_TEMPLATE))
    return file


class Questions(RuleBasedStateMachine):
    """A lesson with three students, two teachers and a few questions."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.directory = Path(tempfile.mkdtemp(prefix="darsgoh-machine-"))
        self.stack = AsyncExitStack()
        self.states: dict[int, State] = {}
        self.askers: dict[int, int] = {}
        self.undo: dict[int, tuple[State, int, bool]] = {}
        self.acts = 0

    @initialize()
    def open_the_lesson(self) -> None:
        shutil.copy(_template(), self.directory / "darsgoh.sqlite3")
        self.room = self._run(self._open())

    async def _open(self) -> Room:
        world = await self.stack.enter_async_context(running_world(Place(self.directory)))
        room = Room(world)
        await room.build()
        return room

    def _run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def teardown(self) -> None:
        self._run(self.stack.aclose())
        self.loop.close()
        shutil.rmtree(self.directory, ignore_errors=True)

    def _send(self, who: Someone, name: str, **args: Any) -> dict[str, Any] | str:
        """Return the result, or the code of the refusal; every command is sent twice."""
        self.acts += 1
        self.room.world.clock.pass_time(minutes=2)
        key = self.room.new_id()
        try:
            answer = self._run(who.send(name, key=key, **args))
        except Problem as problem:
            return problem.code
        assert self._run(who.send(name, key=key, **args)) == answer
        result: dict[str, Any] = answer["result"]
        return result

    def _known(self, number: int) -> int | None:
        return number if number in self.states else None

    # --- what people do -----------------------------------------------------------------

    @precondition(lambda self: len(self.states) < 6)
    @rule(person=people, anonymous=st.booleans())
    def ask(self, person: int, anonymous: bool) -> None:
        result = self._send(
            self.room.students[person], "question_ask", text="Why?", anonymous=anonymous
        )
        assert isinstance(result, dict)
        assert result["question"] == len(self.states) + 1
        self.states[result["question"]] = State(result["state"])
        self.askers[result["question"]] = person

    @rule(review=st.booleans())
    def review(self, review: bool) -> None:
        assert self._send(self.room.teacher, "questions_set", review=review) != "not-allowed"

    @rule(number=numbers, step=st.sampled_from(sorted(_STEPS)))
    def step(self, number: int, step: Step) -> None:
        result = self._send(self.room.teacher, _STEPS[step], question=number)
        self._check(number, step, result)

    @rule(number=numbers, text=st.just("Because."))
    def answer(self, number: int, text: str) -> None:
        result = self._send(self.room.teacher, "question_answer", question=number, text=text)
        self._check(number, Step.ANSWER, result)

    @rule(number=numbers, person=people)
    def withdraw(self, number: int, person: int) -> None:
        result = self._send(self.room.students[person], "question_withdraw", question=number)
        if self._known(number) is None or self.askers[number] != person:
            assert result in ("question-unknown", "not-allowed")
        else:
            self._check(number, Step.WITHDRAW, result)

    @rule(number=numbers, into=numbers)
    def merge(self, number: int, into: int) -> None:
        result = self._send(self.room.teacher, "question_merge", question=number, into=into)
        if isinstance(result, dict):
            assert self.states[into] in (
                State.OPEN, State.LATER, State.ANSWERING, State.ANSWERED
            )  # fmt: skip
            self._check(number, Step.MERGE, result)

    @rule(number=numbers, person=people, on=st.booleans())
    def vote(self, number: int, person: int, on: bool) -> None:
        result = self._send(self.room.students[person], "question_vote", question=number, on=on)
        if isinstance(result, dict) and on:
            assert result["on"]

    @rule(number=numbers)
    def undo_the_last(self, number: int) -> None:
        if number not in self.undo:
            return
        before, version, by_teacher = self.undo[number]
        who = self.room.teacher if by_teacher else self.room.students[self.askers[number]]
        result = self._send(who, "question_undo", question=number, version=version)
        if isinstance(result, str):
            assert result in ("changed-since", "question-unknown")
            return
        assert result["state"] == before
        self.states[number] = before
        del self.undo[number]

    @rule(number=numbers)
    def show(self, number: int) -> None:
        self._send(self.room.teacher, "question_show", question=number)

    @rule(number=numbers, person=people)
    def help(self, number: int, person: int) -> None:
        self._send(self.room.students[person], "answer_give", question=number, text="So.")

    @rule(number=numbers)
    def see(self, number: int) -> None:
        self._send(self.room.teacher, "question_seen", questions=[number])

    # --- what must come of it -----------------------------------------------------------

    def _check(self, number: int, step: Step, result: dict[str, Any] | str) -> None:
        if self._known(number) is None:
            assert result == "question-unknown"
            return
        try:
            target = take(self.states[number], step, frozenset(Who))
        except IllegalStep:
            assert result == "question-state"
            return
        assert isinstance(result, dict), result
        assert result["state"] == target
        if step is Step.BEGIN:
            for other, state in list(self.states.items()):
                if state is State.ANSWERING:
                    self.states[other] = State.ANSWERED
                    self.undo.pop(other, None)
        teacher = RULES[step].who is Who.TEACHER
        self.undo[number] = (self.states[number], result["version"], teacher)
        self.states[number] = target

    @invariant()
    def all_pages_agree(self) -> None:
        if not self.states:
            return
        self._run(self.room.tell_votes())
        self._run(self.room.check_agreement())
        late = self._run(self.room.late(self.room.teacher, teacher=True))
        known = {one["number"]: one for one in late["list"]}
        assert {number: State(one["state"]) for number, one in known.items()} == self.states
        answering = [one for one in self.states.values() if one is State.ANSWERING]
        assert len(answering) <= 1
        for one in known.values():
            assert 0 <= one["votes"] <= 3
            assert (one["merged_into"] is not None) is (one["state"] == "merged")

    @invariant()
    def numbers_have_no_gaps(self) -> None:
        if self.states:
            events = self._run(self.room.events())
            assert [one.seq for one in events] == list(range(1, len(events) + 1))


Questions.TestCase.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestQuestions = Questions.TestCase
