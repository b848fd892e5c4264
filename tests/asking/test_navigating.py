"""What a request leads to: passages and headings in order, what is indexed, two sides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from conftest import ARTICLE

from qa_bot import Answer, Index, Turn, answer, build_index, open_index
from qa_bot.models.embedding import SentenceTransformerEmbedder

HANDBOOK = """# Kayak club handbook

Members of the kayak club borrow boats from the shed by the river, and bring them back before dark.

## 1. Summary

Who borrows a boat signs the book, wears a vest, and pays two euros an hour to the warden.

## 2. Fees

The yearly fee is forty euros. Children pay half of it until they are sixteen years old.

## 3. Dangers

- The weir below the mill, where two boats sank.
- Cold water in spring.
- Motor boats at weekends.
"""
RULES = """# Rowing club rules

The rowing club lends boats to its members only, after a lesson with the trainer on the lake.

## Fees

Members of the rowing club pay ninety euros a year, and guests pay five euros for each hour.
"""


@pytest.fixture(scope="module")
def clubs(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    root = tmp_path_factory.mktemp("clubs")
    documents = root / "documents"
    documents.mkdir()
    (documents / "kayak.md").write_text(HANDBOOK, encoding="utf-8")
    (documents / "rowing.md").write_text(RULES, encoding="utf-8")
    build_index(documents, root / "index", model=model)
    with open_index(root / "index", model=model) as index:
        yield index


def check(reply: Answer, kind: str, index: Index) -> None:
    """What is promised of any navigation."""
    assert reply.navigation == kind
    assert reply.message
    assert not reply.found
    assert reply.confidence == 0
    for quote in reply.quotes:
        assert index.document(quote.citation.document_id).text[quote.start : quote.end] == (
            quote.text
        )
        assert quote.sentences == ()
    for place in reply.places:
        assert 0 <= place.start < place.end <= len(index.document(place.document_id).text)


def test_a_document_is_told_by_how_it_opens_its_summary_and_its_outline(clubs: Index) -> None:
    reply = answer("What is the kayak handbook about?", clubs)
    check(reply, "about", clubs)
    assert reply.quotes[0].text.startswith("Members of the kayak club borrow")
    assert any("signs the book" in quote.text for quote in reply.quotes)
    assert [place.section[-1] for place in reply.places][-3:] == [
        "1. Summary",
        "2. Fees",
        "3. Dangers",
    ]


def test_this_document_is_the_one_quoted_last(clubs: Index) -> None:
    history = [Turn("Who lends boats?", "The rowing club.", ("rowing.md",))]
    reply = answer("Summarise this document", clubs, history=history)
    check(reply, "about", clubs)
    assert {quote.citation.document_id for quote in reply.quotes} == {"rowing.md"}


def test_where_several_documents_may_be_meant_it_is_asked_which(clubs: Index) -> None:
    reply = answer("What is this document about?", clubs)
    check(reply, "about", clubs)
    assert [option.documents for option in reply.options] == [("kayak.md",), ("rowing.md",)]
    chosen = reply.options[1]
    again = answer(chosen.question, clubs, documents=chosen.documents)
    assert {quote.citation.document_id for quote in again.quotes} == {"rowing.md"}


def test_the_article_is_the_only_one_that_can_be_meant(article: Index) -> None:
    reply = answer("What is this document about?", article)
    check(reply, "about", article)
    assert reply.places
    assert reply.quotes[0].citation.document_id == ARTICLE


def test_a_section_is_opened(clubs: Index) -> None:
    reply = answer("Show section 2", clubs)
    check(reply, "section", clubs)
    assert reply.quotes[0].text.startswith("The yearly fee")


def test_a_section_is_opened_by_words_of_its_heading(clubs: Index) -> None:
    for request in ("Open the section on dangers", "Show me the dangers chapter"):
        reply = answer(request, clubs)
        check(reply, "section", clubs)
        assert "weir" in reply.quotes[0].text
    which = answer("Open the section about fees", clubs)
    assert [option.documents for option in which.options] == [("kayak.md",), ("rowing.md",)]
    spoken = [Turn("Who lends boats?", "The rowing club.", ("rowing.md",))]
    told = answer("Open the section about fees", clubs, history=spoken)
    check(told, "section", clubs)
    assert "ninety euros" in told.quotes[0].text
    assert answer("Open the section on volcanoes", clubs).navigation == ""


def test_a_request_is_followed(clubs: Index) -> None:
    """What only changes a document, or what is compared, asks for the same again."""
    long = answer("How many pages does the kayak handbook have?", clubs)
    other = answer("And the rowing rules?", clubs, history=[Turn.of(long)])
    check(other, "size", clubs)
    assert other.message.startswith("Rowing club rules")
    assert other.question == "And the rowing rules?"
    assert other.understood_as == "How many pages does the rowing rules have?"
    fees = answer("Compare the kayak handbook and the rowing rules on fees", clubs)
    lessons = answer("And on lessons?", clubs, history=[Turn.of(fees)])
    assert lessons.navigation == "comparison"
    assert "lesson with the trainer" in " ".join(quote.text for quote in lessons.quotes)


def test_it_is_the_document_that_was_led_to(clubs: Index) -> None:
    long = answer("How many pages does the rowing rules document have?", clubs)
    reply = answer("What is it about?", clubs, history=[Turn.of(long)])
    check(reply, "about", clubs)
    assert {quote.citation.document_id for quote in reply.quotes} == {"rowing.md"}
    assert Turn.of(answer("List the documents", clubs)).documents == ()


def test_a_section_that_is_asked_what_it_says_is_an_answer(clubs: Index) -> None:
    assert answer("What does section 2 say?", clubs).navigation == ""


def test_a_list_is_shown_in_order(clubs: Index) -> None:
    reply = answer("List the dangers", clubs)
    check(reply, "list", clubs)
    assert "weir" in reply.quotes[0].text
    assert "Motor boats" in " ".join(quote.text for quote in reply.quotes)


def test_headings_under_one_are_listed_with_what_they_begin_with(article: Index) -> None:
    reply = answer("List the challenges", article)
    check(reply, "list", article)
    assert "Budgetary constraints and resource allocation" in {
        place.section[-1] for place in reply.places
    }
    starts = [quote.start for quote in reply.quotes]
    assert starts == sorted(starts)


def test_what_heads_nothing_is_a_question(clubs: Index) -> None:
    assert answer("List the boats that are borrowed", clubs).navigation == ""


def test_documents_are_listed_and_counted(clubs: Index) -> None:
    for question in ("List the documents", "How many documents are there?"):
        reply = answer(question, clubs)
        check(reply, "documents", clubs)
        assert reply.message.startswith("2 documents")
        assert [place.document_id for place in reply.places] == ["kayak.md", "rowing.md"]


def test_a_size_comes_from_the_index(clubs: Index) -> None:
    reply = answer("How many pages does the rowing club rules have?", clubs)
    check(reply, "size", clubs)
    assert "without pages" in reply.message
    assert f"{len(RULES):,}"[:1] in reply.message


def test_two_documents_are_compared_by_a_quote_of_each(clubs: Index) -> None:
    reply = answer("Compare the kayak handbook and the rowing club on the yearly fee", clubs)
    assert reply.navigation == "comparison"
    assert [quote.citation.document_id for quote in reply.quotes] == ["kayak.md", "rowing.md"]
    assert "forty euros" in reply.quotes[0].text
    assert "ninety euros" in reply.quotes[1].text


def test_what_one_side_does_not_say_is_said(clubs: Index) -> None:
    reply = answer("Compare the kayak handbook and the rowing club on the mill weir", clubs)
    assert reply.navigation == "comparison"
    assert "Not in Rowing club rules." in reply.message


def test_what_names_no_document_is_a_question(clubs: Index) -> None:
    assert answer("Compare vests and helmets on safety", clubs).navigation == ""
    assert answer("What is the weir about?", clubs).navigation == ""


@pytest.mark.parametrize(("question", "kind"), [("Hello!", "courtesy"), ("Help", "help")])
def test_a_courtesy_gets_one_line(question: str, kind: str, clubs: Index) -> None:
    reply = answer(question, clubs)
    check(reply, kind, clubs)
    assert not reply.quotes
    assert "\n" not in reply.message
