"""Batch sizes: chosen by cost, memory and response time."""

import math
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import torch

from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.engine.compute.memory import free_bytes, most_used_bytes, used_bytes

Size = tuple[int, int]
"""Height and width, px."""

PASSES = 16
"""Images in one pass, at most: with more, what a CPU's caches held is read again
from memory, and an image takes longer."""
_WORK = 20_000_000_000
"""Multiply-accumulates of a chunk: about 200 ms on two cores of a CPU."""
_FIRST_SHARE = 4
"""The first chunk is a quarter: it brings the first image."""
_SLOW = 1.0
"""Seconds after which a chunk is found too long to be stopped or looked at."""
_BRIEF = 0.05
"""Seconds that a chunk may take while somebody waits."""
_QUICK = 0.05
"""Seconds below which a graphics card is given more."""
_SHARE = 0.5
"""Of the memory that is free, what a chunk may take."""
_FLOAT = 4
_BOTH_WAYS = 2
"""The outputs kept for the way back, and the gradients on it."""
LEAST_TILE = 128
"""px; an image is not taken apart into smaller tiles."""
_LIVE = 3
"""A pass without gradients holds a layer's input, its output and a work space."""


@dataclass(slots=True)
class BatchSizer:
    """Chooses the size of each chunk; sizes are powers of two.

    The costs, which are known, say where to begin, so that the same run takes the same
    chunks; the time and the memory that a chunk took correct it.

    Attributes:
        device: where the work is done.
        macs: multiply-accumulates of one item.
        item_bytes: memory that one item takes, as estimated beforehand.
        most: items in a chunk, at most.
    """

    device: torch.device
    macs: float
    item_bytes: float
    most: int = PASSES
    _size: int = field(init=False)
    _started: float = field(init=False, default=0.0)
    _held: int = field(init=False, default=0)
    _peak: int = field(init=False, default=0)
    _first: bool = field(init=False, default=True)
    _item_seconds: float = field(init=False, default=math.inf)

    def __post_init__(self) -> None:
        """Choose the first size by the known costs."""
        self._size = _power_of_two(min(self.most, _WORK / max(self.macs, 1)))

    def propose(self, left: int, *, brief: bool = False) -> int:
        """Return the size of the next chunk, and start its measurement.

        Args:
            left: items that are still to be done.
            brief: it is to be as short as while somebody waits.
        """
        fitting = _SHARE * free_bytes(self.device) / max(self.item_bytes, 1)
        self._size = min(self._size, _power_of_two(fitting))
        size = max(1, self._size // _FIRST_SHARE) if self._first else self._size
        if brief:
            size = max(1, min(size, int(_BRIEF / self._item_seconds)))
        self._held = used_bytes(self.device)
        self._peak = most_used_bytes(self.device)
        self._started = time.perf_counter()
        return min(size, left)

    def done(self, size: int) -> None:
        """Adapt the size to a finished chunk's time and memory."""
        seconds = time.perf_counter() - self._started
        self._first = False
        self._item_seconds = seconds / size
        peak = most_used_bytes(self.device)
        if peak > self._peak:
            self.item_bytes = max(self.item_bytes, (peak - self._held) / size)
        if seconds > _SLOW and size >= self._size:
            self._size = max(1, self._size // 2)
        elif seconds < _QUICK and self.device.type != "cpu" and size == self._size:
            self._size *= 2

    def failed(self, size: int) -> None:
        """Halve the size after memory ran out; larger sizes are no longer proposed."""
        self.most = self._size = _power_of_two(size // 2)
        self._first = False


def tile_side(
    layers: Sequence[LayerInfo], wanted: Iterable[str], size: Size, room: float
) -> int:
    """Return the side of the largest square whose gradient pass fits into memory, px.

    Args:
        layers: all of the network's.
        wanted: names of those that the pass runs to.
        size: of the input that the layers' shapes are of, px.
        room: how much may be taken, B.

    Returns:
        A multiple of ``LEAST_TILE``.
    """
    inside = tuple(name + "." for name in wanted)
    last = max(
        place
        for place, layer in enumerate(layers)
        if (layer.name + ".").startswith(inside)
    )
    taken = _BOTH_WAYS * graph_bytes(layers[: last + 1])
    side = math.sqrt(room * size[0] * size[1] / max(taken, 1))
    return max(1, int(side) // LEAST_TILE) * LEAST_TILE


def pass_sizer(info: ModelInfo, device: torch.device, most: int = PASSES) -> BatchSizer:
    """Return the batch sizer for passes of images through a network.

    Args:
        info: of the network.
        device: where the work is done.
        most: images in a chunk, at most.
    """
    return BatchSizer(device, info.macs, pass_bytes(info.layers), most)


def pass_bytes(layers: Iterable[LayerInfo]) -> int:
    """Estimate the memory of one image in a pass without gradients, B."""
    return _LIVE * max((_output_bytes(layer) for layer in layers), default=0)


def graph_bytes(layers: Iterable[LayerInfo]) -> int:
    """Estimate the memory of one image in a pass kept for gradients, B."""
    return sum(_output_bytes(layer) * layer.calls for layer in layers if layer.leaf)


def _output_bytes(layer: LayerInfo) -> int:
    size = _FLOAT
    for side in layer.shape or (0,):
        size *= side
    return size


def _power_of_two(number: float) -> int:
    """Return the largest power of two not above a number; at least 1."""
    return 1 << max(0, int(number).bit_length() - 1)
