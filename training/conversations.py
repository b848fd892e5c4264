"""Conversations with the passage that the last question is about, to fit what leans on them.

PACIFIC's are of people, on annual reports; those on articles are questions of one paragraph in
their order, as people asked them, with what they mention made pronouns, and with questions on
something else at the end. ``rewrites`` has no passages: its questions only say whether a person
had to write them out.
"""

from __future__ import annotations

import hashlib
import html
import json
import random
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qa_bot.turns import Turn
from training.contracts import lines

_NAME = re.compile(r"\b[A-Z][\w’'-]*(?:\s+(?:of\s+)?[A-Z][\w’'-]*)*")
_ASKS = frozenset("What Which When Where Who Whom Whose Why How In The Is Are Was Were".split())


@dataclass(frozen=True, slots=True)
class Sample:
    """A question after a conversation.

    ``kind`` is "turn", "mention", "as asked", or a change of subject: see ``articles``.
    ``document`` holds the passage that answers, by any of its ``phrases``; each is a tuple of
    texts that all stand in it. ``standalone`` is the question as a person wrote it out, or "".
    """

    kind: str
    question: str
    history: tuple[Turn, ...]
    document: str
    phrases: tuple[tuple[str, ...], ...]
    standalone: str = ""


def pacific(folder: Path, *, seed: int = 0) -> tuple[dict[str, str], list[Sample]]:
    """PACIFIC's conversations: reports as HTML by name, and their turns, shuffled."""
    rows = [row for row in lines(folder / "questions.jsonl.gz") if row["history"]]
    wanted = {row["document"] for row in rows}
    held = {
        row["document"]: row
        for row in lines(folder / "documents.jsonl.gz")
        if row["document"] in wanted
    }
    samples = []
    for row in rows:
        table = held[row["document"]]["table"]
        phrases: list[tuple[str, ...]] = [
            (" ".join(table[at][column].split()), " ".join(table[at][0].split()))
            for at, column in row["cells"]
            if at < len(table) and column < len(table[at]) and table[at][column].strip()
        ]
        phrases += [(" ".join(one["text"].split()),) for one in row["spans"]]
        if phrases:
            turns = tuple(Turn(one["question"], _said(one["answer"])) for one in row["history"])
            samples.append(
                Sample(
                    "turn",
                    row["question"],
                    turns,
                    f"{row['document']}.html",
                    tuple(phrases),
                    row["standalone"],
                )
            )
    random.Random(seed).shuffle(samples)
    return {f"{name}.html": _page(row) for name, row in held.items()}, samples


def held_out(document: str) -> bool:
    """Whether a report is left out of what is fitted, and measured on: one in three."""
    return int(hashlib.sha256(document.encode()).hexdigest(), 16) % 3 == 0


def _said(answer: object) -> str:
    return "; ".join(map(str, answer)) if isinstance(answer, list) else str(answer or "")


def _page(row: Mapping[str, Any]) -> str:
    report = re.sub("[-_]", " ", str(row["report"] or "Annual report")).title()
    rows = "".join(
        f"<tr>{''.join(f'<td>{html.escape(cell)}</td>' for cell in one)}</tr>"
        for one in row["table"]
    )
    text = "".join(f"<p>{html.escape(one)}</p>" for one in row["paragraphs"])
    return f"<title>{html.escape(report)}</title>{text}<table>{rows}</table>"


def articles(file: Path, indexed: Collection[str], *, seed: int = 0) -> list[Sample]:
    """Questions of one paragraph in their order; the paragraph is the phrase to be found.

    The others, of the same conversations, change the subject: to another paragraph of the
    article ("elsewhere"), another of the indexed articles ("other"), or one that isn't
    ("nowhere").
    """
    held = json.loads(file.read_text(encoding="utf-8"))["data"]
    chance = random.Random(seed)
    everything = [
        (article["title"], paragraph["context"], asked["question"])
        for article in held
        for paragraph in article["paragraphs"]
        for asked in paragraph["qas"]
    ]
    samples = []
    for article in held:
        title = article["title"]
        subjects = {
            "elsewhere": [one for one in everything if one[0] == title],
            "other": [one for one in everything if one[0] != title and one[0] in indexed],
            "nowhere": [one for one in everything if one[0] not in indexed],
        }
        for paragraph in article["paragraphs"] if title in indexed else ():
            asked = paragraph["qas"]
            if len(asked) < 3:
                continue
            place = chance.randrange(2, len(asked))
            turns = tuple(_turn(one, paragraph["context"]) for one in asked[place - 2 : place])
            question = asked[place]["question"]
            about = title, ((paragraph["context"],),)
            samples.append(Sample("as asked", question, turns, *about))
            if told := mentioned(question, turns, title):
                samples.append(Sample("mention", told, turns, *about, question))
            for kind, those in subjects.items():
                document, context, other = chance.choice(those)
                if context != paragraph["context"]:
                    samples.append(Sample(kind, other, turns, document, ((context,),)))
    chance.shuffle(samples)
    return samples


def _turn(asked: Mapping[str, Any], context: str) -> Turn:
    """A question with the sentence that answers it."""
    said = asked["answers"][0]["text"] if asked["answers"] else ""
    sentences = re.split(r"(?<=[.?!])\s", context)
    sentence = next((one for one in sentences if said and said in one), said)
    return Turn(str(asked["question"]), sentence)


def mentioned(question: str, history: tuple[Turn, ...], title: str) -> str | None:
    """The question with what was said before made a pronoun; None where it names no such thing."""
    before = " ".join((title.replace("_", " "), *(turn.question for turn in history)))
    names = [
        name
        for match in _NAME.finditer(question)
        if (name := re.sub(r"['’]s$", "", match[0])) not in _ASKS and name in before
    ]
    if not names:
        return None
    longest = max(names, key=len)
    told = re.sub(rf"(?:\b[Tt]he\s+)?{re.escape(longest)}['’]s?(?!\w)", "its", question, count=1)
    told = re.sub(rf"(?:\b[Tt]he\s+)?{re.escape(longest)}\b", "it", told, count=1)
    return None if told == question else told


def is_right(sample: Sample, document: str, text: str) -> bool:
    """Whether a passage is what a sample's question is about."""
    plain = " ".join(text.split())
    return document == sample.document and any(
        all(" ".join(part.split()) in plain for part in parts) for parts in sample.phrases
    )
