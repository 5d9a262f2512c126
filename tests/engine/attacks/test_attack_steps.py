"""Attacks on a linear network, where everything has a closed form.

Truth: worked by hand; for a linear classifier w.x + b the loss rises along the sign of
the weights' difference, and the nearest boundary lies |f| / |w| away (Moosavi-Dezfooli
et al. 2016, equation 3).
"""

import math

import pytest
import torch
from support.jobs import cat, finish, never
from torch import nn

from nnviz.base.errors import UsageError
from nnviz.base.events import Progress
from nnviz.base.requests import ModelRequest, RecordingStep, RunMethod
from nnviz.engine.attacks.carlini_wagner import (
    Constants,
    Search,
    anew,
    descend,
    first_constants,
    first_descent,
)
from nnviz.engine.attacks.deepfool import Walk, boundaries, candidates, crossed
from nnviz.engine.attacks.goals import AttackedModel, Goal, choose_goal
from nnviz.engine.attacks.norms import project, random_noise, size_of
from nnviz.engine.attacks.pgd_step import AscentStep, Position, climbed
from nnviz.engine.jobs import Session
from nnviz.engine.nn.pixel_model import PixelModel

CLASSES = 4
SHAPE = (1, 3, 2, 2)


class Linear(nn.Module):
    """Logits W x + b, with W and b of a seed."""

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(4)
        self.weight = torch.randn(CLASSES, 12, generator=generator).double()
        self.bias = torch.randn(CLASSES, generator=generator).double()

    def forward(self, x):
        return x.flatten(1) @ self.weight.T + self.bias


@pytest.fixture
def net():
    return Linear()


@pytest.fixture
def attacked_model(net):
    return AttackedModel(PixelModel(net=net, normalizer=nn.Identity(), check=never))


@pytest.fixture
def picture():
    return 0.5 + 0.1 * torch.linspace(-1, 1, 12).double().view(SHAPE)


def away_from(index):
    classes = torch.zeros(1, CLASSES, dtype=torch.bool)
    classes[:, index] = True
    return Goal(classes, towards=False)


def test_loss_of_one_class_is_its_cross_entropy():
    logits = torch.tensor([[1.0, 2.0, 0.0, -1.0]]).double()
    likely = math.exp(2) / sum(math.exp(v) for v in (1, 2, 0, -1))
    assert away_from(1).loss(logits).item() == pytest.approx(-math.log(likely))
    towards = Goal(away_from(1).classes, towards=True)
    assert towards.loss(logits).item() == pytest.approx(math.log(likely))


def test_loss_of_several_classes_is_that_of_their_sum():
    logits = torch.tensor([[1.0, 2.0, 0.0, -1.0]]).double()
    both = Goal(torch.tensor([[True, True, False, False]]), towards=False)
    total = sum(math.exp(v) for v in (1, 2, 0, -1))
    share = (math.exp(1) + math.exp(2)) / total
    assert both.loss(logits).item() == pytest.approx(-math.log(share))
    assert both.margin(logits).item() == pytest.approx(0 - 2)
    assert not both.reached(logits)
    assert both.reached(logits.flip(1))


def test_fgsm_is_the_sign_of_the_weights(net, attacked_model, picture):
    """Of two classes the gradient is (p - 1) times the weights' difference."""
    net.weight, net.bias = net.weight[:2], net.bias[:2]
    start = int(attacked_model.logits(picture).argmax())
    goal = Goal(torch.eye(2).bool()[start][None], towards=False)
    _, gradient = attacked_model.gradient(picture, goal.loss)
    how = AscentStep(epsilon=0.03, step=0.03)
    found = climbed(picture, Position(picture, gradient), gradient, how).pixels
    expected = 0.03 * (net.weight[1 - start] - net.weight[start]).sign().view(SHAPE)
    torch.testing.assert_close(found - picture, expected)


def test_noise_never_leaves_the_ball_or_the_pixels(attacked_model, picture):
    goal = away_from(int(attacked_model.logits(picture).argmax()))
    near_white = picture + 0.49
    for norm, epsilon in (("linf", 0.02), ("l2", 0.1)):
        at = Position(near_white, torch.zeros_like(picture))
        for _ in range(8):
            _, gradient = attacked_model.gradient(at.pixels, goal.loss)
            how = AscentStep(epsilon=epsilon, step=epsilon / 2, norm=norm)
            at = climbed(near_white, at, gradient, how)
        assert float(size_of(at.pixels - near_white.clamp(0, 1), norm)) < 2 * epsilon
        assert 0 <= float(at.pixels.min()) <= float(at.pixels.max()) <= 1


def test_momentum_adds_up_in_units_of_l1(picture):
    """Dong et al. 2018, equation 6: mu m + g / |g|_1, with gradients that stay."""
    gradient = torch.linspace(-1, 2, 12).double().view(SHAPE)
    how = AscentStep(epsilon=1.0, step=0.01, decay=0.5)
    at = Position(picture, torch.zeros_like(picture))
    for _ in range(2):
        at = climbed(picture, at, gradient, how)
    unit = gradient / gradient.abs().sum()
    torch.testing.assert_close(at.momentum, 1.5 * unit)


