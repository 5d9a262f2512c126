"""File > Export contact sheet: the results that are chosen in the tray."""

from nnviz.gui.shell import command_handlers


def test_chosen_results_are_exported_oldest_first(opened, monkeypatch):
    """Truth: the tray lists the newest first; a name without an ending becomes .png."""
    monkeypatch.setattr(command_handlers, "ask_new_file", lambda *_: ("/a/sheet", ""))
    monkeypatch.setattr(opened.stage.results, "selected", lambda: ["new", "old"])
    opened.operations.export_contact_sheet()
    assert opened.bench.bridge.saved == [(["old", "new"], "/a/sheet.png")]


def test_without_chosen_results_it_says_what_to_do(opened, monkeypatch):
    said = []
    monkeypatch.setattr(opened.bench.messages, "say", said.append)
    opened.operations.export_contact_sheet()
    assert opened.bench.bridge.saved == []
    assert "choose several results" in said[0]
