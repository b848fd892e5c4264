"""What the reader does on small cases made by hand, each in a folder of documents of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import write

from qa_bot import Answer, Reader, answer, build_index, open_index
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.reader import DEFAULT_READER

BATS = (
    "The Kuhl's bat lives in attics all over the valley. It does not hibernate in caves. "
    "Its cousin, the noctule, sleeps in hollow trees and never enters a house."
)
BRIDGE = (
    "The Varn bridge was begun by the engineer Oda Lindqvist in 1911. The first train crossed "
    "it on 4 May 1914. It is 312 metres long and rests on seven pillars. It was closed because the "
    "pillars had been hollowed out by ice, and has been a footpath since 1987."
)


def ask(folder: Path, model: SentenceTransformerEmbedder, question: str) -> Answer:
    """Index the folder's documents, and ask."""
    index = folder.parent / "index"
    build_index(folder, index, model=model)
    with open_index(index, model=model) as opened:
        reply = answer(question, opened)
    assert (reply.reader, reply.warning) == ("qa_bot", "")
    return reply


def marked(reply: Answer) -> str:
    """The marked sentences of the first quote."""
    quote = reply.quotes[0]
    return " ".join(quote.text[a - quote.start : b - quote.start] for a, b in quote.sentences)


def words(reply: Answer) -> str:
    """The words that the first quote emphasises."""
    quote = reply.quotes[0]
    assert quote.answer is not None
    start, end = quote.answer
    return quote.text[start - quote.start : end - quote.start]


@pytest.mark.parametrize(
    ("case", "text", "question", "sentence", "within"),
    [
        (
            "negation",
            BATS,
            "Where does the Kuhl's bat not hibernate?",
            "does not hibernate",
            "caves",
        ),
        ("number", BRIDGE, "How many pillars does the Varn bridge rest on?", "seven", "seven"),
        ("name", BRIDGE, "Who was the engineer of the Varn bridge?", "Oda", "Oda Lindqvist"),
        ("date", BRIDGE, "When did the first train cross the Varn bridge?", "4 May", "4 May 1914"),
        ("why", BRIDGE, "Why was the Varn bridge closed?", "because", "hollowed out by ice"),
    ],
)
def test_the_words_that_answer_are_found(
    documents: Path,
    model: SentenceTransformerEmbedder,
    case: str,
    text: str,
    question: str,
    sentence: str,
    within: str,
) -> None:
    write(documents, **{case: text, "other": "The town's library opens at nine. Entry is free."})
    reply = ask(documents, model, question)
    assert reply.found
    assert sentence in marked(reply)
    assert within in words(reply)


def test_an_item_of_a_list_is_found(documents: Path, model: SentenceTransformerEmbedder) -> None:
    (documents / "rules.md").write_text(
        "# Allotment rules\n\nMembers of the allotment must:\n\n- water their own plot\n"
        "- compost cut grass within a week\n- lock the gate after nine in the evening\n",
        encoding="utf-8",
    )
    reply = ask(documents, model, "When must members lock the gate?")
    assert "lock the gate after nine" in marked(reply)


def test_a_row_of_a_table_is_found(documents: Path, model: SentenceTransformerEmbedder) -> None:
    (documents / "ferries.csv").write_text(
        "Island,Ferry,Crossing in minutes\nHolm,Ragnhild,45\nSkar,Tordis,20\nVik,Embla,75\n",
        encoding="utf-8",
    )
    reply = ask(documents, model, "How many minutes does the crossing to Skar take?")
    assert "Skar" in marked(reply)
    assert "20" in marked(reply)


def test_what_the_text_does_not_say_is_not_found(
    documents: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, bridge=BRIDGE)
    assert not ask(documents, model, "How much did the Varn bridge cost to build?").found


def test_a_question_about_somebody_else_is_not_found(
    documents: Path, model: SentenceTransformerEmbedder
) -> None:
    write(documents, bridge=BRIDGE)
    asked = "When did the first train cross the Brandt tunnel?"
    sure = ask(documents, model, "When did the first train cross the Varn bridge?").confidence
    reply = ask(documents, model, asked)
    assert not reply.found
    assert reply.confidence < sure


def test_two_documents_that_disagree_are_both_quoted(
    documents: Path, model: SentenceTransformerEmbedder
) -> None:
    write(
        documents,
        survey="The survey of 1921 gives the depth of Lake Orrin as 84 metres.",
        almanac="According to the almanac, Lake Orrin has a depth of 112 metres.",
        other="Boats may not be moored at the northern shore. The shop sells bait.",
    )
    reply = ask(documents, model, "What is the depth of Lake Orrin?")
    quoted = " ".join(quote.text for quote in reply.quotes)
    assert "84 metres" in quoted
    assert "112 metres" in quoted


