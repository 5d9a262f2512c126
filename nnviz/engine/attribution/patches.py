"""Features of patches: the patch under a point, cosine similarity, PCA as colors."""

import torch
from torch import Tensor

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.frames import Placement
from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.engine.nn.feature_maps import covers_input

_COLORS = 3
_TINY = 1e-12
_COARSEST = 16
"""A layer chosen by default has maps of at least 1/16 of the input's side."""
_OUTLIERS = 0.01
"""Fraction of the values that is cut off at each end of a color scale."""


def choose_features(info: ModelInfo, name: str) -> LayerInfo:
    """Return a layer whose positions cover the input: a token grid, or feature maps.

    Args:
        info: of the network.
        name: of the layer; empty for the deepest whose maps are fine enough.

    Raises:
        UsageError: no such layer.
        ModelError: the layer, or every layer, has no position in the input.
    """
    if name:
        layer = info.known_layer(name)
        if layer.spatial and covers_input(layer):
            return layer
        raise ModelError(
            name, "its positions do not lie over the image", "pick another layer"
        )
    found = [each for each in info.layers if each.spatial and covers_input(each)]
    if not found:
        raise ModelError(
            info.title,
            "has no layer that covers the image",
            "pick another",
        )
    fine = max(info.preprocess.input_size) / _COARSEST
    return next((each for each in reversed(found) if _side(each) >= fine), found[-1])


def _side(layer: LayerInfo) -> int:
    """Return the larger side of a layer's map, in positions."""
    shape = layer.shape or (1,)
    return max(layer.grid or shape[-2:])


def cell_at(
    placement: Placement, x: float, y: float, grid: tuple[int, int]
) -> tuple[int, int]:
    """Return the row and column of the cell at a position of the image.

    Args:
        placement: of the input on the image.
        x: across the image, 0 to 1.
        y: down the image, 0 to 1.
        grid: rows and columns of cells over the input.

    Raises:
        UsageError: the point lies outside the network's input.
    """
    height, width = placement.photo_size
    top, left = placement.to_input(y * height, x * width)
    rows, columns = placement.input_size
    if not (0 <= top <= rows and 0 <= left <= columns):
        raise UsageError(
            "--x and --y",
            "the network does not see that position: its input is cut from the middle",
            "pick a position nearer to the middle",
        )
    row = min(int(top / rows * grid[0]), grid[0] - 1)
    return row, min(int(left / columns * grid[1]), grid[1] - 1)


def cosine_map(maps: Tensor, cell: tuple[int, int]) -> Tensor:
    """Return the cosine similarity of each position to one position, (h, w).

    Args:
        maps: (C, h, w).
        cell: row and column.

    Returns:
        From -1 to 1; 0 where all features of a position are zero.
    """
    wide = maps.double()
    lengths = wide.norm(dim=0)
    chosen = wide[:, cell[0], cell[1]]
    products: Tensor = torch.einsum("chw,c->hw", wide, chosen)
    found: Tensor = products / (lengths * chosen.norm()).clamp_min(_TINY)
    return found


def principal_components(maps: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """Return the first principal components over the features of all positions.

    Pearson 1901; the positions of several images are analyzed together, so that a
    direction means the same in all of them.

    Args:
        maps: (N, C, h, w).
        count: of components.

    Returns:
        (N, count, h, w), and the fraction of the variance that each explains.  The
        largest weight of each component is positive, so that signs are not arbitrary.
    """
    images, channels, height, width = maps.shape
    rows = maps.double().permute(0, 2, 3, 1).reshape(-1, channels)
    rows = rows - rows.mean(0)
    values, vectors = torch.linalg.eigh(rows.T @ rows)
    order = values.argsort(descending=True)[:count]
    chosen = vectors[:, order]
    strongest = chosen.abs().argmax(0)
    signs = chosen[strongest, torch.arange(chosen.shape[1])].sign()
    found = rows @ (chosen * signs)
    shares = values[order].clamp_min(0) / values.clamp_min(0).sum().clamp_min(_TINY)
    return found.T.reshape(-1, images, height, width).transpose(0, 1), shares


def as_colors(components: Tensor) -> Tensor:
    """Return the first three components as RGB, (N, 3, h, w) in [0, 1].

    Each is rescaled over all images together, with a hundredth cut off at either end.

    Args:
        components: (N, K, h, w); missing ones are 0.
    """
    images, count, height, width = components.shape
    colors = components.new_zeros(images, _COLORS, height, width)
    for index in range(min(count, _COLORS)):
        values = components[:, index]
        low, high = torch.quantile(
            values.flatten(), torch.tensor([_OUTLIERS, 1 - _OUTLIERS]).to(values)
        )
        span = (high - low).clamp_min(_TINY)
        colors[:, index] = ((values - low) / span).clamp(0, 1)
    return colors
