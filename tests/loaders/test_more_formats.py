"""OpenDocument, RTF, notebooks, subtitles, data, marked-up text and code: what is read of each."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.upkeep.invariants import broken
from benchmarks.upkeep.specimens import generated
from benchmarks.upkeep.zipping import zipped
from qa_bot.building.passages import split_document
from qa_bot.errors import UnreadableDocumentError
from qa_bot.loaders import load_document
from qa_bot.records import Citation, Document

SPECIMENS = generated()
NAMES = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"'
)


def read(folder: Path, source: str | bytes, name: str) -> Document:
    (folder / name).write_bytes(source.encode() if isinstance(source, str) else source)
    document = load_document(folder / name, name)
    passages = split_document(document, lambda texts: [len(one.split()) for one in texts], 30)
    assert list(broken(document, passages)) == []
    return document


def paths(document: Document) -> list[tuple[str, ...]]:
    return [one.path for one in document.sections[1:]]


def odt(body: str, styles: str = "") -> bytes:
    content = f"<office:document-content {NAMES}><office:automatic-styles>{styles}"
    content += f"</office:automatic-styles><office:body><office:text>{body}</office:text>"
    return zipped({"content.xml": f"{content}</office:body></office:document-content>".encode()})


def test_an_open_document_text_is_read_with_its_notes_and_lists(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.odt"], "herons.odt")
    assert document.title == "Herons"
    assert paths(document) == [("Food",)]
    assert document.text == (
        "Herons\n\nThey wait for fish.¹\n\n¹ At dawn.\n\nFood\n\n- fish\n   - small ones\n\n"
        "Year | Nests | Young\n2021 | 14 | 31\n2022 | 17 | 40\n2023 | 9 |\n\nThe end."
    ).replace("9 |\n", "9 | \n")


def test_numbered_lists_count_on_and_comments_stand_apart(tmp_path: Path) -> None:
    styles = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" '
        'style:num-format="1" style:num-suffix="."/></text:list-style>'
    )
    item = "<text:list-item><text:p>{}</text:p></text:list-item>"
    on = ' text:continue-numbering="true"'
    lists = [
        f'<text:list text:style-name="L"{more}>{item.format(name)}</text:list>'
        for name, more in (("one", ""), ("two", on))
    ]
    comment = (
        "<office:annotation><dc:creator>Ann</dc:creator><text:p>Sure?</text:p></office:annotation>"
    )
    document = read(
        tmp_path, odt(f"{lists[0]}<text:p>And{comment}</text:p>{lists[1]}", styles), "a.odt"
    )
    assert "1. one\n\nAnd\n\n2. two\n\nComments\n\nAnn: Sure?" in document.text


def test_rich_text_is_read_with_its_styles_notes_and_tables(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.rtf"], "herons.rtf")
    assert document.title == "Herons"
    assert "They wait – for € fish².¹" in document.text
    assert "- fish\n\nYear | Nests\n2021 | 14\n\nthe lake\n\n¹ At dawn." in document.text
    assert "hidden" not in document.text
    assert "HYPERLINK" not in document.text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        (r"{\rtf1\ansi\ansicpg1251 \'cf\'f0\'e8}", "При"),
        (r"{\rtf1\ansi{\fonttbl{\f1\fcharset128 X;}}\f1 \'83\'4a}", "カ"),
        (r"{\rtf1\uc1 \u-10179?\u-9206? x}", "🐊 x"),
        (r"{\rtf1 a{\v unseen} b}", "a b"),
        (r"{\rtf1 a\~b\_c\-d}", "a b‑cd"),
    ],
)
def test_letters_of_rich_text(tmp_path: Path, source: str, text: str) -> None:
    assert read(tmp_path, source, "a.rtf").text == text


def test_a_notebook_is_read_in_order_and_nothing_of_it_runs(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.ipynb"], "herons.ipynb")
    assert document.title == "Nests"
    assert document.text == "Nests\n\nThey wait.\n\nnests()\n\n14\n\nYear | Nests\n2021 | 14"
    assert [block.kind for block in document.blocks][2:4] == ["code", "code"]


def test_a_notebook_of_version_3_is_read(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "heading", "level": 2, "source": ["Food"]},
        {"cell_type": "code", "input": ["a = 1"], "outputs": [
            {"output_type": "pyerr", "ename": "NameError", "evalue": "no \x1b[31mb"}]},
    ]  # fmt: skip
    document = read(tmp_path, json.dumps({"worksheets": [{"cells": cells}]}), "a.ipynb")
    assert document.text == "Food\n\na = 1\n\nNameError\nno b"


def test_subtitles_name_their_times(tmp_path: Path) -> None:
    source = (
        "1\n00:00:01,000 --> 00:00:04,000\n<i>We waited</i>\n\n2\n00:00:04,100 --> 00:00:06,000\n"
        "for fish.\n\n3\n01:00:00,000 --> 01:00:02,000\n{\\an8}Then it rained.\n"
    )
    document = read(tmp_path, source, "talk.srt")
    assert document.text == "We waited\nfor fish.\n\nThen it rained."
    assert [one.page.label for one in document.pages] == [
        "0:01–0:04",
        "0:04–0:06",
        "1:00:00–1:00:02",
    ]
    passages = split_document(document, lambda texts: [len(one.split()) for one in texts], 60)
    assert str(Citation.of(passages[0], "0")) == "talk, 0:01–1:00:02"
    assert str(Citation.of(passages[0], "0", marked=[(10, 19)])) == "talk, 0:04–0:06"


def test_web_subtitles_name_who_speaks_and_captions_that_roll_are_told_once(tmp_path: Path) -> None:
    source = (
        "WEBVTT\n\nNOTE unseen\n\n00:01.000 --> 00:02.000\n<v Ann>Look &amp; wait.\n\n"
        "00:02.000 --> 00:03.000\nAnn: Look &amp; wait.\nA heron!\n"
    )
    assert read(tmp_path, source, "a.vtt").text == "Ann: Look & wait.\nA heron!"


ORDERS = {
    "title": "Orders",
    "shop": "Otter",
    "tags": ["old", "new"],
    "orders": [
        {"id": 1, "customer": {"name": "Ann", "town": "Rome"}, "total": 1.50},
        {"id": 2, "customer": {"name": "Bob", "town": "Oslo"}, "total": 1e3},
    ],
    "prices": [{"fish": "carp", "price": 2}, {"fish": "eel", "price": 3}],
}


def test_paths_in_json_are_sections_and_records_tables(tmp_path: Path) -> None:
    source = json.dumps(ORDERS).replace("1.5}", "1.50}")
    document = read(tmp_path, source, "orders.json")
    assert document.title == "Orders"
    assert ("orders", "1", "customer") in paths(document)
    assert "shop: Otter\ntags: old, new" in document.text
    assert "id: 1\ntotal: 1.50" in document.text
    assert "fish | price\nfish: carp | price: 2\nfish: eel | price: 3" in document.text


def test_json_that_is_none_is_read_as_text(tmp_path: Path) -> None:
    document = read(tmp_path, "{ broken: true }", "a.json")
    assert document.text == "{ broken: true }"
    assert document.warnings == ("not valid JSON: read as plain text",)


def test_json_lines_are_a_table_or_sections(tmp_path: Path) -> None:
    rows = '{"a": "x", "b": "1"}\n{"a": "y", "b": "2"}\n'
    assert read(tmp_path, rows, "a.jsonl").text == "a | b\na: x | b: 1\na: y | b: 2"
    document = read(tmp_path, '{"a": {"b": "c"}}\nnonsense\n', "b.jsonl")
    assert paths(document) == [("line 1",), ("line 1", "a"), ("Lines that are no JSON",)]
    assert document.warnings == ("1 of its lines are no JSON: read as text",)


def test_yaml_stays_as_it_is_and_its_names_are_sections(tmp_path: Path) -> None:
    source = (
        "# Settings\nserver:\n  # of the house\n  port: 80\n  hosts:\n    - name: a\n      ip: x\n"
        "    - name: b\nlast: !!python/object/apply:os.system [true]\nagain: &x [1]\nmore: *x\n"
    )
    document = read(tmp_path, source, "a.yaml")
    assert document.text == source
    assert paths(document) == [
        ("server",),
        ("server", "hosts"),
        ("server", "hosts", "0"),
        ("server", "hosts", "1"),
    ]
    shown = [source[block.start : block.end] for block in document.blocks]
    assert "# of the house\n  port: 80" in shown


def test_data_in_xml_has_paths_and_documents_their_titles(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.xml"], "herons.xml")
    assert "name: Como" in document.text
    assert "year | count\nyear: 2021 | count: 14\nyear: 2022 | count: 17" in document.text
    prose = (
        "<article><title>Herons</title><section><title>Food</title><para>They <b>wait</b> for "
        "fish.</para><itemizedlist><listitem><para>one <i>fish</i> a day</para></listitem>"
        "</itemizedlist><para>And <b>frogs</b>.</para></section></article>"
    )
    document = read(tmp_path, prose, "b.xml")
    assert document.title == "Herons"
    assert paths(document) == [("Food",)]
    assert "They wait for fish.\n\n- one fish a day\n\nAnd frogs." in document.text


def test_xml_that_declares_entities_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_text('<!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><x>&y;</x>')
    with pytest.raises(UnreadableDocumentError, match="entities"):
        load_document(path, "a.xml")


def test_restructured_text_is_read_without_what_it_includes(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.rst"], "herons.rst")
    assert document.title == "Herons"
    assert paths(document) == [("Food",)]
    assert "They wait for fish ¹. See the lake." in document.text
    assert "Nests are high.\n\n3.1 They count, too." in document.text
    assert "the lake.\n\n¹ At dawn.\n\nNests are high." in document.text
    assert "- fish\n- frogs\n\nYear | Nests\n2021 | 14\n\nwade()" in document.text
    assert "root:" not in document.text


def test_asciidoc_has_names_for_characters(tmp_path: Path) -> None:
    source = (
        "The git-diff-{asterisk} family, {cpp} at 5{deg}, {startsb}x{endsb}{empty}, {unknown}.\n"
    )
    document = read(tmp_path, source.encode(), "git.adoc")
    assert document.text == "The git-diff-* family, C++ at 5°, [x], {unknown}."


def test_asciidoc_is_read_without_its_marks(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.adoc"], "herons.adoc")
    assert document.title == "Herons"
    assert paths(document) == [("Food",)]
    assert "They wait at Lake Como. See the lake." in document.text
    assert "- fish\n   - small ones\n\nNests\nYear | Nests\n2021 | 14\n\nwade()" in document.text
    assert "include" not in document.text


def test_org_is_read_without_its_marks(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.org"], "herons.org")
    assert document.title == "Herons"
    assert paths(document) == [("Food",)]
    assert document.text == (
        "Food\n\nThey wait for fish.¹\n\n- fish\n   - small ones\n\nYear | Nests\n2021 | 14\n\n"
        "wade()\n\n¹ At dawn."
    )


def test_tex_is_read_without_its_commands_and_other_files(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.tex"], "herons.tex")
    assert document.title == "Herons"
    assert "They wait for fête x^2.¹" in document.text
    assert (
        "- fish\n- frogs\n\nNests\nYear | Nests\n2021 | 14\n\nwade()\n\n¹ At dawn." in document.text
    )
    assert "why" not in document.text
    document = read(tmp_path, "\\input{/etc/passwd} Nests \\& lakes", "b.tex")
    assert document.text == "Nests & lakes"
    assert document.warnings[0].endswith("not read here: /etc/passwd")


def test_code_stays_as_it_is_and_what_it_defines_are_sections(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.py"], "herons.py")
    assert document.text.encode() == SPECIMENS["herons.py"]
    assert paths(document) == [("Heron",), ("Heron", "wade"), ("NESTS",)]
    texts = [
        document.text[one.start : one.end] for one in document.blocks if one.kind == "paragraph"
    ]
    assert texts == [
        '"""Nests of herons."""',
        "# They wait.",
        '"""A bird."""',
        '"""Walk in the water."""',
    ]


@pytest.mark.parametrize(
    ("name", "source", "found"),
    [
        ("a.js", "// Waits.\nexport function wade(x) {\n  go(x);\n}\n\nclass Heron {\n"
         "  fly(high) {\n    up();\n  }\n}\n", ["wade", "Heron", "fly"]),
        ("a.go", "type Heron struct {\n\tLegs int\n}\n\nfunc (h Heron) Wade() {\n\tgo()\n}\n",
         ["Heron", "Wade"]),
        ("a.rs", "pub struct Heron {\n    legs: u8,\n}\n\nimpl Heron {\n    fn wade(&self) {\n"
         "        go();\n    }\n}\n", ["Heron", "Heron", "wade"]),
        ("a.c", "#include <a.h>\n\nstatic int wade(int x)\n{\n    return x;\n}\n", ["wade"]),
        ("a.java", "public class Heron {\n    public void wade(int x) {\n        go();\n    }\n}\n",
         ["Heron", "wade"]),
        ("a.sh", "wade() {\n  go\n}\n", ["wade"]),
        ("a.rb", "class Heron\n  def wade\n    go\n  end\nend\n", ["Heron", "wade"]),
        ("a.sql", "CREATE TABLE herons (\n  legs int\n);\n", ["herons"]),
    ],
)  # fmt: skip
def test_what_other_languages_define(
    tmp_path: Path, name: str, source: str, found: list[str]
) -> None:
    document = read(tmp_path, source, name)
    assert document.text == source
    assert [one[-1] for one in paths(document) if one[-1].isidentifier()] == found


WORDS = st.text("abé \n\t", max_size=20) | st.sampled_from(
    ["x: y", "- a", "§", "\u202e", "{}", "|"]
)
TREES = st.recursive(
    WORDS | st.integers() | st.booleans() | st.none(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=25,
)


def made(source: bytes, suffix: str) -> Document | None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return read(Path(folder), source, f"made{suffix}")
        except UnreadableDocumentError as error:
            allowed = ("contains no text", "the file is empty")
            assert error.reason.startswith(allowed)  # noqa: PT017
            return None


@settings(max_examples=60, derandomize=True)
@given(TREES, st.sampled_from([".json", ".jsonl", ".yaml"]))
def test_whatever_data_hold_their_words_are_kept(tree: object, suffix: str) -> None:
    document = made(json.dumps(tree, ensure_ascii=False).encode(), suffix)
    words = {one for one in json.dumps(tree, ensure_ascii=False).split('"') if one.isalnum()}
    text = document.text if document is not None else ""
    assert [one for one in words if one not in text] == []


LINES = st.lists(
    st.text("ab =*-~.|:[]{}\\`#_^'\"<>\t", max_size=20)
    | st.sampled_from(["=====", "* a", "- b", "|===", "----", "\\begin{itemize}", "\\item a",
                       "#+BEGIN_SRC", "#+END_SRC", "| a | b |", "", "def f():", "    return 1",
                       ".. note:: x", "   y", "00:00:01,000 --> 00:00:02,000", "class A {", "}"]),
    max_size=14,
).map("\n".join)  # fmt: skip


@settings(max_examples=150, derandomize=True)
@given(
    LINES, st.sampled_from([".rst", ".adoc", ".org", ".tex", ".py", ".js", ".c", ".yaml", ".xml"])
)
def test_whatever_marked_up_text_holds_its_spans_keep_their_promises(
    source: str, suffix: str
) -> None:
    made(source.encode(), suffix)


def test_lists_and_breaks_in_a_cell_of_latex_stay_in_it(tmp_path: Path) -> None:
    source = (
        "\\begin{tabular}{ll} Name & Remarks \\\\ \\hline\n"
        "Ann & {\\raggedright Mill Lane \\\\ Ebbham} \\\\\n"
        "Bea & \\begin{itemize}\\item early\\item[2.] late \\& loud\\end{itemize} \\\\\n"
        "\\end{tabular}\n"
        "\\begin{steps}\\item Wade.\\end{steps}\n\nThe \\foreignlanguage{german}{Reiher} waits."
    )
    document = read(tmp_path, source, "a.tex")
    assert document.text == (
        "Name | Remarks\nAnn | Mill Lane Ebbham\nBea | - early 2. late & loud\n\n"
        "- Wade.\n\nThe Reiher waits."
    )
    assert document.blocks[-1].kind == "paragraph", "what follows is no item of the list"


def test_a_bold_line_of_a_table_of_contents_is_no_heading(tmp_path: Path) -> None:
    names = ("Food", "Nests")
    entries = "".join(f"{{\\b {name}\\tab 3}}\\par " for name in names)
    parts = "".join(f"{{\\b {name}}}\\par They {name.casefold()}.\\par " for name in names)
    document = read(tmp_path, f"{{\\rtf1 {entries}{parts}}}", "a.rtf")
    assert document.text.startswith("Food 3\n\nNests 3\n\nFood\n\nThey food.")
    assert paths(document) == [("Food",), ("Nests",)]


def test_what_latex_repeats_on_each_page_of_a_table_is_told_once(tmp_path: Path) -> None:
    source = (
        "\\begin{longtable}{ll} Year & Nests \\\\ \\endfirsthead Year & Nests \\\\ \\endhead\n"
        "\\multicolumn{2}{r}{continued on next page} \\\\ \\endfoot \\endlastfoot\n"
        "2021 & 14 \\\\ 2022 & 17 \\\\ \\end{longtable}"
    )
    assert read(tmp_path, source, "a.tex").text == "Year | Nests\n2021 | 14\n2022 | 17"
    two = "See \\makebox[4cm][c]{the lake} \\citep[see][p. 3]{reed}."
    assert read(tmp_path, two, "b.tex").text == "See the lake [reed, see p. 3]."
