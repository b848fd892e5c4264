"""Thumbs up and down: each is kept whole, whoever else writes and however a file was damaged."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT, write
from quoting import HARD_TEXTS, quote_of

from benchmarks.hashing import HashEmbedder
from qa_bot import Index, add_golden, answer, build_index, read_golden
from qa_bot.errors import IndexStateError, UsageError
from qa_bot.keeping.feedback import FILE, Feedback, Place, Verdict, add_feedback, read_feedback
from qa_bot.records import Answer

NOON = datetime(2026, 11, 5, 12, tzinfo=UTC)
WHERE = Place("notes/a.pdf", "0123456789abcdef", 100, 104, ("A", "B"), ("iv",))


def reply(question: str = "Why?", text: str = "four") -> Answer:
    return Answer(question, True, 0.75, (), (quote_of(text), quote_of("second")))


def press(folder: Path, answered: Answer, verdict: Verdict = "up", minutes: int = 0) -> Feedback:
    return add_feedback(
        folder,
        answered,
        verdict,
        model="a model",
        version="0.1.0",
        time=NOON + timedelta(minutes=minutes),
    )


def test_a_verdict_comes_back_as_it_was_kept_without_the_quoted_words(tmp_path: Path) -> None:
    given = press(tmp_path, reply())
    nothing = press(tmp_path, Answer("Who?", False, 0.25, (), ()), "down", 1)
    assert read_feedback(tmp_path).feedback == (given, nothing)
    assert read_feedback(tmp_path).damaged == ()
    assert given == Feedback(
        "2026-11-05T12:00:00Z", "up", "Why?", True, 0.75, WHERE, "a model", "0.1.0"
    )
    assert nothing.quote is None
    lines = (tmp_path / FILE).read_text().splitlines()
    assert [json.loads(line)["verdict"] for line in lines] == ["up", "down"]
    assert "four" not in lines[0]


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_any_question_comes_back_from_one_line_of_utf_8(tmp_path: Path, text: str) -> None:
    given = press(tmp_path, reply(text))
    assert (tmp_path / FILE).read_bytes().decode("utf-8").count("\n") == 1
    assert read_feedback(tmp_path).feedback == (given,)


def test_the_last_verdict_on_the_same_answer_counts(tmp_path: Path) -> None:
    press(tmp_path, reply(), "up", 0)
    other_quote = press(tmp_path, reply(text="longer"), "up", 1)
    other_question = press(tmp_path, reply("Why not?"), "up", 2)
    nothing = press(tmp_path, Answer("Why?", False, 0.1, (), ()), "down", 3)
    changed = press(tmp_path, reply(" why? "), "down", 4)
    assert read_feedback(tmp_path).feedback == (other_quote, other_question, nothing, changed)
    assert len((tmp_path / FILE).read_text().splitlines()) == 5


def test_half_a_line_of_a_crash_spoils_no_other(tmp_path: Path) -> None:
    first = press(tmp_path, reply("1"))
    with (tmp_path / FILE).open("ab") as file:
        file.write(b'{"time": "2026-11-05T12:00:00Z", "verd')
    second = press(tmp_path, reply("2"))
    third = press(tmp_path, reply("3"))
    kept = read_feedback(tmp_path)
    assert kept.feedback == (first, second, third)
    assert kept.damaged == ("line 2: not JSON",)


def test_foreign_and_damaged_lines_are_reported_and_the_others_read(tmp_path: Path) -> None:
    good = json.loads(json.dumps(press_line(tmp_path)))
    lines: list[tuple[object, str]] = [
        (b"\xff\xfe", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"9" * 5_000, "not JSON"),
        (["up"], "not feedback"),
        ({}, "no verdict"),
        ({**good, "verdict": "sideways"}, "no verdict"),
        ({**good, "confidence": "high"}, "no confidence"),
        ({**good, "confidence": True}, "no confidence"),
        ({**good, "confidence": 10**400}, "no confidence"),
        ({**good, "confidence": float("nan")}, "no confidence"),
        ({**good, "found": 1}, "no found"),
        ({**good, "question": None}, "no question"),
        ({**good, "quote": "four"}, "no quote"),
        ({**good, "quote": {**good["quote"], "start": 1.5}}, "no start"),
        ({**good, "quote": {**good["quote"], "section": "A"}}, "no section"),
    ]
    data = b"\n".join(
        line if isinstance(line, bytes) else json.dumps(line).encode() for line, _ in lines
    )
    newer = {**good, "question": "Newer?", "confidence": 1, "added_later": [1]}
    (tmp_path / FILE).write_bytes(data + b"\n\n" + json.dumps(newer).encode())
    kept = read_feedback(tmp_path)
    assert kept.damaged == tuple(f"line {n}: {why}" for n, (_, why) in enumerate(lines, 1))
    assert [(one.question, one.confidence) for one in kept.feedback] == [("Newer?", 1.0)]


def press_line(folder: Path) -> dict[str, object]:
    press(folder, reply())
    line: dict[str, object] = json.loads((folder / FILE).read_text())
    return line


WRITER = """
import sys
sys.path[:0] = ["tests", "tests/keeping"]
from pathlib import Path
from test_feedback import press, reply
for number in range(50):
    press(Path(sys.argv[1]), reply(f"Question {number} of {sys.argv[2]}? " + "x" * 9_000))
