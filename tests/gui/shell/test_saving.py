"""What is saved from the File menu: contact sheets, and maps as they are shown."""

from nnviz.gui.shell import command_handlers
from nnviz.render.heatmaps import MapLook


def test_chosen_results_are_exported_oldest_first(opened, monkeypatch):
    """Truth: the tray lists the newest first; a name without an ending becomes .png."""
    monkeypatch.setattr(command_handlers, "ask_new_file", lambda *_: ("/a/sheet", ""))
    monkeypatch.setattr(opened.stage.results, "selected", lambda: ["new", "old"])
    opened.operations.export_contact_sheet()
    assert opened.bench.bridge.files.results.asked == [
        ("contact_sheet", ["old", "new"], "/a/sheet.png")
    ]


def test_what_is_saved_has_the_look_that_is_shown(opened, monkeypatch, tmp_path):
    """Truth: the look of the view goes with the result."""
    look = MapLook(gamma=2)
    monkeypatch.setattr(opened.stage.centre.result, "looks", lambda: {"map": look})
    opened.bench.settings.export_folder = str(tmp_path)
    opened.commands["file.save"].trigger()
    assert opened.bench.bridge.files.results.asked[-1][3] == {"map": look}


def test_without_chosen_results_it_says_what_to_do(opened, monkeypatch):
    said = []
    monkeypatch.setattr(opened.bench.messages, "say", said.append)
    opened.operations.export_contact_sheet()
    assert opened.bench.bridge.files.results.asked == []
    assert "choose several results" in said[0]
