"""Backgrounds that look like images: surfaces, landscapes, lights at night."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.data.scenes.noise import fractal_noise
from nnviz.engine.data.scenes.textures import window_of

ColorImage = NDArray[np.float32]
"""(size, size, 3) in [0, 1]."""

_TILE = 512
_TILES = 3
_LEVELS = 256


@dataclass(frozen=True)
class _Surface:
    """A surface texture: noise mapped through a palette.

    Attributes:
        words: its name in a sentence.
        slope: of the noise.
        zoom: tile pixels per 128th of the image.
        stretch: ratio of the grain's length to its width.
        palette: colors from the lowest noise to the highest, RGB in hexadecimal.
    """

    words: str
    slope: float
    zoom: float
    stretch: float
    palette: str

    @property
    def colors(self) -> NDArray[np.float64]:
        """The palette as (K, 3) in [0, 1]."""
        return np.array([list(bytes.fromhex(c)) for c in self.palette.split()]) / 255


_SURFACES = (
    _Surface("on stone", 2.0, 2.0, 1, "42403e 807c76 b2aca0"),
    _Surface("on wood", 2.0, 2.5, 9, "482a16 8c5c34 bc8c5c"),
    _Surface("on sand", 1.5, 1.5, 1.5, "967a54 c6a87a e2cca4"),
    _Surface("on grass", 1.5, 2.0, 1, "162c0e 3a6220 809c46"),
    _Surface("on leaves", 2.0, 2.5, 1, "28160a 784016 b47832 5c5424"),
    _Surface("on water", 2.5, 1.5, 4, "0c2c42 265c76 74a0aa"),
    _Surface("on a wall", 3.0, 0.8, 1, "a89e92 c4bcb0 d6d0c8"),
    _Surface("on snow", 2.5, 1.0, 1, "a8b6ce dae2ec f6f8fa"),
    _Surface("on rust", 2.0, 2.0, 1, "3a3434 7a4228 ac6236"),
    _Surface("on marble", 3.0, 1.5, 2, "5a5c62 d6d4d0 e8e6e2"),
)


_HILLS, _NIGHT = "in front of hills", "in front of lights at night"
BACKGROUNDS = (
    *(surface.words for surface in _SURFACES),
    _HILLS,
    _NIGHT,
)
"""Names of the backgrounds in sentences."""


def draw_background(rng: np.random.Generator, size: int) -> tuple[ColorImage, str]:
    """Draw a background; return it with its description for the sentence."""
    kind = rng.random()
    if kind < 0.3:  # noqa: PLR2004  shares of the kinds
        return _landscape(rng, size), _HILLS
    if kind < 0.4:  # noqa: PLR2004
        return _lights(rng, size), _NIGHT
    surface = _SURFACES[rng.integers(len(_SURFACES))]
    turn = rng.uniform(0, np.pi)
    noise = _noise(rng, size, surface.slope, surface.zoom, (surface.stretch, turn))
    return _painted(noise, surface.colors + rng.normal(0, 0.03, 3)), surface.words


def _noise(
    rng: np.random.Generator,
    size: int,
    slope: float,
    zoom: float,
    grain: tuple[float, float] = (1, 0),
) -> NDArray[np.float32]:
    """Sample a random window of a noise tile, (size, size) in [0, 1].

    Args:
        rng: source of all random numbers.
        size: side, px.
        slope: of the noise.
        zoom: tile pixels per 128th of the image, varied by a third.
        grain: ratio of the grain's length to its width, and its rotation, radians.
    """
    tile = fractal_noise(_TILE, slope, int(rng.integers(_TILES)))
    scale = zoom * 128 / size * rng.uniform(0.75, 1.33)
    stretch, turn = grain
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    matrix = np.diag([scale / stretch, scale]) @ rotation
    shift = rng.uniform(0, _TILE, 2)
    return window_of(tile, np.column_stack([matrix, shift]), (size, size))


def _painted(values: NDArray[np.float32], palette: NDArray[np.float64]) -> ColorImage:
    """Map [0, 1] to colors spaced evenly along a palette (K, 3)."""
    steps = np.linspace(0, len(palette) - 1, _LEVELS)
    table = np.stack(
        [np.interp(steps, range(len(palette)), channel) for channel in palette.T], 1
    ).astype(np.float32)
    picture: ColorImage = table[(values * (_LEVELS - 1)).astype(np.uint8)]
    return picture


def _landscape(rng: np.random.Generator, size: int) -> ColorImage:
    """Paint a sky with clouds over two to four ridges, hazier with distance."""
    zenith = np.array([0.25, 0.45, 0.80]) + rng.normal(0, 0.08, 3)
    haze = np.array([0.80, 0.82, 0.84]) + rng.normal(0, 0.07, 3)
    fall = np.linspace(0, 1, size, dtype=np.float32)[:, None, None]
    sky = (zenith + (haze - zenith) * fall).astype(np.float32)
    cloud = _noise(rng, size, 2.5, 2, (2.5, 0))
    cover = np.clip((cloud - np.float32(rng.uniform(0.4, 1))) * 3, 0, 1)
    picture: ColorImage = sky + cover[..., None] * (np.float32(0.95) - sky)
    _add_ridges(picture, rng, haze)
    return picture


def _add_ridges(
    picture: ColorImage, rng: np.random.Generator, haze: NDArray[np.float64]
) -> None:
    """Paint two to four ridges below a sky, in place, the farther the hazier."""
    size = len(picture)
    ground = np.array(
        ((0.20, 0.32, 0.12), (0.42, 0.36, 0.20), (0.16, 0.26, 0.20))[rng.integers(3)]
    )
    ridges = int(rng.integers(2, 5))
    horizon = rng.uniform(0.35, 0.65)
    rows = np.arange(size)[:, None]
    for ridge in range(ridges):
        nearness = (ridge + 1) / ridges
        relief = 0.25 * _line(rng, size) / (1 + ridge)
        top = horizon + (1 - horizon) * 0.7 * ridge / ridges + relief
        land = rows >= top * size
        color = (haze + (ground - haze) * nearness).astype(np.float32)
        grain = _noise(rng, size, 1.5, 3)[land] - np.float32(0.5)
        shade = 1 + np.float32(0.7 * nearness) * grain
        picture[land] = shade[:, None] * color


def _line(rng: np.random.Generator, size: int) -> NDArray[np.float32]:
    """Return the height profile of a ridge, (size,) in [-0.5, 0.5]."""
    tile = fractal_noise(_TILE, 2.5, int(rng.integers(_TILES)))
    columns = np.arange(size) * (192 / size) + rng.uniform(0, _TILE)
    row = tile[rng.integers(_TILE)]
    relief = np.interp(columns, np.arange(_TILE), row, period=_TILE) - 0.5
    return np.asarray(relief, np.float32)


def _lights(rng: np.random.Generator, size: int) -> ColorImage:
    """Draw out-of-focus lights before a dark background (bokeh)."""
    import cv2

    picture = _painted(
        _noise(rng, size, 3.0, 1),
        np.array([[0.02, 0.02, 0.05], [0.10, 0.09, 0.14], [0.22, 0.17, 0.18]]),
    )
    layer = np.zeros_like(picture)
    for _ in range(int(rng.integers(8, 24))):
        center = (rng.uniform(0, size, 2) * 16).astype(int).tolist()
        radius = int(rng.uniform(0.03, 0.09) * size * 16)
        warm = rng.uniform(0.2, 0.7) * rng.dirichlet((3, 2, 1.5)) * 2
        light = np.zeros_like(picture)
        cv2.circle(light, center, radius, warm.tolist(), cv2.FILLED, cv2.LINE_8, 4)
        layer += light
    picture += cv2.GaussianBlur(layer, (0, 0), 0.008 * size)
    return np.minimum(picture, 1)
