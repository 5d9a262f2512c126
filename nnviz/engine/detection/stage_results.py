"""Results that show the stages of a detector: anchors, proposals, suppression."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.frames import Frame, Placement
from nnviz.base.results import Boxes, Heatmap, Mosaic, Ranking, Table
from nnviz.engine.context import Context
from nnviz.engine.detection.suppression import Suppression, arrays, class_names
from nnviz.engine.nn.detection import (
    AnchorStage,
    RoiPooler,
    Size,
    Stages,
    cornered,
)
from nnviz.engine.nn.detection.stages import Grid
from nnviz.engine.nn.nms import Corners, Indices, on_photo, overlaps

MATCHED = 0.5
"""Overlap from which an anchor matches an object (Liu et al. 2016, section 2.2)."""
_MOST_PAIRS = 10
_BEFORE, _AFTER = 0, 1


@dataclass(frozen=True, slots=True, eq=False)
class StageView:
    """The stages of a detector on an image, and the selected object.

    Attributes:
        ctx: with the network and the image.
        known: anchors and proposals; None where the network does not show them.
        found: candidates and the result of suppression.
        row: of the selected object among the candidates; None where nothing is found.
        level: of the anchors shown; -1 for all.
        limit: maximum number of boxes of a result.
    """

    ctx: Context
    known: Stages | None
    found: Suppression
    row: int | None
    level: int
    limit: int

    @property
    def stages(self) -> Stages:
        """The anchors and proposals; raises TypeError if the network exposes none."""
        if self.known is None:
            raise TypeError("the detector shows no anchors")
        return self.known

    @property
    def anchors(self) -> AnchorStage:
        """Predictions of the first head for each anchor."""
        return self.stages.anchors

    @property
    def place(self) -> Placement:
        """Placement of the network's input on the image."""
        return self.ctx.placement

    def shown_levels(self) -> list[tuple[int, Grid]]:
        """Return the displayed pyramid levels with their indices."""
        levels = list(enumerate(self.anchors.grids))
        return levels if self.level < 0 else levels[self.level : self.level + 1]

    def level_names(self) -> tuple[str, ...]:
        """Return a title for each level: the size of its grid."""
        return tuple(f"level {grid.title}" for grid in self.anchors.grids)

    def source(self) -> int | None:
        """Return the anchor or proposal that the selected object was decoded from."""
        sources = self.found.found.sources
        if self.row is None or sources is None or self.known is None:
            return None
        return int(sources[self.row])

    def anchor_row(self) -> int | None:
        """Return the anchor that the selected object was decoded from."""
        source = self.source()
        if source is None or self.stages.proposals is None:
            return source
        return int(self.stages.proposals.sources[source])

    def best_scores(self) -> NDArray[np.float32]:
        """Return the highest score of each anchor, float32 (A,)."""
        scores: NDArray[np.float32] = self.anchors.scores.amax(1).cpu().numpy()
        return scores


def anchors_at(view: StageView, y: float, x: float) -> Boxes:
    """Return the anchors of the cells at a position of the image.

    Args:
        view: the stages.
        y: of the position, in [0, 1] of the image's height.
        x: likewise of its width.
    """
    height, width = view.place.photo_size
    row, column = view.place.to_input(y * height, x * width)
    rows: list[int] = []
    for _, grid in view.shown_levels():
        rows += _cell_rows(view, grid, row, column)
    return _anchor_boxes(view, np.array(rows, np.int64)[: view.limit])


def matched_anchors(view: StageView) -> Boxes:
    """Return the anchors that match the selected object, and the object itself.

    The intersection over union of a match is at least 0.5; where none matches, the best
    anchor is shown (Liu et al. 2016, section 2.2).
    """
    found, _, _ = arrays(view.found.found)
    if view.row is None:
        return _anchor_boxes(view, np.zeros(0, np.int64))
    corners = cornered(view.anchors.anchors).cpu().numpy()
    shares = overlaps(found[view.row], corners)
    rows = np.flatnonzero(shares >= min(MATCHED, float(shares.max())))
    rows = rows[np.argsort(-shares[rows], kind="stable")][: view.limit]
    levels = view.anchors.levels.cpu().numpy()[rows]
    object_class = len(view.anchors.grids)
    return Boxes(
        boxes=on_photo(np.concatenate((found[[view.row]], corners[rows])), view.place),
        scores=np.concatenate(([1.0], shares[rows])).astype(np.float32),
        classes=np.concatenate(([object_class], levels)).astype(np.int64),
        labels=(*view.level_names(), "followed object"),
        captions=("object", *(f"IoU {share:.2f}" for share in shares[rows])),
        faint=np.arange(len(rows) + 1) > 0,
        objects=False,
    )


