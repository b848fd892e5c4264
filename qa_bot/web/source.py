"""The source beside the chat: one document, scrolled to a passage of it."""

from __future__ import annotations

from qa_bot.records import Document, Span
from qa_bot.web.links import SourceLink
from qa_bot.web.render import marked_html, plain

_AROUND = 60_000  # characters shown on each side of the passage: a browser stays quick


def source_html(document: Document, link: SourceLink) -> str:
    """The text around a passage, the passage tinted and its sentences marked.

    Args:
        document: The document as it is in the index.
        link: Where to look; it must fit the document.
    """
    start, end = _window(document, link)
    headings = [
        ("span.qa-heading", (block.start, block.end))
        for block in document.blocks
        if block.kind == "heading" and start <= block.start and block.end <= end
    ]
    marks = [
        *headings,
        ("span.qa-passage", (link.start, link.end)),
        *(("mark", span) for span in link.sentences),
    ]
    text = marked_html(document.text[start:end], marks, start)
    return _panel(
        plain(document.title),
        _where(document, link),
        _left_out(start) + f'<div class="qa-text">{text}</div>' + _left_out_after(document, end),
    )


def source_gone_html() -> str:
    """What is shown for a link whose text the index no longer holds."""
    return _panel(
        "No longer there",
        "",
        "<p>This text has changed or gone since the quote was made. Ask again.</p>",
    )


def source_error_html(message: str) -> str:
    """What is shown when there is no index to read the source from."""
    return _panel("Not available", "", f"<p>{plain(message)}</p>")


def _panel(title: str, where: str, body: str) -> str:
    return (
        f'<header><div><h2>{title}</h2>{where}</div><button type="button" class="qa-close"'
        ' aria-label="Close the source" title="Close (Esc)">×</button></header>'
        f'<div class="qa-source-text" tabindex="0" role="region" aria-label="Source">{body}</div>'
    )


def _where(document: Document, link: SourceLink) -> str:
    inside = [section for section in document.sections if section.start <= link.start < section.end]
    path = max((section.path for section in inside), key=len, default=())
    section = f"<p>{plain(' › '.join(path))}</p>" if path else ""
    return f'{section}<p class="qa-file">{plain(document.id)}</p>'


def _window(document: Document, link: SourceLink) -> Span:
    """Whole lines around the passage."""
    text = document.text
    start = max(0, link.start - _AROUND)
    end = min(len(text), link.end + _AROUND)
    if start:
        start = text.rfind("\n", 0, start) + 1
    if end < len(text):
        line_end = text.find("\n", end)
        end = len(text) if line_end < 0 else line_end
    return start, end


def _left_out(characters: int) -> str:
    return f'<p class="qa-hint">{characters:,} characters before this.</p>' if characters else ""


def _left_out_after(document: Document, end: int) -> str:
    rest = len(document.text) - end
    return f'<p class="qa-hint">{rest:,} characters after this.</p>' if rest else ""
