"""Pages of a PDF that hold no text: drawn, and recognised by tesseract or rapidocr."""

from __future__ import annotations

import math
import os
import re
import resource
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from qa_bot.errors import OcrError
from qa_bot.loaders.pdf.hocr import Scan, page_text, read_hocr
from qa_bot.loaders.pdf.rapid import can_read_rapidly, read_picture
from qa_bot.loaders.pdf.text import PageText
from qa_bot.paging import ScannedPage, SeenWord

if TYPE_CHECKING:
    from concurrent.futures import Future

    import pypdfium2  # type: ignore[import-untyped]
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]  # rows of grey pixels

SWITCH = "QA_BOT_OCR"
"""The environment's variable that leaves all pages to tesseract: with the value ``tesseract``."""

DPI = 300  # what tesseract was trained for
MAX_PIXELS = 20_000_000  # of one page: A3 at 300 dpi; larger ones are drawn coarser
MAX_WORKERS = 4  # of one file; other files are read at the same time
SECONDS = 60.0  # for one run of tesseract
DOUBTFUL = 70  # per cent of confidence; with less, the page may lie on its side
_DOUBTFUL_TO_RAPIDOCR = 85  # which is surer: 99 of upright pages, up to 72 of some upside down

_MISSING = (
    "OCR needs tesseract: `apt-get install tesseract-ocr` (macOS: `brew install tesseract`); "
    "or rapidocr: `pip install qa-bot[ocr]`."
)
_TURN = re.compile(r"^Rotate: (90|180|270)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Recognised:
    """What came of one page. Invariant: ``page`` is None where ``problem`` says why it failed."""

    index: int
    page: PageText | None
    problem: str = ""
    scan: ScannedPage | None = None


def check_ocr(languages: str) -> None:
    """Make sure that pages can be recognised in these languages.

    Args:
        languages: As tesseract names them, joined by "+": "eng+deu".

    Raises:
        OcrError: Neither tesseract with their packs nor rapidocr is installed.
    """
    if not _is_for_rapidocr(languages):
        _check_tesseract(languages)


def _check_tesseract(languages: str) -> None:
    """Raise where it isn't installed, or has no pack for one of the languages."""
    listed = _tesseract("--list-langs").decode("utf-8", "replace").splitlines()[1:]
    installed = [name for line in listed if (name := line.strip()) not in ("", "osd")]
    missing = [name for name in languages.split("+") if name not in installed]
    if missing:
        package = "-".join(["tesseract-ocr", missing[0].replace("_", "-") or "eng"])
        raise OcrError(
            f"tesseract has no language {missing[0]!r}, only {', '.join(installed) or 'none'}: "
            f"`apt-get install {package}` (macOS: `brew install tesseract-lang`)."
        )


def _is_for_rapidocr(languages: str) -> bool:
    """Whether rapidocr is to read them: it loses fewer words, the more so of poor scans."""
    return os.environ.get(SWITCH) != "tesseract" and can_read_rapidly(languages)


def recognise(path: Path, indexes: Sequence[int], languages: str) -> Iterator[Recognised]:
    """Draw pages of a file and recognise their text, several at a time, in the order given.

    What fails is told of each page and never raised.

    Args:
        path: The PDF.
        indexes: Of its pages, from 0.
        languages: As for ``check_ocr``.
    """
    import pypdfium2

    try:
        pdf = pypdfium2.PdfDocument(path)
    except Exception as error:  # noqa: BLE001 - what one parser reads another may refuse
        yield from (Recognised(index, None, _reason(error)) for index in indexes)
        return
    recognised = partial(_recognised, is_rapid=_is_for_rapidocr(languages))
    workers = max(1, min(os.cpu_count() or 1, MAX_WORKERS, len(indexes)))
    waiting: deque[Recognised | Future[Recognised]] = deque()
    with pdf, ThreadPoolExecutor(workers) as pool:
        for index in indexes:
            try:  # here and not in the pool: pdfium is for one thread
                picture, points = _draw(pdf, index)
                waiting.append(pool.submit(recognised, index, picture, points, languages))
            except Exception as error:  # noqa: BLE001 - a damaged page costs that page only
                waiting.append(Recognised(index, None, _reason(error)))
            if len(waiting) > workers:
                yield _result(waiting.popleft())
        while waiting:
            yield _result(waiting.popleft())


def _result(found: Recognised | Future[Recognised]) -> Recognised:
    return found if isinstance(found, Recognised) else found.result()


def _draw(pdf: pypdfium2.PdfDocument, index: int) -> tuple[Picture, float]:
    """A page as it is shown, turned as it says, and how many points a pixel is."""
    page = pdf[index]
    try:
        width, height = page.get_size()
        scale = min(DPI / 72, math.sqrt(MAX_PIXELS / max(width * height, 1.0)))
        return page.render(scale=scale, grayscale=True).to_numpy().copy(), 1 / scale
    finally:
        page.close()


def _recognised(
    index: int, drawn: Picture, points: float, languages: str, *, is_rapid: bool
) -> Recognised:
    def read(seen: Picture) -> Scan:
        return read_picture(seen) if is_rapid else by_tesseract(seen, points, languages)

    try:
        picture, scan, upright = drawn, read(drawn), 0
        least = _DOUBTFUL_TO_RAPIDOCR if is_rapid else DOUBTFUL
        if _may_lie(scan, least) and (
            scan.lines or not is_rapid
        ):  # it finds lines in all directions
            turns = (1, 3, 2) if is_rapid else filter(None, (_turn(drawn, points),))
            for turn in turns:
                turned = np.rot90(drawn, -turn)
                other = read(turned)
                if (other.is_upright, other.confidence) > (scan.is_upright, scan.confidence):
                    picture, scan, upright = turned, other, turn
                if not _may_lie(scan, least):
                    break
        height, width = picture.shape
        page = page_text(scan, width, height, points)
        down, across = (points * side for side in drawn.shape)
        words = tuple(_on_drawn(word, upright, across, down) for word in page.words)
        seen = ScannedPage(index + 1, across, down, -upright % 4, words)
        return Recognised(index, page, scan=seen)
    except Exception as error:  # noqa: BLE001 - the other pages go on
        return Recognised(index, None, _reason(error))


def _on_drawn(word: SeenWord, turn: int, width: float, height: float) -> SeenWord:
    """Where a word stands on a page of that size that was turned clockwise to be read."""
    text, left, top, right, bottom = word
    if turn == 1:
        return SeenWord(text, top, height - right, bottom, height - left)
    if turn == 2:
        return SeenWord(text, width - right, height - bottom, width - left, height - top)
    if turn == 3:
        return SeenWord(text, width - bottom, left, width - top, right)
    return word


def _may_lie(scan: Scan, least: float) -> bool:
    """Whether the page may have been scanned on its side, or upside down."""
    return not (scan.is_upright and scan.confidence >= least)


def by_tesseract(picture: Picture, points: float, languages: str) -> Scan:
    """What tesseract recognises on a picture of which each pixel is so many points.

    Raises:
        OcrError: It is not installed, fails, or takes too long.
    """
    hocr = ("-c", "tessedit_create_hocr=1")  # by its variable: not every folder has the config file
    return read_hocr(_tesseract(*_on(points), "-l", languages, *hocr, picture=picture))


def _turn(picture: Picture, points: float) -> int:
    """By how many quarter turns clockwise a page has to be turned; 0 where it can't be told."""
    try:
        said = _tesseract(*_on(points), "--psm", "0", "-l", "osd", picture=picture)
    except OcrError:
        return 0  # too few letters, or no language pack "osd"
    match = _TURN.search(said.decode("utf-8", "replace"))
    return int(match[1]) // 90 if match else 0


def _on(points: float) -> tuple[str, ...]:
    """Arguments that every run has: from a pipe into a pipe, and the resolution."""
    return "stdin", "stdout", "--dpi", str(round(72 / points))


def _tesseract(*arguments: str, picture: Picture | None = None) -> bytes:
    """Run tesseract, and return what it prints.

    Raises:
        OcrError: It is not installed, fails, or takes too long.
    """
    given = b""
    if picture is not None:
        given = b"P5 %d %d 255\n" % picture.shape[::-1] + picture.tobytes()
    # One thread: the pages are what runs in parallel, and threads make a page slower, not faster.
    environment = {**os.environ, "OMP_THREAD_LIMIT": "1"}
    pipe = subprocess.PIPE
    try:
        process = subprocess.Popen(  # noqa: S603 - no shell, and languages are one argument
            ["tesseract", *arguments],  # noqa: S607 - where it is installed differs
            stdin=pipe,
            stdout=pipe,
            stderr=pipe,
            env=environment,
        )
    except FileNotFoundError as error:
        raise OcrError(_MISSING) from error
    except OSError as error:
        raise OcrError(f"tesseract can't be run: {error.strerror or error}") from error
    with process:
        _limit_time(process.pid)
        try:
            printed, complaint = process.communicate(given, timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            process.kill()
            raise OcrError(f"tesseract takes longer than {SECONDS:g} s") from error
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        said = " ".join(complaint.decode("utf-8", "replace").split())
        raise OcrError(f"tesseract failed: {said[:200] or process.returncode}")
    return printed


def _limit_time(pid: int) -> None:
    """See that it ends even where this process is killed and can't end it (on Linux)."""
    if hasattr(resource, "prlimit"):
        seconds = math.ceil(SECONDS)
        with suppress(OSError, ValueError):
            resource.prlimit(pid, resource.RLIMIT_CPU, (seconds, seconds))


def _reason(error: BaseException) -> str:
    """What is said of a page; not what a library tells its makers."""
    if isinstance(error, MemoryError):
        return "needs more memory than a file may use"
    if "Traceback" in str(error):
        return "what recognises it gives up, perhaps for want of memory"
    return " ".join(str(error).split()) or type(error).__name__
