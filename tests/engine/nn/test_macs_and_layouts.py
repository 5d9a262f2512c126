"""Multiply-accumulates and layouts that no formula of a framework gives.

Truth: each operation's definition, counted by hand; shapes of the networks as their
authors document them.
"""

import pytest
import torch
from torch import nn

from nnviz.base.info import Layout
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.check.doctor import takes_any_size
from nnviz.engine.nn.layer_info import layer_facts

SIDE = 8
PLACES = SIDE * SIDE


class Einsum(nn.Module):
    def __init__(self, equation, shape):
        super().__init__()
        self.equation, self.weight = equation, nn.Parameter(torch.zeros(shape))

    def forward(self, x):
        return torch.einsum(self.equation, x, self.weight)


class Calling(nn.Module):
    def __init__(self, body, call):
        super().__init__()
        self.body, self.call = body, call

    def forward(self, x):
        return self.call(self.body, x)


def tokens(x):
    return x.flatten(2).transpose(1, 2)


_ATTENTION = 4 * 4 * 4 * PLACES + 2 * PLACES * PLACES * 4
CASES = {
    "einsum": (Einsum("nchw,dc->ndhw", (5, 4)), 4 * 5 * PLACES),
    "einsum, dots": (Einsum("nc...,dc->nd...", (5, 4)), 4 * 5 * PLACES),
    "einsum, dots first": (Einsum("...hw,wk->...hk", (8, 7)), 4 * 8 * 8 * 7),
    "transposed, one axis": (
        Calling(nn.ConvTranspose1d(4, 5, 4, 2), lambda net, x: net(x.flatten(2))),
        PLACES * 4 * 5 * 4,
    ),
    "transposed, three axes": (
        Calling(nn.ConvTranspose3d(4, 5, 2, 2), lambda net, x: net(x[:, :, None])),
        PLACES * 4 * 5 * 8,
    ),
    "fused attention": (
        Calling(
            nn.MultiheadAttention(4, 2, batch_first=True),
            lambda net, x: net(*[tokens(x)] * 3)[0],
        ),
        _ATTENTION,
    ),
    "fused encoder layer": (
        Calling(
            nn.TransformerEncoderLayer(4, 2, 8, batch_first=True),
            lambda net, x: net(tokens(x)),
        ),
        _ATTENTION + 2 * PLACES * 4 * 8,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_products_are_counted(name):
    net, expected = CASES[name]
    assert layer_facts(net.eval(), 4, (SIDE, SIDE)).macs == expected


def timm_network(name):
    timm = pytest.importorskip("timm")
    return timm.create_model(name).eval()


def test_merged_patches_are_maps():
    """Truth: Liu et al. 2021 (arXiv:2103.14030): strides 4, 8, 16, 32."""
    net = timm_network("swin_tiny_patch4_window7_224")
    facts = layer_facts(net, 3, (224, 224))
    layers = {layer.name: layer for layer in facts.layers}
    for place, side in enumerate((56, 28, 14, 7)):
        stage = layers[f"layers.{place}"]
        assert stage.layout is Layout.MAP_LAST
        assert stage.grid == (side, side)


class Floored(nn.Module):
    """A stem that floors to a grid, and positions for one grid alone."""

    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 16, 16)
        self.positions = nn.Parameter(torch.zeros(1, 4, 4, 4))

    def forward(self, x):
        return (self.stem(x) + self.positions).mean((2, 3))


def test_a_grid_that_floors_is_not_any_size():
    """Truth: 64 + 13 px floor to 4 x 4 patches too; 64 + 37 px do not."""
    assert not takes_any_size(Floored().eval(), Preprocess(input_size=(64, 64)))
