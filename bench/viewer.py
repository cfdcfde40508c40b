"""A student at the far end of a narrow path: receives as a browser does, and notes what was seen.

A frame is shown when it and all before it, back to a keyframe, are whole. Missing packets are asked
for again, and a keyframe when that does not help.
"""

import contextlib
import random
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from pylibsrtp import Policy

from bench.feedback import nack, pli, transport_cc
from bench.keys import subscriber
from bench.layered import CHECK_SECONDS, FRAMES_PER_SECOND, STAMP
from bench.sink import BUFFER_BYTES, SO_TIMESTAMPNS, arrival, check, is_media

RED_TYPE: Final = 63
VIDEO_SSRC, REPAIR_SSRC, SOUND_SSRC = 70, 71, 72
TRANSPORT_CC_ID: Final = 4
FEEDBACK_SECONDS: Final = 0.05  # between two reports, as libwebrtc at these rates
NACK_SECONDS: Final = 0.1  # between two requests for the same packet
ROUND_TRIPS: Final = 1.5  # a request is repeated after so many of the newest packet's time
NACK_TRIES: Final = 10
STUCK_SECONDS: Final = 0.5  # without a frame, until a keyframe is asked for, and again
LATE_SECONDS: Final = 0.5  # behind the quickest packet, for sound to be of no more use
BUFFER_SECONDS: Final = 0.2  # that a player keeps; frames are shown no sooner
FREEZE_SECONDS: Final = 1 / FRAMES_PER_SECOND + 0.15  # webrtc-stats, totalFreezesDuration


@dataclass(slots=True)
class Packet:
    """A packet of the picture."""

    arrived: float
    begins: bool  # a frame
    ends: bool
    width: int | None  # of a keyframe
    stamp: float  # when it was sent


@dataclass(slots=True)
class Seen:
    """What a student had of a lesson; times are seconds since 1970."""

    frames: list[float] = field(default_factory=list)
    widths: list[tuple[float, int]] = field(default_factory=list)  # each change
    sound: dict[int, bool] = field(default_factory=dict)  # by number: in time or too late
    sound_at: list[tuple[float, int]] = field(default_factory=list)
    delays: list[tuple[float, float]] = field(default_factory=list)  # of packets: when, how long
    sizes: list[tuple[float, int]] = field(default_factory=list)  # of media and repairs on the path
    probes: int = 0  # bytes on the repair stream that nobody missed


