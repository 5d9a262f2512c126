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
"""Maximum number of images in one pass: more overflow a CPU's caches, values are read
again from memory, and an image takes longer."""
_WORK = 20_000_000_000
"""Multiply-accumulates of a chunk: about 200 ms on two cores of a CPU."""
_FIRST_SHARE = 4
"""The first chunk is a quarter: it yields the first image sooner."""
_SLOW = 1.0
"""Seconds above which a chunk takes too long between progress and stop checks."""
_BRIEF = 0.05
"""Seconds that a chunk may take while a user is waiting."""
_QUICK = 0.05
"""Seconds below which a GPU is given larger chunks."""
_SHARE = 0.5
"""Fraction of the free memory that a chunk may use."""
_FLOAT = 4
_BOTH_WAYS = 2
"""The outputs kept for the backward pass, and the gradients in it."""
LEAST_TILE = 128
"""px; images are not divided into smaller tiles."""
_LIVE = 3
"""A pass without gradients holds a layer's input, its output and a workspace."""


@dataclass(slots=True)
class BatchSizer:
    """Chooses the size of each chunk: at most a power of two, and evenly.

    The first size follows from the known costs, so that the same run gets the same
    chunks; the measured time and memory of each chunk correct it.  What is left is
    divided evenly: a small last chunk would take longer an item.

    Attributes:
        device: on which the work runs.
        macs: multiply-accumulates of one item.
        item_bytes: estimated memory of one item.
        most: maximum number of items in a chunk.
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
            left: number of remaining items.
            brief: whether it should be short because a user is waiting.
        """
        fitting = _SHARE * free_bytes(self.device) / max(self.item_bytes, 1)
        self._size = min(self._size, _power_of_two(fitting))
        size = self._even(left)
        if self._first:
            size = max(1, self._size // _FIRST_SHARE)
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
        if 2 * size <= self._size:
            return  # the first, a brief or a last one: it says nothing of full ones
        if seconds > _SLOW:
            self._size = max(1, self._size // 2)
        elif seconds < _QUICK and self.device.type != "cpu":
            self._size *= 2

    def _even(self, left: int) -> int:
        """Return the size of the chunks if the remaining items are divided evenly."""
        return math.ceil(left / math.ceil(left / self._size))

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
        wanted: names of the layers that the pass reads.
        size: of the input for which the layers' shapes are given, px.
        room: available memory, B.

    Returns:
        A multiple of ``LEAST_TILE``.
    """
    inside = tuple(name + "." for name in wanted)
    last = max(
        index
        for index, layer in enumerate(layers)
        if (layer.name + ".").startswith(inside)
    )
    taken = _BOTH_WAYS * graph_bytes(layers[: last + 1])
    side = math.sqrt(room * size[0] * size[1] / max(taken, 1))
    return max(1, int(side) // LEAST_TILE) * LEAST_TILE


def pass_sizer(info: ModelInfo, device: torch.device, most: int = PASSES) -> BatchSizer:
    """Return the batch sizer for passes of images through a network.

    Args:
        info: of the network.
        device: on which the work runs.
        most: maximum number of images in a chunk.
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
