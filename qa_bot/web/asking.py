"""Questions: asked, answered, stopped, edited, taken back, and judged by who asked.

Each function returns new values for the outputs that ``page`` names for it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import gradio as gr

from qa_bot.callers import may
from qa_bot.errors import QaBotError
from qa_bot.records import Answer
from qa_bot.web import keeping, render
from qa_bot.web.conversation import Conversation
from qa_bot.web.escaping import plain
from qa_bot.web.replying import Reply
from qa_bot.web.sent import number, text, texts
from qa_bot.web.service import CancelledError, Service

MAX_QUESTION = 2_000  # characters, as many as retrieval reads
_CHANGED = "Not kept: the document has changed since it was indexed. Rebuild the index, ask again."
_FORGOTTEN = "The chat was started again since this was asked: ask it anew."

Updates = tuple[Any, ...]
"""New values of an event's outputs, in their order."""


def begin(
    service: Service,
    conversation: Conversation,
    question: str,
    data: Mapping[str, Any] | None = None,
) -> Updates:
    """Show the question as one that is being answered: patch, box, notice, send, stop, memory.

    ``data`` is what the page sends of a question that is asked again: the ``number`` of the turn
    that it takes the place of, whether it is asked ``alone``, and of which ``documents``.
    Gradio forgets a closed page's conversation only where it was once an output.
    """
    question = question.strip()[:MAX_QUESTION]
    refusal = ""
    if conversation.asked is not None:
        refusal = "One moment: the last question is still being answered."
    elif not any(character.isalnum() for character in question):
        refusal = "Type a question first."
    elif conversation.scope(service.held) == frozenset():
        refusal = "No document is chosen: choose at least one."
    if refusal:
        notice = render.notice_html(refusal)
        return gr.skip(), gr.skip(), notice, gr.skip(), gr.skip(), conversation
    sent = data or {}
    if (again := number(sent, "number")) is not None:
        conversation.edit(again)
    named = service.held.intersection(texts(sent, "documents")) or None
    turn = conversation.begin(question, alone=sent.get("alone") is True, documents=named)
    pending = render.turn_html(turn.number, question, render.pending_html(service.status))
    buttons = _buttons(asked=True)
    return render.patch(pending), "", render.notice_html(), *buttons, conversation


def finish(service: Service, conversation: Conversation) -> Updates:
    """Answer the question that was shown, unless it is stopped meanwhile: patch, send, stop."""
    asked = conversation.asked
    if asked is None:
        return gr.skip(), gr.skip(), gr.skip()
    reply: Reply | None = None
    try:
        scope = conversation.scope(service.held) if asked.documents is None else asked.documents
        history = conversation.history(asked)
        reply = service.ask(asked.question, scope, lambda: conversation.asked is asked, history)
        body = render.answer_html(reply, scoped=scope is not None)
    except CancelledError:
        return gr.skip(), gr.skip(), gr.skip()
    except QaBotError as error:
        body = render.error_html(str(error))
    except Exception:
        logging.getLogger(__name__).exception("a question could not be answered")
        body = render.error_html("Something went wrong; the terminal shows what.")
    if not conversation.finish(asked, reply):
        return gr.skip(), gr.skip(), gr.skip()
    is_judged = reply is not None and not reply.answer.navigation
    foot = render.verdict_html(asked.number, reply.answer) if reply and is_judged else ""
    answer = reply.answer if reply is not None else None
    turn = render.turn_html(asked.number, asked.question, body, foot, answer=answer)
    return render.patch(turn), *_buttons(asked=False)


def freshen(service: Service, conversation: Conversation) -> str:
    """Patches of the turns whose quotes' files have changed since, or are as indexed again."""
    shown = []
    for place, turn in enumerate(conversation.turns):
        compared = [_freshened(service, each.reply) for each in turn.compared]
        if any(compared):
            both = zip(turn.compared, compared, strict=True)
            renewed = tuple(replace(old, reply=new or old.reply) for old, new in both)
            conversation.turns[place] = replace(turn, compared=renewed)
            body = render.compared_html(renewed)
            shown.append(render.turn_html(turn.number, turn.question, body))
        fresh = _freshened(service, turn.reply) if turn.reply is not None else None
        if fresh is None:
            continue
        conversation.turns[place] = replace(turn, reply=fresh)
        body, answer = render.answer_html(fresh), fresh.answer
        foot = render.verdict_html(turn.number, answer)
        shown.append(render.turn_html(turn.number, turn.question, body, foot, answer=answer))
    return render.patch("".join(shown))


