"""The page of errors, and the figures on it.

Truth: scikit-learn's confusion matrix and balanced accuracy; the calibration error of
a case worked by hand from Guo et al. 2017, equation 5; counts by loops.
"""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from nnviz.base.dataset.error_figures import measure_errors, measure_reliability

LEFT = Qt.MouseButton.LeftButton


def test_the_matrix_is_that_of_scikit_learn():
    metrics = pytest.importorskip("sklearn.metrics")
    random = np.random.default_rng(3)
    label, predicted = random.integers(0, 6, (2, 400))
    figures = measure_errors(label, predicted, 6)
    assert (figures.counts == metrics.confusion_matrix(label, predicted)).all()
    assert figures.accuracy == pytest.approx(metrics.accuracy_score(label, predicted))
    balanced = metrics.balanced_accuracy_score(label, predicted)
    assert figures.mean_per_class == pytest.approx(balanced)


def test_records_without_a_label_do_not_count():
    """By hand: two labeled images of classes 7 and 2, one of them right."""
    figures = measure_errors(np.array([-1, 7, 2, 2]), np.array([7, 7, 7, -1]), 8)
    assert figures.classes.tolist() == [2, 7]
    assert figures.counts.tolist() == [[0, 1], [0, 1]]
    assert figures.confused(5) == [(2, 7, 1)]
    assert figures.accuracy == 0.5


def test_the_calibration_error_by_hand():
    """Bins 0.6-0.8 (3 images: 0.7, 0.7, 0.8; 1 right) and 0.8-1 (1: 0.9; right)."""
    confidence = np.array([0.7, 0.7, 0.8, 0.9])
    right = np.array([True, False, False, True])
    found = measure_reliability(confidence, right, bins=5)
    assert found.counts.tolist() == [0, 0, 0, 3, 1]
    gap = abs(2.2 / 3 - 1 / 3) * 3 / 4 + 0.1 * 1 / 4
    assert found.error == pytest.approx(gap)
    assert np.isnan(found.accuracies[0])


@pytest.fixture
def errors(room, qtbot):
    room.stage.center.set_mode("errors")
    page = room.stage.center.page("errors").content
    qtbot.waitUntil(lambda: page.matrix._area.width() > 100)
    return page


def test_a_cell_opens_its_images_on_the_wall(errors, room):
    matrix = errors.matrix
    counts = matrix._counts.copy()
    np.fill_diagonal(counts, 0)
    row, column = np.unravel_index(counts.argmax(), counts.shape)
    QTest.mouseClick(matrix, LEFT, pos=matrix._rect(row, column).center().toPoint())
    columns = room.app.datasets.dataset.columns
    wanted = (columns["label"] == row) & (columns["predicted"] == column)
    assert room.stage.center.mode == "wall"
    assert room.app.datasets.order.tolist() == np.flatnonzero(wanted).tolist()
    assert len(room.app.datasets.order) == counts.max()


def test_the_matrix_is_walked_with_keys_and_read_aloud(errors, room):
    matrix = errors.matrix
    QTest.keyClick(matrix, Qt.Key.Key_Right)
    QTest.keyClick(matrix, Qt.Key.Key_Down)
    assert matrix.accessibleDescription().startswith("class 1 classified as class 1")
    QTest.keyClick(matrix, Qt.Key.Key_Return)
    query = room.app.datasets.query
    assert (query.label, query.predicted) == (1, 1)


def test_a_bar_opens_the_images_of_its_confidence(errors, room):
    errors._tabs.button(2).click()
    bars, _ = errors.diagram._areas()
    at = QPoint(int(bars.left() + bars.width() * 0.5), int(bars.center().y()))
    QTest.mouseClick(errors.diagram, LEFT, pos=at)
    low, high = room.app.datasets.query.confidence
    assert (round(low * 15), round(high * 15)) == (7, 8)
    found = room.app.datasets.dataset.columns["confidence"][room.app.datasets.order]
    assert len(found)
    assert ((found >= low) & (found <= high)).all()


def test_the_summary_follows_the_split(errors, room):
    """Truth: a loop over the records of the split."""
    room.app.datasets.change(split=1)
    columns = room.app.datasets.dataset.columns
    part = (columns["split"] == 1) & (columns["label"] >= 0)
    share = (columns["label"] == columns["predicted"])[part].mean()
    assert f"Accuracy {100 * share:.1f}".rstrip("0").rstrip(".") in (
        errors.summary.text().replace("\u202f", " ")
    )
    assert "of split test" in errors.summary.text()


def test_confident_mistakes_come_first_and_go_to_the_wall(errors, room):
    columns = room.app.datasets.dataset.columns
    wrong = (columns["label"] >= 0) & (columns["label"] != columns["predicted"])
    order = errors.lists.grid.order
    assert set(order.tolist()) == set(np.flatnonzero(wrong).tolist())
    assert (np.diff(columns["confidence"][order]) <= 0).all()
    errors.lists.open.click()
    assert room.stage.center.mode == "wall"
    assert room.app.datasets.order.tolist() == order.tolist()
    assert "Most confident mistakes" in (
        room.stage.center.page("wall").content.counts.text()
    )


def test_a_set_without_labels_says_so(errors, room, tmp_path):
    """Truth: an index whose labels are all -1."""
    from nnviz.media.index import IndexWriter, write_synthetic_index

    folder = write_synthetic_index(tmp_path / "bare", 30)
    with IndexWriter(folder) as writer:
        writer.put_column("label", np.full(30, -1, np.int32))
        writer.commit(30)
    room.app.datasets.open(str(folder))
    assert "has a label that the network knows" in errors.summary.text()
