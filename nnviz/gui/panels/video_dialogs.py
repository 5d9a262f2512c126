"""Asking which film, and where a new one goes."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QFileDialog, QWidget

from nnviz.base.video import FILMS

_PATTERNS = " ".join(f"*{ending}" for ending in sorted({*FILMS, ".gif"}))


def ask_film(parent: QWidget) -> str:
    """Return the path of a film to open; empty for none."""
    kinds = _tr("Films ({0});;All files (*)").format(_PATTERNS)
    return QFileDialog.getOpenFileName(parent, _tr("Open a film"), "", kinds)[0]


def ask_new_film(parent: QWidget, title: str, start: Path) -> str:
    """Return where a new film goes, .mp4 where nothing else is said; empty for none.

    Args:
        parent: of the dialog.
        title: likewise.
        start: the path that is proposed.
    """
    kinds = _tr("Films (*.mp4);;Animations (*.gif)")
    path, _ = QFileDialog.getSaveFileName(parent, title, str(start), kinds)
    return path if not path or Path(path).suffix else f"{path}.mp4"


def _tr(text: str) -> str:
    return QCoreApplication.translate("film_dialogs", text)
