"""The two coordinate frames of an image and the affine map between them."""

from dataclasses import dataclass
from enum import StrEnum


class Frame(StrEnum):
    """The frame of a spatial result's pixels: photo or input."""

    PHOTO = "photo"
    """The image as opened."""
    INPUT = "input"
    """The network's input: resized and cropped."""


@dataclass(frozen=True, slots=True)
class Placement:
    """The placement of the network's input on the photo.

    Continuous coordinates, the center of pixel (row i, column j) at (j + 0.5, i + 0.5):
    ``input = scale * photo + offset`` on each axis.

    Attributes:
        photo_size: height and width of the photo, px.
        input_size: height and width of the network's input, px.
        scale: input px per photo px, vertical and horizontal.
        offset: input coordinate of the photo's top left corner, vertical, horizontal.
    """

    photo_size: tuple[int, int]
    input_size: tuple[int, int]
    scale: tuple[float, float]
    offset: tuple[float, float]

    def to_input(self, y: float, x: float) -> tuple[float, float]:
        """Map a point of the photo to the input frame."""
        return (
            y * self.scale[0] + self.offset[0],
            x * self.scale[1] + self.offset[1],
        )

    def to_photo(self, y: float, x: float) -> tuple[float, float]:
        """Map a point of the input to the photo frame."""
        return (
            (y - self.offset[0]) / self.scale[0],
            (x - self.offset[1]) / self.scale[1],
        )

    def input_in_photo(self) -> tuple[float, float, float, float]:
        """Return top, left, bottom, right of the whole input in photo coordinates.

        The rectangle may extend beyond the photo where the input was padded.
        """
        top, left = self.to_photo(0, 0)
        bottom, right = self.to_photo(*self.input_size)
        return top, left, bottom, right
