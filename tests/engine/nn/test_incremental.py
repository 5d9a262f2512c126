"""Incremental passes against full ones: truth is the network's own batched pass."""

import json
import threading

import numpy as np
import pytest
import torch
import torchvision
from torch import nn
from torch.nn import functional
from torchvision.ops import SqueezeExcitation

from nnviz.base.errors import CancelledError
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.engine.models.networks.small_resnet import SmallResNet
from nnviz.engine.nn.fuse import folded
from nnviz.engine.nn.incremental import UnfollowableError, verified_forward
from nnviz.engine.nn.incremental.regions import Interval, Sliding

SIDE = 48


def never():
    """A check that lets everything go on."""


class Block(nn.Module):
    """Residual, with grouped, depthwise and dilated convolutions."""

    def __init__(self, channels):
        super().__init__()
        self.grouped = nn.Conv2d(channels, channels, 3, padding=1, groups=2)
        self.norm = nn.BatchNorm2d(channels)
        self.depthwise = nn.Conv2d(
            channels, channels, 3, padding=2, dilation=2, groups=channels
        )

    def forward(self, x):
        out = self.depthwise(functional.relu(self.norm(self.grouped(x)), inplace=True))
        out += x
        return out.relu_()


class Squeeze(nn.Module):
    """Squeeze-and-excitation: what is behind it sees the whole image."""

    def forward(self, x):
        return x * torch.sigmoid(functional.adaptive_avg_pool2d(x, 1))


class Branches(nn.Module):
    """Inception: pooling, strided and plain branches side by side."""

    def __init__(self, channels):
        super().__init__()
        self.wide = nn.Conv2d(channels, 6, 5, padding=2, bias=False)
        self.thin = nn.Conv2d(channels, 6, 1)

    def forward(self, x):
        pooled = functional.max_pool2d(x, 3, 1, 1)
        means = functional.avg_pool2d(x, 3, 1, 1)
        return torch.cat([self.wide(x), self.thin(pooled), means], 1)


