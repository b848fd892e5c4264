"""What a file is by its first bytes, to say so where its suffix promises something else."""

from __future__ import annotations

import codecs
from pathlib import Path
from zipfile import BadZipFile, ZipFile

_HEAD = 4096  # bytes
_PDF = b"%PDF-"
_PDF_WITHIN = 1024  # bytes; readers allow for so much before the mark
_HTML = (b"<!doctype html", b"<html")
_OLD_OFFICE = "an Office file of before 2007, or one with a password"
_MARKS = (  # none is a likely beginning of plain text
    (_PDF, "a PDF"),
    (b"{\\rtf", "an RTF file"),
    (bytes.fromhex("d0cf11e0a1b11ae1"), _OLD_OFFICE),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF87a", "a picture"),
    (b"GIF89a", "a picture"),
    (b"II*\x00", "a picture"),
    (b"MM\x00*", "a picture"),
    (b"\x1f\x8b\x08", "a compressed file"),
    (b"7z\xbc\xaf\x27\x1c", "a compressed file"),
    (b"Rar!\x1a\x07", "a compressed file"),
    (b"\x7fELF", "a program"),
    (b"SQLite format 3\x00", "a database"),
)
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")
_ZIP = "a zip file"
_MEMBERS = (  # of zip files: what one's name begins with → what the whole is
    ("word/", "a Word file"),
    ("xl/", "an Excel file"),
    ("ppt/", "a PowerPoint file"),
    ("META-INF/container.xml", "an EPUB"),
    ("META-INF/manifest.xml", "an OpenDocument file"),
)
CODE = tuple(
    ".c .cc .cpp .cs .go .h .hpp .java .js .jsx .kt .lua .mjs .php .pl .py .pyi .r .rb .rs .scala"
    " .sh .sql .swift .ts .tsx".split()
)
"""The suffixes of source code."""

_PROMISED = {
    ".csv": "a CSV table",
    ".docx": "a Word file",
    ".eml": "a mail",
    ".epub": "an EPUB",
    ".htm": "an HTML page",
    ".html": "an HTML page",
    ".mbox": "a mailbox",
    ".ipynb": "a notebook",
    ".json": "JSON",
    ".jsonl": "JSON",
    ".md": "Markdown",
    ".msg": "a mail of Outlook",
    ".ndjson": "JSON",
    ".odp": "an OpenDocument file",
    ".ods": "an OpenDocument file",
    ".odt": "an OpenDocument file",
    ".pdf": "a PDF",
    ".pptx": "a PowerPoint file",
    ".rtf": "an RTF file",
    ".srt": "a file of subtitles",
    ".tsv": "a table",
    ".txt": "plain text",
    ".zip": _ZIP,
    **dict.fromkeys((".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"), "a picture"),
    ".vtt": "a file of subtitles",
    ".xls": "an Excel file of before 2007",
    ".xlsb": "an Excel file",
    ".xlsm": "an Excel file",
    ".xlsx": "an Excel file",
    ".xml": "XML",
    ".yaml": "YAML",
    ".yml": "YAML",
    **dict.fromkeys((".adoc", ".asciidoc", ".log", ".org", ".rst", ".tex"), "plain text"),
    **dict.fromkeys(CODE, "source code"),
}
_BINARY = frozenset(
    ".docx .epub .jpeg .jpg .msg .odp .ods .odt .pdf .png .pptx .rtf .tif .tiff .webp .xls .xlsb"
    " .xlsm .xlsx .zip".split()
)
_MAY_BE_OLE = (
    "a Word file",
    "a mail of Outlook",
    "an Excel file",
    "a PowerPoint file",
    "an OpenDocument file",
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\f\r")


def disguise(path: Path) -> str:
    """Why a file can't be what its suffix says: "not a Word file (it is a PDF)"; or "".

    Raises:
        OSError: It can't be opened.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if not head:
        return "the file is empty"
    promised = _PROMISED[path.suffix.lower()]
    found = _kind(path, head)
    if found == promised or (path.suffix.lower() in _BINARY and _may_be(promised, found, head)):
        return ""
    return f"not {promised} (it is {found})" if found else ""


def _may_be(promised: str, found: str, head: bytes) -> bool:
    """Whether the loader can say more than the first bytes: of what is damaged, or protected."""
    if promised == "a PDF":
        return _PDF in head[:_PDF_WITHIN] or b" obj" in head
    if promised == "an Excel file of before 2007":  # programs write others under this suffix
        return found in (_OLD_OFFICE, "an Excel file", "an HTML page")
    return found == _ZIP or (promised in _MAY_BE_OLE and found == _OLD_OFFICE)


def _kind(path: Path, head: bytes) -> str:
    if head.startswith(_ZIPS):
        return _ZIP if path.suffix.lower() == ".zip" else _kind_of_zip(path)
    known = next((kind for mark, kind in _MARKS if head.startswith(mark)), "")
    if known or path.suffix.lower() not in _BINARY or not _is_text(head):
        return known
    return "an HTML page" if head.lstrip().lower().startswith(_HTML) else "plain text"


def _kind_of_zip(path: Path) -> str:
    try:
        with ZipFile(path) as file:
            names = file.namelist()
    except (BadZipFile, EOFError, NotImplementedError, OSError, ValueError):
        return _ZIP
    kinds = (kind for start, kind in _MEMBERS if any(name.startswith(start) for name in names))
    return next(kinds, _ZIP)


def _is_text(head: bytes) -> bool:
    if head.translate(None, _CONTROLS) != head:
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)  # its last character may be cut
    except UnicodeDecodeError:
        return False
    return True
