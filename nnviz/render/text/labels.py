"""Placement of boxes' labels within the image, without overlaps."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Position = tuple[float, float, float, float]
"""Left, top, right, bottom."""


@dataclass(frozen=True, slots=True)
class Label:
    """A label to place.

    Attributes:
        box: box of the labeled object.
        width: of the label.
        height: of the label.
    """

    box: Position
    width: float
    height: float


def place(
    labels: Sequence[Label], room: tuple[float, float], taken: Iterable[Position] = ()
) -> list[Position | None]:
    """Place labels without overlaps, earlier ones first.

    Candidates in order: on the upper edge outside the box, inside at the top, below the
    box, each at the left and at the right; then further down inside.  All coordinates
    are in px.

    Args:
        labels: the most important first.
        room: width and height of the image.
        taken: rectangles that labels must avoid.

    Returns:
        A position of each label inside the image that overlaps no other; None where
        there is none.
    """
    used = list(taken)
    places: list[Position | None] = []
    for label in labels:
        position = next(
            (each for each in _positions(label, room) if _is_free(each, used)), None
        )
        if position is not None:
            used.append(position)
        places.append(position)
    return places


def _positions(label: Label, room: tuple[float, float]) -> Iterable[Position]:
    """Yield candidate positions of a label, the best first, within the image."""
    left, top, right, bottom = label.box
    width, height = label.width, label.height
    if width > room[0] or height > room[1]:
        return
    columns = (left, right - width)
    rows = [top - height, top, bottom, bottom - height]
    step = height
    while top + step + height < bottom:
        rows.append(top + step)
        step += height
    for y in rows:
        for x in columns:
            inside_y = min(max(y, 0.0), room[1] - height)
            inside_x = min(max(x, 0.0), room[0] - width)
            yield inside_x, inside_y, inside_x + width, inside_y + height


def _is_free(position: Position, used: Sequence[Position]) -> bool:
    left, top, right, bottom = position
    return not any(
        left < other[2] and other[0] < right and top < other[3] and other[1] < bottom
        for other in used
    )
