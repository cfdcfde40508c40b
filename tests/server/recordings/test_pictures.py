"""What a shared screen shows becomes slides of the recording, as uploaded pages do."""

import asyncio
import errno
import io
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from media.stills import WIDTHS
from recordings.tracks import Keyframe
from server.recordings import pictures, thumbs
from server.recordings.shelf import FOLDER
from server.slides.shelf import Shelf
from server.timeline import read_events
from tests.media.screens import LINES, keyframe, slide
from tests.server.conftest import Place, Visitor, World, problem, running_world
from tests.server.recordings.conftest import Replay
from tests.server.slides.papers import document

PATIENCE = 30  # seconds for what takes a tenth
FIRST, SECOND = keyframe(slide(*LINES)), keyframe(slide(*LINES[:2]))


@dataclass
class Screen:
    """A live lesson whose teacher shares a screen, as its recorder sees it."""

    world: World
    lesson: uuid.UUID
    teacher: Visitor
    student: Visitor
    outsider: Visitor

    def show(self, at: int, data: bytes, track: str = "screen") -> None:
        looker = self.world.services.pictures.of(self.lesson)
        assert looker is not None
        looker.take(Keyframe(track, at, "H264", data))

    async def share(self, source: str | None) -> None:
        changed = ("slot.changed", {"slot": "screen", "source": source})
        await self.world.services.timelines.happened(self.lesson, changed)

    async def slides(self) -> list[dict[str, Any]]:
        async with self.world.services.database.read() as session:
            events = await read_events(session, self.lesson, 0)
        return [dict(one.payload) for one in events if one.kind == "slide.shown"]

    def lines(self) -> list[tuple[int, int]]:
        """Return number and position of the slides that the index has."""
        folder = self.world.services.settings.data.directory / FOLDER / str(self.lesson)
        entries = [json.loads(one) for one in (folder / "index.jsonl").read_text().splitlines()]
        return [(one["number"], one["at"]) for one in entries if one["type"] == "still"]

    async def until(self, there: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not there():  # noqa: ASYNC110 - a thread writes
                await asyncio.sleep(0.02)

    async def get(self, path: str, who: Visitor | None = None) -> Any:
        return await (who or self.student).get(f"/recordings/{self.lesson}/{path}")

    async def upload(self) -> str:
        answer = await self.teacher.send(
            "POST",
            f"/api/lessons/{self.lesson}/decks",
            data=document("First light", "Second water"),
            headers={"Content-Type": "application/octet-stream"},
        )
        assert answer.status == 201, await answer.text()
        deck: str = (await answer.json())["id"]
        return deck

    async def turn(self, deck: str, page: int) -> None:
        wish = {"deck": deck, "page": page}
        answer = await self.teacher.post(f"/api/lessons/{self.lesson}/slide", wish)
        assert answer.status == 200, await answer.text()


async def share_a_screen(world: World) -> Screen:
    staff = await world.staff()
    course, other = [(await world.course(staff, name))["id"] for name in ("Light", "Elsewhere")]
    lesson = (await world.lesson(staff, course))["id"]
    screen = Screen(
        world,
        uuid.UUID(lesson),
        await world.member(staff, course, "teacher"),
        await world.member(staff, course, "student"),
        await world.member(staff, other, "student"),
    )
    await world.set_state(staff, lesson, "practice", "live")
    await screen.share("screen")
    return screen


@pytest.fixture(autouse=True)
def haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look often; how often in a lesson is a test of its own."""
    monkeypatch.setattr(pictures, "LOOK_SECONDS", 0.02)


@pytest.fixture
async def screen(small_world: World) -> Screen:
    return await share_a_screen(small_world)


async def test_what_a_screen_shows_is_told_kept_and_served(screen: Screen) -> None:
    screen.show(500, FIRST)
    await screen.until(lambda: screen.lines() == [(1, 500)])
    screen.show(10_500, FIRST)
    screen.show(20_500, SECOND)
    await screen.until(lambda: screen.lines() == [(1, 500), (2, 20_500)])
    shown = await screen.slides()
    assert [(one["number"], one["at"], "deck" in one) for one in shown] == [
        (1, 500, False),
        (2, 20_500, False),
    ]
    for still in shown[1]["stills"]:
        answer = await screen.get(f"stills/2-{still['width']}.webp")
        data = await answer.read()
        assert (answer.status, len(data)) == (200, still["bytes"])
        assert Image.open(io.BytesIO(data)).size == (still["width"], still["height"])
    assert [one["width"] for one in shown[1]["stills"]] == list(WIDTHS)
    for path, who, status in (
        ("stills/2-640.webp", screen.outsider, 404),
        ("stills/3-640.webp", screen.student, 404),
        ("stills/2-641.webp", screen.student, 404),
        ("stills/..%2f1-640.webp", screen.student, 404),
    ):
        assert (await screen.get(path, who)).status == status, path


async def test_a_screen_stands_before_the_page_that_is_shown(screen: Screen) -> None:
    deck = await screen.upload()
    screen.show(500, FIRST)
    await screen.until(lambda: screen.lines() == [(1, 500)])
    await screen.turn(deck, 1)
    screen.world.clock.pass_time(seconds=40)
    await screen.turn(deck, 2)
    screen.show(30_500, SECOND)
    await screen.until(lambda: len(screen.lines()) == 2)
    assert screen.lines() == [(1, 500), (4, 30_500)], "pages behind the screen are not seen"
    async with screen.world.services.database.read() as session:
        before = await pictures.decks.current(session, screen.lesson)
    assert before is not None
    assert before["page"] == 2, "the page is still shown, behind the screen"
    screen.world.clock.pass_time(seconds=40)
    await screen.share(None)
    await screen.until(lambda: len(screen.lines()) == 3)
    assert screen.lines()[-1] == (3, 80_000), "the page is there again"
    await screen.share("screen")
    screen.show(90_500, SECOND)
    await screen.until(lambda: len(screen.lines()) == 4)
    assert screen.lines()[-1] == (5, 90_500), "a screen that covers a page is a picture anew"
    screen.world.clock.pass_time(seconds=60)
    facts = await (await screen.teacher.get(f"/api/lessons/{screen.lesson}/recording")).json()
    assert facts["chapters"] == []  # there is no recorded second yet


async def test_who_joins_is_told_what_the_screen_shows_now(screen: Screen) -> None:
    async def told() -> int | None:
        async with screen.world.services.database.read() as session:
            still = await pictures.decks.current_still(session, screen.lesson)
        return None if still is None else still["number"]

    assert await told() is None
    screen.show(500, FIRST)
    await screen.until(lambda: len(screen.lines()) == 1)
    assert await told() == 1
    await screen.turn(await screen.upload(), 1)
    assert await told() == 1, "an uploaded page behind the screen is not the screen"
    await screen.share(None)
    assert await told() is None
    await screen.share("screen")
    assert await told() is None, "what is shared now has not been seen yet"


async def test_the_room_knows_whether_pictures_are_made(screen: Screen) -> None:
    room = screen.world.services.rooms.room(screen.lesson)
    assert room is not None
    assert room.stills
    recorders = screen.world.services.recorders
    await recorders._set_low(low=True)
    assert not room.stills
    await recorders._set_low(low=False)
    assert room.stills


async def test_what_can_not_be_decoded_is_passed_over(screen: Screen) -> None:
    for number, data in enumerate((b"", b"\xff" * 5_000, FIRST[:200], bytes(100))):
        screen.show(number, data)
        await asyncio.sleep(0.1)
    screen.show(5_000, FIRST)
    await screen.until(lambda: screen.lines() == [(1, 5_000)])


async def test_a_picture_that_the_disk_did_not_take_is_told_later(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def full(*_: Any) -> None:
        tried.append(True)
        _full()

    with monkeypatch.context() as disk:
        disk.setattr(Shelf, "show_screen", full)
        screen.show(500, FIRST)
        await screen.until(lambda: bool(tried))
        await asyncio.sleep(0.1)
    assert await screen.slides() == []
    screen.show(10_500, FIRST)
    await screen.until(lambda: screen.lines() == [(1, 10_500)])


async def test_each_lesson_is_looked_at_now_and_then(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[int] = []
    decode = pictures.decode
    monkeypatch.setattr(pictures, "LOOK_SECONDS", 0.5)
    monkeypatch.setattr(
        pictures, "decode", lambda codec, data: looked.append(1) or decode(codec, data)
    )
    loop = asyncio.get_running_loop()
    began = loop.time()
    for number in range(50):
        screen.show(1_000 * number, FIRST if number % 2 else SECOND)
        await asyncio.sleep(0.02)
    assert len(looked) <= 2 + (loop.time() - began) / 0.5


async def test_thumbnails_show_the_screen_or_else_the_camera(screen: Screen) -> None:
    folder = screen.world.services.recordings.folder(screen.lesson) / "thumbs"

    def made() -> dict[str, int]:
        return {path.name: path.stat().st_size for path in folder.glob("*.webp")}

    screen.show(2_000, SECOND, "camera")
    await screen.until(lambda: list(made()) == ["0.webp"])
    people = (folder / "0.webp").read_bytes()
    screen.show(4_000, FIRST)
    await screen.until(lambda: (folder / "0.webp").read_bytes() != people)
    screen.show(12_000, SECOND, "camera")
    screen.show(12_500, FIRST)
    await screen.until(lambda: "1.webp" in made())
    screen.show(44_000, SECOND, "camera")
    await screen.until(lambda: "4.webp" in made())
    assert sorted(made()) == ["0.webp", "1.webp", "4.webp"]
    assert max(made().values()) < 3_000
    for number, status in ((0, 200), (1, 200), (2, 200), (3, 404), (4, 200), (5, 200), (6, 404)):
        answer = await screen.get(f"thumbs/{number}.webp")
        assert answer.status == status, number
        if status == 200:
            shown = Image.open(io.BytesIO(await answer.read()))
            assert (shown.format, shown.size) == ("WEBP", (160, 90))
    assert (await screen.get("thumbs/1.webp", screen.outsider)).status == 404
    for name in ("../0", "..%2f..%2findex", "-1", "9999999", "٣"):
        assert (await screen.get(f"thumbs/{name}.webp")).status == 404, name


async def test_thumbnails_of_what_is_cut_are_not_served(
    replay: Replay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(thumbs, "PERIOD", 1_000)  # ms; the lesson has six seconds
    folder = replay.made.folder / "thumbs"
    folder.mkdir()
    for number in range(4):
        (folder / f"{number}.webp").write_bytes(b"a picture")
    await replay.change(trims=[[1_000, 3_000]])
    for number, student, teacher in ((0, 404, 200), (1, 200, 200), (2, 200, 200), (3, 200, 200)):
        for who, status in ((replay.student, student), (replay.teacher, teacher)):
            answer = await who.get(replay.url(f"thumbs/{number}.webp"))
            assert answer.status == status, number
    kept = await replay.student.get(replay.url("thumbs/1.webp"))
    assert "immutable" in kept.headers["Cache-Control"]
    await replay.change(published=False)
    assert (await replay.student.get(replay.url("thumbs/1.webp"))).status == 403


async def test_a_full_disk_costs_thumbnails_and_is_said_once(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = screen.world.services.recordings.folder(screen.lesson) / "thumbs"
    with monkeypatch.context() as disk:
        disk.setattr(Path, "write_bytes", _full)
        screen.show(2_000, FIRST, "camera")
        await asyncio.sleep(0.3)
        assert not list(folder.glob("*.webp"))
    screen.show(3_000, FIRST, "camera")
    await screen.until((folder / "0.webp").is_file)
    assert not list(folder.glob("*.new"))


def _full(*_: Any) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


async def test_lines_that_a_kill_swallowed_are_told_again(sqlite_place: Place) -> None:
    async with running_world(sqlite_place) as world:
        screen = await share_a_screen(world)
        screen.show(500, FIRST)
        await screen.until(lambda: screen.lines() == [(1, 500)])
        screen.show(20_500, SECOND)
        await screen.until(lambda: len(screen.lines()) == 2)
    index = sqlite_place.directory / FOLDER / str(screen.lesson) / "index.jsonl"
    lines = index.read_text().splitlines()
    index.write_text("\n".join(one for one in lines if '"number":2' not in one) + "\n")
    async with running_world(sqlite_place) as world:
        again = Screen(world, screen.lesson, screen.teacher, screen.student, screen.outsider)
        await again.until(lambda: len(again.lines()) == 2)
        assert again.lines() == [(1, 500), (2, 20_500)]
        await again.share("screen")
        again.show(40_500, SECOND)
        await again.until(lambda: len(again.lines()) == 3)
        assert again.lines()[-1] == (3, 40_500)


async def test_a_lesson_that_is_over_is_told_nothing(screen: Screen) -> None:
    looker = screen.world.services.pictures.of(screen.lesson)
    assert looker is not None
    await screen.world.set_state(screen.teacher, str(screen.lesson), "ended")
    looker.take(Keyframe("screen", 900, "H264", FIRST))
    await asyncio.sleep(0.2)
    assert await screen.slides() == []
    answer = await screen.get("stills/1-640.webp")
    assert await problem(answer) == (404, "not-found")
