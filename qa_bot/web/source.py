"""The source beside the chat: part of a document, or a page of it, with a passage to be seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib.parse import quote

from qa_bot.pages.view import Box
from qa_bot.records import Excerpt, Span
from qa_bot.table_view import TableView
from qa_bot.web.escaping import marked_html, name, plain, written
from qa_bot.web.links import link_query
from qa_bot.web.outline import outline_html
from qa_bot.web.sources import Moved, PageView, Source
from qa_bot.web.tables import Mark, table_html


def source_html(source: Source, view: PageView | None = None) -> str:
    """The text around a passage, the passage tinted and its sentences marked; or a page.

    Args:
        source: What the link leads to.
        view: The page to show in place of the text.
    """
    body = _text(source) if view is None or not view.number else _page(source, view)
    problem = view.problem if view is not None else ""
    if problem and view is not None and not view.number:
        problem += " This is its text."
    said = f'<p class="qa-problem qa-source-problem" role="status">{plain(problem)}</p>'
    return _panel(
        name(source.excerpt.title),
        _where(source) + (said if problem else ""),
        _tools(source, paged=view is not None and bool(view.number)),
        f'<div class="qa-source-body">{outline_html(source.sections, source.at)}{body}</div>',
    )


def moved_html(moved: Moved) -> str:
    """What is shown for a link whose text the index no longer holds."""
    if not moved.document_id:
        return _message(
            "No such text",
            "<p>None of the documents has, or is known to have had, the text that this link was"
            " made for.</p>",
        )
    file = f'<span class="qa-file">{name(moved.document_id)}</span>'
    if moved.link is None:
        return _message(
            "The document has changed",
            f"<p>{file} is no longer among the documents, or no longer the text that this quote"
            " was taken from.</p>",
        )
    return _message(
        "The document has changed",
        f"<p>{file} has changed since this quote was made, so it can’t be shown in its place."
        " Ask again to quote it as it is now.</p>"
        f'<p><a class="qa-citation" href="{link_query(moved.link)}">Open the document as it is'
        " now</a></p>",
    )


def source_gone_html() -> str:
    """What is shown for a link that is none."""
    return _message("Not a link to a quote", "<p>The address is incomplete. Ask again.</p>")


def source_error_html(message: str) -> str:
    """What is shown when there is no index to read the source from; the page tries again."""
    return _message("Not available", f'<p class="qa-again">{plain(message)}</p>')


def original_url(document_id: str, page: int = 0) -> str:
    """Where the page serves the file of a document."""
    fragment = f"#page={page}" if page else ""
    return f"/file/{quote(document_id, safe='/', errors='replace')}{fragment}"


def _message(title: str, body: str) -> str:
    return _panel(title, "", "", f'<div class="qa-source-message">{body}</div>')


def _panel(title: str, where: str, tools: str, body: str) -> str:
    return (
        f'<header><div class="qa-source-title"><h2>{title}</h2>{where}</div>'
        '<button type="button" class="qa-close" aria-label="Close the source"'
        f' title="Close (Esc)">×</button></header>{tools}{body}'
    )


def _where(source: Source) -> str:
    inside = [one for one in source.sections if one.start <= source.at < one.end]
    path = max((one.path for one in inside), key=len, default=())
    section = f'<p class="qa-path">{plain(" › ".join(path))}</p>' if path else ""
    badge = '<span class="qa-badge">changed since indexed</span>' if source.stale else ""
    return f'{section}<p class="qa-file">{name(source.excerpt.document_id)}{badge}</p>'


def _tools(source: Source, *, paged: bool) -> str:
    """Text or page, the quotes of the answer one after the other, and the file itself."""
    excerpt = source.excerpt
    views = ""
    if source.is_paged:
        views = "".join(
            f'<button type="button" class="qa-view" value="{view}"'
            f' aria-pressed="{"true" if pressed else "false"}">{label}</button>'
            for view, label, pressed in (("text", "Text", not paged), ("page", "Page", paged))
        )
        views = f'<div class="qa-views" role="group" aria-label="View">{views}</div>'
    return (
        f'<div class="qa-source-tools">{views}'
        '<div class="qa-steps" role="group" aria-label="Passages of this answer">'
        '<button type="button" class="qa-step" value="-1" aria-label="Previous passage"'
        ' title="Previous passage">←</button><span class="qa-step-count"></span>'
        '<button type="button" class="qa-step" value="1" aria-label="Next passage"'
        ' title="Next passage">→</button></div>'
        f'<a class="qa-original" href="{plain(original_url(excerpt.document_id, source.page))}"'
        ' target="_blank" rel="noopener">Open the file</a></div>'
    )


def _text(source: Source) -> str:
    excerpt, link = source.excerpt, source.link
    headings = [
        (f"span.qa-heading@{block.start}", (block.start, block.end))
        for block in excerpt.blocks
        if block.kind == "heading" and excerpt.start <= block.start and block.end <= excerpt.end
    ]
    marks = [
        *headings,
        ("span.qa-passage", (link.start, link.end)),
        *(("mark", span) for span in link.sentences),
    ]
    here: list[Mark] = []
    if source.at != link.start:  # to be scrolled to
        here = [("span.qa-here", (at, at + 1)) for at in [_in_cell(source)]]
    text = "".join(_parts(source, [*marks, *here], here))
    before, after = excerpt.start, excerpt.characters - excerpt.end
    return (
        '<div class="qa-source-text" tabindex="0" role="region" aria-label="Text of the source">'
        + (_further("Show what comes before", max(0, excerpt.start - 1)) if before else "")
        + text
        + (_further("Show what comes after", excerpt.end + 1) if after else "")
        + "</div>"
    )


def _parts(source: Source, marks: list[Mark], here: list[Mark]) -> Iterator[str]:
    """The text of the excerpt, its tables as such."""
    excerpt, link = source.excerpt, source.link
    at = excerpt.start

    def text(start: int, end: int) -> str:
        """Without the lines' ends where a table is beside it."""
        part = excerpt.text[start - excerpt.start : end - excerpt.start]
        first = len(part) - len(part.lstrip("\n")) if start > excerpt.start else 0
        part = part[first:].rstrip("\n") if end < excerpt.end else part[first:]
        shown = marked_html(part, marks, start + first)
        return f'<div class="qa-text"{written(excerpt.language)}>{shown}</div>' if part else ""

    for view in source.tables:
        start, end = _lines_of(view, excerpt)
        if start < at or start >= end:
            continue
        yield text(at, start)
        tinted = [
            cell.row for cell in view.table.cells if cell.start < link.end and link.start < cell.end
        ]
        yield table_html(view, here, tinted=tinted, folds=False)
        at = end
    if at == excerpt.start or at < excerpt.end:
        yield text(at, excerpt.end)


