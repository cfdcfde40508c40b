"""A whole server in the test's own loop, on SQLite and on PostgreSQL."""

import itertools
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, CookieJar
from aiohttp.test_utils import TestClient, TestServer
from argon2 import PasswordHasher

from media.rooms import Rooms
from media.worker import Worker
from server import accounts
from server.app import build_services, create_app
from server.database import Database
from server.models import Person
from server.services import Services
from server.settings import Settings
from tests.media.fake_engine import FakeEngine
from tests.services import create_database, drop_database, running_postgres

FAST_HASHER = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}
NUMBERS = itertools.count(1)


@dataclass
class FakeClock:
    """Clocks that stand still until a test moves them."""

    wall: datetime = datetime(2026, 9, 1, 9, 0, tzinfo=UTC)
    steady: int = 1_000_000
    boot: str = "first-boot"

    def now(self) -> datetime:
        return self.wall

    def steady_ms(self) -> int:
        return self.steady

    def boot_id(self) -> str:
        return self.boot

    def pass_time(self, **parts: float) -> None:
        """Let time go by on both clocks."""
        span = timedelta(**parts)
        self.wall += span
        self.steady += int(span.total_seconds() * 1000)


STALL = 60  # seconds a disk that serves everything else may take for one write


@dataclass
class Place:
    """Where a server of the tests keeps its things."""

    directory: Path
    url: str = ""

    def settings(self, **sections: dict[str, Any]) -> Settings:
        fixed: dict[str, dict[str, Any]] = {
            "data": {"directory": self.directory},
            "database": {"url": self.url, "busy_seconds": STALL},
        }
        return Settings(**{**fixed, **sections})


@dataclass
class Visitor:
    """One browser: its cookies, and the person in it if somebody is signed in."""

    client: TestClient[Any, Any]
    person: Person | None = None
    headers: dict[str, str] = field(default_factory=lambda: dict(SAME_ORIGIN))

    async def send(self, method: str, path: str, **options: Any) -> ClientResponse:
        headers = {**self.headers, **options.pop("headers", {})}
        options.setdefault("allow_redirects", False)
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self.send("GET", path, **options)

    async def post(self, path: str, body: Any = None, **options: Any) -> ClientResponse:
        return await self.send("POST", path, json={} if body is None else body, **options)

    async def patch(self, path: str, body: Any, **options: Any) -> ClientResponse:
        return await self.send("PATCH", path, json=body, **options)

    async def delete(self, path: str, **options: Any) -> ClientResponse:
        return await self.send("DELETE", path, **options)

    def cookie(self) -> str:
        """Return the Cookie header this browser would send."""
        cookies = self.client.session.cookie_jar.filter_cookies(self.client.make_url("/"))
        return "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())


@dataclass
class World:
    """A running server, and verbs for what people do with it."""

    server: TestServer
    services: Services
    clock: FakeClock
    engine: FakeEngine
    visitors: list[Visitor] = field(default_factory=list)

    async def visitor(self) -> Visitor:
        """Open another browser."""
        client = TestClient(TestServer.__new__(TestServer), cookie_jar=CookieJar(unsafe=True))
        client._server = self.server
        visitor = Visitor(client)
        self.visitors.append(visitor)
        return visitor

    async def person(
        self, name: str = "", *, staff: bool = False, login: str | None = None
    ) -> Person:
        """Add a person."""
        async with self.services.database.write() as session:
            return await accounts.add_person(
                session,
                self.clock.now(),
                name or f"Person {next(NUMBERS)}",
                login=login,
                staff=staff,
            )

    async def sign_in(self, person: Person) -> Visitor:
        """Sign a person in with a one-time link, in a browser of their own."""
        async with self.services.database.write() as session:
            link = await accounts.add_link(session, person.id, self.clock.now(), timedelta(hours=1))
        visitor = await self.visitor()
        answer = await visitor.post("/api/sign-in/link", {"token": link.token})
        assert answer.status == 200, await answer.text()
        visitor.person = person
        return visitor

    async def staff(self) -> Visitor:
        return await self.sign_in(await self.person("Staff", staff=True))

    async def member(self, staff: Visitor, course: str, role: str) -> Visitor:
        """Add a new member to a course and sign them in."""
        person = await self.person(role.title())
        body = {"person_id": str(person.id), "role": role}
        answer = await staff.post(f"/api/courses/{course}/members", body)
        assert answer.status == 201, await answer.text()
        return await self.sign_in(person)

    async def course(self, staff: Visitor, title: str = "Physics") -> dict[str, Any]:
        return await created(staff.post("/api/courses", {"title": title}))

    async def lesson(self, teacher: Visitor, course: str, title: str = "Light") -> dict[str, Any]:
        return await created(teacher.post(f"/api/courses/{course}/lessons", {"title": title}))

    async def event(self, staff: Visitor, title: str = "Open day") -> dict[str, Any]:
        return await created(staff.post("/api/lessons", {"title": title, "public": True}))

    async def set_state(self, teacher: Visitor, lesson: str, *states: str) -> dict[str, Any]:
        """Take a lesson through states and return it."""
        facts: dict[str, Any] = {}
        for state in states:
            answer = await teacher.post(f"/api/lessons/{lesson}/state", {"state": state})
            assert answer.status == 200, await answer.text()
            facts = await answer.json()
        return facts

    async def close(self) -> None:
        for visitor in self.visitors:
            await visitor.client.session.close()


