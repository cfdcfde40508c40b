"""DTLS (RFC 5763, RFC 5764) on aiortc: the only file that knows aiortc's internals.

Used of aiortc's private side: `RTCDtlsTransport._setup_srtp`, `_validate_peer_identity`, `_ssl`,
`_srtp_profiles`, `_set_role`, `_set_state`, `_task`, the `_recv`, `_send` and `role` of its ICE
transport, and `RTCCertificate._create_ssl_context`. tests/media/test_dtls.py holds each of them.

A handshake costs most of a millisecond, so they run in a thread of their own; OpenSSL lets go of
the interpreter while it calculates. We are always the server: the server chooses the SRTP profile.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import logging
import threading
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, cast

from aiortc.rtcdtlstransport import (
    SRTP_AEAD_AES_128_GCM,
    SRTP_AES128_CM_SHA1_80,
    RTCCertificate,
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCDtlsTransport,
    SRTPProtectionProfile,
    State,
)
from OpenSSL import SSL

from media.types import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from aiortc.rtcicetransport import RTCIceTransport

    from media._engine import SrtpProfile

logger = logging.getLogger(__name__)

HANDSHAKES_UNDER_WAY = 32  # handshakes; more at once only makes all of them late
ADMISSION_HELD = 2.0  # seconds after which a slow handshake no longer counts as under way
INBOX_LIMIT = 16  # datagrams; a whole flight is two, the rest are repetitions
RENEW_CERTIFICATE_BEFORE = datetime.timedelta(days=7)  # aiortc's certificates live 30 days
THREAD_STOP_TIMEOUT = 10.0  # seconds; ten thousand farewells take about one

KEYING_LABEL = b"EXTRACTOR-dtls_srtp"  # RFC 5764 section 4.2
DTLS_FIRST_BYTES = range(20, 64)  # RFC 7983 section 7

# GCM first: it costs a quarter of AES-CM with SHA-1, which is kept for peers that lack GCM.
PROFILES: dict[SrtpProfile, SRTPProtectionProfile] = {
    "AEAD_AES_128_GCM": SRTP_AEAD_AES_128_GCM,
    "AES_CM_128_HMAC_SHA1_80": SRTP_AES128_CM_SHA1_80,
}


class DtlsState(StrEnum):
    """What became of a handshake."""

    CONNECTED = "connected"
    FAILED = "failed"
    CLOSED = "closed"  # the peer said goodbye


class Wire(Protocol):
    """The part of the engine that DTLS needs; it is called from the handshake thread."""

    def dtls_send(self, transport: int, datagram: bytes) -> None:
        """Send a datagram to the peer."""

    def transport_set_keys(  # noqa: PLR0917 - the engine's signature
        self,
        transport: int,
        profile: SrtpProfile,
        send_key: bytes,
        send_salt: bytes,
        receive_key: bytes,
        receive_salt: bytes,
    ) -> None:
        """Begin SRTP."""


class Certificate(RTCCertificate):
    """A certificate that keeps its TLS context.

    Building a context takes 0.15 ms and 50 kB; aiortc builds one per connection. The shared one
    remembers no TLS sessions, so that no peer can resume in another's name.
    """

    _context: SSL.Context | None = None

    def _create_ssl_context(self, srtp_profiles: list[SRTPProtectionProfile]) -> SSL.Context:
        if self._context is None:
            self._context = super()._create_ssl_context(srtp_profiles)
            self._context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
        return self._context

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Return the SHA-256 digest for our answers."""
        digests = {digest.algorithm: digest.value for digest in self.getFingerprints()}
        return Fingerprint("sha-256", digests["sha-256"])

    def stale(self, now: datetime.datetime) -> bool:
        """Say whether new transports should use a newer one."""
        return self.expires - now < RENEW_CERTIFICATE_BEFORE


@dataclass(slots=True)
class HandshakeCounters:
    """Totals since start."""

    begun: int = 0
    connected: int = 0
    failed: int = 0
    mismatched: int = 0  # of the failed, those with a wrong certificate
    dropped: int = 0  # datagrams beyond a full inbox


