"""What every command shares: its options, its settings, and how it says that it can not."""

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console

from server.errors import StartError
from server.logs import configure_logs
from server.settings import Settings, load_settings

ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", help="The settings file; else DARSGOH_CONFIG, else ./config.toml."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Answer for machines.")]
T = TypeVar("T")


def fail(sentence: str) -> typer.Exit:
    """Say why it can not be done, and return the exit to raise."""
    Console(stderr=True).print(sentence, style="red", markup=False, soft_wrap=True)
    return typer.Exit(1)


def open_settings(config: Path | None) -> Settings:
    """Return the settings, logs set up by them; what is wrong with them is one sentence."""
    try:
        settings = load_settings(config)
    except StartError as error:
        raise fail(str(error)) from error
    configure_logs(settings.log)
    return settings


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run on uvloop; what keeps us from starting is one sentence, not a traceback."""
    import uvloop  # noqa: PLC0415 - `darsgoh config check` works where it is missing

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(work)
    except StartError as error:
        raise fail(str(error)) from error
    except KeyboardInterrupt:
        raise typer.Exit(130) from None
