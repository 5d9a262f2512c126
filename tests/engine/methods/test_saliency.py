"""Saliency, input x gradient, guided backpropagation, deconvnet and targets.

Truth: hand-worked derivatives of small networks.
"""

import numpy as np
import pytest
import torch
from support.jobs import cat, run_method, run_network
from torch import nn
from torch.nn import functional

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Frame
from nnviz.base.preprocess import Preprocess
from nnviz.base.results import ColorImage, Heatmap
from nnviz.engine.jobs import Session

SIDE = 8
PLAIN = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
)
SCALED = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 0.2)
)
GRAY = Preprocess(input_size=(SIDE, SIDE), resize=SIDE, mean=(0.1,), std=(0.5,))


class Straight(nn.Module):
    """Three classes, each a sum of the pixels times weights."""

    def __init__(self, channels=3):
        super().__init__()
        count = 3 * channels * SIDE * SIDE
        weights = torch.arange(count, dtype=torch.float32).view(3, -1)
        self.weights = nn.Parameter(weights % 13 - 6)

    def forward(self, x):
        return x.flatten(1) @ self.weights.T


class OneAtATime(Straight):
    """The shape of one picture is written into it."""

    def forward(self, x):
        return x.reshape(1, -1) @ self.weights.T


class Rectified(nn.Module):
    """A map with ReLUs: in place, functional and used twice."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.head = nn.Linear(4, 3)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=generator)

    def forward(self, x):
        x = self.relu(self.conv(x))
        x = functional.relu(self.relu(self.again(x)))
        return self.head(x.mean((2, 3)))


class NoGradients(Straight):
    """Leaves the differentiable path."""

    def forward(self, x):
        return super().forward(x.detach())


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def weights_of(net, target):
    return net.weights[target].detach().view(-1, SIDE, SIDE).numpy()


def test_the_normalizer_is_inside(session):
    net = Straight()
    run = run_network(session, net, SCALED, "saliency", target="second")
    per_pixel = weights_of(net, 1) / np.array(SCALED.std).reshape(3, 1, 1)
    assert np.allclose(run.report.main.values, np.abs(per_pixel).max(0), rtol=1e-6)
    assert run.report.main.frame is Frame.INPUT
    assert run.report.main.placement.photo_size == cat().size
    assert run.report.main.unit == "|logit / pixel value|"
    assert not run.report.main.signed


def test_signed_saliency_sums_over_the_colors(session):
    net = Straight()
    run = run_network(session, net, PLAIN, "saliency", target="2", colors="sum")
    assert np.allclose(run.report.main.values, weights_of(net, 2).sum(0), rtol=1e-6)
    assert run.report.main.signed


def test_a_difference_of_classes(session):
    net = Straight()
    values = {"target": "third - first", "colours": "sum"}
    run = run_network(session, net, PLAIN, "saliency", **values)
    expected = (weights_of(net, 2) - weights_of(net, 0)).sum(0)
    assert np.allclose(run.report.main.values, expected, rtol=1e-6)
    assert run.report.notes[0].startswith("logit of third minus first, ")


def test_a_probability(session):
    """Truth: d softmax_c = p_c (w_c - sum p w)."""
    net = Straight()
    net.weights.data *= 1e-3
    run = run_network(
        session, net, PLAIN, "saliency", target="probability(first)", colors="sum"
    )
    logits = run_network(session, net, PLAIN, "predictions", top_k=3).report["logits"]
    ordered = np.array(logits.values)[np.argsort(logits.indices)]
    shares = np.exp(ordered) / np.exp(ordered).sum()
    every = np.stack([weights_of(net, index) for index in range(3)])
    expected = shares[0] * (every[0] - np.tensordot(shares, every, 1))
    assert np.allclose(run.report.main.values, expected.sum(0), rtol=1e-3, atol=1e-7)
    assert run.report.notes[0] == f"probability of first, {shares[0]:.4g}"


def test_the_predicted_class_is_meant_where_none_is_named(session):
    net = Straight()
    best = run_network(session, net, PLAIN, "predictions").report.main.labels[0]
    run = run_network(session, net, PLAIN, "saliency")
    assert run.report.notes[0].startswith(f"logit of {best}, ")
    named = run_network(session, net, PLAIN, "saliency", target=best)
    assert np.array_equal(run.report.main.values, named.report.main.values)


def test_one_channel(session):
    net = Straight(channels=1)
    run = run_network(session, net, GRAY, "saliency", target=1)
    assert np.allclose(run.report.main.values, np.abs(weights_of(net, 1)[0]) / 0.5)
    guided = run_network(session, net, GRAY, "guided_backprop", target=1)
    assert guided.report["in color"].pixels.shape == (SIDE, SIDE, 1)


def test_input_x_gradient_of_a_straight_line_adds_up_to_the_score(session):
    net = Straight()
    run = run_network(session, net, PLAIN, "input_x_gradient", target="first")
    score = float(run.report.notes[0].rpartition(" ")[2])
    assert run.report.main.values.sum() == pytest.approx(score, rel=1e-3)
    assert run.report.main.unit == "logit"


@pytest.mark.parametrize("method", ["guided_backprop", "deconvnet"])
def test_changed_relus_are_counted(session, method):
    run = run_network(session, Rectified(), PLAIN, method)
    assert "3 ReLUs changed" in run.report.notes
    assert isinstance(run.report.main, Heatmap)
    assert isinstance(run.report["in color"], ColorImage)
    plain = run_network(session, Rectified(), PLAIN, "saliency")
    assert not np.allclose(run.report.main.values, plain.report.main.values)


def test_without_relus_guided_is_plain_and_says_so(session):
    run = run_network(session, Straight(), PLAIN, "guided_backprop", target=0)
    plain = run_network(session, Straight(), PLAIN, "saliency", target=0)
    assert "no ReLU was changed" in run.report.notes[1]
    assert np.array_equal(run.report.main.values, plain.report.main.values)


def test_a_network_without_gradients_is_said(session):
    with pytest.raises(ModelError, match=r"gives no gradients.*occlusion"):
        run_network(session, NoGradients(), PLAIN, "saliency")


def test_a_map_of_zeros_is_said(session):
    net = Straight()
    net.weights.data.zero_()
    run = run_network(session, net, PLAIN, "saliency", target=0)
    assert run.report.notes[-1].startswith("the map is zero everywhere")


@pytest.mark.parametrize(
    ("target", "words"),
    [("conv:0", "mean of channel 0 of conv"), ("conv:2@3,4", "place 3, 4 of channel")],
)
def test_units_of_a_layer(session, target, words):
    """Truth: the derivative of a convolution is its kernel, where the unit looks."""
    net = Rectified()
    run = run_network(session, net, PLAIN, "saliency", target=target, colors="sum")
    assert run.report.notes[0].startswith(words)
    values = run.report.main.values
    if "@" in target:
        expected = np.zeros((SIDE, SIDE))
        expected[2:5, 3:6] = net.conv.weight[2].detach().sum(0)
        assert np.allclose(values, expected, atol=1e-6)
    else:
        inner = float(net.conv.weight[0].detach().sum()) / SIDE**2
        assert np.allclose(values[1:-1, 1:-1], inner, atol=1e-6)


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("conv:9", "no channel 9.*0 to 3"),
        ("conv:0@8,0", "no position 8, 0.*8 rows"),
        ("convv:0", "did you mean conv"),
        ("fourth", "no such class"),
        ("7", "no class 7.*0 to 2"),
    ],
)
def test_wrong_targets_are_refused_in_words(session, target, words):
    with pytest.raises(UsageError, match=words):
        run_network(session, Rectified(), PLAIN, "saliency", target=target)


@pytest.mark.parametrize("target", ["box:0", "segment:first"])
def test_targets_of_other_networks_are_refused(session, target):
    with pytest.raises(ModelError, match="is a network for classification"):
        run_network(session, Straight(), PLAIN, "saliency", target=target)


def test_likeness_to_the_photograph_itself_is_greatest(session, tmp_path):
    """Truth: a cosine is 1 for the same picture, where its gradient vanishes."""
    from PIL import Image as PillowImage

    file = tmp_path / "same.png"
    PillowImage.fromarray(cat().pixels).save(file)
    run = run_network(session, Rectified(), PLAIN, "saliency", target=f"like:{file}")
    assert run.report.notes[0].endswith(", 1")
    assert (
        "similarity to same.png (cosine of what head is given)" in run.report.notes[0]
    )
    assert np.abs(run.report.main.values).max() < 1e-5


@pytest.mark.parametrize(
    ("method", "values"),
    [("integrated_gradients", {"steps": 5}), ("smooth_grad", {"samples": 5})],
)
def test_a_network_that_takes_one_picture_at_a_time(session, method, values):
    several = run_network(session, Straight(), PLAIN, method, target=1, **values)
    one = run_network(session, OneAtATime(), PLAIN, method, target=1, **values)
    assert np.allclose(one.report.main.values, several.report.main.values, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    ["resnet18", "vgg11", "densenet121", "inception_v3", "vit_b_16", "swin_t"],
)
@pytest.mark.parametrize("method", ["saliency", "guided_backprop", "smooth_grad"])
def test_families(session, name, method):
    values = {"samples": 2} if method == "smooth_grad" else {}
    run = run_method(session, method, f"zoo:{name}@random", **values)
    assert np.isfinite(run.report.main.values).all()
