"""CondaQA, a part of SQuAD 2.0, Molweni and ConditionalQA: text that seems to answer, and answers.

Among them are questions that people wrote to look answerable.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from qa_bot.store.analysis import stems
from training.contracts import lines
from training.detokenise import detokenise
from training.examples import LONGEST, Example, around, joined

_NEGATED = 2  # questions on each version of a passage with a negation
_CHATS = 1_200  # questions on the few chats


def seeming(folder: Path) -> Iterator[Example]:
    """The first three sets."""
    yield from _negation(folder / "condaqa.jsonl.gz")
    yield from _squad(folder / "squad2-train-part.jsonl.gz")
    yield from _chats(folder / "molweni.jsonl.gz")


def _negation(file: Path) -> Iterator[Example]:
    """Yes and no stand in the sentence with the negation; who doesn't know found no answer."""
    asked: dict[str, int] = defaultdict(int)
    for row in lines(file):
        passage, version = row["id"].split("-")[1:3]
        text = row["context"]
        if row["answerable"]:
            asked[f"{passage}-{version}"] += 1
            if asked[f"{passage}-{version}"] > _NEGATED:
                continue
        spans = tuple(
            (text.index(one), text.index(one) + len(one)) for one in row["sentences"] if one in text
        )
        if bool(spans) == row["answerable"]:
            yield Example("condaqa", f"condaqa {passage}", "", row["question"], text, spans, False)


def _squad(file: Path) -> Iterator[Example]:
    for row in lines(file):
        title = row["title"].replace("_", " ")
        spans = {(one["start"], one["start"] + len(one["text"])) for one in row["answers"]}
        question = row["question"].strip()
        if bool(spans) == row["answerable"]:
            yield Example(
                "squad2", title, title, question, row["context"], tuple(sorted(spans)), True
            )


def _chats(file: Path) -> Iterator[Example]:
    """Each turn on a line of its own, in its own letters, as long as in lower case."""
    answered = 0
    for row in lines(file):
        text = "\n".join(row["turns"])
        if len(text) != len(row["context"]):
            continue
        answered += row["answerable"]
        if row["answerable"] and answered > _CHATS:
            continue
        places = [(one["start"], one["start"] + len(one["text"])) for one in row["answers"]]
        text, spans = detokenise(text, places)
        question = detokenise(row["question"], [])[0].strip()
        document = f"chat {row['turns'][0]}"
        if bool(spans) == row["answerable"]:
            yield Example("molweni", document, "", question, text, tuple(spans), True)


def government(folder: Path) -> Iterator[Example]:
    """Questions on pages of gov.uk, with the sentences that answer among others of the page.

    The set is for research, so that nothing that is shipped is trained on it.
    """
    pages = {row["document"]: row["sentences"] for row in lines(folder / "documents.jsonl.gz")}
    for row in lines(folder / "questions.jsonl.gz"):
        page = pages[row["document"]]
        title = row["document"].rsplit("/", 1)[-1].replace("-", " ").capitalize()
        about = "govuk", row["document"], title, row["question"].strip()
        wanted = [n for n, one in enumerate(page) if one in row["sentences"]]
        sizes = [len(one) for one in page]
        if not row["answerable"]:
            words = set(stems(row["question"]))
            wanted = [max(range(len(page)), key=lambda n: len(words & set(stems(page[n]))))]
        shown = around(sizes, wanted) if wanted else None
        if shown is None:
            continue
        answering = {n - shown[0] for n in wanted} if row["answerable"] else set()
        text, spans = joined([page[n] for n in shown], answering, "\n")
        others = around(sizes, [(shown[-1] + 1) % len(page)], LONGEST // 2)
        beside = [page[n] for n in others or () if n not in shown and n not in wanted]
        yield Example(*about, text, spans, False, beside=("\n".join(beside),) if beside else ())
