"""Jupyter notebooks (.ipynb): text, code and what it printed, in the order of the cells.

Nothing runs. What a cell drew is left out; of a table that came as HTML and as text, the HTML is
read, which has its rows and columns.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qa_bot.loaders.decoding import decode
from qa_bot.loaders.html.load import PageReader
from qa_bot.loaders.html.markup import parse_html
from qa_bot.loaders.markdown import MarkdownWriter
from qa_bot.loaders.writing import lone_heading
from qa_bot.records import Document

_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours of a terminal
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TABLE = re.compile(r"<table\b", re.IGNORECASE)


def load_notebook(path: Path, document_id: str) -> Document:
    """Read a notebook of version 3 or 4.

    Raises:
        ValueError: It isn't one.
    """
    source, warnings = decode(path.read_bytes())
    try:
        book = json.loads(source)
    except json.JSONDecodeError as error:
        raise ValueError("damaged: not JSON, as a notebook should be") from error
    cells = _cells(book)
    if cells is None:
        raise ValueError("not a notebook: it has no cells")
    writer = MarkdownWriter()
    for cell in cells:
        _write(writer, cell)
    headings, title = list(writer.headings), ""
    if outer := lone_heading(headings):
        headings, title = headings[1:], outer.text
    return writer.document(document_id, title, headings, warnings)


def _cells(book: Any) -> list[dict[str, Any]] | None:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(book, dict):
        return None
    cells = book.get("cells")
    if not isinstance(cells, list):  # version 3 has worksheets
        sheets = book.get("worksheets")
        if not isinstance(sheets, list):
            return None
        cells = [
            cell
            for sheet in sheets
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
            for cell in sheet["cells"]
        ]
    return [cell for cell in cells if isinstance(cell, dict)]


def _write(writer: MarkdownWriter, cell: dict[str, Any]) -> None:
    source = _text(cell.get("source", cell.get("input")))
    match cell.get("cell_type"):
        case "markdown":
            writer.read(source)
        case "heading":  # of version 3
            level = cell.get("level")
            number = level if isinstance(level, int) and 0 < level < 7 else 1
            writer.read(f"{'#' * number} {' '.join(source.split())}")
        case "code":
            _append_code(writer, source)
            outputs = cell.get("outputs")
            for output in outputs if isinstance(outputs, list) else ():
                if isinstance(output, dict):
                    _write_output(writer, output)
        case _:
            _append_code(writer, source)


def _append_code(writer: MarkdownWriter, text: str) -> None:
    lines = [line.rstrip() for line in _CONTROLS.sub("", _ANSI.sub("", text)).split("\n")]
    if code := "\n".join(lines).strip("\n"):
        writer.append("code", code)


def _write_output(writer: MarkdownWriter, output: dict[str, Any]) -> None:
    held = output.get("data")
    data = held if isinstance(held, dict) else output  # version 3 has no "data"
    html = _text(data.get("text/html", data.get("html")))
    plain = _text(data.get("text/plain", data.get("text")))
    if output.get("output_type") in ("error", "pyerr"):
        _append_code(writer, "\n".join(_errors(output)))
    elif markdown := _text(data.get("text/markdown")):
        writer.read(markdown)
    elif html and (_TABLE.search(html) or not plain):
        root, _ = parse_html(html)
        if root is not None:
            PageReader(writer, len(html)).read(root)
    else:
        _append_code(writer, plain or _text(data.get("text/latex", data.get("latex"))))


def _errors(output: dict[str, Any]) -> Iterator[str]:
    yield from (str(output[name]) for name in ("ename", "evalue") if output.get(name))


def _text(held: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """A text, which notebooks have as a whole or in lines."""
    if isinstance(held, list):
        return "".join(one for one in held if isinstance(one, str)).replace("\r\n", "\n")
    return held.replace("\r\n", "\n") if isinstance(held, str) else ""
