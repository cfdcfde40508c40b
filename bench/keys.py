"""Keys and ICE credentials of the benches: known to both ends, so that no handshake is measured."""

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pylibsrtp import Policy, Session

if TYPE_CHECKING:
    from media.transport import Transport

PROFILE: Final = "AEAD_AES_128_GCM"
KEY_BYTES, SALT_BYTES = 16, 12  # RFC 7714


@dataclass(frozen=True, slots=True)
class Peer:
    """One participant's secrets, derived from a name."""

    name: str

    @property
    def ufrag(self) -> str:
        """Return our ICE user name fragment toward this peer."""
        return hashlib.sha256(f"ufrag {self.name}".encode()).hexdigest()[:8]

    @property
    def pwd(self) -> str:
        """Return the ICE password."""
        return hashlib.sha256(f"pwd {self.name}".encode()).hexdigest()[:24]

    def key(self, direction: str) -> bytes:
        """Return key and salt for `to-engine` or `from-engine`."""
        digest = hashlib.sha256(f"{direction} {self.name}".encode()).digest()
        return digest[: KEY_BYTES + SALT_BYTES]

    def session(self, direction: str, ssrc_type: int = Policy.SSRC_ANY_OUTBOUND) -> Session:
        """Return libsrtp's end of a direction."""
        return Session(
            Policy(
                key=self.key(direction),
                ssrc_type=ssrc_type,
                srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_128_GCM,
            )
        )


PUBLISHER = Peer("publisher")


def subscriber(index: int) -> Peer:
    """Return the n-th subscriber."""
    return Peer(f"subscriber {index}")


def give_keys(transport: "Transport", peer: Peer) -> None:
    """Let a peer whose keys are known do without a handshake."""
    out, back = peer.key("from-engine"), peer.key("to-engine")
    transport.worker.engine.transport_set_keys(
        transport.id,
        PROFILE,
        out[:KEY_BYTES],
        out[KEY_BYTES:],
        back[:KEY_BYTES],
        back[KEY_BYTES:],
    )
