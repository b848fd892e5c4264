"""The door: a file → ``Document``. One module per format."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from qa_bot.errors import UnreadableDocumentError
from qa_bot.records import Document

VERSION = 1
"""Raised whenever a loader reads the same file differently: indexes then read it anew."""

MAX_BYTES = 64 * 2**20

Loader = Callable[[Path, str], Document]

LOADERS = {  # suffix → module and function; imported when a file needs it, since parsers are heavy
    ".csv": ("table", "load_table"),
    ".docx": ("word", "load_word"),
    ".epub": ("ebook", "load_ebook"),
    ".htm": ("web_page", "load_web_page"),
    ".html": ("web_page", "load_web_page"),
    ".md": ("markdown", "load_markdown"),
    ".pdf": ("pdf", "load_pdf"),
    ".txt": ("plain", "load_plain"),
}


def load_document(path: Path, document_id: str) -> Document:
    """Read one file into plain text, its section tree and its blocks.

    Args:
        path: The file.
        document_id: Its name in citations: the path relative to the documents folder.

    Raises:
        UnreadableDocumentError: Unknown suffix, damaged or too large a file, or
            no text at all. The parser's own error is the cause.
    """
    place = LOADERS.get(path.suffix.lower())
    if place is None:
        raise UnreadableDocumentError(path, f"not one of {', '.join(LOADERS)}")
    module, function = place
    loader: Loader = getattr(import_module(f"{__name__}.{module}"), function)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise UnreadableDocumentError(path, f"larger than {MAX_BYTES // 2**20} MiB")
        document = loader(path, document_id)
    except UnreadableDocumentError:
        raise
    except OSError as error:
        raise UnreadableDocumentError(path, error.strerror or str(error)) from error
    except Exception as error:
        raise UnreadableDocumentError(path, str(error) or type(error).__name__) from error
    if not document.text.strip():
        raise UnreadableDocumentError(path, "; ".join(("contains no text", *document.warnings)))
    return document
