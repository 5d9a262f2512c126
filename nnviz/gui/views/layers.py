"""Pictures as the canvas paints them: numpy memory seen by QImage, and mip maps."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter, qRgb

from nnviz.gui.views.viewport import Bounds, Viewport, visible_pixels

Bytes = NDArray[np.uint8]

NEAREST_FROM = 2.0
"""Device px per picture px from which pixels are shown as the squares they are."""
_HALVE_BELOW = 0.5

_FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}


def image_of(pixels: Bytes, table: Bytes | None = None) -> QImage:
    """Return a QImage that looks at the array's memory; keep the array alive.

    Args:
        pixels: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), rows contiguous.
        table: uint8 (N, 3), N <= 256: colours of the values of an (H, W) array.
    """
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1  # noqa: PLR2004
    kind = _FORMATS[channels] if table is None else QImage.Format.Format_Indexed8
    image = QImage(pixels.data, width, height, pixels.strides[0], kind)
    if table is not None:
        image.setColorTable([qRgb(*map(int, colour)) for colour in table])
    return image


def array_of(image: QImage) -> Bytes:
    """Return a copy of an image's pixels, uint8 (H, W, 3)."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), -1)
    return lines[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).copy()


class Layer:
    """One picture with the smaller versions that were needed so far.

    The array is held as long as the QImage that looks at it.  The QImage is never
    handed out: a copy of it would share the memory without holding the array.
    """

    def __init__(self, pixels: Bytes, table: Bytes | None = None) -> None:
        self.pixels = np.ascontiguousarray(pixels)
        self.table = table
        self._levels = [image_of(self.pixels, table)]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def shows(self, pixels: Bytes, table: Bytes | None) -> bool:
        """Tell whether this is the layer of that very array."""
        return self.pixels is pixels and self.table is table

    def value(self, row: int, column: int) -> tuple[int, ...]:
        """Return the colour of one pixel, 0-255 a channel."""
        pixel: Any = self.pixels[row, column]
        if self.table is not None:
            pixel = self.table[pixel]
        return tuple(int(part) for part in np.atleast_1d(pixel)[:3])

    def paint(
        self,
        painter: QPainter,
        view: Viewport,
        bounds: Bounds,
        ratio: float,
        *,
        smooth: bool = False,
    ) -> None:
        """Paint the layer where it lies on the picture.

        Args:
            painter: of the widget.
            view: map from picture to widget.
            bounds: where the layer lies, picture coordinates.
            ratio: device px per logical px.
            smooth: whether to interpolate when magnified.
        """
        box = view.box_to_widget(bounds)
        scale = ratio * (box[3] - box[1]) / self.size[1]
        level = self._level(scale)
        part = visible_pixels((level.height(), level.width()), box, view.widget)
        if part is None:
            return
        smooth = smooth or scale < NEAREST_FROM
        painter.setRenderHint(
            QPainter.RenderHint.SmoothPixmapTransform,
            smooth and not _is_exact(scale, box, ratio),
        )
        top, left, bottom, right = part
        y_scale = (box[2] - box[0]) / level.height()
        x_scale = (box[3] - box[1]) / level.width()
        painter.drawImage(
            QRectF(
                box[1] + left * x_scale,
                box[0] + top * y_scale,
                (right - left) * x_scale,
                (bottom - top) * y_scale,
            ),
            level,
            QRectF(left, top, right - left, bottom - top),
        )

    def _level(self, scale: float) -> QImage:
        """Return the smallest version that is not magnified by more than two."""
        index = 0
        while scale < _HALVE_BELOW and min(self.size) >> index > 1:
            index += 1
            scale *= 2
            if index == len(self._levels):
                self._levels.append(_halved(self._levels[-1]))
        return self._levels[index]


def _halved(image: QImage) -> QImage:
    size = QSize(max(1, image.width() // 2), max(1, image.height() // 2))
    return image.scaled(
        size,
        Qt.AspectRatioMode.IgnoreAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )


def _is_exact(scale: float, box: Bounds, ratio: float) -> bool:
    """Tell whether each pixel falls on one device pixel, so no filter is needed."""
    offsets = (box[0] * ratio, box[1] * ratio)
    return abs(scale - 1) < 1e-9 and all(part == round(part) for part in offsets)  # noqa: PLR2004
