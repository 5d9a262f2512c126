"""The map: where points lie, what the mouse and keys do, the lasso.

Truth: points given by hand, and found by comparison.
"""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from nnviz.base.dataset.neighbors import PIXELS, Neighbors
from nnviz.base.dataset.projections import WARNINGS, Projection, as_report
from nnviz.base.dataset.requests import ProjectIndex
from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Done, Failed, Partial, Progress
from nnviz.gui.services.dataset.projections import ProjectionChoice
from nnviz.gui.workspaces.data.coloring import ANSWER, color_key, color_records
from nnviz.render.dataset.record_colors import RIGHT, WRONG

LEFT, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier


@pytest.fixture(scope="module")
def points():
    random = np.random.default_rng(2)
    return random.normal(size=(600, 2)).astype(np.float32)


def projection(points, method="pca", **fields):
    return Projection(
        method=method,
        layer="synthetic",
        records=np.arange(len(points)),
        points=points,
        warning=WARNINGS[method],
        **fields,
    )


@pytest.fixture
def page(room, fake, points, qtbot):
    """The map, with a projection that the engine has answered."""
    fake.held |= {"projection", "neighbors"}
    room.stage.center.set_mode("map")
    content = room.stage.center.page("map").content
    fake.tell("projection", Done(projection(points)))
    qtbot.waitUntil(lambda: content.map.fresh)
    return content


@pytest.mark.usefixtures("page")
def test_the_map_asks_for_a_quick_projection_first(fake, index_folder):
    asked = fake.last("projection")
    assert isinstance(asked, ProjectIndex)
    assert (asked.index, asked.method, asked.records) == (index_folder, "pca", ())


def test_a_slow_projection_is_watched(page, fake, points, qtbot):
    """Truth: points of two steps, given by hand."""
    bar = page.projection
    bar.method.setCurrentIndex(bar.method.findData("tsne"))
    bar.method.activated.emit(bar.method.currentIndex())
    assert fake.last("projection").method == "tsne"
    assert bar.stop.isVisibleTo(bar)
    fake.tell("projection", Progress(25, 750, "step 25 of 750"))
    assert bar.state.text() == "step 25 of 750"
    for step in (2 * points, 3 * points):
        fake.tell("projection", Partial(as_report(step, None, "")))
        assert page._app.projections.points == pytest.approx(step)
    fake.tell("projection", Done(projection(points, "tsne", figures={"error": 0.5})))
    qtbot.waitUntil(lambda: page.map.fresh)
    assert "error 0.5" in page.warning.text()
    assert "gaps between them do not" in page.warning.text()
    assert not bar.stop.isVisibleTo(bar)


def test_a_projection_that_fails_leaves_the_name_of_the_one_that_is_seen(page, fake):
    """UMAP, which is not installed, stood above the points of the autoencoder."""
    bar, seen = page.projection, page.warning.text()
    place = bar.method.findData("umap")
    bar.method.setCurrentIndex(place)
    bar.method.activated.emit(place)
    assert fake.last("projection").method == "umap"
    words = "UMAP: umap-learn is not installed; use t-SNE"
    fake.tell("projection", Failed(ErrorRecord(ErrorKind.USER, words, "")))
    assert bar.method.currentData() == "pca"
    assert page.warning.text() == seen
    assert bar.save.isEnabled()


def test_stopping_keeps_the_points(page, fake, points):
    page.projection.method.setCurrentIndex(2)
    page.projection.method.activated.emit(2)
    fake.tell("projection", Partial(as_report(2 * points, None, "")))
    page.projection.stop.click()
    assert page._app.projections.points == pytest.approx(2 * points)
    assert not page._app.projections.running


def test_slow_methods_take_some_of_many_evenly(room, fake, monkeypatch):
    """Truth: 100 of 600 records, the first and the last among them."""
    monkeypatch.setitem(room.app.projections.choose.__globals__["_MOST"], "tsne", 100)
    fake.held.add("projection")
    room.app.projections.choose(ProjectionChoice("tsne"))
    records = fake.last("projection").records
    assert (len(records), records[0], records[-1]) == (100, 0, 599)
    assert set(np.diff(records)) == {6, 7} or set(np.diff(records)) <= {5, 6, 7}


