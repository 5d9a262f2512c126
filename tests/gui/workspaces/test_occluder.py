"""The occluder's page: the newest patch is asked about, the trace is kept."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from nnviz.base.events import Done, Policy, Priority
from nnviz.base.explanations.occluder import Occluded, OccludeImage
from nnviz.base.explanations.scores import scores_of
from nnviz.base.explanations.trust import Trust, TrustCheck
from nnviz.base.results import Ranking
from nnviz.gui.services.trust import TrustState
from nnviz.gui.shell.main_window import EXPLAIN
from nnviz.gui.state.modes import OCCLUDER


def occluded(score):
    ranking = Ranking(
        labels=("cat", "dog"),
        values=np.array([score, 1 - score]),
        indices=np.array([0, 1]),
        unit="probability",
        earlier=np.array([0.9, 0.1]),
    )
    return Occluded(
        score=score, before=0.9, words="probability of cat", unit="probability",
        ranking=ranking, share=0.1, incremental=True,
    )  # fmt: skip


@pytest.fixture
def page(opened, fake, qtbot):
    fake.held.add("occluder")
    opened.enter(EXPLAIN)
    opened.stage.center.set_mode(OCCLUDER)
    qtbot.waitUntil(lambda: bool(fake.handles.get("occluder")))
    return opened.stage.center.page(OCCLUDER)


def test_the_patch_under_the_mouse_is_asked_about(page, fake):
    height, width = page.canvas.image_size
    page.canvas.pointed.emit(height / 2, width / 4)
    request = fake.last("occluder")
    assert isinstance(request, OccludeImage)
    lane = fake.handles["occluder"][-1].lane
    assert (lane.policy, lane.priority) == (Policy.LATEST, Priority.INTERACTIVE)
    rows, columns = np.nonzero(request.mask)
    assert rows.mean() / request.mask.shape[0] == pytest.approx(0.5, abs=0.02)
    assert columns.mean() / request.mask.shape[1] == pytest.approx(0.25, abs=0.02)
    page.canvas.pointed.emit(float("nan"), float("nan"))
    assert not fake.last("occluder").mask.any()


def test_answers_make_the_trace(page, fake):
    """Truth: the scores as they were answered."""
    page._clear()
    for score in (0.5, 0.25):
        page.canvas.pointed.emit(5.0, 5.0)
        fake.tell("occluder", Done(occluded(score)))
    lines = page._occluder.trace.text().splitlines()
    assert lines[0] == "seconds,y,x,score,hidden share"
    assert [line.split(",")[3] for line in lines[1:]] == ["0.5", "0.25"]
    assert "probability of cat: 0.25, whole image 0.9" in page._score.text()
    assert page.bars.lines()


def test_what_is_painted_stays_hidden(page, fake):
    mask = np.zeros_like(page.brush.mask)
    mask[:10] = 255
    page.brush.set_mask(mask)
    page.fill.setCurrentIndex(page.fill.findData("blur"))
    page.fill.activated.emit(page.fill.currentIndex())
    request = fake.last("occluder")
    assert request.fill == "blur"
    assert (request.mask[:10] == 255).all()
    page.clear.click()
    assert not fake.last("occluder").mask.any()


def test_a_stroke_is_answered_while_it_goes_on(page, fake, qtbot):
    """Truth: what the brush has painted so far, before the button is let go."""
    page.paint.click()
    canvas, asked = page.canvas, []
    at = canvas.rect().center()
    qtbot.mousePress(canvas, Qt.MouseButton.LeftButton, pos=at)
    for step in range(1, 3):
        moved = QMouseEvent(
            QEvent.Type.MouseMove, QPointF(at + QPoint(20 * step, 0)),
            canvas.mapToGlobal(QPointF(at)), Qt.MouseButton.NoButton,
            Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier,
        )  # fmt: skip
        QApplication.sendEvent(canvas, moved)
        asked.append(int((fake.last("occluder").mask > 0).sum()))
    assert 0 < asked[0] < asked[1]
    qtbot.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=at)


def test_keeping_hides_all_else(page, fake):
    page.keep.click()
    assert not fake.last("occluder").mask.any()  # nothing is marked yet
    mask = np.zeros_like(page.brush.mask)
    mask[:10] = 255
    page.brush.set_mask(mask)
    np.testing.assert_array_equal(fake.last("occluder").mask, 255 - mask)


def test_the_map_is_compared_with_what_is_painted(page, opened):
    """Truth: what is asked, and the figures as they are answered."""
    page.compare.click()
    assert "Paint the object" in page._agreement.text()
    mask = np.zeros_like(page.brush.mask)
    mask[:10] = 255
    page.brush.set_mask(mask)
    asked = []
    opened.app.trust.measure = lambda check, mask: asked.append((check, mask))
    opened.app.trust.state = replace(opened.app.trust.state, run=object())
    page.compare.click()
    assert asked[0][0] is TrustCheck.OBJECT
    np.testing.assert_array_equal(asked[0][1], mask)
    found = {
        "grad_cam": {"pointing": [1.0], "energy": [0.625]},
        "random": {"pointing": [0.0], "energy": [0.25]},
        "edges": {"pointing": [0.0], "energy": [0.375]},
    }
    trust = Trust(method="grad_cam", rows=scores_of(found))
    opened.app.trust.changed.emit(TrustState(found=trust))
    assert "Energy inside: 0.62 (random 0.25, edges 0.38)" in page._agreement.text()
