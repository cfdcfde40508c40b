"""Sockets: following a lesson, coming back, and who is cut off."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import socketio
from socketio.exceptions import ConnectionError as SocketRefused

from server.limits import SOCKET_EVENTS
from server.presence import Present
from server.sockets.library import JOIN_SECONDS, MAX_MESSAGE
from server.sockets.sockets import MAX_LESSONS
from tests.server.conftest import Visitor, World


class Page:
    """A page with a socket, and what it was told."""

    def __init__(self, socket: socketio.AsyncClient) -> None:
        self.socket = socket
        self.events: list[dict[str, Any]] = []
        self.presence: list[dict[str, Any]] = []
        self.removed: list[dict[str, Any]] = []
        self.closed = asyncio.Event()
        self._news = asyncio.Event()
        for name, kept in (
            ("event", self.events),
            ("presence", self.presence),
            ("removed", self.removed),
        ):
            socket.on(name, self._keeper(kept))
        socket.on("disconnect", self._on_close)

    def _keeper(self, kept: list[dict[str, Any]]) -> Any:
        async def keep(body: dict[str, Any]) -> None:
            kept.append(body)
            self._news.set()

        return keep

    async def _on_close(self, *_: object) -> None:
        self.closed.set()

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await self._news.wait()
                self._news.clear()

    async def join(self, lesson: str, **more: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self.socket.call("join", {"lesson": lesson, **more})
        return answer


@asynccontextmanager
async def page(
    world: World, visitor: Visitor, transport: str = "websocket", address: str = "127.0.0.1"
) -> AsyncIterator[Page]:
    own = str(world.server.make_url("")).rstrip("/")
    # A browser sends these with every request; the client by itself only with the first.
    headers = {"Cookie": visitor.cookie(), "Origin": own}
    line = aiohttp.TCPConnector(local_addr=(address, 0))
    async with aiohttp.ClientSession(headers=headers, connector=line) as session:
        socket = socketio.AsyncClient(reconnection=False, http_session=session)
        opened = Page(socket)
        await socket.connect(own, headers=headers, transports=[transport], wait_timeout=20)
        try:
            yield opened
        finally:
            # A poll that is under way would end with the next ping only.
            await socket.eio.disconnect(abort=transport == "polling")


class Classroom:
    def __init__(self, world: World) -> None:
        self.world = world

    async def build(self) -> None:
        world = self.world
        self.staff = await world.staff()
        self.course = (await world.course(self.staff))["id"]
        self.teacher = await world.member(self.staff, self.course, "teacher")
        self.student = await world.member(self.staff, self.course, "student")
        self.lesson = (await world.lesson(self.teacher, self.course))["id"]


def person_id(visitor: Visitor) -> uuid.UUID:
    assert visitor.person is not None
    return visitor.person.id


@pytest.fixture
async def room(world: World) -> Classroom:
    built = Classroom(world)
    await built.build()
    return built


@pytest.fixture
async def small_room(small_world: World) -> Classroom:
    built = Classroom(small_world)
    await built.build()
    return built


@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_page_is_told_what_happens(room: Classroom, transport: str) -> None:
    async with page(room.world, room.student, transport) as one:
        answer = await one.join(room.lesson)
        assert answer["ok"]
        assert answer["lesson"]["state"] == "scheduled"
        assert (answer["seq"], answer["events"], answer["sources"]) == (0, [], {})
        await room.world.set_state(room.teacher, room.lesson, "practice", "live")
        await one.until(lambda: len(one.events) == 2)
    assert [(event["seq"], event["kind"]) for event in one.events] == [
        (1, "lesson.practice"),
        (2, "lesson.live"),
    ]


async def test_a_page_that_comes_back_gets_what_it_missed(room: Classroom) -> None:
    await room.world.set_state(room.teacher, room.lesson, "practice")
    async with page(room.world, room.student) as one:
        assert (await one.join(room.lesson))["seq"] == 1
    await room.world.set_state(room.teacher, room.lesson, "live", "ended")
    async with page(room.world, room.student) as one:
        answer = await one.join(room.lesson, since=1)
    assert answer["seq"] == 3
    assert [event["kind"] for event in answer["events"]] == ["lesson.live", "lesson.ended"]
    assert answer["lesson"]["state"] == "ended"


async def test_people_are_counted_once_however_many_pages_they_have(room: Classroom) -> None:
    world = room.world
    async with page(world, room.student) as first, page(world, room.student) as second:
        await first.join(room.lesson)
        answer = await second.join(room.lesson)
        assert answer["present"] == {"students": 1, "teachers": 0}
        async with page(world, room.teacher) as third:
            assert (await third.join(room.lesson))["present"] == {"students": 1, "teachers": 1}
            both = {"lesson": room.lesson, "students": 1, "teachers": 1}
            await first.until(lambda: first.presence[-1:] == [both])
        alone = {"lesson": room.lesson, "students": 1, "teachers": 0}
        await first.until(lambda: first.presence[-1:] == [alone])
        assert (await second.socket.call("leave", {"lesson": room.lesson}))["ok"]
        assert (await first.join(room.lesson))["present"]["students"] == 1


async def test_nobody_connects_without_signing_in(small_room: Classroom) -> None:
    stranger = await small_room.world.visitor()
    with pytest.raises(SocketRefused):
        async with page(small_room.world, stranger):
            pass


async def test_a_lesson_elsewhere_is_not_joined(room: Classroom) -> None:
    outsider = await room.world.sign_in(await room.world.person("Outsider"))
    async with page(room.world, outsider) as one:
        answer = await one.join(room.lesson)
        assert answer["error"]["code"] == "not-found"
        await room.world.set_state(room.teacher, room.lesson, "practice", "live")
        await asyncio.sleep(0.1)
        assert one.events == []


@pytest.mark.parametrize(
    "body",
    [None, 1, "x", [], {}, {"lesson": "x"}, {"lesson": None}, {"lesson": 7}, {"since": 1}],
)
async def test_a_wrong_join_is_answered(small_room: Classroom, body: Any) -> None:
    async with page(small_room.world, small_room.student) as one:
        answer = await one.socket.call("join", body)
        assert answer["ok"] is False
        assert answer["error"]["code"] == "invalid-field"
        for since in (-1, 1.5, "1", True, 10**30):
            answer = await one.join(small_room.lesson, since=since)
            assert answer["error"]["code"] == "invalid-field"
        assert (await one.join(small_room.lesson))["ok"]


async def test_an_event_nobody_knows_is_ignored(small_room: Classroom) -> None:
    async with page(small_room.world, small_room.student) as one:
        for name in ("nothing", "connect_error", "__proto__", "event"):
            await one.socket.emit(name, {"x": 1})
        assert (await one.join(small_room.lesson))["ok"]


async def test_signing_out_closes_the_socket(room: Classroom) -> None:
    async with page(room.world, room.student) as one:
        await one.join(room.lesson)
        await room.student.post("/api/sign-out")
        await asyncio.wait_for(one.closed.wait(), 20)


async def test_a_member_taken_out_hears_no_more(room: Classroom) -> None:
    assert room.student.person is not None
    async with page(room.world, room.student) as one:
        await one.join(room.lesson)
        path = f"/api/courses/{room.course}/members/{room.student.person.id}"
        assert (await room.staff.delete(path)).status == 204
        await one.until(lambda: one.removed == [{"lesson": room.lesson}])
        await room.world.set_state(room.teacher, room.lesson, "practice")
        await asyncio.sleep(0.1)
        assert one.events == []
        assert (await one.join(room.lesson))["error"]["code"] == "not-found"


async def test_a_student_who_becomes_a_teacher_counts_as_one(room: Classroom) -> None:
    assert room.student.person is not None
    async with page(room.world, room.student) as one:
        await one.join(room.lesson)
        body = {"person_id": str(room.student.person.id), "role": "teacher"}
        assert (await room.staff.post(f"/api/courses/{room.course}/members", body)).status == 201
        answer = await one.join(room.lesson)
        assert answer["present"] == {"students": 0, "teachers": 1}
        assert "teach" in answer["lesson"]["rights"]


async def test_a_socket_that_joins_nothing_is_closed(small_room: Classroom) -> None:
    sockets = small_room.world.services.sockets
    async with (
        page(small_room.world, small_room.student) as idle,
        page(small_room.world, small_room.teacher) as busy,
    ):
        await busy.join(small_room.lesson)
        now = asyncio.get_running_loop().time()
        await sockets.sweep(now)
        assert not idle.closed.is_set()
        await sockets.sweep(now + JOIN_SECONDS + 1)
        await asyncio.wait_for(idle.closed.wait(), 20)
        assert (await busy.join(small_room.lesson))["ok"]


async def test_a_socket_joins_only_so_many_lessons(small_room: Classroom) -> None:
    lessons = [
        (await small_room.world.lesson(small_room.teacher, small_room.course))["id"]
        for _ in range(MAX_LESSONS)
    ]
    async with page(small_room.world, small_room.student) as one:
        for lesson in lessons:
            assert (await one.join(lesson))["ok"]
        assert (await one.join(lessons[0]))["ok"]
        assert (await one.join(small_room.lesson))["error"]["code"] == "too-many-lessons"


@pytest.mark.parametrize(
    "message",
    [
        '452-["join",{}]',  # attachments that never come
        '459999999999-["join",{}]',
        "42{",
        '42["join",NaN]',
        '42["join","\\ud800"]',
        "42" + "[" * 5000,
        '42["disconnect"]',
        '42["connect"]',
        "42[]",
        "42null",
        "42" + "9" * 200 + '["join"]',
        "49[]",
        "4x",
        "4",
        "47",
        "44{}",
        '42/admin,["join"]',
        "40/admin,",
        "9",
        "4" + "2" * (MAX_MESSAGE + 10),
        b"\x04binary",
    ],
    ids=lambda message: repr(message)[:30],
)
async def test_a_bad_message_hurts_only_its_sender(
    small_room: Classroom, message: str | bytes
) -> None:
    world, visitor = small_room.world, small_room.student
    own = str(world.server.make_url("")).rstrip("/")
    async with page(world, small_room.teacher) as other:
        await other.join(small_room.lesson)
        headers = {"Cookie": visitor.cookie(), "Origin": own}
        path = f"{own}/socket.io/?EIO=4&transport=websocket"
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(path, headers=headers) as socket,
        ):
            await socket.receive_str()
            await socket.send_str("40")
            await socket.receive_str()
            send = socket.send_bytes if isinstance(message, bytes) else socket.send_str
            await send(message)  # type: ignore[arg-type]
        assert (await other.join(small_room.lesson))["ok"]


@pytest.mark.parametrize(
    "message",
    [
        '451000000-["command",{"_placeholder":true,"num":0}]',
        '42["command",{"name":"question_ask","name":"question_vote"}]',
        '42["command",{"args":{"text":"a","text":"b"}}]',
        '42["command",{"args":{"at":NaN}}]',
        '42["command",{"args":{"at":-Infinity}}]',
        '42["command",{"args":' + '{"a":' * 2000 + "1" + "}" * 2002 + "]",
        '42["command",{"args":{"text":"' + "x" * MAX_MESSAGE + '"}}]',
        b'\x04["command",{}]',
    ],
    ids=lambda message: repr(message)[:40],
)
async def test_a_command_that_is_no_message_cuts_off_its_sender_alone(
    small_room: Classroom, message: str | bytes
) -> None:
    world, visitor = small_room.world, small_room.student
    own = str(world.server.make_url("")).rstrip("/")
    headers = {"Cookie": visitor.cookie(), "Origin": own}
    path = f"{own}/socket.io/?EIO=4&transport=websocket"
    async with (
        page(world, small_room.teacher) as other,
        aiohttp.ClientSession() as session,
        session.ws_connect(path, headers=headers) as socket,
    ):
        await other.join(small_room.lesson)
        await socket.receive_str()
        await socket.send_str("40")
        await socket.receive_str()
        send = socket.send_bytes if isinstance(message, bytes) else socket.send_str
        await send(message)  # type: ignore[arg-type]
        ends = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
        async with asyncio.timeout(JOIN_SECONDS - 1):  # before it is cut for joining nothing
            while (await socket.receive()).type not in ends:
                pass
        assert (await other.join(small_room.lesson))["ok"]
        assert not other.closed.is_set()


async def test_a_flood_cuts_off_its_sender(small_room: Classroom) -> None:
    async with (
        page(small_room.world, small_room.student) as flood,
        page(small_room.world, small_room.teacher) as other,
    ):
        await other.join(small_room.lesson)
        for _ in range(SOCKET_EVENTS.item.amount + 5):
            await flood.socket.emit("join", {"lesson": small_room.lesson})
        await asyncio.wait_for(flood.closed.wait(), 20)
        assert (await other.join(small_room.lesson))["ok"]


async def test_who_ignores_the_goodbye_is_cut_off(small_room: Classroom) -> None:
    world, visitor = small_room.world, small_room.student
    own = str(world.server.make_url("")).rstrip("/")
    headers = {"Cookie": visitor.cookie(), "Origin": own}
    path = f"{own}/socket.io/?EIO=4&transport=websocket"
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(path, headers=headers, autoclose=False) as socket,
    ):
        await socket.receive_str()
        await socket.send_str("40")
        await socket.receive_str()
        await visitor.post("/api/sign-out")
        async with asyncio.timeout(20):
            while (await socket.receive()).type is not aiohttp.WSMsgType.CLOSED:
                await socket.send_str("40")


async def test_an_old_session_does_not_join(small_room: Classroom) -> None:
    async with page(small_room.world, small_room.student) as one:
        small_room.world.clock.pass_time(days=31)
        answer = await one.join(small_room.lesson)
        assert answer["error"]["code"] == "not-signed-in"


async def test_a_page_that_reads_nothing_any_more_is_cut_off_alone(small_room: Classroom) -> None:
    sockets = small_room.world.services.sockets
    async with (
        page(small_room.world, small_room.student) as silent,
        page(small_room.world, small_room.teacher) as other,
    ):
        await silent.join(small_room.lesson)
        await other.join(small_room.lesson)
        (way,) = [one.way for one in sockets._pages if one.person == person_id(small_room.student)]
        way.tell = lambda _: False  # type: ignore[method-assign]  # its queue is full
        await small_room.world.set_state(small_room.teacher, small_room.lesson, "practice")
        await asyncio.wait_for(silent.closed.wait(), 20)
        await other.until(lambda: other.events)
        assert not other.closed.is_set()


async def test_who_leaves_while_joining_is_counted_nowhere(small_room: Classroom) -> None:
    world, lesson = small_room.world, uuid.UUID(small_room.lesson)
    sockets, turn = world.services.sockets, asyncio.Event()
    read = sockets._snapshots.read

    async def slow(*about: Any) -> Any:
        await turn.wait()
        return await read(*about)

    sockets._snapshots.read = slow  # type: ignore[method-assign]
    async with page(world, small_room.student) as gone:
        await gone.socket.emit("join", {"lesson": small_room.lesson})
        await asyncio.sleep(0.2)
    async with asyncio.timeout(20):
        while len(sockets._pages):  # noqa: ASYNC110 - nothing tells that a socket is gone
            await asyncio.sleep(0.01)
    turn.set()
    await asyncio.sleep(0.2)
    assert world.services.presence.present(lesson) == Present()
    assert sockets._pages.following(lesson).everybody() == []
