"""Networks, pictures and targets that explanations are compared on.

Also imported by programs in .venv-peers, so it knows nothing of nnviz.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import VGG, VisionTransformer, resnet18
from torchvision.models.vgg import cfgs, make_layers

SIDE = 48
CLASSES = 10
TARGETS = (0, 3, 7)
PICTURES = 3
STEPS = 8
BASELINE = 0.25
"""A gray that is none of the usual ones."""


class PlainNet(nn.Module):
    """Convolutions with ReLUs in place, one of them used twice, and max pooling."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 12, 5, 2, 2)
        self.conv2 = nn.Conv2d(12, 16, 3, 1, 1)
        self.conv3 = nn.Conv2d(16, 24, 3, 1, 1)
        self.relu = nn.ReLU(inplace=True)
        self.last = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2)
        self.hidden = nn.Linear(24 * 16, 32)
        self.head = nn.Linear(32, CLASSES)

    def forward(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.last(self.conv3(x))
        x = functional.adaptive_avg_pool2d(x, 4).flatten(1)
        return self.head(torch.relu_(self.hidden(x)))


def networks() -> dict[str, nn.Module]:
    """Return a plain net, a ResNet and a small vision transformer, in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        plain = PlainNet()
        residual = resnet18(num_classes=CLASSES)
        transformer = VisionTransformer(SIDE, 16, 3, 4, 48, 96, num_classes=CLASSES)
        # torchvision makes a transformer's head of zeros: nothing would come back.
        nn.init.normal_(transformer.heads.head.weight, std=0.3)
        _warm_up(residual)
    made = {"plain": plain, "residual": residual, "transformer": transformer}
    return {name: net.double().eval().requires_grad_(False)
            for name, net in made.items()}  # fmt: skip


def _warm_up(net: nn.Module) -> None:
    """Give batch norms statistics that are not those of a fresh network."""
    net.train()
    with torch.no_grad():
        for _ in range(3):
            net(torch.randn(8, 3, SIDE, SIDE))


def pictures() -> Tensor:
    """Return smooth random pictures, float64 (PICTURES, 3, SIDE, SIDE) in [0, 1]."""
    generator = torch.Generator().manual_seed(1)
    coarse = torch.rand(PICTURES, 3, 12, 12, generator=generator).double()
    fine = torch.rand(PICTURES, 3, SIDE, SIDE, generator=generator).double()
    smooth = functional.interpolate(coarse, (SIDE, SIDE), mode="bilinear")
    return 0.8 * smooth + 0.2 * fine


def cases() -> tuple[Tensor, Tensor]:
    """Return every picture with every target: (N, 3, SIDE, SIDE) and int64 (N,)."""
    targets = torch.tensor(TARGETS)
    return (
        pictures().repeat_interleave(len(targets), 0),
        targets.repeat(PICTURES),
    )


CAM_NETWORKS = ("residual", "vgg", "transformer")
"""The networks that class activation maps are compared with other programs on."""


def cam_networks() -> dict[str, nn.Module]:
    """Return a ResNet-18, a VGG-11 and a small vision transformer, in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(2)
        vgg = VGG(make_layers(cfgs["A"]), num_classes=CLASSES, dropout=0)
        # Its own head of 120 million weights would say no more.
        vgg.avgpool = nn.AdaptiveAvgPool2d(1)
        vgg.classifier = nn.Linear(512, CLASSES)
    vgg.double().eval().requires_grad_(False)
    return networks() | {"vgg": vgg}


def cam_cases() -> list[tuple[Tensor, int]]:
    """Return each picture (1, 3, SIDE, SIDE) with a target of its own."""
    return [(x[None], int(t)) for x, t in zip(pictures(), TARGETS, strict=True)]


def patches(tokens: Tensor) -> Tensor:
    """Return the transformer's tokens (N, 1 + rows * columns, C) as (N, C, h, w)."""
    side = SIDE // 16
    return tokens[:, 1:].reshape(len(tokens), side, side, -1).permute(0, 3, 1, 2)
