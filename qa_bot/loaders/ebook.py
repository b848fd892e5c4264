"""EPUB: the pages of the book in reading order, its sections from its own navigation."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.load import PageReader
from qa_bot.loaders.html.markup import decode_page, local, parse_xhtml
from qa_bot.loaders.outline import Heading
from qa_bot.loaders.writing import Writer, one_line
from qa_bot.records import Document
from qa_bot.text import words

if TYPE_CHECKING:
    from lxml import etree

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_PAGES = frozenset(("application/xhtml+xml", "text/html", "application/x-dtbook+xml"))
_DEEPEST = 12  # levels of the navigation that are told apart
_LONGEST_LABEL = 300  # characters
_BELOW = 1000  # added to the level of headings that the navigation doesn't name
_OPS_TYPE = "{http://www.idpf.org/2007/ops}type"


@dataclass(frozen=True, slots=True)
class _Item:
    """A file of the book."""

    name: str  # in the zip file
    media_type: str
    properties: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Package:
    """What the book says of itself."""

    title: str
    items: dict[str, _Item]  # by id
    pages: list[_Item]  # in reading order, each once
    contents: _Item | None  # the navigation document, or EPUB 2's NCX
    contents_pages: frozenset[str]  # names of pages that only list the contents


@dataclass(frozen=True, slots=True)
class _Entry:
    """A line of the table of contents."""

    level: int
    label: str
    target: str  # name in the zip file, with the fragment


def load_ebook(path: Path, document_id: str) -> Document:
    """Read an EPUB file (version 2 or 3) without DRM."""
    with Archive(path) as archive:
        package = _read_package(archive)
        _refuse_encrypted(archive, package.pages)
        writer = Writer()
        places: dict[str, int] = {}  # name, or name#id → the index of a block
        warnings: list[str] = []
        for page in package.pages:
            try:
                _read_page(
                    archive, page, writer, places, is_contents=page.name in package.contents_pages
                )
            except ValueError as error:
                warnings.append(str(error))
        if package.pages and len(warnings) == len(package.pages):
            raise ValueError(warnings[0])
        entries: list[_Entry] = []
        if package.contents is not None:
            try:
                entries = _read_contents(archive, package.contents)
            except ValueError as error:
                warnings.append(str(error))
    lost = sum(entry.target not in places for entry in entries)
    if lost:
        warnings.append(f"{lost} of {len(entries)} entries of its contents lead nowhere")
    headings = _outline(writer, [entry for entry in entries if entry.target in places], places)
    return writer.document(document_id, package.title, headings, tuple(warnings))


def _read_package(archive: Archive) -> _Package:
    if _CONTAINER not in archive.names:
        raise ValueError("not an EPUB: it has no container.xml")
    container = archive.read_xml(_CONTAINER)
    path = next((root.get("full-path") for root in _all(container, "rootfile")), None)
    if not path:
        raise ValueError("damaged: it names no package")
    package = archive.read_xml(path)
    folder = posixpath.dirname(path)
    items = {
        item.get("id") or "": _Item(
            _resolve(folder, item.get("href") or ""),
            item.get("media-type") or "",
            tuple((item.get("properties") or "").split()),
        )
        for item in _all(package, "item")
    }
    spine = next(_all(package, "spine"), None)
    order = [] if spine is None else [ref.get("idref") for ref in _all(spine, "itemref")]
    pages = {items[name].name: items[name] for name in order if name in items}
    pages = {name: page for name, page in pages.items() if page.media_type in _PAGES}
    if not pages:
        raise ValueError("damaged: it lists no pages")
    contents = next((item for item in items.values() if "nav" in item.properties), None)
    if contents is None and spine is not None:
        contents = items.get(spine.get("toc") or "") or next(
            (item for item in items.values() if item.media_type == "application/x-dtbncx+xml"), None
        )
    title = next((text for node in _all(package, "title") if (text := _text(node))), "")
    guides = (guide for guide in _all(package, "reference") if guide.get("type") == "toc")
    lists = {_resolve(folder, guide.get("href") or "").partition("#")[0] for guide in guides}
    return _Package(title, items, list(pages.values()), contents, frozenset(lists))


def _refuse_encrypted(archive: Archive, pages: Sequence[_Item]) -> None:
    """Fonts may be obfuscated; encrypted pages can't be read."""
    if _ENCRYPTION not in archive.names:
        return
    references = _all(archive.read_xml(_ENCRYPTION), "CipherReference")
    locked = {_resolve("", reference.get("URI") or "") for reference in references}
    if any(page.name in locked for page in pages):
        raise ValueError("encrypted (DRM)")


