"""A lesson from the teacher's camera to three students' eyes and ears."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route

from server.keys import load_keys
from signaling.grants import Grant, Right, issue
from tests.browser.conftest import PHONE, Classroom, new_context
from tests.browser.probes import (
    distance,
    energy,
    eventually,
    frames,
    grows,
    inbound,
    mark_connection,
    once_within,
    pixels,
    same_connection,
    slot,
    watches,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

RETURN_TIME = 5.0  # seconds from the teacher's page being back on the air to picture and sound
SKEW = 100.0  # milliseconds between voice and lips
SKEW_READINGS = 9  # of which the middle one counts
COLOUR_TOLERANCE = 24.0  # mean of 0..255; two moments of a moving picture, scaled and encoded


async def go_live(room: Classroom) -> Page:
    teacher = await room.sign_in("Teacher", "teacher")
    await take_the_air(teacher, room)
    return teacher


async def take_the_air(teacher: Page, room: Classroom) -> None:
    await teacher.goto(room.teach_url)
    await teacher.get_by_test_id("allow-devices").click()
    await teacher.get_by_test_id("go-live").click()
    await teacher.get_by_test_id("end").wait_for()


async def watch(room: Classroom, name: str, size: dict[str, int] | None = None) -> Page:
    student = await room.sign_in(name, "student", size)
    await student.goto(room.live_url)
    await student.get_by_test_id("watch").click()
    return student


async def test_one_page_publishes_and_three_pages_watch(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    students = [
        await watch(classroom, f"Student {number}", size)
        for number, size in enumerate([None, PHONE, PHONE])
    ]
    for student in students:
        await watches(student)
    await teacher.get_by_test_id("toggle-screen").click()
    for student in students:
        await grows("the screen's frames are decoded", lambda s=student: frames(s, "screen"), by=3)
    await assert_colours_are_the_teachers(teacher, students[0])
    for student in students:
        await assert_voice_and_lips_agree(student)
    await teacher.get_by_test_id("toggle-screen").click()
    for student in students:
        await student.get_by_test_id("tile-screen").wait_for(state="hidden")
        await watches(student)


async def assert_colours_are_the_teachers(teacher: Page, student: Page) -> None:
    sent = await pixels(teacher, "[data-testid=preview-camera] video")
    shown = await pixels(student, "[data-testid=video-camera]")
    assert sent
    assert shown
    # The preview is mirrored by CSS only, so both are the camera's own orientation.
    assert distance(sent, shown) < COLOUR_TOLERANCE


async def assert_voice_and_lips_agree(student: Page) -> None:
    """Compare when the voice and the camera played now were captured, by the sender's clock.

    Both come from the sender reports. A browser under load first plays what it has and closes the
    gap in steps, so the newest readings count.
    """
    skews: list[float] = []

    async def agree() -> bool:
        found = await inbound(student)
        camera, voice = found.get("1"), found.get("3")
        if camera and voice and camera.playout and voice.playout:
            skews.append(abs(camera.playout - voice.playout))
        newest = sorted(skews[-SKEW_READINGS:])
        return len(newest) == SKEW_READINGS and newest[SKEW_READINGS // 2] <= SKEW

    await eventually("voice and lips agree", agree)


# Whether the teacher was asked, be it for a moment, to go back on the air.
NOTE_OFFER = """window.offered = false;
new MutationObserver(() => {
  window.offered ||= document.querySelector("[data-testid=back-on-air]") !== null;
}).observe(document, { childList: true, subtree: true });"""


async def test_after_the_teacher_reloads_every_student_goes_on_with_the_same_connection(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    students = [await watch(classroom, name) for name in ("Anor", "Behruz")]
    for student in students:
        await watches(student)
        await mark_connection(student)
    await teacher.add_init_script(NOTE_OFFER)

    async def back_on_the_air() -> bool:
        state = await teacher.get_by_test_id("uplink").get_attribute("data-state")
        return state == "connected"

    async def seconds_to_return() -> float:
        await teacher.reload()
        before = [await frames(student, "camera") for student in students]
        heard = [await energy(student) for student in students]

        async def all_back() -> bool:
            shown = [await frames(student, "camera") for student in students]
            sound = [await energy(student) for student in students]
            return all(now > then + 5 for now, then in zip(shown, before, strict=True)) and all(
                now > then for now, then in zip(sound, heard, strict=True)
            )

        await eventually("the teacher is back on the air", back_on_the_air)
        assert not await teacher.evaluate("window.offered"), "the page goes there by itself"
        return await eventually("every student sees and hears the teacher again", all_back)

    await once_within(RETURN_TIME, "seconds to picture and sound", seconds_to_return)
    for student in students:
        assert await same_connection(student)


async def test_a_second_device_takes_over_and_the_first_one_says_so(classroom: Classroom) -> None:
    first = await classroom.sign_in("Teacher", "teacher")
    await take_the_air(first, classroom)
    state = await first.context.storage_state()
    second_context = await new_context(
        classroom.chromium, storage_state=state, permissions=["camera", "microphone"], locale="en"
    )
    classroom.contexts.append(second_context)
    second = await second_context.new_page()
    await second.goto(classroom.teach_url)
    await second.get_by_test_id("allow-devices").click()
    await second.get_by_test_id("back-on-air").click()
    await first.get_by_test_id("refused").wait_for()
    student = await watch(classroom, "Student")
    await watches(student)
    assert await first.get_by_test_id("refused").is_visible()


async def test_a_student_who_joins_late_sees_a_still_screen_at_once(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    await teacher.get_by_test_id("toggle-screen").click()
    first = await watch(classroom, "First")
    await grows("the screen's frames are decoded", lambda: frames(first, "screen"), by=3)
    late = await watch(classroom, "Late")

    async def sees() -> bool:
        found = await slot(late, "screen")
        return found is not None and found.frames > 0

    await eventually("the late student sees the screen", sees)


async def test_a_student_whose_network_is_cut_is_back_without_doing_anything(
    classroom: Classroom,
) -> None:
    await go_live(classroom)
    student = await watch(classroom, "Student")
    await watches(student)
    await student.context.set_offline(True)
    await student.evaluate("() => { const pc = window.__darsgoh.player; pc().close(); }")
    await student.wait_for_timeout(2000)
    await student.context.set_offline(False)
    await watches(student)
    await eventually("the page says so", lambda: state_is(student, "good"))


async def state_is(page: Page, state: str) -> bool:
    return await page.get_by_test_id("connection").get_attribute("data-state") == state


async def test_the_server_is_killed_in_the_middle_and_nobody_does_anything(
    classroom: Classroom,
) -> None:
    await go_live(classroom)
    student = await watch(classroom, "Student")
    await watches(student)
    await classroom.server.kill()
    await asyncio.sleep(1)
    await classroom.server.start()
    await watches(student)


async def test_ending_the_lesson_reaches_the_student(classroom: Classroom) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Student")
    await watches(student)
    await teacher.get_by_test_id("end").click()
    await teacher.get_by_test_id("end-confirm").click()
    await student.get_by_test_id("ended").wait_for()


async def test_practice_is_seen_by_nobody_else(classroom: Classroom) -> None:
    teacher = await classroom.sign_in("Teacher", "teacher")
    await teacher.goto(classroom.teach_url)
    await teacher.get_by_test_id("allow-devices").click()
    await teacher.get_by_test_id("practice").click()
    await teacher.get_by_test_id("practice-on").wait_for()
    student = await classroom.sign_in("Student", "student")
    await student.goto(classroom.live_url)
    await student.get_by_test_id("waiting").wait_for()
    await teacher.get_by_test_id("go-live").click()
    # Who waited enters by itself; only the sound may still want a tap.
    await grows("the camera's frames are decoded", lambda: frames(student, "camera"), by=10)
    if await student.get_by_test_id("watch").is_visible():
        await student.get_by_test_id("watch").click()
    await watches(student)


def expired_token(room: Classroom) -> str:
    grants = load_keys(room.server.data).grants
    long_ago = datetime.now(UTC) - timedelta(days=1)
    grant = Grant(room.lesson, Right.WATCH, "somebody", "Somebody", False, long_ago)
    return issue(grants, grant, long_ago - timedelta(minutes=10))


def forged_token(room: Classroom) -> str:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    grant = Grant(room.lesson, Right.WATCH, "somebody", "Somebody", False, soon)
    return issue(b"not the key of this server, not at all", grant, datetime.now(UTC))


def foreign_token(room: Classroom) -> str:
    soon = datetime.now(UTC) + timedelta(minutes=10)
    grant = Grant("another-lesson", Right.WATCH, "somebody", "Somebody", False, soon)
    return issue(load_keys(room.server.data).grants, grant, datetime.now(UTC))


@pytest.mark.parametrize("make", [expired_token, forged_token, foreign_token])
async def test_a_token_that_is_refused_gives_a_clear_page(
    classroom: Classroom, make: Callable[[Classroom], str]
) -> None:
    await go_live(classroom)
    student = await classroom.sign_in("Student", "student")
    token = make(classroom)

    async def give_wrong_token(route: Route) -> None:
        answer = await route.fetch()
        await route.fulfill(response=answer, json=await answer.json() | {"token": token})

    await student.route("**/grant", give_wrong_token)
    await student.goto(classroom.live_url)
    await student.get_by_test_id("watch").click()
    await student.get_by_test_id("blocked").wait_for()


async def test_a_stranger_sees_that_the_lesson_is_not_theirs(classroom: Classroom) -> None:
    other = await classroom.staff.create_course("Another course")
    link = await classroom.staff.invite(other["id"], "Stranger", "student")
    page = await classroom.open_browser()
    await page.goto(classroom.server.url + link)
    await page.get_by_test_id("continue").click()
    await page.wait_for_url(lambda url: "/sign-in" not in url)
    await page.goto(classroom.live_url)
    await page.get_by_test_id("blocked").wait_for()


async def test_a_refused_camera_is_explained(classroom: Classroom) -> None:
    teacher = await classroom.sign_in("Teacher", "teacher")
    await teacher.add_init_script(
        "navigator.mediaDevices.getUserMedia = () =>"
        " Promise.reject(new DOMException('no', 'NotAllowedError'));"
    )
    await teacher.goto(classroom.teach_url)
    await teacher.get_by_test_id("allow-devices").click()
    await teacher.get_by_test_id("device-problem").wait_for()
