"""Headings of a PDF without bookmarks: by the size and weight of their type, and by number."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa_bot.loaders.pdf.outline import Anchor
from qa_bot.loaders.pdf.rows import CONTENTS, MARKER, Line

MAX_LETTERS = 320
MAX_LINES = 10
LARGER = 1.12  # times the text's size: a heading by its size alone

_NUMBER = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,3}){0,5})\.?\s+[^\W\d_]")
_KEYWORD = re.compile(
    r"(?:part|book|title|chapter|appendix|annex|schedule|article|section)\s+"
    r"(?:\d+(?:\.\d+)*|[ivxlc]+|[A-Z])\b(?!\s+[a-z])",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\(?(?:continued|cont\.)|(?:table|figure|fig\.|chart|exhibit|box|source|notes?)\b[\s:.]",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Candidate:
    first: int
    count: int
    text: str
    size: float
    bold: bool
    italic: bool
    capitals: bool
    number: str


def text_size(lines: Sequence[Line]) -> float:
    """The size that most of the text is set in."""
    counts = Counter[float]()
    for line in lines:
        if line.role == "text":
            counts[round(line.part.size * 2) / 2] += len(line.text)
    return counts.most_common(1)[0][0] if counts else 10.0


def infer_headings(lines: Sequence[Line], listed: Sequence[Anchor] = ()) -> list[Anchor]:
    """Lines of their own that are larger, bolder or numbered, and have text under them.

    Args:
        lines: Of the whole document.
        listed: Headings known from a contents page: they are headings whatever
            they look like, and the styles that they are set in get their levels.
    """
    size = text_size(lines)
    text = [line for line in lines if line.role == "text"]
    bold = sum(len(line.text) for line in text if line.part.bold)
    bold_is_usual = bold > 0.4 * sum(len(line.text) for line in text)
    known = {anchor.first: anchor for anchor in listed}
    candidates = _with_text_under(
        [
            candidate
            for candidate in _groups(lines, known)
            if candidate.first in known
            or _looks_like_heading(candidate, lines, size, bold_is_usual=bold_is_usual)
        ],
        lines,
        known,
    )
    ranks = _ranks(candidates, known)
    anchors = []
    for found in candidates:
        anchor = known.get(found.first)
        title, count = (anchor.title, anchor.count) if anchor else (found.text, found.count)
        alone = anchor.alone if anchor else True
        level = anchor.level if anchor else ranks[_style(found)]
        anchors.append(Anchor(title, level, found.first, count, alone))
    return anchors


def _groups(lines: Sequence[Line], known: Mapping[int, Anchor]) -> Iterator[_Candidate]:
    """Runs of lines in one style, set apart from the lines around them."""
    index = 0
    while index < len(lines):
        count = known[index].count if index in known else 1
        while (
            index not in known
            and index + count < len(lines)
            and index + count not in known
            and _same_heading(lines[index + count - 1], lines[index + count])
            and (count == 1 or not _steps_away(lines[index : index + count + 1]))
        ):
            count += 1
        run = lines[index : index + count]
        if run[0].role == "text" and not run[0].part.is_turned and count <= MAX_LINES:
            text = " ".join(line.text for line in run)
            part = run[0].part
            match = _NUMBER.match(text)
            cased = [character for character in text if character.isalpha()]
            yield _Candidate(
                index,
                count,
                text,
                round(part.size * 2) / 2,
                part.bold,
                part.italic,
                len(cased) >= 4 and all(character.isupper() for character in cased),
                match["number"] if match else "",
            )
        index += count


def _same_heading(a: Line, b: Line) -> bool:
    """Whether a line goes on with the same style right under the one before."""
    gap = a.part.y - b.part.y
    return (
        a.role == b.role == "text"
        and a.region == b.region
        and abs(a.part.size - b.part.size) < 0.3
        and a.part.bold == b.part.bold
        and a.part.italic == b.part.italic
        and 0 < gap < 1.45 * b.part.size
        and not MARKER.match(b.text)
    )


def _steps_away(run: Sequence[Line]) -> bool:
    """Whether the last line stands further off than the others: another heading."""
    first = run[0].part.y - run[1].part.y
    return run[-2].part.y - run[-1].part.y > 1.15 * first


def _looks_like_heading(
    found: _Candidate, lines: Sequence[Line], size: float, *, bold_is_usual: bool
) -> bool:
    text = found.text
    emphatic = found.size >= LARGER * size or (found.bold and not bold_is_usual)
    if not _could_be_heading(text) or (MARKER.match(text) and not found.number and not emphatic):
        return False
    if found.size < LARGER * size and (text.endswith(":") or _is_part(found, lines)):
        return False
    if emphatic:
        return found.size >= size - 0.3
    short = lines[found.first].part.x1 < lines[found.first].right - 40
    numbered = _KEYWORD.match(text) or "." in found.number
    return bool(found.count == 1 and short and (found.capitals or numbered))


def _is_part(found: _Candidate, lines: Sequence[Line]) -> bool:
    """Whether it is the beginning of a paragraph, or what a table's label says."""
    after = found.first + found.count
    if found.first and _LABEL.match(lines[found.first - 1].text):
        return True
    if after >= len(lines) or lines[after].role != "text":
        return False
    line, last = lines[after], lines[after - 1]
    gap = last.part.y - line.part.y
    return line.region == last.region and 0 < gap < 1.5 * line.part.size and line.text[:1].islower()


