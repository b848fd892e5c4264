"""Conversations that are made of questions on one paragraph, and what they are fitted with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from qa_bot import Turn
from training.conversations import Sample, articles, held_out, is_right, mentioned

HISTORY = (Turn("When was Olaf Berg born?"), Turn("Where did Olaf Berg study?"))


@pytest.mark.parametrize(
    ("question", "told"),
    [
        ("What did Olaf Berg paint?", "What did it paint?"),
        ("What was Olaf Berg's first job?", "What was its first job?"),
        ("Who taught him?", None),
        ("What did Anna Lund paint?", None),
    ],
)
def test_what_was_named_before_becomes_a_pronoun(question: str, told: str | None) -> None:
    assert mentioned(question, HISTORY, "Painters") == told


def test_a_passage_is_right_if_all_parts_of_a_phrase_stand_in_it() -> None:
    sample = Sample("turn", "How much?", (), "a.html", (("12", "Rent"), ("a  fee",)))
    assert is_right(sample, "a.html", "Rent | 12 | 14")
    assert is_right(sample, "a.html", "There is a fee.")
    assert not is_right(sample, "a.html", "Rent | 14")
    assert not is_right(sample, "b.html", "Rent | 12")


def test_one_report_in_three_is_held_out() -> None:
    share = sum(held_out(f"report-{n}.html") for n in range(3_000)) / 3_000
    assert 0.3 < share < 0.37


def test_conversations_end_with_their_own_questions_and_with_other_subjects(
    tmp_path: Path,
) -> None:
    def paragraph(name: str) -> dict[str, object]:
        asked = [{"question": f"What is {name} {n}?", "answers": [{"text": name}]} for n in "abc"]
        return {"context": f"{name} is here. More of it.", "qas": asked}

    data = [
        {"title": title, "paragraphs": [paragraph(f"{title} {n}") for n in "xy"]}
        for title in ("Otter", "Heron", "Beaver")
    ]
    file = tmp_path / "set.json"
    file.write_text(json.dumps({"data": data}), encoding="utf-8")
    found = articles(file, {"Otter", "Heron"})
    assert {one.kind for one in found} == {"as asked", "mention", "elsewhere", "other", "nowhere"}
    for one in found:
        about = one.history[0].question.split()[2]
        assert about in ("Otter", "Heron")
        assert len(one.history) == 2
        named = {"elsewhere": {about}, "nowhere": {"Beaver"}, "as asked": {about}}
        assert one.document in named.get(one.kind, {"Otter", "Heron"})
