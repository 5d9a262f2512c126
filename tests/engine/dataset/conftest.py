"""A set of small images with known classes, and a network of a few lines."""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from torch import nn

import nnviz
from nnviz.base.preprocess import Preprocess

COLORS = {"blue": 2, "green": 1, "red": 0}
"""The channel that is bright in each class."""
SIDE = 16


class ColorNet(nn.Module):
    """Tells red, green and blue; a fourth channel is always dead."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.relu = nn.ReLU()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(4, 3)
        with torch.no_grad():
            self.conv.weight.zero_()
            for channel in range(3):
                self.conv.weight[channel, channel] = 1 / 9
            self.conv.bias.copy_(torch.tensor([0.0, 0.0, 0.0, -9.0]))
            self.head.weight.zero_()
            self.head.weight[:, :3] = 10 * torch.eye(3)
            self.head.bias.zero_()

    def forward(self, x):
        return self.head(self.pool(self.relu(self.conv(x))).flatten(1))


PLAIN = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.0,) * 3, std=(1.0,) * 3
)


def draw(folder, count, seed=0):
    """Write ``count`` noisy images of each color, one class folder each."""
    generator = np.random.default_rng(seed)
    for name, channel in COLORS.items():
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = generator.integers(0, 120, (SIDE, SIDE, 3), np.uint8)
            pixels[..., channel] += 100
            PillowImage.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


@pytest.fixture(scope="session")
def colors(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("colors") / "set", 14)


@pytest.fixture(scope="session")
def color_model():
    return nnviz.load(ColorNet(), preprocess=PLAIN, labels=["red", "green", "blue"])


@pytest.fixture(scope="session")
def color_index(colors, color_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("colors") / "index"
    return nnviz.index(colors, color_model, out=out, layers="relu", precision="float32")
