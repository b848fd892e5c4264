"""Kinds of text as users have them: folders of held-out documents, and questions on them.

Each domain is indexed as a whole, by ``build_index``. Nothing of it was trained on.
"""

from __future__ import annotations

import html
import random
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from training.contracts import lines
from training.examples import Example, is_held_out
from training.prose_sets import prose

MOST_ASKED = 260  # questions of a domain that have an answer there
MOST_UNANSWERABLE = 130
PHRASING = 4  # contracts' questions of one wording
_CONTRACTS, _TABLES = 36, 160  # documents of a domain

Spans = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question.

    ``places`` are texts that answer, each with the text around it; without any, nothing does.
    ``document`` is the file that it is asked of; "" asks all.
    """

    question: str
    document: str
    places: Spans
    source: str  # the file that answers, or is about it


@dataclass(slots=True)
class Domain:
    """Files, by name, and what is asked of them."""

    name: str
    files: dict[str, str] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)


def domains(folder: Path) -> Iterator[Domain]:
    """All of them; ``folder`` is the one of all training sets."""
    yield _contracts(folder / "cuad")
    yield _filings(folder / "tatqa")
    yield _tables(folder / "wikitables")
    yield _airlines(folder / "finqa")
    examples = list(prose(folder))
    wiki = ("new_wiki", "nq", "selqa", "clapnq")
    yield _passages("encyclopaedia", [one for one in examples if one.source in wiki], alone=True)
    yield _passages("medicine", [one for one in examples if one.source == "medquad"], alone=True)
    yield _passages("stories", [one for one in examples if one.source == "fairytale"], alone=False)
    yield _misleading(folder / "misleading")


def _file_name(name: str, suffix: str) -> str:
    return re.sub(r"[^\w-]+", "_", name)[:80].strip("_") + suffix


def _around(text: str, start: int, end: int, reach: int = 40) -> tuple[str, str]:
    return text[start:end], text[max(0, start - reach) : end + reach]


def _some(asked: Sequence[Asked], chance: random.Random) -> list[Asked]:
    """As many as are asked, of those with an answer and of those without."""
    answered = [one for one in asked if one.places]
    unanswerable = [one for one in asked if not one.places]
    chance.shuffle(answered)
    chance.shuffle(unanswerable)
    return answered[:MOST_ASKED] + unanswerable[:MOST_UNANSWERABLE]


def _contracts(folder: Path) -> Domain:
    found, chance = Domain("contracts"), random.Random(0)
    texts = {row["document"]: row["text"] for row in lines(folder / "documents.jsonl.gz")}
    held = [name for name in sorted(texts) if is_held_out(name)]
    held = sorted(chance.sample(held, min(_CONTRACTS, len(held))))
    found.files = {_file_name(name, ".txt"): texts[name] for name in held}
    rows = [row for row in lines(folder / "questions.jsonl.gz") if row["document"] in set(held)]
    chance.shuffle(rows)
    times: dict[tuple[str, bool], int] = defaultdict(int)
    asked = []
    for row in rows:
        key = row["question"], bool(row["answers"])
        times[key] += 1
        if times[key] <= PHRASING:
            text, name = texts[row["document"]], _file_name(row["document"], ".txt")
            ends = [(one["start"], one["start"] + len(one["text"])) for one in row["answers"]]
            places = tuple(_around(text, *end) for end in ends)
            asked.append(Asked(row["question"], name, places, name))
    found.asked = _some(asked, chance)
    return found


def _page(title: str, table: Sequence[Sequence[str]], heads: int, paragraphs: Iterable[str]) -> str:
    rows = []
    for number, row in enumerate(table):
        tag = "th" if number < heads else "td"
        rows.append("".join(f"<{tag}>{html.escape(str(cell))}</{tag}>" for cell in row))
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    text = "".join(f"<p>{html.escape(one)}</p>" for one in paragraphs)
    return f"<title>{html.escape(title)}</title><table>{body}</table>{text}"


def _filings(folder: Path) -> Domain:
    found, chance = Domain("filings"), random.Random(1)
    held = {
        row["document"]: row
        for row in lines(folder / "documents.jsonl.gz")
        if is_held_out(row["report"] or row["document"])
    }
    asked = []
    for key, row in held.items():
        title = re.sub("[-_]", " ", row["report"] or "Annual report").title()
        heads = 2 if any(not cell for cell in row["table"][0]) else 1
        page = _page(title, row["table"], heads, row["paragraphs"])
        found.files[_file_name(key, ".html")] = page
    for row in lines(folder / "questions.jsonl.gz"):
        if row["document"] not in held or (row["history"] and not row["standalone"]):
            continue
        if row["kind"] in ("arithmetic", "count"):
            continue
        context = held[row["document"]]
        places = [
            _around(
                context["paragraphs"][one["paragraph"]],
                one["start"],
                one["start"] + len(one["text"]),
            )
            for one in row["spans"]
        ]
        for at, column in row["cells"]:
            cells = [" ".join(str(cell).split()) for cell in context["table"][at]]
            places.append((cells[column], cells[0] or cells[column]))
        if places:
            name = _file_name(row["document"], ".html")
            asked.append(Asked(row["standalone"] or row["question"], name, tuple(places), name))
    names = sorted(found.files)
    for one in chance.sample(asked, min(len(asked), 2 * MOST_UNANSWERABLE)):
        other = chance.choice([name for name in names if name != one.source])
        asked.append(Asked(one.question, other, (), other))
    found.asked = _some(asked, chance)
    return found


def _tables(folder: Path) -> Domain:
    found, chance = Domain("tables"), random.Random(2)
    tables = {row["table"]: row for row in lines(folder / "wtq-tables.jsonl.gz")}
    rows = [
        row
        for row in lines(folder / "wtq-questions.jsonl.gz")
        if row["split"] != "test" and row["one_row"] and is_held_out(tables[row["table"]]["title"])
    ]
    chosen = sorted({row["table"] for row in rows})
    chosen = chance.sample(chosen, min(_TABLES, len(chosen)))
    for key in chosen:
        held = tables[key]
        page = _page(held["title"], [held["header"], *held["rows"]], 1, ())
        found.files[_file_name(key, ".html")] = page
    asked = []
    for row in rows:
        if row["table"] in chosen:
            name = _file_name(row["table"], ".html")
            body = tables[row["table"]]["rows"]
            places = tuple(
                (" ".join(body[at][column].split()), " ".join(body[at][0].split()))
                for at, column in row["cells"]
            )
            asked.append(Asked(row["question"], name, places, name))
            if chance.random() < 0.5:
                other = _file_name(
                    chance.choice([key for key in chosen if key != row["table"]]), ".html"
                )
                asked.append(Asked(row["question"], other, (), other))
    found.asked = _some(asked, chance)
    return found


def _airlines(folder: Path) -> Domain:
    found, chance = Domain("airlines"), random.Random(3)
    tables = {row["id"]: row for row in lines(folder / "aitqa-tables.jsonl.gz")}
    for key, row in tables.items():
        depth = max((len(one) for one in row["column_header"]), default=0)
        stub = max((len(one) for one in row["row_header"]), default=0)
        heads = [
            [""] * stub + [one[level] if level < len(one) else "" for one in row["column_header"]]
            for level in range(depth)
        ]
        body = []
        for number, cells in enumerate(row["data"]):
            named = list(row["row_header"][number]) if number < len(row["row_header"]) else []
            body.append(named + [""] * (stub - len(named)) + list(cells))
        found.files[_file_name(key, ".html")] = _page("Annual report", [*heads, *body], depth, ())
    asked = []
    for row in lines(folder / "aitqa-questions.jsonl.gz"):
        held = tables[row["table"]]
        name = _file_name(row["table"], ".html")
        places = []
        for at, column in row["cells"]:
            named = (
                held["row_header"][at] if at < len(held["row_header"]) else [held["data"][at][0]]
            )
            places.append((str(held["data"][at][column]), named[-1] if named else ""))
        if places:
            asked.append(Asked(row["question"], name, tuple(places), name))
            if chance.random() < 0.5:
                other = _file_name(
                    chance.choice([key for key in tables if key != row["table"]]), ".html"
                )
                asked.append(Asked(row["question"], other, (), other))
    found.asked = _some(asked, chance)
    return found


def _passages(name: str, examples: Sequence[Example], *, alone: bool) -> Domain:
    """Documents put together from the passages of each; some are left out with their answers."""
    found, chance = Domain(name), random.Random(4)
    texts: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    held = [one for one in examples if one.held_out]
    documents = sorted({(one.source, one.document) for one in held})
    out = set(chance.sample(documents, len(documents) // 6))
    for one in held:
        texts[one.source, one.document][one.text] = one.heading
    for key, passages in texts.items():
        if key not in out:
            title = next((h for h in passages.values() if h), key[1]).split(" > ")[0]
            body = "".join(
                f"<p>{html.escape(' '.join(passage.split()))}</p>" for passage in passages
            )
            found.files[_file_name("-".join(key), ".html")] = (
                f"<title>{html.escape(title)}</title>{body}"
            )
    names = sorted(found.files)
    asked = []
    for one in held:
        own = _file_name("-".join((one.source, one.document)), ".html")
        is_out = (one.source, one.document) in out
        places = () if is_out else tuple(_around(one.text, *span) for span in one.answers)
        if not is_out and not places:
            continue
        document = "" if alone else (chance.choice(names) if is_out else own)
        asked.append(Asked(one.question, document, places, "" if is_out else own))
    found.asked = _some(asked, chance)
    return found


def _misleading(folder: Path) -> Domain:
    found, chance = Domain("misleading"), random.Random(5)
    texts: dict[str, dict[str, None]] = defaultdict(dict)
    rows = list(lines(folder / "squad2-train-part.jsonl.gz"))
    for row in rows:
        texts[row["title"]][row["context"]] = None
    for title, passages in texts.items():
        body = "".join(f"<p>{html.escape(passage)}</p>" for passage in passages)
        page = f"<title>{html.escape(title.replace('_', ' '))}</title>{body}"
        found.files[_file_name(title, ".html")] = page
    asked = []
    for row in rows:
        name = _file_name(row["title"], ".html")
        ends = [(one["start"], one["start"] + len(one["text"])) for one in row["answers"]]
        if bool(ends) == bool(row["answerable"]):
            asked.append(
                Asked(
                    row["question"], "", tuple(_around(row["context"], *end) for end in ends), name
                )
            )
    found.asked = _some(asked, chance)
    return found
