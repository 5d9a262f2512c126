"""The sticker studio.  Truth: what a hand does and what the shared rules say of it."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QFileDialog

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done, Failed, Partial
from nnviz.base.results import ColorImage, Ranking, Report, Text
from nnviz.base.stickers.placed import Cut, OpenedSticker
from nnviz.base.stickers.placement import Placement
from nnviz.gui.shell.main_window import ATTACK, INSPECT
from nnviz.media.stickers.cutting import with_alpha
from nnviz.media.stickers.placed import open_cut
from tests.gui.conftest import finished, photo

ANSWER, KEEP = "stickers:answer", "stickers:keep"
RED = "round:#e53935"


def opened_sticker(cut):
    if "broken" in cut.source:
        error = ErrorRecord(ErrorKind.USER, f"{cut.source}: no picture; try", "")
        return OpenedSticker(cut.text, error=error)
    image = open_cut(Cut("round", "#123456"))
    return OpenedSticker(cut.text, image, with_alpha(image))


@pytest.fixture
def fake(fake):
    fake.files.stickers.answers["open"] = opened_sticker
    fake.held.add(ANSWER)
    return fake


@pytest.fixture
def studio(opened):
    opened.commands["view.stickers"].trigger()
    return opened.stage.center.page("stickers")


@pytest.fixture
def laid(opened, studio):  # noqa: ARG001 - it is open
    """A disc in the middle of the studio's photograph."""
    opened.app.stickers.add(RED, Placement(0.5, 0.5, 0.5, 0))
    return opened.app.stickers


def notices(window):
    return [notice.text for notice in window.stage.center.banners.shown()]


def answer(fake, before, after):
    """Answer the newest request with two probabilities of "cat" and "dog"."""
    request = fake.last(ANSWER)
    after = Ranking(
        labels=("dog", "cat"),
        values=np.array([1 - after, after]),
        indices=np.array([1, 0]),
        unit="probability",
        limits=(0, 1),
        earlier=np.array([1 - before, before]),
    )
    report = Report({"after": after}, ("1 sticker, 4 % of the image covered",))
    run = replace(finished(request), report=report)
    fake.answer(ANSWER, Done(run))


def drag(qtbot, canvas, by):
    """Drag the first sticker by some px of the widget."""
    middle = canvas.handles(0)[0].boundingRect().center().toPoint()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.mouseMove(canvas, middle + QPoint(*by))
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=middle + QPoint(*by))


def test_the_studio_is_offered_where_attacks_are(opened):
    """Truth: a workspace decides what stands open; the window keeps its size."""
    size = opened.size()
    opened.commands["view.stickers"].trigger()
    assert opened.workspace is ATTACK
    assert opened.stage.center.mode == "stickers"
    assert opened.size() == size
    opened.enter(INSPECT)
    assert opened.stage.center.mode == "result"
    assert not opened.stage.docks["browser"].isHidden()


def test_the_tab_that_was_in_front_is_so_after_the_studio(opened, qtbot):
    """Truth: the panel before."""
    opened.enter(ATTACK)
    dock = opened.stage.docks["attack"]
    dock.raise_()
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())
    opened.commands["view.stickers"].trigger()
    qtbot.waitUntil(dock.isHidden)
    opened.commands["view.result"].trigger()
    qtbot.waitUntil(lambda: not dock.visibleRegion().isEmpty())


def test_the_newest_place_is_asked_about_while_it_is_dragged(qtbot, studio, laid, fake):
    """Truth: the request holds the sticker where the hand has it now."""
    drag(qtbot, studio.canvas, (20, 0))
    asked = fake.last(ANSWER).values["stickers"]
    zoom = studio.canvas.viewport().zoom
    x = 0.5 + 20 / zoom / 60
    assert asked == f"{RED} @ {round(x, 4):.10g} 0.5 0.5 0"
    assert asked == laid.text
    assert fake.last(ANSWER).values["picture"] is False


