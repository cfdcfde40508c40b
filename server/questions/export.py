"""Questions as rows of a spreadsheet."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from server.models import Lesson
from server.questions.facts import Around, Sight, look_around
from server.questions.lists import Scope
from server.questions.store import visible
from server.questions.tables import Question
from server.sheets import Row

MAX_ROWS = 20_000  # questions of one file
WIDTHS = (8, 60, 24, 18, 14, 8, 14, 18, 24, 60, 24, 14, 12)  # characters of each column

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "tg": (
        "№", "Савол", "Аз кӣ", "Ҳолат", "Ҷавоб", "Овозҳо", "Барчасп", "Кай", "Дарс",
        "Ҷавобҳо", "Масъул", "То кай", "Якҷоя бо №",
    ),
    "ru": (
        "№", "Вопрос", "От кого", "Состояние", "Ответ", "Голоса", "Метка", "Когда", "Занятие",
        "Ответы", "Ответственный", "До", "Объединён с №",
    ),
    "en": (
        "No.", "Question", "Asked by", "State", "Answered", "Votes", "Label", "When", "Lesson",
        "Answers", "Owner", "Due", "Merged into",
    ),
}  # fmt: skip
STATES: Mapping[str, Mapping[str, str]] = {
    "tg": {
        "in-review": "дар баррасӣ", "open": "кушода", "later": "баъдтар",
        "answering": "ҷавоб дода мешавад", "answered": "ҷавоб дода шуд", "dismissed": "рад шуд",
        "withdrawn": "бозпас гирифта шуд", "merged": "якҷоя шуд", "live": "дар дарс",
        "text": "хаттӣ",
    },
    "ru": {
        "in-review": "на проверке", "open": "открыт", "later": "позже",
        "answering": "отвечают", "answered": "отвечен", "dismissed": "отклонён",
        "withdrawn": "отозван", "merged": "объединён", "live": "на занятии", "text": "письменно",
    },
    "en": {
        "in-review": "in review", "open": "open", "later": "later", "answering": "answering",
        "answered": "answered", "dismissed": "dismissed", "withdrawn": "withdrawn",
        "merged": "merged", "live": "live", "text": "in text",
    },
}  # fmt: skip


async def rows_of(session: AsyncSession, scope: Scope, language: str, zone: ZoneInfo) -> list[Row]:
    """Return everything that teachers may know, one row for each question."""
    query = (
        select(Question)
        .where(and_(scope.condition(), visible(Sight(teacher=True))))
        .order_by(Question.number)
        .limit(MAX_ROWS)
    )
    questions = list(await session.scalars(query))
    around = await look_around(session, questions)
    lessons = {one.lesson_id for one in questions} - {None}
    named = select(Lesson.id, Lesson.title).where(Lesson.id.in_(lessons))
    titles = {row[0]: row[1] for row in await session.execute(named)}
    return [_row(one, around, titles, STATES[language], zone) for one in questions]


def _row(
    one: Question,
    around: Around,
    titles: Mapping[Any, str],
    words: Mapping[str, str],
    zone: ZoneInfo,
) -> Row:
    return (
        one.number,
        one.text,
        _name(around, one.asker_id),
        words[one.state.value],
        None if one.how is None else words[one.how.value],
        one.votes,
        one.label,
        _when(one.asked_ms, zone),
        titles.get(one.lesson_id),
        _answers(one, around),
        _name(around, one.owner_id),
        None if one.due is None else one.due.isoformat(),
        one.merged_into,
    )


def _name(around: Around, person_id: Any) -> str | None:
    person = around.person(person_id)
    return None if person is None else person["name"]


def _when(milliseconds: int, zone: ZoneInfo) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, zone).strftime("%Y-%m-%d %H:%M")


def _answers(one: Question, around: Around) -> str | None:
    told = [
        f"{_name(around, answer.author_id) or '?'}{' ✓' if answer.good else ''}: {answer.text}"
        for answer in around.answers.get(one.id, [])
    ]
    return "\n".join(told) or None
