"""Questions and answers → HTML. Every word from a document, a file name or a question is escaped.

Elements with an id ("patches") take the place of those with the same id on the
page, or are added to the conversation; an empty ``template`` removes one.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence

from qa_bot.language import other_language
from qa_bot.records import Answer, Citation, Hit, Passage, Quote
from qa_bot.table_view import TableView, text_around
from qa_bot.telling import lacking, sureness
from qa_bot.web.citations import citation_html
from qa_bot.web.escaping import marked_html, name, plain, written
from qa_bot.web.keeping import copy_html
from qa_bot.web.leading import navigation_html, options_html, places_html, understood_html
from qa_bot.web.links import SourceLink, quote_link
from qa_bot.web.replying import Compared, Reply
from qa_bot.web.service import Status
from qa_bot.web.tables import Mark, named_html, table_html

_NEAREST = 3
_numbers = itertools.count()


def patch(html: str) -> str:
    """Elements for the page's script to put in place; never the same text twice in a row."""
    return f"<!--{next(_numbers)}-->{html}" if html else ""


def name_html() -> str:
    """What this page is, in its corner."""
    return '<p class="qa-name">qa-bot</p>'


def conversation_html() -> str:
    """Where turns are added; a screen reader reads out what is."""
    return '<div id="qa-log" role="log" aria-label="Conversation"></div>'


def turn_html(
    number: int,
    question: str,
    body: str,
    foot: str = "",
    *,
    answer: Answer | None = None,
    kept: str = "",
) -> str:
    """A question and what came of it, with what stands under that.

    ``answer`` and ``kept`` are for the page to keep: its verdict, or what was kept earlier (JSON).
    """
    told = f' data-kept="{plain(kept)}"' if kept else ""
    if answer is not None:
        found = "true" if answer.found else "false"
        told = f' data-found="{found}" data-confidence="{answer.confidence:.4f}"'
    tools = (
        '<div class="qa-turn-tools">'
        '<button type="button" class="qa-edit qa-quiet">Edit</button>'
        '<button type="button" class="qa-undo qa-quiet">Undo</button></div>'
    )
    return (
        f'<section class="qa-turn" id="qa-turn-{number}" data-number="{number}"{told}><header>'
        f'<h2 class="qa-question" dir="auto">{plain(question)}</h2>{tools}</header>{body}{foot}'
        "</section>"
    )


def removed_html(number: int) -> str:
    """Takes a turn off the page."""
    return f'<template id="qa-turn-{number}"></template>'


def verdict_html(number: int, answer: Answer, verdict: str = "", note: str = "") -> str:
    """Whether the answer is right: yes or no, and what came of saying so; ``note`` is HTML."""
    asked = "Does this answer it?" if answer.quotes else "Is that right?"
    buttons = "".join(
        f'<button type="button" class="qa-verdict qa-quiet" value="{value}"'
        f' aria-pressed="{"true" if value == verdict else "false"}">{label}</button>'
        for value, label in (("up", "Yes"), ("down", "No"))
    )
    return (
        f'<footer class="qa-foot" id="qa-foot-{number}"><span>{asked}</span>{buttons}'
        f'<span class="qa-foot-note" role="status">{note}</span></footer>'
    )


def forgotten_html(number: int, note: str) -> str:
    """In place of yes and no, where the answer is no longer known."""
    return f'<footer class="qa-foot" id="qa-foot-{number}"><span>{plain(note)}</span></footer>'


def keep_golden_html() -> str:
    """After a thumb up: the offer to keep the answer for ``qa-bot eval``."""
    return (
        'Noted. <button type="button" class="qa-golden qa-quiet" title="Kept in golden.jsonl:'
        ' “qa-bot index --check-golden” says when a rebuild changes the answer">'
        "Keep as a golden question</button>"
    )


def pending_html(status: Status) -> str:
    """What stands under a question until it is answered."""
    if status.holdings is None and status.busy:
        return '<p class="qa-pending">Waiting for the index, then looking…</p>'
    return '<p class="qa-pending">Looking…</p>'


