"""What the tests of serving share: documents in folders, and the API on them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from conftest import lines
from fastapi import FastAPI
from fpdf import FPDF
from starlette.testclient import TestClient

from qa_bot import build_index
from qa_bot.models.embedding import SentenceTransformerEmbedder
from qa_bot.models.reader import DEFAULT_READER
from qa_bot.pages.view import PageViewer
from qa_bot.serving.accounts import AccountFile, add_token, add_user
from qa_bot.serving.api import create_api
from qa_bot.serving.app import listen
from qa_bot.serving.desk import OpenedDesk
from qa_bot.serving.server import Serving, create_application
from qa_bot.web.service import Service

LEAVE = "How many days of paid leave do employees receive?"
STAFF = """# Staff handbook

## Annual leave

Employees receive twenty-five days of paid leave every year. Unused days expire on 31 March.

## Travel abroad

For a trip abroad you need a valid passport and written approval from the team lead.
"""
PAY = """# Pay of the board

## Bonuses

The chairwoman Philippa Quillfeather receives a bonus of 48,200 euros for the zephyrium contract.
"""
PRICES = "item,price in euros\nhammer,12\nscrewdriver,7\nspirit level,19\n"
LIFT = "The lift of the annexe is serviced by the caretaker every spring."


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder) -> Path:
    """A folder with ``documents`` and their ``index``; neither is to be changed."""
    home = tmp_path_factory.mktemp("library")
    documents = home / "documents"
    for name, text in (
        ("staff/handbook.md", STAFF),
        ("board/pay.md", PAY),
        ("shop/prices.csv", PRICES),
    ):
        (documents / name).parent.mkdir(parents=True, exist_ok=True)
        (documents / name).write_text(text, encoding="utf-8")
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    pdf.add_page()
    lines(pdf, [LIFT, "It carries eight people, or six hundred kilograms."])
    pdf.output(str(documents / "staff" / "lift.pdf"))
    (documents / "board" / "broken.pdf").write_text("no PDF at all", encoding="utf-8")
    build_index(documents, home / "index", model=model)
    return home


@pytest.fixture(scope="session")
def desk(library: Path) -> Iterator[OpenedDesk]:
    """Answers from the library."""
    desk = OpenedDesk(library / "index", DEFAULT_READER)
    yield desk
    desk.close()


@pytest.fixture(scope="session")
def api(desk: OpenedDesk) -> Iterator[TestClient]:
    """The API over the library, alone."""
    with PageViewer() as viewer:
        yield TestClient(
            create_api(desk, viewer), "http://127.0.0.1", raise_server_exceptions=False
        )


PASSWORD = "correct horse battery"  # noqa: S105 - of nobody


@dataclass(frozen=True)
class Team:
    """A server with log-ins, as a team runs it, and what is inside it."""

    url: str
    accounts: AccountFile
    app: FastAPI
    service: Service
    editor: str  # tokens
    reader: str
    staff: str  # sees staff/ only


@pytest.fixture(scope="session")
def team(
    library: Path,
    tmp_path_factory: pytest.TempPathFactory,
    model: SentenceTransformerEmbedder,
) -> Iterator[Team]:
    """Runs on a port of this machine until the tests end."""
    accounts = AccountFile(tmp_path_factory.mktemp("team") / "auth.json")
    add_user(accounts, "ada", PASSWORD, "reader")
    tokens = (
        add_token(accounts, "editor", "editor"),
        add_token(accounts, "reader", "reader"),
        add_token(accounts, "staff", "reader", ["staff"]),
    )
    service = Service(library / "documents", library / "index", model, allow_uploads=True)
    service.refresh(requested=False)
    with PageViewer() as viewer, listen("127.0.0.1", 0) as listener:
        guarded, app = create_application(service, viewer, Serving(accounts=accounts))
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not (server.started and service.is_settled):
            time.sleep(0.05)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        yield Team(url, accounts, app, service, *tokens)
        server.should_exit = True
        thread.join(10)
    if service.uploads is not None:
        service.uploads.close()
