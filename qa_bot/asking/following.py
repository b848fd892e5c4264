"""Whether a question leans on the conversation, and how: what is searched for it.

The question alone and the likeliest way to complete it are ranked by retrieval; a small model,
whose numbers lie in ``following.json`` with what made them (``training/fit_following.py``), says
how likely the conversation helps. Below its threshold the question stands alone, and nothing of
it changes; above it, what each of the two finds counts by that probability.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import lru_cache
from pathlib import Path

from qa_bot.asking.carrying import TURNS, Candidate, completed
from qa_bot.asking.leaning import leaning
from qa_bot.asking.retrieval import WEIGHTS, Ranking, rank
from qa_bot.errors import ModelError, UsageError
from qa_bot.store.analysis import content
from qa_bot.store.opening import Index
from qa_bot.text import valid_unicode, words
from qa_bot.turns import Turn

FILE = Path(__file__).with_name("following.json")
FEATURES = (
    "pronoun",
    "inside",
    "points",
    "opens",
    "fragment",
    "short",
    "said",
    "names",
    "evidence",
    "gain",
    "fits",
    "agrees",
)
"""What the decision rests on; ``features`` says what each is."""
# Not fitted: no data has follow-ups that move on to another document without saying so.
SPOKEN_OF = 0.1  # evidence by which the document just quoted may lag behind all others
_BEHIND = -0.5  # how far behind the best a passage counts that isn't on the shortlist


@dataclass(frozen=True, slots=True)
class Numbers:
    """The fitted weights, by feature, and the probability from which on a question leans."""

    weights: Mapping[str, float]
    leans: float  # in [0, 1]


@dataclass(frozen=True, slots=True)
class Understood:
    """How a question is meant, and how likely it is that the conversation helps, in [0, 1].

    ``documents`` are looked at first: those just quoted, where they have about as much on it as
    any other.
    """

    candidate: Candidate
    likely: float = 0.0
    documents: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """What the completed question counts in the ranking, against the question alone."""
        return self.likely if self.candidate.way == "topic" else 1.0

    @property
    def shown(self) -> str:
        """What was searched, where it isn't the question alone."""
        return "" if self.candidate.way == "alone" else self.candidate.text


def understand(
    question: str,
    history: Sequence[Turn],
    index: Index,
    documents: Sequence[str] | None = None,
) -> Understood:
    """Decide how a question is meant after a conversation.

    Raises:
        EmptyQuestionError, UnknownDocumentError, ModelError
    """
    alone = Candidate("alone", question)
    asks = any(map(str.isalnum, question))
    other = completed(question, history, index) if history and asks else None
    if other is None or other.text.casefold() == question.casefold():
        return Understood(alone)
    if other.way == "instead":
        return Understood(other, 1.0)  # it says nothing by itself, and may name another document
    ranking = rank(other.text, index, documents=documents)
    likely = 1.0
    if other.way == "topic" and other.question == question:
        if _stands_alone(question, history):
            return Understood(alone)
        ranked = rank(question, index, documents=documents), ranking
        found = features(question, history, *ranked)
        likely = probability(found, fitted().weights)
        # A whole question whose best passage is the same needs nothing of what was said.
        if likely < fitted().leans or (found["agrees"] and _is_whole(question)):
            return Understood(alone, likely)
    spoken = () if documents is not None else _spoken_of(other, history, index, ranking)
    return Understood(other, likely, spoken)


def _stands_alone(question: str, history: Sequence[Turn]) -> bool:
    """Whether a question can be understood by itself: it was asked before, or one like it was.

    So can one that points to nothing and has a name of its own, which wasn't said before; a year or
    a role ("2022", "CEO") isn't one, since it may be of whom the conversation is about.
    """
    if any(turn.question.casefold() == question.casefold() for turn in history):
        return True
    if not _is_whole(question):
        return False
    alike = any(_stood_alone(turn) and asks_alike(question, turn.question) for turn in history)
    return alike or any(word.istitle() for word in _new_names(question, history))


def _is_whole(question: str) -> bool:
    looked = leaning(question)
    return not (looked.refers or looked.inside or looked.fragment)


def _new_names(question: str, history: Sequence[Turn]) -> list[str]:
    said = _said(history)
    return [
        word
        for word in words(question)[1:]
        if (word[0].isupper() or word[0].isdigit()) and not set(content(word)) <= said
    ]


def _said(history: Sequence[Turn]) -> set[str]:
    """The terms of the last turns."""
    return set(content(" ".join(f"{one.question} {one.answer_text}" for one in history[-TURNS:])))


def _stood_alone(turn: Turn) -> bool:
    return not turn.understood_as and _is_whole(turn.question)


