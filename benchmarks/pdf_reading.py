"""How well PDFs are read: sections, pages, headers and footers, words.

Run with ``python -m benchmarks.pdf_reading [name …] [--details]``. The shared
PDFs are read by the loader and, as the oracle, by pypdfium2, which knows nothing
of what the loader thinks: where a passage and a bookmark's title stand is looked
up in pdfium's own text of the page.
"""

from __future__ import annotations

import argparse
import re
import time
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
from pypdf import PdfReader

from benchmarks.datasets import SHARED
from qa_bot.loaders.pdf import load_pdf
from qa_bot.loaders.pdf_outline import Entry, bookmarks, letters
from qa_bot.passages import split_document
from qa_bot.records import Document, Passage

PDFS = SHARED / "pdfs"
MAX_TOKENS = 200
PROBE = 40  # letters that a place is recognised by
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_SOFT_BREAK = re.compile(r"[\ufffe\x02\u00ad]\s*")
_HIDDEN = re.compile(r"_[0-9a-f]{8}-[0-9a-f-]{27}|PLACEHOLDER_\d+")  # drawn one point high


@dataclass(frozen=True, slots=True)
class Place:
    """Where letters stand: page index, and index into that page's letters in pdfium's order."""

    page: int
    at: int

    def key(self) -> tuple[int, int]:
        """For sorting."""
        return self.page, self.at


@dataclass
class Oracle:
    """What pdfium reads on each page."""

    texts: list[str]
    letters: list[str]
    tops: list[list[float]]  # of each letter: how high it stands
    furniture: list[list[str]] = field(default_factory=list)  # lines that repeat, by page

    @classmethod
    def of(cls, path: Path) -> Oracle:
        """Read a whole file."""
        oracle = cls([], [], [])
        with pypdfium2.PdfDocument(path) as document:
            lines: list[list[tuple[str, float]]] = []
            for page in document:
                textpage = page.get_textpage()
                text = _HIDDEN.sub(" ", textpage.get_text_range())
                oracle.texts.append(text)
                found, tops, rows = [], [], [("", 0.0)]
                for index in range(textpage.count_chars()):
                    character = textpage.get_text_range(index, 1)
                    spelt = letters(character)
                    if character in "\r\n":
                        rows.append(("", 0.0))
                        continue
                    top = textpage.get_charbox(index)[3] if spelt else rows[-1][1]
                    rows[-1] = (rows[-1][0] + character, max(top, rows[-1][1]))
                    if spelt:
                        found.append(spelt)
                        tops += [top] * len(spelt)
                oracle.letters.append("".join(found))
                oracle.tops.append(tops)
                lines.append([(" ".join(row.split()), top) for row, top in rows if row.strip()])
        oracle.furniture = _repeated(lines)
        return oracle

    def find(self, probe: str, page: int, after: int = -1) -> int | None:
        """Where on a page letters stand: after a place if possible."""
        for start in (after, 0):
            at = self.letters[page].find(probe, max(start, 0))
            if at >= 0:
                return at
        return None


def _repeated(pages: Sequence[Sequence[tuple[str, float]]]) -> list[list[str]]:
    """For each page, the lines that half of the pages have in that place, digits aside."""

    def key(line: tuple[str, float]) -> tuple[str, int]:
        return re.sub(r"\d+", "#", line[0]), round(line[1] / 5)

    counts = Counter(spelt for lines in pages for spelt in {key(line) for line in lines})
    needed = max(2, 0.5 * len(pages))
    return [[line[0] for line in lines if counts[key(line)] >= needed] for lines in pages]


@dataclass
class Score:
    """Counts of one file; ``bad`` holds examples."""

    passages: int = 0
    sections: int = 0
    hidden_passages: int = 0
    hidden_sections: int = 0
    pages_asked: int = 0
    pages_right: int = 0
    unplaced: int = 0
    characters: int = 0
    furniture: int = 0
    words: int = 0
    broken: int = 0
    glued: int = 0
    missing: int = 0
    extra: int = 0
    seconds: float = 0.0
    page_count: int = 0
    rejected: list[str] = field(default_factory=list)
    bad: list[str] = field(default_factory=list)

    def add(self, other: Score) -> None:
        """Sum up."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


def _tokens(texts: Sequence[str]) -> list[int]:
    return [len(text) // 4 + 1 for text in texts]


def _truth(
    oracle: Oracle, entries: Sequence[Entry]
) -> tuple[list[tuple[Place, tuple[str, ...]]], list[str]]:
    """Each bookmark's place in pdfium's text with its path; and those whose title isn't there."""
    found: list[tuple[Place, tuple[str, ...]]] = []
    rejected: list[str] = []
    path: list[tuple[int, str]] = []
    last = Place(-1, -1)
    for entry in entries:
        while path and path[-1][0] >= entry.level:
            path.pop()
        at = _title_place(oracle, entry, last)
        if at is None:
            rejected.append(entry.title)
            continue
        last = at
        path.append((entry.level, entry.title))
        found.append((at, tuple(title for _, title in path)))
    return sorted(found, key=lambda item: item[0].key()), rejected


