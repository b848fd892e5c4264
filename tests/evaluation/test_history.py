"""Questions of a conversation in a file of questions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from qa_bot import Index, QuestionFileError, Turn, evaluate, read_questions
from qa_bot.evaluation.questions import as_line


def written(tmp_path: Path, *lines: Mapping[str, object]) -> Path:
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def test_a_history_is_read_and_written(tmp_path: Path) -> None:
    line = {
        "question": "And Poland?",
        "history": ["What is the EFP?", ["Why is Iceland important?", "Its location."]],
        "quote": "Enhanced Forward Presence",
    }
    (question,) = read_questions(written(tmp_path, line))
    assert question.history == (
        Turn("What is the EFP?"),
        Turn("Why is Iceland important?", "Its location."),
    )
    assert json.loads(as_line(question)) == line


def test_the_same_words_after_another_conversation_are_another_question(tmp_path: Path) -> None:
    line = {"question": "And there?", "quote": None}
    first, second = read_questions(
        written(tmp_path, {**line, "history": ["Why Iceland?"]}, {**line, "history": ["Why Oslo?"]})
    )
    assert first.id != second.id


@pytest.mark.parametrize("history", ["Why?", [3], [["Why?", 3]], [["a", "b", "c"]], [""], {"a": 1}])
def test_a_history_of_something_else_is_refused(history: object, tmp_path: Path) -> None:
    line = {"question": "And there?", "quote": None, "history": history}
    with pytest.raises(QuestionFileError, match="'history' is no list"):
        read_questions(written(tmp_path, line))


def test_a_question_is_asked_with_its_history(article: Index, tmp_path: Path) -> None:
    line = {"question": "And Poland?", "quote": "Enhanced Forward Presence"}
    told = {**line, "id": "told", "history": ["Why is Iceland important?"]}
    alone = {**line, "id": "alone"}
    found = evaluate(read_questions(written(tmp_path, told, alone)), article)
    told_so, by_itself = found.outcomes
    assert told_so.confidence != by_itself.confidence
    assert told_so.rank == 1
