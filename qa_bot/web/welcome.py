"""What stands in place of a conversation: how to begin, and how far the first index is → HTML."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from qa_bot.builds import Progress
from qa_bot.web.escaping import name, plain
from qa_bot.web.report import count
from qa_bot.web.service import Status

Adding = Literal["everybody", "owner", "nobody"]
"""Who may add files on the page."""

_SECTIONS = 6
_PROMISE = "<p>Every answer is a quote with its place in the document.{}</p>"
_KINDS = "PDF, Word, Excel, PowerPoint, web pages, mail, Markdown, text and many more"


def welcome_html(
    status: Status,
    questions: Sequence[str] = (),
    folder: Path | None = None,
    adding: Adding = "nobody",
) -> str:
    """What a first visitor sees.

    Args:
        status: What there is, and what is under way.
        questions: That the index answers.
        folder: Of the documents; None where who looks needn't know its name.
        adding: Who may add files on the page; its script shows the owner what is for them.
    """
    is_begun = status.is_first and status.progress is not None
    body = _reading(status) if status.busy and (is_begun or status.holdings is None) else ""
    if status.holdings is not None:
        body += _beginning(status, questions)
    elif not status.busy and status.is_empty and folder is not None:
        body = _empty(status, folder, adding)
    elif not body:
        body = f"<h1>Ask your documents</h1>{_PROMISE.format('')}"
    return f'<div class="qa-welcome">{body}</div>'


def _beginning(status: Status, questions: Sequence[str]) -> str:
    asked = "".join(
        f'<li><button type="button" class="qa-start">{plain(question)}</button></li>'
        for question in questions
    )
    points = status.holdings.starting_points if status.holdings is not None else ()
    unasked = [one for one in points if not any(one.heading in asked for asked in questions)]
    sections = "".join(
        f'<li><a class="qa-citation qa-start-section" href="{plain(one.query)}">'
        f"<span>{name(one.heading)}</span><small>{name(one.title)}</small></a></li>"
        for one in unasked[:_SECTIONS]
    )
    return (
        "<h1>Ask your documents</h1>"
        + _PROMISE.format(" Click the citation to read it there.")
        + (f"<h2>Questions they answer</h2><ul>{asked}</ul>" if asked else "")
        + (f"<h2>Sections to read</h2><ul>{sections}</ul>" if sections else "")
    )


def _reading(status: Status) -> str:
    """How far the first index is, large and calm; what can be asked already is told below it."""
    progress = status.progress
    held = len(status.holdings.documents) if status.holdings is not None else 0
    told = "You can ask already: the answer comes as soon as the first documents are read."
    if held:
        told = f"{count(held, 'document')} can be asked already."
    bar = f' value="{progress.done:.3f}"' if progress is not None and progress.done else ""
    return (
        '<section class="qa-reading"><h2>Reading your documents</h2>'
        f'<progress aria-label="How far it is"{bar}></progress>'
        f"<p>{plain(_how_far(progress))}</p><p>{told}</p></section>"
    )


def _how_far(progress: Progress | None) -> str:
    if progress is None or not progress.files:
        return "Starting…"
    parts = [f"{progress.files_read:,} of {count(progress.files, 'file')}"]
    if progress.pages:
        parts.append(count(progress.pages, "page"))
    if progress.seconds_left is not None:
        minutes = round(progress.seconds_left / 60)
        parts.append(f"about {f'{minutes} min' if minutes > 1 else 'a minute'} left")
    return " · ".join(parts)


def _empty(status: Status, folder: Path, adding: Adding) -> str:
    """What to do where there is nothing to read."""
    drop = (
        '<section class="qa-drop qa-adds"><p>Drop files anywhere on this page</p>'
        '<button type="button" class="qa-add">Choose files</button>'
        "<p>They are copied into the folder of your documents.</p></section>"
    )
    hint = (
        '<p class="qa-hint qa-not-owner">To add files on this page, open it with the address'
        " that the terminal shows.</p>"
        if adding == "owner"
        else ""
    )
    unread = "" if status.problem.startswith("No documents") else status.problem
    problem = f'<p class="qa-problem">{plain(unread)}</p>' if unread else ""
    return (
        f"<h1>Add your documents</h1>{_PROMISE.format('')}{problem}"
        + (drop if adding != "nobody" else "")
        + '<h2><span class="qa-or-folder">Or put them into this folder; </span>'
        '<span class="qa-only-folder">Put them into this folder; </span>'
        "they are read as soon as they are there</h2>"
        f'<p class="qa-folder"><code>{plain(str(folder))}</code>'
        f'<button type="button" class="qa-copy-text qa-quiet" value="{plain(str(folder))}">'
        "Copy</button></p>"
        f"<p>{_KINDS}.</p>{hint}"
    )
