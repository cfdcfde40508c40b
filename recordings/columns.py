"""The index as it travels: parts that follow each other are told in columns. Pure.

A lesson of 90 minutes has twenty thousand parts. Told line by line that is 1.9 MB; told by their
lengths and sizes alone it is a ninth, and compressed 80 kB.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from recordings.catalogue import VOICE, Run

Entry = Mapping[str, Any]


def to_columns(entries: Iterable[Entry], runs: Mapping[str, Run]) -> list[Entry]:
    """Return entries of an index, the parts of a run joined where nothing lies between them."""
    told: list[Entry] = []
    rows: dict[str, _Row] = {}  # by run: what its next part may continue
    for entry in entries:
        if entry["type"] != "part":
            if entry["type"] == "end":
                rows.clear()  # what follows was written after it
            told.append(entry)
            continue
        row = rows.get(entry["run"])
        if row is None or not row.continues(entry):
            row = rows[entry["run"]] = _Row(entry, keyed=runs[entry["run"]].track != VOICE)
            told.append(row.entry)
        row.add(entry)
    return told


class _Row:
    """Parts of one run without a hole between them, in time and in bytes."""

    def __init__(self, part: Entry, *, keyed: bool) -> None:
        self._keyed = keyed
        self._end, self._offset = part["at"], part["bytes"][0]
        self._lengths: list[int] = []
        self._sizes: list[int] = []
        self._keys: list[int] = []
        self.entry: Entry = {
            "type": "parts",
            "run": part["run"],
            "at": self._end,
            "offset": self._offset,
            "lengths": self._lengths,
            "sizes": self._sizes,
            **({"keys": self._keys} if keyed else {}),
        }

    def continues(self, part: Entry) -> bool:
        """Return whether a part begins where the last one ends."""
        return bool(part["at"] == self._end and part["bytes"][0] == self._offset)

    def add(self, part: Entry) -> None:
        """Take a part that continues."""
        if self._keyed and part.get("key") is True:
            self._keys.append(len(self._lengths))
        self._lengths.append(part["for"])
        self._sizes.append(part["bytes"][1])
        self._end += part["for"]
        self._offset += part["bytes"][1]
