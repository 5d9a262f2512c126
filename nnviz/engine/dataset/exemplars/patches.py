"""Patches: the receptive fields of the strongest positions, cut from their images."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.dataset.exemplars import Exemplars
from nnviz.base.preprocess import Interpolation
from nnviz.engine.dataset.chunk import Prepared, prepared
from nnviz.engine.dataset.sources import ImageSet, Skipped
from nnviz.engine.dataset.sources.image_set import SCENES
from nnviz.engine.models.model import Model, Photo
from nnviz.engine.nn.feature_extractor import FeatureExtractor
from nnviz.engine.nn.map_layers import map_size
from nnviz.engine.sharing import Worker
from nnviz.media.index import ImageIndex
from nnviz.media.resize import resize
from nnviz.media.video.prefetch import prefetched

SIDE = 64
"""Of a patch, px."""
_BATCH, _AHEAD = 16, 32
_COLORS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """A patch of an image, with a channel's map over the image.

    Attributes:
        place: flat index into (C, k).
        patch: uint8 (SIDE, SIDE, 3).
        map: float32 (h, w), the channel's.
    """

    place: int
    patch: NDArray[np.uint8]
    map: NDArray[np.float32]


def set_of(index: ImageIndex, records: NDArray[np.int64]) -> ImageSet:
    """Return records of an index as an image set, to reopen their files."""
    source = index.facts.source
    return ImageSet(
        source=source,
        root=index.facts.root,
        paths=[index.paths[int(record)] for record in records],
        scenes=SCENES.get(source, ""),
    )


@dataclass(frozen=True, slots=True, eq=False)
class PatchTask:
    """Some images, with the patches to be cut from them.

    Attributes:
        layer: name.
        images: the images.
        wanted: (place, channel, box) of each image's patches: a flat index into
            (C, k); left, top, right, bottom, px of the network's input.
    """

    layer: str
    images: ImageSet
    wanted: list[list[tuple[int, int, NDArray[np.float32]]]]


def patch_tasks(index: ImageIndex, found: Exemplars) -> Iterator[PatchTask]:
    """Split the cutting of all patches into tasks of a few images each.

    Args:
        index: the index.
        found: the exemplars, with their boxes.
    """
    unique, inverse = np.unique(found.records, return_inverse=True)
    wanted: list[list[tuple[int, int, NDArray[np.float32]]]] = [[] for _ in unique]
    boxes = found.boxes.reshape(-1, 4)
    owner = np.repeat(found.channels, found.records.shape[1])
    for place, number in enumerate(inverse.reshape(-1)):
        wanted[number].append((place, int(owner[place]), boxes[place]))
    for start in range(0, len(unique), _BATCH):
        part = slice(start, start + _BATCH)
        yield PatchTask(found.layer, set_of(index, unique[part]), wanted[part])


def cut_patches(worker: Worker, task: PatchTask) -> list[Seen]:
    """Cut patches and compute maps, skipping images that cannot be reopened."""
    model, images = worker.model, task.images
    extractor = model.feature_extractor((task.layer,), worker.check)

    def prepare(place: int) -> Prepared | Skipped:
        return prepared(model, images, place, 1)

    seen = []
    with prefetched(prepare, range(len(images)), _AHEAD) as opened:
        for each, wanted in zip(opened, task.wanted, strict=True):
            if isinstance(each, Skipped):
                continue
            maps = _maps(extractor, model, task.layer, each.pixels)
            for place, channel, box in wanted:
                seen.append(Seen(place, cut(each.pixels, box), maps[channel]))
    return seen


@torch.no_grad()
def _maps(
    extractor: FeatureExtractor, model: Model, layer: str, pixels: Photo
) -> NDArray[np.float32]:
    tensor = torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).to(model.device)
    found = extractor(tensor, frozenset((layer,)))[layer][0]
    return np.asarray(found.float().cpu().numpy())


def cut(pixels: Photo, box: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Crop a part of an input, resized to uint8 (SIDE, SIDE, 3).

    Args:
        pixels: (H, W, C) in [0, 1]; if C is not 3 the first channel is shown.
        box: left, top, right, bottom, px.
    """
    left, top, right, bottom = (round(float(each)) for each in box)
    part = pixels[top:bottom, left:right]
    if part.shape[2] != _COLORS:
        part = np.repeat(part[..., :1], _COLORS, axis=2)
    colors = (part * 255).round().clip(0, 255).astype(np.uint8)
    return resize(np.ascontiguousarray(colors), (SIDE, SIDE), Interpolation.BICUBIC)


def maps_shape(model: Model, layer: str) -> tuple[int, int]:
    """Return the height and width of a layer's maps."""
    return map_size(model.info.known_layer(layer)) or (1, 1)
