"""Tables → HTML: a real table with its headers, the row and the cell that answer marked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from parsing import Parsed
from tabled import (
    HEBREW,
    HOSTILE,
    INCOME,
    MERGED,
    TOWNS,
    Texts,
    answer_with,
    cell_of,
    loaded,
    quote_of_cell,
    view_of,
)

from qa_bot.pages.view import Box
from qa_bot.records import Document, Excerpt, Quote, Section
from qa_bot.table_reading import table_view, table_views
from qa_bot.tables import QuotedTable
from qa_bot.web import render, source
from qa_bot.web.links import SourceLink, link_query, parse_query, quote_link
from qa_bot.web.replying import Reply
from qa_bot.web.sources import PageView, Source
from qa_bot.web.tables import table_html


class Cells(Parsed):
    """The rows of tables as a browser has them: of each cell its element, attributes and text."""

    def __init__(self, html: str) -> None:
        self.rows: list[list[tuple[str, dict[str, str | None], str]]] = []
        self.classes: list[str] = []
        super().__init__(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        super().handle_starttag(tag, attrs)
        if tag == "tr":
            self.rows.append([])
            self.classes.append(dict(attrs).get("class") or "")
        if tag in ("td", "th"):
            self.rows[-1].append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        super().handle_data(data)
        if any(tag in self._open for tag in ("td", "th")):
            tag, attributes, text = self.rows[-1][-1]
            self.rows[-1][-1] = (tag, attributes, text + data)

    def texts(self) -> list[list[str]]:
        return [[text for _, _, text in row] for row in self.rows]

    def of(self, text: str) -> tuple[str, dict[str, str | None]]:
        """The first cell of this text: its element and its attributes."""
        return next((tag, attrs) for row in self.rows for tag, attrs, one in row if one == text)


def reply_with(document: Document, *quotes: Quote) -> Reply:
    answer = answer_with(*quotes)
    contexts = {
        (document.id, span): document.text[slice(*span)] for one in quotes for span in one.context
    }
    digests = {document.id: document.digest}
    return Reply(answer, digests, contexts, table_views(answer, Texts(document)))


def test_a_quoted_table_is_a_table_with_its_headers_and_the_cell_marked(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    shown = Cells(render.answer_html(reply_with(document, quote_of_cell(document, "24,512"))))
    assert shown.texts() == [
        ["Year ended June 30", "As reported", "Change"],
        ["2023", "2022"],
        ["Revenue", "211,915", "198,270", "7 %"],
        ["Operating expenses:"],
        ["Research", "27,195", "24,512", "11 %"],
        ["Sales", "22,759", "21,825", "4 %"],
        ["General", "(7,575)", "5,900", "—"],
    ]
    assert shown.marked == ["24,512"]
    assert shown.tags.count("thead") == 1
    assert shown.text.startswith("Operating expenses › Research · As reported › 2022: 24,512")
    assert "Statements of income ($ in millions)" in shown.text
    assert shown.classes[4] == "qa-marked"
    for text, tag, expected in (
        ("Year ended June 30", "th", {"scope": "col", "rowspan": "2"}),
        ("As reported", "th", {"scope": "colgroup", "colspan": "2", "class": "qa-names"}),
        ("2022", "th", {"scope": "col", "class": "qa-names qa-number"}),
        ("2023", "th", {"scope": "col", "class": "qa-number"}),
        ("Operating expenses:", "th", {"scope": "rowgroup", "colspan": "4"}),
        ("Research", "th", {"scope": "row", "class": "qa-names"}),
        ("Sales", "th", {"scope": "row"}),
        ("24,512", "td", {"class": "qa-number"}),
        ("—", "td", {"class": "qa-number"}),
    ):
        name, attributes = shown.of(text)
        assert name == tag, text
        assert attributes | expected == attributes, text


def test_where_just_the_row_is_sure_all_of_it_is_marked_and_none_is_bold(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    quote = quote_of_cell(document, "24,512", sure=False)
    shown = Cells(render.answer_html(reply_with(document, quote)))
    assert shown.marked == ["Research", "27,195", "24,512", "11 %"]
    assert shown.classes[4] == "qa-marked qa-whole"
    assert "b" not in shown.tags
    assert "qa-cell" not in [value for name, value in shown.attributes if name == "class"]
    assert quote.table is not None
    neither = replace(quote, sentences=(), table=replace(quote.table, rows=()))
    plain = Cells(render.answer_html(reply_with(document, neither)))
    assert plain.marked == []
    assert not {"qa-marked"} & set(plain.classes)


def test_a_table_beside_the_sentence_that_answers_is_shown_with_nothing_marked(
    tmp_path: Path,
) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    start = document.text.index("What follows")
    sentence = (start, document.text.index("\n", start))
    quote = replace(quote_of_cell(document, "24,512"), sentences=(sentence,), table=None)
    shown = Cells(render.answer_html(reply_with(document, quote)))
    assert shown.marked == ["What follows is taken from the books."]
    assert shown.texts()[4] == ["Research", "27,195", "24,512", "11 %"]
    row = cell_of(document, "Research").start
    unknown = replace(quote, sentences=((row, row + 8),))
    plain = Cells(render.answer_html(reply_with(document, unknown)))
    assert (plain.marked, plain.rows) == (["Research"], []), "a mark in its rows isn't lost"


def test_a_long_table_is_folded_around_the_marked_row(tmp_path: Path) -> None:
    document = loaded(tmp_path, "towns.csv", TOWNS)
    start = document.text.index("Town: Town 19")
    end = document.text.index("\n", document.text.index("Town: Town 22"))
    quote = quote_of_cell(document, "31.5", span=(start, end))
    shown = Cells(render.answer_html(reply_with(document, quote)))
    in_sight = [
        row[0]
        for row, name in zip(shown.texts(), shown.classes, strict=True)
        if "qa-folded" not in name and "qa-gap" not in name
    ]
    assert in_sight == ["Town", "Town 19", "Town 20", "Town 21", "Town 22", "Town 23"]
    assert len(shown.rows) == 1 + 40 + 2, "all are there, and two gaps"
    assert "Show all 40 rows" in shown.text
    assert "Town | Animal" not in shown.text, "the header stands in the table, not above it as text"


def test_what_a_cell_says_is_text(tmp_path: Path) -> None:
    document = loaded(tmp_path, "hostile.html", HOSTILE)
    words = '"<img src=x onerror=window.hit=2> | `*a*` &amp; $x$'
    quote = quote_of_cell(document, words)
    shown = Cells(render.answer_html(reply_with(document, quote)))
    assert not {"script", "img", "em", "code"} & set(shown.tags)
    assert not [name for name, _ in shown.attributes if name.startswith("on")]
    assert shown.texts() == [
        ["Sign <b>", "Meaning"],
        ["<script>window.hit=1</script>", words],
        ["=1+1", "</td></table>"],
    ]
    assert shown.text.startswith(f"<script>window.hit=1</script> · Meaning: {words}")


def test_a_table_that_reads_from_the_right_is_turned(tmp_path: Path) -> None:
    document = loaded(tmp_path, "prices.html", HEBREW)
    shown = Cells(table_html(view_of(document, quote_of_cell(document, "11.20"))))
    assert ("dir", "rtl") in shown.attributes
    other = loaded(tmp_path, "towns.csv", TOWNS)
    assert ("dir", "rtl") not in Cells(
        table_html(view_of(other, quote_of_cell(other, "1")))
    ).attributes


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b,c\n1,2\n3,4,5,extra\n6,,7\n", "4"),
        (
            "Name," + ",".join(f"c{n}" for n in range(2000)) + "\nx," + ",".join("9" * 2000) + "\n",
            "x",
        ),
        ("n,m\n" + "".join(f"r{n},{n}\n" for n in range(100_000)), "r5000"),
    ],
)
def test_odd_tables_are_shown_within_bounds(tmp_path: Path, text: str, words: str) -> None:
    document = loaded(tmp_path, "odd.csv", text)
    cell = cell_of(document, words)
    quote = quote_of_cell(document, words, sure=False, span=(cell.start, cell.start + 200))
    html = render.answer_html(reply_with(document, quote))
    shown = Cells(html)
    assert len(html) < 200_000
    assert any(words in row for row in shown.texts())
    width = {sum(int(attrs.get("colspan") or 1) for _, attrs, _ in row) for row in shown.rows}
    assert len(width) == 1, "every row is as wide as the table"


def test_the_marked_row_and_the_table_can_be_copied(tmp_path: Path) -> None:
    document = loaded(tmp_path, "merged.html", MERGED)
    shown = Parsed(render.answer_html(reply_with(document, quote_of_cell(document, "4"))))
    copied = [value for name, value in shown.attributes if name == "value"]
    assert "Sheep › shear — Hours: 4\n— merged, ¶ 1 (merged.html)" in copied
    assert "Class\tTask\tHours\nSheep\tshear\t4\n\tfeed\t1\nAll the rest\t\t9\n" in copied
    assert any(value and document.text in value for value in copied), "and the quote, word for word"


def source_of(document: Document, link: SourceLink, at: int | None = None) -> Source:
    text = document.text
    excerpt = Excerpt(
        document.id,
        document.title,
        document.digest,
        len(text),
        0,
        0,
        len(text),
        text,
        document.blocks,
        (),
        document.tables,
    )
    (table,) = document.tables
    rows = {cell.row for cell in table.cells for a, b in link.sentences if a <= cell.start < b}
    cell = next((one for one in table.cells if one.span == link.cell), None)
    quoted = QuotedTable(table, tuple(rows), cell)
    view = table_view(document.id, quoted, (0, len(text)), Texts(document), reach=0)
    place = link.start if at is None else at
    return Source(link, excerpt, excerpt, (Section((), 0, len(text)),), place, False, (view,))


def test_the_source_shows_its_tables_as_such_with_all_of_its_text(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    quote = quote_of_cell(document, "24,512")
    link = quote_link(quote)
    assert parse_query(link_query(link)) == link
    assert link.cell == cell_of(document, "24,512").span
    shown = Cells(source.source_html(source_of(document, link)))
    assert shown.marked == ["24,512"]
    assert shown.tags.count("table") == 1
    assert shown.classes[2:] == [
        "qa-passage",
        "qa-passage qa-group",
        "qa-passage qa-marked",
        "qa-passage",
        "qa-passage",
    ]
    for words in document.text.replace("|", "\n").split("\n"):
        assert words.strip() in shown.text
    there = Cells(source.source_html(source_of(document, link, cell_of(document, "Sales").start)))
    assert ("class", "qa-here") in there.attributes


def test_the_link_of_a_quote_whose_row_is_not_sure_opens_with_nothing_set_off(
    tmp_path: Path,
) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    row = quote_of_cell(document, "24,512", sure=False)
    assert row.table is not None
    assert quote_link(row).sentences == row.sentences
    link = quote_link(replace(row, table=replace(row.table, rows=())))
    assert (link.start, link.end, link.sentences, link.cell) == (row.start, row.end, (), None)
    shown = Cells(source.source_html(source_of(document, link)))
    assert shown.marked == []
    assert not [one for one in shown.classes if "qa-marked" in one]
    assert "qa-passage" in shown.classes, "the passage itself is tinted"


def test_the_row_and_the_cell_are_boxed_on_the_page(tmp_path: Path) -> None:
    document = loaded(tmp_path, "income.html", INCOME)
    box = Box(1, 0.1, 0.1, 0.3, 0.2)
    view = PageView(1, 1, (box,), (box,), cell=(box,))
    html = source.source_html(
        source_of(document, quote_link(quote_of_cell(document, "5,900"))), view
    )
    assert html.count("qa-box-row") == 1
    assert html.count("qa-box-mark") == 1
    assert html.index("qa-box-row") < html.index("qa-box-mark"), "the cell on top"
