"""What of a page can be seen: colours, what is painted under text or over it, layers."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qa_bot.loaders.pdf.geometry import Box, apply, around, holds, overlap

if TYPE_CHECKING:
    from pypdf._protocols import PdfCommonDocProtocol
    from pypdf.generic import DictionaryObject

    from qa_bot.loaders.pdf.geometry import Matrix

WHITE = 0.95  # of each of red, green and blue; more can't be told from paper
FAINT = 0.05  # opacity; less can't be seen
MAX_BOXES = 5_000  # of one page; more is a drawing, and nothing on it counts as hidden

Colour = tuple[float, float, float] | None
"""Red, green and blue in [0, 1]; None where it isn't known."""

BLACK: Colour = (0.0, 0.0, 0.0)


@dataclass
class Sight:
    """What was painted so far, with the number of runs drawn before it."""

    inked: list[Box] = field(default_factory=list)  # by pictures, and paths that aren't white
    pictures: list[Box] = field(default_factory=list)
    covers: list[tuple[int, Box]] = field(default_factory=list)  # opaque rectangles, in order
    path: list[Box] = field(default_factory=list)
    rectangles: int = 0  # of the path
    everywhere: bool = False  # a shading, or more than is worth following

    def extend(self, matrix: Matrix, *points: tuple[float, float]) -> None:
        """Add points to the path."""
        self.path.append(around(apply(matrix, *point) for point in points))

    def picture(self, matrix: Matrix) -> None:
        """A picture is drawn into the unit square."""
        box = around(apply(matrix, *corner) for corner in ((0, 0), (1, 0), (1, 1), (0, 1)))
        self.pictures.append(box)
        self._ink(box)

    def fill(self, colour: Colour, alpha: float, clip: Box | None, drawn: int) -> None:
        """The path is filled. ``clip`` is None where it isn't a rectangle."""
        if not self.path or alpha < FAINT:
            return
        box = around(point for part in self.path for point in (part[:2], part[2:]))
        if colour is None or min(colour) < WHITE:
            self._ink(box)
        is_one = len(self.path) == self.rectangles == 1
        if is_one and clip is not None and colour is not None and alpha > 0.99:
            self.covers.append((drawn, overlap(box, clip)))

    def _ink(self, box: Box) -> None:
        self.inked.append(box)
        self.everywhere = self.everywhere or len(self.inked) > MAX_BOXES

    def end_path(self) -> None:
        """Forget the path."""
        self.path, self.rectangles = [], 0

    def is_on_ink(self, x: float, y: float) -> bool:
        """Whether a point is painted, so that white text shows on it."""
        return self.everywhere or any(holds(box, x, y, 1.0) for box in self.inked)

    def is_on_picture(self, x: float, y: float) -> bool:
        """Whether a point lies on a picture."""
        return any(holds(box, x, y, 2.0) for box in self.pictures)

    def is_covered(self, box: Box, drawn: int) -> bool:
        """Whether an opaque rectangle was painted over a box after so many runs."""
        if self.everywhere:
            return False
        later = bisect_right(self.covers, drawn, key=lambda cover: cover[0])
        left, bottom, right, top = box[0] + 1.0, box[1] + 1.0, box[2] - 1.0, box[3] - 1.0
        # Without calls: a table may have thousands of texts, and of boxes behind its cells.
        for _, cover in self.covers[later:]:
            if cover[0] <= left and right <= cover[2] and cover[1] <= bottom and top <= cover[3]:
                return True
        return False


def colour_of(operands: Sequence[Any], space: str) -> Colour:
    """The colour that numbers give in a colour space, "" where their count tells it."""
    numbers = [float(number) for number in operands if isinstance(number, int | float)]
    if space == "?" or len(numbers) != len(operands):
        return None
    if len(numbers) == 1:
        return (numbers[0],) * 3
    if len(numbers) == 3:
        return (numbers[0], numbers[1], numbers[2])
    if len(numbers) == 4:
        red, green, blue = (max(0.0, 1 - number - numbers[3]) for number in numbers[:3])
        return (red, green, blue)
    return None


def space_of(operands: Sequence[Any], resources: DictionaryObject) -> str:
    """Empty for a colour space of grey, red-green-blue or four inks, "?" for any other."""
    name = str(operands[0]) if operands else "?"
    if name in ("/DeviceGray", "/DeviceRGB", "/DeviceCMYK"):
        return ""
    spaces = resources.get("/ColorSpace")
    found = spaces.get_object().get(name) if spaces is not None else None
    found = found.get_object() if found is not None else None
    kind = found[0] if isinstance(found, list) and found else found
    return "" if kind in ("/ICCBased", "/CalRGB", "/CalGray", "/DeviceRGB", "/DeviceGray") else "?"


def hidden_layers(pdf: PdfCommonDocProtocol | None) -> frozenset[int]:
    """Object numbers of the layers that are off when the file is opened."""
    try:
        root: Any = pdf.root_object if pdf is not None else {}
        layers = root["/OCProperties"]
        default = layers["/D"].get_object()
        off = {group.idnum for group in default.get("/OFF", ())}
        if default.get("/BaseState") == "/OFF":
            on = {group.idnum for group in default.get("/ON", ())}
            off |= {group.idnum for group in layers["/OCGs"]} - on
    except (KeyError, AttributeError, TypeError):
        return frozenset()
    return frozenset(off)


def is_off(owner: Any, off: frozenset[int]) -> bool:  # noqa: ANN401 - any object of the file
    """Whether a layer, or every layer of a membership, is off. ``owner`` names it."""
    try:
        number = getattr(owner, "idnum", None)
        if not off or number in off:
            return bool(off)
        groups = owner.get_object().get("/OCGs", ())
        members = groups if isinstance(groups, list) else [groups]
        numbers = [getattr(member, "idnum", None) for member in members]
        return bool(numbers) and all(member in off for member in numbers)
    except (KeyError, AttributeError, TypeError):
        return False
