"""Where sentences end: ``python -m benchmarks.quality.languages.sentences``.

``sentences.jsonl`` holds 50 paragraphs of the documents in each language, "¦" where one sentence
ends and the next begins. The marks are the rule's, looked through by eye, and decided by eye where
the rule and sentencex differ; so what both miss may be missing. Others are measured where they are
installed: ``pip install sentencex pysbd blingfire``.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path

from qa_bot.sentences import sentence_spans

FILE = Path(__file__).with_name("sentences.jsonl")
Splitter = Callable[[str, str], Iterable[str]]


def splitters() -> dict[str, Splitter]:
    """The rule, and the others that are installed."""
    found: dict[str, Splitter] = {
        "qa_bot": lambda text, language: [text[a:b] for a, b in sentence_spans(text, language)],
        "qa_bot, language not told": lambda text, _: [text[a:b] for a, b in sentence_spans(text)],
    }
    for name in ("sentencex", "pysbd", "blingfire"):
        try:
            module = importlib.import_module(name)
        except ImportError:
            continue
        if name == "sentencex":
            found[name] = lambda text, language, it=module: it.segment(language, text)  # type: ignore[misc]
        elif name == "blingfire":
            found[name] = lambda text, _, it=module: it.text_to_sentences(text).split("\n")  # type: ignore[misc]
        else:
            found[name] = lambda text, language, it=module: it.Segmenter(language).segment(text)  # type: ignore[misc]
    return found


def ends(sentences: Iterable[str]) -> set[int]:
    """Where sentences end, counted in characters that aren't white space."""
    places, at = set(), 0
    for sentence in sentences:
        at += len("".join(sentence.split()))
        places.add(at)
    return places - {0}


def main() -> None:
    """Print the table."""
    rows = [json.loads(line) for line in FILE.read_text("utf-8").splitlines()]
    languages = list(dict.fromkeys(row["language"] for row in rows))
    print(f"| paragraphs split right, of 50 | {' | '.join(languages)} |")
    print(f"|---|{'---:|' * len(languages)}")
    for name, split in splitters().items():
        counts = []
        for language in languages:
            mine = [row["text"] for row in rows if row["language"] == language]
            try:
                right = sum(
                    ends(split(text.replace("¦", ""), language)) == ends(text.split("¦"))
                    for text in mine
                )
            except ValueError:  # pysbd knows no Korean
                counts.append("–")
                continue
            counts.append(str(right))
        print(f"| {name} | {' | '.join(counts)} |")


if __name__ == "__main__":
    main()
