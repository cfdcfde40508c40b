"""The HTTP side of WHIP and WHEP: routes, tokens, limits, CORS, problems.

Every request passes the same gate: how often, who, how much; then its handler; and every refusal
leaves as application/problem+json (RFC 9457) with a stable code.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from media.errors import (
    Closed,
    CodecMismatch,
    KindMismatch,
    LimitReached,
    MediaError,
    SourceTaken,
    TurnOver,
)
from media.membership import Subscription
from media.modes import Mode
from media.types import CloseReason
from signaling import cors, whep, whip
from signaling.answers import write_answer
from signaling.capabilities import VIDEO_CODECS
from signaling.errors import (
    BadRequest,
    BodyTooLarge,
    Busy,
    Conflict,
    GrantError,
    MethodNotAllowed,
    Refused,
    SessionUnknown,
    SignalingError,
    TooSlow,
    Unprocessable,
    WrongContentType,
)
from signaling.grants import Grant, Right, verify
from signaling.ice_servers import IceServers, link_headers
from signaling.limits import Limiter, RateLimits
from signaling.modes import MAX_MODE_LENGTH, TEXT, read_left, read_mode, standing
from signaling.sdp import MAX_SDP_LENGTH, parse_offer
from signaling.sdpfrag import MAX_FRAGMENT_LENGTH, parse_fragment
from signaling.session import Protocol, Session, Sessions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from media.room import Publication, Room
    from media.rooms import Rooms
    from signaling.answers import AnsweredMedia
    from signaling.sdp import Offer

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

logger = logging.getLogger(__name__)

SDP = "application/sdp"
FRAGMENT = "application/trickle-ice-sdpfrag"
PROBLEM = "application/problem+json"
BODY_TIMEOUT = 30.0  # s for a body to arrive; an offer has a few kilobytes
RETRY_CLOSED = 3  # s until a client asks again whether the lesson has begun
RETRY_BUSY = 5  # s until a client asks again for room
WATCH_RIGHTS = frozenset(Right)  # who may speak or publish may also watch


@dataclass(frozen=True, slots=True)
class SignalingSettings:
    """What an installation decides about its media doors."""

    ice_servers: IceServers = field(default_factory=IceServers)
    limits: RateLimits = field(default_factory=RateLimits)
    cors_origins: tuple[str, ...] = ("*",)  # no cookie is read here, so any page may ask
    video_codecs: tuple[str, ...] = VIDEO_CODECS  # most wanted first


async def everyone_may_join(grant: Grant) -> None:
    """Refuse nobody who holds a good grant."""


def utc_now() -> datetime:
    """Return the time of day by which tokens are judged."""
    return datetime.now(UTC)


def remote_address(request: web.Request) -> str:
    """Return the address a request comes from, as the socket says."""
    return request.remote or "unknown"


class Signaling:
    """The WHIP and WHEP doors of a set of rooms.

    `may_join` raises Refused when the server has changed its mind since the grant was issued.
    `source_of` tells where a request really comes from, behind a proxy for instance.
    """

    def __init__(
        self,
        rooms: Rooms,
        key: bytes,
        settings: SignalingSettings | None = None,
        may_join: Callable[[Grant], Awaitable[None]] = everyone_may_join,
        *,
        clock: Callable[[], datetime] = utc_now,
        source_of: Callable[[web.Request], str] = remote_address,
    ) -> None:
        self.sessions = Sessions()
        self._rooms = rooms
        self._key = key
        self._settings = settings or SignalingSettings()
        self._may_join = may_join
        self._clock = clock
        self._source_of = source_of
        self._limiter = Limiter(self._settings.limits)

    def routes(self) -> list[web.AbstractRouteDef]:
        """Return the routes to mount at the root of an application."""
        routes = self._session_routes(Protocol.WHIP) + self._session_routes(Protocol.WHEP)
        routes += self._endpoint_routes("/whip/{lesson}", self._publish(whip.Entrance.CAMERA))
        routes += self._endpoint_routes(
            "/whip/{lesson}/{entrance:screen}", self._publish(whip.Entrance.SCREEN)
        )
        routes += self._endpoint_routes(
            "/whip/{lesson}/{entrance:guest}", self._publish(whip.Entrance.GUEST)
        )
        routes += self._endpoint_routes("/whep/{lesson}", self._watch)
        routes += self._routes(
            "/whep/session/{session}/mode",
            {
                hdrs.METH_PUT: self._put_mode,
                hdrs.METH_GET: self._describe_mode,
                hdrs.METH_OPTIONS: self._options_of_mode,
            },
        )
        return routes

    def end_sessions(self, lesson: str | None = None, participant: str | None = None) -> int:
        """End the sessions of a lesson, a participant or both at once; return how many."""
        return self.sessions.end(lesson, participant)

    # --- routes -----------------------------------------------------------------------------

    def _endpoint_routes(self, path: str, post: Handler) -> list[web.AbstractRouteDef]:
        protocol = Protocol.WHEP if path.startswith("/whep") else Protocol.WHIP
        head = self._describe_player if protocol is Protocol.WHEP else self._describe
        return self._routes(
            path,
            {
                hdrs.METH_POST: post,
                hdrs.METH_GET: self._describe,
                hdrs.METH_HEAD: head,
                hdrs.METH_OPTIONS: self._options_of_endpoint,
            },
        )

    def _session_routes(self, protocol: Protocol) -> list[web.AbstractRouteDef]:
        return self._routes(
            f"/{protocol}/session/{{session}}",
            {
                hdrs.METH_PATCH: self._patch,
                hdrs.METH_DELETE: self._delete,
                hdrs.METH_GET: self._describe_session,
                hdrs.METH_HEAD: self._describe_session,
                hdrs.METH_OPTIONS: self._options_of_session,
            },
        )

    def _routes(self, path: str, handlers: dict[str, Handler]) -> list[web.AbstractRouteDef]:
        allowed = ", ".join(handlers)

        async def refuse(request: web.Request) -> web.StreamResponse:
            raise MethodNotAllowed(
                "method-not-allowed",
                f"{request.method} means nothing here; there are {allowed}.",
                headers={hdrs.ALLOW: allowed},
            )

        routes: list[web.AbstractRouteDef] = [
            # aiohttp would answer HEAD with the handler of GET, which is another one here
            web.get(path, self._gated(handler), allow_head=False)
            if method == hdrs.METH_GET
            else web.route(method, path, self._gated(handler))
            for method, handler in handlers.items()
        ]
        return [*routes, web.route(hdrs.METH_ANY, path, self._gated(refuse))]

    def _gated(self, handler: Handler) -> Handler:
        async def gate(request: web.Request) -> web.StreamResponse:
            try:
                self._limiter.admit_address(self._source_of(request))
                response = await handler(request)
            except SignalingError as error:
                response = problem(error)
            except MediaError as error:
                response = problem(translate(error))
            response.headers.update(cors.headers(request, self._settings.cors_origins))
            if request.content.exception() is not None:
                response.force_close()  # nobody knows where the next request would begin
            return response

        return gate

    # --- endpoints --------------------------------------------------------------------------

    def _publish(self, entrance: whip.Entrance) -> Handler:
        async def publish(request: web.Request) -> web.StreamResponse:
            grant, room, offer = await self._enter(request, whip.RIGHTS[entrance])
            publication, answered = whip.publish(
                room, grant, entrance, offer, self._settings.video_codecs
            )
            return self._created(Protocol.WHIP, grant, offer, publication, answered)

        return publish

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        mode = read_mode(request.query.get("mode", Mode.AUTO))
        left = read_left(request.query.get("left"))
        grant, room, offer = await self._enter(request, WATCH_RIGHTS)
        subscription, answered = whep.subscribe(
            room,
            grant.participant,
            offer,
            rehearsal=grant.rehearsal,
            video_codecs=self._settings.video_codecs,
        )
        subscription.set_mode(mode)
        subscription.set_left(left)
        return self._created(Protocol.WHEP, grant, offer, subscription, answered)

    async def _enter(
        self, request: web.Request, rights: frozenset[Right]
    ) -> tuple[Grant, Room, Offer]:
        """Check a POST as far as the offer; the room is looked up last, it may end meanwhile."""
        grant = self._endpoint_grant(request)
        if grant.right not in rights:
            raise Refused("right-missing", f"A grant to {grant.right} does not open this door.")
        text = await read_text(request, SDP, MAX_SDP_LENGTH)
        offer = parse_offer(text)
        await self._may_join(grant)
        room = self._rooms.get(grant.lesson)
        if room is None:
            raise lesson_not_open()
        return grant, room, offer

    def _created(
        self,
        protocol: Protocol,
        grant: Grant,
        offer: Offer,
        membership: Publication | Subscription,
        answered: list[AnsweredMedia],
    ) -> web.Response:
        session = Session(protocol, grant, offer, membership, tuple(self._rooms.candidates()))
        try:
            answer = write_answer(offer, answered, session.connection, secrets.randbits(62))
            membership.transport.connect(offer.fingerprints)
        except BaseException:
            membership.close(CloseReason.LEFT)
            raise
        self.sessions.add(session)
        response = typed(201, answer, SDP)
        response.headers[hdrs.LOCATION] = session.path
        response.headers[hdrs.ETAG] = session.etag
        response.headers[cors.ACCEPT_PATCH] = FRAGMENT
        self._add_links(response, grant)
        return response

    async def _describe(self, request: web.Request) -> web.StreamResponse:
        self._endpoint_grant(request)
        return web.Response(status=204)

    async def _describe_player(self, request: web.Request) -> web.StreamResponse:
        self._endpoint_grant(request)
        return web.Response(status=200, content_type=SDP)

    async def _options_of_endpoint(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=200)
        response.headers[cors.ACCEPT_POST] = SDP
        if not cors.is_preflight(request) and hdrs.AUTHORIZATION in request.headers:
            self._add_links(response, self._endpoint_grant(request))
        return response

    # --- sessions ---------------------------------------------------------------------------

    async def _patch(self, request: web.Request) -> web.StreamResponse:
        session = self._own_session(request)
        if request.content_type != FRAGMENT:
            raise wrong_content_type(request, FRAGMENT, cors.ACCEPT_PATCH)
        fragment = parse_fragment(await read_text(request, FRAGMENT, MAX_FRAGMENT_LENGTH))
        answer = session.apply(fragment, request.headers.get(hdrs.IF_MATCH))
        if answer is None:
            return web.Response(status=204)
        response = typed(200, answer, FRAGMENT)
        response.headers[hdrs.ETAG] = session.etag
        return response

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        session = self._own_session(request, leaving=True)
        session.membership.close(CloseReason.LEFT)
        return web.Response(status=200)

    async def _describe_session(self, request: web.Request) -> web.StreamResponse:
        session = self._own_session(request)
        response = web.Response(status=204)
        response.headers[hdrs.ETAG] = session.etag
        return response

    async def _options_of_session(self, request: web.Request) -> web.StreamResponse:
        response = web.Response(status=200)
        response.headers[cors.ACCEPT_PATCH] = FRAGMENT
        return response

    async def _put_mode(self, request: web.Request) -> web.StreamResponse:
        subscription = self._own_subscription(request)
        left = read_left(request.query.get("left"))
        subscription.set_mode(read_mode(await read_text(request, TEXT, MAX_MODE_LENGTH)))
        subscription.set_left(left)
        return web.json_response(standing(subscription))

    async def _describe_mode(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(standing(self._own_subscription(request)))

    async def _options_of_mode(self, _request: web.Request) -> web.StreamResponse:
        return web.Response(status=200)

    def _own_subscription(self, request: web.Request) -> Subscription:
        membership = self._own_session(request).membership
        if not isinstance(membership, Subscription):
            raise SessionUnknown("session-unknown", "Only who watches has a mode.")
        return membership

    # --- who --------------------------------------------------------------------------------

    def _endpoint_grant(self, request: web.Request) -> Grant:
        grant = verify(self._key, bearer_token(request), self._clock())
        self._limiter.admit_participant(grant.participant)
        if grant.lesson != request.match_info["lesson"]:
            raise Refused("token-elsewhere", "The token is for another lesson.")
        return grant

    def _own_session(self, request: web.Request, *, leaving: bool = False) -> Session:
        """Return the session of the address, for a grant like the one that made it.

        Whoever may not stay any longer may still leave: DELETE takes an expired token.
        """
        grant = verify(self._key, bearer_token(request), self._clock(), even_expired=leaving)
        self._limiter.admit_participant(grant.participant)
        protocol = Protocol(request.path.split("/", 2)[1])
        session = self.sessions.get(protocol, request.match_info["session"])
        if not session.belongs_to(grant):
            raise Refused("token-elsewhere", "The token is not of the participant who began this.")
        return session

    def _add_links(self, response: web.Response, grant: Grant) -> None:
        servers = self._settings.ice_servers
        for link in link_headers(servers, grant.participant, self._clock()):
            response.headers.add(hdrs.LINK, link)


def bearer_token(request: web.Request) -> str:
    """Return the token of the Authorization header (RFC 6750 section 2.1), or raise GrantError."""
    scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise GrantError("token-missing", "Send the token as Authorization: Bearer.")
    return token.strip()


async def read_text(request: web.Request, content_type: str, limit: int) -> str:
    """Return a body of the right type, at most `limit` bytes; raise what is wrong with it."""
    if request.content_type != content_type:
        raise wrong_content_type(request, content_type, cors.ACCEPT_POST)
    too_large = BodyTooLarge("body-too-large", f"The body may have {limit} bytes.")
    if (request.content_length or 0) > limit:
        raise too_large
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise too_large
        return body.decode()
    except TimeoutError as error:
        raise TooSlow("body-too-slow", f"The body took over {BODY_TIMEOUT:.0f} s.") from error
    except web.RequestPayloadError as error:
        request.content.feed_eof()  # or aiohttp reads on, and logs what we have answered
        raise BadRequest("body-broken", "The body breaks its own encoding.") from error
    except UnicodeDecodeError as error:
        raise BadRequest("sdp-not-text", "The body is not UTF-8 text.") from error


def typed(status: int, text: str, content_type: str) -> web.Response:
    """Return a response without a charset, which some clients' comparisons do not expect."""
    return web.Response(status=status, body=text.encode(), content_type=content_type)