"""


def test_several_processes_lose_and_mix_nothing(tmp_path: Path) -> None:
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path), str(number)], cwd=ROOT)
        for number in range(2)
    ]
    assert [writer.wait(120) for writer in writers] == [0, 0]
    kept = read_feedback(tmp_path)
    assert kept.damaged == ()
    assert {one.question.split("?")[0] for one in kept.feedback} == {
        f"Question {number} of {writer}" for number in range(50) for writer in range(2)
    }


def test_what_cannot_be_written_or_read_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(IndexStateError, match=r"feedback.jsonl can't be written \(No such file"):
        press(tmp_path / "none", reply())
    assert read_feedback(tmp_path).feedback == ()
    (tmp_path / FILE).mkdir()
    with pytest.raises(IndexStateError, match=r"can't be written \(Is a directory\)"):
        press(tmp_path, reply())
    with pytest.raises(IndexStateError, match=r"can't be read \(Is a directory\)"):
        read_feedback(tmp_path)
    with pytest.raises(UsageError, match="'sideways' is no verdict"):
        press(tmp_path, reply(), "sideways")  # type: ignore[arg-type]


FULL = """
import resource, signal, sys
sys.path[:0] = ["tests", "tests/keeping"]
from pathlib import Path
from test_feedback import FILE, press, reply
from qa_bot.errors import IndexStateError
folder = Path(sys.argv[1])
size = (folder / FILE).stat().st_size
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, size + 20))
try:
    press(folder, reply("2"))
except IndexStateError as error:
    print(error)
"""


def test_a_full_disk_leaves_no_half_line(tmp_path: Path) -> None:
    first = press(tmp_path, reply("1"))
    before = (tmp_path / FILE).read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.rstrip().endswith("feedback.jsonl can't be written (File too large).")
    assert (tmp_path / FILE).read_bytes() == before
    assert read_feedback(tmp_path).feedback == (first,)


def test_builds_and_rebuilds_leave_the_feedback_alone(documents: Path, folder: Path) -> None:
    write(documents, a="Otters sleep on their backs.")
    build_index(documents, folder, model=HashEmbedder())
    press(folder, reply())
    before = ((folder / FILE).read_bytes(), os.stat(folder / FILE).st_mtime_ns)
    write(documents, b="Herons stand.")
    build_index(documents, folder, model=HashEmbedder())
    build_index(documents, folder, model=HashEmbedder("another"), rebuild=True)
    (folder / "qa_bot.sqlite").write_bytes(b"garbage" * 999)
    build_index(documents, folder, model=HashEmbedder(), rebuild=True)
    assert ((folder / FILE).read_bytes(), os.stat(folder / FILE).st_mtime_ns) == before


def test_what_got_a_thumb_up_can_be_kept_as_a_golden_question(
    article: Index, tmp_path: Path
) -> None:
    given = answer("Why is Iceland important?", article)
    kept = add_feedback(tmp_path, given, "up", model=article.model, version="0.1.0")
    assert kept.quote is not None
    text = article.document(kept.quote.document).text
    assert text[kept.quote.start : kept.quote.end] == given.quotes[0].text
    assert article.document(kept.quote.document).digest == kept.quote.digest
    assert datetime.now(UTC) - datetime.fromisoformat(kept.time) < timedelta(hours=1)
    add_golden(tmp_path, given)
    (question,) = read_golden(tmp_path)
    assert (question.text, question.answered) == (given.question, True)
    assert read_feedback(tmp_path).feedback == (kept,)
