"""Expected gradients: gradients at random points between the image and baselines.

Erion et al. 2021, arXiv:1906.10670, equation 3, with the noise that GradientSHAP adds
to the image (Lundberg & Lee 2017, arXiv:1705.07874, gives the values they estimate).
"""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from nnviz.engine.attribution.baselines import baseline
from nnviz.engine.nn.gradients import Check, Score, gradient

Baselines = Literal["solid colors", "random", "black", "white", "mean", "blur"]
"""The distribution of the baselines; the last four hold one image each."""
_LARGEST_SEED = 2**62


@dataclass(frozen=True, slots=True, eq=False)
class SampleSums:
    """Sums of the attributions of samples, with the totals that completeness demands.

    Attributes:
        total: (C, H, W) float64, summed over the samples.
        squares: (H, W) float64, of the sums over colors.
        found: (n,) float64, the sum of each sample's attributions.
        due: (n,) float64, the difference in score between image and baseline.
    """

    total: Tensor
    squares: Tensor
    found: Tensor
    due: Tensor

    def __add__(self, other: "SampleSums") -> "SampleSums":
        """Return the sums over the samples of both operands."""
        return SampleSums(
            self.total + other.total,
            self.squares + other.squares,
            torch.cat([self.found, other.found]),
            torch.cat([self.due, other.due]),
        )

    @property
    def mean(self) -> Tensor:
        """Mean attribution over the samples, (C, H, W)."""
        return self.total / len(self.found)

    def standard_error(self) -> float:
        """Return the standard error of the attribution, root mean square over pixels.

        Infinite for a single sample.
        """
        count = len(self.found)
        if count == 1:
            return float("inf")
        mean = self.mean.sum(0)
        variance = (self.squares - count * mean.square()).clamp(min=0) / (count - 1)
        return float((variance.mean() / count).sqrt())


@dataclass(frozen=True, slots=True, eq=False)
class ExpectedGradients:
    """Samples of expected gradients, each drawn from a seed of its own.

    So a sample does not depend on the size of its chunk.

    Attributes:
        pixels: (1, C, H, W) in [0, 1].
        mean: (C, 1, 1) in [0, 1], the color that normalization maps to zero.
        kind: of baselines.
        blur: standard deviation of the blurred baseline, px.
        noise: standard deviation of the noise on the image, in the pixels' unit.
        seeds: int64 (N,).
    """

    pixels: Tensor
    mean: Tensor
    kind: Baselines
    blur: float
    noise: float
    seeds: Tensor

    def samples(self, score: Score, part: slice, check: Check) -> SampleSums:
        """Return the sums over a part of the samples.

        Args:
            score: must not mix the images of a batch.
            part: of the seeds.
            check: called in both passes; raises to stop.
        """
        drawn = [self._draw(int(seed)) for seed in self.seeds[part]]
        ends, starts, points = (torch.cat(each) for each in zip(*drawn, strict=True))
        _, slopes = gradient(score, points, check)
        with torch.no_grad():
            due = score(ends).double() - score(starts).double()
        shares = (ends - starts).double() * slopes.double()
        return SampleSums(
            shares.sum(0),
            shares.sum(1).square().sum(0),
            shares.sum((1, 2, 3)).cpu(),
            due.cpu(),
        )

    def _draw(self, seed: int) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the noisy image, the baseline and a point between, each (1, C, H, W)."""
        generator = torch.Generator().manual_seed(seed)
        pixels = self.pixels
        start = self._baseline(generator)
        at = float(torch.rand((), generator=generator, dtype=torch.float64))
        end = pixels
        if self.noise:
            noise = torch.randn(pixels.shape, generator=generator, dtype=pixels.dtype)
            end = pixels + self.noise * noise.to(pixels.device)
        return end, start, start + at * (end - start)

    def _baseline(self, generator: torch.Generator) -> Tensor:
        pixels = self.pixels
        if self.kind == "solid colors":
            color = torch.rand(
                (1, pixels.shape[1], 1, 1), generator=generator, dtype=pixels.dtype
            )
            return color.to(pixels.device).expand_as(pixels)
        return baseline(
            self.kind, pixels, self.mean, sigma=self.blur, generator=generator
        )


def draw_seeds(count: int, generator: torch.Generator) -> Tensor:
    """Draw a seed for each sample, int64 (count,), from a generator on the CPU."""
    return torch.randint(_LARGEST_SEED, (count,), generator=generator)
