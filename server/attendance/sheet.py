"""The attendance sheet: what each person heard of a lesson or a course, sorted, as rows; pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from server.attendance.heard import Heard, whole_minutes
from server.attendance.store import Attended, Sheet
from server.models import Person
from server.sheets import Row

ATTENDED_SHARE = 0.5  # of a lesson's minutes, live or in the replay: then somebody was there
NOTHING = Heard()

HEADINGS: Mapping[str, tuple[str, ...]] = {
    "tg": ("Ном", "Мустақим, дақ.", "Дар сабт, дақ.", "Ҳамагӣ, дақ.", "Дарсҳо"),
    "ru": ("Имя", "Вживую, мин", "В записи, мин", "Всего, мин", "Занятий"),
    "en": ("Name", "Live, min", "Replay, min", "In all, min", "Lessons"),
}
_NAME_WIDTH, _NUMBER_WIDTH, _LESSON_WIDTH = 32, 14, 18  # characters


@dataclass(frozen=True, slots=True)
class Line:
    """One person's line: what they heard of each lesson, in the order of the lessons."""

    person: Person
    each: tuple[Heard, ...]
    attended: int  # lessons of which they heard enough

    def total(self) -> Heard:
        """Return the sums over all lessons."""
        return Heard(
            sum(one.live for one in self.each),
            sum(one.replay for one in self.each),
            sum(one.distinct for one in self.each),
        )


def lines_of(sheet: Sheet) -> list[Line]:
    """Return a line for each person, by name."""
    return [_line(person, sheet.lessons) for person in sheet.people]


def _line(person: Person, lessons: Sequence[Attended]) -> Line:
    each = tuple(one.heard.get(person.id, NOTHING) for one in lessons)
    enough = sum(_is_enough(heard, one.length) for heard, one in zip(each, lessons, strict=True))
    return Line(person, each, enough)


def _is_enough(heard: Heard, length: int) -> bool:
    return bool(heard) and heard.distinct >= ATTENDED_SHARE * length


# "name" is how the lines come; of equals the name decides.
SORTS: Mapping[str, Callable[[Line], Any] | None] = {
    "name": None,
    "most": lambda line: -line.total().distinct,
    "least": lambda line: line.total().distinct,
    "live": lambda line: -line.total().live,
    "lessons": lambda line: -line.attended,
}


def ordered(lines: Sequence[Line], sort: str) -> list[Line]:
    """Return lines in one of the orders that are known."""
    key = SORTS[sort]
    return list(lines) if key is None else sorted(lines, key=key)


def headings(sheet: Sheet, language: str, zone: ZoneInfo) -> tuple[list[str], list[int]]:
    """Return the columns' headings and widths; each lesson of several has a column."""
    fixed = HEADINGS[language]
    each = [_heading(one, zone) for one in sheet.lessons] if len(sheet.lessons) > 1 else []
    widths = [_NAME_WIDTH, *[_NUMBER_WIDTH] * (len(fixed) - 1), *[_LESSON_WIDTH] * len(each)]
    return [*fixed, *each], widths


def _heading(one: Attended, zone: ZoneInfo) -> str:
    started = one.lesson.started_at
    day = "" if started is None else f"{started.astimezone(zone):%Y-%m-%d} "
    return f"{day}{one.lesson.title}"


def row_of(line: Line) -> Row:
    """Return a line as cells, in whole minutes."""
    total = line.total()
    each = [whole_minutes(one.distinct) for one in line.each] if len(line.each) > 1 else []
    sums = (whole_minutes(one) for one in (total.live, total.replay, total.distinct))
    return (line.person.name, *sums, line.attended, *each)


def line_facts(line: Line) -> dict[str, Any]:
    """Return a line as a page is told it; times in milliseconds."""
    return {
        "person": {"id": str(line.person.id), "name": line.person.name},
        **heard_facts(line.total()),
        "attended": line.attended,
        "each": [one.distinct for one in line.each],
    }


def heard_facts(heard: Heard) -> dict[str, int]:
    """Return what was heard, in milliseconds."""
    return {"live": heard.live, "replay": heard.replay, "heard": heard.distinct}
