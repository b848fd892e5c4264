"""Where a passage stands, as plain values that any framework's metadata can hold."""

from __future__ import annotations

from collections.abc import Mapping

from qa_bot.records import Passage


def metadata(passage: Passage, digest: str) -> Mapping[str, str | int]:
    """Section, page, offsets and the permanent place of a passage.

    ``permalink`` is ``?quote=<digest>:<start>-<end>``, to put behind the address of a chat.
    """
    pages = [page.label or str(page.number) for page in passage.pages]
    return {
        "source": passage.document_id,
        "title": passage.title,
        "section": " › ".join(passage.section),
        "paragraph": passage.paragraph,
        "page": "–".join(dict.fromkeys((*pages[:1], *pages[-1:]))),
        "start": passage.start,
        "end": passage.end,
        "digest": digest,
        "permalink": f"?quote={digest}:{passage.start}-{passage.end}",
        "language": passage.language,
    }
