"""Actions on records: open, explain, drag, copy."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QCoreApplication, QMimeData, QUrl
from PySide6.QtWidgets import QApplication

from nnviz.gui.services.app_context import AppContext
from nnviz.gui.services.dataset.neighborhood import Box, NeighborQuestion
from nnviz.gui.state.modes import BOARD
from nnviz.gui.state.record_selection import NO_RECORD
from nnviz.gui.theme.parts import MenuEntry
from nnviz.gui.workspaces.data.record_words import file_name

ROOMS = ("inspect", "explain", "imagine", "style", "attack")
"""Workspaces in which an image can be opened."""
MOST_EXPLAINED = 12
"""Maximum number of images of a board: with eight methods a hundred maps."""
MOST_DRAGGED = 200


def chosen_paths(app: AppContext, most: int) -> list[str]:
    """Return the paths of the selected records, the current one first."""
    dataset, selection = app.datasets.dataset, app.datasets.selection
    if dataset is None:
        return []
    records = selection.records(most).tolist()
    if selection.current != NO_RECORD and selection.current not in records:
        records = records or [selection.current]
    elif selection.current in records:
        records.remove(selection.current)
        records.insert(0, selection.current)
    return [dataset.path(record) for record in records]


def open_in(app: AppContext, room: str) -> None:
    """Open the selected images in another workspace, and show the first."""
    paths = chosen_paths(app, MOST_DRAGGED)
    if paths:
        app.images.add(paths)
        app.workspace_wanted.emit(room)


def explain_selected(app: AppContext) -> None:
    """Compare explanations of the selected images on the board."""
    paths = chosen_paths(app, MOST_EXPLAINED)
    if not paths:
        return
    count = app.datasets.selection.count
    if count > MOST_EXPLAINED:
        words = _tr("the first {0} of {1} images are explained")
        app.messages.say(words.format(MOST_EXPLAINED, count))
    app.images.add(paths)
    app.explain_wanted.emit()
    app.display.set_mode(BOARD)
    app.board_wanted.emit(paths)


def list_neighbors(
    app: AppContext, *, pixels: bool = False, box: Box | tuple[()] = ()
) -> None:
    """List the current image and its nearest neighbors on the wall.

    Args:
        app: services of the window.
        pixels: compare thumbnails, in place of features.
        box: region of the image to search for, px; empty for the whole image.
    """
    datasets, image = app.datasets, app.query_image.image
    record = datasets.selection.current
    if datasets.dataset is None or (image is None and record == NO_RECORD):
        return
    name = image.name if image is not None else file_name(datasets.dataset, record)
    name = _tr("a part of {0}").format(name) if box else name
    words = _tr("Nearest in pixels to {0}") if pixels else _tr("Nearest to {0}")
    asked = NeighborQuestion(words.format(name), record, image, box, pixels)
    app.neighborhood.list_neighbors(asked)


def copy_paths(app: AppContext) -> None:
    """Copy the paths of the selected images to the clipboard."""
    QApplication.clipboard().setText("\n".join(chosen_paths(app, MOST_DRAGGED)))


def dragged_files(paths: Sequence[str]) -> QMimeData:
    """Return files as MIME data for drag and drop."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path) for path in paths])
    return data


def record_entries(app: AppContext) -> tuple[MenuEntry, ...]:
    """Return the context menu entries of the selected records."""
    able = bool(chosen_paths(app, 1))
    titles = {
        "inspect": _tr("Open in Inspect"),
        "explain": _tr("Open in Explain"),
        "imagine": _tr("Open in Imagine"),
        "style": _tr("Open in Style"),
        "attack": _tr("Open in Attack"),
    }
    rooms = (
        MenuEntry(titles[room], partial(open_in, app, room), able) for room in ROOMS
    )
    one = app.datasets.selection.current != NO_RECORD or (
        app.query_image.image is not None
    )
    return (
        MenuEntry(_tr("Nearest neighbors"), partial(list_neighbors, app), one),
        MenuEntry(
            _tr("Nearest in pixels"), partial(list_neighbors, app, pixels=True), one
        ),
        MenuEntry(_tr("Explain these"), partial(explain_selected, app), able),
        *rooms,
        MenuEntry(_tr("Copy paths"), partial(copy_paths, app), able),
        MenuEntry(_tr("Deselect all"), app.datasets.selection.clear, able),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecordActions", text)
