"""What a line says it is the caption of: "Table 3. …" or "Figure 2: …"."""

from __future__ import annotations

import re
from typing import Literal

LONGEST_CAPTION = 300  # characters; a longer one is a paragraph

_NUMBER = r"(?:[A-Z]{1,2}[-.\u2011]?)?\d+(?:[-.\u2011\u2013]\d+)*[A-Za-z]?|[IVXLC]+|[A-Z]"
_LABEL = re.compile(
    r"(?i:(?P<table>table|tab\.|tabelle|tableau|tabla|tabella)"
    r"|figure|fig\.|abbildung|abb\.|figura|chart|exhibit|graph|diagram|illustration|photo|map)"
    rf"\s+(?:{_NUMBER})(?:\s*[.:)|\u2013\u2014-](?:\s|$)|\s*$|\s+[^\W\d_a-z])"
)


def caption_of(text: str) -> Literal["table", "figure", ""]:
    """What the text is the caption of by its label; "" where it is none.

    A label that opens a sentence is none: "Table 3 shows …".
    """
    match = _LABEL.match(text) if text[:1].isupper() and len(text) <= LONGEST_CAPTION else None
    if match is None:
        return ""
    return "table" if match["table"] else "figure"
