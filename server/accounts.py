"""People, their one-time links, their passwords and the browsers they are signed in with."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, exists, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from server.clock import to_milliseconds
from server.errors import Conflict, Gone, NotFound
from server.ids import uuid7
from server.keys import hash_token, new_token
from server.models import Person, Session, SignInLink

# A session's end moves on when it is used, but the row is written at most this often.
_EXTEND_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Link:
    """A one-time link's token, which is kept nowhere, and its end."""

    token: str
    expires_at: datetime

    def url(self, origin: str) -> str:
        """Return the link; the fragment reaches no log and no Referer."""
        return f"{origin}/sign-in#{self.token}"


async def add_person(
    session: AsyncSession,
    now: datetime,
    name: str,
    *,
    login: str | None = None,
    staff: bool = False,
    guest: bool = False,
    language: str | None = None,
) -> Person:
    """Add a person; raises Conflict for a login that somebody has."""
    person = Person(
        id=uuid7(to_milliseconds(now)),
        name=name,
        login=login,
        password_hash=None,
        staff=staff,
        guest=guest,
        language=language,
        created_at=now,
    )
    try:
        async with session.begin_nested():
            session.add(person)
    except IntegrityError as error:
        raise Conflict("login-taken", "Somebody already has this login.", field="login") from error
    return person


async def find_person(session: AsyncSession, login: str) -> Person | None:
    """Return the person with a login."""
    return await session.scalar(select(Person).where(Person.login == login))


async def add_link(
    session: AsyncSession, person_id: uuid.UUID, now: datetime, life: timedelta
) -> Link:
    """Make a one-time link for a person."""
    link = Link(new_token(), now + life)
    session.add(
        SignInLink(
            token_hash=hash_token(link.token),
            person_id=person_id,
            created_at=now,
            expires_at=link.expires_at,
            used_at=None,
        )
    )
    return link


async def use_link(session: AsyncSession, token: str, now: datetime) -> Person:
    """Use a link up and return its person; of two at the same moment, one wins."""
    token_hash = hash_token(token)
    person_id = await session.scalar(
        update(SignInLink)
        .where(
            SignInLink.token_hash == token_hash,
            SignInLink.used_at.is_(None),
            SignInLink.expires_at > now,
        )
        .values(used_at=now)
        .returning(SignInLink.person_id),
        execution_options={"synchronize_session": False},
    )
    person = await session.get(Person, person_id) if person_id is not None else None
    if person is None:
        raise await _why_not(session, token_hash)
    return person


async def _why_not(session: AsyncSession, token_hash: bytes) -> Gone | NotFound:
    link = await session.get(SignInLink, token_hash)
    if link is None:
        return NotFound("link-unknown", "This sign-in link is not known; was it copied whole?")
    if link.used_at is not None:
        return Gone("link-used", "This sign-in link was used already; ask for a new one.")
    return Gone("link-expired", "This sign-in link is too old; ask for a new one.")


async def open_session(
    session: AsyncSession, person_id: uuid.UUID, now: datetime, life: timedelta
) -> str:
    """Sign a person in and return the token for the cookie; always a new one."""
    token = new_token()
    session.add(
        Session(
            token_hash=hash_token(token),
            person_id=person_id,
            created_at=now,
            expires_at=now + life,
        )
    )
    return token


# Built once: building it costs as much as asking it, and it is asked for every request.
_HOLDER = (
    select(Person, Session.expires_at)
    .join(Session, Session.person_id == Person.id)
    .where(Session.token_hash == bindparam("session"), Session.expires_at > bindparam("now"))
)


async def find_holder(
    session: AsyncSession, token_hash: bytes, now: datetime
) -> tuple[Person, datetime] | None:
    """Return whose open session it is, and when it ends."""
    found = await session.execute(_HOLDER, {"session": token_hash, "now": now})
    row = found.one_or_none()
    return None if row is None else (row[0], row[1])


def wants_extension(expires_at: datetime, now: datetime, life: timedelta) -> bool:
    """Return whether a session has been used long enough after it was last extended."""
    return expires_at < now + life - _EXTEND_AFTER


async def extend_session(session: AsyncSession, token_hash: bytes, until: datetime) -> None:
    """Move a session's end."""
    await session.execute(
        update(Session).where(Session.token_hash == token_hash).values(expires_at=until)
    )


async def close_session(session: AsyncSession, token_hash: bytes) -> None:
    """Sign one browser out."""
    await session.execute(delete(Session).where(Session.token_hash == token_hash))


async def close_other_sessions(
    session: AsyncSession, person_id: uuid.UUID, kept: bytes | None
) -> list[bytes]:
    """Sign a person out everywhere else and return those sessions."""
    query = delete(Session).where(Session.person_id == person_id)
    if kept is not None:
        query = query.where(Session.token_hash != kept)
    return list((await session.scalars(query.returning(Session.token_hash))).all())


async def forget_expired(session: AsyncSession, now: datetime, keep: timedelta) -> None:
    """Delete sessions that have ended, and links some time after they did."""
    await session.execute(delete(Session).where(Session.expires_at <= now))
    await session.execute(delete(SignInLink).where(SignInLink.expires_at <= now - keep))


async def first_administrator(session: AsyncSession, now: datetime) -> Person | None:
    """Return the administrator who still has to sign in for the first time, or None.

    Made when there is no staff at all; the same person again as long as nobody ever signed in.
    """
    staff = (await session.scalars(select(Person).where(Person.staff))).all()
    if not staff:
        return await add_person(session, now, "Administrator", staff=True)
    ids = [person.id for person in staff]
    used = exists().where(SignInLink.person_id.in_(ids), SignInLink.used_at.is_not(None))
    signed_in = exists().where(Session.person_id.in_(ids))
    with_password = exists().where(Person.staff, Person.password_hash.is_not(None))
    claimed = await session.scalar(select(used | signed_in | with_password))
    return None if claimed or len(staff) > 1 else staff[0]


async def drop_unused_links(session: AsyncSession, person_id: uuid.UUID) -> None:
    """Make the links that a person has not used worthless."""
    await session.execute(
        delete(SignInLink).where(SignInLink.person_id == person_id, SignInLink.used_at.is_(None))
    )
