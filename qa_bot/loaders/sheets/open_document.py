"""OpenDocument spreadsheets (.ods): the texts of their cells, as they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.opendocument.inline import Beside, text_of
from qa_bot.loaders.opendocument.package import Package
from qa_bot.loaders.opendocument.tables import number_of, rows_of
from qa_bot.loaders.sheets.sheet import MOST_COLUMNS, MOST_ROWS, Budget, Place, Sheet, Workbook
from qa_bot.loaders.writing import one_line

if TYPE_CHECKING:
    from lxml import etree

_MOST_COPIES = 1000  # of a row, or of a cell, in which something stands


def read_open_sheets(archive: Archive) -> Workbook:
    """Read all sheets that can be seen.

    Raises:
        ValueError: It is another kind of file, protected or damaged.
    """
    package = Package(archive, "spreadsheet")
    workbook = Workbook(package.title, warnings=package.warnings)
    budget = Budget()
    for table in package.body:
        if local(table.tag) != "table":
            continue
        name = one_line(attribute(table, "name")) or "?"
        if package.property("table", attribute(table, "style-name"), "display") == "false":
            workbook.hidden.append(name)
            continue
        workbook.sheets.append(_sheet(table, name, package, budget, workbook.warnings))
    return workbook


def _sheet(
    table: etree._Element, name: str, package: Package, budget: Budget, warnings: list[str]
) -> Sheet:
    sheet = Sheet(name)
    at = 0
    for element, _ in rows_of(table):
        copies = number_of(element, "number-rows-repeated", MOST_ROWS)
        cells = dict(_cells(element, at, sheet, package))
        if cells:
            for row in range(at, at + min(copies, _MOST_COPIES)):
                if not budget.take(len(cells)):
                    warnings.append(f"too large: the sheet “{name}” is read up to row {row:,} only")
                    return sheet
                sheet.rows[row] = dict(cells)
            if copies > _MOST_COPIES:
                warnings.append(
                    f"of {copies:,} rows that are all alike in the sheet “{name}”, "
                    f"{_MOST_COPIES:,} are read"
                )
        at += copies
    for shapes in table:
        if local(shapes.tag) == "shapes":
            sheet.drawn += _drawn(shapes, (0, 0), package)
    return sheet


def _cells(
    row: etree._Element, at: int, sheet: Sheet, package: Package
) -> Iterator[tuple[int, str]]:
    column = 0
    for cell in row:
        if local(cell.tag) not in ("table-cell", "covered-table-cell"):
            continue
        copies = number_of(cell, "number-columns-repeated", MOST_COLUMNS)
        if len(cell):
            text = _read_cell(cell, (at, column), sheet, package)
            for one in range(column, column + min(copies, _MOST_COPIES) if text else column):
                yield one, text
            high = number_of(cell, "number-rows-spanned", MOST_ROWS)
            wide = number_of(cell, "number-columns-spanned", MOST_COLUMNS)
            if text and (high, wide) != (1, 1):
                sheet.merged[at, column] = (high, wide)
        column += copies
        if column >= MOST_COLUMNS:
            return


def _read_cell(cell: etree._Element, place: Place, sheet: Sheet, package: Package) -> str:
    beside = Beside()
    paragraphs = [one for one in cell if local(one.tag) == "p"]
    text = one_line(" ".join(text_of(one, package, beside) for one in paragraphs))
    for part in cell:
        if local(part.tag) == "annotation":
            lines = (one_line(text_of(one, package, Beside())) for one in part.iter("{*}p"))
            author = next((one_line(one.text or "") for one in part.iter("{*}creator")), "")
            words = " ".join(filter(None, lines))
            if words:
                sheet.comments.append((place, f"{author}: {words}" if author else words))
        elif local(part.tag) not in ("p", ""):
            sheet.drawn += _drawn(part, place, package)
    return text


def _drawn(
    container: etree._Element, place: Place, package: Package
) -> Iterator[tuple[Place, str]]:
    lines = (one_line(text_of(one, package, Beside())) for one in container.iter("{*}p"))
    if text := " ".join(filter(None, lines)):
        yield place, text
