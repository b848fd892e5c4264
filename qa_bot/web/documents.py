"""The documents, as a list to choose from → HTML; every word is escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence

from qa_bot.language import language_name
from qa_bot.records import DocumentSummary, Health, Problem
from qa_bot.telling import cure
from qa_bot.web.conversation import Conversation
from qa_bot.web.escaping import name, plain
from qa_bot.web.links import SourceLink, link_query
from qa_bot.web.report import count, when
from qa_bot.web.service import Holdings
from qa_bot.web.source import original_url

LEAST_COMPARED, MOST_COMPARED = 2, 6  # documents that can be asked side by side
_MOST_KEPT = 500  # chosen documents that the page remembers
_SHOWN = 200  # documents in the list at once; the others are found by the filter
_Key = Callable[[DocumentSummary], str | int]
ORDERS: dict[str, tuple[str, _Key, bool]] = {  # label, key, whether the highest comes first
    "name": ("by file name", lambda one: one.id.casefold(), False),
    "title": ("by title", lambda one: one.title.casefold(), False),
    "newest": ("newest first", lambda one: one.indexed_at, True),
    "longest": ("longest first", lambda one: one.characters, True),
    "problems": ("problems first", lambda one: len(one.warnings), True),
}


def open_html() -> str:
    """The button that opens the list."""
    return (
        '<button type="button" class="qa-quiet qa-open-documents" aria-expanded="false"'
        ' aria-controls="qa-documents">Documents</button>'
    )


def head_html() -> str:
    """The top of the list."""
    return (
        '<header><div class="qa-source-title"><h2>Documents</h2></div>'
        '<button type="button" class="qa-close" aria-label="Close the documents"'
        ' title="Close (Esc)">×</button></header>'
    )


def tools_html() -> str:
    """The fields that filter and sort the list; the page's script reports what is set."""
    options = "".join(
        f'<option value="{value}">{label}</option>' for value, (label, _, _) in ORDERS.items()
    )
    return (
        '<div class="qa-list-tools"><input type="search" id="qa-seek" placeholder="Filter"'
        ' aria-label="Filter the documents" maxlength="200" autocomplete="off">'
        f'<select id="qa-order" aria-label="Sort the documents">{options}</select></div>'
    )


def matching(holdings: Holdings, sought: str, order: str) -> list[DocumentSummary]:
    """The documents whose title or name holds all the words, in that order."""
    words = sought.casefold().split()
    found = [
        one
        for one in holdings.documents
        if all(word in f"{one.title}\n{one.id}".casefold() for word in words)
    ]
    _, key, reverse = ORDERS.get(order, ORDERS["name"])
    return sorted(found, key=key, reverse=reverse)


def list_html(
    holdings: Holdings | None,
    conversation: Conversation,
    stale: Callable[[Sequence[str]], Collection[str]] = lambda _: (),
    *,
    deletable: bool = False,
    made: int = 0,
) -> str:
    """The documents that match, each with what is known of it, and the files that are not read.

    Args:
        holdings: What the index holds; None while there is none.
        conversation: Which are sought, in which order, and which are asked.
        stale: Says which of some documents' files have changed, or gone, since they
            were indexed; asked once, of those that are listed.
        deletable: Whether files may be deleted from here.
        made: A number that rises from list to list: the page's script tells by it that one
            was overtaken on its way.
    """
    opened = f'<div class="qa-list" data-made="{made}">'
    if holdings is None:
        return f'{opened}<p class="qa-hint">Nothing is indexed yet.</p></div>'
    chosen = conversation.scope(frozenset(one.id for one in holdings.documents))
    found = matching(holdings, conversation.sought, conversation.order)
    changed = stale([one.id for one in found[:_SHOWN]])
    items = "".join(
        _item(
            one,
            asked=chosen is None or one.id in chosen,
            stale=one.id in changed,
            deletable=deletable,
        )
        for one in found[:_SHOWN]
    )
    more = _more(len(found) - _SHOWN, ": filter to see them")
    none = "" if found else '<p class="qa-hint">No document matches.</p>'
    return (
        f"{opened}{_choosing(holdings, found, chosen)}"
        f'<ul class="qa-docs">{items}</ul>{more}{none}{_not_read(holdings, deletable)}</div>'
    )


def _more(rest: int, hint: str = "") -> str:
    return f'<p class="qa-hint">and {rest:,} more{hint}</p>' if rest > 0 else ""


