"""A conversation's quotes of a PDF as highlights in a copy of it."""

from __future__ import annotations

import base64
from pathlib import Path, PurePosixPath

from qa_bot.errors import QaBotError, UnreadableDocumentError
from qa_bot.members import own_name
from qa_bot.pages.view import Note, PageViewer
from qa_bot.web.conversation import Conversation
from qa_bot.web.escaping import plain
from qa_bot.web.service import Service

MOST = 20_000_000  # bytes of a copy that is sent to the page


def highlighted(
    service: Service, viewer: PageViewer, conversation: Conversation, name: str
) -> tuple[str, str]:
    """A link to the copy, which the page's script follows, and what is said; one of them is "".

    Quotes of a file that has changed since are left out: their places may be others.
    """
    try:
        with service.snapshot() as index:
            digest = index.digests(index.held([name])).get(name, "")
            if not digest or index.stale([name]):
                return "", "The file has changed since it was indexed, or is gone."
        file = service.original(name)
        if file is None:
            return "", "The file has changed since it was indexed, or is gone."
        notes = _notes(service, viewer, conversation, file, (name, digest))
        if not notes:
            return "", "Nothing in this conversation can be highlighted in this file."
        copy = viewer.annotate(file, notes)
    except UnreadableDocumentError:
        return "", "It can't be taken out of the file that it lies in."
    except QaBotError as error:
        return "", str(error)
    if len(copy) > MOST:
        return "", "The copy would be too large to be sent to the page."
    content = base64.b64encode(copy).decode("ascii")
    saved = f"{PurePosixPath(own_name(name)).stem} (highlighted).pdf"
    return (
        f'<a id="qa-sheet" download="{plain(saved)}"'
        f' href="data:application/pdf;base64,{content}">{plain(saved)}</a>',
        "",
    )


def _notes(
    service: Service,
    viewer: PageViewer,
    conversation: Conversation,
    file: Path,
    wanted: tuple[str, str],
) -> list[Note]:
    """The quotes of one document, by its name and its text's digest."""
    notes: list[Note] = []
    for turn in conversation.turns:
        for quote in (one for reply in turn.replies for one in reply.answer.quotes):
            if (quote.citation.document_id, quote.citation.digest) != wanted:
                continue
            pages = [page.number for page in quote.citation.pages]
            spans = [(start - quote.start, end - quote.start) for start, end in quote.marked]
            with service.snapshot() as index:
                scans = index.scans(wanted[0], pages)
            found = viewer.boxes(file, pages, quote.text, spans, scans)
            boxes = [box for part in found.parts for box in part] or list(found.whole)
            for number in sorted({box.page for box in boxes}):
                here = tuple(box for box in boxes if box.page == number)
                notes.append(Note(number, here, turn.question))
    return notes
