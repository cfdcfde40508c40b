"""What is told of hands, to whom, and how a hand looks to whoever reads of it."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from server.hands.states import Reason, State, as_told
from server.hands.tables import Hand, HandSettings
from server.timeline import EVERYONE, PERSON, TEACHERS, Addressed

Told = list[Addressed]


@dataclass(frozen=True, slots=True)
class Name:
    """A person as everybody may know them."""

    id: uuid.UUID
    name: str

    def to_json(self) -> dict[str, str]:
        """Return the person as they travel."""
        return {"id": str(self.id), "name": self.name}


def hand_facts(hand: Hand, owner: Name, *, discreet: bool) -> dict[str, Any]:
    """Return a whole hand, as classmates (`discreet`) or those concerned may know it."""
    return {
        "number": hand.number,
        "person": owner.to_json(),
        "state": as_told(hand.state, discreet=discreet).value,
        "at": hand.at,
        "order": hand.rank,
        "first": hand.first,
        "camera": hand.camera,
        "from": hand.aired_from,
        "to": hand.aired_to,
        "until": hand.until,
        "talking": hand.talking,
        "test": None if discreet else _test(hand),
    }


def settings_facts(settings: HandSettings) -> dict[str, Any]:
    """Return the settings as they travel."""
    return {
        "paused": settings.paused,
        "limit": settings.limit_seconds,
        "auto": settings.auto,
        "push_to_talk": settings.push_to_talk,
    }


def raised(hand: Hand, owner: Name) -> Told:
    """Tell all that a hand is up."""
    return [_for_all("hand.raised", {"hand": hand_facts(hand, owner, discreet=True)})]


def lowered(hand: Hand, reason: Reason, by: Name | None) -> Told:
    """Tell all that a hand is down, and those concerned why."""
    news = {"hand": {"number": hand.number, "state": State.LOWERED.value}}
    why = {**news, "reason": reason.value, **_by(by)}
    return [*_for_few("hand.dropped", why, hand), _for_all("hand.lowered", news)]


def invited(hand: Hand, by: Name | None) -> Told:
    """Tell those concerned that somebody is asked to speak."""
    return _for_few("turn.invited", {"hand": _stands(hand), **_by(by)}, hand)


def accepted(hand: Hand) -> Told:
    """Tell those concerned that a silent test begins."""
    return _for_few("turn.accepted", {"hand": _stands(hand)}, hand)


def tested(hand: Hand) -> Told:
    """Tell those concerned what a silent test found."""
    return _for_few("turn.tested", {"hand": {"number": hand.number, "test": _test(hand)}}, hand)


def started(hand: Hand, owner: Name, by: Name | None) -> Told:
    """Tell all who is on air."""
    facts = hand_facts(hand, owner, discreet=True)
    return [_for_all("turn.started", {"hand": facts, **_by(by)})]


def talking(hand: Hand) -> Told:
    """Tell all whether the guest's button is held."""
    news = {"number": hand.number, "talking": hand.talking}
    return [_for_all("turn.talking", {"hand": news})]


def extended(hand: Hand, by: Name | None) -> Told:
    """Tell all until when a turn lasts."""
    news = {"number": hand.number, "until": hand.until}
    return [_for_all("turn.extended", {"hand": news, **_by(by)})]


def ended(hand: Hand, reason: Reason, by: Name | None) -> Told:
    """Tell all that a turn is over."""
    news = {"number": hand.number, "state": hand.state.value, "to": hand.aired_to}
    return [_for_all("turn.ended", {"hand": news, "reason": reason.value, **_by(by)})]


def settings_changed(settings: HandSettings, by: Name) -> Told:
    """Tell all what the teacher decided."""
    return [_for_all("hands.settings", {**settings_facts(settings), **_by(by)})]


def snapshot(
    settings: HandSettings,
    hands: Iterable[tuple[Hand, Name]],
    viewer: uuid.UUID | None,
    *,
    teacher: bool,
) -> dict[str, Any]:
    """Return what a page that joins is told; `hands` are those that are up."""
    sort = sorted(hands, key=lambda one: (one[0].state is not State.ON_AIR, *_order(one[0])))
    mine = next((hand.number for hand, owner in sort if owner.id == viewer), None)
    return {
        "settings": settings_facts(settings),
        "list": [
            hand_facts(hand, owner, discreet=not teacher and owner.id != viewer)
            for hand, owner in sort
        ],
        "mine": mine,
    }


def _order(hand: Hand) -> tuple[int, int]:
    return hand.rank, hand.number


def _stands(hand: Hand) -> dict[str, Any]:
    return {"number": hand.number, "state": hand.state.value}


def _test(hand: Hand) -> str | None:
    """Return what a test found while it matters."""
    return hand.test.value if hand.test is not None and hand.state is State.TESTING else None


def _by(teacher: Name | None) -> dict[str, Any]:
    return {} if teacher is None else {"by": teacher.to_json()}


def _for_all(kind: str, payload: dict[str, Any]) -> Addressed:
    return Addressed(kind, payload, EVERYONE)


def _for_few(kind: str, payload: dict[str, Any], hand: Hand) -> Told:
    return [
        Addressed(kind, payload, TEACHERS),
        Addressed(kind, payload, PERSON, hand.person_id),
    ]
