"""Bodies, texts and headers nobody should send: a clear answer, and the next request works."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.streams import StreamReader
from aiohttp.test_utils import make_mocked_request

from server.errors import BadRequest
from server.settings import Settings
from server.web import MAX_BODY, read_bytes
from tests.server.conftest import Visitor, World, problem

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "bad-json"),
        (b"{", 400, "bad-json"),
        (b"\xff\xfe", 400, "bad-json"),
        (b'{"title": NaN}', 400, "bad-json"),
        (b'{"title": Infinity}', 400, "bad-json"),
        (b'{"title": "a", "title": "b"}', 400, "bad-json"),
        (b'{"title": "a\\u0000b"}', 400, "bad-json"),
        (b'{"title": "\\ud800"}', 400, "bad-json"),
        (b'{"\\ud800": 1}', 400, "bad-json"),
        (b'{"title": "a"} x', 400, "bad-json"),
        (b"[" * 100_000, 413, "too-large"),
        (b"[" * 60_000, 400, "bad-json"),
        (b'{"a":' * 40 + b"1" + b"}" * 40, 400, "bad-json"),
        (b'{"title": 1' + b"0" * 5000 + b"}", 400, "bad-json"),
        (b"[]", 422, "invalid-field"),
        (b"null", 422, "invalid-field"),
        (b"{}", 422, "invalid-field"),
        (b'{"title": 1}', 422, "invalid-field"),
        (b'{"title": ["x"]}', 422, "invalid-field"),
        (b'{"title": ""}', 422, "invalid-field"),
        (b'{"title": "   "}', 422, "invalid-field"),
        (b'{"title": "\\u200b\\u00ad"}', 422, "invalid-field"),
        (b'{"title": "a\\u202eb"}', 422, "invalid-field"),
        (b'{"title": "a\\u001bb"}', 422, "invalid-field"),
        (b'{"title": "' + b"x" * 161 + b'"}', 422, "invalid-field"),
        (b'{"title": "x", "id": "1"}', 422, "unknown-field"),
        (b'{"title": "' + b"x" * MAX_BODY + b'"}', 413, "too-large"),
    ],
)
async def test_a_body_that_is_wrong_is_named(
    small_world: World, body: bytes, status: int, code: str
) -> None:
    staff = await small_world.staff()
    answer = await staff.send("POST", "/api/courses", data=body, headers=JSON)
    assert await problem(answer) == (status, code)
    assert (await staff.post("/api/courses", {"title": "Next"})).status == 201


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "multipart/form-data", "application/xml", "x", "a/b;c"]
)
async def test_another_content_type_is_refused(small_world: World, content_type: str) -> None:
    staff = await small_world.staff()
    headers = {"Content-Type": content_type}
    answer = await staff.send("POST", "/api/courses", data=b"{}", headers=headers)
    assert await problem(answer) == (415, "wrong-content-type")


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_body_that_breaks_its_encoding_is_refused(
    small_world: World, encoding: str
) -> None:
    staff = await small_world.staff()
    headers = JSON | {"Content-Encoding": encoding}
    answer = await staff.send("POST", "/api/courses", data=b"not compressed", headers=headers)
    assert await problem(answer) == (400, "bad-body")
    assert (await staff.send("GET", "/api/session")).status == 200


async def test_a_compressed_bomb_is_stopped_at_the_limit(small_world: World) -> None:
    staff = await small_world.staff()
    import zlib  # noqa: PLC0415 - for the one bomb

    bomb = zlib.compress(b" " * 50_000_000, 9)
    headers = {**JSON, "Content-Encoding": "deflate"}
    answer = await staff.send("POST", "/api/courses", data=bomb, headers=headers)
    assert answer.status in (400, 413)


@pytest.mark.parametrize(
    "text", ["Ғафуров Ҳ. Ҷ.", "O'Brien", "Ивано́ва-Петрова", "李小龍", "👩‍🏫", "<b>x</b>", "=1+1"]
)
async def test_a_name_is_kept_as_it_is(world: World, text: str) -> None:
    staff = await world.staff()
    answer = await staff.post("/api/people", {"name": text})
    assert answer.status == 201, await answer.text()
    assert (await answer.json())["person"]["name"] == text


async def test_names_are_spelled_in_one_way(world: World) -> None:
    staff = await world.staff()
    answer = await staff.post("/api/people", {"name": "  Jose\u0301 \t Ruiz\n"})
    assert (await answer.json())["person"]["name"] == "Jos\u00e9 Ruiz"


async def test_a_login_is_taken_once_however_it_is_written(world: World) -> None:
    staff = await world.staff()
    assert (await staff.post("/api/people", {"name": "A", "login": "Anna"})).status == 201
    for login in ("anna", "ANNA", " anna ", "ａｎｎａ"):
        answer = await staff.post("/api/people", {"name": "B", "login": login})
        assert await problem(answer) == (409, "login-taken")
    for login in ("а\u0301", "a", "an na", "anna/x", "а" * 5):
        answer = await staff.post("/api/people", {"name": "B", "login": login})
        assert await problem(answer) == (422, "invalid-field"), login


@pytest.mark.parametrize(
    "path",
    ["//evil.example/", "/..%5c..%5cetc", "/a%00b", "/%ff", "/assets/..%2f..%2fapp.py", "/assets/"],
)
async def test_a_strange_path_leads_nowhere(small_world: World, path: str) -> None:
    status, _ = await raw(small_world, f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert status in (400, 404)


@pytest.mark.parametrize(
    "request_text",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * 20_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-H: 1\r\n" * 10_000 + b"\r\n",
        (
            b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
        ),
        b"GET / HTTP/1.1\r\nHost: x\r\nBad Header: 1\r\n\r\n",
        b"POST /api/sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
    ],
)
async def test_a_request_that_is_none_is_refused(small_world: World, request_text: bytes) -> None:
    status, _ = await raw(small_world, request_text + b"\r\n")
    assert status == 400
    assert (await (await small_world.visitor()).get("/healthz")).status == 200


async def test_a_host_that_is_none_is_refused(small_world: World) -> None:
    text = b"POST /api/sign-out HTTP/1.1\r\nHost: a b\r\nOrigin: http://a b\r\n\r\n"
    status, body = await raw(small_world, text)
    assert status == 400
    assert json.loads(body)["code"] == "bad-host"


async def test_a_wrong_method_names_the_right_ones(small_world: World) -> None:
    visitor = await small_world.visitor()
    answer = await visitor.send("PUT", "/api/session")
    assert await problem(answer) == (405, "method-not-allowed")
    assert answer.headers["Allow"] == "GET,HEAD,PATCH"


async def raw(world: World, text: bytes) -> tuple[int, bytes]:
    """Send bytes as they are and return the status and body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", world.server.port)
    writer.write(text)
    try:
        async with asyncio.timeout(20):
            head = await reader.readuntil(b"\r\n\r\n")
            return int(head.split()[1]), await reader.read(2000)
    finally:
        writer.close()


