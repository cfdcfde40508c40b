"""A lesson in which people raise hands, and what a page knows of it."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from media.room import Room as MediaRoom
from server.hands.store import read_snapshot
from server.models import Lesson
from server.rights import Right
from server.timeline import Event
from tests.server.questions.classroom import Room, Someone

GONE = {"lowered", "ended"}
WATCHES = frozenset({Right.SEE, Right.WATCH})
STEPS = {  # the commands that lead to a state
    "raised": (),
    "invited": ("turn_invite",),
    "testing": ("turn_invite", "turn_accept"),
    "on-air": ("turn_invite", "turn_accept", "turn_start"),
    "ended": ("turn_invite", "turn_accept", "turn_start", "turn_end"),
    "lowered": ("hand_dismiss",),
}


@dataclass
class Page:
    """What a page knows: the reducer of docs/speaking-protocol.md in a few lines."""

    hands: dict[int, dict[str, Any]] = field(default_factory=dict)
    settings: dict[str, Any] = field(
        default_factory=lambda: {
            "paused": False,
            "limit": 120,
            "auto": False,
            "push_to_talk": False,
        }
    )

    def apply(self, event: Event) -> None:
        payload = event.payload
        if event.kind == "hands.settings":
            self.settings = {name: payload[name] for name in self.settings}
        elif event.kind.startswith(("hand.", "turn.")):
            new = payload["hand"]
            self.hands.setdefault(new["number"], {}).update(new)
            if self.hands[new["number"]].get("state") in GONE:
                del self.hands[new["number"]]

    def list(self) -> list[dict[str, Any]]:
        """Return the hands in order, who is on air first."""
        return sorted(
            self.hands.values(),
            key=lambda one: (one["state"] != "on-air", one["order"], one["number"]),
        )


class Stage(Room):
    """A classroom with hands in it."""

    async def up(self, student: Someone, state: str = "raised", **args: Any) -> int:
        """Raise a hand and take it as far as a state."""
        number: int = (await student.do("hand_raise", **args))["hand"]
        for command in STEPS[state]:
            teacher = command in ("turn_invite", "turn_start", "hand_dismiss")
            await (self.teacher if teacher else student).do(command, hand=number)
        return number

    def arrive(self, *people: Someone) -> None:
        """Let people open a page in the lesson."""
        for one in people:
            self.world.services.presence.enter(uuid.UUID(self.lesson), uuid.UUID(one.id), WATCHES)

    def leave(self, *people: Someone) -> None:
        """Let people close their pages."""
        for one in people:
            self.world.services.presence.leave(uuid.UUID(self.lesson), uuid.UUID(one.id))

    async def wait(self, seconds: float) -> None:
        """Let time go by, and the server look at its clock."""
        self.world.clock.pass_time(seconds=seconds)
        await self.world.services.hands.sweep()

    @property
    def media(self) -> MediaRoom:
        """Return the media room."""
        room = self.world.services.rooms.room(uuid.UUID(self.lesson))
        assert room is not None
        return room

    async def told(self, reader: Someone, *, teacher: bool = False) -> dict[str, Any]:
        """Return what a page is told that joins now."""
        async with self.world.services.database.read() as session:
            lesson = await session.get_one(Lesson, uuid.UUID(self.lesson))
            return await read_snapshot(session, lesson, uuid.UUID(reader.id), teacher=teacher)

    async def states(self) -> dict[int, str]:
        """Return the hands that are up, as teachers know them."""
        told = await self.told(self.teacher, teacher=True)
        return {one["number"]: one["state"] for one in told["list"]}

    async def kinds(self, reader: Someone | None = None, *, teacher: bool = False) -> list[str]:
        """Return the kinds of the events about hands that somebody reads."""
        events = await self.events(reader, teacher=teacher)
        return [one.kind for one in events if one.kind.startswith(("hand", "turn"))]

    async def reasons(self) -> dict[int, str]:
        """Return why hands went down and turns ended."""
        return {
            one.payload["hand"]["number"]: one.payload["reason"]
            for one in await self.events()
            if "reason" in one.payload and "hand" in one.payload
        }

    async def check_pages(self) -> None:
        """Check that early and late pages of everybody show the same."""
        for someone, teacher in [
            *((student, False) for student in self.students),
            (self.teacher, True),
        ]:
            page = Page()
            for event in await self.events(someone, teacher=teacher):
                page.apply(event)
            late = await self.told(someone, teacher=teacher)
            assert page.list() == late["list"]
            assert page.settings == late["settings"]
            own = [n for n, one in page.hands.items() if one["person"]["id"] == someone.id]
            assert late["mine"] == next(iter(own), None)
