"""TURN credentials are for one participant and an hour at most."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest

from signaling.ice_servers import IceServers, link_headers, turn_credentials

NOW = datetime(2026, 3, 21, 9, 0, tzinfo=UTC)
SERVERS = IceServers(("turn:turn.example:3478",), secret="shared", lifetime=timedelta(minutes=30))


def test_the_user_name_is_expiry_and_participant_and_the_password_its_hmac() -> None:
    username, credential = turn_credentials(SERVERS, "person-1", NOW)
    assert username == f"{int(NOW.timestamp()) + 1800}:person-1"
    digest = hmac.new(b"shared", username.encode(), hashlib.sha1).digest()
    assert credential == base64.b64encode(digest).decode()


def test_a_link_for_each_server() -> None:
    servers = IceServers(("stun:s.example", "turn:t.example"), secret="shared")
    stun, turn = link_headers(servers, "person-1", NOW)
    assert stun == '<stun:s.example>; rel="ice-server"'
    username, credential = turn_credentials(servers, "person-1", NOW)
    assert turn == (
        f'<turn:t.example>; rel="ice-server"; username="{username}"; '
        f'credential="{credential}"; credential-type="password"'
    )


def test_a_participant_cannot_add_to_the_header() -> None:
    (link,) = link_headers(SERVERS, 'x"; evil="1\r\nSet-Cookie: Ҷ', NOW)
    assert link.isascii()
    assert link.isprintable()
    assert "evil%3D" in link


def test_without_servers_there_is_no_link() -> None:
    assert link_headers(IceServers(), "person-1", NOW) == []


@pytest.mark.parametrize(
    "settings",
    [
        {"urls": ("http://turn.example",)},
        {"urls": ("turn:turn.example>",), "secret": "x"},
        {"urls": ("turn:turn.example",)},
        {"urls": (), "lifetime": timedelta(hours=2)},
        {"urls": (), "lifetime": timedelta(0)},
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        IceServers(**settings)  # type: ignore[arg-type]  # values are checked by the test
