"""Viewport: the mapping between image and widget, and state shared by canvases."""

import math
from dataclasses import dataclass, replace
from typing import Self

from PySide6.QtCore import QObject, Signal

MAXIMUM_ZOOM = 64.0
"""Widget px per image px that can always be reached."""
MINIMUM_MAGNIFICATION = 0.25
MAXIMUM_MAGNIFICATION = 8.0

Point = tuple[float, float]
"""Vertical, horizontal."""
Bounds = tuple[float, float, float, float]
"""Top, left, bottom, right."""


class ViewState(QObject):
    """Magnification and center relative to the image, shareable between canvases.

    Attributes:
        magnification: 1 shows the whole image.
        center: image point in the widget's center, as fractions of height and width.
    """

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.magnification = 1.0
        self.center: Point = (0.5, 0.5)

    @property
    def fitted(self) -> bool:
        """Whether the whole image is shown."""
        return self.magnification == 1 and self.center == (0.5, 0.5)

    def set(self, magnification: float, center: Point) -> None:
        """Set both; emit ``changed`` if either differs."""
        if (magnification, center) != (self.magnification, self.center):
            self.magnification = magnification
            self.center = center
            self.changed.emit()

    def fit(self) -> None:
        """Show the whole image."""
        self.set(1.0, (0.5, 0.5))


@dataclass(frozen=True, slots=True)
class Viewport:
    """The affine mapping between image and widget.

    Continuous coordinates: the center of pixel (row i, column j) is (i + 0.5, j + 0.5).

    Attributes:
        picture: height and width, px.
        widget: height and width, logical px.
        magnification: relative to the zoom at which the image fits.
        center: image point in the widget's center, as fractions of height and width.
        margin: free space on each side of a fitted image, logical px.
    """

    picture: tuple[int, int]
    widget: tuple[float, float]
    magnification: float = 1.0
    center: Point = (0.5, 0.5)
    margin: float = 0.0

    @property
    def fit_zoom(self) -> float:
        """Zoom at which the whole image is shown, widget px per image px."""
        return max(
            1e-6,
            min(
                (self.widget[0] - 2 * self.margin) / self.picture[0],
                (self.widget[1] - 2 * self.margin) / self.picture[1],
            ),
        )

    @property
    def zoom(self) -> float:
        """Current zoom, widget px per image px."""
        return self.fit_zoom * self.magnification

    def to_widget(self, y: float, x: float) -> Point:
        """Map a point of the image to the widget."""
        return (
            (y - self.center[0] * self.picture[0]) * self.zoom + self.widget[0] / 2,
            (x - self.center[1] * self.picture[1]) * self.zoom + self.widget[1] / 2,
        )

    def to_image(self, y: float, x: float) -> Point:
        """Map a point of the widget to the image."""
        return (
            (y - self.widget[0] / 2) / self.zoom + self.center[0] * self.picture[0],
            (x - self.widget[1] / 2) / self.zoom + self.center[1] * self.picture[1],
        )

    def box_to_widget(self, bounds: Bounds) -> Bounds:
        """Map a box of the image to the widget."""
        return (*self.to_widget(*bounds[:2]), *self.to_widget(*bounds[2:]))

    def contains(self, y: float, x: float) -> bool:
        """Return whether a point, in image coordinates, lies on the image."""
        return 0 <= y < self.picture[0] and 0 <= x < self.picture[1]

    def zoomed(self, factor: float, y: float, x: float) -> Self:
        """Return the viewport with the image enlarged about a point of the widget."""
        top = max(MAXIMUM_MAGNIFICATION, MAXIMUM_ZOOM / self.fit_zoom)
        magnification = min(
            max(self.magnification * factor, MINIMUM_MAGNIFICATION), top
        )
        under = self.to_image(y, x)
        zoom = self.fit_zoom * magnification
        middle = (
            under[0] - (y - self.widget[0] / 2) / zoom,
            under[1] - (x - self.widget[1] / 2) / zoom,
        )
        return replace(
            self, magnification=magnification, center=self._fraction(*middle)
        )

    def panned(self, dy: float, dx: float) -> Self:
        """Return the viewport panned by widget px."""
        return replace(
            self,
            center=self._fraction(
                self.center[0] * self.picture[0] - dy / self.zoom,
                self.center[1] * self.picture[1] - dx / self.zoom,
            ),
        )

    def _fraction(self, y: float, x: float) -> Point:
        """Return the center as fractions of the image, clipped to it."""
        return (
            min(max(y / self.picture[0], 0.0), 1.0),
            min(max(x / self.picture[1], 0.0), 1.0),
        )


def visible_pixels(
    shape: tuple[int, int], box: Bounds, widget: tuple[float, float]
) -> tuple[int, int, int, int] | None:
    """Return the visible pixels of a layer.

    Args:
        shape: rows and columns of the layer.
        box: rectangle of the layer in the widget.
        widget: height and width of the widget.

    Returns:
        First row and column, and one past the last; None if nothing is visible.
    """
    spans = []
    for axis in (0, 1):
        start, stop, count = box[axis], box[axis + 2], shape[axis]
        if stop <= start:
            return None
        scale = count / (stop - start)
        first = max(0, math.floor(-start * scale))
        last = min(count, math.ceil((widget[axis] - start) * scale))
        if first >= last:
            return None
        spans.append((first, last))
    return spans[0][0], spans[1][0], spans[0][1], spans[1][1]
