"""Ids of documents that lie in other files: ``archive.zip › a/b.pdf`` is a/b.pdf in archive.zip.

An id is a member's by how it is written, and by nothing else: no file of a folder is read whose
name is written so, and members' own names hold no "›".
"""

from __future__ import annotations

import re

INSIDE = " › "
CONTAINERS = (".eml", ".mbox", ".msg", ".zip")
"""Suffixes of files that hold others; a mail is a document, too."""

_MARK = INSIDE.strip()
_CUT = re.compile(rf"(?:{'|'.join(map(re.escape, CONTAINERS))}){INSIDE}", re.IGNORECASE)


def parts_of(document_id: str) -> tuple[str, ...]:
    """The file, the member in it, the member in that, and so on."""
    parts, start = [], 0
    if _MARK in document_id:
        for cut in _CUT.finditer(document_id):
            parts.append(document_id[start : cut.end() - len(INSIDE)])
            start = cut.end()
    return (*parts, document_id[start:])


def file_of(document_id: str) -> str:
    """The file of the documents folder that a document is, or lies in."""
    return parts_of(document_id)[0]


def own_name(document_id: str) -> str:
    """A document's name without the files that it lies in, and without folders."""
    return parts_of(document_id)[-1].rsplit("/", 1)[-1]


def is_member(document_id: str) -> bool:
    """Whether it lies in another file."""
    return _MARK in document_id and _CUT.search(document_id) is not None


def is_container(name: str) -> bool:
    """Whether a file of this name may hold others."""
    return name.lower().endswith(CONTAINERS)


def member_id(container: str, name: str) -> str:
    """The id of what a file holds under a name that ``shown_name`` has made."""
    return f"{container}{INSIDE}{name}"


def shown_name(name: str) -> str:
    """A member's name on one line, of printable characters; "/" parts folders, as in paths."""
    line = " ".join(name.replace("\\", "/").replace(_MARK, ">").split())
    return "".join(one if one.isprintable() else "\ufffd" for one in line)
