"""Identifiers: UUIDs that sort by the time they were made."""

import secrets
import uuid

_MILLISECOND_BITS = 48
_RANDOM_BITS = 74


def uuid7(now_ms: int) -> uuid.UUID:
    """Return a UUIDv7 for a Unix time in milliseconds (RFC 9562 §5.7)."""
    random = secrets.randbits(_RANDOM_BITS)
    value = (now_ms & ((1 << _MILLISECOND_BITS) - 1)) << 80
    value |= 0x7 << 76
    value |= (random >> 62) << 64
    value |= 0b10 << 62
    value |= random & ((1 << 62) - 1)
    return uuid.UUID(int=value)


def parse_id(text: str) -> uuid.UUID | None:
    """Return the UUID of its one canonical spelling, or None."""
    try:
        value = uuid.UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None