class Shuffle(nn.Module):
    """A channel shuffle between two halves, one of which is left as it is."""

    def forward(self, x):
        kept, changed = x.chunk(2, 1)
        x = torch.cat([kept, changed.tanh()], 1)
        images, channels, height, width = x.shape
        x = x.view(images, 2, channels // 2, height, width).transpose(1, 2)
        return x.contiguous().view(images, channels, height, width)


class ChannelsLast(nn.Module):
    """ConvNeXt's way: a norm and dense layers over channels at each place."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels)
        self.dense = nn.Linear(channels, channels)
        self.scale = nn.Parameter(torch.full((channels, 1, 1), 0.5))

    def forward(self, x):
        own = self.dense(functional.gelu(self.norm(x.permute(0, 2, 3, 1))))
        return x + own.permute(0, 3, 1, 2) * self.scale


def network(*middle):
    """Seven layers around what is tried: stride, ceiling mode, padding, dense."""
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, padding=2),
        nn.ReLU(inplace=True),
        *middle,
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.LazyConv2d(12, 3, padding="same"),
        nn.ZeroPad2d((1, 0, 0, 1)),
        nn.LazyConv2d(12, 1, stride=2),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.LazyLinear(5),
    )
    net(torch.zeros(1, 3, SIDE, SIDE))
    return net.double().eval().requires_grad_(False)


NETWORKS = {
    "plain": lambda: (),
    "residual": lambda: (Block(8), Block(8)),
    "branches": lambda: (Branches(8),),
    "shuffled": lambda: (Shuffle(),),
    "channels last": lambda: (ChannelsLast(8),),
    "squeezed late": lambda: (Block(8), Branches(8), Squeeze()),
}


def cases(seed, side, count):
    """Windows of random size and fill, one in each corner among them."""
    random = np.random.default_rng(seed)
    height, width = random.integers(2, side // 3, 2)
    tops = random.integers(0, side - height + 1, count)
    lefts = random.integers(0, side - width + 1, count)
    tops[:4] = 0, 0, side - height, side - height
    lefts[:4] = 0, side - width, 0, side - width
    patches = torch.from_numpy(random.normal(size=(count, 3, height, width)))
    return patches, tops.tolist(), lefts.tolist()


def hidden(x, patches, tops, lefts):
    images = x.repeat(len(patches), 1, 1, 1)
    for image, patch, top, left in zip(images, patches, tops, lefts, strict=True):
        image[:, top : top + patch.shape[1], left : left + patch.shape[2]] = patch
    return images


@pytest.mark.parametrize("middle", NETWORKS)
def test_equals_full_passes(middle):
    net = network(*NETWORKS[middle]())
    x = torch.randn(1, 3, SIDE, SIDE, dtype=torch.float64)
    forward = verified_forward(net, x, (6, 6), never)
    for seed in range(6):
        patches, tops, lefts = cases(seed, SIDE, 9)
        full = net(hidden(x, patches, tops, lefts))
        scale = (full - net(x)).abs().max()
        found = forward(patches, tops, lefts)
        assert (found - full).abs().max() <= 1e-9 * scale


def test_work_is_a_part_of_the_full_passes():
    """By hand: one convolution of 3 x 3 spreads 2 x 2 pixels to 4 x 4 of 48 x 48."""
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Flatten())
    forward = verified_forward(net.eval(), torch.rand(1, 3, SIDE, SIDE), (2, 2), never)
    assert forward.work((2, 2), [20], [20]) == pytest.approx(16 / SIDE**2)
    assert forward.work((2, 2), [0], [20]) == pytest.approx(12 / SIDE**2)


@pytest.mark.parametrize("pad", [(0, 1, 0, 1), (2, 1, 1, 0), (1, 1, 1, 1)])
def test_padding_by_itself_is_followed(pad):
    """By hand: 2 x 2 pixels become 4 x 4 of the convolution, wherever they lie."""
    net = nn.Sequential(nn.ZeroPad2d(pad), nn.Conv2d(3, 4, 3), nn.Flatten()).double()
    x = torch.randn(1, 3, SIDE, SIDE, dtype=torch.float64)
    forward = verified_forward(net.eval(), x, (2, 2), never)
    places = (SIDE + pad[2] + pad[3] - 2) * (SIDE + pad[0] + pad[1] - 2)
    # A middle that nothing cuts: 2 + 2 of each side see it.
    assert forward.work((2, 2), [20], [20]) == pytest.approx(16 / places)
    patches, tops, lefts = cases(3, SIDE, 9)
    full = net(hidden(x, patches, tops, lefts))
    assert (forward(patches, tops, lefts) - full).abs().max() <= 1e-12


@pytest.mark.parametrize(
    "window",
    [
        Sliding(3, 1, 1, 1),
        Sliding(3, 2, 1, 1),
        Sliding(7, 2, 3, 1),
        Sliding(3, 1, 4, 4),
        Sliding(2, 2, 0, 1),
        Sliding(1, 2, 0, 1),
    ],
)
def test_slid_intervals_hold_all_that_a_window_sees(window):
    """Truth: a convolution of ones over an image that is 1 where it changed."""
    side = 21
    for first in range(side):
        for end in range(first + 1, min(side, first + 6) + 1):
            mark = torch.zeros(1, 1, side)
            mark[..., first:end] = 1
            seen = functional.conv1d(
                mark, torch.ones(1, 1, window.kernel), stride=window.stride,
                padding=window.padding, dilation=window.dilation,
            )[0, 0].nonzero()[:, 0]  # fmt: skip
            after = (side + 2 * window.padding - window.reach - 1) // window.stride + 1
            own = Interval(np.array([first]), np.array([end]), side)
            found = own.slid(window, after)
            inside = range(int(found.first[0]), int(found.end[0]))
            assert set(seen.tolist()) <= set(inside)
            # Tight: at the ends lies what is seen, gaps of a dilation aside.
            if len(seen) and window.dilation == 1:
                assert (seen[0], seen[-1]) == (inside[0], inside[-1])


class Branching(nn.Module):
    """Looks at numbers: another image may go another way."""

    def forward(self, x):
        return x.flatten(1) if x.mean() > 0 else -x.flatten(1)


class Listing(nn.Module):
    """Takes numbers out without an operation of torch."""

    def forward(self, x):
        return x.flatten(1) * max(x[0, 0, 0].tolist())


class Rewriting(nn.Module):
    """Writes into a tensor that another name still shows."""

    def forward(self, x):
        x = x * 2
        rows = x[:, :, 0]
        x.relu_()
        return (x.mean(2) + rows).flatten(1)


class Rolling(nn.Module):
    """Gives something else each time."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(3, 3, 3)

    def forward(self, x):
        return self.filters(x).flatten(1) + torch.rand(1)


class Reading(nn.Module):
    """Reads the rows one after the other by an LSTM, which starts from zeros."""

    def __init__(self):
        super().__init__()
        self.filters = nn.Conv2d(3, 3, 3, padding=1)
        self.lstm = nn.LSTM(3 * 16, 4, batch_first=True)

    def forward(self, x):
        rows = self.filters(x).permute(0, 2, 1, 3).flatten(2)
        return self.lstm(rows)[0][:, -1]


@pytest.mark.parametrize(
    ("module", "reason"),
    [
        (Branching(), "numbers"),
        (Reading(), "recurrent"),
        (Listing(), "numbers"),
        (Rewriting(), "writes"),
        (Rolling(), "something else"),
        (nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(3, 9, 1)), "whole image"),
    ],
)
def test_refuses_what_cannot_be_followed(module, reason):
    with pytest.raises(UnfollowableError, match=reason):
        verified_forward(module, torch.rand(1, 3, 16, 16), (4, 4), never)


