"""The shared data sets as documents, ready-made passages, and questions."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import ROOT
from qa_bot.building.passages import whole_passage
from qa_bot.records import Block, Document, Passage, Section

SHARED = Path(
    os.environ.get("QA_BOT_SHARED", ROOT.parent / "shared")
)  # too large for the repository; the benchmarks' README says what is in it
SQUAD = SHARED / "benchmarks" / "squad2-dev-half.json"
ARTICLE_QUESTIONS = SHARED / "benchmarks" / "nato_public.jsonl"
WIKI = SHARED / "training" / "squadshifts" / "new_wiki_v1.0.json"


@dataclass(frozen=True, slots=True)
class Question:
    """A question on a collection; ``gold`` names the passage it was asked of."""

    text: str
    gold: tuple[str, int]  # document id, start of the passage
    answers: tuple[str, ...]  # phrases, any of which answers; empty if the passage doesn't


@dataclass(frozen=True, slots=True)
class Collection:
    """Documents with ready-made passages, and questions asked of them."""

    documents: tuple[tuple[Document, tuple[Passage, ...]], ...]
    questions: tuple[Question, ...]

    @property
    def answerable(self) -> list[Question]:
        """The questions that their passage answers."""
        return [question for question in self.questions if question.answers]


@dataclass(frozen=True, slots=True)
class ArticleQuestion:
    """A question on the article. ``quote`` is None where the article doesn't answer."""

    question: str
    sections: tuple[str, ...]
    quote: str | None


def need_data() -> None:
    """End the program with a line that says what is missing, where the data sets are not here."""
    if not SQUAD.is_file():
        raise SystemExit(
            f"The data sets are not in {SHARED}: put them there, or name their folder in "
            "QA_BOT_SHARED (benchmarks/README.md lists the files and where they come from)."
        )


def squad(file: Path) -> Collection:
    """A SQuAD file; each paragraph is one passage, each article one document."""
    documents, questions = [], []
    for article in json.loads(file.read_text())["data"]:
        name, title = article["title"], article["title"].replace("_", " ")
        contexts = [paragraph["context"] for paragraph in article["paragraphs"]]
        document, passages = join(name, title, contexts)
        documents.append((document, passages))
        for paragraph, passage in zip(article["paragraphs"], passages, strict=True):
            for asked in paragraph["qas"]:
                found = () if asked.get("is_impossible") else asked["answers"]
                answers = tuple(sorted({answer["text"].strip() for answer in found}))
                questions.append(Question(asked["question"], (name, passage.start), answers))
    return Collection(tuple(documents), tuple(questions))


def join(name: str, title: str, texts: Sequence[str]) -> tuple[Document, tuple[Passage, ...]]:
    """One document out of texts, each a passage of its own."""
    spans, length = [], 0
    for text in texts:
        spans.append((length, length + len(text)))
        length += len(text) + 2
    whole = "\n\n".join(texts)
    root = Section((), 0, len(whole))
    blocks = tuple(Block("paragraph", start, end) for start, end in spans)
    document = Document(name, title, whole, (root,), blocks)
    return document, tuple(whole_passage(document, root, start, end) for start, end in spans)


def article_questions(file: Path = ARTICLE_QUESTIONS) -> list[ArticleQuestion]:
    """The public questions on the article."""
    rows = [json.loads(line) for line in file.read_text().splitlines() if line.strip()]
    return [ArticleQuestion(row["question"], tuple(row["sections"]), row["quote"]) for row in rows]
