"""``qa-bot ask`` on a real terminal: two conversations of ten turns, of which nothing stays."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ARTICLE, DOCUMENTS
from talking import ABOUT_ARTICLE, OVER_REPORTS, write_reports

from qa_bot import build_index
from qa_bot.models.embedding import SentenceTransformerEmbedder

pytestmark = pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals here")
WAIT = 300  # seconds for a reply: many times what it takes
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()=>][0-9A-Z]?|\x1b\][^\x07]*\x07|\r")


class Terminal:
    """The prompt on a terminal of its own. ``text`` is all that it showed, in one line."""

    def __init__(self, home: Path, *options: str) -> None:
        master, slave = pty.openpty()
        self.master = master
        self.shown = ""
        settings = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "COLUMNS": "400"}
        settings |= {"PROMPT_TOOLKIT_NO_CPR": "1", "TERM": "xterm", "PYTHONPATH": os.getcwd()}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "qa_bot", "ask", *options],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**os.environ, **settings},
        )
        os.close(slave)

    def say(self, line: str, phrase: str) -> str:
        """Type a line, and wait for a phrase of the reply: what was shown since."""
        before = len(self.shown)
        os.write(self.master, f"{line}\r".encode())
        deadline = time.monotonic() + WAIT
        while phrase not in (since := self.text(before)):
            left = deadline - time.monotonic()
            assert left > 0, f"{line!r}: no {phrase!r} in {since!r}"
            if select.select([self.master], [], [], left)[0]:
                self.shown += os.read(self.master, 65_536).decode(errors="replace")
        return since

    def text(self, since: int = 0) -> str:
        return " ".join(_ESCAPES.sub("", self.shown[since:]).split())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.master)


@pytest.fixture
def home(tmp_path: Path, model: SentenceTransformerEmbedder) -> Path:
    """A home with an index of the article and three reports."""
    documents = tmp_path / "documents"
    documents.mkdir()
    write_reports(documents)
    shutil.copy(DOCUMENTS / ARTICLE, documents)
    build_index(documents, tmp_path / "index", model=model)
    return tmp_path


@pytest.fixture
def terminal(home: Path) -> Iterator[Terminal]:
    terminal = Terminal(home, "--index", str(home / "index"))
    yield terminal
    terminal.close()


def test_two_conversations_are_followed_and_nothing_of_them_is_kept(
    terminal: Terminal, home: Path
) -> None:
    for question, phrase in (*ABOUT_ARTICLE, *OVER_REPORTS):
        since = terminal.say(question, phrase)
        if question == "And in 2022?":
            assert "Understood as: How many people did the Harbour Authority employ in 2022?" in (
                since
            )
    word = "xylographicfollowup"
    terminal.say(f"Who owns the {word}?", f"No document mentions: {word}")
    terminal.say(":again", f"No document mentions: {word}")
    os.write(terminal.master, b":quit\r")
    assert terminal.process.wait(WAIT) == 0
    kept = [path for path in home.rglob("*") if path.is_file()]
    assert kept
    assert [path.name for path in kept if word.encode() in path.read_bytes()] == []
