"""Excel's binary files: .xls by xlrd, with its formats and notes; .xlsb by calamine, without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from io import StringIO
from pathlib import Path
from types import ModuleType
from typing import Any

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.sheets.formats import duration_text, general, moment_text, shown
from qa_bot.loaders.sheets.sheet import Budget, Sheet, Workbook
from qa_bot.loaders.writing import one_line

_MISSING = "needs a library that is not installed: pip install {}"


def read_old(path: Path) -> Workbook:
    """Read all sheets of an .xls file that can be seen.

    Raises:
        ValueError: It is protected or damaged, or xlrd isn't installed.
    """
    try:
        import xlrd
    except ImportError as error:
        raise ValueError(_MISSING.format("xlrd")) from error
    try:
        book = xlrd.open_workbook(str(path), logfile=StringIO(), formatting_info=True)
    except xlrd.XLRDError as error:
        is_locked = "encrypted" in str(error)
        reason = "protected by a password" if is_locked else "damaged, or no Excel file"
        raise ValueError(reason) from error
    workbook, budget = Workbook(), Budget()
    for sheet in book.sheets():
        name = one_line(sheet.name) or "?"
        if sheet.visibility:
            workbook.hidden.append(name)
        else:
            workbook.sheets.append(_old_sheet(book, sheet, name, budget, workbook.warnings))
    return workbook


def _old_sheet(
    book: Any,  # noqa: ANN401 - xlrd has no types
    found: Any,  # noqa: ANN401
    name: str,
    budget: Budget,
    warnings: list[str],
) -> Sheet:
    sheet = Sheet(name)
    for row in range(found.nrows):
        cells = dict(_old_cells(book, found, row))
        if not cells:
            continue
        if not budget.take(len(cells)):
            warnings.append(f"too large: the sheet “{name}” is read up to row {row:,} only")
            break
        sheet.rows[row] = cells
    for top, bottom, left, right in found.merged_cells:
        if (bottom - top, right - left) != (1, 1):
            sheet.merged[top, left] = (bottom - top, right - left)
    for place, note in sorted(found.cell_note_map.items()):
        author, text = one_line(note.author or ""), one_line(note.text or "")
        is_told = not author or text.casefold().startswith(f"{author}:".casefold())
        if text:
            sheet.comments.append((place, text if is_told else f"{author}: {text}"))
    return sheet


def _old_cells(book: Any, found: Any, row: int) -> Iterator[tuple[int, str]]:  # noqa: ANN401
    import xlrd

    for column in range(found.row_len(row)):
        kind, value = found.cell_type(row, column), found.cell_value(row, column)
        if kind == xlrd.XL_CELL_TEXT:
            text = one_line(value)
        elif kind in (xlrd.XL_CELL_NUMBER, xlrd.XL_CELL_DATE):
            style = book.xf_list[found.cell_xf_index(row, column)]
            known = book.format_map.get(style.format_key)
            code = known.format_str if known is not None else ""
            text = one_line(shown(value, code, from_1904=bool(book.datemode)))
        elif kind == xlrd.XL_CELL_BOOLEAN:
            text = "TRUE" if value else "FALSE"
        elif kind == xlrd.XL_CELL_ERROR:
            text = xlrd.error_text_from_code.get(value, "")
        else:
            text = ""
        if text:
            yield column, text


def read_binary(path: Path) -> Workbook:
    """Read all sheets of an .xlsb file that can be seen.

    Raises:
        ValueError: It is protected or damaged, or calamine isn't installed.
    """
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise ValueError(_MISSING.format("python-calamine")) from error
    with Archive(path):
        pass  # refused where it would unpack to too much
    try:
        return _read(path, calamine)
    except calamine.PasswordError as error:
        raise ValueError("protected by a password") from error
    except (calamine.CalamineError, OSError) as error:  # OSError: a part ends too early
        raise ValueError("damaged, or no Excel file") from error
    except BaseException as error:
        if type(error).__name__ == "PanicException":  # of its Rust; no Exception
            raise ValueError("damaged, or no Excel file") from error
        raise


def _read(path: Path, calamine: ModuleType) -> Workbook:
    book = calamine.CalamineWorkbook.from_path(str(path))
    workbook = Workbook()
    budget = Budget()
    for number, about in enumerate(book.sheets_metadata):
        if about.typ != calamine.SheetTypeEnum.WorkSheet:
            continue  # a chart, or a program
        name = one_line(about.name) or "?"
        if about.visible != calamine.SheetVisibleEnum.Visible:
            workbook.hidden.append(name)
            continue
        try:
            found = book.get_sheet_by_index(number)
            workbook.sheets.append(_sheet(found, name, budget, workbook.warnings))
        except calamine.CalamineError:
            workbook.warnings.append(f"the sheet “{name}” is left out: it is damaged")
    return workbook


def _sheet(found: Any, name: str, budget: Budget, warnings: list[str]) -> Sheet:  # noqa: ANN401
    sheet = Sheet(name)
    start = found.start
    if start is None:
        return sheet
    # Rows are given from the first one of the sheet, columns from the first one that is used.
    for row, values in enumerate(found.iter_rows()):
        cells = {start[1] + at: text for at, one in enumerate(values) if (text := _text(one))}
        if not cells:
            continue
        if not budget.take(len(cells)):
            warnings.append(f"too large: the sheet “{name}” is read up to row {row:,} only")
            break
        sheet.rows[row] = cells
    for first, last in found.merged_cell_ranges or ():
        if first != last:
            sheet.merged[first] = (last[0] - first[0] + 1, last[1] - first[1] + 1)
    return sheet


def _text(value: object) -> str:
    """What a cell holds, as people read it."""
    match value:
        case str():
            return one_line(value)
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return general(value)
        case datetime():
            is_day = not (value.hour or value.minute or value.second)
            return moment_text(value, "ymd" if is_day else "ymdhns" if value.second else "ymdhn")
        case date():
            return value.isoformat()
        case time():
            return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"
        case timedelta():
            return duration_text(value, seconds=bool(value.seconds % 60))
        case _:
            return ""
