"""The page: Gradio's components, and which function answers each event."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

import gradio as gr
from starlette.concurrency import run_in_threadpool

from qa_bot import callers
from qa_bot.callers import may
from qa_bot.errors import QaBotError
from qa_bot.pages.view import PageViewer
from qa_bot.web import (
    asking,
    changing,
    checking,
    comparing,
    documents,
    highlighting,
    keeping,
    render,
    report,
    restoring,
    script,
    showing,
)
from qa_bot.web.asking import Updates
from qa_bot.web.conversation import Conversation
from qa_bot.web.sent import number, numbers, sent, text, texts
from qa_bot.web.service import Service
from qa_bot.web.welcome import welcome_html

_lists = itertools.count(1)  # of documents, in the order in which they are begun
_choosing = Lock()  # Gradio answers each request in a thread of its own
_POLL_SECONDS = 0.5  # only while something is under way


@dataclass(frozen=True, slots=True)
class Parts:
    """The components that events read and change."""

    checked: gr.HTML
    hub: gr.HTML  # carries what the page's script sends, and patches of the page back
    turns: gr.HTML  # carries the conversation's patches: one of the hub's could overtake them
    status: gr.HTML
    receipt: gr.HTML
    rebuild: gr.Button
    cancel: gr.Button
    timer: gr.Timer
    welcome: gr.HTML
    question: gr.Textbox
    send: gr.Button
    stop: gr.Button
    notice: gr.HTML
    scope: gr.HTML
    source: gr.HTML
    documents: gr.HTML
    conversation: gr.State

    @property
    def looked(self) -> list[gr.Component]:
        """What shows the state of the index: the outputs of a ``Look``."""
        work = [self.rebuild, self.cancel, self.timer]
        return [self.status, self.receipt, self.welcome, *work, self.documents, self.scope]


Look = Callable[[Conversation], Updates]
"""A look at the index: new values for ``Parts.looked``."""


def theme() -> gr.Theme:
    """Plain, with the system's fonts: Gradio's own could be fetched from another host."""
    return gr.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        font=[gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")],
        font_mono=[gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")],
    )


def build_page(service: Service, viewer: PageViewer) -> gr.Blocks:
    """Lay the page out and wire it to the service."""
    with gr.Blocks(title="qa-bot", analytics_enabled=False, fill_width=True) as page:
        parts = _layout(service)
        _wire(page, parts, service, viewer)
    return page  # type: ignore[no-any-return]  # Gradio leaves "with" untyped


def _layout(service: Service) -> Parts:
    uploads = service.uploads
    with gr.Row(elem_id="qa-top"):
        _html("qa-name", render.name_html())
        status = _html("qa-status")
        _html(
            "qa-menu",
            keeping.save_html()
            + keeping.earlier_html()
            + checking.open_html()
            + documents.open_html(),
        )
    with gr.Row(elem_id="qa-panes"):
        with gr.Column(elem_id="qa-chat"):
            with gr.Column(elem_id="qa-scroll"):
                welcome = _html("qa-welcome")
                _html("qa-conversation", render.conversation_html())
            question, send, stop = _question()
            with gr.Row(elem_id="qa-below"):
                notice = _html("qa-notice", render.notice_html())
                scope = _html("qa-asked")
        with gr.Column(elem_id="qa-side"):
            source = _html("qa-panel")
            with gr.Column(elem_id="qa-checking"):
                _html("qa-check-form", checking.form_html())
                checked = _html("qa-checked")
            with gr.Column(elem_id="qa-documents"):
                _html("qa-documents-head", documents.head_html())
                with gr.Row(elem_id="qa-build"):
                    if uploads is not None:
                        _html(
                            "qa-adding", changing.add_html(uploads.limit, everybody=service.is_open)
                        )
                    rebuild = gr.Button("Rebuild index", size="sm", elem_id="qa-rebuild")
                    cancel = gr.Button("Cancel", size="sm", visible=False, elem_id="qa-cancel")
                if uploads is not None:
                    _html("qa-changing", changing.changes_html())
                receipt = _html("qa-receipt")
                _html("qa-seeking", documents.tools_html())
                listed = _html("qa-listed")
    hub = gr.HTML(elem_id="qa-hub", apply_default_css=False, js_on_load=script.joined())
    watching = "watch('value', () => window.patchFrom(element));"
    turns = gr.HTML(elem_id="qa-turns", apply_default_css=False, js_on_load=watching)
    return Parts(
        checked=checked,
        hub=hub,
        turns=turns,
        status=status,
        receipt=receipt,
        rebuild=rebuild,
        cancel=cancel,
        timer=gr.Timer(_POLL_SECONDS),
        welcome=welcome,
        question=question,
        send=send,
        stop=stop,
        notice=notice,
        scope=scope,
        source=source,
        documents=listed,
        conversation=gr.State(Conversation()),
    )


def _question() -> tuple[gr.Textbox, gr.Button, gr.Button]:
    with gr.Row(elem_id="qa-ask"):
        question = gr.Textbox(
            label="Question",
            placeholder="Ask a question",
            container=False,
            max_length=asking.MAX_QUESTION,
            autofocus=True,
            scale=1,
            elem_id="qa-question",
        )
        send = gr.Button("Ask", variant="primary", scale=0, elem_id="qa-send")
        stop = gr.Button("Stop", scale=0, visible=False, elem_id="qa-stop")
    return question, send, stop


def _html(elem_id: str, value: str = "") -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _wire(page: gr.Blocks, parts: Parts, service: Service, viewer: PageViewer) -> None:
    """Connect events to functions.

    Every event is an ordinary request: Gradio's queue loses one that arrives just as the
    stream of the one before is closed. Nothing is offered as an API (which hides it and
    guards nothing), and Gradio's own progress, which covers what it is about, is not shown.
    """
    plain: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
        "trigger_mode": "multiple",
    }
    look = _wire_index(page, parts, service, plain)
    _wire_questions(parts, service, look, plain)

    def open_source(event: gr.EventData) -> str:
        return render.patch(showing.show(service, viewer, sent(event)))

    def save(conversation: Conversation, event: gr.EventData) -> Updates:
        data = sent(event)
        changed = asking.freshen(service, conversation)  # what is saved says so, too
        sheet = keeping.sheet_html(conversation, text(data, "format"), text(data, "origin"))
        lost = keeping.left_out(conversation, numbers(data, "shown"))
        return changed + render.patch(sheet), render.notice_html(lost)

    def check(event: gr.EventData) -> str:
        return render.patch(checking.checked_html(service, text(sent(event), "text")))

    def highlight(conversation: Conversation, event: gr.EventData) -> Updates:
        name = text(sent(event), "name")
        link, said = highlighting.highlighted(service, viewer, conversation, name)
        return render.patch(link), render.notice_html(said)

    parts.hub.highlight(
        highlight, inputs=[parts.conversation], outputs=[parts.hub, parts.notice], **plain
    )
    parts.hub.check(check, outputs=[parts.checked], **plain)
    parts.hub.open(open_source, outputs=[parts.source], **plain)
    parts.hub.save(save, inputs=[parts.conversation], outputs=[parts.hub, parts.notice], **plain)


def _wire_questions(parts: Parts, service: Service, look: Look, plain: dict[str, Any]) -> None:
    """A question takes two steps: it is shown, then answered, and the index looked at again."""
    memory, buttons = [parts.conversation], [parts.send, parts.stop]

    def begin(question: str, conversation: Conversation) -> Updates:
        return asking.begin(service, conversation, question)

    def start(conversation: Conversation, event: gr.EventData) -> Updates:
        data = sent(event)
        return asking.begin(service, conversation, text(data, "question"), data)

    def compare(conversation: Conversation, event: gr.EventData) -> Updates:
        return comparing.begin(service, conversation, sent(event))

    async def finish(conversation: Conversation) -> Updates:
        asked = conversation.asked
        while not service.is_settled and conversation.asked is asked:
            await asyncio.sleep(_POLL_SECONDS / 5)  # who waits for an index holds up no thread
        found = await run_in_threadpool(asking.finish, service, conversation)
        return *found, *look(conversation)

    def revise(conversation: Conversation, event: gr.EventData) -> Updates:
        return asking.revise(conversation, sent(event))

    def judge(conversation: Conversation, event: gr.EventData) -> str:
        return asking.judge(service, conversation, sent(event))

    shown = [parts.turns, parts.question, parts.notice, *buttons, parts.conversation]
    asked = [parts.question.submit, parts.send.click]
    begun = [
        gr.on(asked, begin, inputs=[parts.question, *memory], outputs=shown, **plain),
        parts.hub.start(start, inputs=memory, outputs=shown, **plain),
    ]
    for step in begun:
        outputs = [parts.turns, *buttons, *parts.looked]
        step.then(finish, inputs=memory, outputs=outputs, **plain)
    parts.hub.compare(compare, inputs=memory, outputs=shown, **plain).then(
        partial(comparing.finish, service), inputs=memory, outputs=[parts.turns, *buttons], **plain
    )
    parts.stop.click(asking.stop, inputs=memory, outputs=[parts.turns, *buttons], **plain)
    revised = [parts.turns, parts.question, parts.notice]
    parts.hub.revise(revise, inputs=memory, outputs=revised, **plain)
    parts.hub.judge(judge, inputs=memory, outputs=[parts.hub], **plain)


def _wire_index(page: gr.Blocks, parts: Parts, service: Service, plain: dict[str, Any]) -> Look:
    """What is indexed, and which documents are asked."""
    memory = [parts.conversation]

    def listed(conversation: Conversation) -> Updates:
        made = next(_lists)  # before it is looked what there is: a higher one is as new, at least
        holdings = conversation.listed = service.status.holdings
        held, deletable = service.held, service.is_open and may("delete")
        stale = partial(_stale, service)
        return (
            documents.list_html(holdings, conversation, stale, deletable=deletable, made=made),
            documents.scope_html(held, conversation.scope(held)),
        )

    def look(conversation: Conversation) -> Updates:
        is_new = conversation.listed is not service.status.holdings
        return *_state(service), *(listed(conversation) if is_new else (gr.skip(), gr.skip()))

    def load(conversation: Conversation) -> Updates:
        return *_state(service), *listed(conversation)

    def rebuild(conversation: Conversation) -> Updates:
        if may("rebuild"):
            service.refresh(requested=True)
        return look(conversation)

    def cancel(conversation: Conversation) -> Updates:
        if may("cancel"):
            service.cancel()
        return look(conversation)

    def choose(conversation: Conversation, event: gr.EventData) -> Updates:
        _choose(service, conversation, sent(event))
        return listed(conversation)

    for trigger, function in (
        (page.load, load),
        (parts.timer.tick, look),
        (parts.rebuild.click, rebuild),
        (parts.cancel.click, cancel),
    ):
        trigger(function, inputs=memory, outputs=parts.looked, **plain)

    _wire_memory(parts, service, load, plain)
    shown = [parts.documents, parts.scope]
    parts.hub.choose(choose, inputs=memory, outputs=shown, **plain)
    changing.wire(parts.hub, service, look, parts.conversation, parts.looked, plain)
    return look


def _wire_memory(parts: Parts, service: Service, load: Look, plain: dict[str, Any]) -> None:
    """A conversation comes back from the visitor's browser; a page hears of changes."""
    memory = [parts.conversation]

    async def restore(conversation: Conversation, event: gr.EventData) -> Updates:
        while not service.is_settled:
            await asyncio.sleep(_POLL_SECONDS / 5)
        data = sent(event)
        turns = await run_in_threadpool(restoring.restore, service, conversation, data)
        return turns, conversation, *load(conversation)

    def look_again(conversation: Conversation) -> Updates:
        return asking.freshen(service, conversation), *load(conversation)

    restored = [parts.turns, parts.conversation, *parts.looked]
    parts.hub.restore(restore, inputs=memory, outputs=restored, **plain)
    parts.hub.look(look_again, inputs=memory, outputs=[parts.turns, *parts.looked], **plain)


