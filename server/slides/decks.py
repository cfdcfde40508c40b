"""What teachers do with slides: upload a deck, show a page of it, show none."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import Field
from sqlalchemy import and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from media.stills import Still
from media.types import Slot
from server.errors import Conflict, NotFound, TooLarge
from server.lesson_state import OPEN
from server.models import Lesson, LessonEvent, LessonState
from server.services import Services
from server.slides.press import Page, Press
from server.slides.shelf import Deck, Shelf
from server.slides.showing import HIDDEN, SHOWN, SLOT
from server.timeline import EVERYONE, Addressed
from server.web import Body

MAX_SIZE = 32 * 1024**2  # bytes of a file; a hundred slides with photographs
MAX_DECKS = 50  # of a lesson
MAX_NAME = 120  # characters
MAX_PAGE = 10_000
MAX_SCREENS = 1_000  # pictures of screens in a lesson: 170 MB at most

T = TypeVar("T")
Facts = dict[str, Any]


class Wish(Body):
    """Which page of which deck is to be shown; without a deck, none."""

    deck: uuid.UUID | None = None
    page: Annotated[int, Field(ge=1, le=MAX_PAGE)] = 1


class Slides:
    """The files of uploaded slides, and what reads them."""

    def __init__(self, data: Path) -> None:
        self.shelf = Shelf(data)
        self.press = Press()

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """Do what blocks in a thread."""
        return await asyncio.to_thread(work, *arguments)


def clean_name(name: str) -> str:
    """Return a file's name as it can be shown: no folders, no controls, not long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(one for one in last if one.isprintable()).strip(" .")
    return shown[:MAX_NAME] or "slides"


async def upload(
    services: Services, lesson: uuid.UUID, name: str, chunks: AsyncIterator[bytes]
) -> Deck:
    """Take a file and return it as a deck; raises a Problem."""
    slides, deck_id = services.slides, uuid.uuid4()
    shelf = slides.shelf
    if await slides.run(shelf.count, lesson) >= MAX_DECKS:
        raise Conflict("too-many-decks", f"A lesson has room for {MAX_DECKS} files of slides.")
    folder = await slides.run(shelf.prepare, lesson, deck_id)
    try:
        file = folder / "upload"
        await _receive(slides, file, chunks)
        pages = await slides.press.read(file, folder)
        await slides.run(file.unlink)
        deck = Deck(deck_id, clean_name(name), services.clock.now().isoformat(), tuple(pages))
        await slides.run(shelf.keep, lesson, deck)
    except BaseException:
        shelf.drop_unfinished(lesson, deck_id)  # at once, even when the request is cut off
        raise
    return deck


async def _receive(slides: Slides, file: Path, chunks: AsyncIterator[bytes]) -> None:
    size = 0
    async for chunk in chunks:
        size += len(chunk)
        if size > MAX_SIZE:
            raise TooLarge("too-large", f"Slides may have {MAX_SIZE // 1024**2} MB.")
        await slides.run(_append, file, chunk)
    if size == 0:
        await slides.run(_append, file, b"")


def _append(file: Path, data: bytes) -> None:
    with file.open("ab") as target:
        target.write(data)


async def find(services: Services, lesson: uuid.UUID, deck: uuid.UUID) -> Deck:
    """Return a deck of a lesson; raises NotFound."""
    found = await services.slides.run(services.slides.shelf.deck, lesson, deck)
    if found is None:
        raise NotFound("deck-unknown", "There are no such slides in this lesson.")
    return found


