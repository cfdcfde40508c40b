"""Sizes of the camera that nobody wants are not sent by the teacher's page, and are sent again."""

from typing import Any

import pytest
from playwright.async_api import Page

from tests.browser.conftest import Classroom
from tests.browser.probes import eventually, frames, grows, slot
from tests.browser.test_lesson import go_live, watch

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

# What a sender of several sizes has sent so far, and whether it is told to, by rid.
SENT = """async () => {
  const pc = window.__darsgoh?.publisher?.();
  const sender = pc?.getSenders().find((each) => each.track?.kind === "video");
  if (!sender) return {};
  const report = await sender.getStats();
  const frames = {};
  report.forEach((each) => {
    if (each.type === "outbound-rtp") frames[each.rid] = each.framesEncoded;
  });
  return Object.fromEntries(sender.getParameters().encodings.map((each) =>
    [each.rid, { active: each.active, frames: frames[each.rid] ?? 0 }]));
}"""


async def sent(teacher: Page) -> dict[str, Any]:
    found: dict[str, Any] = await teacher.evaluate(SENT)
    return found


async def test_the_size_between_the_recorders_and_the_smallest_rests_until_it_is_wanted(
    classroom: Classroom,
) -> None:
    teacher = await go_live(classroom)
    student = await watch(classroom, "Student")
    await grows("the camera is watched", lambda: frames(student, "camera"), by=10)

    async def rest() -> set[str]:
        return {rid for rid, each in (await sent(teacher)).items() if not each["active"]}

    async def only_the_middle_rests() -> bool:
        return await rest() == {"mid"}

    await eventually("the middle size rests", only_the_middle_rests)
    before = (await sent(teacher))["mid"]["frames"]
    await grows("the camera goes on", lambda: frames(student, "camera"), by=20)
    after = (await sent(teacher))["mid"]["frames"]
    assert after - before <= 2, "what rests is still encoded"
    shown = await slot(student, "camera")
    assert shown is not None
    assert shown.width == 1280
