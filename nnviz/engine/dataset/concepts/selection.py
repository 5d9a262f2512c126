"""Selections of images: records of an index, or a folder of other images."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.errors import InputError, unknown
from nnviz.engine.dataset.exemplars.patches import set_of
from nnviz.engine.dataset.passes import opened_batches
from nnviz.engine.dataset.sources import list_set
from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.media.index import ImageIndex

Check = Callable[[], None]
Features = NDArray[np.float32]


def class_number(index: ImageIndex, name: str) -> int:
    """Return the index of a class by its name.

    Raises:
        UsageError: no class has that name.
    """
    names = {each.casefold(): number for number, each in enumerate(index.class_names)}
    if name.casefold() not in names:
        raise unknown("class", name, index.class_names)
    return names[name.casefold()]


def records_of_class(index: ImageIndex, number: int) -> NDArray[np.int64]:
    """Return the records of a class by label, else, if none has it, by prediction."""
    found = np.flatnonzero(np.asarray(index.columns["label"]) == number)
    if not len(found) and "predicted" in index.columns:
        found = np.flatnonzero(np.asarray(index.columns["predicted"]) == number)
    return found


@torch.no_grad()
def folder_features(model: Model, folder: str, layer: str, check: Check) -> Features:
    """Return the features of the images in a folder, (n, C), computed as for an index.

    Raises:
        InputError: no such folder, or no image that can be opened.
    """
    extractor = model.feature_extractor((layer,), check)
    found = [
        extractor(pixels, frozenset((layer,)))[layer].flatten(2).mean(2).cpu().numpy()
        for _, pixels in opened_batches(model, list_set(folder), check)
    ]
    if not found:
        raise InputError(folder, "holds no image that can be opened", "name another")
    return np.asarray(np.concatenate(found), np.float32).reshape(-1, len(found[0][0]))


@torch.no_grad()
def layer_maps(
    model: Model,
    index: ImageIndex,
    layer: str,
    records: NDArray[np.int64],
    check: Check,
) -> tuple[NDArray[np.int64], torch.Tensor]:
    """Return the records that can be opened, and their feature maps (n, C, h, w).

    Raises:
        InputError: no record can be opened.
    """
    info = model.info.known_layer(layer)
    passes = model.pixel_model(check)
    kept, found = [], []
    for places, pixels in opened_batches(model, set_of(index, records), check):
        output = passes.up_to(pixels, {layer: info.calls})[layer]
        kept += places
        found.append(maps_of(output, info).float().cpu())
    if not found:
        raise InputError(str(Path(index.facts.root)), "holds none of the images", "")
    return records[kept], torch.cat(found)