def _title_place(oracle: Oracle, entry: Entry, last: Place) -> Place | None:
    title, page = letters(entry.title), entry.page
    if page is None or not title or page >= len(oracle.letters):
        return None
    places = [match.start() for match in re.finditer(re.escape(title), oracle.letters[page])]
    if not places:
        return None
    if entry.top is not None:
        tops = oracle.tops[page]
        return Place(page, min(places, key=lambda at: abs(tops[at] - float(entry.top or 0))))
    later = [at for at in places if (page, at) > last.key()]
    return Place(page, (later or places)[0])


def _places(oracle: Oracle, passages: Sequence[Passage]) -> Iterator[tuple[Passage, Place | None]]:
    """Where each passage begins, on the page that it cites first."""
    last = Place(-1, -1)
    for passage in passages:
        page = passage.pages[0].number - 1
        spelt = letters(passage.text)
        place = None
        for length in (PROBE, 24, 12):
            at = oracle.find(spelt[:length], page, last.at if last.page == page else -1)
            if at is not None:
                place = last = Place(page, at)
                break
        yield passage, place


def score_sections(
    passages: Sequence[Passage],
    oracle: Oracle,
    truth: Sequence[tuple[Place, tuple[str, ...]]],
    *,
    hidden: bool,
    score: Score,
) -> None:
    """Compare each passage's section path with the bookmark path in force where it begins."""
    keys = [place.key() for place, _ in truth]
    for passage, place in _places(oracle, passages):
        if place is None:
            continue
        index = bisect_right(keys, place.key()) - 1
        path = truth[index][1] if index >= 0 else ()
        if hidden:
            if path and letters(path[0]) == letters(passage.title):
                path = path[1:]  # one bookmark around all others, which says the title again
            right = [letters(part) for part in passage.section] == [letters(part) for part in path]
            score.hidden_passages += 1
            score.hidden_sections += right
        else:
            right = passage.section == path
            score.passages += 1
            score.sections += right
        if not right:
            kind = "hidden" if hidden else "section"
            score.bad.append(
                f"{kind} p. {place.page + 1}: {' › '.join(passage.section)!r}"
                f" for {' › '.join(path)!r}: {passage.text[:60]!r}"
            )


def score_pages(passages: Sequence[Passage], oracle: Oracle, score: Score) -> None:
    """Whether the first and the last words of each passage stand on the pages it cites."""
    bags = [{letters(word) for word in oracle_words(text)} for text in oracle.texts]
    for passage in passages:
        said = [letters(word) for word in _WORD.findall(passage.text)]
        for run, page in (
            (said[:5], passage.pages[0].number - 1),
            (said[-5:], passage.pages[-1].number - 1),
        ):
            probe = "".join(run)
            where = {i for i, found in enumerate(oracle.letters) if probe in found}
            if page not in where:  # cells of a table, words that pdfium reads in another order
                shares = [sum(word in bag for word in run) for bag in bags]
                where |= {i for i, found in enumerate(shares) if found == len(run)}
            if not where:
                score.unplaced += 1
                continue
            score.pages_asked += 1
            score.pages_right += page in where
            if page not in where:
                score.bad.append(f"page {page + 1}, stands on {min(where) + 1}: {' '.join(run)!r}")


def page_texts(document: Document, count: int) -> list[str]:
    """The document's text, page by page."""
    texts = [""] * count
    for span in document.pages:
        texts[span.page.number - 1] = document.text[span.start : span.end]
    return texts


def score_furniture(texts: Sequence[str], oracle: Oracle, score: Score) -> None:
    """Count characters of repeated lines that are there more often than in the page's own text."""
    for number, (text, page, lines) in enumerate(
        zip(texts, oracle.texts, oracle.furniture, strict=True), 1
    ):
        score.characters += len(text)
        ours, theirs = f" {' '.join(text.split())} ", f" {' '.join(page.split())} "
        for line, times in Counter(lines).items():
            needle = f" {' '.join(line.split())} "
            own = theirs.count(needle) - times
            left = max(0, ours.count(needle) - max(own, 0))
            score.furniture += left * len(needle.strip())
            if left:
                score.bad.append(f"furniture p. {number}: {line!r}")


