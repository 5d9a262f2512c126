"""The report of a step of feature visualization."""

import math
from dataclasses import replace

import numpy as np
from torch import Tensor

from nnviz.base.frames import Frame, Placement
from nnviz.base.results import ColorImage, Curves, Report
from nnviz.engine.optvis.optimize import Ascent, AscentStep

_GAP = 2
"""Pixels between two images."""
_TINY = 1e-12
_OPAQUE = 0.8
"""Quantile of the importance from which a pixel is fully opaque."""


def ascent_report(
    climb: Ascent, climbed: AscentStep, words: str, placement: Placement | None = None
) -> Report:
    """Return the report of one step.

    Args:
        climb: the optimization after the step.
        climbed: result of the step.
        words: description of what is maximized.
        placement: of the network's input on the image, where the results have the frame
            of the input.

    Returns:
        "picture", the images that were scored, and "objective", a curve.
    """
    scores = np.array(climb.scores)
    curve = Curves(
        x=np.arange(1, len(scores) + 1),
        series={"objective": scores},
        x_label="step",
        y_label="objective",
    )
    notes = (words, f"objective {scores[-1]:.4g} after {len(scores)} steps")
    picture = as_image(climbed.pixels)
    if placement is not None:
        picture = replace(picture, frame=Frame.INPUT, placement=placement)
    return Report({"picture": picture, "objective": curve}, notes)


def faded(climbed: AscentStep, color: Tensor) -> AscentStep:
    """Fade the images to a color where pixels have little importance, as in MaCo.

    The transparency of MaCo (Fel et al. 2023, arXiv:2306.06805, section 4): the opacity
    of a pixel rises with its importance, up to the 80th percentile.

    Args:
        climbed: a step.
        color: (C, 1, 1) in [0, 1].
    """
    importance = climbed.importance
    most = importance.flatten(1).quantile(_OPAQUE, dim=1).clamp(min=_TINY)
    alpha = (importance / most.view(-1, 1, 1)).clamp(max=1).unsqueeze(1)
    return replace(climbed, pixels=alpha * climbed.pixels + (1 - alpha) * color)


def as_image(pixels: Tensor, columns: int = 0) -> ColorImage:
    """Return a batch as one image, tiled row by row.

    Args:
        pixels: (N, C, H, W) in [0, 1]; where C is not 1 or 3 the first is
            shown.
        columns: images in a row; 0 makes a nearly square layout.

    Returns:
        Float32 (rows, columns, 1 or 3), white between the images.
    """
    tiles = pixels.detach().float().permute(0, 2, 3, 1).cpu().numpy()
    if tiles.shape[3] not in {1, 3}:
        tiles = tiles[..., :1]
    if len(tiles) == 1:
        return ColorImage(pixels=np.ascontiguousarray(tiles[0]))
    count, height, width, channels = tiles.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    size = (rows * (height + _GAP) - _GAP, columns * (width + _GAP) - _GAP, channels)
    sheet = np.ones(size, np.float32)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        top, left = row * (height + _GAP), column * (width + _GAP)
        sheet[top : top + height, left : left + width] = tile
    return ColorImage(pixels=sheet)
