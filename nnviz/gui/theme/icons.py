"""Shipped SVG icons, drawn in the theme's colors."""

from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from platformdirs import user_cache_path
from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from nnviz.base.host.writing import replace_text
from nnviz.base.shipped.resources import resource


@cache
def draw(name: str, color: str, disabled: str, side: int) -> QIcon:
    """Return an icon.

    Args:
        name: file name in ``resources/icons`` without its ending; an unknown one gives
            an empty icon, so that a button falls back to its text.
        color: #rrggbb that replaces ``currentColor``.
        disabled: color for disabled controls.
        side: px of the largest size; drawn once and scaled down by Qt.
    """
    try:
        text = _svg(name)
    except FileNotFoundError:
        return QIcon()
    icon = QIcon()
    icon.addPixmap(_pixmap(text, color, side))
    icon.addPixmap(_pixmap(text, disabled, side), QIcon.Mode.Disabled)
    return icon


@cache
def file(name: str, color: str) -> str:
    """Return the path of an icon file in a color, for use in style sheets.

    Args:
        name: as for ``draw``; must exist.
        color: as for ``draw``.
    """
    text = _svg(name).replace("currentColor", color)
    path = f"{name}-{color.removeprefix('#')}.svg"
    try:
        return _kept(user_cache_path("nnviz", appauthor=False) / "icons" / path, text)
    except OSError:  # no home to write to
        return _kept(Path(_folder().name, path), text)


def _kept(path: Path, text: str) -> str:
    """Write a file unless it holds the text already; return its path."""
    with suppress(FileNotFoundError, UnicodeDecodeError):
        if path.read_text("utf-8") == text:
            return path.as_posix()
    replace_text(path, text)
    return path.as_posix()


@cache
def _folder() -> TemporaryDirectory[str]:
    """Return a temporary folder that is deleted with the program."""
    return TemporaryDirectory(prefix="nnviz-icons-", ignore_cleanup_errors=True)


@cache
def _svg(name: str) -> str:
    return resource("icons", f"{name}.svg").read_text(encoding="utf-8")


def _pixmap(svg: str, color: str, side: int) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", color).encode()))
    pixmap = QPixmap(QSize(side, side))
    pixmap.fill(Qt.GlobalColor.transparent)
    with QPainter(pixmap) as painter:
        renderer.render(painter)
    return pixmap
