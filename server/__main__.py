"""The command line: `darsgoh serve`, `demo`, `user`, `recordings`, `attendance`, `doctor`, …"""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import TypeAdapter, ValidationError
from rich.console import Console
from rich.table import Table

from server import __version__
from server.attendance.cli import attendance_app
from server.console import ConfigOption, JsonOption, fail, open_settings, run
from server.errors import StartError
from server.recordings.cli import recordings_app
from server.settings import LANGUAGES, find_config, load_settings
from server.texts import Login, Name

if TYPE_CHECKING:
    from server.doctor import Finding

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # their boxes would show the values of variables
    help="A server for smart classrooms.",
)
user_app = typer.Typer(no_args_is_help=True, help="Add people and give out sign-in links.")
config_app = typer.Typer(no_args_is_help=True, help="Look at the settings.")
app.add_typer(user_app, name="user")
app.add_typer(recordings_app, name="recordings")
app.add_typer(attendance_app, name="attendance")
app.add_typer(config_app, name="config")


@app.command()
def serve(config: ConfigOption = None) -> None:
    """Serve lessons until stopped."""
    settings = open_settings(config)
    from server.serve import serve_forever  # noqa: PLC0415 - takes seconds to load

    run(serve_forever(settings))


@app.command()
def demo(
    config: ConfigOption = None,
    video: Annotated[
        Path | None, typer.Option(help="A recording to teach with, instead of the robot.")
    ] = None,
) -> None:
    """Serve a lesson that is really live, with sign-in links to try everything."""
    settings = open_settings(config)
    from server import demo as demonstration  # noqa: PLC0415 - the robot needs PyAV and a second

    run(demonstration.run(settings, video))


@user_app.command("add")
def add_user(  # noqa: PLR0917 - typer passes every option by its name
    name: Annotated[str, typer.Argument(help="The name that others see.")],
    login: Annotated[str | None, typer.Option(help="For signing in with a password.")] = None,
    staff: Annotated[bool, typer.Option("--staff", help="May do everything.")] = False,
    language: Annotated[str | None, typer.Option(help="tg, ru or en.")] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add a person and print their one-time sign-in link."""
    name = _checked(Name, name, "name")
    login = None if login is None else _checked(Login, login, "login")
    if language is not None and language not in LANGUAGES:
        raise fail(f"The language is one of {', '.join(LANGUAGES)}.")
    settings = open_settings(config)
    from server import clerk  # noqa: PLC0415 - the database takes a second to load

    _print_link(run(clerk.add_person(settings, name, login, staff, language)), as_json)


@user_app.command("link")
def link_user(
    who: Annotated[str, typer.Argument(help="The person's login or id.")],
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a new one-time sign-in link for a person."""
    settings = open_settings(config)
    from server import clerk  # noqa: PLC0415 - the database takes a second to load

    _print_link(run(clerk.add_link(settings, who)), as_json)


def _checked(kind: Any, value: str, what: str) -> str:
    try:
        return str(TypeAdapter(kind).validate_python(value))
    except ValidationError as error:
        message = error.errors(include_context=False)[0]["msg"].removeprefix("Value error, ")
        raise fail(f"The {what} can not be used: {message}.") from error


def _print_link(facts: dict[str, str], as_json: bool) -> None:
    if as_json:
        print(json.dumps(facts, ensure_ascii=False))
        return
    print(f"{facts['name']} signs in once with this link:\n\n  {facts['link']}\n")


@config_app.command("check")
def check_config(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check the settings without starting anything."""
    try:
        settings = load_settings(config)
    except StartError as error:
        if as_json:
            print(json.dumps({"ok": False, "error": str(error)}, ensure_ascii=False))
            raise typer.Exit(1) from error
        raise fail(str(error)) from error
    if as_json:
        print(json.dumps({"ok": True, "settings": settings.model_dump(mode="json")}))
        return
    path = find_config(config)
    print(f"The settings are good ({path or 'no file: all defaults'}).")


@app.command("doctor")
def examine(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and say what to do about what is wrong."""
    settings = open_settings(config)
    from server import doctor  # noqa: PLC0415 - looks at what may be missing

    findings = run(doctor.examine(settings))
    if as_json:
        print(json.dumps([finding.to_json() for finding in findings], ensure_ascii=False))
    else:
        _print_findings(findings)
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


def _print_findings(findings: "list[Finding]") -> None:
    table = Table(show_header=False, box=None, pad_edge=False)
    marks = {"good": "✔", "poor": "!", "wrong": "✘"}
    for finding in findings:
        remedy = f"\n→ {finding.remedy}" if finding.remedy else ""
        table.add_row(marks[finding.state.value], finding.what, f"{finding.detail}{remedy}")
    Console().print(table, markup=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"darsgoh {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line."""
    app(prog_name="darsgoh")


if __name__ == "__main__":
    main()
