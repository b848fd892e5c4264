"""Answers: whole passages quoted to the letter, or nothing at all."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from conftest import ARTICLE, write

from qa_bot import Answer, Index, answer, build_index, open_index
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.text import words

TITLE = "Strengthening Security: An Overview of Military Partnerships with NATO Allies"
CHALLENGES = "Challenges and Limitations of NATO Military Collaborations"
BUDGETS = "Budgetary constraints and resource allocation"

ANSWERED = [
    "How do limited budgets affect partnerships?",
    "What can financial limitations constrain?",
    "Which country has limited military forces but a strategic location?",
    "Where are the battlegroups of the Enhanced Forward Presence?",
    "What are important elements of diplomatic initiatives?",
    "What underpins these partnerships?",
    "What fosters a sense of mutual reliance?",
]
NOT_ANSWERED = [
    "How do I bake bread?",
    "What is the capital of Mongolia?",
    "Who won the football cup in 1974?",
    "How long do otters sleep?",
    "xyzzy",
]


def check(found: Answer, index: Index) -> None:
    """Everything that is promised of any answer."""
    assert 0 <= found.confidence <= 1
    assert found.found == (found.confidence >= found.strictness) == bool(found.quotes)
    assert len(found.quotes) <= 3
    hits = [hit.passage for hit in found.hits]
    for quote in found.quotes:
        text = index.document(quote.citation.document_id).text
        assert text[quote.start : quote.end] == quote.text
        assert quote.passage in hits
        assert quote.text == quote.passage.text
        assert 1 <= len(quote.sentences) <= 2
        assert list(quote.sentences) == sorted(set(quote.sentences))
        assert set(quote.sentences) <= {(s.start, s.end) for s in quote.passage.sentences}
        for start, end in quote.sentences:
            assert quote.start <= start < end <= quote.end
        for start, end in quote.context:
            assert 0 <= start < end <= quote.start
        citation = quote.citation
        assert (citation.start, citation.end) == (quote.start, quote.end)
        assert citation.digest == hashlib.sha256(text.encode()).hexdigest()[:16]
        assert citation.digest == index.document(citation.document_id).digest
        marked = [s for s in quote.passage.sentences if (s.start, s.end) == quote.sentences[0]]
        assert citation.paragraph == marked[0].paragraph
        assert not quote.stale
    texts = [" ".join(quote.text.split()) for quote in found.quotes]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("question", ANSWERED)
def test_an_answer_is_quoted_to_the_letter(article: Index, question: str) -> None:
    found = answer(question, article)
    check(found, article)
    assert found.found
    assert found.question == question
    assert len(found.hits) == 5
    assert found.quotes[0].passage == found.hits[0].passage


@pytest.mark.parametrize("question", NOT_ANSWERED)
def test_what_the_documents_do_not_say_is_not_quoted(article: Index, question: str) -> None:
    found = answer(question, article)
    check(found, article)
    assert not found.found
    assert found.quotes == ()
    assert len(found.hits) == 5
    assert found.unknown_words


def test_fitting_questions_are_more_certain_than_strange_ones(article: Index) -> None:
    fitting = min(answer(question, article).confidence for question in ANSWERED)
    strange = max(answer(question, article).confidence for question in NOT_ANSWERED)
    assert strange < 0.2
    assert fitting >= answer(ANSWERED[0], article).strictness


def test_a_citation_reads_like_a_place_in_the_document(article: Index) -> None:
    asked = "What do limited budgets and competing priorities often pose?"
    quote = answer(asked, article, reader=None).quotes[0]
    assert str(quote.citation) == f"{TITLE} › {CHALLENGES} › {BUDGETS}, ¶ 1"
    assert quote.citation.section == (CHALLENGES, BUDGETS)
    assert quote.text.startswith("Limited budgets and competing priorities often pose")
    assert quote.citation.pages == ()


def test_the_marked_sentence_is_the_one_that_answers(article: Index) -> None:
    quote = answer("What can financial limitations constrain?", article).quotes[0]
    text = article.document(ARTICLE).text
    marked = [text[start:end] for start, end in quote.sentences]
    assert marked == [
        "Furthermore, financial limitations can constrain the development of joint projects, "
        "research, and technological advancements critical for maintaining a technological edge."
    ]


def test_links_to_other_pages_are_never_quoted(article: Index) -> None:
    text = article.document(ARTICLE).text
    links = [line.strip() for line in text.splitlines() if line.startswith("See also")]
    assert len(links) >= 3
    for link in links:
        for question in (link, link.removeprefix("See also").strip()):
            found = answer(question, article, k=60)
            assert not any("See also" in hit.passage.text for hit in found.hits)
            assert not any(link[12:] in hit.passage.text for hit in found.hits)


def test_a_list_item_is_quoted_with_what_introduces_it(article: Index) -> None:
    quote = answer("What are important elements of diplomatic initiatives?", article).quotes[0]
    assert quote.text.startswith("Important elements of these initiatives include:")
    text = article.document(ARTICLE).text
    marked = [text[start:end] for start, end in quote.sentences]
    assert all(sentence[:3] in ("1. ", "2. ", "3. ") for sentence in marked)


def test_an_item_of_a_long_list_names_its_lead_in(
    tmp_path: Path, documents: Path, model: SentenceTransformerEmbedder
) -> None:
    items = [f"{n}. Hut {n} has a red door and {n + 2} beds for wardens." for n in range(1, 41)]
    items[32] = "33. The boathouse keeps canoes, paddles and life jackets for visitors."
    lead = "The reserve owns the following buildings:"
    write(documents, huts=f"{lead}\n\n" + "\n".join(items))
    build_index(documents, tmp_path / "index", model=model)
    with open_index(tmp_path / "index") as index:
        found = answer("Where are the canoes and paddles kept for visitors?", index)
        check(found, index)
        quote = found.quotes[0]
        text = index.document("huts.txt").text
        assert [text[start:end] for start, end in quote.sentences] == [items[32]]
        assert lead not in quote.text
        assert [text[start:end] for start, end in quote.context] == [lead]


def test_the_same_passage_in_several_files_is_quoted_once(
    tmp_path: Path, documents: Path, model: SentenceTransformerEmbedder
) -> None:
    text = "Otters sleep on their backs and hold hands, so that none of them drifts away."
    write(
        documents,
        a=text,
        b=text,
        c=text.replace(" and ", "\nand "),
        d="Herons stand on one leg in the shallow water and wait for fish.",
    )
    build_index(documents, tmp_path / "index", model=model)
    with open_index(tmp_path / "index") as index:
        found = answer("How do otters sleep?", index)
        check(found, index)
        (quoted,) = (quote.citation.document_id for quote in found.quotes)
        assert quoted in {"a.txt", "b.txt", "c.txt"}
        assert len(found.hits) == 4
        only = answer("How do otters sleep?", index, documents=["b.txt"])
        assert [quote.citation.document_id for quote in only.quotes] == ["b.txt"]


def test_words_that_no_document_holds_are_named(article: Index) -> None:
    question = "What is Zürich's Zorbification of NATO's partnership, snörk? Zorbification!"
    assert answer(question, article).unknown_words == ("Zürich's", "Zorbification", "snörk")
    for known in ANSWERED[:4]:
        text = article.document(ARTICLE).text.lower()
        unknown = answer(known, article).unknown_words
        assert set(unknown) <= set(words(known))
        assert not any(word.lower() in text for word in unknown)


def test_k_limits_what_is_quoted(article: Index) -> None:
    question = "What challenges do budgetary constraints pose to NATO military partnerships?"
    assert len(answer(question, article, k=5).quotes) > 1
    single = answer(question, article, k=1)
    check(single, article)
    assert len(single.quotes) == len(single.hits) == 1
    assert single.confidence == answer(question, article).confidence


def test_nothing_in_the_chosen_documents_is_no_answer(article: Index) -> None:
    found = answer("How do limited budgets affect partnerships?", article, documents=[])
    assert (found.found, found.hits, found.quotes, found.confidence) == (False, (), (), 0.0)


def test_what_may_answer_is_quoted_though_it_is_not_sure(article: Index) -> None:
    """Three verdicts: sure, quoted as what may answer, and nothing that could be quoted."""
    sure = answer(ANSWERED[0], article)
    assert sure.verdict == "answered"
    unsure = answer(ANSWERED[0], article, strictness=1.0)
    assert (unsure.verdict, unsure.found) == ("possible", False)
    assert unsure.quotes == sure.quotes
    absent = answer("How do I bake bread?", article)
    assert (absent.verdict, absent.quotes) == ("absent", ())
    assert answer("How do I bake bread?", article, strictness=0.0).verdict == "answered"


def test_words_that_only_ask_or_are_of_another_language_are_not_called_unknown(
    article: Index,
) -> None:
    def unknown(question: str) -> tuple[str, ...]:
        return answer(question, article).unknown_words

    assert unknown("What does it say of zeppelins?") == ("zeppelins",)
    assert unknown("Wann wurde die Feuerwehr gegründet, und wer gibt ihr das Geld dafür?") == ()
    assert unknown("What is BUG-1042 about?") == ()
    assert answer("What is BUG-1042 about?", article).missing == ("BUG-1042",)
