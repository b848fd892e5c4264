"""Readers that are not ours: pandoc, pdftotext, pdfium, python-docx and Python's own parsers.

Each says what a file holds, and apart from that what may be left out on purpose. A reader
that is not installed, or gives up on a file, is left out.
"""

from __future__ import annotations

import csv
import email
import email.policy
import posixpath
import re
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage, Message
from pathlib import Path
from urllib.parse import unquote

import docx
from lxml import etree

from benchmarks.pdf.oracle import HEIGHT, OracleLine, read_oracle
from benchmarks.pdf.readers import without_furniture
from benchmarks.reading import more_readers as more
from benchmarks.reading.html_text import html_reading, html_text, raise_digits
from benchmarks.reading.words import Reading

_SECONDS = 120  # for pandoc and one file
_FOREIGN = 0.1  # of the characters of a Western text, at most, are not ASCII
_EDGE = 3  # pages of printed text with the same line next to the form feed
_PARTS = frozenset("document footnotes endnotes comments header footer".split())  # of Word files
_BREAKS = frozenset("br cr p ptab tab tc tr".split())

Reader = Callable[[Path], list[Reading]]


def missing_tools() -> list[str]:
    """The programs of others that are not installed."""
    tools = {
        "pandoc": "pandoc",
        "pdftotext": "poppler-utils",
        "soffice": "libreoffice-calc-nogui libreoffice-writer-nogui",
        "asciidoc": "asciidoc-base",
    }
    return [
        f"{tool} is not installed (apt-get install {package}): skipped"
        for tool, package in tools.items()
        if shutil.which(tool) is None
    ]


def read_all(path: Path) -> tuple[list[Reading], list[str]]:
    """What each reader that is there makes of a file, and why others make nothing of it."""
    readings, problems = [], []
    for name, reader in READERS[path.suffix.lower()]:
        if name == "pandoc" and shutil.which("pandoc") is None:
            continue
        try:
            readings += reader(path)
        except Exception as error:  # noqa: BLE001 - whatever another parser raises is its own affair
            problems.append(f"{name} gave up: {type(error).__name__}")
    return readings, problems


def pandoc(path: Path, form: str) -> Reading:
    """A file by pandoc, which makes HTML of it."""
    program = shutil.which("pandoc") or "pandoc"
    command = [program, "-f", form, "-t", "html", "--wrap=none", "--track-changes=accept"]
    done = subprocess.run(  # noqa: S603
        [*command, str(path.resolve())], capture_output=True, check=True, timeout=_SECONDS
    )
    return html_reading("pandoc", done.stdout.decode("utf-8", "replace"))


