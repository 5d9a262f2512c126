"""Masks from a segmentation network's logits, and the area shares of classes."""

import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.base.frames import Frame
from nnviz.base.results import BACKGROUNDS, Mask, Table
from nnviz.engine.context import Context

_NDIM = 4


def input_logits(ctx: Context) -> Tensor:
    """Return the logits over the network's input, (1, K, H, W).

    Raises:
        ModelError: the output is not one finite map per class.
    """
    logits, title = ctx.inference.outputs()[0], ctx.model.info.title
    if logits.ndim != _NDIM:
        raise ModelError(
            title,
            f"returns an output of shape {tuple(logits.shape)}, not one map per class",
            "pick a network that segments",
        )
    if not bool(logits.sum().isfinite()):
        raise ModelError(
            title,
            "returns outputs that are infinite or not numbers",
            "check its weights and its preprocessing",
        )
    return enlarged(logits, ctx.placement.input_size)


def enlarged(logits: Tensor, size: tuple[int, int]) -> Tensor:
    """Return logits (1, K, H, W) interpolated to a size, if they have another."""
    if tuple(logits.shape[2:]) == size:
        return logits
    return functional.interpolate(logits, size, mode="bilinear", align_corners=False)


def make_mask(ctx: Context, probabilities: Tensor, lowest: float = 0.0) -> Mask:
    """Return the mask of the likeliest classes, over the network's input.

    Not over the photo: these are the pixels that the network classified; how they are
    overlaid on a larger photo is left to the painter.

    Args:
        ctx: with the network's labels.
        probabilities: (K, H, W), of the classes.
        lowest: pixels of less confidence are background, if there is such a class.
    """
    confidence, classes = probabilities.detach().max(0)
    labels = ctx.model.info.labels
    background = background_of(labels)
    if background >= 0:
        classes = torch.where(confidence < lowest, background, classes)
    return Mask(
        classes=classes.cpu().contiguous().numpy(),
        confidence=confidence.cpu().contiguous().numpy(),
        labels=labels,
        background=background,
        frame=Frame.INPUT,
        placement=ctx.placement,
    )


def background_of(labels: tuple[str, ...]) -> int:
    """Return the index of the background class; -1 if there is none."""
    return next((i for i, name in enumerate(labels) if name in BACKGROUNDS), -1)


def shares_table(mask: Mask) -> Table:
    """Return a table of the classes that occur, the largest first."""
    rows = tuple(
        (mask.labels[index], 100 * share, 100 * _mean_confidence(mask, index))
        for index, share in mask.shares().items()
    )
    return Table(columns=("class", "area, %", "mean confidence, %"), rows=rows)


def _mean_confidence(mask: Mask, index: int) -> float:
    return float(mask.confidence[mask.classes == index].mean())
