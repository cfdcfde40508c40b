"""The events that the page's reducer is tested with: a whole lesson, as three people hear it.

The files are what the server really says; `UPDATE_FIXTURES=1 pytest` writes them anew.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from tests.server.conftest import World
from tests.server.questions.classroom import Book, Room, Someone

FOLDER = Path(__file__).parents[2] / "fixtures" / "questions"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


async def hold_a_lesson(room: Room) -> None:
    """Let everything happen that can happen to questions."""
    one, two, three, _ = room.students
    teacher, clock = room.teacher, room.world.clock
    await one.ask("Чаро осмон кабуд аст?")
    clock.pass_time(seconds=20)
    await two.ask("Почему небо синее?", anonymous=True)
    await three.do("question_vote", question=1, on=True)
    await three.do("question_vote", question=2, on=True)
    await room.tell_votes()
    clock.pass_time(seconds=20)
    await teacher.do("question_merge", question=2, into=1)
    await teacher.do("question_seen", questions=[1])
    await teacher.do("question_show", question=1)
    await teacher.do("question_begin", question=1)
    clock.pass_time(seconds=40)
    await three.do("answer_give", question=1, text="Because of the air.")
    await teacher.do("answer_mark", question=1, answer=1, good=True)
    await teacher.do("question_done", question=1)
    await teacher.do("questions_set", review=True)
    await three.ask("In review?", anonymous=True)
    await two.ask("Rude?")
    await teacher.do("question_approve", question=3)
    await teacher.do("question_dismiss", question=4)
    await teacher.do("questions_set", review=False, anonymous=False)
    clock.pass_time(minutes=2)
    await one.ask("Mistyped?")
    await one.do("question_edit", question=5, text="Typed?")
    await one.do("question_withdraw", question=5)
    await one.do("question_undo", question=5, version=2)
    await teacher.do("question_label", question=5, label="homework")
    await teacher.do("question_star", question=5, on=True)
    await teacher.do("question_assign", question=5, owner=room.other_teacher.id, due="2026-10-01")
    await teacher.do("question_later", question=5)
    await teacher.do("question_answer", question=3, text="Yes.")
    await three.ask("Dismissed by mistake?")
    await teacher.do("question_show", question=6)
    gone = await teacher.do("question_dismiss", question=6)
    await teacher.do("question_undo", question=6, version=gone["version"])
    await three.do("answer_give", question=6, text="Me too.")
    await three.do("answer_remove", question=6, answer=1, on=True)
    await room.end_lesson()


def snapshot(book: Book) -> dict[str, Any]:
    """Return what a page knows, as the page's own tests write it down."""
    questions = [book.questions[number] for number in sorted(book.questions)]
    my = {"asked": sorted(book.asked), "voted": []}
    return {
        "settings": book.settings,
        "on_screen": book.on_screen,
        "questions": questions,
        "my": my,
    }


async def told(room: Room, about: str, reader: Someone, *, teacher: bool) -> dict[str, Any]:
    """Return what somebody hears of the lesson from its beginning on, and then knows."""
    empty = Book(reader.id, teacher)
    start = snapshot(empty)
    events: list[dict[str, Any]] = []
    for event in await room.events(reader, teacher=teacher):
        events.append(event.to_json(events[-1]["seq"] if events else 0))
    known = await room.early(reader, teacher=teacher)
    first = {"settings": start["settings"], "on_screen": None, "counts": {}, "list": []}
    return {
        "about": about,
        "viewer": {"person": reader.id, "teacher": teacher},
        "joined": {
            "seq": 0,
            "events": [],
            "my": start["my"],
            "questions": {**first, "more": False},
        },
        "events": events,
        "checks": [{"position": events[-1]["position"], "state": snapshot(known)}],
    }


def with_plain_ids(text: str) -> str:
    """Return text whose ids say only which are the same."""
    known: dict[str, str] = {}

    def plain(found: re.Match[str]) -> str:
        return known.setdefault(found[0], f"00000000-0000-7000-8000-{len(known) + 1:012}")

    return _ID.sub(plain, text)


@pytest.mark.parametrize("who", ["asker", "classmate", "teacher"])
async def test_the_fixture_is_what_the_server_says(small_world: World, who: str) -> None:
    room = Room(small_world)
    await room.build(students=4)
    await hold_a_lesson(room)
    await room.check_agreement()
    reader = {"asker": room.students[0], "classmate": room.students[3], "teacher": room.teacher}[
        who
    ]
    about = f"A whole lesson as the server tells it to a {who}."
    fixture = await told(room, about, reader, teacher=who == "teacher")
    said = with_plain_ids(json.dumps(fixture, ensure_ascii=False, indent=1)) + "\n"
    file = FOLDER / f"whole-lesson-{who}.json"
    if "UPDATE_FIXTURES" in os.environ:
        file.write_text(said, encoding="utf-8")
    assert said == file.read_text(encoding="utf-8")
