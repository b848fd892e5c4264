"""The door: a file → ``Document``. One module per format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders.ebook import load_ebook
from qa_bot.loaders.markdown import load_markdown
from qa_bot.loaders.pdf import load_pdf
from qa_bot.loaders.plain import load_plain
from qa_bot.loaders.table import load_table
from qa_bot.loaders.web_page import load_web_page
from qa_bot.loaders.word import load_word
from qa_bot.records import Document

VERSION = 1
"""Raised whenever a loader reads the same file differently: indexes then read it anew."""

MAX_BYTES = 64 * 2**20

LOADERS: dict[str, Callable[[Path, str], Document]] = {
    ".csv": load_table,
    ".docx": load_word,
    ".epub": load_ebook,
    ".htm": load_web_page,
    ".html": load_web_page,
    ".md": load_markdown,
    ".pdf": load_pdf,
    ".txt": load_plain,
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
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise UnreadableDocumentError(path, f"not one of {', '.join(LOADERS)}")
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
