"""The benchmarks' own logic: what is counted, and where results are kept."""

from __future__ import annotations

from pathlib import Path

from benchmarks.pdf_oracle import OracleLine, find_furniture
from benchmarks.pdf_readers import plain_document, without_furniture
from benchmarks.results import save_section


def page(*rows: tuple[str, float]) -> list[OracleLine]:
    return [OracleLine(text, top, 0) for text, top in rows]


def test_a_benchmark_replaces_its_own_section_only(tmp_path: Path) -> None:
    file = tmp_path / "RESULTS.md"
    save_section("a", "first", file)
    save_section("b", "other \\1", file)
    save_section("a", "second", file)
    text = file.read_text()
    assert text.startswith("# Results\n")
    assert "first" not in text
    assert text.index("second") < text.index("other \\1")


def test_a_running_header_that_changes_is_known_by_its_page_number() -> None:
    titles = ("Birds", "Nests", "Eggs", "Migration", "Songs")
    pages = [
        page((f"{title} {number + 3}", 800), (f"Text of {title} itself.", 700))
        for number, title in enumerate(titles)
    ]
    found = [[line.text for line in lines] for lines in find_furniture(pages)]
    assert found == [[f"{title} {number + 3}"] for number, title in enumerate(titles)]


def test_a_label_that_also_stands_within_the_text_is_no_header() -> None:
    pages = [
        page(("Indicators", 800), ("Text.", 700), ("Indicators", 400), (f"More {n}.", 380))
        for n in "abcdef"
    ]
    pages[3:] = [page((f"Other text {n}.", 800), (f"and more {n}", 790)) for n in range(9)]
    assert not any(line.text == "Indicators" for lines in find_furniture(pages) for line in lines)


def test_headers_leave_a_page_whole_or_in_parts_and_equal_words_stay() -> None:
    text = "Annual Report\n7\nThe report is annual.\n7"
    assert without_furniture(text, ["Annual Report 7"]) == "The report is annual.\n7"


def test_a_plain_document_has_its_paragraphs_and_pages() -> None:
    document = plain_document(["One.\n\nTwo\ngoes on.", "Three."], "a.pdf")
    blocks = [document.text[block.start : block.end] for block in document.blocks]
    assert blocks == ["One.", "Two\ngoes on.", "Three."]
    assert [document.text[s.start : s.end].strip() for s in document.pages] == [
        "One.\n\nTwo\ngoes on.",
        "Three.",
    ]
