"""Gradient methods against slow twins written from the papers, and against captum.

In float64 to 1e-9 of the largest value; in float32 the median of the errors to 1e-5.
"""

import dataclasses
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from support.explained import BASELINE, STEPS, cases, networks
from support.jobs import never
from torch import nn
from torch.nn import functional

from nnviz.engine.attribution.gradient_rules import rule_of
from nnviz.engine.attribution.paths.path_integral import line_between
from nnviz.engine.attribution.paths.quadrature import quadrature
from nnviz.engine.attribution.smoothing import NoisyCopies
from nnviz.engine.nn.gradients import gradient
from nnviz.engine.nn.relu_backward import ReluRule, changed_relus

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
NAMES = ("plain", "residual", "transformer")
RULES = {
    "gausslegendre": "gausslegendre",
    "midpoint": "riemann_middle",
    "left": "riemann_left",
}
PUBLISHED = (ReluRule.GUIDED, ReluRule.DECONVNET)
"""The rules that papers and captum know."""
KINDS = (torch.float64, torch.float32)


@pytest.fixture(scope="module")
def nets():
    return networks()


def score_of(net, targets):
    """A score whose class may differ from picture to picture."""
    return lambda x: net(x).gather(1, targets[: len(x), None])[:, 0]


def ours(net, x, targets):
    """All attributions of a batch, by captum's names.

    Captum rounds the weights of a quadrature to float32 even in float64; ours are not
    rounded, but here they are, so that all else can be compared to 1e-9.
    """
    score = score_of(net, targets)
    yield "saliency", gradient(score, x, never)[1]
    yield "input", rule_of("input x gradient", score, never, 0)(x)
    for rule, name in RULES.items():
        yield name, integrated(net, x, targets, rule, weights=np.float32)
    for rule in PUBLISHED:
        with changed_relus(rule):
            yield str(rule), gradient(score, x, never)[1]


def integrated(net, x, targets, rule, weights=np.float64):
    parts = []
    for picture, target in zip(x, targets, strict=True):
        start = torch.full_like(picture, BASELINE)[None]
        line = line_between(start, picture[None], rule, STEPS)
        rounded = line.weights.astype(weights).astype(np.float64)
        line = dataclasses.replace(line, weights=rounded)
        score = score_of(net, target.expand(STEPS))
        whole = line.weighted_gradients(score, slice(0, STEPS), never)
        parts.append(line.difference * whole)
    return torch.stack(parts).to(x.dtype)


def assert_equal(found, expected, kind):
    """Each picture's error is a share of its largest value."""
    found, expected = np.asarray(found), np.asarray(expected)
    largest = np.abs(expected).max(axis=(1, 2, 3))
    errors = np.abs(found - expected).max(axis=(1, 2, 3)) / largest
    assert largest.min() > 0
    if kind == torch.float64:
        assert errors.max() <= 1e-9
    else:
        assert np.median(errors) <= 1e-5


@pytest.fixture(scope="module")
def captum_maps(tmp_path_factory):
    """Captum's attributions, computed once by the peers' own Python."""
    if not PEERS.exists():
        pytest.skip("make peers installs captum")
    out = tmp_path_factory.mktemp("captum") / "maps.npz"
    program = Path(__file__).parent / "programs/captum_maps.py"
    subprocess.run(
        [PEERS, program, out],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        check=True,
        timeout=600,
    )
    return np.load(out)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_captum_agrees(nets, captum_maps, name, kind):
    """Where captum's hooks reach every ReLU; it leaves functional ones alone."""
    x, targets = cases()
    net = nets[name].to(kind)
    for method, found in ours(net, x.to(kind), targets):
        key = f"{name} {str(kind)[6:]} {method}"
        if name == "plain" and method in PUBLISHED:
            # On purpose: one of its ReLUs is functional and the peer does not see it.
            assert not np.allclose(found, captum_maps[key], rtol=1e-3)
        elif key in captum_maps:
            assert_equal(found, captum_maps[key], kind)
    nets[name].double()


