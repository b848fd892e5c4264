"""A slide as either kind of presentation is read into: what lies on it, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from qa_bot.loaders.outline import Heading
from qa_bot.loaders.paging import Mark, with_places
from qa_bot.loaders.table_grid import Grid
from qa_bot.loaders.writing import DEEPEST, INDENT, Writer, lone_heading, one_line
from qa_bot.records import Document

_LONGEST_TITLE = 300  # characters; a longer one is text
_FEW = 2  # shapes of a column, at least


@dataclass(frozen=True, slots=True)
class Line:
    """A paragraph on a slide: of a list where it has a marker."""

    text: str
    level: int = 0
    marker: str = ""


@dataclass(frozen=True, slots=True)
class Shape:
    """What lies on a slide: lines, or a table; ``box`` is left, top, right, bottom, if known."""

    lines: tuple[Line, ...] = ()
    table: Grid | None = None
    box: tuple[float, float, float, float] | None = None


@dataclass(slots=True)
class Slide:
    """One slide. ``edges`` are its footer and the like, which others may have, too."""

    number: int  # from 1, hidden ones among them
    title: str = ""
    shapes: list[Shape] = field(default_factory=list)
    edges: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)


def laid_out(
    slides: Sequence[Slide], document_id: str, title: str, warnings: Sequence[str]
) -> Document:
    """Slides as a document."""
    writer, marks = Writer(), []
    known: set[str] = set()
    for slide in slides:
        block = len(writer.blocks)
        _write(writer, slide, known)
        if len(writer.blocks) > block:
            marks.append(Mark(block, str(slide.number), slide.number))
    first = lone_heading(writer.headings)
    title = title or (slides[0].title if slides and not first else "")
    document = writer.document(document_id, title, warnings=tuple(warnings))
    return with_places(document, marks, "slide", len(slides))


def _write(writer: Writer, slide: Slide, known: set[str]) -> None:
    opens = len(writer.blocks)
    title = one_line(slide.title)
    if title and len(title) <= _LONGEST_TITLE:
        writer.heading(title, 1)
    elif title:
        writer.append("paragraph", title)
    for shape in in_reading_order(slide.shapes):
        _write_shape(writer, shape)
    for text in slide.edges:
        if text.casefold() not in known:
            known.add(text.casefold())
            writer.append("paragraph", text)
    named = len(writer.headings)
    for name, lines in (("Notes", slide.notes), ("Comments", slide.comments)):
        if lines:
            writer.heading(name, 2)
        for line in lines:
            writer.append("paragraph", line)
    first = writer.blocks[opens : opens + 1]
    if first and not (title and first[0].kind == "heading"):
        # The slide before has nothing to do with it: a section without words of its own.
        heading = Heading(f"Slide {slide.number}", 1, first[0].start, first[0].end)
        writer.headings.insert(named, heading)


def _write_shape(writer: Writer, shape: Shape) -> None:
    if shape.table is not None:
        writer.table(shape.table)
        return
    is_list = sum(bool(line.marker) for line in shape.lines) > 1
    is_tight = False
    for line in shape.lines:
        text = "\n".join(filter(None, map(one_line, line.text.split("\n"))))
        if not text:
            continue
        if is_list and line.marker:
            indent = INDENT * min(line.level, DEEPEST)
            writer.append("list_item", f"{indent}{line.marker} {text}", tight=is_tight)
            is_tight = True
        else:
            writer.append("paragraph", text)
            is_tight = False


def in_reading_order(shapes: Sequence[Shape]) -> list[Shape]:
    """The shapes as people read them: in columns where all lie in two or more, else by rows.

    As in the file, which is the order in which they were drawn, where a place isn't known.
    """
    if len(shapes) < 2 or any(shape.box is None for shape in shapes):
        return list(shapes)
    columns = _parts(shapes, 0)
    if len(columns) > 1 and all(len(column) >= _FEW for column in columns):
        return [shape for column in columns for shape in in_reading_order(column)]
    rows = _parts(shapes, 1)
    if len(rows) > 1:
        return [shape for row in rows for shape in in_reading_order(row)]
    if len(columns) > 1:
        return [shape for column in columns for shape in in_reading_order(column)]
    return list(shapes)


def _parts(shapes: Sequence[Shape], axis: int) -> list[list[Shape]]:
    """The shapes in groups with a gap between them, from left to right (0) or top to bottom (1)."""
    placed = [(shape.box[axis], shape.box[axis + 2], shape) for shape in shapes if shape.box]
    groups: list[list[Shape]] = []
    reach = 0.0
    for start, end, shape in sorted(placed, key=lambda one: one[0]):
        slack = 0.1 * (end - start)  # boxes have margins, and overlap a little
        if groups and start + slack < reach:
            groups[-1].append(shape)
            reach = max(reach, end - slack)
        else:
            groups.append([shape])
            reach = end - slack
    order = {id(shape): at for at, shape in enumerate(shapes)}
    return [sorted(group, key=lambda shape: order[id(shape)]) for group in groups]
