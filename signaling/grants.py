"""Tokens that name one lesson, one right and one participant, and expire.

A grant travels as a JWT (RFC 7519) signed with HMAC-SHA-256. The server issues it after it has
asked its own rights; the WHIP and WHEP doors only verify it.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import TypeGuard

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from signaling.errors import GrantError

AUDIENCE = "darsgoh-media"
ALGORITHM = "HS256"
LEEWAY = 30  # s; two honest clocks may differ by this much
MAX_TOKEN_LENGTH = 4096  # characters; ours have about 400
MIN_KEY_LENGTH = 32  # bytes; RFC 7518, 3.2: not shorter than the hash
KEYS_KEPT = 4  # imported; an installation has one
MAX_TIME = 253_402_300_799  # s; the last second of the year 9999
MAX_FIELD_LENGTH = 256  # characters of a lesson, a participant or a name


class Right(StrEnum):
    """What a grant opens."""

    PUBLISH = "publish"
    SPEAK = "speak"
    WATCH = "watch"


@dataclass(frozen=True, slots=True)
class Grant:
    """One participant's right in one lesson until `expires_at` (aware, UTC).

    `rehearsal` lets a subscriber see the sources before the lesson is live.
    `turn` binds a grant to speak to one turn, and it ends with it.
    """

    lesson: str
    right: Right
    participant: str
    name: str
    rehearsal: bool
    expires_at: datetime
    turn: str | None = None


def issue(key: bytes, grant: Grant, now: datetime) -> str:
    """Return the signed token of a grant; raise ValueError for a key or a grant that is unfit."""
    _check_fields(grant)
    claims: dict[str, object] = {
        "aud": AUDIENCE,
        "sub": grant.participant,
        "lesson": grant.lesson,
        "right": grant.right.value,
        "name": grant.name,
        "rehearsal": grant.rehearsal,
        "iat": int(now.timestamp()),
        "exp": int(grant.expires_at.timestamp()),
    }
    if grant.turn is not None:
        claims["turn"] = grant.turn
    return jwt.encode({"alg": ALGORITHM}, claims, _import_key(key), algorithms=[ALGORITHM])


def verify(key: bytes, token: str, now: datetime, *, even_expired: bool = False) -> Grant:
    """Return the grant a token carries; raise GrantError with a stable code."""
    if len(token) > MAX_TOKEN_LENGTH:
        raise GrantError("token-invalid", "The token is too long to be one of ours.")
    try:
        decoded = jwt.decode(token, _import_key(key), algorithms=[ALGORITHM])
    except (JoseError, ValueError, TypeError, RecursionError) as error:
        raise GrantError("token-invalid", "The token is not one of ours.") from error
    claims = decoded.claims
    if not isinstance(claims, dict) or claims.get("aud") != AUDIENCE:
        raise GrantError("token-invalid", "The token is not meant for the media doors.")
    _check_times(claims.get("iat"), claims.get("exp"), now, even_expired=even_expired)
    return _grant(claims)


@lru_cache(maxsize=KEYS_KEPT)
def _import_key(key: bytes) -> OctKey:
    if len(key) < MIN_KEY_LENGTH:
        raise ValueError(f"the grant key must have at least {MIN_KEY_LENGTH} bytes")
    return OctKey.import_key(key)


def _check_fields(grant: Grant) -> None:
    for field in (grant.lesson, grant.participant, grant.turn):
        if field is not None and not 0 < len(field) <= MAX_FIELD_LENGTH:
            raise ValueError(f"lessons, people and turns have 1 to {MAX_FIELD_LENGTH} characters")
    if len(grant.name) > MAX_FIELD_LENGTH:
        raise ValueError(f"a name has at most {MAX_FIELD_LENGTH} characters")


def _check_times(issued: object, expires: object, now: datetime, *, even_expired: bool) -> None:
    if not _is_time(issued) or not _is_time(expires):
        raise GrantError("token-invalid", "The token does not say when it is valid.")
    seconds = now.timestamp()
    if seconds > expires + LEEWAY and not even_expired:
        raise GrantError("token-expired", "The token has expired; ask for a new one.")
    if seconds < issued - LEEWAY:
        raise GrantError("token-early", "The token is not valid yet; check the clock.")


def _is_time(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_TIME


def _grant(claims: dict[str, object]) -> Grant:
    try:
        right = Right(str(claims.get("right")))
    except ValueError as error:
        raise GrantError("token-invalid", "The token names a right we do not know.") from error
    lesson, participant, name = claims.get("lesson"), claims.get("sub"), claims.get("name")
    rehearsal, expires = claims.get("rehearsal"), claims.get("exp")
    turn = claims.get("turn")
    if (
        not isinstance(lesson, str)
        or not isinstance(participant, str)
        or not isinstance(name, str)
        or not isinstance(rehearsal, bool)
        or not isinstance(expires, int)
        or not isinstance(turn, str | None)
    ):
        raise GrantError("token-invalid", "The token lacks a claim.")
    return Grant(
        lesson=lesson,
        right=right,
        participant=participant,
        name=name,
        rehearsal=rehearsal,
        expires_at=datetime.fromtimestamp(expires, UTC),
        turn=turn,
    )
