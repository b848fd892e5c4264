"""Markdown: read as its reader sees it, with levels, anchors, lists, tables and code."""

from __future__ import annotations

import pytest
from conftest import blocks, outline
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.loaders.markdown import parse_markdown
from qa_bot.records import Document


def parse(source: str) -> Document:
    return parse_markdown(source, "folder/my-file_name.md")


def test_heading_levels_make_the_outline() -> None:
    document = parse("# A\n\n## B\n\n#### C\n\ntext\n\n## D\n\nE\n=\n\nF\n-\n")
    assert outline(document) == ["A", "A/B", "A/B/C", "A/D", "E", "E/F"]
    assert document.title == "my file name"


def test_the_only_outermost_heading_is_the_title_when_it_comes_first() -> None:
    document = parse("# The *Title*\n\ntext\n\n## A\n\n### B\n\n## C\n")
    assert document.title == "The Title"
    assert outline(document) == ["A", "A/B", "C"]
    assert blocks(document, "heading") == ["The Title", "A", "B", "C"]


def test_an_outermost_heading_further_down_is_a_section() -> None:
    document = parse("## A\n\ntext\n\n# B\n")
    assert document.title == "my file name"
    assert outline(document) == ["A", "B"]


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ('---\ntitle: "My: Document"\ntags: [a]\n---\n', "My: Document"),
        ("---\nauthor: x\ntitle: It's\n...\n", "It's"),
        ("---\nauthor: x\n---\n", "Heading"),
    ],
)
def test_front_matter_names_the_document_and_is_a_section_after_its_text(
    front: str, title: str
) -> None:
    document = parse(front + "# Heading\n\ntext\n")
    assert document.title == title
    assert document.text.startswith("Heading\n\ntext\n\nDocument properties\n\n")
    assert outline(document) == ["Document properties"]


@pytest.mark.parametrize(
    ("front", "lines"),
    [
        (
            "---\ndate: 2024-03-14\nby:\n  - Ada Brook\n  - Cy Dunn\nplace: {city: Ems, room: 4}\n"
            "draft:\n---\n",
            ["date: 2024-03-14", "by: Ada Brook, Cy Dunn", "place: city: Ems, room: 4"],
        ),
        ("---\nnote: >\n  two\n  lines\nyes: no\n---\n", ["note: two lines", "yes: no"]),
        ('+++\nauthor = "Ada"\nweight = 3\n+++\n', ["author: Ada", "weight: 3"]),
        ("---\nauthor: [broken\nrun by: Ada\n---\n", ["author: [broken", "run by: Ada"]),
    ],
)
def test_what_front_matter_says_can_be_quoted(front: str, lines: list[str]) -> None:
    document = parse(front + "text\n")
    assert blocks(document, "list_item") == lines


def test_what_stands_between_two_rules_is_text() -> None:
    document = parse("---\n\nA line of prose.\n\n---\n\ntext\n")
    assert document.text == "A line of prose.\n\ntext"
    assert outline(document) == []


def test_values_that_repeat_one_another_are_cut_short() -> None:
    doubled = "".join(f"n{n}: &n{n} [*n{n - 1}, *n{n - 1}]\n" for n in range(1, 40))
    document = parse(f"---\nn0: &n0 [lol, lol]\n{doubled}---\ntext\n")
    assert len(document.text) < 300_000


def test_anchors_are_those_of_github_and_unique() -> None:
    document = parse(
        "# T\n## What's *new*?\n## a_b-c\n## Größe & Maß\n## A\n## A-1\n## A\n## A\n## `code()`\n"
    )
    assert [section.anchor for section in document.sections[1:]] == [
        "whats-new",
        "a_b-c",
        "größe--maß",
        "a",
        "a-1",
        "a-2",
        "a-3",
        "code",
    ]


