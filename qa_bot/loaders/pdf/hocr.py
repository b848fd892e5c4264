"""What tesseract says of a scan (hOCR) → runs of text and ruled lines, upright and in points."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from qa_bot.loaders.pdf.bidi import mirror, prevails
from qa_bot.loaders.pdf.fonts import clean
from qa_bot.loaders.pdf.pen import Rule, Run
from qa_bot.loaders.pdf.text import PageText
from qa_bot.paging import SeenWord

if TYPE_CHECKING:
    from lxml import etree

LEAST_WORD = 20  # per cent of confidence; below are specks and ornaments
LEAST_LINE = 50  # per cent, of all letters of a line: pictures that look like letters
ASCENDER = 0.7  # ems from the baseline to the top of d; between .68 and .76 in usual type
_ABOVE, _BELOW, _BESIDE = 0.8, 0.25, 0.06  # ems of a box around the baseline of its word
LIKE = 0.08  # sizes that differ by less are one, measured inexactly
DOTS = 5  # of a contents entry, however many there were
STEEP = 0.3  # slope of lines on a page that was scanned carelessly; more is a mistake
LONG_LINE = 8  # ems; the slopes of shorter ones say little

_NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
_LEADER = re.compile(r"(?P<before>.*?)[.…:·]{3,}(?P<noise>\S*?)(?P<number>\d{0,4})")
_SPECK = re.compile(r"[|¦_~‘’'`.,\-—]+")
_BULLETS = frozenset("eo0°©®¢«»*@¥§")  # what a bullet is taken for
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box in pixels, ``y`` downwards; ``confidence`` in per cent."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float


@dataclass(frozen=True, slots=True)
class ScanLine:
    """A line of words. Its baseline is ``y = base + slope * x``; ``size`` is an em.

    In pixels, as is ``x_height``: how high the small letters are.
    """

    words: tuple[Word, ...]
    base: float
    slope: float
    size: float
    x_height: float

    @property
    def letters(self) -> int:
        """Of all its words."""
        return sum(len(word.text) for word in self.words)

    @property
    def confidence(self) -> float:
        """That of its letters, on average, in per cent."""
        total = sum(word.confidence * len(word.text) for word in self.words)
        return total / max(1, self.letters)


@dataclass(frozen=True, slots=True)
class Scan:
    """All that was recognised on one picture, doubtful words included."""

    lines: tuple[ScanLine, ...]
    rules: tuple[tuple[float, float, float, float], ...]  # boxes

    @property
    def confidence(self) -> float:
        """That of all letters, on average, in per cent; 0 where there are none."""
        letters = sum(line.letters for line in self.lines)
        return sum(line.confidence * line.letters for line in self.lines) / max(1, letters)

    @property
    def is_upright(self) -> bool:
        """Whether at least half of its longer words are wider than high."""
        words = [word for line in self.lines for word in line.words if len(word.text) > 3]
        return 2 * sum(word.y1 - word.y0 > word.x1 - word.x0 for word in words) <= len(words)


def read_hocr(data: bytes) -> Scan:
    """Parse tesseract's hOCR.

    Raises:
        lxml.etree.XMLSyntaxError: It is something else.
    """
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, recover=True, huge_tree=True)
    root = etree.fromstring(data, parser)
    lines: list[ScanLine] = []
    rules: list[tuple[float, float, float, float]] = []
    for element in root.iter("{*}span", "{*}div"):
        if element.get("class") == "ocr_separator":
            x0, y0, x1, y1 = _property(element, "bbox", 4)
            rules.append((x0, y0, x1, y1))
        elif words := tuple(_words(element)):
            lines.append(_line(element, words))
    return Scan(tuple(lines), tuple(rules))


def _words(line: etree._Element) -> Iterator[Word]:
    for element in line.iterchildren("{*}span"):
        text = clean("".join(element.itertext())).strip()
        if element.get("class") == "ocrx_word" and text:
            x0, y0, x1, y1 = _property(element, "bbox", 4)
            yield Word(text, x0, y0, x1, y1, *_property(element, "x_wconf", 1))


def _line(element: etree._Element, words: tuple[Word, ...]) -> ScanLine:
    x0, _, _, bottom = _property(element, "bbox", 4)
    slope, offset = _property(element, "baseline", 2)
    names = ("x_size", "x_descenders", "x_ascenders")
    whole, below, above = (_property(element, name, 1)[0] for name in names)
    # The height above the baseline is measured even where no letter goes below it.
    size = max((whole - below) / ASCENDER, 1.0)
    return ScanLine(words, bottom + offset - slope * x0, slope, size, whole - below - above)


def _property(element: etree._Element, name: str, count: int) -> list[float]:
    """Numbers of an hOCR property; zeros where it is not there."""
    for part in element.get("title", "").split(";"):
        if part.split()[:1] == [name]:
            found = [float(number) for number in _NUMBERS.findall(part.replace(name, "", 1))]
            if len(found) == count:
                return found
    return [0.0] * count


def page_text(scan: Scan, width: int, height: int, points: float) -> PageText:
    """The page that a scan shows, straightened.

    Args:
        scan: What was recognised.
        width: Of the picture, in pixels.
        height: Of the picture, in pixels.
        points: In a pixel.
    """
    lines = [kept for line in scan.lines if (kept := _without_specks(line)) is not None]
    turn = _Turn(_slope(lines), width / 2, height / 2, height, points)
    sizes = _levelled([(size * points, line.letters) for line, size in _sized(lines)])
    pairs = list(zip(lines, sizes, strict=True))
    runs = tuple(run for line, size in pairs for run in _runs(line, size, turn))
    words = tuple(word for line, size in pairs for word in _seen(line, size, points))
    rules = tuple(turn.rule(*box) for box in scan.rules)
    if prevails(runs):
        runs, rules = mirror(runs, rules, width * points)
    return PageText(
        width * points, height * points, runs, rules, is_picture=True, unreadable=0, words=words
    )


def _without_specks(line: ScanLine) -> ScanLine | None:
    """The line without doubtful words; None where it is no line of text at all."""
    words = tuple(
        word
        for word in _leaders(line.words)
        if word.text.count(".") >= DOTS
        or word.confidence >= (LEAST_LINE if _SPECK.fullmatch(word.text) else LEAST_WORD)
    )
    kept = replace(line, words=words)
    is_entry = any(word.text.count(".") >= DOTS for word in words)
    is_certain = kept.confidence >= LEAST_LINE or is_entry
    return kept if words and is_certain and abs(line.slope) < STEEP else None


def _leaders(words: Sequence[Word]) -> list[Word]:
    """Make the dots of a contents entry dots again: they are often read as "....ccscseees"."""
    found: list[Word] = []
    inside = False
    for word in words:
        match = _LEADER.fullmatch(word.text)
        if match and (len(match["noise"]) > 3 or "...." in word.text):
            inside = not match["number"]
            found.append(replace(word, text=match["before"] + DOTS * "." + match["number"]))
        elif inside and word.text.islower() and word.text.isalpha():
            found[-1] = replace(found[-1], x1=word.x1)
        else:
            inside = False
            found.append(word)
    return found


def _slope(lines: Sequence[ScanLine]) -> float:
    """How much the page leans: the middle one of its long lines' slopes."""
    slopes = [
        line.slope for line in lines if line.words[-1].x1 - line.words[0].x0 > LONG_LINE * line.size
    ]
    return median(slopes) if slopes else 0.0


