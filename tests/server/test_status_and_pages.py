"""What the server says of itself, and the pages it hands out."""

from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from server.pages import find_file, read_page
from server.settings import LANGUAGES
from server.status import find_reasons
from server.web import preferred_language
from tests.server.conftest import Place, World, problem, running_world


async def test_a_healthy_server_is_ready(world: World) -> None:
    visitor = await world.visitor()
    assert await (await visitor.get("/healthz")).text() == "ok\n"
    answer = await visitor.get("/readyz")
    assert (answer.status, await answer.json()) == (200, {"ready": True, "reasons": []})


async def test_it_says_why_it_is_not_ready(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail() -> None:
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    monkeypatch.setattr(world.services.database, "check", fail)
    monkeypatch.setattr("server.directory.LOW_DISK", 1 << 60)
    monkeypatch.setattr(world.services.rooms, "is_open", lambda: False)
    visitor = await world.visitor()
    answer = await visitor.get("/readyz")
    assert answer.status == 503
    codes = [reason["code"] for reason in (await answer.json())["reasons"]]
    assert codes == ["database", "disk", "media"]
    assert (await visitor.get("/healthz")).status == 200


async def test_tables_of_another_version_are_a_reason(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.database.newest_migration", lambda: "9999")
    assert [reason.code for reason in await find_reasons(world.services)] == ["migrations"]


async def test_a_database_that_does_not_answer_is_said_and_comes_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = await world.staff()

    def gone(*_: object, **__: object) -> None:
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    with monkeypatch.context() as patched:
        patched.setattr(world.services.database, "read", gone)
        answer = await staff.get("/api/courses")
        assert await problem(answer) == (503, "database-unavailable")
        assert answer.headers["Retry-After"]
        assert "connection refused" not in await answer.text()
    assert (await staff.get("/api/courses")).status == 200


async def test_metrics_count_requests_lessons_and_the_engine(small_world: World) -> None:
    visitor = await small_world.visitor()
    await visitor.get("/api/session")
    text = await (await visitor.get("/metrics")).text()
    assert 'route="/api/session",status="200"} 1.0' in text
    assert "darsgoh_open_lessons 0.0" in text
    assert 'darsgoh_engine_total{what="packets_received"} 1.0' in text


def build(directory: Path) -> None:
    """Write what a build of the front end leaves behind."""
    static = directory / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html><title>app</title>")
    for language in LANGUAGES:
        page = f"<!doctype html><style>p{{}}</style><title>join {language}</title>"
        (static / f"join.{language}.html").write_text(page)
        (static / f"manifest.{language}.webmanifest").write_text(f"{{{language}}}")
    (static / "assets" / "app-1a2b.js").write_text("export {}")
    (static / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (static / "worker.js").write_text("worker")
    (static / "icon-192.png").write_bytes(b"icon")
    (directory / "outside.txt").write_text("secret")
    (static / "assets" / "link.txt").symlink_to(directory / "outside.txt")


async def test_pages_come_with_strict_headers(sqlite_place: Place) -> None:
    build(sqlite_place.directory)
    async with running_world(sqlite_place) as world:
        visitor = await world.visitor()
        for path in ("/", "/sign-in", "/courses/x", "/lessons/y/teach", "/dev/gallery"):
            answer = await visitor.get(path)
            assert "<title>app</title>" in await answer.text(), path
            policy = answer.headers["Content-Security-Policy"]
            assert "script-src 'self';" in policy
            assert "unsafe" not in policy
            assert "frame-ancestors 'none'" in policy
            port = world.server.port
            assert f"connect-src 'self' ws://127.0.0.1:{port};" in policy
            assert "camera=(self)" in answer.headers["Permissions-Policy"]
            assert answer.headers["Cache-Control"] == "no-cache"
        again = await visitor.get("/", headers={"If-None-Match": answer.headers["ETag"]})
        assert again.status == 304
        assert (await visitor.get("/somewhere")).status == 404


async def test_the_join_page_comes_in_the_right_language(sqlite_place: Place) -> None:
    build(sqlite_place.directory)
    async with running_world(sqlite_place) as world:
        visitor = await world.visitor()

        async def title(**headers: str) -> str:
            answer = await visitor.get("/join/123456", headers=headers)
            assert "'sha256-" in answer.headers["Content-Security-Policy"]
            return (await answer.text()).partition("<title>join ")[2][:2]

        assert await title() == "tg"
        assert await title(**{"Accept-Language": "ru-RU,ru;q=0.9"}) == "ru"
        assert await title(**{"Accept-Language": "de"}) == "tg"
        headers = {"Accept-Language": "ru", "Cookie": "darsgoh_language=en"}
        assert await title(**headers) == "en"
        headers = {"Accept-Language": "ru", "Cookie": "darsgoh_language=../x"}
        assert await title(**headers) == "ru"


async def test_assets_are_kept_for_ever_and_come_compressed(sqlite_place: Place) -> None:
    build(sqlite_place.directory)
    async with running_world(sqlite_place) as world:
        visitor = await world.visitor()
        plain = await visitor.get("/assets/app-1a2b.js", headers={"Accept-Encoding": "identity"})
        assert plain.content_type == "text/javascript"
        assert "immutable" in plain.headers["Cache-Control"]
        async with visitor.client.session.get(
            visitor.client.make_url("/assets/app-1a2b.js"),
            headers={"Accept-Encoding": "br"},
            auto_decompress=False,
        ) as packed:
            assert packed.headers["Content-Encoding"] == "br"
            assert await packed.read() == b"brotli"
        assert (await visitor.get("/icon-192.png")).content_type == "image/png"
        for path in ("/assets/link.txt", "/assets/none.js", "/outside.txt", "/index.html"):
            assert (await visitor.get(path)).status == 404, path


async def test_pages_that_are_not_built_say_how_to_build_them(small_world: World) -> None:
    visitor = await small_world.visitor()
    answer = await visitor.get("/")
    assert answer.status == 503
    assert "make build" in await answer.text()


@pytest.mark.parametrize(
    "path",
    ["../outside.txt", "assets/../../outside.txt", "/etc/passwd", "a\0b", "x" * 5000, ".", ""],
)
def test_no_path_leaves_the_directory(tmp_path: Path, path: str) -> None:
    build(tmp_path)
    assert find_file(tmp_path / "static", Path(path)) is None


def test_inline_scripts_are_allowed_by_their_hash(tmp_path: Path) -> None:
    page = tmp_path / "x.html"
    page.write_text('<script src="/a.js"></script><script>1</script>')
    read = read_page(page)
    assert len(read.scripts) == 1
    assert read.scripts[0] in read.policy("ws://x")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "tg"),
        ("en", "en"),
        ("de, ru;q=0.5, en;q=0.7", "en"),
        ("ru;q=0", "tg"),
        ("RU-ru", "ru"),
        ("en;q=x", "tg"),
        (";;;,,,=", "tg"),
        ("x" * 10_000 + ",ru", "tg"),
    ],
)
def test_the_language_a_browser_likes_most(header: str, language: str) -> None:
    assert preferred_language(header, LANGUAGES, "tg") == language


