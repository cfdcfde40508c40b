"""How large a picture a subscriber gets of what its path carries; pure: numbers in, limits out.

Sound comes first, then the screen, the camera and the guest. A picture that does not fit is made
smaller, and held back where it would drown the sound. Down at once, up when the engine's probes
have shown that there is room. Where a peer's negotiation allows no probes, nobody knows what the
path carries beyond what is sent on it, and a larger picture is a trial. A step up that fails, tried
or shown, doubles the time to the next.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from media.types import Layer

HELD = -1  # the level of a picture that is not sent
VOICE_BITS = 48_000  # bits a second of one voice on the wire; Opus at 32 kbit/s in 20 ms packets
USABLE = 0.9  # part of the estimate that pictures may use, so that a keyframe does not queue
OVERDRAWN = 1.2  # multiple of the estimate that is too much; a full path is estimated at 0.85
HOPELESS = 2.0  # the smallest picture is held back when it is this multiple of what is left for it
REPLACED = 1.0  # the same of a picture in whose place stills are shown, which cost next to nothing
HOLD_AFTER = 3.0  # seconds at the smallest: a busy machine looks like a full path for a moment
PATIENCE = 5.0  # seconds without a change before the next larger picture is tried
SHOWN = 1.0  # seconds without a change before a larger picture for which probes have shown room
MAX_PATIENCE = 80.0  # seconds; a path that never carries more is tried once in so long
GRACE = 3.0  # seconds in which the estimate may follow a step up: a keyframe and some feedback
TRIAL = 10.0  # seconds in which a step down means that the step up before was a mistake
SHRUNK = 0.95  # part of an estimate that tells, during a trial, that it has failed


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a subscriber wants: the slot's number, and what there is, smallest first."""

    slot: int
    layers: tuple[Layer, ...]
    hopeless: float = HOPELESS

    @property
    def top(self) -> int:
        """Return the level of the largest."""
        return len(self.layers) - 1

    def cost(self, level: int) -> int:
        """Return bits a second at a level."""
        return 0 if level == HELD else self.layers[level].bits


@dataclass(frozen=True, slots=True)
class Standing:
    """What a subscriber has: levels by slot, none while all are at their largest, and since when.

    Times are seconds on any clock that does not jump.
    """

    levels: Mapping[int, int] = field(default_factory=dict)
    changed: float = 0.0
    climbed: float | None = None  # when, if the last change was a step up
    before: int = 0  # the estimate at that time
    patience: float = PATIENCE

    def level(self, picture: Picture) -> int:
        """Return the level of a picture; one that comes where others are small begins small."""
        known = self.levels.get(picture.slot)
        if known is not None:
            return min(known, picture.top)
        return 0 if self.levels else picture.top

    def limit(self, picture: Picture) -> int | None:
        """Return the most pixels of a picture: 0 for none at all, None for the largest."""
        level = self.level(picture)
        if level == HELD:
            return 0
        return None if level == picture.top else picture.layers[level].pixels


def decide(
    standing: Standing,
    estimate: int,
    pictures: Sequence[Picture],
    voices: int,
    now: float,
    *,
    probed: bool = False,
) -> Standing:
    """Return what a subscriber whose path carries `estimate` bits a second shall have now.

    `pictures` have layers, the most important comes first. Where the path is `probed`, nothing is
    tried for which the estimate has no room.
    """
    levels = [standing.level(picture) for picture in pictures]
    spoken = voices * VOICE_BITS
    cost = _cost(pictures, levels)
    overdrawn = cost > 0 and cost + spoken > OVERDRAWN * estimate
    if overdrawn and not _is_trying(standing, estimate, now):
        fitting = _fit(pictures, max(0.0, USABLE * estimate - spoken))
        return _lower(standing, pictures, levels, fitting, now)
    if now - standing.changed < _patience(standing, probed=probed):
        return standing
    higher = _next(pictures, levels)
    if higher is None:
        return Standing() if now - standing.changed >= TRIAL else standing
    if probed:
        higher = _shown(pictures, levels, USABLE * estimate - spoken)
        if higher == levels:
            return standing
    named = _named(pictures, higher)
    return replace(standing, levels=named, changed=now, climbed=now, before=estimate)


