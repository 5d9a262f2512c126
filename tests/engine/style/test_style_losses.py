"""Distances of content and style, and their gradients.

The truth is Gatys et al. 2016 (doi:10.1109/CVPR.2016.265), equations 1 to 7, written
out in float64 with loops over pairs of channels and differentiated by autograd; Gram
matrices divided by their number of elements as neural-style-pt does.
"""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional

from nnviz.engine.compute.tiling import tiling
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.input_sizes import SizeTrial
from nnviz.engine.nn.layer_info import layer_facts
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.style.gram import gram, gram_gradient
from nnviz.engine.style.losses import Region, StyleLoss

CONTENT = {"relu3": 1.0}
STYLE = {"relu1": 0.3, "relu2": 0.5, "relu3": 0.2}
WHOLE, SMALL = 4096, 32


def network():
    """Three convolutions, the second of which halves the picture."""
    torch.manual_seed(0)
    layers = {
        "conv1": nn.Conv2d(3, 5, 3, 1, 1),
        "relu1": nn.ReLU(),
        "conv2": nn.Conv2d(5, 6, 3, 2, 1),
        "relu2": nn.ReLU(),
        "conv3": nn.Conv2d(6, 4, 3, 1, 1),
        "relu3": nn.ReLU(),
    }
    net = nn.Sequential()
    for name, layer in layers.items():
        net.add_module(name, layer)
    return net.double().eval().requires_grad_(False)


def loss_of(net, *, plain=False):
    facts = layer_facts(net.float(), 3, (16, 16))
    known = {layer.name: layer for layer in facts.layers}
    spans = SizeTrial(net, 3, dict.fromkeys(STYLE, 1), (16, 16)).spans()
    passes = FeatureExtractor(
        model=PixelModel(
            net=net.double(), normalizer=nn.Identity(), check=lambda: None
        ),
        layers={name: known[name] for name in STYLE},
    )
    return StyleLoss(
        maps=passes, content=CONTENT, style=STYLE, spans=spans, plain=plain
    )


