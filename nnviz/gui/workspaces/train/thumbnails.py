"""Thumbnails of the examples to learn from."""

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRect, QSize
from PySide6.QtGui import QImage, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QWidget

from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.manager import GRID
from nnviz.gui.views.canvas.layers import Bytes

_THUMBNAIL, _COLUMNS, _ROWS = 56, 4, 2


class Thumbnails(QWidget):
    """Thumbnails of the newest of some images."""

    def __init__(self, app: AppContext) -> None:
        super().__init__()
        self._look, self._images = app.look, app.images
        self._files: list[str] = []
        self._asked: set[str] = set()
        self._pixmaps: dict[str, QPixmap] = {}

    def show_files(self, files: list[str]) -> None:
        """Show the newest of some files."""
        self._files = files[-_COLUMNS * _ROWS :][::-1]
        self._pixmaps = {k: v for k, v in self._pixmaps.items() if k in self._files}
        self._asked &= set(self._files)
        for file in set(self._files) - self._asked:
            self._asked.add(file)
            self._images.make_thumbnail(file, partial(self._take, file))
        names = ", ".join(Path(file).name for file in self._files)
        self.setAccessibleName(names)
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the rows of images."""
        side = self._look.px(_THUMBNAIL)
        return QSize(_COLUMNS * (side + GRID), _ROWS * (side + GRID))

    def minimumSizeHint(self) -> QSize:
        """Return the size of the rows of images."""
        return self.sizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the images in rows, with outlines in place of missing ones."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            side = self._look.px(_THUMBNAIL)
            for index in range(_COLUMNS * _ROWS):
                line, column = divmod(index, _COLUMNS)
                cell = QRect(column * (side + GRID), line * (side + GRID), side, side)
                file = self._files[index] if index < len(self._files) else ""
                pixmap = self._pixmaps.get(file)
                if pixmap is not None:
                    painter.drawPixmap(cell, pixmap, _middle(pixmap))
                else:
                    painter.fillRect(cell, self.palette().alternateBase())

    def _take(self, path: str, pixels: Bytes) -> None:
        if path not in self._files:
            return
        height, width = pixels.shape[:2]
        layout = QImage.Format.Format_RGB888
        image = QImage(pixels.data, width, height, 3 * width, layout)
        self._pixmaps[path] = QPixmap.fromImage(image.copy())
        self.update()


def _middle(pixmap: QPixmap) -> QRect:
    """Return the central square of an image."""
    side = min(pixmap.width(), pixmap.height())
    left, top = (pixmap.width() - side) // 2, (pixmap.height() - side) // 2
    return QRect(left, top, side, side)
