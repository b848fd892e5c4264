"""A link that was followed → what the panel beside the chat shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qa_bot.errors import QaBotError
from qa_bot.pages.view import PageViewer
from qa_bot.web import source, sources
from qa_bot.web.links import parse_query
from qa_bot.web.sent import number, text
from qa_bot.web.service import Service


def show(service: Service, viewer: PageViewer, data: Mapping[str, Any]) -> str:
    """The source that a link leads to, as text or as a page.

    It says which request it answers: of two that cross, the later one counts.

    Args:
        service: Where the index is.
        viewer: What draws pages.
        data: ``asked``: the request's number; ``query``: the link; ``view``: "page" for a
            page; ``at``: another place in the text than the quote; ``page``: another page
            than the quote's.
    """
    asked = number(data, "asked") or 0
    return f'<div class="qa-opened" data-asked="{asked}">{_shown(service, viewer, data)}</div>'


def _shown(service: Service, viewer: PageViewer, data: Mapping[str, Any]) -> str:
    link = parse_query(text(data, "query"))
    if link is None:
        return source.source_gone_html()
    try:
        found = sources.find(service, link, number(data, "at"))
        if found is None:
            return source.source_gone_html()
        if isinstance(found, sources.Moved):
            return source.moved_html(found)
        view = None
        if text(data, "view") == "page" and found.is_paged:
            elsewhere = found.page if found.at != link.start else None
            view = sources.page(service, viewer, found, number(data, "page") or elsewhere)
    except QaBotError as error:
        return source.source_error_html(str(error))
    return source.source_html(found, view)
