"""Dialogs begin where files of their kind were found last; the folders are kept."""

from PySide6.QtWidgets import QFileDialog

from nnviz.gui.panels.dialogs.files import (
    IMAGES,
    WEIGHTS,
    ask_file,
    ask_files,
    ask_folder,
    ask_new_file,
)
from nnviz.gui.state.settings import Settings


def test_each_kind_of_file_has_its_folder(monkeypatch, tmp_path):
    """Truth: two folders made here, and a third that is gone."""
    images, weights = tmp_path / "images", tmp_path / "weights"
    for folder in (images, weights):
        folder.mkdir()
    starts = []

    def answer(found):
        def ask(_parent, _title, start="", _patterns=""):
            starts.append(start)
            return found

        return ask

    settings = Settings(tmp_path / "settings.json")
    names = [str(images / "a.png"), str(images / "b.png")]
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", answer((names, "")))
    net = str(weights / "net.pt")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer((net, "")))
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", answer(""))
    assert ask_files(None, settings, IMAGES, "Open") == names
    assert ask_file(None, settings, WEIGHTS, "Open") == net
    assert ask_folder(None, settings, IMAGES, "Open") == ""
    settings.sync()
    again = Settings(tmp_path / "settings.json")
    ask_files(None, again, IMAGES, "Open")
    ask_file(None, again, WEIGHTS, "Open")
    assert starts == ["", "", str(images), str(images), str(weights)]
    weights.rmdir()
    ask_file(None, Settings(tmp_path / "settings.json"), WEIGHTS, "Open")
    assert starts[-1] == ""


def test_saved_files_go_where_the_last_went(monkeypatch, tmp_path):
    """Truth: the folder of the first file."""
    asked = []

    def ask(_parent, _title, start, patterns):
        asked.append(start)
        return str(tmp_path / "one.png"), patterns

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    settings = Settings(tmp_path / "settings.json")
    ask_new_file(None, settings, "Save", "name.png", "Images (*.png)")
    ask_new_file(None, settings, "Save", "other.mp4", "Videos (*.mp4)")
    assert asked == ["name.png", str(tmp_path / "other.mp4")]
