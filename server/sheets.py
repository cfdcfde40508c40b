"""Spreadsheets: CSV and XLSX that no program mistakes for formulas."""

import asyncio
import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from aiohttp import web

LANGUAGES = ("tg", "ru", "en")
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BOM = "\ufeff"  # without it a spreadsheet reads UTF-8 as something else
# A cell that begins like this is a formula to some program (OWASP, "CSV injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")

Row = tuple[str | int | None, ...]


def safe(value: str | int | None) -> str | int | None:
    """Return a cell that no program takes for a formula."""
    if not isinstance(value, str):
        return value
    begins = value.lstrip(" \u00a0\u200b\u200e\u200f")
    return f"'{value}" if begins.startswith(_FORMULA) else value


def to_csv(headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """Return CSV (RFC 4180) in UTF-8 that spreadsheets open by a double click."""
    text = io.StringIO(newline="")
    text.write(_BOM)
    writer = csv.writer(text)
    writer.writerow(headings)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


async def to_xlsx(headings: Sequence[str], rows: Sequence[Row], widths: Sequence[int]) -> bytes:
    """Return an XLSX file; text is text, whatever it begins with; widths in characters."""
    return await asyncio.to_thread(_write_xlsx, headings, rows, widths)


def _write_xlsx(headings: Sequence[str], rows: Sequence[Row], widths: Sequence[int]) -> bytes:
    # Loaded by those who want a file: it is large, and the server starts without it.
    import xlsxwriter  # type: ignore[import-untyped]  # noqa: PLC0415 - see above

    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(file, options) as book:
        sheet = book.add_worksheet()
        bold, wrapped = book.add_format({"bold": True}), book.add_format({"text_wrap": True})
        for column, (heading, width) in enumerate(zip(headings, widths, strict=True)):
            sheet.set_column(column, column, width, wrapped)
            sheet.write_string(0, column, heading, bold)
        for number, row in enumerate(rows, start=1):
            _write_row(sheet, number, row)
        sheet.freeze_panes(1, 0)
    return file.getvalue()


def _write_row(sheet: Any, number: int, row: Row) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, int):
            sheet.write_number(number, column, cell)
        elif cell is not None:
            sheet.write_string(number, column, cell)


def file_answer(body: bytes, kind: str, name: str) -> web.Response:
    """Return a file to keep, under a name of ours."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    return web.Response(body=body, content_type=kind, headers=headers)