def wrong_content_type(request: web.Request, wanted: str, header: str) -> WrongContentType:
    """Return the refusal that names the type we take (RFC 9110 section 15.5.16)."""
    return WrongContentType(
        "content-type-wrong",
        f"The body must be {wanted}, not {request.content_type}.",
        headers={header: wanted},
    )


def lesson_not_open() -> Conflict:
    """Return the refusal that makes WHEP players ask again."""
    return Conflict(
        "lesson-not-open",
        "The lesson has not begun, or is over.",
        headers={hdrs.RETRY_AFTER: str(RETRY_CLOSED)},
    )


def translate(error: MediaError) -> SignalingError:
    """Return what an error of the media package means to an HTTP client."""
    match error:
        case SourceTaken():
            return Conflict(error.code, str(error))
        case TurnOver():
            return Refused(error.code, str(error))
        case CodecMismatch() | KindMismatch():
            return Unprocessable(error.code, str(error))
        case LimitReached():
            return Busy(error.code, str(error), headers={hdrs.RETRY_AFTER: str(RETRY_BUSY)})
        case Closed():
            return lesson_not_open()
    return Busy(error.code, str(error), headers={hdrs.RETRY_AFTER: str(RETRY_BUSY)})


def problem(error: SignalingError) -> web.Response:
    """Return a refusal as application/problem+json (RFC 9457)."""
    logger.debug("refused with %d %s: %s", error.status, error.code, error.detail)
    body = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
    }
    return web.json_response(body, status=error.status, content_type=PROBLEM, headers=error.headers)
