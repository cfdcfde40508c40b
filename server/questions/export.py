"""Questions as a spreadsheet: CSV and XLSX that no program mistakes for formulas."""

import asyncio
import csv
import io
from collections.abc import Iterable, Mapping, Sequence
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

LANGUAGES = ("tg", "ru", "en")
MAX_ROWS = 20_000  # questions of one file
_BOM = "\ufeff"  # without it a spreadsheet reads UTF-8 as something else
# A cell that begins like this is a formula to some program (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_WIDTHS = (8, 60, 24, 18, 14, 8, 14, 18, 24, 60, 24, 14, 12)  # characters of each column

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

Row = tuple[str | int | None, ...]


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


def safe(value: str | int | None) -> str | int | None:
    """Return a cell that no program takes for a formula."""
    if not isinstance(value, str):
        return value
    begins = value.lstrip(" \u00a0\u200b\u200e\u200f")
    return f"'{value}" if begins.startswith(_FORMULA) else value


def to_csv(headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return CSV (RFC 4180) in UTF-8 that spreadsheets open by a double click."""
    text = io.StringIO(newline="")
    text.write(_BOM)
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def to_xlsx(headings: Sequence[str], rows: Sequence[Row]) -> bytes:
    """Return an XLSX file; text is written as text, whatever it begins with."""
    return await asyncio.to_thread(_write_xlsx, headings, rows)


def _write_xlsx(headings: Sequence[str], rows: Sequence[Row]) -> bytes:
    # Loaded by those who want a file: it is large, and the server starts without it.
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        for column, (heading, width) in enumerate(zip(headings, _WIDTHS, strict=True)):
            sheet.set_column(column, column, width, wrapped)
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(rows, start=1):
            _write_row(sheet, number, row)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


def _write_row(sheet: Any, number: int, row: Row) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(number, column, cell)
        elif cell is not None:
            sheet.write_string(number, column, cell)
