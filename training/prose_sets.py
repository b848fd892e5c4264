"""The training sets of prose: questions with spans, with sentences, or with passages."""

from __future__ import annotations

import csv
import hashlib
import html
import json
import re
import tarfile
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from qa_bot.records import Span
from qa_bot.sentences import sentence_spans
from qa_bot.text import is_stop_word, words
from training.detokenise import detokenise
from training.examples import LONGEST, Example, joined, ordered, trimmed


def prose(folder: Path) -> Iterator[Example]:
    """All of them, with their long passages."""
    answered = [
        *_squadshifts(folder / "squadshifts"),
        *_selqa(folder / "selqa"),
        *_natural_questions(folder / "natural-questions" / "nq_qa.csv"),
        *_qed(folder / "qed" / "qed-dev.jsonlines"),
        *_clapnq(folder / "clapnq" / "clapnq_dev_answerable.jsonl"),
        *_qamr(folder / "qamr"),
        *_medquad(folder / "medquad" / "medquad.jsonl"),
        *_fairytales(folder / "fairytaleqa" / "data-by-train-split.tar.gz"),
    ]
    yield from (one for one in answered if one.answers)  # of the others nothing is known
    yield from _clapnq(folder / "clapnq" / "clapnq_dev_unanswerable.jsonl")


def _squadshifts(folder: Path) -> Iterator[Example]:
    for name in ("new_wiki", "reddit", "amazon_reviews"):
        articles = json.loads((folder / f"{name}_v1.0.json").read_text())["data"]
        for article in articles:
            title = article["title"].replace("_", " ") if name == "new_wiki" else ""
            for paragraph in article["paragraphs"]:
                text = paragraph["context"]
                document = title or hashlib.sha256(text.encode()).hexdigest()[:12]
                for asked in paragraph["qas"]:
                    spans = {
                        trimmed(text, one["answer_start"], len(one["text"]))
                        for one in asked["answers"]
                    }
                    question = asked["question"].strip()
                    # Annotators differ in length; the loss takes any of theirs.
                    yield Example(name, document, title, question, text, ordered(spans), True)


def _selqa(folder: Path) -> Iterator[Example]:
    for name in ("dev", "test"):
        for row in json.loads((folder / f"selqa-ass-{name}.json").read_text()):
            sentences = [re.sub(r"\s+", " ", one).strip() for one in row["candidates"]]
            text, spans = joined(sentences, set(row["answers"]))
            heading = f"{row['article']} > {row['section']}"
            yield Example("selqa", row["article"], heading, row["question"], text, spans, False)


def _natural_questions(file: Path) -> Iterator[Example]:
    with file.open(newline="") as stream:
        for row in csv.DictReader(stream, delimiter="|", quoting=csv.QUOTE_NONE):
            short, long = row["short_answer"] or "", row["long_answer"] or ""
            places = [match.span() for match in re.finditer(re.escape(short.strip()), long)]
            if short.strip() and 0 < len(places) < 4 and len(long) < 8_000:
                text, spans = detokenise(long, places)
                title = html.unescape(row["doc_name"])
                yield Example("nq", title, title, row["question"], text, tuple(spans), True)


def _qed(file: Path) -> Iterator[Example]:
    for line in file.read_text().splitlines():
        row = json.loads(line)
        places = {
            (one["start"], one["end"]) for answers in row["original_nq_answers"] for one in answers
        }
        text, spans = detokenise(row["paragraph_text"], sorted(places))
        title = row["title_text"]
        yield Example("nq", title, title, row["question_text"], text, tuple(spans), True)


def _clapnq(file: Path) -> Iterator[Example]:
    for line in file.read_text().splitlines():
        row = json.loads(line)
        passage = row["passages"][0]
        chosen = {one.strip() for out in row["output"] for one in out["selected_sentences"]}
        sentences = [one.strip() for one in passage["sentences"]]
        answering = {n for n, sentence in enumerate(sentences) if sentence in chosen}
        text, spans = joined([detokenise(one, [])[0] for one in sentences], answering)
        title = passage["title"]
        yield Example("clapnq", title, title, row["input"], text, spans, False)


