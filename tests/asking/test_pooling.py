"""What a question finds alone and completed, in one order."""

from __future__ import annotations

import pytest

from qa_bot import Index
from qa_bot.asking.pooling import pooled
from qa_bot.asking.retrieval import WEIGHTS, Ranking, rank


@pytest.fixture(scope="module")
def rankings(article: Index) -> tuple[Ranking, Ranking]:
    """Two questions on the article that find different passages."""
    return rank("Who leads them?", article), rank("Enhanced Forward Presence leads them?", article)


def keys(ranking: Ranking) -> list[int]:
    return [one.passage.start for one in ranking.candidates]


def test_the_ends_are_the_rankings_themselves(rankings: tuple[Ranking, Ranking]) -> None:
    alone, completed = rankings
    assert pooled(alone, completed, 0) is alone
    assert pooled(alone, completed, 1) is completed


def test_all_of_both_are_in_it_and_in_order(rankings: tuple[Ranking, Ranking]) -> None:
    both = pooled(*rankings, 0.4)
    assert set(keys(both)) == {*keys(rankings[0]), *keys(rankings[1])}
    assert len(keys(both)) == len(set(keys(both)))
    evidence = [round(WEIGHTS.evidence(one), 6) for one in both.candidates]
    assert evidence == sorted(evidence, reverse=True)
    for one in both.candidates:
        assert len(one.sentences) == len(one.held) == len(one.passage.sentences)


def test_evidence_lies_between_that_of_both(rankings: tuple[Ranking, Ranking]) -> None:
    mine, others = (
        {one.passage.start: WEIGHTS.evidence(one) for one in ranking.candidates}
        for ranking in rankings
    )
    shared = [
        one
        for one in pooled(*rankings, 0.5).candidates
        if one.passage.start in mine.keys() & others.keys()
    ]
    assert shared
    for one in shared:
        found = (mine[one.passage.start], others[one.passage.start])
        assert min(found) - 0.3 < WEIGHTS.evidence(one) <= max(found) + 1e-9


def test_it_is_read_with_the_question_alone(rankings: tuple[Ranking, Ranking]) -> None:
    alone, completed = rankings
    assert pooled(alone, completed, 0.7).question == alone.question
