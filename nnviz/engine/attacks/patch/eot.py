"""Expectation over transformation (EOT): random viewing conditions of a sticker.

Position, size, rotation, tilt, light, blur and noise; Athalye et al. 2018
(arXiv:1707.07397), for stickers as Brown et al. 2017 (arXiv:1712.09665), section 2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from nnviz.base.stickers.placement import Placement, Size
from nnviz.engine.attacks.patch.compositing import Pose, Sticker, pasted, within
from nnviz.engine.imaging.blur import blurred

_LEAST_BLUR = 0.05
"""Px: less blur changes no pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Ranges of the random conditions of EOT: size, angle, light, blur, noise.

    Attributes:
        smallest: width, as a fraction of the image's shorter side.
        largest: likewise.
        turn: largest rotation, degrees, in either direction.
        tilt: largest relative change of the scale from the center to an edge.
        light: largest relative change of the colors' brightness.
        blur: largest standard deviation, px.
        noise: largest standard deviation, in units of [0, 1].
        place: of the center, (x, y) as fractions of the image; None for anywhere.
    """

    smallest: float
    largest: float
    turn: float = 0.0
    tilt: float = 0.0
    light: float = 0.0
    blur: float = 0.0
    noise: float = 0.0
    place: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class View:
    """One random draw of the conditions.

    Attributes:
        pose: of the sticker.
        gain: factor on the sticker's colors.
        lift: offset added to them afterwards.
        blur: of the whole image, standard deviation in px.
        noise: likewise, in units of [0, 1].
    """

    pose: Pose
    gain: float = 1.0
    lift: float = 0.0
    blur: float = 0.0
    noise: float = 0.0


def drawn_views(
    conditions: Conditions, number: int, picture: Size, generator: torch.Generator
) -> list[View]:
    """Return random views, each uniform within the conditions.

    "Anywhere" keeps the sticker, before rotation, wholly within the image.

    Args:
        conditions: their ranges.
        number: of views.
        picture: height and width.
        generator: on the CPU.
    """
    draws = torch.rand((number, 10), generator=generator, dtype=torch.float64)
    return [_view(conditions, row, picture) for row in draws.tolist()]


def seen(
    pictures: Tensor,
    sticker: Sticker,
    views: Sequence[View],
    generator: torch.Generator,
) -> Tensor:
    """Render a sticker on each image under its view; in [0, 1], differentiable.

    Light affects the sticker; blur and noise are the camera's, so they affect
    everything.

    Args:
        pictures: (N, C, H, W) in [0, 1].
        sticker: one for all.
        views: one for each.
        generator: of the noise, on the CPU.
    """
    shown = [
        _seen(picture[None], sticker, view)
        for picture, view in zip(pictures, views, strict=True)
    ]
    found = torch.cat(shown)
    sizes = torch.tensor([view.noise for view in views], dtype=found.dtype)
    if sizes.any():
        noise = torch.randn(found.shape, generator=generator, dtype=found.dtype)
        found = found + (sizes[:, None, None, None] * noise).to(found.device)
    return found.clamp(0, 1)


def _seen(picture: Tensor, sticker: Sticker, view: View) -> Tensor:
    lit = (sticker.colors * view.gain + view.lift).clamp(0, 1)
    shown = pasted(picture, Sticker(lit, sticker.alpha), [view.pose])
    return blurred(shown, view.blur) if view.blur > _LEAST_BLUR else shown


def _view(limits: Conditions, draws: list[float], picture: Size) -> View:
    across, down, wide, turn, right, low, gain, lift, blur, noise = draws
    width = limits.smallest + wide * (limits.largest - limits.smallest)
    x, y = limits.place or (
        within(draw, width * min(picture) / side)
        for draw, side in zip((across, down), reversed(picture), strict=True)
    )
    placement = Placement.nearest(x, y, width, limits.turn * _sign(turn))
    return View(
        pose=Pose(placement, (limits.tilt * _sign(right), limits.tilt * _sign(low))),
        gain=1 + limits.light * _sign(gain),
        lift=limits.light / 2 * _sign(lift),
        blur=limits.blur * blur,
        noise=limits.noise * noise,
    )


def _sign(draw: float) -> float:
    """Map a number in [0, 1) to [-1, 1)."""
    return 2 * draw - 1
