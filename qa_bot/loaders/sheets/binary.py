"""Excel's binary files (.xls, .xlsb), by calamine: values and days, without their formats."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from pathlib import Path
from types import ModuleType

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.sheets.formats import duration_text, general, moment_text
from qa_bot.loaders.sheets.sheet import Budget, Sheet, Workbook
from qa_bot.loaders.writing import one_line

_MISSING = "needs a library that is not installed: pip install python-calamine"


def read_binary(path: Path) -> Workbook:
    """Read all sheets that can be seen.

    Raises:
        ValueError: It is protected or damaged, or calamine isn't installed.
    """
    try:
        import python_calamine as calamine
    except ImportError as error:
        raise ValueError(_MISSING) from error
    if path.suffix.lower() == ".xlsb":
        with Archive(path):
            pass  # refused where it would unpack to too much
    try:
        return _read(path, calamine)
    except calamine.PasswordError as error:
        raise ValueError("protected by a password") from error
    except calamine.CalamineError as error:
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
            workbook.sheets.append(
                _sheet(book.get_sheet_by_index(number), name, budget, workbook.warnings)
            )
        except calamine.CalamineError:
            workbook.warnings.append(f"the sheet “{name}” is left out: it is damaged")
    return workbook


def _sheet(found: object, name: str, budget: Budget, warnings: list[str]) -> Sheet:
    sheet = Sheet(name)
    start = found.start  # type: ignore[attr-defined]
    if start is None:
        return sheet
    # Rows are given from the first one of the sheet, columns from the first one that is used.
    for row, values in enumerate(found.iter_rows()):  # type: ignore[attr-defined]
        cells = {start[1] + at: text for at, one in enumerate(values) if (text := _text(one))}
        if not cells:
            continue
        if not budget.take(len(cells)):
            warnings.append(f"too large: the sheet “{name}” is read up to row {row:,} only")
            break
        sheet.rows[row] = cells
    for first, last in found.merged_cell_ranges or ():  # type: ignore[attr-defined]
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
