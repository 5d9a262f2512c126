"""What is saved from the File menu: contact sheets, and maps as they are shown."""

from nnviz.gui.shell import command_handlers
from nnviz.render.maps.heatmaps import MapLook


def test_chosen_results_are_exported_oldest_first(opened, monkeypatch):
    """Truth: the tray lists the newest first; a name without an ending becomes .png."""
    monkeypatch.setattr(command_handlers, "ask_new_file", lambda *_: ("/a/sheet", ""))
    monkeypatch.setattr(opened.stage.results, "selected", lambda: ["new", "old"])
    opened.operations.export_contact_sheet()
    assert opened.app.bridge.files.results.asked == [
        ("contact_sheet", ["old", "new"], "/a/sheet.png")
    ]


def test_what_is_saved_has_the_look_that_is_shown(opened, monkeypatch, tmp_path):
    """Truth: the look of the view goes with the result."""
    look = MapLook(gamma=2)
    monkeypatch.setattr(opened.stage.center.result, "looks", lambda: {"map": look})
    opened.app.settings.export_folder = str(tmp_path)
    opened.commands["file.save"].trigger()
    assert opened.app.bridge.files.results.asked[-1][3] == {"map": look}


def test_without_chosen_results_it_says_what_to_do(opened, monkeypatch):
    said = []
    monkeypatch.setattr(opened.app.messages, "say", said.append)
    opened.operations.export_contact_sheet()
    assert opened.app.bridge.files.results.asked == []
    assert "select several results" in said[0]


def test_a_figure_is_what_is_seen_with_its_look(opened, monkeypatch):
    """Truth: the tab that is seen and its look; the chosen format ends the name."""
    chosen = ("/a/crab", "PDF (*.pdf)")
    monkeypatch.setattr(command_handlers, "ask_new_file", lambda *_: chosen)
    view, look = opened.stage.center.result.current, frozenset({"layer1"})
    monkeypatch.setattr(view, "figure_look", lambda: look)
    opened.commands["file.figure"].trigger()
    figure = view.result, view.image, "/a/crab.pdf", look
    assert opened.app.bridge.files.results.asked == [("figure", *figure)]


def test_without_a_result_there_is_no_figure(window, monkeypatch):
    said = []
    monkeypatch.setattr(window.app.messages, "say", said.append)
    window.operations.export_figure()
    assert said == ["there is no result to export yet"]