def numeric_gradient(score, x, place, step=1e-6):
    """Central difference of one pixel."""
    up, down = x.clone(), x.clone()
    up[place] += step
    down[place] -= step
    return float((score(up) - score(down)) / (2 * step))


@pytest.mark.parametrize("name", NAMES)
def test_gradient_is_the_difference_quotient(nets, name):
    """Truth: the definition of a derivative, in float64."""
    x, targets = cases()
    score = score_of(nets[name], targets[:1])
    _, found = gradient(score, x[:1], never)
    generator = np.random.default_rng(0)
    for _ in range(10):
        place = (0, *(int(generator.integers(0, side)) for side in x.shape[1:]))
        expected = numeric_gradient(score, x[:1], place)
        assert float(found[place]) == pytest.approx(expected, rel=1e-4, abs=1e-8)


class Rectified(torch.autograd.Function):
    """The rules of Springenberg et al. 2014, figure 1, element by element."""

    @staticmethod
    def forward(ctx, a, rule):
        ctx.save_for_backward(a)
        ctx.rule = rule
        return a.clamp(min=0)

    @staticmethod
    def backward(ctx, g):
        (a,) = ctx.saved_tensors
        zero = torch.zeros_like(g)
        g = torch.where(g > 0, g, zero)
        return (torch.where(a > 0, g, zero) if ctx.rule == "guided" else g), None


def plain_twin(net, x, rule):
    """PlainNet written out, with the changed ReLU at each of its four places."""
    relu = lambda a: Rectified.apply(a, rule)  # noqa: E731
    x = functional.max_pool2d(relu(net.conv1(x)), 2)
    x = functional.max_pool2d(relu(net.conv2(x)), 2)
    x = functional.adaptive_avg_pool2d(relu(net.conv3(x)), 4).flatten(1)
    return net.head(relu(net.hidden(x)))


def residual_twin(net, x, rule):
    """ResNet-18 written out, with the changed ReLU at each of its 17 places."""
    relu = lambda a: Rectified.apply(a, rule)  # noqa: E731
    x = net.maxpool(relu(net.bn1(net.conv1(x))))
    for stage in (net.layer1, net.layer2, net.layer3, net.layer4):
        for block in stage:
            through = x if block.downsample is None else block.downsample(x)
            inner = relu(block.bn1(block.conv1(x)))
            x = relu(block.bn2(block.conv2(inner)) + through)
    return net.fc(x.mean((2, 3)))


TWINS = {"plain": (plain_twin, 4), "residual": (residual_twin, 17)}


@pytest.mark.parametrize("rule", PUBLISHED)
@pytest.mark.parametrize("name", TWINS)
def test_changed_relus_in_place_reused_and_functional(nets, name, rule):
    twin, places = TWINS[name]
    x, targets = cases()
    net = nets[name]
    with changed_relus(rule) as changed:
        scores, found = gradient(score_of(net, targets), x, never)
    assert changed.count == places
    leaf = x.clone().requires_grad_()
    expected = twin(net, leaf, str(rule)).gather(1, targets[:, None])[:, 0]
    (slow,) = torch.autograd.grad(expected.sum(), leaf)
    assert torch.allclose(scores, expected.detach(), rtol=1e-12)
    assert_equal(found, slow, torch.float64)


def test_a_network_without_relus_gives_the_plain_gradient(nets):
    x, targets = cases()
    score = score_of(nets["transformer"], targets)
    with changed_relus(ReluRule.GUIDED) as changed:
        _, found = gradient(score, x, never)
    assert changed.count == 0
    assert "plain gradient" in changed.notes[0]
    assert torch.equal(found, gradient(score, x, never)[1])


