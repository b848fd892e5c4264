"""The fitted numbers are data: read, checked, and made again by their command."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa_bot.asking.weighing import FILE, ORDER, VERDICT, fitted
from qa_bot.errors import ModelError
from qa_bot.models.reader import FOLDER


def kept() -> dict[str, object]:
    found: dict[str, object] = json.loads((FOLDER / FILE).read_text(encoding="utf-8"))
    return found


def test_the_numbers_say_what_made_them() -> None:
    numbers = fitted()
    assert set(numbers.order) == set(ORDER)
    assert set(VERDICT) < set(numbers.verdict)
    assert 0 < numbers.answered < 1
    assert {"made by", "of", "on"} <= set(kept())


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "[]",
        "{}",
        json.dumps({**kept(), "order": {"evidence": 1}}),
        json.dumps({**kept(), "answered": 1.5}),
        json.dumps({**kept(), "answered": "often"}),
        json.dumps(kept()).replace("1.0", "NaN", 1),
    ],
    ids=["missing", "empty", "list", "nothing", "fewer", "beyond", "words", "no number"],
)
def test_damaged_numbers_are_refused_with_their_file(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / FILE).write_text(text)
    with pytest.raises(ModelError, match=FILE):
        fitted(tmp_path)