def test_projection_is_the_nearest_point():
    noise = torch.tensor([3.0, 4.0]).view(1, 1, 1, 2)
    torch.testing.assert_close(
        project(noise, 1.0, "l2").flatten(), torch.tensor([0.6, 0.8])
    )
    assert project(noise, 10.0, "l2").equal(noise)
    assert project(noise, 3.5, "linf").flatten().tolist() == [3.0, 3.5]


@pytest.mark.parametrize("norm", ["linf", "l2"])
def test_random_starts_lie_inside_and_differ(norm):
    like = torch.zeros(200, 3, 4, 4)
    noise = random_noise(like, 0.1, norm, torch.Generator().manual_seed(0))
    sizes = size_of(noise, norm)
    assert float(sizes.max()) <= 0.1 + 1e-6
    assert float(sizes.std()) > 0
    again = random_noise(like, 0.1, norm, torch.Generator().manual_seed(0))
    assert again.equal(noise)


def test_deepfool_crosses_the_nearest_plane_in_one_step(net, attacked_model, picture):
    """Without overshoot it ends 1e-4 behind the boundary, by its own definition."""
    logits = attacked_model.logits(picture)
    start = logits.argmax(1)
    others = candidates(logits, away_from(int(start)).classes, 10)
    assert others.shape == (1, CLASSES - 1)
    _, border = boundaries(attacked_model, picture, start, others, lambda _: False)
    planes = {}
    for k in others[0].tolist():
        slope = net.weight[k] - net.weight[start[0]]
        planes[k] = float((logits[0, start[0]] - logits[0, k]) / slope.norm())
    nearest = min(planes, key=planes.get)
    assert float(border.distance) == pytest.approx(planes[nearest])
    walk = crossed(picture, Walk(torch.zeros_like(picture), picture), border, 0.0)
    assert int(attacked_model.logits(walk.pixels).argmax()) == nearest
    length = float((walk.pixels - picture).norm())
    assert length == pytest.approx(planes[nearest] + 1e-4)


def test_cw_finds_the_shortest_way_to_the_plane_that_it_reaches(
    net, attacked_model, picture
):
    logits = attacked_model.logits(picture)
    start = int(logits.argmax())
    slopes = (net.weight - net.weight[start]).norm(dim=1)
    gaps = (logits[0, start] - logits[0]) / slopes
    at, constants = first_descent(picture), first_constants(1, 0.1, picture)
    for _ in range(8):
        for _ in range(200):
            at, _ = descend(
                attacked_model, away_from(start), picture, at, constants.value, Search()
            )
        constants, at = constants.after(at.here), anew(at)
    reached = int(attacked_model.logits(at.best).argmax())
    assert reached != start
    assert float(gaps[reached]) <= float(at.norm) <= 1.02 * float(gaps[reached])


def test_search_for_c_halves_or_grows():
    """Nothing succeeded: ten times as much; then halfway in between."""
    one = torch.ones(1)
    first = Constants(one, 0 * one, one + torch.inf)
    failed = first.after(torch.tensor([False]))
    assert failed.value.item() == 10
    reached = failed.after(torch.tensor([True]))
    assert reached.value.item() == pytest.approx(5.5)


def test_goals_are_read_and_refused():
    session = Session()
    request = ModelRequest(reference="bundled:objects", device="cpu")
    info = finish(session.store.open(request, never)).info
    logits = torch.linspace(1, 0, len(info.labels))[None]
    names = f"{info.labels[3]} | {info.labels[5]}"
    chosen = choose_goal(names, info, logits, towards=False)
    assert chosen.goal.classes[0].nonzero().flatten().tolist() == [3, 5]
    predicted = choose_goal("", info, logits, towards=False)
    assert predicted.index == 0
    with pytest.raises(UsageError, match="no class to reach"):
        choose_goal("", info, logits, towards=True)
    with pytest.raises(UsageError, match="is not a class"):
        choose_goal("box:0", info, logits, towards=False)
    session.close()


@pytest.mark.parametrize(
    ("method", "values"),
    [
        ("pgd", {"steps": 6, "momentum": 0.5}),
        ("deepfool", {"steps": 4, "overshoot": 0.0}),
        ("cw", {"rounds": 2, "steps": 3, "constant": 10.0}),
    ],
)
def test_a_stopped_attack_goes_on_bit_for_bit(tmp_path, method, values):
    """From the state of its second step on it makes the same bytes.

    Its progress counts the steps that were asked for.
    """
    session = Session()

    def request(**more):
        return RunMethod(
            method=method,
            model=ModelRequest(reference="bundled:objects", device="cpu"),
            image=cat(),
            values=values,
            **more,
        )

    told = []
    job = session.job(request(recording=str(tmp_path / "a")), never)
    whole = finish(job, told.append)
    total = values["steps"] * values.get("rounds", 1)
    words = [step.what for step in told if isinstance(step, Progress) and step.total]
    assert f"step 2 of {total}" in words
    again = finish(
        session.job(
            request(
                recording=str(tmp_path / "b"),
                begin=RecordingStep(str(tmp_path / "a"), 1),
            ),
            never,
        )
    )
    first, second = whole.report, again.report
    assert (
        first["adversarial"].pixels.tobytes() == second["adversarial"].pixels.tobytes()
    )
    session.close()
