"""Exemplars: the images of a set that excite each channel of a layer most."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Exemplars:
    """The images that activate each channel of a layer most, with patches and maps.

    C channels, k images of each, the strongest first.

    Attributes:
        layer: name.
        model: reference of the network.
        images: number of records in the index.
        channels: int64 (C,), their indices in the layer.
        records: int64 (C, k), numbers of the records.
        values: float32 (C, k), the highest activation in each.
        places: int64 (C, k, 2), row and column of that activation in the layer's map.
        boxes: float32 (C, k, 4): left, top, right, bottom of its receptive field in
            the network's input, px; () where patches were not asked for.
        patches: uint8 (C, k, side, side, 3), the input there; () likewise.
        maps: float32 (C, k, h, w), the channel's whole map of each; () likewise.
        answering: float64 (C,), share of all images on which the channel is above 0 at
            some position.
        mean_maps: float32 (C, h, w), mean over all images; () where maps vary in size.
        alike: int64 (C, m), the channels of the layer that correlate most with each.
        correlations: float64 (C, m), of their means over images.
        paths: of the images that occur, by record.
        input_size: height and width of the network's input, px.
        notes: how to read it.
    """

    layer: str
    model: str
    images: int
    channels: NDArray[np.int64]
    records: NDArray[np.int64]
    values: NDArray[np.float32]
    places: NDArray[np.int64]
    boxes: NDArray[np.float32]
    patches: NDArray[np.uint8]
    maps: NDArray[np.float32]
    answering: NDArray[np.float64]
    mean_maps: NDArray[np.float32]
    alike: NDArray[np.int64]
    correlations: NDArray[np.float64]
    paths: dict[int, str]
    input_size: tuple[int, int]
    notes: tuple[str, ...] = ()

    @property
    def dead(self) -> NDArray[np.int64]:
        """Channels that are above 0 on no image."""
        return np.asarray(self.channels[self.answering == 0])

    @property
    def always(self) -> NDArray[np.int64]:
        """Channels that are above 0 on every image."""
        return np.asarray(self.channels[self.answering == 1])
