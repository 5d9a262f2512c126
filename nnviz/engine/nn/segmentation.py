"""Interface of networks that segment in several resolutions."""

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

from torch import Tensor


@runtime_checkable
class LeveledSegmenter(Protocol):
    """A network that names classes at coarse levels and corrects them at finer ones."""

    def levels(self, x: Tensor) -> Iterator[Tensor]:
        """Yield logits (N, K, h, w), the coarsest first, the network's own last.

        Args:
            x: normalized pixels (N, C, H, W).
        """
        ...
