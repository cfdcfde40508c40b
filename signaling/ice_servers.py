"""Tell clients which STUN and TURN servers to use (RFC 9725 section 4.6).

TURN credentials are made for one participant and expire: the user name is "expiry:participant",
the password its HMAC-SHA-1 under a secret shared with the TURN server ("TURN REST API", as
coturn's `use-auth-secret`).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from datetime import datetime

MAX_LIFETIME = timedelta(hours=1)  # a stolen credential relays for no longer than this
STUN_SCHEMES = ("stun:", "stuns:")  # RFC 7064
TURN_SCHEMES = ("turn:", "turns:")  # RFC 7065


@dataclass(frozen=True, slots=True)
class IceServers:
    """The servers of this installation; `secret` is shared with the TURN servers."""

    urls: tuple[str, ...] = ()
    secret: str = ""
    lifetime: timedelta = MAX_LIFETIME

    def __post_init__(self) -> None:
        for url in self.urls:
            if not url.startswith(STUN_SCHEMES + TURN_SCHEMES) or not _is_plain(url):
                raise ValueError(f"{url!r} is not a stun:, stuns:, turn: or turns: address")
        if any(url.startswith(TURN_SCHEMES) for url in self.urls) and not self.secret:
            raise ValueError("a TURN server needs the secret that is shared with it")
        if not timedelta(0) < self.lifetime <= MAX_LIFETIME:
            raise ValueError("TURN credentials live longer than zero and at most an hour")


def link_headers(servers: IceServers, participant: str, now: datetime) -> list[str]:
    """Return one Link header value for each server, with fresh credentials for TURN."""
    username, credential = turn_credentials(servers, participant, now)
    return [
        f'<{url}>; rel="ice-server"'
        + (
            f'; username="{username}"; credential="{credential}"; credential-type="password"'
            if url.startswith(TURN_SCHEMES)
            else ""
        )
        for url in servers.urls
    ]


def turn_credentials(servers: IceServers, participant: str, now: datetime) -> tuple[str, str]:
    """Return the user name and password that are good for `servers.lifetime` from now."""
    expiry = int((now + servers.lifetime).timestamp())
    username = f"{expiry}:{quote(participant, safe='')}"
    digest = hmac.new(servers.secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()


def _is_plain(url: str) -> bool:
    return url.isascii() and url.isprintable() and not set(url) & set(' <>"')
