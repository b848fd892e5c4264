"""BM25 over words: tantivy as a cache of the stored text.

Questions are never parsed as a query language: their words go through the same
analysis as the passages (``analysis``) and become plain term queries, so that no
question can break the syntax.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from qa_bot.store.analysis import content, stems, way_of
from qa_bot.store.spread import FIELDS, Spread, as_in, words_in
from qa_bot.store.ties import MOST_TIED, are_tied

MAX_TERMS = 64  # of one question; the rarest are kept
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
        self.__dict__.pop("_lengths", None)

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
        forms = search_terms(question, self.languages)
        counts = {term: self._count(term) for terms in forms.values() for term in terms}
        return weighed(forms, counts, int(self._searcher.num_docs))

    def spread(self, terms: Iterable[str]) -> Spread:
        """How those terms are spread over its passages."""
        wanted = list(terms)
        counted, lengths = self._lengths
        return Spread(
            passages=int(self._searcher.num_docs),
            counted=counted,
            lengths=lengths,
            holding={
                field: {term: int(self._searcher.doc_freq(field, term)) for term in wanted}
                for field in FIELDS
            },
        )

    @cached_property
    def _lengths(self) -> tuple[int, dict[str, float]]:
        """How many passages count, and how many words there are in each field."""
        from tantivy import Query

        counted, lengths = 0, {}
        for field in FIELDS:
            if found := self._searcher.terms_with_prefix(field, "", limit=1):
                query = Query.term_query(self._index.schema, field, found[0][0], "freq")
                (_, address), *_ = self._searcher.search(query, limit=1, count=False).hits
                counted, lengths[field] = words_in(query.explain(self._searcher, address).to_json())
        return counted, lengths

    def holds(self, term: str) -> bool:
        """Whether any passage, or its headings, has the term."""
        return bool(self.search([term], 1))  # frequencies would count deleted passages

    def expect(self, question: str) -> None:
        """A question is about to be looked into: where words are far away, they are asked now."""

    def known(self, terms: Iterable[str]) -> tuple[Spread, list[str]]:
        """How terms are spread, and those that any passage, or its headings, has."""
        wanted = list(terms)
        return self.spread(wanted), [term for term in wanted if self.holds(term)]

    def _count(self, term: str) -> int:
        # Deleted passages count until their segment is merged away.
        return min(int(self._searcher.doc_freq("text", term)), int(self._searcher.num_docs))

    def search(
        self,
        terms: Iterable[str],
        k: int,
        documents: Sequence[int] | None = None,
        spread: Spread | None = None,
        *,
        tied: bool = False,
    ) -> dict[int, float]:
        """BM25 of the ``k`` best passages by id; ``documents`` limits them to those documents.

        ``spread`` is that of a whole of which this is a part: scores are then those in it.
        ``tied``: with those that tie with the last of them, of which there may be many.
        """
        return self._search(terms, k, "document", documents, spread, tied=tied)

    def scores(
        self, terms: Iterable[str], ids: Sequence[int], spread: Spread | None = None
    ) -> dict[int, float]:
        """BM25 of those passages; one that holds none of the terms is left out."""
        return self._search(terms, len(ids), "id", ids, spread)

    def holding(
        self,
        where: str,
        required: Iterable[str],
        helping: Iterable[str],
        k: int,
        documents: Sequence[int] | None = None,
    ) -> list[int]:
        """At most ``k`` passages with all required terms in one field, those that help first."""
        return list(self.held(where, required, helping, k, documents))

    def held(
        self,
        where: str,
        required: Iterable[str],
        helping: Iterable[str],
        k: int,
        documents: Sequence[int] | None = None,
        spread: Spread | None = None,
    ) -> dict[int, float]:
        """Those that ``holding`` finds, each with what it is ordered by."""
        from tantivy import Occur, Query

        clauses = [(Occur.Must, self._term(where, term, 1.0, spread)) for term in required]
        if not clauses or (documents is not None and not len(documents)):
            return {}
        clauses += [
            (Occur.Should, self._term(field, term, 1.0, spread))
            for term in helping
            for field in FIELDS
        ]
        if documents is not None:
            chosen = Query.term_set_query(self._index.schema, "document", list(documents))
            clauses.append((Occur.Must, Query.const_score_query(chosen, 0.0)))
        return self._found(Query.boolean_query(clauses), k, spread)

    def _term(self, field: str, term: str, weight: float, spread: Spread | None) -> Any:  # noqa: ANN401 - tantivy has no types
        from tantivy import Query

        if spread is not None:
            weight *= spread.rarity(field, term) / self.spread([term]).rarity(field, term)
        return Query.boost_query(Query.term_query(self._index.schema, field, term, "freq"), weight)

    def _search(
        self,
        terms: Iterable[str],
        k: int,
        field: str,
        among: Sequence[int] | None,
        spread: Spread | None,
        *,
        tied: bool = False,
    ) -> dict[int, float]:
        from tantivy import Occur, Query

        schema = self._index.schema
        clauses = [
            (Occur.Should, self._term(where, term, weight, spread))
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
        return self._found(query, k, spread, tied=tied)

    def _found(
        self,
        query: Any,  # noqa: ANN401 - likewise
        k: int,
        spread: Spread | None,
        *,
        tied: bool = False,
    ) -> dict[int, float]:
        """What a query finds, best first; by its scores in the whole, where this is a part of it.

        The search counts lengths against this part's own average. So a few more are looked at.
        """
        look = 2 * k if spread is not None else k + tied  # one more tells whether any tie
        found = self._searcher.search(query, limit=look, count=False)
        while tied and len(found.hits) == look < k + MOST_TIED:
            if not are_tied(found.hits[k - 1][0], found.hits[-1][0]):
                break
            look *= 4
            found = self._searcher.search(query, limit=look, count=False)
        scores = [score for score, _ in found.hits]
        numbers = self._numbers(found)
        if spread is not None:
            explained = (query.explain(self._searcher, one).to_json() for _, one in found.hits)
            scores = [as_in(spread, one) for one in explained]
        best = sorted(zip(numbers, scores, strict=True), key=lambda pair: -pair[1])
        kept = k
        while tied and kept < len(best) and are_tied(best[k - 1][1], best[kept][1]):
            kept += 1
        return dict(best[:kept])

    def _numbers(self, found: Any) -> list[int]:  # noqa: ANN401 - tantivy has no types
        addresses = [address for _, address in found.hits]
        return [int(n) for n in self._searcher.fast_field_values("id", addresses)]


def search_terms(question: str, languages: Iterable[str]) -> dict[str, list[str]]:
    """A question's search terms, by the way in which a language's texts are analysed."""
    return {
        way_of(one): list(dict.fromkeys(content(question, one) or stems(question, one)))
        for one in languages
    }


def weighed(
    forms: dict[str, list[str]], counts: Mapping[str, int], total: int
) -> dict[str, dict[str, float]]:
    """The terms of each way with their weights; ``counts`` says in how many passages of all."""
    asked = {}
    for way, terms in forms.items():
        weights = {
            term: math.log(1 + (total - counts[term] + 0.5) / (counts[term] + 0.5))
            for term in terms
        }
        rarest = set(sorted(weights, key=lambda term: -weights[term])[:MAX_TERMS])
        asked[way] = {term: weight for term, weight in weights.items() if term in rarest}
    return asked


def _schema() -> Any:  # noqa: ANN401 - tantivy has no types
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", indexed=True, fast=True)
    builder.add_unsigned_field("document", indexed=True)
    for field in FIELDS:
        builder.add_text_field(field, tokenizer_name="whitespace", index_option="freq")
    return builder.build()
