"""Augmentation gallery: training augmentations applied to the user's image."""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor

from nnviz.base.images import Image, rgb8
from nnviz.base.info import TRAINING, Reference
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Mosaic, Report
from nnviz.engine.learning.augmentation import Augmentation
from nnviz.engine.learning.examples import SIDE, cut_square
from nnviz.engine.learning.parameters import (
    AugmentationParams,
    Elastic,
    Rotation,
    Shift,
)
from nnviz.engine.method import Context, Presets, register

_SHOWN = 128
"""Side of a tile, px."""
_USUAL = Augmentation(
    shift=4, rotate=15.0, elastic=2.0, flip=True, cut=12, noise=0.1, color=0.1
)
"""Default strengths."""
_WORDS = {
    "shift": "shift {} px",
    "rotate": "rotate {:g}°",
    "elastic": "elastic {:g} px",
    "flip": "flip",
    "cut": "cut {} px",
    "noise": "noise {:g}",
    "color": "color {:g}",
}


@dataclass(frozen=True, kw_only=True)
class AugmentationsParams(AugmentationParams):
    """Parameters of the gallery: strengths of augmentations, and number of draws."""

    shift: Annotated[Shift, Essential()] = 0
    rotate: Annotated[Rotation, Essential()] = 0.0
    elastic: Annotated[Elastic, Essential()] = 0.0
    draws: Annotated[
        int, Essential(), Range(2, 12), Help("Random draws of each augmentation.")
    ] = 6


@register(
    "augmentations",
    title="Augmentation gallery",
    group="Train",
    live=False,
    needs_model=False,
    reference=Reference("Krizhevsky et al. 2012", "section 4.1"),
    capabilities=replace(TRAINING, runs_by_itself=True),
)
class Augmentations:
    """Augmentations: random changes of training images that keep their class."""

    Params: ClassVar[type] = AugmentationsParams
    shows: ClassVar[str] = (
        "Your image as a network in training would see it: several random draws of "
        "each augmentation, and at the end of all of them together."
    )
    reading: ClassVar[str] = (
        "An augmentation helps if its changes also occur in future images and leave "
        "the class alone: a mirrored cat is a cat, a mirrored 3 is nothing. Elastic "
        "deformation suits things that bend: handwriting, tissue under a microscope."
    )
    misleads: ClassVar[str] = (
        f"Shift and cut are given in px of a training image, {SIDE} px wide; the tiles "
        "are finer. Where a strength is 0, a typical one is shown."
    )
    presets: ClassVar[Presets] = {
        "demo": {"draws": 3},
        "too strong": {
            "shift": 8,
            "rotate": 180,
            "elastic": 6,
            "cut": 24,
            "noise": 0.5,
            "color": 1,
        },
    }

    def run(self, ctx: Context, params: AugmentationsParams) -> Iterator[Report]:
        """Yield "augmentations": the original, then the draws of each."""
        original = _tile(ctx.image)
        tiles, captions = [original], ["original"]
        for name, augmentation in _each(params.augmentation()).items():
            ctx.check()
            copies = original.expand(params.draws, -1, -1, -1)
            tiles.append(_scaled(augmentation)(copies, ctx.generator))
            captions += [name] * params.draws
        yield Report({"augmentations": _mosaic(torch.cat(tiles), captions)})


def _tile(image: Image) -> Tensor:
    """Return the central square of an image, (1, 3, S, S) in [0, 1]."""
    pixels = torch.tensor(rgb8(image.pixels)).permute(2, 0, 1)[None]
    return cut_square(pixels.float() / 255, _SHOWN).clamp(0, 1)


def _each(asked: Augmentation) -> dict[str, Augmentation]:
    """Return one augmentation for each kind of change, by name, then all together.

    A strength of 0 is replaced by the default; the last entry combines the chosen ones,
    or all defaults where none is chosen.
    """
    none = Augmentation()
    strengths = {
        field.name: getattr(asked, field.name) or getattr(_USUAL, field.name)
        for field in fields(Augmentation)
    }
    found = {
        _WORDS[name].format(value): replace(none, **{name: value})
        for name, value in strengths.items()
    }
    return {**found, "together": _USUAL if asked == none else asked}


def _scaled(augmentation: Augmentation) -> Augmentation:
    """Return an augmentation scaled up for the larger tiles."""
    factor = _SHOWN // SIDE
    return replace(
        augmentation,
        shift=factor * augmentation.shift,
        elastic=factor * augmentation.elastic,
        cut=factor * augmentation.cut,
    )


def _mosaic(tiles: Tensor, captions: list[str]) -> Mosaic:
    return Mosaic(
        tiles=tiles.permute(0, 2, 3, 1).numpy().astype(np.float32),
        order=np.arange(len(tiles), dtype=np.int64),
        captions=tuple(captions),
        signed=False,
        shared_scale=True,
        unit="brightness",
        noun="draw",
        layer="",
    )
