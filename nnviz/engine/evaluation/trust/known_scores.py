"""Cache of recently computed scores, from which a stopped check resumes."""

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

_MOST = 4096
"""Maximum number of cached curves, of some hundred bytes each."""


class KnownScores:
    """LRU cache of whole score curves."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, NDArray[np.float64]] = OrderedDict()

    def get(self, key: Hashable) -> NDArray[np.float64] | None:
        """Return the cached scores of a key, or None."""
        if key not in self._kept:
            return None
        self._kept.move_to_end(key)
        return self._kept[key]

    def keep(self, key: Hashable, scores: NDArray[np.float64]) -> None:
        """Cache the scores of a key."""
        self._kept[key] = scores
        if len(self._kept) > _MOST:
            self._kept.popitem(last=False)

    def clear(self) -> None:
        """Drop all scores."""
        self._kept.clear()
