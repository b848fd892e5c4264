"""How a document opens: "This Lease is made on 1 May between Acme Ltd. (the “Landlord”) and …".

A question about a contract's parties, its date or its name shares hardly a word with the passage
that opens it, and "party", "date" and "agreement" with most of the others; so does one after a
report's authors with its title page. So where such is asked, the passages that open documents are
looked at beside all others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from qa_bot.asking.defined_terms import DEFINITION
from qa_bot.records import Passage
from qa_bot.store.analysis import stems
from qa_bot.store.opening import Index

_LOOKED_AT = 200  # passages that say "between"
_CONTRACT = r"(?:agreement|contract|lease|licen[cs]e|deal|deed|treaty|memorandum|policy|amendment)"
_OF_IT = rf"(?:the|this|that|your|our)\s+(?:[\w-]+\s+){{0,4}}?{_CONTRACT}"
_PARTIES = re.compile(
    rf"\b(?:who|what|which)\b(?:\s+\w+){{0,3}}\s+(?:are|were|is)\s+(?:\w+\s+){{0,2}}part(?:y|ies)\b"
    rf"|\bbetween\s+(?:whom|which|what)\b.{{0,120}}?\b{_CONTRACT}\b"
    rf"|\b{_CONTRACT}\b.{{0,120}}?\bbetween\s+(?:whom|which|what)\b"
    rf"|\b(?:who|which)\b(?:\s+\w+){{0,3}}\s+(?:made|concluded|entered\s+into)\s+{_OF_IT}\b",
    re.IGNORECASE,
)
_ITSELF = re.compile(
    rf"\b(?:who|which)\b(?:\s+\w+){{0,3}}\s+signed\s+{_OF_IT}\b"
    rf"|\b(?:title|name|date)\s+of\s+{_OF_IT}\b|\bwhat\s+is\s+{_OF_IT}\s+called\b"
    rf"|\bwhat\s+(?:kind|type|sort)\s+of\s+{_CONTRACT}\b|\beffective\s+date\b"
    rf"|\bwhen\s+(?:was|were|did|does|do|is)\b.{{0,120}}?\b{_CONTRACT}\b.{{0,120}}?"
    r"\b(?:signed|made|concluded|dated|executed|entered\s+into|take\s+effect|effective|come\s+into"
    r"|begin|start|commence)\b"
    rf"|\bwhen\b.{{0,120}}?\b(?:sign|make|conclude|execute|enter\s+into)\s+{_OF_IT}\b",
    re.IGNORECASE,
)
_DOCUMENT = (
    r"(?:document|report|paper|article|manual|guide|handbook|book|booklet|brochure|study|thesis"
    r"|letter|memo|plan|specification|standard|presentation|minutes|publication|guidelines?)"
)
_THIS = rf"(?:the|this|that)\s+(?:[\w-]+\s+){{0,4}}?{_DOCUMENT}"
_FRONT = re.compile(
    rf"\bwho\s+(?:wrote|authored|published|issued|prepared|compiled|edited|drafted)\s+{_THIS}\b"
    rf"|\b(?:authors?|publisher|editors?|date|title|version|edition|revision)\s+of\s+{_THIS}\b"
    rf"|\bwho\s+(?:was|were)\s+{_THIS}\s+(?:written|published|issued|prepared|edited)\s+by\b"
    rf"|\bby\s+whom\s+(?:was|were)\s+{_THIS}\s+(?:written|published|issued|prepared|edited)\b"
    rf"|\bwhen\s+(?:was|were)\s+{_THIS}\s+(?:last\s+)?(?:published|written|issued|released|dated"
    r"|prepared|made|revised|updated)\b"
    rf"|\b(?:which|what)\s+(?:version|edition|revision)\s+(?:of\s+{_THIS}\s+is\s+this|is\s+{_THIS})",
    re.IGNORECASE,
)
_SAYS = re.compile(
    rf"\b(?:this|the\s+present)\s+(?:[\w-]+\s+){{0,3}}?{_DOCUMENT}\b|©|\bcopyright\b|\bauthors?\b"
    r"|\b(?:published|written|prepared|compiled|edited|issued|revised)\s+(?:by|on|in)\b",
    re.IGNORECASE,
)
_FIRST = 3_000  # characters in which a document says what it is
_FIRST_PASSAGES = 4
_BETWEEN = re.compile(r"\bbetween\b.{3,600}?\band\b", re.IGNORECASE | re.DOTALL)


def asks_parties(question: str) -> bool:
    """Whether a question asks who concluded a contract."""
    return _PARTIES.search(question) is not None


def asks_of_itself(question: str) -> bool:
    """Whether a question asks for what a contract's opening may say: its name, its date."""
    return _ITSELF.search(question) is not None


def asks_of_front(question: str) -> bool:
    """Whether a question asks for what a document's first page says: who wrote it, and when."""
    return _FRONT.search(question) is not None


def says_of_document(text: str) -> bool:
    """Whether a text elsewhere in a document may say who wrote it, or when."""
    return _SAYS.search(text) is not None


def first_passages(index: Index, documents: Sequence[str] | None = None) -> list[int]:
    """The numbers of the first passages of the one document that is asked; none of several."""
    names = [one.id for one in index.documents()] if documents is None else documents
    if len(names) != 1 or not index.held(names):
        return []
    return index.passage_ids(names[0], (0, _FIRST))[:_FIRST_PASSAGES]


def introducing(question: str, index: Index, documents: Sequence[str] | None = None) -> list[int]:
    """The numbers of the passages that introduce parties: of each document, the first one.

    Args:
        question: Its words say which of very many are looked at.
        index: From ``open_index``.
        documents: Only in these: exact document ids or folders.

    Raises:
        UnknownDocumentError
    """
    scope = None if documents is None else index.scope(documents)[0]
    helping = dict.fromkeys(stems(question))
    numbers = index.lexicon.holding("text", stems("between"), helping, _LOOKED_AT, scope)
    found: dict[str, tuple[int, int]] = {}
    for number, passage in index.passages(numbers).items():
        if introduces(passage):
            first = found.setdefault(passage.document_id, (passage.start, number))
            found[passage.document_id] = min(first, (passage.start, number))
    return [number for _, number in found.values()]


def introduces(passage: Passage) -> bool:
    """Whether a passage names two parties, at least, and what they are called from then on."""
    names = {match[0] for match in DEFINITION.finditer(passage.text)}
    return len(names) > 1 and _BETWEEN.search(passage.text) is not None
