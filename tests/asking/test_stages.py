"""Reading in stages: a few passages first, the others where those leave a doubt."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from qa_bot import Index, answer, build_index, open_index
from qa_bot.asking.judging import READ, judge
from qa_bot.asking.retrieval import rank
from qa_bot.asking.weighing import STAGES, stages
from qa_bot.errors import ModelError
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.reader import DEFAULT_READER, Reading, SpanReader
from qa_bot.records import Passage

CLEAR = "Which countries lead the Enhanced Forward Presence?"
UNCLEAR = "Who repaired the clock of the town hall?"


class CountingReader(SpanReader):
    """The reader that comes along, which says how many passages it was given, and when."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[int] = []

    def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
        """One reading each."""
        self.given.append(len(passages))
        return DEFAULT_READER.read(question, passages)


def test_where_the_first_passages_are_clear_the_others_are_not_read(article: Index) -> None:
    reader = CountingReader()
    few = answer(CLEAR, article, reader=reader)
    assert reader.given == [stages().first]
    assert few.confidence >= stages().clear
    whole = judge(rank(CLEAR, article), reader, at_once=True)
    assert reader.given[1:] == [READ]
    assert whole[0].candidate.passage == few.quotes[0].passage


def test_where_they_leave_a_doubt_the_others_are_read_and_all_is_as_if_at_once(
    article: Index,
) -> None:
    reader = CountingReader()
    ranking = rank(UNCLEAR, article)
    assert judge(ranking, reader) == judge(ranking, DEFAULT_READER, at_once=True)
    assert reader.given == [stages().first, READ - stages().first]


def test_a_table_is_read_whole_however_clear_its_first_passage_is(
    model: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    huts = "".join(f"Hut {n},Keeper {n} Olsen,{n * 13} beds\n" for n in range(400))
    (tmp_path / "documents").mkdir()
    (tmp_path / "documents" / "huts.csv").write_text(f"Hut,Keeper,Beds\n{huts}")
    build_index(tmp_path / "documents", tmp_path / "index", model=model)
    reader = CountingReader()
    with open_index(tmp_path / "index", model=model) as index:
        found = answer("Who is the keeper of hut 217?", index, reader=reader)
    assert found.quotes
    assert reader.given == [stages().first, READ - stages().first]


def test_another_reader_is_given_all_at_once(article: Index) -> None:
    class Other:
        name = "other"
        given: list[int] = []  # noqa: RUF012 - one test, one reader

        def read(self, question: str, passages: Sequence[Passage]) -> list[Reading]:
            self.given.append(len(passages))
            return DEFAULT_READER.read(question, passages)

    reader = Other()
    judge(rank(CLEAR, article), reader)
    assert reader.given == [READ]


def test_the_numbers_say_what_made_them() -> None:
    kept = json.loads(STAGES.read_text(encoding="utf-8"))
    assert 1 <= stages().first < READ
    assert {"made by", "of", "on"} <= set(kept)


@pytest.mark.parametrize("text", [None, "", "[]", '{"first": 0, "clear": 0.8}', '{"first": 4}'])
def test_damaged_numbers_are_refused_with_their_file(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "stages.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(ModelError, match=r"stages\.json"):
        stages(file)
