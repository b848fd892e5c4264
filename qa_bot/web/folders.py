"""The documents as rows of a list: folders that fold, and the documents in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from qa_bot.members import file_of
from qa_bot.records import DocumentSummary

_MOST_OPEN = 200  # documents up to which all folders are open at first


@dataclass(frozen=True, slots=True)
class Folder:
    """A row for a folder: how many documents are in it, at any depth, and how many are asked."""

    path: str  # "a/b"
    count: int
    asked: int
    is_open: bool

    @property
    def depth(self) -> int:
        """Folders that it is in."""
        return self.path.count("/")


def by_folder(document: DocumentSummary) -> tuple[tuple[int, str, str], ...]:
    """The order of a tree: of each folder its files by name, then the folders in it."""
    *folders, name = file_of(document.id).split("/")
    steps = [(1, one.casefold(), one) for one in folders]
    return (*steps, (0, name.casefold(), document.id))


def rows(
    found: Sequence[DocumentSummary],
    asked: Collection[str] | None,
    toggled: Collection[str],
) -> list[Folder | DocumentSummary]:
    """What a tree shows: no document of a folder that is closed, and no folder in it.

    Args:
        found: The documents, in the order of ``by_folder``.
        asked: Those that are asked; None means all.
        toggled: Folders that are not as they are at first: open where there are few documents.
    """
    counts: Counter[str] = Counter()
    chosen: Counter[str] = Counter()
    for document in found:
        for path in _folders(document.id):
            counts[path] += 1
            chosen[path] += asked is None or document.id in asked
    is_small = len(found) <= _MOST_OPEN
    shown: list[Folder | DocumentSummary] = []
    told: set[str] = set()
    for document in found:
        for path in _folders(document.id):
            is_open = (path in toggled) != is_small
            if path not in told:
                told.add(path)
                shown.append(Folder(path, counts[path], chosen[path], is_open))
            if not is_open:
                break
        else:
            shown.append(document)
    return shown


def depth_of(document_id: str) -> int:
    """Folders that a document is in."""
    return file_of(document_id).count("/")


def _folders(document_id: str) -> Iterator[str]:
    """``a/b/c.txt`` → ``a``, ``a/b``."""
    *folders, _ = file_of(document_id).split("/")
    return accumulate(folders, lambda above, one: f"{above}/{one}")
