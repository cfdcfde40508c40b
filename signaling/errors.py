"""Everything signaling refuses, each with an HTTP status, a stable code and a sentence.

SignalingError
├── BadRequest            400  the body cannot be understood
│   ├── SdpError               the SDP breaks its grammar or our limits
│   └── FragmentError          the trickle fragment does
├── GrantError            401  no token, or one that is forged, expired or not yet valid
├── Refused               403  a good token, but not for this lesson, right or person
├── SessionUnknown        404  no such session, or it has ended
├── MethodNotAllowed      405
├── TooSlow               408  the body did not arrive in time
├── Conflict              409  the lesson or the source is not free
├── StaleTag              412  If-Match names an older ICE session
├── BodyTooLarge          413
├── WrongContentType      415
├── Unprocessable         422  understood, but nothing we can serve
├── TagMissing            428  a trickle PATCH without If-Match
├── TooManyRequests       429
└── Busy                  503  a limit of this server; come back later
"""

# ruff: noqa: N818  (an error is named for what was wrong, the base class says that it is one)

from collections.abc import Mapping
from typing import ClassVar


class SignalingError(Exception):
    """Refuse a request; `code` is stable, `detail` is for people."""

    status: ClassVar[int] = 400
    title: ClassVar[str] = "Request refused"

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.headers = dict(headers or {})


class BadRequest(SignalingError):
    status = 400
    title = "Bad request"


class SdpError(BadRequest):
    title = "Bad session description"


class FragmentError(BadRequest):
    title = "Bad session description fragment"


class GrantError(SignalingError):
    status = 401
    title = "Not authorized"

    def __init__(self, code: str, detail: str) -> None:
        # RFC 6750, 3: a request without any token gets the bare challenge.
        challenge = "Bearer" if code == "token-missing" else 'Bearer error="invalid_token"'
        super().__init__(code, detail, headers={"WWW-Authenticate": challenge})


class Refused(SignalingError):
    status = 403
    title = "Not allowed"

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(
            code, detail, headers={"WWW-Authenticate": 'Bearer error="insufficient_scope"'}
        )


class SessionUnknown(SignalingError):
    status = 404
    title = "No such session"


class MethodNotAllowed(SignalingError):
    status = 405
    title = "Method not allowed"


class TooSlow(SignalingError):
    status = 408
    title = "Too slow"


class Conflict(SignalingError):
    status = 409
    title = "Conflict"


class StaleTag(SignalingError):
    status = 412
    title = "Stale entity tag"


class BodyTooLarge(SignalingError):
    status = 413
    title = "Body too large"


class WrongContentType(SignalingError):
    status = 415
    title = "Wrong content type"


class Unprocessable(SignalingError):
    status = 422
    title = "Cannot be served"


class TagMissing(SignalingError):
    status = 428
    title = "If-Match required"


class TooManyRequests(SignalingError):
    status = 429
    title = "Too many requests"


class Busy(SignalingError):
    status = 503
    title = "Busy"
