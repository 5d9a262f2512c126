"""Printable pages of stickers, at a size in millimeters, with crop marks."""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError, unknown
from nnviz.base.shipped.resources import resource
from nnviz.render.drawings.plots import DRAWING, plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Colors = NDArray[np.uint8]

INCH = 25.4
"""One inch, mm."""
PAPERS = {"a4": (210.0, 297.0), "letter": (215.9, 279.4)}
"""Width and height of a sheet, mm: ISO 216, ANSI/ASME Y14.1."""
EDGE = 10.0
"""Margin on each side, mm: a little more than most printers leave blank."""
_MARK = 4.0
"""Length of a crop mark, mm."""
_OFF = 1.5
"""Distance between a sticker's corner and its crop marks, mm."""
_GAP = 2 * (_MARK + _OFF)
"""Gap between two stickers, mm, so that crop marks do not meet."""
_FOOT = 14.0
"""Height of the text line and the ruler below the stickers, mm."""
_RULER = 50.0
_POINTS = 8
_HAIRLINE = 0.35


@dataclass(frozen=True, slots=True)
class Print:
    """Print settings of a sticker.

    Attributes:
        width: of the sticker on paper, mm.
        paper: name in ``PAPERS``.
        copies: number of copies on the page; 0 for as many as fit.
        marks: whether crop marks are drawn around each.
    """

    width: float
    paper: str = "a4"
    copies: int = 1
    marks: bool = True


def places(size: tuple[float, float], order: Print) -> list[tuple[float, float]]:
    """Return the positions of a sticker's copies on the page.

    Args:
        size: height and width of the sticker, mm.
        order: how it is printed.

    Returns:
        Top and left of each, mm from the upper left corner of the sheet.

    Raises:
        UsageError: the paper is unknown, or the page is too small for the copies.
    """
    if order.paper not in PAPERS:
        raise unknown("paper", order.paper, PAPERS)
    if not order.width > 0 or order.copies < 0:
        raise UsageError("print", "a size of 0 or less", "give a width in millimeters")
    width, height = PAPERS[order.paper]
    rim = EDGE + (_OFF + _MARK if order.marks else 0.0)
    room = (height - 2 * rim - _FOOT, width - 2 * rim)
    rows, columns = (
        max(0, int((free + _GAP + 1e-9) // (side + _GAP)))
        for free, side in zip(room, size, strict=True)
    )
    held = rows * columns
    if order.copies > held or not held:
        raise _too_large(size, held, room)
    count = order.copies or held
    return [
        (rim + row * (size[0] + _GAP), rim + column * (size[1] + _GAP))
        for row, column in (divmod(number, columns) for number in range(count))
    ]


def sticker_page(picture: Colors, order: Print, name: str = "") -> bytes:
    """Return a PDF page with a sticker at its size.

    The file holds the image's pixels unchanged, without resampling; the resolution in
    print is written below the stickers, next to a ruler for checking the printed size.

    Args:
        picture: uint8 (H, W, 3), or (H, W, 4) with alpha.
        order: how it is printed.
        name: of the sticker, for the text on the page.

    Raises:
        UsageError: the paper is unknown, or the page is too small.
    """
    from matplotlib.backends.backend_pdf import FigureCanvasPdf
    from matplotlib.figure import Figure

    rows, columns = picture.shape[:2]
    size = order.width * rows / columns, order.width
    where = places(size, order)
    width, height = PAPERS[order.paper]
    figure = Figure(figsize=(width / INCH, height / INCH), facecolor="none")
    axes = figure.add_axes((0, 0, 1, 1), xlim=(0, width), ylim=(height, 0))
    axes.set_axis_off()
    for top, left in where:
        box = (left, left + size[1], top + size[0], top)
        axes.imshow(picture, extent=box, interpolation="none", aspect="auto")
        if order.marks:
            _draw_marks(axes, box)
    _draw_foot(axes, _words(picture, size, name))
    file = io.BytesIO()
    facts: dict[str, Any] = {"Title": name or "Sticker", "CreationDate": None}
    canvas = FigureCanvasPdf(figure)
    with DRAWING:
        canvas.print_pdf(file, metadata=facts)  # type: ignore[no-untyped-call]
    return file.getvalue()


def dots_per_inch(columns: int, width: float) -> float:
    """Return the resolution of a printed image, px per inch.

    Args:
        columns: width of the image, px.
        width: printed width, mm.
    """
    return columns / (width / INCH)


def _words(picture: Colors, size: tuple[float, float], name: str) -> str:
    rows, columns = picture.shape[:2]
    parts = (
        name,
        f"{size[1]:g} × {size[0]:.4g} mm",
        f"{columns} × {rows} px, {dots_per_inch(columns, size[1]):.0f} dpi",
        "print at 100 %, not fitted to the page",
    )
    return "  ·  ".join(part for part in parts if part)


def _draw_marks(axes: "Axes", box: tuple[float, float, float, float]) -> None:
    """Draw two crop marks at each corner, clear of the sticker."""
    left, right, bottom, top = box
    for x, away in ((left, -1), (right, 1)):
        for y, up in ((top, -1), (bottom, 1)):
            near, far = _OFF, _OFF + _MARK
            _draw_line(axes, (x + away * near, x + away * far), (y, y))
            _draw_line(axes, (x, x), (y + up * near, y + up * far))


def _draw_foot(axes: "Axes", words: str) -> None:
    """Draw the caption and a ruler of 50 mm at the bottom of the page."""
    from matplotlib.font_manager import FontProperties

    face = FontProperties(
        fname=str(resource("fonts", "Inter-Regular.ttf")), size=_POINTS
    )
    bottom = axes.get_ylim()[0] - EDGE
    axes.text(EDGE, bottom - 6, plain(words), fontproperties=face, va="baseline")
    _draw_line(axes, (EDGE, EDGE + _RULER), (bottom - 1, bottom - 1))
    for end in (EDGE, EDGE + _RULER):
        _draw_line(axes, (end, end), (bottom - 2, bottom))
    axes.text(
        EDGE + _RULER + 2, bottom, f"{_RULER:g} mm", fontproperties=face, va="baseline"
    )


def _draw_line(axes: "Axes", x: tuple[float, float], y: tuple[float, float]) -> None:
    axes.plot(x, y, color="black", linewidth=_HAIRLINE, solid_capstyle="butt")


def _too_large(
    size: tuple[float, float], held: int, room: tuple[float, float]
) -> UsageError:
    """Return the error that names how many copies the page holds."""
    if held:
        reason, remedy = (
            f"the page holds {held} of this size",
            "print fewer, or smaller",
        )
    else:
        widest = min(room[1], room[0] * size[1] / size[0])
        reason, remedy = "too large for the page", f"{int(widest)} mm wide fits"
    return UsageError(f"a sticker {size[1]:g} mm wide", reason, remedy)
