"""Offers to test with: recorded ones by name, and ways to change them."""

from __future__ import annotations

from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"
PUBLISHERS = (
    "chrome_publish",
    "chrome_layers",
    "firefox_publish",
    "safari_publish",
    "obs_publish",
    "ffmpeg_publish",
    "aiortc_publish",
)
PLAYERS = ("chrome_watch", "firefox_watch", "aiortc_watch")


def recorded(name: str) -> str:
    """Return a recorded offer, e.g. "chrome_publish"."""
    return (FIXTURES / f"{name}.sdp").read_bytes().decode()


def without(offer: str, *prefixes: str) -> str:
    """Return the offer without the lines that begin so."""
    return _joined(line for line in _lines(offer) if not line.startswith(prefixes))


def replaced(offer: str, old: str, new: str) -> str:
    """Return the offer with every `old` as `new`; `old` must be there."""
    assert old in offer
    return offer.replace(old, new)


def with_lines(offer: str, *lines: str) -> str:
    """Return the offer with attributes added to its last m-line."""
    return offer + _joined(lines)


def sections(sdp: str) -> list[list[str]]:
    """Return the lines of the session and of each m-line."""
    found: list[list[str]] = [[]]
    for line in _lines(sdp):
        if line.startswith("m="):
            found.append([])
        found[-1].append(line)
    return found


def only(offer: str, *kinds: str) -> str:
    """Return the offer with only the m-lines of these kinds, bundled."""
    session, *media = sections(offer)
    kept = [lines for lines in media if lines[0].startswith(tuple(f"m={k}" for k in kinds))]
    mids = [line[6:] for lines in kept for line in lines if line.startswith("a=mid:")]
    session = [
        "a=group:BUNDLE " + " ".join(mids) if line.startswith("a=group:BUNDLE") else line
        for line in session
    ]
    return _joined(line for lines in (session, *kept) for line in lines)


def values(lines: list[str], attribute: str) -> list[str]:
    """Return the values of an attribute among lines."""
    return [line[len(attribute) + 3 :] for line in lines if line.startswith(f"a={attribute}:")]


def _lines(sdp: str) -> list[str]:
    return sdp.split("\r\n")[:-1]


def _joined(lines: object) -> str:
    return "".join(f"{line}\r\n" for line in lines)  # type: ignore[attr-defined]  # any iterable
