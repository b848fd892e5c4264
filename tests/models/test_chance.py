"""Where a model's cosines begin."""

from __future__ import annotations

import pytest

from benchmarks.hashing import HashEmbedder
from qa_bot.models import e5
from qa_bot.models.chance import chance_of, measured
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder


@pytest.mark.parametrize("name", [DEFAULT_MODEL, e5.NAME])
def test_what_is_measured_is_near_what_is_known(name: str) -> None:
    embedder = load_embedder(name)
    assert measured(embedder) == pytest.approx(chance_of(embedder), abs=0.06)


def test_a_model_that_is_not_known_is_measured_once() -> None:
    embedder = HashEmbedder()
    assert 0 <= chance_of(embedder) < 0.3
    embedder.fail_after = 0
    assert chance_of(embedder) == chance_of(HashEmbedder())