def test_the_answers_stand_side_by_side(studio, laid, fake):
    """Truth: the numbers that the network gave, the same classes on both sides."""
    assert laid.ready
    answer(fake, before=0.9, after=0.2)
    assert studio.answers.before.lines() == ["dog 10.0 %", "cat 90.0 %"]
    assert studio.answers.after.lines() == ["dog 80.0 %", "cat 20.0 %"]
    assert studio.answers.outcome.text() == "cat is classified as dog"
    assert "4 %" in studio.answers.covered.text()


def test_undo_and_redo_go_step_by_step(qtbot, opened, studio, laid):
    """Truth: a whole drag is one step; the window's own command is used."""
    start = laid.text
    drag(qtbot, studio.canvas, (20, 0))
    moved = laid.text
    qtbot.keyClick(studio.canvas, Qt.Key.Key_BracketLeft)
    turned = laid.text
    assert len({start, moved, turned}) == 3
    undo, redo = opened.commands["edit.undo"], opened.commands["edit.redo"]
    for expected in (moved, start, ""):
        undo.trigger()
        assert laid.text == expected
    for expected in (start, moved, turned):
        redo.trigger()
        assert laid.text == expected


def test_undo_and_redo_are_offered_where_there_is_a_step(opened, studio):
    """Truth: by hand; a disabled button says why in its tool tip."""
    tools, layout = studio.tools, opened.app.stickers

    def offered():
        return tools.undo.isEnabled(), tools.redo.isEnabled()

    assert offered() == (False, False)
    assert tools.undo.toolTip() == "There is nothing to undo"
    layout.add(RED, Placement(0.5, 0.5, 0.5, 0))
    assert offered() == (True, False)
    tools.undo.click()
    assert offered() == (False, True)
    tools.redo.click()
    assert offered() == (True, False)
    assert tools.redo.toolTip() == "There is nothing to redo"


def test_several_lie_on_each_other(studio, laid):
    """Truth: the last laid is the uppermost, and can be raised and taken away."""
    laid.add("square:#fdd835")
    names = [studio.shelf.laid.item(row).text() for row in range(2)]
    assert names == ["Yellow square", "Red disc"]
    laid.choose(0)
    laid.raise_chosen()
    assert [each.cut.text for each in laid.placed] == ["square:#fdd835", RED]
    assert laid.chosen == 1
    laid.remove(1)
    assert [each.cut.text for each in laid.placed] == ["square:#fdd835"]


def test_numbers_and_handles_say_the_same(studio, laid):
    """Truth: 50 % of the shorter side; a typed angle turns it."""
    assert studio.tools.width_box.value() == 50
    assert studio.tools.width_box.text() == "Width 50.0 %"
    assert studio.tools.angle_box.text() == "Angle 0.0 °"
    studio.tools.angle_box.setValue(-30)
    assert laid.placed[0].placement.angle == -30
    studio.tools.x_box.setValue(20)
    assert laid.placed[0].placement.x == 0.2
    studio.tools.opacity.set_share(0.4)
    assert laid.placed[0].opacity == 0.4
    laid.choose(-1)
    assert not studio.tools.width_box.isEnabled()


def test_a_broken_file_is_said_in_a_line_and_goes(opened, laid):
    """Truth: one clear line, and the rest stays."""
    opened.app.shelf.add("/stickers/broken.png")
    assert notices(opened) == ["/stickers/broken.png: no picture; try"]
    assert "/stickers/broken.png" not in opened.app.shelf.texts
    laid.set_text(f"{RED} @ 0.5 0.5 0.2 0; /stickers/broken.jpg @ 0.5 0.5 0.2 0")
    assert [each.cut.text for each in laid.placed] == [RED]
    assert any("broken.jpg" in text for text in notices(opened))


def test_what_fails_on_the_network_is_said(opened, laid, fake):
    """Truth: the error's own words."""
    assert laid.ready
    error = ErrorRecord(ErrorKind.MODEL, "Net: gives no logits; pick another", "")
    fake.answer(ANSWER, Failed(error))
    assert notices(opened) == ["Net: gives no logits; pick another"]


