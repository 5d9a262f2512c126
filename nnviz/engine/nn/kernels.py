"""Kernels of a convolution, their similarity, and redundant ones."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from torch import nn

Kernels = NDArray[np.float32]
"""(O, I, h, w): outputs, inputs of a group, rows, columns."""
Square = NDArray[np.float32]
_BLOCK = 512


def kernels_of(module: nn.Module) -> Kernels | None:
    """Return a copy of a layer's kernels (O, I, h, w); None if it has none.

    A transposed convolution's are transposed so that outputs come first; of a grouped
    convolution, I counts the inputs of one group.
    """
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        return None
    weight = module.weight.detach().float().cpu()
    if isinstance(module, nn.ConvTranspose2d):
        by_group = weight.reshape(module.groups, -1, *weight.shape[1:])
        weight = by_group.transpose(1, 2).flatten(0, 1)
    kernels: Kernels = weight.numpy().copy()
    return kernels


def norms(kernels: Kernels) -> NDArray[np.float64]:
    """Return the L2 norm of each kernel over all its weights, (O,)."""
    flat = kernels.reshape(len(kernels), -1)
    lengths: NDArray[np.float64] = np.linalg.norm(flat.astype(np.float64), axis=1)
    return lengths


def cosines(kernels: Kernels, check: Callable[[], None]) -> Square:
    """Return the cosine between every pair of kernels, (O, O).

    0 where a kernel has no direction: it is all zero, or holds infinities or NaN.

    Args:
        kernels: at least one.
        check: called between blocks.
    """
    flat = kernels.reshape(len(kernels), -1)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    directed = np.isfinite(length) & (length > 0)
    unit = np.divide(flat, length, out=np.zeros_like(flat), where=directed)
    found = np.empty((len(unit), len(unit)), np.float32)
    for first in range(0, len(unit), _BLOCK):
        check()
        np.matmul(unit[first : first + _BLOCK], unit.T, out=found[first:][:_BLOCK])
    return found


def nearest(alike: Square) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return each kernel's most similar or most opposite other one, and its cosine.

    Args:
        alike: (O, O) cosines, O at least 2.

    Returns:
        Indices (O,) and signed cosines (O,).
    """
    others = np.abs(alike)
    np.fill_diagonal(others, -1)
    index = others.argmax(axis=1)
    return index, np.take_along_axis(alike, index[:, None], 1)[:, 0].astype(np.float64)


def chain(alike: Square, first: int) -> NDArray[np.int64]:
    """Return an order in which similar kernels are adjacent.

    Each is followed by the remaining kernel most similar to it (the nearest-neighbor
    tour); ties go to the first in the network's order.

    Args:
        alike: (O, O), larger is more similar.
        first: where to begin.
    """
    left = np.ones(len(alike), bool)
    order = np.empty(len(alike), np.int64)
    here = first
    for index in range(len(alike)):
        order[index] = here
        left[here] = False
        here = int(np.where(left, alike[here], -np.inf).argmax())
    return order