class _Inbox:
    """What aiortc takes for an ICE transport: datagrams in from a queue, out by the engine."""

    role = "controlled"  # ICE-lite never controls

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._datagrams: asyncio.Queue[bytes] = asyncio.Queue(INBOX_LIMIT)
        self._first = asyncio.Event()
        self._send_now = send

    def full(self) -> bool:
        """Say whether the next datagram is dropped; may be asked from any thread."""
        return self._datagrams.full()

    def put(self, datagram: bytes) -> None:
        """Take a datagram, unless there is no room: the peer repeats what is lost."""
        self._first.set()
        if not self.full():
            self._datagrams.put_nowait(datagram)

    async def begun(self) -> None:
        await self._first.wait()

    async def _recv(self) -> bytes:
        return await self._datagrams.get()

    async def _send(self, data: bytes) -> None:
        self._send_now(data)


class _Server(RTCDtlsTransport):
    """aiortc's DTLS, with the keys handed to the engine instead of libsrtp."""

    def __init__(
        self,
        inbox: _Inbox,
        certificate: Certificate,
        take_keys: Callable[[SrtpProfile, bytes], None],
    ) -> None:
        super().__init__(cast("RTCIceTransport", inbox), [certificate])
        self._set_role("server")
        self._srtp_profiles = list(PROFILES.values())
        self._take_keys = take_keys
        self.mismatched = False

    def _validate_peer_identity(self, remoteParameters: RTCDtlsParameters) -> None:  # noqa: N803 - aiortc's name
        super()._validate_peer_identity(remoteParameters)
        self.mismatched = self._state is State.FAILED

    def _setup_srtp(self) -> None:
        assert self._ssl is not None  # noqa: S101 - start() made it; narrows the type
        chosen = self._ssl.get_selected_srtp_profile()
        for name, profile in PROFILES.items():
            if profile.openssl_profile == chosen:
                length = 2 * (profile.key_length + profile.salt_length)
                self._take_keys(name, self._ssl.export_keying_material(KEYING_LABEL, length))
                return
        self._set_state(State.FAILED)

    async def ended(self) -> None:
        """Wait until the peer has said goodbye."""
        if self._task is not None:
            await asyncio.wait([self._task])

    async def refuse(self) -> None:
        """Send close_notify to a peer that is not the expected one; it believes to be connected."""
        if not self.mismatched or self._ssl is None:
            return
        with contextlib.suppress(SSL.Error, ConnectionError):
            self._ssl.shutdown()
            await self._write_ssl()

    async def goodbye(self) -> None:
        """Send close_notify and leave no task behind."""
        pump = self._task
        await self.stop()
        if pump is not None:
            await asyncio.gather(pump, return_exceptions=True)


class Handshake:
    """One transport's DTLS, from the first ClientHello to close_notify.

    `receive` and `close` belong to the main loop, everything underscored to the handshake thread.
    """

    def __init__(
        self,
        owner: Handshakes,
        transport: int,
        certificate: Certificate,
        fingerprints: Sequence[Fingerprint],
        report: Callable[[DtlsState], None],
    ) -> None:
        self._owner = owner
        self._transport = transport
        self._certificate = certificate
        self._peer = RTCDtlsParameters(
            fingerprints=[RTCDtlsFingerprint(f.algorithm, f.value) for f in fingerprints]
        )
        self._report = report
        self._inbox = _Inbox(lambda datagram: owner.wire.dtls_send(transport, datagram))
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def receive(self, datagram: bytes) -> None:
        """Take a datagram of the peer; anything but DTLS is dropped."""
        if self._closed or not datagram or datagram[0] not in DTLS_FIRST_BYTES:
            return
        if self._inbox.full():
            self._owner.counters.dropped += 1
            return
        self._owner.call(lambda: self._inbox.put(datagram))

    def close(self, finish: Callable[[], None] | None = None) -> None:
        """Say goodbye to the peer, then call `finish` from the handshake thread."""
        if self._closed:
            return
        self._closed = True
        if not self._owner.call(lambda: self._cancel(finish)) and finish is not None:
            finish()

    def _start(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._run())
        self._owner.add_task(self._task)

    def _cancel(self, finish: Callable[[], None] | None) -> None:
        if self._task is None or self._task.done():
            if finish is not None:
                finish()
            return
        if finish is not None:
            self._task.add_done_callback(lambda _: finish())
        self._task.cancel()

    async def _run(self) -> None:
        await self._inbox.begun()
        server = _Server(self._inbox, self._certificate, self._take_keys)
        try:
            await self._negotiate(server)
            if server.state != "connected":
                await server.refuse()
                self._fail(server)
                return
            self._owner.counters.connected += 1
            self._tell(DtlsState.CONNECTED)
            await server.ended()
            self._tell(DtlsState.CLOSED)
        finally:
            await server.goodbye()

    async def _negotiate(self, server: _Server) -> None:
        gate = self._owner.gate
        await gate.acquire()
        self._owner.counters.begun += 1
        release = _once(gate.release)
        timer = asyncio.get_running_loop().call_later(ADMISSION_HELD, release)
        try:
            await server.start(self._peer)
        except SSL.Error as error:  # raised past aiortc when a timer finds the handshake broken
            logger.debug("transport %d: DTLS broke: %s", self._transport, error)
        finally:
            timer.cancel()
            release()

    def _fail(self, server: _Server) -> None:
        self._owner.counters.failed += 1
        self._owner.counters.mismatched += server.mismatched
        why = "wrong certificate" if server.mismatched else "no agreement"
        logger.info("transport %d: DTLS failed: %s", self._transport, why)
        self._tell(DtlsState.FAILED)

    def _take_keys(self, profile: SrtpProfile, material: bytes) -> None:
        """Split the exported material (RFC 5764 section 4.2) and hand it to the engine.

        From this thread, because the peer's first packets follow its Finished at once.
        """
        shape = PROFILES[profile]
        client, server = (shape.get_key_and_salt(material, index) for index in (0, 1))
        split = shape.key_length
        self._owner.wire.transport_set_keys(
            self._transport, profile, server[:split], server[split:], client[:split], client[split:]
        )

    def _tell(self, state: DtlsState) -> None:
        self._owner.tell(lambda: None if self._closed else self._report(state))


