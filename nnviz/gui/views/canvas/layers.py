"""Images in the form that the canvas paints: QImage on numpy memory, mip maps."""

from typing import Any
from weakref import WeakValueDictionary

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QImage, QPainter

from nnviz.gui.views.canvas.viewport import Bounds, Viewport, visible_pixels

Bytes = NDArray[np.uint8]

NEAREST_FROM = 2.0
"""Device px per image px from which pixels are shown as squares."""
_HALVE_BELOW = 0.5
_AT_ONCE = 4 << 20
"""Images of up to this many px are converted and downscaled when painted."""
_STRIP = 1 << 20
"""Number of px downscaled at once, which takes some milliseconds."""
_ALPHA_CHANNELS = 4

_FORMATS = {
    1: QImage.Format.Format_Grayscale8,
    3: QImage.Format.Format_RGB888,
    4: QImage.Format.Format_RGBA8888,
}


def image_of(pixels: Bytes, table: Bytes | None = None) -> QImage:
    """Return a QImage that shares the array's memory; keep the array alive.

    Args:
        pixels: uint8 (H, W), (H, W, 1), (H, W, 3) or (H, W, 4), rows contiguous.
        table: uint8 (N, 3), N <= 256: colors of the values of an (H, W) array.
    """
    height, width = pixels.shape[:2]
    channels = pixels.shape[2] if pixels.ndim == 3 else 1  # noqa: PLR2004
    kind = _FORMATS[channels] if table is None else QImage.Format.Format_Indexed8
    image = QImage(pixels.data, width, height, pixels.strides[0], kind)
    if table is not None:
        red, green, blue = table.astype(np.uint32).T
        opaque = np.uint32(0xFF000000)
        image.setColorTable((opaque | red << 16 | green << 8 | blue).tolist())
    return image


def array_of(image: QImage) -> Bytes:
    """Return a copy of an image's pixels, uint8 (H, W, 3)."""
    rgb = image.convertToFormat(QImage.Format.Format_RGB888)
    lines = np.frombuffer(rgb.constBits(), np.uint8).reshape(rgb.height(), -1)
    return lines[:, : rgb.width() * 3].reshape(rgb.height(), rgb.width(), 3).copy()


def _format_of(pixels: Bytes) -> QImage.Format:
    """Return the format that Qt paints fastest."""
    clear = pixels.shape[2:] == (_ALPHA_CHANNELS,)
    fast = QImage.Format
    return fast.Format_ARGB32_Premultiplied if clear else fast.Format_RGB32


class Layer:
    """An image with its mip map levels, made on demand.

    A large image is not copied: its QImage refers to the array, which is kept alive as
    long, and is never handed out, since a copy would share the memory without keeping
    it alive.
    """

    def __init__(self, pixels: Bytes, table: Bytes | None = None) -> None:
        self.pixels = np.ascontiguousarray(pixels)
        self.table = table
        whole = image_of(self.pixels, table)
        if self.small:
            # Qt scales its own format 3 to 5 times faster; the copy costs 0.1 ms/MP.
            whole = whole.convertToFormat(_format_of(self.pixels))
        self._levels = {0: whole}
        self._reduction: _Reduction | None = None

    @property
    def small(self) -> bool:
        """Whether the image is small enough to be downscaled while painting."""
        return self.size[0] * self.size[1] <= _AT_ONCE

    @property
    def wanting(self) -> bool:
        """Whether ``refine`` has more to do."""
        return self._reduction is not None

    def refine(self) -> bool:
        """Work for a few milliseconds on the mip map level requested last.

        Returns:
            Whether there is more to do.
        """
        work = self._reduction
        if work is not None and not work.step():
            self._levels[work.level] = work.image
            self._reduction = None
        return self.wanting

    @property
    def size(self) -> tuple[int, int]:
        """Height and width, px."""
        return self.pixels.shape[0], self.pixels.shape[1]

    def shows(self, pixels: Bytes, table: Bytes | None) -> bool:
        """Return whether the layer shows this very array."""
        return self.pixels is pixels and self.table is table

    def value(self, row: int, column: int) -> tuple[int, ...]:
        """Return the color of one pixel, 0-255 a channel."""
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
        """Paint the layer at its position on the image.

        Args:
            painter: of the widget.
            view: map from image to widget.
            bounds: where the layer lies, image coordinates.
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
        """Return the smallest mip map level that is magnified at most twofold.

        A level that would take long to compute is left to ``refine``, and the next
        larger one is used instead.
        """
        level = 0
        while scale < _HALVE_BELOW and min(self.size) >> level > 1:
            level += 1
            scale *= 2
        if level in self._levels:
            self._reduction = None
        elif self._reduction is None or self._reduction.level != level:
            self._reduction = _Reduction(self.pixels, self.table, level)
            if self.small:
                while self.refine():
                    pass
        return self._levels[max(each for each in self._levels if each <= level)]


class _Reduction:
    """Downscaling by a power of two, strip by strip."""

    def __init__(self, pixels: Bytes, table: Bytes | None, level: int) -> None:
        height, width = pixels.shape[:2]
        self.level = level
        self.image = QImage(
            max(1, width >> level), max(1, height >> level), _format_of(pixels)
        )
        self._pixels, self._table = pixels, table
        self._row = 0
        self._rows = max(1, _STRIP // width >> level)

    def step(self) -> bool:
        """Downscale the next strip; return whether there are more."""
        top, bottom = self._row, min(self._row + self._rows, self.image.height())
        last = bottom == self.image.height()
        stop = self._pixels.shape[0] if last else bottom << self.level
        strip = image_of(self._pixels[top << self.level : stop], self._table)
        small = strip.scaled(
            QSize(self.image.width(), bottom - top),
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        with QPainter(self.image) as painter:
            painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Source)
            painter.drawImage(0, top, small)
        self._row = bottom
        return not last


_SHARED: WeakValueDictionary[int, Layer] = WeakValueDictionary()


def layer_of(pixels: Bytes, table: Bytes | None = None) -> Layer:
    """Return the layer of an array, shared by all canvases that show it."""
    known = _SHARED.get(id(pixels))
    if known is None or not known.shows(pixels, table):
        known = _SHARED[id(pixels)] = Layer(pixels, table)
    return known


def _is_exact(scale: float, box: Bounds, ratio: float) -> bool:
    """Return whether image and device pixels coincide, so that no filter is needed."""
    offsets = (box[0] * ratio, box[1] * ratio)
    return abs(scale - 1) < 1e-9 and all(part == round(part) for part in offsets)  # noqa: PLR2004
