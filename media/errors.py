"""Errors of the media package.

MediaError
├── LimitReached      more of something than the room or the process carries
├── SourceTaken       another participant already publishes the source
├── TurnOver          the turn that something was published for has ended
├── CodecMismatch     the two ends of a slot or source have no codec in common
├── KindMismatch      an audio track for a video source or slot, or the reverse
├── RoomExists        the lesson already has a room
└── Closed            the thing asked has ended
    ├── RoomClosed
    ├── TransportClosed
    └── WorkerClosed
"""
# ruff: noqa: N818 - the names say what happened; the suffix would say it twice

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from media.types import Kind, Slot, Source


class MediaError(Exception):
    """Any refusal of the media package; `code` is stable."""

    code = "media-error"


class LimitReached(MediaError):
    """Say which limit was met."""

    code = "limit-reached"

    def __init__(self, what: str, limit: int) -> None:
        super().__init__(f"No more than {limit} {what} are possible.")
        self.what = what
        self.limit = limit


class SourceTaken(MediaError):
    """Say who holds the source."""

    code = "source-taken"

    def __init__(self, source: Source, holder: str) -> None:
        super().__init__(f"The source {source.value!r} is already published by somebody else.")
        self.source = source
        self.holder = holder


class TurnOver(MediaError):
    """Say that a guest's turn has ended, or never began."""

    code = "turn-over"

    def __init__(self, turn: str) -> None:
        super().__init__("The turn to speak is over.")
        self.turn = turn


class CodecMismatch(MediaError):
    """Say what one side has and the other understands."""

    code = "no-common-codec"

    def __init__(self, what: str, offered: Iterable[str], understood: Iterable[str]) -> None:
        self.offered = sorted(offered)
        self.understood = sorted(understood)
        super().__init__(
            f"{what} is sent as {' or '.join(self.offered) or 'nothing'}, "
            f"but the other end understands {' or '.join(self.understood) or 'nothing'}."
        )


class KindMismatch(MediaError):
    """Say which medium was expected."""

    code = "kind-mismatch"

    def __init__(self, what: Source | Slot, kind: Kind) -> None:
        super().__init__(f"{what.value!r} carries {what.kind}, not {kind}.")
        self.what = what
        self.kind = kind


class RoomExists(MediaError):
    """Say which lesson already has a room."""

    code = "room-exists"

    def __init__(self, lesson: str) -> None:
        super().__init__(f"The lesson {lesson} already has a room.")
        self.lesson = lesson


class Closed(MediaError):
    """Say what has ended."""

    code = "closed"


class RoomClosed(Closed):
    """The lesson's room has ended."""

    code = "room-closed"

    def __init__(self, lesson: str) -> None:
        super().__init__(f"The room of lesson {lesson} is closed.")
        self.lesson = lesson


class TransportClosed(Closed):
    """The transport has ended."""

    code = "transport-closed"

    def __init__(self, transport: int) -> None:
        super().__init__(f"Transport {transport} is closed.")
        self.transport = transport


class WorkerClosed(Closed):
    """The worker has ended."""

    code = "worker-closed"

    def __init__(self) -> None:
        super().__init__("The media worker is closed.")