def scope_html(held: frozenset[str], asked: frozenset[str] | None) -> str:
    """How many of the documents are asked, where not all of them are (None)."""
    if asked is None:
        return ""
    kept = json.dumps(sorted(asked)) if len(asked) <= _MOST_KEPT else "[]"
    compared = ""
    if LEAST_COMPARED <= len(asked) <= MOST_COMPARED:
        compared = (
            '<button type="button" class="qa-compare-them qa-quiet" title="Ask each of them: the'
            ' question in the box, or the last one">Compare them</button>'
        )
    return compared + (
        '<button type="button" class="qa-scope qa-quiet" title="Choose documents"'
        f' data-chosen="{plain(kept)}">'
        f"Asking {len(asked):,} of {count(len(held), 'document')}</button>"
    )


def _choosing(
    holdings: Holdings, found: Sequence[DocumentSummary], chosen: frozenset[str] | None
) -> str:
    everything = len(found) == len(holdings.documents)
    what = "all" if everything else "these"
    asked = len(found) if chosen is None else sum(one.id in chosen for one in found)
    return (
        f'<p class="qa-choosing"><span>{asked:,} of {count(len(found), "document")} asked</span>'
        f'<button type="button" class="qa-choose-all qa-quiet" value="on">Ask {what}</button>'
        f'<button type="button" class="qa-choose-all qa-quiet" value="off">Ask none</button></p>'
    )


def _item(document: DocumentSummary, *, asked: bool, stale: bool, deletable: bool) -> str:
    size = count(document.passages, "passage")
    if document.pages:
        size = f"{count(document.pages, 'page')} · {size}"
    if document.language:
        size += f" · {plain(language_name(document.language))}"
    warnings = "".join(f'<p class="qa-problem">{plain(one)}</p>' for one in document.warnings)
    value, delete = plain(document.id), _delete(document.id) if deletable else ""
    checked = " checked" if asked else ""
    badge = '<span class="qa-badge">changed since indexed</span>' if stale else ""
    indexed = f" · indexed {when(document.indexed_at)}" if document.indexed_at else ""
    return (
        f'<li class="qa-doc"><label><input type="checkbox" class="qa-choose" value="{value}"'
        f'{checked}><span class="qa-doc-title">{name(document.title)}</span></label>'
        f'<div class="qa-doc-tools"><a class="qa-citation qa-quiet" aria-label="Read {value}"'
        f' href="{plain(link_query(SourceLink(document.digest, 0, 1, (), document.id)))}">Read</a>'
        f'<a class="qa-quiet" target="_blank" rel="noopener"'
        f' href="{plain(original_url(document.id))}" aria-label="Open {value}">Open</a>'
        f"{delete}</div>"
        f'<p class="qa-file">{name(document.id)}{badge}</p>'
        f'<p class="qa-doc-size">{size}{indexed}</p>{warnings}</li>'
    )


def _delete(document_id: str) -> str:
    value = plain(document_id)
    return (
        f'<button type="button" class="qa-delete qa-quiet" value="{value}"'
        f' aria-label="Delete {value}">Delete</button>'
    )


def _not_read(holdings: Holdings, deletable: bool) -> str:
    """The files that are not among the documents, and why."""
    health: Health = holdings.health
    indexed = {document.id for document in holdings.documents}
    outside = tuple(one for one in health.warnings if one.document_id not in indexed)
    unsupported = tuple(Problem(file, cure(file)) for file in health.unsupported)
    hidden = f'<p class="qa-hint">{count(health.hidden, "hidden or temporary file")} ignored.</p>'
    return (
        _problems("Unreadable", health.unreadable, deletable)
        + _problems("Left out", outside, deletable)
        + _problems("Of kinds that are not read", unsupported[:_SHOWN], deletable)
        + _more(len(unsupported) - _SHOWN)
        + (hidden if health.hidden else "")
    )


def _problems(title: str, problems: Sequence[Problem], deletable: bool) -> str:
    # All of them, however many: a file that is left out must not go unnoticed.
    if not problems:
        return ""
    items = "".join(
        f'<li><span class="qa-file">{name(one.document_id)}</span>'
        + (_delete(one.document_id) if deletable else "")
        + (f'<p class="qa-problem">{plain(one.reason)}</p>' if one.reason else "")
        + "</li>"
        for one in problems
    )
    return f'<h3>{title}</h3><ul class="qa-not-read">{items}</ul>'
