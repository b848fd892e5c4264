"""Excel (.xlsx, .xlsm), from its XML: the values that formulas had, as their formats show them.

calamine and openpyxl give values without their formats ("0.125" for "12.5%"), calamine no
comments; openpyxl keeps a whole sheet as objects.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import Related, attribute, drawn_text, main_part, related, title_of
from qa_bot.loaders.sheets.formats import BUILT_IN, shown
from qa_bot.loaders.sheets.sheet import (
    MOST_COLUMNS,
    MOST_ROWS,
    Budget,
    Place,
    Sheet,
    Workbook,
    area_of,
    merged_areas,
    place_of,
)
from qa_bot.loaders.writing import one_line

if TYPE_CHECKING:
    from lxml import etree

_THREADED = "[Threaded comment]"  # begins what old versions show instead of a conversation
_CACHED = 65_536  # texts of numbers; most come often


_Write = Callable[..., str]


@dataclass(slots=True)
class _Book:
    """What all sheets of a file share."""

    strings: list[str] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)  # of each style of cells, its format
    from_1904: bool = False
    unreckoned: int = 0  # formulas without a value


def read_excel(archive: Archive) -> Workbook:
    """Read all sheets that can be seen.

    Raises:
        ValueError: It is another kind of file, or damaged beyond reading.
    """
    main = main_part(archive)
    root = archive.read_xml(main)
    if local(root.tag) != "workbook":
        raise ValueError("not an Excel file: it has no workbook")
    parts = related(archive, main)
    book = _Book()
    for one in parts:
        if one.kind == "sharedStrings":
            book.strings = list(_shared_strings(archive.read(one.name)))
        elif one.kind == "styles":
            book.codes = _codes(archive.read_xml(one.name))
    properties = next(root.iter("{*}workbookPr"), None)
    book.from_1904 = properties is not None and properties.get("date1904") in ("1", "true")
    workbook = Workbook(title_of(archive))
    names = {one.id: one for one in parts if one.kind in ("worksheet", "dialogsheet")}
    budget = Budget()
    for element in root.iter("{*}sheet"):
        part = names.get(attribute(element, "id"))
        name = one_line(element.get("name") or "") or "?"
        if part is None:
            continue  # a sheet that is a chart, or one that is missing
        if element.get("state", "visible") != "visible":
            workbook.hidden.append(name)
            continue
        try:
            workbook.sheets.append(_sheet(archive, part, name, book, budget, workbook.warnings))
        except ValueError as error:
            workbook.warnings.append(f"the sheet “{name}” is left out: {error}")
    if book.unreckoned:
        workbook.warnings.append(
            f"{book.unreckoned:,} formulas have no value in the file, and are left out: "
            "save it with a spreadsheet program"
        )
    return workbook


def _elements(data: bytes, *names: str) -> Iterator[etree._Element]:
    """The elements of these names, one after another, forgotten when the next one comes.

    Raises:
        ValueError: It is not well-formed, or declares entities.
    """
    from lxml import etree

    tags = tuple(f"{{*}}{name}" for name in names)
    if b"<!DOCTYPE" in data[:4096] or b"<!ENTITY" in data:
        raise ValueError("declares XML entities: refused")
    try:
        for _, element in etree.iterparse(
            BytesIO(data),
            tag=tags,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            huge_tree=False,
        ):
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except SyntaxError as error:
        raise ValueError("damaged: a part of it is not well-formed") from error


def _shared_strings(data: bytes) -> Iterator[str]:
    for element in _elements(data, "si"):
        yield _rich_text(element)


def _rich_text(element: etree._Element) -> str:
    """A text that may change its look; without how it is pronounced."""
    parts = []
    for child in element:
        if local(child.tag) == "t":
            parts.append(child.text or "")
        elif local(child.tag) == "r":
            parts += [one.text or "" for one in child if local(one.tag) == "t"]
    return one_line("".join(parts))


def _codes(styles: etree._Element) -> list[str]:
    codes = dict(BUILT_IN)
    for one in styles.iter("{*}numFmt"):
        number = one.get("numFmtId") or ""
        if number.isdecimal() and one.getparent().tag.endswith("}numFmts"):
            codes[int(number[:9])] = one.get("formatCode") or ""
    cells = next(styles.iter("{*}cellXfs"), None)
    found = []
    for one in cells if cells is not None else ():
        number = one.get("numFmtId") or "0"
        found.append(codes.get(int(number[:9]), "") if number.isdecimal() else "")
    return found


def _sheet(
    archive: Archive,
    part: Related,
    name: str,
    book: _Book,
    budget: Budget,
    warnings: list[str],
) -> Sheet:
    sheet = Sheet(name)
    merged: list[str] = []
    write: _Write = lru_cache(_CACHED)(shown)
    row = -1
    for element in _elements(archive.read(part.name), "row", "mergeCell"):
        if local(element.tag) == "mergeCell":
            merged.append(element.get("ref") or "")
            continue
        number = element.get("r") or ""
        row = int(number[:8]) - 1 if number.isdecimal() else row + 1
        cells = dict(_cells(element, book, write))
        if not cells:
            continue
        if not budget.take(len(cells)):
            warnings.append(f"too large: the sheet “{name}” is read up to row {row:,} only")
            break
        sheet.rows.setdefault(row, {}).update(cells)
    sheet.merged = merged_areas(iter(merged))
    _read_beside(archive, part, sheet, warnings)
    return sheet


def _cells(row: etree._Element, book: _Book, write: _Write) -> Iterator[tuple[int, str]]:
    """The columns of a row in which something stands, with their texts."""
    column = -1
    for cell in row:
        if local(cell.tag) != "c":
            continue
        place = place_of(cell.get("r") or "")
        column = place[1] if place else column + 1
        if column >= MOST_COLUMNS:
            return
        if text := _text(cell, book, write):
            yield column, text


def _text(cell: etree._Element, book: _Book, write: _Write) -> str:
    kind = cell.get("t") or "n"
    held, has_formula = None, False
    for child in cell:
        match local(child.tag):
            case "v":
                held = child.text
            case "f":
                has_formula = True
            case "is":
                return _rich_text(child)
    if held is None:
        book.unreckoned += has_formula
        return ""
    match kind:
        case "s":
            place = int(held) if held.strip().isdecimal() and len(held) < 12 else -1
            return book.strings[place] if 0 <= place < len(book.strings) else ""
        case "b":
            return "TRUE" if held.strip() == "1" else "FALSE"
        case "str" | "e" | "inlineStr" | "d":
            return one_line(held)
    style = cell.get("s") or ""
    code = book.codes[int(style)] if style.isdecimal() and int(style) < len(book.codes) else ""
    try:
        number = float(held)
    except ValueError:
        return one_line(held)
    return one_line(write(number, code, from_1904=book.from_1904))


def _read_beside(archive: Archive, part: Related, sheet: Sheet, warnings: list[str]) -> None:
    """Add what stands in parts of its own: headers of tables, comments, text in boxes."""
    beside = related(archive, part.name)
    has_threads = any(one.kind == "threadedComment" for one in beside)
    people = _people(archive) if has_threads else {}
    for one in beside:
        try:
            match one.kind:
                case "table":
                    _read_table(archive.read_xml(one.name), sheet)
                case "comments":
                    sheet.comments += _comments(archive.read_xml(one.name), is_old=has_threads)
                case "threadedComment":
                    sheet.comments += _threads(archive.read_xml(one.name), people)
                case "drawing":
                    sheet.drawn += _drawn(archive.read_xml(one.name))
        except ValueError as error:
            warnings.append(str(error))
    sheet.comments.sort(key=lambda pair: pair[0])
    sheet.drawn.sort(key=lambda pair: pair[0])


def _read_table(table: etree._Element, sheet: Sheet) -> None:
    area = area_of(table.get("ref") or "")
    if area is not None and table.get("headerRowCount", "1") != "0":
        sheet.headers.add(area[0][0])


def _comments(root: etree._Element, *, is_old: bool) -> Iterator[tuple[Place, str]]:
    authors = [one_line(one.text or "") for one in root.iter("{*}author")]
    for comment in root.iter("{*}comment"):
        place = place_of(comment.get("ref") or "")
        text = " ".join(_rich_text(one) for one in comment if local(one.tag) == "text")
        if place is None or not text or (is_old and text.startswith(_THREADED)):
            continue
        number = comment.get("authorId") or ""
        known = number.isdecimal() and int(number) < len(authors)
        author = authors[int(number)] if known else ""
        is_told = not author or text.casefold().startswith(f"{author}:".casefold())
        yield place, text if is_told or author.startswith("tc=") else f"{author}: {text}"


def _threads(root: etree._Element, people: dict[str, str]) -> Iterator[tuple[Place, str]]:
    for comment in root.iter("{*}threadedComment"):
        place = place_of(comment.get("ref") or "")
        text = one_line(" ".join(one.text or "" for one in comment if local(one.tag) == "text"))
        if place is not None and text:
            author = people.get(comment.get("personId") or "", "")
            yield place, f"{author}: {text}" if author else text


def _people(archive: Archive) -> dict[str, str]:
    found = {}
    for one in related(archive, main_part(archive)):
        if one.kind == "person":
            for person in archive.read_xml(one.name).iter("{*}person"):
                found[person.get("id") or ""] = one_line(person.get("displayName") or "")
    return found


def _drawn(root: etree._Element) -> Iterator[tuple[Place, str]]:
    """The text of boxes that lie over the cells, each with the cell at its corner."""
    for body in root.iter("{*}txBody"):
        lines = (one_line(drawn_text(one)) for one in body if local(one.tag) == "p")
        if text := one_line(" ".join(lines)):
            yield _corner(body), text


def _corner(element: etree._Element) -> Place:
    for anchor in element.iterancestors("{*}twoCellAnchor", "{*}oneCellAnchor"):
        found = {local(one.tag): (one.text or "").strip() for one in anchor.iterfind("{*}from/*")}
        row, column = found.get("row", ""), found.get("col", "")
        if row.isdecimal() and column.isdecimal():
            return min(int(row[:8]), MOST_ROWS - 1), min(int(column[:8]), MOST_COLUMNS - 1)
    return 0, 0