async def show(services: Services, lesson_id: uuid.UUID, wish: Wish) -> Facts | None:
    """Show a page to everybody, or none; what is shown already is not told again."""
    page: Page | None = None
    if wish.deck is not None:
        deck = await find(services, lesson_id, wish.deck)
        page = next((one for one in deck.pages if one.number == wish.page), None)
        if page is None:
            raise NotFound("page-unknown", "There is no such page in these slides.")
    shown: list[Facts | None] = []

    async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
        if lesson.state not in OPEN:
            raise Conflict("lesson-not-open", "The lesson is not open.")
        before = await current(session, lesson.id)
        if page is None or wish.deck is None:
            return [] if before is None else [Addressed(HIDDEN, {}, EVERYONE)]
        if before is not None and (before["deck"], before["page"]) == (str(wish.deck), wish.page):
            shown.append(before)
            return []
        number = await _next_number(session, lesson.id)
        widths = [width for width, _, _ in page.images]
        shelf = services.slides.shelf
        await services.slides.run(shelf.show, lesson.id, wish.deck, page.number, number, widths)
        shown.append(slide_facts(number, wish.deck, page))
        return [Addressed(SHOWN, slide_facts(number, wish.deck, page), EVERYONE)]

    await services.timelines.record(lesson_id, decide)
    return shown[0] if shown else None


async def show_screen(services: Services, lesson_id: uuid.UUID, still: Still) -> None:
    """Tell everybody what a shared screen showed from a position on, while the lesson is live.

    Raises OSError when the pictures can not be kept.
    """

    async def decide(session: AsyncSession, lesson: Lesson) -> Sequence[Addressed]:
        if lesson.state is not LessonState.LIVE:
            return []
        number = await _next_number(session, lesson.id)
        if number > MAX_SCREENS:
            return []
        slides = services.slides
        await slides.run(slides.shelf.show_screen, lesson.id, number, still.images)
        return [Addressed(SHOWN, screen_facts(number, still), EVERYONE)]

    await services.timelines.record(lesson_id, decide)


def screen_facts(number: int, still: Still) -> Facts:
    """Return what a screen showed, and from when on, as everybody is told it."""
    stills = [
        {"width": one.width, "height": one.height, "bytes": len(one.data)} for one in still.images
    ]
    return {"number": number, "at": still.position, "text": "", "stills": stills}


def slide_facts(number: int, deck: uuid.UUID, page: Page) -> Facts:
    """Return a slide as everybody is told it."""
    stills = [{"width": w, "height": h, "bytes": size} for w, h, size in page.images]
    return {
        "number": number,
        "deck": str(deck),
        "page": page.number,
        "text": page.text,
        "stills": stills,
    }


async def current(session: AsyncSession, lesson_id: uuid.UUID) -> Facts | None:
    """Return the uploaded page that is shown now, whatever a screen shows before it, or None."""
    uploaded = and_(LessonEvent.kind == SHOWN, LessonEvent.payload["deck"].as_string().is_not(None))
    query = (
        select(LessonEvent)
        .where(LessonEvent.lesson_id == lesson_id, or_(uploaded, LessonEvent.kind == HIDDEN))
        .order_by(LessonEvent.seq.desc())
        .limit(1)
    )
    last = await session.scalar(query)
    return None if last is None or last.kind == HIDDEN else dict(last.payload)


async def current_still(session: AsyncSession, lesson_id: uuid.UUID) -> Facts | None:
    """Return what the screen that is shared now showed last as a picture, or None."""
    screen = and_(LessonEvent.kind == SHOWN, LessonEvent.payload["deck"].as_string().is_(None))
    shared = and_(LessonEvent.kind == SLOT, LessonEvent.payload["slot"].as_string() == Slot.SCREEN)
    query = (
        select(LessonEvent)
        .where(LessonEvent.lesson_id == lesson_id, or_(screen, shared))
        .order_by(LessonEvent.seq.desc())
        .limit(1)
    )
    last = await session.scalar(query)
    return None if last is None or last.kind == SLOT else dict(last.payload)


async def _next_number(session: AsyncSession, lesson_id: uuid.UUID) -> int:
    query = select(func.count()).where(
        LessonEvent.lesson_id == lesson_id, LessonEvent.kind == SHOWN
    )
    return (await session.scalar(query) or 0) + 1
