"""Taking a step with a question in hand, and taking it back: rows and events together."""

import uuid
from typing import Any

from server.errors import Conflict, NotAllowed
from server.lesson_state import OPEN
from server.questions import states, store
from server.questions.act import Act
from server.questions.facts import Facts, step_facts
from server.questions.states import How, State, Step, Who
from server.questions.tables import Question
from server.questions.telling import shown, tell, tell_answer

_KINDS = {
    Step.WITHDRAW: "question.withdrawn",
    Step.APPROVE: "question.approved",
    Step.DISMISS: "question.dismissed",
    Step.LATER: "question.later",
    Step.MERGE: "question.merged",
    Step.BEGIN: "question.answering",
    Step.DONE: "question.answered",
    Step.ANSWER: "question.answered",
    Step.REOPEN: "question.reopened",
}

_TAKERS = {step: rule.who for step, rule in states.RULES.items()}


def outcome(question: Question) -> Facts:
    """Return what a step is acknowledged with."""
    return {
        "question": question.number,
        "state": question.state.value,
        "version": question.version,
    }


def next_state(act: Act, question: Question, step: Step) -> State:
    """Return where a step would lead; raises Conflict or NotAllowed."""
    try:
        return states.take(question.state, step, act.who(question))
    except states.NotYours as error:
        raise NotAllowed from error
    except states.IllegalStep as error:
        raise Conflict("question-state", f"{error}.", state=question.state.value) from error


async def take_step(
    act: Act,
    question: Question,
    step: Step,
    *,
    into: Question | None = None,
    answer: int | None = None,
) -> Facts:
    """Take a step, record it and tell it; return what it is acknowledged with."""
    target = next_state(act, question, step)
    was, was_shown, root = question.state, shown(question), question.merged_into
    _remember(act, question, step, answer)
    question.state = target
    question.version += 1
    question.published = question.published or target in states.ALIVE
    question.merged_into = None if into is None else into.number
    _set_interval(act, question, was, step)
    by = {} if _TAKERS[step] is Who.ASKER else {"by": act.by}
    await tell(act, _KINDS[step], question, step_facts(question), was_shown=was_shown, **by)
    await _follow_up(act, question, root)
    return outcome(question)


def _remember(act: Act, question: Question, step: Step, answer: int | None) -> None:
    lesson = question.answer_lesson_id
    question.before = {
        "step": step.value,
        "by": str(act.person.id),
        "state": question.state.value,
        "published": question.published,
        "merged_into": question.merged_into,
        "how": None if question.how is None else question.how.value,
        "answer_lesson": None if lesson is None else str(lesson),
        "answer_from": question.answer_from,
        "answer_to": question.answer_to,
        "answer": answer,
    }


def _set_interval(act: Act, question: Question, was: State, step: Step) -> None:
    position = act.position()
    question.how = states.answered_how(was, step, question.how)
    if step is Step.BEGIN:
        question.answer_lesson_id = act.must_have_lesson().id
        question.answer_from, question.answer_to = position, None
    elif step in (Step.DONE, Step.ANSWER) and was is State.ANSWERING:
        question.answer_to = position
    elif step in (Step.DONE, Step.ANSWER):
        if was is not State.ANSWERED:
            question.answer_lesson_id = None if act.lesson is None else act.lesson.id
    else:
        question.answer_lesson_id = question.answer_from = question.answer_to = None


async def _follow_up(act: Act, question: Question, old_root: int | None) -> None:
    """Put right what depends on a question's state: votes of its family, the screen."""
    if old_root != question.merged_into:
        await _recount(act, *{one for one in (old_root, question.merged_into) if one is not None})
        if question.merged_into is None:
            await _recount(act, question.number)
    if question.state not in states.ALIVE or not question.published:
        await take_off_screen(act, question)


async def _recount(act: Act, *numbers: int) -> None:
    told: dict[str, int] = {}
    for number in sorted(numbers):
        root = await store.find_root(act, number)
        await store.recount(act.session, root)
        root.votes_told = root.votes
        told[str(root.number)] = root.votes
    if told:
        act.tell_all("question.votes", {"votes": told})


async def take_off_screen(act: Act, question: Question) -> None:
    """Show a question on the screen no more, if it is there."""
    if act.lesson is None:
        return
    rules = await store.rules_of(act.session, act.lesson.id)
    if rules.on_screen == question.number:
        await show(act, None)


async def show(act: Act, number: int | None) -> None:
    """Put a question on the screen, or none."""
    lesson = act.must_have_lesson()
    rules = await store.rules_of(act.session, lesson.id)
    if rules.on_screen == number:
        return
    changed = store.Rules(rules.anonymous, rules.review, rules.paused, number)
    await store.keep_rules(act.session, lesson.id, changed)
    by = {"by": act.by} if act.teacher else {}
    act.tell_all("questions.shown", {"question": number, **by})


async def undo(act: Act, question: Question, version: int) -> Facts:
    """Take the last step back; raises Conflict when it is not the one that was meant."""
    before = question.before
    if question.version != version:
        raise Conflict("changed-since", "The question has changed since.")
    if before is None:
        raise Conflict("nothing-to-undo", "There is nothing to take back.")
    if not states.may_undo(Step(before["step"]), act.who(question)):
        raise NotAllowed
    await _check_return(act, question, before)
    was_shown, root = shown(question), question.merged_into
    _restore(question, before)
    await _forget_answer(act, question, before["answer"])
    by = {"by": act.by} if _TAKERS[Step(before["step"])] is Who.TEACHER else {}
    new = step_facts(question)
    await tell(act, "question.undone", question, new, was_shown=was_shown, **by)
    await _follow_up(act, question, root)
    return outcome(question)


async def _check_return(act: Act, question: Question, before: dict[str, Any]) -> None:
    """Raise Conflict when what a question would return to has changed."""
    possible = True
    if before["state"] == State.ANSWERING:
        lesson = act.lesson
        here = lesson is not None and str(lesson.id) == before["answer_lesson"]
        possible = lesson is not None and here and lesson.state in OPEN
        possible = possible and not await store.find_answering(act, act.must_have_lesson().id)
    elif before["merged_into"] is not None:
        root = await store.find_root(act, before["merged_into"])
        possible = root.number != question.number and root.state in states.ALIVE
    if not possible:
        raise Conflict("changed-since", "What it would go back to has changed since.")


def _restore(question: Question, before: dict[str, Any]) -> None:
    lesson, how = before["answer_lesson"], before["how"]
    question.state = State(before["state"])
    question.published = before["published"]
    question.merged_into = before["merged_into"]
    question.how = None if how is None else How(how)
    question.answer_lesson_id = None if lesson is None else uuid.UUID(lesson)
    question.answer_from, question.answer_to = before["answer_from"], before["answer_to"]
    question.version += 1
    question.before = None


async def _forget_answer(act: Act, question: Question, number: int | None) -> None:
    if number is None:
        return
    answer = await store.find_answer(act, question, number)
    answer.removed = answer.removed_by_teacher = True
    await tell_answer(act, "answer.removed", question, answer)