def test_another_network_or_photograph_is_asked_at_once(opened, laid, fake):
    """Truth: the stickers stay where they are, the question is a new one."""
    opened.app.open_model("fake:other")
    assert fake.last(ANSWER).model.reference == "fake:other"
    opened.app.images.add(["/photos/another.png"])
    assert fake.last(ANSWER).image.sha256 == photo("/photos/another.png").sha256
    assert fake.last(ANSWER).values["stickers"] == laid.text


def test_a_late_answer_of_another_photograph_is_not_shown(opened, studio, laid, fake):
    """Truth: what is shown belongs to what is seen."""
    assert laid.ready
    late = finished(fake.last(ANSWER))
    opened.app.images.add(["/photos/another.png"])
    answer(fake, before=0.9, after=0.9)
    assert studio.answers.outcome.text() == "cat, as before"
    fake.tell(ANSWER, Done(replace(late, report=Report({"main": _picture()}))))
    assert studio.answers.outcome.text() == "cat, as before"


def _picture():
    return ColorImage(pixels=np.zeros((4, 4, 3), np.float32))


def test_nothing_is_asked_where_nobody_looks(opened, laid, fake):
    """Truth: the studio is hidden."""
    opened.stage.center.set_mode("result")
    count = len(fake.asked)
    laid.move(0, Placement(0.1, 0.1, 0.1, 0))
    assert len(fake.asked) == count
    opened.stage.center.set_mode("stickers")
    assert fake.last(ANSWER).values["stickers"] == laid.text


def test_it_is_kept_and_taken_as_the_photograph(opened, studio, laid, fake):
    """Truth: the pixels of the result, rounded to 8 bits, become the photograph."""
    assert studio.isVisible()
    text = laid.text
    fake.held.add(KEEP)
    laid.keep(take=True)
    pixels = np.random.default_rng(0).random((40, 60, 3), np.float32)
    run = finished(fake.last(KEEP))
    run = replace(run, report=Report({"adversarial": ColorImage(pixels=pixels)}))
    fake.answer(KEEP, Done(run))
    assert opened.app.selection.image.name == "cat with stickers"
    assert laid.placed == ()
    assert opened.app.runs.history.runs[0] is run
    assert run.recipe.values["stickers"] == text
    assert opened.stage.center.run is None  # it is about the image before
    opened.app.stickers.undo()
    assert laid.text == text


def test_where_they_lie_is_there_at_the_next_start(opened, laid):
    """Truth: the settings; what cannot be read is no reason not to start."""
    settings = opened.app.settings
    assert settings.placed("photograph") == laid.text
    settings.save_placed("photograph", "nonsense")
    again = type(opened.app)(settings)
    assert again.stickers.placed == ()


def test_a_result_that_is_brought_back_lays_its_stickers(opened, laid):
    """Truth: its recipe."""
    values = {"stickers": f"{RED} @ 0.1 0.2 0.3 40", "picture": True}
    run = finished(replace(fake_request(opened), values=values))
    opened.app.runs.restored.emit(run)
    assert laid.text == values["stickers"]


def fake_request(window):
    return replace(window.app.bridge.last(ANSWER), method="placed_stickers")


def test_learned_stickers_come_to_the_shelf(opened, fake, studio):
    """Truth: whatever result holds a picture with transparency, once."""
    alpha = np.ones((8, 8), np.float32)
    picture = ColorImage(pixels=np.zeros((8, 8, 3), np.float32), alpha=alpha)
    run = finished(replace(fake.last(ANSWER), method="patch"))
    run = replace(run, report=Report({"patch": picture}))
    opened.app.runs.finished.emit(run)
    opened.app.runs.restored.emit(run)
    kept = [asked for asked in fake.files.stickers.asked if asked[0] == "keep"]
    assert [asked[1] for asked in kept] == [run]
    fake.files.stickers.tell("keep", Done(Path("/stickers/patch.png")))
    assert studio.shelf.list.item(2).text() == "patch"
    assert opened.app.settings.stickers == ["/stickers/patch.png"]
    opened.enter(INSPECT)
    (notice,) = opened.stage.center.banners.shown()
    assert "patch.png" in notice.text
    notice.remedies[0].act()
    assert opened.stage.center.mode == "stickers"
    assert opened.app.stickers.current.cut.text == "/stickers/patch.png"
    assert opened.stage.center.banners.shown() == ()


