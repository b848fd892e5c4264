"""Word: what the last revision reads, with its outline, lists, tables and notes."""

from __future__ import annotations

import re
import zipfile
from itertools import pairwise
from pathlib import Path

import docx
import docx.shared
import pytest
from conftest import blocks, outline
from docx.document import Document as WordFile
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import qn
from docx.text.paragraph import Paragraph
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qa_bot.loaders.word.load import load_word
from qa_bot.records import Document

NAMESPACES = (
    'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


@pytest.fixture
def word() -> WordFile:
    """A new Word file, as python-docx makes it."""
    return docx.Document()


def read(word: WordFile, tmp_path: Path) -> Document:
    word.save(str(tmp_path / "x.docx"))
    return load_word(tmp_path / "x.docx", "folder/my-file_name.docx")


def raw(tmp_path: Path, body: str, relations: str = "", **parts: str) -> Document:
    """Read a document of this body and of parts such as ``footnotes="<w:footnotes>…"``."""
    path = tmp_path / "raw.docx"
    links = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{name}" Target="{name}.xml"/>' for name in parts
    )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "_rels/.rels",
            f'<Relationships><Relationship Id="a" Type="{OFFICE}/officeDocument" '
            'Target="/word/document.xml"/></Relationships>',
        )
        file.writestr(
            "word/_rels/document.xml.rels", f"<Relationships>{links}{relations}</Relationships>"
        )
        file.writestr(
            "word/document.xml",
            f"<w:document {NAMESPACES}><w:body>{body}</w:body></w:document>",
        )
        for name, part in parts.items():
            named = re.sub(r"<(w:\w+)>", rf"<\1 {NAMESPACES}>", part, count=1)
            file.writestr(f"word/{name}.xml", named)
    return load_word(path, "raw.docx")


def run(text: str, properties: str = "") -> str:
    inner = f"<w:rPr>{properties}</w:rPr>" if properties else ""
    return f'<w:r>{inner}<w:t xml:space="preserve">{text}</w:t></w:r>'


def insert(paragraph: Paragraph, xml: str) -> None:
    paragraph._p.append(parse_xml(xml.replace(">", f" {NAMESPACES}>", 1)))


def test_heading_styles_make_the_outline(word: WordFile, tmp_path: Path) -> None:
    for level, text in [(1, "A"), (2, "B"), (4, "C"), (2, "D"), (1, "E")]:
        word.add_heading(text, level)
        word.add_paragraph(f"text of {text}")
    document = read(word, tmp_path)
    assert outline(document) == ["A", "A/B", "A/B/C", "A/D", "E"]
    assert document.title == "my file name"
    assert document.text.startswith("A\n\ntext of A\n\nB\n\n")


def test_headings_are_known_in_any_language(word: WordFile, tmp_path: Path) -> None:
    """By the style's built-in name, its outline level or what it is based on."""
    built_in = word.styles.add_style("Kop 1", WD_STYLE_TYPE.PARAGRAPH)
    built_in.element.find(qn("w:name")).set(qn("w:val"), "heading 3")
    outlined = word.styles.add_style("Überschrift", WD_STYLE_TYPE.PARAGRAPH)
    level = OxmlElement("w:outlineLvl")
    level.set(qn("w:val"), "0")
    outlined.element.get_or_add_pPr().append(level)
    based = word.styles.add_style("Clause", WD_STYLE_TYPE.PARAGRAPH)
    based.base_style = word.styles["Heading 2"]
    word.add_paragraph("Eins", outlined)
    word.add_paragraph("Zwei", based)
    word.add_paragraph("Drei").style = built_in
    word.add_paragraph("Text")
    word.add_paragraph("Vier", outlined)
    assert outline(read(word, tmp_path)) == ["Eins", "Eins/Zwei", "Eins/Zwei/Drei", "Vier"]


