"""OpenDocument presentations (.odp)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import attribute
from qa_bot.loaders.opendocument.inline import Beside, text_of
from qa_bot.loaders.opendocument.lists import Counter
from qa_bot.loaders.opendocument.package import Package
from qa_bot.loaders.opendocument.tables import grid_of
from qa_bot.loaders.slides.slide import Line, Shape, Slide, laid_out
from qa_bot.loaders.writing import one_line
from qa_bot.records import Document

if TYPE_CHECKING:
    from lxml import etree

_LENGTH = re.compile(r"(-?\d{1,9}(?:\.\d{0,9})?)(cm|mm|in|pt|pc)")
_IN_MM = {"cm": 10.0, "mm": 1.0, "in": 25.4, "pt": 25.4 / 72, "pc": 25.4 / 6}
_DEEPEST = 50  # groups in groups
_EDGES = ("footer", "header")
_COUNTERS = ("page-number", "date-time", "page", "handout")


def load_open_slides(path: Path, document_id: str) -> Document:
    """Read an OpenDocument presentation (.odp)."""
    with Archive(path) as archive:
        package = Package(archive, "presentation")
    pages = (one for one in package.body if local(one.tag) == "page")
    slides = [_slide(page, number, package) for number, page in enumerate(pages, 1)]
    return laid_out(slides, document_id, package.title, package.warnings)


def _slide(page: etree._Element, number: int, package: Package) -> Slide:
    slide = Slide(number)
    _shapes(page, slide, package, 0)
    for part in page:
        if local(part.tag) == "notes":
            for text in part.iter("{*}p", "{*}h"):
                held = next(text.iterancestors("{*}frame", "{*}custom-shape"), None)
                kind = attribute(held, "class") if held is not None else ""
                line = one_line(text_of(text, package, Beside()))
                if line and kind not in (*_COUNTERS, *_EDGES):
                    slide.notes.append(line)
        elif local(part.tag) == "annotation":
            words = [one_line(text_of(one, package, Beside())) for one in part.iter("{*}p")]
            slide.comments += filter(None, words)
    return slide


def _shapes(container: etree._Element, slide: Slide, package: Package, depth: int) -> None:
    for element in container:
        name = local(element.tag)
        if name in ("g", "a") and depth < _DEEPEST:
            _shapes(element, slide, package, depth + 1)
        if name in ("notes", "annotation", "g", "a", "forms", ""):
            continue
        kind = attribute(element, "class")
        if kind in _COUNTERS or attribute(element, "placeholder") == "true":
            continue
        tables = list(element.iter("{*}table")) if name == "frame" else []
        if tables:
            grid = grid_of(tables[0], lambda cell: _cell(cell, package))
            slide.shapes.append(Shape(table=grid, box=_box(element)))
            continue
        lines = tuple(_lines(element, package))
        if kind == "title" and not slide.title:
            slide.title = one_line(" ".join(line.text for line in lines))
        elif kind in _EDGES:
            slide.edges += [one_line(line.text) for line in lines]
        elif lines:
            slide.shapes.append(Shape(lines, box=_box(element)))


def _cell(cell: etree._Element, package: Package) -> str:
    return one_line(" ".join(text_of(one, package, Beside()) for one in cell.iter("{*}p")))


def _lines(element: etree._Element, package: Package) -> Iterator[Line]:
    """The paragraphs of a shape; those of a list with their markers."""
    counters: dict[str, Counter] = {}
    marked: set[etree._Element] = set()
    for paragraph in element.iter("{*}p", "{*}h"):
        text = text_of(paragraph, package, Beside())
        if not text.strip():
            continue
        lists = list(paragraph.iterancestors("{*}list"))
        item = paragraph.getparent()
        if not lists or item is None or local(item.tag) != "list-item":
            yield Line(text)
            continue
        style = next((name for one in lists if (name := attribute(one, "style-name"))), "")
        counter = counters.setdefault(style, Counter(package.lists.get(style)))
        marker = counter.next(len(lists)) if item not in marked else ""
        marked.add(item)
        yield Line(text, len(lists) - 1, marker)


def _box(element: etree._Element) -> tuple[float, float, float, float] | None:
    """Where a shape lies, in millimetres."""
    sizes = []
    for name in ("x", "y", "width", "height"):
        found = _LENGTH.fullmatch(attribute(element, name))
        if found is None:
            return None
        sizes.append(float(found[1]) * _IN_MM[found[2]])
    left, top, width, height = sizes
    return left, top, left + width, top + height
