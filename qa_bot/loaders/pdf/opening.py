"""A PDF file → its open reader, or why its pages can't be reached."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypdf import PdfReader


def open_pdf(path: Path) -> PdfReader:
    """Open a file and find its pages, whatever pypdf stumbles over on the way.

    Raises:
        ValueError: It is encrypted, or too damaged to find the pages.
    """
    from pypdf import PdfReader
    from pypdf.errors import LimitReachedError

    is_locked = False
    try:
        reader = PdfReader(path)
        is_locked = reader.is_encrypted and not reader.decrypt("")
        if not is_locked:
            len(reader.pages)
    except NotImplementedError as error:  # raised for kinds of encryption alone
        raise ValueError("encrypted in a way that can't be read") from error
    except LimitReachedError as error:
        raise ValueError("damaged: it goes round in circles, or holds far too much") from error
    except Exception as error:
        raise ValueError("damaged: its pages can't be found") from error
    if is_locked:
        raise ValueError("encrypted: it can't be read without its password")
    return reader
