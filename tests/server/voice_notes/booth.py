"""A lesson in which students send voice notes, and the verbs of sending them."""

import asyncio
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import ClientResponse

from server.voice_notes.events import snapshot
from tests.media.waiting import until
from tests.server.hands.stage import Stage
from tests.server.questions.classroom import Someone
from tests.server.voice_notes.recordings import webm

PIECE = 4096  # bytes


@dataclass
class Upload:
    """A recording on a phone."""

    booth: "Booth"
    someone: Someone
    data: bytes
    id: uuid.UUID

    @property
    def path(self) -> str:
        return f"/api/lessons/{self.booth.lesson}/voice-notes/{self.id}"

    async def announce(self, **changes: Any) -> ClientResponse:
        body = {"id": str(self.id), "size": len(self.data), **changes}
        path = f"/api/lessons/{self.booth.lesson}/voice-notes"
        return await self.someone.visitor.post(path, body)

    async def put(self, offset: int, data: bytes | None = None) -> ClientResponse:
        piece = self.data[offset : offset + PIECE] if data is None else data
        headers = {"Content-Type": "application/octet-stream"}
        return await self.someone.visitor.send(
            "PUT", f"{self.path}?offset={offset}", data=piece, headers=headers
        )

    async def status(self, reader: Someone | None = None) -> dict[str, Any]:
        answer = await (reader or self.someone).visitor.get(self.path)
        assert answer.status == 200, await answer.text()
        facts: dict[str, Any] = await answer.json()
        return facts

    async def send(self) -> ClientResponse:
        """Send all of it and return the last answer."""
        answer = await self.announce()
        assert answer.status == 201, await answer.text()
        for offset in range(0, len(self.data), PIECE):
            answer = await self.put(offset)
        return answer


class Booth(Stage):
    """A classroom with voice notes in it."""

    def upload(self, someone: Someone | None = None, data: bytes | None = None) -> Upload:
        recording = webm() if data is None else data
        return Upload(self, someone or self.students[0], recording, self.new_id())

    async def note(self, someone: Someone | None = None) -> int:
        """Send a voice note and return its number."""
        answer = await self.upload(someone).send()
        assert answer.status == 200, await answer.text()
        number: int = (await answer.json())["number"]
        return number

    async def notes(self, reader: Someone, *, teacher: bool = False) -> dict[int, str]:
        """Return what a page is told that joins now: numbers and states."""
        async with self.world.services.database.read() as session:
            told = await snapshot(
                session, uuid.UUID(self.lesson), uuid.UUID(reader.id), teacher=teacher
            )
        return {one["number"]: one["state"] for one in told}

    async def note_kinds(
        self, reader: Someone | None = None, *, teacher: bool = False
    ) -> list[str]:
        events = await self.events(reader, teacher=teacher)
        return [one.kind for one in events if one.kind.startswith("note.")]

    async def note_reasons(self) -> list[str]:
        """Return why notes are on air no more, in order."""
        return [one.payload["reason"] for one in await self.events() if one.kind == "note.played"]

    async def on_air(self) -> None:
        """Wait until a note is sent into the room."""
        await until(self.media.publications)

    async def off_air(self, count: int = 1) -> None:
        """Wait until the ends of so many notes are told."""
        for _ in range(1500):  # 30 s, however slow the machine
            if len(await self.note_reasons()) >= count:
                return
            await asyncio.sleep(0.02)
        raise AssertionError("no end was told")

    def files(self) -> list[Path]:
        root = self.world.services.settings.data.directory / "voice-notes"
        return sorted(path for path in root.rglob("*") if path.is_file())