def test_nested_lists_keep_their_markers_and_indents() -> None:
    document = parse("- one\n  - two\n    wrapped\n\n    more\n- three\n\ntext\n\n3. x\n4. y\n")
    assert document.text == ("- one\n   - two wrapped\n      more\n- three\n\ntext\n\n3. x\n4. y")
    assert blocks(document, "list_item") == [
        "- one",
        "- two wrapped",
        "more",
        "- three",
        "3. x",
        "4. y",
    ]


def test_a_table_is_rows_of_cells() -> None:
    document = parse("Prices:\n\n| Fruit | Price |\n|---|--:|\n| *Apple* | 1 \\| 2 |\n| Pear | |\n")
    assert document.text == "Prices:\n\nFruit | Price\nApple | 1 | 2\nPear | "
    assert blocks(document, "table_header") == ["Fruit | Price"]
    assert blocks(document, "table_row") == ["Apple | 1 | 2", "Pear |"]


def test_captions_stand_with_their_table_or_picture() -> None:
    table = "| Fruit | Price |\n|---|--:|\n| Pear | 3 |\n"
    document = parse(
        f"Table 1: Fruit\n\n{table}\n{table}\nTable 1 shows fruit.\n\n"
        "![a pear](pear.png)\n\n*Figure 1: A pear*\n\nFigure 2: no picture"
    )
    assert blocks(document, "caption") == ["Table 1: Fruit", "Figure 1: A pear"]
    assert document.text.split("\n\n") == [
        "Table 1: Fruit\nFruit | Price\nPear | 3",
        "Fruit | Price\nPear | 3",
        "Table 1 shows fruit.",
        "a pear",
        "Figure 1: A pear",
        "Figure 2: no picture",
    ]


@pytest.mark.parametrize("first", ["Table 1: Fruit\n\nTABLE", "TABLE\n\nTable 1: Fruit\n\nText."])
def test_a_caption_between_two_tables_is_where_the_others_are(first: str) -> None:
    table = "| Fruit | Price |\n|---|--:|\n| Pear | 3 |"
    document = parse(f"{first}\n\nTABLE\n\nTable 2: More\n\nTABLE".replace("TABLE", table))
    written = "Fruit | Price\nPear | 3"
    above, below = f"Table 2: More\n{written}", f"{written}\nTable 2: More"
    two = [written, above] if first.startswith("Table") else [below, written]
    assert document.text.split("\n\n")[-2:] == two


def test_code_in_a_list_is_part_of_the_list() -> None:
    document = parse("1. Run\n   ```\n   make\n   ```\n2. Wait\n\n```\nother\n```\n- x\n")
    assert document.text == "1. Run\nmake\n2. Wait\n\nother\n\n- x"
    assert blocks(document, "code") == ["make", "other"]


def test_code_is_kept_as_it_stands() -> None:
    document = parse("```python\nif x:\n\n    **y**  # <b>\n```\n\n    indented\n      more\n")
    assert blocks(document, "code") == ["if x:\n\n    **y**  # <b>", "indented\n  more"]


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("**bold** _it_ `co*d*e` ~~no~~", "bold it co*d*e ~~no~~"),
        ("[text](http://a.example) <http://b.example>", "text http://b.example"),
        ("[one][r] [two] [r][]\n\n[r]: http://a.example 'T'", "one [two] r"),
        ("![a *picture*](http://a.example/x.png) end", "a picture end"),
        ("![](x.png)", ""),
        ("soft\nbreak", "soft break"),
        ("hard  \nbreak\\\nagain", "hard\nbreak\nagain"),
        ("\\*plain\\* &amp; &lt;b&gt; &copy;", "*plain* & <b> ©"),
        ("<div onclick='x()'>hi <b>*you*</b></div>", "hi *you*"),
        ("one<br>two<br/>three", "one\ntwo\nthree"),
        ("press <kbd>F2</kbd>, *then* <b>**wait**</b>", "press F2, then wait"),
        ("12 m<sup>2</sup> and H<sub>2</sub>O", "12 m² and H2O"),
        ('see <img src="x.png" alt="the &amp; sign"> here', "see the & sign here"),
        ("seen <!-- not seen --> seen", "seen  seen"),
        (
            "ask <your name> for List<String> or <a href='x'>this</a>",
            "ask <your name> for List<String> or this",
        ),
        ("`<b>` is a tag", "<b> is a tag"),
        ("<script>\nalert(1)\n</script>", ""),
        ("<!-- a comment -->", ""),
        ("> quoted\n> text", "quoted text"),
        ("one\n\n***\n\ntwo", "one\n\ntwo"),
        ("", ""),
    ],
)
def test_markup_goes_and_everything_a_reader_sees_stays(source: str, text: str) -> None:
    assert parse(source).text == text