def _state(service: Service) -> Updates:
    status = service.status
    folder = service.documents.absolute() if callers.folders() is None else None
    return (
        report.status_html(status),
        report.receipt_html(status),
        welcome_html(status, service.questions, folder, service.adding),
        gr.update(interactive=not status.busy, visible=may("rebuild")),
        gr.update(visible=status.busy and may("cancel")),
        gr.update(active=status.busy),
    )


def _stale(service: Service, names: Sequence[str]) -> set[str]:
    """Which of the documents have changed since they were indexed."""
    with suppress(QaBotError), service.snapshot() as index:
        return index.stale(names)
    return set()


def _choose(service: Service, conversation: Conversation, data: Mapping[str, Any]) -> None:
    """Filter and sort the list, or choose among what it shows."""
    holdings = service.status.holdings
    asked = number(data, "asked") or 0
    sought, order = text(data, "sought")[:200], text(data, "order")
    names, folder = texts(data, "names"), text(data, "folder")
    if holdings is not None and (folder or data.get("all") is True):
        found = documents.matching(holdings, "" if folder else sought, order, folder)
        names = [document.id for document in found]
    with _choosing:
        if "sought" in data and asked >= conversation.newest_list:  # no later one overtook it
            conversation.newest_list = asked
            conversation.sought, conversation.order = sought, order
            conversation.first = number(data, "first") or 0
        if fold := text(data, "fold"):
            conversation.toggled = conversation.toggled ^ {fold}
        if holdings is not None and data.get("only") is True:
            conversation.chosen = service.held.intersection(names)
        elif holdings is not None and "wanted" in data:
            conversation.choose(names, service.held, wanted=data.get("wanted") is True)