async def test_the_worker_is_asked_for_again_and_may_fetch_only_from_here(
    sqlite_place: Place,
) -> None:
    build(sqlite_place.directory)
    async with running_world(sqlite_place) as world:
        visitor = await world.visitor()
        answer = await visitor.get("/worker.js")
        assert answer.content_type == "text/javascript"
        assert await answer.text() == "worker"
        assert answer.headers["Cache-Control"] == "no-cache"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'; connect-src 'self';" in policy


async def test_a_worker_that_is_turned_off_takes_itself_out_of_browsers(
    sqlite_place: Place,
) -> None:
    build(sqlite_place.directory)
    async with running_world(sqlite_place, pages={"service_worker": False}) as world:
        answer = await (await world.visitor()).get("/worker.js")
        assert answer.headers["Cache-Control"] == "no-cache"
        assert "registration.unregister()" in await answer.text()


async def test_an_installed_page_is_called_by_its_name_in_the_persons_language(
    sqlite_place: Place,
) -> None:
    build(sqlite_place.directory)
    async with running_world(sqlite_place) as world:
        visitor = await world.visitor()

        async def name(**headers: str) -> str:
            answer = await visitor.get("/manifest.webmanifest", headers=headers)
            assert answer.content_type == "application/manifest+json"
            return (await answer.text()).strip("{}")

        assert await name() == "tg"
        assert await name(**{"Accept-Language": "ru"}) == "ru"
        assert await name(Cookie="darsgoh_language=en") == "en"
        assert await name(Cookie="darsgoh_language=../../x") == "tg"
