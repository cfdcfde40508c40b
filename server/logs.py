"""Logs: one line each, for people or for machines, with nothing that could forge another line."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from structlog.typing import Processor

from server.settings import LogSettings

# A name may contain what a terminal would obey; a log shows it as text instead.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")


def _show(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


def show_controls(
    _logger: object, _method: str, entry: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Write control characters of all values as escapes; tracebacks come later and keep theirs."""
    for key, value in entry.items():
        if isinstance(value, str):
            entry[key] = _CONTROLS.sub(_show, value)
    return entry


def is_ours(record: logging.LogRecord) -> bool:
    """Leave out requests that are none: strangers would fill the log with bytes of their choice."""
    cause = record.exc_info[1] if record.exc_info else None
    return not isinstance(cause, HttpProcessingError)


def configure_logs(settings: LogSettings) -> None:
    """Send structlog and the standard library's logs to standard error in one format."""
    as_json = settings.format == "json" or (settings.format == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        show_controls,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared, processors=_last_steps(as_json)
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.level.upper())
    logging.getLogger("aiohttp.server").addFilter(is_ours)
    # These tell every step; what matters of them reaches us as errors and counters.
    for noisy in ("aiosqlite", "alembic", "aiohttp.access", "engineio", "socketio", "aioice"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _last_steps(as_json: bool) -> list[Processor]:
    clean = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if as_json:
        return [
            clean,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [
        clean,
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            # the richer ones show the values of variables, and so passwords
            exception_formatter=structlog.dev.plain_traceback,
        ),
    ]
