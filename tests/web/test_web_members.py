"""A document that lies in another file: opened, drawn, and deleted with the file it lies in."""

from __future__ import annotations

import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import lines, write
from fastapi import FastAPI
from fpdf import FPDF
from starlette.testclient import TestClient

from benchmarks.hashing import HashEmbedder
from benchmarks.upkeep import nested_specimens
from qa_bot.pages.view import PageViewer
from qa_bot.serving.api import create_api
from qa_bot.web import changing, highlighting, sources
from qa_bot.web.conversation import Conversation
from qa_bot.web.documents import list_html
from qa_bot.web.links import SourceLink, quote_link
from qa_bot.web.routes import add_routes
from qa_bot.web.service import Service
from qa_bot.web.uploads import file_state

TEXT = "Otters sleep in rivers and hold hands.\n"
PAGE = "<p>Herons wait.</p><script>alert(1)</script>"
PDF = "notes.zip › papers/badgers.pdf"


def badgers() -> bytes:
    pdf = FPDF()
    pdf.set_font("Times", size=12)
    pdf.add_page()
    lines(pdf, ["Badgers dig their setts at night.", "They never dig by day."])
    return bytes(pdf.output())


@pytest.fixture
def service(documents: Path, folder: Path) -> Service:
    write(documents, beside="Geese fly south.\n")
    with zipfile.ZipFile(documents / "notes.zip", "w") as file:
        file.writestr("otters.txt", TEXT)
        file.writestr("a/page.html", PAGE)
        file.writestr("papers/badgers.pdf", badgers())
        file.writestr("secret.bin", b"not read")
    service = Service(documents, folder, HashEmbedder(), strictness=0, allow_uploads=True)
    bring_up_to_date(service)
    return service


def bring_up_to_date(service: Service) -> None:
    service.refresh(requested=False)
    for thread in threading.enumerate():
        if thread.name == "qa-bot-index":
            thread.join(120)
    assert service.status.problem == ""


@pytest.fixture
def viewer() -> Iterator[PageViewer]:
    with PageViewer(seconds=60) as viewer:
        yield viewer


@pytest.fixture
def client(service: Service, viewer: PageViewer) -> TestClient:
    app = FastAPI()
    add_routes(app, service, viewer)
    return TestClient(app)


def test_a_member_is_served_as_a_file_would_be(client: TestClient, service: Service) -> None:
    reply = client.get("/file/notes.zip › otters.txt")
    assert (reply.status_code, reply.text) == (200, TEXT)
    assert reply.headers["content-disposition"] == 'inline; filename="otters.txt"'
    page = client.get("/file/notes.zip › a/page.html")
    assert page.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/file/{PDF}").headers["content-type"] == "application/pdf"
    for wanted in ("notes.zip", "notes.zip › secret.bin", "notes.zip › ../beside.txt", "x › y"):
        assert client.get(f"/file/{wanted}").status_code == 404
    assert service.originals.file("beside.txt") == service.documents / "beside.txt"


def test_what_is_served_follows_the_file_and_an_unpacked_one_is_used_again(
    client: TestClient, service: Service
) -> None:
    first = service.originals.file("notes.zip › otters.txt")
    assert service.originals.file("notes.zip › otters.txt") == first
    archive = service.documents / "notes.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("otters.txt", "Otters dive.\n")
    assert client.get("/file/notes.zip › otters.txt").text == "Otters dive.\n"
    assert client.get(f"/file/{PDF}").status_code == 404  # gone, though the index holds it still
    archive.write_bytes(b"PK\3\4 damaged")
    reply = client.get("/file/notes.zip › otters.txt")
    assert (reply.status_code, "damaged" in reply.text) == (404, True)
    archive.unlink()
    assert client.get("/file/notes.zip › otters.txt").status_code == 404


