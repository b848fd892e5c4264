"""Which passages, or documents, of an index are relevant for which question.

All passages are looked through, so the judgements are complete: they don't
depend on what was retrieved, and the same lines serve as TREC's qrels.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import PurePosixPath
from urllib.parse import quote

from qa_bot.evaluation.questions import Question, one_space
from qa_bot.records import Page, Passage
from qa_bot.store.opening import Index

NOWHERE = "not-in-the-index"
"""Stands in a question's judgements where nothing in the index is relevant, so that it counts."""

_UNSAFE = re.compile(r"[\s%\x00-\x1f\x7f\ud800-\udfff]")
_BLOCK = 1_000  # passages that are read and searched at once
_FEW = 100  # documents whose passages are looked up; beyond, all passages are read

OnProgress = Callable[[str, float], None]
"""Called with what is going on and the share of it that is done, in [0, 1]."""


@dataclass(slots=True)
class Judgements:
    """What is relevant for one question: names of passages, or of documents, with their grades.

    ``problem`` says what the index doesn't hold, "" if it holds all that is wanted.
    """

    question: Question
    relevant: dict[str, int] = field(default_factory=dict)
    documents: set[str] = field(default_factory=set)  # ids of those that hold it
    problem: str = ""


def by_document(question: Question) -> bool:
    """Whether documents are ranked and judged for this question, and not passages."""
    return bool(question.documents) and not (question.quotes or question.sections or question.pages)


def passage_name(passage: Passage) -> str:
    """A passage's name in rankings and judgements: no white space, and the same in each build."""
    return f"{document_name(passage.document_id)}#{passage.start}-{passage.end}"


def document_name(document_id: str) -> str:
    """A document's name there."""
    return spaceless(document_id)


def spaceless(name: str) -> str:
    """A name as TREC's files need it, with "%" and what they can't hold percent-encoded.

    That is white space, control characters, and halves of surrogate pairs.
    """
    return _UNSAFE.sub(lambda found: quote(found[0], safe="", errors="surrogatepass"), name)


def is_named(document_id: str, names: Sequence[str]) -> bool:
    """Whether one of the names means this document: its id, or that without its suffix."""
    return document_id in names or without_suffix(document_id) in names


def without_suffix(document_id: str) -> str:
    """``reports/2024.pdf`` → ``reports/2024``."""
    return str(PurePosixPath(document_id).with_suffix(""))


def is_in_section(passage: Passage, sections: Sequence[str]) -> bool:
    """Whether one of the headings, or runs of headings, is in the passage's section path."""
    path = " › ".join(("", *map(one_space, passage.section), ""))
    return any(f" › {section} › " in path for section in sections)


def is_on_page(passage: Passage, pages: Sequence[str]) -> bool:
    """Whether a part of the passage stands on one of the pages."""
    return any(page_name(page) in pages for page in passage.pages)


def page_name(page: Page) -> str:
    """A page as citations print it: its label, or else its number."""
    return page.label or str(page.number)


def judge(
    questions: Sequence[Question], index: Index, on_progress: OnProgress | None = None
) -> list[Judgements]:
    """Find what is relevant for each question, in their order; nothing for unanswered ones."""
    judged = [Judgements(question) for question in questions]
    named: dict[str, list[str]] = {}
    for document_id in (summary.id for summary in index.documents()):
        for name in {document_id, without_suffix(document_id)}:
            named.setdefault(name, []).append(document_id)
    wanting = [one for one in judged if one.question.answered]
    for one in wanting:
        if by_document(one.question):
            _judge_documents(one, named)
    others = [one for one in wanting if not by_document(one.question)]
    if others:
        _judge_passages(others, index, named, on_progress)
    _explain([one for one in others if not one.relevant], index, named)
    for one in wanting:
        if not one.relevant:
            one.relevant[NOWHERE] = 1
    return judged


def _judge_documents(one: Judgements, named: dict[str, list[str]]) -> None:
    """Documents that the index lacks stay in the judgements: they can't be found."""
    names = one.question.documents
    unknown = []
    for name, grade in zip(names, one.question.grades or [1] * len(names), strict=True):
        found = named.get(name, [])
        one.documents.update(found)
        if not found:
            unknown.append(name)
        for document_id in found or [name]:
            key = document_name(document_id)
            one.relevant[key] = max(grade, one.relevant.get(key, grade))
    if unknown:
        one.problem = f"no document {unknown[0]!r}"


