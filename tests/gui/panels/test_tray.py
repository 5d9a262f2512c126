"""The tray of images: what is removed can be brought back; blank text opens nothing."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtWidgets import QApplication, QMenu

from nnviz.gui.panels.stickers.shelf import color_name
from nnviz.gui.shell.command_handlers import file_names
from nnviz.gui.shell.main_window import STYLE

PATHS = [f"/photos/{name}.png" for name in "abcde"]


@pytest.fixture
def tray(opened):
    opened.app.images.add(PATHS)
    return opened.stage.images


def names(tray):
    return [tray.list.item(n).text() for n in range(tray.list.count())]


def select(tray, *rows):
    tray.list.clearSelection()
    for row in rows:
        tray.list.item(row).setSelected(True)


def test_all_that_is_selected_is_removed_and_comes_back_in_place(tray, opened):
    """Truth: the names before, by hand."""
    before = names(tray)
    assert before == ["a.png", "b.png", "c.png", "d.png", "e.png", "cat.png"]
    select(tray, 1, 3)
    tray.remove_selected()
    assert names(tray) == ["a.png", "c.png", "e.png", "cat.png"]
    opened.commands["edit.clear_images"].trigger()
    assert names(tray) == []
    assert opened.app.images.paths == ()
    opened.commands["edit.restore_images"].trigger()
    assert names(tray) == ["a.png", "c.png", "e.png", "cat.png"]
    opened.commands["edit.restore_images"].trigger()
    assert names(tray) == before
    assert [Path(path).name for path in opened.app.images.paths] == before
    opened.commands["edit.restore_images"].trigger()
    assert names(tray) == before


def test_undo_in_the_tray_brings_images_back(tray, opened):
    """Truth: Ctrl+Z where the images have the focus."""
    opened.activateWindow()
    tray.list.setFocus()
    select(tray, 1)
    tray.remove_selected()
    count = tray.list.count()
    opened.commands["edit.undo"].trigger()
    expected = count + 1 if tray.list.hasFocus() else count
    assert tray.list.count() == expected


# The offscreen platform has no windows to raise.
@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_its_menu_says_what_can_be_done(tray):
    """Truth: the entries of a menu for two images, by hand."""
    select(tray, 1, 2)
    tray.list.customContextMenuRequested.emit(QPoint(4, 4))
    menu = tray.findChild(QMenu)
    entries = {action.text(): action.isEnabled() for action in menu.actions()}
    assert entries == {
        "Show": False,
        "Copy path": True,
        "Remove 2 images": True,
        "Remove all": True,
        "Restore removed": False,
    }
    menu.close()


def test_several_images_are_counted(opened):
    said = []
    opened.app.messages.said.connect(said.append)
    opened.app.images.add(PATHS)
    assert said == ["a.png opened, the first of 5 images"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t ", ".", "..", "tests", "/no/such/file", "x" * 9000, "\0", "~x"],
)
def test_text_that_names_no_file_opens_nothing(opened, fake, text):
    """Truth: a blank is no file; a relative name is not looked for."""
    before = list(fake.files.images.asked)
    data = QMimeData()
    data.setText(text)
    opened.operations.take(data)
    opened.app.open_files([text] if not text.strip() else [])
    assert fake.files.images.asked == before


def test_names_of_files_are_read_from_text(tmp_path):
    """Truth: files made here; one, two, in quotes, as an address."""
    one, two = tmp_path / "one image.png", tmp_path / "two.png"
    for path in (one, two):
        path.write_bytes(b"")
    assert file_names(f" {one}\n") == [str(one)]
    assert file_names(f'"{one}"\n\n{two}') == [str(one), str(two)]
    assert file_names(QUrl.fromLocalFile(str(two)).toString()) == [str(two)]
    assert file_names(f"{one}\nno file") == []


def test_pasting_a_blank_says_so(opened):
    """Truth: the sentence, by hand."""
    QApplication.clipboard().setText("  ")
    said = []
    opened.app.messages.said.connect(said.append)
    opened.operations.paste()
    assert said == ["the clipboard holds no image or file"]


# The offscreen platform has no windows to raise.
@pytest.mark.qt_log_ignore("does not support (raise|grabbing)", extend=True)
def test_results_have_a_menu_and_are_removed(opened, qtbot):
    """Truth: two results made here; entries by hand."""
    bench, tray = opened.app, opened.stage.results
    bench.selection.set_layer("stem.conv")
    qtbot.waitUntil(lambda: tray.list.count() == 2)
    tray.list.clearSelection()
    tray.list.item(1).setSelected(True)
    done = []
    tray.wanted.connect(done.append)
    tray.list.customContextMenuRequested.emit(QPoint(4, 4))
    menu = tray.findChild(QMenu)
    entries = {action.text(): action for action in menu.actions()}
    assert [text for text, action in entries.items() if action.isEnabled()] == [
        *("Show", "Save", "Copy as image", "Copy as Python"),
        *("Copy as command line", "Remove"),
    ]
    older = tray.list.item(1).data(Qt.ItemDataRole.UserRole)
    entries["Copy as Python"].trigger()
    assert done == ["edit.copy_python"]
    assert opened.stage.center.run is older
    assert QApplication.clipboard().text().startswith("import nnviz")
    entries["Remove"].trigger()
    assert older not in bench.runs.history.runs
    assert tray.list.count() == 1
    menu.close()


@pytest.mark.parametrize(
    ("color", "name"),
    [
        ("#e53935", "Red"),
        ("#00ff00", "Green"),
        ("#0000ff", "Blue"),
        ("#fdd835", "Yellow"),
        ("#000000", "Black"),
        ("#ffffff", "White"),
        ("#808080", "Gray"),
        ("cat.png", "cat.png"),
    ],
)
def test_colors_have_everyday_names(color, name):
    """Truth: names by eye."""
    assert color_name(color) == name


def test_a_clipboard_that_cannot_be_reached_holds_nothing(opened, monkeypatch):
    """Truth: Qt's answer where there is none."""
    monkeypatch.setattr(type(QApplication.clipboard()), "mimeData", lambda _: None)
    said = []
    opened.app.messages.said.connect(said.append)
    opened.operations.paste()
    opened.enter(STYLE)
    opened.stage.rooms["style"].style.pictures.paste()
    assert said[0] == "the clipboard holds no image or file"
