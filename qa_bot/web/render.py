"""Records → HTML. Every word that comes from a document, a file name or a question is escaped.

Gradio inserts this HTML as it is (``gr.HTML`` neither sanitises nor parses
Markdown or LaTeX), so ``plain`` is the one door text goes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from itertools import pairwise

from qa_bot.records import (
    Citation,
    Document,
    Hit,
    Quote,
    Span,
)
from qa_bot.web.links import SourceLink, link_fragment
from qa_bot.web.service import Holdings, Reply, Status

_NEAREST = 3


def plain(text: str) -> str:
    """Text that HTML takes for nothing else; half a character (from a file's name, say) is "?"."""
    return escape(text.encode("utf-8", "replace").decode("utf-8"))


def name_html() -> str:
    """What this page is, in its corner."""
    return '<p class="qa-name">qa-bot</p>'


def conversation_html(turns: Iterable[str]) -> str:
    """The turns of a conversation; what is added to it later is read out by a screen reader."""
    return f'<div role="log" aria-label="Conversation">{"".join(turns)}</div>'


def turn_html(question: str, body: str) -> str:
    """A question and what came of it."""
    return (
        f'<section class="qa-turn"><h2 class="qa-question">{plain(question)}</h2>{body}</section>'
    )


def pending_html(status: Status) -> str:
    """What stands under a question until it is answered."""
    if status.holdings is None and status.busy:
        return '<p class="qa-pending">Waiting for the index, then looking…</p>'
    return '<p class="qa-pending">Looking…</p>'


def error_html(message: str) -> str:
    """Why a question could not be answered, in place of the answer."""
    return f'<p class="qa-error">{plain(message)}</p>'


def answer_html(reply: Reply) -> str:
    """The quotes of an answer, best first, or that the documents don't answer."""
    answer, documents = reply.answer, reply.documents
    warning = f'<p class="qa-hint">{plain(answer.warning)}</p>' if answer.warning else ""
    if not answer.found:
        return warning + _not_found(reply)
    quoted = {quote.passage for quote in answer.quotes}
    more = [hit for hit in answer.hits if hit.passage not in quoted]
    quotes = "".join(_quote(quote, documents) for quote in answer.quotes)
    return warning + quotes + _folded("More passages", more, reply)


def _not_found(reply: Reply) -> str:
    answer = reply.answer
    parts = ['<p class="qa-none">The documents don’t answer this.</p>']
    if answer.unknown_words:
        words = _either(f"“{plain(word)}”" for word in answer.unknown_words)
        parts.append(f'<p class="qa-hint">No document contains {words}.</p>')
    if answer.hits:
        nearest = "".join(_hit(hit, reply) for hit in answer.hits[:_NEAREST])
        parts.append(
            '<section class="qa-nearest"><h3>Nearest passages: not an answer</h3>'
            f"{nearest}</section>"
        )
    return "".join(parts)


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _folded(title: str, hits: list[Hit], reply: Reply) -> str:
    if not hits:
        return ""
    passages = "".join(_hit(hit, reply) for hit in hits)
    return f'<details class="qa-more"><summary>{title} ({len(hits)})</summary>{passages}</details>'


def _quote(quote: Quote, documents: Mapping[str, Document]) -> str:
    citation = quote.citation
    link = SourceLink(
        citation.document_id, citation.digest, quote.start, quote.end, quote.sentences
    )
    return _figure(
        "qa-quote",
        _context(documents.get(citation.document_id), quote.context),
        marked_html(
            quote.text,
            [("mark", span) for span in quote.sentences]
            + ([("b", quote.answer)] if quote.answer else []),
            quote.start,
        ),
        _citation_link(citation, link) + _badge(stale=quote.stale),
    )


def _hit(hit: Hit, reply: Reply) -> str:
    passage = hit.passage
    document = reply.documents[passage.document_id]
    stale = passage.document_id in reply.answer.stale
    link = SourceLink(passage.document_id, document.digest, passage.start, passage.end)
    return _figure(
        "qa-quote qa-hit",
        _context(document, passage.context),
        plain(passage.text),
        _citation_link(Citation.of(passage, document.digest), link) + _badge(stale=stale),
    )


def _badge(*, stale: bool) -> str:
    return '<span class="qa-badge">changed since indexed</span>' if stale else ""


def _figure(css_class: str, context: str, text: str, caption: str) -> str:
    return (
        f'<figure class="{css_class}">{context}<blockquote class="qa-text">{text}</blockquote>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _context(document: Document | None, spans: tuple[Span, ...]) -> str:
    if document is None:
        return ""
    return "".join(
        f'<p class="qa-context qa-text">{plain(document.text[start:end])}</p>'
        for start, end in spans
    )


def _citation_link(citation: Citation, link: SourceLink) -> str:
    return (
        f'<a class="qa-citation" href="{plain(link_fragment(link))}"'
        f' title="Open {plain(citation.document_id)} here">{plain(str(citation))}</a>'
    )


def marked_html(text: str, marks: list[tuple[str, Span]], offset: int = 0) -> str:
    """Escaped text with elements around spans of it.

    Args:
        text: The characters from ``offset`` on.
        marks: Elements ("mark" or "span.some-class") and the span each one
            encloses. They may nest or cross: an outer one is listed first,
            and is closed and opened again where it must be.
        offset: Where ``text`` stands in the document the spans refer to.
    """
    spans = [(tag, start - offset, end - offset) for tag, (start, end) in marks]
    cuts = {0, len(text)}
    for _, start, end in spans:
        cuts.update(point for point in (start, end) if 0 < point < len(text))
    points = sorted(cuts)
    pieces: list[str] = []
    open_tags: list[str] = []
    for start, end in pairwise(points):
        tags = [tag for tag, first, last in spans if first <= start and end <= last]
        same = 0
        while same < min(len(tags), len(open_tags)) and tags[same] == open_tags[same]:
            same += 1
        pieces += [_close(tag) for tag in reversed(open_tags[same:])]
        pieces += [_open(tag) for tag in tags[same:]]
        pieces.append(plain(text[start:end]))
        open_tags = tags
    pieces += [_close(tag) for tag in reversed(open_tags)]
    return "".join(pieces)


def _open(tag: str) -> str:
    name, _, css_class = tag.partition(".")
    return f'<{name} class="{css_class}">' if css_class else f"<{name}>"


def _close(tag: str) -> str:
    return f"</{tag.partition('.')[0]}>"


def notice_html(message: str = "") -> str:
    """The line under the question box: a gentle message, or what kind of answers to expect."""
    text = message or "Answers are quotes from your documents, word for word."
    return f'<p class="qa-notice{" qa-asks" if message else ""}" role="status">{plain(text)}</p>'


def welcome_html(holdings: Holdings | None) -> str:
    """What a first visitor sees in place of a conversation."""
    if holdings is None:
        return (
            '<div class="qa-welcome"><h1>Ask your documents</h1>'
            "<p>Every answer is a quote with its place in the document.</p></div>"
        )
    starts = "".join(
        f'<li><button type="button" class="qa-start">{plain(heading)}</button></li>'
        for heading in holdings.starting_points
    )
    return (
        '<div class="qa-welcome"><h1>Ask your documents</h1>'
        "<p>Every answer is a quote with its place in the document. "
        "Click the citation to read it there.</p>"
        + (f"<h2>Sections to start from</h2><ul>{starts}</ul>" if starts else "")
        + "</div>"
    )