@pytest.mark.parametrize("name", NAMES)
def test_integrated_gradients_point_by_point(nets, name):
    """Sundararajan et al. 2017, equation 3, with nodes from numpy, one at a time."""
    x, targets = cases()
    x, targets = x[:2], targets[:2]
    found = integrated(nets[name], x, targets, "gausslegendre")
    nodes, weights = np.polynomial.legendre.leggauss(STEPS)
    start = torch.full_like(x, BASELINE)
    mean = torch.zeros_like(x)
    for node, weight in zip(nodes, weights, strict=True):
        leaf = (start + (1 + node) / 2 * (x - start)).requires_grad_()
        score = score_of(nets[name], targets)(leaf).sum()
        mean += weight / 2 * torch.autograd.grad(score, leaf)[0]
    assert_equal(found, (x - start) * mean, torch.float64)


def test_integrated_gradients_of_a_straight_line_are_exact():
    """Truth: completeness (section 3); for w.x the share of pixel i is w_i x_i."""
    weights = torch.arange(12.0, dtype=torch.float64).view(3, 2, 2) - 5
    x = torch.rand(1, 3, 2, 2, generator=torch.Generator().manual_seed(0)).double()
    line = line_between(torch.zeros_like(x), x, "gausslegendre", 3)
    found = line.weighted_gradients(
        lambda p: (p * weights).sum((1, 2, 3)), slice(0, 3), never
    )
    assert torch.allclose(line.difference * found, (weights * x)[0], rtol=1e-14)


@pytest.mark.parametrize("statistic", ["mean", "squares", "variance"])
@pytest.mark.parametrize("rule", ["gradient", "input x gradient", "guided"])
def test_statistics_of_noisy_copies_one_by_one(nets, rule, statistic):
    """Smilkov et al. 2017; Hooker et al. 2019; Adebayo et al. 2018: the formulas."""
    x, targets = cases()
    x, score = x[:1], score_of(nets["plain"], targets[:1].expand(8))
    of_one = rule_of(rule, score, never, 0)
    copies = NoisyCopies(x, 0.1, torch.Generator().manual_seed(5))
    for part in (slice(0, 3), slice(3, 4), slice(4, 8)):
        copies.add(copies.look(of_one, part))
    generator = torch.Generator().manual_seed(5)
    single = []
    for _ in range(8):
        noise = torch.randn(x.shape[1:], generator=generator, dtype=x.dtype)
        single.append(of_one(x + 0.1 * noise)[0].numpy())
    stacked = np.stack(single)
    expected = {
        "mean": stacked.mean(0),
        "squares": (stacked**2).mean(0),
        "variance": stacked.var(0),
    }[statistic]
    found = copies.statistic(statistic)
    assert_equal(found[None], expected[None], torch.float64)


def test_smoothed_integrated_gradients(nets):
    """The rule by itself: integrated gradients of a batch, one picture at a time."""
    x, targets = cases()
    x, targets = x[::4], targets[::4]
    net = nets["plain"]
    found = rule_of("integrated", score_of(net, targets), never, STEPS)(x)
    for picture, target, one in zip(x, targets, found, strict=True):
        line = line_between(
            torch.zeros_like(picture)[None], picture[None], "gausslegendre", STEPS
        )
        score = score_of(net, target.expand(STEPS))
        whole = line.weighted_gradients(score, slice(0, STEPS), never)
        assert_equal(one[None], (line.difference * whole)[None], torch.float64)


def test_noise_is_the_same_however_the_parts_are_cut():
    x = torch.zeros(1, 1, 4, 4)
    cuts = [[slice(0, 6)], [slice(0, 1), slice(1, 6)], [slice(0, 4), slice(4, 6)]]
    seen = []
    for parts in cuts:
        copies = NoisyCopies(x, 1.0, torch.Generator().manual_seed(3))
        copies.look(lambda p: p, slice(0, 6))  # too much: done again in parts
        seen.append(torch.cat([copies.look(lambda p: p, part) for part in parts]))
    assert all(torch.equal(one, seen[0]) for one in seen)


