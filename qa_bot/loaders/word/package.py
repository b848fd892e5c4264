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
        main = top.get("officeDocument")
        if main is None:
            raise ValueError("not a Word document")
        body = child(archive.read_xml(main), "body")
        if body is None:
            raise ValueError("not a Word document: it has no body")
        self.body = body
        self._parts = {**self._related(main), "core-properties": top.get("core-properties", "")}
        self.warnings: list[str] = []
        written = child(self.part("core-properties"), "title")
        title = one_line((written.text or "") if written is not None else "")
        self.title = "" if _NO_TITLE.fullmatch(title) else title

    def part(self, kind: str) -> etree._Element | None:
        """A part that the document can do without, or None; a damaged one is reported."""
        name = self._parts.get(kind)
        try:
            return self._archive.read_xml(name) if name else None
        except ValueError as error:
            self.warnings.append(str(error))
            return None

    def _related(self, name: str) -> dict[str, str]:
        """Kind of relationship → the name of the part, for those that are there."""
        folder, file = posixpath.split(name)
        links = posixpath.join(folder, "_rels", f"{file}.rels")
        if links not in self._names:
            return {}
        related = {}
        for link in self._archive.read_xml(links):
            target = value(link, "Target")
            if target and value(link, "TargetMode") != "External":
                part = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
                if part in self._names:
                    related[posixpath.basename(value(link, "Type") or "")] = part
        return related
