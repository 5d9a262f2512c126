"""Differentiable compositing of stickers: ``nnviz.media.stickers.cutting`` in torch.

The same steps give the same pixels: colors premultiplied by their opacity, resized with
an antialiased triangle filter, then sampled bilinearly at the sticker's position.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from nnviz.base.frames import Placement as OnPhoto
from nnviz.base.stickers.placement import Placement, Size

Matrix = NDArray[np.float64]
"""(3, 3), from (x, y, 1) to (x, y, 1) up to a factor."""
_BEHIND = 1e-6
"""Depth below which the plane of a tilted sticker faces away from the eye."""


@dataclass(frozen=True, slots=True, eq=False)
class Sticker:
    """An image with transparency.

    Attributes:
        colors: (1, C, h, w) in [0, 1]; may carry a graph.
        alpha: (1, 1, h, w) in [0, 1].
    """

    colors: Tensor
    alpha: Tensor

    @property
    def size(self) -> Size:
        """Height and width, px."""
        return self.alpha.shape[2], self.alpha.shape[3]


@dataclass(frozen=True, slots=True)
class Pose:
    """The pose of a sticker: position, size, rotation, tilt.

    Attributes:
        placement: of its center.
        tilt: relative change of the image's scale from the sticker's center to its
            right and to its lower edge; 0 is a frontal view.
    """

    placement: Placement
    tilt: tuple[float, float] = (0.0, 0.0)

    def matrix(self, picture: Size, sticker: Size) -> Matrix:
        """Return the homography from the sticker's px to the image's, continuous."""
        flat = np.eye(3)
        flat[:2] = self.placement.matrix(picture, sticker)
        height, width = sticker
        middle = np.eye(3)
        middle[:2, 2] = width / 2, height / 2
        turned = np.eye(3)
        turned[2, :2] = 2 * self.tilt[0] / width, 2 * self.tilt[1] / height
        found: Matrix = flat @ middle @ turned @ np.linalg.inv(middle)
        return found


def pasted(pictures: Tensor, sticker: Sticker, poses: Sequence[Pose]) -> Tensor:
    """Return images with a sticker composited on each, differentiable in both.

    Args:
        pictures: (N, C, H, W) in [0, 1].
        sticker: one for all.
        poses: one for each.
    """
    premultiplied = torch.cat([sticker.colors * sticker.alpha, sticker.alpha], 1)
    layers = [
        _layer(premultiplied, pose, (pictures.shape[2], pictures.shape[3]))
        for pose in poses
    ]
    layer = torch.cat(layers)
    return layer[:, :-1] + (1 - layer[:, -1:]) * pictures


def coverage(picture: Size, alpha: Tensor, poses: Sequence[Pose]) -> Tensor:
    """Return the opacity of a sticker over each pixel, (N, 1, H, W).

    Args:
        picture: height and width.
        alpha: the sticker's, (1, 1, h, w).
        poses: one for each image.
    """
    return torch.cat([_layer(alpha, pose, picture) for pose in poses])


def within(place: float, share: float) -> float:
    """Return the position of a sticker's center at which nothing crosses an edge.

    Args:
        place: in [0, 1], from one edge that the sticker may touch to the other.
        share: fraction of the image's side that the sticker takes.
    """
    return 0.5 + max(0.0, 1 - share) * (place - 0.5)


def on_photo(placement: Placement, where: OnPhoto) -> Placement:
    """Convert the placement of a sticker on the network's input to one on the image.

    Where the image was stretched, the sticker's proportions there differ; its
    area is kept.

    Args:
        placement: on the input.
        where: frame of the input on the image.
    """
    height, width = where.input_size
    y, x = where.to_photo(placement.y * height, placement.x * width)
    scale = float(np.sqrt(where.scale[0] * where.scale[1]))
    wide = placement.width * min(height, width) / scale / min(where.photo_size)
    return Placement.nearest(
        x / where.photo_size[1], y / where.photo_size[0], wide, placement.angle
    )


def _layer(layer: Tensor, pose: Pose, picture: Size) -> Tensor:
    """Warp a layer by a pose onto the image, (1, C, H, W); 0 outside the sticker."""
    own = (layer.shape[2], layer.shape[3])
    size = pose.placement.pixels(picture, own)
    if size != own:
        layer = functional.interpolate(layer, size, mode="bilinear", antialias=True)
    back = np.linalg.inv(pose.matrix(picture, size))
    # grid_sample's coordinates run from -1 at the left or upper edge to 1 at the other.
    whole = np.diag([2 / size[1], 2 / size[0], 1.0])
    whole[:2, 2] = -1
    grid = _grid(whole @ back, picture, layer)
    return functional.grid_sample(layer, grid, align_corners=False)


def _grid(matrix: Matrix, size: Size, like: Tensor) -> Tensor:
    """Return the coordinates to which a matrix maps pixel centers, (1, H, W, 2)."""
    down = torch.arange(size[0], device=like.device, dtype=torch.float64)[:, None] + 0.5
    across = torch.arange(size[1], device=like.device, dtype=torch.float64) + 0.5
    x, y, depth = (a * across + (b * down + c) for a, b, c in matrix.tolist())
    depth = torch.where(depth > _BEHIND, depth, torch.inf)
    # At infinite depth the sticker's center would be sampled: nothing is visible there.
    far = depth.isinf() * 4.0
    found: Tensor = torch.stack([x / depth + far, y / depth + far], -1)[None]
    return found.to(like.dtype)
