"""A LlamaIndex retriever over an index; needs ``pip install 'qa-bot[llama-index]'``."""

from __future__ import annotations

from collections.abc import Sequence

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeWithScore, QueryBundle, TextNode

import qa_bot
from qa_bot.integrations.places import metadata
from qa_bot.store.opening import Index


class QaBotRetriever(BaseRetriever):  # type: ignore[misc]  # the package is optional
    """Gives the ``k`` passages nearest to a query, verbatim, best first.

    ``documents`` limits them to exact document ids or folders. Each node's ``metadata`` says
    where it stands (see ``places.metadata``), and its score is in [0, 1], comparable within one
    query only.
    """

    def __init__(self, index: Index, k: int = 5, documents: Sequence[str] | None = None) -> None:
        super().__init__()
        self._index, self._k = index, k
        self._documents = None if documents is None else list(documents)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        query = query_bundle.query_str
        hits = qa_bot.retrieve(query, self._index, k=self._k, documents=self._documents)
        digests = self._index.digests({hit.passage.document_id for hit in hits})
        found = []
        for hit in hits:
            places = metadata(hit.passage, digests[hit.passage.document_id])
            node = TextNode(
                id_=f"{places['digest']}:{places['start']}-{places['end']}",
                text=hit.passage.text,
                metadata=dict(places),
                start_char_idx=hit.passage.start,
                end_char_idx=hit.passage.end,
            )
            found.append(NodeWithScore(node=node, score=hit.score))
        return found
