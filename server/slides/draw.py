"""The process that reads an uploaded file; it is given little memory and time, and may be killed.

It is started with the file and a folder. It writes the pictures of each page into the folder and
says one JSON object a line: `{"pages": 3}`, then for each page `{"page": 1, "text": "…",
"images": [[320, 180], …]}`, or `{"refused": "too-many-pages"}` and nothing after it.
"""

import json
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdfium2
from PIL import Image, ImageOps

from media.stills import WIDTHS, encode

MAX_PAGES = 200  # of a document: a lesson shows forty
MAX_PIXELS = 40_000_000  # of a picture: what the cameras of phones make
MAX_TEXT = 10_000  # characters of a page that are kept for the search
MAX_SHAPE = 4.0  # a page may be so many times higher than wide
MEMORY = 1024**3  # bytes of address space; the libraries alone take a third of it
CPU_SECONDS = 180  # for all pages; one takes a fifth of a second
FILE_BYTES = 8 * 1024**2  # of any file it writes
FILES = 32
SIGNATURES = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "image", b"\xff\xd8\xff": "image"}
_CONTROLS = {code: " " for code in range(32) if chr(code) not in "\n\t"}


class Refused(Exception):  # noqa: N818  (the file is at fault, nothing has failed)
    """Say by a stable code why a file can not be shown."""


def kind_of(head: bytes) -> str | None:
    """Return what a file that begins so is read as, or None."""
    return next((kind for start, kind in SIGNATURES.items() if head.startswith(start)), None)


def limit_resources() -> None:
    """Let this process have no more than it needs."""
    for what, most in (
        (resource.RLIMIT_AS, MEMORY),
        (resource.RLIMIT_CPU, CPU_SECONDS),
        (resource.RLIMIT_FSIZE, FILE_BYTES),
        (resource.RLIMIT_NOFILE, FILES),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def draw(path: Path) -> Iterator[dict[str, Any] | tuple[Image.Image, str]]:
    """Yield how many pages there are, then each as a picture with its text; raises Refused."""
    with path.open("rb") as file:
        kind = kind_of(file.read(16))
    if kind is None:
        raise Refused("not-slides")
    pages = _pdf(path) if kind == "pdf" else _image(path)
    try:
        yield from pages
    except (pypdfium2.PdfiumError, OSError, ValueError, SyntaxError) as error:
        raise Refused("unreadable") from error
    except (MemoryError, Image.DecompressionBombError) as error:
        raise Refused("too-heavy") from error


def _image(path: Path) -> Iterator[dict[str, Any] | tuple[Image.Image, str]]:
    Image.MAX_IMAGE_PIXELS = None  # ours is checked before anything is decoded
    with Image.open(path, formats=["PNG", "JPEG"]) as picture:
        if picture.width * picture.height > MAX_PIXELS:
            raise Refused("too-many-pixels")
        _check_shape(picture.width, picture.height)
        picture.draft("RGB", (2 * WIDTHS[-1], 2 * WIDTHS[-1]))  # JPEG: decoded smaller at once
        picture.thumbnail((2 * WIDTHS[-1], 4 * WIDTHS[-1]))
        yield {"pages": 1}
        yield _on_white(ImageOps.exif_transpose(picture)), ""


def _pdf(path: Path) -> Iterator[dict[str, Any] | tuple[Image.Image, str]]:
    document = pypdfium2.PdfDocument(path)
    count = len(document)
    if count > MAX_PAGES:
        raise Refused("too-many-pages")
    if count == 0:
        raise Refused("unreadable")
    yield {"pages": count}
    for number in range(count):
        page = document[number]
        width, height = page.get_size()
        _check_shape(width, height)
        # A scale beyond the sharpest picture would only cost memory.
        picture = page.render(scale=WIDTHS[-1] / width).to_pil()
        yield picture, page.get_textpage().get_text_range()
        page.close()


def _check_shape(width: float, height: float) -> None:
    if not (width > 0 and height > 0 and height <= MAX_SHAPE * width <= MAX_SHAPE**3 * height):
        raise Refused("bad-shape")


def _on_white(picture: Image.Image) -> Image.Image:
    ink = picture.convert("RGBA")
    ground = Image.new("RGBA", ink.size, "white")
    return Image.alpha_composite(ground, ink).convert("RGB")


def write(path: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Write the pictures of a file into a folder; yield what is said of them."""
    number = 0
    for made in draw(path):
        if isinstance(made, dict):
            yield made
            continue
        number += 1
        picture, text = made
        images = encode(picture)
        for image in images:
            (folder / f"{number}-{image.width}.webp").write_bytes(image.data)
        known = text.translate(_CONTROLS).encode("utf-8", "ignore").decode()[:MAX_TEXT].strip()
        sizes = [[image.width, image.height, len(image.data)] for image in images]
        yield {"page": number, "text": known, "images": sizes}


def main() -> None:
    """Read the file named first, into the folder named second."""
    path, folder = (Path(name) for name in sys.argv[1:3])
    limit_resources()
    try:
        for said in write(path, folder):
            _say(said)
    except Refused as refusal:
        _say({"refused": str(refusal)})
    except MemoryError:
        _say({"refused": "too-heavy"})


def _say(what: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(what) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
