"""Signing in: links, passwords, sessions, and what tries to get around them."""

import asyncio
from datetime import timedelta

import pytest

from server import accounts
from server.keys import hash_token, sign
from server.models import Session
from server.viewer import COOKIE
from tests.server.conftest import Visitor, World, problem


async def link_for(world: World, name: str = "Someone", **life: float) -> str:
    """Make a person with a sign-in link and return its token."""
    person = await world.person(name)
    async with world.services.database.write() as session:
        span = timedelta(**(life or {"hours": 1}))
        return (await accounts.add_link(session, person.id, world.clock.now(), span)).token


async def who(visitor: Visitor) -> str | None:
    person = (await (await visitor.get("/api/session")).json())["person"]
    return None if person is None else str(person["name"])


async def test_a_link_signs_in_once(world: World) -> None:
    token = await link_for(world)
    first, second = await world.visitor(), await world.visitor()
    assert (await first.post("/api/sign-in/link", {"token": token})).status == 200
    assert await who(first) == "Someone"
    answer = await second.post("/api/sign-in/link", {"token": token})
    assert await problem(answer) == (410, "link-used")
    assert await who(second) is None


async def test_of_many_at_once_one_is_signed_in(world: World) -> None:
    token = await link_for(world)
    visitors = [await world.visitor() for _ in range(8)]
    answers = await asyncio.gather(
        *(visitor.post("/api/sign-in/link", {"token": token}) for visitor in visitors)
    )
    assert sorted(answer.status for answer in answers) == [200] + [410] * 7


async def test_an_old_or_unknown_link_is_refused(world: World) -> None:
    token = await link_for(world, minutes=5)
    world.clock.pass_time(minutes=5)
    visitor = await world.visitor()
    answer = await visitor.post("/api/sign-in/link", {"token": token})
    assert await problem(answer) == (410, "link-expired")
    answer = await visitor.post("/api/sign-in/link", {"token": token[:-1]})
    assert await problem(answer) == (404, "link-unknown")


async def test_a_new_link_makes_the_unused_one_worthless(world: World) -> None:
    staff = await world.staff()
    answer = await staff.post("/api/people", {"name": "New", "login": "new"})
    body = await answer.json()
    old = body["link"].partition("#")[2]
    answer = await staff.post(f"/api/people/{body['person']['id']}/link")
    new = (await answer.json())["link"].partition("#")[2]
    visitor = await world.visitor()
    assert (await visitor.post("/api/sign-in/link", {"token": old})).status == 404
    assert (await visitor.post("/api/sign-in/link", {"token": new})).status == 200


async def test_signing_in_gives_a_new_session_and_ends_the_old(world: World) -> None:
    visitor = await world.sign_in(await world.person("First"))
    fixed = visitor.cookie()
    assert (await visitor.post("/api/sign-in/link", {"token": await link_for(world)})).status == 200
    assert await who(visitor) == "Someone"
    assert visitor.cookie() != fixed
    thief = await world.visitor()
    thief.headers["Cookie"] = fixed
    assert await who(thief) is None


async def test_a_session_planted_by_somebody_is_not_taken_over(world: World) -> None:
    visitor = await world.visitor()
    planted = sign(world.services.keys.cookies, "planted")
    visitor.headers["Cookie"] = f"{COOKIE}={planted}"
    answer = await visitor.post("/api/sign-in/link", {"token": await link_for(world)})
    assert answer.cookies[COOKIE].value != planted
    thief = await world.visitor()
    thief.headers["Cookie"] = f"{COOKIE}={planted}"
    assert await who(thief) is None


async def test_signing_out_ends_the_session_on_the_server(world: World) -> None:
    visitor = await world.sign_in(await world.person("Someone"))
    cookie = visitor.cookie()
    assert (await visitor.post("/api/sign-out")).status == 204
    assert visitor.cookie() == ""
    visitor.headers["Cookie"] = cookie
    assert await who(visitor) is None


async def test_a_session_lasts_as_long_as_it_is_used(world: World) -> None:
    visitor = await world.sign_in(await world.person("Someone"))
    for _ in range(3):
        world.clock.pass_time(days=29)
        assert await who(visitor) == "Someone"
    world.clock.pass_time(days=31)
    assert await who(visitor) is None


async def test_only_hashes_of_tokens_are_kept(world: World) -> None:
    visitor = await world.sign_in(await world.person("Someone"))
    value = visitor.cookie().partition("=")[2]
    token = value.rpartition(".")[0]
    async with world.services.database.read() as session:
        assert await session.get(Session, hash_token(token)) is not None
        assert await session.get(Session, hash_token(value)) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda value: value.rpartition(".")[0],
        lambda value: value[:-1] + ("0" if value[-1] != "0" else "1"),
        lambda value: "." + value.rpartition(".")[2],
        lambda _value: "",
        lambda _value: ".",
        lambda _value: "\u0442.x",
        lambda value: value * 50,
    ],
)
async def test_a_forged_cookie_is_nobody(small_world: World, change) -> None:  # type: ignore[no-untyped-def]
    visitor = await small_world.sign_in(await small_world.person("Someone"))
    value = visitor.cookie().partition("=")[2]
    forger = await small_world.visitor()
    forger.headers["Cookie"] = f"{COOKIE}={change(value)}"
    assert await who(forger) is None