def _could_be_heading(text: str) -> bool:
    if len(text) > MAX_LETTERS or sum(character.isalpha() for character in text) < 3:
        return False
    if text[-1] in ".,;" and not _KEYWORD.fullmatch(text[:-1]):
        return False
    if _LABEL.match(text) or "|" in text or re.search(r"https?:|@", text):
        return False
    if (match := MARKER.match(text)) and match["bullet"]:
        return False
    first = text.lstrip("\"'“‘(")[:1]
    return first.isupper() or first.isdigit() or not first.isascii()


def _with_text_under(
    candidates: Sequence[_Candidate], lines: Sequence[Line], known: Mapping[int, Anchor]
) -> list[_Candidate]:
    """Drop those with nothing under them but a heading of their own rank, as on title pages."""
    kept = []
    starts = {found.first: found for found in candidates}
    for found in candidates:
        after = found.first + found.count
        follower = starts.get(after)
        if found.first in known:
            kept.append(found)
            continue
        if after >= len(lines) or CONTENTS.fullmatch(found.text):
            continue
        if follower is not None and _style(follower) <= _style(found):
            continue
        kept.append(found)
    return kept


_Style = tuple[float, bool, bool, bool, int]


def _style(found: _Candidate) -> _Style:
    """Sorts the outermost first: larger, then bold, then capitals, then shorter numbers."""
    depth = found.number.count(".") + 1 if found.number else 0
    return (-found.size, not found.bold, not found.capitals, found.italic, depth)


def _ranks(candidates: Sequence[_Candidate], known: Mapping[int, Anchor]) -> dict[_Style, int]:
    """Levels of the styles; titles that come again and again are inner ones: "Overview"."""
    titles = Counter((_style(found), found.text.casefold()) for found in candidates)
    again: dict[_Style, list[int]] = {}
    for (style, _), count in titles.items():
        again.setdefault(style, []).append(count)
    order = {
        style: style[0] * (0.75 if max(counts) > 2 and sum(counts) > 1.6 * len(counts) else 1.0)
        for style, counts in again.items()
    }
    levels: dict[_Style, Counter[int]] = {}
    for found in candidates:
        if found.first in known:
            levels.setdefault(_style(found), Counter())[known[found.first].level] += 1
    ranks: dict[_Style, int] = {}
    deepest = -1
    for style in sorted(order, key=lambda style: (order[style], style)):
        if style in levels:
            ranks[style] = levels[style].most_common(1)[0][0]
        else:
            ranks[style] = deepest + 1
        deepest = max(deepest, ranks[style])
    return ranks
