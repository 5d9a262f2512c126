"""Predictions of a segmentation network at several output strides (FCN-32s to -8s).

Long, Shelhamer & Darrell 2015 (arXiv:1411.4038), section 4.2.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.engine.context import Context
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.segmentation import LeveledSegmenter
from nnviz.engine.segmentation.masks import enlarged

STRIDES = (32, 16, 8)
"""Output strides that are compared, px of the input per cell."""


@dataclass(frozen=True, slots=True, eq=False)
class Resolution:
    """A network's prediction on a grid of cells, over the whole input.

    Attributes:
        stride: side of a cell, px of the input.
        cells: rows and columns of the grid.
        logits: (K, H, W), interpolated to the input's size.
    """

    stride: int
    cells: tuple[int, int]
    logits: Tensor

    @property
    def key(self) -> str:
        """Name of the prediction in a report."""
        return f"stride_{self.stride}"


def resolutions(ctx: Context, final: Tensor) -> tuple[Resolution, ...]:
    """Return the predictions from the coarsest to the network's own.

    A network with levels computes them itself; for others its logits are averaged over
    cells of 32, 16 and 8 px.

    Args:
        ctx: of the run.
        final: (1, K, H, W), the network's logits over its input.
    """
    net = ctx.model.net
    if isinstance(net, LeveledSegmenter):
        with torch.no_grad():
            found = tuple(net.levels(ctx.model.normalizer(ctx.pixels)))
        return tuple(_resolution(level, final) for level in found)
    coarse = [_averaged(final, stride) for stride in STRIDES if _fits(final, stride)]
    return tuple(_resolution(level, final) for level in (*coarse, final))


def sliding_windows(
    ctx: Context, size: int, stride: int
) -> Iterator[tuple[int, int, Tensor]]:
    """Yield the logits of sliding windows, each classified only at its center.

    Ciresan et al. 2012: a network that sees a window classifies its center; the image
    takes as many passes as there are windows.

    Args:
        ctx: of the run.
        size: side of a window, px.
        stride: side of the center that a prediction applies to, px.

    Yields:
        Completed windows, their total, and the logits of all cells so far, (1, K, rows,
        columns): remaining cells are 0.
    """
    passes = ctx.model.pixel_model(ctx.check, ctx.inference.twin())
    height, width = ctx.pixels.shape[2:]
    rows, columns = -(-height // stride), -(-width // stride)
    margin = (size - stride) // 2
    padded = functional.pad(
        ctx.pixels,
        (
            margin,
            margin + columns * stride - width,
            margin,
            margin + rows * stride - height,
        ),
        mode="replicate",
    )
    cells: Tensor | None = None
    for index in range(rows * columns):
        top, left = (stride * each for each in divmod(index, columns))
        answer = _middle(passes, padded[..., top : top + size, left : left + size])
        if cells is None:
            cells = answer.new_zeros(1, len(answer), rows, columns)
        cells[0, :, index // columns, index % columns] = answer
        yield index + 1, rows * columns, cells


def _middle(passes: PixelModel, window: Tensor) -> Tensor:
    """Return the logits (K,) at the center of a window (1, C, size, size)."""
    logits = passes.outputs(window)[0]
    logits = enlarged(logits, (window.shape[2], window.shape[3]))[0]
    middle = window.shape[2] // 2
    return logits[:, middle - 1 : middle + 1, middle - 1 : middle + 1].mean((1, 2))


def _resolution(level: Tensor, final: Tensor) -> Resolution:
    height, width = final.shape[2:]
    rows, columns = level.shape[2:]
    stride = 2 ** round(torch.tensor(height / rows).log2().item())
    return Resolution(stride, (rows, columns), enlarged(level, (height, width))[0])


def _averaged(logits: Tensor, stride: int) -> Tensor:
    return functional.avg_pool2d(logits, stride, ceil_mode=True)


def _fits(logits: Tensor, stride: int) -> bool:
    return min(logits.shape[2:]) >= stride
