"""Parameter randomization (Adebayo et al. 2018, arXiv:1810.03292, section 3).

A map that hardly changes when the network's weights are randomized shows the image, not
the network.  The weights are randomized on a copy, in cascade from the output down:
through half of the layers, where the paper's curves of maps that depend on the network
have fallen and those of guided backpropagation have not.
"""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

_SHARE = 0.5
"""Fraction of the layers, from the output down, whose weights are randomized."""


def randomized(net: nn.Module, seed: int) -> nn.Module:
    """Return a copy of a network with its last layers reinitialized.

    Args:
        net: unchanged.
        seed: of the weights; torch's own generators are restored.
    """
    drawn = copy.deepcopy(net)
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        torch.manual_seed(seed)  # noqa: TID251  layers draw from the global one
        resets = [
            reset
            for module in drawn.modules()
            if callable(reset := getattr(module, "reset_parameters", None))
        ]
        for reset in resets[int(len(resets) * (1 - _SHARE)) :]:
            reset()
    return drawn


def similarity(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    """Return Spearman's rank correlation of two maps' absolute values.

    Args:
        first: (H, W).
        second: (H, W).

    Returns:
        In [-1, 1]; 0 where one of the maps is constant.
    """
    ranks = [_ranks(np.abs(values).ravel()) for values in (first, second)]
    centered = [each - each.mean() for each in ranks]
    lengths = [float(np.sqrt(each @ each)) for each in centered]
    if 0.0 in lengths:
        return 0.0
    return float(centered[0] @ centered[1]) / (lengths[0] * lengths[1])


def _ranks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return ranks; ties get their mean rank."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    middles = ends - (counts - 1) / 2
    ranks: NDArray[np.float64] = middles[place].astype(np.float64)
    return ranks
