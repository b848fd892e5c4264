"""The same question to a few documents, each asked alone, their quotes side by side."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import gradio as gr

from qa_bot.errors import QaBotError
from qa_bot.web import asking, render
from qa_bot.web.asking import Updates
from qa_bot.web.conversation import Conversation
from qa_bot.web.documents import LEAST_COMPARED, MOST_COMPARED
from qa_bot.web.replying import Compared
from qa_bot.web.sent import text
from qa_bot.web.service import CancelledError, Service


def begin(service: Service, conversation: Conversation, data: Mapping[str, Any]) -> Updates:
    """Show the question as one that is being answered: as ``asking.begin``.

    It is the one that the page sends, or else the last one that was asked.
    """
    if not LEAST_COMPARED <= len(_compared(service, conversation)) <= MOST_COMPARED:
        said = f"Choose {LEAST_COMPARED} to {MOST_COMPARED} documents to compare."
        notice = render.notice_html(said)
        return gr.skip(), gr.skip(), notice, gr.skip(), gr.skip(), conversation
    last = conversation.turns[-1].question if conversation.turns else ""
    return asking.begin(service, conversation, text(data, "question").strip() or last)


def finish(service: Service, conversation: Conversation) -> Updates:
    """Ask each of the chosen documents, unless it is stopped meanwhile: patch, send, stop."""
    asked = conversation.asked
    if asked is None:
        return gr.skip(), gr.skip(), gr.skip()

    def is_wanted() -> bool:
        return conversation.asked is asked

    holdings = service.status.holdings
    titles = {one.id: one.title for one in holdings.documents} if holdings else {}
    names = sorted(_compared(service, conversation))
    found: tuple[Compared, ...] = ()
    try:
        found = tuple(
            Compared(name, titles.get(name, name), service.ask(asked.question, [name], is_wanted))
            for name in names
        )
        body = render.compared_html(found)
    except CancelledError:
        return gr.skip(), gr.skip(), gr.skip()
    except QaBotError as error:
        body = render.error_html(str(error))
    except Exception:
        logging.getLogger(__name__).exception("a question could not be answered")
        body = render.error_html("Something went wrong; the terminal shows what.")
    if not conversation.finish(asked, None, found):
        return gr.skip(), gr.skip(), gr.skip()
    turn = render.turn_html(asked.number, asked.question, body)
    return render.patch(turn), gr.update(visible=True), gr.update(visible=False)


def _compared(service: Service, conversation: Conversation) -> frozenset[str]:
    scope = conversation.scope(service.held)
    return service.held if scope is None else scope
