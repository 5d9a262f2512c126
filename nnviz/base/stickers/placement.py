"""Stickers and their placement on an image, for files, windows and attacks."""

import dataclasses
import json
import math
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError, UsageError
from nnviz.base.host.reading import parse_object

Outline = Literal["round", "square"]
"""Outline of a sticker; "square" keeps the whole image, whatever its aspect ratio."""
Size = tuple[int, int]
"""Height and width, px."""
LEAST_WIDTH, MOST_WIDTH = 0.01, 2.0
"""Limits of a sticker's width, in fractions of the image's shorter side."""
_WHAT = "sticker"
_TURN = 360


@dataclass(frozen=True, slots=True)
class Placement:
    """The placement of a sticker, in fractions of the image.

    The center always lies on the image.  Parts beyond the image's edge are cut off when
    the sticker is pasted; it is neither moved nor shrunk.

    Attributes:
        x: of the center, from the left edge (0) to the right edge (1).
        y: of the center, from the upper edge (0) to the lower edge (1).
        width: of the sticker before rotation, in fractions of the image's shorter side,
            ``LEAST_WIDTH`` to ``MOST_WIDTH``; its height follows from its aspect ratio.
        angle: in degrees, counter-clockwise, -180 to 180.
    """

    x: float = 0.5
    y: float = 0.5
    width: float = 0.25
    angle: float = 0.0

    def __post_init__(self) -> None:
        """Validate the fields.

        Raises:
            UsageError: a number is not finite or out of its range.
        """
        least = {"x": 0.0, "y": 0.0, "width": LEAST_WIDTH, "angle": -_TURN / 2}
        most = {"x": 1.0, "y": 1.0, "width": MOST_WIDTH, "angle": _TURN / 2}
        for name, low in least.items():
            value = getattr(self, name)
            if not low <= value <= most[name]:
                raise UsageError(
                    f"{_WHAT} {name}", f"is {value}", f"give {low:g} to {most[name]:g}"
                )

    @classmethod
    def nearest(cls, x: float, y: float, width: float, angle: float) -> Self:
        """Clamp numbers to a valid placement.

        The center is clamped to the image, the width to its limits; the angle wraps
        around.  The numbers must be finite.
        """
        return cls(
            x=min(max(x, 0.0), 1.0),
            y=min(max(y, 0.0), 1.0),
            width=min(max(width, LEAST_WIDTH), MOST_WIDTH),
            angle=(angle + _TURN / 2) % _TURN - _TURN / 2,
        )

    def matrix(self, picture: Size, sticker: Size) -> NDArray[np.float64]:
        """Return the map from the sticker's coordinates to the image's, (2, 3).

        Continuous coordinates (x, y) in px, the center of the pixel in row i and
        column j at (j + 0.5, i + 0.5).

        Args:
            picture: height and width of the image, px.
            sticker: likewise of the sticker.
        """
        turn = math.radians(self.angle)
        scale = self.width * min(picture) / sticker[1]
        # Rows count downwards, so this rotates counter-clockwise on screen.
        along = scale * np.array(
            [[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]]
        )
        center = np.array([self.x * picture[1], self.y * picture[0]])
        middle = np.array([sticker[1] / 2, sticker[0] / 2])
        return np.column_stack([along, center - along @ middle])

    def pixels(self, picture: Size, sticker: Size) -> Size:
        """Return the sticker's height and width on an image, whole px, rounded up."""
        scale = self.width * min(picture) / sticker[1]
        # The tolerance keeps a width that is an integer up to rounding.
        height, width = (max(1, math.ceil(side * scale - 1e-6)) for side in sticker)
        return height, width

    def corners(self, picture: Size, sticker: Size) -> NDArray[np.float64]:
        """Return the sticker's corners on the image, (4, 2) as (x, y) in px.

        Upper left, upper right, lower right, lower left of the sticker before rotation;
        they may lie outside the image.
        """
        height, width = sticker
        own = [[0, 0, 1], [width, 0, 1], [width, height, 1], [0, height, 1]]
        found: NDArray[np.float64] = np.array(own) @ self.matrix(picture, sticker).T
        return found

    def to_json(self) -> str:
        """Return the placement as JSON text with sorted keys."""
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str, name: str = "placement") -> Self:
        """Parse the JSON text that ``to_json`` wrote.

        Args:
            text: JSON.
            name: of the file, for the error.

        Raises:
            InputError: the text is no placement.
        """
        try:
            values = parse_object(text, name)
            return cls(**{key: float(at) for key, at in values.items()})
        except (ValueError, TypeError, OverflowError, InputError, UsageError):
            raise InputError(
                name, "gives no sticker a position", "place it again"
            ) from None
