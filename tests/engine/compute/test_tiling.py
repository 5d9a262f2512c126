"""Tiles: what they count adds up to one, and their gradients to the whole picture's.

Truth: the gradient of the whole picture in one pass, by torch alone; sums of weights
worked out place by place.
"""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from nnviz.base.info import Layout
from nnviz.engine.compute.span import Span
from nnviz.engine.compute.tiling import reach_of, stretches, tiling
from nnviz.engine.models.networks.small_resnet import SmallResNet
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.input_sizes import SizeTrial
from nnviz.engine.nn.layer_info import layer_facts
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.optvis.dream_gradient import Dream, energy, mean


class Valid(nn.Module):
    """Convolutions and a pooling without padding: places lie after their pixels."""

    def __init__(self):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 5, 2)
        self.pool = nn.MaxPool2d(3, 2)
        self.second = nn.Conv2d(8, 8, 3)

    def forward(self, x):
        return torch.tanh(self.second(self.pool(torch.tanh(self.first(x)))))


class Lopsided(nn.Module):
    """Padded on the left more than it need be, with branches of two reaches."""

    def __init__(self):
        super().__init__()
        self.pad = nn.ZeroPad2d((9, 0, 3, 1))
        self.wide = nn.Conv2d(3, 6, 11, 4, 5)
        self.narrow = nn.Conv2d(3, 6, 3, 4, 1)

    def forward(self, x):
        x = self.pad(x)
        return self.wide(x) * 2 + self.narrow(x).tanh()


def frozen(net, seed=0):
    generator = torch.Generator().manual_seed(seed)
    for weight in net.parameters():
        size = weight[0].numel() if weight.ndim > 1 else 16
        weight.data = torch.randn(weight.shape, generator=generator) / math.sqrt(size)
    return net.eval().requires_grad_(False).double()


def dream_of(net, layers, size=(64, 64), signal=energy):
    facts = {each.name: each for each in layer_facts(net, 3, size).layers}
    calls = {layer: facts[layer].calls for layer in layers}
    passes = FeatureExtractor(
        model=PixelModel(net=net, normalizer=nn.Identity(), check=lambda: None),
        layers={layer: facts[layer] for layer in layers},
    )
    assert all(facts[layer].layout is Layout.MAP for layer in layers)
    return Dream(
        maps=passes,
        signals=dict.fromkeys(layers, signal),
        shares=dict.fromkeys(layers, 1.0),
        spans=SizeTrial(net, 3, calls, size).spans(),
    )


def whole_gradient(net, layers, picture, power):
    """Half the sum of squares (power 2) or the sum (1), by a hook and one pass."""
    kept = {}
    handles = [
        net.get_submodule(layer).register_forward_hook(
            lambda _module, _inputs, output, layer=layer: kept.update({layer: output})
        )
        for layer in layers
    ]
    leaf = picture.clone().requires_grad_()
    net(leaf)
    for handle in handles:
        handle.remove()
    total = sum((kept[layer] ** power / power).sum() for layer in layers)
    return torch.autograd.grad(total, leaf)[0]


def noise(height, width):
    generator = torch.Generator().manual_seed(1)
    return torch.rand(1, 3, height, width, generator=generator).double()


@pytest.mark.parametrize("size", [(150, 213), (97, 260)])
@pytest.mark.parametrize(
    ("make", "layers", "side"),
    [
        (lambda: SmallResNet(5, width=4), ["stage1"], 144),
        (lambda: SmallResNet(5, width=4), ["stem.conv", "stage2.0.relu1"], 200),
        (Valid, ["second"], 96),
        (Valid, ["first", "second"], 100),
        (Lopsided, ["wide", "narrow"], 64),
    ],
)
def test_gradients_of_tiles_add_up_to_the_whole(make, layers, side, size):
    net = frozen(make())
    dream = dream_of(net, layers)
    tiles = tiling(side, dream.spans)
    picture = noise(*size)
    assert len(list(tiles.tiles(size))) > 1
    assert tiles.exact(size)
    found, _ = dream.gradient(picture, tiles)
    expected = whole_gradient(net, layers, picture, 2)
    torch.testing.assert_close(
        found, expected, rtol=0, atol=1e-12 * expected.abs().max()
    )


def test_what_grows_is_told_alike_in_tiles_and_whole():
    dream = dream_of(frozen(Valid()), ["second"], signal=mean)
    picture = noise(150, 150)
    _, parts = dream.gradient(picture, tiling(64, dream.spans))
    _, whole = dream.gradient(picture, tiling(999, dream.spans))
    assert parts == pytest.approx(whole, rel=1e-12)


def test_places_that_see_too_far_fade_from_tile_to_tile():
    """The deepest stage sees 435 px: tiles of 256 px cannot hold that."""
    net = frozen(SmallResNet(5, width=4))
    dream = dream_of(net, ["stage4"])
    tiles = tiling(256, dream.spans)
    assert not tiles.exact((500, 500))
    assert tiling(512, dream.spans).exact((500, 500))
    found, _ = dream.gradient(noise(500, 500), tiles)
    expected = whole_gradient(net, ["stage4"], noise(500, 500), 2)
    correlation = torch.corrcoef(torch.stack([found.flatten(), expected.flatten()]))
    assert correlation[0, 1] > 0.9


def test_reach_of_a_three_by_three_convolution_of_stride_two():
    """Place i sees 2 i - 1 to 2 i + 1: one px before its own two, none behind."""
    reach = reach_of([Span(2, -1, 1)])
    assert (reach.step, reach.before, reach.after) == (2, 2, 0)


@given(
    length=st.integers(1, 3000),
    side=st.integers(64, 700),
    step=st.sampled_from([1, 2, 8, 16, 32]),
    before=st.integers(0, 300),
    after=st.integers(0, 300),
)
def test_every_place_counts_once(length, side, step, before, after):
    reach = reach_of([Span(step, -before, after + step - 1)])
    total = torch.zeros(-(-length // step))
    tiles = stretches(length, side, reach)
    assert tiles[0].start == 0
    assert tiles[-1].stop == length
    for tile in tiles:
        assert tile.start % step == 0
        assert tile.stop - tile.start <= max(side, 4 * step) or len(tiles) == 1
        first, places = tile.start // step, -(-(tile.stop - tile.start) // step)
        total[first : first + places] += tile.weights(places, step)
    torch.testing.assert_close(total, torch.ones_like(total))


@given(
    length=st.integers(200, 3000),
    side=st.integers(64, 190),
    step=st.sampled_from([1, 2, 8, 16]),
    before=st.integers(0, 20),
    after=st.integers(0, 20),
)
def test_a_tile_holds_all_that_its_places_see(length, side, step, before, after):
    span = Span(step, -before, after + step - 1)
    for tile in stretches(length, side, reach_of([span])):
        if tile.fade:
            continue
        places = -(-(tile.stop - tile.start) // step)
        counted = tile.weights(places, step).nonzero().flatten() + tile.start // step
        lowest = span.jump * int(counted.min()) + span.low
        highest = span.jump * int(counted.max()) + span.high
        assert tile.start <= max(lowest, 0)
        assert min(highest, length - 1) < tile.stop
