"""Stickers on an image as one line of text, for forms, files and the command line.

``round:#ff0000 @ 0.5 0.5 0.25 0; cat.png @ 0.2 0.3 0.4 15 0.8`` are two stickers: a red
disc in the middle, and an image that is rotated by 15 degrees and 80 % opaque.
"""

import dataclasses
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import get_args

from nnviz.base.errors import ErrorRecord, UsageError
from nnviz.base.images import Colors, Image
from nnviz.base.results import ColorImage, Report, Text
from nnviz.base.stickers.placement import Outline, Placement

PLACED = "placed"
"""Name of the stickers' text in the report of the method that placed them."""
EXAMPLE = "round:#e53935 @ 0.5 0.5 0.25 0"
_OUTLINES = get_args(Outline)
_COLOR = re.compile(r"#[0-9a-fA-F]{6}")
_STICKER = re.compile(r"@(\s+[-+.e\d]+){4,5}\s*(;|$)")
_DECIMALS = 4
_LEAST, _MOST = 4, 5
"""Number of values of a sticker: x, y, width, angle, and the opacity where it is not 1.
"""
_GRAMMAR = "STICKER @ X Y WIDTH ANGLE [OPACITY], several separated by ;"


@dataclass(frozen=True, slots=True)
class Cut:
    """The source and outline that a sticker is cut out of.

    Attributes:
        outline: shape of the outline; "square" keeps the whole image.
        source: path of an image file, or a color as "#rrggbb".
    """

    outline: Outline
    source: str

    @classmethod
    def parse(cls, text: str) -> "Cut":
        """Parse "round:#ff0000", "round:cat.png", "cat.png"."""
        for outline in _OUTLINES:
            if text.startswith(f"{outline}:"):
                return cls(outline, text.removeprefix(f"{outline}:").strip())
        return cls("square", text)

    @property
    def text(self) -> str:
        """The text that ``parse`` reads."""
        whole = self.outline == "square" and not self.is_color
        return self.source if whole else f"{self.outline}:{self.source}"

    @property
    def is_color(self) -> bool:
        """Whether the sticker is of one color, not an image."""
        return _COLOR.fullmatch(self.source) is not None

    @property
    def color(self) -> tuple[float, float, float]:
        """Red, green and blue in [0, 1], of a sticker of one color."""
        red, green, blue = bytes.fromhex(self.source.removeprefix("#"))
        return red / 255, green / 255, blue / 255


@dataclass(frozen=True, slots=True)
class Placed:
    """A sticker placed on an image.

    Attributes:
        cut: source and outline.
        placement: placement on the image.
        opacity: 0 (invisible) to 1 (opaque).
    """

    cut: Cut
    placement: Placement = field(default_factory=Placement)
    opacity: float = 1.0

    @property
    def text(self) -> str:
        """The text that ``parse_placed`` reads."""
        at = self.placement
        numbers = [at.x, at.y, at.width, at.angle]
        if self.opacity != 1:
            numbers.append(self.opacity)
        return f"{self.cut.text} @ {' '.join(map(_written, numbers))}"


@dataclass(frozen=True, slots=True, eq=False)
class OpenedSticker:
    """An opened sticker, or the error that opening it raised.

    Attributes:
        text: text of its ``Cut``.
        image: None where it cannot be opened.
        pixels: uint8 (H, W, 4), for painting it.
        error: why it cannot be opened, in words.
    """

    text: str
    image: Image | None = None
    pixels: Colors | None = None
    error: ErrorRecord | None = None


def sticker_of(report: Report) -> ColorImage | None:
    """Return the sticker that a method has learned; None where there is none."""
    pictures = (each for each in report.values() if isinstance(each, ColorImage))
    return next((each for each in pictures if each.alpha is not None), None)


def placed_of(report: Report) -> str:
    """Return the stickers that a method has placed, as text; else ""."""
    found = report.results.get(PLACED)
    return found.text if isinstance(found, Text) else ""


def names_stickers(text: str) -> bool:
    """Return whether a text is in the notation of stickers, not the name of a file."""
    return _STICKER.search(text) is not None


def parse_placed(text: str) -> tuple[Placed, ...]:
    """Parse stickers, the lowest first; () for an empty text.

    Raises:
        UsageError: the text is not in the format above; names the sticker.
    """
    parts = (part.strip() for part in text.split(";"))
    return tuple(_parsed(part) for part in parts if part)


def placed_text(stickers: Iterable[Placed]) -> str:
    """Return stickers as text for ``parse_placed``."""
    return "; ".join(each.text for each in stickers)


def files_of(text: str) -> tuple[str, ...]:
    """Return the files that placed stickers are cut from, in their order."""
    return tuple(
        each.cut.source for each in parse_placed(text) if not each.cut.is_color
    )


def with_files(text: str, files: Iterable[str]) -> str:
    """Return placed stickers with other files to cut from, in the same order."""
    others = iter(files)
    return placed_text(
        each
        if each.cut.is_color
        else Placed(Cut(each.cut.outline, next(others)), each.placement, each.opacity)
        for each in parse_placed(text)
    )


def _parsed(part: str) -> Placed:
    what, mark, numbers = part.rpartition("@")
    try:
        x, y, width, angle, *rest = map(float, numbers.split())
    except ValueError:
        raise UsageError("stickers", f"{part!r} is none", _GRAMMAR) from None
    opacity = rest[0] if rest else 1.0
    if not mark or not what.strip() or len(rest) > _MOST - _LEAST:
        raise UsageError("stickers", f"{part!r} is none", _GRAMMAR)
    if not 0 <= opacity <= 1:
        raise UsageError("sticker opacity", f"is {opacity:g}", "give 0 to 1")
    return Placed(Cut.parse(what.strip()), Placement(x, y, width, angle), opacity)


def _written(value: float) -> str:
    """Format a number with the decimals of the notation."""
    return f"{round(value, _DECIMALS):.10g}"


def rounded(placement: Placement) -> Placement:
    """Round a placement to the decimals of the notation, so that text is exact."""
    numbers = dataclasses.astuple(placement)
    return Placement(*(round(each, _DECIMALS) for each in numbers))
