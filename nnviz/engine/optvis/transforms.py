"""Random geometric transforms that make optimized images robust.

A chain of paddings, crops, scalings and rotations is one affine map, so the image is
sampled once for all of them.  Where Lucid's chain resizes and then rotates to the
nearest pixel, this samples bilinearly at the exact position; the gray of padding and
the black of rotated corners are the same.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import UsageError
from nnviz.base.info import ModelInfo

Size = tuple[int, int]
"""Height and width, px."""
Matrix = NDArray[np.float64]
"""(3, 3), from (x, y, 1) to (x, y, 1), px; pixel centers are whole numbers."""

_GRAY = 0.5
_HALF = 0.5
_DEGREE = 3.14 / 180
"""As rounded in Lucid."""


@dataclass(frozen=True, slots=True, eq=False)
class Geometry:
    """Geometric transform: maps each output pixel to a position in the source image.

    Attributes:
        source: of the image.
        size: of the transformed one.
        matrix: from a pixel of the transformed image to a position in the source.
        cuts: everything outside any of these is black: a map from the transformed image
            to a plane, and the plane's size.
    """

    source: Size
    size: Size
    matrix: Matrix = field(default_factory=lambda: np.eye(3))
    cuts: tuple[tuple[Matrix, Size], ...] = ()

    def then(self, size: Size, matrix: Matrix) -> "Geometry":
        """Return the geometry followed by one more step.

        Args:
            size: after the step.
            matrix: from a pixel after the step to one before it.

        Raises:
            UsageError: nothing of the image would remain.
        """
        if min(size) < 1:
            raise UsageError(
                "--size",
                f"nothing is left of {self.source[0]} x {self.source[1]} px",
                "choose a larger size or weaker transforms",
            )
        cuts = tuple((cut @ matrix, plane) for cut, plane in self.cuts)
        return replace(self, size=size, matrix=self.matrix @ matrix, cuts=cuts)

    def cut(self) -> "Geometry":
        """Return the geometry with black outside the current output."""
        return replace(self, cuts=(*self.cuts, (np.eye(3), self.size)))

    def __call__(self, pictures: Tensor) -> Tensor:
        """Return the transformed images, with their graph.

        Args:
            pictures: (N, C, H, W) in [0, 1].

        Returns:
            (N, C, *size); gray outside the source image.
        """
        cuts = [cut for cut in self.cuts if not self._inside(*cut)]
        shift = self._shift()
        if shift is None:
            changed = self._sampled(pictures)
        else:
            changed = self._shifted(pictures, *shift)
        for matrix, plane in cuts:
            changed = changed * self._mask(matrix, plane, changed)
        return changed

    def _shift(self) -> tuple[int, int] | None:
        """Return the shift in rows and columns; None for any other transform."""
        moved = self.matrix - np.eye(3)
        shift = np.rint(moved[:2, 2])
        moved[:2, 2] -= shift
        return (int(shift[1]), int(shift[0])) if not moved.any() else None

    def _shifted(self, pictures: Tensor, rows: int, columns: int) -> Tensor:
        if (rows, columns, self.size) == (0, 0, self.source):
            return pictures
        right = columns + self.size[1] - self.source[1]
        bottom = rows + self.size[0] - self.source[0]
        sides = (-columns, right, -rows, bottom)
        return functional.pad(pictures, sides, value=_GRAY)

    def _sampled(self, pictures: Tensor) -> Tensor:
        height, width = self.source
        # grid_sample's coordinates run from -1 at the first pixel to 1 at the last.
        whole = np.diag([2 / max(width - 1, 1), 2 / max(height - 1, 1), 1.0])
        whole[:2, 2] = -1
        x, y = self._places(whole @ self.matrix, pictures)
        grid = torch.stack([x, y], -1).expand(len(pictures), -1, -1, -1)
        # Sampling outside returns zero, so pixels are shifted to make gray zero.
        return _GRAY + functional.grid_sample(
            pictures - _GRAY, grid, padding_mode="zeros", align_corners=True
        )

    def _places(self, matrix: Matrix, like: Tensor) -> tuple[Tensor, Tensor]:
        """Return the coordinates x and y, (*size), of each pixel under a matrix."""
        down = torch.arange(self.size[0], device=like.device, dtype=like.dtype)[:, None]
        across = torch.arange(self.size[1], device=like.device, dtype=like.dtype)
        (a, b, c), (d, e, f), _ = matrix.tolist()
        return a * across + (b * down + c), d * across + (e * down + f)

    def _inside(self, matrix: Matrix, plane: Size) -> bool:
        """Tell whether all corners, and so all pixels, lie inside a plane."""
        bottom, right = self.size[0] - 1, self.size[1] - 1
        corners = [[0, right, 0, right], [0, 0, bottom, bottom], [1] * 4]
        x, y, _ = matrix @ np.array(corners)
        limits = (plane[1] - _HALF, plane[0] - _HALF)
        return bool(min(*x, *y) >= -_HALF and max(x) < limits[0] and max(y) < limits[1])

    def _mask(self, matrix: Matrix, plane: Size, like: Tensor) -> Tensor:
        x, y = self._places(matrix, like)
        inside = (x >= -_HALF) & (y >= -_HALF)
        return inside & (x < plane[1] - _HALF) & (y < plane[0] - _HALF)


class Transform(Protocol):
    """A random step of a geometric transform."""

    def __call__(self, geometry: Geometry, generator: torch.Generator, /) -> Geometry:
        """Return the geometry followed by this step."""
        ...


@dataclass(frozen=True, slots=True)
class Pad:
    """Padding with gray on all sides.

    Attributes:
        width: px.
    """

    width: int

    def __call__(self, geometry: Geometry, _generator: torch.Generator) -> Geometry:
        """Return the padded geometry."""
        height, width = geometry.size
        size = (height + 2 * self.width, width + 2 * self.width)
        return geometry.then(size, _shift(-self.width, -self.width))


@dataclass(frozen=True, slots=True)
class Jitter:
    """A random crop, which shrinks the image.

    Attributes:
        pixels: number of pixels by which the image shrinks.
    """

    pixels: int

    def __call__(self, geometry: Geometry, generator: torch.Generator) -> Geometry:
        """Return the cropped geometry."""
        height, width = geometry.size
        x, y = (_draw(self.pixels + 1, generator) for _ in range(2))
        size = (height - self.pixels, width - self.pixels)
        return geometry.then(size, _shift(x, y))


@dataclass(frozen=True, slots=True)
class Scale:
    """Scaling by a factor drawn from a list.

    Attributes:
        factors: to choose from, with equal probability.
    """

    factors: tuple[float, ...]

    def __call__(self, geometry: Geometry, generator: torch.Generator) -> Geometry:
        """Return the scaled geometry."""
        factor = np.float32(self.factors[_draw(len(self.factors), generator)])
        height, width = (int(factor * np.float32(side)) for side in geometry.size)
        across = geometry.size[1] / max(width, 1)
        down = geometry.size[0] / max(height, 1)
        return geometry.then((height, width), np.diag([across, down, 1.0]))


@dataclass(frozen=True, slots=True)
class Rotate:
    """Rotation about the center by an angle drawn from a list; the corners are black.

    Attributes:
        degrees: to choose from, with equal probability; counter-clockwise.
    """

    degrees: tuple[float, ...]

    def __call__(self, geometry: Geometry, generator: torch.Generator) -> Geometry:
        """Return the rotated geometry."""
        angle = _DEGREE * self.degrees[_draw(len(self.degrees), generator)]
        if not angle:
            return geometry
        height, width = geometry.size
        x, y = (width - 1) / 2, (height - 1) / 2
        sine, cosine = math.sin(angle), math.cos(angle)
        turn = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1.0]])
        about = _shift(x, y) @ turn @ _shift(-x, -y)
        return geometry.cut().then(geometry.size, about)


@dataclass(frozen=True, slots=True)
class Mirror:
    """Horizontal flip with probability 1/2."""

    def __call__(self, geometry: Geometry, generator: torch.Generator) -> Geometry:
        """Return the geometry, flipped or not."""
        if _draw(2, generator):
            return geometry
        mirror = np.array([[-1, 0, geometry.size[1] - 1], [0, 1, 0], [0, 0, 1.0]])
        return geometry.then(geometry.size, mirror)


@dataclass(frozen=True, slots=True)
class CropOrPad:
    """Center crop to a fixed size, padded with black if the image is too small.

    Attributes:
        size: of the result.
    """

    size: Size

    def __call__(self, geometry: Geometry, _generator: torch.Generator) -> Geometry:
        """Return the geometry cropped or padded to the size."""
        y, x = (
            (old - new) // 2 if old > new else -((new - old) // 2)
            for old, new in zip(geometry.size, self.size, strict=True)
        )
        return geometry.cut().then(self.size, _shift(x, y))


@dataclass(frozen=True, slots=True)
class Crop:
    """Random square crop near the center, resized to a fixed size: MaCo's view.

    As in Xplique: its center is N(0.5, 0.15²) of each side, its side N(share, 0.05²) of
    the image's, at least 0.05 and at most all of it.

    Attributes:
        share: of the image's side.
        size: of the result.
    """

    share: float
    size: Size

    def __call__(self, geometry: Geometry, generator: torch.Generator) -> Geometry:
        """Return the geometry of the crop."""
        draws = torch.randn(3, generator=generator).tolist()
        share = min(1.0, max(0.05, self.share + 0.05 * draws[0]))
        (height, width), (rows, columns) = geometry.size, self.size
        x, y = (0.5 + 0.15 * draw - share / 2 for draw in draws[1:])
        across = share * (width - 1) / max(columns - 1, 1)
        down = share * (height - 1) / max(rows - 1, 1)
        scale = np.diag([across, down, 1.0])
        return geometry.then(
            self.size, _shift(x * (width - 1), y * (height - 1)) @ scale
        )


def drawn(
    transforms: Sequence[Transform], size: Size, generator: torch.Generator
) -> Geometry:
    """Draw one random geometry of a chain of transforms.

    Args:
        transforms: in their order.
        size: of the image.
        generator: on the CPU.

    Raises:
        UsageError: nothing of the image would remain.
    """
    geometry = Geometry(size, size)
    for transform in transforms:
        geometry = transform(geometry, generator)
    return geometry


def lucid(strength: float = 1.0) -> tuple[Transform, ...]:
    """Return Lucid's transforms, in order.

    Args:
        strength: 1 for Lucid's own numbers; 0 for none.
    """
    if not strength:
        return ()
    steps = [(index - 5) / 50 for index in range(11)]
    angles = [*range(-10, 11), *[0] * 5]
    return (
        Pad(round(12 * strength)),
        Jitter(round(8 * strength)),
        Scale(tuple(1 + strength * step for step in steps)),
        Rotate(tuple(strength * angle for angle in angles)),
        Jitter(round(4 * strength)),
    )


def lucid_gentle(strength: float = 1.0) -> tuple[Transform, ...]:
    """Return the transforms of Lucid's ``recipes/caricature.py``, in order.

    Args:
        strength: 1 for Lucid's own numbers; 0 for none.
    """
    if not strength:
        return ()
    steps = (-0.1, -0.05, 0.05, 0.1, *[0.0] * 4)
    angles = (*range(-5, 5), *[0] * 5)
    return (
        Pad(round(8 * strength)),
        Jitter(round(8 * strength)),
        Scale(tuple(1 + strength * step for step in steps)),
        Rotate(tuple(strength * angle for angle in angles)),
        Jitter(round(2 * strength)),
    )


def fitted(transforms: Sequence[Transform], info: ModelInfo) -> tuple[Transform, ...]:
    """Return transforms whose output size the network accepts.

    Args:
        transforms: in their order.
        info: of the network; one that accepts a single size gets it by cropping or
            padding.
    """
    if info.takes_any_size:
        return tuple(transforms)
    return (*transforms, CropOrPad(info.preprocess.input_size))


def _draw(choices: int, generator: torch.Generator) -> int:
    return int(torch.randint(choices, (), generator=generator))


def _shift(x: float, y: float) -> Matrix:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1.0]])
