"""What every system of ``benchmarks.peers`` is given: the same passages and the same questions."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path

from benchmarks import ROOT
from benchmarks.datasets import (
    ARTICLE_QUESTIONS,
    SHARED,
    SQUAD,
    WIKI,
    article_questions,
    join,
    squad,
)
from qa_bot.records import Document, Passage, Section

MULTITURN = SHARED / "benchmarks" / "multiturn"
ARTICLE_FOLDER = ROOT / "documents"
SPARE = 30  # tokens left for the sentence that a changed document gets


@dataclass(frozen=True, slots=True)
class Item:
    """A passage as all systems get it.

    Invariant: ``id`` is ``source#n`` for the n-th passage of its source, counted from 0;
    the passages of a source stand together.
    """

    id: str
    source: str  # the document that it is part of
    title: str
    section: tuple[str, ...]  # headings, outermost first
    text: str


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and the ids of the passages that answer it; none if no passage does."""

    id: str
    text: str
    relevant: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages, no two of the same text, and questions asked of them."""

    name: str
    items: tuple[Item, ...]
    questions: tuple[Asked, ...]


def squad_corpus(name: str, file: Path, passages: int = 0, questions: int = 0) -> Corpus:
    """A SQuAD file's answerable questions.

    Args:
        name: What to call it.
        file: In SQuAD's format.
        passages: How many of the first ones are kept; 0 for all.
        questions: How many of those asked of them are kept, drawn with a fixed seed; 0 for all.
    """
    collection = squad(file)
    cut = [one for _, passages_cut in collection.documents for one in passages_cut]
    cut = cut[: passages or None]
    items = _numbered([Item("", one.document_id, one.title, (), one.text) for one in cut])
    ids = {(one.document_id, one.start): item.id for one, item in zip(cut, items, strict=True)}
    asked = [
        Asked(f"q{n}", one.text, (ids[one.gold],))
        for n, one in enumerate(collection.answerable)
        if one.gold in ids
    ]
    return _without_repeats(name, items, _drawn(asked, questions))


def article_corpus() -> Corpus:
    """The article as qa_bot cuts it; a passage is relevant if the quoted phrase stands in it."""
    from qa_bot.building.passages import split_document
    from qa_bot.loaders import load_document
    from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder

    embedder = load_embedder(DEFAULT_MODEL)
    items: list[Item] = []
    for file in sorted(ARTICLE_FOLDER.glob("*.txt")):
        document = load_document(file, file.name)
        cut = split_document(document, embedder.count_tokens, embedder.max_tokens)
        items += _numbered(
            [Item("", document.id, document.title, one.section, one.text) for one in cut]
        )
    asked = [
        Asked(f"q{n}", row.question, tuple(one.id for one in items if row.quote in one.text))
        if row.quote is not None
        else Asked(f"q{n}", row.question, ())
        for n, row in enumerate(article_questions(ARTICLE_QUESTIONS))
    ]
    return _without_repeats("article", items, asked)


def multiturn_corpus(name: str) -> Corpus:
    """Pooled passages of conversations, and the last question of each, without what came before."""
    rows = [json.loads(line) for line in _lines(MULTITURN / f"{name}_passages.jsonl")]
    items = [Item(f"{row['id']}#0", row["id"], row["title"], (), row["text"]) for row in rows]
    tasks = [json.loads(line) for line in _lines(MULTITURN / f"{name}_tasks.jsonl")]
    asked = [
        Asked(task["id"], task["question"], tuple(f"{one}#0" for one in task["relevant"]))
        for task in tasks
    ]
    return _without_repeats(name, items, asked)


def training_corpus(passages: int, questions: int) -> Corpus:
    """The training file on which the peers' settings are chosen."""
    return squad_corpus("training", WIKI, passages, questions)


