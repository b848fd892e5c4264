"""PowerPoint (.pptx), from its XML: groups, SmartArt, notes, comments and tables.

python-pptx knows neither SmartArt nor comments, and reads all of a file's media into memory.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qa_bot.loaders.archive import Archive
from qa_bot.loaders.html.markup import local
from qa_bot.loaders.office import Related, attribute, drawn_text, main_part, related, title_of
from qa_bot.loaders.slides.diagrams import chart_lines, chart_table, diagram_lines, table_of
from qa_bot.loaders.slides.slide import Line, Shape, Slide, laid_out
from qa_bot.loaders.writing import numeral, one_line
from qa_bot.records import Document

if TYPE_CHECKING:
    from lxml import etree

_TITLES = ("title", "ctrTitle")
_EDGES = ("ftr", "hdr")
_COUNTERS = ("sldNum", "dt", "sldImg")
_LISTS = ("body", "obj", "")  # placeholders whose lines are items unless they say otherwise
_DEEPEST = 50  # groups in groups

Box = tuple[float, float, float, float]
Move = tuple[float, float, float, float]
"""How a group's own measures become the slide's: x = a·x + b, y = c·y + d."""


def load_powerpoint(path: Path, document_id: str) -> Document:
    """Read a PowerPoint presentation (.pptx)."""
    with Archive(path) as archive:
        main = main_part(archive)
        root = archive.read_xml(main)
        if local(root.tag) != "presentation":
            raise ValueError("not a PowerPoint file: it has no presentation")
        parts = {one.id: one.name for one in related(archive, main) if one.kind == "slide"}
        names = [attribute(one, "id") for one in root.iter("{*}sldId")]
        ids = [_relation(one) for one in root.iter("{*}sldId")] or names
        warnings: list[str] = []
        slides = []
        for number, name in enumerate((parts[one] for one in ids if one in parts), 1):
            try:
                slides.append(_Reader(archive, name, warnings).slide(number))
            except ValueError as error:
                warnings.append(f"slide {number} is left out: {error}")
                slides.append(Slide(number))
        if slides and all(not one.shapes and not one.title for one in slides) and warnings:
            raise ValueError(warnings[0])
        title = title_of(archive)
    return laid_out(slides, document_id, title, warnings)


def _relation(element: etree._Element) -> str:
    """The id of the relationship that an element names (``r:id``, beside an ``id`` of its own)."""
    found = (held for key, held in element.attrib.items() if str(key).endswith("}id"))
    return next(map(str, found), "")


class _Reader:
    """Reads one slide."""

    def __init__(self, archive: Archive, name: str, warnings: list[str]) -> None:
        self._archive = archive
        self._name = name
        self._warnings = warnings
        self._parts = related(archive, name)
        self._places: dict[tuple[str, str], Box] = {}  # of placeholders, in the slide's layout
        for one in self._of_kind("slideLayout"):
            for shape in self._xml(one).iter("{*}sp"):
                held = _placeholder(shape)
                box = _box(shape, (1, 0, 1, 0))
                if held is not None and box is not None:
                    self._places.setdefault(held, box)

    def slide(self, number: int) -> Slide:
        """The slide, as the file has it.

        Raises:
            ValueError: Its part is damaged.
        """
        root = self._archive.read_xml(self._name)
        slide = Slide(number)
        for tree in root.iter("{*}spTree"):
            self._shapes(tree, slide, (1, 0, 1, 0), 0)
            break
        for one in self._of_kind("notesSlide"):
            slide.notes += _notes(self._xml(one))
        for one in self._parts:
            if one.kind in ("comments", "comment"):
                slide.comments += _comments(self._xml(one))
        return slide

    def _of_kind(self, kind: str) -> Iterator[Related]:
        return (one for one in self._parts if one.kind == kind)

    def _xml(self, part: Related) -> etree._Element:
        """A part that the slide can do without; an empty one where it is damaged."""
        try:
            return self._archive.read_xml(part.name)
        except ValueError as error:
            from lxml import etree

            self._warnings.append(str(error))
            return etree.Element("damaged")

    def _shapes(self, tree: etree._Element, slide: Slide, move: Move, depth: int) -> None:
        for element in tree:
            match local(element.tag):
                case "sp" | "cxnSp":
                    self._shape(element, slide, move)
                case "grpSp" if depth < _DEEPEST:
                    inner = Slide(slide.number, slide.title)
                    self._shapes(element, inner, _moved(element, move), depth + 1)
                    slide.title = inner.title
                    slide.edges += inner.edges
                    slide.shapes += inner.shapes
                case "graphicFrame":
                    self._frame(element, slide, move)
                case "AlternateContent" if depth < _DEEPEST:
                    chosen = [one for one in element if local(one.tag) == "Choice"] or list(element)
                    if chosen:
                        self._shapes(chosen[0], slide, move, depth + 1)

    def _shape(self, element: etree._Element, slide: Slide, move: Move) -> None:
        held = _placeholder(element)
        kind = held[0] if held else None
        body = next((one for one in element if local(one.tag) == "txBody"), None)
        if body is None or kind in _COUNTERS or _is_hidden(element):
            return
        lines = tuple(_lines(body, is_list=kind in _LISTS))
        if not lines:
            return
        if kind in _TITLES and not slide.title:
            slide.title = one_line(" ".join(line.text for line in lines))
        elif kind in _EDGES:
            slide.edges += [one_line(line.text) for line in lines]
        else:
            box = _box(element, move)
            if box is None and held is not None:
                box = self._places.get(held) or next(
                    (one for (_, at), one in self._places.items() if at == held[1]), None
                )
            slide.shapes.append(Shape(lines, box=box))

    def _frame(self, element: etree._Element, slide: Slide, move: Move) -> None:
        box = _box(element, move)
        for table in element.iter("{*}tbl"):
            slide.shapes.append(Shape(table=table_of(table), box=box))
            return
        for link in element.iter("{*}relIds", "{*}chart"):
            name = attribute(link, "dm") or _relation(link)
            for one in self._parts:
                if one.id != name:
                    continue
                if one.kind == "diagramData":
                    slide.shapes.append(Shape(tuple(diagram_lines(self._xml(one))), box=box))
                elif one.kind == "chart":
                    chart = self._xml(one)
                    slide.shapes.append(Shape(tuple(chart_lines(chart)), box=box))
                    if (grid := chart_table(chart)) is not None:
                        slide.shapes.append(Shape(table=grid, box=box))


def _placeholder(element: etree._Element) -> tuple[str, str] | None:
    """A placeholder's kind and number; None for what is none."""
    for group in element:
        if local(group.tag) in ("nvSpPr", "nvCxnSpPr", "nvGraphicFramePr"):
            for held in group.iter("{*}ph"):
                return held.get("type") or "", held.get("idx") or ""
    return None