async def test_the_cookie_is_closed_to_scripts_and_to_other_sites(small_world: World) -> None:
    visitor = await small_world.visitor()
    token = await link_for(small_world)
    answer = await visitor.post("/api/sign-in/link", {"token": token})
    cookie = answer.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["path"] == "/"
    assert not cookie["secure"]  # this test speaks plain HTTP
    assert not cookie["domain"]


async def test_behind_an_encrypting_proxy_the_cookie_is_secure(small_world: World) -> None:
    visitor = await small_world.visitor()
    visitor.headers["X-Forwarded-Proto"] = "https"
    token = await link_for(small_world)
    answer = await visitor.post("/api/sign-in/link", {"token": token})
    assert answer.cookies[COOKIE]["secure"]


async def with_password(world: World, login: str = "anna") -> Visitor:
    visitor = await world.sign_in(await world.person("Anna", login=login))
    answer = await visitor.post("/api/password", {"password": "correct horse"})
    assert answer.status == 204, await answer.text()
    return visitor


async def test_a_password_signs_in(world: World) -> None:
    await with_password(world)
    visitor = await world.visitor()
    wrong = await visitor.post("/api/sign-in", {"login": "anna", "password": "wrong horse"})
    assert await problem(wrong) == (401, "wrong-login")
    right = await visitor.post("/api/sign-in", {"login": " ANNA ", "password": "correct horse"})
    assert right.status == 200
    assert await who(visitor) == "Anna"


async def test_a_person_without_password_can_not_sign_in_with_one(world: World) -> None:
    await world.person("Bare", login="bare")
    visitor = await world.visitor()
    for password in ("", "None", "nobody's password"):
        answer = await visitor.post("/api/sign-in", {"login": "bare", "password": password})
        assert await problem(answer) == (401, "wrong-login")


async def test_changing_the_password_needs_the_old_one_and_ends_other_sessions(
    world: World,
) -> None:
    here = await with_password(world)
    there = await world.visitor()
    body = {"login": "anna", "password": "correct horse"}
    assert (await there.post("/api/sign-in", body)).status == 200
    for current in (None, "wrong horse"):
        answer = await here.post("/api/password", {"password": "other horse!", "current": current})
        assert await problem(answer) == (403, "wrong-password")
    body = {"password": "other horse!", "current": "correct horse"}
    assert (await here.post("/api/password", body)).status == 204
    assert await who(here) == "Anna"
    assert await who(there) is None


@pytest.mark.parametrize("password", ["short", "x" * 257, "nul\x00 in the middle"])
async def test_an_unfit_password_is_refused(small_world: World, password: str) -> None:
    visitor = await small_world.sign_in(await small_world.person("Anna", login="anna"))
    answer = await visitor.post("/api/password", {"password": password})
    assert answer.status in (400, 422)


async def test_guessing_a_password_ends_soon_and_does_not_lock_out_the_owner(
    small_world: World,
) -> None:
    await with_password(small_world)
    guesser, owner = await small_world.visitor(), await small_world.visitor()
    guesser.headers["X-Forwarded-For"] = "203.0.113.1"
    owner.headers["X-Forwarded-For"] = "203.0.113.2"
    body = {"login": "anna", "password": "guess guess"}
    codes = [(await guesser.post("/api/sign-in", body)).status for _ in range(11)]
    assert codes == [401] * 10 + [429]
    last = await guesser.post("/api/sign-in", {"login": "anna", "password": "correct horse"})
    assert await problem(last) == (429, "too-many-tries")
    assert int(last.headers["Retry-After"]) > 0
    body = {"login": "anna", "password": "correct horse"}
    assert (await owner.post("/api/sign-in", body)).status == 200


async def test_a_forged_forwarding_header_and_an_ipv6_customer_do_not_reset_the_count(
    small_world: World,
) -> None:
    await with_password(small_world)
    visitor = await small_world.visitor()
    codes = []
    for number in range(12):
        # the proxy appends the true address; what stands before it is the stranger's own
        forged = f"198.51.100.{number}, 2001:db8:0:1::{number:x}"
        headers = {"X-Forwarded-For": forged}
        body = {"login": "anna", "password": "guess guess"}
        codes.append((await visitor.post("/api/sign-in", body, headers=headers)).status)
    assert codes[10:] == [429, 429]


async def test_more_hashing_than_the_machine_can_do_is_answered_with_later(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_password(small_world)
    monkeypatch.setattr(small_world.services.passwords, "_waiting", 64)
    visitor = await small_world.visitor()
    answer = await visitor.post("/api/sign-in", {"login": "anna", "password": "correct horse"})
    assert await problem(answer) == (503, "busy")
    assert answer.headers["Retry-After"] == "5"


async def test_expired_sessions_and_links_are_forgotten(world: World) -> None:
    visitor = await world.sign_in(await world.person("Someone"))
    token_hash = hash_token(visitor.cookie().partition("=")[2].rpartition(".")[0])
    world.clock.pass_time(days=40)
    async with world.services.database.write() as session:
        await accounts.forget_expired(session, world.clock.now(), timedelta(days=1))
    async with world.services.database.read() as session:
        assert await session.get(Session, token_hash) is None
