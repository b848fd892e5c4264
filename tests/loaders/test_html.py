"""HTML: what a reader of the page sees, its outline with anchors, its lists and tables."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from conftest import blocks, outline
from hypothesis import given
from hypothesis import strategies as st

from qa_bot.loaders.html.load import load_web_page, parse_web_page
from qa_bot.loaders.html.markup import parse_xml
from qa_bot.records import Document


def parse(source: str) -> Document:
    return parse_web_page(source, "folder/my-file_name.html")


def check(document: Document) -> None:
    """Blocks are disjoint, in order and hold all text; sections nest."""
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end <= len(document.text)
        assert not document.text[position : block.start].strip()
        quoted = document.text[block.start : block.end]
        assert quoted == quoted.strip()
        position = block.end
    assert not document.text[position:].strip()
    whole, *sections = document.sections
    assert (whole.path, whole.start, whole.end) == ((), 0, len(document.text))
    starts = {block.start for block in document.blocks}
    for section in sections:
        assert section.start in starts
        assert section.start < section.end <= len(document.text)
    for one, other in pairwise(sections):
        assert one.start <= other.start
        assert other.start >= one.end or other.end <= one.end


def test_heading_levels_make_the_outline_and_keep_their_anchors() -> None:
    document = parse(
        "<title>T</title><h1>A</h1><h2 id=b>B</h2><p>x</p><h4><a name='c'></a>C</h4>"
        "<section id=d><h2>D</h2></section><h1 id=e>E</h1>"
    )
    assert outline(document) == ["A", "A/B", "A/B/C", "A/D", "E"]
    assert [section.anchor for section in document.sections] == ["", "", "b", "c", "d", "e"]
    assert document.title == "T"


def test_an_id_further_up_is_not_an_anchor() -> None:
    document = parse("<div id=all><p>text</p><h2>A</h2></div><h2>B</h2>")
    assert [section.anchor for section in document.sections] == ["", "", ""]


@pytest.mark.parametrize(
    ("head", "title", "sections"),
    [
        ("<title>Making tea | Tea House</title><h1>Making tea</h1>", "Making tea", ["Steps"]),
        (
            "<title>Making tea | Tea House</title><h1>Tea House</h1>",
            "Making tea | Tea House",
            ["Tea House", "Tea House/Steps"],
        ),
        ("<title> \n</title><h1>Making <i>tea</i></h1>", "Making tea", ["Steps"]),
        ("<title>Making\ntea</title>", "Making tea", ["Steps"]),
        ("<svg><title>icon</title></svg>", "my file name", ["Steps"]),
    ],
)
def test_the_title_is_the_lone_first_heading_or_the_titles(
    head: str, title: str, sections: list[str]
) -> None:
    document = parse(f"{head}<p>x</p><h2>Steps</h2><p>y</p>")
    assert document.title == title
    assert outline(document) == sections


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<p>one\n two&nbsp;three</p>four<div>five</div>six",
         "one two three\n\nfour\n\nfive\n\nsix"),
        ("line<br>break<br><br>paragraph", "line\nbreak\n\nparagraph"),
        ("so<b>me</b> <i>in</i>line", "some inline"),
        ("10<sup>2</sup> H<sub>2</sub>O a<sup>th</sup> b<sup><a href=#n>[1]</a></sup>",
         "10² H2O ath b[1]"),
        ("<q>said</q>", "“said”"),
        ("sof&shy;t ﬁne", "soft fine"),
        ("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字", "漢字"),
        ("1 &lt; 2 &amp;&amp; 3", "1 < 2 && 3"),
        ("a<!-- no -->b<?no?>c", "abc"),
        ("<p>a <del>old</del> new</p>", "a new"),
        ("x<img alt='a picture' src=x.png>y", "xa picturey"),
        ("<img alt='DSC_1.JPG'>", ""),
        ("<math alttext='x^2'><mi>x</mi><mn>2</mn></math>", "x^2"),
        ("<details><summary>More</summary><p>hidden until opened</p></details>",
         "More\n\nhidden until opened"),
        ("<p>a</p></body></html><p>b</p>", "a\n\nb"),
        ("", ""),
        (" \n ", ""),
    ],
)  # fmt: skip
def test_the_text_is_what_a_reader_sees(source: str, text: str) -> None:
    assert parse(source).text == text


@pytest.mark.parametrize(
    "hidden",
    [
        "<nav><ul><li><a href=/>Home</a></ul></nav>",
        "<div role=navigation><a href=/>Home</a></div>",
        "<aside>side</aside>",
        "<script>var x = '<p>no</p>'</script>",
        "<style>p { color: red }</style>",
        "<noscript>no</noscript>",
        "<template><p>no</p></template>",
        "<p hidden>no</p>",
        "<p aria-hidden=true>no</p>",
        "<p style='color: red; DISPLAY : none'>no</p>",
        "<span class='x visually-hidden'>no</span>",
        "<button>Click</button><select><option>a</select><textarea>b</textarea>",
        "<dialog>Cookies?</dialog>",
        "<iframe src='http://a.example'>no</iframe><svg><text>no</text></svg>",
    ],
)
def test_navigation_scripts_and_hidden_parts_are_left_out(hidden: str) -> None:
    assert parse(f"<p>one</p>{hidden}<p>two</p>").text == "one\n\ntwo"


def test_what_stands_around_the_main_part_is_left_out() -> None:
    page = "<header><h1>Site</h1></header><main>{}<p>text</p></main><footer>Imprint</footer>"
    document = parse(page.format("<h1>Page</h1>"))
    assert document.text == "Page\n\ntext"
    assert document.title == "Page"
    assert parse(page.format("")).text == "Site\n\ntext\n\nImprint"


def test_lists_in_lists_without_end_do_not_blow_up_the_text() -> None:
    source = "<ul><li>x" * 600 + "<li>y" * 10_000
    assert len(parse(source).text) < 10 * len(source)


def test_notes_in_asides_are_kept() -> None:
    assert parse("<p>a</p><aside class='admonition note'>b</aside>").text == "a\n\nb"


def test_marks_that_link_a_heading_to_itself_go() -> None:
    document = parse(
        "<h2 id=a>C#<a class=headerlink href='#a'>¶</a></h2>"
        "<h2>B <a href='#b' id=b>#</a></h2><h2><button>C</button></h2>"
        "<h2>D<button>Copy</button></h2>"
    )
    assert outline(document) == ["C#", "B", "C", "D"]
    assert [section.anchor for section in document.sections[1:]] == ["a", "b", "", ""]


def test_lists_keep_their_markers_and_indents() -> None:
    document = parse(
        "<ul><li>one<ol><li>two<li><p>three</p><p>more</p></ol>after<li>four</ul>"
        "<ol type=a start=3><li>x<li value=9>y</ol><ol reversed type=I><li>z<li>w</ol>"
    )
    assert document.text == (
        "- one\n   1. two\n   2. three\n      more\n   after\n- four\nc. x\ni. y\nII. z\nI. w"
    )
    assert {block.kind for block in document.blocks} == {"list_item"}


def test_definitions_follow_their_term() -> None:
    document = parse("<dl><dt>Tea<dd>A drink.<dd>A meal.<dt>Pot<dd>Holds it.</dl>")
    assert blocks(document, "paragraph") == ["Tea", "Pot"]
    assert blocks(document, "list_item") == ["A drink.", "A meal.", "Holds it."]


def test_links_to_elsewhere_are_marked() -> None:
    document = parse(
        "<p><a href=/x>Go on</a></p><p>See also: <a href=/y>All about tea leaves</a></p>"
        "<p>Related work <a href=/z>shows</a> that tea is good.</p>"
        "<p><a href='mailto:a@b.example'>a@b.example</a></p>"
        "<ul><li><a href='#one'>One</a><li><a href=/form>Form A</a></ul>"
    )
    assert blocks(document, "link") == ["Go on", "See also: All about tea leaves", "- One"]


def test_a_table_is_rows_under_one_header_with_its_caption() -> None:
    document = parse(
        "<p>Prices:<table><caption>Table 1. Tea</caption><thead>"
        "<tr><th rowspan=2>Name<th colspan=2>Price<tr><th>low<th>high</thead>"
        "<tr><td rowspan=2>Green<td>1<td>2<tr><td>3<td>4 | <b>5</b><tr><td>Black<td><td>6</table>"
    )
    assert blocks(document, "caption") == ["Table 1. Tea"]
    assert blocks(document, "table_header") == ["Name | Price | Price", "Name | low | high"]
    assert blocks(document, "table_row") == [
        "Green | 1 | 2",
        "Green | 3 | 4 | 5",
        "Black |  | 6",
    ]


def test_a_first_row_of_words_over_numbers_is_the_header_of_a_table_without_one() -> None:
    document = parse("<table><tr><td>a<td>b<tr><td>1<td><ul><li>2<li>3</ul></table>")
    assert document.text == "a | b\n1 | - 2 - 3"
    assert blocks(document, "table_header") == ["a | b"]


@pytest.mark.parametrize(
    ("rows", "header"),
    [
        ("<tr><th>Name<td>Ann<tr><th>Age<td>30<tr><th>City<td>Rome", []),
        ("<tr><td>Name<td>Ann<tr><td>Age<td>30<tr><td>City<td>Rome", []),
        ("<tr><td>Name:<td>Ann<tr><td>City:<td>Rome", []),
        ("<tr><td>Region<td>Sales<tr><th>North<td>3<tr><th>South<td>4", ["Region | Sales"]),
        ("<tr><td>Who<td>Where<td>What<tr><td>Ann<td>Rome<td>tea", ["Who | Where | What"]),
        ("<tr><td><td>2020<td>2021<tr><td>Tea<td>3<td>4", ["| 2020 | 2021"]),
        ("<tr><td>3<td>4<td>5<tr><td>6<td>7<td>8", []),
    ],
)
def test_a_table_whose_first_column_names_the_rows_has_no_header(
    rows: str, header: list[str]
) -> None:
    assert blocks(parse(f"<table>{rows}</table>"), "table_header") == header


def test_merged_cells_shift_no_column() -> None:
    document = parse(
        "<table><tr><th>Day<th>Open<th>Close<th>Note<tr><th>Mon<td colspan=2>all day<td rowspan=3>"
        "winter<tr><th>Tue<td>8<td>5<tr><th>Wed<td>9<tr><td colspan=4>From May on:</table>"
    )
    assert blocks(document, "table_row") == [
        "Mon | all day | all day | winter",
        "Tue | 8 | 5 | winter",
        "Wed | 9 |  | winter",
        "From May on:",
    ]


def test_empty_rows_are_no_header() -> None:
    document = parse("<table><thead><tr><th><th></thead><tr><td>a<td>b<tr><td>1<td>2</table>")
    assert blocks(document) == ["a | b", "1 | 2"]


def test_a_figures_caption_stays_with_its_table() -> None:
    document = parse(
        "<figure><table><tr><th>a<th>b<tr><td>1<td>2</table><figcaption>Table 2</figcaption>"
        "</figure><figure><img alt='a chart'><figcaption>Figure 1</figcaption></figure>"
    )
    assert document.text == "Table 2\na | b\n1 | 2\n\nFigure 1"
    assert blocks(document, "caption") == ["Table 2", "Figure 1"]


@pytest.mark.parametrize(
    "source",
    [
        "<table role=presentation><tr><td>a<td>b</table>",
        "<table><tr><td>a<tr><td>b</table>",
        "<table><tr><td><p>a</p><td><table><tr><td>b</table></table>",
    ],
)
def test_tables_for_layout_are_ordinary_text(source: str) -> None:
    assert blocks(parse(source), "paragraph") == ["a", "b"]


def test_headings_in_a_table_for_layout_count() -> None:
    assert outline(parse("<table><tr><td><h2>A</h2>x<td><h2>B</h2>y</table>")) == ["A", "B"]


def test_cells_over_many_rows_cannot_blow_up_the_text() -> None:
    cells = "".join(f"<td rowspan=0>{'x' * 1000}" for _ in range(100))
    source = f"<table><tr>{cells}{'<tr><td>y' * 10_000}</table>"
    assert len(parse(source).text) < 3 * len(source)


def test_code_is_kept_as_it_stands() -> None:
    document = parse("<pre>\nif x:\n\n    <b>y</b>&nbsp;&lt;\n</pre><p>z")
    assert blocks(document, "code") == ["if x:\n\n    y <"]


def test_a_heading_that_was_never_closed_is_no_heading() -> None:
    document = parse("<h1>a<div>" + "long text " * 50 + "</div>")
    assert outline(document) == []
    assert document.text.startswith("a\nlong text")


def test_xhtml_may_close_any_element_at_once() -> None:
    document = parse(
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml">'
        '<head><title/><script src="x"/></head><body><h2 id="a">A&nbsp;b</h2><p>c</p></body></html>'
    )
    assert document.text == "A b\n\nc"
    assert document.sections[1].anchor == "a"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("<meta charset=windows-1251><p>Привет".encode("cp1251"), "Привет"),
        ("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-1'>“é”".encode(
            "cp1252"), "“é”"),
        ("<meta charset='shift_jis'><p>日本語".encode("cp932"), "日本語"),
        ('<?xml version="1.0" encoding="iso-8859-2"?><p>Łódź</p>'.encode("iso8859-2"), "Łódź"),
        ("\ufeff<meta charset=latin-1><p>é".encode(), "é"),
        ("\ufeff<p>é".encode("utf-16-le"), "é"),
        ("<meta charset=no-such><p>é".encode(), "é"),
        (b"<meta charset=unicode_escape><p>\\x41", "\\x41"),
        ("<p>“é”".encode(), "“é”"),
    ],
)  # fmt: skip
def test_the_pages_own_encoding_is_honoured(tmp_path: Path, data: bytes, text: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(data)
    document = load_web_page(path, "page.html")
    assert document.text == text
    assert document.warnings == ()


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        ("<meta charset=latin-1><p>naïve café".encode(), "is UTF-8, not cp1252"),
        ("<meta charset=utf-8><p>naïve café".encode("cp1252"), "not UTF-8: read as"),
    ],
)
def test_a_wrong_encoding_is_reported(tmp_path: Path, data: bytes, warning: str) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(data)
    document = load_web_page(path, "page.html")
    assert document.text == "naïve café"
    assert document.warnings[0].startswith(warning)


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "page.html"
    path.write_bytes(b"%PDF-1.7\n\0\0\0")
    with pytest.raises(ValueError, match="binary"):
        load_web_page(path, "page.html")


def test_nesting_without_end_is_cut_and_reported() -> None:
    document = parse("<p>a</p>" + "<div>" * 50_000 + "b")
    assert document.text == "a"
    assert document.warnings == ("nested too deep: its end is left out",)


def test_xml_never_reads_other_files_or_its_own_entities(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    source = (
        '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY x SYSTEM "'
        f'{secret.as_uri()}">]><html><body><p>a &x; b</p></body></html>'
    )
    with pytest.raises(ValueError, match="entities"):
        parse_xml(source.encode())
    with pytest.raises(ValueError, match="entities"):
        parse(source)


TAGS = "h1 h2 h3 p div ul ol li dl dt dd table thead tr td th caption pre a sup nav aside b".split()
TAGS += "figure figcaption script style title svg q math details br img template button".split()
PIECES = st.sampled_from(
    [f"<{tag}>" for tag in TAGS]
    + [f"</{tag}>" for tag in TAGS]
    + ["word", " ", "\n", "é", "&amp;", "<!--", "-->", "<", ">", '"', "\x00", "\ufeff", "<?xml"]
    + ["<td rowspan=3>", "<td colspan=2 rowspan=0>", "<p id=x>", "<a href='#x'>", "<p hidden>"]
    + ["<ol start=-5 reversed>", "<li value=7>", "</html>", "<![CDATA[", "<div/>", "<img alt=i>"]
)


@given(st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200))
def test_any_text_parses_into_blocks_in_order_and_sections_that_nest(source: str) -> None:
    try:
        document = parse(source)
    except ValueError:
        pytest.fail("no text is refused but XML with entities of its own")
    check(document)


@given(st.lists(st.text(st.sampled_from("abc XYZ<&"), min_size=1).map(str.strip), max_size=8))
def test_plain_paragraphs_come_back_as_they_are(paragraphs: list[str]) -> None:
    expected = [" ".join(paragraph.split()) for paragraph in paragraphs if paragraph]
    source = "".join(
        f"<p>{text.replace('&', '&amp;').replace('<', '&lt;')}</p>" for text in expected
    )
    assert blocks(parse(source), "paragraph") == expected


def test_bold_paragraphs_that_head_what_follows_are_headings() -> None:
    document = parse(
        "<h1>Boat shed</h1><p><b>Keys</b></p><p>At the porter's.</p>"
        "<div><strong>Opening<br></strong></div><ul><li>Monday</li></ul>"
        "<h2>Fees</h2><p> <b>Juniors</b> </p><p>Ten euros.</p>"
    )
    assert outline(document) == ["Keys", "Opening", "Fees", "Fees/Juniors"]


@pytest.mark.parametrize(
    "page",
    [
        "<p><b>Warning</b></p><p>Only one bold line.</p>",
        "<p><b>Wait.</b></p><p>x</p><p><b>Who is there?</b></p><p>y</p>",
        "<p><b>Keys</b> are here</p><p>x</p><p>The <b>shed</b></p><p>y</p>",
        "<p><b>One</b></p><p><b>Two</b></p><p><b>Three</b></p>",
        f"<p><b>{'long ' * 30}</b></p><p>x</p><p><b>{'words ' * 30}</b></p><p>y</p>",
        "<ul><li><b>One</b></li><li>x</li><li><b>Two</b></li><li>y</li></ul>",
    ],
)
def test_other_bold_text_is_text(page: str) -> None:
    assert outline(parse(page)) == []


def test_pictures_side_by_side_are_two_words() -> None:
    source = "<p><img alt='Product Site' src='a.png'><img alt='Documentation' src='b.png'></p>"
    assert parse(source).text == "Product Site Documentation"


def test_the_sign_of_a_note_is_no_column_and_is_told_once() -> None:
    source = (
        "<table><tr><td rowspan='2'><img alt='[Tip]' src='tip.png'></td><th>Tip</th></tr>"
        "<tr><td><p>Keep the <b>lid</b> on.</p></td></tr></table>"
    )
    document = parse(source)
    assert document.text == "Tip\n\nKeep the lid on."
    assert {block.kind for block in document.blocks} == {"paragraph"}
    beside_data = source.replace("<th>Tip</th>", "<td>12 kg</td><td>3 m</td>")
    assert "12 kg | 3 m" in parse(beside_data).text


def test_a_formula_reads_as_it_is_meant_and_its_source_is_not_shown() -> None:
    half = "<mfrac><mn>1</mn><mn>2</mn></mfrac>"
    power = "<msup><mi>x</mi><mn>2</mn></msup>"
    long = "<msup><mi>e</mi><mrow><mi>k</mi><mi>t</mi></mrow></msup>"
    root = "<msqrt><mi>y</mi></msqrt>"
    source = (
        f"<p>It is <math><semantics><mrow>{half}{power}<mo>+</mo>{long}<mo>+</mo>{root}</mrow>"
        "<annotation encoding='application/x-tex'>\\frac12</annotation></semantics></math> m.</p>"
    )
    assert parse(source).text == "It is (1)/(2)x²+e^(kt)+√(y) m."


def test_an_aside_is_no_content_of_a_page_unless_it_is_a_note() -> None:
    assert parse("<p>a</p><aside>b</aside>").text == "a"
    assert parse("<p>a</p><aside class='note'>b</aside>").text == "a\n\nb"


LISTED = """
<title>Mill handbook</title><div class=toc1><a href="#grain">Grain</a></div>
<div class=toc2><a href="#grain/rye">Storing rye (--dry)</a></div>
<div class=toc1><a href="#wheel">2. The wheel</a></div>
<div><a id="grain"></a><div class=head><div class=no>1</div><div class=title>Grain</div></div>
<div class=text>It is weighed.</div>
<div><a id="grain/rye"></a><div class=head><div class=no>1.1</div>
<div class=title>Storing rye (<span>--dry</span>)</div></div>
<div class=text>In the loft.</div></div></div>
<div><p id="wheel"><span>The wheel</span></p><div>See <a href="#grain">there</a>.</div></div>
"""


def test_headings_that_only_the_list_of_contents_tells_are_headings() -> None:
    document = parse(LISTED)
    assert outline(document) == ["1 Grain", "1 Grain/1.1 Storing rye (--dry)", "The wheel"]
    assert [one.anchor for one in document.sections[1:]] == ["grain", "grain/rye", "wheel"]
    assert document.title == "Mill handbook"


@pytest.mark.parametrize(
    "page",
    [
        LISTED.replace("<p id", "<h1>Mill</h1><h2>Wheels</h2><p id"),
        "".join(f'<p>Text<a href="#n{i}">note {i}</a></p>' for i in range(4))
        + "".join(f'<p id="n{i}"><a href="#t{i}">note {i}</a> What it says.</p>' for i in range(4)),
        "".join(f'<p>See <a href="#n{i}">note {i}</a>.</p>' for i in range(4))
        + "".join(f'<p>A <b id="n{i}">note {i}</b> is long.</p>' for i in range(4)),
        "".join(f'<p>See <a href="#n{i}">note {i}</a>.</p>' for i in range(4))
        + "".join(f'<dl><dt id="n{i}"><p>note {i}</p></dt><dd>x</dd></dl>' for i in range(4)),
        "".join(f'<div id="r{i}"><a href="#n{i}">note {i}</a></div>' for i in range(4))
        + "".join(f'<div id="n{i}"><a href="#r{i}">note {i}</a></div>' for i in range(4)),
        '<a href="#a">Tea</a><a href="#b">Rice</a><p id=a>Tea</p><p>x</p><p id=b>Rice</p><p>y</p>',
    ],
)
def test_where_the_markup_has_headings_or_links_name_none_they_tell_none(page: str) -> None:
    assert "Grain" not in "".join(outline(parse(page)))
    assert "Tea" not in "".join(outline(parse(page)))
    assert not any("note" in one for one in outline(parse(page)))
