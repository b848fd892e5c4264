"""How records print: to a terminal, and in a notebook as Markdown and HTML, everything escaped."""

from __future__ import annotations

from pathlib import Path

from lxml import html
from quoting import HARD_TEXTS, block_quotes, held, quote_of, shown
from tabled import HOSTILE, INCOME, loaded, quote_of_cell

from qa_bot import Answer, Hit
from qa_bot.records import Quote

TEXT = "It is closed. The gate opens at seven. Bring a lamp."


def answered(quote: Quote, *, found: bool = True) -> Answer:
    return Answer("When?", found, 0.9, (Hit(quote.passage, 0.5),), (quote,))


def test_an_answer_prints_its_quotes_with_what_is_marked_and_where() -> None:
    quote = quote_of(TEXT, [(14, 38)])
    assert str(quote) == (
        "It is closed. ⟦The gate opens at seven.⟧ Bring a lamp.\n"
        "— Notes › A › B, ¶ 2, p. iv (6 of 107)"
    )
    assert str(answered(quote)) == str(quote)
    assert str(answered(quote, found=False)) == f"This may answer it:\n\n{quote}"
    assert str(Answer("When?", False, 0.0, (), ())) == "Nothing here answers this clearly."
    assert str(Hit(quote.passage, 0.5)) == f"{TEXT}\n— Notes › A › B, ¶ 2 (0.50)"


def test_markdown_holds_exactly_the_quoted_text() -> None:
    for text in HARD_TEXTS:
        ((quoted, cited),) = block_quotes(quote_of(text)._repr_markdown_())
        assert shown(quoted)[0] == f"“{held(text)}”"
        assert shown(cited)[0].startswith("— Notes › A › B, ¶ 2")
    ((quoted, _),) = block_quotes(quote_of(TEXT, [(14, 38)])._repr_markdown_())
    assert shown(quoted)[1] == ((15, 39),)


def test_html_is_escaped_and_marks_the_sentence() -> None:
    text = '<script>x()</script> & "so" <img src=x onerror=y()>'
    tree = html.fromstring(answered(quote_of(text, [(0, 20)]), found=False)._repr_html_())
    assert {one.tag for one in tree.iter()} <= {
        "div",
        "p",
        "figure",
        "blockquote",
        "span",
        "mark",
        "figcaption",
    }
    assert tree.findtext(".//mark") == "<script>x()</script>"
    assert tree.find(".//blockquote").text_content() == text


def test_a_quoted_table_is_one_in_html_with_the_cell_that_answers_marked(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    table = document.tables[0]
    quote = quote_of_cell(document, "24,512", span=(table.start, table.end))
    tree = html.fromstring(quote._repr_html_())
    assert [one.text for one in tree.iter("mark")] == ["24,512"]
    rows = [[cell.text_content() for cell in row] for row in tree.iter("tr")]
    assert ["Research", "27,195", "24,512", "11 %"] in rows
    hostile = loaded(tmp_path, "signs.html", HOSTILE)
    (table,) = hostile.tables
    quote = quote_of_cell(hostile, "=1+1", sure=False, span=(table.start, table.end))
    tree = html.fromstring(quote._repr_html_())
    assert not list(tree.iter("script", "img", "b"))
    assert tree.find(".//table") is not None
