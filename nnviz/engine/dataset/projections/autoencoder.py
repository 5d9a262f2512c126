"""Autoencoder with a code of two numbers (Hinton and Salakhutdinov 2006)."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.engine.dataset.projections.pca import principal_components
from nnviz.engine.dataset.projections.task import Projecting, Stage, Task, Vectors

_WIDTHS = (128, 32)
_CODE = 2
_EPOCHS, _BATCH, _RATE = 40, 256, 2e-3
_COMPONENTS = 128


class Autoencoder(nn.Module):
    """Fully connected, from d numbers to two and back.

    Args:
        size: d.
        generator: of the initial weights.
    """

    def __init__(self, size: int, generator: torch.Generator) -> None:
        super().__init__()
        widths = [size, *_WIDTHS, _CODE]
        self.encoder = _layers(widths, generator)
        self.decoder = _layers(widths[::-1], generator)

    def forward(self, x: Tensor) -> Tensor:
        """Reconstruct vectors (n, d) through the code."""
        decoded: Tensor = self.decoder(self.encoder(x))
        return decoded


def project(task: Task) -> Projecting:
    """Train by Adam on the mean squared error, yielding the codes after each epoch."""
    width = min(_COMPONENTS, task.vectors.shape[1])
    components = principal_components(task.vectors, width)
    reduced = torch.from_numpy(components.project(task.vectors))
    scale = reduced.std().clamp_min(1e-12)
    values = reduced / scale
    generator = torch.Generator().manual_seed(task.seed)
    net = Autoencoder(width, generator)
    optimizer = torch.optim.Adam(net.parameters(), lr=_RATE)
    total = task.steps or _EPOCHS
    stage = Stage(points=reduced[:, :_CODE].numpy(), done=0, total=total)
    yield stage
    for epoch in range(1, total + 1):
        loss = _epoch(net, values, optimizer, generator, task)
        with torch.no_grad():
            codes = net.encoder(values)
        stage = Stage(
            points=codes.numpy(), done=epoch, total=total, figures={"error": loss}
        )
        yield stage

    @torch.no_grad()
    def place(vectors: Vectors) -> Vectors:
        placed = net.encoder(torch.from_numpy(components.project(vectors)) / scale)
        return np.asarray(placed.numpy())

    return replace(stage, placer=place)


def _epoch(
    net: Autoencoder,
    values: Tensor,
    optimizer: torch.optim.Optimizer,
    generator: torch.Generator,
    task: Task,
) -> float:
    """Train one epoch; return the mean squared error during it."""
    total = 0.0
    order = torch.randperm(len(values), generator=generator)
    for places in torch.split(order, _BATCH):
        task.check()
        with torch.enable_grad():
            batch = values[places]
            loss = (net(batch) - batch).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        total += float(loss.detach()) * len(places)
    return total / len(values)


def _layers(widths: list[int], generator: torch.Generator) -> nn.Sequential:
    found: list[nn.Module] = []
    for number, (before, after) in enumerate(pairwise(widths)):
        if number:
            found.append(nn.ELU())
        linear = nn.Linear(before, after)
        bound = before**-0.5
        with torch.no_grad():
            for weight in linear.parameters():
                draw = torch.rand(weight.shape, generator=generator)
                weight.copy_((2 * draw - 1) * bound)
        found.append(linear)
    return nn.Sequential(*found)