def wanted(standing: Standing, pictures: Sequence[Picture], voices: int) -> int | None:
    """Return the bits a second that a path must carry for the next step up, None at the top."""
    levels = [standing.level(picture) for picture in pictures]
    higher = _next(pictures, levels)
    if not standing.levels or higher is None:
        return None
    return int((_cost(pictures, higher) + voices * VOICE_BITS) / USABLE)


def _patience(standing: Standing, *, probed: bool) -> float:
    """Return the seconds before a step up: few where probes tell, unless they were mistaken."""
    if not probed:
        return standing.patience
    return SHOWN if standing.patience == PATIENCE else standing.patience / 2


def _is_trying(standing: Standing, estimate: int, now: float) -> bool:
    """Say whether a step up is so new that the estimate can not know of it."""
    is_new = standing.climbed is not None and now - standing.climbed < GRACE
    return is_new and estimate >= SHRUNK * standing.before


def _lower(
    standing: Standing,
    pictures: Sequence[Picture],
    levels: Sequence[int],
    fitting: Sequence[int],
    now: float,
) -> Standing:
    """Make pictures smaller at once, and hold them back where that was not enough."""
    pairs = list(zip(levels, fitting, strict=True))
    smaller = [min(level, max(fit, 0)) for level, fit in pairs]
    if smaller != levels:
        return _lowered(standing, pictures, smaller, now)
    if not standing.levels:
        return Standing(_named(pictures, levels), changed=now)  # from now on it is watched
    held = [min(pair) for pair in pairs]
    if held == levels or now - standing.changed < HOLD_AFTER:
        return standing
    return _lowered(standing, pictures, held, now)


def _lowered(
    standing: Standing, pictures: Sequence[Picture], levels: Sequence[int], now: float
) -> Standing:
    failed = standing.climbed is not None and now - standing.climbed < TRIAL
    patience = min(2 * standing.patience, MAX_PATIENCE) if failed else PATIENCE
    return Standing(_named(pictures, levels), changed=now, patience=patience)


def _cost(pictures: Sequence[Picture], levels: Sequence[int]) -> int:
    return sum(picture.cost(level) for picture, level in zip(pictures, levels, strict=True))


def _named(pictures: Sequence[Picture], levels: Sequence[int]) -> dict[int, int]:
    return {picture.slot: level for picture, level in zip(pictures, levels, strict=True)}


def _fit(pictures: Sequence[Picture], budget: float) -> list[int]:
    """Return levels within a budget: the smallest of each first, then larger, in their order."""
    levels: list[int] = []
    for picture in pictures:
        levels.append(HELD if picture.cost(0) > picture.hopeless * budget else 0)
        budget = max(0.0, budget - picture.cost(levels[-1]))
    for index, picture in enumerate(pictures):
        while HELD < levels[index] < picture.top:
            more = picture.cost(levels[index] + 1) - picture.cost(levels[index])
            if more > budget:
                break
            budget -= more
            levels[index] += 1
    return levels


def _shown(pictures: Sequence[Picture], levels: Sequence[int], budget: float) -> list[int]:
    """Return levels after as many steps up as fit into a budget."""
    reached = list(levels)
    while (higher := _next(pictures, reached)) and _cost(pictures, higher) <= budget:
        reached = higher
    return reached


def _next(pictures: Sequence[Picture], levels: Sequence[int]) -> list[int] | None:
    """Return levels with one step up: a held picture first, then the most important one."""
    order = sorted(range(len(levels)), key=lambda index: (levels[index] != HELD, index))
    for index in order:
        if levels[index] < pictures[index].top:
            return [level + (at == index) for at, level in enumerate(levels)]
    return None