@pytest.mark.parametrize(
    ("core", "styled", "title", "sections"),
    [
        ("", "Tea", "Tea", ["One"]),
        ("Word Document", "Tea", "Tea", ["One"]),
        ("Microsoft Word - x.doc", "", "One", []),
        ("On Tea", "Tea", "On Tea", ["One"]),
        ("On Tea", "", "On Tea", ["One"]),
        ("ONE", "", "One", []),
    ],
)
def test_the_title_is_the_files_or_the_documents_own(
    word: WordFile, tmp_path: Path, core: str, styled: str, title: str, sections: list[str]
) -> None:
    word.core_properties.title = core
    if styled:
        word.add_heading(styled, 0)
    word.add_heading("One", 1)
    word.add_paragraph("text")
    document = read(word, tmp_path)
    assert document.title == title
    assert outline(document) == sections
    assert blocks(document, "heading") == [text for text in (styled, "One") if text]


def test_lists_have_their_markers(word: WordFile, tmp_path: Path) -> None:
    word.add_paragraph("Lead-in:")
    for text in ("one", "two"):
        word.add_paragraph(text, "List Number")
    word.add_paragraph("bullet", "List Bullet")
    document = read(word, tmp_path)
    assert document.text == "Lead-in:\n\n1. one\n2. two\n- bullet"
    assert len(blocks(document, "list_item")) == 3


def numbered(text: str, level: int, list_number: int = 1, more: str = "") -> str:
    return (
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{list_number}"/></w:numPr>'
        f"{more}</w:pPr>{run(text)}</w:p>"
    )


NUMBERING = (
    '<w:numbering><w:abstractNum w:abstractNumId="0">'
    '<w:lvl w:ilvl="0"><w:start w:val="1"/><w:numFmt w:val="upperRoman"/>'
    '<w:lvlText w:val="%1."/></w:lvl>'
    '<w:lvl w:ilvl="1"><w:start w:val="4"/><w:numFmt w:val="decimal"/><w:isLgl/>'
    '<w:lvlText w:val="%1.%2"/></w:lvl>'
    '<w:lvl w:ilvl="2"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%3)"/></w:lvl>'
    '<w:lvl w:ilvl="3"><w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0b7"/></w:lvl>'
    '</w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>'
    '<w:num w:numId="2"><w:abstractNumId w:val="0"/><w:lvlOverride w:ilvl="0">'
    '<w:startOverride w:val="7"/></w:lvlOverride></w:num></w:numbering>'
)


def test_numbers_are_counted_as_word_counts_them(tmp_path: Path) -> None:
    levels = [0, 1, 1, 2, 2, 3, 0, 1]
    body = "".join(numbered("x", level) for level in levels)
    body += numbered("y", 0, 2) + numbered("y", 0, 2) + numbered("z", 0, 0)
    document = raw(tmp_path, body, numbering=NUMBERING)
    assert document.text == (
        "I. x\n   1.4 x\n   1.5 x\n      (a) x\n      (b) x\n         - x\nII. x\n   2.4 x\n"
        "VII. y\nVIII. y\n\nz"
    )


def test_headings_have_their_numbers(tmp_path: Path) -> None:
    heading = '<w:outlineLvl w:val="{}"/>'
    body = (
        numbered("Scope", 0, more=heading.format(0))
        + numbered("Terms", 1, more=heading.format(1))
        + f"<w:p>{run('text')}</w:p>"
        + numbered("Rights", 0, more=heading.format(0))
    )
    document = raw(tmp_path, body, numbering=NUMBERING)
    assert outline(document) == ["I. Scope", "I. Scope/1.4 Terms", "II. Rights"]


def test_long_numbered_clauses_are_paragraphs(tmp_path: Path) -> None:
    body = numbered("The tenant pays. " * 30, 0) + numbered("Short.", 0)
    document = raw(tmp_path, body, numbering=NUMBERING)
    assert blocks(document, "paragraph")[0].startswith("I. The tenant pays. The")
    assert blocks(document, "list_item") == ["II. Short."]


def test_clauses_in_the_style_of_a_heading_are_text(tmp_path: Path) -> None:
    second = '<w:outlineLvl w:val="1"/>'
    clause = "The supplier shall deliver the goods within thirty days of each order."
    body = (
        numbered("Delivery", 0, more='<w:outlineLvl w:val="0"/>')
        + numbered(clause, 1, more=second)
        + numbered("Late goods and what may be done about them by the buyer", 1, more=second)
        + numbered("Payment", 0, more='<w:outlineLvl w:val="0"/>')
    )
    document = raw(tmp_path, body, numbering=NUMBERING)
    assert blocks(document, "list_item") == [f"1.4 {clause}"]
    assert outline(document) == [
        "I. Delivery",
        "I. Delivery/1.5 Late goods and what may be done about them by the buyer",
        "II. Payment",
    ]


