"""The packets of a part of a run, as libavformat reads them. Blocks."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, BinaryIO

import av
from av.bitstream import BitStreamFilterContext
from av.error import FFmpegError

from recordings.scan import scan

if TYPE_CHECKING:
    from recordings.catalogue import Part, Run


class Damaged(Exception):  # noqa: N818  (the name says what happened)
    """A part that is not what the index says."""


def packets_of(run: Run, part: Part, file: BinaryIO) -> list[Any]:
    """Return the packets of a part, those of H.264 in Annex B; raises Damaged and OSError.

    In Annex B each keyframe has its parameter sets, which may differ between runs.
    """
    init = _read(file, *run.init)
    data = _read(file, part.offset, part.size)
    found = next(scan(data, 0, run.timescale), None)
    if found is None or found.offset != 0 or found.size != part.size:
        raise Damaged("its boxes do not agree")
    try:
        with av.open(io.BytesIO(init + data), "r", format="mov") as container:
            stream = container.streams[0]
            packets = [packet for packet in container.demux(stream) if packet.size]
            if run.codec.startswith("avc1"):
                whole = BitStreamFilterContext("h264_mp4toannexb", stream)
                packets = [one for packet in packets for one in whole.filter(packet)]
    except (FFmpegError, IndexError) as error:
        raise Damaged(str(error)) from error
    if not packets or any(packet.pts is None for packet in packets):
        raise Damaged("it has no packets")
    return packets


def _read(file: BinaryIO, offset: int, size: int) -> bytes:
    file.seek(offset)
    return file.read(size)