@dataclass(frozen=True, slots=True)
class _Turn:
    """Pixels of a leaning page → points of the straight one, upwards from its corner."""

    slope: float
    x: float
    y: float
    height: float
    points: float

    def __call__(self, x: float, y: float) -> tuple[float, float]:
        scale = 1 / math.hypot(1, self.slope)
        across, down = x - self.x, y - self.y
        return (
            self.points * (self.x + scale * (across + self.slope * down)),
            self.points * (self.height - self.y - scale * (down - self.slope * across)),
        )

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> Rule:
        """A ruled line from the box that it leans in."""
        x, y = self((x0 + x1) / 2, (y0 + y1) / 2)
        half = self.points * max(x1 - x0, y1 - y0) / 2
        if y1 - y0 > x1 - x0:
            return Rule(x, y - half, x, y + half)
        return Rule(x - half, y, x + half, y)


def _sized(lines: Sequence[ScanLine]) -> Iterator[tuple[ScanLine, float]]:
    """Each line's size; from its small letters where a capital's accent makes the line higher."""
    ratios = [line.x_height / line.size for line in lines for _ in range(line.letters)]
    usual = median(ratios) if ratios else 0.0
    for line in lines:
        is_raised = usual > 0 and line.x_height > 0 and _is_raised(line)
        yield line, min(line.size, line.x_height / usual) if is_raised else line.size


