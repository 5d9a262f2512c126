"""Neighbors side by side, and where two networks disagree.

Truth: neighbors given by hand; the requests that the engine is asked; a second index
that another writer leaves in the folder of indexes.
"""

import json

import numpy as np
import pytest

from nnviz.base.dataset.mistakes import Disagreement
from nnviz.base.dataset.neighbors import PIXELS, Neighbors
from nnviz.base.dataset.requests import CompareIndexes, CompareNeighbors
from nnviz.base.events import Done
from nnviz.gui.workspaces.data.suspects import DISAGREEMENT
from nnviz.media.index import write_synthetic_index


@pytest.fixture
def other_index(room, tmp_path):
    """An index of the same set by another network."""
    room.app.settings._values["files/indexes"] = str(tmp_path)
    folder = write_synthetic_index(tmp_path / "other", 600, classes=4)
    record = json.loads((folder / "index.json").read_text())
    record |= {"model": "zoo:another"}
    (folder / "index.json").write_text(json.dumps(record))
    return str(folder)


@pytest.fixture
def page(room, fake, qtbot):
    fake.held |= {"compared neighbors", "mistakes"}
    room.app.datasets.selection.set_current(7)
    room.stage.center.set_mode("neighbors")
    content = room.stage.center.page("neighbors").content
    qtbot.waitUntil(lambda: fake.busy("compared neighbors"))
    return content


def found(layer, *records):
    return Neighbors(
        records=np.array(records),
        distances=np.linspace(0, 1, len(records), dtype=np.float32),
        paths=("",) * len(records),
        labels=("",) * len(records),
        layer=layer,
        metric="cosine",
        query="",
    )


def test_features_and_pixels_stand_side_by_side(page, fake, index_folder):
    asked = fake.last("compared neighbors")
    assert isinstance(asked, CompareNeighbors)
    assert (asked.question.record, asked.question.metric) == (7, "cosine")
    assert asked.views == ((index_folder, PIXELS),)
    both = found("synthetic", 5, 9, 2), found(PIXELS, 9, 400)
    fake.tell("compared neighbors", Done(both))
    assert "00000007.jpg" in page.heading.text()
    assert [grid.order.tolist() for grid in page.grids[:2]] == [[5, 9, 2], [9, 400]]
    assert "1 of 2 also listed above" in page.titles[1].text()
    assert page.strips[1].isVisible()
    assert not page.strips[2].isVisible()


def test_one_walks_from_neighbor_to_neighbor(page, fake, room, qtbot):
    fake.tell("compared neighbors", Done((found("synthetic", 5, 9), found(PIXELS, 3))))
    room.app.datasets.selection.set_current(9)  # seen already: the strips stay
    assert page.again.isEnabled()
    page.again.click()
    qtbot.waitUntil(lambda: fake.last("compared neighbors").question.record == 9)
    fake.tell("compared neighbors", Done((found("synthetic", 7), found(PIXELS, 3))))
    room.app.datasets.selection.set_current(100)  # chosen elsewhere
    qtbot.waitUntil(lambda: fake.last("compared neighbors").question.record == 100)


def test_a_second_network_of_the_same_set_is_offered(
    page, fake, room, qtbot, other_index
):
    room.app.second_network.look()
    qtbot.waitUntil(lambda: page.second.count() == 3)
    assert page.second.itemText(1) == "zoo:another"
    page.second.setCurrentIndex(1)
    page.second.activated.emit(1)
    qtbot.waitUntil(lambda: len(fake.last("compared neighbors").views) == 2)
    assert fake.last("compared neighbors").views[1] == (other_index, "")
    three = found("synthetic", 5, 9), found(PIXELS, 3), found("layer4", 9, 5)
    fake.tell("compared neighbors", Done(three))
    assert page.grids[2].order.tolist() == [9, 5]
    assert page.titles[2].text().startswith("zoo:another · layer4")
    assert "2 of 2 also listed above" in page.titles[2].text()


def test_without_an_image_it_says_what_to_do(room):
    room.stage.center.set_mode("neighbors")
    content = room.stage.center.page("neighbors").content
    content._ask()
    assert "Select an image" in content.heading.text()
    assert not content.strips[0].isVisible()


@pytest.mark.usefixtures("page")
def test_where_two_networks_disagree_is_listed(room, fake, other_index, qtbot):
    room.stage.center.set_mode("errors")
    lists = room.stage.center.page("errors").content.lists
    lists.choice.setCurrentIndex(lists.choice.findData(DISAGREEMENT))
    lists.choice.activated.emit(0)
    assert "Choose a second network" in lists.words.text()
    room.app.second_network.open(other_index)
    qtbot.waitUntil(lambda: isinstance(fake.last("mistakes"), CompareIndexes))
    assert fake.last("mistakes").second == other_index
    found = Disagreement(
        models=("a", "b"),
        images=600,
        agreeing=0.75,
        accuracies=(0.9, 0.8),
        only=(70, 10),
        records=np.array([4, 8]),
        answers=(("x", "y"), ("y", "x")),
        paths=("4", "8"),
    )
    fake.tell("mistakes", Done(found))
    assert lists.grid.order.tolist() == [4, 8]
    assert "agree on 75" in lists.words.text()
    assert "Only a is right on 70, only b on 10" in lists.words.text()
