"""Optimizations: worked by hand, torch's own optimizers, and gone on with."""

import itertools
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from nnviz.base.errors import ModelError, UsageError
from nnviz.engine.imaging.total_variation import total_variation
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.relu_backward import ReluRule, changed_relus
from nnviz.engine.optvis.objectives import logit
from nnviz.engine.optvis.optimize import Ascent, StepRules
from nnviz.engine.optvis.parametrizations import Pixels, Spectrum
from nnviz.engine.optvis.transforms import Crop, Geometry, lucid

MEAN = torch.full((3, 1, 1), 0.5)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def never():
    pass


class Linear(nn.Module):
    """Two classes; the score of each is a weighted sum of the pixels."""

    def __init__(self, weights):
        super().__init__()
        self.weights = nn.Parameter(weights, requires_grad=False)

    def forward(self, x):
        return torch.einsum("nchw,kchw->nk", x, self.weights)


def network():
    torch_state = torch.get_rng_state()
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(2), nn.Flatten()
    )
    torch.set_rng_state(torch_state)
    return net.requires_grad_(requires_grad=False)


def ascent(picture, net, optimizer="adam", seed=0):
    look = FeatureExtractor(
        model=PixelModel(net=net, normalizer=nn.Identity(), check=never), layers={}
    )
    return Ascent(lambda _: picture, optimizer, look, MEAN, generator(seed))


def start():
    return torch.rand(1, 3, 5, 5, generator=generator(7)) * 0.2 + 0.4


def weights():
    return torch.randn(2, 3, 5, 5, generator=generator(8)) * 0.01


def always(objective):
    return lambda _view: objective


def test_adam_is_torchs():
    climb = ascent(Pixels(start()), Linear(weights()))
    leaf = start().requires_grad_()
    other = torch.optim.Adam([leaf], lr=0.01)
    for _ in range(5):
        climbed = climb.step(always(logit(1)), StepRules(learning_rate=0.01))
        assert climbed.scores.item() == pytest.approx(
            (leaf * weights()[1]).sum().item(), rel=1e-5
        )
        leaf.grad = -weights()[1:]
        other.step()
    torch.testing.assert_close(climb.picture.pixels(), leaf)


def test_ascent_goes_a_fixed_length():
    climb = ascent(Pixels(start()), Linear(weights()), "ascent")
    climb.step(always(logit(0)), StepRules(learning_rate=0.3))
    w = weights()[:1]
    expected = start() + 0.3 * w / w.norm()
    torch.testing.assert_close(climb.picture.pixels(), expected)


def test_progress_gains_what_was_asked():
    # Yosinski: step = gain / |g|^2 g, so that a linear objective gains just that.
    climb = ascent(Pixels(start()), Linear(weights() * 1000), "progress")
    rules = StepRules(learning_rate=0.5)
    first = climb.step(always(logit(0)), rules).scores.item()
    second = climb.step(always(logit(0)), rules).scores.item()
    assert second - first == pytest.approx(0.5, rel=1e-3)


def test_progress_is_limited():
    # A gain of 0.5 would take a step of 0.5 / |w|, ten times as long as the limit of
    # 10 / 255 for each of 75 pixels in the mean square.
    limit = 10 / 255 * 75**0.5
    w = weights()[:1]
    w = w / w.norm() * 0.05 / limit
    climb = ascent(Pixels(start()), Linear(w), "progress")
    climb.step(always(logit(0)), StepRules(learning_rate=0.5))
    expected = start() + limit * w / w.norm()
    torch.testing.assert_close(climb.picture.pixels(), expected.clamp(0, 1))


def test_gradient_is_the_mean_of_the_views_and_the_smoothness():
    net = network()
    climb = ascent(Pixels(start()), net, "ascent", seed=4)
    transforms = (Crop(0.5, (6, 6)),)
    rules = StepRules(
        learning_rate=0.2,
        transforms=transforms,
        views=11,
        total_variation=2.0,
        redirected=False,
    )
    climb.step(always(logit(3)), rules)

    leaf, numbers = start().requires_grad_(), generator(4)
    loss = 2 * total_variation(leaf).sum()
    for _ in range(11):
        view = transforms[0](Geometry((5, 5), (5, 5)), numbers)
        loss = loss - net(view(leaf))[:, 3].sum() / 11
    (gradient,) = torch.autograd.grad(loss, leaf)
    expected = leaf - 0.2 * gradient / gradient.norm()
    torch.testing.assert_close(climb.picture.pixels(), expected)


