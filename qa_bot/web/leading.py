"""How a question was understood, what it may mean, and what a request leads to → HTML."""

from __future__ import annotations

import json

from qa_bot.records import Answer, Citation
from qa_bot.web.escaping import plain
from qa_bot.web.links import SourceLink, link_query


def understood_html(answer: Answer) -> str:
    """What was searched, and a click that asks the question by itself."""
    if not answer.understood_as:
        return ""
    return (
        f'<p class="qa-hint qa-understood">Understood as: <button type="button" class="qa-reword'
        f' qa-quiet" title="Change it"><em dir="auto">{plain(answer.understood_as)}</em></button>'
        f' · <button type="button" class="qa-alone qa-quiet" value="{plain(answer.question)}">'
        "ask it alone</button></p>"
    )


def options_html(answer: Answer) -> str:
    """What the question may mean, one click each."""
    if not answer.options:
        return ""
    buttons = " ".join(
        f'<button type="button" class="qa-option qa-quiet" value="{plain(option.question)}"'
        f' data-documents="{plain(json.dumps(option.documents))}">{plain(option.label)}</button>'
        for option in answer.options
    )
    return f'<p class="qa-hint qa-options">In which? {buttons}</p>'


def navigation_html(answer: Answer) -> str:
    """What a request leads to, in a line; "" for an answer."""
    return f'<p class="qa-none">{plain(answer.message)}</p>' if answer.navigation else ""


def places_html(answer: Answer) -> str:
    """Links to the headings, or documents, that a request leads to."""
    if not answer.places:
        return ""
    items = "".join(f"<li>{_link(place)}</li>" for place in answer.places)
    return f'<ul class="qa-places">{items}</ul>'


def _link(place: Citation) -> str:
    link = SourceLink(place.digest, place.start, place.end, (), place.document_id)
    name = place.section[-1] if place.section else place.title
    return (
        f'<a class="qa-citation" href="{plain(link_query(link))}"'
        f' title="Open {plain(place.document_id)} here"><bdi>{plain(name)}</bdi></a>'
    )