def test_tables_stay_in_place_under_their_caption(word: WordFile, tmp_path: Path) -> None:
    word.add_paragraph("before")
    word.add_paragraph("Table 1: Tea", "Caption")
    table = word.add_table(3, 3)
    for row, texts in enumerate([("Name", "Low", "High"), ("Green", "1", "2"), ("", "3", "")]):
        for column, text in enumerate(texts):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    table.cell(2, 1).add_paragraph("and 4")
    word.add_paragraph("Figure 1: A pot", "Caption")
    word.add_paragraph("after")
    document = read(word, tmp_path)
    assert blocks(document) == [
        "before",
        "Table 1: Tea",
        "Name | Low | High",
        "Green | 1 | 2",
        "Green | 3 and 4 |",
        "Figure 1: A pot",
        "after",
    ]
    assert blocks(document, "caption") == ["Table 1: Tea", "Figure 1: A pot"]
    assert "Table 1: Tea\nName | Low | High\nGreen" in document.text
    assert "| \n\nFigure 1: A pot\n\nafter" in document.text


def test_a_caption_below_its_table_is_put_under_it(word: WordFile, tmp_path: Path) -> None:
    for number in (1, 2):
        table = word.add_table(2, 3)
        for place, text in enumerate(["Tea", "Low", "High", "Green", "1", "2"]):
            table.cell(place // 3, place % 3).text = text
        word.add_paragraph(f"Table {number}: Tea", "Caption")
    word.add_paragraph("after")
    one, two, _ = read(word, tmp_path).text.split("\n\n")
    assert one == "Tea | Low | High\nGreen | 1 | 2\nTable 1: Tea"
    assert two == one.replace("Table 1", "Table 2")


def test_merged_and_missing_cells_shift_no_column(word: WordFile, tmp_path: Path) -> None:
    table = word.add_table(2, 4)
    for column, text in enumerate(["Day", "Open", "Close", "Note"]):
        table.cell(0, column).text = text
    table.cell(1, 0).text = "Mon"
    table.cell(1, 1).merge(table.cell(1, 2)).text = "all day"
    table.cell(1, 3).text = "winter"
    assert blocks(read(word, tmp_path), "table_row") == ["Mon | all day | all day | winter"]


@pytest.mark.parametrize(
    ("style", "rows", "header"),
    [
        ("Table Grid", ["Name|Ann", "City|Rome", "Age|30"], 0),
        ("Table Grid", ["Name|Ann", "City|Rome"], 0),
        ("Light Grid Accent 1", ["Term|Meaning", "GDP|gross domestic product"], 1),
        ("Table Grid", ["Who|Where|What", "Ann|Rome|tea"], 1),
        ("Table Grid", ["Tea|3", "Milk|4"], 0),
        ("Table Grid", ["Drink|Price", "Milk|4"], 1),
    ],
)
def test_the_first_row_is_the_header_where_it_looks_or_reads_like_one(
    word: WordFile, tmp_path: Path, style: str, rows: list[str], header: int
) -> None:
    table = word.add_table(len(rows), rows[0].count("|") + 1, style)
    for row, line in enumerate(rows):
        for column, text in enumerate(line.split("|")):
            table.cell(row, column).text = text
    assert len(blocks(read(word, tmp_path), "table_header")) == header


def test_a_bold_first_row_is_the_header(word: WordFile, tmp_path: Path) -> None:
    table = word.add_table(2, 2)
    for place, text in enumerate(["Term", "Meaning", "GDP", "gross domestic product"]):
        cell = table.cell(place // 2, place % 2)
        cell.paragraphs[0].add_run(text).bold = place < 2
    assert blocks(read(word, tmp_path), "table_header") == ["Term | Meaning"]


def test_repeated_header_rows_are_one_header(word: WordFile, tmp_path: Path) -> None:
    table = word.add_table(3, 2)
    for row in range(3):
        for column in range(2):
            table.cell(row, column).text = f"{row}{column}"
    for row in table.rows[:2]:
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document = read(word, tmp_path)
    assert document.text == "00 | 01\n10 | 11\n20 | 21"
    assert blocks(document, "table_header") == ["00 | 01", "10 | 11"]


def test_tables_for_layout_are_ordinary_text(word: WordFile, tmp_path: Path) -> None:
    word.add_table(1, 1).cell(0, 0).text = "boxed"
    table = word.add_table(1, 2)
    table.cell(0, 0).add_paragraph("Skills", "Heading 2")
    table.cell(0, 1).add_paragraph("Tea", "List Bullet")
    document = read(word, tmp_path)
    assert document.text == "boxed\n\nSkills\n\n- Tea"
    assert document.title == "my file name"
    assert outline(document) == ["Skills"]


def test_the_last_revision_is_read(word: WordFile, tmp_path: Path) -> None:
    paragraph = word.add_paragraph("Rent is ")
    insert(paragraph, f'<w:ins w:id="1">{run("900 ")}</w:ins>')
    insert(paragraph, '<w:del w:id="2"><w:r><w:delText>800 </w:delText></w:r></w:del>')
    insert(paragraph, f'<w:moveFrom w:id="3">{run("never")}</w:moveFrom>')
    paragraph.add_run("euros").add_break()
    paragraph.add_run("a month.")
    assert read(word, tmp_path).text == "Rent is 900 euros\na month."


def test_a_deleted_paragraph_end_joins_two_paragraphs(tmp_path: Path) -> None:
    body = (
        f"<w:p><w:pPr><w:rPr><w:del/></w:rPr></w:pPr>{run('One ')}</w:p><w:p>{run('two.')}</w:p>"
        f"<w:tbl><w:tr><w:trPr><w:del/></w:trPr><w:tc><w:p>{run('no')}</w:p></w:tc>"
        f"<w:tc><w:p>{run('no')}</w:p></w:tc></w:tr></w:tbl>"
    )
    assert raw(tmp_path, body).text == "One two."


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        (run("a") + run("hidden", "<w:vanish/>") + run("b", '<w:vanish w:val="0"/>'), "ab"),
        (run("10") + run("2", '<w:vertAlign w:val="superscript"/>'), "10²"),
        ("<w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:noBreakHyphen/><w:t>c</w:t></w:r>", "a b-c"),
        ('<w:r><w:sym w:font="Symbol" w:char="F0B0"/><w:t>C</w:t></w:r>', "°C"),
        ('<w:r><w:sym w:font="Strange" w:char="F041"/><w:t>C</w:t></w:r>', "C"),
        (f"<w:hyperlink>{run('link')}</w:hyperlink><w:sdt><w:sdtPr/><w:sdtContent>{run(' box')}"
         "</w:sdtContent></w:sdt>", "link box"),
        ('<w:r><w:fldChar w:fldCharType="begin"/><w:instrText>PAGE</w:instrText>'
         '<w:fldChar w:fldCharType="separate"/><w:t>7</w:t></w:r>', "7"),
        ("<m:oMath><m:f><m:num><m:r><m:t>1</m:t></m:r></m:num><m:den><m:r><m:t>x</m:t></m:r>"
         "</m:den></m:f><m:sSup><m:e><m:r><m:t>y</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r>"
         "</m:sup></m:sSup></m:oMath>", "(1)/(x)y²"),
        (f"{run('a')}<mc:AlternateContent><mc:Choice>{run('new')}</mc:Choice><mc:Fallback>"
         f"{run('old')}</mc:Fallback></mc:AlternateContent><!-- x --><?y?>", "anew"),
    ],
)  # fmt: skip
def test_the_text_is_what_a_reader_sees(tmp_path: Path, inside: str, text: str) -> None:
    assert raw(tmp_path, f"<w:p>{inside}</w:p>").text == text


