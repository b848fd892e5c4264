"""The models that packages bring along, as the engine runs them: without torch."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qa_bot.models import e5, minilm
from qa_bot.models.cores import Purpose
from qa_bot.models.engine.bert import Bert, Rows
from qa_bot.models.engine.openvino_layers import EngineError, Layers

SPECIAL = 2  # tokens around those of a text


@dataclass(frozen=True, slots=True)
class Packaged:
    """An embedding model: what cuts its texts, and what runs its layers.

    ``cut`` gives the numbers of a text's tokens with the special ones around them, as many as
    the model reads; ``count`` the number of all, without the special ones. ``prompts`` are what
    it wants in front of a ``query`` and a ``document``.
    """

    bert: Bert
    layers: Layers
    cut: Callable[[str], list[int]]
    count: Callable[[Sequence[str]], list[int]]
    longest: int  # tokens of a sequence
    prompts: Mapping[str, str]

    def run(self, purpose: Purpose, ids: Sequence[int]) -> Rows:
        """The states of the tokens, ``(t, hidden)``."""
        return self.layers.run(purpose, self.bert.start(ids))

    def run_all(self, purpose: Purpose, sequences: Sequence[Sequence[int]]) -> list[Rows]:
        """Those of each of several."""
        return self.layers.run_all(purpose, [self.bert.start(ids) for ids in sequences])


_loaded: dict[str, Packaged | EngineError] = {}
_lock = threading.Lock()


def load(name: str) -> Packaged | None:
    """The model of that name, once for the process; None where torch has to run it.

    Raises:
        ModelError: It is missing or damaged.
    """
    if name not in _MODELS:
        return None
    with _lock:
        if name not in _loaded:
            try:
                _loaded[name] = _MODELS[name]()
            except EngineError as error:
                _loaded[name] = error
        found = _loaded[name]
    return None if isinstance(found, EngineError) else found


def why_not(name: str) -> str:
    """Why torch runs the model of that name, once it was loaded; empty where it doesn't."""
    found = _loaded.get(name)
    return str(found) if isinstance(found, EngineError) else ""


def _minilm() -> Packaged:
    bert = minilm.read_bert()
    layers = Layers(bert)
    tokenizer = minilm.tokenizer_of(minilm.folder())
    room = minilm.LONGEST - SPECIAL

    def cut(text: str) -> list[int]:
        return [start, *tokenizer.encode(text, add_special_tokens=False).ids[:room], end]

    def count(texts: Sequence[str]) -> list[int]:
        return [
            len(one.ids) for one in tokenizer.encode_batch(list(texts), add_special_tokens=False)
        ]

    start, end = (int(tokenizer.token_to_id(token) or 0) for token in ("[CLS]", "[SEP]"))
    return Packaged(bert, layers, cut, count, minilm.LONGEST, {})


def _e5() -> Packaged:
    from qa_bot.models.e5.weights import read_bert

    file, tokenizer = e5.open_file()
    bert = read_bert(file)
    layers = Layers(bert)
    longest = file.shape.positions

    def cut(text: str) -> list[int]:
        found: list[int] = tokenizer([text], truncation=True, max_length=longest)["input_ids"][0]
        return found

    def count(texts: Sequence[str]) -> list[int]:
        return list(map(len, tokenizer(texts, add_special_tokens=False)["input_ids"]))

    return Packaged(bert, layers, cut, count, longest, e5.PROMPTS)


_MODELS: dict[str, Callable[[], Packaged]] = {minilm.NAME: _minilm, e5.NAME: _e5}
