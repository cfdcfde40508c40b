"""Reading requests and writing answers: the little that every route needs."""

import asyncio
import ipaddress
import json
import re
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from server.errors import BadRequest, Invalid, NotFound, TooLarge, WrongMediaType
from server.ids import parse_id
from server.settings import Settings

MAX_BODY = 64 * 1024  # bytes; the longest body is a course with its description
BODY_SECONDS = 30  # a body this small takes a second even at 24 kbit/s
MAX_DEPTH = 32  # levels of JSON; ours have three
MAX_PAGES = 10_000  # of a list; nobody turns so many
_HOST = re.compile(r"(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Body(BaseModel):
    """A request's body; a field that is not asked for is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


B = TypeVar("B", bound=Body)


async def read_body(request: web.Request, model: type[B], *, mend: bool = False) -> B:
    """Return the checked JSON body; raises a Problem that names what is wrong."""
    if request.content_type != "application/json":
        raise WrongMediaType("wrong-content-type", "Send this as application/json.")
    return check_body(parse_json(await read_bytes(request), mend=mend), model)


async def read_bytes(request: web.Request) -> bytes:
    """Return the body within its limits of size and time."""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise too_large() from error
    except web.RequestPayloadError as error:
        request.content.feed_eof()  # or aiohttp reads on, and logs what we have answered
        raise BadRequest("bad-body", "The body breaks its own encoding.") from error
    except ConnectionError as error:
        raise BadRequest("cut-short", "The connection ended before the body did.") from error
    except TimeoutError as error:
        raise BadRequest("too-slow", "The body did not arrive in time.") from error
    return body


def too_large() -> TooLarge:
    """Return the answer to a body over its limit."""
    return TooLarge("too-large", f"A body may have {MAX_BODY} bytes.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        raise ValueError("a key appears twice")
    return result


def parse_json(data: bytes | str, *, mend: bool = False) -> Any:
    """Return strict JSON of text that any database can keep; raises BadRequest.

    `mend` takes out what no database keeps instead of refusing it.
    """
    try:
        text = data.decode("utf-8") if isinstance(data, bytes) else data
        value = json.loads(text, parse_constant=_no_constant, object_pairs_hook=_unique_keys)
        if mend:
            value = _mended(value)
        _check_value(value, MAX_DEPTH)
    except (ValueError, RecursionError) as error:
        raise BadRequest("bad-json", "The body is not the JSON this route reads.") from error
    return value


def _check_value(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValueError("nested too deeply")
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_text(key)
            _check_value(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check_value(inner, depth - 1)


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
    if isinstance(value, dict):
        return _unique_keys([(_mended(key), _mended(inner)) for key, inner in value.items()])
    return [_mended(inner) for inner in value] if isinstance(value, list) else value


def _check_text(value: str) -> None:
    if "\0" in value:
        raise ValueError("a NUL has no place in text")
    value.encode("utf-8")  # a lone surrogate raises UnicodeEncodeError, which is a ValueError


def check_body(value: Any, model: type[B]) -> B:
    """Return a value as its model; raises Invalid naming the field."""
    try:
        # Strictness is that of JSON: a number is no text, but a time arrives as text.
        return model.model_validate_json(json.dumps(value))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:64] or None
        if first["type"] == "extra_forbidden":
            raise Invalid("unknown-field", "This field is not known here.", field=field) from error
        message = first["msg"].removeprefix("Value error, ")
        raise Invalid("invalid-field", f"{field or 'The body'}: {message}.", field=field) from error


def path_id(request: web.Request, name: str) -> uuid.UUID:
    """Return an id of the path; a text that is none leads nowhere."""
    value = parse_id(request.match_info[name])
    if value is None:
        raise NotFound
    return value


def query_choice(request: web.Request, name: str, known: Sequence[str]) -> str:
    """Return one of the values a query may have, the first when it says nothing."""
    value = request.query.get(name, known[0])
    if value not in known:
        raise Invalid("invalid-field", f"{name} is one of {', '.join(known)}.", field=name)
    return value


def query_page(request: web.Request) -> int:
    """Return the page of a list that is asked for, from 0."""
    text = request.query.get("page", "0")
    value = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else MAX_PAGES
    if value >= MAX_PAGES:
        raise Invalid("invalid-field", "page is a number.", field="page")
    return value


def json_answer(
    body: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> web.Response:
    """Return a JSON response that no cache keeps."""
    return web.Response(
        text=json.dumps(body, ensure_ascii=False, separators=(",", ":")),
        status=status,
        content_type="application/json",
        headers={"Cache-Control": "no-store", **(headers or {})},
    )


def is_trusted_proxy(address: Address, settings: Settings) -> bool:
    """Return whether the headers set by this neighbour are believed."""
    return any(
        address in ipaddress.ip_network(network) for network in settings.server.trusted_proxies
    )


def _address(text: str | None) -> Address | None:
    try:
        address = ipaddress.ip_address((text or "").strip().strip("[]").partition("%")[0])
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _neighbour(request: web.BaseRequest) -> Address | None:
    peer = request.transport.get_extra_info("peername") if request.transport else None
    return _address(peer[0]) if isinstance(peer, tuple) else None


def client_address(request: web.BaseRequest, settings: Settings) -> Address | None:
    """Return who is asking: the neighbour, or whom a trusted neighbour speaks for.

    X-Forwarded-For is read from its end, since a stranger can write its beginning.
    """
    address = _neighbour(request)
    forwarded = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    for part in reversed(forwarded):
        if address is None or not part.strip() or not is_trusted_proxy(address, settings):
            break
        address = _address(part)
    return address


def is_this_machine(request: web.BaseRequest, settings: Settings) -> bool:
    """Return whether a program on this machine asks for itself, through no proxy."""
    forwarded = any(name in request.headers for name in ("X-Forwarded-For", "Forwarded", "Via"))
    address = client_address(request, settings)
    return address is not None and address.is_loopback and not forwarded


def network_of(address: Address | None) -> str:
    """Return by what a page tells networks apart: as much of an address as an operator keeps."""
    if address is None:
        return ""
    prefix = 16 if address.version == 4 else 32
    return str(ipaddress.ip_network((address, prefix), strict=False).network_address)


def limit_key(address: Address | None) -> str:
    """Return what a rate limit counts: an IPv4 address, or an IPv6 customer's /64."""
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_https(request: web.BaseRequest, settings: Settings) -> bool:
    """Return whether the browser's own connection is encrypted."""
    if settings.server.base_url:
        return settings.server.base_url.startswith("https:")
    neighbour = _neighbour(request)
    if neighbour is not None and is_trusted_proxy(neighbour, settings):
        return request.headers.get("X-Forwarded-Proto", request.scheme) == "https"
    return request.scheme == "https"


def own_origin(request: web.BaseRequest, settings: Settings) -> str:
    """Return our origin as the browser sees it; raises BadRequest for a Host that is none."""
    if settings.server.base_url:
        return settings.server.base_url
    host = request.headers.get("Host", "")
    if not _HOST.fullmatch(host):
        raise BadRequest("bad-host", "The Host header names no host.")
    return f"{'https' if is_https(request, settings) else 'http'}://{host}"


def preferred_language(header: str, known: Sequence[str], default: str) -> str:
    """Return the language of ours that an Accept-Language header likes most."""
    best, best_weight = default, 0.0
    for part in header[:500].split(","):
        tag, _, parameter = part.partition(";")
        language = tag.strip().lower().partition("-")[0]
        weight = _weight(parameter)
        if language in known and weight > best_weight:
            best, best_weight = language, weight
    return best


def _weight(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name != "q":
        return 1.0
    return float(value) if re.fullmatch(r"[01](\.[0-9]{0,3})?", value) else 0.0
