"""Adding and deleting documents from the page: names, collisions, links, limits, permission."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import re
import threading
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any, cast

import gradio as gr
import pytest
from conftest import Shell, write
from fastapi import FastAPI
from hypothesis import example, given
from hypothesis import strategies as st
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.testclient import TestClient
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa_bot.pages.view import PageViewer
from qa_bot.records import DocumentSummary, Health, Problem
from qa_bot.serving import app
from qa_bot.serving.security import Guard
from qa_bot.serving.server import Serving, create_server
from qa_bot.web import changing
from qa_bot.web.conversation import Conversation
from qa_bot.web.documents import list_html
from qa_bot.web.file_names import MOST_NAME_BYTES, clean_name
from qa_bot.web.page import build_page
from qa_bot.web.routes import add_upload_routes
from qa_bot.web.service import Holdings, Service
from qa_bot.web.uploads import (
    Choice,
    Outcome,
    RefusedError,
    Uploads,
    delete_file,
    file_state,
)

TIMEOUT = 30.0
LOCAL = "http://127.0.0.1:7860"
NFC, NFD = "r\u00e9sum\u00e9.txt", "re\u0301sume\u0301.txt"


@pytest.fixture
def uploads(documents: Path, tmp_path: Path) -> Uploads:
    return Uploads(documents, tmp_path / "index" / "uploads")


def receive(uploads: Uploads, name: str, content: bytes) -> str:
    with uploads.receive(name, len(content)) as incoming:
        incoming.write(content)
    return incoming.token


def add(uploads: Uploads, name: str, content: bytes, choice: Choice = "ask") -> Outcome:
    return uploads.settle(receive(uploads, name, content), choice)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file of a folder, the hidden ones, too."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def waiting(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "index" / "uploads").glob("*"))


# --- Names ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sent", "clean"),
    [
        ("report.pdf", "report.pdf"),
        ("../../x.txt", "x.txt"),
        ("C:\\Users\\me\\x.txt", "x.txt"),
        ("/etc/x.txt", "x.txt"),
        ("CON.txt", "_CON.txt"),
        ("con .notes.txt", "_con .notes.txt"),
        ("COM¹.txt", "_COM¹.txt"),
        ("concept.txt", "concept.txt"),
        ("a\x00b.txt", "ab.txt"),
        ("invoice\u202etxt.pdf", "invoicetxt.pdf"),
        (NFD, NFC),
        (".hidden.txt", "hidden.txt"),
        ("~$lock.docx", "lock.docx"),
        ("x.txt. .", "x.txt"),
        ("what?: <a>.md", "what__ _a_.md"),
        ("line\nbreak\tand  more.txt", "line break and more.txt"),
        ("half\ud800.txt", "half.txt"),
        ("می\u200cخواهم.txt", "می\u200cخواهم.txt"),
        ("\u202e.txt", "txt"),
        ("?/", "document"),
        ("", "document"),
        ("...", "document"),
        ("\u200d.txt", "document.txt"),
    ],
)
def test_names_are_made_such_as_every_system_takes(sent: str, clean: str) -> None:
    assert clean_name(sent) == clean


PARTS = [*"./\\~$ _:\u0301\u202e\u200d\x00é漢a", "CON", "nul", ".txt", ".PDF", "x" * 90]
NAMES = st.text(max_size=60) | st.lists(st.sampled_from(PARTS)).map("".join)


@given(NAMES)
@example("x" * 300 + ".txt")
@example("漢" * 300 + ".docx")
@example("a" * 190 + " . . " + "b" * 90 + ".md")
def test_a_clean_name_is_one_safe_part_of_a_path_and_stays_as_it_is(sent: str) -> None:
    clean = clean_name(sent)
    assert clean
    assert clean_name(clean) == clean
    assert len(clean.encode()) <= MOST_NAME_BYTES
    assert unicodedata.is_normalized("NFC", clean)
    kinds = {unicodedata.category(one) for one in clean if one not in "\u200c\u200d"}
    assert not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not set(clean) & set('/\\<>:"|?*\x00\u202a\u202b\u202c\u202d\u202e\u2066\u2069')
    assert not clean.startswith((".", "~$", " "))
    assert not clean.endswith((".", " "))
    assert clean.partition(".")[0].rstrip().upper() not in {"CON", "NUL", "AUX", "PRN", "COM1"}


@pytest.mark.parametrize("suffix", [".txt", ".DOCX"])
def test_a_long_name_keeps_its_suffix(suffix: str) -> None:
    assert clean_name("漢" * 300 + suffix).endswith(f"漢{suffix}")


# --- Taking in --------------------------------------------------------------------------------


def test_a_file_is_added_whole_and_nothing_else_is_left(
    uploads: Uploads, documents: Path, tmp_path: Path
) -> None:
    outcome = add(uploads, "../notes.txt", b"Herons.")
    assert outcome == Outcome("added", "notes.txt", "../notes.txt")
    assert contents(documents) == {"notes.txt": b"Herons."}
    assert waiting(tmp_path) == []
    (documents / "by hand.txt").touch()
    assert (documents / "notes.txt").stat().st_mode == (documents / "by hand.txt").stat().st_mode


def test_the_documents_folder_is_made_with_the_first_file(tmp_path: Path) -> None:
    documents = tmp_path / "not" / "there"
    assert add(Uploads(documents, tmp_path / "uploads"), "a.txt", b"a").kind == "added"
    assert contents(documents) == {"a.txt": b"a"}


@pytest.mark.parametrize(
    ("choice", "kind", "expected"),
    [
        ("replace", "replaced", {"report.txt": b"new"}),
        ("keep both", "added", {"report.txt": b"old", "report (2).txt": b"new"}),
        ("leave out", "left out", {"report.txt": b"old"}),
    ],
)
def test_a_name_that_is_taken_is_asked_about(
    uploads: Uploads,
    documents: Path,
    tmp_path: Path,
    choice: Choice,
    kind: str,
    expected: dict[str, bytes],
) -> None:
    write(documents, report="old")
    asked = add(uploads, "report.txt", b"new")
    assert (asked.kind, asked.other, asked.replaceable) == ("asked", "report.txt", True)
    assert contents(documents) == {"report.txt": b"old"}
    assert len(waiting(tmp_path)) == 1
    assert uploads.settle(asked.token, choice).kind == kind
    assert contents(documents) == expected
    assert waiting(tmp_path) == []
    assert uploads.settle(asked.token, "replace").kind == "gone", "an answer counts once"
    assert contents(documents) == expected


def test_keeping_both_takes_the_next_number_and_fits_a_long_name(
    uploads: Uploads, documents: Path
) -> None:
    long = clean_name("x" * 300 + ".txt")
    assert add(uploads, long, b"1").name == long
    assert add(uploads, long, b"2", "keep both").name.endswith("x (2).txt")
    third = add(uploads, long, b"3", "keep both").name
    assert third.endswith("x (3).txt")
    assert len(third.encode()) == MOST_NAME_BYTES
    assert sorted(contents(documents).values()) == [b"1", b"2", b"3"]


def test_the_same_content_is_said_to_be_there_and_not_added(
    uploads: Uploads, documents: Path, tmp_path: Path
) -> None:
    write(documents, folder__first="the same", report="old")
    for name in ("second.txt", "report.txt", "first.txt"):
        outcome = add(uploads, name, b"the same")
        assert (outcome.kind, outcome.other) == ("same", "folder/first.txt")
    assert set(contents(documents)) == {"folder/first.txt", "report.txt"}
    assert waiting(tmp_path) == []


def test_a_name_in_other_code_points_is_the_same_name(uploads: Uploads, documents: Path) -> None:
    (documents / NFD).write_bytes(b"old")
    asked = add(uploads, NFC, b"new")
    assert asked.kind == "asked"
    assert uploads.settle(asked.token, "replace").kind == "replaced"
    assert list(contents(documents).values()) == [b"new"]


def test_only_the_file_that_was_asked_about_is_replaced(uploads: Uploads, documents: Path) -> None:
    write(documents, report="first")
    one, other = (add(uploads, "report.txt", content) for content in (b"one", b"other"))
    assert uploads.settle(one.token, "replace").kind == "replaced"
    again = uploads.settle(other.token, "replace")
    assert again.kind == "asked", "it is another visitor's now"
    assert contents(documents) == {"report.txt": b"one"}
    assert uploads.settle(again.token, "replace").kind == "replaced"
    assert contents(documents) == {"report.txt": b"other"}


def test_a_folder_of_that_name_is_never_replaced(uploads: Uploads, documents: Path) -> None:
    (documents / "report.txt").mkdir()
    asked = add(uploads, "report.txt", b"new")
    assert (asked.kind, asked.replaceable) == ("asked", False)
    assert uploads.settle(asked.token, "replace").kind == "asked"
    assert 'value="replace"' not in changing.outcome_html(asked)
    assert uploads.settle(asked.token, "keep both").name == "report (2).txt"


def test_of_a_link_that_is_replaced_the_target_stays(
    uploads: Uploads, documents: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_bytes(b"not yours")
    (documents / "link.txt").symlink_to(outside)
    (documents / "nowhere.txt").symlink_to(tmp_path / "made by the link.txt")
    for name in ("link.txt", "nowhere.txt"):
        asked = add(uploads, name, name.encode())
        assert asked.kind == "asked"
        assert uploads.settle(asked.token, "replace").kind == "replaced"
        assert not (documents / name).is_symlink()
    assert outside.read_bytes() == b"not yours"
    assert not (tmp_path / "made by the link.txt").exists()


def test_many_visitors_with_one_name_at_once_lose_nothing(documents: Path, tmp_path: Path) -> None:
    """Each with an ``Uploads`` of its own, so that no lock but the file system's helps."""
    count = 12
    start = threading.Barrier(count)
    outcomes: list[Outcome] = []

    def visit(number: int) -> None:
        one = Uploads(documents, tmp_path / f"uploads {number}")
        token = receive(one, "report.txt", b"%d" % number)
        start.wait(TIMEOUT)
        asked = one.settle(token)
        outcomes.append(one.settle(token, "keep both") if asked.kind == "asked" else asked)

    threads = [threading.Thread(target=visit, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT)
    assert {outcome.kind for outcome in outcomes} == {"added"}
    found = contents(documents)
    assert set(found) == {outcome.name for outcome in outcomes}
    assert sorted(found.values()) == sorted(b"%d" % number for number in range(count))


def test_where_the_file_system_knows_no_links_nothing_is_overwritten_either(
    uploads: Uploads, documents: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)
    assert add(uploads, "a.txt", b"one").kind == "added"
    assert add(uploads, "a.txt", b"two", "keep both").name == "a (2).txt"
    assert contents(documents) == {"a.txt": b"one", "a (2).txt": b"two"}


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_a_folder_that_cannot_be_written_is_told_and_nothing_is_left(
    uploads: Uploads, documents: Path, tmp_path: Path
) -> None:
    documents.chmod(0o500)
    try:
        assert add(uploads, "a.txt", b"a").kind == "failed"
    finally:
        documents.chmod(0o700)
    assert contents(documents) == {}
    assert waiting(tmp_path) == []


def test_documents_that_are_a_file_are_a_failure_that_is_told(tmp_path: Path) -> None:
    (tmp_path / "documents").write_bytes(b"not a folder")
    one = Uploads(tmp_path / "documents", tmp_path / "index" / "uploads")
    outcome = add(one, "a.txt", b"a")
    assert (outcome.kind, outcome.other) == ("failed", "File exists")
    assert waiting(tmp_path) == []


# --- Refusing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["movie.mp4", "no suffix", ".txt", "x.txt.exe", "txt"])
def test_other_kinds_are_refused_with_the_list(uploads: Uploads, tmp_path: Path, name: str) -> None:
    with pytest.raises(
        RefusedError, match=r"only \.csv, .*\.zip and \d+ more kinds of files are read"
    ):
        receive(uploads, name, b"x")
    assert waiting(tmp_path) == []


def test_too_large_a_file_is_refused_before_and_while_it_is_sent(
    documents: Path, tmp_path: Path
) -> None:
    one = Uploads(documents, tmp_path / "index" / "uploads", limit=2**19)
    with pytest.raises(RefusedError, match=r"a\.txt is larger than 0\.5 MiB"):
        one.check_size("a.txt", 2**19 + 1)
    with pytest.raises(RefusedError, match="larger"):
        receive(one, "a.txt", b"x" * (2**19 + 1))
    with one.receive("a.txt") as incoming:
        incoming.write(b"y" * 2**19)
        with pytest.raises(RefusedError, match="larger"):
            incoming.write(b"y")
        assert waiting(tmp_path)
    assert one.settle(incoming.token, "leave out").kind == "left out"
    assert waiting(tmp_path) == []
    assert add(one, "a.txt", b"x" * 2**19).kind == "added"


def test_an_empty_file_is_refused(uploads: Uploads, tmp_path: Path) -> None:
    with pytest.raises(RefusedError, match="is empty"):
        receive(uploads, "a.txt", b"")
    assert waiting(tmp_path) == []


def test_what_waits_may_not_fill_the_disk(documents: Path, tmp_path: Path) -> None:
    one = Uploads(documents, tmp_path / "index" / "uploads", limit=10)
    tokens = [receive(one, f"{n}.txt", b"%10d" % n) for n in range(16)]
    with pytest.raises(RefusedError, match="waiting"):
        receive(one, "more.txt", b"x")
    assert len(waiting(tmp_path)) == 16
    one.settle(tokens[0])
    assert receive(one, "more.txt", b"x"), "there is room again"


def test_an_upload_that_nobody_comes_back_for_is_dropped(
    uploads: Uploads, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = receive(uploads, "a.txt", b"a")
    monkeypatch.setattr("qa_bot.web.uploads._PATIENCE", -1.0)
    other = receive(uploads, "b.txt", b"b")
    assert [path.stem for path in waiting(tmp_path)] == [other]
    assert uploads.settle(token).kind == "gone"


def test_what_a_killed_process_left_is_cleared_and_nothing_else(
    documents: Path, tmp_path: Path
) -> None:
    waits = tmp_path / "index" / "uploads"
    receive(Uploads(documents, waits), "a.txt", b"a")
    (documents / ".qa-bot-upload-0123").write_bytes(b"half")
    (documents / ".mine").write_bytes(b"mine")
    (tmp_path / "index" / "golden.jsonl").write_bytes(b"{}")
    one = Uploads(documents, waits)
    assert contents(tmp_path) == {"documents/.mine": b"mine", "index/golden.jsonl": b"{}"}
    receive(one, "a.txt", b"a")
    one.close()
    assert not waits.exists()


# --- Deleting ---------------------------------------------------------------------------------


@pytest.fixture
def outside(documents: Path, tmp_path: Path) -> Path:
    """A file beside the documents, with links to it and to its folder among them."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "secret.txt").write_bytes(b"secret")
    (documents / "link.txt").symlink_to(folder / "secret.txt")
    (documents / "folder").symlink_to(folder)
    return folder


def test_a_file_in_a_folder_is_deleted_and_its_neighbours_stay(documents: Path) -> None:
    write(documents, a__b="b", a__c="c")
    delete_file(documents, "a/b.txt")
    assert contents(documents) == {"a/c.txt": b"c"}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    "name",
    [
        "../outside/secret.txt",
        "a/../../outside/secret.txt",
        "folder/secret.txt",
        "/etc/hostname",
        "./a.txt",
        "",
        ".",
        "..",
        "a.txt/",
        "a\x00.txt",
        "a.txt/x",
        "inner",
    ],
)
def test_nothing_outside_the_documents_folder_is_deleted(
    documents: Path, tmp_path: Path, name: str
) -> None:
    write(documents, a="a", inner__b="b")
    before = contents(tmp_path)
    with pytest.raises(RefusedError):
        delete_file(documents, name)
    assert contents(tmp_path) == before


def test_of_a_link_only_the_link_is_deleted(documents: Path, outside: Path) -> None:
    delete_file(documents, "link.txt")
    delete_file(documents, "folder")
    assert list(documents.iterdir()) == []
    assert contents(outside) == {"secret.txt": b"secret"}


def test_a_file_that_is_gone_is_told(documents: Path) -> None:
    with pytest.raises(RefusedError, match="not there any more"):
        delete_file(documents, "a.txt")


# --- What the page says -----------------------------------------------------------------------


def test_every_listed_file_has_a_delete_button_where_it_may_be_deleted() -> None:
    held = DocumentSummary("<a>.txt", "A", "0" * 16, 1, 1, 0, "")
    health = Health(unreadable=(Problem("bad.pdf", "damaged"),), unsupported=("movie.mp4",))
    holdings = Holdings((held,), "2026-01-02T03:04:05Z", health, ())
    html = list_html(holdings, Conversation(), deletable=True)
    assert html.count("qa-delete") == 3
    for value in ("&lt;a&gt;.txt", "bad.pdf", "movie.mp4"):
        assert f'value="{value}" aria-label="Delete' in html
    assert "qa-delete" not in list_html(holdings, Conversation())


@pytest.mark.parametrize("kind", ["added", "replaced", "same", "asked", "left out", "failed"])
def test_what_is_told_of_a_hostile_name_is_escaped(kind: Any) -> None:
    hostile = '"><img src=x onerror=alert(1)>\u202e.txt'
    html = changing.outcome_html(Outcome(kind, hostile, hostile + "!", hostile, hostile))
    assert "<img" not in html
    shown = re.findall("<bdi>(.*?)</bdi>", html)
    assert shown
    assert not any("\u202e" in one for one in shown)


# --- Who may ----------------------------------------------------------------------------------


@contextmanager
def bare_page(service: Service) -> Iterator[TestClient]:
    """Gradio's page without our guard, as for someone who has found a way around it."""
    blocks = build_page(service, PageViewer())
    mounted = gr.mount_gradio_app(FastAPI(), blocks, path="/", ssr_mode=False)
    with TestClient(mounted, base_url=LOCAL) as client:
        yield client


def send_event(client: TestClient, event: str, data: dict[str, Any], *, queued: bool) -> str:
    """Send an event as the page's script does, or through Gradio's queue; what it answers."""
    functions = client.get("/config").json()["dependencies"]
    number = next(one["id"] for one in functions if one["targets"][0][1] == event)
    body = {"fn_index": number, "data": [None], "event_data": data, "session_hash": event}
    if not queued:
        return client.post("/gradio_api/run/predict", json=body).text
    client.post("/gradio_api/queue/join", json=body).raise_for_status()
    with client.stream("GET", f"/gradio_api/queue/data?session_hash={event}") as stream:
        for line in stream.iter_lines():
            if "process_completed" in line:
                return str(json.loads(line.removeprefix("data: "))["output"]["data"][0])
    return ""


def settle(service: Service) -> None:
    """Wait until the service has nothing under way."""
    for thread in threading.enumerate():
        if thread.name == "qa-bot-index":
            thread.join(TIMEOUT)
    assert not service.status.busy


@pytest.fixture
def waits(documents: Path, folder: Path) -> tuple[Service, str]:
    """A service that forbids, with an index of a document, and an upload that waits for it."""
    write(documents, held="Herons nest in the reeds by the lake.")
    allowed = Service(documents, folder, allow_uploads=True)
    allowed.refresh(requested=False)
    settle(allowed)
    assert allowed.uploads is not None
    token = receive(allowed.uploads, "new.txt", b"Storks nest on chimneys.")
    return allowed, token


@pytest.mark.parametrize("queued", [False, True])
def test_handlers_refuse_where_it_is_not_allowed(
    waits: tuple[Service, str], documents: Path, folder: Path, queued: bool
) -> None:
    allowed, token = waits
    service = Service(documents, folder.with_name("another"))
    service.refresh(requested=False)
    settle(service)
    before = contents(documents)
    events: list[tuple[str, dict[str, Any]]] = [
        ("take_in", {"tokens": [token]}),
        ("decide", {"token": token, "choice": "replace"}),
        ("erase", {"name": "held.txt", "sure": file_state(documents / "held.txt")}),
    ]
    with bare_page(service) as client:
        for event, data in events:
            assert "without --allow-uploads" in send_event(client, event, data, queued=queued)
    settle(service)
    assert contents(documents) == before
    with bare_page(allowed) as client:  # the same events, where they are allowed
        for event, data in events:
            assert "without --allow" not in send_event(client, event, data, queued=queued)
    settle(allowed)
    assert contents(documents) == {"new.txt": b"Storks nest on chimneys."}


def test_only_listed_files_are_deleted_and_only_when_sure(
    waits: tuple[Service, str], documents: Path, folder: Path
) -> None:
    service, _ = waits
    write(documents, unlisted="Not indexed yet.")
    before = contents(documents)
    ask = changing.delete(service, {"name": "held.txt"})
    assert "Delete <bdi>held.txt</bdi> from the documents folder?" in ask
    for sure in (True, "", None):
        assert ask == changing.delete(service, {"name": "held.txt", "sure": sure})
    for name in ("unlisted.txt", "../index/index.db", ".", ""):
        assert "not in the list" in changing.delete(service, {"name": name, "sure": "gone"})
    assert contents(documents) == before
    seen = file_state(documents / "held.txt")
    write(documents, held="A colleague's newer version.")
    told = changing.delete(service, {"name": "held.txt", "sure": seen})
    assert "has changed since you were asked" in told
    assert contents(documents)["held.txt"] == b"A colleague's newer version."
    assert any(folder.iterdir())


def test_an_unreadable_file_is_deleted_and_leaves_the_list(
    waits: tuple[Service, str], documents: Path
) -> None:
    service, _ = waits
    (documents / "empty.pdf").touch()
    service.refresh(requested=True)
    settle(service)
    assert service.status.holdings is not None
    assert [one.document_id for one in service.status.holdings.health.unreadable] == ["empty.pdf"]
    sure = file_state(documents / "empty.pdf")
    assert "Deleted" in changing.delete(service, {"name": "empty.pdf", "sure": sure})
    settle(service)
    assert service.status.holdings.health.unreadable == ()
    assert set(contents(documents)) == {"held.txt"}


def test_the_index_is_not_deleted_where_it_lies_among_the_documents(documents: Path) -> None:
    write(documents, held="Herons nest in the reeds by the lake.")
    service = Service(documents, documents / "index", allow_uploads=True)
    service.refresh(requested=False)
    settle(service)
    service.refresh(requested=True)
    settle(service)
    assert service.status.holdings is not None
    listed = [one for one in service.status.holdings.health.unsupported if "index/" in one]
    assert listed
    before = contents(documents)
    sure = file_state(documents / listed[0])
    assert "belongs to the index" in changing.delete(service, {"name": listed[0], "sure": sure})
    assert contents(documents) == before


def test_what_is_added_while_the_index_is_built_is_not_missed(
    waits: tuple[Service, str], documents: Path
) -> None:
    service, token = waits
    write(documents, other="Cranes nest on the ground.")
    service.refresh(requested=False)
    told = changing.add(service, {"tokens": [token, "unknown", 7]})
    assert "Added <bdi>new.txt</bdi>." in told
    assert "send it again" in told
    settle(service)
    assert service.status.holdings is not None
    names = {one.id for one in service.status.holdings.documents}
    assert names == {"held.txt", "new.txt", "other.txt"}
    assert service.status.receipt is not None


# --- The route --------------------------------------------------------------------------------


@pytest.fixture
def guarded(documents: Path, tmp_path: Path) -> TestClient:
    small = Uploads(documents, tmp_path / "index" / "uploads", limit=1_000)
    behind = FastAPI()
    add_upload_routes(behind, small)
    return TestClient(Guard(behind, "127.0.0.1", small), base_url=LOCAL)


def test_a_file_is_sent_and_answered_with_what_it_waits_under(
    guarded: TestClient, tmp_path: Path
) -> None:
    response = guarded.post("/upload", params={"name": "Übersicht.txt"}, content=b"x" * 1_000)
    assert response.status_code == 200
    assert [path.stem for path in waiting(tmp_path)] == [response.text]


@pytest.mark.parametrize(
    ("name", "size", "why"),
    [("a.mp4", 5, "only .csv"), ("a.txt", 1_001, "larger than"), ("a.txt", 0, "is empty")],
)
def test_a_refused_file_is_told_why(
    guarded: TestClient, tmp_path: Path, name: str, size: int, why: str
) -> None:
    response = guarded.post("/upload", params={"name": name, "size": size})
    assert (response.status_code, why in response.text) == (422, True)
    assert waiting(tmp_path) == []


@pytest.mark.parametrize("declared", [True, False])
def test_too_long_a_body_is_cut_off_whether_or_not_it_says_so(
    guarded: TestClient, tmp_path: Path, declared: bool
) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for number in range(10_000):
            sent.append(number)
            yield b"x" * 100

    body: Any = b"x" * 1_001 if declared else endless()
    response = guarded.post("/upload", params={"name": "a.txt"}, content=body)
    assert response.status_code == 413
    assert waiting(tmp_path) == []


def exchange(
    application: ASGIApp, path: str, parts: Iterable[bytes], *, ends: bool = True
) -> list[Message]:
    """Send a body part by part, then end it or break it off; what is answered."""
    last: Message = {"type": "http.request"} if ends else {"type": "http.disconnect"}
    more = ({"type": "http.request", "body": part, "more_body": True} for part in parts)
    coming: Iterator[Message] = chain(more, [last])
    answers: list[Message] = []

    async def receive_next() -> Message:
        return next(coming)

    async def send(message: Message) -> None:
        answers.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": b"name=a.txt",
        "headers": [(b"host", b"127.0.0.1")],
    }

    async def serve() -> None:
        await application(scope, receive_next, send)

    asyncio.run(serve())
    return answers


@pytest.mark.parametrize(("path", "most"), [("/upload", 1_000), ("/gradio_api/run/predict", 2**18)])
def test_what_is_behind_the_guard_is_given_no_more_than_it_should_have(
    uploads: Uploads, path: str, most: int
) -> None:
    uploads.limit = 1_000
    given = 0

    async def greedy(scope: Scope, receive: Receive, send: Send) -> None:
        nonlocal given
        async for part in Request(scope, receive).stream():
            given += len(part)
        await PlainTextResponse("all taken")(scope, receive, send)

    guard = Guard(greedy, "127.0.0.1", uploads)
    part = b"x" * (most // 8)
    assert exchange(guard, path, [part] * 8)[0]["status"] == 200
    assert given == most
    given = 0
    assert exchange(guard, path, [part] * 100)[0]["status"] == 413
    assert given == most


def test_an_upload_that_is_broken_off_leaves_nothing(documents: Path, tmp_path: Path) -> None:
    one = Uploads(documents, tmp_path / "index" / "uploads")
    behind = FastAPI()
    add_upload_routes(behind, one)
    seen: list[Path] = []

    def parts() -> Iterator[bytes]:
        yield b"half"
        seen.extend(waiting(tmp_path))
        yield b"more"

    exchange(Guard(behind, "127.0.0.1", one), "/upload", parts(), ends=False)
    assert len(seen) == 1, "it was being written"
    assert contents(tmp_path) == {}


def served(service: Service) -> ASGIApp:
    """All that ``qa-bot chat`` serves, with its guard."""
    app: Any = create_server(service, Serving()).config.app
    return cast("ASGIApp", app)


@pytest.mark.parametrize("allowed", [False, True])
def test_the_served_page_receives_files_only_where_it_is_allowed(
    documents: Path, folder: Path, allowed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary = folder.parent / "gradio"
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(temporary))
    service = Service(documents, folder, allow_uploads=allowed)
    client = TestClient(served(service), base_url=LOCAL)
    response = client.post("/upload", params={"name": "a.txt"}, content=b"a")
    assert response.status_code == (200 if allowed else 404)
    files = {"files": ("a.txt", b"a")}
    assert client.post("/gradio_api/upload", files=files).status_code == 404, "Gradio's is closed"
    parts = {one["props"].get("elem_id") for one in client.get("/config").json()["components"]}
    assert ("qa-adding" in parts, "qa-changing" in parts) == (allowed, allowed)
    other_site = {"Origin": "http://evil.example"}
    forged = client.post("/upload?name=b.txt", content=b"b", headers=other_site)
    assert forged.status_code == 403
    assert len(waiting(folder.parent)) == int(allowed)
    assert contents(documents) == {}
    assert not temporary.exists()


def test_an_event_that_names_a_file_of_this_machine_copies_nothing(
    documents: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Gradio looks for files in every value that it is sent."""
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    secret = tmp_path / "secret.txt"
    secret.write_bytes(b"secret")
    service = Service(documents, folder, allow_uploads=True)
    client = TestClient(served(service), base_url=LOCAL)
    file = {"path": str(secret), "meta": {"_type": "gradio.FileData"}}
    body = {"fn_index": 0, "data": [file, None], "session_hash": "forged"}
    assert client.post("/gradio_api/run/predict", json=body).status_code == 400
    assert contents(tmp_path) == {"secret.txt": b"secret"}


# --- The command ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 - nothing is bound
        ("a.example", False),
    ],
)
def test_who_else_can_reach_the_page_is_known(host: str, local: bool) -> None:
    assert app._is_local(host) is local


def test_the_help_says_who_may(shell: Shell) -> None:
    said = " ".join(shell("chat", "--help").out.replace("│", " ").split())
    assert "--allow-uploads" in said
    assert "Anyone who can open the page may add and delete documents" in said
