"""PROTOCOL.md knows every refusal that the doors can give, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import signaling
from media.errors import CodecMismatch, KindMismatch, LimitReached, SourceTaken, TurnOver
from signaling import sdp, sdpfrag

PACKAGE = Path(signaling.__file__).parent
DOCUMENT = (PACKAGE / "PROTOCOL.md").read_text()
REFUSAL = re.compile(
    r"(?:SdpError|FragmentError|Unprocessable|GrantError|Refused|SessionUnknown|Conflict|StaleTag"
    r"|BodyTooLarge|WrongContentType|TagMissing|TooManyRequests|MethodNotAllowed|TooSlow"
    r"|BadRequest|Busy)\(\s*\"([a-z0-9-]+)\""
)


def codes_in_source() -> set[str]:
    refusals = (CodecMismatch, KindMismatch, LimitReached, SourceTaken, TurnOver)
    found = {error.code for error in refusals}
    for path in PACKAGE.glob("*.py"):
        found |= set(REFUSAL.findall(path.read_text()))
    return found


def codes_in_document() -> set[str]:
    rows = re.findall(r"^\| \d{3} \| (.*?) \|", DOCUMENT, re.MULTILINE)
    return {code for row in rows for code in re.findall(r"`([a-z0-9-]+)`", row)}


def test_every_code_is_documented_and_every_documented_code_exists() -> None:
    assert codes_in_document() == codes_in_source()
    assert len(codes_in_source()) > 30


def test_the_limits_in_the_document_are_those_of_the_code() -> None:

    assert f"{sdp.MAX_SDP_LENGTH // 1024} kB, {sdp.MAX_MEDIA} m-lines" in DOCUMENT
    assert f"{sdp.MAX_CODECS} payload types and {sdp.MAX_SSRCS} SSRCs" in DOCUMENT
    assert f"in an m-line, {sdp.MAX_RIDS} rids too" in DOCUMENT
    assert f"a rid has at most {sdp.MAX_RID_LENGTH} letters and digits" in DOCUMENT
    assert f"{sdp.MAX_LINE_LENGTH} characters in a line" in DOCUMENT
    assert f"{sdpfrag.MAX_FRAGMENT_LENGTH // 1024} kB for a fragment" in DOCUMENT
    assert f"at most {sdp.MAX_MID_LENGTH} characters" in DOCUMENT