FAQ = """
Q: May visitors camp in the orchard?
A: Only behind the barn.

Q: Who lends out the wheelbarrow?
A: Mrs. Pell does, at the gate.

Q: Is the well water safe to drink?
A: Never in August.
"""


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("May visitors camp in the orchard?", "A: Only behind the barn."),
        ("Is the well water safe to drink?", "A: Never in August."),
    ],
)
@pytest.mark.parametrize("reader", [DEFAULT_READER, None], ids=["reader", "retrieval alone"])
def test_a_question_in_the_text_is_never_its_own_answer(
    documents: Path,
    folder: Path,
    model: SentenceTransformerEmbedder,
    question: str,
    marked: str,
    reader: Reader | None,
) -> None:
    assert marked_of(documents, folder, model, FAQ, question, reader)[:1] == [marked]


LOCKERS = """
The lockers belong to:

- locker 12: Anna Brisk
- locker 13: Otto Fenn
- locker 14: Ida Rooke
- locker 15: the night watch
"""


@pytest.mark.parametrize(
    ("question", "marked"),
    [
        ("Who has locker 13?", "- locker 13: Otto Fenn"),
        ("Whose is locker 14?", "- locker 14: Ida Rooke"),
        ("Which locker is the night watch's?", "- locker 15: the night watch"),
    ],
)
def test_of_a_lists_items_the_one_with_the_questions_words_is_marked(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder, question: str, marked: str
) -> None:
    assert marked_of(documents, folder, model, LOCKERS, question, DEFAULT_READER) == [marked]


TIDES = """
2021-06-01 05:10 gate of the north lock opened
2021-06-01 11:40 31 boats passed
2021-06-02 05:10 gate of the north lock opened
2021-06-02 12:20 27 boats passed
2021-06-03 05:10 gate of the north lock opened
2021-06-03 13:05 44 boats passed
2021-06-04 05:10 gate of the north lock opened
2021-06-04 13:50 12 boats passed
"""
PACKING = """
For the hut

Pack these:
- 2 candles
- 40 m rope
- 3 tins of beans
- 1 whistle
"""
TERMS = """
A "Guest Berth" is one that its owner has lent to the harbour for at least two nights, and that the
master has marked with a green ring. In telling whether a berth is a guest berth, doubts speak for
the owner. For a guest berth it makes no difference whether it lies at the quay or at a buoy.
"""
LETTER = """
3 March 1987

To the keeper of Stoane Light:

The paraffin came on Friday. Twelve tins were dented, and were sent back by the same boat.
"""


@pytest.mark.parametrize("reader", [DEFAULT_READER, None], ids=["reader", "retrieval alone"])
@pytest.mark.parametrize(
    ("text", "question", "wanted"),
    [
        (TIDES, "How many boats passed on 2021-06-03?", "2021-06-03 13:05 44 boats passed"),
        (TIDES, "How many boats passed on 2021-06-01?", "2021-06-01 11:40 31 boats passed"),
        (PACKING, "How much rope is needed?", "- 40 m rope"),
    ],
)
def test_the_line_that_alone_has_the_questions_words_is_marked(
    documents: Path,
    folder: Path,
    model: SentenceTransformerEmbedder,
    text: str,
    question: str,
    wanted: str,
    reader: Reader | None,
) -> None:
    assert wanted in marked_of(documents, folder, model, text, question, reader)


def test_of_the_days_of_a_log_only_the_one_asked_for_is_marked(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    asked = "How many boats passed on 2021-06-04?"
    marked = marked_of(documents, folder, model, TIDES, asked, DEFAULT_READER)
    assert marked == ["2021-06-04 13:50 12 boats passed"]


@pytest.mark.parametrize("reader", [DEFAULT_READER, None], ids=["reader", "retrieval alone"])
def test_what_something_is_says_the_sentence_that_begins_with_it(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder, reader: Reader | None
) -> None:
    (marked,) = marked_of(documents, folder, model, TERMS, "What is a guest berth?", reader)
    assert marked.startswith('A "Guest Berth" is one')


def test_whom_a_letter_is_addressed_to_may_be_marked_though_it_ends_in_a_colon(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    asked = "To whom is the message addressed?"
    marked = marked_of(documents, folder, model, LETTER, asked, DEFAULT_READER)
    assert "To the keeper of Stoane Light:" in marked


def marked_of(
    documents: Path,
    folder: Path,
    model: SentenceTransformerEmbedder,
    text: str,
    question: str,
    reader: Reader | None,
) -> list[str]:
    """The marked sentences of the first quote, on a document of this text."""
    write(documents, made=text)
    build_index(documents, folder, model=model)
    with open_index(folder, model=model) as index:
        quote = answer(question, index, reader=reader, strictness=0.0).quotes[0]
        text = index.document(quote.citation.document_id).text
    return [text[start:end] for start, end in quote.sentences]
