"""Pictures of pages → their words, by rapidocr: for where the program tesseract isn't there.

Its package carries the models, which OpenVINO runs; a model that is missing is never fetched.
What it tells of a line is a box and a text: where its words and its baseline are is measured
on the picture, and ruled lines are looked for there.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from itertools import accumulate
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import numpy as np

from qa_bot.errors import OcrError
from qa_bot.loaders.pdf.hocr import ASCENDER, Scan, ScanLine, Word
from qa_bot.offline import import_rapidocr

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]  # rows of grey pixels

LANGUAGES = frozenset(
    "afr aze bos cat ces chi_sim chi_tra cym dan deu eng est eus fin fra gle glg hrv hun isl ita"
    " jpn lat lav lit ltz mlt mri msa nld nor oci pol por ron slk slv spa sqi srp_latn swa swe tgl"
    " tur uzb vie".split()
)
"""What its one model reads, as tesseract names the languages."""

_MODELS = {"Det": "PP-OCRv6_det_small.onnx", "Rec": "PP-OCRv6_rec_small.onnx"}
_LETTERS_ABOVE = frozenset("bdfhklt")  # that are as high as capitals
_X_HEIGHT = 0.48  # ems, in usual type
_INK = 0.03  # of the fullest row: fewer dark pixels are specks
_SLOPES = tuple(step / 1000 for step in range(-12, 13))  # about that of the page
_LEAST_ROWS = 6  # of a line whose letters can be measured
_LEAST_RULE = 60  # pixels, of a ruled line
_THICKEST = 8  # pixels, of a ruled line

_turn = threading.Lock()  # its engine is for one thread at a time, and uses all cores


def can_read_rapidly(languages: str) -> bool:
    """Whether the package is there with its models, and they read all these languages.

    Args:
        languages: As tesseract names them, joined by "+".
    """
    return LANGUAGES.issuperset(languages.split("+")) and _is_installed()


@lru_cache(1)
def _is_installed() -> bool:
    found = find_spec("rapidocr")
    folder = Path(found.origin).parent / "models" if found and found.origin else None
    return folder is not None and all((folder / name).is_file() for name in _MODELS.values())


@lru_cache(1)
def _engine() -> Any:  # noqa: ANN401 - the package has no types for it
    rapidocr = import_rapidocr()
    folder = Path(str(rapidocr.__file__)).parent / "models"
    settings: dict[str, object] = {"Global.log_level": "critical", "Global.use_cls": False}
    for part, name in _MODELS.items():
        if not (folder / name).is_file():  # else it would be fetched
            raise OcrError(f"rapidocr lacks its model {name}: install it anew")
        settings[f"{part}.engine_type"] = rapidocr.EngineType.OPENVINO
        settings[f"{part}.model_path"] = str(folder / name)
    return rapidocr.RapidOCR(params=settings)


def read_picture(picture: Picture) -> Scan:
    """Recognise what stands on a picture of a page that is upright.

    Raises:
        OcrError: A model isn't there.
    """
    with _turn:
        found = _engine()(np.repeat(picture[:, :, None], 3, axis=2))
    if found.boxes is None or found.txts is None:
        return Scan((), _rules(picture))
    boxes = [_Box.of(np.asarray(corners)) for corners in found.boxes]
    lean = median([box.slope for box in boxes for _ in range(int(box.x1 - box.x0))])
    lines = zip(boxes, found.txts, found.scores, strict=True)
    read = tuple(_line(picture, box, lean, text, 100 * score) for box, text, score in lines)
    return Scan(tuple(line for line in read if line is not None), _rules(picture))


@dataclass(frozen=True, slots=True)
class _Box:
    """A leaning box in pixels: the upright one around it, its middle, its slope and its height."""

    x0: float
    y0: float
    x1: float
    y1: float
    middle: float  # from the top
    slope: float
    height: float

    @classmethod
    def of(cls, corners: NDArray[np.float64]) -> _Box:
        """From its corners, the upper left one first, clockwise."""
        (x0, y0), (x1, y1) = corners.min(0), corners.max(0)
        (left, first), (right, second) = (
            (corners[0] + corners[3]) / 2,
            (corners[1] + corners[2]) / 2,
        )
        height = np.linalg.norm(corners[3] - corners[0]) + np.linalg.norm(corners[2] - corners[1])
        slope = (second - first) / max(right - left, 1.0)
        numbers = (x0, y0, x1, y1, (first + second) / 2, slope, height / 2)
        return cls(*map(float, numbers))


def _line(
    picture: Picture, box: _Box, lean: float, text: str, confidence: float
) -> ScanLine | None:
    """A line in a box on a page that leans so much."""
    if not text.strip():
        return None
    left, top = max(int(box.x0), 0), max(int(box.y0), 0)
    part = picture[top : math.ceil(box.y1), left : math.ceil(box.x1)]
    slope, base, high, small = _heights(part, box, lean, text)
    words = _words(text, part, left, box.y0, box.y1, confidence)
    at_left = top + base - slope * (box.x1 - box.x0) / 2
    return ScanLine(tuple(words), at_left - slope * left, slope, max(high / ASCENDER, 1.0), small)


def _heights(part: Picture, box: _Box, lean: float, text: str) -> tuple[float, float, float, float]:
    """A line's slope, its baseline at its middle, and how high its high and small letters are.

    The slope is that which makes the rows the most unlike: in those of small letters is much
    ink, and between the lines none. The small ones begin and end where it changes most. The
    baseline is counted in rows from the top of the part.
    """
    rows, columns = _ink(part).nonzero()
    height, middle = part.shape[0], box.middle - max(int(box.y0), 0)
    slopes = (lean + step for step in _SLOPES)
    slope, counts = max(
        ((slope, _row_counts(rows, columns, slope, part.shape)) for slope in slopes),
        key=lambda pair: float(np.square(pair[1]).sum()),
    )
    first = max(math.floor(middle - box.height / 2) - 1, 0)
    counts = counts[first : math.ceil(middle + box.height / 2) + 2]
    if len(counts) < _LEAST_ROWS or not counts.any():
        return lean, 0.8 * height, 0.7 * height, 0.5 * height
    change = np.diff(np.convolve(counts, np.ones(3) / 3, "same"))
    half = len(counts) // 2
    base = half + int(np.argmin(change[half:])) + 1.0
    small = base - int(np.argmax(change[:half])) - 1.0
    inked = (counts[: int(base)] > _INK * counts.max()).nonzero()[0]
    high = base - float(inked[0]) if inked.size else small
    if not any(one.isupper() or one.isdigit() or one in _LETTERS_ABOVE for one in text):
        high = max(high, small * ASCENDER / _X_HEIGHT)
    return slope, first + base, max(high, small, 1.0), max(small, 1.0)


def _row_counts(
    rows: NDArray[np.int64], columns: NDArray[np.int64], slope: float, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """How much ink each row has when the part is straightened about its middle."""
    straight = np.rint(rows - slope * (columns - shape[1] / 2)).astype(int)
    inside = straight[(straight >= 0) & (straight < shape[0])]
    return np.bincount(inside, minlength=shape[0]).astype(float)


def _ink(part: Picture) -> NDArray[np.bool_]:
    """What is dark: darker than halfway between the darkest and the paper."""
    if not part.size:
        return np.zeros(part.shape, bool)
    darkest, paper = np.percentile(part, (2, 90))
    return np.asarray(part < (darkest + paper) / 2, bool)


def _words(
    text: str, part: Picture, left: int, top: float, bottom: float, confidence: float
) -> Iterator[Word]:
    """The words of a line, between the widest gaps of its ink where these are so many."""
    texts = text.split()
    width = part.shape[1]
    edges = _edges(part, len(texts)) or _shares(texts, width)
    for word, (start, end) in zip(texts, edges, strict=True):
        yield Word(word, left + start, top, left + end, bottom, confidence)


def _edges(part: Picture, count: int) -> list[tuple[float, float]]:
    """Where so many words stand, by the columns without ink; none where that isn't clear."""
    inked = (_ink(part).sum(0) > 1).nonzero()[0]
    if inked.size < 2:
        return []
    gaps = np.diff(inked)
    widest = np.sort(np.argsort(gaps)[len(gaps) - count + 1 :]) if count > 1 else np.array([], int)
    rest = np.delete(gaps, widest)
    if count > 1 and (len(gaps) < count or gaps[widest].min() <= 1.2 * rest.max(initial=1)):
        return []
    starts = [int(inked[0]), *(int(inked[at + 1]) for at in widest)]
    ends = [*(int(inked[at]) + 1 for at in widest), int(inked[-1]) + 1]
    return [(float(a), float(b)) for a, b in zip(starts, ends, strict=True)]


def _shares(texts: Sequence[str], width: int) -> list[tuple[float, float]]:
    """Where words stand if all characters were of one width."""
    whole = sum(map(len, texts)) + len(texts) - 1
    ends = list(accumulate(len(text) + 1 for text in texts))
    return [
        ((end - 1 - len(text)) * width / whole, (end - 1) * width / whole)
        for text, end in zip(texts, ends, strict=True)
    ]


def _rules(picture: Picture) -> tuple[tuple[float, float, float, float], ...]:
    """The boxes of long thin lines, level and upright."""
    import cv2

    ink = _ink(picture).astype(np.uint8)
    found: list[tuple[float, float, float, float]] = []
    for kernel in (np.ones((1, _LEAST_RULE), np.uint8), np.ones((_LEAST_RULE, 1), np.uint8)):
        kept = cv2.morphologyEx(ink, cv2.MORPH_OPEN, kernel)
        count, _, boxes, _ = cv2.connectedComponentsWithStats(kept)
        for x, y, width, height, _ in boxes[1:count]:
            if min(width, height) <= _THICKEST:
                found.append((float(x), float(y), float(x + width), float(y + height)))
    return tuple(found)
