"""A small network, an image, maps and a mask on which trust in maps is measured."""

import numpy as np
import torch
from torch import nn

SIDE, CLASSES, CLASS = 24, 5, 0
BLOCK = 6
"""Side of the squares that infidelity removes, px."""
NOISES = 3
"""Perturbed images of max-sensitivity."""


def net(channels: int = 1) -> nn.Module:
    """Return a network of random weights, float64."""
    kind = {"dtype": torch.float32}  # whatever the default is: the same numbers
    with torch.random.fork_rng():
        torch.manual_seed(3)
        made = nn.Sequential(
            nn.Conv2d(channels, 6, 5, **kind), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(6, 8, 3, **kind), nn.ReLU(), nn.Flatten(),
            nn.Linear(512, CLASSES, **kind),
        )  # fmt: skip
    with torch.no_grad():
        made[-1].weight *= 20  # so that what is hidden changes the answer
    return made.double().eval().requires_grad_(False)


def image(channels: int = 1) -> np.ndarray:
    """Return an image in [0, 1], float64 (1, C, SIDE, SIDE)."""
    return np.random.default_rng(7).random((1, channels, SIDE, SIDE))


def maps() -> list[np.ndarray]:
    """Return maps (SIDE, SIDE): signed, a soft spot, a gradient's size."""
    random = np.random.default_rng(11)
    y, x = np.mgrid[:SIDE, :SIDE]
    position = np.exp(-((y - 8) ** 2 + (x - 15) ** 2) / 30) + 1e-3 * random.random(
        y.shape
    )
    pixels = torch.from_numpy(image()).requires_grad_()
    (slope,) = torch.autograd.grad(net()(pixels)[0, CLASS], pixels)
    return [random.normal(size=y.shape), position, slope[0, 0].abs().numpy()]


def mask() -> np.ndarray:
    """Return an object, bool (SIDE, SIDE)."""
    found = np.zeros((SIDE, SIDE), bool)
    found[4:14, 10:22] = True
    return found


def explained(pixels: np.ndarray) -> np.ndarray:
    """Return a map of a batch that changes with it, (N, SIDE, SIDE): its gradient."""
    batch = torch.from_numpy(pixels).requires_grad_()
    (slope,) = torch.autograd.grad(net()(batch)[:, CLASS].sum(), batch)
    return slope[:, 0].numpy()


def noises() -> np.ndarray:
    """Return perturbations of at most 0.02, (NOISES, 1, SIDE, SIDE)."""
    drawn = np.random.default_rng(5).random((NOISES, 1, SIDE, SIDE))
    return 0.04 * drawn - 0.02


def removed() -> np.ndarray:
    """Return pixels to fill, bool (SIDE, SIDE), a third of all."""
    return np.random.default_rng(9).random((SIDE, SIDE)) < 1 / 3
