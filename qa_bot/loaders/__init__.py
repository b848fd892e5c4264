"""The door: a file → ``Document``. One module or folder per format.

In: a folder of files (``files.py``), read in parallel (``pool.py``). Out: ``Document``s. Read this
file first, then ``plain.py``, the simplest format.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

from qa_bot.builds import Limits
from qa_bot.errors import OcrError, UnreadableDocumentError
from qa_bot.loaders.file_kinds import CODE, disguise
from qa_bot.records import Document

VERSION = 10
"""Raised whenever a loader reads the same file differently: indexes then read it anew."""

LONGEST_LINE = 300  # characters of a title, a reason or a warning
MOST_WARNINGS = 20  # of one document

OnPage = Callable[[int, int], None]
"""Called with the number of pages read and the number of pages, now and then."""

Loader = Callable[..., Document]

PICTURES = (".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
"""Suffixes of files that only OCR finds text in."""

LOADERS = {  # suffix → module and function; imported when a file needs it, since parsers are heavy
    ".adoc": ("markup.asciidoc", "load_asciidoc"),
    ".asciidoc": ("markup.asciidoc", "load_asciidoc"),
    ".csv": ("table", "load_table"),
    ".docx": ("word.load", "load_word"),
    ".eml": ("mail.load", "load_mail"),
    ".epub": ("ebook", "load_ebook"),
    ".htm": ("html.load", "load_web_page"),
    ".html": ("html.load", "load_web_page"),
    ".ipynb": ("notebook", "load_notebook"),
    ".json": ("data.json_files", "load_json"),
    ".jsonl": ("data.json_files", "load_json_lines"),
    ".log": ("plain", "load_plain"),
    ".md": ("markdown", "load_markdown"),
    ".msg": ("mail.load", "load_mail"),
    ".ndjson": ("data.json_files", "load_json_lines"),
    ".odp": ("slides.open_document", "load_open_slides"),
    ".ods": ("sheets.load", "load_open_sheets"),
    ".odt": ("opendocument.text", "load_open_text"),
    ".org": ("markup.org", "load_org"),
    ".pdf": ("pdf.load", "load_pdf"),
    **dict.fromkeys(PICTURES, ("picture", "load_picture")),
    ".pptx": ("slides.powerpoint", "load_powerpoint"),
    ".rst": ("restructured", "load_restructured"),
    ".rtf": ("rtf.load", "load_rich_text"),
    ".srt": ("subtitles", "load_subtitles"),
    ".tex": ("markup.tex", "load_tex"),
    ".tsv": ("table", "load_table"),
    ".txt": ("plain", "load_plain"),
    ".vtt": ("subtitles", "load_subtitles"),
    ".xls": ("sheets.load", "load_old_excel"),
    ".xlsb": ("sheets.load", "load_binary_excel"),
    ".xlsm": ("sheets.load", "load_excel"),
    ".xlsx": ("sheets.load", "load_excel"),
    ".xml": ("data.xml_files", "load_xml"),
    ".yaml": ("data.yaml_files", "load_yaml"),
    ".yml": ("data.yaml_files", "load_yaml"),
    **dict.fromkeys(CODE, ("code.load", "load_code")),
}

CONTAINERS = {  # suffix → module and function that lists what lies in such a file
    ".eml": ("mail.load", "mail_members"),
    ".mbox": ("mail.mailbox", "mailbox_members"),
    ".msg": ("mail.load", "mail_members"),
    ".zip": ("zipped", "zip_members"),
}

RECOGNISED = (".pdf", *PICTURES)
"""Suffixes of files in which OCR finds text."""

SUFFIXES = (LOADERS | CONTAINERS).keys()
"""Of all files that are read."""


def can_recognise(languages: str) -> bool:
    """Whether OCR in these languages, as tesseract names them, is installed."""
    from qa_bot.loaders.pdf.ocr import check_ocr

    try:
        check_ocr(languages)
    except OcrError:
        return False
    return True


def load_document(
    path: Path,
    document_id: str,
    *,
    limits: Limits | None = None,
    ocr: str | None = None,
    on_page: OnPage | None = None,
    second: bool = True,
) -> Document:
    """Read one file into plain text, its section tree and its blocks.

    Args:
        path: The file.
        document_id: Its name in citations: the path relative to the documents folder.
        limits: How large a file and how many pages are read. Seconds and memory
            are not watched here: ``worker`` does that, in a process that ``pool`` starts.
        ocr: The languages, as tesseract names them ("eng+deu"), in which pages
            of a PDF that hold no text, and pictures, are recognised; None leaves them out.
        on_page: Told how far a PDF is.
        second: Whether another library's reading of a PDF is compared with ours.

    Raises:
        UnreadableDocumentError: Unknown suffix, damaged or too large a file, or
            no text at all. The parser's own error is the cause.
    """
    place = LOADERS.get(path.suffix.lower())
    if place is None:
        raise UnreadableDocumentError(path, f"not one of {', '.join(LOADERS)}")
    module, function = place
    loader: Loader = getattr(import_module(f"{__name__}.{module}"), function)
    limits = limits or Limits()
    options: dict[str, Any] = {}
    if module in ("pdf.load", "picture"):
        options = {"max_pages": limits.pages, "ocr": ocr, "on_page": on_page}
    if module == "pdf.load":
        options["second"] = second
    try:
        size = path.stat().st_size
        if size > limits.size:
            raise UnreadableDocumentError(path, f"larger than {limits.size / 2**20:g} MiB")
        if reason := disguise(path):
            raise UnreadableDocumentError(path, reason)
        document = _tidy(loader(path, document_id, **options))
    except UnreadableDocumentError:
        raise
    except OSError as error:
        raise UnreadableDocumentError(path, error.strerror or str(error)) from error
    except Exception as error:
        raise UnreadableDocumentError(path, _reason(error)) from error
    if not document.text.strip():
        reason = _line("; ".join(("contains no text", *document.warnings)))
        raise UnreadableDocumentError(path, reason)
    return document


def _tidy(document: Document) -> Document:
    """A title and warnings that fit on a screen, whatever the file made its loader say."""
    warnings = [_line(warning) for warning in document.warnings]
    if len(warnings) > MOST_WARNINGS:
        more = len(warnings) - MOST_WARNINGS + 1
        warnings = [*warnings[: MOST_WARNINGS - 1], f"and {more:,} more such warnings"]
    title = _line(document.title) or document.id
    if (title, tuple(warnings)) == (document.title, document.warnings):
        return document
    return replace(document, title=title, warnings=tuple(warnings))


def _line(text: str) -> str:
    """One printable line."""
    text = " ".join(text[: 10 * LONGEST_LINE].split())
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= LONGEST_LINE else f"{text[: LONGEST_LINE - 1]}…"


def _reason(error: Exception) -> str:
    """What a loader says of a file. What parsers say of it means nothing to its owner."""
    if type(error) is ValueError:
        return _line(str(error))
    if isinstance(error, MemoryError):
        return "needs more memory than there is"
    if isinstance(error, RecursionError):
        return "damaged: nested too deep"
    return "damaged: its parser can't make sense of it"
