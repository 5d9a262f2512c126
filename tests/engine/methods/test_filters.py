"""Filters of layers whose kernels are known.  Truth: made by hand."""

import numpy as np
import pytest
import torch
from support.jobs import run_network
from torch import nn

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.preprocess import ChannelOrder, Preprocess
from nnviz.engine.jobs import Session

SMALL = Preprocess(input_size=(16, 16), resize=16)
BGR = Preprocess(input_size=(16, 16), resize=16, order=ChannelOrder.BGR)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def convolution(kernels, groups=1):
    """A network whose first layer, called "0", has these kernels."""
    kernels = torch.as_tensor(kernels, dtype=torch.float32)
    count, inputs, height, width = kernels.shape
    layer = nn.Conv2d(inputs * groups, count, (height, width), groups=groups)
    with torch.no_grad():
        layer.weight.copy_(kernels)
    return headed(layer)


def headed(*layers):
    """These layers, then a mean over the places, so that it classifies."""
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten())


def colors():
    """Five kernels: one, its double, its opposite, nearly nothing, another."""
    one = torch.rand(3, 2, 2, generator=torch.Generator().manual_seed(0)) - 0.5
    other = one.flip(0, 1)
    return torch.stack([one, 2 * one, -one, 1e-6 * other, 3 * other])


def test_colors_are_the_weights(session):
    report = run_network(session, convolution(colors()), SMALL, "filters").report
    expected = colors().permute(0, 2, 3, 1).numpy()
    assert np.array_equal(report.main.tiles, expected)
    assert report.main.signed
    assert report.main.order.tolist() == [4, 1, 0, 2, 3]  # norms 3, 2, 1, 1, 0


def test_colors_of_a_network_that_reads_blue_first(session):
    report = run_network(session, convolution(colors()), BGR, "filters").report
    expected = colors().flip(1).permute(0, 2, 3, 1).numpy()
    assert np.array_equal(report.main.tiles, expected)


def test_dead_and_duplicate_kernels_are_marked(session):
    report = run_network(session, convolution(colors()), SMALL, "filters").report
    # Of equally near ones the first is named; -one is the opposite of one.
    assert report.main.captions[0] == "0 = 1"
    assert report.main.captions[2] in {"2 = -0", "2 = -1"}
    assert report.main.captions[3:] == ("3 dead", "4")
    assert "1 of 5 are dead: norm below 1 % of the median" in report.notes
    assert "3 of 5 are duplicate: |cosine| above 0.95" in report.notes
    marks = {row[0]: row[-1] for row in report["statistics"].rows}
    assert marks == {0: "duplicate", 1: "duplicate", 2: "duplicate", 3: "dead", 4: ""}


def test_statistics_agree_with_float64(session):
    report = run_network(
        session, convolution(colors()), SMALL, "filters", order="network"
    ).report
    for row, kernel in zip(report["statistics"].rows, colors().double(), strict=True):
        assert row[1] == pytest.approx(kernel.mean().item())
        assert row[2] == pytest.approx(kernel.std(correction=0).item())
        assert row[3] == pytest.approx(kernel.square().sum().sqrt().item())


def test_similarity_puts_alike_kernels_side_by_side(session):
    report = run_network(
        session, convolution(colors()), SMALL, "filters", order="similarity"
    ).report
    order = report.main.order.tolist()
    assert order[:2] == [4, 3]  # the strongest and its faint twin
    assert abs(order.index(0) - order.index(1)) == 1


def test_many_inputs_are_shown_by_their_norm(session):
    kernels = torch.randn(4, 5, 3, 3, generator=torch.Generator().manual_seed(0))
    net = headed(nn.Conv2d(3, 5, 3), convolution(kernels)[0])
    report = run_network(session, net, SMALL, "filters", layer="1").report
    expected = kernels.square().sum(1).sqrt().numpy()
    assert np.allclose(report.main.tiles, expected, rtol=1e-6)
    assert not report.main.signed
    one = run_network(
        session, net, SMALL, "filters", layer="1", show="one input", input_channel=3
    ).report
    assert np.array_equal(one.main.tiles, kernels[:, 3].numpy())
    with pytest.raises(UsageError, match="each kernel has 5 inputs: 0 to 4"):
        run_network(
            session, net, SMALL, "filters", layer="1", show="one input", input_channel=5
        )


def test_depthwise_kernels_keep_their_signs(session):
    kernels = torch.randn(3, 1, 3, 3, generator=torch.Generator().manual_seed(0))
    report = run_network(
        session, convolution(kernels, groups=3), SMALL, "filters"
    ).report
    assert np.array_equal(report.main.tiles, kernels[:, 0].numpy())
    assert report.main.signed


def test_one_by_one_kernels_are_called_what_they_are(session):
    report = run_network(
        session, convolution(torch.ones(2, 3, 1, 1)), SMALL, "filters"
    ).report
    assert any("not a pattern" in note for note in report.notes)


def test_one_kernel_alone_has_no_twin(session):
    report = run_network(
        session, convolution(torch.ones(1, 3, 3, 3)), SMALL, "filters"
    ).report
    assert report.main.captions == ("0",)


def test_layer_without_kernels(session):
    net = headed(nn.Conv2d(3, 5, 3), nn.ReLU())
    with pytest.raises(ModelError, match="1: a ReLU has no kernels; 0 is the first"):
        run_network(session, net, SMALL, "filters", layer="1")


def test_network_without_kernels(session):
    net = nn.Sequential(nn.Flatten(), nn.Linear(768, 3))
    with pytest.raises(ModelError, match="has no convolution to show"):
        run_network(session, net, SMALL, "filters")


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
@pytest.mark.parametrize("spoilt", [1, 3])
def test_kernels_that_are_not_finite_are_said(session, bad, spoilt):
    """Truth: by hand; the first kernels hold one bad weight each."""
    kernels = torch.randn(3, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    kernels[:spoilt, 0, 0, 0] = bad
    report = run_network(session, convolution(kernels), SMALL, "filters").report
    words = f"{spoilt} of 3 are not finite: they hold infinities or NaN"
    assert words in report.notes
    marks = {row[0]: row[-1] for row in report["statistics"].rows}
    assert [marks[index] for index in range(spoilt)] == ["not finite"] * spoilt
    assert np.isfinite(report["histogram"].x).all()