def speed_corpus(passages: int, questions: int) -> Corpus:
    """Paragraphs of the SQuAD half that every system embeds in full, from all of its articles."""
    from qa_bot.models.embedding import DEFAULT_MODEL, load_embedder

    whole = squad_corpus("speed", SQUAD)
    embedder = load_embedder(DEFAULT_MODEL)
    counts = embedder.count_tokens([item.text for item in whole.items])
    limit = embedder.max_tokens - SPARE
    short = [item for item, count in zip(whole.items, counts, strict=True) if count <= limit]
    count = min(passages, len(short))
    kept = [short[n * len(short) // count] for n in range(count)]
    return Corpus("speed", _numbered(kept), tuple(_drawn(whole.questions, questions)))


def sampled(corpus: Corpus, count: int) -> Corpus:
    """So many of its questions, on the passages that answer them and as many others; 0 for all."""
    if not count:
        return corpus
    asked = _drawn(corpus.questions, count)
    wanted = {gold for one in asked for gold in one.relevant}
    others = [item.id for item in corpus.items if item.id not in wanted]
    wanted.update(others[:count])
    before = [item for item in corpus.items if item.id in wanted]
    items = _numbered(before)
    new_ids = {old.id: new.id for old, new in zip(before, items, strict=True)}
    return Corpus(corpus.name, items, _renamed(asked, new_ids))


def fewer(corpus: Corpus, count: int) -> Corpus:
    """So many of its questions, always the same, on all its passages."""
    return replace(corpus, questions=tuple(_drawn(corpus.questions, count)))


def changed(corpus: Corpus, number: int) -> tuple[Corpus, Asked]:
    """The corpus after its first document got a new sentence, and a question that it answers.

    Args:
        corpus: Before.
        number: Makes the sentence new every time.
    """
    first, *others = corpus.items
    sentence = f"The keeper of the Quorvane lighthouse counted {number} silver herons at dawn."
    new = replace(first, text=f"{sentence} {first.text}")
    asked = Asked("changed", "How many herons did the Quorvane keeper count?", (first.id,))
    return replace(corpus, items=(new, *others)), asked


def as_documents(items: Sequence[Item]) -> list[tuple[Document, tuple[Passage, ...]]]:
    """The items as qa_bot takes ready-made passages; ``paragraph`` counts them from 1."""
    pairs = []
    for source, group in groupby(items, key=lambda item: item.source):
        mine = list(group)
        document, joined = join(source, mine[0].title, [item.text for item in mine])
        placed = [
            replace(passage, section=item.section, paragraph=n)
            for n, (item, passage) in enumerate(zip(mine, joined, strict=True), 1)
        ]
        sections = list(document.sections)
        for path, run in groupby(placed, key=lambda passage: passage.section):
            inside = list(run)
            if path:
                sections.append(Section(path, inside[0].start, inside[-1].end))
        pairs.append((replace(document, sections=tuple(sections)), tuple(placed)))
    return pairs


def save_corpus(corpus: Corpus, file: Path) -> None:
    """Write it for the processes that read it with ``load_corpus``."""
    file.write_text(json.dumps(asdict(corpus)))


def load_corpus(file: Path) -> Corpus:
    """Read what ``save_corpus`` wrote."""
    stored = json.loads(file.read_text())
    items = tuple(Item(**{**row, "section": tuple(row["section"])}) for row in stored["items"])
    asked = tuple(
        Asked(row["id"], row["text"], tuple(row["relevant"])) for row in stored["questions"]
    )
    return Corpus(stored["name"], items, asked)


def _numbered(items: Iterable[Item]) -> tuple[Item, ...]:
    """The items with the ids that their order gives them."""
    return tuple(
        replace(item, id=f"{source}#{n}")
        for source, group in groupby(items, key=lambda item: item.source)
        for n, item in enumerate(group)
    )


def _without_repeats(name: str, items: Sequence[Item], questions: Sequence[Asked]) -> Corpus:
    """One passage of each text: some peers tell passages apart by their text alone."""
    kept: dict[str, Item] = {}
    for item in items:
        kept.setdefault(item.text, item)
    kept_items = _numbered(kept.values())
    by_text = {item.text: item.id for item in kept_items}
    new_ids = {item.id: by_text[item.text] for item in items}
    return Corpus(name, kept_items, _renamed(questions, new_ids))


def _renamed(questions: Sequence[Asked], new_ids: Mapping[str, str]) -> tuple[Asked, ...]:
    return tuple(
        replace(one, relevant=tuple(dict.fromkeys(new_ids[gold] for gold in one.relevant)))
        for one in questions
    )


def _drawn(questions: Sequence[Asked], count: int) -> list[Asked]:
    if not count or count >= len(questions):
        return list(questions)
    return random.Random(0).sample(list(questions), count)  # noqa: S311 - a sample, not a secret


def _lines(file: Path) -> list[str]:
    return [line for line in file.read_text().split("\n") if line.strip()]
