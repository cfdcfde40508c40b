"""Parameters as signaling would make them."""

from __future__ import annotations

from media.types import Codec, ExtensionIds, Slot, SlotParameters, Source, TrackParameters

OPUS = Codec("opus", 111, 48000)
VP8 = Codec("VP8", 96, 90000, 97)
H264 = Codec("H264", 102, 90000, 103)
EXTENSIONS = ExtensionIds(mid=1, audio_level=2)


def track(source: Source, *codecs: Codec, ssrc: int = 1000) -> TrackParameters:
    audio = source.kind == "audio"
    return TrackParameters(
        kind=source.kind,
        mid=source.value[:2],
        codecs=codecs or ((OPUS,) if audio else (VP8,)),
        ssrcs=(ssrc,),
        rtx_ssrcs=() if audio else (ssrc + 1,),
        extensions=EXTENSIONS,
        nack=True,
        pli=not audio,
    )


def tracks(*sources: Source) -> dict[Source, TrackParameters]:
    return {source: track(source, ssrc=1000 * (n + 1)) for n, source in enumerate(sources)}


def slot(which: Slot, *codecs: Codec, ssrc: int | None = None) -> tuple[Slot, SlotParameters]:
    audio = which.kind == "audio"
    number = ssrc or 10 * (list(Slot).index(which) + 1)
    return which, SlotParameters(
        kind=which.kind,
        mid=str(list(Slot).index(which)),
        ssrc=number,
        rtx_ssrc=None if audio else number + 1,
        cname="room",
        codecs=codecs or ((OPUS,) if audio else (VP8, H264)),
        extensions=EXTENSIONS,
        nack=True,
    )


CLASSROOM = (Slot.SCREEN, Slot.CAMERA, Slot.GUEST, Slot.VOICE, Slot.GUEST_VOICE)
PLAIN = (Slot.STAGE, Slot.LOUDEST)
