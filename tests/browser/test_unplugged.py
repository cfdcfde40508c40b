"""A device that is unplugged: the teacher is told, the other one goes on, and it comes back."""

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Classroom
from tests.browser.probes import energy, frames, grows, mark_connection, same_connection, watches

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What a browser does when a cable is pulled: the track ends without anybody having stopped it.
KEEP_TRACKS = """
    const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.opened = [];
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await open(wanted);
        window.opened.push(...stream.getTracks());
        return stream;
    };
"""
UNPLUG = """(kind) => {
    for (const track of window.opened.filter((one) => one.kind === kind)) {
        if (track.readyState !== "live") continue;
        track.stop();
        track.dispatchEvent(new Event("ended"));
    }
}"""


async def lesson_with_student(room: Classroom) -> tuple[Page, Page]:
    teacher = await room.sign_in("Teacher", "teacher")
    await teacher.add_init_script(KEEP_TRACKS)
    await teacher.goto(room.teach_url)
    await teacher.get_by_test_id("allow-devices").click()
    await teacher.get_by_test_id("go-live").click()
    await teacher.get_by_test_id("end").wait_for()
    student = await room.sign_in("Student", "student")
    await student.goto(room.live_url)
    await student.get_by_test_id("watch").click()
    await watches(student)
    await mark_connection(student)
    return teacher, student


@pytest.mark.parametrize("kind", ["video", "audio"])
async def test_the_other_device_goes_on_and_the_unplugged_one_comes_back(
    classroom: Classroom, kind: str
) -> None:
    teacher, student = await lesson_with_student(classroom)
    await teacher.evaluate(UNPLUG, kind)
    notice = teacher.get_by_test_id("unplugged")
    await notice.wait_for()
    if kind == "video":
        await grows("the voice goes on", lambda: energy(student))
    else:
        await grows("the picture goes on", lambda: frames(student, "camera"), by=10)
    await notice.get_by_role("button").click()
    await notice.wait_for(state="hidden")
    await watches(student)
    assert await same_connection(student)
