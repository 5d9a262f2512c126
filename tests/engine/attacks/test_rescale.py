"""The weakest share of a noise: cases worked by hand on networks of one line."""

import pytest
import torch
from support.jobs import never
from torch import nn

from nnviz.engine.attacks.goals import AttackedModel, Goal
from nnviz.engine.attacks.rescale import smallest_share, weakened
from nnviz.engine.nn.pixel_model import PixelModel


class Brightness(nn.Module):
    """Class 1 where a rule of the mean brightness says so."""

    def __init__(self, rule):
        super().__init__()
        self.rule = rule

    def forward(self, x):
        found = self.rule(x.mean((1, 2, 3)))
        return torch.stack([1 - found.float(), found.float()], 1)


def least(rule):
    """Return what is found on the way from black to white, and the tries told."""
    attacked_model = AttackedModel(
        PixelModel(net=Brightness(rule), normalizer=nn.Identity(), check=never)
    )
    goal = Goal(torch.tensor([[True, False]]), towards=False)
    black = torch.zeros(1, 1, 2, 2)
    tries, told = smallest_share(attacked_model, goal, black, black + 1), []
    while True:
        try:
            told.append(next(tries))
        except StopIteration as end:
            return end.value, told


@pytest.mark.parametrize("border", [0.011, 0.3, 0.5, 0.734, 0.999])
def test_the_border_is_found_to_a_512th(border):
    """Truth: the rule itself."""
    found, _ = least(lambda mean: mean > border)
    assert border < found <= border + 1 / 512 + 1e-7


def test_a_flip_that_more_noise_undoes_is_found():
    """Bisection from the ends would miss it: the answer is the same at both."""
    found, _ = least(lambda mean: (mean > 0.4) & (mean < 0.45))
    assert 0.4 < found <= 0.4 + 1 / 512 + 1e-7


def test_none_where_nothing_flips():
    found, told = least(lambda mean: mean > 2)
    assert found is None
    assert told[-1].done == 32


def test_shares_lie_on_the_line():
    """0 is the photograph bit for bit, 1 what the attack made, 1/4 by hand."""
    clean, attacked = torch.rand(2, 1, 3, 2, 2)
    found = weakened(clean, attacked, torch.tensor([0, 0.25, 1]))
    assert torch.equal(found[:1], clean)
    assert torch.equal(found[2:], attacked)
    torch.testing.assert_close(found[1:2], clean * 0.75 + attacked * 0.25)
