"""Read an SDP offer (RFC 8866, 3264, 8829) into values; pure and bounded.

Only what an SFU decides on is kept. Candidates are counted and forgotten: we are ICE-lite
(RFC 8445 section 2.5), so we never send anything to an address that an offer names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import TYPE_CHECKING

from media.types import Fingerprint, IceCredentials
from signaling.errors import SdpError, Unprocessable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

MAX_SDP_LENGTH = 256 * 1024  # characters; Chrome's offer of five m-lines has about 30 000
MAX_LINE_LENGTH = 4096  # characters; the longest honest ones (msid, fmtp) have a few hundred
MAX_MEDIA = 16  # m-lines; the classroom page offers five
MAX_CODECS = 128  # payload types of an m-line; there are no more (RFC 3551 section 6)
KNOWN_CODEC_LISTS = 32  # of m-lines, remembered; a browser has two or three, at most 256 kB each
MAX_SSRCS = 16  # of an m-line; simulcast with RTX has six
MAX_FEEDBACK = 32  # messages of a payload type; there are about ten, more are not looked at
MAX_FINGERPRINTS = 8
MAX_RIDS = 8  # of an m-line; browsers offer three
MAX_RID_LENGTH = 16  # characters; more no one-byte header extension carries (RFC 8285 section 4.2)
MAX_MID_LENGTH = 32  # characters; RFC 9143 section 9.1 wants it short, it is in every packet

PROTOCOLS = frozenset({"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF"})
USABLE_SETUPS = frozenset({"actpass", "active"})  # we are always the DTLS server
FINGERPRINT_LENGTHS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}  # bytes
MAX_EXTENSION_ID = 255  # RFC 8285 section 4.3; larger ids are for renegotiation
ONE_BYTE_EXTENSION_ID = 14  # the largest without extmap-allow-mixed (RFC 8285 section 4.2)

_M_LINE = re.compile(r"([a-z]+) (\d{1,5})(?:/\d{1,5})? ([A-Za-z0-9/]+)((?: [!-~]+)*)", re.ASCII)
_TOKEN = re.compile(r"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+", re.ASCII)
_RID = re.compile(r"[A-Za-z0-9]+", re.ASCII)  # RFC 8852 section 3.1
_ICE = re.compile(r"[A-Za-z0-9+/=_\-]+", re.ASCII)
# A carriage return may end a line or the text.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|\Z)")


class Direction(StrEnum):
    """Who sends on an m-line or a header extension, seen from the speaker."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def reverse(self) -> Direction:
        """Return the same direction seen from the other end."""
        return _REVERSE.get(self, self)


_REVERSE = {Direction.SENDONLY: Direction.RECVONLY, Direction.RECVONLY: Direction.SENDONLY}


@dataclass(frozen=True, slots=True)
class OfferedCodec:
    """One payload type with its format parameters and feedback messages."""

    payload_type: int
    name: str
    clock_rate: int
    channels: int
    parameters: Mapping[str, str]
    feedback: frozenset[str]


@dataclass(frozen=True, slots=True)
class OfferedExtension:
    """One RTP header extension (RFC 8285); no direction means both."""

    id: int
    uri: str
    direction: Direction | None


