"""Trial: an image and its score function, evaluated in short turns."""

import time
from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.engine.evaluation.trust.known_scores import KnownScores

Scores = NDArray[np.float64]
Turns = Generator[None, None, Scores]
"""Yields between passes, so that other jobs get their turns; returns the scores."""
_SECONDS = 0.03
"""Duration of a turn: too short for other jobs to notice."""
_MOST = 16
"""Maximum number of images in one pass."""


@dataclass(slots=True, eq=False)
class Trial:
    """One image on which a score is evaluated.

    Attributes:
        pixels: (1, C, H, W) in [0, 1].
        mean: (C, 1, 1), the color that normalization maps to zero.
        score: of a batch of such images, (N,).
        identity: everything besides the images that the scores depend on.
        known: recently computed scores.
        size: number of images in the next pass, adapted to the measured time.
    """

    pixels: Tensor
    mean: Tensor
    score: Callable[[Tensor], Tensor]
    identity: tuple[Hashable, ...] = ()
    known: KnownScores = field(default_factory=KnownScores)
    size: int = 1

    @property
    def sides(self) -> tuple[int, int]:
        """Height and width of the image, px."""
        height, width = self.pixels.shape[2:]
        return height, width

    def scores(self, count: int, images: Callable[[slice], Tensor]) -> Turns:
        """Return the scores of many images, float64 (count,), a few per turn.

        Args:
            count: number of images.
            images: returns a slice of them, (N, C, H, W).
        """
        found = np.empty(count)
        start = 0
        while start < count:
            part = slice(start, min(count, start + self.size))
            began = time.perf_counter()
            with torch.no_grad():
                found[part] = self.score(images(part)).double().cpu().numpy()
            self._learn(part.stop - start, time.perf_counter() - began)
            start = part.stop
            yield
        return found

    def known_or(self, key: Hashable, turns: Turns) -> Turns:
        """Return the cached scores of a key, or run the turns that compute them."""
        whole = (self.identity, key)
        found = self.known.get(whole)
        if found is None:
            found = yield from turns
            self.known.keep(whole, found)
        return found

    def _learn(self, size: int, seconds: float) -> None:
        """Adapt the size of the next pass to the duration of the last."""
        fitting = int(size * _SECONDS / max(seconds, 1e-6))
        self.size = max(1, min(_MOST, 2 * size, fitting))
