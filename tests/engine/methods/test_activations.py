"""Activations of networks whose output is known.  Truth: made by hand."""

import numpy as np
import pytest
import torch
from support.jobs import cat, run_method, run_network
from torch import nn

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Frame
from nnviz.base.preprocess import Preprocess
from nnviz.base.results import Heatmap, Mosaic
from nnviz.engine.jobs import Session

SMALL = Preprocess(input_size=(16, 16), resize=16)


class Channels(nn.Module):
    """Four channels: silent, weak everywhere, strong in one place, half zero."""

    def forward(self, x):
        maps = torch.zeros(1, 4, 4, 4)
        maps[0, 1] = 0.5
        maps[0, 2, 3, 1] = 20
        maps[0, 3, :2] = 1
        return maps + 0 * x[:, :1, :1, :1]


class Idle(nn.Module):
    """Has a layer that it never runs."""

    def __init__(self):
        super().__init__()
        self.run = nn.Conv2d(3, 2, 3)
        self.idle = nn.Conv2d(3, 2, 3)

    def forward(self, x):
        return self.run(x).mean((2, 3))


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def net():
    return nn.Sequential(Channels(), nn.Flatten(), nn.Linear(64, 3))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        # Root mean squares 0, 0.5, 5, 0.71; zeros 16, 0, 15, 8 of 16.
        ("strongest", [2, 3, 1, 0]),
        ("sparsest", [2, 3, 1, 0]),
        ("network", [0, 1, 2, 3]),
    ],
)
def test_order(session, net, order, expected):
    report = run_network(
        session, net, SMALL, "activations", layer="0", order=order
    ).report
    assert report.main.order.tolist() == expected
    assert report.main.tiles[2, 3, 1] == 20


def test_figures_and_remarks(session, net):
    report = run_network(session, net, SMALL, "activations", layer="0").report
    rows = {row[0]: row[1:] for row in report["statistics"].rows}
    assert rows[2] == (1.25, 5.0, 0.0, 20.0, 93.75, "3, 1")
    assert rows[0] == (0.0, 0.0, 0.0, 0.0, 100.0, "0, 0")
    assert "1 of 4 channels are inactive on this image" in report.notes
    assert "60.9 % of the values are zero" in report.notes  # 39 of 64
    bars = report["histogram"]
    assert bars.series["all channels"].sum() == pytest.approx(100 * 25 / 64)
    assert (bars.x[0], bars.x[-1]) == (0, 20)


def test_strongest_channel_lies_over_the_photo(session, net):
    report = run_network(session, net, SMALL, "activations", layer="0").report
    assert isinstance(report.main, Mosaic)
    assert np.array_equal(report["strongest"].values, report.main.tiles[2])
    assert report["strongest"].frame is Frame.INPUT
    assert report["strongest"].placement == SMALL.placement(cat().size)


def test_one_channel_comes_first(session, net):
    report = run_network(
        session, net, SMALL, "activations", layer="0", channel=3
    ).report
    assert isinstance(report.main, Heatmap)
    assert np.array_equal(report.main.values, report["channels"].tiles[3])
    assert list(report["histogram"].series) == ["channel 3"]


def test_vectors_lie_over_nothing(session, net):
    report = run_network(session, net, SMALL, "activations", layer="2").report
    assert report.main.tiles.shape == (3, 1, 1)
    assert report.main.frame is None
    assert report.main.placement is None


def test_channel_that_is_not_there(session, net):
    with pytest.raises(UsageError, match="has no channel 4; it has 4: 0 to 3"):
        run_network(session, net, SMALL, "activations", layer="0", channel=4)


def test_layer_that_is_not_run(session):
    with pytest.raises(ModelError, match="idle: a forward pass does not run"):
        run_network(session, Idle(), SMALL, "activations", layer="idle")


def test_layer_chosen_for_a_photo_network(session):
    report = run_method(session, "activations", "zoo:resnet18@random").report
    # 56 px is the last size of at least 224 / 4.
    assert report.main.layer == "layer1"
    assert report.notes[0].startswith("layer layer1 was chosen: the deepest with maps")


def test_layer_chosen_for_a_network_without_maps(session):
    net = nn.Sequential(nn.Flatten(), nn.Linear(768, 5), nn.Linear(5, 3))
    report = run_network(session, net, SMALL, "activations").report
    assert report.main.layer == "1"
    assert "the last before the output" in report.notes[0]
