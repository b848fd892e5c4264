"""Small documents of every format, the same bytes each time: what the fuzzer damages."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from textwrap import fill

import docx
from fpdf import FPDF
from PIL import Image, ImageDraw, ImageFont
from pypdf import PdfReader, PdfWriter
from pypdf.generic import DecodedStreamObject, NameObject, StreamObject

from benchmarks.upkeep import nested_specimens
from benchmarks.upkeep.more_specimens import more_generated
from benchmarks.upkeep.zipping import unzipped, zipped

_LARGEST_CUT = 300_000  # bytes; larger ones are slow to mutate and to read
_LARGEST_STREAM = 40_000  # bytes; larger ones are fonts and pictures, and stay packed
_PROSE = (
    "The heron stands in the shallow water and waits for fish that pass between the reeds. "
    "Its neck is folded until it strikes (Müller et al., 2019), and the strike takes 0.1 s. "
    "Dr. Otter asked: “Why do young birds learn this?” They watch the old ones for a summer."
)
_ROWS = (("Year", "Nests", "Young"), ("2021", "14", "31"), ("2022", "17", "40"), ("2023", "9", ""))
_PAGE = f"""<h1 id="top">Herons</h1><p>{_PROSE}</p><h2 id="food">Food &amp; water</h2>
<p>They eat:</p><ul><li>fish<ul><li>small ones</li></ul></li><li>frogs</li></ul>
<ol start="3"><li>first</li><li>then</li></ol><pre>wade();\n  wait();</pre>
<figure><figcaption>Table 1: Nests</figcaption><table><tr><th>Year</th><th>Nests</th></tr>
<tr><td rowspan="2">2021</td><td>14</td></tr><tr><td colspan="1">17<sup>2</sup></td></tr></table>
</figure><h2>Links</h2><p><a href="#top">Back</a> <a href="https://a.example/">See also</a></p>
<dl><dt>Reed</dt><dd>A tall grass.</dd></dl><p dir="rtl">שלום עולם</p><p>蒼鷺站在淺水裡等魚。</p>"""
_MARKDOWN = f"""---
title: Herons
---
# Herons

{_PROSE}

## Food *and* water

They eat:

- fish
  1. small ones
- frogs

| Year | Nests |
|------|-------|
| 2021 | 14    |
| 2022 | 17    |

```python
wade()
```