def test_empty_headings_and_items_leave_no_block() -> None:
    document = parse("#\n\n-\n\ntext\n\n## \n")
    assert blocks(document) == ["text"]
    assert outline(document) == []


PIECES = st.sampled_from(
    [
        *["# ", "## ", "- ", "1. ", "> ", "    ", "\t", "```", "~~~", "---", "===", "\n", "\n\n"],
        *["|", "| a | b |", "\n|---|---|\n", "*", "_", "`", "[", "](x)", "![", "]: x\n"],
        *["<b>", "&amp;", "\\", "word", "é", "今", "  \n", "| a | b |\n|---|---|\n| c | d |\n"],
        *["title: x\n", "\x00", "\ufeff", "\x1c", "\u2028"],
    ]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_parses_into_blocks_in_order(source: str) -> None:
    document = parse(source)
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end <= len(document.text)
        assert not document.text[position : block.start].strip()
        quoted = document.text[block.start : block.end]
        assert quoted == quoted.strip()
        position = block.end
    assert not document.text[position:].strip()
    starts = [block.start for block in document.blocks if block.kind == "heading"]
    assert [section.start for section in document.sections[1:]] in (starts, starts[1:])
    anchors = [section.anchor for section in document.sections[1:] if section.anchor]
    assert len(anchors) == len(set(anchors))


@given(st.lists(st.text(st.sampled_from("abc XYZ"), min_size=1).map(str.strip), max_size=8))
def test_plain_paragraphs_come_back_as_they_are(paragraphs: list[str]) -> None:
    expected = [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph]
    assert blocks(parse("\n\n".join(expected)), "paragraph") == expected


def test_a_heading_is_one_line_and_a_whole_paragraph_is_none() -> None:
    document = parse("Otters and  \nherons\n===\n\nThey sleep.\n\n# " + "word " * 100 + "\n\nEnd.")
    assert outline(document) == []
    assert document.title == "Otters and herons"
    assert blocks(document, "heading") == ["Otters and herons"]
    assert len(blocks(document, "paragraph")) == 3


def test_blocks_of_html_are_read_as_html() -> None:
    document = parse(
        "# Kiln\n\n<h2 id='firing'>Firing</h2>\n\n<table>\n<tr><th>Load</th><th>Hours</th></tr>\n\n"
        "<tr><td>bricks</td><td>40</td></tr>\n</table>\n\n"
        "<details>\n<summary>Is it hot?</summary>\n\n"
        "**Very** hot.\n\n</details>\n\n- one\n- two\n\n<p>After the list.</p>\n"
    )
    assert outline(document) == ["Firing"]
    assert document.sections[1].anchor == "firing"
    assert blocks(document, "table_header", "table_row") == ["Load | Hours", "bricks | 40"]
    assert blocks(document, "paragraph") == ["Is it hot?", "Very hot.", "After the list."]


def test_bold_lines_that_head_what_follows_are_headings() -> None:
    document = parse("## Shed\n\n**Keys**\n\nAt the gate.\n\n**Tools**\n\n- a saw\n")
    assert outline(document) == ["Shed", "Shed/Keys", "Shed/Tools"]
    for source in ("**Keys**\n\nAt the gate.\n", "**a** and **b**\n\nx\n\n**c** d\n\ny\n"):
        assert outline(parse(source)) == []


@pytest.mark.parametrize(
    ("source", "kept"),
    [
        ("<aside>\n\nRefunds take 14 days.\n\n</aside>\n", "Refunds take 14 days."),
        ("Run cp <source> <target> now.\n", "Run cp <source> <target> now."),
        ("If a<b and c>d then e.\n", "If a<b and c>d then e."),
        ("<title> of the book is missing.\n\nText.\n", "<title> of the book is missing."),
        ("<input> is the file.\n\nText.\n", "is the file."),
        ("<script> is not closed.\n\nText.\n", "is not closed."),
        ("| a |\n|---|\n| <ul><li>i1</li><li>i2</li></ul> |\n", "i1 i2"),
        ("---\n\n# Slide one\n\nText: of it\n\n---\n\n# Two\n", "Slide one"),
        ("---\nWarning: this is old.\nSee: issue #12 and page 3.\n---\n\nText.\n", "issue #12 and"),
        ("---\nauthor: Ann # the first\n---\n\nText.\n", "Ann # the first"),
    ],
)
def test_nothing_that_may_be_text_is_lost(source: str, kept: str) -> None:
    assert kept in parse(source).text


@pytest.mark.parametrize(
    "front",
    [
        "a0: &a0 []\n" + "".join(f"a{n}: &a{n} [{f'*a{n - 1}, ' * 9}]\n" for n in range(1, 12)),
        "x: &x {a: 1}\n" + "y: {<<: *x}\n" * 3,
        "k: " + "v" * 100_000 + "\n",
    ],
    ids=["aliases", "merged", "large"],
)
def test_front_matter_is_read_in_little_time(front: str) -> None:
    assert "text" in parse(f"---\n{front}---\ntext\n").text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("Our sign <svg width='5'><title>t</title><text>no</text></svg>.", "Our sign ."),
        (
            "It is <math><mfrac><mi>a</mi><mn>2</mn></mfrac><mo>&lt;</mo><mi>b</mi></math> wide.",
            "It is (a)/(2)<b wide.",
        ),
        ("A stray <svg> tag", "A stray <svg> tag"),
        ("<math><mi>x</mi></math> and <math><mi>y</mi></math>", "x and y"),
    ],
)
def test_drawings_in_a_line_are_not_shown_and_formulas_are_read(source: str, text: str) -> None:
    assert parse(source).text == text


