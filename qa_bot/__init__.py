"""qa_bot answers questions about your own documents by quoting them, with citations."""

from qa_bot.asking.answering import answer
from qa_bot.asking.retrieval import retrieve
from qa_bot.asking.verifying import verify
from qa_bot.building.build import build_index
from qa_bot.builds import Limits, Progress, Receipt
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
    NotInstalledError,
    OcrError,
    PageViewError,
    QaBotError,
    QuestionFileError,
    RemoteError,
    ServerError,
    UnavailableError,
    UnknownDocumentError,
    UnreadableDocumentError,
    UsageError,
)
from qa_bot.evaluation.comparing import Comparison, compare
from qa_bot.evaluation.figures import Figure, Summary
from qa_bot.evaluation.formats import read_questions
from qa_bot.evaluation.golden import add_golden, read_golden
from qa_bot.evaluation.outcomes import Evaluation, Outcome, evaluate
from qa_bot.evaluation.questions import Question
from qa_bot.keeping.citing import cite
from qa_bot.keeping.feedback import Feedback, add_feedback, read_feedback
from qa_bot.keeping.quote_sheet import Sheet, make_quote_sheet
from qa_bot.models.embedding import Embedder
from qa_bot.models.other_readers import load_reader
from qa_bot.models.reader import Reader, Reading
from qa_bot.records import (
    Answer,
    Check,
    Citation,
    Document,
    DocumentSummary,
    Excerpt,
    Health,
    Hit,
    Named,
    Option,
    Page,
    Passage,
    Problem,
    Quote,
    Section,
    Sentence,
    __version__,
)
from qa_bot.sharding.opening import open_index
from qa_bot.store.checking import check_index
from qa_bot.store.opening import Index
from qa_bot.table_reading import view_table
from qa_bot.table_view import TableView
from qa_bot.tables import Cell, QuotedTable, Table
from qa_bot.turns import Turn
from qa_bot.verification import Difference, Match, Verification

__all__ = [
    "Answer",
    "Cell",
    "Check",
    "Citation",
    "Comparison",
    "Difference",
    "Document",
    "DocumentSummary",
    "Embedder",
    "EmptyQuestionError",
    "Evaluation",
    "Excerpt",
    "Feedback",
    "Figure",
    "Health",
    "Hit",
    "Index",
    "IndexBusyError",
    "IndexDamagedError",
    "IndexFormatError",
    "IndexModelError",
    "IndexNotFoundError",
    "IndexStateError",
    "Limits",
    "Match",
    "ModelError",
    "Named",
    "NoDocumentsError",
    "NotInstalledError",
    "OcrError",
    "Option",
    "Outcome",
    "Page",
    "PageViewError",
    "Passage",
    "Problem",
    "Progress",
    "QaBotError",
    "Question",
    "QuestionFileError",
    "Quote",
    "QuotedTable",
    "Reader",
    "Reading",
    "Receipt",
    "RemoteError",
    "Section",
    "Sentence",
    "ServerError",
    "Sheet",
    "Summary",
    "Table",
    "TableView",
    "Turn",
    "UnavailableError",
    "UnknownDocumentError",
    "UnreadableDocumentError",
    "UsageError",
    "Verification",
    "__version__",
    "add_feedback",
    "add_golden",
    "answer",
    "build_index",
    "check_index",
    "cite",
    "compare",
    "evaluate",
    "load_reader",
    "make_quote_sheet",
    "open_index",
    "read_feedback",
    "read_golden",
    "read_questions",
    "retrieve",
    "verify",
    "view_table",
]
