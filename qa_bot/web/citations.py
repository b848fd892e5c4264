"""A citation as the page shows it: short and calm, the whole of it where it is pointed at."""

from __future__ import annotations

from dataclasses import replace

from qa_bot.keeping.citing import place
from qa_bot.records import Citation
from qa_bot.text import is_stop_word
from qa_bot.web.escaping import plain
from qa_bot.web.links import SourceLink, link_query

_ACRONYM = 4  # letters of a word that stays in capitals: NATO, GDP


def citation_html(citation: Citation, link: SourceLink) -> str:
    """A link to the source: the document, its last heading, paragraph and page."""
    return (
        f'<a class="qa-citation" href="{plain(link_query(link))}"'
        f' title="{plain(place(citation))}"><bdi>{plain(short(citation))}</bdi></a>'
    )


def short(citation: Citation) -> str:
    """Title › Last heading, ¶ 2, p. 6: what belongs together is on one line."""
    title = calm(citation.title)
    last = tuple(calm(one) for one in citation.section[-1:])
    said = str(replace(citation, title=title, section=last))
    for mark in ("¶", "p.", "pp."):
        said = said.replace(f", {mark} ", f", {mark}\N{NO-BREAK SPACE}")
    return said


def calm(heading: str) -> str:
    """A heading that is all capitals as a sentence: only short names keep theirs."""
    letters = [one for one in heading if one.isalpha()]
    if len(letters) < 8 or " " not in heading or not all(map(str.isupper, letters)):
        return heading
    words = heading.split(" ")
    quiet = [
        word if len(word) <= _ACRONYM and not is_stop_word(word) else word.lower() for word in words
    ]
    first = quiet[0]
    return " ".join([first[:1].upper() + first[1:], *quiet[1:]])
