"""The parts of a Word file, found by their relationships rather than by their names."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.word.styles import child, value
from qa_bot.loaders.writing import one_line

if TYPE_CHECKING:
    from lxml import etree

_NO_TITLE = re.compile(
    r"Microsoft Word - .*|Word Document|Untitled|(?:Document|Dokument)\s?\d*|Title|Titel", re.I
)


class Package:
    """An open Word file.

    Raises:
        ValueError: It is another kind of file, or its main part is damaged.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._names = frozenset(archive.names)
        top = self._related("")
        if "officeDocument" not in top:
            raise ValueError("not a Word document")
        main = top["officeDocument"][-1]
        body = child(archive.read_xml(main), "body")
        if body is None:
            raise ValueError("not a Word document: it has no body")
        self.body = body
        related = self._related(main)
        self._parts = {**related, "core-properties": top.get("core-properties", [])}
        self.warnings: list[str] = []
        written = child(self.part("core-properties"), "title")
        title = one_line((written.text or "") if written is not None else "")
        self.title = "" if _NO_TITLE.fullmatch(title) else title

    def part(self, kind: str) -> etree._Element | None:
        """A part that the document can do without, or None; a damaged one is reported."""
        return next(iter(self.parts(kind)), None)

    def parts(self, kind: str) -> list[etree._Element]:
        """All parts of a kind, of which a document may have several: headers, say."""
        found = []
        for name in self._parts.get(kind, ()):
            try:
                found.append(self._archive.read_xml(name))
            except ValueError as error:
                self.warnings.append(str(error))
        return found

    def _related(self, name: str) -> dict[str, list[str]]:
        """Kind of relationship → the names of the parts, for those that are there."""
        folder, file = posixpath.split(name)
        links = posixpath.join(folder, "_rels", f"{file}.rels")
        if links not in self._names:
            return {}
        related: dict[str, list[str]] = {}
        for link in self._archive.read_xml(links):
            target = value(link, "Target")
            if target and value(link, "TargetMode") != "External":
                part = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                if part in self._names:
                    kind = posixpath.basename(value(link, "Type") or "")
                    related.setdefault(kind, []).append(part)
        return related
