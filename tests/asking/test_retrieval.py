"""Question → hits: the right passages, within what was asked for, the same from every thread."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ARTICLE, DOCUMENTS, ROOT, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.hashing import HashEmbedder
from qa_bot import (
    EmptyQuestionError,
    Index,
    IndexDamagedError,
    IndexNotFoundError,
    IndexStateError,
    UnknownDocumentError,
    UsageError,
    answer,
    build_index,
    open_index,
    retrieve,
)
from qa_bot.asking.retrieval import MAX_QUESTION, rank
from qa_bot.models.embedding import SentenceTransformerEmbedder

# A question, and words of the passage that answers it.
GOLDEN = {
    "How do limited budgets affect partnerships?": "Limited budgets and competing priorities",
    "What can financial limitations constrain?": "constrain the development of joint projects",
    "Which country has few military forces but a strategic location?": "Iceland’s limited",
    "Where are the battlegroups of the Enhanced Forward Presence?": "Poland and the Baltic",
    "What do confidence-building measures do?": "measures (CSBMs)",
    "What does artificial intelligence bring to the alliance?": "artificial intelligence",
    "Which principle says that an attack on one is an attack on all?": "an attack on all",
    "What helps smaller nations maintain their contributions?": "smaller or less-equipped",
}
QUESTIONS = [
    *GOLDEN,
    "NATO",
    "How do I bake bread?",
    "See also",
    "who?",
    "¿Qué es la OTAN?",
    "东京",
]


@pytest.fixture(scope="module")
def folders(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Iterator[Index]:
    """An index of documents in folders whose names begin alike."""
    documents = tmp_path_factory.mktemp("folders")
    write(
        documents,
        a__otter="Otters sleep on their backs, in the water of slow rivers, near the bank.",
        a__deep__heron="Herons stand on one leg in slow rivers and wait for fish near the bank.",
        ab__moth="Moths fly to lamps at night, near slow rivers, and sleep in the day.",
        b="Wardens count the animals that sleep near slow rivers every spring.",
    )
    build_index(documents, documents / ".index", model=model)
    with open_index(documents / ".index") as index:
        yield index


@pytest.mark.parametrize(("question", "words"), GOLDEN.items())
def test_the_passage_that_answers_comes_first(article: Index, question: str, words: str) -> None:
    assert any(words in hit.passage.text for hit in retrieve(question, article, k=2))


@pytest.mark.parametrize("question", QUESTIONS)
def test_scores_fall_and_stay_between_zero_and_one(article: Index, question: str) -> None:
    hits = retrieve(question, article, k=40)
    assert len(hits) == 40
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert all(one.score >= other.score for one, other in pairwise(hits))
    assert len({(hit.passage.start, hit.passage.end) for hit in hits}) == 40


@pytest.mark.parametrize("k", [1, 2, 5, 59, 60, 61, 10_000])
def test_k_is_respected(article: Index, k: int) -> None:
    hits = retrieve("What do budgets limit?", article, k=k)
    assert len(hits) == min(k, article.passage_count)
    assert hits[:5] == retrieve("What do budgets limit?", article)[:k]


def test_passages_are_slices_of_the_document(article: Index) -> None:
    document = article.document(ARTICLE)
    paths = {section.path for section in document.sections}
    for hit in retrieve("NATO", article, k=100):
        passage = hit.passage
        assert document.text[passage.start : passage.end] == passage.text
        assert passage.document_id == ARTICLE
        assert passage.section in paths
        assert passage.sentences[0].start == passage.start
        assert passage.sentences[-1].end == passage.end


def found(index: Index, *names: str) -> set[str]:
    hits = retrieve("What sleeps near slow rivers?", index, k=50, documents=names)
    return {hit.passage.document_id for hit in hits}


def test_documents_are_named_exactly_or_by_folder(folders: Index) -> None:
    assert found(folders, "a") == {"a/otter.txt", "a/deep/heron.txt"}
    assert found(folders, "a/") == {"a/otter.txt", "a/deep/heron.txt"}
    assert found(folders, "a/deep") == {"a/deep/heron.txt"}
    assert found(folders, "ab") == {"ab/moth.txt"}
    assert found(folders, "b.txt") == {"b.txt"}
    assert found(folders, "b.txt", "a/deep", "a") == {"b.txt", "a/otter.txt", "a/deep/heron.txt"}
    assert len(retrieve("What sleeps near slow rivers?", folders, k=50)) == 4


@pytest.mark.parametrize("name", ["", "/", "c", "b", "otter.txt", "a/ott", "B.TXT", "%", "b.txt/"])
def test_an_unknown_name_is_an_error(folders: Index, name: str) -> None:
    for ask in (retrieve, answer):
        with pytest.raises(UnknownDocumentError, match="qa-bot status") as caught:
            ask("What sleeps?", folders, documents=["b.txt", name])
        assert repr(name) in str(caught.value)


def test_leaving_documents_out_does_not_change_the_scores_of_the_rest(folders: Index) -> None:
    question = "What sleeps near slow rivers?"
    everything = {hit.passage: hit.score for hit in retrieve(question, folders, k=50)}
    for hit in retrieve(question, folders, k=50, documents=["a", "b.txt"]):
        assert hit.score == pytest.approx(everything[hit.passage], abs=1e-5)


@pytest.mark.parametrize("k", [0, -1])
def test_no_passage_at_all_cannot_be_asked_for(article: Index, k: int) -> None:
    for ask in (retrieve, answer):
        with pytest.raises(UsageError, match=f"k is {k}"):
            ask("Who?", article, k=k)


@pytest.mark.parametrize("question", ["", " \n\t", "?!…", "___", "—", "\0", "🦦"])
def test_a_question_without_words_is_refused(article: Index, question: str) -> None:
    for ask in (retrieve, answer):
        with pytest.raises(EmptyQuestionError, match="in words"):
            ask(question, article)


def test_only_the_beginning_of_a_huge_question_is_read(article: Index) -> None:
    question = "How do budgets limit the partnerships? " + "budget " * 20_000
    assert retrieve(question, article) == retrieve(question[:MAX_QUESTION], article)


def test_the_best_words_can_stand_anywhere_in_a_big_index(tmp_path: Path) -> None:
    # Meaningless vectors: only the words can bring up the one passage among 400.
    documents = tmp_path / "documents"
    texts = {f"n{n}": f"Report {n} was filed by the warden of hut {n}." for n in range(400)}
    texts["n333"] = "Report 333 tells of a quagga that was seen from the tower."
    write(documents, **texts)
    embedder = HashEmbedder(dimension=384)
    build_index(documents, tmp_path / "index", model=embedder)
    with open_index(tmp_path / "index", model=embedder) as index:
        (hit,) = retrieve("Who has seen the quagga from a tower?", index, k=1)
        assert hit.passage.document_id == "n333.txt"
        ranking = rank("quagga tower", index, k=1)
        assert set(ranking.terms) == {"quagga", "tower"}
        assert ranking.candidates[0].coverage == pytest.approx(1)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25)
@given(question=st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
def test_any_text_is_answered_or_refused(article: Index, question: str) -> None:
    try:
        hits = retrieve(question, article, k=3)
    except EmptyQuestionError:
        assert not any(character.isalnum() for character in question)
    else:
        assert len(hits) == 3


def test_eight_threads_get_what_one_gets(article: Index) -> None:
    questions = QUESTIONS * 3
    alone = [answer(question, article) for question in questions]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda question: answer(question, article), questions))
    assert together == alone


def test_asking_the_same_again_gives_the_same(article: Index, article_folder: Path) -> None:
    with open_index(article_folder) as again:
        for question in QUESTIONS:
            assert retrieve(question, again) == retrieve(question, article)


def test_another_process_gets_the_same_to_the_last_bit(tmp_path: Path) -> None:
    build_index(DOCUMENTS, tmp_path / "index", model=HashEmbedder())
    script = f"""
import sys
from benchmarks.hashing import HashEmbedder
from qa_bot import open_index, retrieve
with open_index(sys.argv[1], model=HashEmbedder()) as index:
    for question in {QUESTIONS!r}:
        print([hit.score for hit in retrieve(question, index, k=40)])
"""
    printed = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path / "index")],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "123"
    }
    assert len(printed) == 1


def test_no_index_says_what_to_run(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        with pytest.raises(IndexNotFoundError, match=r"`qa-bot index --index .+`") as caught:
            open_index(folder)
        assert str(folder) in str(caught.value)
    assert not (tmp_path / "missing").exists()
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_document_is_an_error(article: Index) -> None:
    assert article.document(ARTICLE).id == ARTICLE
    with pytest.raises(UnknownDocumentError):
        article.document("nothing.txt")


def test_a_closed_index_has_let_go(article_folder: Path) -> None:
    with open_index(article_folder) as index:
        pass
    index.close()  # a second time is no harm
    with pytest.raises(IndexStateError, match="closed") as caught:
        index.documents()
    assert not isinstance(caught.value, IndexDamagedError)
