"""Documents added and deleted by visitors, where that is allowed: events → what they are told.

Each function looks itself whether it is allowed: an event can be sent by who
was never shown the buttons.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Mapping
from typing import Any

import gradio as gr

from qa_bot.callers import may
from qa_bot.loaders import SUFFIXES
from qa_bot.members import file_of, is_member
from qa_bot.web import render
from qa_bot.web.asking import Updates
from qa_bot.web.conversation import Conversation
from qa_bot.web.escaping import name, plain
from qa_bot.web.sent import sent, text, texts
from qa_bot.web.service import Holdings, Service
from qa_bot.web.uploads import Choice, Outcome, RefusedError, delete_file, file_state

_NOT_ALLOWED = "That is not allowed: the chat was started without --allow-uploads."
_CHOICES: dict[str, Choice] = {
    "replace": "replace",
    "keep both": "keep both",
    "leave out": "leave out",
}
_numbers = itertools.count()


def wire(
    hub: gr.HTML,
    service: Service,
    look: Callable[[Conversation], Updates],
    memory: gr.State,
    looked: list[gr.Component],
    plain: dict[str, Any],
) -> None:
    """Connect the events of adding and deleting; ``look`` gives new values for ``looked``."""

    def take_in(conversation: Conversation, event: gr.EventData) -> Updates:
        return render.patch(add(service, sent(event))), *look(conversation)

    def decide(conversation: Conversation, event: gr.EventData) -> Updates:
        return render.patch(settle(service, sent(event))), *look(conversation)

    def erase(conversation: Conversation, event: gr.EventData) -> Updates:
        return render.patch(delete(service, sent(event))), *look(conversation)

    for trigger, function in (
        (hub.take_in, take_in),
        (hub.decide, decide),
        (hub.erase, erase),
    ):
        trigger(function, inputs=[memory], outputs=[hub, *looked], **plain)


def add_html(limit: int, *, everybody: bool) -> str:
    """The button that adds files; the page's script sends them.

    Args:
        limit: Bytes that one file may have; a larger one is not even sent.
        everybody: Whether all may; else the page shows it once it knows that its owner does.
    """
    kinds, who = ",".join(SUFFIXES), "everybody" if everybody else "owner"
    return (
        '<button type="button" class="qa-add qa-adds">Add files</button>'
        f'<input type="file" id="qa-files" multiple hidden accept="{kinds}" data-limit="{limit}"'
        f' data-who="{who}">'
    )


def changes_html() -> str:
    """Where the page tells what became of each file, and asks; a screen reader reads it out."""
    return '<div id="qa-changes" role="log" aria-label="Files added and deleted"></div>'


def add(service: Service, data: Mapping[str, Any]) -> str:
    """Put uploads among the documents: what became of each.

    An upload that waits was sent by who may add, and nobody else knows what it waits under.

    Args:
        service: Whose documents.
        data: ``tokens``: what the uploads wait under.
    """
    if service.uploads is None or not may("add"):
        return _told(_NOT_ALLOWED)
    return _after(service, [service.uploads.settle(token) for token in texts(data, "tokens")])


def settle(service: Service, data: Mapping[str, Any]) -> str:
    """Do what a visitor chose where another file had the name: what became of it.

    Args:
        service: Whose documents.
        data: ``token``: what the upload waits under; ``choice``: one of those offered.
    """
    if service.uploads is None or not may("add"):
        return _told(_NOT_ALLOWED)
    choice = _CHOICES.get(text(data, "choice"), "ask")
    if choice == "replace" and not service.is_open:
        return _told(_NOT_ALLOWED)
    return _after(service, [service.uploads.settle(text(data, "token"), choice)])


def delete(service: Service, data: Mapping[str, Any]) -> str:
    """Delete a file of the list, if the visitor is sure of it, and else ask.

    Args:
        service: Whose documents.
        data: ``name``: as it is listed; ``sure``: the state of the file that they were
            asked about, if they were.
    """
    document_id = text(data, "name")
    if not service.is_open or not may("delete"):
        return _told(_NOT_ALLOWED)
    if document_id not in _listed(service.status.holdings):
        return _told(f"{name(document_id)} is not in the list.")
    if "?" in document_id or "\ufffd" in document_id:  # may stand for what can't be shown
        return _told(f"{name(document_id)} has an odd name: delete it in its folder.")
    file = file_of(document_id)  # nothing is taken out of a file
    state = file_state(service.documents / file)
    if not text(data, "sure"):
        return _asked_to_delete(document_id, state)
    if text(data, "sure") != state:
        return _told(f"{name(file)} has changed since you were asked: not deleted.")
    parent = (service.documents / file).parent.resolve()
    if parent.is_relative_to(service.folder.resolve()):
        return _told(f"{name(file)} belongs to the index: not deleted.")
    try:
        delete_file(service.documents, file)
    except RefusedError as error:
        return _told(plain(str(error)))
    service.refresh(requested=True, changed=True)
    return _told(f"Deleted {name(file)}.")


def _listed(holdings: Holdings | None) -> frozenset[str]:
    """Every file that the list of documents shows."""
    if holdings is None:
        return frozenset()
    health = holdings.health
    problems = (*health.unreadable, *health.warnings)
    return frozenset(
        (
            *(one.id for one in holdings.documents),
            *(one.document_id for one in problems),
            *health.unsupported,
        )
    )


def _after(service: Service, outcomes: list[Outcome]) -> str:
    """Tell what became of uploads, and bring the index up to date where there is reason to."""
    if any(outcome.kind in ("added", "replaced") for outcome in outcomes):
        service.refresh(requested=True, changed=True)
    return "".join(outcome_html(one, replacing=service.is_open) for one in outcomes)


def outcome_html(outcome: Outcome, *, replacing: bool = True) -> str:
    """What became of an upload; a question where its visitor must choose.

    ``replacing``: whether a file may take another's place.
    """
    file, other = name(outcome.name), name(outcome.other)
    as_other = "" if outcome.other == outcome.name else f" as {other}"
    renamed = outcome.sent not in ("", outcome.name)
    sent_as = f" (sent as {name(outcome.sent)})" if renamed else ""
    if outcome.kind == "asked":
        return _asked_to_choose(outcome, replacing=replacing)
    told = {
        "added": f"Added {file}{sent_as}.",
        "replaced": f"Replaced {file}.",
        "same": f"{file} is already among the documents{as_other}: nothing was added.",
        "left out": f"{file} was left out.",
        "failed": f"{file} could not be added: {other}.",
        "gone": "A file is no longer waiting to be added: send it again.",
    }
    return _told(told[outcome.kind])


def _told(line: str) -> str:
    return f'<div class="qa-change" id="qa-change-{next(_numbers)}"><p>{line}</p></div>'


def _asked_to_choose(outcome: Outcome, *, replacing: bool) -> str:
    may_replace = replacing and outcome.replaceable
    offered = [choice for choice in _CHOICES if may_replace or choice != "replace"]
    buttons = "".join(
        f'<button type="button" class="qa-decide" value="{choice}"'
        f' data-token="{plain(outcome.token)}">{choice.capitalize()}</button>'
        for choice in offered
    )
    what = "is already among the documents" if outcome.replaceable else "is the name of a folder"
    return (
        f'<div class="qa-change" id="qa-change-{next(_numbers)}" role="group"'
        f' aria-label="{plain(outcome.other)}"><p>{name(outcome.other)} {what}:</p>'
        f"<p>{buttons}</p></div>"
    )


def _asked_to_delete(document_id: str, state: str) -> str:
    # The same question twice is one: its id is made from what it is about.
    number = hashlib.sha256(document_id.encode("utf-8", "replace")).hexdigest()[:16]
    value, what = plain(document_id), name(file_of(document_id))
    if is_member(document_id):
        what += f", which {name(document_id)} lies in, with all else that it holds,"
    return (
        f'<div class="qa-change" id="qa-delete-{number}" role="group" aria-label="Delete {value}">'
        f"<p>Delete {what} from the documents folder?"
        " It can’t be brought back from here.</p>"
        f'<p><button type="button" class="qa-erase" value="{value}" data-state="{state}">'
        "Delete</button>"
        '<button type="button" class="qa-keep">Keep</button></p></div>'
    )
