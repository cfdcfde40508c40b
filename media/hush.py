"""A line of the log that repeats is written at once, then once per interval with a count."""

from __future__ import annotations

INTERVAL = 10.0  # seconds between two lines that say the same; a flood is as clear from one


class Hush:
    """Decides which of many equal lines is written."""

    def __init__(self, interval: float = INTERVAL) -> None:
        self._interval = interval
        self._since: float | None = None
        self._left_out = 0

    def passes(self, now: float) -> str | None:
        """Return what to add to the line to be written now, or None when it is left out."""
        if self._since is not None and now - self._since < self._interval:
            self._left_out += 1
            return None
        left_out, self._left_out, self._since = self._left_out, 0, now
        return f" (and {left_out} more like it before)" if left_out else ""