async def created(sending: Any) -> dict[str, Any]:
    """Return what was created, or say what went wrong."""
    answer = await sending
    assert answer.status == 201, await answer.text()
    facts: dict[str, Any] = await answer.json()
    return facts


async def problem(answer: ClientResponse) -> tuple[int, str]:
    """Return the status and code of a problem document."""
    assert answer.content_type == "application/problem+json", await answer.text()
    body = await answer.json()
    assert body["status"] == answer.status
    assert body["detail"]
    return answer.status, body["code"]


@asynccontextmanager
async def running_world(
    place: Place, clock: FakeClock | None = None, **sections: dict[str, Any]
) -> AsyncIterator[World]:
    """Run a server on a place; running it twice in a row is a restart."""
    clock = clock or FakeClock()
    engine = FakeEngine()
    worker = Worker(engine)  # type: ignore[arg-type]  # stands in for the engine, our own door
    services = build_services(place.settings(**sections), Rooms(worker), clock, FAST_HASHER)
    app = create_app(services, static=place.directory / "static")
    server = TestServer(app, shutdown_timeout=1)
    try:
        await server.start_server()
        world = World(server, services, clock, engine)
        yield world
        await world.close()
    finally:
        await server.close()
        await worker.close()


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    with running_postgres() as url:
        yield url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = Place(tmp_path_factory.mktemp("template"))
    _migrate(place)
    return place.directory / "darsgoh.sqlite3"


@pytest.fixture(scope="session")
def postgres_template(postgres: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    name = f"template_{uuid.uuid4().hex}"
    _migrate(Place(tmp_path_factory.mktemp("template"), create_database(postgres, name)))
    return name


def _migrate(place: Place) -> None:
    import asyncio  # noqa: PLC0415 - the fixture runs outside any loop

    async def migrate() -> None:
        database = Database.open(place.settings())
        await database.migrate()
        await database.close()

    asyncio.run(migrate())


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A data directory with an up-to-date database, on each engine in turn."""
    if request.param == "sqlite":
        template: Path = request.getfixturevalue("sqlite_template")
        shutil.copy(template, tmp_path / template.name)
        yield Place(tmp_path)
        return
    server: str = request.getfixturevalue("postgres")
    name = f"test_{uuid.uuid4().hex}"
    url = create_database(server, name, request.getfixturevalue("postgres_template"))
    yield Place(tmp_path, url)
    drop_database(server, name)


@pytest.fixture
def sqlite_place(sqlite_template: Path, tmp_path: Path) -> Place:
    """A place on SQLite alone, for what no database has a part in."""
    shutil.copy(sqlite_template, tmp_path / sqlite_template.name)
    return Place(tmp_path)


@pytest.fixture
async def world(place: Place) -> AsyncIterator[World]:
    async with running_world(place) as running:
        yield running


@pytest.fixture
async def small_world(sqlite_place: Place) -> AsyncIterator[World]:
    async with running_world(sqlite_place) as running:
        yield running


@pytest.fixture
async def sqlite_world_with_token(sqlite_place: Place) -> AsyncIterator[World]:
    async with running_world(sqlite_place, metrics={"token": "right-token"}) as running:
        yield running