@dataclass(frozen=True, slots=True)
class OfferedMedia:
    """One m-line; `disabled` is one that the offerer itself has switched off by port 0."""

    kind: str
    mid: str
    protocol: str
    formats: tuple[str, ...]
    direction: Direction
    codecs: tuple[OfferedCodec, ...]
    extensions: tuple[OfferedExtension, ...]
    ssrcs: tuple[int, ...]
    repairs: Mapping[int, int]  # an SSRC and its RTX SSRC (RFC 5576, RFC 4588)
    layers: tuple[str, ...]  # the rids of a=simulcast:send in its order (RFC 8853)
    rtcp_rsize: bool
    disabled: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A checked offer: one BUNDLE group, rtcp-mux, ICE credentials and fingerprints known."""

    media: tuple[OfferedMedia, ...]
    ice: IceCredentials
    ice_options: tuple[str, ...]
    fingerprints: tuple[Fingerprint, ...]
    extmap_allow_mixed: bool

    @property
    def active(self) -> tuple[OfferedMedia, ...]:
        """Return the m-lines that are to carry something."""
        return tuple(media for media in self.media if not media.disabled)


@dataclass(frozen=True, slots=True)
class Section:
    """The lines of the session (no m-line) or of one m-line, attributes by name."""

    m_line: str | None
    attributes: dict[str, list[str]]

    def first(self, name: str) -> str | None:
        """Return the first value of an attribute, or None."""
        values = self.attributes.get(name)
        return values[0] if values else None

    def every(self, name: str) -> list[str]:
        """Return all values of an attribute in order."""
        return self.attributes.get(name, [])

    def has(self, name: str) -> bool:
        """Say whether the attribute is there, with a value or without."""
        return name in self.attributes


def parse_offer(text: str) -> Offer:
    """Return the offer; raise SdpError (not SDP) or Unprocessable (SDP we cannot serve)."""
    sections = split(text)
    session, media_sections = sections[0], sections[1:]
    if not text.startswith("v=0"):
        raise SdpError("sdp-malformed", "A session description begins with the line v=0.")
    if not media_sections:
        raise SdpError("media-missing", "The offer has no m-line.")
    active = [s for s in media_sections if not _is_disabled(s)]
    if not active:
        raise SdpError("media-missing", "Every m-line of the offer is switched off.")
    media = tuple(_media(session, section) for section in media_sections)
    _check_unique(media)
    first = _check_bundle(session, active)
    return Offer(
        media=media,
        ice=ice_credentials(session, first),
        ice_options=tuple((_inherited(session, first, "ice-options") or "").split()),
        fingerprints=_fingerprints(session, active),
        extmap_allow_mixed=session.has("extmap-allow-mixed"),
    )


def split(text: str) -> list[Section]:
    """Return the session's section and one for each m-line; raise SdpError outside our limits."""
    if len(text) > MAX_SDP_LENGTH:
        raise SdpError("sdp-too-long", f"An SDP may have {MAX_SDP_LENGTH} characters.")
    sections = [Section(None, {})]
    for letter, value in _lines(text):
        if letter == "m":
            if len(sections) > MAX_MEDIA:
                raise SdpError("too-many-media", f"An SDP may have {MAX_MEDIA} m-lines.")
            sections.append(Section(value, {}))
        elif letter == "a":
            name, _, argument = value.partition(":")
            sections[-1].attributes.setdefault(name, []).append(argument)
    return sections


def ice_credentials(session: Section, media: Section) -> IceCredentials:
    """Return the ufrag and password of an m-line or its session (RFC 8839 section 5.4)."""
    ufrag = _inherited(session, media, "ice-ufrag")
    pwd = _inherited(session, media, "ice-pwd")
    if ufrag is None or pwd is None:
        raise SdpError("ice-missing", "The ICE user name or password is missing.")
    if not 4 <= len(ufrag) <= 256 or not 22 <= len(pwd) <= 256:
        raise SdpError("ice-malformed", "The ICE user name or password has a wrong length.")
    if not _ICE.fullmatch(ufrag) or not _ICE.fullmatch(pwd):
        raise SdpError("ice-malformed", "The ICE user name or password has wrong characters.")
    return IceCredentials(ufrag=ufrag, pwd=pwd)


def _lines(text: str) -> Iterator[tuple[str, str]]:
    if (control := _CONTROL.search(text)) is not None:
        raise _not_a_line(text.count("\n", 0, control.start()) + 1)
    for number, raw in enumerate(text.split("\n"), 1):
        line = raw.removesuffix("\r")
        if not line:
            continue
        if len(line) > MAX_LINE_LENGTH:
            raise SdpError("sdp-malformed", f"Line {number} is longer than {MAX_LINE_LENGTH}.")
        if line[1:2] != "=":
            raise _not_a_line(number)
        yield line[0], line[2:]


