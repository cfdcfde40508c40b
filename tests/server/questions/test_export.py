"""Spreadsheets: whole, readable, and without formulas."""

import csv
import io
import zipfile
from xml.etree import ElementTree

import pytest

from server.questions.export import HEADINGS, STATES
from server.questions.states import How, State
from server.sheets import LANGUAGES, safe
from tests.server.questions.classroom import Room

HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "  =cmd|' /C calc'!A0", "＝1+1", "\u200e=1")
CELL = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.mark.parametrize("text", [*HOSTILE, "\t=1", "\r=1"])
def test_a_cell_never_begins_like_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"


@pytest.mark.parametrize("value", [1, -1, None, "Why? = because", "1-2"])
def test_other_cells_stay_as_they_are(value: str | int | None) -> None:
    assert safe(value) == value


def test_every_language_has_every_word() -> None:
    assert HEADINGS.keys() == STATES.keys() == set(LANGUAGES)
    assert len({len(headings) for headings in HEADINGS.values()}) == 1
    for words in STATES.values():
        assert words.keys() == {*State, *How}


async def test_csv_has_everything(room: Room) -> None:
    for text in HOSTILE:
        await room.teacher.ask(text)
    number = await room.students[0].ask('Чаро,\n«осмон» "кабуд"?', anonymous=True)
    await room.teacher.do("question_answer", question=number, text="=Ҳаво")
    await room.students[1].ask("<b>&amp;</b>")
    for base in (f"/api/lessons/{room.lesson}", f"/api/courses/{room.course}"):
        answer = await room.teacher.visitor.get(f"{base}/questions.csv?lang=tg")
        assert answer.content_type == "text/csv"
        assert "attachment" in answer.headers["Content-Disposition"]
        body = await answer.read()
        assert body.startswith(b"\xef\xbb\xbf")
        rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
        assert rows[0] == list(HEADINGS["tg"])
        assert len(rows) == 1 + len(HOSTILE) + 2
        assert all(not cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
        asked = rows[number]
        assert asked[:2] == [str(number), 'Чаро,\n«осмон» "кабуд"?']
        assert asked[2] == "Student"
        assert asked[3:5] == ["ҷавоб дода шуд", "хаттӣ"]
        assert asked[7] == "2026-09-01 14:00"  # Dushanbe is five hours ahead
        assert asked[9] == "Teacher: =Ҳаво"


async def test_xlsx_has_texts_and_no_formulas(room: Room) -> None:
    for text in HOSTILE:
        await room.teacher.ask(text)
    path = f"/api/lessons/{room.lesson}/questions.xlsx?lang=ru"
    body = await (await room.teacher.visitor.get(path)).read()
    with zipfile.ZipFile(io.BytesIO(body)) as book:
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
        texts = ElementTree.fromstring(book.read("xl/sharedStrings.xml"))
    assert not list(sheet.iter(f"{CELL}f"))
    kept = ["".join(one.itertext()) for one in texts.iter(f"{CELL}si")]
    assert set(HEADINGS["ru"]) < set(kept)
    assert {text.strip() for text in HOSTILE} <= {text.strip() for text in kept}
    assert len(list(sheet.iter(f"{CELL}row"))) == 1 + len(HOSTILE)
