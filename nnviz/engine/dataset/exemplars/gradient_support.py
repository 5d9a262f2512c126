"""Receptive fields by gradient support: the pixels on which a position depends.

Measured on noise, for all channels of a layer together, so it works for any network
with gradients, and borders are clipped automatically.
"""

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.map_layers import map_size

_DRAWS = 2
"""Noise images; pixels that max pooling ignores in one are detected in another."""
_SEED = 7
Check = Callable[[], None]
Spans = NDArray[np.float32]


def support_spans(model: Model, layer: str, check: Check) -> tuple[Spans, Spans]:
    """Return the input rows and columns that each position of a map depends on.

    A position's field is the rectangle of its row's span and its column's.

    Args:
        model: the network.
        layer: with maps over the input.
        check: raises to stop.

    Returns:
        (h, 2) first row and one past the last, px of the network's input; (w, 2).
    """
    info = model.info.known_layer(layer)
    rows, columns = map_size(info) or (1, 1)
    pixels = _noise(model)
    passes = model.pixel_model(check)

    def field(row: int, column: int) -> tuple[float, float, float, float]:
        leaf = pixels.clone().requires_grad_()
        with passes.differentiable():
            output = passes.up_to(leaf, {layer: info.calls})[layer]
            maps = maps_of(output, info)
            weights = torch.linspace(0.5, 1.5, maps.shape[1], device=maps.device)
            score = (maps[:, :, row, column] * weights).sum()
        if not score.requires_grad:
            return 0, pixels.shape[2], 0, pixels.shape[3]
        (gradient,) = torch.autograd.grad(score, leaf)
        return _bounds(gradient)

    middle_row, middle_column = rows // 2, columns // 2
    down = [field(row, middle_column)[:2] for row in range(rows)]
    along = [field(middle_row, column)[2:] for column in range(columns)]
    return np.array(down, np.float32), np.array(along, np.float32)


def field_boxes(spans: tuple[Spans, Spans], places: NDArray[np.int64]) -> Spans:
    """Return the receptive fields of positions (..., 2) as boxes (..., 4).

    Left, top, right, bottom, px of the network's input.
    """
    down, along = spans
    rows, columns = down[places[..., 0]], along[places[..., 1]]
    return np.stack(
        [columns[..., 0], rows[..., 0], columns[..., 1], rows[..., 1]], axis=-1
    )


def _noise(model: Model) -> Tensor:
    preprocess = model.info.preprocess
    generator = torch.Generator().manual_seed(_SEED)
    shape = (_DRAWS, preprocess.channels, *preprocess.input_size)
    return torch.rand(shape, generator=generator).to(model.device)


def _bounds(gradient: Tensor) -> tuple[float, float, float, float]:
    """Return the bounds of the non-zero gradient; the whole image if it is zero."""
    there = (gradient.abs() > 0).any(0).any(0)
    rows, columns = there.any(1).nonzero()[:, 0], there.any(0).nonzero()[:, 0]
    if not len(rows):
        return 0, there.shape[0], 0, there.shape[1]
    return int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
