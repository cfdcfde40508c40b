"""A peer of the engine on a plain blocking socket, with keys of its own choosing.

STUN is aioice's and SRTP is libsrtp, so that nothing of the engine checks itself.
"""

from __future__ import annotations

import os
import select
import socket
import struct
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import pylibsrtp
from aioice import stun

if TYPE_CHECKING:
    from collections.abc import Callable

    from media._engine import Engine, Event, SrtpProfile

PATIENCE = 10.0  # seconds; far more than a busy machine needs
UFRAG, PWD = "ufrag{}", "password-of-{}-1234567890"
PROFILES: dict[SrtpProfile, tuple[int, int]] = {  # salt length, libsrtp's number
    "AEAD_AES_128_GCM": (12, pylibsrtp.Policy.SRTP_PROFILE_AEAD_AES_128_GCM),
    "AES_CM_128_HMAC_SHA1_80": (14, pylibsrtp.Policy.SRTP_PROFILE_AES128_CM_SHA1_80),
}


def events_until(engine: Engine, is_last: Callable[[Event], bool]) -> list[Event]:
    """Return the engine's events up to one that ends the wait."""
    events: list[Event] = []
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        select.select([engine.event_fd], [], [], 0.2)
        for event in engine.poll_events():
            events.append(event)
            if is_last(event):
                return events
    raise AssertionError(f"It did not happen, but this did: {events}")


def rtp(ssrc: int, payload_type: int, sequence: int, timestamp: int, payload: bytes) -> bytes:
    """Return a plain RTP packet without extensions."""
    header = struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, timestamp, ssrc)
    return header + payload


def vp8(picture: int, *, is_keyframe: bool, size: int = 100) -> bytes:
    """Return a VP8 frame of one packet with a 15-bit picture id."""
    descriptor = struct.pack("!BBH", 0x90, 0x80, 0x8000 | (picture & 0x7FFF))
    return descriptor + bytes([0x10 if is_keyframe else 0x11]) + bytes(size)


@dataclass
class EnginePeer:
    """One transport of the engine with the remote end in our hands."""

    engine: Engine
    transport: int
    router: int = 1
    profile: SrtpProfile = "AEAD_AES_128_GCM"
    host: str = "127.0.0.1"
    packets: list[bytes] = field(default_factory=list)
    reports: list[bytes] = field(default_factory=list)
    dtls: list[bytes] = field(default_factory=list)
    answers: list[stun.Message] = field(default_factory=list)

    def __post_init__(self) -> None:
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((self.host, 0))
        self.socket.settimeout(0.2)
        self.password = PWD.format(self.transport)
        self.engine.transport_create(
            self.transport, self.router, UFRAG.format(self.transport), self.password
        )
        salt, number = PROFILES[self.profile]
        ours, theirs = (os.urandom(16), os.urandom(salt)), (os.urandom(16), os.urandom(salt))
        self.keys = (*theirs, *ours)
        self.protecting = pylibsrtp.Session(_policy(ours, number, sends=True))
        self.opening = pylibsrtp.Session(_policy(theirs, number, sends=False))

    def connect(self) -> EnginePeer:
        """Pass a check and start SRTP."""
        self.engine.transport_set_keys(self.transport, self.profile, *self.keys)
        self.check()
        self.receive_until(lambda: self.answers)
        return self

    def check(self, password: str | None = None) -> None:
        """Send one binding request with nomination."""
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes["USERNAME"] = UFRAG.format(self.transport) + ":peer"
        request.attributes["PRIORITY"] = 2130706431
        request.attributes["ICE-CONTROLLING"] = 42
        request.attributes["USE-CANDIDATE"] = None
        request.add_message_integrity((password or self.password).encode())
        self.send(bytes(request))

    def send(self, datagram: bytes) -> None:
        """Send anything to the media port."""
        self.socket.sendto(datagram, (self.host, self.engine.port))

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send an RTP packet."""
        self.send(self.protecting.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send an RTCP packet."""
        self.send(self.protecting.protect_rtcp(packet))

    def receive_until(self, is_enough: Callable[[], object]) -> None:
        """Sort what comes until there is enough of it."""
        deadline = monotonic() + PATIENCE
        while not is_enough():
            assert monotonic() < deadline, "It did not come."
            try:
                self._sort(self.receive())
            except TimeoutError:
                continue

    def receive(self) -> bytes:
        return self.socket.recv(4096)

    def _sort(self, datagram: bytes) -> None:
        if datagram[0] < 4:
            self.answers.append(stun.parse_message(datagram))
        elif datagram[0] < 64:
            self.dtls.append(datagram)
        elif 192 <= datagram[1] <= 223:
            self.reports.append(self.opening.unprotect_rtcp(datagram))
        else:
            self.packets.append(self.opening.unprotect(datagram))


def _policy(key: tuple[bytes, bytes], number: int, *, sends: bool) -> pylibsrtp.Policy:
    policy = pylibsrtp.Policy
    kind = policy.SSRC_ANY_OUTBOUND if sends else policy.SSRC_ANY_INBOUND
    return pylibsrtp.Policy(key=b"".join(key), ssrc_type=kind, srtp_profile=number)
