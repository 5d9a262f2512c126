"""Dead units: channels that no picture wakes.

Truth: a network whose answers are known by hand.
"""

import torch
from torch import nn

from nnviz.engine.training.dead_units import dead_units, dead_units_text


def net_of(*biases):
    """A channel a bias: each answers with the picture's brightness and its bias."""
    conv = nn.Conv2d(1, len(biases), 1)
    nn.init.ones_(conv.weight)
    conv.bias.data = torch.tensor(biases)
    return nn.Sequential(conv, nn.ReLU(), nn.Flatten(), nn.ReLU()).eval()


def pictures():
    """Three dark pictures and, in another batch, one with one bright pixel."""
    dark, bright = torch.zeros(3, 1, 2, 2), torch.zeros(1, 1, 2, 2)
    bright[0, 0, 1, 0] = 0.5
    return [dark, bright]


def test_a_channel_lives_if_one_pixel_of_one_picture_wakes_it():
    net = net_of(0.1, -0.4, -0.5, -1.0)
    shares = dead_units(net, pictures())
    assert shares["1"] == 0.5  # the third gets exactly 0, the last less
    # Behind Flatten each place is a unit: four of the first, one of the second.
    assert shares["3"] == 1 - 5 / 16
    assert not net[1]._forward_hooks


def test_the_card_names_the_worst_layer():
    assert "at most 68.8 % of a layer (`3`)" in dead_units_text(
        net_of(0.1, -0.4, -0.5, -1.0), pictures()
    )
    assert dead_units_text(net_of(0.1), pictures()).startswith("none in any layer")
