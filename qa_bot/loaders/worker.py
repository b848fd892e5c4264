"""The process that parses, one file after another; ``qa_bot.loaders.pool`` starts it.

Files come from strangers, and parsers crash, hang and swallow memory on some of
them. Here that costs one file: this process ends, its parent reports the file
and starts another one. What it says is JSON, so that a parser which was taken
over can't make its parent run anything.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any, BinaryIO

from qa_bot.builds import Limits
from qa_bot.errors import QaBotError, UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.loaders.containers import Finding, Known, Walk, extract, why
from qa_bot.paging import ScannedPage
from qa_bot.processes import limit_memory
from qa_bot.records import Block, Document, Page, PageSpan, Section
from qa_bot.tables import Cell, Span, Table

Request = dict[str, Any]
Reply = dict[str, Any]

_TELL_EVERY = 0.2  # seconds between two words on how far a file is


def main() -> None:
    """Answer each request, a line of JSON, with lines of JSON until the input ends.

    A request holds ``path``, ``id``, ``limits``, ``ocr``, ``second`` and ``scratch``, a folder
    for what is needed meanwhile. The last line in
    reply holds ``document`` or ``reason``; lines before it hold ``pages``. For a file that
    holds others it has ``known`` as well: then each ``finding`` comes in a
    line, after the id of the member that is ``begun``, and ``through`` is in the last. With
    ``target`` that very member is written there.
    """
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a parser that prints must not spoil the answers
    for line in sys.stdin.buffer:
        _send(replies, _read(json.loads(line), replies))


def _send(replies: BinaryIO, reply: Reply) -> None:
    replies.write(json.dumps(reply).encode() + b"\n")
    replies.flush()


def _read(request: Request, replies: BinaryIO) -> Reply:
    limits = Limits(*request["limits"])
    limit_memory(limits.memory)
    # Nothing here catches the alarm: however stuck a parser is, the system ends this process.
    signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    try:
        return _answer(request, limits, replies)
    except UnreadableDocumentError as error:
        reason, transient = why(error)
        return {"reason": reason, "transient": transient}
    except QaBotError as error:
        return {"reason": " ".join(str(error).split()), "transient": True}
    except MemoryError:
        return {"reason": "needs more memory than a file may use"}
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _answer(request: Request, limits: Limits, replies: BinaryIO) -> Reply:
    path, document_id = Path(request["path"]), request["id"]
    told = 0.0

    def on_page(done: int, total: int) -> None:
        nonlocal told
        if request["ocr"]:  # takes seconds a page, so that each page has its time
            signal.setitimer(signal.ITIMER_REAL, limits.seconds)
        if done == total or time.monotonic() - told > _TELL_EVERY:
            told = time.monotonic()
            _send(replies, {"pages": [done, total]})

    def on_member(name: str) -> None:
        _send(replies, {"begun": name})
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)

    tempfile.tempdir = request.get("scratch")  # its parent sees that nothing stays there
    options = {"ocr": request["ocr"], "on_page": on_page}
    if "known" not in request:
        document = load_document(
            path, document_id, limits=limits, second=request["second"], **options
        )
        return {"document": to_json(document), "bytes": _peak_memory()}
    scratch = Path(request["scratch"])
    if "target" in request:
        extract(path, document_id, Path(request["target"]), scratch, limits)
        return {"through": True, "bytes": _peak_memory()}
    walk = Walk(limits, scratch, Known(**request["known"]), on_member, options)
    for finding in walk.findings(path, document_id):
        signal.setitimer(signal.ITIMER_REAL, 0)  # its parent takes its time
        _send(replies, {"finding": finding_to_json(finding)})
        signal.setitimer(signal.ITIMER_REAL, limits.seconds)
    return {"through": True, "bytes": _peak_memory()}


def _peak_memory() -> int:
    """In bytes. Linux counts the parent's memory in ``ru_maxrss``, so it is asked elsewhere."""
    with suppress(OSError):
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        if found:
            return int(found[1]) * 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def finding_to_json(finding: Finding) -> dict[str, Any]:
    """The finding as lists, strings and numbers."""
    fields = {name: getattr(finding, name) for name in Finding.__slots__}
    return fields | {"document": finding.document and to_json(finding.document)}


def finding_from_json(fields: dict[str, Any]) -> Finding:
    """What ``finding_to_json`` was given."""
    document = fields["document"]
    return Finding(**fields | {"document": document and from_json(document)})


def to_json(document: Document) -> dict[str, Any]:
    """The document as lists, strings and numbers."""
    return {
        "id": document.id,
        "title": document.title,
        "text": document.text,
        "sections": [astuple(section) for section in document.sections],
        "blocks": [(block.kind, block.start, block.end) for block in document.blocks],
        "pages": [(*astuple(span.page), span.start, span.end) for span in document.pages],
        "warnings": document.warnings,
        "tables": [_table_fields(table) for table in document.tables],
        "scans": [scan.to_json() for scan in document.scans],
    }


def _table_fields(table: Table) -> dict[str, Any]:
    return {
        "shape": [table.start, table.end, table.rows, table.columns],
        "cells": [
            (one.kind, one.start, one.end, one.row, one.column, one.rows, one.columns)
            for one in table.cells
        ],
        "caption": table.caption,
        "unit": table.unit,
    }


def _table(fields: dict[str, Any]) -> Table:
    start, end, rows, columns = fields["shape"]
    cells = tuple(Cell(*cell) for cell in fields["cells"])
    return Table(start, end, rows, columns, cells, _span(fields["caption"]), _span(fields["unit"]))


def _span(listed: list[int] | None) -> Span | None:
    return (listed[0], listed[1]) if listed else None


def from_json(fields: dict[str, Any]) -> Document:
    """What ``to_json`` was given."""
    return Document(
        id=fields["id"],
        title=fields["title"],
        text=fields["text"],
        sections=tuple(Section(tuple(path), *rest) for path, *rest in fields["sections"]),
        blocks=tuple(Block(*block) for block in fields["blocks"]),
        pages=tuple(PageSpan(Page(*page), start, end) for *page, start, end in fields["pages"]),
        warnings=tuple(fields["warnings"]),
        tables=tuple(_table(table) for table in fields["tables"]),
        scans=tuple(map(ScannedPage.from_json, fields["scans"])),
    )


if __name__ == "__main__":
    main()
