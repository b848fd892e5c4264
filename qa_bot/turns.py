"""What of a conversation is told to the next question."""

from __future__ import annotations

from dataclasses import dataclass

from qa_bot.records import Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation with what was answered, as later questions may lean on it."""

    question: str
    answer_text: str = ""  # the texts of the quotes, or whatever else was said
    documents: tuple[str, ...] = ()  # quoted, the first quote's first; or the one that was led to
    sections: tuple[tuple[str, ...], ...] = ()  # of the quotes, headings outermost first
    understood_as: str = ""  # what was searched, where it wasn't the question alone

    @classmethod
    def of(cls, answer: Answer) -> Turn:
        """What later questions need of an answer."""
        quotes = answer.quotes
        led_to = {place.document_id for place in answer.places}  # "The plan has 160 pages."
        return cls(
            question=answer.question,
            answer_text="\n\n".join(quote.text for quote in quotes),
            documents=tuple(dict.fromkeys(quote.citation.document_id for quote in quotes))
            or tuple(led_to if len(led_to) == 1 else ()),
            sections=tuple(dict.fromkeys(quote.citation.section for quote in quotes)),
            understood_as=answer.understood_as,
        )
