"""DeepLIFT's rescale rule in float64.

Truth: the paper's examples by hand (figure 1, section 3.5.3), completeness (its
equation 1), and the rule written out layer by layer.
"""

import numpy as np
import pytest
import torch
from support.jobs import never, run_network
from torch import nn
from torch.nn import functional

from nnviz.base.preprocess import Preprocess
from nnviz.engine.attribution.rescale_rule import multipliers
from nnviz.engine.jobs import Session

SIDE = 8
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5,) * 3, std=(0.25,) * 3
)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def contributions(score, values, reference):
    """Contributions of two inputs."""
    x = torch.tensor(values, dtype=torch.float64).view(1, 2, 1, 1)
    start = torch.tensor(reference, dtype=torch.float64).view(1, 2, 1, 1)
    found = multipliers(score, x, start, never)
    return ((x - start)[0] * found.values).flatten().tolist()


def test_a_saturated_unit_counts():
    """Figure 1: y = 1 - ReLU(1 - i1 - i2) is flat at (1, 1), where each gives 0.5."""

    def score(x):
        return 1 - functional.relu(1 - x.flatten(1).sum(1))

    assert contributions(score, (1, 1), (0, 0)) == pytest.approx([0.5, 0.5])


def test_the_minimum_of_two():
    """Section 3.5.3: min(i1, i2) = i1 - ReLU(i1 - i2) is all given to the smaller."""

    def score(x):
        first, second = x[:, 0, 0, 0], x[:, 1, 0, 0]
        return first - torch.relu(first - second)

    assert contributions(score, (3, 2), (0, 0)) == pytest.approx([0, 2])
    assert contributions(score, (2, 3), (0, 0)) == pytest.approx([2, 0])


def test_no_change_keeps_the_slope():
    """The multiplier's limit is the derivative, s (1 - s) of a sigmoid s."""

    def score(x):
        return torch.sigmoid(x).flatten(1).sum(1)

    x = torch.full((1, 2, 1, 1), 0.5, dtype=torch.float64)
    found = multipliers(score, x, x.clone(), never)
    slope = 1 / (1 + np.exp(-0.5)) * (1 - 1 / (1 + np.exp(-0.5)))
    assert np.allclose(found.values.flatten().numpy(), slope)


class Small(nn.Module):
    """Convolutions, ReLUs of several spellings, a norm, max pooling, a shortcut."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.first = nn.Conv2d(3, 6, 3, padding=1)
        self.norm = nn.BatchNorm2d(6)
        self.in_place = nn.ReLU(inplace=True)
        self.second = nn.Conv2d(6, 6, 3, padding=1)
        self.smooth = nn.GELU()
        self.pool = nn.MaxPool2d(3, stride=2, padding=1)
        self.head = nn.Linear(6, 3)
        for weight in self.parameters():
            weight.data = 0.5 * torch.randn(weight.shape, generator=generator)

    def forward(self, x):
        x = self.in_place(self.norm(self.first(x)))
        x = self.pool(self.smooth(self.second(x)) + x)
        return self.head(functional.relu_(x).mean((2, 3)))


def pair():
    generator = torch.Generator().manual_seed(8)
    shape = (1, 3, SIDE, SIDE)
    return (
        torch.randn(shape, generator=generator, dtype=torch.float64),
        torch.randn(shape, generator=generator, dtype=torch.float64),
    )


def test_contributions_add_up():
    net = Small().double().eval()
    x, start = pair()
    with torch.no_grad():
        plain = net(x)
    for index in range(3):

        def score(batch, index=index):
            return net(batch)[:, index]

        found = multipliers(score, x, start, never)
        due = plain[0, index].item() - net(start)[0, index].item()
        total = ((x - start)[0] * found.values).sum().item()
        assert total == pytest.approx(due, abs=1e-12)
        assert found.start == net(start)[0, index].item()
        assert found.count == 4
    with torch.no_grad():
        assert torch.equal(net(x), plain)


def test_layer_by_layer():
    """The chain of multipliers (equation 3) of two convolutions, written out."""
    generator = torch.Generator().manual_seed(1)
    first = 0.4 * torch.randn(5, 3, 3, 3, generator=generator).double()
    second = 0.4 * torch.randn(4, 5, 3, 3, generator=generator).double()
    weights = torch.randn(4, generator=generator).double()
    x, start = pair()

    def score(batch):
        h = functional.conv2d(functional.conv2d(batch, first).relu(), second).sigmoid()
        return (h * weights.view(-1, 1, 1)).sum((1, 2, 3))

    a, a_start = functional.conv2d(x, first), functional.conv2d(start, first)
    h, h_start = a.clamp(min=0), a_start.clamp(min=0)
    b, b_start = functional.conv2d(h, second), functional.conv2d(h_start, second)
    back = (b.sigmoid() - b_start.sigmoid()) / (b - b_start) * weights.view(-1, 1, 1)
    back = functional.conv_transpose2d(back, second) * (h - h_start) / (a - a_start)
    back = functional.conv_transpose2d(back, first)
    found = multipliers(score, x, start, never)
    assert (found.values - back[0]).abs().max() < 1e-12 * back.abs().max()


def test_the_map_adds_up_to_the_difference_in_score(session):
    run = run_network(session, Small(), PREPROCESS, "deep_lift", target="second")
    value = float(run.report.notes[0].rpartition(" ")[2])
    start = float(run.report.notes[1].rpartition(" ")[2])
    net = Small().eval()
    with torch.no_grad():
        # The mean color is zero to the network.
        assert start == pytest.approx(
            net(torch.zeros(1, 3, SIDE, SIDE))[0, 1].item(), abs=1e-3
        )
    assert run.report.main.values.sum() == pytest.approx(value - start, abs=2e-3)
    assert "4 activation functions and max poolings rescaled" in run.report.notes


def test_products_are_not_covered_and_that_is_said(session):
    class Product(nn.Module):
        def forward(self, x):
            total = (x * x).flatten(1).sum(1, keepdim=True)
            return torch.cat([total, 2 * total, 3 * total], 1)

    run = run_network(session, Product(), PREPROCESS, "deep_lift")
    # x 2 x in place of x^2: twice what is due.
    assert any("(1e+02 % error)" in note for note in run.report.notes)
    assert any(
        "does not cover all of this network" in note for note in run.report.notes
    )