def picture(seed, height=24, width=20, count=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (count, 3, height, width)
    return torch.rand(shape, generator=generator, dtype=torch.float64)


def maps_of(net, x):
    found = {}
    for name, layer in net.named_children():
        x = layer(x)
        found[name] = x
    return found


def plainly(net, x, photograph, styles, masks, share, *, plain):
    """The distances of one picture, entry by entry."""
    found, wanted = maps_of(net, x), maps_of(net, photograph)
    content = 0
    for layer, weight in CONTENT.items():
        squares = (found[layer] - wanted[layer]).square().sum()
        unit = wanted[layer].numel() if plain else wanted[layer].square().sum()
        content = content + weight * squares / unit
    style = 0
    for image_of, mask in zip(styles, masks, strict=True):
        like = maps_of(net, image_of)
        for layer, weight in STYLE.items():
            ours = slow_gram(found[layer][0], mask)
            theirs = slow_gram(like[layer][0], None)
            squares = (ours - theirs).square().sum()
            unit = theirs.numel() if plain else theirs.square().sum()
            style = style + weight * squares / unit / len(styles)
    return content, style, (1 - share) * content + share * style


def slow_gram(maps, mask):
    channels, height, width = maps.shape
    weights = torch.ones(height, width, dtype=maps.dtype)
    if mask is not None:
        weights = functional.adaptive_avg_pool2d(mask[None, None], (height, width))
        weights = weights[0, 0]
    rows = [
        torch.stack([(weights * maps[i] * maps[j]).sum() for j in range(channels)])
        for i in range(channels)
    ]
    return torch.stack(rows) / (channels * weights.sum())


@pytest.mark.parametrize("plain", [False, True])
@pytest.mark.parametrize("regions", [1, 2])
@pytest.mark.parametrize("side", [WHOLE, SMALL])
def test_equal_the_formulas(plain, regions, side):
    net = network()
    loss = loss_of(net, plain=plain)
    size = (24, 20) if side == WHOLE else (96, 80)
    pictures, photograph = picture(1, *size, count=2), picture(2, *size)
    styles = [picture(3), picture(4)][:regions]
    mask = picture(5, *size)[0, 0]
    masks = [None] if regions == 1 else [mask, 1 - mask]
    share = torch.tensor([0.9, 0.2], dtype=torch.float64)
    cut = tiling(side, loss.spans)
    grams = [loss.grams(each, cut) for each in styles]
    whole = [Region(g, m) for g, m in zip(grams, masks, strict=True)]
    goal = loss.goal(photograph, whole, cut)
    assert (len(goal.tiles) > 1) == (side == SMALL)
    found = loss(pictures, goal, share)
    for place in range(2):
        leaf = pictures[place, None].clone().requires_grad_()
        content, style, total = plainly(
            net, leaf, photograph, styles, masks, share[place], plain=plain
        )
        (gradient,) = torch.autograd.grad(total, leaf)
        np.testing.assert_allclose(found.content[place], content.detach(), rtol=1e-9)
        np.testing.assert_allclose(found.style[place], style.detach(), rtol=1e-9)
        largest = float(gradient.abs().max())
        np.testing.assert_allclose(
            found.gradient[place], gradient[0], rtol=0, atol=1e-9 * largest
        )


def test_nothing_is_left_to_do_where_the_photograph_is_its_own_style():
    loss = loss_of(network())
    photograph = picture(2)
    cut = tiling(WHOLE, loss.spans)
    region = Region(loss.grams(photograph, cut))
    goal = loss.goal(photograph, [region], cut)
    found = loss(photograph, goal, torch.tensor([0.5], dtype=torch.float64))
    assert float(found.content) == 0
    assert float(found.style) < 1e-25
    assert float(found.gradient.abs().max()) < 1e-12


def test_a_place_outside_the_mask_is_not_painted():
    loss = loss_of(network())
    photograph = picture(2, 24, 40)
    mask = torch.zeros(24, 40, dtype=torch.float64)
    mask[:, :10] = 1
    cut = tiling(WHOLE, loss.spans)
    goal = loss.goal(photograph, [Region(loss.grams(picture(3), cut), mask)], cut)
    found = loss(photograph, goal, torch.ones(1, dtype=torch.float64))
    # Places of relu3 see 5 px to either side: by hand, 1 + 1 + 2 * 1, and rounding up.
    assert float(found.gradient[..., 16:].abs().max()) == 0
    assert float(found.gradient[..., :10].abs().max()) > 0


def test_gram_of_two_places_by_hand():
    # f = (1, 2) and (3, 0): f f^T is ((1, 2), (2, 4)) and ((9, 0), (0, 0)).
    maps = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
    assert gram(maps).tolist() == [[[10, 2], [2, 4]]]
    weights = torch.tensor([[0.5, 0.0]])
    assert gram(maps, weights).tolist() == [[[0.5, 1], [1, 2]]]
    # d/df of G_00 = f_0^2 is 2 f_0.
    change = torch.tensor([[[1.0, 0], [0, 0]]])
    assert gram_gradient(maps, change).tolist() == [[[[2, 6]], [[0, 0]]]]


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_gradients_of_grams_lie_as_the_maps_do_and_are_autograds(layout):
    """Truth: autograd in float64, of the matrix times the change."""
    generator = torch.Generator().manual_seed(3)
    maps = torch.randn(2, 4, 3, 5, generator=generator, dtype=torch.float64)
    maps = maps.contiguous(memory_format=layout).requires_grad_()
    half = torch.randn(2, 4, 4, generator=generator, dtype=torch.float64)
    change = half + half.transpose(1, 2)
    (wanted,) = torch.autograd.grad((gram(maps) * change).sum(), maps)
    found = gram_gradient(maps.detach(), change)
    torch.testing.assert_close(found, wanted)
    assert found.is_contiguous(memory_format=layout)
