"""`darsgoh recordings`: list, verify, export, prune."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from server.clock import SystemClock
from server.console import ConfigOption, JsonOption, fail, open_settings, run
from server.errors import StartError

if TYPE_CHECKING:
    from recordings.verify import Report
    from server.recordings.keeper import Kept

recordings_app = typer.Typer(
    no_args_is_help=True, help="List, check, export and prune what was recorded."
)
MEGABYTE = 1_000_000

LessonsArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[LESSON]...", help="Ids of lessons; none: all.")
]


class Decode(StrEnum):
    """How much of a recording is decoded when it is checked."""

    NONE = "none"
    KEYFRAMES = "keyframes"
    ALL = "all"


class Track(StrEnum):
    """One track of a recording."""

    SCREEN = "screen"
    CAMERA = "camera"
    GUEST_CAMERA = "guest-camera"
    VOICE = "voice"


@contextmanager
def _bar(size: int) -> Iterator[Callable[[str], Callable[[int], None]]]:
    """Show a bar of bytes on a terminal; give what names the work and then takes its steps."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True
    ) as shown:
        task = shown.add_task("", total=size)

        def begin(what: str) -> Callable[[int], None]:
            shown.update(task, description=what)
            return lambda done: shown.advance(task, done)

        yield begin


def _say(facts: object) -> None:
    typer.echo(json.dumps(facts, ensure_ascii=False))


@recordings_app.command("list")
def list_all(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """List what was recorded, the newest first."""
    settings = open_settings(config)
    from server.recordings import keeper  # noqa: PLC0415 - the database takes a second to load

    found = run(keeper.find_recordings(settings))
    if as_json:
        _say([kept.to_json() for kept in found])
        return
    table = Table("Lesson", "Title", "Course", "Started", "State", box=None, pad_edge=False)
    for name in ("Length", "MB"):
        table.add_column(name, justify="right")
    for kept in found:
        table.add_row(*_cells(kept))
    Console().print(table if found else "Nothing was recorded yet.", markup=False)


def _cells(kept: "Kept") -> tuple[str, ...]:
    started = "" if kept.started_at is None else f"{kept.started_at:%Y-%m-%d %H:%M}"
    seconds = kept.catalogue.length // 1000
    length = f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    size = f"{kept.catalogue.size / MEGABYTE:.1f}"
    shown = kept.state if kept.published or kept.state != "ready" else "not published"
    return (str(kept.lesson), kept.title, kept.course or "", started, shown, length, size)


@recordings_app.command("verify")
def verify_some(
    lessons: LessonsArgument = None,
    decode: Annotated[Decode, typer.Option(help="How much is decoded.")] = Decode.KEYFRAMES,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check every part of recordings; ends with 1 if one is damaged."""
    settings = open_settings(config)
    from recordings.verify import Depth  # noqa: PLC0415 - PyAV takes a second to load
    from server.recordings import keeper  # noqa: PLC0415

    found = run(keeper.find_recordings(settings, lessons or ()))
    reports: list[tuple[Kept, Report]] = []
    try:
        with _bar(sum(kept.catalogue.size for kept in found)) as begin:
            for kept in found:
                depth = Depth(decode.value)
                reports.append((kept, keeper.check(kept, depth, begin(kept.title))))
    except StartError as error:
        raise fail(str(error)) from error
    if as_json:
        _say([{"lesson": str(kept.lesson), **report.to_json()} for kept, report in reports])
    else:
        _print_reports(reports)
    if any(report.flaws for _, report in reports):
        raise typer.Exit(1)


_FLAWS = {
    "missing": "its file is missing",
    "short": "its file ends too early",
    "beginning": "its beginning is damaged",
    "boxes": "a part is damaged",
    "position": "a part says another time than the index",
    "untold": "bytes at its end are not in the index",
    "undecodable": "a part can not be decoded",
}


def _print_reports(reports: "list[tuple[Kept, Report]]") -> None:
    console = Console(soft_wrap=True)
    for kept, report in reports:
        mark = "✘" if report.flaws else "✔"
        facts = f"{report.runs} runs, {report.parts} parts, {report.bytes / MEGABYTE:.1f} MB"
        console.print(f"{mark} {kept.lesson} {kept.title}: {facts}", markup=False)
        for flaw in report.flaws:
            where = f"{flaw.run} at {flaw.at / 1000:.3f} s"
            console.print(f"    {where}: {_FLAWS[flaw.what.value]}", markup=False)


@recordings_app.command("export")
def export_some(  # noqa: PLR0917 - typer passes every option by its name
    lessons: LessonsArgument = None,
    target: Annotated[Path, typer.Option("--to", help="The directory for the files.")] = Path(),
    track: Annotated[list[Track] | None, typer.Option(help="Only this track.")] = None,
    single: Annotated[bool, typer.Option("--single", help="A file for each track.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Make files again.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a file for each lesson that any player opens; goes on where it was interrupted."""
    settings = open_settings(config)
    from server.recordings import keeper  # noqa: PLC0415 - the database takes a second to load

    found = run(keeper.find_recordings(settings, lessons or ()))
    tracks = [one.value for one in track or Track]
    try:
        exports = keeper.plan_exports(found, target, tracks, single=single)
        left = [one for one in exports if force or not one.done]
        with _bar(sum(one.size for one in left)) as begin:
            for one in left:
                one.make(begin(one.kept.title))
    except StartError as error:
        raise fail(str(error)) from error
    if as_json:
        _say([one.to_json() for one in exports])
        return
    for one in exports:
        typer.echo(f"{one.path}{'' if one in left else ' (was there)'}")


@recordings_app.command("prune")
def prune_old(
    dry: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take away what courses keep no longer, and delete what can not be brought back."""
    settings = open_settings(config)
    from server.recordings import keeper  # noqa: PLC0415 - the database takes a second to load

    pruned = run(keeper.prune(settings, SystemClock().now(), dry=dry))
    if as_json:
        _say([_pruned(step, size) for step, size in pruned])
        return
    for step, size in pruned:
        done = {
            "hide": "taken away; its files stay for 7 days",
            "delete": f"deleted, {size / MEGABYTE:.1f} MB",
        }[step.due.value]
        typer.echo(f"{'would be ' if dry else ''}{done}: {step.lesson} {step.title}")
    if not pruned:
        typer.echo("Nothing is to be pruned.")


def _pruned(step: Any, size: int) -> dict[str, Any]:
    facts = {"lesson": str(step.lesson), "title": step.title}
    return {**facts, "step": step.due.value, "bytes": size}
