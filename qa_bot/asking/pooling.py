"""Two ways to ask one question → one ranking: what each finds counts by how likely it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from qa_bot.asking.retrieval import Candidate, Ranking, order
from qa_bot.records import Passage


def pooled(alone: Ranking, completed: Ranking, share: float) -> Ranking:
    """The candidates of both rankings by their mixed evidence, best first.

    ``share`` is what the completed question counts, in [0, 1], against that of the question
    alone. A passage that one of them doesn't have on its shortlist counts there as the last that
    it has. They are read with the question alone: behind words of a conversation, which are no
    sentence, the reader does worse (``training/README.md``).
    """
    if share >= 1 or not alone.candidates:
        return completed
    if share <= 0 or not completed.candidates:
        return alone
    mine, others = _by_passage(alone.candidates), _by_passage(completed.candidates)
    mixed = [
        _mixed(
            mine.get(key) or _last(one, alone.candidates),
            others.get(key) or _last(one, completed.candidates),
            share,
        )
        for key, one in (mine | others).items()
    ]
    return replace(alone, candidates=tuple(sorted(mixed, key=order)))


def _by_passage(candidates: Sequence[Candidate]) -> dict[tuple[str, int], Candidate]:
    return {_key(one.passage): one for one in candidates}


def _key(passage: Passage) -> tuple[str, int]:
    return passage.document_id, passage.start


def _last(one: Candidate, candidates: Sequence[Candidate]) -> Candidate:
    """A passage with the evidence that the last of a shortlist has."""
    last = candidates[-1]
    best = max(last.sentences, default=(last.cosine, 0.0))
    return replace(
        last,
        passage=one.passage,
        sentences=(best,) * len(one.sentences),
        held=one.held,
    )


def _mixed(alone: Candidate, completed: Candidate, share: float) -> Candidate:
    """The same passage's evidence for both."""

    def mix(one: float, other: float) -> float:
        return (1 - share) * one + share * other

    return replace(
        alone,
        cosine=mix(alone.cosine, completed.cosine),
        coverage=mix(alone.coverage, completed.coverage),
        bm25=mix(alone.bm25, completed.bm25),
        sentences=tuple(
            (mix(near, other_near), mix(held, other_held))
            for (near, held), (other_near, other_held) in zip(
                alone.sentences, completed.sentences, strict=True
            )
        ),
        above=mix(alone.above, completed.above),
        either=mix(alone.either, completed.either),
    )
