"""The window around a bridge that answers at once."""

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from PySide6.QtCore import QMimeData, QPoint, QSize, Qt, QUrl
from PySide6.QtGui import QAction, QDragEnterEvent, QDragLeaveEvent, QImage
from PySide6.QtWidgets import QAbstractButton, QApplication, QLineEdit, QTabBar, QWidget

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done, Failed, Progress
from nnviz.base.preprocess import Preprocess
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.shell.palette import Entry, rank
from nnviz.gui.state.settings import Settings
from nnviz.gui.theme.manager import THEMES, palette, stylesheet
from nnviz.gui.workspaces.style.workspace import STYLE


def shown(window):
    return [notice.text for notice in window.stage.center.banners.shown()]


def results(fake):
    return [request for place, request in fake.asked if place == "result"]


def test_model_and_photograph_give_predictions_and_a_result(opened):
    """Truth: what the fake answers."""
    assert opened.stage.prediction.bars.lines() == ["cat 75.0 %", "dog 25.0 %"]
    assert opened.stage.center.run.recipe.method == "activations"
    assert opened.stage.layers.names() == [
        "stem",
        "stem.conv",
        "stem.relu",
        "unused",
        "head",
    ]


def test_a_search_shows_matches_below_their_groups_and_fits_the_columns_once(
    opened, monkeypatch
):
    """Truth: the tree by hand; each fit reads all rows, so one an item is a stall."""
    layers, fits = opened.stage.layers, []
    layers.tree.collapseAll()
    monkeypatch.setattr(layers, "_fit_columns", lambda: fits.append(1))
    layers.search.setText("relu")
    assert layers.names() == ["stem", "stem.relu"]
    assert layers.tree.topLevelItem(0).isExpanded()
    assert len(fits) == 1


def test_the_layer_that_the_method_chose_is_everybodys(opened, fake):
    """Truth: the fake chooses "stem" when none is given; nothing runs again."""
    assert opened.app.selection.layer == "stem"
    assert opened.app.choice.values["layer"] == "stem"
    assert len(results(fake)) == 1


def test_page_down_walks_layers_with_activations(opened, fake, qtbot):
    """Truth: the tree by hand; "unused" gives none."""
    for name in ("stem.conv", "stem.relu", "head", "head"):
        qtbot.keyClick(opened, Qt.Key.Key_PageDown)
        assert opened.app.selection.layer == name
    qtbot.waitUntil(lambda: results(fake)[-1].values["layer"] == "head")


def test_a_clicked_layer_keeps_filters_where_it_has_any(opened):
    """Truth: only "stem.conv" has filters in the fake network."""
    opened.app.choice.choose("filters")
    opened.stage.layers.activated.emit("stem.conv")
    assert opened.app.choice.method.name == "filters"
    opened.stage.layers.activated.emit("stem.relu")
    assert opened.app.choice.method.name == "activations"


def test_units_walk_in_the_order_that_is_shown(opened):
    """Truth: the fake's order is 2, 0, 1, 3."""
    for unit in (2, 0, 1, 3, 3):
        opened.commands["go.next_unit"].trigger()
        assert opened.app.selection.unit == unit


def test_one_channel_large_follows_the_chosen_unit(opened, fake, qtbot):
    """Truth: channel -1 means all."""
    opened.app.selection.set_unit(1)
    opened.commands["go.one_channel"].trigger()
    qtbot.waitUntil(lambda: results(fake)[-1].values["channel"] == 1)
    opened.app.selection.set_unit(3)
    qtbot.waitUntil(lambda: results(fake)[-1].values["channel"] == 3)
    opened.commands["go.all_channels"].trigger()
    qtbot.waitUntil(lambda: results(fake)[-1].values["channel"] == -1)


def test_the_form_restarts_a_cheap_method(opened, fake, qtbot):
    """Truth: the changed value is in the next request."""
    before = len(results(fake))
    values = opened.app.choice.values | {"order": "network"}
    opened.stage.method.form.changed.emit(values)
    qtbot.waitUntil(lambda: len(results(fake)) == before + 1)
    assert results(fake)[-1].values["order"] == "network"


