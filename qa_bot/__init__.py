"""qa_bot answers questions about your own documents by quoting them, with citations."""

from qa_bot.answering import answer
from qa_bot.errors import (
    EmptyQuestionError,
    IndexBusyError,
    IndexDamagedError,
    IndexFormatError,
    IndexModelError,
    IndexNotFoundError,
    IndexStateError,
    ModelError,
    NoDocumentsError,
    QaBotError,
    ServerError,
    UnknownDocumentError,
    UnreadableDocumentError,
    UsageError,
)
from qa_bot.indexing import build_index
from qa_bot.records import (
    Answer,
    Citation,
    Document,
    DocumentSummary,
    Hit,
    Page,
    Passage,
    Problem,
    Progress,
    Quote,
    Receipt,
    Section,
    Sentence,
)
from qa_bot.retrieval import Index, open_index, retrieve

__version__ = "0.1.0"

__all__ = [
    "Answer",
    "Citation",
    "Document",
    "DocumentSummary",
    "EmptyQuestionError",
    "Hit",
    "Index",
    "IndexBusyError",
    "IndexDamagedError",
    "IndexFormatError",
    "IndexModelError",
    "IndexNotFoundError",
    "IndexStateError",
    "ModelError",
    "NoDocumentsError",
    "Page",
    "Passage",
    "Problem",
    "Progress",
    "QaBotError",
    "Quote",
    "Receipt",
    "Section",
    "Sentence",
    "ServerError",
    "UnknownDocumentError",
    "UnreadableDocumentError",
    "UsageError",
    "__version__",
    "answer",
    "build_index",
    "open_index",
    "retrieve",
]
