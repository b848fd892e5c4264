"""Readers that are not ours of spreadsheets, slides, OpenDocument, RTF, notebooks, data and more.

LibreOffice tells cells as they are shown, openpyxl their values, python-pptx the text of slides;
pandoc reads what it knows; data are walked by Python's own parsers.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import openpyxl
import yaml
from charset_normalizer import from_bytes
from docutils.core import publish_string
from lxml import etree
from pptx import Presentation
from python_calamine import CalamineWorkbook

from benchmarks.reading.html_text import html_reading
from benchmarks.reading.words import Reading

_SECONDS = 180  # for one program and one file
_CSV = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
_DAY = re.compile(r"\b(\d\d?)/(\d\d?)/(\d{4}|\d\d)\b")
_HOUR = re.compile(r"\b(\d\d?)((?::\d\d){1,2}(?:\.\d+)?) ([AP])M\b")
_CUE_TIME = re.compile(r"(?:^[^\n]+\n)?^.*-->.*$|^\d+$", re.MULTILINE)  # with what names it
_UNSAID = re.compile(r"^(?:\ufeff?WEBVTT|NOTE|STYLE|REGION)\b.*(?:\n.+)*", re.MULTILINE)
_TAG = re.compile(r"<[^<>]*>|\{\\[^{}]*\}")


def office(path: Path, form: str) -> str:
    """A file by LibreOffice, as text; of a workbook all sheets.

    Raises:
        FileNotFoundError: It isn't installed, or makes nothing of the file.
    """
    program = shutil.which("soffice")
    if program is None:
        raise FileNotFoundError("soffice")
    with tempfile.TemporaryDirectory() as folder:
        command = [program, f"-env:UserInstallation=file://{folder}/profile", "--headless"]
        command += ["--convert-to", form, "--outdir", f"{folder}/out", str(path.resolve())]
        subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS)  # noqa: S603
        made = sorted(Path(folder, "out").iterdir())
        if not made:
            raise FileNotFoundError(path)
        return "\n".join(one.read_text("utf-8-sig", "replace") for one in made)


def sheets_shown(path: Path) -> list[Reading]:
    """Cells as LibreOffice shows them, days year first and hours to 24, as we write them.

    The names of sheets may stand above, what merged cells say in each of them.
    """
    shown = office(path, _CSV)
    told = _DAY.sub(_year_first, _HOUR.sub(_to_24, shown))
    again = ["Comments Text boxes\n" * 50, *re.findall(r"\w+", path.stem), shown * 30]
    return [Reading("LibreOffice", told, again="\n".join([*again, *_sheet_names(path)]))]


def _year_first(day: re.Match[str]) -> str:
    year = day[3] if len(day[3]) == 4 else f"{19 if day[3] > '30' else 20}{day[3]}"
    return f"{year}-{int(day[1]):02}-{int(day[2]):02}"


def _to_24(hour: re.Match[str]) -> str:
    return f"{int(hour[1]) % 12 + (12 if hour[3] == 'P' else 0)}{hour[2]}"


def _sheet_names(path: Path) -> list[str]:
    try:
        return list(CalamineWorkbook.from_path(str(path)).sheet_names)
    except Exception:  # noqa: BLE001 - a parser raises anything on damaged files
        return []


def workbook_values(path: Path) -> list[Reading]:
    """Cells by openpyxl: their values; beside them hidden sheets, again what merged cells tell."""
    book = openpyxl.load_workbook(path, data_only=True)
    seen: list[str] = []
    hidden: list[str] = []
    again: list[str] = [*book.sheetnames, "Comments Text boxes\n" * 50]
    for sheet in book.worksheets:
        told = seen if sheet.sheet_state == "visible" else hidden
        for row in sheet.iter_rows():
            for cell in row:
                if cell.value is not None:
                    told.append(str(cell.value))
                if cell.comment is not None:
                    again += [cell.comment.text, cell.comment.author or "", cell.coordinate]
        for area in sheet.merged_cells.ranges:
            text = str(sheet.cell(area.min_row, area.min_col).value or "")
            again += [text] * min(area.size["rows"] * area.size["columns"], 500)
    return [Reading("openpyxl", "\n".join(seen), "\n".join(hidden), "\n".join(again))]


def slides_text(path: Path) -> list[Reading]:
    """Slides by python-pptx: shapes, groups, tables and notes; beside them footers and numbers."""
    told: list[str] = []
    beside: list[str] = []
    again = ["Notes", "Comments"] * 300
    for slide in Presentation(str(path)).slides:
        for shape in slide.shapes:
            _shape_text(shape, told, beside, again)
        if slide.has_notes_slide:
            frame = slide.notes_slide.notes_text_frame
            told.append(frame.text if frame is not None else "")
            beside += [one.text for one in slide.notes_slide.placeholders if one.has_text_frame]
    again += _diagrams(path)
    return [Reading("python-pptx", "\n".join(told), "\n".join(beside), "\n".join(again))]


def _shape_text(shape: object, told: list[str], beside: list[str], again: list[str]) -> None:
    if hasattr(shape, "shapes"):
        for one in shape.shapes:
            _shape_text(one, told, beside, again)
    elif getattr(shape, "has_table", False):
        for row in shape.table.rows:  # type: ignore[attr-defined]
            told += [cell.text_frame.text for cell in row.cells]
            again += [cell.text_frame.text for cell in row.cells if cell.is_merge_origin] * 30
    elif getattr(shape, "has_text_frame", False):
        is_edge = shape.is_placeholder and str(shape.placeholder_format.type).startswith(  # type: ignore[attr-defined]
            ("DATE", "SLIDE_NUMBER", "FOOTER")
        )
        (beside if is_edge else told).append(shape.text_frame.text)  # type: ignore[attr-defined]


def _diagrams(path: Path) -> Iterator[str]:
    """What SmartArt, charts and comments say, which python-pptx doesn't tell."""
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            if name.startswith(("ppt/diagrams/data", "ppt/charts/chart", "ppt/comments")):
                root = etree.fromstring(file.read(name))
                yield from (one.text or "" for one in root.iter("{*}t", "{*}v", "{*}text"))