def asks_alike(question: str, earlier: str) -> bool:
    """Whether it is an earlier question again, or the same of something else that it names.

    Nothing of what the earlier one says is left out: "When does the ferry Cora leave?" after "When
    does the ferry Ada leave?"; not "When does it leave?".
    """
    mine, theirs = (words(one.casefold()) for one in (question, earlier))
    changes = SequenceMatcher(None, theirs, mine, autojunk=False).get_opcodes()
    kept = [word for tag, _, _, start, end in changes if tag == "equal" for word in mine[start:end]]
    instead = [mine[start:end] for tag, _, _, start, end in changes if tag != "equal"]
    is_kept = 2 * len(kept) >= len(mine) and bool(content(" ".join(kept)))
    return is_kept and all(content(" ".join(said)) for said in instead)


def _spoken_of(
    asked: Candidate, history: Sequence[Turn], index: Index, everywhere: Ranking
) -> tuple[str, ...]:
    """The document that was quoted last, where it is about as good a place to look as any."""
    quoted = next((turn.documents for turn in reversed(history) if turn.documents), ())[:1]
    if not quoted or not index.held(quoted):
        return ()
    inside = rank(asked.text, index, documents=quoted)
    lags = max(_evidence(everywhere).values(), default=0.0) - max(
        _evidence(inside).values(), default=0.0
    )
    return quoted if lags <= SPOKEN_OF else ()


def as_turns(history: Sequence[Turn | tuple[str, str]]) -> tuple[Turn, ...]:
    """A conversation as turns; pairs are of a question and what was said to it.

    Raises:
        UsageError: Something in it is neither.
    """
    if isinstance(history, str):
        raise UsageError("The history is a text: it has to be turns, or pairs of two texts.")
    found = []
    for one in history:
        if isinstance(one, Turn):
            found.append(one)
        elif (
            isinstance(one, list | tuple)
            and len(one) == 2
            and all(isinstance(text, str) for text in one)
        ):
            question, said = one
            found.append(Turn(valid_unicode(question), valid_unicode(said)))
        else:
            raise UsageError(
                f"The history has {one!r}: it has to be turns, or pairs of a question and a text."
            )
    return tuple(turn for turn in found if any(map(str.isalnum, turn.question)))


def _evidence(ranking: Ranking) -> dict[tuple[str, int], float]:
    return {
        (one.passage.document_id, one.passage.start): WEIGHTS.evidence(one)
        for one in ranking.candidates
    }


def features(
    question: str, history: Sequence[Turn], alone: Ranking, other: Ranking
) -> dict[str, float]:
    """What tells whether a question leans on a conversation, by the names in ``FEATURES``.

    Of its words: see ``leaning``. ``said`` is the share of its terms that were said before, and
    ``names`` is 1 where it has a name that wasn't. ``evidence`` is that of the best passage for
    the question alone, ``gain`` how much more the best one for all that is searched has, and
    ``fits`` how far that passage stays behind the best one for the question alone (never
    above 0); ``agrees`` tells that the two are one.
    """
    looked = leaning(question)
    said = _said(history)
    terms = list(dict.fromkeys(content(question)))
    mine, own = _evidence(alone), _evidence(other)
    best = max(mine.values(), default=0.0)
    first = next(iter(own), None)
    fits = max(_BEHIND, mine[first] - best) if first in mine else _BEHIND
    return {
        "pronoun": float(looked.pronoun),
        "inside": float(looked.inside),
        "points": float(looked.points),
        "opens": float(looked.opens),
        "fragment": float(looked.fragment),
        "short": looked.short,
        "said": sum(term in said for term in terms) / len(terms) if terms else 0.0,
        "names": float(bool(_new_names(question, history))),
        "evidence": best,
        "gain": max(own.values(), default=0.0) - best,
        "fits": fits,
        "agrees": float(first is not None and first == next(iter(mine), None)),
    }


def probability(found: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """The probability of the logistic model, in [0, 1]."""
    total = weights["constant"] + sum(weights[name] * found[name] for name in FEATURES)
    return 0.5 * (1 + math.tanh(total / 2))


@lru_cache(1)
def fitted(file: Path = FILE) -> Numbers:
    """The numbers that come with qa_bot.

    Raises:
        ModelError: They are missing, damaged, or not those that this version counts with.
    """
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        weights = {str(name): float(value) for name, value in kept["weights"].items()}
        leans = float(kept["leans"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{file} can't be used: {' '.join(str(error).split())}") from error
    if set(weights) != {*FEATURES, "constant"} or not all(map(math.isfinite, weights.values())):
        raise ModelError(f"{file} can't be used: its numbers are for {sorted(weights)}")
    if not 0 <= leans <= 1:
        raise ModelError(f"{file} can't be used: its threshold is {leans}")
    return Numbers(weights, leans)
