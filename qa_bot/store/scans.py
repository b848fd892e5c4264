"""Where the words of recognised pages stand: 8 bytes for one, or so."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Sequence

from qa_bot.paging import ScannedPage, SeenWord
from qa_bot.records import Document

_PER_POINT = 10  # what is stored is rounded to a tenth


def save_scans(connection: sqlite3.Connection, number: int, document: Document) -> None:
    """Store the recognised pages of the document with that internal id."""
    connection.executemany(
        "INSERT INTO scans VALUES (?, ?, ?, ?)",
        [
            (
                number,
                scan.number,
                json.dumps([scan.width, scan.height, scan.turn]),
                _packed(scan.words),
            )
            for scan in document.scans
        ],
    )


def _packed(words: Sequence[SeenWord]) -> bytes:
    """The texts, and all boxes: each begins where the one before ends."""
    numbers: list[int] = []
    x = y = 0
    for word in words:
        left, top, right, bottom = (round(side * _PER_POINT) for side in word[1:])
        numbers += (left - x, top - y, right - left, bottom - top)
        x, y = right, top
    texts = [word.text for word in words]
    stored = json.dumps([texts, numbers], ensure_ascii=False, separators=(",", ":"))
    return zlib.compress(stored.encode())


def _unpacked(packed: bytes) -> tuple[SeenWord, ...]:
    try:
        texts, numbers = json.loads(zlib.decompress(packed))
    except zlib.error as error:
        raise sqlite3.DatabaseError("the words of a page are damaged") from error
    words: list[SeenWord] = []
    sides = iter(numbers)
    x = y = 0
    for text in texts:
        left, top = x + next(sides), y + next(sides)
        x, y, bottom = left + next(sides), top, top + next(sides)
        words.append(SeenWord(text, *(side / _PER_POINT for side in (left, top, x, bottom))))
    return tuple(words)


def read_scans(
    connection: sqlite3.Connection, path: str, pages: Sequence[int] | None = None
) -> tuple[ScannedPage, ...]:
    """Those of a stored document's pages that were recognised, of some pages or of all."""
    found = connection.execute(
        "SELECT s.page, s.shape, s.words FROM scans s JOIN documents d ON d.id = s.document"
        " WHERE NOT d.staged AND d.path IN (SELECT value FROM json_each(:path)) AND"
        " (:pages IS NULL OR s.page IN (SELECT value FROM json_each(:pages))) ORDER BY s.page",
        {
            "path": json.dumps([path]),
            "pages": None if pages is None else json.dumps(list(pages)),
        },
    )
    return tuple(
        ScannedPage.from_json((page, *json.loads(shape), _unpacked(words)))
        for page, shape, words in found
    )
