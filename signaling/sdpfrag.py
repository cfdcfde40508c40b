"""Read trickle-ice-sdpfrag bodies (RFC 8840): candidates, or new ICE credentials.

What a fragment names is checked and forgotten, because we are ICE-lite: the other end's checks
tell us where it is. Only the first m-line counts, since all of them share one transport.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signaling.errors import FragmentError, SdpError
from signaling.sdp import Section, ice_credentials, split

if TYPE_CHECKING:
    from media.types import IceCredentials

MAX_FRAGMENT_LENGTH = 64 * 1024  # bytes; a hundred candidates have about 12 000


@dataclass(frozen=True, slots=True)
class Fragment:
    """The ICE generation a fragment speaks of, and what it adds."""

    ice: IceCredentials
    candidates: int  # how many it names, of whatever transport, type and address
    complete: bool  # end-of-candidates


def parse_fragment(text: str) -> Fragment:
    """Return the fragment; raise FragmentError with the code of what is wrong."""
    try:
        session, *media = split(text)
        first = media[0] if media else Section(None, {})
        ice = ice_credentials(session, first)
    except SdpError as error:
        raise FragmentError(error.code, error.detail) from error
    candidates = session.every("candidate") + first.every("candidate")
    if any(not candidate for candidate in candidates):
        raise FragmentError("sdp-malformed", "A candidate attribute is empty.")
    return Fragment(
        ice=ice,
        candidates=len(candidates),
        complete=session.has("end-of-candidates") or first.has("end-of-candidates"),
    )
