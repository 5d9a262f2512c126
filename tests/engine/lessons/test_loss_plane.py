"""Loss landscape: directions by Li et al.'s formula, losses by the network itself."""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never
from support.lessons import run_lesson, session
from torch import nn
from torch.nn import functional

from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.lessons.descent.loss_plane import (
    draw_direction,
    fill_gaps,
    places_coarse_to_fine,
)


class Small(nn.Module):
    """A network of a few weights."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Linear(4, 5)

    def forward(self, x):
        """Return scores of five classes."""
        return self.last(torch.relu(self.norm(self.conv(x))).mean((2, 3)))


def test_each_filter_is_as_long_as_the_network_s_own():
    net = Small()
    direction = draw_direction(net, torch.Generator().manual_seed(0))
    assert set(direction) == {"conv.weight", "last.weight"}
    for name, moved in direction.items():
        own = net.get_parameter(name).detach()
        assert torch.allclose(moved.flatten(1).norm(dim=1), own.flatten(1).norm(dim=1))


def test_losses_are_those_of_the_moved_network():
    net = Small().eval()
    small = Preprocess(input_size=(32, 32), resize=32)
    reference = session().store.adopt(net, small, "abcde")
    before = {name: each.clone() for name, each in net.state_dict().items()}
    run, _ = run_lesson(
        "loss_plane", model=reference, image=cat(), halvings=1, span=0.5
    )
    assert all(torch.equal(each, before[n]) for n, each in net.state_dict().items())
    losses = run.report["loss"].region.values
    # Random numbers as the run drew them: seed 0 of the recipe.
    generator = torch.Generator().manual_seed(run.recipe.seed)
    first, second = (draw_direction(net, generator) for _ in range(2))
    model = finish(session().store.open(ModelRequest(reference=reference), never))
    x = model.normalizer(model.pixel_input(cat()))
    moved = Small().eval()
    moved.load_state_dict(before)
    with torch.no_grad():
        said = net(x).argmax(1)
        for name in first:
            moved.get_parameter(name).add_(0.5 * first[name] + 0.5 * second[name])
        here, corner = (
            functional.cross_entropy(each(x), said) for each in (net, moved)
        )
    assert losses[1, 1] == pytest.approx(here.item(), abs=1e-6)
    assert losses[0, 2] == pytest.approx(corner.item(), abs=1e-6)


def test_places_are_all_there_and_coarse_ones_come_first():
    places = places_coarse_to_fine(2)
    assert sorted(places) == [(r, c) for r in range(5) for c in range(5)]
    assert set(places[:4]) == {(0, 0), (0, 4), (4, 0), (4, 4)}
    assert all(r % 2 == 0 and c % 2 == 0 for r, c in places[:9])


def test_gaps_take_the_nearest_value():
    losses = np.full((3, 3), np.nan)
    losses[0, 0], losses[2, 2] = 1.0, 2.0
    filled = fill_gaps(losses)
    assert filled[0, 1] == 1.0
    assert filled[2, 1] == 2.0
