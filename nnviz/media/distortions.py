"""Distortions of images in practice: compression, resizing, cameras.

Each maps uint8 (H, W, C) to uint8, C of 1 or 3; the size may change.
"""

import io
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from nnviz.base.images import Colors
from nnviz.base.preprocess import Interpolation
from nnviz.media.resize import resize

Random = np.random.Generator
Apply = Callable[[Colors, Random], Colors]
_WHITE = 255
_FORMATS_HAVE = {1, 3}
_JPEG, _WEBP, _OPENCV = 65_500, 16_383, 32_766
"""Longest sides that JPEG, WebP and OpenCV support, px."""


@dataclass(frozen=True, slots=True)
class Distortion:
    """A named distortion of images.

    Attributes:
        name: in words, "JPEG 75".
        apply: distorts pixels; takes random numbers from the generator.
        largest: longest side that the format or the library supports, px; None for any.
    """

    name: str
    apply: Apply
    largest: int | None = None

    def suits(self, pixels: Colors) -> bool:
        """Return whether an image is small enough for the distortion."""
        return self.largest is None or max(pixels.shape[:2]) <= self.largest


def reencoded(
    pixels: Colors, _random: Random, *, form: str, quality: int = 100
) -> Colors:
    """Encode an image in a file format and decode it again.

    Numbers of channels that no format supports, such as four, are encoded channel by
    channel.
    """
    if pixels.shape[2] not in _FORMATS_HAVE:
        bands = np.split(pixels, pixels.shape[2], axis=2)
        encode = partial(reencoded, form=form, quality=quality)
        return np.concatenate([encode(band, _random) for band in bands], axis=2)
    file = io.BytesIO()
    _as_pillow(pixels).save(file, form, quality=quality)
    return _as_pixels(PillowImage.open(file, formats=(form,)), pixels.shape[2])


def resized(pixels: Colors, _random: Random, *, scale: float) -> Colors:
    """Return the image resized by a factor."""
    size = tuple(max(1, round(side * scale)) for side in pixels.shape[:2])
    return resize(pixels, (size[0], size[1]), Interpolation.BICUBIC)


def cropped(pixels: Colors, _random: Random, *, share: float) -> Colors:
    """Return the image with a share of its height and width cropped, at all edges."""
    top, left = (round(side * share / 2) for side in pixels.shape[:2])
    height, width = pixels.shape[:2]
    return pixels[top : height - top, left : width - left]


def rotated(pixels: Colors, _random: Random, *, degrees: float) -> Colors:
    """Rotate an image about its center, replicating its edges outward."""
    import cv2

    height, width = pixels.shape[:2]
    turn = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), degrees, 1)
    return _channels(
        cv2.warpAffine(pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE)
    )


def blurred(pixels: Colors, _random: Random, *, sigma: float) -> Colors:
    """Blur an image with a Gaussian, as if out of focus; sigma in px."""
    import cv2

    return _channels(cv2.GaussianBlur(pixels, (0, 0), sigma))


def noisy(pixels: Colors, random: Random, *, sigma: float) -> Colors:
    """Add Gaussian sensor noise to an image; sigma in 1/255."""
    return _levels(pixels + random.normal(0, sigma, pixels.shape))


def lit(pixels: Colors, _random: Random, *, gain: float) -> Colors:
    """Multiply an image's brightness by a gain."""
    return _levels(pixels * gain)


def through_lens(pixels: Colors, _random: Random, *, bend: float) -> Colors:
    """Apply radial lens distortion to an image (Brown's k1)."""
    import cv2

    height, width = pixels.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    y = (rows - (height - 1) / 2) / (height / 2)
    x = (columns - (width - 1) / 2) / (width / 2)
    stretch = 1 + np.float32(bend) * (x**2 + y**2)
    return _remapped(
        pixels,
        x * stretch * (width / 2) + (width - 1) / 2,
        y * stretch * (height / 2) + (height - 1) / 2,
        cv2.BORDER_REPLICATE,
    )


def photographed(pixels: Colors, random: Random) -> Colors:
    """Simulate a photo of the image: perspective, uneven light, blur, noise."""
    seen = _askew(pixels, random)
    height, width = seen.shape[:2]
    angle = random.uniform(0, 2 * math.pi)
    y, x = np.mgrid[-0.5:0.5:height * 1j, -0.5:0.5:width * 1j]  # fmt: skip
    light = 0.95 + 0.2 * (x * math.cos(angle) + y * math.sin(angle))
    seen = _levels(seen * light[..., None])
    seen = noisy(blurred(seen, random, sigma=0.7), random, sigma=3)
    return reencoded(seen, random, form="JPEG", quality=90)


DISTORTIONS = (
    Distortion("saved as PNG", partial(reencoded, form="PNG")),
    Distortion("JPEG 95", partial(reencoded, form="JPEG", quality=95), _JPEG),
    Distortion("JPEG 75", partial(reencoded, form="JPEG", quality=75), _JPEG),
    Distortion("JPEG 50", partial(reencoded, form="JPEG", quality=50), _JPEG),
    Distortion("WebP 80", partial(reencoded, form="WEBP", quality=80), _WEBP),
    Distortion("half the size", partial(resized, scale=0.5)),
    Distortion("1.3 times the size", partial(resized, scale=1.3)),
    Distortion("rotated by 5°", partial(rotated, degrees=5), _OPENCV),
    Distortion("cropped by 5 %", partial(cropped, share=0.05)),
    Distortion("blurred, sigma 1 px", partial(blurred, sigma=1)),
    Distortion("noise, sigma 4/255", partial(noisy, sigma=4)),
    Distortion("a fifth darker", partial(lit, gain=0.8)),
    Distortion("a fifth brighter", partial(lit, gain=1.2)),
    Distortion("lens distortion", partial(through_lens, bend=0.05), _OPENCV),
    Distortion("held to a camera (simulated)", photographed, _OPENCV),
)
"""Distortions that an attacked image may have to survive."""


def _askew(pixels: Colors, random: Random) -> Colors:
    """Apply a small random perspective change to an image."""
    import cv2

    height, width = pixels.shape[:2]
    corners = np.array(
        [[0, 0], [width - 1, 0], [width - 1, height - 1], [0, height - 1]], np.float32
    )
    moved = corners + random.uniform(-0.03, 0.03, (4, 2)) * (width, height)
    turn = cv2.getPerspectiveTransform(corners, moved.astype(np.float32))
    return _channels(
        cv2.warpPerspective(
            pixels, turn, (width, height), borderMode=cv2.BORDER_REPLICATE
        )
    )


def _remapped(
    pixels: Colors, x: NDArray[np.float32], y: NDArray[np.float32], border: int
) -> Colors:
    import cv2

    found = cv2.remap(pixels, x, y, cv2.INTER_LINEAR, borderMode=border)
    return _channels(found)


def _levels(values: NDArray[np.floating]) -> Colors:
    return values.round().clip(0, _WHITE).astype(np.uint8)


def _channels(pixels: NDArray[Any]) -> Colors:
    """Restore the axis of a single channel, which OpenCV drops: (H, W, C)."""
    whole: Colors = pixels if pixels.ndim == 3 else pixels[..., None]  # noqa: PLR2004
    return whole


def _as_pillow(pixels: Colors) -> PillowImage.Image:
    return PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)


def _as_pixels(picture: PillowImage.Image, channels: int) -> Colors:
    return _channels(np.asarray(picture.convert("L" if channels == 1 else "RGB")))