@pytest.mark.parametrize("optimizer", ["adam", "nadam", "ascent"])
def test_gone_on_with_is_as_if_never_stopped(optimizer):
    rules = StepRules(learning_rate=0.05, transforms=lucid(0.5))
    look = FeatureExtractor(
        model=PixelModel(net=network(), normalizer=nn.Identity(), check=never),
        layers={},
    )
    make = partial(Spectrum, (2, 3, 24, 24), device=torch.device("cpu"))
    numbers = generator()
    whole = Ascent(make, optimizer, look, MEAN, numbers)
    for step in range(7):
        if step == 4:
            state, drawn = whole.state(), numbers.get_state()
        climbed = whole.step(always(logit(2)), rules)

    numbers = generator(9)
    numbers.set_state(drawn)
    begun = {name: array.copy() for name, array in state.items()}
    other = Ascent(make, optimizer, look, MEAN, numbers, begun)
    for _ in range(3):
        again = other.step(always(logit(2)), rules)
    assert torch.equal(climbed.pixels, again.pixels)
    assert whole.scores == other.scores
    for name, array in whole.state().items():
        np.testing.assert_array_equal(array, other.state()[name])


def test_state_is_a_copy():
    climb = ascent(Pixels(start()), Linear(weights()))
    state = climb.state()
    climb.step(always(logit(0)), StepRules(learning_rate=0.1))
    np.testing.assert_array_equal(state["pixels"], start())


def test_state_of_another_size_is_refused():
    other = ascent(Pixels(torch.zeros(1, 3, 6, 6)), Linear(weights()))
    look = FeatureExtractor(
        model=PixelModel(net=network(), normalizer=nn.Identity(), check=never),
        layers={},
    )
    with pytest.raises(UsageError, match="another size"):
        Ascent(
            lambda _: Pixels(start()), "adam", look, MEAN, generator(), other.state()
        )


def test_network_without_gradients_is_named():
    class Rounded(nn.Module):
        def forward(self, x):
            return x.detach().sum((2, 3))

    with pytest.raises(ModelError, match="no gradients"):
        ascent(Pixels(start()), Rounded()).step(
            always(logit(0)), StepRules(learning_rate=0.1)
        )


def test_what_numbers_cannot_hold_is_named():
    climb = ascent(Pixels(start()), Linear(weights() * float("inf")))
    with pytest.raises(ModelError, match="lower the learning rate"):
        climb.step(always(logit(0)), StepRules(learning_rate=0.1))


REDIRECTED = [
    # Lucid, by hand: g is of a loss.  A picture whose ReLU lets something through
    # keeps its gradient; one that is blocked whole takes g where g < 0 at inputs below
    # zero (the input is pushed up), and of ReLU6 g > 0 at inputs above six.
    (nn.functional.relu, [-1.0, 2.0], [-3.0, 4.0], [0.0, 4.0]),
    (nn.functional.relu, [-1.0, -2.0], [-3.0, 4.0], [-3.0, 0.0]),
    (nn.functional.relu, [-1.0, 2.0], [-3.0, 0.0], [-3.0, 0.0]),
    (nn.functional.relu6, [-1.0, 7.0], [-3.0, 4.0], [-3.0, 4.0]),
    (nn.functional.relu6, [-1.0, 7.0], [3.0, -4.0], [0.0, 0.0]),
    (nn.functional.relu6, [3.0, 7.0], [3.0, 4.0], [3.0, 0.0]),
]


@pytest.mark.parametrize(("relu", "inputs", "gradient", "expected"), REDIRECTED)
def test_redirected_gradient_by_hand(relu, inputs, gradient, expected):
    # Beside a picture that is not blocked: each is looked at for itself.
    x = torch.tensor([inputs, [1.0, 1.0]]).requires_grad_()
    with changed_relus(ReluRule.REDIRECTED):
        y = relu(x)
    assert torch.equal(y.detach(), relu(x.detach()))
    (found,) = torch.autograd.grad(y, x, torch.tensor([gradient, [5.0, -5.0]]))
    assert found.tolist() == [expected, [5.0, -5.0]]


@pytest.mark.parametrize(("redirected", "moves"), [(True, True), (False, False)])
def test_silent_unit_is_helped_in_the_first_sixteen_steps(redirected, moves):
    class Silent(nn.Module):
        def forward(self, x):
            return (x.sum((2, 3)) - 1000).relu()

    climb = ascent(Pixels(start()), Silent())
    rules = StepRules(learning_rate=0.001, redirected=redirected)
    pictures = []
    for _ in range(18):
        pictures.append(climb.picture.pixels().detach().clone())
        climb.step(always(logit(0)), rules)
    moved = [not torch.equal(a, b) for a, b in itertools.pairwise(pictures)]
    assert moved[0] is moves
    # Adam's moments carry on, but no new gradient comes after step 16.
    assert torch.equal(climb.picture.leaves["pixels"].grad, torch.zeros(1, 3, 5, 5))


def test_importance_is_the_sum_of_the_gradients_sizes():
    """Of a linear network each step's gradient is its weights, by hand."""
    climb = ascent(Pixels(start()), Linear(weights()))
    for _ in range(3):
        climbed = climb.step(always(logit(1)), StepRules(learning_rate=0.01))
    expected = 3 * weights()[1].abs().sum(0)
    assert torch.allclose(climbed.importance[0], expected, rtol=1e-5)
