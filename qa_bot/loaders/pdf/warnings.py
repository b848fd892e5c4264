"""What a user is told about a PDF that was read: page numbers, hidden text, little text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PdfReader

    from qa_bot.loaders.pdf.page_texts import Read

LITTLE = 50  # characters a page; slides have more
LEAST_PAGES = 3
MAX_NAMED = 3  # attached files, bookmarks
_FOR_READING = (".pdf", ".doc", ".docx", ".txt", ".md", ".htm", ".html", ".csv", ".xlsx", ".epub")


def of_pages(read: Read, count: int) -> Iterator[str]:
    """What is wrong with pages, of which there are ``count``."""
    hint = "OCR found none" if read.ocr else "`qa-bot index --ocr` reads it"
    if read.scanned:
        yield f"no text on {named(read.scanned, count)}: scanned, or a picture; {hint}"
    if read.unreadable:
        why = "its fonts don't say which letters they draw"
        yield f"unreadable text on {named(read.unreadable, count)}: {why}; {hint}"
    if read.ocr:
        if read.ocr.read:
            yield f"recognised by OCR, may hold errors: {named(read.ocr.read, count)}"
        for problem, numbers in read.ocr.failed.items():
            yield f"OCR failed on {named(numbers, count)}: {problem}"
    if read.damaged:
        yield f"damaged, and left out: {named(read.damaged, count)}"
    if read.cut:
        yield f"damaged, and read in part: {named(read.cut, count)}"
    if lost := sum(read.missing.values()):
        share = f"{100 * lost / max(read.words, 1):.2g} %"
        where = named(sorted(read.missing), count)
        yield f"another reader of PDFs finds {lost:,} words more ({share}) on {where}"
    if read.differing:
        where = named(read.differing, count)
        yield f"two readers of PDFs differ on {where}: compare quotes from there with the page"


def of_bookmarks(rejected: Sequence[str]) -> Iterator[str]:
    """What is wrong with the outline: titles of bookmarks that aren't where they say."""
    if rejected:
        titles = [f"“{title}”" for title in rejected[:MAX_NAMED]]
        more = len(rejected) - len(titles)
        names = ", ".join(titles) + (f" and {more} more" if more > 0 else "")
        yield f"bookmarks whose titles aren't on their pages: {names}"


def reservations(
    reader: PdfReader, text: str, hidden: Sequence[int], count: int, *, silent: int
) -> Iterator[str]:
    """What may be missing from the text of a file that could be read.

    Args:
        reader: The file.
        text: What was read.
        hidden: Numbers of the pages with text that a reader doesn't see.
        count: How many pages there are.
        silent: How many of them are reported for giving no text at all.
    """
    if hidden:
        yield f"text that can't be seen is left out: {named(hidden, count)}"
    characters = len(text.strip())
    speaking = count - silent
    if speaking >= LEAST_PAGES and 0 < characters < LITTLE * speaking:
        yield f"little text: {characters:,} characters on {speaking:,} pages"
    if names := _attached(reader):
        more = len(names) - MAX_NAMED
        listed = ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"files attached to it are not read: {listed}"


def _attached(reader: PdfReader) -> list[str]:
    """Names of attached files that somebody would read; data for machines isn't missed."""
    try:
        names = [str(file.alternative_name or file.name) for file in reader.attachment_list]
        is_portfolio = "/Collection" in reader.root_object
        return [name for name in names if is_portfolio or name.lower().endswith(_FOR_READING)]
    except Exception:  # noqa: BLE001 - damaged attachments cost their names only
        return []


def named(numbers: Sequence[int], count: int) -> str:
    """Some page numbers of ``count``: "all pages", "page 4", "pages 1, 3–5"."""
    if len(numbers) == count:
        return "all pages"
    return f"page {numbers[0]}" if len(numbers) == 1 else f"pages {_ranges(numbers)}"


def _ranges(numbers: Sequence[int]) -> str:
    """1, 3–5, 9."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs)