def _read_page(
    archive: Archive, page: _Item, writer: Writer, places: dict[str, int], *, is_contents: bool
) -> None:
    first, first_heading = len(writer.blocks), len(writer.headings)
    source, _ = decode_page(archive.read(page.name))
    root, _ = parse_xhtml(source)
    places[page.name] = first
    if root is None:
        return
    reader = PageReader(writer, len(source), book=True)
    reader.read(root)
    for name, place in reader.places.items():
        places[f"{page.name}#{name}"] = place
    writer.headings[first_heading:] = [
        replace(heading, anchor=f"{page.name}#{heading.anchor}" if heading.anchor else page.name)
        for heading in writer.headings[first_heading:]
        if not is_contents
    ]
    if is_contents:
        writer.blocks[first:] = [replace(block, kind="link") for block in writer.blocks[first:]]


def _read_contents(archive: Archive, item: _Item) -> list[_Entry]:
    folder = posixpath.dirname(item.name)
    if item.media_type == "application/x-dtbncx+xml":
        return list(_ncx_entries(archive.read_xml(item.name), folder))
    root, _ = parse_xhtml(decode_page(archive.read(item.name))[0])
    return [] if root is None else list(_nav_entries(root, folder))


def _nav_entries(root: etree._Element, folder: str) -> Iterator[_Entry]:
    """EPUB 3: nested lists of links; an item without a link goes where its first one goes."""
    navs = list(_all(root, "nav"))
    contents = next((nav for nav in navs if "toc" in _types(nav)), navs[0] if navs else None)
    if contents is None:
        return
    for item in _all(contents, "li"):
        label = next((child for child in item if local(child.tag) in ("a", "span")), None)
        link = next((link for link in _all(item, "a") if link.get("href")), None)
        if label is None or link is None:
            continue
        level = sum(local(outer.tag) in ("ol", "ul") for outer in item.iterancestors())
        if text := _text(label):
            yield _Entry(level, text, _resolve(folder, link.get("href") or ""))


def _ncx_entries(root: etree._Element, folder: str) -> Iterator[_Entry]:
    """EPUB 2: nested points."""
    for point in _all(root, "navPoint"):
        parts = {local(child.tag): child for child in point}
        if "navLabel" in parts and "content" in parts and (text := _text(parts["navLabel"])):
            level = sum(local(outer.tag) == "navPoint" for outer in point.iterancestors())
            source = parts["content"].get("src") or ""
            yield _Entry(level + 1, text, _resolve(folder, source))


def _outline(writer: Writer, entries: Sequence[_Entry], places: dict[str, int]) -> list[Heading]:
    """The navigation's sections, and below them the headings that it doesn't name."""
    blocks = writer.blocks
    placed = [(places[entry.target], entry) for entry in entries]
    placed = sorted((pair for pair in placed if pair[0] < len(blocks)), key=lambda pair: pair[0])
    labels: dict[int, str] = {}  # the block where an entry leads → what leads there
    for place, entry in placed:
        labels[place] = f"{labels.get(place, '')} {_folded(entry.label)}"
    outline = [
        Heading(
            entry.label[:_LONGEST_LABEL],
            min(entry.level, _DEEPEST),
            blocks[place].start,
            blocks[place].end,
            entry.target,
        )
        for place, entry in placed
    ]
    by_start = {heading.start: heading for heading in writer.headings}
    label = ""  # of the entry whose headings, right at its start, only repeat it
    for place, block in enumerate(blocks):
        label = labels.get(place, label)
        if block.kind != "heading":
            label = ""
        elif heading := by_start.get(block.start):
            text = _folded(heading.text)
            if not label or not (text in label or label.strip() in text):
                outline.append(replace(heading, level=heading.level + _BELOW))
    outline.sort(key=lambda heading: heading.start)  # stable: the navigation's come first
    return [
        heading
        for heading, after in zip_longest(outline, outline[1:])
        if after is None or after.start > heading.start or after.level > heading.level
    ]


def _folded(text: str) -> str:
    return f" {' '.join(words(text.casefold()))} "


def _resolve(folder: str, href: str) -> str:
    """A link inside the book as a name in the zip file, with its fragment; "" for others."""
    try:
        parts = urlsplit(href.strip())
    except ValueError:
        return ""
    if parts.scheme or parts.netloc or not parts.path:
        return ""
    name = posixpath.normpath(posixpath.join("/", folder, unquote(parts.path))).lstrip("/")
    return f"{name}#{unquote(parts.fragment)}" if parts.fragment else name


def _all(root: etree._Element, name: str) -> Iterator[etree._Element]:
    yield from root.iter("{*}" + name)


def _types(element: etree._Element) -> list[str]:
    return (element.get(_OPS_TYPE) or element.get("epub:type") or "").split()


def _text(element: etree._Element) -> str:
    return one_line("".join(element.itertext()))
