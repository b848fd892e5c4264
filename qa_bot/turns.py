"""What of a conversation is told to the next question."""

from __future__ import annotations

from dataclasses import dataclass

from qa_bot.records import Answer


@dataclass(frozen=True, slots=True)
class Turn:
    """A question of a conversation with what was answered, as later questions may lean on it."""

    question: str
    answer_text: str = ""  # the texts of the quotes, or whatever else was said
    documents: tuple[str, ...] = ()  # that were quoted, the first quote's first
    sections: tuple[tuple[str, ...], ...] = ()  # of the quotes, headings outermost first

    @classmethod
    def of(cls, answer: Answer) -> Turn:
        """What later questions need of an answer."""
        quotes = answer.quotes
        return cls(
            question=answer.question,
            answer_text="\n\n".join(quote.text for quote in quotes),
            documents=tuple(dict.fromkeys(quote.citation.document_id for quote in quotes)),
            sections=tuple(dict.fromkeys(quote.citation.section for quote in quotes)),
        )