def _freshened(service: Service, reply: Reply) -> Reply | None:
    """The reply as the files are now; None where nothing about them is new."""
    answer, names = reply.answer, set(reply.digests)
    try:
        with service.snapshot() as index:
            held = index.held(names)
            digests = index.digests(held)
            changed = {one for one in names if digests.get(one) != reply.digests[one]}
            stale = tuple(sorted(index.stale(held - changed) | changed))
    except QaBotError:
        return None
    if stale == answer.stale:
        return None
    quotes = [replace(one, stale=one.citation.document_id in stale) for one in answer.quotes]
    return replace(reply, answer=replace(answer, stale=stale, quotes=tuple(quotes)))


def stop(conversation: Conversation) -> Updates:
    """Wait no longer for the answer: patch, send, stop."""
    stopped = conversation.stop()
    if stopped is None:
        return gr.skip(), *_buttons(asked=False)
    turn = render.turn_html(stopped.number, stopped.question, render.stopped_html())
    return render.patch(turn), *_buttons(asked=False)


def revise(conversation: Conversation, data: Mapping[str, Any]) -> Updates:
    """Edit a question, give that up, or take the last one back: patch, box, notice."""
    what, named = text(data, "what"), number(data, "number")
    if what == "undo":
        undone = conversation.undo()
        if undone is None:
            return gr.skip(), gr.skip(), gr.skip()
        patch = render.patch(render.removed_html(undone.number))
        return patch, undone.question, render.notice_html()
    if what in ("edit", "reword") and named is not None:
        turn = conversation.edit(named)
        if turn is not None and what == "reword" and turn.reply is not None:
            words = turn.reply.answer.understood_as or turn.question
            said = "Editing what is searched: it is asked again. Esc leaves it as it is."
            return gr.skip(), words, render.notice_html(said)
        if turn is not None:
            said = "Editing a question: its answer is replaced. Esc leaves it as it is."
            return gr.skip(), turn.question, render.notice_html(said)
        return gr.skip(), gr.skip(), render.notice_html(_FORGOTTEN)
    if conversation.editing is None:
        return gr.skip(), gr.skip(), gr.skip()
    conversation.editing = None
    return gr.skip(), "", render.notice_html()


def judge(service: Service, conversation: Conversation, data: Mapping[str, Any]) -> str:
    """Keep what the visitor thinks of an answer: a patch of the line under it."""
    named, said = number(data, "number"), text(data, "verdict")
    if named is None or said not in ("up", "down", "golden"):
        return ""
    changed = freshen(service, conversation) if said == "golden" else ""
    turn = conversation.turn(named)
    if turn is None or turn.reply is None:
        return render.patch(render.forgotten_html(named, _FORGOTTEN))
    verdict: Literal["up", "down"] = "down" if said == "down" else "up"
    try:
        if said == "golden" and not may("golden"):
            note = "Only an editor may make it golden."
        elif said == "golden" and any(quote.stale for quote in turn.reply.answer.quotes):
            note = _CHANGED
        elif said == "golden":
            note = plain(keeping.keep_golden(service, turn))
        else:
            keeping.note_verdict(service, turn, verdict)
            is_kept = verdict == "up" and may("golden") and _is_keepable(turn.reply.answer)
            note = render.keep_golden_html() if is_kept else "Noted."
    except QaBotError as error:
        note = plain(str(error))
    foot = render.verdict_html(turn.number, turn.reply.answer, verdict, note)
    return changed + render.patch(foot)


def _is_keepable(answer: Answer) -> bool:
    """Whether it can be golden: not what only may answer, since that counts as not found.

    Nor a table without a row that is sure: it isn't known which one is right.
    """
    return answer.verdict != "possible" and all(one.is_marked for one in answer.quotes[:1])


def _buttons(*, asked: bool) -> Updates:
    return gr.update(visible=not asked), gr.update(visible=asked)