def decoded(data: bytes) -> str:
    """Text by the encoding that a plain look suggests."""
    for mark, encoding in (
        (b"\xef\xbb\xbf", "utf-8-sig"),
        (b"\xff\xfe", "utf-16"),
        (b"\xfe\xff", "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", "replace")
    if sum(not one.isascii() for one in text) > _FOREIGN * len(text):
        raise ValueError("in an encoding that can't be told")
    return text


def plain_text(path: Path) -> Reading:
    """The file's own characters, but for what stands on every page of printed text."""
    text = decoded(path.read_bytes())
    pages = [page.strip("\n").split("\n") for page in text.split("\f")]
    seen: dict[str, int] = {}
    edges = [{0, len(page) - 1} for page in pages]
    for page, rows in zip(pages, edges, strict=True):
        for row in rows:
            key = _without_digits(page[row])
            seen[key] = seen.get(key, 0) + 1
    kept: list[str] = []
    aside: list[str] = []
    for page, rows in zip(pages, edges, strict=True):
        for row, line in enumerate(page):
            repeats = row in rows and seen[_without_digits(line)] >= _EDGE
            (aside if repeats else kept).append(line)
    return Reading("characters", "\n".join(kept), "\n".join(aside))


def _without_digits(line: str) -> str:
    return "".join("#" if one.isdigit() else one for one in line)


def markup_source(path: Path) -> Reading:
    """The file's own characters, its markup among them: what it says must be there."""
    return Reading("characters", decoded(path.read_bytes()), again="Document properties")


def csv_module(path: Path) -> Reading:
    """A table by Python's module. The names of the columns may stand in each row."""
    source = decoded(path.read_bytes())
    lines = source.split("\n")
    delimiter = max(",;\t|", key=lambda one: sum(line.count(one) > 0 for line in lines[:50]))
    rows = list(csv.reader(source.splitlines(keepends=True), delimiter=delimiter))
    names = " ".join(next((row for row in rows if len(row) > 1), []))
    text = "\n".join(" | ".join(row) for row in rows)
    return Reading("csv", text, again="\n".join([names] * len(rows)))


def web_page(path: Path) -> Reading:
    """A page by Python's own HTML parser."""
    return html_reading("html.parser", decoded(path.read_bytes()), is_page=True)


def python_docx(path: Path) -> Reading:
    """A Word file by python-docx: paragraphs, tables, comments; beside them headers and footers."""
    document = docx.Document(str(path))
    comments = [comment.text for comment in document.comments]
    beside = [
        "".join(_docx_text(getattr(section, f"{page}{kind}")))
        for section in document.sections
        for page in ("", "first_page_", "even_page_")
        for kind in ("header", "footer")
    ]
    text = "".join(_docx_text(document))
    return Reading("python-docx", "\n".join((text, *comments)), "\n".join(beside))


def mail_module(path: Path) -> Reading:
    """A mail by Python's module with its modern policy: headers, and each part that is shown.

    Of alternatives the page counts as said otherwise; marks of quotations are none of the text.
    """
    mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    heads = [f"{name}: {mail[name] or ''}" for name in ("From", "To", "Cc", "Date", "Subject")]
    heads_raw = [" ".join(f"{name}: {value}".split()) for name, value in mail.raw_items()]
    files = [str(part.get_filename() or "") for part in mail.walk()]
    texts: list[str] = []
    beside: list[str] = []
    offered = {
        id(inner)
        for part in mail.walk()
        if part.get_content_type() == "multipart/alternative"
        for inner in part.walk()
    }
    for part in _shown(mail):
        content = str(part.get_content())
        is_page = part.get_content_type() == "text/html"
        said = html_text(content).text if is_page else re.sub(r"^[> ]+", "", content, flags=re.M)
        (beside if is_page and id(part) in offered else texts).append(said)
    names = "From: To: Cc: Date: Subject: Attachments: Earlier messages no subject"
    return Reading(
        "email",
        "\n".join((*(head for head in heads if head.partition(": ")[2]), *texts)),
        "\n".join(beside),
        "\n".join((names, *files, *heads, *heads_raw)),
    )


def _shown(mail: EmailMessage | Message) -> Iterator[EmailMessage]:
    """The parts of a mail that are text and no files; not those of mails attached to it."""
    if mail.get_content_maintype() == "multipart" and mail.is_multipart():
        for part in mail.get_payload():
            if isinstance(part, Message):
                yield from _shown(part)
    elif mail.get_content_type() in ("text/plain", "text/html"):
        is_file = mail.get_filename() or mail.get_content_disposition() == "attachment"
        if not is_file and isinstance(mail, EmailMessage):
            yield mail


def _docx_text(container: object) -> Iterator[str]:
    for item in container.iter_inner_content():  # type: ignore[attr-defined]
        if hasattr(item, "rows"):
            for row in item.rows:
                done: list[object] = []
                for cell in row.cells:
                    if cell._tc not in done:  # a cell over several columns comes for each
                        done.append(cell._tc)
                        yield from _docx_text(cell)
        else:
            for run in item.iter_inner_content():
                font = getattr(run, "font", None)  # a hyperlink has none
                if font is None or not font.hidden:
                    is_raised = font is not None and font.superscript
                    yield raise_digits(run.text) if is_raised else run.text
            yield "\n"


def word_xml(path: Path) -> Reading:
    """A Word file by its XML: every ``<w:t>``, in notes, boxes and comments, too.

    Beside it headers and footers, cells over others once more for each, and who commented.
    """
    text: list[str] = []
    beside: list[str] = []
    again = ["Header", "Footer", "Comments"]
    with zipfile.ZipFile(path) as file:
        for name in sorted(file.namelist()):
            stem = posixpath.basename(name).removesuffix(".xml").rstrip("0123456789")
            if not name.endswith(".xml") or stem not in _PARTS:
                continue
            root = etree.fromstring(file.read(name), etree.XMLParser(resolve_entities=False))
            said = "".join(_runs(root))
            (beside if stem in ("header", "footer") else text).append(said)
            again += _merged_cells(root)
            again += [_attribute(one, "author") for one in root.iter("{*}comment")]
    return Reading("XML", "\n".join(text), "\n".join(beside), "\n".join(again))


def _runs(root: etree._Element) -> Iterator[str]:
    for _, element in etree.iterwalk(root, events=("start",)):
        name = etree.QName(element).localname if isinstance(element.tag, str) else ""
        if name in _BREAKS:
            yield "\n"
        elif name == "t" and next(element.iterancestors("{*}Fallback"), None) is None:
            run = element.getparent()
            raised = next(run.iter("{*}vertAlign"), None)
            said = "" if next(run.iter("{*}vanish"), None) is not None else element.text or ""
            yield raise_digits(said) if raised is not None else said


def _merged_cells(root: etree._Element) -> Iterator[str]:
    for table in root.iter("{*}tbl"):
        rows = sum(1 for _ in table.iterchildren("{*}tr"))
        for cell in table.iter("{*}tc"):
            columns = next(cell.iter("{*}gridSpan"), None)
            merged = next(cell.iter("{*}vMerge"), None)
            times = int(_attribute(columns, "val") or 1) if columns is not None else 1
            times *= rows if merged is not None else 1
            yield from ["".join(_runs(cell))] * (min(times, 100) - 1)


def _attribute(element: etree._Element, name: str) -> str:
    return next((str(v) for k, v in element.attrib.items() if k.endswith(f"}}{name}")), "")


def ebook(path: Path) -> Reading:
    """An EPUB by its pages in reading order, each by Python's own parser."""
    texts, aside = [], []
    again: list[str] = []
    with zipfile.ZipFile(path) as file:
        container = etree.fromstring(file.read("META-INF/container.xml"))
        package_name = next(container.iter("{*}rootfile")).get("full-path") or ""
        package = etree.fromstring(file.read(package_name))
        items = {item.get("id"): item.get("href") for item in package.iter("{*}item")}
        for reference in package.iter("{*}itemref"):
            href = items.get(reference.get("idref"))
            if href is None:
                continue
            name = posixpath.normpath(
                posixpath.join(posixpath.dirname(package_name), unquote(href))
            )
            if name in file.namelist():
                page = html_text(decoded(file.read(name)))
                texts.append(page.text)
                aside.append(page.beside)
                again.append(page.again)
    return Reading("zip", "\n".join(texts), "\n".join(aside), "\n".join(again))


def pdf_readers(path: Path) -> list[Reading]:
    """A PDF by pdfium and poppler, without the headers and footers that pdfium's lines show.

    So are running heads that change with each section: see ``running_heads``.
    """
    oracle = read_oracle(path)
    heads = running_heads([page.lines for page in oracle.pages])
    headers = [
        [line.text for line in lines] + ([head.text] if head and head not in lines else [])
        for lines, head in zip(oracle.furniture, heads, strict=True)
    ]
    aside = "\n".join(line for lines in headers for line in lines)
    texts = {"pdfium": [page.text for page in oracle.pages], "pdftotext": oracle.poppler}
    return [
        Reading(name, "\n".join(map(without_furniture, pages, headers)), aside)
        for name, pages in texts.items()
    ]


def running_heads(pages: Sequence[Sequence[OracleLine]]) -> list[OracleLine | None]:
    """Each page's running head that names chapter and section: "CHAPTER 5. BASICS 5.2. RULES".

    It is the topmost line, stands at a height at which the topmost line of half of all pages
    stands, and its first three words, digits among them, open it there on two more of the
    ten pages around.
    """
    tops = [max(lines, key=lambda line: line.top, default=None) for lines in pages]
    found: list[OracleLine | None] = []
    for index, top in enumerate(tops):
        if top is None:
            found.append(None)
            continue
        level = [one for one in tops if one is not None and abs(one.top - top.top) <= HEIGHT]
        opening = top.text.casefold().split()[:3]
        around = [one for one in tops[max(index - 5, 0) : index + 6] if one is not None]
        same = [
            one
            for one in around
            if abs(one.top - top.top) <= HEIGHT and one.text.casefold().split()[:3] == opening
        ]
        is_head = len(level) >= 0.5 * len(pages) and len(same) >= 3 and len(opening) == 3
        found.append(top if is_head else None)
    return found


def _one(reader: Callable[[Path], Reading]) -> Reader:
    return lambda path: [reader(path)]


def _pandoc(form: str) -> Reader:
    return lambda path: [pandoc(path, form)]


_WEB = (("pandoc", _pandoc("html")), ("html.parser", _one(web_page)))
READERS: dict[str, tuple[tuple[str, Reader], ...]] = {  # suffix → readers by their names
    ".csv": (("csv", _one(csv_module)),),
    ".docx": (
        ("pandoc", _pandoc("docx")),
        ("python-docx", _one(python_docx)),
        ("XML", _one(word_xml)),
    ),
    ".eml": (("email", _one(mail_module)),),
    ".epub": (("pandoc", _pandoc("epub")), ("zip", _one(ebook))),
    ".htm": _WEB,
    ".html": _WEB,
    ".md": (
        ("pandoc", _pandoc("commonmark+pipe_tables+raw_html")),
        ("characters", _one(markup_source)),
    ),
    ".pdf": (("pdfium and pdftotext", pdf_readers),),
    ".txt": (("characters", _one(plain_text)),),
    ".adoc": (("asciidoctor", more.asciidoc),),
    ".ipynb": (("pandoc", _pandoc("ipynb")), ("json", more.notebook_strings)),
    ".json": (("json", more.json_leaves),),
    ".odp": (("XML", more.open_document),),
    ".ods": (("LibreOffice", more.sheets_shown), ("XML", more.open_document)),
    ".odt": (("pandoc", _pandoc("odt")), ("XML", more.open_document)),
    ".org": (("pandoc", _pandoc("org")),),
    ".pptx": (("python-pptx", more.slides_text),),
    ".rst": (("pandoc", _pandoc("rst")), ("docutils", more.restructured)),
    ".rtf": (("pandoc", _pandoc("rtf")), ("LibreOffice", more.office_text)),
    ".srt": (("lines", more.cues),),
    ".tex": (("pandoc", _pandoc("latex")),),
    ".vtt": (("lines", more.cues),),
    ".xls": (("LibreOffice", more.sheets_shown),),
    ".xlsb": (("LibreOffice", more.sheets_shown),),
    ".xlsx": (("LibreOffice", more.sheets_shown), ("openpyxl", more.workbook_values)),
    ".xml": (("ElementTree", more.xml_words),),
    ".yaml": (("yaml", more.yaml_scalars),),
    ".yml": (("yaml", more.yaml_scalars),),
}