def test_a_quote_is_boxed_on_the_page_of_a_member(
    client: TestClient, service: Service, viewer: PageViewer
) -> None:
    with service.snapshot() as index:
        document = index.document(PDF)
    start = document.text.index("They never")
    link = SourceLink(document.digest, start, start + 22, ((start, start + 22),), PDF)
    source = sources.find(service, link)
    assert isinstance(source, sources.Source)
    assert source.is_paged
    view = sources.page(service, viewer, source, None)
    assert (view.number, view.problem) == (1, "")
    assert view.sentences
    picture = client.get(f"/page/{document.digest}/1", params={"in": PDF, "width": 300})
    assert picture.status_code == 200
    assert picture.headers["content-type"].startswith("image/")
    assert picture.headers["cache-control"] == "private, no-cache"
    has = {"If-None-Match": picture.headers["etag"]}
    again = client.get(f"/page/{document.digest}/1", params={"in": PDF, "width": 300}, headers=has)
    assert (again.status_code, again.content) == (304, b"")
    other = client.get(f"/page/{document.digest}/1", params={"in": PDF}, headers=has)
    assert other.status_code == 200
    assert client.get(f"/page/{'0' * 16}/1", headers=has).status_code == 404


def test_pages_of_a_member_are_drawn_and_searched_for_programs(
    service: Service, viewer: PageViewer
) -> None:
    api = TestClient(create_api(service, viewer))
    page = api.get(f"/documents/{PDF}/pages/1.png", params={"width": 200})
    assert (page.status_code, page.headers["content-type"]) == (200, "image/png")
    text = api.get(f"/documents/{PDF}/text").json()["text"]
    span = {"start": text.index("They never"), "end": text.index("They never") + 22}
    assert api.get(f"/documents/{PDF}/boxes", params=span).json()["boxes"]


def test_quotes_of_a_member_are_highlighted_in_a_copy(service: Service, viewer: PageViewer) -> None:
    conversation = Conversation()
    asked = conversation.begin("When do badgers dig their setts?")
    conversation.finish(asked, service.ask(asked.question, [PDF]))
    link, said = highlighting.highlighted(service, viewer, conversation, PDF)
    assert said == ""
    assert 'download="badgers (highlighted).pdf"' in link


def test_a_mail_of_a_mailbox_opens_at_its_quote(client: TestClient, service: Service) -> None:
    begun = b"From a@lake.example Mon Jan  1 10:00:00 2024\n"
    mails = [
        nested_specimens.mail(f"The {what} is mended in {month}.", "<p>x</p>", b"a,b\n1,2\n")
        for what, month in (("jetty", "March"), ("weir", "May"))
    ]
    (service.documents / "in.mbox").write_bytes(begun + mails[0] + b"\n" + begun + mails[1])
    bring_up_to_date(service)
    reply = service.ask("When is the weir mended?")
    quote = reply.answer.quotes[0]
    assert "weir" in quote.passage.text
    name = "in.mbox › 2024-01-01 Nests of the lake (2).eml"
    assert quote.citation.document_id == name
    source = sources.find(service, quote_link(quote))
    assert isinstance(source, sources.Source)
    assert "The weir is mended in May." in source.excerpt.text
    assert not source.is_paged
    served = client.get(f"/file/{name}")
    assert served.content == mails[1]
    assert served.headers["content-disposition"].startswith("attachment")
    assert client.get(f"/file/{name} › täble.csv").text == "a,b\n1,2\n"


def test_deleting_a_member_deletes_the_file_that_it_lies_in_if_one_is_sure(
    service: Service,
) -> None:
    assert "qa-delete" in list_html(service.status.holdings, Conversation(), deletable=True)
    wanted = {"name": "notes.zip › otters.txt"}
    asked = changing.delete(service, wanted)
    assert "Delete notes.zip, which" in asked.replace("<bdi>", "").replace("</bdi>", "")
    archive = service.documents / "notes.zip"
    assert archive.exists()
    told = changing.delete(service, wanted | {"sure": file_state(archive)})
    assert "Deleted" in told
    assert not archive.exists()
    assert (service.documents / "beside.txt").exists()
    bring_up_to_date(service)
    assert service.held == {"beside.txt"}