def test_escape_stops_and_says_how_far_it_was(opened, fake, qtbot):
    """Truth: 37 of 100."""
    fake.held.add("result")
    opened.app.runs.run()
    fake.tell("result", Progress(37, 100, "window 37"))
    qtbot.keyClick(opened, Qt.Key.Key_Escape)
    assert opened.status.message.text() == "stopped at 37 %"
    assert not opened.app.runs.running


def test_an_earlier_result_can_be_brought_back(opened, fake, qtbot):
    """Truth: what the history held; nothing is computed again."""
    first = opened.stage.center.run
    opened.stage.layers.activated.emit("head")
    qtbot.waitUntil(lambda: opened.stage.center.run is not first)
    asked = len(fake.asked)
    tray = opened.stage.results.list
    assert tray.count() == 2
    tray.itemClicked.emit(tray.item(1))
    assert opened.stage.center.run is first
    qtbot.wait(20)
    assert len(fake.asked) == asked


def test_a_broken_file_is_a_banner_and_leaves_the_photograph(opened):
    """Truth: the fake's words."""
    opened.app.open_files(["/photos/broken.png"])
    assert shown(opened) == ["broken.png: no picture; try"]
    assert opened.app.selection.image.name == "cat.png"
    assert "/photos/broken.png" not in opened.app.images.paths
    opened.app.images.add(["/photos/dog.png"])
    assert shown(opened) == []


def test_an_unknown_file_says_what_can_be_opened(opened, tmp_path):
    """Truth: ux.md: what cannot be opened says why and what would help."""
    path = tmp_path / "notes.docx"
    path.write_text("x")
    opened.app.open_files([str(path)])
    assert "notes.docx" in shown(opened)[0]
    assert "networks" in shown(opened)[0]


def test_a_folder_without_pictures_says_so(opened, tmp_path):
    """Truth: an empty folder."""
    opened.app.open_files([str(tmp_path)])
    assert "holds no images" in shown(opened)[0]


def test_a_folder_opens_its_pictures(opened, tmp_path):
    """Truth: two files by hand, one of them no picture."""
    (tmp_path / "b.png").write_bytes(b"")
    (tmp_path / "a.JPG").write_bytes(b"")
    (tmp_path / "c.md").write_text("")
    opened.app.open_files([str(tmp_path)])
    names = [Path(path).name for path in opened.app.images.paths]
    assert names == ["a.JPG", "b.png", "cat.png"]


def test_a_failed_network_leaves_the_old_one_and_offers_a_download(opened, fake):
    """Truth: zoo:resnet18 has a file to download in the catalogue."""
    fake.held.add("model")
    opened.app.open_model("zoo:resnet18")
    record = ErrorRecord(ErrorKind.USER, "resnet18: its weights are not here", "")
    fake.answer("model", Failed(record))
    assert opened.app.selection.model.reference == "fake:net"
    banner = opened.stage.center.banners.shown()[0]
    assert [remedy.label for remedy in banner.remedies] == ["Download"]
    fake.held.remove("model")
    banner.remedies[0].act()
    assert opened.app.selection.model.reference == "zoo:resnet18"
    assert shown(opened) == []


def test_a_program_is_run_after_a_yes_only(opened, fake):
    """Truth: the request."""
    fake.held.add("model")
    opened.app.open_model("net.pt2")
    words = "net.pt2: is a torch.export program"
    record = ErrorRecord(ErrorKind.TRUST, words, "", "--trust")
    fake.answer("model", Failed(record))
    banner = opened.stage.center.banners.shown()[0]
    assert banner.text == words
    assert [remedy.label for remedy in banner.remedies] == ["Run it"]
    assert not opened.app.models.request.trust
    fake.held.remove("model")
    banner.remedies[0].act()
    assert opened.app.models.request.reference == "net.pt2"
    assert opened.app.models.request.trust
    assert shown(opened) == []