def test_neighbors_are_drawn_as_lines(page, fake, room, points, qtbot):
    """Truth: the neighbors that the engine names, from their points."""
    room.app.datasets.selection.set_current(7)
    qtbot.waitUntil(lambda: fake.busy("neighbors"))
    assert fake.last("neighbors").record == 7
    found = np.array([3, 90])
    fake.tell("neighbors", Done(neighbors(found)))
    wanted = np.hstack([points[[7, 7]], points[found]])
    assert page.map._lines == pytest.approx(wanted)
    room.app.datasets.selection.set_current(8)
    assert not len(page.map._lines)


@pytest.mark.parametrize("pixels", [False, True])
def test_neighbors_are_listed_on_the_wall(room, fake, pixels):
    """Truth: the image itself, then the engine's neighbors in their order."""
    fake.held.add("neighbor list")
    panel = room.stage.rooms["data"].record
    room.app.datasets.selection.set_current(7)
    (panel.pixels if pixels else panel.neighbors).click()
    asked = fake.last("neighbor list")
    assert (asked.record, asked.layer) == (7, PIXELS if pixels else "")
    fake.tell("neighbor list", Done(neighbors(np.array([500, 2, 60]))))
    assert room.app.datasets.order.tolist() == [7, 500, 2, 60]
    assert room.stage.center.mode == "wall"
    assert "00000007.jpg" in room.stage.center.page("wall").content.counts.text()


def neighbors(records):
    return Neighbors(
        records=records,
        distances=np.linspace(0, 1, len(records), dtype=np.float32),
        paths=("",) * len(records),
        labels=("",) * len(records),
        layer="synthetic",
        metric="cosine",
        query="",
    )


def pixel_of(page, record):
    """Return where a record's point is, logical px."""
    points = page._app.projections.points
    ratio = page.devicePixelRatioF()
    column, row = page.map.view.to_pixels(points[record][None])[0]
    return QPoint(round(float(column) / ratio), round(float(row) / ratio))


def lonely(page):
    """Return a record whose point is far from all others."""
    points = page._app.projections.points
    return int(np.abs(points - points.mean(axis=0)).sum(axis=1).argmax())


def test_all_points_are_in_view_at_first(page):
    view = page.map.view
    pixels = view.to_pixels(page._app.projections.points)
    assert (pixels >= 0).all()
    assert (pixels <= (view.width, view.height)).all()


def test_a_click_selects_its_point_in_every_panel(page, room):
    record = lonely(page)
    QTest.mouseClick(page.map, LEFT, pos=pixel_of(page, record))
    selection = room.app.datasets.selection
    assert selection.records().tolist() == [record]
    assert selection.current == record
    title = room.stage.rooms["data"].record.title.text().replace("\u200b", "")
    assert title == f"{record:08d}.jpg"


def test_a_lasso_selects_what_it_holds(page, room):
    """Truth: a box around the left half of the view, by comparison."""
    view, ratio = page.map.view, page.devicePixelRatioF()
    wide, high = view.width / ratio, view.height / ratio
    corners = [(1, 1), (wide / 2, 1), (wide / 2, high - 2), (1, high - 2)]
    QTest.mousePress(page.map, LEFT, SHIFT, QPoint(*map(int, corners[0])))
    for x, y in corners[1:]:
        QTest.mouseMove(page.map, QPoint(int(x), int(y)))
    QTest.mouseRelease(page.map, LEFT, SHIFT, QPoint(*map(int, corners[-1])))
    pixels = view.to_pixels(page._app.projections.points)
    wanted = pixels[:, 0] < view.width / 2
    found = room.app.datasets.selection.flags
    differing = np.flatnonzero(found != wanted)
    assert found.sum() > 50
    assert (np.abs(pixels[differing, 0] - view.width / 2) < 3).all()


