"""One peer's ICE and DTLS, with what it publishes and what it watches."""

from __future__ import annotations

import asyncio
import base64
import secrets
from typing import TYPE_CHECKING

from media.dtls import DtlsState
from media.endpoint import Endpoint
from media.types import CloseReason, Fingerprint, IceCredentials, TransportState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from media._engine import TransportStats
    from media.dtls import Handshake
    from media.router import Router
    from media.worker import Worker

PROBE_STEP = 50_000  # bits a second; what is wanted less precisely is told less often
CONNECT_TIMEOUT = 30.0  # seconds from the answer to the end of DTLS; browsers give up sooner

UFRAG_LENGTH = 8  # 48 bits: transports are found by it, so it must not repeat; 4 are required
PWD_LENGTH = 24  # 144 bits; 128 are required


class Transport(Endpoint):
    """A peer that connects to the media port.

    It fails by itself when nobody has connected after CONNECT_TIMEOUT.
    """

    def __init__(self, worker: Worker, router: Router, ice: IceCredentials | None = None) -> None:
        super().__init__(worker, router)
        self.ice = ice or new_credentials()
        self.address: str | None = None  # "ip:port" where the peer is now
        self.estimate: int | None = None  # bits a second that the path toward the peer carries
        self.wanted: int | None = None  # bits a second that the engine probes for
        self.aspired: int | None = None  # bits a second for a whole voice, where it is a thin one
        self._on_estimate: list[Callable[[int], None]] = []
        self._certificate = worker.handshakes.certificate()
        self._handshake: Handshake | None = None
        worker.engine.transport_create(self.id, router.id, self.ice.ufrag, self.ice.pwd)
        self._deadline = worker.timers.call_later(CONNECT_TIMEOUT, self._time_out)

    @property
    def fingerprint(self) -> Fingerprint:
        """Return the fingerprint of our certificate, for the answer."""
        return self._certificate.fingerprint

    def connect(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Expect the peer whose certificate has these fingerprints.

        Raises TransportClosed, or ValueError without a fingerprint.
        """
        self._check_open()
        if self._handshake is not None:
            raise ValueError("The transport already expects a peer.")
        self._handshake = self.worker.handshakes.open(
            self.id, self._certificate, fingerprints, self._handle_dtls
        )
        self._set_state(TransportState.CONNECTING)

    def restart_ice(self) -> IceCredentials:
        """Return new credentials; the old stay good until the first check with the new.

        Raises TransportClosed.
        """
        self._check_open()
        self.ice = new_credentials()
        self.worker.engine.transport_restart_ice(self.id, self.ice.ufrag, self.ice.pwd)
        return self.ice

    async def stats(self) -> TransportStats | None:
        """Return the totals so far, or None when the transport is gone."""
        return await asyncio.to_thread(self.worker.engine.transport_stats, self.id)

    def handle_datagram(self, datagram: bytes) -> None:
        """Take a DTLS datagram of the peer; it is dropped while nobody is expected."""
        if self._handshake is not None:
            self._handshake.receive(datagram)

    def handle_address(self, address: str) -> None:
        """Take the engine's word on where the peer is."""
        self.address = address

    def handle_estimate(self, bits: int) -> None:
        """Take the engine's word on what the path toward the peer carries."""
        self.estimate = bits
        for callback in self._on_estimate:
            callback(bits)

    def on_estimate(self, callback: Callable[[int], None]) -> None:
        """Call back with every estimate of what the path carries, in bits a second."""
        self._on_estimate.append(callback)

    @property
    def can_probe(self) -> bool:
        """Say whether the engine can find out what the path carries without trying a picture."""
        slots = [consumer.parameters for consumer in self.consumers.values()]
        return any(
            slot.extensions.transport_cc is not None
            and slot.rtx_ssrc is not None
            and any(codec.rtx_payload_type is not None for codec in slot.codecs)
            for slot in slots
        )

    def probe(self, bits: int | None) -> None:
        """Let the engine find out whether the path carries so many bits a second, or no more."""
        wanted = None if bits is None else -(-bits // PROBE_STEP) * PROBE_STEP
        if wanted != self.wanted:
            self.wanted = wanted
            self.worker.engine.transport_probe(self.id, wanted)

    def handle_engine(self, event: str) -> None:
        """Take the engine's word on the connection."""
        match event, self.state:
            case "transport_connected", TransportState.DISCONNECTED:
                self._set_state(TransportState.CONNECTED)
            case "transport_disconnected", TransportState.CONNECTED:
                self._set_state(TransportState.DISCONNECTED)
            case "transport_expired", _:
                self._end(TransportState.FAILED, CloseReason.EXPIRED)

    def _handle_dtls(self, state: DtlsState) -> None:
        match state:
            case DtlsState.CONNECTED:
                self._deadline.cancel()
                self._set_state(TransportState.CONNECTED)
            case DtlsState.FAILED:
                self._end(TransportState.FAILED, CloseReason.HANDSHAKE_FAILED)
            case DtlsState.CLOSED:
                self._end(TransportState.CLOSED, CloseReason.PEER_CLOSED)

    def _time_out(self) -> None:
        self._end(TransportState.FAILED, CloseReason.TIMEOUT)

    def _disconnect(self) -> None:
        self._deadline.cancel()
        if self._handshake is None:
            super()._disconnect()
        else:  # close_notify needs the engine's transport
            self._handshake.close(self._finish)

    def _finish(self) -> None:
        self.worker.engine.transport_close(self.id)
        self.worker.handshakes.tell(lambda: self.router.release(self))


async def stats_of(transports: Sequence[Transport]) -> list[TransportStats | None]:
    """Return the totals of many transports in their order; None for those that are gone."""

    def ask() -> list[TransportStats | None]:
        return [one.worker.engine.transport_stats(one.id) for one in transports]

    return await asyncio.to_thread(ask)


def new_credentials() -> IceCredentials:
    """Return fresh random ICE credentials."""
    return IceCredentials(_random(UFRAG_LENGTH), _random(PWD_LENGTH))


def _random(length: int) -> str:
    """Return random characters, a multiple of four; base64's are ice-char (RFC 8839, 5.4)."""
    return base64.b64encode(secrets.token_bytes(length * 3 // 4)).decode()
