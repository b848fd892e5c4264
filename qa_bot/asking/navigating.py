"""Requests that no quote answers → what quoting can do: passages, headings, what is indexed.

Such a reply is ``navigation``: it is never ``found``, and says in a line what it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from qa_bot.asking.called import called_so, telling
from qa_bot.asking.places import Found
from qa_bot.asking.requests import (
    Kind,
    Request,
    is_pronoun,
    is_this,
    request_of,
    says_document,
    says_work,
)
from qa_bot.errors import UnknownDocumentError
from qa_bot.records import (
    Answer,
    Citation,
    DocumentSummary,
    Hit,
    Navigation,
    Option,
    Passage,
    Quote,
)
from qa_bot.store.analysis import content, stems
from qa_bot.store.opening import Index
from qa_bot.store.rows import Placed
from qa_bot.text import name_words
from qa_bot.turns import Turn

MAX_SHOWN = 3  # passages of a document that tell what it is about
MAX_LISTED = 12  # passages of a list
MAX_PLACES = 60  # headings, or documents
_OUTLINE = 2  # levels of headings that are shown
_SUMMARY = re.compile(
    r"\W*(?:[\divxlc]+[.):]?\s+)?(?:(?:executive|management|plain[- ]language)\s+)?"
    r"(?:abstract|summary|overview|introduction|at a glance|highlights|key (?:findings|points)"
    r"|purpose|scope|about this (?:report|document|guide)|preface|foreword)\b.{0,40}",
    re.IGNORECASE,
)
_LONG = 60  # characters of a passage that is more than a line on a title page
_HELP = (
    "Ask about what your documents say: the reply is their own words, with a link to the place. "
    "“List the documents”, “What is this document about?”, “Show section 3” and "
    "“Compare A and B on …” work, too."
)
_GREETING = "Ask about what your documents say, and I quote them."

_SAID: dict[Kind, tuple[Navigation, str]] = {
    "courtesy": ("courtesy", _GREETING),
    "help": ("help", _HELP),
}

Ask = Callable[[str, Sequence[str]], Answer]
"""Answers a question from some documents."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request with all that it may mean: which documents are asked, and what was said before."""

    question: str
    request: Request
    index: Index
    documents: Sequence[str] | None
    history: Sequence[Turn]
    ask: Ask

    def reply(
        self,
        navigation: Navigation,
        message: str,
        quotes: Sequence[Quote] = (),
        places: Sequence[Citation] = (),
        options: Sequence[Option] = (),
    ) -> Answer:
        """What is shown for the request."""
        return Answer(
            question=self.question,
            found=False,
            confidence=0.0,
            hits=tuple(Hit(quote.passage, 1.0) for quote in quotes),
            quotes=tuple(quotes),
            navigation=navigation,
            message=message,
            places=tuple(places)[:MAX_PLACES],
            options=tuple(options),
            stale=tuple(sorted({one.citation.document_id for one in quotes if one.stale})),
        )


def navigate(asked: Asked) -> Answer | None:
    """Do what is requested, or None where it is a question after all.

    A request names a document by its title or file, as "this", or not at all. Where several
    may be meant, it is asked which.

    Raises:
        UnknownDocumentError
    """
    request = asked.request
    if request.kind in _SAID:
        kind, said = _SAID[request.kind]
        return asked.reply(kind, said)
    held = _in_scope(asked)
    if request.kind == "comparison":
        return _compared(asked, held)
    if request.kind == "section":
        return _section(asked, _spoken_of(asked, held))
    if request.kind == "documents" or request.counts_documents:
        return _documents(asked, held) if is_this(request.of) else None
    meant = _meant(asked, held)
    if meant is None:
        return None
    if request.kind == "list":
        return _listed(asked, meant)
    return _which(asked, meant) if len(meant) != 1 else _of_one(asked, meant[0])


def _of_one(asked: Asked, summary: DocumentSummary) -> Answer:
    if asked.request.kind == "size":
        return _size(asked, summary)
    return _about(asked, summary, whole=asked.request.kind == "outline")


def opened(asked: Asked, place: Found) -> Answer | None:
    """A place that is to be shown, from where it begins; None where it isn't there."""
    if not place.places or not place.itself or len(place.places) > 1:
        return None
    passages = asked.index.passages(place.places[0])
    chosen = [passages[number] for number in place.places[0]][:MAX_LISTED]
    more = len(place.places[0]) - len(chosen)
    said = f"{place.name.shown} of {chosen[0].title}, from its beginning."
    if more > 0:
        said = f"{said[:-1]}; {more:,} more passages follow there."
    return asked.reply("section", said, _quotes(asked.index, chosen))


