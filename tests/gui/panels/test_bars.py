"""The prediction's bars by mouse and by keyboard.  Truths: the ranking, by hand."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt

from nnviz.base.results import Ranking
from nnviz.gui.panels.bars import Bars

LABELS = ("tabby", "tiger cat", "lynx")
CLASSES = (281, 282, 287)


@pytest.fixture
def bars(qtbot):
    bars = Bars(3)
    bars.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(bars)
    ranking = Ranking(
        labels=LABELS,
        indices=np.array(CLASSES),
        values=np.array([0.7, 0.2, 0.1]),
        unit="probability",
        limits=(0.0, 1.0),
    )
    bars.show_ranking(ranking)
    bars.show()
    bars.setFocus()
    qtbot.waitUntil(bars.hasFocus)
    return bars


@pytest.fixture
def asked(bars):
    found = []
    bars.chosen.connect(found.append)
    return found


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ([Qt.Key.Key_Return], 281),
        ([Qt.Key.Key_Down, Qt.Key.Key_Space], 282),
        ([Qt.Key.Key_End, Qt.Key.Key_Return], 287),
        ([Qt.Key.Key_End, Qt.Key.Key_Down, Qt.Key.Key_Return], 287),
        ([Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up, Qt.Key.Key_Enter], 281),
        ([Qt.Key.Key_End, Qt.Key.Key_Home, Qt.Key.Key_Space], 281),
    ],
)
def test_keys_go_to_a_class_and_choose_it(qtbot, bars, asked, keys, expected):
    for key in keys:
        qtbot.keyClick(bars, key)
    assert asked == [expected]


def test_a_click_chooses_and_the_keys_go_on_from_there(qtbot, bars, asked):
    middle = QPoint(20, bars.height() // 2)
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=middle)
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert asked == [282, 287]


def test_the_row_is_read_out(qtbot, bars):
    assert bars.accessibleDescription() == "tabby 70.0 %"
    qtbot.keyClick(bars, Qt.Key.Key_Down)
    assert bars.accessibleDescription() == "tiger cat 20.0 %"


@pytest.mark.parametrize(
    ("unit", "line"), [("mm", "crab 3.14 mm"), ("output", "crab 3.14")]
)
def test_a_regression_s_number_has_its_unit(bars, unit, line):
    ranking = Ranking(
        labels=("crab",), indices=np.array([0]), values=np.array([3.14159]), unit=unit
    )
    bars.show_ranking(ranking)
    assert bars.lines() == [line]


def test_without_a_ranking_keys_do_nothing(qtbot, bars, asked):
    bars.show_ranking(None)
    qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert asked == []


@pytest.mark.parametrize("what", ["network", "image"])
def test_predictions_hold_on_after_something_did_not_open(opened, qtbot, what):
    """Truth: network and image are still those that the bars were computed from."""
    bars = opened.stage.prediction.bars
    qtbot.waitUntil(lambda: bool(bars.lines()) and not bars._stale)
    gray = []
    opened.app.models.opening.connect(lambda _: gray.append(bars._stale))
    opened.app.images.opening.connect(lambda _: gray.append(bars._stale))
    if what == "network":
        opened.app.open_model("missing:net")
    else:
        opened.app.images.add(["/photos/broken.png"])
    qtbot.waitUntil(lambda: bool(gray) and not bars._stale)
    assert gray == [True]
    assert bars.lines()
