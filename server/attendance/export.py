"""What the command line does with attendance, beside a server that may be running."""

from zoneinfo import ZoneInfo

from server import sheets
from server.attendance.sheet import headings, lines_of, row_of
from server.attendance.store import Sheet, course_sheet, lesson_sheet
from server.clerk import open_database
from server.clock import SystemClock
from server.errors import StartError
from server.ids import parse_id
from server.models import Course, Lesson
from server.settings import Settings


async def find_sheet(settings: Settings, which: str) -> Sheet:
    """Return the sheet of the course or lesson with an id; raises StartError."""
    wanted = parse_id(which)
    if wanted is None:
        raise StartError(f"{which!r} is not the id of a course or a lesson.")
    async with open_database(settings) as database, database.read() as session:
        if await session.get(Course, wanted) is not None:
            return await course_sheet(session, wanted, SystemClock())
        if (lesson := await session.get(Lesson, wanted)) is not None:
            return await lesson_sheet(session, lesson, SystemClock())
    raise StartError(f"There is no course and no lesson {wanted}.")


async def make_file(settings: Settings, sheet: Sheet, language: str) -> bytes:
    """Return a sheet as XLSX."""
    titles, widths = headings(sheet, language, ZoneInfo(settings.pages.time_zone))
    return await sheets.to_xlsx(titles, [row_of(line) for line in lines_of(sheet)], widths)


def facts(sheet: Sheet) -> list[dict[str, object]]:
    """Return what each person heard of each lesson, for machines; times in milliseconds."""
    return [
        {
            "lesson": str(lesson.lesson.id),
            "title": lesson.lesson.title,
            "person": str(line.person.id),
            "name": line.person.name,
            "live": heard.live,
            "replay": heard.replay,
            "heard": heard.distinct,
        }
        for line in lines_of(sheet)
        for lesson, heard in zip(sheet.lessons, line.each, strict=True)
    ]
