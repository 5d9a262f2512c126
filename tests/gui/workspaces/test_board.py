"""The board in the window: chosen in lists, filled one by one, kept, stopped."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Cancelled, Done, Failed, Progress
from nnviz.base.results import ColorImage, Heatmap, Report
from nnviz.gui.shell.main_window import EXPLAIN, INSPECT
from nnviz.render.boards.scale_locks import Lock

METHODS = ["saliency", "grad_cam", "layer_cam"]
BROKEN = ErrorRecord(ErrorKind.USER, "layer9: no such layer", "")


class Kitchen:
    """Holds what a board asks for until a test answers it."""

    def __init__(self, window, fake):
        self.window, self.fake = window, fake
        fake.held.add("board")
        self.earlier = 0

    @property
    def asked(self):
        all_asked = [r for place, r in self.fake.asked if place == "board"]
        return all_asked[self.earlier :]

    def give(self, event=None):
        n = len(self.window.app.boards.outcomes)
        self.hear(n, event or Done(self.mapped(self.asked[n])))

    def hear(self, n, event):
        self.fake.handles["board"][self.earlier + n].hear(event)

    def mapped(self, request):
        """Return a run with a 4 x 4 map, of saliency upside down."""
        values = np.arange(16, dtype=np.float32).reshape(4, 4)
        heat = Heatmap(
            values=values[::-1].copy() if request.method == "saliency" else values,
            signed=False,
            unit="logit",
            frame=None,
            placement=None,
        )
        run = self.fake.outcome(request).value
        return replace(run, report=Report({"map": heat}, ("cat, 4.8",)))


@pytest.fixture
def pane(opened):
    opened.enter(EXPLAIN)
    opened.commands["view.board"].trigger()
    made = opened.stage.center.board
    made.choices.methods.tick(METHODS)
    return made


@pytest.fixture
def kitchen(pane, opened, fake, qtbot):
    """A board that has been asked for and not been answered."""
    held = Kitchen(opened, fake)
    qtbot.mouseClick(pane.run, Qt.MouseButton.LeftButton)
    return held


def headings(pane):
    return [(tile.title_row, tile.title_column) for tile in pane.view.tiles]


@pytest.mark.usefixtures("pane")
def test_it_takes_the_room_that_it_needs(opened):
    """Truth: what stands beside the middle is hidden, and comes back."""
    docks = opened.stage.docks
    assert docks["method"].isHidden()
    assert docks["browser"].isHidden()
    assert not docks["images"].isHidden()
    opened.commands["view.result"].trigger()
    assert not docks["method"].isHidden()
    opened.commands["view.board"].trigger()
    opened.enter(INSPECT)
    assert opened.stage.center.mode == "result"
    assert not docks["browser"].isHidden()


def test_the_button_says_how_many_maps(pane):
    """Truth: 3 methods, 1 network, 1 photograph."""
    assert pane.run.text() == "Run 3 maps"
    pane.choices.methods.tick([])
    assert not pane.run.isEnabled()


def test_the_usual_methods_come_first(pane):
    """Truth: the list of those that are good to compare."""
    items = pane.choices.methods.list
    assert items.item(0).text() == "Saliency"
    assert items.item(7).text() == "Occlusion"


def test_every_place_is_asked_for_once_in_order(kitchen, pane):
    """Truth: the plan: a row a network, a column a method."""
    assert [request.method for request in kitchen.asked] == METHODS
    assert headings(pane) == [
        ("Fake:Net", title) for title in ("Saliency", "Grad-CAM", "LayerCAM")
    ]
    assert all(isinstance(tile.result, ColorImage) for tile in pane.view.tiles)


def test_places_fill_one_by_one(kitchen, pane):
    kitchen.give(Progress(1, 2, "halfway"))
    assert pane._state.text() == "1 / 3 · Saliency"
    assert pane._bar.value() == pytest.approx(1000 / 6, abs=1)
    for filled in (1, 2, 3):
        kitchen.give()
        shown = [isinstance(tile.result, Heatmap) for tile in pane.view.tiles]
        assert shown == [n < filled for n in range(3)]
    assert not pane.run.isHidden()
    assert pane.stop.isHidden()
    assert pane.chosen_lock() is Lock.BOARD


def test_the_numbers_are_shown_as_a_table(kitchen, pane):
    """Truth: the other maps are saliency's upside down, row by row: rho by hand.

    Ranks 0-15 against rows in reverse: differences of +-12 and +-4 for 8 places each;
    rho = 1 - 6 * (8 * 144 + 8 * 16) / (16 * 255) = -0.88235.
    """
    for _ in range(3):
        kitchen.give()
    rows = pane.numbers.result.rows
    assert [row[1] for row in rows] == ["Saliency · Grad-CAM", "Saliency · LayerCAM"]
    assert rows[0][2] == pytest.approx(-0.88235, abs=1e-5)


def test_an_error_stays_in_its_tile(kitchen, pane):
    """Truth: the others go on; the words are the error's."""
    kitchen.give()
    kitchen.give(Failed(BROKEN))
    kitchen.give()
    assert list(pane.board().errors.values()) == [BROKEN.text]
    assert isinstance(pane.view.tiles[1].result, ColorImage)
    assert isinstance(pane.view.tiles[2].result, Heatmap)
    assert "1 failed" in pane._state.text()


