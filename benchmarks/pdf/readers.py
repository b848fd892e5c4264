"""Our loader beside what others make of the same pages: pypdf, poppler and pdfium."""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise, permutations
from pathlib import Path

import pypdfium2  # type: ignore[import-untyped]
from pypdf import PdfReader

from benchmarks.pdf.oracle import Oracle, poppler_pages, unhidden
from benchmarks.pdf.scores import page_texts
from qa_bot.loaders.pdf.ordinals import letters
from qa_bot.records import Block, Document, Page, PageSpan, Section

OURS, PYPDF, POPPLER, PDFIUM = "qa_bot", "pypdf", "poppler", "pdfium"
NAMES = (OURS, PYPDF, POPPLER, PDFIUM)

_HYPHEN = re.compile(r"(?<=\w)[-‐‑\u00ad\ufffe\x02]\s*(?=\w)")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_PARAGRAPH = re.compile(r"\S.*?(?=\n\s*\n|\s*\Z)", re.DOTALL)

Words = Counter[str]


@dataclass(frozen=True, slots=True)
class PageLoss:
    """A page on which pypdf has other words than poppler and pdfium agree on."""

    name: str
    page: int  # 1-based
    theirs: int  # words that pypdf misses or has too many of
    ours: int
    cause: str
    examples: tuple[str, ...]


@dataclass
class Comparison:
    """Counts of several files; all of words, or of neighbouring words, without hyphens."""

    pages: int = 0
    agreed: int = 0  # words that poppler and pdfium both have
    agreed_pairs: int = 0
    words: Counter[str] = field(default_factory=Counter)
    missing: Counter[tuple[str, str]] = field(default_factory=Counter)  # of the first, in the other
    agreed_missing: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)  # that neither poppler nor pdfium has
    kept_pairs: Counter[str] = field(default_factory=Counter)  # of the agreed ones
    seconds: dict[str, float] = field(default_factory=dict)
    losses: list[PageLoss] = field(default_factory=list)


def read_all(path: Path, document: Document, seconds: float) -> dict[str, tuple[list[str], float]]:
    """Each reader's text by page, and the seconds it took; ours is handed in."""
    count = document.pages[0].page.count if document.pages else 0
    read = {OURS: (page_texts(document, count), seconds)}
    readers: tuple[tuple[str, Callable[[Path], list[str]]], ...] = (
        (PYPDF, pypdf_pages),
        (POPPLER, poppler_pages),
        (PDFIUM, pdfium_pages),
    )
    for name, reader in readers:
        began = time.perf_counter()
        texts = reader(path)
        read[name] = texts, time.perf_counter() - began
    return read


def pypdf_pages(path: Path) -> list[str]:
    """Each page's text by ``extract_text``, as a script would have it."""
    with PdfReader(path) as reader:
        if reader.is_encrypted:
            reader.decrypt("")
        return [page.extract_text() for page in reader.pages]


def pdfium_pages(path: Path) -> list[str]:
    """Each page's text by pdfium."""
    with pypdfium2.PdfDocument(path) as document:
        return [page.get_textpage().get_text_range() for page in document]


def plain_document(texts: Sequence[str], name: str) -> Document:
    """What a script makes of pages: their texts in a row, paragraphs at blank lines."""
    spans, blocks, start = [], [], 0
    for number, text in enumerate(texts, 1):
        page = Page(str(number), number, len(texts))
        spans.append(PageSpan(page, start, start + len(text) + 2))
        blocks += [
            Block("paragraph", start + match.start(), start + match.end())
            for match in _PARAGRAPH.finditer(text)
        ]
        start += len(text) + 2
    whole = "".join(f"{text}\n\n" for text in texts)
    return Document(
        name, name, whole, (Section((), 0, len(whole)),), tuple(blocks), pages=tuple(spans)
    )


def compare(path: Path, oracle: Oracle, document: Document, seconds: float) -> Comparison:
    """Compare all readers on every page of a file, headers and footers taken out."""
    result = Comparison(pages=len(oracle.pages))
    read = read_all(path, document, seconds)
    for name, (_, spent) in read.items():
        result.seconds[name] = spent
    for index, lines in enumerate(oracle.furniture):
        headers = [line.text for line in lines]
        page = {
            name: _page_words(texts[index] if index < len(texts) else "", headers)
            for name, (texts, _) in read.items()
        }
        _count_page(result, page)
        if (loss := _loss(path.stem, index + 1, page)) is not None:
            result.losses.append(loss)
    return result


def _page_words(text: str, furniture: Sequence[str]) -> list[str]:
    """A page's words in letters only; hyphened ones are one word to all, at line ends or not."""
    body = without_furniture(unhidden(text), furniture)
    return [letters(word) for word in _WORD.findall(_HYPHEN.sub("", body))]


def without_furniture(text: str, furniture: Sequence[str]) -> str:
    """Leave out header and footer lines, and their parts in the first and last lines."""
    gone = Counter(letters(line) for line in furniture)
    lines = []
    for line in text.splitlines():
        spelt = letters(line)
        if gone[spelt]:
            gone[spelt] -= 1
        elif spelt:
            lines.append(line)
    left = list(gone.elements())
    for end in (0, -1):
        while lines:
            spelt = letters(lines[end])
            whole = next((at for at, other in enumerate(left) if spelt in other), None)
            if whole is None:
                break
            left[whole] = left[whole].replace(spelt, "", 1)
            lines.pop(end)
    return "\n".join(lines)


