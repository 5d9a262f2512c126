"""A synthetic data set, open in a window whose engine answers at once."""

import pytest

from nnviz.gui.state.dataset import load_dataset
from nnviz.gui.workspaces.data.workspace import DATA
from nnviz.media.index import write_synthetic_index

COUNT = 600


@pytest.fixture(scope="session")
def index_folder(tmp_path_factory):
    """An index of 600 records of 4 classes, thumbnails of 32 px."""
    folder = tmp_path_factory.mktemp("index") / "synthetic"
    return str(write_synthetic_index(folder, COUNT, classes=4))


@pytest.fixture(scope="session")
def dataset(index_folder):
    return load_dataset(index_folder)


@pytest.fixture
def room(window, index_folder):
    """A window in Data with the index open."""
    window.enter(DATA)
    window.app.datasets.open(index_folder)
    return window