def test_labels_are_given_to_the_network(opened, fake, tmp_path):
    """Truth: the request."""
    path = tmp_path / "names.txt"
    path.write_text("one\ntwo\n")
    opened.app.open_files([str(path)])
    assert fake.last("model").model.labels == str(path)


def save_recipe(opened, folder, **changes):
    """Write the shown result's recipe with some of it changed; return the file."""
    values = json.loads(opened.stage.center.run.recipe.to_json()) | changes
    path = folder / "saved.json"
    path.write_text(json.dumps(values))
    return str(path)


def test_a_saved_recipe_is_restored(opened, fake, qtbot, tmp_path):
    """Truth: a recipe file by hand, its photograph beside it, hashed by hashlib."""
    PillowImage.new("RGB", (9, 7), "red").save(tmp_path / "dog.png")
    (tmp_path / "names.txt").write_text("a\nb\n")
    digest = hashlib.sha256((tmp_path / "dog.png").read_bytes()).hexdigest()
    values = {"layer": "stem.relu", "channel": 2}
    preprocess = Preprocess(mean=(0.1, 0.2, 0.3)).to_json()
    saved = save_recipe(
        opened,
        tmp_path,
        model="fake:other",
        image="dog.png",
        image_sha256=digest,
        values=values,
        seed=7,
        labels="names.txt",
        preprocess=preprocess,
    )
    opened.app.open_files([saved])
    qtbot.waitUntil(lambda: results(fake)[-1].values["layer"] == "stem.relu")
    last = results(fake)[-1]
    assert (last.model.reference, last.image.name) == ("fake:other", "dog.png")
    assert (last.values["channel"], last.seed) == (2, 7)
    assert last.model.labels == str(tmp_path / "names.txt")
    assert last.model.preprocess.mean == (0.1, 0.2, 0.3)
    assert shown(opened) == []


def test_a_recipe_waits_for_its_photograph(opened, fake, qtbot, tmp_path, hash_of):
    """Truth: the fake's photographs have other hashes for other lengths of name."""
    digest = hash_of("/photos/the-dog.png")
    saved = save_recipe(opened, tmp_path, image="dog.png", image_sha256=digest)
    opened.app.open_files([saved])
    assert "drop dog.png here" in shown(opened)[0]
    opened.app.images.add(["/photos/other.png"])
    assert "other.png is not the recipe's image" in shown(opened)[0]
    opened.app.images.add(["/photos/the-dog.png"])
    assert shown(opened) == []
    qtbot.waitUntil(lambda: results(fake)[-1].image.sha256 == digest)


def test_a_recipe_of_other_weights_says_so(opened, tmp_path):
    """Truth: the fake's network has a hash of zeros."""
    opened.app.open_files([save_recipe(opened, tmp_path, model_sha256="1" * 64)])
    assert any("different weights" in text for text in shown(opened))


def test_devices_are_those_of_the_machine(opened, fake):
    """Truth: the live list; "cuda" was chosen on another machine."""
    opened.app.models.set_device("cuda")
    fake.catalogue_changed.emit(replace(fake.catalogue, devices=("cpu",)))
    assert opened.app.models.devices == ("auto", "cpu")
    assert fake.last("model").model.device == "auto"
    fake.catalogue_changed.emit(replace(fake.catalogue, devices=("cuda:0", "cpu")))
    opened.app.models.set_device("cuda")
    assert fake.last("model").model.device == "cuda"
    assert opened.status.device.text() == "cpu"


def test_weights_on_disk_need_no_download_button(opened, fake):
    """Truth: the live list names what is here."""
    here = frozenset(["zoo:resnet18"])
    fake.catalogue_changed.emit(replace(fake.catalogue, present=here))
    panel = opened.stage.models
    for reference, is_here in (("zoo:resnet18", True), ("zoo:resnet34", False)):
        panel._select(reference)
        assert panel._fetch_button.isHidden() == is_here
        assert (panel.list.currentItem().text(3) == "installed") == is_here
    opened.app.models.fetch("zoo:resnet34")
    panel._select("zoo:resnet34")
    assert panel._fetch_button.isHidden()


