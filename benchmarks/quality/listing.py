"""The chat's list of 10,000 documents in a real browser: opened, filtered, scrolled.

Run with ``python -m benchmarks.quality.listing [--files 10000]``. It needs Chromium and
``.[dev]``. Vectors mean nothing here: nothing is asked.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import uvicorn
from playwright.sync_api import Page, sync_playwright

from benchmarks.hashing import HashEmbedder
from benchmarks.results import save_section
from qa_bot import build_index
from qa_bot.pages.view import PageViewer
from qa_bot.serving.app import listen
from qa_bot.serving.server import Serving, create_application
from qa_bot.web.service import Service

REPEATS = 15
FOLDERS = 100
# Resolves with the milliseconds until another list has been painted.
_UNTIL_PAINTED = """
    (act) => new Promise((done) => {
      const listed = document.querySelector('#qa-listed');
      const begun = performance.now();
      const seen = new MutationObserver(() => {
        seen.disconnect();
        requestAnimationFrame(() => setTimeout(() => done(performance.now() - begun)));
      });
      seen.observe(listed, { childList: true, subtree: true, attributeFilter: ['data-made'] });
      new Function(act)();
    })
"""
_OPEN = "document.querySelector('.qa-open-documents').click()"
_SEEK = """
    const field = document.querySelector('#qa-seek');
    field.value = %r;
    field.dispatchEvent(new Event('input', { bubbles: true }));
"""
_SCROLL = "document.querySelector('#qa-listed').scrollTop = %d"
_LONG_TASKS = """
    window.tasks = [];
    new PerformanceObserver((seen) => window.tasks.push(...seen.getEntries()
      .map((one) => one.duration))).observe({ entryTypes: ['longtask'] });
"""
_ROWS = "document.querySelectorAll('#qa-listed li').length"


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The chat over a folder's documents, without the reader; its address."""
    service = Service(folder / "documents", folder / "index", model=HashEmbedder(), reader=None)
    service.refresh(requested=False)
    with PageViewer() as viewer, listen("127.0.0.1", 0) as listener:
        guarded, _ = create_application(service, viewer, Serving())
        server = uvicorn.Server(uvicorn.Config(guarded, log_level="warning", lifespan="on"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while not (server.started and service.is_settled):
            time.sleep(0.05)
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        server.should_exit = True
        thread.join(10)


def measure(page: Page) -> tuple[dict[str, list[float]], int, list[float]]:
    """Milliseconds of each act, the most rows that there were, and the script's long tasks."""
    page.wait_for_selector("#qa-status time", timeout=120_000)
    times: dict[str, list[float]] = {"open": [], "filter": [], "scroll": []}
    most = 0

    def act(name: str, script: str) -> None:
        nonlocal most
        times[name].append(page.evaluate(_UNTIL_PAINTED, script))
        most = max(most, page.evaluate(_ROWS))

    page.evaluate(_LONG_TASKS)
    for _ in range(REPEATS):
        act("open", _OPEN)
        page.keyboard.press("Escape")
    act("open", _OPEN)
    page.get_by_label("Sort the documents").select_option("by title")
    page.wait_for_function("document.querySelectorAll('.qa-folder-row').length === 0")
    for number in range(REPEATS):
        act("filter", _SEEK % f"report {number * 37:05}")
        act("filter", _SEEK % "")
    for number in range(1, REPEATS):
        act("scroll", _SCROLL % (number * 30_000))
    return times, most, page.evaluate("window.tasks")


def main() -> None:
    """Build, measure, and write the section of RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--print", action="store_true", help="only print")
    asked = parser.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in range(asked.files):
            file = folder / "documents" / f"{number % FOLDERS:02}" / f"report-{number:05}.md"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"# Report {number:05}\n\nThe lift {number} is serviced in spring.\n")
        build_index(folder / "documents", folder / "index", model=HashEmbedder())
        with served(folder) as url, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium, args=["--headless", "--no-sandbox"]
            )
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(url)
            times, most, tasks = measure(page)
            browser.close()
    rows = "\n".join(
        f"| {name} | {np.percentile(taken, 50):.0f} | {np.percentile(taken, 95):.0f} |"
        for name, taken in times.items()
    )
    text = (
        f"## The list of documents\n\n{asked.files:,} files in {FOLDERS} folders, in headless"
        " Chromium (`quality.listing`); milliseconds until another list is painted.\n\n"
        f"| | median | p95 |\n|---|---|---|\n{rows}\n\n"
        f"At most {most} rows in the page; the script's longest task took"
        f" {max(tasks, default=0):.0f} ms (0: none over 50)."
    )
    print(text)
    if not asked.print:
        save_section("listing", text)


if __name__ == "__main__":
    main()
