"""Icon of the desktop bundle, drawn from its SVG; PyInstaller converts it."""

from pathlib import Path

from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SIDE = 1024
"""px; the largest that macOS asks for."""


def write_icon(drawing: Path, file: Path) -> Path:
    """Draw an SVG into a PNG file of ``SIDE`` pixels a side; return the file."""
    image = QImage(SIDE, SIDE, QImage.Format.Format_ARGB32)
    image.fill(0)
    painter = QPainter(image)
    QSvgRenderer(str(drawing)).render(painter)
    painter.end()
    file.parent.mkdir(parents=True, exist_ok=True)
    image.save(str(file))
    return file
