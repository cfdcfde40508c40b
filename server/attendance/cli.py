"""`darsgoh attendance`: export."""

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from server.console import ConfigOption, JsonOption, fail, open_settings, run

attendance_app = typer.Typer(no_args_is_help=True, help="Who heard how much of which lesson.")


class Tongue(StrEnum):
    """The language of the headings."""

    TAJIK = "tg"
    RUSSIAN = "ru"
    ENGLISH = "en"


@attendance_app.callback()
def _attendance() -> None:
    """Keep `export` a command of its own though it is the only one."""


@attendance_app.command("export")
def export_sheet(
    which: Annotated[str, typer.Argument(metavar="ID", help="The id of a course or a lesson.")],
    target: Annotated[Path | None, typer.Option("--to", help="The file to write.")] = None,
    language: Annotated[Tongue, typer.Option("--lang", help="Of the headings.")] = Tongue.TAJIK,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the minutes that each person heard, live and in the replay, as a spreadsheet."""
    settings = open_settings(config)
    from server.attendance import export  # noqa: PLC0415 - the database takes a second to load

    sheet = run(export.find_sheet(settings, which))
    if as_json:
        typer.echo(json.dumps(export.facts(sheet), ensure_ascii=False))
        return
    path = target or Path(f"attendance-{which[-8:]}.xlsx")
    body = run(export.make_file(settings, sheet, language.value))
    try:
        path.write_bytes(body)
    except OSError as error:
        raise fail(f"{path} can not be written: {error.strerror or error}.") from error
    typer.echo(f"{path}: {len(sheet.people)} people, {len(sheet.lessons)} lessons")
