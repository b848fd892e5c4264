"""Records → HTML. Every word that comes from a document, a file name or a question is escaped.

Gradio inserts this HTML as it is (``gr.HTML`` neither sanitises nor parses
Markdown or LaTeX), so ``plain`` is the one door text goes through.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from html import escape
from itertools import pairwise

from qa_bot.records import (
    Answer,
    Citation,
    Document,
    Hit,
    Problem,
    Quote,
    Receipt,
    Span,
)
from qa_bot.web.links import SourceLink, link_fragment
from qa_bot.web.service import Holdings, Reply, Status

_NEAREST = 3
_NAMES_SHOWN = 20
_STAGES = {
    "loading": "Loading the model",
    "reading": "Reading documents",
    "embedding": "Indexing passages",
    "saving": "Saving",
}


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
    if not answer.found:
        return _not_found(answer, documents)
    quoted = {quote.passage for quote in answer.quotes}
    more = [hit for hit in answer.hits if hit.passage not in quoted]
    return "".join(_quote(quote, documents) for quote in answer.quotes) + _folded(
        "More passages", more, documents
    )


def _not_found(answer: Answer, documents: Mapping[str, Document]) -> str:
    parts = ['<p class="qa-none">The documents don’t answer this.</p>']
    if answer.unknown_words:
        words = _either(f"“{plain(word)}”" for word in answer.unknown_words)
        parts.append(f'<p class="qa-hint">No document contains {words}.</p>')
    if answer.hits:
        nearest = "".join(_hit(hit, documents) for hit in answer.hits[:_NEAREST])
        parts.append(
            '<section class="qa-nearest"><h3>Nearest passages: not an answer</h3>'
            f"{nearest}</section>"
        )
    return "".join(parts)


def _either(words: Iterable[str]) -> str:
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last


def _folded(title: str, hits: list[Hit], documents: Mapping[str, Document]) -> str:
    if not hits:
        return ""
    passages = "".join(_hit(hit, documents) for hit in hits)
    return f'<details class="qa-more"><summary>{title} ({len(hits)})</summary>{passages}</details>'


def _quote(quote: Quote, documents: Mapping[str, Document]) -> str:
    citation = quote.citation
    link = SourceLink(
        citation.document_id, citation.digest, quote.start, quote.end, quote.sentences
    )
    badge = '<span class="qa-badge">changed since indexed</span>' if quote.stale else ""
    return _figure(
        "qa-quote",
        _context(documents.get(citation.document_id), quote.context),
        marked_html(quote.text, [("mark", span) for span in quote.sentences], quote.start),
        _citation_link(citation, link) + badge,
    )


def _hit(hit: Hit, documents: Mapping[str, Document]) -> str:
    passage = hit.passage
    document = documents[passage.document_id]
    link = SourceLink(passage.document_id, document.digest, passage.start, passage.end)
    return _figure(
        "qa-quote qa-hit",
        _context(document, passage.context),
        plain(passage.text),
        _citation_link(Citation.of(passage, document.digest), link),
    )


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


def status_html(status: Status) -> str:
    """One quiet line: what is indexed, or how far the work on it is."""
    problem = f'<p class="qa-problem">{plain(status.problem)}</p>' if status.problem else ""
    if status.busy:
        return f'<p class="qa-status">{_progress(status)}</p>'
    if status.holdings is None:
        return problem or '<p class="qa-status">Nothing is indexed.</p>'
    line = f'<p class="qa-status">{_holdings(status.holdings)}</p>'
    return line + problem + _files_with_problems(status.holdings.problems)


def _files_with_problems(problems: tuple[Problem, ...]) -> str:
    if not problems:
        return ""
    summary = _count(len({problem.document_id for problem in problems}), "file")
    return (
        f'<details class="qa-problems"><summary>{summary} with problems</summary>'
        f"{_problems('', problems)}</details>"
    )


def _progress(status: Status) -> str:
    progress = status.progress
    if progress is None:
        waiting = "Loading the model" if status.activity == "opening" else "Starting"
        return f'{waiting}… <progress aria-label="{waiting}"></progress>'
    name = _STAGES[progress.stage]
    counted = progress.total and progress.stage not in ("loading", "saving")  # they are one step
    count = f" {progress.done:,} of {progress.total:,}" if counted else ""
    bar = f' value="{progress.done}" max="{progress.total}"' if counted else ""
    return f'{name}{count}… <progress aria-label="{name}"{bar}></progress>'


def _holdings(holdings: Holdings) -> str:
    documents = _count(holdings.documents, "document")
    passages = _count(holdings.passages, "passage")
    return f"{documents} · {passages} · indexed {_when(holdings.built_at)}"


def _when(moment: str) -> str:
    local = datetime.fromisoformat(moment).astimezone()
    return f'<time datetime="{plain(moment)}">{local.day} {local:%b %Y, %H:%M}</time>'


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def receipt_html(status: Status) -> str:
    """What the last build did, and every file it could not read; nothing where there is no news."""
    receipt = status.receipt
    if receipt is None:
        return ""
    lists = "".join(
        (
            _names("Added", receipt.added),
            _names("Changed", receipt.changed),
            _names("Removed", receipt.removed),
            _names("Read anew for another version or model", receipt.reprocessed),
            _problems("Unreadable", receipt.unreadable),
            _problems("Warnings", receipt.warnings),
        )
    )
    is_open = " open" if status.requested else ""
    return (
        f'<details class="qa-receipt"{is_open}><summary>{_receipt_line(receipt)}</summary>'
        f"{lists}</details>"
    )


def _receipt_line(receipt: Receipt) -> str:
    counts = (
        (len(receipt.added), "added"),
        (len(receipt.changed), "changed"),
        (len(receipt.removed), "removed"),
        (len(receipt.reprocessed), "read anew"),
        (len(receipt.unreadable), "unreadable"),
    )
    changes = ", ".join(f"{number:,} {what}" for number, what in counts if number)
    line = f"Index rebuilt in {receipt.seconds:.1f} s: {changes or 'no file has changed'}"
    passages = receipt.embedded + receipt.reused
    if passages:
        share = f"{receipt.reused / passages:.0%}"
        line += f"; {_count(passages, 'passage')} written, {share} of their vectors reused"
    return line


def _names(title: str, names: tuple[str, ...]) -> str:
    if not names:
        return ""
    shown = "".join(f"<li>{plain(name)}</li>" for name in names[:_NAMES_SHOWN])
    rest = len(names) - _NAMES_SHOWN
    more = f"<li>and {rest:,} more</li>" if rest > 0 else ""
    return f"<h3>{title}</h3><ul>{shown}{more}</ul>"


def _problems(title: str, problems: tuple[Problem, ...]) -> str:
    # All of them, however many: a file that is left out must not go unnoticed.
    if not problems:
        return ""
    items = "".join(
        f"<li><b>{plain(problem.document_id)}</b>: {plain(problem.reason)}</li>"
        for problem in problems
    )
    heading = f"<h3>{title}</h3>" if title else ""
    return f"{heading}<ul>{items}</ul>"
