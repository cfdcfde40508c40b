"""Everything that can go wrong here, and how it is told.

ServerError
├── StartError                the process can not start: one sentence for the terminal
│   ├── SettingsError
│   └── DatabaseUnavailable
└── Problem                   one request can not be done: problem+json at the edge (RFC 9457)
    ├── BadRequest 400        ├── NotSignedIn 401      ├── NotAllowed 403
    ├── NotFound 404          ├── Conflict 409         ├── Gone 410
    ├── TooLarge 413          ├── WrongMediaType 415   ├── Invalid 422
    ├── TooMany 429           └── Unavailable 503
"""

# ruff: noqa: N818  (the names say what happened; the suffix would say it twice)

from collections.abc import Mapping
from http import HTTPStatus
from typing import ClassVar


class ServerError(Exception):
    """The root of this package's errors."""


class StartError(ServerError):
    """The process can not start; the text is one sentence with its remedy."""


class SettingsError(StartError):
    """The settings can not be used; the text names the key."""


class DatabaseUnavailable(StartError):
    """The database is missing, locked, full or refuses us."""


class Problem(ServerError):
    """One request can not be done; `code` is stable, `detail` is for people."""

    status: ClassVar[HTTPStatus] = HTTPStatus.INTERNAL_SERVER_ERROR

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        field: str | None = None,
        headers: Mapping[str, str] | None = None,
        **facts: object,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})
        self.facts = facts

    def short(self) -> dict[str, object]:
        """Return the problem as a socket is told it."""
        field = {} if self.field is None else {"field": self.field}
        wait = self.headers.get("Retry-After")
        later = {} if wait is None else {"retry_after": int(wait)}
        return {"code": self.code, "detail": self.detail, **field, **later, **self.facts}

    def body(self) -> dict[str, object]:
        """Return the problem document."""
        field = {} if self.field is None else {"field": self.field}
        return {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "code": self.code,
            "detail": self.detail,
            **field,
            **self.facts,
        }


class BadRequest(Problem):
    """The request itself can not be read."""

    status = HTTPStatus.BAD_REQUEST


class NotSignedIn(Problem):
    """Nobody is signed in, or the sign-in was wrong."""

    status = HTTPStatus.UNAUTHORIZED

    def __init__(self, code: str = "not-signed-in", detail: str = "Sign in first.") -> None:
        super().__init__(code, detail)


class NotAllowed(Problem):
    """The person is known and has not the right."""

    status = HTTPStatus.FORBIDDEN

    def __init__(
        self,
        code: str = "not-allowed",
        detail: str = "You do not have the right to do this.",
    ) -> None:
        super().__init__(code, detail)


class NotFound(Problem):
    """There is no such thing, or it must look so to this person."""

    status = HTTPStatus.NOT_FOUND

    def __init__(
        self,
        code: str = "not-found",
        detail: str = "There is nothing here, or it is not yours to see.",
    ) -> None:
        super().__init__(code, detail)


class Conflict(Problem):
    """What was asked does not fit the present state."""

    status = HTTPStatus.CONFLICT


class Gone(Problem):
    """It was here once and can not be used any more."""

    status = HTTPStatus.GONE


class TooLarge(Problem):
    """The body is over its limit."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE


class WrongMediaType(Problem):
    """The body is of a type this route does not read."""

    status = HTTPStatus.UNSUPPORTED_MEDIA_TYPE


class Invalid(Problem):
    """A value in the body can not be accepted; `field` names it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY


class TooMany(Problem):
    """A rate limit is reached; `retry_after` is in whole seconds."""

    status = HTTPStatus.TOO_MANY_REQUESTS

    def __init__(self, code: str, detail: str, *, retry_after: int) -> None:
        super().__init__(code, detail, headers={"Retry-After": str(max(1, retry_after))})


class Unavailable(Problem):
    """Something we need does not answer right now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE

    def __init__(self, code: str, detail: str, *, retry_after: int = 2) -> None:
        super().__init__(code, detail, headers={"Retry-After": str(retry_after)})