def test_a_run_that_is_stopped_leaves_its_sticker(opened, fake, studio):
    """Truth: what was reported last; of a run without a sticker nothing."""
    assert studio.isVisible()
    bench, asked = opened.app, fake.files.stickers.asked
    fake.held.add("result")
    bench.choice.choose("patch")
    bench.runs.run()
    bench.stop()
    assert "keep_stopped" not in [each[0] for each in asked]
    bench.runs.run()
    alpha = np.ones((8, 8), np.float32)
    picture = ColorImage(pixels=np.zeros((8, 8, 3), np.float32), alpha=alpha)
    fake.tell("result", Partial(Report({"patch": picture}), 3))
    opened.enter(INSPECT)  # the run goes on behind
    fake.handles["result"][-1].cancel()
    ((found, recording, _),) = [each[1:] for each in asked if each[0] == "keep_stopped"]
    assert (found, recording) == (picture, fake.last("result").recording)


def test_a_picture_is_cut_out_as_a_disc(opened, fake, studio):
    """Truth: the text that the network is asked about, before and after."""
    opened.app.stickers.add("/stickers/cat.png")
    assert not studio.tools.round.isChecked()
    studio.tools.round.click()
    assert fake.last(ANSWER).values["stickers"].startswith("round:/stickers/cat.png @")
    opened.app.stickers.undo()
    assert not studio.tools.round.isChecked()


def test_stickers_that_a_method_placed_are_moved_by_hand(opened, fake, studio):
    """Truth: the line of text in its report."""
    assert studio.isVisible()
    text = "square:#00ff00 @ 0.1 0.2 0.3 40; round:#0000ff @ 0.5 0.5 0.1 0"
    run = finished(replace(fake.last(ANSWER), method="sticker"))
    run = replace(run, report=Report({"main": _picture(), "placed": Text(text=text)}))
    opened.enter(INSPECT)
    opened.app.runs.finished.emit(run)
    (notice,) = opened.stage.center.banners.shown()
    notice.remedies[0].act()
    assert opened.stage.center.mode == "stickers"
    assert opened.app.stickers.text == text


def test_pictures_are_dropped_on_the_shelf(opened, studio):
    """Truth: a file's name stands there; one dropped on the picture lies there."""
    files = QMimeData()
    files.setUrls([QUrl.fromLocalFile("/stickers/cat.png")])
    drop(studio.shelf.list, files, QPointF(5, 5))
    assert studio.shelf.list.item(2).text() == "cat"
    dragged = studio.shelf.list.mimeData([studio.shelf.list.item(2)])
    at = studio.canvas.viewport().to_widget(10, 30)
    drop(studio.canvas, dragged, QPointF(at[1], at[0]))
    (placed,) = opened.app.stickers.placed
    assert placed.cut.text == "/stickers/cat.png"
    assert (placed.placement.x, placed.placement.y) == pytest.approx((0.5, 0.25))


def drop(widget, data, at):
    actions, none = Qt.DropAction.CopyAction, Qt.KeyboardModifier.NoModifier
    widget.dropEvent(QDropEvent(at, actions, data, Qt.MouseButton.LeftButton, none))


