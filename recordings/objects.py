"""An S3-compatible store of objects, by obstore: put and checked, read by range, deleted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CHUNK: Final = 5 * 1024 * 1024  # bytes sent at once: the least that S3 takes of a larger object
PIECE: Final = 256 * 1024  # bytes read at once
TIMEOUT: Final = timedelta(minutes=5)  # for a chunk: 140 kbit/s are enough
CONNECT: Final = timedelta(seconds=5)
RETRIES: Final = 2  # at once; whoever asks waits, and tries again later
RETRY: Final = timedelta(seconds=10)


class StoreAway(Exception):  # noqa: N818  (the name says what happened)
    """The store does not answer, or refuses us; says nothing of our credentials."""


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where the store is and with what it opens; empty keys are the environment's."""

    url: str
    endpoint: str
    region: str
    key: str
    secret: str


class Objects:
    """A bucket, or a folder of one. Raises StoreAway, or FileNotFoundError."""

    def __init__(self, address: StoreAddress) -> None:
        parts = urlsplit(address.url)
        config: dict[str, Any] = {"region": address.region, "checksum_algorithm": "SHA256"}
        if address.endpoint:
            config["endpoint"] = address.endpoint
        if address.key:
            config |= {"access_key_id": address.key, "secret_access_key": address.secret}
        self._store = S3Store(
            parts.netloc,
            prefix=parts.path.strip("/") or None,
            config=config,  # type: ignore[arg-type]  # its keys are chosen above
            client_options={
                "timeout": TIMEOUT,
                "connect_timeout": CONNECT,
                "allow_http": address.endpoint.startswith("http://"),
            },
            retry_config={"max_retries": RETRIES, "retry_timeout": RETRY},
        )

    async def put(self, name: str, path: Path, size: int) -> str:
        """Send a file, look whether all of it is there, and return its tag.

        The store itself compares a checksum of each chunk.
        """
        try:
            sent = await obstore.put_async(
                self._store, name, path, chunk_size=CHUNK, max_concurrency=1
            )
            found = await obstore.head_async(self._store, name)
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error
        if found["size"] != size or found["e_tag"] != sent["e_tag"]:
            raise StoreAway("what was sent is not what is there")
        return str(found["e_tag"])

    async def read(self, name: str, first: int, end: int) -> AsyncIterator[bytes]:
        """Yield the bytes [first, end) of an object."""
        try:
            options: Any = {"range": (first, end)}
            found = await obstore.get_async(self._store, name, options=options)
            async for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    async def check(self) -> None:
        """Ask the store for one answer."""
        try:
            async for _ in obstore.list(self._store, "check"):
                return
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    def read_all(self, name: str) -> bytes:
        """Return a whole object; blocks."""
        try:
            return bytes(obstore.get(self._store, name).bytes())
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    async def delete(self, name: str) -> None:
        """Delete an object, or find that there is none."""
        try:
            await obstore.delete_async(self._store, name)
        except FileNotFoundError:
            return
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error

    async def delete_all(self, folder: str) -> None:
        """Delete every object below a folder."""
        try:
            batches = obstore.list(self._store, folder)
            names = [one["path"] async for batch in batches for one in batch]
        except BaseError as error:
            raise StoreAway(type(error).__name__) from error
        for name in names:
            await self.delete(name)
