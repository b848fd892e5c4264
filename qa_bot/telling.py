"""What is told beside quotes: how sure an answer is, what it lacks; how a file becomes readable."""

from __future__ import annotations

from typing import Literal

from qa_bot.records import Answer

_PICTURES = ".jpeg .jpg .png .tif .tiff .webp"
_CURES = (  # suffixes of files that are not read, and what helps
    (
        _PICTURES,
        "text in pictures is read with `qa-bot index --ocr` (needs `pip install qa-bot[ocr]`, or "
        "tesseract)",
    ),
    (".bmp .gif .heic", "save it as .png, and index with --ocr"),
    (".doc .dot .pages .wpd", "save it as .docx or .pdf"),
    (".key .pps .ppt", "save it as .pptx or .pdf"),
    (".numbers", "save it as .xlsx"),
    (".7z .bz2 .gz .rar .tar .tgz .xz", "unpack it, or pack it as .zip"),
    (".pst", "export its mails as .mbox, .eml or .msg"),
    (".azw3 .fb2 .mobi", "convert it to .epub"),
)
_SURE = 0.85  # the confidence from which on an answer is called sure


def sureness(answer: Answer) -> Literal["Sure", "Likely", "May answer", "Not clear"]:
    """The confidence in words."""
    if answer.found:
        return "Sure" if answer.confidence >= _SURE else "Likely"
    return "May answer" if answer.quotes else "Not clear"


def lacking(answer: Answer) -> tuple[str, ...]:
    """What the best passage lacks, but for the words that no document holds."""
    unknown = {word.casefold() for word in answer.unknown_words}
    return tuple(word for word in answer.missing if word.casefold() not in unknown)


def cure(name: str) -> str:
    """What makes text of a file of a kind that isn't read; "" where nothing is known."""
    suffix = name[max(name.rfind("."), 0) :].lower()
    return next((cure for suffixes, cure in _CURES if suffix in suffixes.split()), "")