def _qamr(folder: Path) -> Iterator[Example]:
    sentences = dict(
        line.split("\t", 1)
        for line in (folder / "wiki-sentences.tsv").read_text().splitlines()
        if "\t" in line
    )
    asked: dict[str, int] = defaultdict(int)
    seen: set[tuple[str, str]] = set()
    for name in ("dev", "test"):
        for line in (folder / f"{name}.tsv").read_text().splitlines():
            cells = line.split("\t")
            place, question, answer = cells[0], cells[5].strip(), cells[6].split()
            if place not in sentences or (place, question) in seen or asked[place] >= 10:
                continue
            seen.add((place, question))
            asked[place] += 1
            numbers = sorted(int(number) for number in answer)
            if numbers != list(range(numbers[0], numbers[-1] + 1)):
                continue
            tokens = sentences[place].split(" ")
            start = sum(len(token) + 1 for token in tokens[: numbers[0]])
            end = sum(len(token) + 1 for token in tokens[: numbers[-1] + 1]) - 1
            text, spans = detokenise(sentences[place], [(start, end)])
            yield Example("qamr", place.rsplit(":", 2)[0], "", question, text, tuple(spans), True)


def _medquad(file: Path) -> Iterator[Example]:
    """Questions on an illness. The wording is templated, so a few of each kind are enough."""
    asked: dict[str, int] = defaultdict(int)
    for line in file.read_text().splitlines():
        row = json.loads(line)
        text = re.sub(r"\s+", " ", row["answer"].split("\n\n")[0]).strip()
        if not 80 < len(text) < 4_000 or asked[row["type"]] >= 200:
            continue
        asked[row["type"]] += 1
        question = re.sub(r"\s+([?.])", r"\1", row["question"]).replace("(are)", "").strip()
        sentences = sentence_spans(text)
        # "What is X?" is answered by the definition; elsewhere only the passage is known.
        last = sentences[0][1] if row["type"] == "information" else min(len(text), LONGEST)
        focus = row["focus"]
        yield Example("medquad", focus, focus, question, text, ((0, last),), False)


def _fairytales(archive: Path) -> Iterator[Example]:
    with tarfile.open(archive) as packed:
        files = {
            member.name: stream.read().decode()
            for member in packed.getmembers()
            if member.name.endswith(".csv") and (stream := packed.extractfile(member))
        }
    for name in sorted(files):
        if not name.startswith("questions/"):
            continue
        story = name.replace("questions/", "section-stories/", 1)
        story = story.replace("-questions.csv", "-story.csv")
        sections = {
            row["section"]: re.sub(r"([a-z][.!?;,][\"']?)(?=[A-Z])", r"\1 ", row["text"])
            for row in csv.DictReader(files[story].splitlines(keepends=True))
        }
        for row in csv.DictReader(files[name].splitlines(keepends=True)):
            text = " ".join(sections.get(row["cor_section"].strip(), "").split())
            answers = [row[key].strip() for key in ("answer1", "answer4") if row[key].strip()]
            spans, exact = _aligned(text, answers)
            title = Path(story).name.removesuffix("-story.csv").replace("-", " ")
            yield Example("fairytale", title, "", row["question"].strip(), text, spans, exact)


def _aligned(text: str, answers: list[str]) -> tuple[tuple[Span, ...], bool]:
    """Where free answers stand in a text: their own words, or the one sentence that has most."""
    lower = text.lower()
    for answer in answers:
        wanted = answer.lower().rstrip(" .")
        if len(wanted) > 3 and lower.count(wanted) == 1:
            start = lower.index(wanted)
            return ((start, start + len(wanted)),), True
    for answer in answers:
        wanted_words = {word for word in words(answer.lower()) if not is_stop_word(word)}
        if len(wanted_words) < 2 or not text:
            continue
        shares = sorted(
            (len(wanted_words & set(words(lower[start:end]))) / len(wanted_words), (start, end))
            for start, end in sentence_spans(text)
        )
        lead = shares[-1][0] - (shares[-2][0] if len(shares) > 1 else 0)
        if shares[-1][0] >= 0.6 and lead >= 0.2:
            return (shares[-1][1],), False
    return (), False
