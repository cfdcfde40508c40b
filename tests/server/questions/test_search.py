"""Searching: the same results on both databases."""

import uuid

import pytest

from server.questions.facts import Sight
from server.questions.search import search, similar
from tests.server.questions.classroom import Room

QUESTIONS = (
    "Чаро осмон кабуд аст?",  # 1
    "Чаро осмони шаб сиёҳ аст?",  # 2
    "Ҷавоби масъалаи панҷум чанд аст?",  # 3
    "Почему небо синее?",  # 4
    "Как ёж видит свет?",  # 5
    "What is the speed of light?",  # 6
    "Суръати нур дар об чӣ қадар аст?",  # 7
    "100% of _ 'quotes' \"and\" \\ * OR NEAR( ^ - ; DROP TABLE",  # 8
)


@pytest.fixture
async def asked(room: Room) -> Room:
    for text in QUESTIONS:
        await room.teacher.ask(text)
    return room


async def found(room: Room, text: str, *, teacher: bool = False) -> list[int]:
    sight = Sight(uuid.UUID(room.students[0].id), teacher)
    async with room.world.services.database.read() as session:
        rows = await search(session, uuid.UUID(room.course), text, sight, 20)
    return [one.number for one in rows]


async def near(room: Room, text: str) -> list[int]:
    sight = Sight(uuid.UUID(room.students[0].id))
    async with room.world.services.database.read() as session:
        return [one.number for one in await similar(session, uuid.UUID(room.course), text, sight)]


async def test_words_are_found_by_their_beginning_however_they_are_typed(asked: Room) -> None:
    for text, numbers in (
        ("осмон", [2, 1]),
        ("ОСМОН каб", [1]),
        ("чавоб", [3]),
        ("ҷавоби панҷум", [3]),
        ("панчум", [3]),
        ("сиех", [2]),
        ("еж", [5]),
        ("ЁЖ", [5]),
        ("сурати", []),
        ("суръат", [7]),
        ("light speed", [6]),
        ("ight", []),
        ("100", [8]),
        ("%", []),
        ("_", []),
        ("'", []),
        ("", []),
        ("осмон нест", []),
        ("OR drop table", [8]),
        ("небо " * 50, [4]),
    ):
        assert await found(asked, text) == numbers, text


async def test_a_question_asked_already_is_found_while_typing(asked: Room) -> None:
    for text, numbers in (
        ("осмон чаро кабуд", [1, 2]),
        ("почему небо такое синее", [4]),
        ("почему на небе синева", [4]),
        ("синего неба", [4]),
        ("what is light", [6]),
        ("чи аст", []),
        ("хоб", []),
        ("", []),
    ):
        assert await near(asked, text) == numbers, text


async def test_only_what_somebody_sees_is_found(asked: Room) -> None:
    await asked.teacher.do("question_dismiss", question=1)
    assert await found(asked, "осмон") == [2]
    assert await found(asked, "осмон", teacher=True) == [2, 1]
    assert await near(asked, "осмони кабуд") == [2]


async def test_an_edited_question_is_found_by_its_new_words(asked: Room) -> None:
    number = await asked.students[0].ask("Old words?")
    await asked.students[0].do("question_edit", question=number, text="New letters?")
    assert await found(asked, "words") == []
    assert await found(asked, "letters") == [number]


async def test_search_over_http(asked: Room) -> None:
    await asked.teacher.do("question_begin", question=7)
    await asked.teacher.do("question_done", question=7)
    visitor = asked.students[0].visitor
    for base in (f"/api/lessons/{asked.lesson}", f"/api/courses/{asked.course}"):
        answer = await visitor.get(f"{base}/questions/search", params={"q": "нур"})
        (question,) = (await answer.json())["questions"]
        assert question["answer"]["title"] == "Light"
        answer = await visitor.get(
            f"{base}/questions/similar", params={"text": "суръати нур чанд аст"}
        )
        assert [one["number"] for one in (await answer.json())["questions"]] == [7]
