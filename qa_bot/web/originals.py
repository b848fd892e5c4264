"""The files behind documents: those of the documents folder, and what lies in them, unpacked."""

from __future__ import annotations

import tempfile
import threading
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path

from qa_bot.loaders.file_names import suffix_of
from qa_bot.loaders.pool import extract_member
from qa_bot.members import file_of, is_member
from qa_bot.records import Stamp

_KEPT = 16  # unpacked members, the ones last asked for

_Version = tuple[str, int, int, int]  # id, then the file's size, time and inode


class Originals:
    """Finds the file of a document. Safe to use from several threads.

    A member of another file is unpacked by a process of its own, under a name of ours, into a
    folder that goes with this object or with the process; it is unpacked anew when the file
    that it lies in has changed.
    """

    def __init__(self, documents: Path) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._kept: OrderedDict[_Version, Path] = OrderedDict()
        self._count = 0

    def file(self, document_id: str) -> Path | None:
        """The file that holds just this document; None where it isn't there any more.

        Raises:
            UnreadableDocumentError: It can't be unpacked.
        """
        file = self._documents / file_of(document_id)
        if not file.is_file():
            return None
        return self._unpacked(file, document_id) if is_member(document_id) else file

    def _unpacked(self, file: Path, document_id: str) -> Path:
        seen = Stamp.of(file.stat())
        version = document_id, seen.size, seen.modified, seen.inode
        with self._lock:
            if version not in self._kept:
                self._folder = self._folder or tempfile.TemporaryDirectory(prefix="qa-bot-")
                self._count += 1
                target = Path(self._folder.name) / f"{self._count}{suffix_of(document_id)}"
                extract_member(file, document_id, target)
                self._kept[version] = target
            self._kept.move_to_end(version)
            while len(self._kept) > _KEPT:
                with suppress(OSError):
                    self._kept.popitem(last=False)[1].unlink()
            return self._kept[version]
