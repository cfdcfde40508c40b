"""Who is told what of a question: all, or teachers and the asker, whole or only what is new."""

from typing import Any

from server.questions.act import Act
from server.questions.facts import (
    CLASSMATE,
    TEACHER,
    Around,
    Facts,
    Sight,
    answer_facts,
    look_around,
    private_facts,
    whole,
)
from server.questions.states import is_shown
from server.questions.store import put_into
from server.questions.tables import Answer, Question


def shown(question: Question) -> bool:
    """Return whether classmates see a question."""
    return is_shown(question.state, published=question.published)


async def tell(
    act: Act,
    kind: str,
    question: Question,
    new: Facts,
    *,
    was_shown: bool,
    **beside: Any,
) -> None:
    """Tell everybody who sees a question what is new of it; all of it to whom it is new."""
    if act.lesson is None:
        return
    await act.session.flush()
    unknown = await put_into(act.session, act.lesson.id, question)
    if shown(question) and (unknown or not was_shown):
        await _tell_whole(act, kind, question, beside)
    elif shown(question) or (was_shown and not unknown):
        act.tell_all(kind, {"question": new, **beside})
    else:
        await _tell_few(act, kind, question, None if unknown else new, beside)


async def _tell_whole(act: Act, kind: str, question: Question, beside: dict[str, Any]) -> None:
    around = await look_around(act.session, [question])
    act.tell_all(kind, {"question": whole(question, around, CLASSMATE), **beside})
    if question.anonymous:
        tell_names(act, question, around)


def tell_names(act: Act, question: Question, around: Around) -> None:
    """Tell teachers and the asker what classmates are not told."""
    number = {"number": question.number}
    payload = {"question": number | private_facts(question, around, TEACHER)}
    act.tell_teachers("question.named", payload)
    own = {"question": number | private_facts(question, around, Sight(question.asker_id))}
    act.tell(question.asker_id, "question.named", own)


async def _tell_few(
    act: Act, kind: str, question: Question, new: Facts | None, beside: dict[str, Any]
) -> None:
    if new is not None:
        act.tell_teachers(kind, {"question": new, **beside})
        act.tell(question.asker_id, kind, {"question": new, **beside})
        return
    around = await look_around(act.session, [question])
    act.tell_teachers(kind, {"question": whole(question, around, TEACHER), **beside})
    own = whole(question, around, Sight(question.asker_id))
    act.tell(question.asker_id, kind, {"question": own, **beside})


async def tell_teachers(act: Act, kind: str, question: Question, new: Facts) -> None:
    """Tell teachers what they noted on a question."""
    if act.lesson is None:
        return
    await act.session.flush()
    if await put_into(act.session, act.lesson.id, question):
        if shown(question):
            await _tell_whole(act, "question.carried", question, {})
        else:
            await _tell_few(act, "question.carried", question, None, {})
    act.tell_teachers(kind, {"question": {"number": question.number, **new}, "by": act.by})


async def tell_answer(act: Act, kind: str, question: Question, answer: Answer) -> None:
    """Tell all about a written answer, or that it is gone."""
    await act.session.flush()
    if act.lesson is not None and await put_into(act.session, act.lesson.id, question):
        await _tell_whole(act, "question.carried", question, {})
    around = await look_around(act.session, [question])
    facts = {"answer": answer.number} if answer.removed else answer_facts(answer, around)
    act.tell_all(kind, {"question": {"number": question.number}, "answer": facts})