def _in_scope(asked: Asked) -> list[DocumentSummary]:
    held = asked.index.documents()
    if asked.documents is None:
        return list(held)
    names = [one.rstrip("/") for one in asked.documents]
    found = [one for one in held if any(one.id == n or one.id.startswith(f"{n}/") for n in names)]
    if not found and names:
        raise UnknownDocumentError(asked.documents[0])
    return found


def _meant(asked: Asked, held: Sequence[DocumentSummary]) -> list[DocumentSummary] | None:
    """The documents that a request may mean; None where it names something that is none.

    "This" is the one that was quoted last, or the only one; "it", after a question, may be
    anything.
    """
    request = asked.request
    if request.is_loose and not says_document(request.of):
        return None
    if not is_this(request.of):
        return [one for one in called_so(request.of, held) if _is_name(request.of, one)] or None
    if is_pronoun(request.of):
        after_question = bool(asked.history) and request_of(asked.history[-1].question) is None
        if after_question and request.of.strip().lower() != "this":
            return None
    return _spoken_of(asked, held)


def _spoken_of(asked: Asked, held: Sequence[DocumentSummary]) -> list[DocumentSummary]:
    """The document that was quoted last, or else all."""
    quoted = {name for turn in asked.history[-1:] for name in turn.documents[:1]}
    return [one for one in held if one.id in quoted] or list(held)


def _is_name(name: str, summary: DocumentSummary) -> bool:
    """Whether a name is one of a document: it says so, or is a whole title or file name.

    "NATO" is none, though a title has it, and of one word only a file's name with its ending is.
    """
    wanted = telling(name)
    whole = (telling(summary.title), telling(" ".join(name_words(summary.id))))
    return says_work(name) or (len(wanted) > 1 and wanted in whole)


def _documents(asked: Asked, held: Sequence[DocumentSummary]) -> Answer:
    pages = sum(one.pages for one in held)
    number = "1 document" if len(held) == 1 else f"{len(held):,} documents"
    said = f"{number} indexed{f', {pages:,} pages' if pages else ''}."
    return asked.reply("documents", said, places=[_whole(one) for one in held])


def _whole(summary: DocumentSummary) -> Citation:
    """A document as a place to go to."""
    return Citation(
        summary.id, summary.title, (), 1, (), "", summary.digest, 0, min(1, summary.characters)
    )


def _size(asked: Asked, summary: DocumentSummary) -> Answer:
    length = f"{summary.characters:,} characters in {summary.passages:,} passages"
    pages = "1 page" if summary.pages == 1 else f"{summary.pages:,} pages"
    said = f"{summary.title} has {pages}, {length}." if summary.pages else ""
    said = said or f"{summary.title} is one text without pages: {length}."
    return asked.reply("size", said, places=[_whole(summary)])


def _which(asked: Asked, meant: Sequence[DocumentSummary]) -> Answer:
    options = [Option(one.title, asked.question, (one.id,)) for one in meant[:MAX_LISTED]]
    return asked.reply("about", "Which document?", options=options)


def _about(asked: Asked, summary: DocumentSummary, *, whole: bool) -> Answer:
    """How a document opens, its summary where it has one, and its outline."""
    index, name = asked.index, summary.id
    sections = index.sections(name)
    places = [
        Citation(name, summary.title, one.path, 1, (), one.anchor, summary.digest, one.start,
                 min(one.end, one.start + max(1, len(one.path[-1]))))
        for one in sections
        if 0 < len(one.path) <= _OUTLINE
    ]  # fmt: skip
    if whole:
        said = f"The outline of {summary.title}." if places else f"{summary.title} has no headings."
        return asked.reply("outline", said, places=places)
    said = f"How {summary.title} opens, and its outline: no summary is written here."
    return asked.reply("about", said, _quotes(index, _opening(index, name)), places)


def _opening(index: Index, name: str) -> list[Passage]:
    """The first passage of some length, and those that open a summary."""
    ordered = _ordered(index, name)
    summaries = [one.number for one in ordered if any(map(_SUMMARY.fullmatch, one.path[-1:]))]
    first = [one.number for one in ordered[: 4 * MAX_SHOWN]]
    numbers = list(dict.fromkeys((*first, *summaries[:MAX_SHOWN])))
    passages = index.passages(numbers)
    long = [number for number in first if len(passages[number].text) >= _LONG] or first
    chosen = dict.fromkeys((*long[:1], *summaries[:1], *summaries, *long))
    return sorted((passages[n] for n in list(chosen)[:MAX_SHOWN]), key=lambda one: one.start)


def _ordered(index: Index, name: str) -> list[Placed]:
    _, numbers = index.scope([name])
    return index.places(numbers.tolist())


