"""An OpenDocument file: its content, and what its styles say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.writing import one_line

if TYPE_CHECKING:
    from lxml import etree

_MANIFEST = "META-INF/manifest.xml"
_DEEPEST = 20  # styles that a style is made from


class Package:
    """An open OpenDocument file.

    Raises:
        ValueError: It is protected, damaged or of another kind.
    """

    def __init__(self, archive: Archive, kind: str) -> None:
        names = frozenset(archive.names)
        if _MANIFEST in names and any(
            True for _ in archive.read_xml(_MANIFEST).iter("{*}encryption-data")
        ):
            raise ValueError("protected by a password")
        root = archive.read_xml("content.xml")
        body = next((one for part in root.iter("{*}body") for one in part), None)
        if body is None or local(body.tag) != kind:
            raise ValueError("damaged, or an OpenDocument file of another kind")
        self.body = body
        self.warnings: list[str] = []
        self.common = self._optional(archive, "styles.xml", names)
        about = self._optional(archive, "meta.xml", names)
        titles = list(about.iter("{*}title")) if about is not None else []
        self.title = one_line((titles[0].text or "") if titles else "")
        self._styles: dict[tuple[str, str], etree._Element] = {}
        for part in (self.common, root):
            for style in part.iter("{*}style") if part is not None else ():
                self._styles[attribute(style, "family"), attribute(style, "name")] = style
        self.lists: dict[str, etree._Element] = {}
        for part in (self.common, root):
            for style in part.iter("{*}list-style") if part is not None else ():
                self.lists[attribute(style, "name")] = style

    def _optional(
        self, archive: Archive, name: str, names: frozenset[str]
    ) -> etree._Element | None:
        try:
            return archive.read_xml(name) if name in names else None
        except ValueError as error:
            self.warnings.append(str(error))
            return None

    def chain(self, family: str, name: str) -> list[etree._Element]:
        """A style, and those that it is made from, the nearest first."""
        found: list[etree._Element] = []
        while name and len(found) < _DEEPEST and (family, name) in self._styles:
            found.append(self._styles[family, name])
            name = attribute(found[-1], "parent-style-name")
        return found

    def style_names(self, family: str, name: str) -> list[str]:
        """What a style and those that it is made from are called, as people see it, in small."""
        shown = (
            attribute(style, "display-name") or attribute(style, "name")
            for style in self.chain(family, name)
        )
        return [one.replace("_20_", " ").casefold() for one in [*shown, name]]

    def property(self, family: str, name: str, wanted: str) -> str:
        """What a style says of a property ("font-weight"); "" where none says anything."""
        for style in self.chain(family, name):
            for group in style:
                if said := attribute(group, wanted):
                    return said
        return ""
