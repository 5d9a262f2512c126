"""Warped regions (R-CNN): region proposals resized to a classifier's input.

Girshick et al. 2014 (arXiv:1311.2524), section 2.1 and appendix A.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import InputError, ModelError
from nnviz.base.images import Image, to_float
from nnviz.base.preprocess import Interpolation
from nnviz.engine.context import Context
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.proposals.selective_search import search
from nnviz.engine.targets.detections import last_with_weights
from nnviz.engine.targets.resolve import probabilities
from nnviz.media.resize import resize

_COLORS = 3
_LEAST = 2
"""px: gradients need two pixels along each axis."""
WORKING_SIZE = 500
"""px: longer side of the image that is searched and cropped."""
SEARCHED, WINDOWS = "selective search", "sliding windows"
_MOST_CONTEXT = 4
"""Minimum ratio of the input's shorter side to the context."""
_SMALLEST, _LONGEST = 16, 5
"""px of a region's shorter side, and the largest aspect ratio."""


def working_image(
    image: Image, size: int = WORKING_SIZE
) -> tuple[NDArray[np.float32], float]:
    """Return an image at the working size, RGB in [0, 1], and the reduction factor.

    Args:
        image: any.
        size: of its longer side, px; a smaller one stays as it is.

    Raises:
        InputError: it is narrower than two pixels then.
    """
    pixels = to_float(image.pixels)
    color = pixels.shape[2] >= _COLORS
    pixels = pixels[..., :_COLORS] if color else pixels[..., :1].repeat(_COLORS, 2)
    height, width = image.size
    scale = max(1.0, max(height, width) / size)
    goal = max(1, round(height / scale)), max(1, round(width / scale))
    if min(goal) < _LEAST:
        reason = f"has {goal[0]} x {goal[1]} px at the working size: too narrow"
        raise InputError(image.name, reason, "crop it, or pick another image")
    return resize(pixels, goal, Interpolation.BILINEAR).clip(0, 1), scale


def propose_regions(
    ctx: Context, pixels: NDArray[np.float32], source: str, count: int
) -> NDArray[np.float32]:
    """Propose regions to classify, float32 (N, 4) corners, px, at least one.

    Args:
        ctx: of the run: its generator, and what stops it.
        pixels: (H, W, 3) in [0, 1].
        source: ``SEARCHED`` or ``WINDOWS``.
        count: maximum number of regions; the whole image is the first of them.
    """
    if source == WINDOWS:
        found = windows(pixels.shape[:2], count)
    else:
        random = np.random.default_rng(int(ctx.generator.initial_seed()))
        *_, found = search(pixels, "fast", random, ctx.check)
    found = found[_plausible(found)]
    whole = np.array([[0, 0, pixels.shape[1], pixels.shape[0]]], np.float32)
    return np.concatenate((whole, found))[:count]