def _is_hidden(element: etree._Element) -> bool:
    return any(one.get("hidden") in ("1", "true") for one in element.iterfind("*/{*}cNvPr"))


def _numbers(element: etree._Element | None, *names: str) -> list[float] | None:
    values = [element.get(name) or "" for name in names] if element is not None else []
    is_whole = bool(values) and all(one.lstrip("-").isdecimal() and len(one) < 16 for one in values)
    return [float(one) for one in values] if is_whole else None


def _frame_of(element: etree._Element) -> etree._Element | None:
    """Where a shape says its place: ``a:xfrm`` in its properties, or a frame's ``p:xfrm``."""
    for one in element:
        if local(one.tag) == "xfrm":
            return one
        if local(one.tag) in ("spPr", "grpSpPr"):
            return next((part for part in one if local(part.tag) == "xfrm"), None)
    return None


def _box(element: etree._Element, move: Move) -> Box | None:
    frame = _frame_of(element)
    parts = {local(one.tag): one for one in frame} if frame is not None else {}
    corner, size = _numbers(parts.get("off"), "x", "y"), _numbers(parts.get("ext"), "cx", "cy")
    if corner is None or size is None:
        return None
    left, top = move[0] * corner[0] + move[1], move[2] * corner[1] + move[3]
    return left, top, left + move[0] * size[0], top + move[2] * size[1]


def _moved(group: etree._Element, move: Move) -> Move:
    """How the measures of a group's own shapes become the slide's."""
    frame = _frame_of(group)
    parts = {local(one.tag): one for one in frame} if frame is not None else {}
    corner, size = _numbers(parts.get("off"), "x", "y"), _numbers(parts.get("ext"), "cx", "cy")
    inner = _numbers(parts.get("chOff"), "x", "y"), _numbers(parts.get("chExt"), "cx", "cy")
    if corner is None or size is None or inner[0] is None or inner[1] is None:
        return move
    across = size[0] / inner[1][0] if inner[1][0] else 1.0
    down = size[1] / inner[1][1] if inner[1][1] else 1.0
    return (
        move[0] * across,
        move[0] * (corner[0] - across * inner[0][0]) + move[1],
        move[2] * down,
        move[2] * (corner[1] - down * inner[0][1]) + move[3],
    )


def _lines(body: etree._Element, *, is_list: bool) -> Iterator[Line]:
    """The paragraphs of a shape, those with a bullet or a number as items."""
    counts: dict[int, int] = {}
    for paragraph in (one for one in body if local(one.tag) == "p"):
        text = drawn_text(paragraph)
        properties = next((one for one in paragraph if local(one.tag) == "pPr"), None)
        level = properties.get("lvl") or "" if properties is not None else ""
        depth = min(int(level), 9) if level.isdecimal() and len(level) < 3 else 0
        signs = {local(one.tag): one for one in properties} if properties is not None else {}
        if not text.strip():
            continue
        marker = ""
        if "buAutoNum" in signs:
            counts = {at: count for at, count in counts.items() if at <= depth}
            start = signs["buAutoNum"].get("startAt") or ""
            first = int(start[:5]) if start.isdecimal() else 1
            counts[depth] = counts.get(depth, first - 1) + 1
            marker = _numbered(counts[depth], signs["buAutoNum"].get("type") or "")
        else:
            counts.pop(depth, None)
            has_bullet = "buChar" in signs or "buBlip" in signs
            marker = "-" if has_bullet or (is_list and "buNone" not in signs) else ""
        yield Line(text, depth, marker)


def _numbered(number: int, style: str) -> str:
    """An item's number: "alphaLcParenR" has "a)"."""
    kinds = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}
    kind = next((kinds[name] for name in kinds if style.startswith(name)), "1")
    mark = numeral(number, kind)
    if style.endswith("ParenBoth"):
        return f"({mark})"
    return f"{mark})" if style.endswith("ParenR") else f"{mark}."


def _notes(root: etree._Element) -> Iterator[str]:
    """What the speaker notes, but for numbers and the picture of the slide."""
    for shape in root.iter("{*}sp"):
        held = _placeholder(shape)
        if held is None or held[0] in (*_COUNTERS, *_EDGES):
            continue
        for paragraph in shape.iter("{*}p"):
            if text := one_line(drawn_text(paragraph)):
                yield text


def _comments(root: etree._Element) -> Sequence[str]:
    found = []
    for comment in root.iter("{*}cm", "{*}reply"):
        texts = [one.text or "" for one in comment if local(one.tag) == "text"]
        for body in (one for one in comment if local(one.tag) == "txBody"):
            texts += [drawn_text(one) for one in body if local(one.tag) == "p"]
        if text := one_line(" ".join(texts)):
            found.append(text)
    return found
