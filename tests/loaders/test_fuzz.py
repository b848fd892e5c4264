"""Damaged files cost themselves, with a reason; and the fuzzer that says so can fail."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT

from benchmarks.upkeep import mutants
from benchmarks.upkeep.fuzz import Tally, names, watched
from benchmarks.upkeep.invariants import ugly
from benchmarks.upkeep.specimens import generated
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import CONTAINERS, LOADERS, PICTURES
from qa_bot.loaders.pool import Inside, Through, read_documents
from qa_bot.records import Block, Document, Section


def test_mutants_are_read_or_refused_with_one_clear_line() -> None:
    """``python -m benchmarks.upkeep.fuzz`` does the same with 2,000, and with larger files."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.upkeep.fuzz", "--small", "--mutants", "200"],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failures: 0" in done.stdout


SPECIMENS = generated()


@pytest.mark.parametrize("name", SPECIMENS)
def test_what_is_damaged_can_be_read_as_long_as_it_is_whole(tmp_path: Path, name: str) -> None:
    """Or refusing every mutant would prove nothing."""
    path = tmp_path / name
    path.write_bytes(SPECIMENS[name])
    documents = list(whole(path, name))
    assert documents
    for document in documents:
        assert "Nests" in document.text or "1.1 Water" in document.text
        assert document.warnings == ()


def whole(path: Path, name: str) -> Iterator[Document]:
    """What is read of a file, and of all that lies in it."""
    for outcome in read_documents([(name, path)]):
        if isinstance(outcome, Document):
            yield outcome
        elif isinstance(outcome, Inside):
            assert outcome.finding.document is not None, outcome
            yield outcome.finding.document
        else:
            assert isinstance(outcome, Through)


def test_every_format_is_damaged() -> None:
    suffixes = {Path(name).suffix for name in SPECIMENS}
    kinds = LOADERS | CONTAINERS
    read = {one for suffix, one in kinds.items() if suffix not in PICTURES}
    assert {kinds[suffix] for suffix in suffixes} == read
    drawn = names(2 * len(SPECIMENS), 0, list(SPECIMENS))
    assert {Path(name).suffix for name in drawn} == suffixes


@pytest.mark.parametrize("source", SPECIMENS)
def test_a_mutant_is_made_again_from_its_name(source: str) -> None:
    made = [mutants.name_of(source, 7, number) for number in range(20)]
    first = [mutants.make(name, SPECIMENS) for name in made]
    again = generated()
    assert first == [mutants.make(name, again) for name in made]
    assert len(set(first)) > 15


@pytest.mark.parametrize(
    "reason",
    ["", " ", "two\nlines", "x" * 400, "a\x07b", "ValueError: no", "<object at 0x7f2d5e45>",
     "'NoneType' object is not subscriptable", "invalid literal for int() with base 10: 'x'",
     "list index out of range", "unexpected b'stream'"],
)  # fmt: skip
def test_a_reason_that_means_nothing_to_a_reader_is_noticed(reason: str) -> None:
    assert ugly(reason)
    tally = Tally()
    tally.add(UnreadableDocumentError(Path("a.pdf"), reason))
    assert tally.failures


@pytest.mark.parametrize(
    "reason", ["takes longer than 20 s to read", "crashed its parser", "needs more memory than …"]
)
def test_what_is_no_refusal_is_a_failure(reason: str) -> None:
    tally = Tally()
    tally.add(UnreadableDocumentError(Path("a.pdf"), reason))
    assert tally.failures == [f"a.pdf: {reason}"]


def test_a_broken_document_is_a_failure() -> None:
    tally = Tally()
    text = "Otters sleep."
    tally.add(Document("a.txt", "a", text, (Section((), 0, 13),), (Block("paragraph", 0, 6),)))
    assert any("in no block" in why for why in tally.failures)


def free_port() -> int:
    """One that no other test knocks on: they run at the same time."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    ("code", "seen"),
    [
        ("import socket, sys; socket.create_connection(('127.0.0.1', sys.argv[1]))", "socket."),
        ("import os; os.system('true')", "os.system"),
        ("print(1)", ""),
    ],
)
def test_a_process_that_reaches_for_the_network_is_noticed(
    tmp_path: Path, code: str, seen: str
) -> None:
    port = free_port()
    with watched(tmp_path, port) as noticed:
        subprocess.run([sys.executable, "-c", code, str(port)], capture_output=True, check=False)
    assert [what.startswith(seen) for what in noticed] == [True] * len(noticed)
    assert bool(noticed) == bool(seen)
    assert "QA_BOT_WATCHMAN" not in os.environ


def test_a_connection_from_outside_of_python_is_noticed(tmp_path: Path) -> None:
    port = free_port()
    with watched(tmp_path, port) as noticed, socket.create_connection(("127.0.0.1", port)):
        pass
    assert noticed == ["a connection"]