def _not_a_line(number: int) -> SdpError:
    return SdpError("sdp-malformed", f"Line {number} is not of the form letter=value.")


def _inherited(session: Section, media: Section, name: str) -> str | None:
    value = media.first(name)
    return session.first(name) if value is None else value


def _m_line(section: Section) -> re.Match[str]:
    match = _M_LINE.fullmatch(section.m_line or "")
    if match is None or int(match[2]) > 65535:
        raise SdpError("sdp-malformed", "An m-line is not of the form media port proto formats.")
    return match


def _is_disabled(section: Section) -> bool:
    """Tell a rejected m-line from a bundled one, which may have port 0 too (RFC 9143, 6)."""
    return int(_m_line(section)[2]) == 0 and not section.has("bundle-only")


def _media(session: Section, section: Section) -> OfferedMedia:
    match = _m_line(section)
    kind, protocol, formats = match[1], match[3], tuple(match[4].split())
    disabled = _is_disabled(section)
    known = kind in ("audio", "video") and not disabled
    if known:
        _check_media(session, section, protocol)
    mixed = session.has("extmap-allow-mixed") or section.has("extmap-allow-mixed")
    ssrcs, repairs = _ssrcs(section) if known else ((), {})
    return OfferedMedia(
        kind=kind,
        mid=_mid(section, disabled),
        protocol=protocol,
        formats=formats,
        direction=_direction(session, section),
        codecs=_codecs(section, formats) if known else (),
        extensions=tuple(_extensions(section, mixed)) if known else (),
        ssrcs=ssrcs,
        repairs=repairs,
        layers=_layers(section) if known else (),
        rtcp_rsize=section.has("rtcp-rsize"),
        disabled=disabled,
    )


def _check_media(session: Section, section: Section, protocol: str) -> None:
    if protocol not in PROTOCOLS:
        raise Unprocessable("protocol-unsupported", "Media must be UDP/TLS/RTP/SAVPF.")
    if not section.has("rtcp-mux"):
        raise Unprocessable("rtcp-mux-missing", "Every m-line must have a=rtcp-mux.")
    setup = _inherited(session, section, "setup") or "actpass"
    if setup not in USABLE_SETUPS:
        raise Unprocessable("setup-unusable", "We are the DTLS server: offer a=setup:actpass.")


def _mid(section: Section, disabled: bool) -> str:
    mid = section.first("mid")
    if mid is None and disabled:
        return ""
    if mid is None:
        raise SdpError("mid-missing", "Every m-line must have a=mid.")
    if len(mid) > MAX_MID_LENGTH or not _TOKEN.fullmatch(mid):
        raise SdpError("mid-malformed", f"A mid is a word of at most {MAX_MID_LENGTH} characters.")
    return mid


def _direction(session: Section, section: Section) -> Direction:
    for place in (section, session):
        for direction in Direction:
            if place.has(direction.value):
                return direction
    return Direction.SENDRECV  # RFC 8866 section 6.7


def _codecs(section: Section, formats: tuple[str, ...]) -> tuple[OfferedCodec, ...]:
    if len(formats) > MAX_CODECS:
        raise SdpError("too-many-codecs", f"An m-line may have {MAX_CODECS} payload types.")
    described = (tuple(section.every(name)) for name in ("rtpmap", "fmtp", "rtcp-fb"))
    return _described_codecs(formats, *described)


@lru_cache(maxsize=KNOWN_CODEC_LISTS)
def _described_codecs(
    formats: tuple[str, ...],
    rtpmaps: tuple[str, ...],
    fmtps: tuple[str, ...],
    messages: tuple[str, ...],
) -> tuple[OfferedCodec, ...]:
    """Return the codecs that have an rtpmap, in the order of the m-line (most wanted first).

    Remembered, because every browser of one kind describes its codecs alike, in most of its offer.
    """
    maps, parameters = _by_payload_type(rtpmaps), _by_payload_type(fmtps)
    feedback = _feedback(messages)
    everywhere = feedback.get("*", set())
    return tuple(
        _codec(
            number,
            maps[number],
            parameters.get(number, ""),
            feedback.get(number, set()) | everywhere,
        )
        for number in dict.fromkeys(formats)
        if number in maps  # else a static type such as PCMU; we take none of them
    )


