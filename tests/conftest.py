"""What many tests share: the real model, the article's index, and an embedder without meaning."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from fpdf import FPDF
from hypothesis import settings

from qa_bot import Answer, Index, build_index, open_index
from qa_bot.models.embedding import (
    DEFAULT_MODEL,
    SentenceTransformerEmbedder,
    load_embedder,
)
from qa_bot.records import Document
from qa_bot.shell import commands

# How long an example takes says nothing: the first one waits for imports, and machines are noisy.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

os.environ["QA_BOT_OCR"] = "tesseract"  # but where rapidocr is what is tested

pytest_plugins = ["browsing", "served"]  # fixtures of the browser tests, and of serving

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / "tests" / "data"
QUESTIONS = DATA / "article_questions.jsonl"
DOCUMENTS = ROOT / "documents"
ARTICLE = "military-partnerships-with-nato-allies.txt"


@pytest.fixture(scope="session")
def model() -> SentenceTransformerEmbedder:
    """The packaged model, loaded once for each test process."""
    embedder = load_embedder(DEFAULT_MODEL)
    embedder.encode_question("warm up")
    return embedder


@pytest.fixture(scope="session")
def article_folder(
    tmp_path_factory: pytest.TempPathFactory, model: SentenceTransformerEmbedder
) -> Path:
    """The folder of an index of the article that ships with the project; not to be changed."""
    folder = tmp_path_factory.mktemp("article") / "index"
    build_index(DOCUMENTS, folder, model=model)
    return folder


@pytest.fixture(scope="session")
def article(article_folder: Path) -> Iterator[Index]:
    """The article's index, open."""
    with open_index(article_folder) as index:
        yield index


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    """An empty folder for documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an index may be built."""
    return tmp_path / "index"


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


Shell = Callable[..., Done]


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run the command line in this process, where the model is loaded already."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["qa-bot", *map(str, arguments)])
        code = 0
        try:
            commands.main()
        except SystemExit as stop:
            code = int(stop.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def check_failure(done: Done, code: int) -> str:
    """An error is one line on standard error, and nothing else."""
    assert done.code == code
    assert done.out == ""
    assert done.err.startswith("Error: ")
    assert done.err.count("\n") == 1
    return done.err


def write(documents: Path, **texts: str) -> None:
    """Write ``name="text"`` as ``name.txt``; a double underscore in a name makes a folder."""
    for name, text in texts.items():
        file = documents / f"{name.replace('__', '/')}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def paragraphs(topic: str, count: int) -> str:
    """So many paragraphs about a topic, each long enough to be a passage of its own."""
    return "\n\n".join(
        f"The {topic} number {n} was seen near the {topic} hill. Its keeper wrote on page {n} "
        f"that every {topic} of the {n}th kind sleeps through the day, eats leaves at night, "
        f"and returns to hut {n} before the morning bell is rung by the {topic} warden."
        for n in range(count)
    )


def unstale(reply: Answer) -> Answer:
    """An answer without what it says of the files behind it: they may have changed since."""
    return replace(
        reply, stale=(), quotes=tuple(replace(quote, stale=False) for quote in reply.quotes)
    )


def blocks(document: Document, *kinds: str) -> list[str]:
    """The texts of a document's blocks, or of those of some kinds."""
    return [
        document.text[block.start : block.end]
        for block in document.blocks
        if not kinds or block.kind in kinds
    ]


def outline(document: Document) -> list[str]:
    """The paths of a document's sections, the document itself left out."""
    return ["/".join(section.path) for section in document.sections[1:]]


def lines(
    pdf: FPDF, texts: Sequence[str], *, x: float = 20, y: float = 30, step: float = 5
) -> float:
    """Draw lines of text under each other; return where the next one would stand."""
    for text in texts:
        pdf.text(x, y, text)
        y += step
    return y
