"""What stands before and after every route: counting, headers, problems, cross-site requests."""

import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import structlog
from aiohttp import web
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from server.errors import (
    BadRequest,
    Conflict,
    NotAllowed,
    NotFound,
    Problem,
    ServerError,
    Unavailable,
)
from server.pages import secure
from server.services import SERVICES
from server.web import own_origin

log = structlog.get_logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PROBLEM_TYPE = "application/problem+json"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
# Doors for encoders and players of other sites: a bearer token opens them, no cookie is read.
BEARER_PATHS = ("/whip/", "/whep/")
# Paths that are secrets themselves: no log has them.
SECRET_PATHS = ("/calendar/",)
_HTTP_CODES = {
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method-not-allowed",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-large",
}


@web.middleware
async def count_requests(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count every answer by its route, and give it the headers every answer has."""
    metrics = request.app[SERVICES].metrics
    started = time.perf_counter()
    route = _route_name(request)
    response = await handler(request)
    if not response.prepared:
        secure(request, response)
        if request.content.exception() is not None:
            response.force_close()  # nobody knows where the next request would begin
    metrics.requests.labels(request.method, route, response.status).inc()
    metrics.request_seconds.labels(route).observe(time.perf_counter() - started)
    return response


def _route_name(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "none"


def _shown_path(request: web.Request) -> str:
    """Return the path for a log; of one that is a secret, only what kind it is."""
    return _route_name(request) if request.path.startswith(SECRET_PATHS) else request.path


@web.middleware
async def answer_problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn every error into one problem document."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        return _from_http(error)
    except (ServerError, DBAPIError, PoolTimeout, OSError, TimeoutError, ValueError) as error:
        problem = _as_problem(request, error)
    except Exception as error:  # the last net: the cause is logged, never shown
        problem = _as_problem(request, error)
    request.app[SERVICES].metrics.refused.labels(problem.code).inc()
    return problem_answer(problem)


def _as_problem(request: web.Request, error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, (OperationalError, PoolTimeout)):
        log.warning("the database does not answer", path=_shown_path(request), error=str(error))
        return Unavailable("database-unavailable", "The database does not answer just now.")
    if isinstance(error, IntegrityError):
        return Conflict("changed-meanwhile", "Somebody changed this just now; please try again.")
    log.error("a request failed", path=_shown_path(request), method=request.method, exc_info=error)
    return Problem("internal", "Something went wrong on our side; it has been logged.")


def problem_answer(problem: Problem) -> web.Response:
    """Return a problem as its document."""
    return web.json_response(
        problem.body(),
        status=problem.status,
        headers={"Cache-Control": "no-store", **problem.headers},
        content_type=PROBLEM_TYPE,
    )


def _from_http(error: web.HTTPException) -> web.StreamResponse:
    if error.status < HTTPStatus.BAD_REQUEST:
        return error
    status = HTTPStatus(error.status)
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": int(status),
        "code": _HTTP_CODES.get(status, "http-error"),
        "detail": f"{status.phrase}.",
    }
    headers = {name: error.headers[name] for name in ("Allow",) if name in error.headers}
    return web.json_response(body, status=status, headers=headers, content_type=PROBLEM_TYPE)


@web.middleware
async def refuse_cross_site(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let only our own pages change anything (a cookie is sent whoever asks)."""
    if request.method not in SAFE_METHODS and not request.path.startswith(BEARER_PATHS):
        check_same_site(request)
    return await handler(request)


def check_same_site(request: web.Request) -> None:
    """Raise NotAllowed for a change that was not asked for by one of our pages."""
    site = request.headers.get("Sec-Fetch-Site")
    if site in ("same-origin", "none"):
        return
    own = own_origin(request, request.app[SERVICES].settings)
    if site is None and request.headers.get("Origin") == own:
        return
    raise NotAllowed("cross-site", "Changes are made from our own pages only.")


@web.middleware
async def refuse_strange_paths(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse paths that no page of ours has, before anything is looked up for them."""
    path = request.path
    if "\0" in path or "\\" in path or path.startswith("//"):
        raise NotFound
    if not request.rel_url.raw_path.isascii():
        raise BadRequest("bad-path", "The path can not be read.")
    return await handler(request)


MIDDLEWARES = (count_requests, answer_problems, refuse_strange_paths, refuse_cross_site)
