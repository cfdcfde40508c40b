"""What a few of a class have received, opened packet by packet."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from pylibsrtp import Error, Session

from bench.publisher import stamp


@dataclass(slots=True)
class Testimony:
    """What one subscriber can say about a run."""

    unopened: int = 0  # packets whose keys were wrong or that had come before
    gaps: int = 0  # sequence numbers that are missing between those that came
    delays_ms: list[float] = field(default_factory=list)  # of every packet that was opened

    @property
    def opened(self) -> int:
        """Return how many packets came, each counted once."""
        return len(self.delays_ms)


def hear(session: Session, received: Sequence[tuple[int, bytes]]) -> Testimony:
    """Open packets that arrived at these nanoseconds, in their order."""
    said = Testimony()
    numbers: list[int] = []
    for arrival, datagram in received:
        try:
            packet = session.unprotect(datagram)
        except Error:
            said.unopened += 1
            continue
        said.delays_ms.append((arrival - stamp(packet)) / 1e6)
        numbers.append(int.from_bytes(packet[2:4]))
    said.gaps = _gaps(numbers)
    return said


def _gaps(numbers: Sequence[int]) -> int:
    """Return how many 16-bit numbers are missing; late ones fill their place (RFC 3550)."""
    if not numbers:
        return 0
    place, places = 0, [0]
    for before, number in pairwise(numbers):
        place += (number - before + 0x8000 & 0xFFFF) - 0x8000
        places.append(place)
    return max(places) - min(places) + 1 - len(set(places))