def test_text_boxes_follow_their_paragraph_once(tmp_path: Path) -> None:
    box = f"<w:txbxContent><w:p>{run('boxed')}</w:p></w:txbxContent>"
    body = (
        f"<w:p>{run('text')}<w:r><mc:AlternateContent><mc:Choice><w:drawing>{box}</w:drawing>"
        f"</mc:Choice><mc:Fallback><w:pict>{box}</w:pict></mc:Fallback></mc:AlternateContent>"
        f"</w:r></w:p>"
    )
    assert raw(tmp_path, body).text == "text\n\nboxed"


def test_notes_stand_at_the_end_of_their_section(tmp_path: Path) -> None:
    body = (
        f'<w:p>{run("One")}<w:r><w:footnoteReference w:id="2"/></w:r>{run(" two")}'
        '<w:r><w:endnoteReference w:id="1"/></w:r></w:p>'
        f'<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr>{run("Next")}</w:p><w:p>{run("text")}</w:p>'
        f'<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr>{run("Last")}</w:p>'
    )
    document = raw(
        tmp_path,
        body,
        footnotes='<w:footnotes><w:footnote w:type="separator" w:id="0"><w:p/></w:footnote>'
        f'<w:footnote w:id="2"><w:p>{run(" A note.")}</w:p></w:footnote></w:footnotes>',
        endnotes=f'<w:endnotes><w:endnote w:id="1"><w:p>{run("The end.")}</w:p></w:endnote>'
        "</w:endnotes>",
    )
    assert document.text == "One¹ two[i]\n\n¹ A note.\n\nNext\n\ntext\n\nLast\n\n[i] The end."