def _judge_passages(
    wanting: Sequence[Judgements],
    index: Index,
    named: dict[str, list[str]],
    on_progress: OnProgress | None,
) -> None:
    quoting = [one for one in wanting if one.question.quotes]
    others = [one for one in wanting if not one.question.quotes]
    ids = _worth_reading(wanting, index, named)
    for start in range(0, len(ids), _BLOCK):
        passages = [*index.passages(ids[start : start + _BLOCK]).values()]
        texts = [one_space(passage.text) for passage in passages]
        whole = "\n".join(texts)  # where one_space leaves no line end
        starts = list(accumulate((len(text) + 1 for text in texts), initial=0))
        for one in quoting:
            for number in _holding(one.question.quotes, whole, starts):
                if _fits(one.question, passages[number], texts[number]):
                    _add(one, passages[number])
        for one in others:
            for passage in passages:
                if _fits(one.question, passage, ""):
                    _add(one, passage)
        if on_progress is not None:
            on_progress("Looking for what is wanted", (start + len(passages)) / len(ids))
    for one in wanting:  # passages' ids differ from build to build, these names don't
        one.relevant = dict(sorted(one.relevant.items()))


def _worth_reading(
    wanting: Sequence[Judgements], index: Index, named: dict[str, list[str]]
) -> list[int]:
    """Ids of the passages that may be wanted: all, or those of a few documents."""
    if all(one.question.documents for one in wanting):
        names = {name for one in wanting for name in one.question.documents}
        documents = {found for name in names for found in named.get(name, ())}
        if len(documents) <= _FEW:
            return [int(one) for one in index.scope(sorted(documents))[1]]
    return sorted(index.vectors.ids().tolist())


def _holding(phrases: Sequence[str], whole: str, starts: Sequence[int]) -> Iterator[int]:
    """Numbers of the texts, joined by line ends, that hold one of the phrases."""
    for phrase in phrases:
        place = whole.find(phrase)
        while place >= 0:
            number = bisect_right(starts, place) - 1
            yield number
            place = whole.find(phrase, starts[number + 1])


def _fits(question: Question, passage: Passage, text: str) -> bool:
    """Whether a passage that holds the quote, if there is one, fits everything else."""
    return (
        (not question.documents or is_named(passage.document_id, question.documents))
        and (not question.sections or is_in_section(passage, question.sections))
        and (not question.pages or is_on_page(passage, question.pages))
        and (not question.context or _stands_in(question, passage, text))
    )


def _stands_in(question: Question, passage: Passage, text: str) -> bool:
    """Whether the quote is in the part of the passage that comes from the context."""
    if text in question.context or question.context in text:
        return True
    sentences = (
        one_space(passage.text[one.start - passage.start : one.end - passage.start])
        for one in passage.sentences
    )
    return any(
        sentence in question.context and any(phrase in sentence for phrase in question.quotes)
        for sentence in sentences
    )


def _add(one: Judgements, passage: Passage) -> None:
    one.relevant[passage_name(passage)] = 1
    one.documents.add(passage.document_id)


def _explain(lost: Sequence[Judgements], index: Index, named: dict[str, list[str]]) -> None:
    """Say of each question that nothing fits what is missing; its line is probably out of date."""
    seeking: dict[str, list[Judgements]] = {}  # by the documents that their quotes may stand in
    for one in lost:
        names = [name for name in one.question.documents if name in named]
        if one.question.documents and not names:
            one.problem = f"no document {one.question.documents[0]!r}"
        elif not one.question.quotes:
            one.problem = "no passage fits section and page"
        else:
            one.problem = "the quote occurs nowhere" + (" in this document" if names else "")
            every = {found for name in names or named for found in named[name]}
            for document_id in every:
                seeking.setdefault(document_id, []).append(one)
    for document_id, those in seeking.items():
        text = one_space(index.document(document_id).text)
        for one in those:
            if any(phrase in text for phrase in one.question.quotes):
                extra = one.question.sections or one.question.pages or one.question.context
                one.problem = (
                    "no passage with the quote fits section, page and context"
                    if extra
                    else "no passage holds the whole quote"
                )
