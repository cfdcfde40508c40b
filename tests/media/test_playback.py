"""A stored voice in a room: paced, whole, heard in the guest's slot, gone at its end."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

from media.errors import LimitReached, RoomClosed, SourceTaken
from media.playback import PACKET_SECONDS, Playback, play
from media.room import RoomLimits
from media.types import Slot, Source, Turns
from tests.media.room_lesson import Lesson, settle
from tests.media.values import tracks

if TYPE_CHECKING:
    from media.rooms import Rooms
    from tests.media.fake_engine import FakeEngine, FakeTimers

VOICE = Source.GUEST_VOICE
SOUND = [b"packet %d" % number for number in range(10)]


class Stage(Lesson):
    """A lesson in which something is played."""

    def play(self, payloads: list[bytes] | None = None) -> Playback:
        self.ends: list[bool] = []
        playback = play(self.room, "note", SOUND if payloads is None else payloads)
        playback.on_end(self.ends.append)
        return playback

    def sent(self) -> list[bytes]:
        return [packet for _, packets in self.engine.named("packets_send") for packet in packets]

    async def heard(self) -> None:
        """Let the engine say that packets flow."""
        (publication,) = self.room.publications()
        await self.flow(publication, VOICE)


@pytest.fixture
def stage(rooms: Rooms, engine: FakeEngine) -> Stage:
    return Stage(rooms, engine)


def test_packets_go_out_one_every_twenty_milliseconds(stage: Stage, timers: FakeTimers) -> None:
    playback = stage.play()
    assert len(stage.sent()) == 1
    timers.advance(PACKET_SECONDS / 2)
    for count in range(2, len(SOUND) + 1):
        timers.advance(PACKET_SECONDS)
        assert len(stage.sent()) == count
    assert not playback.ended
    timers.advance(PACKET_SECONDS)
    assert playback.ended
    assert stage.ends == [True]
    assert stage.room.publications() == []
    assert timers.pending == 0


def test_they_are_rtp_with_one_ssrc_and_a_marked_beginning(
    stage: Stage, timers: FakeTimers
) -> None:
    stage.play()
    timers.advance(1)
    heads = [struct.unpack("!BBHII", packet[:12]) for packet in stage.sent()]
    assert [head[0] for head in heads] == [0x80] * len(SOUND)
    assert [head[1] for head in heads] == [111 | 0x80, *[111] * (len(SOUND) - 1)]
    assert [head[2] for head in heads] == list(range(len(SOUND)))
    assert [head[3] for head in heads] == [960 * number for number in range(len(SOUND))]
    assert len({head[4] for head in heads}) == 1
    assert [packet[12:] for packet in stage.sent()] == SOUND


async def test_it_is_in_the_guests_slot_while_it_plays(stage: Stage, timers: FakeTimers) -> None:
    student = stage.watch("student")
    playback = stage.play()
    await stage.heard()
    assert stage.seen(student)[Slot.GUEST_VOICE] is VOICE
    assert stage.room.sources()[VOICE].participant == "note"
    playback.stop()
    playback.stop()
    assert stage.room.sources() == {}
    assert stage.ends == [False]
    before = len(stage.sent())
    timers.advance(1)
    assert len(stage.sent()) == before


async def test_a_turn_ends_it_and_is_not_disturbed_by_one(stage: Stage) -> None:
    playback = stage.play()
    await stage.heard()
    stage.room.set_turns(Turns(on_air="t1"))
    guest = stage.room.add_publisher("guest", tracks(VOICE), "t1")
    await settle()
    assert playback.ended
    assert stage.ends == [False]
    with pytest.raises(SourceTaken):
        stage.play()
    assert not guest.closed


def test_nothing_is_played_over_a_turn_that_has_not_sent_yet(stage: Stage) -> None:
    stage.room.set_turns(Turns(on_air="t1"))
    with pytest.raises(SourceTaken):
        stage.play()
    stage.room.set_turns(Turns(testing=frozenset({"t1"})))
    stage.play()
    with pytest.raises(SourceTaken):
        stage.play()


def test_a_loop_that_was_busy_catches_up_a_little_and_no_more(
    stage: Stage, timers: FakeTimers
) -> None:
    playback = stage.play([b"x"] * 100)
    late(playback, timers, 3.5 * PACKET_SECONDS)
    assert len(stage.sent()) == 4
    late(playback, timers, 1)
    assert len(stage.sent()) == 5
    timers.advance(PACKET_SECONDS * 94)
    assert 90 <= len(stage.sent()) < 100
    timers.advance(1)
    assert len(stage.sent()) == 100
    assert stage.ends == [True]


def late(playback: Playback, timers: FakeTimers, seconds: float) -> None:
    """Call back after so many seconds, whatever was asked for."""
    assert playback._timer is not None
    playback._timer.cancel()
    timers.now += seconds
    playback._play()


def test_nothing_to_play_is_over_at_once(stage: Stage) -> None:
    playback = play(stage.room, "note", [])
    assert playback.ended


def test_a_closed_or_full_room_plays_nothing(rooms: Rooms, engine: FakeEngine) -> None:
    rooms.limits = RoomLimits(publications=0)
    stage = Stage(rooms, engine)
    with pytest.raises(LimitReached):
        stage.play()
    stage.room.close()
    with pytest.raises(RoomClosed):
        stage.play()
