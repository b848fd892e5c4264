"""CSV, and text files like it: each record a row that says what its values are."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from io import StringIO
from pathlib import Path

from qa_bot.loaders.decoding import refuse_binary
from qa_bot.loaders.delimited import Delimited
from qa_bot.loaders.html.markup import decode_page
from qa_bot.loaders.table_cells import written_row
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.table_shape import first_row_is
from qa_bot.loaders.writing import Writer, one_line
from qa_bot.records import Document
from qa_bot.text import CELLS

_DELIMITERS = ",;\t|"
_SAMPLE = 200  # lines that decide on the delimiter
_GROWTH = 10  # naming every value may make the text so many times as long
_DECLARED = re.compile(r"sep=([,;\t|])\n", re.IGNORECASE)  # Excel's first line


def load_table(path: Path, document_id: str) -> Document:
    """Read a CSV file, whatever its delimiter."""
    source, warnings = decode_page(path.read_bytes())
    refuse_binary(source)
    return parse_table(source, document_id, warnings)


def parse_table(source: str, document_id: str, warnings: tuple[str, ...] = ()) -> Document:
    """Turn CSV into rows.

    Where the first row names the columns, each later one reads "name: value |
    name: value", its empty cells left out: so it can be found, and understood,
    by itself. Lines of a single cell around the table are paragraphs, the last
    one above it its caption.
    """
    if declared := _DECLARED.match(source):
        source = source[declared.end() :]
    delimiter = declared[1] if declared else _sniff(source)
    rows, problems = _read(source, delimiter)
    rows = [row for row in rows if any(row)]
    writer = Writer()
    width = _commonest([len(row) for row in rows])[0]
    first = next((i for i, row in enumerate(rows) if _is_record(row, width)), len(rows))
    last = next((i for i in range(len(rows), first, -1) if _is_record(rows[i - 1], width)), first)
    above, below = (
        [CELLS.join(filter(None, row)) for row in part] for part in (rows[:first], rows[last:])
    )
    for line in above[:-1]:
        writer.append("paragraph", line)
    _write(writer, rows[first:last], len(source), "".join(above[-1:]))
    for line in below:
        writer.append("paragraph", line)
    return writer.document(document_id, "", warnings=warnings + problems)


def write_delimited(
    found: Delimited, document_id: str, size: int, warnings: tuple[str, ...] = ()
) -> Document:
    """Turn the rows of a text of ``size`` code points into a table, its notes above it."""
    writer = Writer()
    for note in found.notes:
        writer.append("paragraph", note)
    _write(
        writer,
        [row for row in found.rows if any(row)],
        size,
        "",
        is_named=found.is_named,
        surely=True,
    )
    return writer.document(document_id, "", warnings=warnings)


def _is_record(row: Sequence[str], width: int) -> bool:
    return width < 2 or sum(map(bool, row)) > 1


def _sniff(source: str) -> str:
    """The delimiter that cuts the most lines into the same number of cells.

    ``csv.Sniffer`` guesses letters for delimiters, and gives up on some tables.
    """
    sample = "\n".join(source.split("\n", _SAMPLE)[:_SAMPLE])
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            widths = [len(row) for row in csv.reader(StringIO(sample), delimiter=delimiter) if row]
        except csv.Error:
            continue
        width, count = _commonest(widths)
        score = count / len(widths) if width > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def _commonest(widths: Sequence[int]) -> tuple[int, int]:
    return max(Counter(widths).items(), key=lambda pair: pair[1], default=(0, 0))


def _read(source: str, delimiter: str) -> tuple[list[list[str]], tuple[str, ...]]:
    problems: tuple[str, ...] = ()
    try:
        rows = list(csv.reader(StringIO(source), delimiter=delimiter, strict=True))
    except csv.Error:
        problems = ("its quotation marks don't pair up: some cells may be wrong",)
        try:
            rows = list(csv.reader(StringIO(source), delimiter=delimiter, quoting=csv.QUOTE_NONE))
        except csv.Error:  # a field too long for the module
            rows = [line.split(delimiter) for line in source.split("\n")]
    return [[one_line(cell) for cell in row] for row in rows], problems


def _write(
    writer: Writer,
    rows: Sequence[Sequence[str]],
    size: int,
    caption: str,
    *,
    is_named: bool = False,
    surely: bool = False,
) -> None:
    names = list(rows[0]) if is_named else _names(rows, surely=surely)
    if not names:
        writer.table(rows, caption=caption)
        return
    named = Grid(rows, {0}, names=names)
    longer = sum(len(written_row(row, names)[0]) for row in rows[1:])
    writer.table(named if longer <= _GROWTH * size else Grid(rows, {0}), caption=caption)


def _names(rows: Sequence[Sequence[str]], *, surely: bool) -> list[str]:
    """The names of the columns, where the first row is one of names; else nothing.

    A file of this kind has one more often than not, so that texts over texts
    are taken for names, unless they are to be so ``surely``.
    """
    if not rows:
        return []
    names = list(rows[0])
    while names and not names[-1]:
        names.pop()  # a delimiter at the end of each line
    shape = first_row_is([row[: max(len(names), 1)] for row in rows[:_SAMPLE]])
    return [] if shape == "row" or (surely and shape == "unclear") else names