def _plausible(regions: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return the mask of regions that are neither tiny nor narrow strips."""
    sides = regions[:, 2:] - regions[:, :2]
    large, strip = sides.min(1) >= _SMALLEST, sides.max(1) > _LONGEST * sides.min(1)
    kept: NDArray[np.bool_] = large & ~strip
    return kept


def windows(size: tuple[int, ...], count: int) -> NDArray[np.float32]:
    """Return about ``count`` square windows of three sizes on a grid, largest first.

    Their sides are 1, 1/2 and 1/4 of the image's shorter side; neighbors overlap by
    half or more, as far as the count allows.

    Args:
        size: height and width, px.
        count: maximum number of windows.
    """
    height, width = size
    found: list[tuple[float, float, float, float]] = []
    for part, share in ((1, 0.1), (2, 0.3), (4, 0.6)):
        side = min(height, width) / part
        room = height - side, width - side
        steps = max(1.0, share * count)
        aspect = (room[1] + side) / (room[0] + side)
        most = 1 + round(4 * room[0] / side)
        rows = max(1, min(round((steps / aspect) ** 0.5), most))
        columns = max(1, min(round(steps / rows), 1 + round(4 * room[1] / side)))
        found += [
            (x, y, x + side, y + side)
            for y in np.linspace(0, room[0], rows) if rows
            for x in np.linspace(0, room[1], columns)
        ]  # fmt: skip
    return np.array(found[:count], np.float32)


@dataclass(frozen=True, eq=False)
class RegionPasses:
    """Passes of the run's network over warped regions.

    Attributes:
        ctx: with the network.
        context: px of the input that show a region's surroundings on each side.
    """

    ctx: Context
    context: int

    def __post_init__(self) -> None:
        """Check that the network takes color or gray.

        Raises:
            ModelError: it takes other channels.
        """
        info = self.ctx.model.info
        channels = info.preprocess.channels
        if channels not in {1, _COLORS}:
            raise ModelError(
                info.title,
                f"takes {channels} channels; regions are cut from color or gray images",
                "use occlusion, which works with any",
            )

    @cached_property
    def head(self) -> str:
        """Name of the network's last layer with weights; its input is the features."""
        return last_with_weights(self.ctx.model.net, self._sample())

    def probabilities(
        self, pixels: NDArray[np.float32], regions: NDArray[np.float32]
    ) -> Callable[[slice], NDArray[np.float32]]:
        """Return a function from a slice of the regions to class probabilities (n, K).

        Args:
            pixels: (H, W, 3) in [0, 1].
            regions: (N, 4) corners, px.
        """
        passes, info = self._passes, self.ctx.model.info

        def classify(warped: Tensor) -> Tensor:
            logits = passes.outputs(warped)[0].cpu()
            return probabilities(logits.double(), info).float()

        return self._over(pixels, regions, classify)

    def features(
        self, pixels: NDArray[np.float32], regions: NDArray[np.float32]
    ) -> Callable[[slice], NDArray[np.float32]]:
        """Return a function from a slice of the regions to features (n, D)."""
        passes, head = self._passes, self.head
        return self._over(
            pixels, regions, lambda warped: passes.input_to(warped, head).cpu()
        )

    @property
    def _passes(self) -> PixelModel:
        return self.ctx.model.pixel_model(self.ctx.check, self.ctx.inference.twin())

    def _sample(self) -> Tensor:
        model = self.ctx.model
        size = (1, model.info.preprocess.channels, *model.info.preprocess.input_size)
        return torch.zeros(size, device=model.device)

    def _over(
        self,
        pixels: NDArray[np.float32],
        regions: NDArray[np.float32],
        work: Callable[[Tensor], Tensor],
    ) -> Callable[[slice], NDArray[np.float32]]:
        from torchvision.ops import roi_align  # noqa: PLC0415 -- 2 s, at its first use

        model = self.ctx.model
        size = model.info.preprocess.input_size
        image = torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None]
        image = image.to(model.device)
        if model.info.preprocess.channels == 1:
            image = image.mean(1, keepdim=True)
        grown = torch.from_numpy(with_context(regions, self.context, size))

        def part(rows: slice) -> NDArray[np.float32]:
            boxes = [grown[rows].to(image.device)]
            warped = roi_align(image, boxes, size, aligned=True).clamp(0, 1)
            with torch.no_grad():
                found: NDArray[np.float32] = work(warped).flatten(1).float().numpy()
            return found

        return part


def with_context(
    regions: NDArray[np.float32], context: int, size: tuple[int, int]
) -> NDArray[np.float32]:
    """Return regions enlarged by context, so that the warped input includes a margin.

    Girshick et al. 2014, appendix A: p px of context around the warped region.

    Args:
        regions: (N, 4) corners, px.
        context: p, px of the input; at most a quarter of its shorter side.
        size: height and width of the input, px.
    """
    context = min(context, min(size) // _MOST_CONTEXT)
    sides = regions[:, 2:] - regions[:, :2]
    shares = context / (np.array(size[::-1], np.float32) - 2 * context)
    margin = sides * shares
    return np.concatenate((regions[:, :2] - margin, regions[:, 2:] + margin), 1)
