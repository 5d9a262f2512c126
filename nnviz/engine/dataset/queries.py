"""Queries by an image outside the index: its record, crop and features."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from nnviz.base.dataset.neighbors import PIXELS
from nnviz.base.errors import InputError, UsageError
from nnviz.base.images import Image
from nnviz.engine.dataset.chunk import layer_rows
from nnviz.engine.models.model import Model
from nnviz.media.index import ImageIndex
from nnviz.media.index.reader import FEATURES
from nnviz.media.thumbnails import framed_thumbnail

Box = tuple[float, float, float, float]
"""Left, top, right, bottom, px of the image."""
_SMALLEST = 2


def record_of(index: ImageIndex, image: Image) -> int | None:
    """Find the record of an image by its file's hash; None if it is not indexed."""
    if len(image.sha256) != 64 or not len(index):  # noqa: PLR2004  SHA-256 as text
        return None
    wanted = np.frombuffer(bytes.fromhex(image.sha256), np.uint8)
    found = np.flatnonzero((index.sha256 == wanted).all(1))
    return int(found[0]) if len(found) else None


def cropped(image: Image, box: Box) -> Image:
    """Crop an image to a box.

    Raises:
        UsageError: the box lies outside, or is smaller than 2 px.
    """
    height, width = image.size
    left, top = (max(0, round(each)) for each in box[:2])
    right, bottom = min(width, round(box[2])), min(height, round(box[3]))
    if right - left < _SMALLEST or bottom - top < _SMALLEST:
        raise UsageError(
            "--box",
            f"{', '.join(f'{each:g}' for each in box)} holds no part of the image",
            f"give left, top, right, bottom within {width} x {height} px",
        )
    pixels = image.pixels[top:bottom, left:right].copy()
    alpha = None if image.alpha is None else image.alpha[top:bottom, left:right].copy()
    return replace(image, pixels=pixels, alpha=alpha, sha256="")


@torch.no_grad()
def query_features(
    index: ImageIndex,
    model: Model | None,
    image: Image,
    layer: str,
    check: Callable[[], None],
) -> Tensor:
    """Return an image's features as the index stores them, float32 (1, d).

    Args:
        index: the index.
        model: its network; not needed for pixels.
        image: the image.
        layer: name of a layer, or ``PIXELS``.
        check: raises to stop.

    Raises:
        InputError: the network is not the index's.
    """
    if layer == PIXELS:
        side = index.thumbnails.shape[1]
        thumbnail = framed_thumbnail(image.pixels, side)
        return torch.from_numpy(thumbnail.reshape(1, -1).astype(np.float32))
    if model is None or model.info.sha256 != index.facts.model_sha256:
        raise InputError(
            index.facts.model,
            "is no longer the network that the index was made with",
            "index the images again with --fresh",
        )
    extractor = model.feature_extractor((layer,), check)
    maps = extractor(model.pixel_input(image), frozenset((layer,)))[layer]
    precision = str(index.facts.settings["precision"])
    row = layer_rows(layer, maps, precision)[FEATURES + layer]
    return torch.from_numpy(row.astype(np.float32))