async def test_a_body_that_does_not_come_is_given_up(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.web.BODY_SECONDS", 0.05)
    visitor = await small_world.visitor()

    async def never() -> AsyncIterator[bytes]:
        yield b"{"
        await asyncio.sleep(2)

    answer = await visitor.send("POST", "/api/sign-in", data=never(), headers=JSON)
    assert await problem(answer) == (400, "too-slow")


async def test_a_body_whose_sender_goes_away_is_no_fault_of_ours() -> None:
    content = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    content.feed_data(b'{"title": ')
    content.set_exception(ConnectionResetError("Connection lost"))
    request = make_mocked_request("POST", "/api/courses", payload=content)
    with pytest.raises(BadRequest, match="ended before the body"):
        await read_bytes(request)


async def test_what_we_did_not_foresee_shows_nothing_of_its_cause(
    small_world: World, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("the secret cause")

    monkeypatch.setattr("server.auth.session_facts", fail)
    visitor = await small_world.visitor()
    answer = await visitor.get("/api/session")
    assert await problem(answer) == (500, "internal")
    assert "secret" not in await answer.text()
    del caplog


def test_a_settings_object_can_not_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().server = None  # type: ignore[assignment,misc]


async def test_times_are_checked(world: World) -> None:
    staff = await world.staff()
    course = (await world.course(staff))["id"]
    for starts_at in ("tomorrow", "2026-09-01T10:00:00", 5, "1026-09-01T10:00:00Z", "", True):
        body = {"title": "x", "starts_at": starts_at}
        answer = await staff.post(f"/api/courses/{course}/lessons", body)
        assert await problem(answer) == (422, "invalid-field"), starts_at
    lesson = await planned(staff, course, "2026-09-01T15:00:00+05:00")
    assert lesson == "2026-09-01T10:00:00.000Z"


async def planned(staff: Visitor, course: str, starts_at: str) -> str:
    body = {"title": "x", "starts_at": starts_at}
    answer = await staff.post(f"/api/courses/{course}/lessons", body)
    return str((await answer.json())["starts_at"])
