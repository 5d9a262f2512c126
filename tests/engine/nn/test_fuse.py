"""Folded twins: the network itself, in eval mode, is the truth throughout."""

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrizations
from torchvision.ops import FrozenBatchNorm2d

from nnviz.engine.nn.fuse import folded

SIZE = (20, 24)


def lively(norm):
    """Give a norm statistics and weights that matter."""
    rng = torch.Generator().manual_seed(norm.running_mean.numel())
    norm.running_mean.normal_(generator=rng)
    norm.running_var.uniform_(0.3, 3.0, generator=rng)
    if norm.weight is not None:
        norm.weight.data.uniform_(-2.0, 2.0, generator=rng)
        norm.bias.data.normal_(generator=rng)
    return norm


def bn(channels=8, **options):
    return lively(nn.BatchNorm2d(channels, **options))


class Branches(nn.Module):
    """The convolution's output is used beside the norm."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), bn()

    def forward(self, x):
        x = self.conv(x)
        return self.norm(x) + x


class Given(Branches):
    """The convolution's output is one of the network's own."""

    def forward(self, x):
        x = self.conv(x)
        return self.norm(x), x


class SharedNorm(nn.Module):
    """One norm behind two convolutions."""

    def __init__(self):
        super().__init__()
        self.first, self.second, self.norm = (
            nn.Conv2d(3, 8, 3),
            nn.Conv2d(3, 8, 3),
            bn(),
        )

    def forward(self, x):
        return self.norm(self.first(x)) + self.norm(self.second(x))


class SharedConvolution(nn.Module):
    """One convolution before two norms."""

    def __init__(self):
        super().__init__()
        self.conv, self.first, self.second = nn.Conv2d(3, 8, 3), bn(), bn()

    def forward(self, x):
        return self.first(self.conv(x)) - self.second(self.conv(x.flip(2)))


class Twice(nn.Module):
    """The same pair, twice."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 3, 3, padding=1), bn(3)

    def forward(self, x):
        return self.norm(self.conv(self.norm(self.conv(x))))


class TwoNames(nn.Module):
    """A norm that is called by its second name."""

    def __init__(self):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(3, 8, 3), bn()
        self.alias = self.norm

    def forward(self, x):
        return self.alias(self.conv(x))


class Standardized(nn.Conv2d):
    """Qiao et al. 2019 (arXiv:1903.10520): a scaled weight changes nothing."""

    def forward(self, x):
        weight = self.weight / self.weight.std((1, 2, 3), keepdim=True)
        return functional.conv2d(x, weight, self.bias)


class NormAndReLU(nn.BatchNorm2d):
    def forward(self, x):
        return super().forward(x).relu()


def plain(conv, norm=None):
    return nn.Sequential(conv, norm or bn(), nn.ReLU())


NETS = {
    "bias": lambda: plain(nn.Conv2d(3, 8, 3)),
    "no bias": lambda: plain(nn.Conv2d(3, 8, 3, bias=False)),
    "grouped": lambda: plain(nn.Conv2d(3, 6, 3, groups=3), bn(6)),
    "strided, dilated, reflected": lambda: plain(
        nn.Conv2d(3, 8, 3, 2, 2, 2, padding_mode="reflect")
    ),
    "no weight in the norm": lambda: plain(nn.Conv2d(3, 8, 3), bn(affine=False)),
    "frozen norm": lambda: plain(nn.Conv2d(3, 8, 3), lively(FrozenBatchNorm2d(8))),
    "twice": Twice,
    "two names": TwoNames,
}
KEPT = {
    "transposed": lambda: plain(nn.ConvTranspose2d(3, 8, 3)),
    "no norm": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU()),
    "ReLU between": lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), bn()),
    "instance statistics": lambda: plain(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8, track_running_stats=False)
    ),
    "branches": Branches,
    "given": Given,
    "shared norm": SharedNorm,
    "shared convolution": SharedConvolution,
    "standardised": lambda: plain(Standardized(3, 8, 3)),
    "weight norm": lambda: plain(parametrizations.weight_norm(nn.Conv2d(3, 8, 3))),
    "norm with ReLU": lambda: plain(nn.Conv2d(3, 8, 3), lively(NormAndReLU(8))),
}


def norms(net):
    return sum("Norm" in type(module).__name__ for module in net.modules())


def outputs(net, x):
    found = net(x)
    return found if isinstance(found, tuple) else (found,)


@pytest.mark.parametrize("name", [*NETS, *KEPT])
@torch.no_grad()
def test_the_twin_equals_the_network(name):
    """Truth: the network, but for the rounding of float32."""
    torch.manual_seed(0)
    net = (NETS | KEPT)[name]().eval()
    x = torch.rand(2, 3, *SIZE)
    before = outputs(net, x)
    twin = folded(net, 3, SIZE)
    for one, other in zip(outputs(twin, x), before, strict=True):
        assert (one - other).abs().max() <= 1e-5 * other.abs().max()
    for one, other in zip(outputs(net, x), before, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("name", [*NETS, *KEPT])
def test_norms_are_left_out_where_they_can_be(name):
    """Truth: a convolution and a norm that have to do with each other alone."""
    net = (NETS | KEPT)[name]().eval()
    expected = 0 if name in NETS else norms(net)
    assert norms(folded(net, 3, SIZE)) == expected


def test_the_order_in_memory_is_channels_innermost():
    net = NETS["bias"]().eval()
    weight = folded(net, 3, SIZE)[0].weight
    assert weight.is_contiguous(memory_format=torch.channels_last)
    assert net[0].weight.is_contiguous()


@pytest.mark.parametrize("affine", [True, False])
@torch.no_grad()
def test_an_instance_norm_works_with_channels_innermost(affine):
    """Truth: Ulyanov et al. 2016 (arXiv:1607.08022, equation 1), written out."""
    torch.manual_seed(0)
    norm = nn.InstanceNorm2d(5, affine=affine)
    if affine:
        norm.weight.uniform_(-2.0, 2.0)
        norm.bias.normal_()
    net = nn.Sequential(nn.Conv2d(3, 5, 3), norm).eval()
    twin = folded(net, 3, SIZE)
    assert not any(isinstance(each, nn.InstanceNorm2d) for each in twin.modules())
    x = torch.rand(2, 3, *SIZE)
    maps = net[0](x).double()
    plain = (maps - maps.mean((2, 3), keepdim=True)) / (
        maps.var((2, 3), correction=0, keepdim=True) + 1e-5
    ).sqrt()
    if affine:
        plain = plain * norm.weight.view(-1, 1, 1) + norm.bias.view(-1, 1, 1)
    found = twin(x.contiguous(memory_format=torch.channels_last))
    assert (found - plain).abs().max() <= 1e-4 * plain.abs().max()
    assert found.is_contiguous(memory_format=torch.channels_last)


def test_an_instance_norm_with_statistics_of_its_own_stays():
    """Truth: torch documents that in eval mode it uses those, not the maps' own."""
    net = nn.Sequential(
        nn.Conv2d(3, 5, 3), nn.InstanceNorm2d(5, track_running_stats=True)
    ).eval()
    assert isinstance(folded(net, 3, SIZE)[1], nn.InstanceNorm2d)
