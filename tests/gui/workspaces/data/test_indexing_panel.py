"""Making an index from the window: offered, followed, stopped, opened.

Truth: the request that the engine is asked, and an index written meanwhile by hand.
"""

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QFileDialog

from nnviz.base.dataset.indexing import IndexSummary
from nnviz.base.dataset.requests import STAGES, IndexImages
from nnviz.base.events import Cancelled, Done, Progress
from nnviz.gui.shell.main_window import INSPECT
from nnviz.gui.workspaces.data.filter_panel import FilterPanel
from nnviz.gui.workspaces.data.workspace import DATA
from nnviz.media.index import IndexWriter, write_synthetic_index


@pytest.fixture
def folder(tmp_path):
    where = tmp_path / "photos"
    where.mkdir()
    Image.new("RGB", (8, 8)).save(where / "one.png")
    return str(where)


@pytest.fixture
def data(window, fake, tmp_path):
    """Data with a network open, whose indexing waits to be answered by the test."""
    fake.held.add("index")
    window.app.settings._values["files/indexes"] = str(tmp_path / "indexes")
    window.app.open_model("fake:net")
    window.enter(DATA)
    return window


def pane(window):
    return window.stage.center.page("wall").opening


def test_a_dropped_folder_is_offered_and_indexed(data, fake, folder):
    data.app.open_files([folder])
    opening = pane(data)
    assert opening.isVisible()
    assert "photos" in opening.question.text().replace("\u200b", "")
    assert "Fake:Net" in opening.question.text()
    opening.layer.setCurrentIndex(opening.layer.findText("stem.conv"))
    opening.begin.click()
    asked = fake.last("index")
    assert isinstance(asked, IndexImages)
    assert (asked.source, asked.layers) == (folder, ("stem.conv",))
    assert asked.model.reference == "fake:net"
    assert data.app.images.paths == ()


def test_lists_of_images_are_offered_wherever_they_are_dropped(window, fake, tmp_path):
    """Truth: annotations in COCO's format and a table, by hand."""
    fake.held.add("index")
    window.app.open_model("fake:net")
    annotations, table = tmp_path / "val.json", tmp_path / "rows.csv"
    annotations.write_text('{"images": [{"id": 1, "file_name": "a.png"}]}')
    table.write_text("path,label,age\na.png,red,3\n")
    for file in (annotations, table):
        window.enter(INSPECT)
        window.app.open_files([str(file)])
        assert window.app.choice.workspace_name == DATA.name
        assert file.name in pane(window).question.text().replace("\u200b", "")
        pane(window).begin.click()
        assert fake.last("index").source == str(file)
        fake.tell("index", Cancelled())


def test_a_list_is_asked_for(data, monkeypatch, tmp_path):
    table = tmp_path / "rows.csv"
    table.write_text("path\na.png\n")
    asked = []

    def answer(_parent, title, _start, patterns):
        asked.append((title, patterns))
        return str(table), patterns

    monkeypatch.setattr(QFileDialog, "getOpenFileName", answer)
    pane(data).open_list.click()
    assert "*.json" in asked[0][1]
    assert data.app.datasets.folder == str(table)
    data.app.datasets.withdraw()
    data.commands["file.open_image_list"].trigger()
    assert data.app.datasets.folder == str(table)


def test_a_large_folder_is_no_trouble_where_data_sets_are_opened(
    data, folder, monkeypatch
):
    """All its images are indexed; only the tray would take the first of them."""
    monkeypatch.setattr("nnviz.storage.files._MAX_IN_FOLDER", 0)
    told = []
    data.app.messages.noticed.connect(told.append)
    data.app.open_files([folder])
    assert pane(data).begin.isVisible()
    assert told == []


def test_numbers_of_a_table_sort_and_are_told(window, tmp_path):
    """Truth: ages by hand, beside a file that is none."""
    write_synthetic_index(tmp_path / "index", 3)
    with IndexWriter(tmp_path / "index") as writer:
        writer.put_column("age", np.array([30.0, 10.0, 20.0]))
        writer.append({"skipped": ["sub/broken.png"], "reasons": ["is empty"]})
        writer.commit(3, finished=True)
    window.enter(DATA)
    window.app.datasets.open(str(tmp_path / "index"))
    panel = window.findChild(FilterPanel)
    panel.sort.setCurrentIndex(panel.sort.findText("Age"))
    panel.sort.activated.emit(panel.sort.currentIndex())
    assert window.app.datasets.order.tolist() == [1, 2, 0]
    assert "sub/broken.png: is empty" in panel.facts.toolTip()


def test_all_sizes_of_maps_can_be_kept(data, fake, folder):
    data.app.open_files([folder])
    opening = pane(data)
    opening.layer.setCurrentIndex(1)
    opening.begin.click()
    assert fake.last("index").layers == (STAGES,)


def test_records_are_seen_while_they_come(data, fake, folder, monkeypatch):
    """Truth: an index of 20, then 50 records, as another program leaves them."""
    for name in ("_LOOK_SECONDS", "_FIRST_LOOK_SECONDS"):
        monkeypatch.setattr(f"nnviz.gui.services.dataset.indexing.{name}", -1)
    data.app.open_files([folder])
    pane(data).begin.click()
    fake.tell("index", Progress(1, 50, "image 1 of 50"))
    assert data.app.datasets.dataset is None  # nothing is committed yet
    out = fake.last("index").out
    write_synthetic_index(out, 20)
    fake.tell("index", Progress(20, 50, "image 20 of 50"))
    assert data.app.datasets.dataset.count == 20
    data.app.datasets.selection.toggle(data.app.datasets.order[:3])
    page = data.stage.center.page("wall")
    assert page.content.isVisible()
    write_synthetic_index(out, 50)
    fake.tell("index", Progress(50, 50, "image 50 of 50"))
    assert data.app.datasets.dataset.count == 50
    assert data.app.datasets.selection.records().tolist() == [0, 1, 2]
    summary = IndexSummary(folder=out, model="fake:net", count=50, added=50)
    fake.tell("index", Done(summary))
    assert not data.app.indexing.running


def test_indexing_is_stopped_and_gone_on_with(data, fake, folder):
    """Truth: the same folder is asked for again, into the same index."""
    data.app.open_files([folder])
    pane(data).begin.click()
    first = fake.last("index").out
    fake.tell("index", Cancelled())
    assert pane(data).begin.isVisible()
    pane(data).begin.click()
    assert fake.last("index").out == first


def test_esc_stops_it(data, folder):
    data.app.open_files([folder])
    pane(data).begin.click()
    data.app.stop()
    assert not data.app.indexing.running


def test_an_offer_is_withdrawn(data, folder, index_folder):
    data.app.datasets.open(index_folder)
    data.app.open_files([folder])
    assert pane(data).isVisible()
    pane(data).cancel.click()
    assert data.stage.center.page("wall").content.isVisible()
    assert data.app.datasets.dataset.count == 600


def test_the_sample_is_ready(data, fake):
    pane(data).sample.click()
    assert fake.last("index").source == "scenes-planted"


def test_without_a_network_it_says_so(window, folder):
    window.enter(DATA)
    window.app.open_files([folder])
    assert not pane(window).begin.isEnabled()
    assert "Open a network" in pane(window).question.text()
