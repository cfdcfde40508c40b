"""The built front end: a few page addresses, immutable assets, strict headers."""

import base64
import hashlib
import mimetypes
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

from aiohttp import hdrs, web

from server.errors import NotFound
from server.services import SERVICES
from server.settings import LANGUAGES
from server.viewer import LANGUAGE_COOKIE, remember_language
from server.web import own_origin, preferred_language

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
STATIC = Path(__file__).parent / "static"
PAGES = (
    "/",
    "/sign-in",
    "/courses",
    "/courses/{course}",
    "/courses/{course}/questions",
    "/courses/{course}/attendance",
    "/lessons/{lesson}/attendance",
    "/lessons/{lesson}",
    "/lessons/{lesson}/replay",
    "/lessons/{lesson}/teach",
    "/lessons/{lesson}/screen",
    "/lessons/{lesson}/listen",
    "/recordings",
    "/timetable",
    "/people",
    "/offline",
    "/dev/gallery",
)
JOIN_PAGES = ("/join", "/join/{code}")
PROGRAM_PATHS = (
    "/api/",
    "/assets/",
    "/recordings/",
    "/whip/",
    "/whep/",
    "/socket.io",
)  # no pages below these
FOREVER = "public, max-age=31536000, immutable"  # the name of an asset changes with its content
ASK_AGAIN = "no-cache"
_PRECOMPRESSED = (("br", ".br"), ("gzip", ".gz"))
_INLINE = re.compile(rb"<(style|script)(\s[^>]*)?>(.*?)</\1>", re.DOTALL | re.IGNORECASE)
_NO_FRAMES = "frame-ancestors 'none'"
_NOT_BUILT = (
    "The pages of Darsgoh are not built yet: run `make build` (or install a finished wheel).\n"
)

# Types that the machine's own table may not know.
for _type, _suffix in (
    ("text/javascript", ".js"),
    ("application/manifest+json", ".webmanifest"),
    ("image/svg+xml", ".svg"),
    ("font/woff2", ".woff2"),
):
    mimetypes.add_type(_type, _suffix)

PERMISSIONS = ", ".join(
    [f"{name}=(self)" for name in ("camera", "microphone", "display-capture", "autoplay")]
    + [f"{name}=(self)" for name in ("fullscreen", "picture-in-picture", "screen-wake-lock")]
    + [f"{name}=()" for name in ("geolocation", "payment", "usb", "serial", "midi")]
)
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
    "Cross-Origin-Opener-Policy": "same-origin",
}
WORKER = "worker.js"
# A worker's own policy is that of all it fetches; it lies at the root, so its scope is everything.
WORKER_POLICY = f"default-src 'none'; connect-src 'self'; script-src 'self'; {_NO_FRAMES}"
# In the place of the worker when it is turned off: browsers that have it take it out by this one.
NO_WORKER = """\
addEventListener("install", () => self.skipWaiting());
addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) {
    if (name.startsWith("darsgoh-shell-")) await caches.delete(name);
  }
  await self.registration.unregister();
})()));
"""
MANIFEST = "/manifest.webmanifest"
# What anything that is no page of ours may do in a browser: nothing.
API_POLICY = f"default-src 'none'; {_NO_FRAMES}"


@dataclass(frozen=True, slots=True)
class Page:
    """A built HTML file with what its inline styles and scripts hash to."""

    body: bytes
    styles: tuple[str, ...]
    scripts: tuple[str, ...]
    tag: str

    def policy(self, socket_origin: str) -> str:
        """Return the Content-Security-Policy; Safari 15 does not count ws: as 'self'."""
        return "; ".join(
            [
                "default-src 'none'",
                " ".join(["script-src 'self'", *self.scripts]),
                " ".join(["style-src 'self'", *self.styles]),
                "img-src 'self' data: blob:",
                "media-src 'self' blob: mediastream:",
                f"connect-src 'self' {socket_origin}",
                "manifest-src 'self'",
                "worker-src 'self'",
                "font-src 'self'",
                "base-uri 'none'",
                "form-action 'self'",
                _NO_FRAMES,
            ]
        )


def read_page(path: Path) -> Page:
    """Read a built page; raises OSError."""
    body = path.read_bytes()
    hashes: dict[bytes, list[str]] = {b"style": [], b"script": []}
    for match in _INLINE.finditer(body):
        if match[3].strip():
            digest = base64.b64encode(hashlib.sha256(match[3]).digest()).decode()
            hashes[match[1].lower()].append(f"'sha256-{digest}'")
    tag = hashlib.sha256(body).hexdigest()[:32]
    return Page(body, tuple(hashes[b"style"]), tuple(hashes[b"script"]), tag)


