"""Exemplars of units: the table of channels, patches, the third part of a portrait.

Truth: exemplars written by hand, with patches of one color each.
"""

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.dataset.mistakes import Duplicate, LabelSuspect, Mistakes
from nnviz.base.dataset.requests import FindExemplars, FindMistakes
from nnviz.base.events import Done
from nnviz.gui.workspaces.inspect.workspace import INSPECT

COLORS = np.array([[200, 0, 0], [0, 200, 0]], np.uint8)


def exemplars(channels, layer="synthetic", *, patches=True):
    count = len(channels)
    tiles = np.tile(COLORS[None, :, None, None], (count, 1, 8, 8, 1))
    return Exemplars(
        layer=layer,
        model="synthetic",
        images=600,
        channels=np.array(channels),
        records=np.tile([40, 50], (count, 1)),
        values=np.tile(np.float32([3, 2]), (count, 1)),
        places=np.zeros((count, 2, 2), np.int64),
        boxes=np.tile(np.float32([0, 0, 8, 8]), (count, 2, 1)),
        patches=tiles if patches else np.empty((0, 0, 0, 0, 3), np.uint8),
        maps=np.ones((count, 2, 1, 1), np.float32),
        answering=np.linspace(0, 1, count) if count > 1 else np.array([0.25]),
        mean_maps=np.zeros((count, 1, 1), np.float32),
        alike=np.zeros((count, 1), np.int64),
        correlations=np.ones((count, 1)),
        paths={},
        input_size=(8, 8),
    )


@pytest.fixture
def units(room, fake):
    """The page, its table answered, the first channel asked about."""
    fake.held |= {"layer exemplars", "unit exemplars"}
    room.stage.center.set_mode("units")
    fake.tell("layer exemplars", Done(exemplars(range(4), patches=False)))
    return room.stage.center.page("units").content


def test_all_channels_of_a_layer_are_listed(units, fake):
    asked = fake.last("layer exemplars")
    assert isinstance(asked, FindExemplars)
    assert (asked.layer, asked.channels, asked.patches) == ("synthetic", (), False)
    assert units.channels.model.rowCount() == 4
    assert "1 never active" in units.summary.text()
    assert "1 always" in units.summary.text()


def test_a_channel_shows_what_it_sees(units, fake, room):
    """Truth: two patches, red and green; clicking the second selects its image."""
    units.channels.grid.clicked.emit(units.channels.grid.model().index(2, 0))
    assert fake.last("unit exemplars").channels == (2,)
    fake.tell("unit exemplars", Done(exemplars([2])))
    grid = units.patches
    assert "active on 25.0 %" in units.words.text()
    assert len(grid.order) == 2
    image, pixels = grid._rows[0]
    assert pixels[10, 10].tolist() == COLORS[0].tolist()
    assert pixels[10, grid._geometry.pitch + 10].tolist() == COLORS[1].tolist()
    assert image.height() == grid._geometry.pitch
    grid.setFocus()
    QTest.keyClick(grid, Qt.Key.Key_Home)
    QTest.keyClick(grid, Qt.Key.Key_Right)
    assert room.app.datasets.selection.records().tolist() == [50]
    units.select.click()
    assert room.app.datasets.selection.records().tolist() == [40, 50]


def test_a_unit_of_the_open_network_shows_its_patches_everywhere(
    room, fake, tmp_path, qtbot
):
    """Truth: an index whose network and layer are those that are open."""
    from nnviz.media.index import IndexWriter, LayerFacts, write_synthetic_index

    folder = write_synthetic_index(tmp_path / "same", 30)
    with IndexWriter(folder) as writer:
        layers = (LayerFacts("stem.conv", 16, (8, 8)),)
        writer.commit(30, model="fake:net", layers=layers)
    fake.held.add("unit exemplars")
    room.app.datasets.open(str(folder))
    room.app.open_model("fake:net")
    room.enter(INSPECT)
    room.app.selection.set_layer("stem.conv")
    room.app.selection.set_unit(3)
    qtbot.waitUntil(lambda: fake.busy("unit exemplars"))
    asked = fake.last("unit exemplars")
    assert (asked.layer, asked.channels) == ("stem.conv", (3,))
    strip = room.stage.portrait.exemplars
    assert strip.isHidden()
    fake.tell("unit exemplars", Done(exemplars([3], "stem.conv")))
    assert not strip.isHidden()
    assert "25.0 % of 600" in strip.accessibleDescription()
    painted = strip.grab().toImage()
    assert painted.pixelColor(5, 5).red() == 200
    room.app.selection.set_unit(2)
    assert strip.isHidden()


def test_suspected_labels_and_duplicates_are_looked_for_once(room, fake):
    """Truth: one request, and its lists in their order."""
    fake.held.add("mistakes")
    room.stage.center.set_mode("errors")
    lists = room.stage.center.page("errors").content.lists
    for place in (1, 2, 1):
        lists.choice.setCurrentIndex(place)
        lists.choice.activated.emit(place)
    asked = [request for name, request in fake.asked if name == "mistakes"]
    assert len(asked) == 1
    assert isinstance(asked[0], FindMistakes)
    fake.tell("mistakes", Done(mistakes()))
    assert lists.grid.order.tolist() == [9, 4]
    lists.choice.setCurrentIndex(2)
    lists.choice.activated.emit(2)
    assert lists.grid.order.tolist() == [1, 8, 3]
    assert "1 pairs lie in different splits" in lists.words.text()


def mistakes():
    pairs = ((1, 8, True), (3, 8, False))
    return Mistakes(
        model="synthetic",
        images=600,
        labeled=600,
        accuracy=0.9,
        mean_per_class=0.9,
        classes=(),
        confusions=(),
        matrix=np.zeros((4, 4), np.int64),
        class_names=(),
        reliability=None,
        confident=(),
        suspects=tuple(LabelSuspect(r, "", "", "", -1) for r in (9, 4)),
        suspected_by="network",
        duplicates=tuple(
            Duplicate(a, b, ("", ""), 1.0, leak, same_label=True)
            for a, b, leak in pairs
        ),
    )
