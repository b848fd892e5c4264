"""A LangChain retriever over an index; needs ``pip install 'qa-bot[langchain]'``."""

from __future__ import annotations

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict

import qa_bot
from qa_bot.integrations.places import metadata
from qa_bot.store.opening import Index


class QaBotRetriever(BaseRetriever):  # type: ignore[misc]  # the package is optional
    """Gives the ``k`` passages nearest to a query, verbatim, best first.

    ``documents`` limits them to exact document ids or folders. ``metadata`` of each document
    has its score (in [0, 1], comparable within one query only) and where it stands: see
    ``places.metadata``.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Index
    k: int = 5
    documents: list[str] | None = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        del run_manager
        hits = qa_bot.retrieve(query, self.index, k=self.k, documents=self.documents)
        digests = self.index.digests({hit.passage.document_id for hit in hits})
        return [
            Document(
                page_content=hit.passage.text,
                metadata={
                    **metadata(hit.passage, digests[hit.passage.document_id]),
                    "score": hit.score,
                },
            )
            for hit in hits
        ]