def _is_raised(line: ScanLine) -> bool:
    letters = unicodedata.normalize("NFD", "".join(word.text for word in line.words))
    return any(a.isupper() and unicodedata.combining(b) for a, b in pairwise(letters))


def _levelled(sizes: Sequence[tuple[float, int]]) -> list[float]:
    """Give lines of like size the same one, by how many letters each has, to half a point.

    The size of one line is measured from few pixels; differences that are
    no more than that would be headings, or end paragraphs.
    """
    level: dict[float, float] = {}
    rest = sorted(sizes)
    while rest:
        centre = max(
            {size for size, _ in rest},
            key=lambda size: sum(n for other, n in rest if abs(other - size) <= LIKE / 2 * size),
        )
        like = [(size, n) for size, n in rest if abs(size - centre) <= LIKE * centre]
        mean = sum(size * n for size, n in like) / sum(n for _, n in like)
        level.update((size, max(round(mean * 2) / 2, 0.5)) for size, _ in like)
        rest = [pair for pair in rest if pair[0] not in level]
    return [level[size] for size, _ in sizes]


def _runs(line: ScanLine, size: float, turn: _Turn) -> Iterator[Run]:
    middle = (line.words[0].x0 + line.words[-1].x1) / 2
    _, y = turn(middle, line.base + line.slope * middle)
    for index, (text, word, baseline) in enumerate(_placed(line)):
        # As it is drawn, for ``bidi`` to put right.
        drawn = text[::-1] if _RIGHT_TO_LEFT.search(text) else text
        x0, _ = turn(word.x0, baseline)
        x1, _ = turn(word.x1, baseline)
        yield Run(drawn if index == 0 else f" {drawn}", x0, x1, y, size)


def _placed(line: ScanLine) -> Iterator[tuple[str, Word, float]]:
    """What each word says, from the left, and its baseline at its middle in pixels."""
    words = sorted(line.words, key=lambda word: word.x0)
    for index, word in enumerate(words):
        baseline = line.base + line.slope * (word.x0 + word.x1) / 2
        is_first = index == 0 and len(words) > 1
        is_bullet = is_first and word.text in _BULLETS and _floats(word, line, baseline)
        yield "•" if is_bullet else word.text, word, baseline


def _seen(line: ScanLine, size: float, points: float) -> Iterator[SeenWord]:
    """The words with boxes as high as the line, in points, in the order in which they are read."""
    words = list(_placed(line))
    letters = "".join(text for text, *_ in words)
    if 2 * len(_RIGHT_TO_LEFT.findall(letters)) > len(letters):
        words.reverse()
    for text, word, baseline in words:
        y, beside = baseline * points, _BESIDE * size
        left, right = word.x0 * points - beside, word.x1 * points + beside
        yield SeenWord(text, left, y - _ABOVE * size, right, y + _BELOW * size)


def _floats(word: Word, line: ScanLine, baseline: float) -> bool:
    """Whether it stands above the baseline, as bullets do and small letters don't."""
    return baseline - word.y1 > 0.07 * line.size and word.y1 - word.y0 < 0.5 * line.size
