"""The Style workspace: pictures, the strip, the brush, segments.

Truth: the names and places of parameters that the method documents, strokes drawn by
hand, and numbers of pixels.
"""

from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget

from nnviz.base.events import Done
from nnviz.base.frames import Frame
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import RunMethod
from nnviz.base.results import ColorImage, Mask, Report
from nnviz.base.shipped.resources import resource
from nnviz.engine.data.patterns import PATTERNS, pattern
from nnviz.gui.shell.main_window import INSPECT, STYLE
from nnviz.gui.views.canvas.layers import image_of
from nnviz.gui.workspaces.style.training_panel import LessonPanel
from nnviz.storage.images import keep_image


@pytest.fixture
def window(window, fake, tmp_path):
    """A window in Style, with a photograph and a network, and pictures kept here."""
    fake.files.images.answers["keep"] = partial(keep_image, folder=tmp_path)
    window.app.open_model("fake:net")
    window.app.images.add(["/photos/cat.png"])
    window.enter(STYLE)
    window.app.choice.choose("style_transfer")
    QApplication.processEvents()
    return window


def pictures(window):
    return window.stage.rooms["style"].style.pictures


def strip(window):
    return window.stage.rooms["style"].style.strip


def where(window):
    return window.stage.rooms["style"].style.where


def select(window, *names):
    shown = pictures(window).list
    for place in range(shown.count()):
        item = shown.item(place)
        item.setSelected(item.text() in names)


def values(window):
    return window.app.choice.values


def test_the_patterns_shown_are_those_that_are_drawn():
    """Truth: the program's own drawings, made as small."""
    files = {path.stem: path for path in resource("patterns").glob("*.jpg")}
    assert set(files) == set(PATTERNS)
    for name, path in files.items():
        shown = cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB) / 255
        drawn = cv2.resize(
            pattern(name), shown.shape[1::-1], interpolation=cv2.INTER_AREA
        )
        assert abs(shown - drawn).mean() < 0.06, name


def test_a_click_chooses_a_picture_and_others_are_blended_in(window):
    select(window, "mosaic")
    assert values(window)["style"] == "mosaic"
    assert values(window)["second"] == ""
    select(window, "mosaic", "strokes")
    assert (values(window)["style"], values(window)["second"]) == ("mosaic", "strokes")
    assert values(window)["second_share"] == 50
    assert pictures(window).hint.text() == "mosaic 50.0 % · strokes 50.0 %"
    select(window, "mosaic", "strokes", "marbling")
    named = {values(window)[each] for each in ("style", "second", "third")}
    assert named == {"mosaic", "strokes", "marbling"}
    assert values(window)["third_share"] == 33


def test_what_is_typed_is_marked_too(window):
    window.app.choice.adjust({"style": "marbling"})
    chosen = [item.text() for item in pictures(window).list.selectedItems()]
    assert chosen == ["marbling"]


def test_a_picture_is_dropped_and_one_is_pasted(window, tmp_path):
    """Truth: the file's own name, and the pixels of the clipboard."""
    path = tmp_path / "my paint.png"
    cv2.imwrite(str(path), np.zeros((8, 8, 3), np.uint8))
    window.stage.rooms["style"].styles.add([str(path)])
    assert values(window)["style"] == str(path)
    pixels = np.full((6, 9, 3), (10, 200, 30), np.uint8)
    QApplication.clipboard().setImage(image_of(pixels).copy())
    pictures(window).paste()
    kept = Path(values(window)["style"])
    assert kept.parent == tmp_path
    assert np.array_equal(cv2.imread(str(kept))[..., ::-1], pixels)
    QApplication.clipboard().clear()


def finished_strip(request):
    """Five tones, each 20 px wide, with 2 px of white between them."""
    sheet = np.ones((10, 5 * 20 + 4 * 2, 3), np.float32)
    for number in range(5):
        sheet[:, 22 * number : 22 * number + 20] = number / 5
    recipe = Recipe(
        method="style_transfer",
        values=dict(request.values),
        model="fake:net",
        model_sha256="0" * 64,
        preprocess=None,
        image="cat.png",
        image_sha256="",
    )
    return Done(Run(Report({"painting": ColorImage(pixels=sheet)}), recipe, None))