@pytest.mark.parametrize(
    "rule", ["gausslegendre", "midpoint", "left", "right", "trapezoid"]
)
def test_quadrature(rule):
    """Truth: integrals of powers; weights of 1 in all (captum's trapezoid has not)."""
    points, weights = quadrature(rule, 8)
    assert weights.sum() == pytest.approx(1, abs=1e-14)
    assert (np.diff(points) > 0).all()
    assert 0 <= points[0] < points[-1] <= 1
    exact_to = {"gausslegendre": 15, "midpoint": 1, "trapezoid": 1}.get(rule, 0)
    for power in range(exact_to + 1):
        integral = (weights * points**power).sum()
        assert integral == pytest.approx(1 / (power + 1), abs=1e-13)


def test_hand_worked_guided_and_deconvnet():
    """f = relu(a) . (1, -1, 1, -1) with a = (2, 2, -2, -2), worked out by hand."""
    x = torch.tensor([2.0, 2.0, -2.0, -2.0]).view(1, 1, 2, 2)
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0]).view(1, 1, 2, 2)
    expected = {None: [1, -1, 0, 0], "guided": [1, 0, 0, 0], "deconvnet": [1, 0, 1, 0]}

    def score(p):
        return (nn.functional.relu(p) * signs).sum((1, 2, 3))

    for rule, values in expected.items():
        if rule is None:
            _, found = gradient(score, x, never)
        else:
            with changed_relus(ReluRule(rule)):
                _, found = gradient(score, x, never)
        assert found.flatten().tolist() == values


SPELLINGS = {
    "F.relu": functional.relu,
    "F.relu in place": lambda x: functional.relu(x, inplace=True),
    "positional": lambda x: functional.relu(x, True),
    "torch.relu": torch.relu,
    "torch.relu_": torch.relu_,
    "method": lambda x: x.relu(),
    "method in place": lambda x: x.relu_(),
    "value left behind": lambda x: (x.relu_(), x)[1],
    "module": nn.ReLU(),
    "module in place": nn.ReLU(inplace=True),
    "threshold": lambda x: functional.threshold(x, 0, 0),
    "threshold in place": lambda x: functional.threshold(x, 0.0, 0.0, inplace=True),
    "threshold module": nn.Threshold(0, 0),
    "F.relu6": functional.relu6,
    "ReLU6": nn.ReLU6(inplace=True),
    "hardtanh": lambda x: functional.hardtanh(x, 0, 6),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_relu(spelling):
    relu = SPELLINGS[spelling]
    x = torch.linspace(-3, 3, 9).view(1, 1, 3, 3)
    signs = torch.tensor([1.0, -1.0] * 4 + [1.0]).view(1, 1, 3, 3)
    with changed_relus(ReluRule.GUIDED) as changed:
        scores, found = gradient(
            lambda p: (relu(p * 1.0) * signs).sum((1, 2, 3)), x, never
        )
    assert changed.count == 1
    assert torch.equal(found, ((x > 0) & (signs > 0)).float())
    assert float(scores) == pytest.approx(float((x.clamp(min=0) * signs).sum()))


@pytest.mark.parametrize(
    "activation",
    [functional.gelu, functional.silu, functional.leaky_relu, torch.sigmoid,
     lambda x: functional.threshold(x, 0.5, 0), functional.hardtanh],
)  # fmt: skip
def test_what_is_no_relu_keeps_its_gradient(activation):
    x = torch.linspace(-2, 2, 9).view(1, 1, 3, 3)
    score = lambda p: (activation(p) * -1).sum((1, 2, 3))  # noqa: E731
    with changed_relus(ReluRule.GUIDED) as changed:
        _, found = gradient(score, x, never)
    assert changed.count == 0
    assert torch.equal(found, gradient(score, x, never)[1])