> Quoted [words](https://a.example/ "title") and `code`.

Setext
------

<div>raw</div> &amp; **bold** ![a picture](x.png)
"""
_TEXT = f"""HERONS OF THE LAKE

1. Food

{_PROSE}

They eat:
- fish
- frogs

1.1 Water

{_PROSE}

See also: The otters
"""


def generated() -> dict[str, bytes]:
    """A document of every format, by file name."""
    table = "\n".join(",".join(row) for row in (*_ROWS, ('"a, b"', "1", '"x\ny"')))
    sent = nested_specimens.mail(_TEXT, _PAGE, table.encode())
    inner = zipped({"deep/herons.md": _MARKDOWN.encode()})
    return {
        "herons.txt": _TEXT.encode(),
        "herons.md": _MARKDOWN.encode(),
        "herons.csv": table.encode(),
        "herons.html": f"<!DOCTYPE html><title>Birds</title><body>{_PAGE}</body>".encode(),
        "herons.docx": _word(),
        "herons.epub": _ebook(),
        "herons.pdf": _pdf(),
        "herons.eml": sent,
        "herons.mbox": nested_specimens.mailbox([sent, sent.replace(b"2024", b"2025")]),
        "herons.msg": nested_specimens.outlook_mail(_TEXT, _PAGE),
        "herons.zip": zipped(
            {"a/herons.txt": _TEXT.encode(), "mail.eml": sent, "inner.zip": inner}
        ),
        **more_generated(),
    }


def cut_pdfs(files: list[Path], pages: int = 2) -> dict[str, bytes]:
    """A few pages of each file, its streams unpacked, so that damage reaches what they hold."""
    cuts = {}
    for file in files:
        reader = PdfReader(file)
        middle = len(reader.pages) // 2
        for name, first in (("front", 0), ("middle", middle)):
            cut = _cut(reader, range(first, min(first + pages, len(reader.pages))))
            if len(cut) <= _LARGEST_CUT:
                cuts[f"{file.stem}-{name}.pdf"] = cut
    return cuts


def _cut(reader: PdfReader, pages: range) -> bytes:
    writer = PdfWriter()
    for index in pages:
        page = writer.add_page(reader.pages[index])
        page.pop(NameObject("/Annots"), None)  # links lead to the other pages
    for number, held in enumerate(writer._objects):
        if isinstance(held, StreamObject) and held.get("/Filter") == "/FlateDecode":
            data = held.get_data()
            if len(data) <= _LARGEST_STREAM:
                writer._objects[number] = _unpacked(held, data)
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _unpacked(packed: StreamObject, data: bytes) -> StreamObject:
    stream = DecodedStreamObject()
    for key, value in packed.items():
        if key not in ("/Filter", "/DecodeParms", "/Length"):
            stream[NameObject(key)] = value
    stream.set_data(data)
    return stream


def _word() -> bytes:
    document = docx.Document()
    document.core_properties.title = "Herons"
    document.add_heading("Herons", 0)
    document.add_heading("Food", 1)
    document.add_paragraph(_PROSE)
    for style in ("List Bullet", "List Number", "List Bullet 2", "Quote", "Caption"):
        document.add_paragraph(f"In the style {style}.", style)
    document.add_heading("Nests", 2)
    table = document.add_table(0, 3)
    for row in _ROWS:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    document.add_paragraph("שלום 蒼鷺站在淺水裡。").add_run("2").font.superscript = True
    stream = io.BytesIO()
    document.save(stream)
    members = unzipped(stream.getvalue())
    kept = {name: data for name, data in members.items() if not name.endswith((".jpeg", ".bin"))}
    return zipped(kept)


def _ebook() -> bytes:
    page = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>x</title></head><body>{}</body>'
    package = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0">
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Herons</dc:title></metadata>
<manifest><item id="a" href="one.xhtml" media-type="application/xhtml+xml"/>
<item id="b" href="two.xhtml" media-type="application/xhtml+xml"/>
<item id="n" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/></spine></package>"""
    contents = (
        "<nav><ol><li><a href='one.xhtml'>One</a><ol><li><a href='one.xhtml#food'>Food</a></li>"
        "</ol></li><li><a href='two.xhtml'>Two</a></li></ol></nav>"
    )
    container = "<container><rootfiles><rootfile full-path='O/p.opf'/></rootfiles></container>"
    second = page.format(f"<h1>Two</h1><p>{_PROSE}</p>")
    return zipped(
        {
            "mimetype": b"application/epub+zip",
            "META-INF/container.xml": container.encode(),
            "O/p.opf": package.encode(),
            "O/one.xhtml": f"{page.format(_PAGE)}</html>".encode(),
            "O/two.xhtml": f"{second}</html>".encode(),
            "O/nav.xhtml": f"{page.format(contents)}</html>".encode(),
        }
    )


def _pdf() -> bytes:
    pdf = FPDF()
    pdf.set_compression(compress=False)
    pdf.set_creation_date(datetime(2024, 1, 1, tzinfo=UTC))
    pdf.set_title("Herons of the lake")
    for number, name in enumerate(("Food", "Nests", "Young")):
        pdf.add_page()
        pdf.set_font("Times", "B", 16)
        pdf.start_section(name, number % 2)
        pdf.cell(text=name, new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("Times", "", 11)
        pdf.multi_cell(0, text=_PROSE.replace("“", '"').replace("”", '"'))
        with pdf.table() as table:
            for cells in _ROWS:
                row = table.row()
                for cell in cells:
                    row.cell(cell)
    return bytes(pdf.output())


def pictures() -> dict[str, bytes]:
    """A page as a picture, in each of the forms that OCR is asked for."""
    page = Image.new("L", (900, 420), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(24)
    for number, line in enumerate(("Nests", *_PROSE.split(". "))):
        pen.multiline_text((40, 30 + 90 * number), fill(line, 60), "black", font, spacing=10)
    made = {}
    for suffix, form in ((".png", "PNG"), (".jpg", "JPEG"), (".tif", "TIFF"), (".webp", "WEBP")):
        stream = io.BytesIO()
        page.save(stream, form)
        made[f"herons{suffix}"] = stream.getvalue()
    return made
