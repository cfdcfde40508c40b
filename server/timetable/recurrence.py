"""From a rule (RFC 5545, 3.3.10) and the clock on the wall to moments; pure.

A lesson at nine is at nine all year, so rules are counted in wall time and only then made moments.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr

MAX_LESSONS = 200  # of one series: six months of every working day are 130
MAX_SPAN = timedelta(days=400)  # from the first to the last
MAX_RULE = 200  # characters
# Lessons recur by days; rules by the hour or without an end are slips, and BYYEARDAY is nobody's.
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY")
_PASSED_ON = frozenset({"FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "BYSETPOS", "WKST"})


class BadRule(ValueError):  # noqa: N818 - what is wrong is the rule
    """A rule that can not be a timetable; the text says why."""


class Slot(NamedTuple):
    """When a lesson is planned, in UTC."""

    starts: datetime
    ends: datetime


def to_utc(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a wall time; in a skipped hour, as far after it as it is into it."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def to_wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return what the clock on the wall shows at a moment, without its zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def moved(moment: datetime, by: timedelta, zone: ZoneInfo) -> datetime:
    """Return a moment moved on the clock on the wall."""
    return to_utc(to_wall(moment, zone) + by, zone)


def expand(first: datetime, minutes: int, rule: str | None, zone: ZoneInfo) -> list[Slot]:
    """Return the slots of a rule from a wall time on, in order; raises BadRule."""
    walls = [first] if rule is None else _walls(first, rule)
    length = timedelta(minutes=minutes)
    starts = [to_utc(wall, zone) for wall in walls]
    slots = [Slot(start, start + length) for start in starts]
    if any(after.starts < before.ends for before, after in pairwise(slots)):
        raise BadRule("a lesson would begin before the one before it has ended")
    return slots


def _walls(first: datetime, rule: str) -> list[datetime]:
    parts = _parts(rule)
    end = first + MAX_SPAN
    if "UNTIL" in parts:
        end = min(end, _until(parts.pop("UNTIL")))
    count = _number(parts, "COUNT", MAX_LESSONS + 1)
    parts.pop("COUNT", None)
    text = ";".join(f"{name}={value}" for name, value in parts.items())
    try:
        counted = rrulestr(text, dtstart=first).replace(until=end)
        found = list(islice(counted, min(count, MAX_LESSONS + 1)))
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise BadRule("this rule can not be read") from error
    if not found:
        raise BadRule("no day fits this rule")
    if len(found) > MAX_LESSONS:
        raise BadRule(f"these would be more than {MAX_LESSONS} lessons")
    return found


def _parts(rule: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in rule.upper().removeprefix("RRULE:").split(";")]
    parts = {name: value for name, _, value in pairs}
    if len(rule) > MAX_RULE or len(parts) != len(pairs) or not all(parts.values()):
        raise BadRule("this rule can not be read")
    if parts.get("FREQ") not in _FREQUENCIES:
        raise BadRule("lessons recur DAILY, WEEKLY or MONTHLY")
    if unknown := parts.keys() - _PASSED_ON - {"COUNT", "UNTIL"}:
        raise BadRule(f"{min(unknown)} is not used in a timetable")
    if ("COUNT" in parts) == ("UNTIL" in parts):
        raise BadRule("a rule ends by either COUNT or UNTIL")
    _number(parts, "INTERVAL", 1)
    return parts


def _number(parts: dict[str, str], name: str, otherwise: int) -> int:
    text = parts.get(name, str(otherwise))
    if not (text.isascii() and text.isdigit() and len(text) < 5 and int(text) > 0):
        raise BadRule(f"{name} is a number")
    return int(text)


def _until(text: str) -> datetime:
    """Return the last wall time; a day is meant to its end, and no zone is believed."""
    try:
        last = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=None)
        return last if "T" in text else last + timedelta(days=1, seconds=-1)
    except (ValueError, OverflowError) as error:
        raise BadRule("UNTIL is a day such as 20261231") from error


def without_holidays(
    slots: Iterable[Slot], holidays: Collection[date], zone: ZoneInfo
) -> tuple[list[Slot], list[date]]:
    """Return the slots that are no holidays, and the days that fell out."""
    kept: list[Slot] = []
    skipped: list[date] = []
    for slot in slots:
        day = to_wall(slot.starts, zone).date()
        if day in holidays:
            skipped.append(day)
        else:
            kept.append(slot)
    return kept, skipped


def span(slots: Sequence[Slot]) -> Slot:
    """Return from where to where slots go; they are in order and there is one."""
    return Slot(slots[0].starts, max(slot.ends for slot in slots))