def test_the_print_bar_says_what_comes_of_it(studio, laid, fake, monkeypatch):
    """Truth: by hand: 512 px on 80 mm are 163 dpi; two of 80 mm stand on A4's width."""
    bar = studio.print_bar
    assert bar.words.text() == "1 of 80 × 80 mm, 163 dpi"
    bar.copies.setValue(0)
    assert bar.words.text().startswith("4 of")
    bar.width_box.setValue(240)
    assert "too large" in bar.words.text()
    assert not bar.save.isEnabled()
    bar.width_box.setValue(60)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("/out/page", ""))
    bar.ask()
    (asked,) = [asked for asked in fake.files.stickers.asked if asked[0] == "print"]
    assert asked[1:3] == (Cut("round", "#e53935"), "/out/page.pdf")
    assert asked[3].width == 60
    laid.choose(-1)
    assert not bar.save.isEnabled()


def test_with_the_real_engine(live, qtbot, cat, tmp_path):
    """Truth: each move is answered, at a floor of two a second on a busy machine;
    PDFium measures the print; the photograph is the one with the sticker."""
    window, bench = live, live.app
    bench.start_with([str(cat)], "bundled:objects", "")
    ready = lambda: bench.selection.model and bench.selection.image  # noqa: E731
    qtbot.waitUntil(ready, timeout=60_000)
    window.commands["view.stickers"].trigger()
    answers = []
    bench.stickers.answered.connect(answers.append)
    bench.stickers.add("round:#e53935", Placement(0.5, 0.5, 0.6, 0))
    qtbot.waitUntil(lambda: bool(answers) and answers[-1] is not None, timeout=60_000)
    began, first = time.monotonic(), len(answers)
    while len(answers) < first + 20:
        angle = 360 * (time.monotonic() % 1) - 180
        bench.stickers.move(0, Placement.nearest(0.5, 0.5, 0.6, angle))
        qtbot.wait(5)
        assert time.monotonic() - began < 10
    assert "1 sticker" in answers[-1].notes[0]
    out = tmp_path / "disc.pdf"
    studio = window.stage.center.page("stickers")
    bench.shelf.print("round:#e53935", str(out), studio.print_bar.order)
    qtbot.waitUntil(out.is_file, timeout=20_000)
    with pypdfium2.PdfDocument(out) as document:
        (held,) = document[0].get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])
        left, _, right, _ = held.get_bounds()
    assert (right - left) * 25.4 / 72 == pytest.approx(80, abs=0.1)
    bench.stickers.keep(take=True)
    name = f"{cat.stem} with stickers"
    qtbot.waitUntil(lambda: bench.selection.image.name == name, timeout=20_000)
    assert bench.selection.image.pixels.dtype == np.uint8


def test_menus_of_shelf_and_stickers_do_what_the_buttons_do(opened, studio):
    """Truth: the layout and the shelf after each, by hand."""
    shelf, stickers = studio.shelf, opened.app.stickers

    def act(menu, text):
        next(each for each in menu.actions() if each.text() == text).trigger()

    assert not any(each.isEnabled() for each in shelf.laid_menu().actions())
    shelf.list.setCurrentRow(0)
    text = shelf.list.item(0).data(Qt.ItemDataRole.UserRole)
    act(shelf.shelf_menu(), "Place on the image")
    act(shelf.shelf_menu(), "Place on the image")
    assert [each.cut.text for each in stickers.placed] == [text, text]
    act(shelf.laid_menu(), "Remove")
    assert len(stickers.placed) == 1
    act(shelf.laid_menu(), "Remove all")
    assert not stickers.placed
    act(shelf.shelf_menu(), "Remove from the shelf")
    assert text not in opened.app.shelf.texts


def test_without_a_sticker_the_studio_says_what_to_do(studio, opened):
    """Truth: an image without a sticker is the image; the words by hand."""
    assert studio.shelf.hint.isVisible()
    assert not studio.answers.take.isEnabled()
    assert "sticker" in studio.answers.keep.toolTip()
    opened.app.stickers.add(RED, Placement(0.5, 0.5, 0.5, 0))
    assert not studio.shelf.hint.isVisible()
    assert studio.answers.take.isEnabled()
    opened.app.selection.set_image(None)
    assert not studio.answers.take.isEnabled()
    assert "image" in studio.answers.keep.toolTip()