def stopped_html() -> str:
    """What stands under a question that was stopped."""
    return '<p class="qa-pending">Stopped.</p>'


def error_html(message: str) -> str:
    """Why a question could not be answered, in place of the answer."""
    return f'<p class="qa-error">{plain(message)}</p>'


def answer_html(reply: Reply, *, scoped: bool = False) -> str:
    """The quotes of an answer, best first, or that nothing answers clearly.

    Args:
        reply: The answer and what is needed to show it.
        scoped: Whether only some of the documents were asked.
    """
    answer = reply.answer
    warning = f'<p class="qa-hint">{plain(answer.warning)}</p>' if answer.warning else ""
    warning += understood_html(answer) + options_html(answer)
    if answer.navigation:
        shown = "".join(_quote(quote, reply) for quote in answer.quotes)
        return navigation_html(answer) + warning + shown + places_html(answer)
    if answer.searched_too:
        words = _either((f"“{plain(word)}”" for word in answer.searched_too), "and")
        warning += f'<p class="qa-hint">Searched for {words}, too.</p>'
    if not answer.quotes:
        return warning + _not_found(
            reply, "Nothing in the chosen documents" if scoped else "Nothing here"
        )
    quoted = {quote.passage for quote in answer.quotes}
    more = [hit for hit in answer.hits if hit.passage not in quoted]
    quotes = "".join(_quote(quote, reply) for quote in answer.quotes)
    if not answer.found:
        warning += f'<p class="qa-none">This may answer it:</p>{_unknown(answer)}'
    sure = _sure(answer) if answer.found else ""
    return warning + quotes + sure + _folded("More passages", more, reply)


def compared_html(compared: Iterable[Compared]) -> str:
    """What each of some documents answers, side by side: its title, its best quote or none."""
    columns = "".join(
        f'<section class="qa-column" data-name="{plain(each.document_id)}"'
        f' data-found="{"true" if each.reply.answer.found else "false"}">'
        f"<h3>{name(each.title)}</h3>{_best(each.reply, lost=each.lost)}</section>"
        for each in compared
    )
    return f'<div class="qa-compare">{columns}</div>'


def lost_html(count: int) -> str:
    """In place of quotes of an earlier visit that can't be read any more."""
    said = "A quote" if count == 1 else f"{count} quotes"
    return (
        f'<p class="qa-hint">{said} of this answer can’t be shown: the document has changed, or'
        " is gone."
        ' <button type="button" class="qa-again-ask qa-quiet">Ask again</button></p>'
    )


def _best(reply: Reply, *, lost: bool = False) -> str:
    answer = reply.answer
    if lost:
        return lost_html(1)
    if not answer.quotes:
        return '<p class="qa-hint">Nothing in this one.</p>'
    may = "" if answer.found else '<p class="qa-hint">This may answer it:</p>'
    return may + _quote(answer.quotes[0], reply)


def _sure(answer: Answer) -> str:
    """How sure the answer is, in a word; the number shows when it is pointed at."""
    number = f"Confidence {answer.confidence:.2f} of 1"
    return f'<p class="qa-sure" title="{number}">{sureness(answer)}.</p>'


def _unknown(answer: Answer) -> str:
    found = ""
    for said, names in (
        ("No document contains", answer.unknown_words),
        ("Nothing here mentions", lacking(answer)),
    ):
        if names:
            words = _either(f"“{plain(word)}”" for word in names)
            found += f'<p class="qa-hint">{said} {words}.</p>'
    return found


def _not_found(reply: Reply, asked: str) -> str:
    answer = reply.answer
    parts = [f'<p class="qa-none">{asked} answers this clearly.</p>', _unknown(answer)]
    if answer.hits:
        nearest = "".join(_hit(hit, reply) for hit in answer.hits[:_NEAREST])
        parts.append(
            f'<section class="qa-nearest"><h3>Closest: not an answer</h3>{nearest}</section>'
        )
    return "".join(parts)


