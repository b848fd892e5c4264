"""Citations to paste: what is quoted is shown exactly, whatever it is made of."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from quoting import HARD_TEXTS, block_quotes, held, quote_of, shown

from qa_bot.errors import UsageError
from qa_bot.keeping.citing import cite
from qa_bot.markdown import markdown_text


def check_markdown(text: str) -> None:
    """A block quote of the text is rendered as the text, its citation, and a note if need be."""
    ((quoted, cited, *notes),) = block_quotes(cite(quote_of(text), "markdown"))
    assert shown(quoted) == (f"“{held(text)}”", ())
    assert shown(cited)[0] == "— Notes › A › B, ¶ 2, p. iv (6 of 107) (notes/a.pdf)"
    assert [shown(note)[0].startswith("\ufffd stands for") for note in notes] == (
        [True] if held(text) != text else []
    )


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_markdown_shows_exactly_the_quoted_text(text: str) -> None:
    check_markdown(text)


@given(st.text(st.sampled_from("\n \t*_[]()<>&;#1.-+=~`|\\:!xé。「😀\x0b\x85\r\xa0")))
def test_markdown_shows_any_text_exactly(text: str) -> None:
    check_markdown(text)


@given(st.text(st.sampled_from("\n \t*_.,()&;1-xéb。「」😀€\xa0\u3000\u0301")), st.data())
@example("これは「引用」です。「次」", None)
def test_any_span_can_be_bold_whatever_stands_beside_it(
    text: str, data: st.DataObject | None
) -> None:
    edges = [3, 7, 7, 9, 10, 13]
    if data is not None:
        edges = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    marked = [
        (start, end) for start, end in zip(edges[::2], edges[1::2], strict=False) if start < end
    ]
    (block,) = [
        token
        for token in MarkdownIt().parse(f"“{markdown_text(text, marked)}”")
        if token.type == "inline"
    ]
    rendered, bold = shown(block)
    assert rendered == f"“{text}”"
    positions = {at for start, end in marked for at in range(start, end)}
    assert {at - 1 for start, end in bold for at in range(start, end)} == positions


def test_bold_next_to_a_control_character_leaves_it_out_and_the_text_as_it_is() -> None:
    for text in ("a\x01(b)", "\x0b(b)", "(b)\x85c"):
        for start in range(len(text)):
            for end in range(start + 1, len(text) + 1):
                (block,) = MarkdownIt().parse(f"“{markdown_text(text, [(start, end)])}”")[1:-1]
                rendered, bold = shown(block)
                assert rendered == f"“{text}”"
                assert all(start < a and b <= end + 1 for a, b in bold)


def test_a_link_in_markdown_leads_where_it_should_whatever_is_in_it() -> None:
    citation = replace(quote_of("x").citation, title="a](b) [c] <d>", section=("e\nf",))
    link = "http://127.0.0.1:7860/#source=a%20(b) \\<c>é&text=1&copy;=2&at=1-2"
    (paragraph,) = MarkdownIt().parse(cite(citation, "markdown", link=link))[1:-1]
    opened = (paragraph.children or [])[0]
    assert opened.attrGet("href") == (
        "http://127.0.0.1:7860/#source=a%20%28b%29%20%5C%3Cc%3E%C3%A9&text=1&copy%3B=2&at=1-2"
    ).replace("%3B", ";")
    assert shown(paragraph)[0] == ("a](b) [c] <d> › e\nf, ¶ 2, p. iv (6 of 107) (notes/a.pdf)")


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_plain_text_is_the_quote_as_it_is_and_where_it_stands(text: str) -> None:
    quote = quote_of(text)
    where = f"{quote.citation} (notes/a.pdf)"
    assert cite(quote) == f"“{text}” — {where}"
    assert cite(quote.citation) == where
    assert cite(quote, link="/x") == f"“{text}” — {where}\n/x"


TEX = {
    "textbackslash": "\\",
    "textbraceleft": "{",
    "textbraceright": "}",
    "textasciitilde": "~",
    "textasciicircum": "^",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textasciigrave": "`",
}


def fields(entry: str) -> dict[str, str]:
    """The fields of a BibTeX entry: its braces are counted as BibTeX does, then TeX is read."""
    head, body = entry.split(",\n", 1)
    assert re.fullmatch(r"@misc\{[a-z0-9-]+", head)
    found = {"": head.removeprefix("@misc{")}
    while match := re.match(r"  (\w+) = \{", body):
        depth, end = 1, match.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(body[end], 0)
            end += 1
        found[match[1]] = re.sub(
            r"\{\\(\w+)\}|\\([$&#_%])|([$&#_%\\{}~^<>|`])",
            lambda one: TEX[one[1]] if one[1] else one[2] or f"UNESCAPED {one[3]}",
            body[match.end() : end - 1],
        )
        assert body[end : end + 2] == ",\n"
        body = body[end + 2 :]
    assert body == "}"
    return found


@pytest.mark.parametrize("text", HARD_TEXTS)
def test_bibtex_holds_the_quote_and_its_place_escaped(text: str) -> None:
    found = fields(cite(quote_of(text), "bibtex"))
    can_hold = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "\ufffd", text)
    assert found["annote"] == f"“{can_hold}”"
    assert found["howpublished"] == "notes/a.pdf"
    place, *notes = found["note"].split(". \ufffd stands for what BibTeX can't hold: ")
    assert place == (
        f"A › B, ¶ 2, p. iv (6 of 107); text 0123456789abcdef, characters 100–{100 + len(text)}"
    )
    assert len(notes) == (can_hold != text)


def test_a_bibtex_title_keeps_its_capitals_and_what_is_special_in_it() -> None:
    citation = replace(quote_of("x").citation, title="50 % of {C_3}", section=())
    entry = cite(citation, "bibtex", link="/a b{c}?d=%20&e")
    assert "  title = {{50 \\% of {\\textbraceleft}C\\_3{\\textbraceright}}},\n" in entry
    assert "  url = {/a%20b%7Bc%7D?d=%20&e},\n" in entry
    assert "  note = {¶ 2, p. iv" in entry
    assert "annote" not in entry


def test_a_bibtex_key_is_ascii_stable_and_names_the_place_in_this_very_text() -> None:
    citation = replace(quote_of("four").citation, title="Über die Größe, 2. Teil: Anhang")
    key = fields(cite(citation, "bibtex").replace("{{", "{").replace("}}", "}"))[""]
    assert key == "uber-die-groe-2-teil-anhang-01234567-100-104"
    keys = {
        cite(one, "bibtex").split(",")[0].removeprefix("@misc{")
        for one in (
            citation,
            replace(citation, document_id="renamed.pdf"),
            replace(citation, start=101),
            replace(citation, digest="f" * 16),
            replace(citation, title="日本"),
        )
    }
    assert keys == {
        key,
        key.replace("-100-", "-101-"),
        key.replace("01234567", "ffffffff"),
        "document-01234567-100-104",
    }


def test_an_unknown_style_is_a_wrong_call() -> None:
    with pytest.raises(UsageError, match="no style 'apa': name plain"):
        cite(quote_of("x"), "apa")  # type: ignore[arg-type]
