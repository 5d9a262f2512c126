"""Occlusion: the score lost when a window hides part of the image."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from nnviz.base.errors import UsageError
from nnviz.base.info import ATTRIBUTION, Reference
from nnviz.base.parameters import (
    Essential,
    FormerChoices,
    Help,
    Lowest,
    Range,
    Title,
    Unit,
)
from nnviz.base.results import Report
from nnviz.engine.attribution.baselines import Baseline, baseline_of
from nnviz.engine.attribution.heatmaps import both_sizes
from nnviz.engine.attribution.parameters import AskedTarget
from nnviz.engine.attribution.sliding_windows import (
    Drops,
    Windows,
    filled,
    lay_windows,
    mean_over_windows,
)
from nnviz.engine.compute.batch_size import BatchSizer, pass_bytes, pass_sizer
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.incremental import UnfollowableError, verified_forward
from nnviz.engine.nn.pixel_model import is_channels_last
from nnviz.engine.targets.resolve import Scorer
from nnviz.media.fills.inpaint import inpaint

_SHARE = 7
"""Ratio of the input's side to the default window's."""
_GRAY = 0.5
_BASELINES: dict[str, Baseline] = {
    "mean": "mean",
    "black": "black",
    "blur": "blur",
    "noise": "random",
}
_AT_ONCE = 32
"""Maximum number of windows in one incremental pass: many share a shape."""
_BLUR = 16
"""Ratio of the input's side to the blur's standard deviation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcclusionParams:
    """Parameters of occlusion: target, window, stride, fill, computation."""

    target: AskedTarget = ""
    window: Annotated[
        int,
        Essential(),
        Range(0, 1024),
        Lowest("auto"),
        Unit("px"),
        Help("Side of the square in the network's input; 0 is a seventh of the input."),
    ] = 0
    stride: Annotated[
        int,
        Essential(),
        Range(0, 1024),
        Lowest("auto"),
        Unit("px"),
        Help("Distance between squares; 0 is half the square's side."),
    ] = 0
    fill: Annotated[
        Literal["gray", "mean", "black", "blur", "noise", "inpainted"],
        FormerChoices({"grey": "gray"}),
        Essential(),
        Help("Fill of the square; the result depends on it."),
    ] = "gray"
    edges: Annotated[
        Literal["inside", "cut"],
        Title("At the border"),
        Help(
            "At the border, squares are pushed inside, or extend beyond it and are "
            "cut off."
        ),
    ] = "inside"
    computation: Annotated[
        Literal["incremental", "full", "bfloat16"],
        Help(
            "Compute only what a square can change, or each image in full; bfloat16 is "
            "a quick preview."
        ),
    ] = "incremental"


@register(
    "occlusion",
    title="Occlusion",
    group="Explain",
    capabilities=ATTRIBUTION,
    live=False,
    reference=Reference("Zeiler & Fergus 2014", "arXiv:1311.2901"),
)
class Occlusion:
    """Score drop when a square hides part of the image."""

    Params: ClassVar[type] = OcclusionParams
    shows: ClassVar[str] = (
        "How much the score drops when a square hides part of the image, for squares "
        "all over it; each pixel shows the mean of the squares that cover it."
    )
    reading: ClassVar[str] = (
        "Red: hiding this lowers the score, so it supports the target. Blue: hiding "
        "it raises the score. While it runs, positions in between show the nearest "
        "known square."
    )
    misleads: ClassVar[str] = (
        "The map depends on the size of the square and on what fills it: a gray "
        "square is itself something to see. Of two parts that carry the same "
        "information, hiding one changes nothing."
    )
    presets: ClassVar[Presets] = {
        "demo": {"window": 32, "stride": 16},
        "fine": {"stride": 8},
        "inpainted": {"fill": "inpainted"},
        "captum defaults": {"fill": "mean", "edges": "cut"},
    }

    def run(self, ctx: Context, params: OcclusionParams) -> Iterator[Report]:
        """Yield "occlusion" and "map" (a number a square) at increasing resolution."""
        scorer = ctx.inference.target(params.target)
        windows = _windows(ctx, params)
        passes = _passes(ctx, scorer, windows, params)
        grid = np.full((len(windows.rows), len(windows.columns)), np.nan)
        for part, scores in ctx.chunks.over(len(windows), passes.pace, passes.scores):
            rows, columns = windows.order[part].T
            drops = scorer.target.value - scores.double().cpu().numpy()
            grid[rows, columns] = drops
            ctx.step(part.stop, len(windows), noun="window")
            yield _report(ctx, scorer, windows, grid, part.stop, passes.notes)