def test_the_sheet_of_shortcuts_holds_every_one(opened, qtbot):
    """Truth: the actions that Qt knows."""
    opened.commands["help.keys"].trigger()
    sheet = opened.keys_sheet
    lines = dict(sheet.shown())
    for action in opened.findChildren(QAction):
        if action.objectName() and not action.shortcut().isEmpty():
            title = action.text().replace("&", "").rstrip("…")
            assert action.shortcut().toString() in lines[title]
            assert action.shortcut().toString() in action.toolTip()
    qtbot.keyClicks(sheet.search, "palette")
    assert sheet.shown() == [("Command palette", "Ctrl+K")]
    qtbot.keyClick(sheet.search, Qt.Key.Key_Escape)
    assert sheet.isHidden()


def test_the_log_says_what_ran_and_for_how_long(opened):
    """Truth: what the fixture did; an error comes with its details."""
    record = ErrorRecord(ErrorKind.OURS, "ValueError: odd", "line 3 of odd.py")
    opened.app.messages.fail("run", record)
    text = opened.stage.log.text.toPlainText()
    assert "cat.png opened" in text
    assert re.search(r"Activations · stem · cat.png · Fake:Net: \d+ ms", text)
    assert "line 3 of odd.py" in text


def test_a_pasted_picture_is_opened(opened):
    """Truth: one red pixel made by Qt."""
    image = QImage(QSize(3, 2), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.red)
    data = QMimeData()
    data.setImageData(image)
    opened.operations.take(data)
    pixels = opened.app.selection.image.pixels
    np.testing.assert_array_equal(pixels, np.full((2, 3, 3), (255, 0, 0), np.uint8))


def test_copies_as_command_line_and_python(opened):
    """Truth: the public names of design.md section 7."""
    opened.commands["edit.copy_command"].trigger()
    line = QApplication.clipboard().text()
    assert line.startswith("nnviz run activations /photos/cat.png --model fake:net")
    opened.commands["edit.copy_python"].trigger()
    compile(QApplication.clipboard().text(), "copied", "exec")


def test_saving_asks_the_bridge(opened, fake, tmp_path):
    """Truth: the request."""
    opened.app.settings.export_folder = str(tmp_path)
    opened.commands["file.save"].trigger()
    ((name, run, folder, _),) = fake.files.results.asked
    assert name == "save"
    assert (run, folder) == (opened.stage.center.run, str(tmp_path))


def type_mean(opened, qtbot, text):
    """Type the mean of the first channel."""
    opened.stage.docks["preprocess"].show()
    fields = opened.stage.preprocess.form.findChildren(QLineEdit)
    (field,) = [each for each in fields if each.accessibleName() == "mean, channel 1"]
    field.selectAll()
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Qt.Key.Key_Return)


def test_the_preprocessing_editor_changes_the_prediction(opened, fake, qtbot):
    """Truth: the request that follows."""
    type_mean(opened, qtbot, "0.5")
    qtbot.waitUntil(lambda: fake.last("predictions").model.preprocess is not None)
    assert fake.last("predictions").model.preprocess.mean[0] == 0.5
    opened.stage.preprocess.form.reset()
    qtbot.waitUntil(lambda: fake.last("predictions").model.preprocess is None)


def test_the_preprocessing_editor_warns_of_the_impossible(opened, qtbot):
    """Truth: the mean of 406 of pytorch-grad-cam's issue 189."""
    type_mean(opened, qtbot, "406")
    assert "did you mean 0.406" in opened.stage.preprocess.form.remark()


def test_the_palette_finds_every_action(opened):
    """Truth: all actions that Qt knows in the window and its menus."""
    titles = {
        action.text().replace("&", "").rstrip("…")
        for action in opened.findChildren(QAction)
        if action.objectName()
    }
    assert len(titles) > 40
    entries = opened.entries()
    for title in titles:
        found = rank(entries, title)
        assert any(entry.text.endswith(title) for entry in found[:8]), title