def test_the_strip_shows_five_and_a_click_takes_one(window, fake):
    """Truth: the balance as it stands, and two powers of ten to either side."""
    window.app.choice.adjust({"balance": 1.5})
    fake.held.add("style:strip")
    strip(window).make.click()
    request = fake.last("style:strip")
    assert isinstance(request, RunMethod)
    assert request.values["strip"] is True
    assert strip(window).make.text() == "Stop"
    fake.answer("style:strip", finished_strip(request))
    tiles = strip(window).tiles
    assert [tile.text() for tile in tiles] == ["-0.5", "0.5", "1.5", "2.5", "3.5"]
    assert [tile.isChecked() for tile in tiles] == [False, False, True, False, False]
    shades = [int(each[5, 5, 0]) for each in window.stage.rooms["style"].styles.strip]
    assert shades == pytest.approx([0, 51, 102, 153, 204], abs=1)
    tiles[4].click()
    assert values(window)["balance"] == 3.5
    assert values(window)["strip"] is False
    assert tiles[4].isChecked()


def test_a_strip_of_another_style_is_gone(window, fake):
    fake.held.add("style:strip")
    strip(window).make.click()
    fake.answer("style:strip", finished_strip(fake.last("style:strip")))
    assert strip(window).tiles[0].isVisible()
    select(window, "marbling")
    assert not strip(window).tiles[0].isVisible()


def stroke(window, qtbot, *shares):
    """Paint along places of the photograph, as shares of its width, half-way down."""
    canvas = window.stage.center.photo.canvas
    height, width = canvas.image_size
    left = Qt.MouseButton.LeftButton
    positions = []
    for share in shares:
        y, x = canvas.viewport().to_widget(height / 2, share * width)
        positions.append(QPoint(round(x), round(y)))
    qtbot.mousePress(canvas, left, pos=positions[0])
    for position in positions[1:]:
        qtbot.mouseMove(canvas, position)
    qtbot.mouseRelease(canvas, left, pos=positions[-1])


def painted(window):
    """The file that the method is given."""
    return cv2.imread(values(window)["mask"], cv2.IMREAD_GRAYSCALE)


def test_the_brush_paints_erases_and_takes_back(window, qtbot):
    """Truth: strokes across a photograph of 60 x 40 px."""
    part = where(window)
    part.paint.click()
    assert window.stage.center.photo.isVisible()
    part.width_slider.setValue(20)
    stroke(window, qtbot, 0.2, 0.8)
    mask = painted(window)
    assert mask.shape == (40, 60)
    assert mask[20, 30] == 255
    assert mask[20, 2] == mask[2, 30] == 0
    # A fifth of 60 px wide.
    assert (mask[:, 30] == 255).sum() == pytest.approx(12, abs=2)
    part.erase.click()
    stroke(window, qtbot, 0.5, 0.5)
    assert painted(window)[20, 30] == 0
    part.undo.click()
    assert painted(window)[20, 30] == 255
    part.clear.click()
    assert values(window)["mask"] == ""
    part.undo.click()
    assert painted(window)[20, 30] == 255
    assert window.stage.center.photo.canvas.state.fitted


def test_the_brush_is_put_away_with_the_workspace(window):
    where(window).paint.click()
    window.enter(INSPECT)
    assert not where(window).brush.active


def test_another_photograph_has_no_mask(window, qtbot):
    where(window).paint.click()
    stroke(window, qtbot, 0.2, 0.8)
    assert values(window)["mask"]
    window.app.images.add(["/photos/coffee.png"])
    QApplication.processEvents()
    assert values(window)["mask"] == ""
    assert where(window).brush.share == 0


def test_a_segment_becomes_the_mask(window, fake, monkeypatch):
    """Truth: the right half of the network's map is its second class."""
    part = where(window)
    monkeypatch.setattr(QMenu, "popup", lambda *_: None)  # it grabs the keyboard
    menu = part.segment.menu()
    menu.aboutToShow.emit()
    assert menu.actions()[0].text() == "Find segments in drawn scenes"
    classes = np.zeros((4, 6), np.int64)
    classes[:, 3:] = 1
    found = Mask(
        classes=classes,
        confidence=np.ones((4, 6), np.float32),
        labels=("ground", "cat"),
        frame=Frame.PHOTO,
    )
    fake.held.add("style:segments")
    menu.actions()[0].trigger()
    request = fake.last("style:segments")
    assert request.method == "segment"
    fake.answer(
        "style:segments",
        Done(Run(Report({"segments": found}), None, window.app.selection.image)),
    )
    menu.aboutToShow.emit()
    menu.actions()[0].trigger()
    menu.hide()
    mask = painted(window)
    assert mask.shape == (40, 60)
    assert mask[:, 30:].min() == 255
    assert mask[:, :30].max() == 0


