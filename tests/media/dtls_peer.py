"""The other end of a DTLS connection: aiortc as it is, over queues."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiortc.rtcdtlstransport import (
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
)

from media.types import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class QueueLink:
    """What aiortc takes for an ICE transport."""

    def __init__(self, role: str, send: Callable[[bytes], None]) -> None:
        self.role = role
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.send = send

    async def _recv(self) -> bytes:
        datagram = await self.queue.get()
        if datagram is None:
            raise ConnectionError
        return datagram

    async def _send(self, datagram: bytes) -> None:
        self.send(datagram)


class KeepingTransport(RTCDtlsTransport):
    """aiortc's transport that also keeps the keying material it exported."""

    keys: tuple[bytes, bytes]  # send, receive; each key then salt
    profile: bytes

    def _setup_srtp(self) -> None:
        super()._setup_srtp()
        chosen = self._ssl.get_selected_srtp_profile()
        shape = next(p for p in self._srtp_profiles if p.openssl_profile == chosen)
        material = self._ssl.export_keying_material(
            b"EXTRACTOR-dtls_srtp", 2 * (shape.key_length + shape.salt_length)
        )
        client, server = (shape.get_key_and_salt(material, index) for index in (0, 1))
        self.keys = (client, server) if self._role == "client" else (server, client)
        self.profile = chosen


class DtlsPeer:
    """A browser's DTLS, reduced to what a test needs."""

    def __init__(
        self,
        send: Callable[[bytes], None],
        certificate: RTCCertificate | None = None,
        profiles: Sequence[SRTPProtectionProfile] | None = None,
        role: str = "client",
    ) -> None:
        self.certificate = certificate or RTCCertificate.generateCertificate()
        self.link = QueueLink("controlling", send)
        self.dtls = KeepingTransport(self.link, [self.certificate])
        self.dtls._set_role(role)
        if profiles is not None:
            self.dtls._srtp_profiles = list(profiles)

    @property
    def fingerprints(self) -> list[Fingerprint]:
        return [Fingerprint(f.algorithm, f.value) for f in self.certificate.getFingerprints()]

    def receive(self, datagram: bytes) -> None:
        self.link.queue.put_nowait(datagram)

    async def connect(self, server: Fingerprint) -> None:
        fingerprint = RTCDtlsFingerprint(server.algorithm, server.value)
        await self.dtls.start(RTCDtlsParameters([fingerprint]))

    async def close(self) -> None:
        pump = self.dtls._task
        await self.dtls.stop()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)
