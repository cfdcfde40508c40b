"""Let pages of other origins use the media doors (Fetch standard, RFC 9725 section 4.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import hdrs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

ACCEPT_POST = "Accept-Post"
ACCEPT_PATCH = "Accept-Patch"
ALLOWED_METHODS = "POST, GET, HEAD, PUT, PATCH, DELETE, OPTIONS"
ALLOWED_HEADERS = "Authorization, Content-Type, If-Match"
EXPOSED_HEADERS = f"Location, ETag, Link, Retry-After, {ACCEPT_POST}, {ACCEPT_PATCH}"
PREFLIGHT_LIFETIME = 600  # s that a browser may remember the permission


def is_preflight(request: web.Request) -> bool:
    """Say whether a browser asks for permission, without the user's token."""
    return (
        request.method == hdrs.METH_OPTIONS
        and hdrs.ACCESS_CONTROL_REQUEST_METHOD in request.headers
    )


def headers(request: web.Request, origins: Sequence[str]) -> dict[str, str]:
    """Return the CORS headers of a response; none for an origin that is not allowed."""
    origin = request.headers.get(hdrs.ORIGIN, "")
    allowed: dict[str, str] = {}
    if "*" in origins:
        allowed[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    elif origin in origins:
        allowed[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origin
        allowed[hdrs.VARY] = hdrs.ORIGIN
    else:
        return {hdrs.VARY: hdrs.ORIGIN}
    if not is_preflight(request):
        return {**allowed, hdrs.ACCESS_CONTROL_EXPOSE_HEADERS: EXPOSED_HEADERS}
    return {
        **allowed,
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: ALLOWED_METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: ALLOWED_HEADERS,
        hdrs.ACCESS_CONTROL_MAX_AGE: str(PREFLIGHT_LIFETIME),
    }
