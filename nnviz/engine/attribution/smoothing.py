"""SmoothGrad and VarGrad: statistics of attributions over noisy copies of an image."""

from typing import Literal

import torch
from torch import Tensor

from nnviz.engine.nn.gradients import Rule

Statistic = Literal["mean", "squares", "variance"]


class NoisyCopies:
    """Accumulates attributions of noisy copies of an image, chunk by chunk.

    Args:
        pixels: (1, C, H, W).
        sigma: standard deviation of the noise, in the pixels' unit.
        generator: on the CPU; the noise depends on it alone, not on the parts.
    """

    def __init__(
        self, pixels: Tensor, sigma: float, generator: torch.Generator
    ) -> None:
        self._pixels = pixels
        self._sigma = sigma
        self._generator = generator
        self._noise = torch.empty(0, *pixels.shape[1:])
        self._first = 0
        self._count = 0
        self._sum = torch.zeros_like(pixels[0], dtype=torch.float64)
        self._squares = torch.zeros_like(self._sum)

    def look(self, rule: Rule, part: slice) -> Tensor:
        """Return the attributions of a chunk of copies, (n, C, H, W).

        Chunks come in order; one that failed may be requested again, smaller.
        """
        return rule(self._pixels + self._sigma * self._drawn(part))

    def add(self, found: Tensor) -> None:
        """Accumulate the attributions of the next copies."""
        self._count += len(found)
        exact = found.double()
        self._sum += exact.sum(0)
        self._squares += (exact * exact).sum(0)

    def statistic(self, kind: Statistic) -> Tensor:
        """Return a statistic over all copies so far, (C, H, W) float64.

        "mean" is SmoothGrad (Smilkov et al. 2017, arXiv:1706.03825), "squares" the mean
        of the squares, SmoothGrad-squared (Hooker et al. 2019, arXiv:1806.10758), and
        "variance" VarGrad (Adebayo et al. 2018, arXiv:1810.03307), divided by the
        number of copies.
        """
        mean = self._sum / self._count
        if kind == "mean":
            return mean
        squares = self._squares / self._count
        if kind == "squares":
            return squares
        return (squares - mean * mean).clamp(min=0)

    def _drawn(self, part: slice) -> Tensor:
        """Return the noise of some copies; each copy's is drawn once, in order."""
        kept = self._noise[max(0, part.start - self._first) :]
        wanted = part.stop - part.start
        new = [
            torch.randn(
                self._pixels.shape[1:],
                generator=self._generator,
                dtype=self._pixels.dtype,
            )
            for _ in range(wanted - len(kept))
        ]
        self._noise = torch.cat([kept, torch.stack(new)]) if new else kept
        self._first = part.start
        return self._noise[:wanted].to(self._pixels.device)
