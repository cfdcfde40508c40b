"""One peer's ICE and DTLS, with what it publishes and what it watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from media._engine import TransportStats
    from media.consumer import Consumer
    from media.producer import Producer
    from media.types import (
        CloseReason,
        Fingerprint,
        IceCredentials,
        SlotParameters,
        Source,
        TrackParameters,
        TransportState,
    )


class Transport:
    """A peer that connects to the media port."""

    id: int
    ice: IceCredentials  # ours, for the answer
    fingerprint: Fingerprint  # ours, for the answer
    state: TransportState
    close_reason: CloseReason | None

    def on_state(self, callback: Callable[[TransportState], None]) -> None:
        """Call back at every change of state."""
        raise NotImplementedError

    def connect(self, fingerprints: Sequence[Fingerprint]) -> None:
        """Expect the peer whose certificate has these fingerprints."""
        raise NotImplementedError

    def produce(self, source: Source, parameters: TrackParameters) -> Producer:
        """Take a track from the peer."""
        raise NotImplementedError

    def consume(self, parameters: SlotParameters) -> Consumer:
        """Open a slot toward the peer; it is empty at first."""
        raise NotImplementedError

    def restart_ice(self) -> IceCredentials:
        """Return new credentials; the old stay good until the first check with the new."""
        raise NotImplementedError

    async def stats(self) -> TransportStats | None:
        """Return the totals so far, or None when the transport is gone."""
        raise NotImplementedError

    def close(self, reason: CloseReason) -> None:
        """End the transport with its producers and consumers; safe to call twice."""
        raise NotImplementedError
