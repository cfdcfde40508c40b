"""Peers that are not ours publish and watch: aiortc, over real HTTP, DTLS, SRTP and the engine."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from media.types import Source
from signaling.client import Declined, play, publish
from signaling.grants import Right
from tests.integration.school import LESSON
from tests.integration.tracks import (
    BLUE,
    GREEN,
    PATIENCE,
    RED,
    Colour,
    Drain,
    Tone,
    soon,
    wait_for_colour,
    wait_for_sound,
)
from tests.media.waiting import until

if TYPE_CHECKING:
    from tests.integration.school import School

SWITCH_PATIENCE = 12  # s; a hole in the sequence numbers makes aiortc wait for 17


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_teacher_is_seen_and_heard(school: School, codec: Any) -> None:
    async with (
        publish(
            school.whip(), school.token(), audio=Tone(), video=Colour(RED), codec=codec
        ) as teacher,
        play(school.whep(), school.student()) as student,
    ):
        await soon(teacher.connected(), student.connected())
        await soon(wait_for_colour(student.video[0], RED), wait_for_sound(student.audio[0]))
        assert school.sources() == {Source.CAMERA, Source.VOICE}


async def test_a_student_who_comes_later_sees_the_picture_too(school: School) -> None:
    async with publish(school.whip(), school.token(), audio=Tone(), video=Colour(GREEN)) as teacher:
        await soon(teacher.connected())
        async with asyncio.timeout(PATIENCE):
            await until(school.sources)
        await asyncio.sleep(2)  # so that the newest keyframe is long past
        async with play(school.whep(), school.student()) as student:
            await soon(wait_for_colour(student.video[0], GREEN), wait_for_sound(student.audio[0]))


async def test_a_student_who_comes_first_sees_what_begins_then(school: School) -> None:
    async with play(school.whep(), school.student()) as student:
        await soon(student.connected())
        async with publish(school.whip(), school.token(), audio=Tone(), video=Colour(BLUE)):
            await soon(wait_for_colour(student.video[0], BLUE), wait_for_sound(student.audio[0]))


async def test_a_publisher_who_reloads_goes_on_in_the_same_connection(school: School) -> None:
    async with (
        play(school.whep(), school.student()) as student,
        Drain(*student.audio),
        publish(school.whip(), school.token(), audio=Tone(), video=Colour(RED)) as before,
    ):
        await soon(wait_for_colour(student.video[0], RED))
        peer = student.peer
        async with publish(school.whip(), school.token(), audio=Tone(880), video=Colour(BLUE)):
            await soon(
                wait_for_colour(student.video[0], BLUE), before.ended(), patience=SWITCH_PATIENCE
            )
            assert student.peer is peer
            assert peer.connectionState == "connected"
            assert len(school.signaling.sessions) == 2


async def test_the_screen_takes_the_stage_and_gives_it_back(school: School) -> None:
    async with (
        publish(school.whip(), school.token(), audio=Tone(), video=Colour(RED)),
        play(school.whep(), school.student()) as student,
        Drain(*student.audio),
    ):
        await soon(wait_for_colour(student.video[0], RED))
        async with publish(school.whip("/screen"), school.token(), video=Colour(GREEN)):
            await soon(wait_for_colour(student.video[0], GREEN), patience=SWITCH_PATIENCE)
        await soon(wait_for_colour(student.video[0], RED), patience=SWITCH_PATIENCE)


async def test_the_classroom_page_gets_every_source_in_its_slot(school: School) -> None:
    async with (
        publish(school.whip(), school.token(), audio=Tone(), video=Colour(RED)),
        publish(school.whip("/screen"), school.token(), video=Colour(GREEN)),
        publish(
            school.whip("/guest"),
            school.token("guest", Right.SPEAK),
            audio=Tone(660),
            video=Colour(BLUE),
        ),
        play(school.whep(), school.student(), videos=3, audios=2) as student,
    ):
        screen, camera, guest = student.video
        await soon(
            wait_for_colour(screen, GREEN),
            wait_for_colour(camera, RED),
            wait_for_colour(guest, BLUE),
            *(wait_for_sound(track) for track in student.audio),
        )


async def test_leaving_ends_the_publication_at_once(school: School) -> None:
    async with publish(school.whip(), school.token(), audio=Tone(), video=Colour(RED)) as teacher:
        await soon(teacher.connected(), until(school.sources))
        await teacher.delete()
        assert school.sources() == set()
        await soon(teacher.ended())
    assert len(school.signaling.sessions) == 0


async def test_a_lesson_that_ends_closes_every_connection(school: School) -> None:
    async with play(school.whep(), school.student()) as student:
        await soon(student.connected())
        school.rooms.close(LESSON)
        await soon(student.ended())


async def test_a_second_publisher_is_told_that_the_source_is_taken(school: School) -> None:
    async with publish(school.whip(), school.token(), audio=Tone(), video=Colour(RED)):
        with pytest.raises(Declined) as caught:
            async with publish(school.whip(), school.token("other teacher"), video=Colour(BLUE)):
                pytest.fail("the block must not run")
        assert (caught.value.status, caught.value.code) == (409, "source-taken")


async def test_bad_tokens_open_nothing(school: School) -> None:
    for token, status, code in (
        (school.token(lifetime=timedelta(hours=-1)), 401, "token-expired"),
        (school.token(key=b"somebody else's key, as long as ours"), 401, "token-invalid"),
        (school.token(lesson="lesson-2"), 403, "token-elsewhere"),
        (school.student(), 403, "right-missing"),
    ):
        with pytest.raises(Declined) as caught:
            async with publish(school.whip(), token, audio=Tone()):
                pytest.fail("the block must not run")
        assert (caught.value.status, caught.value.code) == (status, code)
    assert len(school.signaling.sessions) == 0
