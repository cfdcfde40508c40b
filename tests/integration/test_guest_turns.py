"""A guest's turn over the real engine: silent before it, heard during it, gone after it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from av import AudioFrame

from media.types import Source, Turns
from signaling.client import Declined, play, publish
from signaling.grants import Right
from tests.integration.school import LESSON
from tests.integration.tracks import LOUDNESS, Drain, Tone, loudness_of, soon, wait_for_sound
from tests.media.network_peer import NetworkPeer, Voice
from tests.media.values import tracks
from tests.media.waiting import until

if TYPE_CHECKING:
    from aiortc import MediaStreamTrack

    from media.room import Room
    from tests.integration.school import School

TURN, NEXT = "turn-1", "turn-2"
LISTENING = 1.0  # s in which a voice that is on air would be heard fifty times


def room_of(school: School) -> Room:
    room = school.rooms.get(LESSON)
    assert room is not None
    return room


def token(school: School, turn: str = TURN, guest: str = "guest") -> str:
    return school.token(guest, Right.SPEAK, turn=turn)


async def loudest(track: MediaStreamTrack, seconds: float = LISTENING) -> float:
    """Return how loud it was at most; a track on which nothing comes is silent."""
    most = 0.0
    try:
        async with asyncio.timeout(seconds):
            while True:
                frame = await track.recv()
                assert isinstance(frame, AudioFrame)
                most = max(most, loudness_of(frame))
    except TimeoutError:
        return most


async def test_a_guest_is_heard_during_the_turn_and_neither_before_nor_after(
    school: School,
) -> None:
    room = room_of(school)
    room.set_turns(Turns(testing=frozenset({TURN})))
    async with (
        play(school.whep(), school.student(), videos=3, audios=2) as student,
        Drain(student.audio[0]),
        publish(school.whip("/guest"), token(school), audio=Tone()) as guest,
    ):
        await soon(student.connected(), guest.connected())
        (publication,) = room.publications()
        await until(lambda: publication.has_started(Source.GUEST_VOICE))
        assert await loudest(student.audio[1]) < LOUDNESS / 100
        assert school.sources() == set()

        room.set_turns(Turns(on_air=TURN))
        assert school.sources() == {Source.GUEST_VOICE}
        await soon(wait_for_sound(student.audio[1]))

        room.set_turns(Turns())
        assert school.sources() == set()
        assert len(school.signaling.sessions) == 1  # the student's
        before = school.rooms.worker.counters()["packets_forwarded"]
        await soon(guest.ended())
        await loudest(student.audio[1])  # what was on its way
        assert await loudest(student.audio[1]) < LOUDNESS / 100
        assert school.rooms.worker.counters()["packets_forwarded"] <= before + 5


async def test_a_grant_kept_from_a_turn_opens_nothing_after_it(school: School) -> None:
    room = room_of(school)
    kept = token(school)
    room.set_turns(Turns(on_air=TURN))
    async with publish(school.whip("/guest"), kept, audio=Tone()) as guest:
        await soon(guest.connected(), until(school.sources))
        room.set_turns(Turns(on_air=NEXT))
        await soon(guest.ended())
    for stale in (kept, token(school, "turn-of-nobody")):
        with pytest.raises(Declined) as caught:
            async with publish(school.whip("/guest"), stale, audio=Tone()):
                pytest.fail("the block must not run")
        assert (caught.value.status, caught.value.code) == (403, "turn-over")
    assert school.sources() == set()


async def test_the_next_guest_takes_over_while_the_first_still_sends(school: School) -> None:
    room = room_of(school)
    room.set_turns(Turns(TURN, frozenset({NEXT})))
    async with (
        play(school.whep(), school.student(), videos=3, audios=2) as student,
        Drain(student.audio[0]),
        publish(school.whip("/guest"), token(school), audio=Tone()) as first,
        publish(school.whip("/guest"), token(school, NEXT, "second"), audio=Tone(880)) as second,
    ):
        await soon(first.connected(), second.connected(), student.connected())
        await soon(wait_for_sound(student.audio[1]))
        assert room.sources()[Source.GUEST_VOICE].participant == "guest"
        room.set_turns(Turns(NEXT))
        await soon(first.ended(), until(lambda: Source.GUEST_VOICE in room.sources()))
        assert room.sources()[Source.GUEST_VOICE].participant == "second"
        await soon(wait_for_sound(student.audio[1]))


async def test_packets_that_go_on_after_the_turn_are_refused(school: School) -> None:
    room, counters = room_of(school), school.rooms.worker.counters
    room.set_turns(Turns(on_air=TURN))
    publication = room.add_publisher("guest", tracks(Source.GUEST_VOICE), TURN)
    peer = NetworkPeer(publication.transport, school.rooms.candidates()[0])
    publication.transport.connect(peer.dtls.fingerprints[:1])
    await peer.connect()
    voice = Voice(peer, ssrc=1000)
    voice.say(5)
    await until(lambda: publication.has_started(Source.GUEST_VOICE))
    room.set_turns(Turns())
    before = counters()["rejected_stranger"]

    def refused() -> bool:
        voice.say()  # some are lost on the way when the machine is busy
        return counters()["rejected_stranger"] >= before + 50

    await until(refused)
    assert school.sources() == set()
    await peer.vanish()
