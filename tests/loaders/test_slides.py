"""Presentations: a slide is a page; its title heads what lies on it, in the order of reading."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from pptx import Presentation
from pptx.util import Inches

from benchmarks.upkeep.invariants import broken
from benchmarks.upkeep.specimens import generated
from benchmarks.upkeep.zipping import unzipped, zipped
from qa_bot.building.passages import split_document
from qa_bot.loaders import load_document
from qa_bot.loaders.slides.slide import Line, Shape, in_reading_order
from qa_bot.records import Citation, Document

SPECIMENS = generated()


def read(folder: Path, data: bytes, name: str = "talk.pptx") -> Document:
    (folder / name).write_bytes(data)
    document = load_document(folder / name, name)
    passages = split_document(document, lambda texts: [len(one.split()) for one in texts], 30)
    assert list(broken(document, passages)) == []
    return document


def deck() -> bytes:
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[1])
    slide.shapes.title.text = "Food"
    frame = slide.placeholders[1].text_frame
    frame.text = "Fish"
    more = frame.add_paragraph()
    more.text, more.level = "small ones", 1
    slide.notes_slide.notes_text_frame.text = "Say that they wait."
    slide = made.slides.add_slide(made.slide_layouts[6])
    table = slide.shapes.add_table(2, 2, Inches(1), Inches(4), Inches(6), Inches(2)).table
    for at, text in enumerate(("Year", "Nests", "2021", "14")):
        table.cell(at // 2, at % 2).text = text
    slide.shapes.add_textbox(Inches(1), Inches(1), Inches(3), Inches(1)).text_frame.text = "Above"
    group = slide.shapes.add_group_shape()
    inside = group.shapes.add_textbox(Inches(1), Inches(6.5), Inches(3), Inches(0.5))
    inside.text_frame.text = "In a group"
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def test_titles_items_notes_tables_and_groups_are_read_in_order(tmp_path: Path) -> None:
    document = read(tmp_path, deck())
    assert document.text == (
        "Food\n\n- Fish\n   - small ones\n\nNotes\n\nSay that they wait.\n\n"
        "Above\n\nYear | Nests\n2021 | 14\n\nIn a group"
    )
    assert [one.path for one in document.sections[1:]] == [
        ("Food",),
        ("Food", "Notes"),
        ("Slide 2",),
    ]
    assert [(one.page.label, one.page.count, one.page.kind) for one in document.pages] == [
        ("1", 2, "slide"),
        ("2", 2, "slide"),
    ]


def test_a_citation_names_the_slide(tmp_path: Path) -> None:
    document = read(tmp_path, deck())
    passages = split_document(document, lambda texts: [len(one.split()) for one in texts], 60)
    assert str(Citation.of(passages[-1], "0")).endswith("slide 2")


def test_diagrams_and_charts_are_read(tmp_path: Path) -> None:
    members = unzipped(deck())
    main = "http://schemas.openxmlformats.org/drawingml/2006/main"
    point = (
        '<dgm:pt modelId="{}" type="{}"><dgm:t><a:p><a:r><a:t>{}</a:t></a:r></a:p></dgm:t></dgm:pt>'
    )
    points = [("0", "doc", ""), ("1", "node", "Catch"), ("2", "node", "Eat"), ("3", "node", "Fly")]
    links = [("0", "1", 1), ("0", "3", 0), ("1", "2", 0)]
    members["ppt/diagrams/data1.xml"] = (
        f'<dgm:dataModel xmlns:dgm="d" xmlns:a="{main}"><dgm:ptLst>'
        + "".join(point.format(*one) for one in points)
        + "</dgm:ptLst><dgm:cxnLst>"
        + "".join(
            f'<dgm:cxn modelId="9{a}{b}" srcId="{a}" destId="{b}" srcOrd="{order}"/>'
            for a, b, order in links
        )
        + "</dgm:cxnLst></dgm:dataModel>"
    ).encode()
    name, rels = "ppt/slides/slide2.xml", "ppt/slides/_rels/slide2.xml.rels"
    frame = (
        '<p:graphicFrame><a:graphic><a:graphicData><dgm:relIds xmlns:dgm="d" xmlns:r="r" '
        'r:dm="rIdD"/></a:graphicData></a:graphic></p:graphicFrame></p:spTree>'
    )
    members[name] = members[name].replace(b"</p:spTree>", frame.encode())
    link = '<Relationship Id="rIdD" Type="x/diagramData" Target="../diagrams/data1.xml"/>'
    members[rels] = members[rels].replace(b"</Relationships>", f"{link}</Relationships>".encode())
    document = read(tmp_path, zipped(members))
    assert "- Fly\n- Catch\n   - Eat" in document.text


def test_a_damaged_slide_costs_itself(tmp_path: Path) -> None:
    members = unzipped(deck())
    members["ppt/slides/slide1.xml"] = b"<p:sld"
    document = read(tmp_path, zipped(members))
    assert "2021 | 14" in document.text
    assert document.warnings[0].startswith("slide 1 is left out: damaged")


def box(left: float, top: float, right: float, bottom: float, name: str) -> Shape:
    return Shape((Line(name),), box=(left, top, right, bottom))


@pytest.mark.parametrize(
    ("shapes", "order"),
    [
        ([box(0, 5, 9, 6, "low"), box(0, 0, 9, 1, "high")], "high low"),
        ([box(5, 0, 9, 1, "right"), box(0, 0, 4, 1, "left")], "left right"),
        (
            [
                box(5, 0, 9, 1, "c"), box(0, 0, 4, 1, "a"),
                box(0, 2, 4, 5, "b"), box(5, 2, 9, 5, "d"),
            ],
            "a b c d",
        ),
        (
            [
                box(0, 9, 9, 10, "foot"), box(5, 0, 9, 5, "two"), box(0, 0, 4, 5, "one"),
            ],
            "one two foot",
        ),
        ([Shape((Line("first"),)), box(0, 0, 1, 1, "second")], "first second"),
    ],
)  # fmt: skip
def test_shapes_are_read_by_their_places(shapes: list[Shape], order: str) -> None:
    assert " ".join(one.lines[0].text for one in in_reading_order(shapes)) == order


def test_an_open_document_presentation_reads_like_the_other(tmp_path: Path) -> None:
    document = read(tmp_path, SPECIMENS["herons.odp"], "talk.odp")
    assert document.text.startswith("Nests of herons\n\n- fish\n- frogs\n\nYear | Nests | Young\n")
    assert document.text.endswith("Notes\n\nSay it slowly.")
    assert [one.page.kind for one in document.pages] == ["slide"]