def test_escape_stops_and_keeps_what_is_there(kitchen, pane, opened):
    kitchen.give()
    opened.commands["run.stop"].trigger()
    assert pane._state.text() == "stopped"
    assert not opened.app.boards.running
    kitchen.give(Cancelled())
    kitchen.give()
    assert list(opened.app.boards.outcomes) == [0]
    assert isinstance(pane.view.tiles[0].result, Heatmap)


def test_a_new_board_hears_nothing_of_the_old_one(kitchen, pane, opened):
    old = kitchen.asked
    pane.start()
    kitchen.hear(0, Done(kitchen.mapped(old[0])))
    assert opened.app.boards.outcomes == {}
    assert len(kitchen.asked) == 2 * len(old)


def test_a_tile_opens_its_whole_result(kitchen, pane, opened):
    for _ in range(3):
        kitchen.give()
    pane.view.tile_chosen.emit(1)
    assert opened.stage.center.mode == "result"
    assert opened.stage.center.run.recipe.method == "grad_cam"
    assert opened.app.choice.method.name == "grad_cam"


def test_the_target_is_everybodys(pane, opened, fake):
    """Truth: the selection's target, in words and in what is asked."""
    opened.app.selection.set_target("dog")
    assert pane.target.value() == "dog"
    kitchen = Kitchen(opened, fake)
    pane.start()
    assert {r.values["target"] for r in kitchen.asked} == {"dog"}


def test_several_photographs_are_opened_first(pane, opened, fake):
    """Truth: a row for each photograph, opened where it is not open."""
    opened.app.images.add(["/photos/dog.png"])
    ticks = pane.choices.photographs
    ticks.tick(["/photos/cat.png", "/photos/dog.png"])
    kitchen = Kitchen(opened, fake)
    pane.start()
    assert len(kitchen.asked) == 6
    assert {row for row, _ in headings(pane)} == {"cat.png", "dog.png"}


def test_it_is_copied_and_saved_as_a_whole(kitchen, opened, fake, tmp_path):
    """Truth: the command's own words; the folder that was chosen."""
    for _ in range(3):
        kitchen.give()
    opened.commands["edit.copy_command"].trigger()
    words = QApplication.clipboard().text()
    assert words.startswith("nnviz board /photos/cat.png --methods saliency,grad_cam")
    opened.commands["edit.copy_python"].trigger()
    assert "nnviz.board(" in QApplication.clipboard().text()
    opened.commands["edit.copy_picture"].trigger()
    assert QApplication.clipboard().image().width() > 300
    opened.app.settings.export_folder = str(tmp_path)
    opened.commands["file.save"].trigger()
    ((name, board, folder, lock),) = fake.files.results.asked
    assert name == "board"
    assert len(board.runs()) == 3
    assert (folder, lock) == (str(tmp_path), Lock.BOARD)


def test_the_board_has_a_target_of_its_own(pane, opened, fake):
    """Truth: what is asked of each network, by hand."""
    assert pane.target.value() == opened.app.selection.target == ""
    pane.target.take("dog")
    assert opened.app.selection.target == "dog"
    pane.start()
    asked = [r.values.get("target") for place, r in fake.asked if place == "board"]
    assert asked == ["dog"] * len(METHODS)
    opened.app.selection.set_target("cat")
    assert pane.target.value() == "cat"


def test_each_of_several_networks_may_have_a_target_of_its_own(pane, opened, fake):
    """Truth: what each network is asked, by hand; only one of them knows the dog."""
    open_one, other = opened.app.selection.model.reference, "bundled:birds"
    pane.choices.networks.offer([(open_one, "Pets"), (other, "Birds")], [open_one])
    assert pane.targets.controls == {}
    pane.choices.networks.tick([open_one, other])
    assert list(pane.targets.controls) == [open_one, other]
    birds = replace(opened.app.selection.model, reference=other, labels=("crab", "owl"))
    pane.targets.learn(birds)
    pane.target.take("dog")
    assert "No such target" in pane._asked.text()
    pane.targets.controls[other].take("owl")
    assert "No such target" not in pane._asked.text()
    pane.start()
    asked = [r for place, r in fake.asked if place == "board"]
    assert {(r.model.reference, r.values["target"]) for r in asked} == {
        (open_one, "dog"),
        (other, "owl"),
    }
    pane.choices.networks.tick([open_one])
    assert pane.targets.controls == {}


def test_its_caption_says_what_the_figures_mean(kitchen, pane):
    """Truth: the words for the scale, and for both figures."""
    kitchen.give()
    words = pane.view.caption.text()
    assert words.startswith("One color scale")
    assert "Spearman" in words
    pane.view.agreeing.setChecked(False)
    assert "Spearman" not in pane.view.caption.text()
