"""Files are read in parallel by processes of their own, within limits, never at others' cost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import astuple
from pathlib import Path

import pytest
from conftest import write
from fpdf import FPDF

from qa_bot import processes
from qa_bot.builds import Limits
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document, pool, worker
from qa_bot.loaders.pool import Outcome, read_documents
from qa_bot.records import Document


@pytest.fixture
def files(documents: Path) -> list[tuple[str, Path]]:
    """Ten small files."""
    write(documents, **{f"n{number}": f"Otter number {number} sleeps." for number in range(10)})
    return [(path.name, path) for path in sorted(documents.iterdir())]


def by_name(outcomes: list[Outcome]) -> dict[str, Outcome]:
    found: dict[str, Outcome] = {}
    for one in outcomes:
        assert isinstance(one, Document | UnreadableDocumentError)
        found[one.id if isinstance(one, Document) else one.path.name] = one
    return found


def workers() -> set[int]:
    """Process ids of the workers that this process has started."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        text=True,
        check=False,
    )
    return {int(line.split()[0]) for line in listed.stdout.splitlines() if "loaders.worker" in line}


@pytest.mark.parametrize("processes", [1, 3])
def test_every_file_comes_out_as_its_loader_reads_it(
    files: list[tuple[str, Path]], processes: int
) -> None:
    outcomes = by_name(list(read_documents(files, processes=processes)))
    assert outcomes == {name: load_document(path, name) for name, path in files}


def test_a_document_survives_the_way_through_json(documents: Path) -> None:
    (documents / "a.html").write_text(
        "<h1 id='x'>Otters</h1><p>They \ud83e\udda6 sleep.</p><table><tr><td>1<td>2</table>",
        encoding="utf-8",
        errors="surrogatepass",
    )
    document = load_document(documents / "a.html", "caf\udce9/a.html")
    assert worker.from_json(worker.to_json(document)) == document
    (outcome,) = read_documents([("caf\udce9/a.html", documents / "a.html")])
    assert outcome == document


def test_no_files_need_no_process() -> None:
    assert list(read_documents([])) == []


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no /proc")
def test_a_process_that_reads_text_loads_no_numerical_library(
    files: list[tuple[str, Path]],
) -> None:
    """They would take most of the time of a build in which one file has changed."""
    process = processes.start("qa_bot.loaders.worker")
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        document_id, path = files[0]
        request = {
            "path": str(path),
            "id": document_id,
            "limits": astuple(Limits()),
            "ocr": None,
            "second": True,
        }
        process.stdin.write(json.dumps(request).encode() + b"\n")
        process.stdin.flush()
        reply = json.loads(process.stdout.readline())
        assert worker.from_json(reply["document"]) == load_document(path, document_id)
        mapped = Path(f"/proc/{process.pid}/maps").read_text()
        assert "python" in mapped
        assert not any(name in mapped for name in ("numpy", "torch", "faiss", "tantivy"))
    finally:
        processes.stop(process)


def test_one_unreadable_file_does_not_stop_the_others(files: list[tuple[str, Path]]) -> None:
    files[3][1].write_bytes(b"\0")
    outcomes = by_name(list(read_documents(files)))
    failed = outcomes.pop(files[3][0])
    assert isinstance(failed, UnreadableDocumentError)
    assert "NUL" in failed.reason
    assert len(outcomes) == 9
    assert all(isinstance(outcome, Document) for outcome in outcomes.values())


@pytest.mark.skipif(sys.platform != "linux", reason="other systems don't cap memory")
def test_a_file_that_needs_too_much_memory_is_reported(files: list[tuple[str, Path]]) -> None:
    files[4][1].write_text("All work and no play. " * 2_000_000)
    outcomes = by_name(list(read_documents(files, Limits(memory=120 * 2**20))))
    failed = outcomes.pop(files[4][0])
    assert isinstance(failed, UnreadableDocumentError)
    assert "memory" in failed.reason
    assert all(isinstance(outcome, Document) for outcome in outcomes.values())


def test_a_file_that_takes_too_long_is_reported(files: list[tuple[str, Path]]) -> None:
    files[4][1].write_text("All work and no play.\n\n" * 1_000_000)
    outcomes = by_name(list(read_documents(files, Limits(seconds=0.5))))
    failed = outcomes.pop(files[4][0])
    assert isinstance(failed, UnreadableDocumentError)
    assert failed.reason == "takes longer than 0.5 s to read"
    assert all(isinstance(outcome, Document) for outcome in outcomes.values())


def crashing(monkeypatch: pytest.MonkeyPatch, seconds: float) -> list[subprocess.Popen[bytes]]:
    """End the first process so many seconds after any starts; all that were started."""
    started: list[subprocess.Popen[bytes]] = []
    start = pool._start

    def note() -> subprocess.Popen[bytes]:
        started.append(start())
        threading.Timer(seconds, started[0].send_signal, [signal.SIGSEGV]).start()
        return started[-1]

    monkeypatch.setattr(pool, "_start", note)
    return started


def test_a_process_that_dies_costs_the_file_it_was_reading(
    files: list[tuple[str, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a crash in a parser's C code would end it."""
    files[0][1].write_text("All work and no play.\n\n" * 1_000_000)
    started = crashing(monkeypatch, 1.5)
    outcomes = by_name(list(read_documents(files, processes=1)))
    failed = outcomes.pop(files[0][0])
    assert isinstance(failed, UnreadableDocumentError)
    assert failed.reason.startswith("crashed its parser")
    assert all(isinstance(outcome, Document) for outcome in outcomes.values())
    assert len(started) == 2


def test_a_pdf_that_crashes_two_parsers_is_read_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = FPDF()
    writer.set_font("Helvetica")
    for number in range(300):
        writer.add_page()
        writer.multi_cell(0, 5, f"The herons of pond {number} wait for fish. " * 40)
    path = tmp_path / "ponds.pdf"
    writer.output(str(path))
    started = crashing(monkeypatch, 1.0)
    (outcome,) = read_documents([("ponds.pdf", path)], processes=1)
    assert isinstance(outcome, Document)
    assert "The herons of pond 299 wait" in outcome.text
    assert len(started) == 2


def test_a_file_beyond_the_size_limit_is_not_opened(files: list[tuple[str, Path]]) -> None:
    (outcome,) = read_documents(files[:1], Limits(size=10))
    assert isinstance(outcome, UnreadableDocumentError)
    assert "larger than" in outcome.reason


def test_stopping_early_leaves_no_process(files: list[tuple[str, Path]]) -> None:
    before = workers()
    outcomes = read_documents(files * 20)
    next(outcomes)
    assert workers() - before
    outcomes.close()  # type: ignore[attr-defined]
    deadline = time.monotonic() + 10
    while workers() - before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not workers() - before


def test_reading_pauses_when_enough_waits(
    files: list[tuple[str, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Documents that nobody has asked for yet are held in memory, so not all of them may be."""
    monkeypatch.setattr(pool, "HELD", 60)
    outcomes = read_documents(files, processes=2)
    first = next(outcomes)
    time.sleep(1)
    crew = outcomes.gi_frame.f_locals["crew"]  # type: ignore[attr-defined]
    assert crew._done.qsize() <= 5
    assert len(by_name([first, *outcomes])) == 10


def test_a_module_in_the_current_folder_is_not_taken_for_pythons_own(
    files: list[tuple[str, Path]], documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (documents / "json.py").write_text("raise SystemExit('taken over')")
    monkeypatch.chdir(documents)
    assert all(isinstance(outcome, Document) for outcome in read_documents(files))
