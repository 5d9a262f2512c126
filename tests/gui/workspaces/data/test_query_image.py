"""Images that are no records: placed on the map, compared with the set, in part too.

Truth: points and neighbors given by hand; the requests that the engine is asked.
"""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest

from nnviz.base.dataset.neighbors import PIXELS, Neighbors
from nnviz.base.dataset.projections import WARNINGS, PlacedImage, Projection
from nnviz.base.dataset.requests import FindNeighbors, PlaceImage
from nnviz.base.events import Done
from nnviz.base.images import image_from_array
from nnviz.render.dataset.point_walk import NO_POINT, nearest_to, next_point

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(2).normal(size=(600, 2)).astype(np.float32)


@pytest.fixture
def page(room, fake, points, qtbot):
    """The map, with a finished projection."""
    fake.held |= {"projection", "neighbors", "placing", "neighbor list"}
    room.stage.center.set_mode("map")
    content = room.stage.center.page("map").content
    found = Projection(
        method="pca",
        layer="synthetic",
        records=np.arange(600),
        points=points,
        warning=WARNINGS["pca"],
    )
    fake.tell("projection", Done(found))
    qtbot.waitUntil(lambda: content.map.fresh)
    return content


def neighbors(*records):
    return Neighbors(
        records=np.array(records),
        distances=np.linspace(0, 1, len(records), dtype=np.float32),
        paths=("",) * len(records),
        labels=("crab", "crab", "shell")[: len(records)],
        layer="synthetic",
        metric="cosine",
        query="new.png",
    )


@pytest.fixture
def image():
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    return image_from_array(pixels, "new.png")


@pytest.fixture
def opened(page, room, image, qtbot):
    """An image that was dropped while the map is seen."""
    room.app.images.add_opened(image)
    qtbot.waitUntil(lambda: room.app.query_image.image is image)
    return page


def test_a_dropped_image_gets_its_point_and_neighbors(opened, room, fake, points):
    asked = fake.last("placing")
    assert isinstance(asked, PlaceImage)
    assert asked.image.name == "new.png"
    assert asked.projection == room.app.projections.fitted
    point = np.array([0.5, -0.25], np.float32)
    found = neighbors(3, 90, 12)
    fake.tell(
        "placing", Done(PlacedImage(name="new.png", point=point, neighbors=found))
    )
    assert opened.map._pin == (0.5, -0.25, "new.png")
    wanted = np.hstack([np.tile(point, (3, 1)), points[[3, 90, 12]]])
    assert opened.map._lines == pytest.approx(wanted)
    panel = room.stage.rooms["data"].record
    assert "Near: crab, shell" in panel.words.text()
    assert panel.title.text().replace("\u200b", "") == "new.png"
    # A record that is looked at takes its place.
    room.app.datasets.selection.set_current(7)
    assert room.app.query_image.image is None
    assert opened.map._pin == (float(points[7, 0]), float(points[7, 1]), "")


@pytest.mark.usefixtures("opened")
def test_its_neighbors_are_listed(room, fake, image):
    panel = room.stage.rooms["data"].record
    panel.pixels.click()
    asked = fake.last("neighbor list")
    assert isinstance(asked, FindNeighbors)
    assert (asked.image, asked.layer, asked.box) == (image, PIXELS, ())
    fake.tell("neighbor list", Done(neighbors(500, 2, 60)))
    assert room.app.datasets.order.tolist() == [500, 2, 60]


def test_another_projection_places_it_anew(opened, room, fake):
    placed = PlacedImage(
        name="new.png", point=np.zeros(2, np.float32), neighbors=neighbors(3)
    )
    fake.tell("placing", Done(placed))
    bar = opened.projection
    bar.method.setCurrentIndex(bar.method.findData("tsne"))
    bar.method.activated.emit(bar.method.currentIndex())
    assert room.app.query_image.place is None
    assert opened.map._pin is None


def test_an_image_of_the_set_is_selected(page, room, image, qtbot):
    """Truth: the hash that the index keeps."""
    dataset = room.app.datasets.dataset
    known = bytes(dataset.index.sha256[41]).hex()
    room.app.images.add_opened(type(image)(image.pixels, "copy.png", known))
    qtbot.waitUntil(lambda: room.app.datasets.selection.current == 41)
    assert room.app.query_image.image is None
    assert page.map._pin is not None


@pytest.mark.usefixtures("opened")
def test_a_box_is_looked_for(room, fake):
    """Truth: the right half of the image, 80 x 60 px, as it lies on the screen."""
    panel = room.stage.rooms["data"].record
    panel.box.click()
    view = panel.canvas.viewport()
    corners = [QPoint(*map(round, view.to_widget(y, x)[::-1])) for y, x in
               ((0, 40), (60, 80))]  # fmt: skip
    QTest.mousePress(panel.canvas, LEFT, pos=corners[0])
    QTest.mouseMove(panel.canvas, (corners[0] + corners[1]) / 2)
    QTest.mouseRelease(panel.canvas, LEFT, pos=corners[1])
    assert panel.neighbors.text() == "Box by features"
    panel.neighbors.click()
    assert fake.last("neighbor list").box == pytest.approx((40, 0, 80, 60), abs=1.0)
    fake.tell("neighbor list", Done(neighbors(500, 2)))
    assert "a part of new.png" in room.app.datasets.listed.title
    panel.box.click()
    assert panel.neighbors.text() == "By features"


def test_the_next_point_is_ahead_and_not_far_aside():
    """Truth: by hand."""
    points = np.array(
        [[0, 0], [1, 0.9], [2, 0], [-3, 0], [0, 5], [np.nan, 0]], np.float32
    )
    start = points[0]
    assert next_point(points, start, (1, 0)) == 2
    assert next_point(points, start, (-1, 0)) == 3
    assert next_point(points, start, (0, 1)) == 4
    assert next_point(points, start, (0, -1)) == NO_POINT
    shown = np.array([True, True, False, True, True, True])
    assert next_point(points, start, (1, 0), shown) == 1
    assert nearest_to(points, (1.6, 0.2)) == 2
    assert nearest_to(points, (1.6, 0.2), shown) == 1


def test_the_keyboard_walks_over_the_map(page, room, points, qtbot):
    """Truth: ``next_point``, of which another test tells; the selection by hand."""
    selection = room.app.datasets.selection
    page.map.setFocus()
    selection.set_current(7)
    wanted = next_point(points, points[7], (1, 0))
    QTest.keyClick(page.map, Qt.Key.Key_Right)
    qtbot.waitUntil(lambda: selection.current == wanted)
    assert not selection.count
    assert page.map.accessibleDescription().startswith(f"{wanted:08d}.jpg")
    QTest.keyClick(page.map, Qt.Key.Key_Space)
    assert selection.records().tolist() == [wanted]
    further = next_point(points, points[wanted], (0, -1))
    QTest.keyClick(page.map, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: selection.current == further)
    assert set(selection.records().tolist()) == {wanted, further}
    view = page.map.view
    QTest.keyClick(page.map, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert page.map.view.x < view.x
    assert selection.current == further


def test_a_point_that_is_walked_to_comes_into_view(page, points):
    page.map.zoom_by(20)
    far = points[int(np.abs(points).sum(1).argmax())]
    page.map.reveal(float(far[0]), float(far[1]))
    ((column, row),) = page.map.view.to_pixels(far[None]).tolist()
    assert 0 < column < page.map.view.width
    assert 0 < row < page.map.view.height
