"""A text → whether it stands in the documents, word for word or nearly, and where."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from qa_bot.asking.aligning import Alignment, Token, align, holds, tokens
from qa_bot.errors import UsageError
from qa_bot.records import Citation, Span
from qa_bot.store.analysis import stems
from qa_bot.store.opening import Index
from qa_bot.text import is_stop_word
from qa_bot.verification import Difference, Match, Verification

LONGEST = 20_000  # characters of a text that is checked
MOST_MATCHES = 5

_WINDOW = 48  # tokens that are searched for at a time
_WINDOWS = 8  # at most; of a longer text they are spread over all of it
_NEAREST = 12  # passages that are looked at for each
_HOLDING = 400  # passages looked at that have every word of a short text
_SHORT = 12  # tokens of a text whose words may all be common ones
_LONG = 20_000  # characters: regions that overlap are joined up to about that length
_REGIONS = 12  # that are compared token by token
_SLACK = 1.3  # how much longer than the text its place may be, where words were left out of it
_STRAIGHT = str.maketrans("‘’‚‛“”„‟«»", '\'\'\'\'""""""')
_EDITS = 4  # near: one token in so many is different, or less


@dataclass(frozen=True, slots=True)
class _Region:
    """A part of a document in which the text may stand."""

    document_id: str
    start: int
    end: int
    hits: int  # windows that led here


@dataclass(frozen=True, slots=True)
class _Read:
    """A region with its tokens, where they stand in the document."""

    region: _Region
    held: list[Token]


@dataclass(frozen=True, slots=True)
class _Found:
    """A place, with how the text is aligned there."""

    document_id: str
    alignment: Alignment


def verify(text: str, index: Index, documents: Sequence[str] | None = None) -> Verification:
    """Check whether a text stands in the documents word for word.

    Words, numbers and signs are compared, in their order; white space, line breaks, capitals,
    punctuation and the form of quotation marks aside, and words may be broken by a hyphen at the
    end of a line. Nothing is taken for another word that means the same.

    Args:
        text: Any text, at most 20,000 characters.
        index: From ``open_index``.
        documents: Only in these: exact document ids or folders.

    Returns:
        ``verified`` with its places; else ``near`` with the places where at most one word in
        four is different, and what is; else ``absent``.

    Raises:
        UsageError: There is no letter or digit in the text, or it is too long.
        UnknownDocumentError: A name is neither a document nor a folder.
    """
    text = text.encode("utf-8", "replace").decode()
    given = tokens(text)
    if not any(character.isalnum() for character in text) or not given:
        raise UsageError("There is nothing to check: give some words.")
    if len(text) > LONGEST:
        raise UsageError(f"The text is longer than {LONGEST:,} characters: check a part of it.")
    scope = None if documents is None else index.scope(documents)[0]
    regions = _regions(text, given, index, scope)
    read = list(_read(regions, index))
    found = list(_exact(given, read)) or list(_near(given, read))
    if not found:
        return Verification(text, "absent")
    best = list({(one.document_id, one.alignment.span): one for one in found}.values())
    best.sort(key=lambda one: (one.alignment.edits, one.document_id, one.alignment.span))
    least = best[0].alignment.edits
    chosen = [one for one in best if least or not one.alignment.edits][:MOST_MATCHES]
    stale = index.stale({one.document_id for one in chosen})
    matches = [_match(one, text, given, index, stale) for one in chosen]
    return Verification(text, "near" if least else "verified", tuple(matches))


def _regions(
    text: str, given: Sequence[Token], index: Index, scope: Sequence[int] | None
) -> list[_Region]:
    """Where the text may stand, the likeliest first."""
    found: dict[str, list[_Region]] = {}
    reach = int(_SLACK * len(text)) + 200
    for window in _windows(given):
        part = text[window[0].start : window[-1].end]
        numbers = list(index.lexicon.search(index.lexicon.terms(part), _NEAREST, scope))
        if len(given) <= _SHORT:
            numbers += _holding(part, index, scope)
        for passage in index.passages(dict.fromkeys(numbers)).values():
            start = passage.start - int(_SLACK * window[0].start) - reach // 2
            end = passage.end + int(_SLACK * (len(text) - window[-1].end)) + reach // 2
            region = _Region(passage.document_id, max(start, 0), end, 1)
            found.setdefault(passage.document_id, []).append(region)
    joined = [one for regions in found.values() for one in _joined(regions, 4 * reach + _LONG)]
    return sorted(joined, key=lambda one: (-one.hits, one.document_id, one.start))


def _windows(given: Sequence[Token]) -> Iterator[Sequence[Token]]:
    count = -(-len(given) // _WINDOW)
    steps = min(count, _WINDOWS)
    for number in (step * (count - 1) // max(steps - 1, 1) for step in range(steps)):
        yield given[number * _WINDOW : (number + 1) * _WINDOW]


def _holding(text: str, index: Index, scope: Sequence[int] | None) -> list[int]:
    """Passages with every word of the text, in the forms of each of the index's languages."""
    return [
        number
        for language in index.lexicon.languages
        for number in index.lexicon.holding(
            "text", dict.fromkeys(stems(text, language)), (), _HOLDING, scope
        )
    ]


