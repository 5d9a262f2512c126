"""Maps of every box, shown on a click.  Truth: the tiles of the result, by hand."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.explanations.box_maps import EACH_BOX, box_map, with_box_first
from nnviz.base.frames import Frame
from nnviz.base.info import Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import Boxes, Heatmap, Mosaic, Report
from nnviz.gui.views.canvas.layers import array_of
from tests.gui.conftest import photo

CAT = "/photos/cat.png"
TILES = np.zeros((2, 40, 60), np.float32)
TILES[0, :, :30] = 1
TILES[1, :, 30:] = 1


@pytest.fixture
def run():
    """D-RISE on a photo of 60 x 40 px: the first box left, the second one right."""
    boxes = np.array([[2, 2, 28, 38], [32, 2, 58, 38]], np.float32)
    captions = "0 cat 90 %", "1 dog 80 %"
    report = Report(
        {
            "d_rise": Heatmap(
                values=TILES[0], signed=False, unit="", frame=Frame.PHOTO
            ),
            "boxes": Boxes(
                boxes=boxes,
                scores=np.array([0.9, 0.8], np.float32),
                classes=np.array([0, 1]),
                labels=("cat", "dog"),
            ),
            EACH_BOX: Mosaic(
                tiles=TILES,
                order=np.arange(2),
                captions=captions,
                signed=False,
                shared_scale=False,
                unit="",
                noun="object",
                layer="",
            ),
        },
        captions[:1],
    )
    recipe = Recipe(
        method="d_rise",
        values={"target": "", "masks": 64},
        model="fake:net",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
    )
    return Run(report, recipe, photo(CAT))


def test_another_box_comes_first(run):
    """Truth: the tile, note and target of that box; all else as it was."""
    second = with_box_first(run, "box:1")
    assert np.array_equal(second.report.main.values, TILES[1])
    assert second.report.notes == ("1 dog 80 %",)
    assert second.recipe.values == {"target": "box:1", "masks": 64}
    assert list(second.report) == list(run.report)
    assert np.array_equal(with_box_first(second, "").report.main.values, TILES[0])


@pytest.mark.parametrize("target", ["box:2", "cat", "box:cat:0", "unit:3"])
def test_there_is_no_such_map(run, target):
    assert with_box_first(run, target) is None


def test_other_reports_have_no_maps_of_boxes(run):
    results = {name: each for name, each in run.report.items() if name != EACH_BOX}
    other = replace(run, report=Report(results))
    assert with_box_first(other, "box:0") is None
    assert box_map(other.report, 0) is None


def test_a_click_on_a_box_shows_its_map_without_a_run(qtbot, opened, fake, run):
    """Truth: no request; the map's half of the image is tinted, the recipe names it."""
    chosen = opened.app.selection
    chosen.set_model(replace(chosen.model, task=Task.DETECT))
    opened.app.runs.bring_back(run)
    view = opened.stage.center.result
    tabs = view._tabs
    tabs.setCurrentIndex(1)
    canvas = view.current.canvas
    bare = array_of(canvas.grab().toImage()).astype(int)
    asked = len(fake.asked)

    def at(y, x):
        return QPoint(
            *(round(each) for each in canvas.viewport().to_widget(y, x)[::-1])
        )

    qtbot.mouseClick(canvas, Qt.MouseButton.LeftButton, pos=at(20, 45))
    assert len(fake.asked) == asked
    assert opened.app.selection.target == "box:1"
    shown = opened.stage.center.run
    assert shown.recipe.values["target"] == "box:1"
    assert np.array_equal(shown.report.main.values, TILES[1])
    assert tabs.tabData(tabs.currentIndex()) == "boxes"
    tinted = array_of(canvas.grab().toImage()).astype(int)
    left, right = at(20, 15), at(20, 45)
    changed = np.abs(tinted - bare).sum(2)
    assert changed[right.y(), right.x()] > 0
    assert changed[left.y(), left.x()] == 0
    painted = view.painting()().astype(int)
    rows, columns = painted.shape[:2]
    assert np.ptp(painted[rows // 3, columns * 3 // 4]) > 0  # colors on gray
    assert np.ptp(painted[rows // 3, columns // 4]) == 0
