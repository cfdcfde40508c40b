"""Keys that this installation made for itself, in its data directory, readable by it alone."""

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from server.errors import StartError

KEY_BYTES = 32  # as long as the SHA-256 they key
_FILE = "keys"
_TOKEN_BYTES = 32  # 256 bit: nobody guesses one


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """One key per purpose, all drawn from the one secret in the file."""

    cookies: bytes
    grants: bytes


def load_keys(directory: Path) -> Keys:
    """Return the keys, making the secret at the first start; raises StartError."""
    path = directory / _FILE
    try:
        secret = _read_or_make(path)
    except OSError as error:
        raise StartError(
            f"The key file {path} can not be read or made: {error.strerror}."
        ) from error
    if len(secret) != KEY_BYTES:
        raise StartError(f"The key file {path} is damaged; delete it, and everybody signs in anew.")
    return Keys(cookies=_derive(secret, b"cookies"), grants=_derive(secret, b"grants"))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return hmac.digest(secret, b"darsgoh " + purpose, "sha256")


def _read_or_make(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        pass
    secret = secrets.token_bytes(KEY_BYTES)
    # A whole file or none: written beside, then linked under its name unless another was faster.
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secret)
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return path.read_bytes()
    finally:
        draft.unlink()
    return secret


def new_token() -> str:
    """Return a token nobody can guess, fit for a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def hash_token(token: str) -> bytes:
    """Return what is kept of a token; it has 256 random bits, so one SHA-256 is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def sign(key: bytes, value: str) -> str:
    """Return a value with its signature."""
    signature = hmac.digest(key, value.encode(), "sha256").hex()
    return f"{value}.{signature}"


def verify(key: bytes, signed: str) -> str | None:
    """Return the value if the signature is ours, else None."""
    value, dot, signature = signed.rpartition(".")
    if not dot:
        return None
    expected = hmac.digest(key, value.encode("utf-8", "replace"), "sha256").hex()
    good = hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace"))
    return value if good else None
