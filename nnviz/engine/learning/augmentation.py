"""Data augmentation: random changes of training images that keep their class."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

_CONTROL_POINTS = 3
"""Along each side of the grid of an elastic deformation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """Data augmentation: random changes, applied to each training image on its own.

    Attributes:
        shift: maximum along each axis, px; the border is replicated.
        rotate: maximum in either direction, degrees.
        elastic: standard deviation of the displacements of 3 x 3 points that an elastic
            deformation interpolates (Ronneberger et al. 2015, arXiv:1505.04597, sec.
            3.1), px.
        flip: whether half of the images are flipped horizontally.
        cut: side of a square that is grayed out (DeVries & Taylor 2017,
            arXiv:1708.04552), px.
        noise: standard deviation of Gaussian noise, in [0, 1].
        color: standard deviation of the principal components' weights (Krizhevsky et
            al. 2012, sec. 4.1, where it is 0.1).
    """

    shift: int = 0
    rotate: float = 0.0
    elastic: float = 0.0
    flip: bool = False
    cut: int = 0
    noise: float = 0.0
    color: float = 0.0

    def __call__(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        """Return augmented copies of images (N, C, H, W) in [0, 1]."""
        if self.flip:
            flipped = torch.rand(len(pixels), generator=generator) < 0.5  # noqa: PLR2004
            pixels = torch.where(flipped.view(-1, 1, 1, 1), pixels.flip(-1), pixels)
        if self.shift or self.rotate:
            pixels = self._moved(pixels, generator)
        if self.elastic:
            pixels = self._deformed(pixels, generator)
        if self.color and pixels.shape[1] > 1:
            pixels = self._colored(pixels, generator)
        if self.noise:
            noise = torch.randn(pixels.shape, generator=generator)
            pixels = (pixels + self.noise * noise).clamp(0, 1)
        return self._cut(pixels, generator) if self.cut else pixels

    def _moved(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        count, (height, width) = len(pixels), pixels.shape[2:]
        random = torch.rand(count, 3, generator=generator) * 2 - 1
        angle = random[:, 0] * math.radians(self.rotate)
        move = (random[:, 1:] * (self.shift + 0.5)).trunc()
        cosine, sine = angle.cos(), angle.sin()
        aspect = height / width
        across = torch.stack([cosine, -sine * aspect, 2 * move[:, 0] / width], 1)
        down = torch.stack([sine / aspect, cosine, 2 * move[:, 1] / height], 1)
        matrix = torch.stack([across, down], 1)
        grid = functional.affine_grid(matrix, list(pixels.shape), align_corners=False)
        moved: Tensor = functional.grid_sample(
            pixels, grid, padding_mode="border", align_corners=False
        )
        return moved

    def _deformed(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        count, (height, width) = len(pixels), pixels.shape[2:]
        points = torch.randn(
            count, 2, _CONTROL_POINTS, _CONTROL_POINTS, generator=generator
        )
        displaced = functional.interpolate(
            self.elastic * points, (height, width), mode="bicubic", align_corners=True
        )
        # From px to the sampling grid's units, in which a side is 2 long.
        moves = displaced.permute(0, 2, 3, 1) * torch.tensor([2 / width, 2 / height])
        still = torch.eye(2, 3).expand(count, 2, 3)
        grid = functional.affine_grid(still, list(pixels.shape), align_corners=False)
        deformed: Tensor = functional.grid_sample(
            pixels, grid + moves, padding_mode="border", align_corners=False
        )
        return deformed

    def _colored(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        channels = pixels.shape[1]
        flat = pixels.transpose(0, 1).flatten(1)
        values, vectors = torch.linalg.eigh(torch.cov(flat))
        weights = self.color * torch.randn(len(pixels), channels, generator=generator)
        shift = (weights * values.clamp(min=0).sqrt()) @ vectors.T
        colored: Tensor = (pixels + shift[:, :, None, None]).clamp(0, 1)
        return colored

    def _cut(self, pixels: Tensor, generator: torch.Generator) -> Tensor:
        count, (height, width) = len(pixels), pixels.shape[2:]
        middles = torch.rand(count, 2, generator=generator) * torch.tensor(
            [height, width]
        )
        rows = torch.arange(height)[None] + 0.5 - middles[:, :1]
        columns = torch.arange(width)[None] + 0.5 - middles[:, 1:]
        half = self.cut / 2
        inside = (rows.abs() < half)[:, :, None] & (columns.abs() < half)[:, None]
        gray = torch.full_like(pixels, 0.5)
        cut: Tensor = torch.where(inside[:, None], gray, pixels)
        return cut


def ten_crops(pixels: Tensor, share: float = 0.875) -> Tensor:
    """Return ten-crop views: corners, center and their mirror images, resized.

    Krizhevsky et al. 2012, section 4.1.

    Args:
        pixels: (N, C, H, W).
        share: side of a crop in sides of the image.

    Returns:
        (10, N, C, H, W).
    """
    height, width = pixels.shape[2:]
    h, w = round(share * height), round(share * width)
    top, left = height - h, width - w
    corners = ((0, 0), (0, left), (top, 0), (top, left), (top // 2, left // 2))
    crops = [pixels[:, :, y : y + h, x : x + w] for y, x in corners]
    large = [
        functional.interpolate(crop, (height, width), mode="bilinear") for crop in crops
    ]
    return torch.stack([*large, *(each.flip(-1) for each in large)])
