"""What tests of books share: a small EPUB, written part by part."""

from __future__ import annotations

import zipfile
from pathlib import Path

CONTAINER = (
    '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0"><rootfiles>'
    '<rootfile full-path="OPS/book.opf" media-type="application/oebps-package+xml"/>'
    "</rootfiles></container>"
)
NAV = (
    '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>'
    '<nav epub:type="landmarks"><ol><li><a href="one.xhtml">Start</a></li></ol></nav>'
    '<nav epub:type="toc"><h1>Contents</h1><ol><li><span>Part I</span><ol>'
    '<li><a href="text/one.xhtml">1. The <i>Leaf</i></a><ol>'
    '<li><a href="text/one.xhtml#soil">Soil &amp; rain</a></li></ol></li>'
    '<li><a href="text/two%20b.xhtml">2. The Pot</a></li></ol></li>'
    '<li><a href="text/none.xhtml">Lost</a></li></ol></nav></body></html>'
)
NCX = (
    '<!DOCTYPE ncx PUBLIC "-//NISO//DTD ncx 2005-1//EN" "http://a.example/ncx-2005-1.dtd">'
    '<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap>'
    '<navPoint><navLabel><text>Part I</text></navLabel><content src="text/one.xhtml"/>'
    '<navPoint><navLabel><text>1. The Leaf</text></navLabel><content src="text/one.xhtml"/>'
    "<navPoint><navLabel><text>Soil &amp; rain</text></navLabel>"
    '<content src="text/one.xhtml#soil"/></navPoint></navPoint>'
    '<navPoint><navLabel><text>2. The Pot</text></navLabel><content src="text/two%20b.xhtml"/>'
    "</navPoint></navPoint></navMap></ncx>"
)
ONE = (
    '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops"><head><title/></head><body>'
    '<h1>Chapter 1</h1><h2>The Leaf</h2><p>Leaves&nbsp;grow.<a epub:type="noteref" href="#n">1</a>'
    '<span epub:type="pagebreak" id="p2">2</span></p><p id="soil">It rains.</p>'
    "<h3 id='sun'>Sun</h3><p>It shines.</p>"
    '<aside epub:type="footnote" id="n">1 In spring.</aside></body></html>'
)
TWO = "<html><body><h1>2. The Pot</h1><p>Pots break.<p>So do cups.</body></html>"


def write(path: Path, opf: str, **files: str | bytes) -> Path:
    """An EPUB of these files; ``text__one`` is ``OPS/text/one.xhtml``."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        file.writestr("META-INF/container.xml", CONTAINER)
        file.writestr("OPS/book.opf", opf)
        for name, data in files.items():
            named = name if "/" in name else f"OPS/{name.replace('__', '/')}.xhtml"
            file.writestr(named, data)
    return path


def package(contents: str = "", spine: str = "", title: str = "On Tea", guide: str = "") -> str:
    return (
        '<package xmlns="http://www.idpf.org/2007/opf" version="3.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<dc:title> {title}\n</dc:title></metadata><manifest>"
        '<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="two" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>'
        '<item id="img" href="cover.png" media-type="image/png"/>'
        f"{contents}</manifest><spine {spine}><itemref idref='img'/><itemref idref='one'/>"
        f"<itemref idref='two'/><itemref idref='one'/></spine>{guide}</package>"
    )


EPUB3 = '<item id="n" href="nav.xhtml" properties="nav" media-type="application/xhtml+xml"/>'
EPUB2 = '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
