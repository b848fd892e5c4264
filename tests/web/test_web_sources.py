"""What a link leads to: the real service, a real index, and what becomes of both."""

from __future__ import annotations

import base64
import re
import threading
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from conftest import write
from fastapi import FastAPI
from gradio import mount_gradio_app
from starlette.testclient import TestClient

from benchmarks.hashing import HashEmbedder
from qa_bot.keeping.feedback import read_feedback
from qa_bot.models.reader import SpanReader
from qa_bot.pages.view import PageViewer
from qa_bot.records import Document
from qa_bot.web import asking, keeping, showing, sources
from qa_bot.web.conversation import Conversation
from qa_bot.web.links import SourceLink, link_query, parse_query
from qa_bot.web.page import build_page
from qa_bot.web.routes import add_routes
from qa_bot.web.service import Service

OTTERS = "# Otters\n\n## Diving\n\nOtters dive for crabs. They hold their breath.\n\n" + "".join(
    f"## Otter {n}\n\nOtter number {n} swims in lake {n}.\n\n" for n in range(900)
)


@pytest.fixture
def service(documents: Path, folder: Path) -> Service:
    write(documents, herons="Herons fish in the morning.\n")
    (documents / "otters.md").write_text(OTTERS, encoding="utf-8")
    service = Service(documents, folder, model=HashEmbedder(), strictness=0)
    bring_up_to_date(service)
    return service


@pytest.fixture
def viewer() -> Iterator[PageViewer]:
    with PageViewer() as viewer:
        yield viewer


def bring_up_to_date(service: Service) -> None:
    service.refresh(requested=False)
    for thread in threading.enumerate():
        if thread.name == "qa-bot-index":
            thread.join(60)
    assert service.status.problem == ""


def test_the_chat_answers_where_the_readers_weights_are_missing(
    documents: Path, folder: Path, tmp_path: Path
) -> None:
    write(documents, herons="Herons fish in the morning.\n")
    reader = SpanReader(tmp_path / "nowhere")
    service = Service(documents, folder, model=HashEmbedder(), reader=reader, strictness=0)
    bring_up_to_date(service)
    reply = service.ask("When do herons fish?")
    assert reply.answer.quotes
    assert "nowhere" in reply.answer.warning


def otters(service: Service) -> Document:
    with service.snapshot() as index:
        return index.document("otters.md")


def link_to(service: Service, words: str) -> SourceLink:
    document = otters(service)
    start = document.text.index(words)
    return SourceLink(document.digest, start, start + len(words))


def shown(service: Service, link: SourceLink, at: int | None = None) -> sources.Source:
    found = sources.find(service, link, at)
    assert isinstance(found, sources.Source)
    excerpt = found.excerpt
    with service.snapshot() as index:
        text = index.document(excerpt.document_id).text
    assert text[excerpt.start : excerpt.end] == excerpt.text
    return found


def test_a_link_leads_to_whole_lines_around_its_passage(service: Service) -> None:
    link = link_to(service, "Otter number 450 swims")
    excerpt, text = shown(service, link).excerpt, otters(service).text
    assert excerpt.start < link.start < link.end < excerpt.end
    assert len(excerpt.text) < 13_000 < len(text) / 3
    assert text[excerpt.start - 1] == "\n"
    assert text[excerpt.end] == "\n"


def test_another_place_of_the_same_text_can_be_shown(service: Service) -> None:
    link = link_to(service, "hold their breath")
    text = otters(service).text
    at = text.index("Otter number 800")
    found = shown(service, link, at)
    assert "Otter number 800" in found.excerpt.text
    assert found.at == at
    assert shown(service, link, 10**9).at == len(text), "the end is the last place there is"


def test_one_line_without_end_is_cut_where_it_must_be(service: Service) -> None:
    text = "otter " * 200_000
    (service.documents / "line.txt").write_text(text, encoding="utf-8")
    bring_up_to_date(service)
    with service.snapshot() as index:
        digest = index.digests(["line.txt"])["line.txt"]
    link = SourceLink(digest, 600_000, 600_005)
    excerpt = shown(service, link).excerpt
    assert excerpt.start <= link.start < link.end <= excerpt.end
    assert len(excerpt.text) < 50_000


def test_a_link_follows_its_text_and_says_when_that_has_changed(service: Service) -> None:
    link = link_to(service, "hold their breath")
    file = service.documents / "otters.md"
    file.rename(service.documents / "lutra.md")
    bring_up_to_date(service)
    assert shown(service, link).excerpt.document_id == "lutra.md"
    (service.documents / "lutra.md").write_text("Otters sleep.\n", encoding="utf-8")
    assert shown(service, link).stale, "changed, but not indexed yet"
    bring_up_to_date(service)
    moved = sources.find(service, link)
    assert isinstance(moved, sources.Moved)
    assert moved.document_id == "lutra.md"
    assert moved.link is not None
    assert shown(service, moved.link).excerpt.text == "Otters sleep."
    (service.documents / "lutra.md").unlink()
    bring_up_to_date(service)
    assert sources.find(service, link) == sources.Moved("lutra.md", None)
    assert sources.find(service, SourceLink("0" * 16, 0, 1)) == sources.Moved("", None)


def test_offsets_that_do_not_fit_the_text_are_no_link(service: Service) -> None:
    digest = link_to(service, "Otters dive").digest
    for start, end in ((0, 10**9), (1_200, 13), (0, len(otters(service).text) + 1)):
        assert sources.find(service, SourceLink(digest, start, end)) is None