def test_the_palette_runs_what_is_chosen(opened, qtbot):
    """Truth: the theme's name."""
    opened.commands["go.palette"].trigger()
    box = opened.palette_box
    qtbot.keyClicks(box.field, "theme.light light")
    box.field.setText("View: Light")
    qtbot.keyClick(box.field, Qt.Key.Key_Return)
    assert opened.app.look.name == "light"
    assert box.isHidden()


def test_ranking_puts_whole_words_first():
    """Truth: cases by hand."""
    entries = [Entry(text, "", lambda: None) for text in ("Unopened", "Open", "Lope n")]
    assert [entry.text for entry in rank(entries, "open")] == [
        "Open",
        "Unopened",
        "Lope n",
    ]
    assert rank(entries, "xyz") == []


def test_the_layout_is_remembered(qtbot, settings, fake, window):
    """Truth: what was done to the first window."""
    window.stage.docks["results"].hide()
    window.stage.docks["log"].show()
    window.close()
    assert fake.closed == 1
    again = app.make_window(Settings(Path(settings.file)))
    qtbot.addWidget(again)
    again.show()
    assert not again.app.settings.geometry.isEmpty()
    assert again.stage.docks["results"].isHidden()
    assert not again.stage.docks["log"].isHidden()


def test_docks_that_a_small_window_narrowed_are_wide_in_a_large_one(
    qtbot, settings, fake, window
):
    """Truth: the width on a screen that has room, before; also after a restart."""
    qtbot.wait(100)  # until it is laid out
    usual = window.stage.docks["method"].width()
    window.resize(1024, 700)
    qtbot.waitUntil(lambda: window.stage.docks["method"].width() < usual - 50)
    window.close()
    assert fake.closed == 1
    again = app.make_window(Settings(Path(settings.file)))
    qtbot.addWidget(again)
    again.resize(1440, 900)
    again.show()
    again.resize(1440, 900)

    qtbot.waitUntil(lambda: again.stage.docks["method"].width() >= usual - 10)


def test_resetting_the_layout_reaches_the_usual_widths_at_once(opened, qtbot):
    """Truth: the widths at the first entry, and those after a second reset."""
    stage = opened.stage
    opened.enter(next(each for each in WORKSPACES if each.name == "style"))
    qtbot.wait(100)  # until it is laid out
    docks = stage.docks["style"], stage.docks["method"]
    usual = [dock.width() for dock in docks]
    stage.docks["browser"].raise_()
    across = Qt.Orientation.Horizontal
    opened.resizeDocks([stage.docks["browser"], docks[1]], [220, 280], across)
    qtbot.waitUntil(lambda: stage.docks["browser"].width() < usual[0] - 50)
    docks[0].raise_()  # the browser, behind it, keeps its width
    opened.resizeDocks(list(docks), usual, across)
    qtbot.waitUntil(lambda: docks[0].width() > usual[0] - 5)
    opened.reset_layout()
    qtbot.wait(200)
    assert [dock.width() for dock in docks] == pytest.approx(usual, abs=4)


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("scale", [0.9, 2.0])
def test_themes_and_sizes_apply(opened, name, scale):
    """Truth: Qt warns of a style sheet that it cannot read, and warnings fail."""
    assert "$" not in stylesheet(THEMES[name], scale)
    opened.app.look.use(name)
    assert palette(THEMES[name]) == QApplication.palette()
    opened.app.look.use("dark")


@pytest.mark.parametrize("name", THEMES)
def test_words_can_be_read_on_every_theme(name):
    """Truth: WCAG 2.1's contrast ratio, at least 4.5 for text."""
    theme = THEMES[name]
    for ground in (theme.window, theme.panel, theme.field, theme.raised):
        assert contrast(theme.text, ground) >= 4.5
    assert contrast(theme.muted, theme.panel) >= 4.5
    assert contrast(theme.on_accent, theme.accent) >= 4.5