def score_map(view: StageView) -> Heatmap:
    """Return the highest score at each px of the input over the displayed levels."""
    height, width = view.place.input_size
    best = view.best_scores()
    values = np.zeros((height, width), np.float32)
    centers = view.anchors.anchors[:, :2].cpu().numpy()
    for _, grid in view.shown_levels():
        cells = best[grid.start : grid.stop].reshape(grid.rows, grid.columns, -1)
        y, x = _cells_of(centers[grid.start : grid.stop], grid, (height, width))
        np.maximum(values, cells.max(2)[np.ix_(y, x)], out=values)
    return Heatmap(
        values=values,
        signed=False,
        unit=f"highest {view.anchors.measure}",
        frame=Frame.INPUT,
        placement=view.place,
    )


def proposal_boxes(view: StageView) -> Boxes:
    """Return the best proposals of the region proposal network, by objectness."""
    proposals = view.stages.proposals
    if proposals is None:
        raise TypeError("a single-stage detector has no proposals")
    count = min(view.limit, len(proposals.boxes))
    scores = proposals.scores[:count].cpu().numpy()
    levels = view.anchors.levels[proposals.sources[:count]]
    return Boxes(
        boxes=on_photo(proposals.boxes[:count].cpu().numpy(), view.place),
        scores=scores,
        classes=levels.cpu().numpy(),
        labels=view.level_names(),
        captions=tuple(f"{100 * score:.0f} %" for score in scores),
        objects=False,
    )


def roi_pooling(view: StageView, net: RoiPooler) -> tuple[Boxes, Heatmap, Mosaic]:
    """Return the selected region's RoI pooling: bins, feature map, pooled features."""
    proposals, source = view.stages.proposals, view.source()
    if proposals is None or source is None:
        raise TypeError("no region is followed")
    outputs, size = view.ctx.inference.outputs(), view.place.input_size
    region = proposals.boxes[source : source + 1]
    pooled, levels = net.pool(outputs, region, size)
    names, maps = zip(*net.features(outputs).items(), strict=True)
    level = int(levels[0])
    feature_map = maps[level][0]
    tiles = pooled[0].cpu().numpy()
    return (
        _bins(view, region[0].cpu().numpy(), tiles.shape[1:]),
        _strength(view, feature_map, size),
        Mosaic(
            tiles=tiles,
            order=np.argsort(-np.abs(tiles).mean((1, 2)), kind="stable"),
            signed=bool((tiles < 0).any()),
            shared_scale=True,
            unit=f"pooled feature, pyramid level {names[level]}",
            noun="channel",
            layer="",
        ),
    )


def class_ranking(view: StageView, top: int) -> Ranking:
    """Return the class scores of the anchor or proposal behind the selected object."""
    source, proposals = view.source(), view.stages.proposals
    scores = view.anchors.scores if proposals is None else proposals.class_scores
    # Labels of torchvision's detectors include the background as the first.
    names = class_names(view.ctx.model.info, np.arange(scores.shape[1]))
    first = len(names) - scores.shape[1]
    row = np.zeros(0) if source is None else scores[source].cpu().double().numpy()
    order = np.argsort(-row, kind="stable")[:top]
    return Ranking(
        labels=tuple(names[first + each] for each in order),
        values=row[order],
        indices=(order + first).astype(np.int64),
        unit="probability",
        limits=(0.0, 1.0),
    )


def regression(view: StageView) -> tuple[Boxes, Table]:
    """Return the regions before and after box regression, and the four offsets.

    The selected object first, then the other kept ones.
    """
    found, kept = view.found.found, view.found.kept
    order = [each for each in kept.tolist() if each != view.row]
    rows = order if view.row is None else [view.row, *order]
    rows = rows[: view.limit]
    if not rows or found.sources is None:
        none = np.zeros((0, 4), np.float32)
        return _pairs(view, none, none), _offset_table(view, [])
    index = torch.tensor(rows, device=found.boxes.device)
    before = _regions(view)[found.sources[index]].cpu().numpy()
    after = found.boxes[index].cpu().numpy()
    return _pairs(view, before, after), _offset_table(view, rows)