def _listed(asked: Asked, meant: Sequence[DocumentSummary]) -> Answer | None:
    """What stands under the heading that is called like what is to be listed.

    The passages of lists, or else the headings below it with the first passage of each. None
    where no heading is called so, or nothing in it is a list.
    """
    found = next(_headed(asked, meant), None)
    return None if found is None else _list_of(asked, *found)


def _section(asked: Asked, meant: Sequence[DocumentSummary]) -> Answer | None:
    """The section with a heading that has all the words of what is to be shown.

    Where several documents have one, it is asked which.
    """
    found = list(_headed(asked, meant))
    if len(found) > 1:
        return _which(asked, [summary for summary, _, _ in found])
    for summary, path, under in found:
        passages = asked.index.passages([one.number for one in under[:MAX_LISTED]])
        said = f"“{path[-1]}” of {summary.title}, from its beginning."
        if len(under) > MAX_LISTED:
            said = f"{said[:-1]}; {len(under) - MAX_LISTED:,} more passages follow there."
        return asked.reply("section", said, _quotes(asked.index, list(passages.values())))
    return None


def _headed(
    asked: Asked, meant: Sequence[DocumentSummary]
) -> Iterator[tuple[DocumentSummary, tuple[str, ...], list[Placed]]]:
    """Of each document the outermost heading with all the words asked for, and what is under it."""
    wanted = set(content(asked.request.what))
    for summary in meant if wanted else ():
        ordered = _ordered(asked.index, summary.id)
        heads = [one.path[: d + 1] for one in ordered for d in range(len(one.path))]
        fitting = [path for path in dict.fromkeys(heads) if wanted <= set(content(path[-1]))]
        if fitting:
            path = min(fitting, key=len)
            yield summary, path, [one for one in ordered if one.path[: len(path)] == path]


def _list_of(
    asked: Asked, summary: DocumentSummary, path: tuple[str, ...], under: Sequence[Placed]
) -> Answer | None:
    passages = asked.index.passages([one.number for one in under])
    below = dict.fromkeys(one.path for one in under if len(one.path) > len(path))
    items = [passages[one.number] for one in under if _is_list(asked.index, passages[one.number])]
    firsts = [
        next(passages[one.number] for one in under if one.path == heading) for heading in below
    ]
    shown = sorted({*items, *firsts}, key=lambda one: one.start)
    if len(shown) < 2 and not items:
        return None
    quotes = _quotes(asked.index, shown[:MAX_LISTED])
    headings = {heading[: len(path) + 1] for heading in below}
    places = [
        replace(Citation.of(first, summary.digest), section=heading)
        for heading, first in zip(below, firsts, strict=True)
        if heading in headings
    ]
    said = f"What stands under “{path[-1]}” in {summary.title}, in order."
    return asked.reply("list", said, quotes, places)


def _is_list(index: Index, passage: Passage) -> bool:
    blocks = index.excerpt(passage.document_id, passage.start, passage.end).blocks
    return sum(block.kind == "list_item" for block in blocks) > 1


def _compared(asked: Asked, held: Sequence[DocumentSummary]) -> Answer | None:
    """The best quote of each of two documents; None where a side is no document, or both are."""
    request = asked.request
    sides = [called_so(side, held) for side in request.sides]
    if len(sides) < 2 or any(len(side) != 1 for side in sides) or sides[0] == sides[1]:
        return None
    topic = request.what or "What is this document about?"
    quotes: list[Quote] = []
    said: list[str] = []
    for (summary,) in sides:
        answer = asked.ask(topic, [summary.id])
        found = [quote for quote in answer.quotes[:1] if answer.found or _mentions(quote, topic)]
        quotes += found
        if not found:
            said.append(f"Not in {summary.title}.")
    both = " and ".join(side[0].title for side in sides)
    return asked.reply("comparison", " ".join((f"What {both} say.", *said)), quotes)


def _mentions(quote: Quote, topic: str) -> bool:
    """Whether a quote, or what stands above it, has a word of a topic."""
    passage = quote.passage
    return not set(content(topic)).isdisjoint(stems(" ".join((*passage.section, passage.text))))


def _quotes(index: Index, passages: Sequence[Passage]) -> list[Quote]:
    """Whole passages as quotes in which nothing is marked."""
    names = {passage.document_id for passage in passages}
    digests, stale = index.digests(names), index.stale(names)
    return list(_unmarked(passages, digests, stale))


def _unmarked(
    passages: Sequence[Passage], digests: dict[str, str], stale: set[str]
) -> Iterator[Quote]:
    for passage in passages:
        yield Quote(
            text=passage.text,
            start=passage.start,
            end=passage.end,
            passage=passage,
            sentences=(),
            context=passage.context,
            citation=Citation.of(passage, digests[passage.document_id]),
            stale=passage.document_id in stale,
        )
