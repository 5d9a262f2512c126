"""Dialogs for opening and saving videos."""

from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QWidget

from nnviz.base import file_formats
from nnviz.gui.panels.dialogs.files import VIDEOS, ask_file, ask_new_file
from nnviz.gui.state.settings import Settings

_PATTERNS = " ".join(f"*{ending}" for ending in sorted({*file_formats.VIDEOS, ".gif"}))


def ask_video(parent: QWidget, settings: Settings) -> str:
    """Ask for a video to open; return its path, "" if cancelled."""
    kinds = _tr("Videos ({0});;All files (*)").format(_PATTERNS)
    return ask_file(parent, settings, VIDEOS, _tr("Open a video"), kinds)


def ask_new_video(parent: QWidget, settings: Settings, title: str, name: str) -> str:
    """Ask for a new video; return its path, .mp4 by default, "" if cancelled.

    Args:
        parent: of the dialog.
        settings: remember the folder for saved files.
        title: of the dialog.
        name: proposed name.
    """
    kinds = _tr("Videos (*.mp4);;Animations (*.gif)")
    path, _ = ask_new_file(parent, settings, title, name, kinds)
    return path if not path or Path(path).suffix else f"{path}.mp4"


def _tr(text: str) -> str:
    return QCoreApplication.translate("film_dialogs", text)