def _codec(payload_type: str, encoding: str, parameters: str, feedback: set[str]) -> OfferedCodec:
    name, clock_rate, channels = _rtpmap(encoding)
    return OfferedCodec(
        payload_type=_number(payload_type, 127, "payload type"),
        name=name,
        clock_rate=clock_rate,
        channels=channels,
        parameters=_parameters(parameters),
        feedback=frozenset(feedback),
    )


def _by_payload_type(values: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for value in values:
        payload_type, _, rest = value.partition(" ")
        found.setdefault(payload_type, rest.strip())
    return found


def _feedback(values: Sequence[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for value in values:
        payload_type, _, message = value.partition(" ")
        messages = found.setdefault(payload_type, set())
        if len(messages) < MAX_FEEDBACK:
            messages.add(message.strip())
    return found


def _rtpmap(encoding: str) -> tuple[str, int, int]:
    name, _, rest = encoding.partition("/")
    clock_rate, _, channels = rest.partition("/")
    if not _TOKEN.fullmatch(name):
        raise SdpError("sdp-malformed", "An rtpmap has no encoding name.")
    return (
        name,
        _number(clock_rate, 1_000_000, "clock rate"),
        _number(channels or "1", 255, "number of channels"),
    )


def _parameters(text: str) -> dict[str, str]:
    parameters: dict[str, str] = {}
    for item in text.split(";"):
        name, _, value = item.strip().partition("=")
        if name:
            parameters[name.lower()] = value
    return parameters


def _extensions(section: Section, mixed: bool) -> Iterator[OfferedExtension]:
    """Yield the header extensions whose ids may be used at once; the first of an id wins."""
    highest = MAX_EXTENSION_ID if mixed else ONE_BYTE_EXTENSION_ID
    seen: set[int] = set()
    for value in section.every("extmap"):
        number, _, rest = value.partition(" ")
        uri = rest.strip().partition(" ")[0]
        number, _, direction = number.partition("/")
        identifier = _number(number, 4351, "extmap id")  # RFC 8285 section 6
        if not 1 <= identifier <= highest or identifier == 15 or identifier in seen:
            continue
        if direction and direction not in set(Direction):
            raise SdpError("sdp-malformed", "An extmap has an unknown direction.")
        seen.add(identifier)
        yield OfferedExtension(identifier, uri, Direction(direction) if direction else None)


def _ssrcs(section: Section) -> tuple[tuple[int, ...], dict[int, int]]:
    """Return the media SSRCs and who repairs them (RFC 5576 section 4, FID groups)."""
    named: dict[int, None] = {}
    for value in section.every("ssrc"):
        named[_number(value.partition(" ")[0], 0xFFFFFFFF, "SSRC")] = None
    repairs: dict[int, int] = {}
    simulcast: list[int] = []
    for value in section.every("ssrc-group"):
        semantics, _, members = value.partition(" ")
        numbers = [_number(member, 0xFFFFFFFF, "SSRC") for member in members.split()]
        if semantics == "FID" and len(numbers) == 2 and numbers[0] != numbers[1]:
            repairs.setdefault(numbers[0], numbers[1])
        elif semantics == "SIM" and numbers:
            simulcast = numbers
    if len(named) > MAX_SSRCS or len(repairs) > MAX_SSRCS:
        raise SdpError("too-many-ssrcs", f"An m-line may have {MAX_SSRCS} SSRCs.")
    helpers = set(repairs.values())
    ssrcs = tuple(ssrc for ssrc in named if ssrc not in helpers)
    if 0 in named:
        raise SdpError("ssrc-malformed", "An SSRC may not be 0.")
    if simulcast:
        ssrcs = tuple(ssrc for ssrc in ssrcs if ssrc == simulcast[0])
    return ssrcs, {ssrc: repairs[ssrc] for ssrc in ssrcs if ssrc in repairs}


def _layers(section: Section) -> tuple[str, ...]:
    """Return the rids that the offerer wants to send at once, the first of each's alternatives.

    RFC 8853 section 5.1; what names no a=rid is left out, as section 5.3.2 demands.
    """
    declared = section.every("rid")
    if len(declared) > MAX_RIDS:
        raise SdpError("too-many-layers", f"An m-line may have {MAX_RIDS} rids.")
    sending = {name for name, direction in map(_rid, declared) if direction == "send"}
    words = (section.first("simulcast") or "").split()
    sets = dict(zip(words[::2], words[1::2], strict=False)).get("send", "")
    streams = [alternatives.split(",")[0] for alternatives in sets.split(";")]
    layers = [stream.removeprefix("~") for stream in streams]
    return tuple(dict.fromkeys(layer for layer in layers if layer in sending))


def _rid(value: str) -> tuple[str, str]:
    name, _, rest = value.partition(" ")
    if len(name) > MAX_RID_LENGTH or not _RID.fullmatch(name):
        raise SdpError("rid-malformed", f"A rid has at most {MAX_RID_LENGTH} letters and digits.")
    return name, rest.partition(" ")[0]


def _check_unique(media: Sequence[OfferedMedia]) -> None:
    mids = [m.mid for m in media if m.mid]
    if len(set(mids)) < len(mids):
        raise SdpError("mid-repeated", "Two m-lines have the same mid.")
    ssrcs = [ssrc for m in media for ssrc in (*m.ssrcs, *m.repairs.values())]
    if len(set(ssrcs)) < len(ssrcs):
        raise SdpError("ssrc-repeated", "Two tracks have the same SSRC.")


def _check_bundle(session: Section, active: Sequence[Section]) -> Section:
    """Return the m-line whose transport all share; raise Unprocessable when they do not."""
    groups = [value.split()[1:] for value in session.every("group") if value.startswith("BUNDLE")]
    mids = {section.first("mid"): section for section in active}
    if not groups and len(active) == 1:
        return active[0]
    for group in groups:
        if set(mids) <= set(group):
            return next(mids[mid] for mid in group if mid in mids)
    raise Unprocessable("bundle-missing", "All m-lines must be in one BUNDLE group.")


def _fingerprints(session: Section, active: Sequence[Section]) -> tuple[Fingerprint, ...]:
    """Return every fingerprint the offer names; they must be of algorithms we can check."""
    found: dict[Fingerprint, None] = {}
    for section in active:
        values = section.every("fingerprint") or session.every("fingerprint")
        if not values:
            raise SdpError("fingerprint-missing", "The offer has no certificate fingerprint.")
        for value in values:
            found[_fingerprint(value)] = None
        if len(found) > MAX_FINGERPRINTS:
            raise SdpError("too-many-fingerprints", f"At most {MAX_FINGERPRINTS} are possible.")
    known = tuple(f for f in found if f.algorithm in FINGERPRINT_LENGTHS)
    if not known:
        raise Unprocessable("fingerprint-unsupported", "Offer a sha-256 fingerprint (RFC 8122).")
    return known


def _fingerprint(value: str) -> Fingerprint:
    algorithm, _, digits = value.partition(" ")
    algorithm, digits = algorithm.lower(), digits.strip().upper()
    length = FINGERPRINT_LENGTHS.get(algorithm)
    if length is not None and not re.fullmatch(
        rf"(?:[0-9A-F]{{2}}:){{{length - 1}}}[0-9A-F]{{2}}", digits
    ):
        raise SdpError("fingerprint-malformed", f"A {algorithm} fingerprint has {length} bytes.")
    return Fingerprint(algorithm=algorithm, value=digits)


def _number(text: str, highest: int, what: str) -> int:
    if not 0 < len(text) <= 10 or not (text.isascii() and text.isdigit()) or int(text) > highest:
        raise SdpError("sdp-malformed", f"A {what} is not a number from 0 to {highest}.")
    return int(text)
