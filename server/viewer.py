"""Who is asking: the signed session cookie and the person behind it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie

from aiohttp import web

from server import accounts
from server.errors import NotSignedIn
from server.keys import hash_token, sign, verify
from server.models import Person
from server.rights import Role, site_role
from server.services import SERVICES, Services
from server.web import is_https

COOKIE = "darsgoh_session"
LANGUAGE_COOKIE = "darsgoh_language"
LANGUAGE_COOKIE_DAYS = 365


@dataclass(frozen=True, slots=True)
class Viewer:
    """A person and the session they came with; nobody is a viewer without a person."""

    person: Person | None = None
    session: bytes | None = None
    at: datetime | None = None  # the moment of asking: what has expired by then is closed

    @property
    def role(self) -> Role:
        """Return what the viewer is where there is no course."""
        return site_role(
            signed_in=self.person is not None,
            staff=self.person is not None and self.person.staff,
        )

    def must_be_somebody(self) -> Person:
        """Return the person; raises NotSignedIn."""
        if self.person is None:
            raise NotSignedIn
        return self.person


_VIEWER = web.RequestKey("viewer", Viewer)


def session_life(services: Services) -> timedelta:
    """Return how long a browser stays signed in."""
    return timedelta(days=services.settings.auth.session_days)


async def find_viewer(services: Services, token: str | None) -> Viewer:
    """Return who holds a session token as it stands in the cookie."""
    value = verify(services.keys.cookies, token) if token else None
    if value is None:
        return Viewer(at=services.clock.now())
    return await find_viewer_of(services, hash_token(value))


async def find_viewer_of(services: Services, token_hash: bytes) -> Viewer:
    """Return who a session belongs to while it lasts."""
    now, life = services.clock.now(), session_life(services)
    async with services.database.read() as session:
        found = await accounts.find_holder(session, token_hash, now)
    if found is None:
        return Viewer(at=now)
    person, expires_at = found
    if accounts.wants_extension(expires_at, now, life):
        async with services.database.write() as session:
            await accounts.extend_session(session, token_hash, now + life)
    return Viewer(person, token_hash, now)


async def viewer_of(request: web.Request) -> Viewer:
    """Return who sent a request; asked once per request."""
    known = request.get(_VIEWER)
    if known is None:
        known = await find_viewer(request.app[SERVICES], request.cookies.get(COOKIE))
        request[_VIEWER] = known
    return known


def cookie_of(header: str) -> str | None:
    """Return our session's value from a Cookie header."""
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return None if morsel is None else morsel.value


async def sign_in(request: web.Request, response: web.StreamResponse, person: Person) -> None:
    """Give the browser a new session for a person; the one it came with ends."""
    services = request.app[SERVICES]
    old = (await viewer_of(request)).session
    life = session_life(services)
    async with services.database.write() as session:
        if old is not None:
            await accounts.close_session(session, old)
        token = await accounts.open_session(session, person.id, services.clock.now(), life)
    request[_VIEWER] = Viewer(person, hash_token(token), services.clock.now())
    if old is not None:
        await services.sockets.drop_session(old)
    _set_cookie(request, response, COOKIE, sign(services.keys.cookies, token), life)


def _set_cookie(
    request: web.Request, response: web.StreamResponse, name: str, value: str, life: timedelta
) -> None:
    response.set_cookie(
        name,
        value,
        max_age=int(life.total_seconds()),
        path="/",
        httponly=name == COOKIE,
        samesite="Lax",
        secure=is_https(request, request.app[SERVICES].settings),
    )


def remember_language(
    request: web.Request, response: web.StreamResponse, language: str | None
) -> None:
    """Let the next page come in this language before any script runs."""
    if language is not None:
        life = timedelta(days=LANGUAGE_COOKIE_DAYS)
        _set_cookie(request, response, LANGUAGE_COOKIE, language, life)


def drop_cookie(request: web.Request, response: web.StreamResponse) -> None:
    """Make the browser forget its session."""
    secure = is_https(request, request.app[SERVICES].settings)
    response.del_cookie(COOKIE, path="/", httponly=True, samesite="Lax", secure=secure)
