"""The sessions that WHIP and WHEP have made: their addresses, ICE generations and ends."""

from __future__ import annotations

import logging
import secrets
from collections import deque
from enum import StrEnum
from typing import TYPE_CHECKING

from media.errors import Closed
from media.types import CloseReason
from signaling.answers import Connection, write_fragment
from signaling.errors import SessionUnknown, StaleTag, TagMissing

if TYPE_CHECKING:
    from media.room import Publication, Subscription
    from media.types import Candidate
    from signaling.grants import Grant
    from signaling.sdp import Offer
    from signaling.sdpfrag import Fragment

logger = logging.getLogger(__name__)

ID_BYTES = 18  # 144 random bits: a session's address cannot be guessed
REPLACED_KEPT = 1_000  # sessions; long enough for the page left behind to ask once
TAG_BYTES = 9  # 72 random bits: no two ICE generations look alike
ANY_TAG = frozenset({"*", '"*"'})  # RFC 9110 writes the first, the examples of RFC 9725 the second


class Protocol(StrEnum):
    """By which door a session came in."""

    WHIP = "whip"
    WHEP = "whep"


class Session:
    """One participant's transport as HTTP sees it."""

    def __init__(
        self,
        protocol: Protocol,
        grant: Grant,
        offer: Offer,
        membership: Publication | Subscription,
        candidates: tuple[Candidate, ...],
    ) -> None:
        self.id = secrets.token_urlsafe(ID_BYTES)
        self.protocol = protocol
        self.grant = grant
        self.etag = _new_tag()
        self.membership = membership
        self._offer = offer
        self._remote_ice = offer.ice
        self._candidates = candidates

    @property
    def path(self) -> str:
        """Return the address that Location names."""
        return f"/{self.protocol}/session/{self.id}"

    @property
    def connection(self) -> Connection:
        """Return what the other end needs to reach us now."""
        transport = self.membership.transport
        return Connection(transport.ice, transport.fingerprint, self._candidates)

    def belongs_to(self, grant: Grant) -> bool:
        """Say whether a grant is for the same participant, lesson, right and turn."""
        own = self.grant
        return (own.lesson, own.participant, own.right, own.turn) == (
            grant.lesson,
            grant.participant,
            grant.right,
            grant.turn,
        )

    def apply(self, fragment: Fragment, if_match: str | None) -> str | None:
        """Take candidates (returns None) or restart ICE (returns the fragment to answer).

        Raises TagMissing, StaleTag or SessionUnknown; the ICE session goes on as it was.
        RFC 9725 section 4.3.
        """
        self._check_tag(if_match)
        if fragment.ice == self._remote_ice:
            return None  # ICE-lite: their checks tell us where they are
        try:
            self.membership.transport.restart_ice()
        except Closed as error:
            raise SessionUnknown("session-unknown", "The session has ended.") from error
        self._remote_ice = fragment.ice
        self.etag = _new_tag()
        return write_fragment(self._offer, self.connection)

    def _check_tag(self, if_match: str | None) -> None:
        if if_match is None:
            raise TagMissing(
                "etag-missing", "Send If-Match with the session's ETag, or * to restart."
            )
        if if_match.strip() in ANY_TAG:
            return
        if self.etag not in {tag.strip() for tag in if_match.split(",")}:
            raise StaleTag("etag-stale", "The ICE session has been restarted since that ETag.")


class Sessions:
    """The sessions of this process, by their unguessable ids."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}
        self._replaced: deque[str] = deque(maxlen=REPLACED_KEPT)

    def __len__(self) -> int:
        return len(self._sessions)

    def add(self, session: Session) -> None:
        """Keep a session until its transport ends, whoever ends it."""
        self._sessions[session.id] = session
        session.membership.on_close(lambda reason: self._forget(session, reason))
        logger.info("%s session begins: %s", session.protocol, _told(session))

    def get(self, protocol: Protocol, identifier: str) -> Session:
        """Return a session that came in by this door, or raise SessionUnknown."""
        session = self._sessions.get(identifier)
        if identifier in self._replaced:
            # Told apart, so that two devices of one teacher do not go on replacing each other.
            raise SessionUnknown(
                "session-replaced", "The same participant publishes from elsewhere now."
            )
        if session is None or session.protocol is not protocol:
            raise SessionUnknown("session-unknown", "There is no such session, or it has ended.")
        return session

    def end(self, lesson: str | None = None, participant: str | None = None) -> int:
        """End the sessions of a lesson, a participant or both; return how many."""
        ending = [
            session
            for session in self._sessions.values()
            if lesson in (None, session.grant.lesson)
            and participant in (None, session.grant.participant)
        ]
        for session in ending:
            session.membership.close(CloseReason.LEFT)
        return len(ending)

    def _forget(self, session: Session, reason: CloseReason) -> None:
        if reason is CloseReason.REPLACED:
            self._replaced.append(session.id)
        if self._sessions.pop(session.id, None) is not None:
            logger.info("%s session ends (%s): %s", session.protocol, reason, _told(session))


def _new_tag() -> str:
    return f'"{secrets.token_urlsafe(TAG_BYTES)}"'


def _told(session: Session) -> str:
    return f"lesson {session.grant.lesson}, participant {session.grant.participant}"
