"""Forward passes have one thread each, whoever else is asking, and leave torch's number alone."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest
import torch

from qa_bot import answer, open_index
from qa_bot.models import packaged
from qa_bot.models import reader as readers
from qa_bot.models.cores import available_cores, on_each_core
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.engine.openvino_layers import SWITCH
from qa_bot.models.reader import SpanReader

QUESTIONS = ["Why is Iceland important?", "What is a CSBM?", "Who leads the mission?"] * 8


@pytest.fixture
def by_torch(monkeypatch: pytest.MonkeyPatch) -> tuple[SentenceTransformerEmbedder, SpanReader]:
    """The packaged model and the reader, as torch runs them."""
    monkeypatch.setenv(SWITCH, "torch")
    monkeypatch.setattr(packaged, "_loaded", {})
    return SentenceTransformerEmbedder(), SpanReader()


@pytest.fixture
def seen(
    by_torch: tuple[SentenceTransformerEmbedder, SpanReader], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counter[tuple[str, int]]]:
    """How often each network ran with how many threads."""
    counts: Counter[tuple[str, int]] = Counter()
    embedder, reader = by_torch
    load, networks = readers.load_network, []

    def keep(folder: Path) -> torch.nn.Module:
        networks.append(load(folder))
        found: torch.nn.Module = networks[-1]
        return found

    monkeypatch.setattr(readers, "load_network", keep)
    reader.warm()

    def note(module: torch.nn.Module, _: object) -> None:
        counts["reader" if module in networks else "embedder", torch.get_num_threads()] += 1

    hooks = [one.register_forward_pre_hook(note) for one in (*networks, embedder.model)]
    yield counts
    for hook in hooks:
        hook.remove()


def test_each_forward_pass_has_one_thread_when_eight_ask_and_others_set_torchs_number(
    article_folder: Path,
    by_torch: tuple[SentenceTransformerEmbedder, SpanReader],
    seen: Counter[tuple[str, int]],
) -> None:
    embedder, reader = by_torch
    done, before = threading.Event(), torch.get_num_threads()

    def meddle() -> None:
        while not done.is_set():
            for number in (1, 2, 3):
                torch.set_num_threads(number)

    with open_index(article_folder, model=embedder) as index, ThreadPoolExecutor(9) as threads:
        meddling = threads.submit(meddle)
        try:
            list(threads.map(lambda one: answer(one, index, reader=reader), QUESTIONS))
        finally:
            done.set()
            meddling.result()
            torch.set_num_threads(before)
    assert set(seen) == {("reader", 1), ("embedder", 1)}
    assert seen["embedder", 1] == len(QUESTIONS)


def test_one_passage_is_encoded_with_one_thread_as_many_are(
    by_torch: tuple[SentenceTransformerEmbedder, SpanReader], seen: Counter[tuple[str, int]]
) -> None:
    model, _ = by_torch
    for count in (1, 20):
        assert len(list(model.encode_passages(["Words."] * count, [[]] * count))) == count
    assert set(seen) == {("embedder", 1)}


def test_the_process_keeps_its_own_number_of_threads() -> None:
    run("""
        import threading, torch
        from qa_bot.models.cores import on_each_core
        torch.set_num_threads(3)
        assert list(on_each_core("asking", lambda _: torch.get_num_threads(), [0])) == [1]
        assert torch.get_num_threads() == 3
        seen = []
        other = threading.Thread(target=lambda: seen.append(torch.get_num_threads()))
        other.start()
        other.join()
        assert seen == [3], seen
    """)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_gets_workers_of_its_own() -> None:
    run("""
        import os
        from qa_bot.models.cores import on_each_core
        double = lambda number: 2 * number
        assert list(on_each_core("asking", double, [1, 2])) == [2, 4]
        child = os.fork()
        if not child:
            os._exit(0 if list(on_each_core("asking", double, [3, 4])) == [6, 8] else 1)
        assert os.waitpid(child, 0)[1] == 0
    """)


def test_a_start_that_fails_leaves_nobody_waiting() -> None:
    """Or the process would never end."""
    run("""
        import threading
        from qa_bot.models import cores
        start, begun = threading.Thread.start, []
        def refuse(self):
            if len(begun) == 1:
                raise RuntimeError("can't start new thread")
            begun.append(self)
            start(self)
        threading.Thread.start = refuse
        for _ in range(2):
            try:
                next(cores.on_each_core("asking", str, [0]))
            except RuntimeError as error:
                assert "new thread" in str(error)
            else:
                raise AssertionError
        threading.Thread.start = start
        assert list(cores.on_each_core("asking", str, [0])) == ["0"]
    """)


def test_results_come_in_order_however_long_each_takes() -> None:
    def late(number: int) -> int:
        time.sleep(0.001 * (number % 5))
        return number

    assert list(on_each_core("building", late, range(100))) == list(range(100))
    assert list(on_each_core("building", late, [])) == []


def test_an_item_that_fails_is_raised_and_what_has_not_begun_is_dropped() -> None:
    begun: list[int] = []

    def work(number: int) -> int:
        begun.append(number)
        if not number:
            raise ValueError("zero")
        return number

    with pytest.raises(ValueError, match="zero"):
        list(on_each_core("building", work, range(1_000)))
    assert len(begun) < 1_000
    assert list(on_each_core("building", work, [1, 2])) == [1, 2]


def test_no_more_is_begun_than_is_wanted_soon() -> None:
    begun: list[int] = []
    results = on_each_core("building", begun.append, range(1_000))
    next(results)
    results.close()
    assert 1 <= len(begun) <= 5 * available_cores()


def run(code: str) -> None:
    """In a fresh process, which fails if an assertion does."""
    done = subprocess.run(
        [sys.executable, "-c", dedent(code)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert not done.returncode, done.stderr
