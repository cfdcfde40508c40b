"""Permission to publish or watch, as a token for the WHIP and WHEP doors."""

import uuid
from datetime import timedelta
from functools import partial
from typing import Literal

from aiohttp import web
from sqlalchemy.ext.asyncio import AsyncSession

from server.access import LessonAccess, lesson_access, open_lesson_rights
from server.clock import to_iso
from server.errors import Conflict
from server.hands.store import turn_of
from server.ids import parse_id
from server.lesson_state import OPEN
from server.models import Lesson, Person
from server.rights import Right
from server.services import SERVICES, Services
from server.viewer import Viewer, viewer_of
from server.web import (
    Body,
    client_address,
    json_answer,
    network_of,
    own_origin,
    path_id,
    read_body,
)
from signaling import grants as media_grants
from signaling.errors import Refused

routes = web.RouteTableDef()


class Wish(Body):
    """What is wanted; `encoder` asks for a token that lasts a whole day's lessons."""

    right: Literal["publish", "watch", "speak"]
    encoder: bool = False


def needed_right(right: media_grants.Right, turn: str | None) -> Right:
    """Return the right in the lesson that a grant stands for; whose turn it is only watches."""
    return Right.WATCH if turn is not None else Right(right.value)


@routes.post("/api/lessons/{lesson}/grant")
async def give_grant(request: web.Request) -> web.Response:
    """Return a token and the addresses it opens."""
    services = request.app[SERVICES]
    viewer = await viewer_of(request)
    lesson_id = path_id(request, "lesson")
    async with services.database.read() as session:
        await lesson_access(session, viewer, lesson_id, Right.SEE)
    wish = await read_body(request, Wish)
    right = media_grants.Right(wish.right)
    async with services.database.read() as session:
        turn = await _turn(session, viewer, lesson_id, right)
        access = await lesson_access(session, viewer, lesson_id, needed_right(right, turn))
    person = viewer.must_be_somebody()
    _must_be_open(access.lesson)
    grant = _grant(services, access, person, right, encoder=wish.encoder, turn=turn)
    token = media_grants.issue(services.keys.grants, grant, services.clock.now())
    base = own_origin(request, services.settings)
    return json_answer(
        {
            "token": token,
            "expires_at": to_iso(grant.expires_at),
            "whip": f"{base}/whip/{lesson_id}",
            "whip_screen": f"{base}/whip/{lesson_id}/screen",
            "whip_guest": f"{base}/whip/{lesson_id}/guest",
            "whep": f"{base}/whep/{lesson_id}",
            "network": network_of(client_address(request, services.settings)),
        }
    )


def _must_be_open(lesson: Lesson) -> None:
    if lesson.state not in OPEN:
        raise Conflict(
            "lesson-not-open",
            "The lesson is not open.",
            state=lesson.state.value,
            starts_at=None if lesson.starts_at is None else to_iso(lesson.starts_at),
        )


def _grant(
    services: Services,
    access: LessonAccess,
    person: Person,
    right: media_grants.Right,
    *,
    encoder: bool,
    turn: str | None,
) -> media_grants.Grant:
    media = services.settings.media
    life = timedelta(minutes=media.grant_minutes)
    if encoder and right is media_grants.Right.PUBLISH:
        life = timedelta(hours=media.encoder_grant_hours)
    return media_grants.Grant(
        lesson=str(access.lesson.id),
        right=right,
        participant=str(person.id),
        name=person.name,
        rehearsal=Right.TEACH in access.rights,
        expires_at=services.clock.now() + life,
        turn=turn,
    )


async def _turn(
    session: AsyncSession, viewer: Viewer, lesson_id: uuid.UUID, right: media_grants.Right
) -> str | None:
    """Return the turn to which a grant to speak is bound."""
    if right is not media_grants.Right.SPEAK or viewer.person is None:
        return None
    return await turn_of(session, lesson_id, viewer.person.id)


async def may_join(services: Services, grant: media_grants.Grant) -> None:
    """Ask again at the door: the right may have been taken since; raises Refused."""
    lesson_id, person_id = parse_id(grant.lesson), parse_id(grant.participant)
    if lesson_id is None or person_id is None:
        raise Refused("not-allowed", "The token names nobody here.")
    turn = None
    if grant.turn is not None:
        async with services.database.read() as session:
            turn = await turn_of(session, lesson_id, person_id)
    rights = await services.database.ask(
        partial(open_lesson_rights, person_id=person_id, lesson_id=lesson_id)
    )
    if turn != grant.turn:
        raise Refused("turn-over", "The turn to speak is over.")
    if needed_right(grant.right, turn) not in rights:
        raise Refused("not-allowed", "You do not have this right in the lesson any more.")
    if services.demo is not None:
        services.demo.admit(grant)