def suppression_boxes(view: StageView) -> tuple[Boxes, Table]:
    """Return the kept boxes and those they suppressed, with the suppressor of each."""
    boxes, scores, classes = arrays(view.found.found)
    by = view.found.by()
    kept = view.found.kept
    dropped = np.flatnonzero(by >= 0)
    dropped = dropped[np.argsort(-scores[dropped], kind="stable")]
    dropped = dropped[: max(0, view.limit - len(kept))]
    rows = np.concatenate((kept, dropped))
    names = class_names(view.ctx.model.info, classes)
    shares = view.found.shares(dropped, by[dropped])
    ranks = {row: rank for rank, row in enumerate(kept.tolist())}
    captions = [f"{i} {names[classes[row]]} {100 * scores[row]:.0f} %"
                for i, row in enumerate(kept.tolist())]  # fmt: skip
    captions += ["" for _ in dropped]
    table = tuple(
        (
            names[classes[row]],
            100 * float(scores[row]),
            f"{ranks[by[row]]} {names[classes[row]]}",
            float(share),
        )
        for row, share in zip(dropped.tolist(), shares, strict=True)
    )
    drawn = Boxes(
        boxes=on_photo(boxes[rows], view.place),
        scores=scores[rows],
        classes=classes[rows],
        labels=names,
        captions=tuple(captions),
        faint=np.isin(rows, dropped),
        objects=False,
    )
    columns = ("suppressed", "score, %", "by", "IoU")
    return drawn, Table(columns=columns, rows=table)


def overlap_table(view: StageView) -> Table:
    """Return the table of pairwise IoU between the best kept boxes."""
    boxes, scores, classes = arrays(view.found.chosen)
    boxes, count = boxes[:_MOST_PAIRS], min(_MOST_PAIRS, len(boxes))
    names = class_names(view.ctx.model.info, classes)
    shares = overlaps(boxes[:, None], boxes)
    rows: list[tuple[str | float, ...]] = []
    for each in range(count):
        name = f"{each} {names[classes[each]]} {100 * scores[each]:.0f} %"
        rows.append((name, *(round(float(share), 3) for share in shares[each])))
    return Table(columns=("IoU with", *map(str, range(count))), rows=tuple(rows))


