"""Signing in and out, the person's own name, language and password."""

from http import HTTPStatus

from aiohttp import web
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncSession

from server import __version__, accounts
from server.errors import Conflict, NotAllowed, NotSignedIn
from server.keys import hash_token
from server.limits import (
    PASSWORD_FAILED,
    SIGN_IN_ADDRESS,
    SIGN_IN_FAILED_ADDRESS,
    SIGN_IN_FAILED_ANYWHERE,
    SIGN_IN_FAILED_LOGIN,
)
from server.models import LOGIN_LENGTH, Person
from server.services import SERVICES, Services
from server.settings import LANGUAGES, Language
from server.texts import MAX_PASSWORD, Name, Password, clean_login
from server.viewer import Viewer, drop_cookie, remember_language, sign_in, viewer_of
from server.web import Body, client_address, json_answer, limit_key, read_body

routes = web.RouteTableDef()
MAX_TOKEN = 128  # characters; ours have 43


class SessionChange(Body):
    """What a person may change of themselves."""

    name: Name | None = None
    language: Language | None = None


class SignIn(Body):
    """A login with its password; what can not be one is merely wrong."""

    login: str = Field(max_length=4 * LOGIN_LENGTH)
    password: str = Field(max_length=MAX_PASSWORD)


class LinkUse(Body):
    """The token of a one-time link."""

    token: str = Field(min_length=1, max_length=MAX_TOKEN)


class PasswordChange(Body):
    """A new password, with the present one if there is one."""

    password: Password
    current: str | None = Field(default=None, max_length=MAX_PASSWORD)


def session_facts(services: Services, viewer: Viewer) -> dict[str, object]:
    """Return who is signed in and what the page must know of the server."""
    person = viewer.person
    return {
        "person": None if person is None else own_facts(person),
        "server": {
            "version": __version__,
            "demo": services.demo is not None,
            "languages": list(LANGUAGES),
            "default_language": services.settings.pages.language,
            "time_zone": services.settings.pages.time_zone,
        },
    }


def own_facts(person: Person) -> dict[str, object]:
    """Return what a person may know of themselves."""
    return {
        "id": str(person.id),
        "name": person.name,
        "staff": person.staff,
        "guest": person.guest,
        "language": person.language,
        "has_password": person.password_hash is not None,
    }


async def session_answer(
    request: web.Request, person: Person | None = None, **more: object
) -> web.Response:
    """Return the session's facts, signing a person in first if one is given."""
    services = request.app[SERVICES]
    response = json_answer({})
    if person is not None:
        await sign_in(request, response, person)
        remember_language(request, response, person.language)
    viewer = await viewer_of(request)
    answer = json_answer({**session_facts(services, viewer), **more})
    answer.cookies.update(response.cookies)
    return answer


@routes.get("/api/session")
async def get_session(request: web.Request) -> web.Response:
    """Say who is signed in."""
    return await session_answer(request)


@routes.patch("/api/session")
async def change_session(request: web.Request) -> web.Response:
    """Change the person's own name or language."""
    viewer = await viewer_of(request)
    person = viewer.must_be_somebody()
    change = await read_body(request, SessionChange)
    async with request.app[SERVICES].database.write() as session:
        row = await session.get_one(Person, person.id)
        row.name = change.name or row.name
        row.language = change.language or row.language
    person.name, person.language = row.name, row.language
    response = await session_answer(request)
    remember_language(request, response, change.language)
    return response


@routes.post("/api/sign-in")
async def sign_in_by_password(request: web.Request) -> web.Response:
    """Sign in with a login and its password."""
    services = request.app[SERVICES]
    given = await read_body(request, SignIn)
    address = limit_key(client_address(request, services.settings))
    try:
        login = clean_login(given.login)
    except ValueError:
        login = ""
    await services.limits.take(SIGN_IN_ADDRESS, address)
    await services.limits.check(SIGN_IN_FAILED_ADDRESS, address)
    # Counted before the answer is known: guesses sent at the same moment count as well.
    # By login and address, so that a stranger's guesses do not lock the owner out at once.
    await services.limits.take(SIGN_IN_FAILED_LOGIN, f"{login} {address}")
    await services.limits.check(SIGN_IN_FAILED_ANYWHERE, login)
    async with services.database.read() as session:
        person = await accounts.find_person(session, login)
    stored = None if person is None else person.password_hash
    if not await services.passwords.check(stored, given.password) or person is None:
        await services.limits.allows(SIGN_IN_FAILED_ADDRESS, address)
        await services.limits.allows(SIGN_IN_FAILED_ANYWHERE, login)
        raise NotSignedIn("wrong-login", "This login and password do not belong together.")
    await services.limits.clear(SIGN_IN_FAILED_LOGIN, f"{login} {address}")
    return await session_answer(request, person)


@routes.post("/api/sign-in/link")
async def sign_in_by_link(request: web.Request) -> web.Response:
    """Sign in with a one-time link."""
    services = request.app[SERVICES]
    given = await read_body(request, LinkUse)
    address = limit_key(client_address(request, services.settings))
    await services.limits.take(SIGN_IN_ADDRESS, address)
    async with services.database.write() as session:
        person = await _demo_person(services, session, given.token)
        if person is None:
            person = await accounts.use_link(session, given.token, services.clock.now())
    return await session_answer(request, person)


async def _demo_person(services: Services, session: AsyncSession, token: str) -> Person | None:
    """Return whom a link of the demo signs in; those can be used again and again."""
    known = None if services.demo is None else services.demo.people.get(hash_token(token))
    return None if known is None else await session.get(Person, known)


@routes.post("/api/sign-out")
async def sign_out(request: web.Request) -> web.Response:
    """End this browser's session."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    if viewer.session is not None:
        async with services.database.write() as session:
            await accounts.close_session(session, viewer.session)
        await services.sockets.drop_session(viewer.session)
    response = web.Response(status=HTTPStatus.NO_CONTENT)
    drop_cookie(request, response)
    return response


@routes.post("/api/password")
async def set_password(request: web.Request) -> web.Response:
    """Set the person's own password and sign them out everywhere else."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    person = viewer.must_be_somebody()
    change = await read_body(request, PasswordChange)
    if person.login is None:
        raise Conflict("login-missing", "A password needs a login; ask the staff for one.")
    if person.password_hash is not None:
        await services.limits.take(PASSWORD_FAILED, str(person.id))
        if not await services.passwords.check(person.password_hash, change.current or ""):
            raise NotAllowed("wrong-password", "The present password is another one.")
    new_hash = await services.passwords.hash(change.password)
    async with services.database.write() as session:
        (await session.get_one(Person, person.id)).password_hash = new_hash
        dropped = await accounts.close_other_sessions(session, person.id, viewer.session)
        await accounts.drop_unused_links(session, person.id)
    for token_hash in dropped:
        await services.sockets.drop_session(token_hash)
    return web.Response(status=HTTPStatus.NO_CONTENT)
