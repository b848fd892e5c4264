"""qa_bot itself, through its public functions."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import qa_bot
from benchmarks.peers.corpora import Item, as_documents
from qa_bot.building.build import index_passages
from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder
from qa_bot.models.reader import DEFAULT_READER


def make(*, reads: bool = False) -> Ours:
    """It has no settings: ``reads`` says which of its functions is called."""
    return Ours(reads=reads)


class Ours:
    """Fills ``Peer``, by ``retrieve`` or by ``answer`` with the reader."""

    def __init__(self, *, reads: bool) -> None:
        self._reader = DEFAULT_READER if reads else None
        self._index: qa_bot.Index | None = None
        self._files: Path | None = None

    def warm(self) -> None:
        """Load the model, by what asks and by what builds: they don't need the same parts."""
        embedder = load_embedder(DEFAULT_MODEL)
        embedder.encode_question("warm up")
        list(embedder.encode_passages(["warm up"], [()]))

    def build(self, items: Sequence[Item], folder: Path) -> None:
        """Index ready-made passages, with their sentences and both caches."""
        index_passages(as_documents(items), folder, load_embedder(DEFAULT_MODEL))
        self.open(folder)

    def open(self, folder: Path) -> None:
        """Open what was built."""
        self.close()
        self._index = qa_bot.open_index(folder)

    def close(self) -> None:
        """Let go of the index."""
        if self._index is not None:
            self._index.close()
            self._index = None

    def search(self, question: str, k: int) -> list[str]:
        """The first ``k`` hits."""
        assert self._index is not None
        if self._reader is None:
            hits = qa_bot.retrieve(question, self._index, k=k)
        else:
            reply = qa_bot.answer(question, self._index, k=k, reader=self._reader)
            if reply.warning:
                raise RuntimeError(reply.warning)
            hits = list(reply.hits)
        named = ".txt" if self._files is not None else ""
        return [
            f"{hit.passage.document_id.removesuffix(named)}#{hit.passage.paragraph - 1}"
            for hit in hits
        ]

    def judge(self, question: str) -> tuple[bool, float | None]:
        """Whether it quotes anything, and its confidence."""
        assert self._index is not None
        reply = qa_bot.answer(question, self._index, reader=self._reader)
        return reply.found, reply.confidence

    def prepare_change(self, items: Sequence[Item], folder: Path) -> None:
        """Write the documents as text files and index those, so that one can be changed."""
        self._files = folder.with_name(f"{folder.name}-files")
        self._write(items)
        qa_bot.build_index(self._files, folder)
        self.open(folder)

    def change(self, items: Sequence[Item], source: str, folder: Path) -> None:
        """Save the file and build again: all of it, from finding out which file changed."""
        assert self._files is not None
        self._write([item for item in items if item.source == source])
        qa_bot.build_index(self._files, folder)
        self.open(folder)

    def _write(self, items: Sequence[Item]) -> None:
        assert self._files is not None
        self._files.mkdir(parents=True, exist_ok=True)
        for source, group in groupby(items, key=lambda item: item.source):
            text = "\n\n".join(" ".join(item.text.split()) for item in group)
            (self._files / f"{source}.txt").write_text(text)