def open_document(path: Path) -> list[Reading]:
    """OpenDocument by its XML: all paragraphs; beside them deleted text, headers and contents."""
    told: list[str] = []
    beside: list[str] = []
    again = ["Comments Header Footer Notes"] * 300
    with zipfile.ZipFile(path) as file:
        for name in ("content.xml", "styles.xml"):
            root = etree.fromstring(file.read(name)) if name in file.namelist() else None
            for one in root.iter("{*}p", "{*}h") if root is not None else ():
                above = {etree.QName(outer).localname for outer in one.iterancestors()}
                aside = {"tracked-changes", "annotation", "note-body"} & above
                text = "".join(_open_text(one))
                (beside if aside or name == "styles.xml" else told).append(text)
            for one in root.iter("{*}creator") if root is not None else ():
                again.append(one.text or "")
    return [Reading("XML", "\n".join(told), "\n".join(beside), "\n".join([*again, *_copies(path)]))]


def _copies(path: Path) -> Iterator[str]:
    """The texts of cells that are over others, which may be told in all of them."""
    with zipfile.ZipFile(path) as file:
        root = etree.fromstring(file.read("content.xml"))
    for cell in root.iter("{*}table-cell"):
        spans = [
            int(held)
            for key, held in cell.attrib.items()
            if str(key).endswith(("-spanned", "-repeated"))
        ]
        if spans:
            yield from ["".join(cell.itertext())] * min(max(spans) * 2, 200)


def _open_text(element: etree._Element) -> Iterator[str]:
    yield element.text or ""
    for child in element:
        name = etree.QName(child).localname if isinstance(child.tag, str) else ""
        if name in ("s", "tab", "line-break", "p"):
            yield " "
        if name not in ("note", "annotation", "frame", "custom-shape", "page-number", "page-count",
                        "title", "desc", "g", "rect"):  # fmt: skip
            yield from _open_text(child)
        yield child.tail or ""


