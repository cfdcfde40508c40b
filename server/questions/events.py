"""The commands about questions: what they carry, who may send them, and what follows from each."""

import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select

from server.errors import Conflict, Invalid, NotAllowed, NotFound, TooMany
from server.ids import uuid7
from server.models import CourseRole, Lesson, LessonPerson, LessonRole, LessonState, Member, Person
from server.questions import states, steps, store
from server.questions.act import Act
from server.questions.args import (
    Ask,
    Assign,
    Edit,
    EditAnswer,
    Give,
    Label,
    Mark,
    Merge,
    One,
    OneAnswer,
    Seen,
    Set,
    Show,
    Switch,
    SwitchAnswer,
    Undo,
)
from server.questions.facts import Facts, look_around
from server.questions.search import index
from server.questions.states import State, Step
from server.questions.tables import LABEL_LENGTH, Answer, Question
from server.questions.telling import shown, tell, tell_answer, tell_teachers
from server.questions.texts import clean_label, clean_text
from server.timeline import position_now
from server.web import Body

RECENT_MS = 120_000  # in two minutes
MAX_RECENT = 5  # questions, and as many answers: faster than anybody reads them
MAX_ANSWERS = 20  # under one question; more is a discussion for another place

# --- asking ---------------------------------------------------------------------------------


async def ask(act: Act, args: Ask) -> Facts:
    """Ask a question."""
    text = clean_text(args.text)
    rules = await store.rules_of(act.session, None if act.lesson is None else act.lesson.id)
    if not act.teacher:
        _check_rules(rules, args)
        await _check_pace(act)
    question = await _new_question(act, args, text, rules)
    act.session.add(question)
    await act.session.flush()
    await index(act.session, question)
    await tell(act, "question.asked", question, {}, was_shown=False)
    return {"question": question.number, "state": question.state.value}


def _check_rules(rules: store.Rules, args: Ask) -> None:
    if rules.paused:
        raise Conflict("questions-paused", "The teacher takes no questions just now.")
    if args.anonymous and not rules.anonymous:
        raise Conflict("anonymous-not-allowed", "Names are shown in this lesson.")


async def _check_pace(act: Act) -> None:
    recent = (
        select(Question.asked_ms)
        .where(
            Question.book_id == act.book,
            Question.asker_id == act.person.id,
            Question.asked_ms > act.now_ms - RECENT_MS,
        )
        .order_by(Question.asked_ms.desc())
        .limit(MAX_RECENT)
    )
    _check_recent(act, list(await act.session.scalars(recent)), "too-many-questions", "questions")