def oracle_words(text: str) -> list[str]:
    """Words as pdfium has them, with those broken at a line end made whole."""
    return _WORD.findall(_SOFT_BREAK.sub("", text))


def score_words(texts: Sequence[str], oracle: Oracle, score: Score) -> None:
    """Find words broken or glued: two of one side that are one of the other's."""
    theirs = [oracle_words(text) for text in oracle.texts]
    apart = {(letters(a), letters(b)) for words in theirs for a, b in pairwise(words)}
    for number, text in enumerate(texts):
        near = theirs[max(0, number - 1) : number + 2]
        known = Counter(letters(word) for word in theirs[number])
        around = {letters(word) for words in near for word in words}
        pairs = {letters(a) + letters(b) for words in near for a, b in pairwise(words)}
        # pdfium drops narrow spaces: what it has as two words elsewhere are two words here.
        # A hyphen at a line end may be part of the word or not: both are right.
        flat = " ".join(oracle.texts[max(0, number - 1) : number + 2])
        joined = {letters(a + b) for a, b in re.findall(r"(\w+)[-\ufffe\x02\u00ad]\s*(\w+)", flat)}
        mine = [letters(word) for word in _WORD.findall(text)]
        score.words += len(mine)
        for a, b in pairwise(mine):
            if (
                a + b in around
                and (a not in around or b not in around)
                and a + b not in joined
                and (a, b) not in apart
            ):
                score.broken += 1
                score.bad.append(f"broken p. {number + 1}: {a!r} {b!r}")
        for word in mine:
            if word not in around and word in pairs and word not in joined:
                score.glued += 1
                score.bad.append(f"glued p. {number + 1}: {word!r}")
        have = Counter(mine)
        for lines in oracle.furniture[number]:
            known.subtract(letters(word) for word in _WORD.findall(lines))
        missing, extra = known - have, have - known
        for word in [word for word in missing if word in joined or word in pairs]:
            del missing[word]
        score.missing += missing.total()
        score.extra += extra.total()


def measure(path: Path) -> Score:
    """All figures of one file."""
    score = Score()
    began = time.perf_counter()
    document = load_pdf(path, path.name)
    score.seconds = time.perf_counter() - began
    oracle = Oracle.of(path)
    score.page_count = len(oracle.texts)
    passages = split_document(document, _tokens, MAX_TOKENS)
    with PdfReader(path) as reader:
        if reader.is_encrypted:
            reader.decrypt("")
        truth, score.rejected = _truth(oracle, bookmarks(reader))
    if truth:
        score_sections(passages, oracle, truth, hidden=False, score=score)
        bare = split_document(load_pdf(path, path.name, use_bookmarks=False), _tokens, MAX_TOKENS)
        score_sections(bare, oracle, truth, hidden=True, score=score)
    score_pages(passages, oracle, score)
    texts = page_texts(document, score.page_count)
    score_furniture(texts, oracle, score)
    score_words(texts, oracle, score)
    return score


def share(part: int, whole: int) -> str:
    """A share with three decimals, or a dash."""
    return f"{part / whole:.3f}" if whole else "-"


def row(name: str, score: Score) -> str:
    """One line of the table."""
    per_thousand = 1000 / max(score.words, 1)
    return (
        f"| {name} | {score.page_count} | {score.passages or score.pages_asked // 2}"
        f" | {share(score.sections, score.passages)}"
        f" | {share(score.hidden_sections, score.hidden_passages)}"
        f" | {share(score.pages_right, score.pages_asked)} | {score.unplaced}"
        f" | {1000 * score.furniture / max(score.characters, 1):.2f}"
        f" | {score.broken * per_thousand:.2f} + {score.glued * per_thousand:.2f}"
        f" | {score.missing * per_thousand:.1f} / {score.extra * per_thousand:.1f}"
        f" | {score.page_count / score.seconds:.0f} |"
    )


def main() -> None:
    """Print the table, and with ``--details`` what went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--details", action="store_true")
    arguments = parser.parse_args()
    total = Score()
    print(
        "| file | pages | passages | section | hidden | page | unplaced | furniture ‰ |"
        " broken + glued ‰ | words missing / extra ‰ | pages/s |"
    )
    print("|---|" + "---:|" * 10)
    for path in sorted(PDFS.glob("*.pdf")):
        if arguments.names and path.stem not in arguments.names:
            continue
        score = measure(path)
        print(row(path.stem, score), flush=True)
        if arguments.details:
            print("\n".join(f"    {line}" for line in score.bad))
            print(f"    rejected: {score.rejected[:8]} of {len(score.rejected)}")
        total.add(score)
    print(row("all", total))


if __name__ == "__main__":
    main()