class Viewer:
    """One subscriber on a socket of the far end."""

    def __init__(self, far: socket.socket, to: tuple[str, int], seed: int = 1) -> None:
        self.seen = Seen()
        self.loss = 0.0  # part of the packets that the last stretch of the path loses
        self._to = to
        self._socket = far
        self._socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        self._socket.setblocking(False)
        peer = subscriber(0)
        self._opening = peer.session("from-engine", Policy.SSRC_ANY_INBOUND)
        self._closing = peer.session("to-engine")
        self._peer = peer
        self._random = random.Random(seed)
        self._numbers: Callable[[int], int] = counting_on()
        self._video, self._sound = counting_on(), counting_on()
        self._arrivals: list[tuple[int, int]] = []
        self._reports = 0
        self._due = {"check": 0.0, "report": 0.0, "stuck": 0.0}
        self._packets: dict[int, Packet] = {}
        self._missing: dict[int, tuple[float, int]] = {}  # when asked for last, how often
        self._next: int | None = None  # the packet that shall be shown next
        self._highest = -1
        self._width = 0
        self._quickest = float("inf")
        self._late = 0.0  # of the newest packet, seconds

    def listen(self) -> None:
        """Take in what came and answer it."""
        with contextlib.suppress(BlockingIOError):
            while True:
                datagram, control, _, _ = self._socket.recvmsg(2048, 64)
                lost = self.loss > 0 and self._random.random() < self.loss
                if is_media(datagram) and lost:
                    self._miss(datagram, arrival(control))
                elif is_media(datagram):
                    self._media(datagram, arrival(control))
        now = time.time()
        if self._is_due("check", now, CHECK_SECONDS):
            self._send(check(self._peer))
        if self._arrivals and self._is_due("report", now, FEEDBACK_SECONDS):
            self._report()
        self._ask(now)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _is_due(self, name: str, now: float, every: float) -> bool:
        if now < self._due[name]:
            return False
        self._due[name] = now + every
        return True

    def _miss(self, datagram: bytes, nanoseconds: int) -> None:
        """Count a packet that is lost behind the narrow part, which it has used."""
        if struct.unpack_from("!I", datagram, 8)[0] != REPAIR_SSRC:
            self.seen.sizes.append((nanoseconds / 1e9, len(datagram)))

    def _media(self, datagram: bytes, nanoseconds: int) -> None:
        number = struct.unpack_from("!H", datagram, 17)[0]  # the first extension, in clear
        self._arrivals.append((self._numbers(number), nanoseconds // 1000))
        packet = self._opening.unprotect(datagram)
        kind, sequence, ssrc = packet[1], *struct.unpack_from("!HxxxxI", packet, 2)
        at, payload = nanoseconds / 1e9, packet[16 + 4 * struct.unpack_from("!H", packet, 14)[0] :]
        ends = kind & 0x80 != 0
        if ssrc == REPAIR_SSRC:
            is_padding = packet[0] & 0x20 != 0
            original = None if is_padding else self._near(struct.unpack_from("!H", payload)[0])
            if original is None or original in self._packets or original < (self._next or 0):
                self.seen.probes += len(datagram)
                return
            self.seen.sizes.append((at, len(datagram)))
            self._picture(original, payload[2:], at, ends=ends)
            return
        late = lateness(packet, at)
        self.seen.delays.append((at, late))
        self._late = late
        self.seen.sizes.append((at, len(datagram)))
        if ssrc == SOUND_SSRC:
            self._quickest = min(self._quickest, late)
            number = self._sound(sequence)
            self.seen.sound_at.append((at, number))
            blocks = red_blocks(payload) if kind & 0x7F == RED_TYPE else [payload]
            for back, block in enumerate(reversed(blocks)):
                in_time = lateness(block, at) - self._quickest < LATE_SECONDS
                self.seen.sound[number - back] = in_time or self.seen.sound.get(
                    number - back, False
                )
        elif ssrc == VIDEO_SSRC:
            self._picture(self._video(sequence), payload, at, ends=ends)

    def _near(self, sequence: int) -> int:
        """Return the extended number of a repaired packet."""
        return self._highest - ((self._highest - sequence) & 0xFFFF)

    def _picture(self, number: int, payload: bytes, at: float, *, ends: bool) -> None:
        begins = payload[0] & 0x10 != 0
        is_keyframe = begins and payload[4] & 1 == 0
        width = struct.unpack_from("<H", payload, 10)[0] if is_keyframe else None
        stamp = STAMP.unpack(payload[-STAMP.size :])[0] / 1e9
        self._packets[number] = Packet(at, begins, ends, width, stamp)
        self._missing.pop(number, None)
        if number > self._highest:
            for lost in range(max(self._highest + 1, number - 200), number):
                if self._highest >= 0:
                    self._missing.setdefault(lost, (0.0, 0))
            self._highest = number
        if self._next is None and is_keyframe:
            self._next = number
        self._show(at)

    def _show(self, at: float) -> None:
        """Show every frame that is whole by now, and leave out what a newer keyframe replaces."""
        if self._next is None:
            return
        while (end := self._end_of(self._next)) is not None:
            self._present(self._next, end, at)
        for number in sorted(self._packets):
            packet = self._packets[number]
            if number > self._next and packet.width and (end := self._end_of(number)) is not None:
                self._present(number, end, at)
                self._show(at)
                return

    def _end_of(self, number: int) -> int | None:
        """Return the last packet of the frame that begins here, if it is whole."""
        if number not in self._packets or not self._packets[number].begins:
            return None
        while (packet := self._packets.get(number)) is not None:
            if packet.ends:
                return number
            number += 1
        return None

    def _present(self, first: int, last: int, at: float) -> None:
        width = self._packets[first].width
        if width is not None and width != self._width:
            self._width = width
            self.seen.widths.append((at, width))
        due = self._packets[first].stamp + min(self._quickest, 1.0) + BUFFER_SECONDS
        self.seen.frames.append(max(at, due))
        self._due["stuck"] = time.time() + STUCK_SECONDS
        self._next = last + 1
        self._packets = {n: one for n, one in self._packets.items() if n > last}
        self._missing = {n: one for n, one in self._missing.items() if n > last}

    def _report(self) -> None:
        arrivals = dict(sorted(self._arrivals))
        self._arrivals.clear()
        self._reports += 1
        self._send_rtcp(transport_cc(self._reports, list(arrivals.items())))

    def _ask(self, now: float) -> None:
        due = [
            number
            for number, (asked, tries) in self._missing.items()
            if tries < NACK_TRIES and now - asked > max(NACK_SECONDS, ROUND_TRIPS * self._late)
        ]
        if due:
            self._send_rtcp(nack(VIDEO_SSRC, due))
            for number in due:
                self._missing[number] = (now, self._missing[number][1] + 1)
        if self._highest >= 0 and self._is_due("stuck", now, STUCK_SECONDS):
            self._send_rtcp(pli(VIDEO_SSRC))

    def _send_rtcp(self, packet: bytes) -> None:
        self._send(self._closing.protect_rtcp(packet))

    def _send(self, datagram: bytes) -> None:
        with contextlib.suppress(BlockingIOError):
            self._socket.sendto(datagram, self._to)


def lateness(block: bytes, at: float) -> float:
    """Return the seconds from sending what ends with a stamp until a time."""
    stamp: int = STAMP.unpack(block[-STAMP.size :])[0]
    return at - stamp / 1e9


def red_blocks(payload: bytes) -> list[bytes]:
    """Take sound with copies of the packets before it apart, oldest first (RFC 2198 section 3)."""
    lengths: list[int] = []
    at = 0
    while payload[at] & 0x80:
        lengths.append(int.from_bytes(payload[at + 2 : at + 4]) & 0x3FF)
        at += 4
    blocks, at = [], at + 1
    for length in lengths:
        blocks.append(payload[at : at + length])
        at += length
    return [*blocks, payload[at:]]


def counting_on() -> Callable[[int], int]:
    """Return a function that counts 16-bit numbers on over their wraps."""
    highest: list[int] = []

    def count(number: int) -> int:
        if not highest:
            highest.append(number)
            return number
        step = (number - highest[0] + 0x8000 & 0xFFFF) - 0x8000
        extended = highest[0] + step
        highest[0] = max(highest[0], extended)
        return extended

    return count
