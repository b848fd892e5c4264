"""How well PDFs are read: sections, pages, headers and footers, words, labels, speed.

``python -m benchmarks.pdf.reading`` measures the shared PDFs and writes its section
of RESULTS.md. With names, or with ``--folder``, it measures those files and only prints.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.datasets import SHARED
from benchmarks.pdf import labels, readers, speed
from benchmarks.pdf.oracle import Oracle, read_oracle, read_truth
from benchmarks.pdf.readers import Comparison
from benchmarks.pdf.scores import (
    Score,
    page_texts,
    score_furniture,
    score_pages,
    score_sections,
    score_words,
)
from benchmarks.results import save_section
from qa_bot.building.passages import split_document
from qa_bot.loaders.pdf.load import load_pdf
from qa_bot.records import Document

PDFS = SHARED / "pdfs"
MAX_TOKENS = 200


@dataclass
class Measured:
    """Everything about one file, or about several."""

    ours: Score = field(default_factory=Score)
    plain: Score = field(default_factory=Score)  # pypdf's text, split at blank lines
    comparison: Comparison = field(default_factory=Comparison)

    def add(self, other: Measured) -> None:
        """Sum up."""
        self.ours.add(other.ours)
        self.plain.add(other.plain)
        readers.add(self.comparison, other.comparison)


def _tokens(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 1 for text in texts]


def measure(path: Path) -> Measured:
    """All figures of one file."""
    began = time.perf_counter()
    document = load_pdf(path, path.name)
    seconds = time.perf_counter() - began
    oracle = read_oracle(path)
    ours = Score(page_count=len(oracle.pages), seconds=seconds)
    truth, ours.rejected = read_truth(path, oracle)
    passages = split_document(document, _tokens, MAX_TOKENS)
    if truth:
        bare = split_document(load_pdf(path, path.name, use_bookmarks=False), _tokens, MAX_TOKENS)
        score_sections(passages, oracle, truth, hidden=False, score=ours)
        score_sections(bare, oracle, truth, hidden=True, score=ours)
    _score_text(document, oracle, ours)
    plain = Score(page_count=len(oracle.pages))
    _score_text(readers.plain_document(readers.pypdf_pages(path), path.name), oracle, plain)
    return Measured(ours, plain, readers.compare(path, oracle, document, seconds))


def _score_text(document: Document, oracle: Oracle, score: Score) -> None:
    texts = page_texts(document, len(oracle.pages))
    score_pages(split_document(document, _tokens, MAX_TOKENS), oracle, score)
    score_furniture(texts, oracle, score)
    score_words(texts, oracle, score)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.3f}" if whole else ""


def _per_thousand(part: int, whole: int) -> str:
    return f"{1000 * part / max(whole, 1):.2f}"


HEADER = (
    "| file | pages | section path | bookmarks hidden | physical page | not placed"
    " | header and footer characters ‰ | words broken + glued ‰ | bookmarks rejected |\n"
    "|---|" + "---:|" * 8
)


def _row(name: str, score: Score) -> str:
    return (
        f"| {name} | {score.page_count} | {_share(score.sections, score.passages)}"
        f" | {_share(score.hidden_sections, score.hidden_passages)}"
        f" | {_share(score.pages_right, score.pages_asked)} | {score.unplaced}"
        f" | {_per_thousand(score.furniture, score.characters)}"
        f" | {_per_thousand(score.broken, score.words)}"
        f" + {_per_thousand(score.glued, score.words)} | {len(score.rejected) or ''} |"
    )


def _summary(total: Measured) -> Iterator[str]:
    ours, plain = total.ours, total.plain
    yield "| | pypdf, split at blank lines | qa_bot | to reach |"
    yield "|---|---:|---:|---:|"
    figures: tuple[tuple[str, Callable[[Score], str], bool, str], ...] = (
        ("section path, by bookmarks", lambda s: _share(s.sections, s.passages), False, "0.98"),
        (
            "section path, bookmarks hidden",
            lambda s: _share(s.hidden_sections, s.hidden_passages),
            False,
            "0.80",
        ),
        ("physical page", lambda s: _share(s.pages_right, s.pages_asked), True, "0.995"),
        (
            "header and footer characters per 1,000",
            lambda s: _per_thousand(s.furniture, s.characters),
            True,
            "at most 1",
        ),
        (
            "words broken or glued per 1,000",
            lambda s: _per_thousand(s.broken + s.glued, s.words),
            True,
            "at most 2",
        ),
    )
    for name, figure, is_both, target in figures:
        yield f"| {name} | {figure(plain) if is_both else ''} | {figure(ours)} | {target} |"


def _report(files: Sequence[tuple[str, Measured]]) -> Iterator[str]:
    """The tables of several files."""
    total = Measured()
    for _, measured in files:
        total.add(measured)
    yield from _summary(total)
    yield ""
    yield HEADER
    for name, measured in files:
        yield _row(name, measured.ours)
    yield _row("all", total.ours)
    yield ""
    for name, measured in files:
        if rejected := measured.ours.rejected:
            shown = ", ".join(f"“{title}”" for title in rejected[:5])
            more = f" and {len(rejected) - 5} more" if len(rejected) > 5 else ""
            yield f"Bookmarks of {name} whose titles aren't on their pages: {shown}{more}."
            yield ""
    yield "### Beside other readers, headers and footers taken out"
    yield ""
    yield from readers.rows(total.comparison)
    yield ""
    yield from readers.loss_rows(total.comparison)
    yield ""


def _labels() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        asked, right, example, bad = labels.score(Path(folder))
    yield "### Printed labels"
    yield ""
    yield (
        f"{_share(right, asked)} of {asked} passages of PDFs made here (roman front matter, offset"
        f" starts, an annex; as page labels or printed only) are cited with the label that their"
        f" page bears, such as “{example}”; to reach: 0.995."
    )
    yield ""
    yield from (f"- {line}" for line in bad[:10])


def main() -> None:
    """Measure, print, and write the section unless only some files were asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="only these files, without .pdf")
    parser.add_argument("--folder", type=Path, help="PDFs of your own")
    parser.add_argument("--details", action="store_true", help="print what went wrong, too")
    parser.add_argument("--rounds", type=int, default=speed.ROUNDS, help="of parsing speed")
    arguments = parser.parse_args()
    paths = sorted((arguments.folder or PDFS).glob("*.pdf"))
    if not paths:
        raise SystemExit(f"no PDFs in {arguments.folder or PDFS} (see benchmarks/README.md)")
    files = []
    for path in paths:
        if not arguments.names or path.stem in arguments.names:
            files.append((path.stem, measure(path)))
            print(_row(*files[-1][:1], files[-1][1].ours), flush=True)
            if arguments.details:
                print("\n".join(f"    {line}" for line in files[-1][1].ours.bad))
    lines = ["", *_report(files)]
    is_whole = not arguments.folder and not arguments.names
    if is_whole:
        lines += [*_labels(), "### Parsing", ""]
        lines += speed.rows(speed.measure(paths, arguments.rounds))
    print("\n".join(lines))
    if is_whole:
        heading = f"## PDFs: {len(paths)} files of the shared folder\n\n"
        made_by = "Made by `python -m benchmarks.pdf.reading`, with pdfium and poppler as oracles."
        save_section("pdf", f"{heading}{made_by}\n" + "\n".join(lines))


if __name__ == "__main__":
    main()
