"""What a visitor takes along or leaves behind: citations to paste, the quote sheet, a verdict."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from datetime import datetime
from typing import Literal

import qa_bot
from qa_bot.keeping.citing import Style, cite, place
from qa_bot.keeping.feedback import add_feedback
from qa_bot.keeping.quote_sheet import Form, make_quote_sheet
from qa_bot.records import Citation, Quote
from qa_bot.table_view import TableView, row_text, tab_separated
from qa_bot.web.conversation import Conversation, Turn
from qa_bot.web.escaping import plain
from qa_bot.web.links import SourceLink, link_query, quote_link
from qa_bot.web.service import Service

_STYLES: tuple[tuple[Style, str], ...] = (
    ("plain", "Quote and citation"),
    ("markdown", "As Markdown"),
    ("bibtex", "As BibTeX"),
)
_FORMS: tuple[tuple[Form, str], ...] = (
    ("markdown", "Markdown"),
    ("csv", "CSV"),
    ("docx", "Word"),
)


def copy_html(quote: Quote, link: SourceLink, view: TableView | None = None) -> str:
    """A menu of what can be copied of a quote; the page's script puts it on the clipboard.

    Of a table it is also the marked row, to read, and the rows at hand, for a spreadsheet.
    """
    copied = [(cite(quote, style), label) for style, label in _STYLES]
    if view is not None and (row := row_text(view)):
        copied.append((f"{row}\n— {place(quote.citation)}", "Row as text"))
    if view is not None:
        copied.append((tab_separated(view, [*view.head, *view.body]), "Table for a spreadsheet"))
    texts = "".join(
        f'<li><button type="button" class="qa-copy-text" value="{plain(text)}">{label}</button>'
        "</li>"
        for text, label in copied
    )
    return (
        '<details class="qa-menu qa-copy"><summary class="qa-quiet">Copy</summary><ul>'
        f'{texts}<li><button type="button" class="qa-copy-link" value="{plain(link_query(link))}">'
        "Link to this quote</button></li></ul></details>"
    )


def save_html() -> str:
    """The menu that saves the conversation as a quote sheet."""
    items = "".join(
        f'<li><button type="button" class="qa-save" value="{form}">{label}</button></li>'
        for form, label in _FORMS
    )
    return (
        '<details class="qa-menu qa-save-menu"><summary class="qa-quiet"'
        ' aria-label="Save quotes">Save<span class="qa-wide">&nbsp;quotes</span></summary>'
        f"<ul>{items}</ul></details>"
    )


def earlier_html() -> str:
    """The button that lists the conversations that this browser has kept."""
    return (
        '<button type="button" class="qa-quiet qa-open-earlier" aria-haspopup="dialog">'
        "Conversations</button>"
    )


def sheet_html(conversation: Conversation, wanted: str, origin: str) -> str:
    """A link to the conversation as a file, which the page's script follows; "" for no format.

    Args:
        conversation: Its answered questions are saved.
        wanted: One of the formats, by name.
        origin: Where this page is served, for the links to the quotes.
    """
    form = next((form for form, _ in _FORMS if form == wanted), None)
    replies = [reply for turn in conversation.turns for reply in turn.replies]
    if form is None or not replies:
        return ""
    contexts = {place: text for reply in replies for place, text in reply.contexts.items()}
    tables = {
        quote: reply.tables.get((quote.citation.document_id, (quote.start, quote.end)))
        for reply in replies
        for quote in reply.answer.quotes
    }
    links = {
        quote.citation: quote_link(quote) for reply in replies for quote in reply.answer.quotes
    }

    def link(citation: Citation) -> str:
        return f"{origin}/{link_query(links[citation])}" if origin else ""

    def context(quote: Quote) -> list[str]:
        name = quote.citation.document_id
        return [contexts[name, span] for span in quote.context if (name, span) in contexts]

    sheet = make_quote_sheet(
        [reply.answer for reply in replies],
        form,
        made=datetime.now().astimezone(),
        link=link,
        context=context,
        table=tables.get,
    )
    content = base64.b64encode(sheet.content).decode("ascii")
    return (
        f'<a id="qa-sheet" download="{plain(sheet.name)}"'
        f' href="data:{plain(sheet.media_type)};base64,{content}">{plain(sheet.name)}</a>'
    )


def left_out(conversation: Conversation, shown: Iterable[object]) -> str:
    """What to say where the page shows questions that a sheet can't have; "" where it has all.

    Args:
        conversation: What is saved.
        shown: The numbers of the turns on the page, as the browser has them.
    """
    known = {turn.number for turn in conversation.turns}
    lost = sum(number not in known for number in shown)
    if not lost:
        return ""
    what = "1 question" if lost == 1 else f"{lost} questions"
    return f"Not saved: {what} from before the chat was started again. Ask anew to save them."


def note_verdict(service: Service, turn: Turn, verdict: Literal["up", "down"]) -> None:
    """Write the verdict on an answer to ``feedback.jsonl``.

    Raises:
        QaBotError: It can't be written.
    """
    if turn.reply is not None:
        add_feedback(
            service.folder,
            turn.reply.answer,
            verdict,
            model=turn.reply.model,
            version=qa_bot.__version__,
        )


def keep_golden(service: Service, turn: Turn) -> str:
    """Keep the answer as a golden question; what came of it.

    Raises:
        QaBotError: It can't be kept.
    """
    if turn.reply is None:
        return ""
    added = qa_bot.add_golden(service.folder, turn.reply.answer)
    return "Kept, in place of an earlier one." if added.replaced else "Kept as a golden question."