def source_words(view: StageView, anchor: int) -> tuple[str, str]:
    """Return the anchor or cell of the selected object in words, and its place."""
    stage = view.anchors
    grid = stage.grids[int(stage.levels[anchor])]
    row, column = divmod((anchor - grid.start) // grid.per_cell, grid.columns)
    place = f"row {row}, column {column} of the {grid.title} cells of its level"
    if stage.noun == "anchor":
        place += f", anchors in a cell: {grid.per_cell}"
    return f"from {stage.noun} {anchor} of {len(stage.anchors)}", place


def counts(view: StageView) -> Table:
    """Return the table of box counts per stage, by level and in total."""
    rows: list[tuple[str | float, ...]] = []
    if view.known is not None:
        rows += _anchor_counts(view)
    found = view.found
    dropped = int((found.by() >= 0).sum())
    rows.append(("candidates", len(found.found.scores), "above the minimum score"))
    rows.append(("suppressed", dropped, f"IoU above {found.overlap:g}, same class"))
    rows.append(("boxes left", len(found.kept), ""))
    return Table(columns=("stage", "count", "which"), rows=tuple(rows))


def _anchor_counts(view: StageView) -> list[tuple[str | float, ...]]:
    rows: list[tuple[str | float, ...]] = []
    sizes, noun = view.anchors.anchors[:, 2:], view.anchors.noun
    for level, grid in enumerate(view.anchors.grids):
        sides = sizes[grid.start : grid.start + grid.per_cell].prod(1).sqrt()
        name = f"{noun}s, {view.level_names()[level]}"
        words = f"{sides.min():.0f} to {sides.max():.0f} px"
        if noun == "anchor":
            words = f"{grid.per_cell} a cell, {words}"
        rows.append((name, grid.stop - grid.start, words))
    rows.append((f"{noun}s", len(view.anchors.anchors), "all levels"))
    if view.stages.proposals is not None:
        dropped = len(view.stages.proposals.suppressed)
        words = f"{dropped} suppressed by better ones"
        rows.append(("proposals", len(view.stages.proposals.boxes), words))
    return rows


def _cell_rows(view: StageView, grid: Grid, y: float, x: float) -> list[int]:
    """Return the anchor indices of a level's cell nearest to a position, px."""
    centers = view.anchors.anchors[grid.start : grid.stop : grid.per_cell, :2]
    away = (centers - centers.new_tensor([x, y])).square().sum(1)
    first = grid.start + int(away.argmin()) * grid.per_cell
    return list(range(first, first + grid.per_cell))


def _cells_of(
    centers: NDArray[np.float32], grid: Grid, size: Size
) -> tuple[Indices, Indices]:
    """Return the nearest row and column of cells for each px down and across."""
    by_row = centers.reshape(grid.rows, grid.columns, grid.per_cell, 2)
    middles = by_row[:, 0, 0, 1], by_row[0, :, 0, 0]
    return (
        _nearest(middles[0], size[0]),
        _nearest(middles[1], size[1]),
    )


def _nearest(middles: NDArray[np.float32], count: int) -> Indices:
    """Return the index of the nearest center for each px."""
    edges = (middles[1:] + middles[:-1]) / 2
    return np.searchsorted(edges, np.arange(count) + 0.5).astype(np.int64)


def _anchor_boxes(view: StageView, rows: Indices) -> Boxes:
    index = torch.from_numpy(rows).to(view.anchors.anchors.device)
    anchors = view.anchors.anchors[index].cpu()
    sizes = anchors[:, 2:].numpy()
    return Boxes(
        boxes=on_photo(cornered(anchors).numpy(), view.place),
        scores=view.best_scores()[rows],
        classes=view.anchors.levels[index].cpu().numpy(),
        labels=view.level_names(),
        captions=tuple(f"{width:.0f} × {height:.0f}" for width, height in sizes),
        objects=False,
    )


def _bins(view: StageView, region: Corners, bins: Sequence[int]) -> Boxes:
    """Return the region with the bins in which it is pooled, row by row."""
    rows, columns = bins
    y = np.linspace(region[1], region[3], rows + 1)
    x = np.linspace(region[0], region[2], columns + 1)
    top, left = (each.ravel() for each in np.meshgrid(y[:-1], x[:-1], indexing="ij"))
    down, right = (each.ravel() for each in np.meshgrid(y[1:], x[1:], indexing="ij"))
    cells = np.stack((left, top, right, down), 1)
    corners = np.concatenate((region[None], cells)).astype(np.float32)
    names = ["region", *(["bin"] * len(cells))]
    return Boxes(
        boxes=on_photo(corners, view.place),
        scores=np.ones(len(names), np.float32),
        classes=np.minimum(np.arange(len(names)), 1).astype(np.int64),
        labels=("region", "bin"),
        captions=("region", *[""] * len(cells)),
        faint=np.arange(len(names)) > 0,
        objects=False,
    )


def _strength(view: StageView, feature_map: Tensor, size: Size) -> Heatmap:
    """Return the channels' RMS of a feature map (C, h, w) at each px of the input.

    The map covers an input that was padded to whole cells, so the stride is the power
    of two of that ratio, and the part beyond the input is cropped.
    """
    energy = feature_map.square().mean(0).sqrt().cpu().numpy()
    stride = 2 ** round(math.log2(size[0] / len(energy)))
    values = energy.repeat(stride, 0).repeat(stride, 1)[: size[0], : size[1]]
    return Heatmap(
        values=values,
        signed=False,
        unit="root mean square of the channels",
        frame=Frame.INPUT,
        placement=view.place,
    )


def _regions(view: StageView) -> Tensor:
    """Return the reference boxes that offsets are relative to, (A or P, 4) corners."""
    if view.stages.proposals is None:
        return cornered(view.anchors.anchors)
    return view.stages.proposals.boxes


def _pairs(view: StageView, before: Corners, after: Corners) -> Boxes:
    """Return regions and their regressed boxes, the boxes drawn on top."""
    count = len(before)
    region = view.anchors.noun if view.stages.proposals is None else "proposal"
    both = np.concatenate((after, before)).astype(np.float32)
    return Boxes(
        boxes=on_photo(both, view.place),
        scores=np.ones(2 * count, np.float32),
        classes=np.repeat([_AFTER, _BEFORE], count).astype(np.int64),
        labels=(region, "box"),
        captions=tuple(f"{name} {each}" for name in ("box", region)
                       for each in range(count)),
        faint=np.repeat([False, True], count),
        objects=False,
    )  # fmt: skip


def _offset_table(view: StageView, rows: Sequence[int]) -> Table:
    found = view.found.found
    _, scores, classes = arrays(found)
    names = class_names(view.ctx.model.info, classes)
    lines: list[tuple[str | float, ...]] = []
    for rank, row in enumerate(rows):
        offsets = _offsets(view, row)
        name = f"{rank} {names[classes[row]]} {100 * scores[row]:.0f} %"
        lines.append((name, *(float(each) for each in offsets)))
    return Table(columns=("box", *view.anchors.terms), rows=tuple(lines))


def _offsets(view: StageView, row: int) -> NDArray[np.float64]:
    """Return the four offsets from which a candidate was decoded."""
    found, proposals = view.found.found, view.stages.proposals
    if found.sources is None:
        raise TypeError("the candidates have no sources")
    source = found.sources[row]
    if proposals is None:
        return view.anchors.offsets[source].cpu().double().numpy()
    return proposals.offsets[source, found.classes[row]].cpu().double().numpy()
