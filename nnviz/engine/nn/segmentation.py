"""Protocol of networks that segment at several resolutions."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class LeveledSegmenter(Protocol):
    """A network that predicts classes at coarse levels and refines them at finer."""

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """Yield logits (N, K, h, w), the coarsest first, the network's own last.

        Args:
            x: normalized pixels (N, C, H, W).
        """
        ...
