"""Finer-CAM and Shapley-CAM in float64.

Truth: pytorch-grad-cam's definitions of both, with the derivatives of a pooled linear
head worked out by hand; the Hessian of a square.
"""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_network
from torch import nn
from torch.nn import functional

from nnviz.base.errors import UsageError
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.attribution.class_comparison import similar_classes
from nnviz.engine.jobs import Session

SIDE, CLASSES = 16, 6
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5,) * 3, std=(0.25,) * 3
)


class Pooled(nn.Module):
    """Maps of the input's size, their mean, a linear head."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.last = nn.ReLU(inplace=True)
        self.head = nn.Linear(8, CLASSES)
        for weight in self.parameters():
            weight.data = torch.randn(weight.shape, generator=generator)

    def forward(self, x):
        return self.head(self.last(self.conv(x)).mean((2, 3)))


class Squared(Pooled):
    """The head is given squares: the score is curved in the maps."""

    def forward(self, x):
        return self.head(self.last(self.conv(x)).square().mean((2, 3)))


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def maps_and_logits(session, net):
    """The last layer's maps (8, SIDE, SIDE) and the logits, float64."""
    reference = session.store.adopt(net, PREPROCESS, "abcdef")
    request = ModelRequest(reference=reference, preprocess=PREPROCESS, device="cpu")
    x = (finish(session.store.open(request, never)).pixel_input(cat()) - 0.5) / 0.25
    net = net.double()
    with torch.no_grad():
        return net.last(net.conv(x.double()))[0].numpy(), net(x.double())[0].numpy()


def close(found, cam):
    expected = np.maximum(cam, 0)
    assert expected.max() > 0
    assert np.abs(found - expected).max() <= 1e-4 * expected.max()


@pytest.mark.parametrize(("similar", "alpha"), [(3, 1.0), (2, 0.6), (20, 1.5)])
def test_finer_cam_of_a_linear_head(session, similar, alpha):
    """S = sum p_d (y_c - a y_d) / sum p_d, differentiated with its weights p."""
    net = Pooled()
    run = run_network(
        session, net, PREPROCESS, "finer_cam",
        layer="last", similar=similar, alpha=alpha,
    )  # fmt: skip
    a, y = maps_and_logits(session, net)
    weights = net.head.weight.detach().numpy()
    order = np.argsort(np.abs(y - y.max()))
    index, others = order[0], order[1 : similar + 1]
    p = np.exp(y[others]) / np.exp(y[others]).sum()
    mean = (p * y[others]).sum()
    slope = weights[index].copy()
    for share, other in zip(p, others, strict=True):
        # d(sum p y) / dy_d = p_d (1 + y_d - sum p y), of a softmax p.
        slope -= alpha * share * (1 + y[other] - mean) * weights[other]
    close(run.report["map"].values, np.einsum("c,cyx->yx", slope, a) / SIDE**2)
    value = float(run.report.notes[0].rpartition(" ")[2])
    assert value == pytest.approx(y[index] - alpha * mean, rel=1e-3)
    assert run.report.notes[1].count(",") == len(others) - 1


def test_nothing_compared_is_grad_cam(session):
    plain = run_network(session, Pooled(), PREPROCESS, "grad_cam", layer="last")
    finer = run_network(
        session, Pooled(), PREPROCESS, "finer_cam", layer="last", alpha=0.0
    )
    assert np.allclose(finer.report["map"].values, plain.report["map"].values)


def test_similar_classes_by_hand():
    logits = torch.tensor([5.0, 1.0, 4.0, 9.0, 6.5])
    assert similar_classes(logits, 0, 2) == (2, 4)
    assert similar_classes(logits, 3, 10) == (4, 0, 2, 1)


@pytest.mark.parametrize("method", ["finer_cam", "shapley_cam"])
def test_what_is_no_class_is_refused(session, method):
    with pytest.raises(UsageError, match="is not the logit of a class"):
        run_network(
            session, Pooled(), PREPROCESS, method, layer="conv", target="last:2"
        )


def test_shapley_cam_of_a_linear_head(session):
    """ReST: the gradient is W_c + W_c - p W; its Hessian that of -logsumexp."""
    net = Pooled()
    run = run_network(session, net, PREPROCESS, "shapley_cam", layer="last")
    a, y = maps_and_logits(session, net)
    weights = net.head.weight.detach().numpy()
    p = np.exp(y - y.max()) / np.exp(y - y.max()).sum()
    index = y.argmax()
    gradient = 2 * weights[index] - p @ weights
    linear = weights @ a.mean((1, 2))
    # -(diag(p) - p p') times W times the pooled maps.
    product = -(p * linear - p * (p @ linear)) @ weights
    slope = gradient - product / 2
    close(run.report["map"].values, np.einsum("c,cyx->yx", slope, a) / SIDE**2)


def test_shapley_cam_of_squares(session):
    """Of y = w a^2 the gradient is 2 w a and H a likewise: half of it is left."""
    net = Squared()
    run = run_network(
        session, net, PREPROCESS, "shapley_cam", layer="last", utility="target"
    )
    a, y = maps_and_logits(session, net)
    slope = net.head.weight.detach().numpy()[y.argmax()] * a.mean((1, 2))
    close(run.report["map"].values, np.einsum("c,cyx->yx", slope, a) / SIDE**2)
    assert "curvature moves the channels' weights by 50 %" in run.report.notes


def test_without_curvature_it_is_grad_cam(session):
    values = {"layer": "last", "signed": True}
    plain = run_network(session, Pooled(), PREPROCESS, "grad_cam", **values)
    flat = run_network(
        session, Pooled(), PREPROCESS, "shapley_cam", utility="target", **values
    )
    assert np.allclose(flat.report["map"].values, plain.report["map"].values)
    assert "curvature moves the channels' weights by 0 %" in flat.report.notes


class Attending(Pooled):
    """Positions attend to each other behind the last map: fused, or step by step."""

    fused = True

    def forward(self, x):
        x = self.last(self.conv(x)).flatten(2).mT
        if self.fused:
            mixed = functional.scaled_dot_product_attention(x, x, x)
        else:
            mixed = (x @ x.mT / x.shape[2] ** 0.5).softmax(2) @ x
        return self.head(mixed.mean(1))


class StepByStep(Attending):
    fused = False


def test_shapley_cam_through_fused_attention(session):
    """The same as of softmax(Q K' / sqrt d) V written out; fused has no curvature."""
    fused, plain = (
        run_network(session, net, PREPROCESS, "shapley_cam", layer="last", signed=True)
        for net in (Attending(), StepByStep())
    )
    expected = plain.report["map"].values
    found = fused.report["map"].values
    assert np.abs(found - expected).max() < 1e-3 * np.abs(expected).max()
    assert fused.report.notes[1] == plain.report.notes[1]
