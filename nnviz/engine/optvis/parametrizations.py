"""Image parametrizations: pixels, Fourier spectrum, or Fourier phases.

The same gradient leads to a different image in a different space: steps along the
frequencies and colors of natural images create no noise (Olah et al. 2017,
doi:10.23915/distill.00007, "Preconditioning and Parameterization").
"""

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from nnviz.engine.imaging.color import correlated

Shape = Sequence[int]
"""(N, C, H, W)"""

_DEVIATION = 0.01
"""Of Lucid's initial spectrum."""
_QUARTER = 4
_TINY = 1e-5


class Parametrization(Protocol):
    """A batch of images computed from parameters to be optimized."""

    @property
    def leaves(self) -> Mapping[str, Tensor]:
        """The parameters by name, float32 with gradients enabled."""
        ...

    def pixels(self) -> Tensor:
        """Return the images (N, C, H, W) in [0, 1], with their graph."""
        ...


class Pixels:
    """Images parametrized by their pixels.

    Args:
        start: (N, C, H, W) in [0, 1]; copied.
    """

    def __init__(self, start: Tensor) -> None:
        self.leaves = {"pixels": start.detach().clone().requires_grad_()}

    def pixels(self) -> Tensor:
        """Return the images (N, C, H, W)."""
        return self.leaves["pixels"]


class Spectrum:
    """Images parametrized by Fourier coefficients of decorrelated colors, as in Lucid.

    A coefficient at F cycles per pixel is scaled by sqrt(W H) / max(F, 1 / max(W, H))^p
    / 4, so that a step changes frequencies in proportion to their strength in images.
    The initial values are N(0, 0.01²) for real and imaginary parts.

    Args:
        shape: of the images; 3 channels are colors.
        generator: on the CPU.
        device: where to compute.
        decay: p.
    """

    def __init__(
        self,
        shape: Shape,
        generator: torch.Generator,
        device: torch.device,
        decay: float = 1.0,
    ) -> None:
        self._shape = shape
        self._scale = spectrum_scale(shape[2], shape[3], decay).to(device)
        start = torch.randn(
            (*shape[:2], *self._scale.shape, 2), generator=generator
        ).mul_(_DEVIATION)
        self.leaves = {"spectrum": start.to(device).requires_grad_()}

    def pixels(self) -> Tensor:
        """Return the images (N, C, H, W)."""
        scaled = self.leaves["spectrum"] * self._scale[..., None]
        return correlated(_inverse(scaled, self._shape)).sigmoid()


class Phases:
    """Images parametrized by phases, at the mean magnitudes of natural images: MaCo.

    Fel et al. 2023, arXiv:2306.06805, equation 5, with the standardizations of Xplique.

    Args:
        magnitudes: (C, H, W // 2 + 1), of decorrelated colors, as returned by
            ``nnviz.engine.optvis.spectrum_prior``.
        shape: of the images.
        generator: on the CPU.
        device: where to compute.
    """

    def __init__(
        self,
        magnitudes: Tensor,
        shape: Shape,
        generator: torch.Generator,
        device: torch.device,
    ) -> None:
        self._shape = shape
        self._magnitudes = magnitudes.to(device)
        start = torch.randn((shape[0], *magnitudes.shape), generator=generator)
        self.leaves = {"phases": start.to(device).requires_grad_()}

    def pixels(self) -> Tensor:
        """Return the images (N, C, H, W)."""
        phases = standardized(self.leaves["phases"])
        spectrum = torch.polar(self._magnitudes.expand_as(phases), phases)
        image = _inverse(torch.view_as_real(spectrum), self._shape)
        return correlated(standardized(image)).sigmoid()


def frequencies(height: int, width: int) -> Tensor:
    """Return the frequency of each coefficient of a half spectrum, cycles per pixel.

    Returns:
        float64 (H, W // 2 + 1); for an odd width one column more, as in Lucid.
    """
    columns = width // 2 + 1 + width % 2
    down = torch.fft.fftfreq(height, dtype=torch.float64)
    across = torch.fft.fftfreq(width, dtype=torch.float64)[:columns]
    return torch.hypot(down[:, None], across)


def spectrum_scale(height: int, width: int, decay: float) -> Tensor:
    """Return the scale of each coefficient, float32 (H, W // 2 + 1 or 2)."""
    lowest = 1 / max(height, width)
    falling = frequencies(height, width).clamp(min=lowest) ** -decay
    return (math.sqrt(width * height) / _QUARTER * falling).float()


def standardized(x: Tensor) -> Tensor:
    """Return a batch with each image scaled to mean 0 and standard deviation 1."""
    axes = tuple(range(1, x.ndim))
    x = x - x.mean(axes, keepdim=True)
    return x / (x.std(axes, correction=0, keepdim=True) + _TINY)


def _inverse(spectrum: Tensor, shape: Shape) -> Tensor:
    """Return the inverse transform of half spectra (N, C, H, columns, 2)."""
    _, _, height, width = shape
    whole = torch.view_as_complex(spectrum)
    # For an odd width the transform returns one column more, which is cropped.
    pictures: Tensor = torch.fft.irfft2(whole, s=(height, width + width % 2))
    return pictures[..., :width]