def _count_page(result: Comparison, page: dict[str, list[str]]) -> None:
    bags = {name: Counter(words) for name, words in page.items()}
    pairs = {name: Counter(pairwise(words)) for name, words in page.items()}
    agreed, known = bags[POPPLER] & bags[PDFIUM], bags[POPPLER] | bags[PDFIUM]
    agreed_pairs = pairs[POPPLER] & pairs[PDFIUM]
    result.agreed += agreed.total()
    result.agreed_pairs += agreed_pairs.total()
    for name in NAMES:
        result.words[name] += bags[name].total()
        result.agreed_missing[name] += (agreed - bags[name]).total()
        result.unknown[name] += (bags[name] - known).total()
        result.kept_pairs[name] += (agreed_pairs & pairs[name]).total()
    for a, b in permutations(NAMES, 2):
        result.missing[a, b] += (bags[a] - bags[b]).total()


def _wrong(words: Sequence[str], agreed: Words, known: Words) -> tuple[Words, Words]:
    bag = Counter(words)
    return agreed - bag, bag - known


def _loss(name: str, number: int, page: dict[str, list[str]]) -> PageLoss | None:
    bags = Counter(page[POPPLER]), Counter(page[PDFIUM])
    agreed, known = bags[0] & bags[1], bags[0] | bags[1]
    missing, extra = _wrong(page[PYPDF], agreed, known)
    ours = sum(words.total() for words in _wrong(page[OURS], agreed, known))
    theirs = missing.total() + extra.total()
    if theirs < 3:
        return None
    return PageLoss(
        name,
        number,
        theirs,
        ours,
        _cause(missing, extra),
        (*(f"−{word}" for word in list(missing)[:3]), *(f"+{word}" for word in list(extra)[:3])),
    )


def _cause(missing: Words, extra: Words) -> str:
    """What is wrong, by the letters of the words that are missing and that are too many."""
    lost = Counter("".join(missing.elements()))
    found = Counter("".join(extra.elements()))
    if (lost & found).total() >= 0.7 * max(lost.total(), found.total()):
        return "spaces lost" if missing.total() > extra.total() else "spaces put into words"
    if not extra or lost.total() > 2 * found.total():
        return "text left out"
    if not missing or found.total() > 2 * lost.total():
        return "text that isn't seen, or twice"
    return "other letters"


def add(total: Comparison, other: Comparison) -> None:
    """Sum up."""
    for name, value in vars(other).items():
        if isinstance(value, dict):
            mine = getattr(total, name)
            for key, count in value.items():
                mine[key] = mine.get(key, 0) + count
        else:
            setattr(total, name, getattr(total, name) + value)


def rows(total: Comparison) -> list[str]:
    """The tables of the comparison."""
    lines = [
        "| words of ↓ missing in →, per 1,000 | " + " | ".join(NAMES) + " |",
        "|---|" + "---:|" * len(NAMES),
    ]
    for a in NAMES:
        cells = [
            "" if a == b else f"{1000 * total.missing[a, b] / max(total.words[a], 1):.1f}"
            for b in NAMES
        ]
        lines.append(f"| {a} | " + " | ".join(cells) + " |")
    lines += [
        "",
        "| | " + " | ".join(NAMES) + " |",
        "|---|" + "---:|" * len(NAMES),
        _row(
            "words that poppler and pdfium agree on, missing here, per 1,000",
            [1000 * total.agreed_missing[name] / max(total.agreed, 1) for name in NAMES],
            1,
        ),
        _row(
            "words here that neither poppler nor pdfium has, per 1,000",
            [1000 * total.unknown[name] / max(total.words[name], 1) for name in NAMES],
            1,
        ),
        _row(
            "neighbouring words that poppler and pdfium agree on, neighbours here",
            [total.kept_pairs[name] / max(total.agreed_pairs, 1) for name in NAMES],
            4,
        ),
        _row(
            "ms per page",
            [1000 * total.seconds.get(name, 0) / max(total.pages, 1) for name in NAMES],
            1,
        ),
    ]
    return lines


def _row(name: str, values: Sequence[float], digits: int) -> str:
    return f"| {name} | " + " | ".join(f"{value:.{digits}f}" for value in values) + " |"


def loss_rows(total: Comparison, count: int = 12) -> list[str]:
    """The pages on which pypdf has most words wrong, with what our loader has wrong there."""
    worst = sorted(total.losses, key=lambda loss: loss.ours - loss.theirs)[:count]
    causes: Counter[str] = Counter()
    for loss in total.losses:
        causes[loss.cause] += loss.theirs
    return [
        "| file | page | words wrong, pypdf | qa_bot | what is wrong in pypdf | examples |",
        "|---|---:|---:|---:|---|---|",
        *(
            f"| {loss.name} | {loss.page} | {loss.theirs} | {loss.ours} | {loss.cause}"
            f" | {' '.join(loss.examples)} |"
            for loss in worst
        ),
        "",
        f"{len(total.losses):,} of {total.pages:,} pages have three such words or more in pypdf: "
        + ", ".join(f"{cause} {count:,}" for cause, count in causes.most_common())
        + " words.",
    ]
