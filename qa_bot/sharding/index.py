"""All shards as one index: each question is put to all of them, and settled once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.errors import (
    IndexDamagedError,
    QaBotError,
    UnavailableError,
    UnknownDocumentError,
)
from qa_bot.models.embedding import Embedder
from qa_bot.paging import ScannedPage
from qa_bot.records import (
    Document,
    DocumentSummary,
    Excerpt,
    Health,
    Named,
    Passage,
    Section,
    Span,
)
from qa_bot.sharding.shards import Call, Shards
from qa_bot.sharding.words import ShardedLexicon, ShardedVectors, ShardedVocabulary
from qa_bot.store import rows
from qa_bot.store.gathering import Gathered, Wanted, together
from qa_bot.store.limiting import build_of
from qa_bot.store.manifest import Manifest, read_manifest, shard_of
from qa_bot.store.opening import Index
from qa_bot.tables import Table

Ids = npt.NDArray[np.int64]

_unasked: ContextVar[set[int] | None] = ContextVar("unasked", default=None)
_STATES = ("current", "changed", "gone")


class ShardedIndex(Index):
    """Shards of one build, asked together. Documents and passages are numbered across them.

    A passage's number is its own in its shard, times the number of shards, plus the shard's.
    While a shard can't be asked, ``searching`` goes on without it, and all else raises
    UnavailableError.
    """

    def __init__(
        self,
        folder: Path,
        manifest: Manifest,
        shards: Shards,
        embedder: Embedder,
        folders: tuple[str, ...] | None = None,
    ) -> None:
        self.folder, self.embedder, self.manifest = folder, embedder, manifest
        self._shards, self._folders = shards, folders
        self.meta = {
            "uuid": manifest.uuid,
            "generation": str(manifest.generation),
            "built_at": manifest.built_at,
            "model": embedder.name,
            "fingerprint": embedder.fingerprint,
            "dimension": str(embedder.dimension),
        }
        if source := manifest.documents_folder:
            self.meta |= {
                "documents": source,
                "documents_from_here": os.path.relpath(source, folder),
            }
        found = self.ask_all("lexicon.languages").values()
        languages = {language for some in found for language in some}
        self.lexicon = ShardedLexicon(self, languages)
        self.vocabulary = ShardedVocabulary(self)
        self.vectors = ShardedVectors(self)
        if folders is not None:
            self.meta |= build_of(self.documents())

    @property
    def shard_count(self) -> int:
        """Into how many shards documents are dealt."""
        return len(self.manifest.shards)

    @property
    def passage_count(self) -> int:
        """Number of passages in all shards."""
        if self._folders is None:
            return sum(one.passages for one in self.manifest.shards)
        return len(self.vectors.ids())

    def within(self, folders: Sequence[str]) -> ShardedIndex:
        """What someone sees who may see only some folders: nothing else counts anywhere."""
        return ShardedIndex(self.folder, self.manifest, self._shards, self.embedder, tuple(folders))

    def nodes(self) -> dict[int, list[str]]:
        """Which machines each shard's replicas run on, "" for one that doesn't answer; {} here."""
        return self._shards.nodes()

    @contextmanager
    def searching(self) -> Iterator[Callable[[], float]]:
        """Search without the shards that can't be asked; what is given tells their share."""
        missed: set[int] = set()
        token = _unasked.set(missed)
        try:
            yield lambda: self._share(missed)
        finally:
            _unasked.reset(token)

    def _share(self, shards: Iterable[int]) -> float:
        """Which share of the documents some shards hold, in [0, 1]."""
        held = sum(self.manifest.shards[number].documents for number in shards)
        return held / max(self.manifest.documents, 1)

    def ask(self, calls: dict[int, Call]) -> dict[int, Any]:
        """What those shards say, as far as they can be asked.

        Raises:
            UnavailableError: One can't, and this is no search; or none of them can.
        """
        noted = _unasked.get()
        limited = {
            number: call._replace(folders=self._folders)
            for number, call in calls.items()
            if number not in (noted or ())  # so a search waits for it once, and never has half
        }
        found = self._shards.ask(limited) if limited else {}
        if missed := calls.keys() - found.keys():
            if noted is None or not found:
                raise UnavailableError(self._share(missed))
            noted |= missed
        return found

    def ask_all(self, name: str, *arguments: object) -> dict[int, Any]:
        """The same asked of all shards."""
        return self.ask(dict.fromkeys(range(self.shard_count), Call(name, arguments)))

    def ask_of(
        self,
        name: str,
        numbers: Sequence[int] | None,
        arguments: Callable[[list[int] | None], tuple[Any, ...]],
    ) -> dict[int, Any]:
        """What shards say by their own numbers, by those across all; of some, or of all."""
        if numbers is None:
            found = self.ask_all(name, *arguments(None))
        else:
            dealt = self._dealt(numbers)
            found = self.ask({n: Call(name, arguments(own)) for n, own in dealt.items()})
        return {
            self._number(own, shard): value
            for shard, held in found.items()
            for own, value in held.items()
        }

    def numbers(self, shard: int, own: Ids) -> Ids:
        """The numbers across all shards of a shard's own."""
        return np.asarray(own, np.int64) * self.shard_count + shard

    def _number(self, own: int, shard: int) -> int:
        return own * self.shard_count + shard

    def _dealt(self, numbers: Iterable[int]) -> dict[int, list[int]]:
        """Each shard's own numbers of some across all; no shard without any."""
        dealt: dict[int, list[int]] = {}
        for number in numbers:
            own, shard = divmod(int(number), self.shard_count)
            dealt.setdefault(shard, []).append(own)
        return dealt

    def _named_by_shard(self, names: Iterable[str]) -> dict[int, list[str]]:
        dealt: dict[int, list[str]] = {}
        for name in names:
            dealt.setdefault(shard_of(name, self.shard_count), []).append(name)
        return dealt

    def _read(self, document_id: str, name: str, *arguments: object) -> Any:  # noqa: ANN401
        shard = shard_of(document_id, self.shard_count)
        found = self.ask({shard: Call(name, (document_id, *arguments))})
        if found[shard] is None:
            raise UnknownDocumentError(document_id)
        return found[shard]

    def close(self) -> None:
        """Let go of the shards, but for those of a part of another index."""
        if self._folders is None:
            self._shards.close()

    def document(self, document_id: str) -> Document:
        """The document as it was indexed, with its whole text."""
        found: Document = self._read(document_id, "document")
        return found

    def excerpt(self, document_id: str, start: int, end: int) -> Excerpt:
        """What stands in a range of a document, clipped to its text."""
        found: Excerpt = self._read(document_id, "excerpt", start, end)
        return found

    def slices(self, document_id: str, spans: Iterable[Span]) -> list[str]:
        """The texts of several spans of a document, each clipped to its text."""
        found: list[str] = self._read(document_id, "slices", list(spans))
        return found

    def sections(self, document_id: str, span: Span | None = None) -> tuple[Section, ...]:
        """The document's sections, in reading order, or those that share text with a span."""
        found: tuple[Section, ...] = self._read(document_id, "sections", span)
        return found

    def tables(self, document_id: str, span: Span | None = None) -> tuple[Table, ...]:
        """The document's tables, in reading order, or their rows that share text with a span."""
        found: tuple[Table, ...] = self._read(document_id, "tables", span)
        return found

    def scans(self, document_id: str, pages: Sequence[int]) -> tuple[ScannedPage, ...]:
        """Where words stand on those of these pages that were recognised, in their order."""
        found: tuple[ScannedPage, ...] = self._read(document_id, "scans", list(pages))
        return found

    def named(self, digest: str, preferred: str = "") -> Named | None:
        """The document that a citation's digest names: first one that has that text now."""
        answers = self.ask_all("named", digest, preferred).values()
        found = [one for one in answers if one is not None]
        return min(
            found,
            key=lambda one: (
                _STATES.index(one.state),
                one.document_id != preferred,
                one.document_id,
            ),
            default=None,
        )

    def documents(self) -> tuple[DocumentSummary, ...]:
        """What is indexed, by document id."""
        found = self.ask_all("documents").values()
        return tuple(sorted((one for some in found for one in some), key=lambda one: one.id))

    def health(self) -> Health:
        """What the last build could not read, or only with a warning, and what it left out."""
        return healths(self.ask_all("health").values())

    def held(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents that are in the index."""
        return self._union("held", document_ids)

    def stale(self, document_ids: Iterable[str]) -> set[str]:
        """Those of the documents whose files were changed or deleted since they were indexed."""
        return self._union("stale", document_ids)

    def _union(self, name: str, document_ids: Iterable[str]) -> set[str]:
        dealt = self._named_by_shard(document_ids)
        found = self.ask({shard: Call(name, (names,)) for shard, names in dealt.items()})
        return {one for some in found.values() for one in some}

    def digests(self, document_ids: Iterable[str]) -> dict[str, str]:
        """Digests of those documents' texts."""
        dealt = self._named_by_shard(document_ids)
        found = self.ask({n: Call("digests", (names,)) for n, names in dealt.items()})
        if dealt.keys() - found.keys():
            raise UnavailableError(self._share(dealt))
        if None in found.values():
            raise IndexDamagedError(self.folder, "a document is missing")
        return {name: digest for some in found.values() for name, digest in some.items()}

    def shed_log(self) -> None:
        """A shard that was published is not written again."""

    def is_outdated(self) -> bool:
        """Whether there is a later build: open the index again to see it."""
        with suppress(QaBotError):
            return read_manifest(self.folder).versions != self.manifest.versions
        return False

    def passages(self, ids: Iterable[int]) -> dict[int, Passage]:
        """The passages with those ids."""
        wanted = list(ids)
        found = self.ask_of("passages", wanted, lambda own: (own,))
        self._check_all(wanted, found)
        return found

    def stored_vectors(self, ids: Iterable[int]) -> dict[int, rows.PassageVectors]:
        """The vectors of those passages."""
        wanted = list(ids)
        found = self.ask_of("stored_vectors", wanted, lambda own: (own,))
        self._check_all(wanted, found)
        return found

    def _check_all(self, wanted: Sequence[int], found: dict[int, Any]) -> None:
        """Refuse to go on without what a search has found, where its shard went since."""
        if gone := {number % self.shard_count for number in wanted if number not in found}:
            raise UnavailableError(self._share(gone))

    def passage_ids(self, document_id: str, span: Span) -> list[int]:
        """Ids of the document's passages that share text with a span, in reading order."""
        found: list[int] = self._read(document_id, "passage_ids", span)
        shard = shard_of(document_id, self.shard_count)
        return [self._number(own, shard) for own in found]

    def places(self, ids: Iterable[int]) -> list[rows.Placed]:
        """Where those passages stand, by document and in reading order."""
        dealt = self._dealt(ids)
        found = self.ask({shard: Call("places", (own,)) for shard, own in dealt.items()})
        placed = [
            one._replace(
                number=self._number(one.number, shard), document=self._number(one.document, shard)
            )
            for shard, some in found.items()
            for one in some
        ]
        return sorted(placed, key=lambda one: (one.name, one.start))

    def gather(self, wanted: Wanted) -> Gathered:
        """The passages that may bear on a question, of all shards; words count as in one index."""
        if self.shard_count > 1:
            wanted = replace(wanted, spread=self.lexicon.spread(wanted.terms))
        parts = [
            Gathered(
                nearest=tuple(self._number(own, shard) for own in found.nearest),
                worded=tuple(self._number(own, shard) for own in found.worded),
                bm25={self._number(own, shard): score for own, score in found.bm25.items()},
                cosines={self._number(own, shard): both for own, both in found.cosines.items()},
            )
            for shard, found in self.ask(self._wanted(wanted)).items()
        ]
        return together(parts, wanted.pool, self.places)

    def _wanted(self, wanted: Wanted) -> dict[int, Call]:
        """What is wanted of each shard, by its own numbers; of one that has none of them, nothing.

        Passages outside of the documents that are asked are left out as they are there.
        """
        limits = {
            name: self._dealt(numbers)
            for name in ("documents", "passages", "among")
            if (numbers := getattr(wanted, name)) is not None
        }
        calls = {}
        for shard in range(self.shard_count):
            if any(shard not in dealt for dealt in limits.values()):
                continue
            own: dict[str, Any] = {name: dealt[shard] for name, dealt in limits.items()}
            if "passages" in own:
                own["passages"] = np.asarray(own["passages"], np.int64)
            calls[shard] = Call("gather", (replace(wanted, **own),))
        return calls

    def scope(self, names: Sequence[str]) -> tuple[list[int], Ids]:
        """Internal ids of the documents that ``names`` mean, and of their passages."""
        documents: set[int] = set()
        passages = [np.empty(0, np.int64)]
        for name in names:
            answers = self.ask_all("scope", [name])
            found = {n: both for n, both in answers.items() if both is not None}
            if not found and len(answers) == self.shard_count:
                raise UnknownDocumentError(name)
            for shard, (own, inside) in found.items():
                documents.update(self._number(one, shard) for one in own)
                passages.append(self.numbers(shard, inside))
        return sorted(documents), np.unique(np.concatenate(passages))


def healths(parts: Iterable[Health]) -> Health:
    """The health of several shards as that of one index."""
    found = list(parts)

    def by_name(one: Any) -> tuple[str, str]:  # noqa: ANN401 - a problem
        return one.document_id, one.reason

    return Health(
        unreadable=tuple(sorted((p for one in found for p in one.unreadable), key=by_name)),
        warnings=tuple(sorted((p for one in found for p in one.warnings), key=by_name)),
        unsupported=tuple(sorted(name for one in found for name in one.unsupported)),
        hidden=sum(one.hidden for one in found),
    )