def test_all_controls_are_named(window):
    """Truth: ux.md: a screen reader says what each is."""
    nameless = [
        type(each).__name__
        for each in window.stage.rooms["style"].style.findChildren(QWidget)
        if each.focusPolicy() & Qt.FocusPolicy.TabFocus
        and not each.accessibleName()
        and not getattr(each, "text", str)()
    ]
    assert nameless == []


def test_a_kept_picture_has_the_name_of_its_pixels(tmp_path):
    """The same twice is one file; of very many the oldest go."""
    first = keep_image(np.zeros((2, 2, 3), np.uint8), "mask", tmp_path)
    again = keep_image(np.zeros((2, 2, 3), np.uint8), "mask", tmp_path)
    assert Path(first).is_file()
    assert first == again
    for shade in range(1, 103):
        keep_image(np.full((2, 2, 3), shade, np.uint8), "mask", tmp_path)
    assert len(list(tmp_path.glob("*.png"))) == 100


def test_one_style_again_leaves_no_weight_of_a_blend_changed(window):
    """Truth: the form as it was before anything was blended."""
    before = values(window) | {"style": "mosaic"}
    select(window, "mosaic", "strokes", "marbling")
    select(window, "mosaic")
    assert values(window) == before


def test_a_right_click_offers_to_use_to_blend_and_to_remove(window, tmp_path):
    """Truth: patterns stay; a blend has three images at most."""
    path = str(tmp_path / "mine.png")
    cv2.imwrite(path, np.zeros((8, 8, 3), np.uint8))
    window.stage.rooms["style"].styles.add([path])
    panel = pictures(window)

    def entries(name):
        panel.list.setCurrentItem(
            panel.list.findItems(name, Qt.MatchFlag.MatchExactly)[0],
            QItemSelectionModel.SelectionFlag.NoUpdate,
        )
        return {each.text(): each for each in panel.menu().actions()}

    assert not entries("mosaic")["Remove"].isEnabled()
    entries("mosaic")["Blend in"].trigger()
    assert (values(window)["style"], values(window)["second"]) == (path, "mosaic")
    assert not entries("mosaic")["Blend in"].isEnabled()
    entries("strokes")["Use this style"].trigger()
    assert list(window.stage.rooms["style"].styles.chosen) == ["strokes"]
    entries("mine")["Remove"].trigger()
    assert not panel.list.findItems("mine", Qt.MatchFlag.MatchExactly)


def test_titles_name_the_styles(window):
    """Truth: two results of the method differ in their style, by hand."""
    request = window.app.choice.asked()
    values_ = {**request.values, "style": "/x/wave.png", "second": "mosaic"}
    title = window.app.captions.of_request(replace(request, values=values_))
    assert "wave + mosaic" in title


def test_without_image_or_method_the_strip_says_what_it_needs(window, monkeypatch):
    """Truth: no number is told that is not in the form."""
    window.app.selection.set_image(None)
    assert not strip(window).make.isEnabled()
    assert "needs an image" in strip(window).make.toolTip()
    monkeypatch.setattr(type(window.app.choice), "values", {})
    window.stage.rooms["style"].styles.chosen_changed.emit()
    assert "Now" not in strip(window).note.text()


def test_without_an_image_there_is_nothing_to_paint_on(window):
    """Truth: the brush waits for an image, and says so."""
    window.app.selection.set_image(None)
    for each in (where(window).paint, where(window).erase):
        each.click()
        assert not each.isChecked()
        assert not where(window).brush.active
    assert "image" in window.status.message.text()


def test_labels_of_the_training_are_whole(window):
    """Truth: the width of each text in its own font."""
    panel = window.findChild(LessonPanel)
    heads = {each.text(): each for each in panel.findChildren(QLabel)}
    for words in ("Style", "Training images"):
        assert heads[words].width() >= heads[words].sizeHint().width()
