"""The path of guided integrated gradients: values of the smallest gradients move first.

Kapishnikov et al. 2021, arXiv:2106.09788, algorithm 1 with the band of section 4.3: at
each step the values with the smallest gradients move toward the image until the
remaining distance equals that of the straight line; no value lags behind the line or
leads it by more than a fraction of its length.
"""

import torch
from torch import Tensor

_TINY = 1e-9
"""Distances below this fraction of the whole count as zero."""


class GuidedPath:
    """A path from a baseline to an image whose direction the gradients guide.

    Attributes:
        place: the current point, float64 (C, H, W).

    Args:
        start: the baseline, (C, H, W).
        end: the image, likewise.
        steps: number of steps of the path.
        fraction: fraction of the values that move together.
        band: how far a value may lag behind the straight line or lead it, as a fraction
            of it.
    """

    def __init__(
        self, start: Tensor, end: Tensor, steps: int, fraction: float, band: float
    ) -> None:
        self._start = start.double()
        self._change = end.double() - self._start
        self._whole = self._change.abs().sum()
        self._steps = steps
        self._fraction = fraction
        self._band = band
        self.place = self._start.clone()

    def step(self, number: int, slope: Tensor) -> Tensor:
        """Take one step of the path; return its attribution.

        Args:
            number: of the step, from 0.
            slope: the gradient at ``place``, float64 (C, H, W).

        Returns:
            Gradient times change of each value, (C, H, W).
        """
        before = self.place.clone()
        along = (number + 1) / self._steps
        latest = self._on_line(max(along - self._band, 0.0))
        furthest = self._on_line(min(along + self._band, 1.0))
        behind = (latest - self.place) * self._change.sign() > 0
        self.place = torch.where(behind, latest, self.place)
        surplus = self._left() - self._whole * (1 - along)
        while surplus > _TINY * self._whole:
            moving = self._moving(slope.abs(), self.place != furthest)
            reach = (furthest - self.place) * moving
            part = float(surplus / reach.abs().sum())
            if part >= 1:
                self.place = torch.where(moving, furthest, self.place)
                surplus = self._left() - self._whole * (1 - along)
            else:
                self.place = self.place + part * reach
                break
        return (self.place - before) * slope

    def _moving(self, sizes: Tensor, free: Tensor) -> Tensor:
        """Return the mask of the movable values with the smallest gradients.

        Where fewer values are movable, all of them move.
        """
        sizes = torch.where(free, sizes, torch.inf)
        rank = int(self._fraction * (sizes.numel() - 1)) + 1
        return free & (sizes <= sizes.flatten().kthvalue(rank).values)

    def _on_line(self, along: float) -> Tensor:
        return self._start + along * self._change

    def _left(self) -> Tensor:
        """Return the L1 distance left to the image."""
        return (self._start + self._change - self.place).abs().sum()
