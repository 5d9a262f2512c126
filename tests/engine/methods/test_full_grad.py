"""FullGrad in float64.

Truth: completeness (proposition 1), the shares of a small network written out layer by
layer, and the authors' stretching by numpy.
"""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_network
from torch import nn
from torch.nn import functional

from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.attribution.full_gradients import full_gradient
from nnviz.engine.jobs import Session

SIDE = 8
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5,) * 3, std=(0.25,) * 3
)


class Small(nn.Module):
    """Convolutions with and without bias, a batch norm, a ReLU in place, a head.

    Maps keep the input's size, so nothing is resampled.
    """

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.first = nn.Conv2d(3, 5, 3, padding=1, bias=False)
        self.norm = nn.BatchNorm2d(5)
        self.relu = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(5, 4, 3, padding=1)
        self.head = nn.Linear(4, 3)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=generator)
        self.norm.running_mean.normal_(generator=generator)
        self.norm.running_var.uniform_(0.5, 2, generator=generator)

    def forward(self, x):
        x = self.relu(self.norm(self.first(x)))
        return self.head(functional.relu(self.second(x)).mean((2, 3)))


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def shares_of(net, x, index):
    """What input, norm and second convolution contribute, (C, SIDE, SIDE) each."""
    norm = net.norm
    factor = (norm.weight / (norm.running_var + norm.eps).sqrt()).view(1, -1, 1, 1)
    shift = norm.bias.view(1, -1, 1, 1) - norm.running_mean.view(1, -1, 1, 1) * factor
    a = functional.conv2d(x, net.first.weight, padding=1) * factor + shift
    b = functional.conv2d(a.relu(), net.second.weight, net.second.bias, padding=1)
    at_b = net.head.weight[index].view(1, -1, 1, 1) * (b > 0) / SIDE**2
    at_a = functional.conv_transpose2d(at_b, net.second.weight, padding=1) * (a > 0)
    at_x = functional.conv_transpose2d(at_a * factor, net.first.weight, padding=1)
    own = net.second.bias.view(1, -1, 1, 1) * at_b
    return (x * at_x)[0], (shift * at_a)[0], own[0]


def test_layer_by_layer():
    net = Small().double().eval().requires_grad_(False)
    x = torch.randn(
        1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(1)
    ).double()
    for index in range(3):
        found = full_gradient(lambda x, i=index: net(x)[:, i], net, x, never)
        expected = shares_of(net, x, index)
        for one, other in zip((found.input, *found.biases), expected, strict=True):
            assert (one - other).abs().max() < 1e-12 * other.abs().max()
        assert found.rest == pytest.approx(net.head.bias[index].item())
        assert found.total == pytest.approx(net(x)[0, index].item(), abs=1e-12)


def test_a_layer_that_runs_twice_counts_twice():
    """f = w (w x + b) + b: shares w^2 x, w b and b."""
    layer = nn.Conv2d(1, 1, 1).double().requires_grad_(False)
    w, b = layer.weight.item(), layer.bias.item()
    x = torch.full((1, 1, 1, 1), 2.0, dtype=torch.float64)
    found = full_gradient(lambda x: layer(layer(x)).flatten(), layer, x, never)
    assert found.input.item() == pytest.approx(w * w * 2)
    assert [one.item() for one in found.biases] == pytest.approx([w * b, b])


@pytest.mark.parametrize(
    ("function", "value", "slope"),
    [
        (functional.relu6, 6.0, 0.0),
        (torch.tanh, np.tanh(7), 1 - np.tanh(7) ** 2),
        (functional.silu, 7 / (1 + np.exp(-7)), None),
    ],
)
def test_implicit_biases_by_hand(function, value, slope):
    """Of f(7) the input's share is 7 f'(7), the implicit bias the rest."""
    if slope is None:
        sigmoid = 1 / (1 + np.exp(-7))
        slope = sigmoid * (1 + 7 * (1 - sigmoid))
    x = torch.full((1, 1, 1, 1), 7.0, dtype=torch.float64)
    found = full_gradient(lambda x: function(x).flatten(), nn.Identity(), x, never)
    assert found.input.item() == pytest.approx(7 * slope)
    assert found.biases[0].item() == pytest.approx(value - 7 * slope)
    assert found.total == pytest.approx(value)


def test_the_map_is_the_papers_sum(session):
    net = Small()
    run = run_network(session, net, PREPROCESS, "full_grad", target="second")
    reference = session.store.adopt(net, PREPROCESS, ("a", "b", "c"))
    request = ModelRequest(reference=reference, preprocess=PREPROCESS, device="cpu")
    pixels = finish(session.store.open(request, never)).pixel_input(cat())
    net = net.double().eval()
    expected = np.zeros((SIDE, SIDE))
    with torch.no_grad():
        for share in shares_of(net, (pixels.double() - 0.5) / 0.25, 1):
            sizes = np.abs(share.numpy())
            expected += ((sizes - sizes.min()) / np.ptp(sizes)).sum(0)
    found = run.report.main.values
    assert np.abs(found - expected).max() <= 1e-4 * expected.max()
    assert "the input and 2 maps of biases, stretched and added" in run.report.notes


def test_products_are_said(session):
    class Products(nn.Module):
        def __init__(self):
            super().__init__()
            self.head = nn.Linear(3, 3)

        def forward(self, x):
            return self.head((x * x).mean((2, 3)))

    run = run_network(session, Products(), PREPROCESS, "full_grad")
    assert any("read the map with care" in note for note in run.report.notes)
