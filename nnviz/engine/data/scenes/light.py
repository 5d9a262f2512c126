"""Light and camera of a scene: shading, shadows, blur, noise."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.data.scenes.backgrounds import ColorImage
from nnviz.engine.data.scenes.layout import Item
from nnviz.engine.data.scenes.noise import grain
from nnviz.engine.data.scenes.textures import COLORS, TEXTURES, sample

_NO_BLUR = 0.3
"""Standard deviations below this have no effect, px."""
_MOST_NOISE = 0.08
_MIDDLE = np.float32(0.45)
"""Gray level that contrast leaves unchanged."""


@dataclass(frozen=True, eq=False)
class Light:
    """The direction of a scene's light.

    Attributes:
        towards: unit vector (x, y) along which it falls.
        shadow: darkness of the shadows, in [0, 1].
        softness: of the shadows, in radii of the object that casts them.
    """

    towards: NDArray[np.float64]
    shadow: float
    softness: float


def draw_light(rng: np.random.Generator) -> Light:
    """Draw a light, mostly from above."""
    angle = np.pi / 2 + rng.normal(0, 0.8)
    towards = np.array([np.cos(angle), np.sin(angle)])
    return Light(towards, rng.uniform(0.15, 0.6), rng.uniform(0.08, 0.3))


def put(
    picture: ColorImage, item: Item, light: Light, rng: np.random.Generator
) -> None:
    """Draw a shape and its shadow onto an image, in place."""
    tones = _tones(item, rng)
    period = item.radius * rng.uniform(0.4, 0.7)
    turn = rng.uniform(0, np.pi)
    lift = item.radius * rng.uniform(0.08, 0.25)
    shading = rng.uniform(0.05, 0.35)
    _cast_shadow(picture, item, light, lift)
    top, left, bottom, right = _window(item.coverage)
    inside = (slice(top, bottom), slice(left, right))
    origin = item.center - (left, top)
    size = (bottom - top, right - left)
    pattern = sample(TEXTURES[item.texture], period, turn, origin, size)
    lit = _shading(shading / item.radius, light, origin, size)
    alpha = item.coverage[inside] * np.float32(1 / 255)
    # Channel by channel: numpy is slow along an axis of three.
    for channel, (first, second) in enumerate(tones.T):
        under = picture[(*inside, channel)]
        under += alpha * (lit * (first + pattern * (second - first)) - under)


def _shading(
    slope: float, light: Light, origin: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return the shading over a shape's window, (H, W): 1 at its center."""
    steepness = np.float32(-slope) * light.towards.astype(np.float32)
    y = np.arange(size[0], dtype=np.float32)[:, None] - np.float32(origin[1])
    x = np.arange(size[1], dtype=np.float32) - np.float32(origin[0])
    return np.asarray(1 + steepness[0] * x + steepness[1] * y, np.float32)


def expose(picture: ColorImage, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Simulate a camera's exposure of an image; return uint8 of the same shape.

    Vignetting, varying color and exposure, blur by lens and camera shake, and sensor
    noise.
    """
    import cv2

    size = len(picture)
    fall = rng.normal(0, 0.18, 2)
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    lit = 1 + np.float32(fall[0]) * ramp[:, None] + np.float32(fall[1]) * ramp
    cast = (np.exp(rng.normal(0, 0.16)) * (1 + rng.normal(0, 0.05, 3))).astype(
        np.float32
    )
    contrast = np.float32(rng.uniform(0.75, 1.15))
    blur = max(0.0, rng.normal(0.3, 0.45)) * size / 128
    noise = np.float32(min(rng.gamma(1.2, 0.018), _MOST_NOISE))
    # As rows of 3 * size numbers: numpy is slow along an axis of three.
    gain = np.repeat(lit * (255 * contrast), 3, 1) * np.tile(cast, size)
    flat = picture.reshape(size, 3 * size) * gain
    if blur > _NO_BLUR:
        flat = cv2.GaussianBlur(flat.reshape(picture.shape), (0, 0), blur).reshape(
            flat.shape
        )
    flat += 255 * _MIDDLE * (1 - contrast) + np.float32(0.5)
    flat += 255 * noise * _sensor_noise(rng, flat.shape)
    exposed: NDArray[np.uint8] = np.clip(flat, 0, 255, out=flat).astype(np.uint8)
    return exposed.reshape(picture.shape)


def _sensor_noise(
    rng: np.random.Generator, shape: tuple[int, int]
) -> NDArray[np.float32]:
    """Return Gaussian noise (H, W), from a random offset of a stored sequence."""
    film = grain()
    start = int(rng.integers(film.size))
    return film.take(
        np.arange(start, start + shape[0] * shape[1]), mode="wrap"
    ).reshape(shape)


def _tones(item: Item, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the two tones (2, 3) of a shape: its color, and one darker or lighter."""
    own = np.array(tuple(COLORS.values())[item.color]) + rng.normal(0, 0.03, 3)
    if rng.random() < 0.5:  # noqa: PLR2004  half of them
        second = own * rng.uniform(0.25, 0.5)
    else:
        second = own + rng.uniform(0.6, 0.9) * (1 - own)
    return np.clip([own, second], 0, 1).astype(np.float32)


def _cast_shadow(picture: ColorImage, item: Item, light: Light, lift: float) -> None:
    import cv2

    size = len(picture)
    # Soft masks need no fine grid: computed at half size and doubled when shifted.
    half = cv2.resize(
        item.coverage, (size // 2, size // 2), interpolation=cv2.INTER_AREA
    )
    half = cv2.GaussianBlur(half, (0, 0), max(0.5, light.softness * item.radius / 2))
    away = lift * light.towards
    doubled = np.array([[2.0, 0.0, away[0] + 0.5], [0.0, 2.0, away[1] + 0.5]])
    dark = cv2.warpAffine(half, doubled, (size, size))
    left = 1 - np.float32(light.shadow / 255) * dark
    rows = picture.reshape(size, 3 * size)
    rows *= np.repeat(left, 3, 1)


def _window(coverage: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Return top, left, bottom, right of the bounding box of a coverage map."""
    rows, columns = np.flatnonzero(coverage.any(1)), np.flatnonzero(coverage.any(0))
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1
