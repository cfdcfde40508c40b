"""Changes are made from our own pages only, and sockets opened by them only."""

import pytest
import socketio
from socketio.exceptions import ConnectionError as SocketRefused

from tests.server.conftest import World, problem

EVIL = "https://evil.example"


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "{own}"},
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": "{own}.evil.example"},
        {},
        {"Sec-Fetch-Site": ""},
    ],
)
async def test_a_change_from_elsewhere_is_refused(
    small_world: World, headers: dict[str, str]
) -> None:
    visitor = await small_world.staff()
    own = str(small_world.server.make_url("")).rstrip("/")
    visitor.headers = {name: value.format(own=own) for name, value in headers.items()}
    for method, path in (
        ("POST", "/api/courses"),
        ("PATCH", "/api/session"),
        ("DELETE", "/api/courses/x"),
        ("POST", "/api/sign-out"),
        ("POST", "/join"),
        ("PUT", "/api/courses"),
    ):
        answer = await visitor.send(method, path, json={"title": "x"})
        assert await problem(answer) == (403, "cross-site"), (method, path)


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}, {"Origin": "{own}"}]
)
async def test_a_change_from_our_pages_is_made(small_world: World, headers: dict[str, str]) -> None:
    visitor = await small_world.staff()
    own = str(small_world.server.make_url("")).rstrip("/")
    visitor.headers = {name: value.format(own=own) for name, value in headers.items()}
    assert (await visitor.post("/api/courses", {"title": "x"})).status == 201


async def test_reading_needs_no_origin(small_world: World) -> None:
    visitor = await small_world.visitor()
    visitor.headers = {"Sec-Fetch-Site": "cross-site"}  # a link in a mail
    assert (await visitor.get("/api/session")).status == 200


async def test_a_form_can_not_pretend_to_be_json(small_world: World) -> None:
    visitor = await small_world.staff()
    answer = await visitor.send(
        "POST", "/api/courses", data=b'{"title": "x"}', headers={"Content-Type": "text/plain"}
    )
    assert await problem(answer) == (415, "wrong-content-type")


@pytest.mark.parametrize("origin", [EVIL, "null", None, ""])
@pytest.mark.parametrize("transport", ["websocket", "polling"])
async def test_a_socket_from_elsewhere_is_refused(
    small_world: World, origin: str | None, transport: str
) -> None:
    visitor = await small_world.staff()
    own = str(small_world.server.make_url("")).rstrip("/")
    headers = {"Cookie": visitor.cookie(), "Sec-Fetch-Site": "cross-site"}
    if origin is not None:
        headers["Origin"] = origin
    socket = socketio.AsyncClient(reconnection=False)
    with pytest.raises(SocketRefused):
        await socket.connect(own, headers=headers, transports=[transport], wait_timeout=20)
    await socket.disconnect()


async def test_no_answer_may_be_framed_sniffed_or_scripted(small_world: World) -> None:
    visitor = await small_world.visitor()
    for path in ("/api/session", "/", "/nowhere", "/api/courses", "/healthz"):
        headers = (await visitor.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff", path
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"], path
        assert headers["Referrer-Policy"] == "same-origin", path
        assert headers["Server"] == "Darsgoh", path
        assert "Access-Control-Allow-Origin" not in headers, path