def test_html_in_a_list_is_a_part_of_its_item() -> None:
    source = "1. <p>Stir.</p>\n2. <p>Pour.</p>\n\n   Wait.\n3. Eat.\n   - <div>Twice.</div>\n"
    document = parse(source)
    assert document.text == "1. Stir.\n2. Pour.\n   Wait.\n3. Eat.\n   - Twice."
    assert {block.kind for block in document.blocks} == {"list_item"}


def test_elements_of_a_program_are_blocks_where_their_tags_are_lines() -> None:
    source = (
        "<Note>\nMind the gap.\n</Note>\n<Note kind='b'>\nAnd the step.\n</Note>\n\n"
        "<Tabs>\n<Tab title='One'>\n\nBoth *doors* open.\n\n</Tab>\n</Tabs>\n"
    )
    assert parse(source).text == "Mind the gap.\n\nAnd the step.\n\nBoth doors open."
    assert parse("A <Chip>small</Chip> word").text == "A <Chip>small</Chip> word"


def test_front_matter_keeps_a_name_that_comes_twice_and_every_value() -> None:
    many = ", ".join(f"k{number}" for number in range(3000))
    document = parse(f"---\ntags: a\ntags: [b, {{c: d}}]\nkeywords: [{many}]\n---\nText.\n")
    assert "tags: a\ntags: b, c: d\nkeywords: k0, k1, " in document.text
    assert document.text.endswith("k2998, k2999")