def test_of_two_documents_with_one_text_the_one_that_was_cited_is_shown(service: Service) -> None:
    link = link_to(service, "Otters dive")
    copy = service.documents / "a copy.md"
    copy.write_bytes((service.documents / "otters.md").read_bytes())
    bring_up_to_date(service)
    assert shown(service, link).excerpt.document_id == "a copy.md", "the first by name"
    cited = replace(link, document_id="otters.md")
    assert shown(service, cited).excerpt.document_id == "otters.md"
    (service.documents / "otters.md").unlink()
    bring_up_to_date(service)
    assert shown(service, cited).excerpt.document_id == "a copy.md"


@pytest.mark.parametrize(
    "data", [{}, {"query": 7}, {"query": "?quote=x"}, {"query": "?quote=0123456789abcdef:1-2"}]
)
def test_whatever_the_browser_sends_is_answered(
    service: Service, viewer: PageViewer, data: dict[str, object]
) -> None:
    assert "<h2>No" in showing.show(service, viewer, {**data, "at": "x", "page": -1, "view": []})


def test_a_text_file_has_no_pages(service: Service, viewer: PageViewer) -> None:
    query = link_query(link_to(service, "Otters dive"))
    html = showing.show(service, viewer, {"query": query, "view": "page"})
    assert "Otters dive" in html
    assert "qa-page" not in html


@pytest.fixture
def client(service: Service, viewer: PageViewer) -> TestClient:
    app = FastAPI()
    add_routes(app, service, viewer)
    return TestClient(app)


def test_the_file_of_a_document_is_served_as_it_is(service: Service, client: TestClient) -> None:
    reply = client.get("/file/otters.md")
    assert reply.content == (service.documents / "otters.md").read_bytes()
    assert reply.headers["content-type"].startswith("text/plain")


def test_markup_is_only_ever_saved(service: Service, client: TestClient) -> None:
    (service.documents / "page.html").write_text(
        "<p>Otters.</p><script>alert(1)</script>", encoding="utf-8"
    )
    bring_up_to_date(service)
    reply = client.get("/file/page.html")
    assert reply.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "path", ["no.txt", "../index/golden.jsonl", "%2e%2e/secret.txt", "..%2fsecret.txt", "", "%00"]
)
def test_nothing_but_documents_is_served(service: Service, client: TestClient, path: str) -> None:
    (service.documents.parent / "secret.txt").write_text("secret", encoding="utf-8")
    (service.documents / ".hidden.txt").write_text("secret", encoding="utf-8")
    for wanted in (path, ".hidden.txt"):
        assert client.get(f"/file/{wanted}").status_code == 404


def test_a_page_that_cannot_be_drawn_is_not_found(service: Service, client: TestClient) -> None:
    digest = link_to(service, "Otters dive").digest
    for path in (f"/page/{digest}/1", f"/page/{'0' * 16}/1"):
        assert client.get(path).status_code == 404


def asked(service: Service, question: str) -> Conversation:
    conversation = Conversation()
    asking.begin(service, conversation, question)
    asking.finish(service, conversation)
    return conversation


def test_a_verdict_is_written_down_and_only_then_anything_is(service: Service) -> None:
    conversation = asked(service, "Where does otter number 17 swim?")
    number = conversation.turns[0].number
    assert read_feedback(service.folder).feedback == ()
    html = asking.judge(service, conversation, {"number": number, "verdict": "down"})
    assert 'value="down" aria-pressed="true"' in html
    (kept,) = read_feedback(service.folder).feedback
    assert (kept.question, kept.verdict) == ("Where does otter number 17 swim?", "down")
    assert not (service.folder / "golden.jsonl").exists()
    asking.judge(service, conversation, {"number": number, "verdict": "golden"})
    assert "otter number 17" in (service.folder / "golden.jsonl").read_text(encoding="utf-8")
    for nonsense in ({}, {"number": number, "verdict": "xyz"}, {"number": "x"}, {"number": True}):
        assert asking.judge(service, conversation, nonsense) == ""
    unknown = asking.judge(service, conversation, {"number": 5, "verdict": "up"})
    assert "started again" in unknown
    assert read_feedback(service.folder).feedback == (kept,)


def test_the_saved_sheet_links_to_where_its_quotes_stand(service: Service) -> None:
    conversation = asked(service, "Where does otter number 17 swim?")
    html = keeping.sheet_html(conversation, "markdown", "http://127.0.0.1:7860")
    found = re.search(r'href="data:[^"]*;base64,([^"]*)"', html)
    assert found is not None
    text = unescape(base64.b64decode(found[1]).decode("utf-8"))
    queries = re.findall(r"http://127\.0\.0\.1:7860/(\?quote=[^\s>)]+)", text)
    assert queries
    for query in queries:
        link = parse_query(query)
        assert link is not None
        assert link.sentences, "the sentence is marked there, too"
        shown(service, link)
    assert keeping.sheet_html(conversation, "exe", "") == ""
    assert keeping.sheet_html(Conversation(), "csv", "") == ""


def test_a_conversation_is_forgotten_after_its_page_was_closed(
    service: Service, viewer: PageViewer
) -> None:
    page = build_page(service, viewer)
    page.has_launched = True
    app = mount_gradio_app(FastAPI(), page, path="/")
    (begin,) = (one for one in page.fns.values() if getattr(one.fn, "__name__", "") == "begin")
    event = {"fn_index": begin._id, "data": ["Where do otters dive?", None], "session_hash": "a"}
    with TestClient(app) as client:
        assert client.post("/gradio_api/run/predict", json=event).status_code == 200
    session = page.state_holder.session_data["a"]
    (held,) = (one for one in session.state_data.values() if isinstance(one, Conversation))
    assert held.asked is not None
    session.is_closed, session.STATE_TTL_WHEN_CLOSED = True, 0
    page.state_holder.delete_all_expired_state()  # type: ignore[no-untyped-call]
    assert held not in session.state_data.values()
