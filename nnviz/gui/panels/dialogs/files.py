"""File dialogs that remember a folder for each kind of file."""

from collections.abc import Iterable
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QWidget

from nnviz.base.file_formats import CLASS_NAMES, IMAGE_LISTS
from nnviz.gui.state.settings import Settings

IMAGES, VIDEOS, WEIGHTS, LABELS = "images", "videos", "weights", "labels"
STYLES, STICKERS, ANY = "styles", "stickers", "any"
DATASETS = "datasets"


def ask_file(
    parent: QWidget, settings: Settings, kind: str, title: str, patterns: str = ""
) -> str:
    """Ask for a file to open; return its path, "" if cancelled.

    Args:
        parent: of the dialog.
        settings: remember the folder.
        kind: kind of file: each remembers its own folder.
        title: of the dialog.
        patterns: as Qt's file dialog takes them.
    """
    start = settings.folder(kind)
    path, _ = QFileDialog.getOpenFileName(parent, title, start, patterns)
    return _remembered(settings, kind, path)


def ask_files(parent: QWidget, settings: Settings, kind: str, title: str) -> list[str]:
    """Ask for files to open; see ``ask_file``."""
    paths, _ = QFileDialog.getOpenFileNames(parent, title, settings.folder(kind))
    if paths:
        settings.save_folder(kind, paths[0])
    return paths


def ask_folder(parent: QWidget, settings: Settings, kind: str, title: str) -> str:
    """Ask for a folder to open; see ``ask_file``."""
    start = settings.folder(kind)
    path = QFileDialog.getExistingDirectory(parent, title, start)
    return _remembered(settings, kind, path)


def ask_dataset(parent: QWidget, settings: Settings) -> str:
    """Return a folder of images, or that of an index; empty for none."""
    title = parent.tr("Open a folder of images, or an index")
    return ask_folder(parent, settings, DATASETS, title)


def ask_image_list(parent: QWidget, settings: Settings) -> str:
    """Return the path of a file that names many images; empty for none."""
    title = parent.tr("Open a list of images")
    patterns = parent.tr("Annotations and tables ({0})").format(_globs(IMAGE_LISTS))
    return ask_file(parent, settings, DATASETS, title, patterns)


def ask_labels(parent: QWidget, settings: Settings) -> str:
    """Ask for a file of class names; return its path, "" if cancelled."""
    title = parent.tr("Open class names")
    patterns = parent.tr("Class names ({0})").format(_globs(CLASS_NAMES))
    return ask_file(parent, settings, LABELS, title, patterns)


def ask_new_file(
    parent: QWidget, settings: Settings, title: str, name: str, patterns: str
) -> tuple[str, str]:
    """Ask for a new file; return its path and the chosen pattern, "" if cancelled.

    Args:
        parent: of the dialog.
        settings: remember the folder for saved files.
        title: of the dialog.
        name: proposed name.
        patterns: as Qt's file dialog takes them.
    """
    start = str(Path(settings.export_folder, name))
    path, pattern = QFileDialog.getSaveFileName(parent, title, start, patterns)
    if path:
        settings.export_folder = str(Path(path).parent)
    return path, pattern


def _globs(endings: Iterable[str]) -> str:
    return " ".join(f"*{ending}" for ending in endings)


def _remembered(settings: Settings, kind: str, path: str) -> str:
    if path:
        settings.save_folder(kind, path)
    return path