def _check_recent(act: Act, recent: list[int], code: str, things: str) -> None:
    if len(recent) < MAX_RECENT:
        return
    wait = -(-(recent[-1] + RECENT_MS - act.now_ms) // 1000)
    raise TooMany(
        code, f"{MAX_RECENT} {things} in two minutes are enough; please wait.", retry_after=wait
    )


async def _new_question(act: Act, args: Ask, text: str, rules: store.Rules) -> Question:
    earlier = select(func.count()).where(
        Question.book_id == act.book, Question.asker_id == act.person.id
    )
    first = not act.teacher and await act.session.scalar(earlier) == 0
    state = states.asked(review=rules.review and not act.teacher)
    lesson, at = await _place(act, args)
    return Question(
        id=uuid7(act.now_ms),
        book_id=act.book,
        number=await store.next_number(act),
        asker_id=act.person.id,
        lesson_id=None if lesson is None else lesson.id,
        text=text,
        anonymous=args.anonymous,
        first=first,
        at=at,
        asked_ms=act.now_ms,
        edited=False,
        seen=False,
        state=state,
        published=state is State.OPEN,
        version=1,
        votes=0,
        votes_told=0,
        starred=False,
    )


async def _place(act: Act, args: Ask) -> tuple[Lesson | None, int | None]:
    """Return the lesson a question belongs to, and the place in it; raises NotFound."""
    if not act.in_book:
        lesson = act.lesson
    elif args.about is None:
        return None, None
    else:
        lesson = await act.session.get(Lesson, args.about)
        if lesson is None or lesson.course_id != act.course or lesson.started_at is None:
            raise NotFound("lesson-unknown", "There is no such lesson in this course.")
        if args.at is None:
            return lesson, None
    if lesson is None:
        return None, None
    over = lesson.state is LessonState.ENDED
    now = lesson.last_position if over else position_now(lesson, act.services.clock)
    return lesson, now if args.at is None else min(args.at, now)


async def edit(act: Act, args: Edit) -> Facts:
    """Change a question's text until it was seen."""
    question = await store.find_one(act, args.question)
    if not act.is_asker(question):
        raise NotAllowed
    if question.seen:
        raise Conflict("question-seen", "The teacher has seen it: it can not be changed any more.")
    if question.state not in (State.OPEN, State.IN_REVIEW):
        raise _wrong_state(question)
    text = clean_text(args.text)
    if text != question.text:
        question.text, question.edited = text, True
        await index(act.session, question)
        new = {**_stamp(question), "text": text, "edited": True}
        await tell(act, "question.edited", question, new, was_shown=shown(question))
    return _stamp_answer(question)


def _stamp(question: Question) -> Facts:
    return {"number": question.number, "version": question.version}


def _stamp_answer(question: Question) -> Facts:
    return {"question": question.number, "version": question.version}


def _wrong_state(question: Question) -> Conflict:
    state = question.state.value
    return Conflict(
        "question-state", f"This is not possible: the question is {state}.", state=state
    )


async def vote(act: Act, args: Switch) -> Facts:
    """Want a question answered, or no more."""
    question = await store.find_root(act, args.question)
    if act.is_asker(question):
        raise Conflict("own-question", "Nobody votes for their own question.")
    if not shown(question) or question.state not in states.ALIVE:
        raise _wrong_state(question)
    if args.on:
        await store.add_vote(act.session, question, act.person.id)
    else:
        await store.take_vote(act.session, question, act.person.id)
    on = await store.counts_vote(act.session, question, act.person.id)
    act.afterwards.append(lambda: _after_vote(act, question.number, on))
    return {"question": question.number, "on": on, "votes": question.votes}


async def _after_vote(act: Act, number: int, on: bool) -> None:
    if act.lesson is None:
        return
    act.services.tallies.changed(act.lesson.id)
    await act.services.sockets.tell_mine(act.lesson.id, act.person.id, {str(number): on})


# --- steps ----------------------------------------------------------------------------------


def _plain(step: Step) -> Callable[[Act, One], Awaitable[Facts]]:
    async def take(act: Act, args: One) -> Facts:
        return await steps.take_step(act, await store.find_one(act, args.question), step)

    return take


async def begin(act: Act, args: One) -> Facts:
    """Answer a question now; what was being answered is answered."""
    lesson = act.must_have_lesson()
    question = await store.find_one(act, args.question)
    steps.next_state(act, question, Step.BEGIN)
    for other in await store.find_answering(act, lesson.id):
        await steps.take_step(act, other, Step.DONE)
    return await steps.take_step(act, question, Step.BEGIN)


async def merge(act: Act, args: Merge) -> Facts:
    """Let one question stand for another."""
    if args.question == args.into:
        raise Invalid("invalid-field", "A question is not merged into itself.", field="into")
    question, into = await store.find(act, args.question, args.into)
    if into.state not in states.ALIVE or not into.published:
        raise _wrong_state(into)
    return await steps.take_step(act, question, Step.MERGE, into=into)


async def answer_in_text(act: Act, args: Edit) -> Facts:
    """Answer a question in writing."""
    question = await store.find_one(act, args.question)
    text = clean_text(args.text)
    steps.next_state(act, question, Step.ANSWER)
    answer = await _new_answer(act, question, text)
    await tell_answer(act, "answer.given", question, answer)
    done = await steps.take_step(act, question, Step.ANSWER, answer=answer.number)
    return {**done, "answer": answer.number}


async def undo(act: Act, args: Undo) -> Facts:
    """Take the last step back."""
    question = await store.find_one(act, args.question)
    return await steps.undo(act, question, args.version)


# --- what teachers note ---------------------------------------------------------------------


async def star(act: Act, args: Switch) -> Facts:
    """Mark a question for oneself and the other teachers."""
    question = await store.find_one(act, args.question)
    if question.starred is not args.on:
        question.starred = args.on
        await tell_teachers(act, "question.starred", question, {"starred": args.on})
    return _stamp_answer(question)


async def label(act: Act, args: Label) -> Facts:
    """Put a short word on a question."""
    question = await store.find_one(act, args.question)
    text = None if args.label is None else clean_label(args.label, LABEL_LENGTH)
    if question.label != text:
        question.label = text
        new = {**_stamp(question), "label": text}
        await tell(act, "question.labelled", question, new, was_shown=shown(question), by=act.by)
    return _stamp_answer(question)


async def assign(act: Act, args: Assign) -> Facts:
    """Say who answers a question, until when."""
    question = await store.find_one(act, args.question)
    if args.owner is not None and not await _is_teacher(act, args.owner):
        raise NotFound("person-unknown", "There is no such teacher here.")
    if (question.owner_id, question.due) != (args.owner, args.due):
        question.owner_id, question.due = args.owner, args.due
        around = await look_around(act.session, [question])
        due = None if args.due is None else args.due.isoformat()
        new = {"owner": around.person(args.owner), "due": due}
        await tell_teachers(act, "question.assigned", question, new)
    return _stamp_answer(question)


async def _is_teacher(act: Act, person_id: uuid.UUID) -> bool:
    person = await act.session.get(Person, person_id)
    if person is None:
        return False
    member = None
    if act.course is not None:
        member = await act.session.get(Member, (act.course, person_id))
    own = None
    if act.lesson is not None:
        own = await act.session.get(LessonPerson, (act.lesson.id, person_id))
    return (
        person.staff
        or (member is not None and member.role is CourseRole.TEACHER)
        or (own is not None and own.role is LessonRole.TEACHER)
    )


async def show(act: Act, args: Show) -> Facts:
    """Put a question on the screen, or take it off."""
    act.must_have_lesson()
    if args.question is not None:
        question = await store.find_one(act, args.question)
        if question.state not in states.ALIVE or not question.published:
            raise _wrong_state(question)
    await steps.show(act, args.question)
    return {"question": args.question}


async def seen(act: Act, args: Seen) -> Facts:
    """Let askers know that a teacher has read their questions."""
    numbers = sorted(set(args.questions))
    new = [one for one in await store.find(act, *numbers) if not one.seen]
    askers: dict[uuid.UUID | None, list[int]] = {}
    for question in new:
        question.seen = True
        askers.setdefault(question.asker_id, []).append(question.number)
    if new:
        act.tell_teachers("question.seen", {"questions": [one.number for one in new]})
    for asker, theirs in askers.items():
        act.tell(asker, "question.seen", {"questions": theirs})
    return {"questions": [one.number for one in new]}


async def set_rules(act: Act, args: Set) -> Facts:
    """Change how questions are taken in this lesson."""
    lesson = act.must_have_lesson()
    changes = args.model_dump(exclude_none=True)
    rules = await store.rules_of(act.session, lesson.id)
    changed = replace(rules, **changes)
    if changed != rules:
        await store.keep_rules(act.session, lesson.id, changed)
        act.tell_all("questions.settings", {**changed.to_json(), "by": act.by})
    return dict(changed.to_json())


# --- written answers ------------------------------------------------------------------------


async def _new_answer(act: Act, question: Question, text: str) -> Answer:
    answer = Answer(
        question_id=question.id,
        number=await store.next_answer(act.session, question),
        author_id=act.person.id,
        teacher=act.teacher,
        text=text,
        good=False,
        edited=False,
        removed=False,
        removed_by_teacher=False,
        given_ms=act.now_ms,
    )
    act.session.add(answer)
    await act.session.flush()
    return answer


async def give(act: Act, args: Give) -> Facts:
    """Answer a classmate's question."""
    question = await store.find_one(act, args.question)
    if question.state not in states.ALIVE or not question.published:
        raise _wrong_state(question)
    text = clean_text(args.text)
    if not act.teacher:
        await _check_answers(act, question)
    answer = await _new_answer(act, question, text)
    await tell_answer(act, "answer.given", question, answer)
    return {"question": question.number, "answer": answer.number}


async def _check_answers(act: Act, question: Question) -> None:
    here = select(func.count()).where(Answer.question_id == question.id, Answer.removed.is_(False))
    if (await act.session.scalar(here) or 0) >= MAX_ANSWERS:
        raise Conflict("too-many-answers", f"A question has room for {MAX_ANSWERS} answers.")
    recent = (
        select(Answer.given_ms)
        .where(Answer.author_id == act.person.id, Answer.given_ms > act.now_ms - RECENT_MS)
        .order_by(Answer.given_ms.desc())
        .limit(MAX_RECENT)
    )
    _check_recent(act, list(await act.session.scalars(recent)), "too-many-answers", "answers")


async def _find_answer(act: Act, args: OneAnswer) -> tuple[Question, Answer]:
    question = await store.find_one(act, args.question)
    answer = await store.find_answer(act, question, args.answer)
    if not shown(question) and not act.teacher:
        raise _wrong_state(question)
    return question, answer


async def edit_answer(act: Act, args: EditAnswer) -> Facts:
    """Change one's own answer."""
    question, answer = await _find_answer(act, args)
    if answer.author_id != act.person.id:
        raise NotAllowed
    if answer.removed:
        raise NotFound("answer-unknown", "The answer was taken away.")
    text = clean_text(args.text)
    if text != answer.text:
        answer.text, answer.edited = text, True
        answer.good = answer.good and act.teacher  # praise was for the words before
        await tell_answer(act, "answer.edited", question, answer)
    return {"question": question.number, "answer": answer.number}


async def remove_answer(act: Act, args: SwitchAnswer) -> Facts:
    """Take an answer away, or bring it back."""
    question, answer = await _find_answer(act, args)
    if not act.teacher and answer.author_id != act.person.id:
        raise NotAllowed
    if not act.teacher and not args.on and answer.removed_by_teacher:
        raise NotAllowed
    if answer.removed is not args.on:
        answer.removed, answer.removed_by_teacher = args.on, args.on and act.teacher
        kind = "answer.removed" if args.on else "answer.given"
        await tell_answer(act, kind, question, answer)
    return {"question": question.number, "answer": answer.number}


async def mark_answer(act: Act, args: Mark) -> Facts:
    """Say that an answer is good, or not."""
    question, answer = await _find_answer(act, args)
    if answer.removed:
        raise NotFound("answer-unknown", "The answer was taken away.")
    if answer.good is not args.good:
        answer.good = args.good
        await tell_answer(act, "answer.marked", question, answer)
    return {"question": question.number, "answer": answer.number}


# --- the table ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """A command: what it carries, what it does, and where and by whom it may be sent."""

    model: type[Body]
    handle: Callable[[Act, Any], Awaitable[Facts]]
    teacher: bool = False
    needs_open: bool = True  # the lesson must be on; without it, teachers may also send it later
    book: bool = True
    alone: bool = True  # one at a time per lesson: it writes events


_STUDENT: dict[str, Entry] = {
    "question_ask": Entry(Ask, ask),
    "question_edit": Entry(Edit, edit),
    "question_withdraw": Entry(One, _plain(Step.WITHDRAW)),
    "question_vote": Entry(Switch, vote, alone=False),
    "question_undo": Entry(Undo, undo, needs_open=False),
    "answer_give": Entry(Give, give),
    "answer_edit": Entry(EditAnswer, edit_answer, needs_open=False),
    "answer_remove": Entry(SwitchAnswer, remove_answer, needs_open=False),
}
_TEACHER: dict[str, Entry] = {
    "question_approve": Entry(One, _plain(Step.APPROVE), needs_open=False),
    "question_dismiss": Entry(One, _plain(Step.DISMISS), needs_open=False),
    "question_later": Entry(One, _plain(Step.LATER), needs_open=False),
    "question_reopen": Entry(One, _plain(Step.REOPEN), needs_open=False),
    "question_done": Entry(One, _plain(Step.DONE), needs_open=False),
    "question_merge": Entry(Merge, merge, needs_open=False),
    "question_answer": Entry(Edit, answer_in_text, needs_open=False),
    "question_star": Entry(Switch, star, needs_open=False),
    "question_label": Entry(Label, label, needs_open=False),
    "question_assign": Entry(Assign, assign, needs_open=False),
    "question_seen": Entry(Seen, seen, needs_open=False),
    "answer_mark": Entry(Mark, mark_answer, needs_open=False),
    "question_begin": Entry(One, begin, book=False),
    "question_show": Entry(Show, show, book=False),
    "questions_set": Entry(Set, set_rules, book=False),
}
COMMANDS: Mapping[str, Entry] = {
    **_STUDENT,
    **{name: replace(entry, teacher=True) for name, entry in _TEACHER.items()},
}
