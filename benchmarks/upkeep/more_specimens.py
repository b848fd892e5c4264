"""Small documents of the formats beside text, HTML, Word, EPUB and PDF, always the same bytes."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Sequence

import openpyxl
import xlwt
from openpyxl.comments import Comment
from pptx import Presentation
from pptx.util import Inches

from benchmarks.upkeep.zipping import unzipped, zipped

ROWS = (("Year", "Nests", "Young"), ("2021", "14", "31"), ("2022", "17", "40"), ("2023", "9", ""))
_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{space}:1.0"'
    for name, space in {
        "office": "office",
        "text": "text",
        "table": "table",
        "style": "style",
        "draw": "drawing",
        "presentation": "presentation",
        "fo": "xsl-fo-compatible",
        "svg": "svg-compatible",
    }.items()
)
_TABLE = "".join(
    "<table:table-row>"
    + "".join(f"<table:table-cell><text:p>{one}</text:p></table:table-cell>" for one in row)
    + "</table:table-row>"
    for row in ROWS
)
_ODT = f"""<office:text><text:h text:outline-level="1">Herons</text:h><text:p>They wait
<text:span text:style-name="T">for</text:span><text:s text:c="3"/>fish.<text:note
text:note-class="footnote"><text:note-citation>1</text:note-citation><text:note-body><text:p>At
dawn.</text:p></text:note-body></text:note></text:p><text:h text:outline-level="2">Food</text:h>
<text:list><text:list-item><text:p>fish</text:p><text:list><text:list-item><text:p>small ones
</text:p></text:list-item></text:list></text:list-item></text:list>
<table:table>{_TABLE}</table:table><text:p>The end.</text:p></office:text>"""
_ODS = f"""<office:spreadsheet><table:table table:name="Nests">{_TABLE}<table:table-row
table:number-rows-repeated="1000"><table:table-cell table:number-columns-repeated="1000"/>
</table:table-row><table:table-row><table:table-cell table:number-columns-spanned="3"><text:p>Total
</text:p><office:annotation><text:p>Sure?</text:p></office:annotation></table:table-cell>
<table:covered-table-cell table:number-columns-repeated="2"/></table:table-row></table:table>
</office:spreadsheet>"""
_ODP = f"""<office:presentation><draw:page><draw:frame presentation:class="title" svg:x="1cm"
svg:y="1cm" svg:width="9cm" svg:height="2cm"><draw:text-box><text:p>Nests of herons</text:p>
</draw:text-box></draw:frame><draw:g><draw:frame svg:x="1cm" svg:y="4cm" svg:width="9cm"
svg:height="2cm"><draw:text-box><text:list><text:list-item><text:p>fish</text:p></text:list-item>
<text:list-item><text:p>frogs</text:p></text:list-item></text:list></draw:text-box></draw:frame>
</draw:g><draw:frame svg:x="1cm" svg:y="8cm" svg:width="9cm" svg:height="4cm"><table:table>{_TABLE}
</table:table></draw:frame><presentation:notes><draw:frame><draw:text-box><text:p>Say it slowly.
</text:p></draw:text-box></draw:frame></presentation:notes></draw:page></office:presentation>"""
_RTF = r"""{\rtf1\ansi\ansicpg1252\deff0{\fonttbl{\f0\fcharset0 Times;}{\f1\fcharset204 Arial;}}
{\stylesheet{\s0 Normal;}{\s1\outlinelevel0 heading 1;}}{\info{\title Herons}}
\pard\s1 Food\par\pard\plain They wait \'96 for \u8364? fish{\super 2}.{\footnote At dawn.}\par
{\listtext -\tab}fish\par{\*\unknown hidden}
\trowd\cellx1000\cellx2000\pard\intbl Year\cell Nests\cell\row
\trowd\cellx1000\cellx2000\pard\intbl 2021\cell 14\cell\row\pard
{\field{\*\fldinst HYPERLINK "http://127.0.0.1/"}{\fldrslt the lake}}\par{\pict 0102ff}}"""
_RST = """Herons
======

They *wait* for ``fish`` [1]_. See :ref:`the lake <lake>`.

.. [1] At dawn.

.. note:: Nests are high.

.. versionadded:: 3.1
   They count, too.

