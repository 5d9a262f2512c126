"""Antialiased resizing of pixels of any depth and any number of channels."""

import numpy as np
from PIL import Image as PillowImage

from nnviz.base.images import Pixels
from nnviz.base.preprocess import Interpolation

_FILTERS = {
    Interpolation.NEAREST: PillowImage.Resampling.NEAREST,
    Interpolation.BILINEAR: PillowImage.Resampling.BILINEAR,
    Interpolation.BICUBIC: PillowImage.Resampling.BICUBIC,
}
_COLOURS = 3


def resize(
    pixels: Pixels, size: tuple[int, int], interpolation: Interpolation
) -> Pixels:
    """Resize (H, W, C) to ``size`` (height, width).

    uint8 grey and colour pictures stay uint8, as torchvision's preprocessing of Pillow
    pictures has it; all others are resized channel by channel in float32 and come
    back in their own dtype.
    """
    if pixels.shape[:2] == size:
        return pixels
    filter_ = _FILTERS[interpolation]
    width_height = (size[1], size[0])
    if pixels.dtype == np.uint8 and pixels.shape[2] in {1, _COLOURS}:
        picture = PillowImage.fromarray(
            pixels.squeeze(2) if pixels.shape[2] == 1 else pixels
        )
        resized = np.asarray(picture.resize(width_height, filter_))
        return resized.reshape(*size, pixels.shape[2])
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
