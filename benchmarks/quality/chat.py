"""How quick the chat's page is, in a real browser: ``python -m benchmarks.quality.chat``.

First paint after the server answers, an answer on the screen beside what ``answer``
itself takes, and the source of a 1,500-page PDF beside that of a 3-page memo. Medians of
interleaved rounds; writes its section of RESULTS.md. Needs Chromium.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median

from fpdf import FPDF
from playwright.sync_api import Page, expect, sync_playwright

import qa_bot
from benchmarks.results import save_section

PAGES, QUOTED = 1_500, 1_200
MEMO = "How long may the vault of the harbour museum stay open?"
REPORT = f"What did the lighthouse keeper of parish {QUOTED} count in spring?"
FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run".split()


def write_pdfs(folder: Path) -> None:
    """A memo of 3 pages, and a report of 1,500 with a section on each."""
    memo = FPDF()
    memo.set_font("Helvetica", size=11)
    for number in range(1, 4):
        memo.add_page()
        memo.multi_cell(
            0, 6, f"Page {number} of the memo is about the rooms of the museum.\n\n" * 4
        )
        if number == 2:
            memo.multi_cell(
                0, 6, "The vault of the harbour museum may stay open for ninety minutes."
            )
    memo.output(str(folder / "memo.pdf"))
    report = FPDF()
    report.set_font("Helvetica", size=11)
    for number in range(1, PAGES + 1):
        report.add_page()
        report.start_section(f"Parish {number}")
        report.multi_cell(0, 6, f"Parish {number}\n\n")
        for part in range(12):
            report.multi_cell(
                0,
                6,
                f"Inspection {part} of parish {number} found roads, wells and walls in use.\n\n",
            )
        report.multi_cell(
            0, 6, f"In spring the lighthouse keeper of parish {number} counted {number} puffins."
        )
    report.output(str(folder / "report.pdf"))


@contextmanager
def serving(documents: Path, index: Path) -> Iterator[str]:
    """The chat in a process of its own; its address, once it answers."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "qa_bot", "chat", "--no-open", "--port", str(port)]
    command += ["--documents", str(documents), "--index", str(index)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        url = f"http://127.0.0.1:{port}/"
        try:
            while process.poll() is None:
                with suppress(OSError), urllib.request.urlopen(url):
                    break
                time.sleep(0.02)
            yield url
        finally:
            process.terminate()


def milliseconds_to_answer(page: Page, question: str) -> float:
    """From Enter to the marked sentence."""
    turns = page.locator(".qa-turn").count()
    page.get_by_label("Question").fill(question)
    began = time.perf_counter()
    page.keyboard.press("Enter")
    expect(page.locator(".qa-turn").nth(turns).locator("mark").first).to_be_visible(timeout=60_000)
    return 1000 * (time.perf_counter() - began)


def milliseconds_to_open(page: Page, turn: int, view: str) -> float:
    """From the click on a citation, or on "Page", to the mark in its source."""
    source = page.locator("#qa-panel")
    if view == "page":
        target, seen = source.locator(".qa-view[value=page]"), source.locator(".qa-box-mark").first
    else:
        target = page.locator(".qa-turn").nth(turn).locator(".qa-citation").first
        seen = source.locator("mark").first
    began = time.perf_counter()
    target.click()
    expect(seen).to_be_visible(timeout=60_000)
    if view == "page":
        source.locator(".qa-page img").evaluate("image => image.decode()")
    return 1000 * (time.perf_counter() - began)


def measure(rounds: int) -> list[str]:
    """Rows of the table."""
    with tempfile.TemporaryDirectory() as scratch:
        documents, index = Path(scratch, "documents"), Path(scratch, "index")
        documents.mkdir()
        write_pdfs(documents)
        qa_bot.build_index(documents, index)
        times: dict[str, list[float]] = {}

        def note(name: str, value: float) -> None:
            times.setdefault(name, []).append(value)

        with serving(documents, index) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=FLAGS
            )
            with qa_bot.open_index(index) as opened:
                for _ in range(rounds + 1):
                    page = browser.new_page(viewport={"width": 1280, "height": 800})
                    page.goto(url)
                    paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
                    page.wait_for_function(f"() => {paint.replace('.startTime', '')}")
                    note("first paint", page.evaluate(paint))
                    for number, (name, question) in enumerate((("memo", MEMO), ("report", REPORT))):
                        began = time.perf_counter()
                        assert qa_bot.answer(question, opened).found
                        note("answer", 1000 * (time.perf_counter() - began))
                        note("answer on screen", milliseconds_to_answer(page, question))
                        note(f"{name} text", milliseconds_to_open(page, number, "text"))
                        note(f"{name} page", milliseconds_to_open(page, number, "page"))
                        page.locator(".qa-view[value=text]").click()
                        expect(page.locator("#qa-panel mark").first).to_be_visible()
                    page.close()
            browser.close()
    found = {name: median(values[len(values) // (rounds + 1) :]) for name, values in times.items()}
    more = found["answer on screen"] - found["answer"]
    text, drawn = (found[f"report {view}"] / found[f"memo {view}"] for view in ("text", "page"))
    return [
        f"| first paint, once the server answers | {found['first paint']:.0f} ms | 1 s |",
        f"| an answer on the screen, more than `answer` takes ({found['answer']:.0f} ms)"
        f" | {more:.0f} ms | 300 ms |",
        f"| source of a 3-page memo: text, page | {found['memo text']:.0f},"
        f" {found['memo page']:.0f} ms | |",
        f"| source of a {PAGES:,}-page PDF at page {QUOTED:,}: text, page |"
        f" {found['report text']:.0f}, {found['report page']:.0f} ms | |",
        f"| the one against the other: text, page | {text:.2f} ×, {drawn:.2f} × | 1.5 × |",
    ]


def main() -> None:
    """Measure, print, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rows = measure(parser.parse_args().rounds)
    lines = ["## Chat", "", "Medians, in headless Chromium on the same machine.", ""]
    text = "\n".join([*lines, "| | measured | to reach |", "|---|---|---|", *rows])
    print(text)
    save_section("chat", text)


if __name__ == "__main__":
    main()
