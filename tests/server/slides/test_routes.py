"""Slides are uploaded and shown by teachers, and seen sharp by who may watch."""

import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse
from PIL import Image

from server.slides import decks
from server.slides.decks import clean_name
from tests.server.questions.classroom import Room, Someone
from tests.server.slides.papers import document, huge_png

BYTES = {"Content-Type": "application/octet-stream"}


async def upload(
    room: Room, data: bytes = b"", name: str = "light.pdf", who: Someone | None = None
) -> ClientResponse:
    visitor = (who or room.teacher).visitor
    content = data or document("First light", "Second water")
    return await visitor.send(
        "POST",
        f"/api/lessons/{room.lesson}/decks",
        data=content,
        headers=BYTES,
        params={"name": name},
    )


async def deck_of(room: Room) -> str:
    answer = await upload(room)
    assert answer.status == 201, await answer.text()
    found: str = (await answer.json())["id"]
    return found


async def show(room: Room, **wish: Any) -> ClientResponse:
    return await room.teacher.visitor.post(f"/api/lessons/{room.lesson}/slide", wish)


async def told(room: Room) -> list[tuple[str, Any]]:
    events = await room.events(room.students[0])
    return [(one.kind, one.payload.get("page")) for one in events if one.kind.startswith("slide.")]


def kept(room: Room) -> list[Path]:
    return list((room.world.services.settings.data.directory / "slides").rglob("*"))


async def test_a_teacher_shows_pages_and_students_see_them(room: Room) -> None:
    deck, student = await deck_of(room), room.students[0].visitor
    for page in (1, 2, 2):
        assert (await show(room, deck=deck, page=page)).status == 200
    assert await told(room) == [("slide.shown", 1), ("slide.shown", 2)]
    (_, second) = [one for one in await room.events() if one.kind == "slide.shown"]
    assert (second.payload["number"], second.payload["text"]) == (2, "Second water")
    for still in second.payload["stills"]:
        answer = await student.get(f"/api/lessons/{room.lesson}/slides/2/{still['width']}")
        assert answer.status == 200
        assert "immutable" in answer.headers["Cache-Control"]
        data = await answer.read()
        picture = Image.open(io.BytesIO(data))
        assert (picture.format, picture.size) == ("WEBP", (still["width"], still["height"]))
        assert len(data) == still["bytes"]
    assert (await show(room)).status == 200
    assert (await show(room)).status == 200
    assert (await told(room))[2:] == [("slide.hidden", None)]


async def test_who_joins_late_is_told_the_slide(room: Room) -> None:
    deck = await deck_of(room)
    await show(room, deck=deck, page=2)
    async with room.world.services.database.read() as session:
        lesson = (await room.events())[0].lesson
        slide = await decks.current(session, lesson)
        assert slide is not None
        assert (slide["deck"], slide["page"]) == (deck, 2)


async def test_pages_that_were_not_shown_are_the_teachers(room: Room) -> None:
    deck, student = await deck_of(room), room.students[0].visitor
    path = f"/api/lessons/{room.lesson}/decks/{deck}/1/640"
    assert (await room.teacher.visitor.get(path)).status == 200
    assert (await student.get(path)).status == 403
    assert (await student.get(f"/api/lessons/{room.lesson}/slides/1/640")).status == 404
    assert (await upload(room, who=room.students[0])).status == 403


async def test_what_was_shown_outlives_its_deck(room: Room) -> None:
    deck = await deck_of(room)
    await show(room, deck=deck)
    path = f"/api/lessons/{room.lesson}/decks"
    listed = await (await room.teacher.visitor.get(path)).json()
    assert [(one["id"], one["name"]) for one in listed["decks"]] == [(deck, "light.pdf")]
    assert (await room.teacher.visitor.delete(f"{path}/{deck}")).status == 204
    assert (await room.teacher.visitor.delete(f"{path}/{deck}")).status == 404
    assert (await show(room, deck=deck, page=2)).status == 404
    seen = await room.students[0].visitor.get(f"/api/lessons/{room.lesson}/slides/1/320")
    assert seen.status == 200


async def test_what_can_not_be_shown_is_refused_and_leaves_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await upload(room, huge_png())
    assert (answer.status, (await answer.json())["code"]) == (422, "too-many-pixels")
    answer = await upload(room, b"<svg/>")
    assert (answer.status, (await answer.json())["code"]) == (422, "not-slides")
    with monkeypatch.context() as small:
        small.setattr(decks, "MAX_SIZE", 100)
        assert (await upload(room)).status == 413
    assert [path for path in kept(room) if path.is_file()] == []
    monkeypatch.setattr(decks, "MAX_DECKS", 0)
    assert (await upload(room)).status == 409


async def test_there_is_nothing_to_show_but_pages_of_this_lesson_while_it_is_open(
    room: Room,
) -> None:
    deck = await deck_of(room)
    assert (await show(room, deck=deck, page=3)).status == 404
    assert (await show(room, deck=deck, page=0)).status == 422
    assert (await show(room, deck=room.lesson)).status == 404
    await room.end_lesson()
    assert (await show(room, deck=deck)).status == 409
    for path in ("../1/640", "1/..%2f640", "1/641", "1/9999999", "-1/640", "1/0"):
        answer = await room.teacher.visitor.get(f"/api/lessons/{room.lesson}/decks/{deck}/{path}")
        assert answer.status == 404, path


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("Нур ва сӯзиш.pdf", "Нур ва сӯзиш.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\slides\\a.pdf", "a.pdf"),
        ('a"b\r\nSet-Cookie: x.pdf', 'a"bSet-Cookie: x.pdf'),
        ("..", "slides"),
        ("", "slides"),
        ("x" * 500, "x" * 120),
    ],
)
def test_a_file_name_is_only_shown(name: str, shown: str) -> None:
    assert clean_name(name) == shown