class Pages:
    """Serves the pages of one built directory; each file is read once."""

    def __init__(self, directory: Path = STATIC) -> None:
        self._directory = directory
        self._pages: dict[str, Page | None] = {}

    def routes(self) -> Iterable[web.RouteDef]:
        """Return every address that answers with a page or a file of it."""
        yield from (web.get(path, self._index) for path in PAGES)
        yield from (web.get(path, self._join) for path in JOIN_PAGES)
        yield web.get("/assets/{path:.+}", self._asset)
        yield web.get(MANIFEST, self._manifest)
        yield web.get(f"/{WORKER}", self._worker)
        for name in self._root_files():
            yield web.get(f"/{name}", partial(self._root_file, name))

    def _root_files(self) -> list[str]:
        """Return the files beside index.html: icons, and what robots ask for."""
        if not self._directory.is_dir():
            return []
        return sorted(
            path.name
            for path in self._directory.iterdir()
            if path.is_file() and path.suffix in (".png", ".svg", ".ico", ".txt")
        )

    def _page(self, name: str) -> Page | None:
        if self._pages.get(name) is None:
            try:
                self._pages[name] = read_page(self._directory / name)
            except OSError:
                return None
        return self._pages[name]

    @web.middleware
    async def show_missing(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Show a person who asked for a page that there is none; programs get the problem."""
        try:
            return await handler(request)
        except web.HTTPNotFound:
            wants_page = "text/html" in request.headers.get(hdrs.ACCEPT, "")
            page = self._page("index.html")
            if page is None or not wants_page or request.path.startswith(PROGRAM_PATHS):
                raise
        response = self._answer(request, page)
        response.set_status(HTTPStatus.NOT_FOUND)
        return response

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return self._answer(request, self._page("index.html"))

    async def _join(self, request: web.Request) -> web.StreamResponse:
        asked = request.query.get("language", "")  # the page's own switch, without JavaScript
        language = asked if asked in LANGUAGES else language_of(request)
        page = self._page(f"join.{language}.html") or self._page("index.html")
        response = self._answer(request, page)
        response.headers["Vary"] = "Accept-Language, Cookie"
        if asked in LANGUAGES:
            remember_language(request, response, asked)
        return response

    def _answer(self, request: web.Request, page: Page | None) -> web.Response:
        if page is None:
            return web.Response(text=_NOT_BUILT, status=HTTPStatus.SERVICE_UNAVAILABLE)
        origin = own_origin(request, request.app[SERVICES].settings)
        headers = {
            "Content-Security-Policy": page.policy(origin.replace("http", "ws", 1)),
            "Cache-Control": ASK_AGAIN,
        }
        seen = request.if_none_match or ()
        if any(tag.value in (page.tag, "*") for tag in seen):
            response = web.Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        else:
            response = web.Response(body=page.body, headers=headers)
            response.content_type = "text/html"
            response.charset = "utf-8"
            response.enable_compression()
        response.etag = page.tag
        return response

    async def _asset(self, request: web.Request) -> web.StreamResponse:
        return self._file(request, Path("assets") / request.match_info["path"], FOREVER)

    async def _manifest(self, request: web.Request) -> web.StreamResponse:
        """Answer with what an installed page is called, in the person's language."""
        response = self._file(
            request, Path(f"manifest.{language_of(request)}.webmanifest"), ASK_AGAIN
        )
        response.headers["Vary"] = "Accept-Language, Cookie"
        return response

    async def _worker(self, request: web.Request) -> web.StreamResponse:
        response: web.StreamResponse
        if request.app[SERVICES].settings.pages.service_worker:
            response = self._file(request, Path(WORKER), ASK_AGAIN)
        else:
            response = web.Response(text=NO_WORKER, content_type="text/javascript")
            response.headers["Cache-Control"] = ASK_AGAIN
        response.headers["Content-Security-Policy"] = WORKER_POLICY
        return response

    async def _root_file(self, name: str, request: web.Request) -> web.StreamResponse:
        return self._file(request, Path(name), ASK_AGAIN)

    def _file(self, request: web.Request, relative: Path, caching: str) -> web.StreamResponse:
        path = find_file(self._directory, relative)
        if path is None:
            raise NotFound
        headers = {"Cache-Control": caching, "Vary": "Accept-Encoding"}
        # aiohttp sends the precompressed neighbour (.br, .gz) by itself when the browser takes it.
        response = web.FileResponse(path, headers=headers)
        response.content_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return response


def language_of(request: web.Request) -> str:
    """Return the language this browser chose, or the one of ours that it likes most."""
    language = request.cookies.get(LANGUAGE_COOKIE, "")
    if language in LANGUAGES:
        return language
    default = request.app[SERVICES].settings.pages.language
    return preferred_language(request.headers.get("Accept-Language", ""), LANGUAGES, default)


def find_file(directory: Path, relative: Path) -> Path | None:
    """Return an existing file below a directory, whatever the path tries."""
    if any(ord(letter) < 32 for letter in str(relative)):
        return None
    root = directory.resolve()
    try:
        path = (root / relative).resolve()
        inside = path.is_relative_to(root) and path.is_file()
    except (OSError, ValueError):
        return None
    return path if inside else None


def secure(request: web.Request, response: web.StreamResponse) -> None:
    """Give an answer the headers every answer has."""
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", API_POLICY)
    if request.path.startswith("/api/"):
        response.headers.setdefault(hdrs.CACHE_CONTROL, "no-store")
    response.headers[hdrs.SERVER] = "Darsgoh"  # which versions run here is nobody's business