def test_the_lasso_takes_only_what_is_shown(page, room):
    room.app.datasets.change(label=1)
    page.lasso.click()
    view, ratio = page.map.view, page.devicePixelRatioF()
    wide, high = int(view.width / ratio) - 2, int(view.height / ratio) - 2
    QTest.mousePress(page.map, LEFT, pos=QPoint(1, 1))
    for x, y in ((wide, 1), (wide, high), (1, high)):
        QTest.mouseMove(page.map, QPoint(x, y))
    QTest.mouseRelease(page.map, LEFT, pos=QPoint(1, high))
    labels = room.app.datasets.dataset.columns["label"]
    found = room.app.datasets.selection.records()
    assert found.tolist() == np.flatnonzero(labels == 1).tolist()


def test_zooming_keeps_what_is_below_the_pointer(page):
    """Truth: the plane's coordinates at the pixel before and after."""
    at = QPointF(page.map.view.width * 0.3, page.map.view.height * 0.7)

    def below(view):
        return (
            view.x + (at.x() - view.width / 2) / view.scale,
            view.y - (at.y() - view.height / 2) / view.scale,
        )

    before = below(page.map.view)
    page.map.zoom_by(3.0, at)
    assert below(page.map.view) == pytest.approx(before)
    assert page.map.view.scale > 0


def test_pulling_and_keys_move_the_map(page):
    view = page.map.view
    QTest.mousePress(page.map, LEFT, pos=QPoint(100, 100))
    QTest.mouseMove(page.map, QPoint(130, 90))
    QTest.mouseRelease(page.map, LEFT, pos=QPoint(130, 90))
    ratio = page.devicePixelRatioF()
    assert page.map.view.x == pytest.approx(view.x - 30 * ratio / view.scale)
    assert page.map.view.y == pytest.approx(view.y - 10 * ratio / view.scale)
    QTest.keyClick(page.map, Qt.Key.Key_Plus)
    assert page.map.view.scale > view.scale
    QTest.keyClick(page.map, Qt.Key.Key_0)
    assert page.map.view == view


def test_points_that_move_faster_than_they_are_painted_are_seen(page, points):
    """Truth: by hand; every raster that comes is taken, and one of the newest asked."""
    asked = []
    page.map.raster_wanted.disconnect()
    page.map.raster_wanted.connect(asked.append)
    page.map.repaint_points()
    for _ in range(3):
        page.map.repaint_points()
    assert len(asked) == 1
    page.map.put_raster(asked[0], page.map._raster[1])
    assert len(asked) == 2
    page.map.put_raster(asked[1], page.map._raster[1])
    assert len(asked) == 2
    assert page.map.fresh
    # Points that shrink ten thousand times are no smear of the old ones.
    page.map.set_extent(points.min(0) * 1e-4, points.max(0) * 1e-4)
    assert page.map._raster is None


def test_colors_say_what_they_mean(dataset):
    """Truth: the columns by hand."""
    colors, scale = color_records(dataset, ANSWER, "viridis")
    label, predicted = dataset.columns["label"], dataset.columns["predicted"]
    right = int(np.flatnonzero((label >= 0) & (label == predicted))[0])
    wrong = int(np.flatnonzero((label >= 0) & (label != predicted))[0])
    assert scale is None
    assert tuple(colors[right]) == RIGHT
    assert tuple(colors[wrong]) == WRONG
    colors, _ = color_records(dataset, "label", "viridis")
    key = color_key(dataset, "label", None, "viridis")
    named = {name: color for color, name in key.swatches}
    for record in (0, 200, 500):
        if label[record] >= 0:
            name = dataset.index.class_names[label[record]]
            assert tuple(colors[record]) == named[name]
    _, scale = color_records(dataset, "confidence", "viridis")
    low, high = np.percentile(dataset.columns["confidence"], (0.5, 99.5))
    assert (scale.low, scale.high) == pytest.approx((low, high))


def test_every_column_can_color_the_map(page, qtbot):
    for place in range(page.column.count()):
        page.column.setCurrentIndex(place)
        page.column.activated.emit(place)
        qtbot.waitUntil(lambda: page.map.fresh)
        assert page.legend.accessibleDescription()


def test_a_warning_stands_on_it(page):
    assert page.warning.isVisible()
    assert "Two directions of many" in page.warning.text()