def test_a_table_of_contents_is_never_quoted(tmp_path: Path) -> None:
    entry = f"<w:p>{run('Scope 3')}</w:p>"
    body = (
        '<w:sdt><w:sdtPr><w:docPartObj><w:docPartGallery w:val="Table of Contents"/>'
        f"</w:docPartObj></w:sdtPr><w:sdtContent>{entry}</w:sdtContent></w:sdt>"
        f'<w:p><w:pPr><w:pStyle w:val="Verz1"/></w:pPr>{run("Terms 4")}</w:p><w:p>{run("x")}</w:p>'
    )
    styles = (
        '<w:styles><w:style w:type="paragraph" w:styleId="Verz1"><w:name w:val="toc 1"/>'
        '<w:basedOn w:val="Verz1"/></w:style></w:styles>'
    )
    assert blocks(raw(tmp_path, body, styles=styles), "link") == ["Scope 3", "Terms 4"]


def test_embedded_files_and_dangling_relations_do_no_harm(tmp_path: Path) -> None:
    document = raw(
        tmp_path,
        f"<w:p>{run('a')}</w:p><w:altChunk/><w:altChunk/>",
        f'<Relationship Id="x" Type="{OFFICE}/image" Target="NULL"/>'
        f'<Relationship Id="y" Type="{OFFICE}/styles" Target="http://a.example/s.xml" '
        'TargetMode="External"/>',
    )
    assert document.text == "a"
    assert document.warnings == ("a file embedded in its text is left out",)


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.docx"
    path.write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + b"\0" * 100)
    with pytest.raises(ValueError, match="password"):
        load_word(path, "x.docx")
    path.write_bytes(b"%PDF-1.7")
    with pytest.raises(ValueError, match="not a zip file"):
        load_word(path, "x.docx")
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("a.txt", "a")
    with pytest.raises(ValueError, match="not a Word document"):
        load_word(path, "x.docx")


def test_decompression_bombs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="too tightly"):
        raw(tmp_path, f"<w:p>{run('a' * 2_000_000)}</w:p>")


def test_xml_that_is_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not well-formed"):
        raw(tmp_path, "<w:p>")


def test_a_damaged_part_costs_only_what_it_says(tmp_path: Path) -> None:
    entities = '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    document = raw(
        tmp_path,
        f"<w:p>{run('a')}</w:p>",
        styles=f"{entities}<w:styles>&x;</w:styles>",
        numbering="<w:numbering>",
    )
    assert document.text == "a"
    assert document.warnings == (
        "declares XML entities: refused",
        "damaged: word/numbering.xml is not well-formed",
    )


ELEMENTS = (
    "body p r t tbl tr tc sdt sdtContent ins del pPr rPr numPr hyperlink drawing txbxContent br "
    "outlineLvl footnoteReference vanish vMerge sym"
).split()


