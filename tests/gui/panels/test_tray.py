"""The tray of images: what is removed can be brought back; blank text opens nothing."""

from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QUrl
from PySide6.QtWidgets import QApplication, QMenu

from nnviz.gui.shell.command_handlers import file_names

PATHS = [f"/photos/{name}.png" for name in "abcde"]


@pytest.fixture
def tray(opened):
    opened.bench.images.add(PATHS)
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
    assert opened.bench.images.paths == ()
    opened.commands["edit.restore_images"].trigger()
    assert names(tray) == ["a.png", "c.png", "e.png", "cat.png"]
    opened.commands["edit.restore_images"].trigger()
    assert names(tray) == before
    assert [Path(path).name for path in opened.bench.images.paths] == before
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
    opened.bench.messages.said.connect(said.append)
    opened.bench.images.add(PATHS)
    assert said == ["a.png opened, the first of 5 images"]


@pytest.mark.parametrize(
    "text",
    ["", " ", "\n\t ", ".", "..", "tests", "/no/such/file", "x" * 9000, "\0", "~x"],
)
def test_text_that_names_no_file_opens_nothing(opened, fake, text, monkeypatch):
    """Truth: a blank is no file; a relative name is not looked for."""
    seen = []
    monkeypatch.setattr(fake, "look_at", seen.append)
    data = QMimeData()
    data.setText(text)
    opened.operations.take(data)
    opened.bench.open_files([text] if not text.strip() else [])
    assert seen == []


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
    opened.bench.messages.said.connect(said.append)
    opened.operations.paste()
    assert said == ["the clipboard holds no image or file"]