def _lines_of(view: TableView, excerpt: Excerpt) -> Span:
    """From the beginning of a table's first line in the excerpt to the end of its last one."""
    spans = [cell.span for cell in view.table.cells]
    spans = [one for one in spans if one[0] < excerpt.end and excerpt.start < one[1]]
    if not spans:
        return excerpt.end, excerpt.start
    if view.table.caption and _is_near(view.table.caption, spans, excerpt):
        spans.append(view.table.caption)
    first = max(min(start for start, _ in spans), excerpt.start) - excerpt.start
    last = min(max(end for _, end in spans), excerpt.end) - excerpt.start
    end = excerpt.text.find("\n", last)
    return (
        excerpt.start + excerpt.text.rfind("\n", 0, first) + 1,
        excerpt.start + (end if end >= 0 else len(excerpt.text)),
    )


def _is_near(caption: Span, cells: Sequence[Span], excerpt: Excerpt) -> bool:
    """Whether nothing but a line's end is between a caption that is shown and the cells."""
    if not excerpt.start <= caption[0] < caption[1] <= excerpt.end:
        return False
    first, last = min(start for start, _ in cells), max(end for _, end in cells)
    start, end = (caption[1], first) if caption[0] < first else (last, caption[0])
    return excerpt.text.count("\n", start - excerpt.start, end - excerpt.start) == 1


def _in_cell(source: Source) -> int:
    """The place that is shown, or where the next cell begins, for one between a table's cells."""
    at = source.at
    for view in source.tables:
        spans = [cell.span for cell in view.table.cells]
        if view.table.start <= at < view.table.end and not any(s <= at < e for s, e in spans):
            return min((start for start, _ in spans if start > at), default=at)
    return at


def _further(label: str, at: int) -> str:
    return f'<button type="button" class="qa-section qa-further" value="{at}">{label}</button>'


def _page(source: Source, view: PageView) -> str:
    boxes = "".join(_box("qa-box", box) for box in view.passage)
    marked = "qa-box qa-box-row" if view.cell else "qa-box qa-box-mark"
    boxes += "".join(_box(marked, box) for box in view.sentences)
    boxes += "".join(_box("qa-box qa-box-mark", box) for box in view.cell)
    name_of_file = quote(source.excerpt.document_id, safe="", errors="replace")
    image = f"/page/{source.link.digest}/{view.number}?in={name_of_file}&width=1200"
    of = f" of {view.count}" if view.count else ""
    first, last = view.number <= 1, bool(view.count) and view.number >= view.count
    return (
        '<section class="qa-page-view"><div class="qa-page-tools" role="toolbar" aria-label="Page">'
        f"{_turn('Previous page', '‹', view.number - 1, disabled=first)}"
        f'<span class="qa-page-number">Page {view.number}{of}</span>'
        f"{_turn('Next page', '›', view.number + 1, disabled=last)}"
        '<button type="button" class="qa-zoom" value="-1" aria-label="Zoom out">−</button>'
        '<button type="button" class="qa-zoom" value="1" aria-label="Zoom in">+</button></div>'
        '<div class="qa-source-text qa-pages" tabindex="0" role="region"'
        ' aria-label="Page of the source"><figure class="qa-page">'
        f'<img src="{image}" alt="Page {view.number} of {plain(source.excerpt.title)}">'
        f"{boxes}</figure></div></section>"
    )


def _turn(label: str, sign: str, page: int, *, disabled: bool) -> str:
    off = " disabled" if disabled else ""
    return (
        f'<button type="button" class="qa-turn-page" value="{page}" aria-label="{label}"'
        f' title="{label}"{off}>{sign}</button>'
    )


def _box(css_class: str, box: Box) -> str:
    left, top, right, bottom = (100 * side for side in (box.left, box.top, box.right, box.bottom))
    return (
        f'<span class="{css_class}" aria-hidden="true" style="left:{left:.3f}%;top:{top:.3f}%;'
        f'width:{right - left:.3f}%;height:{bottom - top:.3f}%"></span>'
    )
