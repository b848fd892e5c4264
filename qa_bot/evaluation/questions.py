"""Questions with what their answers must be, as a line of a file of ours has them.

One JSON object on each line: ``question`` and any of ``quote``, ``document``,
``section`` (or ``sections``), ``page`` and ``context``; or ``"quote": null``
where the documents don't answer. Each may be a list, any of which will do.
``history`` is what was asked before, oldest first: questions, or pairs of a question and what
was said to it. A ``note`` is the reader's own, and passed over.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from qa_bot.asking.retrieval import MAX_QUESTION
from qa_bot.errors import QuestionFileError
from qa_bot.turns import Turn

FIELDS = (
    "question",
    "history",
    "id",
    "quote",
    "document",
    "section",
    "sections",
    "page",
    "context",
    "note",
)


@dataclass(frozen=True, slots=True)
class Question:
    """A question, and what a passage must satisfy to be *relevant*: all that is given here.

    Of several quotes, documents, sections or pages, any one will do. White space
    counts as one space everywhere. With documents alone, documents are what is
    ranked and judged, as in BEIR; otherwise passages are.

    Invariants: an answered question wants something; ``grades`` is empty or as
    long as ``documents``, and then nothing but documents is wanted.
    """

    id: str  # pairs the outcomes of two evaluations
    text: str
    answered: bool = True  # False: the documents don't answer it, and nothing else is judged
    quotes: tuple[str, ...] = ()  # a phrase that the passage must contain
    documents: tuple[str, ...] = ()  # document ids, with or without their suffix
    sections: tuple[str, ...] = ()  # a heading of its section path, or several joined by " › "
    pages: tuple[str, ...] = ()  # as the citation prints it: the label, or else the number
    context: str = ""  # the paragraph that the quote must stand in
    grades: tuple[int, ...] = ()  # how relevant each document is, from 1; () for 1 each
    history: tuple[Turn, ...] = ()  # what was asked before, oldest first


def as_line(question: Question) -> str:
    """A question as one line of a file of ours, without its id where the text gives it."""
    line: dict[str, Any] = {"question": question.text}
    if question.history:
        line["history"] = [
            [turn.question, turn.answer_text] if turn.answer_text else turn.question
            for turn in question.history
        ]
    if question.id != question_id(question.text, question.history):
        line["id"] = question.id
    if not question.answered:
        line["quote"] = None
    for name, values in (
        ("quote", question.quotes),
        ("document", question.documents),
        ("section", question.sections),
        ("page", question.pages),
        ("context", (question.context,) if question.context else ()),
    ):
        if values:
            line[name] = values[0] if len(values) == 1 else list(values)
    return json.dumps(line, ensure_ascii=False)


def one_space(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def in_words(text: str) -> bool:
    """Whether there is a letter or digit in as much of a question as is read."""
    return any(map(str.isalnum, text[:MAX_QUESTION]))


def question_id(text: str, history: Sequence[Turn] = ()) -> str:
    """The id of a question that isn't given one: it follows from its words, not its place."""
    said = "\n".join((*(turn.question for turn in history), text))
    plain = one_space(text) if not history else said
    return hashlib.sha256(plain.casefold().encode("utf-8", "replace")).hexdigest()[:12]


def parse(line: Mapping[str, Any], where: str) -> Question:
    """A line of ours; its id is empty where none is given.

    Raises:
        QuestionFileError: It is not as a line of ours has to be; the message begins with ``where``.
    """
    for name in line:
        if name not in FIELDS:
            near = get_close_matches(name, FIELDS, 1, 0.75)
            hint = f"{near[0]!r} is meant?" if near else f"there are {', '.join(FIELDS)}."
            raise QuestionFileError(f"{where}: unknown field {name!r}; {hint}")
    text = line.get("question")
    if not isinstance(text, str) or not in_words(text):
        raise QuestionFileError(f"{where}: no 'question' in words.")
    if "section" in line and "sections" in line:
        raise QuestionFileError(f"{where}: both 'section' and 'sections'.")
    identifier = line.get("id", "")
    if not isinstance(identifier, str | int) or isinstance(identifier, bool):
        raise QuestionFileError(f"{where}: 'id' is neither a text nor a number.")
    question = Question(
        id=str(identifier),
        text=text,
        answered="quote" not in line or line["quote"] is not None,
        quotes=_strings(line, "quote", where),
        documents=_strings(line, "document", where),
        sections=_strings(line, "section", where) + _strings(line, "sections", where),
        pages=_strings(line, "page", where),
        context="".join(_strings(line, "context", where)[:1]),
        history=_history(line, where),
    )
    wanted = question.quotes or question.documents or question.sections or question.pages
    if question.answered and not wanted:
        raise QuestionFileError(
            f"{where}: says nothing of the answer; give 'quote', 'document', 'section' or 'page', "
            'or "quote": null for a question that the documents don\'t answer.'
        )
    if question.context and not question.quotes:
        raise QuestionFileError(f"{where}: a 'context' without a 'quote' in it.")
    return question


def _history(line: Mapping[str, Any], where: str) -> tuple[Turn, ...]:
    """What was asked before: texts, or pairs of texts."""
    value = line.get("history") or []
    wrong = QuestionFileError(
        f"{where}: 'history' is no list of questions, or of pairs of a question and a text."
    )
    if not isinstance(value, list):
        raise wrong
    found = []
    for one in value:
        match [one] if isinstance(one, str) else one:
            case [str() as question] if in_words(question):
                found.append(Turn(question))
            case [str() as question, str() as said] if in_words(question):
                found.append(Turn(question, said))
            case _:
                raise wrong
    return tuple(found)


def _strings(line: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    """A field's texts, one or a list; numbers are page numbers. None and [] mean not given."""
    value = line.get(name)
    values = value if isinstance(value, list) else [] if value is None else [value]
    found = []
    for one in values:
        if name == "page" and isinstance(one, int) and not isinstance(one, bool):
            one = str(one)  # noqa: PLW2901
        if isinstance(one, str) and not one.strip():
            raise QuestionFileError(f"{where}: {name!r} is empty.")
        if not isinstance(one, str):
            raise QuestionFileError(f"{where}: {name!r} holds something else than text.")
        found.append(one_space(one))
    return tuple(dict.fromkeys(found))
