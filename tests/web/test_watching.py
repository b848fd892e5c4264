"""The watched folder: whatever becomes of it, the index follows."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import paragraphs, write

from benchmarks.hashing import HashEmbedder
from benchmarks.upkeep.soak import soak
from qa_bot.store import locks
from qa_bot.web import watching
from qa_bot.web.service import Service

TIMEOUT = 30.0


@pytest.fixture
def watched(
    documents: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Path, Service]]:
    """A link to a folder of documents, and the service whose index is kept in step with it."""
    monkeypatch.setattr(watching, "QUIET", 50)
    monkeypatch.setattr(watching, "LOOK", 100)
    write(documents, otters=paragraphs("otter", 2))
    link = documents.with_name("link")
    link.symlink_to(documents)
    service = Service(link, folder, model=HashEmbedder())
    stop = threading.Event()
    watcher = threading.Thread(target=watching.watch, args=(link, folder, service, stop))
    watcher.start()
    yield link, service
    stop.set()
    watcher.join(TIMEOUT)
    assert not watcher.is_alive()


def wait_for(service: Service, *names: str) -> None:
    """Wait until exactly those documents are held."""
    deadline = time.monotonic() + TIMEOUT
    held: tuple[str, ...] = ()
    while time.monotonic() < deadline:
        holdings = service.status.holdings
        held = tuple(one.id for one in holdings.documents) if holdings else ()
        if held == names:
            return
        time.sleep(0.05)
    raise AssertionError(held)


def test_what_changed_before_the_watch_began_is_seen(watched: tuple[Path, Service]) -> None:
    wait_for(watched[1], "otters.txt")


def test_a_folder_that_is_deleted_and_made_again_is_watched_again(
    watched: tuple[Path, Service], documents: Path
) -> None:
    _, service = watched
    wait_for(service, "otters.txt")
    for topic in ("heron", "moth"):
        shutil.rmtree(documents)
        documents.mkdir()
        write(documents, **{topic: paragraphs(topic, 2)})
        wait_for(service, f"{topic}.txt")
    write(documents, zebra=paragraphs("zebra", 2))
    wait_for(service, "moth.txt", "zebra.txt")


def test_a_folder_that_is_missing_for_a_while_is_watched_once_it_is_back(
    watched: tuple[Path, Service], documents: Path
) -> None:
    _, service = watched
    wait_for(service, "otters.txt")
    away = documents.rename(documents.with_name("away"))
    deadline = time.monotonic() + TIMEOUT
    while "There is no folder" not in service.status.problem:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    write(away, moths=paragraphs("moth", 2))
    away.rename(documents)
    wait_for(service, "moths.txt", "otters.txt")


def test_a_link_that_is_pointed_elsewhere_is_followed(
    watched: tuple[Path, Service], documents: Path
) -> None:
    link, service = watched
    wait_for(service, "otters.txt")
    other = documents.with_name("other")
    other.mkdir()
    write(other, herons=paragraphs("heron", 2))
    new = link.with_name("new")
    new.symlink_to(other)
    new.replace(link)
    wait_for(service, "herons.txt")
    write(other, moths=paragraphs("moth", 2))
    wait_for(service, "herons.txt", "moths.txt")


def test_what_changed_while_another_process_was_building_is_caught_up_with(
    watched: tuple[Path, Service],
    documents: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, service = watched
    wait_for(service, "otters.txt")
    monkeypatch.setattr(watching, "RETRY", 0.5)
    with locks.writing(folder):
        write(documents, moth=paragraphs("moth", 2))
        deadline = time.monotonic() + TIMEOUT
        while not service.status.problem:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    wait_for(service, "moth.txt", "otters.txt")


def test_nothing_stale_is_shown_unmarked_while_the_folder_is_edited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("QUIET", "LONGEST", "LOOK"):
        monkeypatch.setattr(watching, name, getattr(watching, name))  # the soak sets its own
    report = soak(tmp_path, seconds=8, seed=1)
    assert report.wrong == []
    assert report.edits > 5
    assert report.stale > 0
    assert report.builds > 1
