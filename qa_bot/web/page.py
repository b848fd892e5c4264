"""The page: Gradio's components, and what happens on each event."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from qa_bot.errors import QaBotError
from qa_bot.web import render, report, source
from qa_bot.web.links import parse_fragment
from qa_bot.web.service import Service

_SCRIPT = Path(__file__).with_name("page.js")
_MAX_QUESTION = 1_000  # characters
_TURNS_KEPT = 50  # of a conversation
_POLL_SECONDS = 0.5  # only while something is under way

Turns = tuple[str, ...]
"""A conversation: the HTML of each question with its answer. Kept in memory, per visitor."""

Updates = tuple[Any, ...]
"""New values of an event's outputs, in their order."""


@dataclass(frozen=True, slots=True)
class _Parts:
    """The components that events read and change."""

    status: gr.HTML
    receipt: gr.HTML
    rebuild: gr.Button
    timer: gr.Timer
    welcome: gr.HTML
    conversation: gr.HTML
    question: gr.Textbox
    send: gr.Button
    notice: gr.HTML
    source: gr.HTML
    turns: gr.State
    asked: gr.State


def theme() -> gr.Theme:
    """Plain, with the system's fonts: Gradio's own could be fetched from another host."""
    return gr.themes.Base(
        primary_hue="blue",
        neutral_hue="slate",
        font=[gr.themes.Font("system-ui"), gr.themes.Font("sans-serif")],
        font_mono=[gr.themes.Font("ui-monospace"), gr.themes.Font("monospace")],
    )


def build_page(service: Service) -> gr.Blocks:
    """Lay the page out and wire it to the service."""
    with gr.Blocks(title="qa-bot", analytics_enabled=False, fill_width=True) as page:
        parts = _layout()
        _wire(page, parts, service)
    return page  # type: ignore[no-any-return]  # Gradio leaves "with" untyped


def _layout() -> _Parts:
    with gr.Row(elem_id="qa-top"):
        _html("qa-name", render.name_html())
        status = _html("qa-status")
        rebuild = gr.Button("Rebuild index", size="sm", scale=0, elem_id="qa-rebuild")
    receipt = _html("qa-receipt")
    with gr.Row(elem_id="qa-panes"):
        with gr.Column(elem_id="qa-chat"):
            with gr.Column(elem_id="qa-scroll"):
                welcome = _html("qa-welcome")
                conversation = _html("qa-conversation", render.conversation_html(()))
            with gr.Row(elem_id="qa-ask"):
                question = gr.Textbox(
                    label="Question",
                    placeholder="Ask a question",
                    container=False,
                    max_length=_MAX_QUESTION,
                    autofocus=True,
                    scale=1,
                    elem_id="qa-question",
                )
                send = gr.Button("Ask", variant="primary", scale=0, elem_id="qa-send")
            notice = _html("qa-notice", render.notice_html())
        with gr.Column(elem_id="qa-source"):
            script = _SCRIPT.read_text(encoding="utf-8")
            panel = gr.HTML(elem_id="qa-panel", apply_default_css=False, js_on_load=script)
    return _Parts(
        status=status,
        receipt=receipt,
        rebuild=rebuild,
        timer=gr.Timer(_POLL_SECONDS),
        welcome=welcome,
        conversation=conversation,
        question=question,
        send=send,
        notice=notice,
        source=panel,
        turns=gr.State(()),
        asked=gr.State(""),
    )


def _html(elem_id: str, value: str = "") -> gr.HTML:
    return gr.HTML(value, elem_id=elem_id, apply_default_css=False, js_on_load=None)


def _wire(page: gr.Blocks, parts: _Parts, service: Service) -> None:
    """Connect events to functions.

    A question takes two steps: it is shown, then answered. Every step is an ordinary request:
    Gradio's queue loses an event that arrives just as the stream of the one before is closed.
    Nothing is offered as an API, and Gradio's own progress, which covers what it is about,
    is not shown.
    """
    plain: dict[str, Any] = {
        "queue": False,
        "show_progress": "hidden",
        "api_visibility": "private",
    }

    def show_state() -> Updates:
        return _state(service)

    def rebuild() -> Updates:
        service.refresh(requested=True)
        return _state(service)

    def begin(question: str, turns: Turns, asked: str) -> Updates:
        return _begin(service, question, turns, asked)

    def start(turns: Turns, asked: str, event: gr.EventData) -> Updates:
        return _begin(service, _sent(event, "question"), turns, asked)

    def finish(turns: Turns, asked: str) -> Updates:
        return _finish(service, turns, asked)

    def open_source(event: gr.EventData) -> str:
        return _source(service, _sent(event, "fragment"))

    state = [parts.status, parts.receipt, parts.welcome, parts.rebuild, parts.timer]
    page.load(show_state, outputs=state, **plain)
    parts.timer.tick(show_state, outputs=state, **plain)
    parts.rebuild.click(rebuild, outputs=state, **plain)

    memory = [parts.turns, parts.asked]
    shown = [parts.question, parts.conversation, parts.notice, parts.asked]
    asking = [parts.question.submit, parts.send.click]
    begun = [
        gr.on(asking, begin, inputs=[parts.question, *memory], outputs=shown, **plain),
        parts.source.start(start, inputs=memory, outputs=shown, **plain),
    ]
    for step in begun:
        step.then(finish, inputs=memory, outputs=[parts.conversation, *memory], **plain)
    parts.source.open(open_source, outputs=[parts.source], **plain)


def _state(service: Service) -> Updates:
    status = service.status
    return (
        report.status_html(status),
        report.receipt_html(status),
        render.welcome_html(status.holdings),
        gr.update(interactive=not status.busy),
        gr.update(active=status.busy),
    )


def _begin(service: Service, question: str, turns: Turns, asked: str) -> Updates:
    """Show the question; ``asked`` is the one that is still being answered, or empty."""
    question = question.strip()[:_MAX_QUESTION]
    if asked:
        notice = render.notice_html("One moment: the last question is still being answered.")
        return gr.skip(), gr.skip(), notice, gr.skip()
    if not any(character.isalnum() for character in question):
        return gr.skip(), gr.skip(), render.notice_html("Type a question first."), gr.skip()
    pending = render.turn_html(question, render.pending_html(service.status))
    return "", render.conversation_html((*turns, pending)), render.notice_html(), question


def _finish(service: Service, turns: Turns, asked: str) -> Updates:
    """Answer the question that was shown; nothing where none was."""
    if not asked:
        return gr.skip(), gr.skip(), gr.skip()
    turns = (*turns, render.turn_html(asked, _reply(service, asked)))[-_TURNS_KEPT:]
    return render.conversation_html(turns), turns, ""


def _reply(service: Service, question: str) -> str:
    try:
        return render.answer_html(service.ask(question))
    except QaBotError as error:
        return render.error_html(str(error))
    except Exception:
        logging.getLogger(__name__).exception("a question could not be answered")
        return render.error_html("Something went wrong; the terminal shows what.")


def _source(service: Service, fragment: str) -> str:
    link = parse_fragment(fragment)
    if link is None:
        return source.source_gone_html()
    try:
        document = service.source(link)
    except QaBotError as error:
        return source.source_error_html(str(error))
    return source.source_gone_html() if document is None else source.source_html(document, link)


def _sent(event: gr.EventData, name: str) -> str:
    """A text that the page sent with an event. It comes from a browser: it may be anything."""
    data = event._data
    value = data.get(name) if isinstance(data, dict) else None
    return value if isinstance(value, str) else ""