def office_text(path: Path) -> list[Reading]:
    """A text by LibreOffice."""
    return [
        Reading(
            "LibreOffice", office(path, "txt:Text (encoded):UTF8"), again="Comments Header Footer"
        )
    ]


def notebook_strings(path: Path) -> list[Reading]:
    """A notebook's sources and outputs, as strings."""
    told, beside = [], []
    for cell in json.loads(path.read_text("utf-8")).get("cells", []):
        told.append("".join(cell.get("source", "")))
        for output in cell.get("outputs", []):
            beside += [
                "".join(one)
                for one in output.get("data", {}).values()
                if isinstance(one, list | str)
            ]
            beside += [
                "".join(output.get("text", "")),
                output.get("ename", ""),
                output.get("evalue", ""),
            ]
    return [Reading("json", "\n".join(told), "\n".join(beside))]


def json_leaves(path: Path) -> list[Reading]:
    """JSON's names and values; the names of a table's columns are told once."""
    values: list[str] = []
    names: list[str] = []
    held = json.loads(path.read_text("utf-8-sig"), parse_float=str, parse_int=str)
    _walk(held, values, names)
    once = list(dict.fromkeys(names))
    numbers = list(map(str, range(1000))) * 9  # of values in lists
    return [Reading("json", "\n".join([*values, *once]), again="\n".join([*names * 9, *numbers]))]


def _walk(held: object, values: list[str], names: list[str]) -> None:
    if isinstance(held, dict):
        for name, one in held.items():
            names.append(str(name))
            _walk(one, values, names)
    elif isinstance(held, list):
        for one in held:
            _walk(one, values, names)
    elif held is not None:
        values.append(
            {True: "true", False: "false"}.get(held, str(held))
            if isinstance(held, bool)
            else str(held)
        )


def yaml_scalars(path: Path) -> list[Reading]:
    """YAML's scalars, as they are written; its comments may be told, too."""
    source = path.read_text("utf-8")
    scalars = [one.value for one in yaml.scan(source) if isinstance(one, yaml.ScalarToken)]
    return [Reading("yaml", "\n".join(scalars), again=source)]


def xml_words(path: Path) -> list[Reading]:
    """XML's words; names of elements and attributes, and their values, may be told, too."""
    root = ElementTree.parse(path).getroot()  # noqa: S314 - the benchmark's own files
    names = [one.tag.rpartition("}")[2] for one in root.iter() if isinstance(one.tag, str)]
    held = [value for one in root.iter() for pair in one.attrib.items() for value in pair]
    numbers = "\n".join(list(map(str, range(1, 1000))) * 9)  # of elements that are alike
    text = "\n".join(root.itertext())
    return [Reading("ElementTree", text, "\n".join(held), "\n".join([*names * 9, numbers]))]


def cues(path: Path) -> list[Reading]:
    """Subtitles without their times; what rolls may be told once."""
    match = from_bytes(path.read_bytes()).best()
    source = str(match).replace("\r\n", "\n") if match is not None else ""
    said = _TAG.sub("", _CUE_TIME.sub("", _UNSAID.sub("", source)))
    lines: Iterable[str] = dict.fromkeys(line.strip() for line in said.split("\n"))
    return [Reading("lines", "\n".join(lines), again=source)]


def restructured(path: Path) -> list[Reading]:
    """ReStructuredText as docutils makes HTML of it."""
    settings = {"file_insertion_enabled": False, "report_level": 5, "_disable_config": True}
    made = publish_string(
        path.read_text("utf-8", "replace"), writer="html5", settings_overrides=settings
    )
    return [html_reading("docutils", bytes(made).decode("utf-8"))]


def asciidoc(path: Path) -> list[Reading]:
    """AsciiDoc by asciidoctor, which includes nothing in its secure mode."""
    program = shutil.which("asciidoctor") or "asciidoctor"
    command = [program, "-b", "html5", "-S", "secure", "-o", "-", str(path.resolve())]
    done = subprocess.run(command, capture_output=True, check=True, timeout=_SECONDS)  # noqa: S603
    return [html_reading("asciidoctor", done.stdout.decode("utf-8", "replace"))]
