"""The words of an index as they are written, to find those that a mistyped one is near to.

A tantivy index with a document for each word: its automata find what is one or two edits
away in any number of words without reading them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from qa_bot.text import words

SHORTEST, _LONGEST = 4, 30  # letters of a word that may be mistyped
_HEAP = 15_000_000
_MOST_NEAR = 100  # words that are looked at


class Vocabulary:
    """Words of an index; it may hold some that have gone since.

    Opened at once, since a later build deletes the folder. Each stands in lower case, and as
    it is written where it begins with a capital.
    """

    def __init__(self, folder: Path | None) -> None:
        import tantivy

        builder = tantivy.SchemaBuilder()
        builder.add_text_field("word", stored=True, tokenizer_name="raw", index_option="basic")
        path = None if folder is None else str(folder)
        self._index: Any = tantivy.Index(builder.build(), path=path)
        self._index.config_reader(reload_policy="manual")
        self._index.reload()

    def add(self, found: Iterable[str]) -> None:
        """Add words, and commit; what is there already is not added again."""
        import tantivy

        searcher = self._index.searcher()
        new = sorted(word for word in set(found) if not searcher.doc_freq("word", word))
        if not new:
            return
        writer = self._index.writer(heap_size=_HEAP, num_threads=1)
        for word in new:
            row = tantivy.Document()
            row.add_text("word", word)
            writer.add_document(row)
        writer.commit()
        writer.wait_merging_threads()
        self._index.reload()

    def near(self, word: str, edits: int) -> list[str]:
        """The words that are at most one or two edits from one, two swapped letters being one."""
        if len(word) > _LONGEST + edits:  # what would look for it grows with its letters
            return []
        from tantivy import Query

        searcher = self._index.searcher()
        query = Query.fuzzy_term_query(
            self._index.schema, "word", word, distance=edits, transposition_cost_one=True
        )
        found = searcher.search(query, limit=_MOST_NEAR, count=False)
        return sorted(str(searcher.doc(address)["word"][0]) for _, address in found.hits)


def written_words(text: str) -> Iterator[str]:
    """The words of a text that a vocabulary holds."""
    for word in words(text):
        if SHORTEST <= len(word) <= _LONGEST and word.isalpha():
            yield word.lower()
            if word[0].isupper():
                yield word.capitalize()
