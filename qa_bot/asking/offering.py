"""Where a question may mean several documents or sections: what to ask back."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from qa_bot.asking.following import Understood
from qa_bot.asking.settling import Settled
from qa_bot.records import Option, Passage

MAX_OPTIONS = 4
CLOSE = 0.3  # log odds by which what another passage has may lag behind the best, to be like it


def options(
    question: str, understood: Understood, settled: Sequence[Settled]
) -> tuple[Option, ...]:
    """What a question that isn't surely answered may mean, best first; () where that is clear.

    It is not clear where passages of several documents, or of several sections of one, have
    about as much evidence as the best, and nothing is sure enough to be the answer.
    """
    (one,) = settled
    if one.found or not one.quoted or one.place is not None:
        return ()
    best = one.judged[0].evidence
    read = [each for each in one.judged if each.reading is not None]
    near = takewhile(lambda each: best - each.evidence <= CLOSE, read)
    passages = [each.candidate.passage for each in near]
    several = len({passage.document_id for passage in passages}) > 1
    firsts: dict[tuple[str, tuple[str, ...]], Passage] = {}
    for passage in passages:
        key = passage.document_id, () if several else passage.section
        firsts.setdefault(key, passage)
    if len(firsts) < 2:
        return ()
    asked = understood.shown or question
    return tuple(
        _option(asked, passage, several=several) for passage in list(firsts.values())[:MAX_OPTIONS]
    )


def _option(question: str, passage: Passage, *, several: bool) -> Option:
    """The question asked of a passage's document; where that tells nothing, of its section."""
    heading = passage.section[-1] if passage.section else passage.title
    named = heading if passage.section and passage.section != (passage.title,) else ""
    if several:
        label = f"{passage.title} › {named}" if named else passage.title
        return Option(label, question, (passage.document_id,))
    return Option(heading, f"{heading}: {question}", (passage.document_id,))
