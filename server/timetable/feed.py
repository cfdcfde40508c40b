"""A timetable as calendar programs read it (iCalendar, RFC 5545); pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from icalendar import Calendar, Event

REFRESH = timedelta(hours=1)  # how often a program should look again


@dataclass(frozen=True, slots=True)
class Entry:
    """One lesson in a calendar."""

    lesson: str
    title: str
    course: str | None
    teachers: tuple[str, ...]
    place: str
    starts: datetime
    ends: datetime


def write_feed(name: str, entries: Iterable[Entry], origin: str, now: datetime) -> bytes:
    """Return a calendar of entries; `origin` is where their pages are."""
    calendar = Calendar()
    calendar.add("prodid", "-//Darsgoh//Timetable//EN")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", name)
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", "PT1H")
    for entry in entries:
        calendar.add_component(_event(entry, origin, now))
    return bytes(calendar.to_ical())


def _event(entry: Entry, origin: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", f"{entry.lesson}@darsgoh")  # a lesson that is moved stays the same entry
    event.add("dtstamp", now)
    event.add("dtstart", entry.starts)
    event.add("dtend", entry.ends)
    event.add("summary", f"{entry.course}: {entry.title}" if entry.course else entry.title)
    event.add("description", ", ".join(entry.teachers))
    if entry.place:
        event.add("location", entry.place)
    event.add("url", f"{origin}/lessons/{entry.lesson}")
    return event
