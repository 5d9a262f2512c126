"""Data augmentation, with all random numbers from a given generator."""

import math

import torch
from torch import Tensor
from torch.nn import functional

_MIN_AREA = 0.2
_MAX_ASPECT = 4 / 3
_COLOR_STRENGTH = 0.4
_HUE_LIMIT = 0.2 * math.pi
_GRAY_SHARE = 0.1


def random_crop(photo: Tensor, size: int, generator: torch.Generator) -> Tensor:
    """Return a random resized crop of an image, flipped with probability 1/2.

    Area and aspect ratio are drawn as in Szegedy et al. 2015 (arXiv:1409.4842, sec. 6).

    Args:
        photo: uint8 (C, H, W).
        size: side of the resulting square, px.
        generator: source of all random numbers.

    Returns:
        float32 (C, size, size) in [0, 1].
    """
    height, width = photo.shape[1:]
    draws = torch.rand(5, generator=generator).tolist()
    area = height * width * (_MIN_AREA + draws[0] * (1 - _MIN_AREA))
    aspect = math.exp((2 * draws[1] - 1) * math.log(_MAX_ASPECT))
    crop_h = min(height, round(math.sqrt(area / aspect)))
    crop_w = min(width, round(math.sqrt(area * aspect)))
    top = round(draws[2] * (height - crop_h))
    left = round(draws[3] * (width - crop_w))
    part = photo[None, :, top : top + crop_h, left : left + crop_w].float() / 255
    part = functional.interpolate(part, (size, size), mode="bilinear", antialias=True)
    return part[0].flip(-1) if draws[4] < 1 / 2 else part[0]


def shift_and_flip(batch: Tensor, reach: int, generator: torch.Generator) -> Tensor:
    """Shift each image of (N, C, H, W) by up to ``reach`` px; flip half of them.

    Pixels beyond the edges are filled by reflection.
    """
    count, _, height, width = batch.shape
    mirrored = torch.rand(count, 1, 1, 1, generator=generator) < 1 / 2
    batch = torch.where(mirrored, batch.flip(-1), batch)
    batch = functional.pad(batch, (reach,) * 4, mode="reflect")
    steps = torch.randint(0, 2 * reach + 1, (2, count), generator=generator)
    moved = torch.empty(count, batch.shape[1], height, width)
    for y in range(2 * reach + 1):
        for x in range(2 * reach + 1):
            here = (steps[0] == y) & (steps[1] == x)
            moved[here] = batch[here, :, y : y + height, x : x + width]
    return moved


def center_crop(photo: Tensor, size: int) -> Tensor:
    """Return the center crop of uint8 (C, H, W), ``size`` x ``size`` px, in [0, 1]."""
    top = (photo.shape[1] - size) // 2
    left = (photo.shape[2] - size) // 2
    return photo[:, top : top + size, left : left + size].float() / 255


def jitter_colors(batch: Tensor, generator: torch.Generator) -> Tensor:
    """Jitter brightness, contrast, saturation and hue of each image of (N, 3, H, W).

    One image in ten becomes gray, so that shape has to be used.
    """
    draws = 2 * torch.rand(4, len(batch), 1, 1, 1, generator=generator) - 1
    brightness, contrast, saturation = 1 + _COLOR_STRENGTH * draws[:3]
    grayed = torch.rand(len(batch), 1, 1, 1, generator=generator) < _GRAY_SHARE
    saturation = saturation.masked_fill(grayed, 0)
    batch = batch * brightness
    mean = batch.mean((1, 2, 3), keepdim=True)
    batch = mean + contrast * (batch - mean)
    batch = _turn_hue(batch, _HUE_LIMIT * draws[3].flatten())
    gray = batch.mean(1, keepdim=True)
    return torch.clamp(gray + saturation * (batch - gray), 0, 1)


def _turn_hue(batch: Tensor, angles: Tensor) -> Tensor:
    """Rotate the colors of (N, 3, H, W) about the gray axis by radians (N,)."""
    axis = torch.full((3,), 3**-0.5)
    cross = torch.linalg.cross(torch.eye(3), axis.expand(3, 3))
    cosine, sine = angles.cos()[:, None, None], angles.sin()[:, None, None]
    # Rodrigues' formula.
    turn = cosine * torch.eye(3) + sine * cross + (1 - cosine) * torch.outer(axis, axis)
    return torch.einsum("nij,njhw->nihw", turn, batch)


def cut_mix(
    batch: Tensor, targets: Tensor, generator: torch.Generator
) -> tuple[Tensor, Tensor]:
    """Apply CutMix: paste a rectangle of each image's neighbor (arXiv:1905.04899).

    Args:
        batch: (N, C, H, W).
        targets: class probabilities (N, K), mixed in proportion to the area.
        generator: source of all random numbers.
    """
    height, width = batch.shape[2:]
    share, y, x = torch.rand(3, generator=generator).tolist()
    cut_h, cut_w = round(height * math.sqrt(share)), round(width * math.sqrt(share))
    top, left = round(y * (height - cut_h)), round(x * (width - cut_w))
    mixed = batch.clone()
    window = (..., slice(top, top + cut_h), slice(left, left + cut_w))
    mixed[window] = batch.roll(1, 0)[window]
    pasted = cut_h * cut_w / (height * width)
    return mixed, (1 - pasted) * targets + pasted * targets.roll(1, 0)
