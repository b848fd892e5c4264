"""What tests of quotes share: hard texts, quotes of them, and how rendered Markdown reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from markdown_it import MarkdownIt
from markdown_it.token import Token

from qa_bot.records import Citation, Page, Passage, Quote, Span

HARD_TEXTS = [
    "One line.",
    "Two\nlines\n\nand a gap\n\n\n",
    "\n\nlate",
    "\ttab\tand  \t runs   of blanks  \n  and lead\n\tand tab\n   \nend  ",
    "| a | b |\n|---|---|\n| 1 | 2 |",
    "*a* **b** _c_ `d` ~~e~~ $f$ ^g^ \\h \\* {.i} ![j](k) [l]: m\n[n]: o",
    "<b>bold</b> <!-- gone --> <script>alert(1)</script> &amp; &lt; &#65; <http://x.y>",
    "x\n===\ny\n---\n- z\n+ w\n* v\n1. one\n2) two\n# head\n> quote\n```\ncode\n~~~\n***\n:::",
    "👩‍👩‍👧 😀\N{VARIATION SELECTOR-16} é e\N{COMBINING ACUTE ACCENT} \N{COMBINING ACUTE ACCENT}x",
    "שלום (עולם) 123! مرحبا\N{RIGHT-TO-LEFT MARK}",
    "これは「引用」です。次",
    "=1+1",
    "@SUM(A1)\n-2",
    "'=1+1",
    "''plain",
    '"quoted", “so”; and, commas\r\nand a return\ronly',
    "a\N{NO-BREAK SPACE}b\N{IDEOGRAPHIC SPACE}\N{LINE SEPARATOR}c\N{ZERO WIDTH SPACE}",
    "\\end{document} 100 % of #1 & $2_3~{ } }{",
    "c0: \x01\x07\x0b\x0c\x1b[1m\x1c\x1f c1: \x7f\x85\x9f",
    "nothing \x00 and half \ud83d a pair \udc00 and \ufffe\uffff",
]


def quote_of(text: str, marked: Sequence[Span] = (), **changed: object) -> Quote:
    """A quote of this text, which stands at 100 in its document; ``marked`` are spans of it."""
    passage = Passage("notes/a.pdf", "Notes", ("A", "B"), 100, 100 + len(text), text, 2)
    citation = replace(Citation.of(passage, "0123456789abcdef"), pages=(Page("iv", 6, 107),))
    sentences = tuple((100 + start, 100 + end) for start, end in marked)
    quote = Quote(text, passage.start, passage.end, passage, sentences, (), citation)
    return replace(quote, **changed)  # type: ignore[arg-type]


def shown(inline: Token) -> tuple[str, tuple[Span, ...]]:
    """The text that a reader of rendered Markdown sees, and which spans of it are bold."""
    text, bold = "", list[Span]()
    start = 0
    for token in inline.children or []:
        if token.type == "text":
            text += token.content
        elif token.type == "hardbreak":
            text += "\n"
        elif token.type == "strong_open":
            start = len(text)
        elif token.type == "strong_close":
            bold.append((start, len(text)))
        else:
            assert token.type in {"link_open", "link_close"}, token
    return text, tuple(bold)


def block_quotes(markdown: str) -> list[list[Token]]:
    """The paragraphs of each block quote, all of whose blocks have to be paragraphs."""
    found: list[list[Token]] = []
    depth = 0
    for token in MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown):
        if token.type == "blockquote_open":
            found.append([])
        depth += token.nesting if token.type.startswith("blockquote") else 0
        if depth and token.type == "inline":
            found[-1].append(token)
        elif depth:
            assert token.type.split("_")[0] in {"paragraph", "blockquote"}, token
    return found


def held(text: str) -> str:
    """What Markdown can hold of a text: all of it but for U+0000 and lone surrogates."""
    return re.sub("[\x00\ud800-\udfff]", "\ufffd", text)


def uncelled(cell: str) -> str:
    """What an apostrophe was put in front of, or the cell as it is."""
    bare = cell.lstrip("'")
    return cell[1:] if bare != cell and bare[:1] and bare[0] in "=+-@＝＋－＠\t\r\n\0" else cell