Food
----

- fish
- frogs

====  =====
Year  Nests
====  =====
2021  14
====  =====

.. include:: /etc/passwd

::

    wade()
"""
_ADOC = """= Herons
Ann Reed
:lake: Lake Como

They *wait* at {lake}. See https://a.example[the lake].

== Food

* fish
** small ones

.Nests
|===
|Year |Nests

|2021 |14
|===

include::/etc/passwd[]

----
wade()
----
"""
_ORG = """#+TITLE: Herons
* Food :tag:
They *wait* for [[https://a.example][fish]].[fn:1]
- fish
  - small ones
| Year | Nests |
|------+-------|
| 2021 | 14 |
#+BEGIN_SRC python
wade()
#+END_SRC
#+INCLUDE: "/etc/passwd"
[fn:1] At dawn.
"""
_TEX = r"""\documentclass{article}\title{Herons}\author{Ann}
\begin{document}\maketitle
\section{Food} They \emph{wait} for f\^ete $x^2$.\footnote{At dawn.} % why
\begin{itemize}\item fish \item frogs \end{itemize}
\begin{table}\caption{Nests}\begin{tabular}{ll}Year & Nests \\ \hline 2021 & 14 \\ \end{tabular}
\end{table}
\begin{verbatim}
wade()
\end{verbatim}
\end{document}
"""
_PY = '''"""Nests of herons."""

# They wait.
class Heron:
    """A bird."""

    def wade(self, deep: int = 3) -> None:
        """Walk in the water."""
        print(deep)


NESTS = {"2021": 14}
'''
_YAML = """# Nests of herons
lake:
  name: Como
  Nests:
    - year: 2021
      count: 14
    - &last
      year: 2022
      count: 17
  latest: *last
text: |
  They wait.
"""
_XML = """<?xml version="1.0"?><lake name="Como"><Nests><nest year="2021"><count>14</count></nest>
<nest year="2022"><count>17</count></nest></Nests><note>They wait.</note></lake>"""
_SRT = """1
00:00:01,000 --> 00:00:04,000
<i>They wait for fish.</i>

2
00:00:05,000 --> 00:00:08,500
Nests are high.
"""
_VTT = """WEBVTT

NOTE not said

00:01.000 --> 00:04.000 align:start
<v Ann>They wait for fish.

00:05.000 --> 00:08.500
Nests are high.
"""


def more_generated() -> dict[str, bytes]:
    """A document of each of these formats, by file name."""
    cells = [
        {"cell_type": "markdown", "source": ["# Nests\n", "They wait."]},
        {"cell_type": "code", "source": "nests()", "outputs": [
            {"output_type": "stream", "text": ["14\n"]},
            {"output_type": "execute_result", "data": {
                "text/plain": "x", "text/html": "<table><tr><th>Year</th><th>Nests</th></tr>"
                "<tr><td>2021</td><td>14</td></tr></table><script>run()</script>"}}]},
    ]  # fmt: skip
    records = [dict(zip(ROWS[0], row, strict=True)) for row in ROWS[1:]]
    data = {"lake": {"name": "Como", "Nests": records}, "deep": [[1.50, True], {"a": None}]}
    return {
        "herons.xlsx": zipped(_kept(unzipped(_workbook()))),
        "herons.xls": _old_workbook(),
        "herons.xlsb": zipped(binary_workbook(ROWS)),
        "herons.ods": zipped(_open("spreadsheet", _ODS)),
        "herons.odt": zipped(_open("text", _ODT)),
        "herons.odp": zipped(_open("presentation", _ODP)),
        "herons.pptx": zipped(_kept(unzipped(_slides()))),
        "herons.rtf": _RTF.encode(),
        "herons.ipynb": json.dumps({"nbformat": 4, "cells": cells}).encode(),
        "herons.json": json.dumps(data).encode(),
        "herons.jsonl": "\n".join(map(json.dumps, records)).encode(),
        "herons.yaml": _YAML.encode(),
        "herons.xml": _XML.encode(),
        "herons.rst": _RST.encode(),
        "herons.adoc": _ADOC.encode(),
        "herons.org": _ORG.encode(),
        "herons.tex": _TEX.encode(),
        "herons.py": _PY.encode(),
        "herons.srt": _SRT.encode(),
        "herons.vtt": _VTT.encode(),
    }


def _kept(members: dict[str, bytes]) -> dict[str, bytes]:
    """The members without those that tell the time at which they were made, or are pictures."""
    gone = ("docProps/", "ppt/printerSettings", "_rels/.rels")
    kept = {name: data for name, data in members.items() if not name.startswith(gone)}
    main = "xl/workbook.xml" if "xl/workbook.xml" in members else "ppt/presentation.xml"
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"
    kept["_rels/.rels"] = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{kind}" Target="{main}"/></Relationships>'
    ).encode()
    return kept


def _workbook() -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Nests"
    for row in ROWS:
        sheet.append([int(one) if one.isdecimal() else one for one in row])
    sheet["C3"].number_format = "0.0%"
    sheet["B2"].comment = Comment("Counted twice", "Ann")
    sheet["A7"] = "Total of all lakes"
    sheet.merge_cells("A7:C7")
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _old_workbook() -> bytes:
    book = xlwt.Workbook()
    sheet = book.add_sheet("Nests")
    for at, row in enumerate(ROWS):
        for column, text in enumerate(row):
            sheet.write(at, column, int(text) if text.isdecimal() else text)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def binary_workbook(rows: Sequence[Sequence[str]]) -> dict[str, bytes]:
    """The members of an .xlsb file with a sheet "Nests": records of a type, a length and data."""

    def record(kind: int, data: bytes = b"") -> bytes:
        types = bytes([kind]) if kind < 128 else bytes([kind & 127 | 128, kind >> 7])
        return types + bytes([len(data)]) + data

    def text(said: str) -> bytes:
        return struct.pack("<I", len(said)) + said.encode("utf-16-le")

    def cell(column: int, said: str) -> bytes:
        place = struct.pack("<II", column, 0)
        if said.isdecimal():
            return record(5, place + struct.pack("<d", float(said)))
        return record(6, place + text(said)) if said else b""

    sheet = record(156, struct.pack("<II", 0, 1) + text("rId1") + text("Nests"))
    lines = b"".join(
        record(0, struct.pack("<IIHHBI", at, 0, 0, 0, 0, 0)) + b"".join(map(cell, range(3), row))
        for at, row in enumerate(rows)
    )
    size = record(148, struct.pack("<IIII", 0, len(rows) - 1, 0, 2))
    space = 'xmlns="http://schemas.openxmlformats.org/package/2006/relationships"'
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
    link = f'<Relationships {space}><Relationship Id="rId1" Type="{kind}{{}}" Target="{{}}"/>'
    link += "</Relationships>"
    book = record(131) + record(143) + sheet + record(144) + record(132)
    cells = record(129) + size + record(145) + lines + record(146) + record(130)
    return {
        "[Content_Types].xml": b"<Types/>",
        "_rels/.rels": link.format("officeDocument", "xl/workbook.bin").encode(),
        "xl/workbook.bin": book,
        "xl/_rels/workbook.bin.rels": link.format("worksheet", "worksheets/sheet1.bin").encode(),
        "xl/worksheets/sheet1.bin": cells,
    }


def _open(kind: str, body: str) -> dict[str, bytes]:
    """The members of an OpenDocument file."""
    content = f"<office:document-content {_NAMES}><office:body>{body}</office:body>"
    return {
        "mimetype": f"application/vnd.oasis.opendocument.{kind}".encode(),
        "META-INF/manifest.xml": b"<manifest/>",
        "content.xml": f"{content}</office:document-content>".encode(),
    }


def _slides() -> bytes:
    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "Nests of herons"
    slide.placeholders[1].text = "fish\nfrogs"
    slide.notes_slide.notes_text_frame.text = "Say it slowly."
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    table = slide.shapes.add_table(4, 3, Inches(1), Inches(3), Inches(6), Inches(2)).table
    for at, row in enumerate(ROWS):
        for column, text in enumerate(row):
            table.cell(at, column).text = text
    group = slide.shapes.add_group_shape()
    group.shapes.add_textbox(Inches(1), Inches(1), Inches(3), Inches(1)).text_frame.text = "Lakes"
    stream = io.BytesIO()
    deck.save(stream)
    return stream.getvalue()
