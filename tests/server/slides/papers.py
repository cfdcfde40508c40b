"""Files that teachers upload, and some that nobody should."""

import functools
import io
import struct
import zipfile
import zlib

from PIL import Image

from tests.media.screens import LINES, slide


def picture(kind: str = "PNG", size: tuple[int, int] = (1600, 900)) -> bytes:
    """Return a slide as a picture."""
    target = io.BytesIO()
    slide(*LINES, size=size).save(target, kind)
    return target.getvalue()


@functools.cache
def document(*pages: str, size: tuple[int, int] = (960, 540)) -> bytes:
    """Return a PDF whose pages have one line of text each."""
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(len(pages)))
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        f"<</Type/Pages/Kids[{kids}]/Count {len(pages)}>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number, text in enumerate(pages):
        drawn = f"BT /F1 60 Tf 60 300 Td ({text}) Tj ET"
        objects += [
            (
                f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {size[0]} {size[1]}]/Contents "
                f"{5 + 2 * number} 0 R/Resources<</Font<</F1 3 0 R>>>>>>"
            ),
            f"<</Length {len(drawn)}>>stream\n{drawn}\nendstream",
        ]
    return _file(objects)


def _file(objects: list[str], trailer: str = "") -> bytes:
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, body in enumerate(objects, 1):
        places.append(out.tell())
        out.write(f"{number} 0 obj{body}endobj\n".encode())
    start = out.tell()
    out.write(f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode())
    for place in places:
        out.write(f"{place:010} 00000 n \n".encode())
    prev = trailer.format(start=start)
    out.write(f"trailer<</Size {len(objects) + 1}/Root 1 0 R{prev}>>\n".encode())
    out.write(f"startxref\n{start}\n%%EOF".encode())
    return out.getvalue()


def looped() -> bytes:
    """Return a PDF whose trailer names itself as the one before, and whose pages are their own."""
    return _file(
        ["<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[2 0 R]/Count 1>>"], "/Prev {start}"
    )


def huge_png(side: int = 30_000) -> bytes:
    """Return a white PNG of side by side pixels, in few bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))
        )

    packer = zlib.compressobj(9)
    row = bytes(1 + side // 8)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack("!IIBBBBB", side, side, 1, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", packed), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def zipped() -> bytes:
    """Return a zip file, as office files are."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../slides.xml", bytes(1_000_000))
    return target.getvalue()


def rgba() -> bytes:
    """Return a transparent PNG."""
    target = io.BytesIO()
    Image.new("RGBA", (400, 300), (255, 0, 0, 0)).save(target, "PNG")
    return target.getvalue()
