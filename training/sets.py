"""All training sets of a folder, and the kinds of text that they are of."""

from __future__ import annotations

from pathlib import Path

from training.contracts import contracts
from training.examples import Example, shortened
from training.prose_sets import prose
from training.reports import reports
from training.seeming import government, seeming
from training.wikipedia_tables import wikipedia_tables

TABLES = "tables"  # the source of those made by rule
# Sources by kind of text: what a run may be trained without, to see what it is worth there.
DOMAINS = {
    "contracts": ("cuad",),
    "finance": ("tatqa", "finqa", "aitqa"),
    "tables": ("wikitables", "fetaqa"),
    "government": ("govuk",),  # for research: not for weights that are shipped
    "encyclopaedia": ("new_wiki", "nq", "selqa", "clapnq", "squad2", "condaqa", "qamr"),
    "chats": ("molweni",),
    "reviews": ("reddit", "amazon_reviews"),
    "medicine": ("medquad",),
    "stories": ("fairytale",),
}


def load_examples(folder: Path) -> list[Example]:
    """All examples of the training sets in a folder, always in the same order."""
    found = [
        *prose(folder),
        *contracts(folder / "cuad"),
        *reports(folder),
        *wikipedia_tables(folder / "wikitables"),
        *seeming(folder / "misleading"),
        *government(folder / "govuk"),
    ]
    answered = [one for one in found if one.answers]
    unanswerable = [one for one in found if not one.answers]
    cut = (one if one.table else shortened(one) for one in answered)
    return [*(one for one in cut if one.answers), *map(shortened, unanswerable)]