class Handshakes:
    """The thread in which every DTLS connection of this process lives."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire
        self.counters = HandshakeCounters()
        self._certificate = Certificate.generateCertificate()
        self._home = asyncio.get_running_loop()
        self._loop = type(self._home)()  # a loop of the same kind, which is uvloop's in a server
        self.gate = asyncio.Semaphore(HANDSHAKES_UNDER_WAY)
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._main, name="dtls", daemon=True)
        self._thread.start()

    def certificate(self) -> Certificate:
        """Return the certificate for a new transport, renewed well before it ends."""
        if self._certificate.stale(datetime.datetime.now(tz=datetime.UTC)):
            self._certificate = Certificate.generateCertificate()
        return self._certificate

    def open(
        self,
        transport: int,
        certificate: Certificate,
        fingerprints: Sequence[Fingerprint],
        report: Callable[[DtlsState], None],
    ) -> Handshake:
        """Expect a peer with these fingerprints; `report` is called on the main loop.

        Raises ValueError without a fingerprint.
        """
        if not fingerprints:
            raise ValueError("A peer without a fingerprint cannot be recognised.")
        handshake = Handshake(self, transport, certificate, fingerprints, report)
        self.call(handshake._start)  # noqa: SLF001 - the two classes are one mechanism
        return handshake

    async def close(self) -> None:
        """Say goodbye to every peer and end the thread; safe to call twice."""
        if not self._closed:
            self._loop.call_soon_threadsafe(self._stop.set)
            self._closed = True
        await asyncio.to_thread(self._thread.join, THREAD_STOP_TIMEOUT)

    def call(self, function: Callable[[], None]) -> bool:
        """Run a function in the handshake thread; False once that has ended."""
        if self._closed:
            return False
        self._loop.call_soon_threadsafe(function)
        return True

    def tell(self, function: Callable[[], None]) -> None:
        """Run a function in the main loop, unless that has ended."""
        if not self._home.is_closed():
            self._home.call_soon_threadsafe(function)

    def add_task(self, task: asyncio.Task[None]) -> None:
        """Keep a connection's task until it is done."""
        self._tasks.add(task)
        task.add_done_callback(self._forget)

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a DTLS connection broke", exc_info=error)

    def _main(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        await self._stop.wait()
        for task in self._tasks:
            task.cancel()
        while self._tasks:
            await asyncio.wait(self._tasks)


def _once(function: Callable[[], None]) -> Callable[[], None]:
    """Return a function that calls the given one the first time only."""
    waiting = [function]
    return lambda: waiting.pop()() if waiting else None
