"""The documents, as a list to choose from → HTML; every word is escaped."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

from qa_bot.language import language_name
from qa_bot.records import DocumentSummary, Health, Problem
from qa_bot.telling import cure
from qa_bot.web.conversation import Conversation
from qa_bot.web.escaping import name, plain
from qa_bot.web.folders import Folder, by_folder, depth_of, rows
from qa_bot.web.links import SourceLink, link_query
from qa_bot.web.report import count, needs, when
from qa_bot.web.service import Holdings
from qa_bot.web.source import original_url

LEAST_COMPARED, MOST_COMPARED = 2, 6  # documents that can be asked side by side
_MOST_KEPT = 500  # chosen documents that the page remembers
_SHOWN = 60  # rows that are sent at once
_TREE = "folder"
_Key = Callable[[DocumentSummary], Any]
ORDERS: dict[str, tuple[str, _Key, bool]] = {  # label, key, whether the highest comes first
    _TREE: ("by folder", by_folder, False),
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


def matching(
    holdings: Holdings, sought: str, order: str, folder: str = ""
) -> list[DocumentSummary]:
    """The documents whose title or name holds all the words, in that order; those in a folder."""
    words = sought.casefold().split()
    found = [
        one
        for one in holdings.documents
        if (not words or all(word in f"{one.title}\n{one.id}".casefold() for word in words))
        and (not folder or one.id.startswith(f"{folder}/"))
    ]
    _, key, reverse = ORDERS.get(order, ORDERS[_TREE])
    return sorted(found, key=key, reverse=reverse)


def list_html(
    holdings: Holdings | None,
    conversation: Conversation,
    stale: Callable[[Sequence[str]], Collection[str]] = lambda _: (),
    *,
    deletable: bool = False,
    made: int = 0,
) -> str:
    """Some rows of the documents that match, and before them the files that need a look.

    All rows are of one height, so that room is kept for those that are not sent.

    Args:
        holdings: What the index holds; None while there is none.
        conversation: Which are sought, in which order, from which row on, and which are asked.
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
    is_tree = conversation.order not in ORDERS or conversation.order == _TREE
    is_tree = is_tree and not conversation.sought.split()
    shown = rows(found, chosen, conversation.toggled) if is_tree else list(found)
    first = max(0, min(conversation.first, len(shown) - _SHOWN))
    window = shown[first : first + _SHOWN]
    changed = stale([one.id for one in window if isinstance(one, DocumentSummary)])
    items = "".join(
        _folder(one, place, len(shown))
        if isinstance(one, Folder)
        else _item(
            one,
            f' aria-setsize="{len(shown)}" aria-posinset="{place}"'
            f' style="--depth:{depth_of(one.id) if is_tree else 0}"',
            asked=chosen is None or one.id in chosen,
            stale=one.id in changed,
            deletable=deletable,
        )
        for place, one in enumerate(window, first + 1)
    )
    room = f"--before:{first};--after:{len(shown) - first - len(window)}"
    none = "" if found else '<p class="qa-hint">No document matches.</p>'
    return (
        f"{opened}{_needs_a_look(holdings, deletable)}{_choosing(holdings, found, chosen)}"
        f'<ul class="qa-docs" data-first="{first}" data-shown="{len(window)}"'
        f' data-rows="{len(shown)}" style="{room}">{items}</ul>{none}</div>'
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


def _folder(folder: Folder, place: int, of: int) -> str:
    path = plain(folder.path)
    state = " checked" if folder.asked == folder.count else ""
    some = ' data-some="yes"' if 0 < folder.asked < folder.count else ""
    return (
        f'<li class="qa-folder-row" aria-setsize="{of}" aria-posinset="{place}"'
        f' style="--depth:{folder.depth}"><input type="checkbox" class="qa-choose-folder"'
        f' value="{path}" aria-label="Ask all in {path}"{state}{some}>'
        f'<button type="button" class="qa-fold" value="{path}"'
        f' aria-expanded="{"true" if folder.is_open else "false"}">'
        f"{name(folder.path.rpartition('/')[2])}<small>{count(folder.count, 'document')}</small>"
        "</button></li>"
    )


def _item(
    document: DocumentSummary, attributes: str, *, asked: bool, stale: bool, deletable: bool
) -> str:
    size = count(document.passages, "passage")
    if document.pages:
        size = f"{count(document.pages, 'page')} · {size}"
    if document.language:
        size += f" · {plain(language_name(document.language))}"
    value, delete = plain(document.id), _delete(document.id) if deletable else ""
    checked = " checked" if asked else ""
    badges = '<span class="qa-badge">changed since indexed</span>' if stale else ""
    badges += '<span class="qa-badge">read in part</span>' if document.warnings else ""
    indexed = f" · indexed {when(document.indexed_at)}" if document.indexed_at else ""
    title = plain(" ".join(document.title.split()))
    return (
        f'<li class="qa-doc"{attributes}><input type="checkbox" class="qa-choose" value="{value}"'
        f' aria-label="Ask {title}"{checked}>'
        f'<div class="qa-doc-words"><p class="qa-doc-title"><a class="qa-citation"'
        f' href="{plain(link_query(SourceLink(document.digest, 0, 1, (), document.id)))}"'
        f' aria-label="{title}: read {value}">{name(document.title)}</a>{badges}</p>'
        f'<p class="qa-doc-size"><span class="qa-file">{name(document.id)}</span>'
        f"<span>{size}{indexed}</span></p></div>"
        f'<div class="qa-doc-tools"><a class="qa-quiet" target="_blank" rel="noopener"'
        f' href="{plain(original_url(document.id))}" aria-label="Open {value}">Open</a>'
        f"{delete}</div></li>"
    )


def _delete(document_id: str) -> str:
    value = plain(document_id)
    return (
        f'<button type="button" class="qa-delete qa-quiet" value="{value}"'
        f' aria-label="Delete {value}">Delete</button>'
    )


def _needs_a_look(holdings: Holdings, deletable: bool) -> str:
    """The files that are not among the documents, or not whole, why, and what helps."""
    health: Health = holdings.health
    indexed = {document.id for document in holdings.documents}
    outside = tuple(one for one in health.warnings if one.document_id not in indexed)
    partly = tuple(one for one in health.warnings if one.document_id in indexed)
    unsupported = tuple(Problem(file, cure(file)) for file in health.unsupported)
    lists = (
        _problems("Can’t be read: mend or replace them", health.unreadable, deletable)
        + _problems("Left out", outside, deletable)
        + _problems("Read in part", partly, deletable=False)
        + _problems(
            "Of kinds that are not read: save them as PDF, say", unsupported[:_SHOWN], deletable
        )
        + _more(len(unsupported) - _SHOWN)
    )
    if health.hidden:
        lists += (
            f'<p class="qa-hint">{count(health.hidden, "hidden or temporary file")} ignored.</p>'
        )
    told = len({one.document_id for one in (*health.unreadable, *health.warnings)})
    if not told and not lists:
        return ""
    said = f"{count(told, 'file')} {needs(told)} a look" if told else "Files that are not read"
    is_open = " open" if told else ""
    return f'<details class="qa-look"{is_open}><summary>{said}</summary>{lists}</details>'


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