def contrast(first, second):
    lights = sorted(luminance(color) for color in (first, second))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def luminance(color):
    parts = [int(color[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    linear = [
        p / 12.92 if p <= 0.03928 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_what_can_be_focused_has_a_name(opened):
    """Truth: ux.md: screen-reader named."""
    nameless = [
        widget
        for widget in opened.findChildren(QWidget)
        if type(widget).__name__ in {"QLineEdit", "QTreeWidget", "QListWidget"}
        and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not widget.accessibleName()
        and widget.parent().__class__.__module__.startswith("nnviz.gui.")
    ]
    assert nameless == []


def test_late_answers_of_another_photograph_are_not_shown(opened, fake):
    """Truth: the last one asked for wins."""
    before = opened.app.selection.image
    images = fake.files.images
    del images.answers["open"]
    opened.app.images.show("/photos/late.png")
    opened.app.images.show("/photos/cat.png")
    images.tell("open", Done(before))
    assert opened.app.images.current == "/photos/cat.png"
    assert opened.app.selection.image is before


def test_an_unexpected_value_is_not_taken_for_a_result(opened, fake):
    """Truth: a Done of another type changes nothing."""
    shown_before = opened.stage.center.run
    fake.tell("result", Done(None))
    assert opened.stage.center.run is shown_before


def test_preprocess_boxes_show_the_networks_own(opened):
    """Truth: the fake network's preprocessing."""
    assert opened.stage.preprocess.form.value() == Preprocess(
        input_size=(32, 32), resize=32
    )


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("camera", "Live: Open camera"),
        ("pause", "Live: Freeze"),
        ("zoom", "View: Zoom in"),
        ("heatmap", "Grad-CAM"),
        ("untrained", "Go: Open this network untrained"),
        ("text size", "View: Larger text"),
        ("export recording", "File: Save result"),
        ("webcam", "Live: Open camera"),
        ("lecture", "View: Present"),
    ],
)
def test_the_palette_knows_other_words(opened, typed, found):
    """Truth: words that people typed and found nothing by."""
    assert found in [entry.text for entry in rank(opened.entries(), typed)]


def test_presenting_hides_all_but_the_picture_and_comes_back(opened, qtbot):
    """Truth: docks and scale before; at the larger size too, when it is chosen."""

    def seen():
        return {n for n, d in opened.stage.docks.items() if d.isVisible()}

    docks = seen()
    scale = opened.app.look.scale
    opened.commands["view.present"].trigger()
    assert not [d for d in opened.stage.docks.values() if d.isVisible()]
    assert opened.app.look.scale > scale
    assert not opened.top.isVisible()
    opened.commands["view.present"].trigger()
    qtbot.waitUntil(lambda: opened.app.look.scale == scale and seen() == docks)
    assert opened.top.isVisible()
    for _ in range(3):  # to the size of presenting
        opened.commands["view.larger"].trigger()
        qtbot.waitUntil(lambda: opened.app.look.settled)
    assert seen() == docks


def test_leaving_a_workspace_ends_presenting(opened, qtbot):
    """Truth: docks and text of before; those of the next workspace are seen at once."""

    def seen():
        return {n for n, d in opened.stage.docks.items() if d.isVisible()}

    docks, scale = seen(), opened.app.look.scale
    opened.commands["view.present"].trigger()
    opened.commands["workspace.explain"].trigger()
    assert opened.stage.docks["method"].isVisible()
    assert opened.top.isVisible()
    qtbot.waitUntil(lambda: opened.app.look.settled)
    assert opened.app.look.scale == scale
    opened.commands["workspace.inspect"].trigger()
    qtbot.waitUntil(lambda: seen() == docks)
    opened.commands["view.present"].trigger()
    opened.commands["workspace.inspect"].trigger()
    qtbot.waitUntil(lambda: seen() == docks and opened.app.look.scale == scale)


def test_dragging_over_the_window_says_how_many(opened):
    """Truth: two files, by hand."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/a.png"), QUrl.fromLocalFile("/b.png")])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(9, 9), Qt.DropAction.CopyAction, data, left, none)
    opened.dragEnterEvent(enter)
    assert opened._drop.isVisible()
    assert opened._drop._words.text() == "Drop to open 2 files"
    opened.dragLeaveEvent(QDragLeaveEvent())
    assert not opened._drop.isVisible()


def test_an_image_that_is_opened_again_is_read_again(opened, fake):
    """The file may have been replaced; going back in the tray takes what is kept."""
    images = opened.app.images
    path = images.current
    read, usual = [], fake.files.images.answers["open"]

    def open_photo(path):
        read.append(path)
        return usual(path)

    fake.files.images.answers["open"] = open_photo
    images.show(path)
    assert read == []
    images.add([path])
    assert read == [path]
    assert images.paths.count(path) == 1


@pytest.mark.parametrize(
    ("name", "page"), [("go.models", "models"), ("go.layers", "layers")]
)
def test_find_brings_the_network_panel_forward_from_behind_its_neighbors(
    opened, name, page
):
    """Truth: what the command promises; in Style the panel lies behind another."""
    opened.enter(STYLE)
    search = getattr(opened.stage, page).search
    assert search.visibleRegion().isEmpty()
    opened.commands[name].trigger()
    QApplication.processEvents()
    assert not search.visibleRegion().isEmpty()


def test_a_disabled_button_says_why(window):
    """Truth: what a person reads beside it, before anything is open."""
    for workspace in WORKSPACES:
        window.enter(workspace)
        for mode in workspace.pages:
            window.stage.center.set_mode(mode)
            QApplication.processEvents()
            for each in window.findChildren(QAbstractButton):
                if each.isVisible() and not each.isEnabled():
                    assert each.toolTip(), (workspace.name, mode, each.text())


def test_dragging_a_tab_of_a_dock_moves_none(opened, qtbot):
    """Truth: Qt 6's QMainWindowLayout::tabMoved reads the dock area of the bar.

    A bar that the layout gave up has none, and shows until the next turn of the loop.
    """
    opened.enter(STYLE)
    children = Qt.FindChildOption.FindDirectChildrenOnly

    def bars():
        return [
            each
            for each in opened.findChildren(QTabBar, options=children)
            if each.isVisible() and each.count() > 1
        ]

    qtbot.waitUntil(lambda: bool(bars()))
    bar = bars()[0]
    titles = [bar.tabText(index) for index in range(bar.count())]
    left = Qt.MouseButton.LeftButton
    qtbot.mousePress(bar, left, pos=bar.tabRect(0).center())
    qtbot.mouseMove(bar, bar.tabRect(bar.count() - 1).center())
    qtbot.mouseRelease(bar, left, pos=bar.tabRect(bar.count() - 1).center())
    assert [bar.tabText(index) for index in range(bar.count())] == titles


def test_menus_are_divided_and_every_command_is_in_one(opened):
    """Truth: no part of a menu is longer than the nine workspaces; Qt's own actions."""

    def leaves(menu):
        for action in menu.actions():
            yield from leaves(action.menu()) if action.menu() else (action,)

    found = []
    for top in opened.menuBar().actions():
        parts = [0]
        for action in top.menu().actions():
            parts = (
                [*parts, 0] if action.isSeparator() else [*parts[:-1], parts[-1] + 1]
            )
        assert max(parts) <= len(WORKSPACES), top.text()
        found += [a for a in leaves(top.menu()) if not a.isSeparator()]
    for command, action in opened.commands.all():
        assert found.count(action) == (1 if command.group else 0), command.name


def test_each_menu_has_a_letter_of_its_own(opened):
    """Truth: Qt opens a menu with Alt and the letter behind its ampersand."""
    titles = [each.text() for each in opened.menuBar().actions()]
    letters = [title[title.index("&") + 1].lower() for title in titles]
    assert letters == list("fegrlvh")
