"""The documentation leads where it says: links, headings, and the files that its map names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from conftest import DOCUMENTS, ROOT

FOLDERS = ("", "docs", "benchmarks", "training", "qa_bot/models/weights/reader")
PAGES = [page for folder in FOLDERS for page in sorted((ROOT / folder).glob("*.md"))]


def anchors(page: Path) -> set[str]:
    """What GitHub makes of a page's headings."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8"))
    for link in links:
        if link.startswith("http"):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", ["README.md", "docs/python.md"])
def test_the_python_that_is_shown_runs(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"```python\n(.+?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    (tmp_path / "documents").symlink_to(DOCUMENTS)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in blocks:
        exec(block, names)  # noqa: S102 - our own documentation
    assert names["reply"]


def test_readme_is_what_a_stranger_has_time_for() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 180


def test_every_file_on_the_map_is_in_its_wing() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (?:`(\w+)/`|the ground) \| (.+) \|$", text, re.MULTILINE)
    wings = {folder.name for folder in (ROOT / "qa_bot").iterdir() if folder.is_dir()}
    assert {wing for wing, _ in rows if wing} <= wings
    assert len(rows) == 15
    for wing, words in rows:
        for name in re.findall(r"`(\w+\.py)`", words):
            assert list((ROOT / "qa_bot" / wing).rglob(name)), f"{wing}/{name}"