def test_the_image_and_the_network_stay_as_they_are():
    net = network(*NETWORKS["residual"]())
    x = torch.randn(1, 3, SIDE, SIDE, dtype=torch.float64)
    before, weights = x.clone(), {k: v.clone() for k, v in net.state_dict().items()}
    forward = verified_forward(net, x, (6, 6), never)
    forward(torch.zeros(2, 3, 6, 6, dtype=torch.float64), [3, 9], [3, 9])
    assert torch.equal(x, before)
    assert all(torch.equal(weights[k], v) for k, v in net.state_dict().items())
    assert not any(module._forward_hooks for module in net.modules())


def test_a_check_abandons_the_pass():
    stopped = threading.Event()

    def check():
        if stopped.is_set():
            raise CancelledError

    x = torch.rand(1, 3, SIDE, SIDE).double()
    forward = verified_forward(network(), x, (6, 6), check)
    stopped.set()
    with pytest.raises(CancelledError):
        forward(torch.zeros(1, 3, 6, 6).double(), [3], [3])


def test_recipes_of_earlier_versions_mean_full_passes():
    """A recipe as it was written before there were incremental passes."""
    values = {"target": "", "window": 16, "stride": 8, "fill": "grey", "edges": "cut"}
    text = json.dumps(
        {
            "format": 1, "method": "occlusion", "values": values,
            "model": "zoo:resnet18",
            "model_sha256": "", "preprocess": Preprocess().to_json(),
            "chunks": [4, 8], "changes": [],
        }
    )  # fmt: skip
    recipe = Recipe.from_json(text, "old.json")
    assert recipe.values["computation"] == "full"


ZOO = ("resnet18", "resnet50", "vgg16", "googlenet", "densenet121",
       "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny")  # fmt: skip


def calibrated(name):
    """Random weights whose maps are all of a size: the norms saw noise."""
    torch.manual_seed(0)
    options = {"init_weights": True} if name == "googlenet" else {}
    net = torchvision.models.get_model(name, weights=None, **options)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = None
        if isinstance(module, nn.Linear):
            nn.init.kaiming_uniform_(module.weight)
    with torch.no_grad():
        net.train()(torch.randn(4, 3, 224, 224))
    return net.eval().requires_grad_(False)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*init.*:FutureWarning")
@pytest.mark.parametrize("name", ZOO)
def test_every_network_of_the_zoo(name):
    """20 windows and fills each; truth: full passes in float64.

    Full passes in float32 are themselves off by roundings: no more is asked of
    incremental ones than 1e-5 of the range, or twice what those are off.
    """
    x = torch.randn(1, 3, 224, 224)
    net = calibrated(name)
    single = folded(net, 3, (224, 224))
    exact = net.double()
    try:
        forwards = (
            verified_forward(exact, x.double(), (16, 16), never),
            verified_forward(single, x, (16, 16), never),
        )
    except UnfollowableError:
        # Squeeze-and-excitation from the first block on: nothing is saved.
        assert any(isinstance(each, SqueezeExcitation) for each in net.modules())
        return
    truth, double, incremental, full = [], [], [], []
    for patches, place in _windows(20):
        truth.append(exact(hidden(x.double(), patches, *place)))
        double.append(forwards[0](patches, *place))
        incremental.append(forwards[1](patches.float(), *place))
        full.append(single(hidden(x, patches.float(), *place)))
    drops = torch.cat(truth) - exact(x.double())
    scale = drops.amax() - drops.amin()
    assert _error(double, truth) <= 1e-9 * scale
    rounding = _error(full, truth)
    assert _error(incremental, truth) <= max(1e-5 * scale, 2 * rounding)


def _windows(count):
    """Random sizes, fills and places, a corner or an edge among every five."""
    for seed in range(count):
        patches, tops, lefts = cases(seed, 224, 5)
        at = seed % 5
        yield patches[at : at + 1], (tops[at : at + 1], lefts[at : at + 1])


def _error(found, truth):
    return (torch.cat(found) - torch.cat(truth)).abs().max()


def test_a_bundled_network_in_float32():
    torch.manual_seed(0)
    net = folded(SmallResNet(9).eval().requires_grad_(False), 3, (64, 64))
    _agree_small(net, torch.randn(1, 3, 64, 64))


def _agree_small(net, x):
    forward = verified_forward(net, x, (8, 8), never)
    patches, tops, lefts = cases(1, 64, 12)
    full = net(hidden(x, patches.float(), tops, lefts))
    scale = (full - net(x)).abs().max()
    found = forward(patches.float(), tops, lefts)
    assert (found - full).abs().max() <= 1e-5 * scale