def trees(depth: int) -> st.SearchStrategy[str]:
    """XML of Word's elements, nested in any way."""
    leaf = st.sampled_from(["word", " ", "é", '<w:ilvl w:val="x"/>', '<w:outlineLvl w:val="1"/>'])
    if not depth:
        return leaf
    return st.builds(
        lambda tag, parts: f'<w:{tag} w:val="1">{"".join(parts)}</w:{tag}>',
        st.sampled_from(ELEMENTS),
        st.lists(leaf | trees(depth - 1), max_size=4),
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(trees(5), max_size=5).map("".join))
def test_any_tree_reads_into_blocks_in_order_and_sections_that_nest(
    tmp_path: Path, body: str
) -> None:
    document = raw(tmp_path, body, numbering=NUMBERING)
    position = 0
    for block in document.blocks:
        assert position <= block.start < block.end <= len(document.text)
        assert not document.text[position : block.start].strip()
        position = block.end
    assert not document.text[position:].strip()
    for one, other in pairwise(document.sections):
        assert one.start <= other.start
        assert other.start >= one.end or other.end <= one.end


def test_a_drop_cap_is_the_first_letter_of_its_paragraph(tmp_path: Path) -> None:
    for kind in ("drop", "margin"):
        framed = f'<w:pPr><w:framePr w:dropCap="{kind}" w:lines="2"/></w:pPr>{run("T")}'
        body = f"<w:p>{framed}</w:p><w:p>{run('he mill ground rye.')}</w:p>"
        assert raw(tmp_path, body).text == "The mill ground rye."
    other = f'<w:pPr><w:framePr w:dropCap="none"/></w:pPr>{run("A framed line.")}'
    assert raw(tmp_path, f"<w:p>{other}</w:p><w:p>{run('B.')}</w:p>").text == "A framed line.\n\nB."


def test_headers_and_footers_are_read_once_and_page_numbers_are_not(
    word: WordFile, tmp_path: Path
) -> None:
    word.add_heading("Lease", 1)
    word.add_paragraph("The rent is due in May.")
    section = word.sections[0]
    section.different_first_page_header_footer = True
    for header in (section.header, section.first_page_header):
        header.paragraphs[0].text = "File 7-B"
    section.first_page_header.add_paragraph("Lease")  # as the heading says
    section.first_page_header.add_paragraph("THE RENT IS DUE IN MAY.")  # as the text says
    section.footer.paragraphs[0].text = "Page 1 of 3"
    table = section.footer.add_table(1, 2, docx.shared.Cm(10))
    for cell, text in zip(table.rows[0].cells, ("Printed in Ems", "3 May 2021"), strict=True):
        cell.text = text
    document = read(word, tmp_path)
    assert outline(document) == ["Header", "Footer"]
    assert document.title == "Lease"
    assert document.text == (
        "Lease\n\nThe rent is due in May.\n\nHeader\n\nFile 7-B\n\n"
        "Footer\n\nPrinted in Ems | 3 May 2021"
    )


def test_comments_are_read_with_who_made_them(tmp_path: Path) -> None:
    comments = (
        f'<w:comments><w:comment w:author="Ida Rooke"><w:p>{run("Ask the ferryman.")}</w:p>'
        "</w:comment>"
        f"<w:comment><w:p>{run('Done.')}</w:p></w:comment>"
        f"<w:comment><w:p>{run('Done.')}</w:p></w:comment></w:comments>"
    )
    document = raw(tmp_path, f"<w:p>{run('The boat leaks.')}</w:p>", comments=comments)
    assert outline(document) == ["Comments"]
    assert (
        document.text
        == "The boat leaks.\n\nComments\n\nIda Rooke: Ask the ferryman.\n\nDone.\n\nDone."
    )


def bold(word: WordFile, text: str) -> None:
    word.add_paragraph().add_run(text).bold = True


def test_bold_paragraphs_that_head_what_follows_are_headings(
    word: WordFile, tmp_path: Path
) -> None:
    word.add_heading("Rules", 1)
    for name, text in (("Boats", "Bail them out."), ("Oars", "Count them.")):
        bold(word, name)
        word.add_paragraph(text)
    style = word.styles.add_style("Strong line", WD_STYLE_TYPE.PARAGRAPH)
    style.font.bold = True
    word.add_paragraph("Sails", "Strong line")
    word.add_paragraph("Dry them.")
    document = read(word, tmp_path)
    assert document.title == "Rules"
    assert outline(document) == ["Boats", "Oars", "Sails"]