def _either(words: Iterable[str], joint: str = "or") -> str:
    *others, last = words
    return f"{', '.join(others)} {joint} {last}" if others else last


def _folded(title: str, hits: list[Hit], reply: Reply) -> str:
    if not hits:
        return ""
    passages = "".join(_hit(hit, reply) for hit in hits)
    return f'<details class="qa-more"><summary>{title} ({len(hits)})</summary>{passages}</details>'


def _quote(quote: Quote, reply: Reply) -> str:
    citation = quote.citation
    link = quote_link(quote)
    view = reply.tables.get((citation.document_id, (quote.start, quote.end)))
    words = [("b", quote.answer)] if quote.answer else []
    marks = [*(("mark", span) for span in quote.marked), *words]
    return _figure(
        "qa-quote",
        _context(quote.passage, reply, view),
        _quoted(quote.passage, view, marks, words),
        citation_html(citation, link)
        + _badge(stale=quote.stale, language=_other_language(reply, quote.passage))
        + copy_html(quote, link, view),
    )


def _hit(hit: Hit, reply: Reply) -> str:
    passage = hit.passage
    digest = reply.digests[passage.document_id]
    stale = passage.document_id in reply.answer.stale
    citation = Citation.of(passage, digest)
    link = SourceLink(digest, passage.start, passage.end, (), passage.document_id)
    whole = Quote(
        passage.text,
        passage.start,
        passage.end,
        passage,
        (),
        passage.context,
        citation,
        stale=stale,
    )
    view = reply.tables.get((passage.document_id, (passage.start, passage.end)))
    return _figure(
        "qa-quote qa-hit",
        _context(passage, reply, view),
        _quoted(passage, view),
        citation_html(citation, link)
        + _badge(stale=stale, language=_other_language(reply, passage))
        + copy_html(whole, link, view),
    )


def _badge(*, stale: bool, language: str) -> str:
    told = ["changed since indexed"] if stale else []
    told += [f"in {plain(language)}"] if language else []
    return "".join(f'<span class="qa-badge">{one}</span>' for one in told)


def _other_language(reply: Reply, passage: Passage) -> str:
    return other_language(reply.answer.question, passage.language)


def _figure(css_class: str, context: str, body: str, caption: str) -> str:
    return f'<figure class="{css_class}">{context}{body}<figcaption>{caption}</figcaption></figure>'


def _quoted(
    passage: Passage,
    view: TableView | None,
    marks: Sequence[Mark] = (),
    words: Sequence[Mark] = (),
) -> str:
    """A passage; of a table what answers in a line, then the table, with the text around it."""
    text, start, attributes = passage.text, passage.start, written(passage.language)
    if view is None:
        shown = marked_html(text, list(marks), start)
        return f'<blockquote class="qa-text"{attributes}>{shown}</blockquote>'
    before, after = (
        marked_html(text[one[0] - start : one[1] - start], list(marks), one[0])
        for one in text_around(view, text, start)
    )
    table = table_html(view, words)
    around = [f'<p class="qa-text" dir="auto">{one}</p>' if one else "" for one in (before, after)]
    return f"{named_html(view)}<blockquote{attributes}>{around[0]}{table}{around[1]}</blockquote>"


def _context(passage: Passage, reply: Reply, view: TableView | None) -> str:
    """What a passage needs to be understood, but for what its table shows anyway."""
    texts = (
        reply.contexts.get((passage.document_id, span), "")
        for span in passage.context
        if view is None or not view.shows(span)
    )
    opened = f'<p class="qa-context qa-text"{written(passage.language)}>'
    return "".join(f"{opened}{plain(text)}</p>" for text in texts)


def notice_html(message: str = "") -> str:
    """The line under the question box: a gentle message, or what kind of answers to expect."""
    text = message or "Answers are quotes from your documents, word for word."
    return f'<p class="qa-notice{" qa-asks" if message else ""}" role="status">{plain(text)}</p>'
