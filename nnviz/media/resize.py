"""Image resizing, for any depth and any number of channels."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from nnviz.base.images import Pixels
from nnviz.base.preprocess import Interpolation
from nnviz.media.opencv import LARGE

_FILTERS = {
    Interpolation.NEAREST: PillowImage.Resampling.NEAREST,
    Interpolation.BILINEAR: PillowImage.Resampling.BILINEAR,
    Interpolation.BICUBIC: PillowImage.Resampling.BICUBIC,
}
_COLORS = 3


def resize(
    pixels: Pixels, size: tuple[int, int], interpolation: Interpolation
) -> Pixels:
    """Resize (H, W, C) to ``size`` (height, width).

    uint8 gray and color images stay uint8, as in torchvision's preprocessing of Pillow
    images; all others are resized channel by channel in float32 and come back in their
    own dtype.
    """
    if pixels.shape[:2] == size:
        return pixels
    if interpolation is Interpolation.LINEAR:
        return _sampled(pixels, size)
    filter_ = _FILTERS[interpolation]
    width_height = (size[1], size[0])
    if pixels.dtype == np.uint8 and pixels.shape[2] in {1, _COLORS}:
        resized = np.asarray(_as_pillow(pixels).resize(width_height, filter_))
        resized = resized.reshape(*size, -1)[..., : pixels.shape[2]]
        return np.ascontiguousarray(resized)
    planes = [
        PillowImage.fromarray(pixels[..., channel].astype(np.float32)).resize(
            width_height, filter_
        )
        for channel in range(pixels.shape[2])
    ]
    stacked = np.stack([np.asarray(plane) for plane in planes], axis=2)
    if np.issubdtype(pixels.dtype, np.integer):
        limit = np.iinfo(pixels.dtype).max
        return stacked.round().clip(0, limit).astype(pixels.dtype)
    return stacked


def resize_quickly(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resize a camera frame, uint8 (H, W, C), quickly to ``size`` (height, width).

    The frame is halved by averaging while that leaves it large enough, then resampled
    bilinearly.  This takes a tenth of the time of ``resize``; values differ by some
    levels of 255 at edges, where Pillow's filters are wider.
    """
    import cv2

    height, width = pixels.shape[:2]
    while height >= 2 * size[0] and width >= 2 * size[1]:
        height, width = height // 2, width // 2
        pixels = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
        pixels = pixels.reshape(height, width, -1)  # OpenCV drops an axis of size 1
    return _sampled(pixels, size)


def gray_quickly(pixels: Pixels) -> Pixels:
    """Return the luminance of a camera frame, uint8 (H, W, 3), as uint8 (H, W, 1).

    Rounded instead of cut off, so at most one level of 255 above the exact one, in a
    fifteenth of its time.
    """
    import cv2

    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY))[..., None]


def _sampled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """Resize without antialiasing; pixel centers as in torch's ``interpolate``."""
    import cv2

    width_height = (size[1], size[0])
    planes = [
        cv2.resize(pixels[..., first : first + _COLORS], width_height)
        for first in range(0, pixels.shape[2], _COLORS)
    ]
    return np.concatenate([plane.reshape(*size, -1) for plane in planes], axis=2)


def _as_pillow(pixels: Pixels) -> PillowImage.Image:
    """Wrap uint8 gray or color pixels as a Pillow image.

    Pillow stores colors in four bytes.  It takes 40 ms to copy 12 megapixels into them;
    OpenCV takes 10, and Pillow can use its array without copying.
    """
    if pixels.shape[2] == 1:
        return PillowImage.fromarray(pixels.squeeze(2))
    if pixels.shape[0] * pixels.shape[1] < LARGE:
        return PillowImage.fromarray(pixels)
    import cv2

    padded = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
    width_height = (pixels.shape[1], pixels.shape[0])
    return PillowImage.frombuffer("RGBX", width_height, padded, "raw", "RGBX", 0, 1)


def resize_tiles(tiles: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Resize many small images at once, by area averaging where they shrink.

    Args:
        tiles: uint8 (N, S, S, 3).
        side: of the results, px.

    Returns:
        uint8 (N, side, side, 3).
    """
    import cv2

    count, before = tiles.shape[:2]
    if before == side or not count:
        return tiles[:, :side, :side]
    if before < side:
        grown = [cv2.resize(tile, (side, side)) for tile in tiles]
        return np.asarray(np.stack(grown), np.uint8)
    # Stacked vertically, tiles do not mix: their edges are edges of results.
    column = np.ascontiguousarray(tiles).reshape(count * before, before, 3)
    shrunk = cv2.resize(column, (side, count * side), interpolation=cv2.INTER_AREA)
    return np.asarray(shrunk.reshape(count, side, side, 3), np.uint8)
