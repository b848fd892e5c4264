"""BM25 over words: tantivy as a cache of the stored text.

Questions are never parsed as a query language: their words go through the same
analysis as the passages (``analysis``) and become plain term queries, so that no
question can break the syntax.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.store.analysis import content, stems, way_of

MAX_TERMS = 64  # of one question; the rarest are kept
FIELDS = {"text": 1.0, "headings": 0.3, "title": 0.3}
"""How much a word counts by where it stands; the title has the words of the file's name, too."""

_HEAP = 64_000_000

Ids = npt.NDArray[np.int64]


class Lexicon:
    """A searchable snapshot of the passages' words; safe to use from many threads.

    Later writes to the same folder don't show in it.
    """

    def __init__(self, folder: Path | None, languages: Iterable[str] = ("",)) -> None:
        import tantivy

        path = None if folder is None else str(folder)
        self.languages = tuple({way_of(one): one for one in languages}.values()) or ("",)
        """One for each way in which the texts are analysed."""
        self._index: Any = tantivy.Index(_schema(), path=path)
        self._index.config_reader(reload_policy="manual")
        self._index.reload()
        self._searcher: Any = self._index.searcher()

    def update(
        self, removed: Iterable[int], added: Iterable[tuple[int, int, str, str, str, str]]
    ) -> None:
        """Drop passages by id, add others, and commit.

        Args:
            removed: Ids.
            added: ``(id, document, language, title, headings, text)`` rows.
        """
        import tantivy

        writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        if gone := list(removed):  # by query: a term made of a Python int would be a signed one
            chosen = tantivy.Query.term_set_query(self._index.schema, "id", gone)
            writer.delete_documents_by_query(chosen)
        for number, document, language, *texts in added:
            row = tantivy.Document()
            row.add_unsigned("id", number)
            row.add_unsigned("document", document)
            for field, text in zip(("title", "headings", "text"), texts, strict=True):
                row.add_text(field, " ".join(stems(text, language)))
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()
        self._searcher = self._index.searcher()

    def ids(self) -> Ids:
        """The passage ids it holds, ascending."""
        import tantivy

        count = self._searcher.num_docs
        if not count:
            return np.empty(0, np.int64)
        found = self._searcher.search(tantivy.Query.all_query(), limit=count, count=False)
        return np.sort(np.asarray(self._numbers(found), dtype=np.int64))

    def terms(self, question: str) -> dict[str, float]:
        """The question's search terms with their weights (inverse document frequencies).

        They have the forms of all languages that the index holds. Stop words are left out
        unless there is nothing else. A term that no passage holds keeps the highest weight:
        its absence is evidence.
        """
        asked = self.asked(question)
        return {term: weight for terms in asked.values() for term, weight in terms.items()}

    def asked(self, question: str) -> dict[str, dict[str, float]]:
        """Such terms apart, by the way in which a language's texts are analysed: see ``way_of``."""
        return {way_of(one): self._terms(question, one) for one in self.languages}

    def _terms(self, question: str, language: str) -> dict[str, float]:
        found = dict.fromkeys(content(question, language) or stems(question, language))
        total = self._searcher.num_docs
        weights = {
            term: math.log(1 + (total - count + 0.5) / (count + 0.5))
            for term, count in ((term, self._count(term)) for term in found)
        }
        rarest = sorted(weights, key=lambda term: -weights[term])[:MAX_TERMS]
        return {term: weights[term] for term in weights if term in set(rarest)}

    def holds(self, term: str) -> bool:
        """Whether any passage, or its headings, has the term."""
        return bool(self.search([term], 1))  # frequencies would count deleted passages

    def _count(self, term: str) -> int:
        # Deleted passages count until their segment is merged away.
        return min(int(self._searcher.doc_freq("text", term)), int(self._searcher.num_docs))

    def search(
        self, terms: Iterable[str], k: int, documents: Sequence[int] | None = None
    ) -> dict[int, float]:
        """BM25 of the ``k`` best passages by id; ``documents`` limits them to those documents."""
        return self._search(terms, k, "document", documents)

    def scores(self, terms: Iterable[str], ids: Sequence[int]) -> dict[int, float]:
        """BM25 of those passages; one that holds none of the terms is left out."""
        return self._search(terms, len(ids), "id", ids)

    def holding(
        self,
        where: str,
        required: Iterable[str],
        helping: Iterable[str],
        k: int,
        documents: Sequence[int] | None = None,
    ) -> list[int]:
        """At most ``k`` passages with all required terms in one field, those that help first."""
        from tantivy import Occur, Query

        schema = self._index.schema
        terms = [Query.term_query(schema, where, term, "freq") for term in required]
        if not terms or (documents is not None and not len(documents)):
            return []
        clauses = [(Occur.Must, term) for term in terms]
        clauses += [
            (Occur.Should, Query.term_query(schema, field, term, "freq"))
            for term in helping
            for field in FIELDS
        ]
        if documents is not None:
            chosen = Query.term_set_query(schema, "document", list(documents))
            clauses.append((Occur.Must, Query.const_score_query(chosen, 0.0)))
        query = Query.boolean_query(clauses)
        return self._numbers(self._searcher.search(query, limit=k, count=False))

    def _search(
        self, terms: Iterable[str], k: int, field: str, among: Sequence[int] | None
    ) -> dict[int, float]:
        from tantivy import Occur, Query

        schema = self._index.schema
        clauses = [
            (Occur.Should, Query.boost_query(Query.term_query(schema, where, term, "freq"), weight))
            for term in terms
            for where, weight in FIELDS.items()
        ]
        if not clauses or k < 1 or (among is not None and not len(among)):
            return {}
        query = Query.boolean_query(clauses)
        if among is not None:
            chosen = Query.term_set_query(schema, field, list(among))
            query = Query.boolean_query(
                [(Occur.Must, query), (Occur.Must, Query.const_score_query(chosen, 0.0))]
            )
        found = self._searcher.search(query, limit=k, count=False)
        scores = [score for score, _ in found.hits]
        return dict(zip(self._numbers(found), scores, strict=True))

    def _numbers(self, found: Any) -> list[int]:  # noqa: ANN401 - tantivy has no types
        addresses = [address for _, address in found.hits]
        return [int(n) for n in self._searcher.fast_field_values("id", addresses)]


def _schema() -> Any:  # noqa: ANN401 - tantivy has no types
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True)
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()