def test_bold_text_that_heads_nothing_is_text(word: WordFile, tmp_path: Path) -> None:
    bold(word, "Bail the boats out at once.")
    word.add_paragraph("They sink.")
    mixed = word.add_paragraph()
    mixed.add_run("Oars").bold = True
    mixed.add_run(" are counted")
    word.add_paragraph("Twice.")
    bold(word, "One alone")
    word.add_paragraph("And its text.")
    bold(word, "Nothing follows this")
    assert outline(read(word, tmp_path)) == []


def test_the_number_of_the_page_goes_from_a_longer_line_and_other_numbers_stay(
    tmp_path: Path,
) -> None:
    def field(instruction: str, shown: str) -> str:
        marks = ("begin", "separate", "end")
        begin, separate, end = (f'<w:r><w:fldChar w:fldCharType="{one}"/></w:r>' for one in marks)
        code = f"<w:r><w:instrText> {instruction} </w:instrText></w:r>"
        return f"{begin}{code}{separate}{run(shown)}{end}"

    simple = f'<w:fldSimple w:instr=" NUMPAGES ">{run("7")}</w:fldSimple>'
    lines = (
        f"{run('Ems Water Board – Page ')}{field('PAGE', '3')}{run(' of ')}{simple}",
        f"{run('Page ')}{field('PAGE', '3')}",
        f"{run('Form 12, ')}{field('SAVEDATE', '4 May 2021')}",
        run("Room 9"),
    )
    footer = "".join(f"<w:p>{line}</w:p>" for line in lines)
    document = raw(tmp_path, f"<w:p>{run('Body')}</w:p>", footer=f"<w:ftr>{footer}</w:ftr>")
    assert document.text == ("Body\n\nFooter\n\nEms Water Board\n\nForm 12, 4 May 2021\n\nRoom 9")


def test_a_drop_cap_stays_out_of_the_table_that_follows(tmp_path: Path) -> None:
    cap = f'<w:p><w:pPr><w:framePr w:dropCap="drop"/></w:pPr>{run("G")}</w:p>'
    cells = "".join(f"<w:tc><w:p>{run(text)}</w:p></w:tc>" for text in ("kg", "price"))
    table = f"<w:tbl><w:tr>{cells}</w:tr><w:tr>{cells.replace('kg', '5')}</w:tr></w:tbl>"
    assert raw(tmp_path, cap + table).text == "G\n\nkg | price\n5 | price"
    in_cell = table.replace("</w:p></w:tc>", f"</w:p>{cap}</w:tc>", 1)
    assert raw(tmp_path, in_cell).text == "kg G | price\n5 | price"


def test_letters_in_the_font_of_symbols_are_those_that_are_seen(tmp_path: Path) -> None:
    symbols = '<w:rFonts w:ascii="Symbol" w:hAnsi="Symbol"/>'
    runs = run("25 ") + run("m", symbols) + run("g, ") + run("&#xF0B1;", symbols) + run("2")
    assert raw(tmp_path, f"<w:p>{runs}</w:p>").text == "25 μg, ±2"


def test_a_table_in_a_note_a_comment_or_a_box_is_not_lost(tmp_path: Path) -> None:
    def grid(*rows: tuple[str, ...]) -> str:
        cells = ("".join(f"<w:tc><w:p>{run(text)}</w:p></w:tc>" for text in row) for row in rows)
        return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in cells)}</w:tbl>"

    box = f"<w:txbxContent>{grid(('Crew', '4'))}<w:p/></w:txbxContent>"
    note = f"<w:p>{run('Rates:')}</w:p>{grid(('2020', '3 %'), ('2021', '4 %'))}"
    comment = f"<w:p>{run('See')}</w:p>{grid(('x', '7'))}"
    document = raw(
        tmp_path,
        f'<w:p>{run("Body")}<w:r><w:footnoteReference w:id="1"/></w:r></w:p>'
        f"<w:p>{run('Next')}<w:r><w:pict>{box}</w:pict></w:r></w:p>",
        footnotes=f'<w:footnotes><w:footnote w:id="1">{note}</w:footnote></w:footnotes>',
        comments=f'<w:comments><w:comment w:author="Ann">{comment}</w:comment></w:comments>',
    )
    assert "¹ Rates: 2020 | 3 %; 2021 | 4 %" in document.text
    assert document.text.endswith("Comments\n\nAnn: See x | 7")
    assert "Crew | 4" in document.text