def _windows(ctx: Context, params: OcclusionParams) -> Windows:
    """Return the sliding windows of the parameters.

    Raises:
        UsageError: the windows would leave gaps, or are larger than the input.
    """
    size = ctx.model.info.preprocess.input_size
    # A window on a signal, an image one row high, is one row high too.
    side = min(size) if min(size) > 1 else max(size)
    window = params.window or max(1, round(side / _SHARE))
    stride = params.stride or max(1, window // 2)
    if window > side:
        raise UsageError(
            "--window",
            f"{window} px is larger than the input of {size[0]} x {size[1]} px",
            f"{side} px is the largest",
        )
    if stride > window:
        raise UsageError(
            "--stride",
            f"{stride} px leaves gaps between windows of {window} px",
            f"{window} px is the largest",
        )
    return lay_windows(size, window, stride, cut=params.edges == "cut")


@dataclass(frozen=True, slots=True, eq=False)
class _Passes:
    """Passes that score the images with hidden windows.

    Attributes:
        scores: of some of the windows.
        pace: chooses the number of windows in a pass.
        notes: for the report.
    """

    scores: Callable[[slice], Tensor]
    pace: BatchSizer
    notes: tuple[str, ...] = ()


def _passes(
    ctx: Context, scorer: Scorer, windows: Windows, params: OcclusionParams
) -> _Passes:
    """Return the passes, incremental ones if possible.

    The network's twin has the same output and is faster, but its inner layers differ.
    """
    model, target = ctx.model, scorer.target
    net, picture = _prepared(ctx, scorer, rough=params.computation == "bfloat16")
    notes: tuple[str, ...] = ()
    if params.computation == "bfloat16":
        notes = ("a preview in bfloat16: roughly the exact map",)
    score = Scorer(model.normalized_model(ctx.check, net), target)
    hidden = _Hidden(picture, windows, _filling(ctx, params.fill))
    if params.computation != "full":
        try:
            return _incremental(ctx, score, hidden, notes)
        except UnfollowableError as error:
            notes = (*notes, f"every image is computed in full: {error}")
    pace = pass_sizer(model.info, model.device)

    def scores(part: slice) -> Tensor:
        with torch.no_grad():
            return score(hidden.images(part))

    return _Passes(scores, pace, notes)


def _prepared(ctx: Context, scorer: Scorer, *, rough: bool) -> tuple[nn.Module, Tensor]:
    """Return the fastest network for the target, and the image in its input format."""
    model = ctx.model
    net = model.net if scorer.target.layer else ctx.inference.twin()
    picture = model.normalizer(ctx.pixels)
    if rough:
        net, picture = model.rough_twin(), picture.bfloat16()
    if is_channels_last(net):
        picture = picture.contiguous(memory_format=torch.channels_last)
    return net, picture


def _incremental(
    ctx: Context, score: Scorer, hidden: "_Hidden", notes: tuple[str, ...]
) -> _Passes:
    """Return passes that compute only what a window changes.

    Raises:
        UnfollowableError: the network cannot be run incrementally, or takes one image
            at a time.
    """
    if score.model.alone or score.target.alone:
        raise UnfollowableError("the network takes one image at a time")
    info, windows = ctx.model.info, hidden.windows
    forward = verified_forward(score.output, hidden.image, hidden.size, ctx.check)
    work = forward.work(hidden.size, *hidden.places(slice(0, len(windows))))
    pace = BatchSizer(
        ctx.model.device, info.macs * work, pass_bytes(info.layers), most=_AT_ONCE
    )

    def scores(part: slice) -> Tensor:
        output = forward(hidden.patches(part), *hidden.places(part))
        with torch.no_grad():
            return score.target.score(output)

    share = f"incremental passes: {100 * work:.0f} % of the work of full ones"
    return _Passes(scores, pace, (*notes, share))


@dataclass(frozen=True, slots=True, eq=False)
class _Hidden:
    """The images with each window hidden, whole or as patches.

    Attributes:
        image: normalized, (1, C, H, W).
        windows: the hidden windows.
        fill: returns the replacement for a window, normalized (C, h, w).
    """

    image: Tensor
    windows: Windows
    fill: Callable[[slice, slice], Tensor]

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the largest window."""
        height, width = (
            spans[0][1] - spans[0][0]
            for spans in (self.windows.rows, self.windows.columns)
        )
        return height, width

    def images(self, part: slice) -> Tensor:
        """Return the whole images with some windows hidden, (N, C, H, W)."""
        indices = self._indices(part)
        batch = self.image.repeat(len(indices), 1, 1, 1)
        for one, index in zip(batch, indices, strict=True):
            rows, columns = self.windows.box(index)
            one[:, rows, columns] = self.fill(rows, columns)
        return batch

    def places(self, part: slice) -> tuple[list[int], list[int]]:
        """Return the top and left edges of patches of ``size`` around windows."""
        boxes = [self.windows.box(index) for index in self._indices(part)]
        last = [
            whole - own
            for whole, own in zip(self.image.shape[2:], self.size, strict=True)
        ]
        tops = [min(rows.start, last[0]) for rows, _ in boxes]
        return tops, [min(columns.start, last[1]) for _, columns in boxes]

    def patches(self, part: slice) -> Tensor:
        """Return the patches around windows, with the windows hidden, (N, C, h, w)."""
        corners = zip(self._indices(part), *self.places(part), strict=True)
        return torch.stack([self._patch(*each) for each in corners])

    def _patch(self, index: int, top: int, left: int) -> Tensor:
        """Return one patch with its window hidden, (C, h, w)."""
        rows, columns = self.windows.box(index)
        down, across = slice(top, top + self.size[0]), slice(left, left + self.size[1])
        patch = self.image[0, :, down, across].clone()
        patch[
            :,
            rows.start - top : rows.stop - top,
            columns.start - left : columns.stop - left,
        ] = self.fill(rows, columns)
        return patch

    def _indices(self, part: slice) -> range:
        return range(*part.indices(len(self.windows)))


def _filling(ctx: Context, fill: str) -> Callable[[slice, slice], Tensor]:
    """Return the function that fills a window with a normalized patch (C, h, w)."""
    normalizer = ctx.model.normalizer
    if fill == "inpainted":
        photo = ctx.pixels[0].permute(1, 2, 0).cpu().numpy()

        def patch(rows: slice, columns: slice) -> Tensor:
            found = torch.from_numpy(inpaint(photo, rows, columns)).permute(2, 0, 1)
            whole: Tensor = normalizer(found[None].to(ctx.model.device))[0]
            return whole

        return patch
    cover = normalizer(_cover(ctx, fill))[0]
    return lambda rows, columns: cover[:, rows, columns]


def _cover(ctx: Context, fill: str) -> Tensor:
    """Return the fill as a whole image, (1, C, H, W)."""
    if fill == "gray":
        return torch.full_like(ctx.pixels, _GRAY)
    return baseline_of(ctx, _BASELINES[fill], min(ctx.pixels.shape[2:]) / _BLUR)


def _report(
    ctx: Context,
    scorer: Scorer,
    windows: Windows,
    grid: Drops,
    done: int,
    remarks: tuple[str, ...],
) -> Report:
    whole = filled(grid)
    target, placement = scorer.target, ctx.placement
    large = mean_over_windows(windows, whole, placement.input_size)
    height, width = windows.rows[0][1], windows.columns[0][1]
    notes = [
        target.caption,
        f"windows of {height} x {width} px; at most {whole.max():.3g} is lost",
    ]
    if done < len(windows):
        notes.append(
            f"{done} of {len(windows)} windows: the rest shows the nearest of these"
        )
    # Windows overlap and are shifted at the edges: their grid fits over no image.
    results = both_sizes("occlusion", large, whole, f"{target.unit} lost", placement)
    return Report(results, (*notes, *remarks))