def _joined(regions: Iterable[_Region], longest: int) -> Iterator[_Region]:
    """Those of a document that overlap become one, as long as it isn't too long to compare."""
    current: _Region | None = None
    for region in sorted(regions, key=lambda one: one.start):
        apart = current is None or region.start > current.end
        if current is None or apart or region.end - current.start > longest:
            if current is not None:
                yield current
            current = region
        else:
            end, hits = max(current.end, region.end), current.hits + region.hits
            current = _Region(current.document_id, current.start, end, hits)
    if current is not None:
        yield current


def _read(regions: Iterable[_Region], index: Index) -> Iterator[_Read]:
    """Each region with its tokens."""
    for region in regions:
        (whole,) = index.slices(region.document_id, [(region.start, region.end)])
        yield _Read(region, tokens(whole, region.start))


def _exact(given: Sequence[Token], read: Iterable[_Read]) -> Iterator[_Found]:
    """Where the text stands token for token."""
    for one in read:
        for at in holds(given, one.held):
            span = one.held[at].start, one.held[at + len(given) - 1].end
            yield _Found(one.region.document_id, Alignment(span, (), 0))


def _near(given: Sequence[Token], read: Iterable[_Read]) -> Iterator[_Found]:
    """Where few tokens are different, if anywhere: the likeliest regions are compared."""
    wanted = {one.text for one in given}
    shared = [(len(wanted & {token.text for token in one.held}), one) for one in read]
    shared.sort(key=lambda both: -both[0])
    for held, one in shared[:_REGIONS]:
        if held < len(wanted) / 2:
            return
        found = align(given, one.held)
        if found is not None and _is_near(given, found):
            yield _Found(one.region.document_id, found)


def _is_near(given: Sequence[Token], found: Alignment) -> bool:
    """Whether it is the same text but for a few words, and not only grammar that is shared."""
    if not found.edits:
        return True
    same = [
        one.text
        for one in given
        if not any(start <= one.start < end for (start, end), _ in found.parted)
    ]
    most = max(1, len(given) // _EDITS)
    return (
        found.edits <= most
        and len(same) >= 2
        and any(one.isalnum() and not is_stop_word(one) for one in same)
    )


def _match(
    found: _Found, text: str, given: Sequence[Token], index: Index, stale: set[str]
) -> Match:
    """The place with its citation: the section, paragraph and pages where it begins and ends."""
    one, span = found.document_id, found.alignment.span
    start, end = _widened(span, text, (given[0].start, given[-1].end), one, index)
    excerpt = index.excerpt(one, start, end)
    sections = index.sections(one, (start, start + 1))
    section = max(sections, key=lambda each: len(each.path))
    citation = Citation(
        document_id=one,
        title=excerpt.title,
        section=section.path,
        paragraph=_paragraph(one, start, index),
        pages=tuple(each.page for each in excerpt.page_spans),
        anchor=section.anchor,
        digest=excerpt.digest,
        start=start,
        end=end,
    )
    differences = tuple(Difference(*both) for both in found.alignment.parted)
    said = text[given[0].start : given[-1].end]
    stands = excerpt.text[span[0] - start : span[1] - start]
    exact = not differences and _plain(said) == _plain(stands)
    return Match(excerpt.text, citation, differences, exact, one in stale)


def _plain(text: str) -> str:
    """With single blanks, and one form of each quotation mark."""
    return " ".join(text.split()).translate(_STRAIGHT)


def _widened(span: Span, text: str, own: Span, document_id: str, index: Index) -> Span:
    """The span with the punctuation around it that the text has around it, too."""
    start, end = span
    before, after = index.slices(document_id, [(max(start - 3, 0), start), (end, end + 3)])
    for ours, theirs in zip(text[own[1] :], after, strict=False):
        if ours != theirs or ours.isspace():
            break
        end += 1
    for ours, theirs in zip(text[: own[0]][::-1], before[::-1], strict=False):
        if ours != theirs or ours.isspace():
            break
        start -= 1
    return start, end


def _paragraph(document_id: str, at: int, index: Index) -> int:
    """The paragraph of its section, 1-based, in which a place stands."""
    numbers = index.scope([document_id])[1].tolist()
    places = [one for one in index.places(numbers) if one.name == document_id]
    before = bisect_right([one.start for one in places], at) - 1
    if before < 0:
        return 1
    passage = index.passages([places[before].number])[places[before].number]
    inside = [one.paragraph for one in passage.sentences if one.start <= at]
    return inside[-1] if inside else passage.paragraph
