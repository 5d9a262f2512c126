"""Batched reading of image sets, preprocessed for the network."""

from collections.abc import Callable, Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.dataset.chunk import Prepared, prepared
from nnviz.engine.dataset.sources import ImageSet, Skipped
from nnviz.engine.models.model import Model
from nnviz.media.video.prefetch import prefetched

_BATCH, _AHEAD = 16, 32
Check = Callable[[], None]


def opened_batches(
    model: Model, images: ImageSet, check: Check
) -> Iterator[tuple[list[int], Tensor]]:
    """Yield the positions of a batch in the set, and its inputs (n, C, H, W) in [0, 1].

    Images that cannot be opened are left out; an image of another size than the
    previous ones starts a new batch.
    """

    def prepare(place: int) -> Prepared | Skipped:
        return prepared(model, images, place, 1)

    def stacked(batch: list[NDArray[np.float32]]) -> Tensor:
        pixels = np.ascontiguousarray(np.stack(batch).transpose(0, 3, 1, 2))
        return torch.from_numpy(pixels).to(model.device)

    places: list[int] = []
    batch: list[NDArray[np.float32]] = []
    with prefetched(prepare, range(len(images)), _AHEAD) as opened:
        for index, each in enumerate(opened):
            check()
            if isinstance(each, Skipped):
                continue
            other = bool(batch) and batch[0].shape != each.pixels.shape
            if other or len(batch) == _BATCH:
                yield places, stacked(batch)
                places, batch = [], []
            places.append(index)
            batch.append(each.pixels)
        if batch:
            yield places, stacked(batch)
