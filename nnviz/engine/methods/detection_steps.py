"""Detection step by step: anchors, scores, proposals, regression, suppression."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch

from nnviz.base.errors import UsageError
from nnviz.base.image_position import ImageX, ImageY
from nnviz.base.info import INSPECTION, Reference, Task
from nnviz.base.parameters import (
    Essential,
    Help,
    Lowest,
    Range,
    TargetText,
    Title,
)
from nnviz.base.results import Boxes, Report, Result
from nnviz.engine.detection import stage_results
from nnviz.engine.detection.stage_results import StageView
from nnviz.engine.detection.suppression import class_names, rank_of, suppress
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.detection import RoiPooler, Stages, stages_of
from nnviz.engine.nn.nms import on_photo

_TOP = 8
"""Number of class scores listed."""
_FLOOR = 0.005


@dataclass(frozen=True, slots=True, kw_only=True)
class DetectionStepsParams:
    """Parameters of the steps: object, thresholds, level, position."""

    target: Annotated[
        TargetText,
        Title("Object"),
        Help("The box to follow, such as box:0 or a class. Empty: the best box."),
        Essential(),
    ] = ""
    score: Annotated[
        float,
        Title("Minimum score"),
        Range(_FLOOR, 1.0),
        Help("Candidates have a higher score than this."),
        Essential(),
    ] = 0.3
    overlap: Annotated[
        float,
        Title("Maximum overlap"),
        Range(0.0, 1.0),
        Help(
            "Non-maximum suppression: of two boxes of one class with a larger "
            "intersection over union, the one with the lower score is dropped."
        ),
        Essential(),
    ] = 0.5
    level: Annotated[
        int,
        Range(-1, 32),
        Lowest("all"),
        Help("The level of anchors to show, 0 being the finest grid; -1 shows all."),
        Essential(),
    ] = -1
    x: ImageX = 0.5
    y: ImageY = 0.5
    limit: Annotated[
        int,
        Title("Maximum boxes"),
        Range(1, 1000),
        Help("Shows this many boxes of a step, the best first."),
    ] = 60


@register(
    "detection_steps",
    title="Detection steps",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    reference=Reference("Ren et al. 2015", "arXiv:1506.01497"),
    tasks=(Task.DETECT,),
)
class DetectionSteps:
    """The steps from anchors to boxes: scores, proposals, regression, suppression."""

    Params: ClassVar[type] = DetectionStepsParams
    shows: ClassVar[str] = (
        "Each step between the network's anchors and its final boxes, one tab per step;"
        " the numbers are those the network computed for this image."
    )
    reading: ClassVar[str] = (
        "Follow one object: the anchors that match it, the scores there, the proposal "
        "and its pooled features with two-stage detectors, the offsets that turn it "
        "into the box, and the boxes that it suppresses. Click the image to see the "
        "anchors at another position."
    )
    misleads: ClassVar[str] = (
        "Anchors that match a box are found with the network's own box, not with the "
        "true one as in training. A high objectness means that something may be there,"
        " not what it is."
    )
    presets: ClassVar[Presets] = {"demo": {}, "everything considered": {"score": 0.05}}

    def run(self, ctx: Context, params: DetectionStepsParams) -> Iterator[Report]:
        """Yield one report, with one result for each step, in order."""
        stages = _stages(ctx, params.level)
        found = suppress(ctx, params.score, params.overlap, params.limit)
        row = None
        if len(found.kept):
            row = int(found.kept[rank_of(ctx.model.info, found, params.target)])
        view = StageView(ctx, stages, found, row, params.level, params.limit)
        yield Report(_results(view, params), _notes(view))


def _stages(ctx: Context, level: int) -> Stages | None:
    """Return the stages behind the outputs; None for a network without anchors.

    Raises:
        UsageError: there is no such level of anchors.
    """
    net, size = ctx.model.net, ctx.placement.input_size
    with torch.no_grad():
        stages = stages_of(net, ctx.inference.outputs(), size)
    ctx.check()
    if stages is not None and level >= len(stages.anchors.grids):
        known = f"levels are 0 to {len(stages.anchors.grids) - 1}; -1 shows all"
        raise UsageError("--level", f"there is no level {level}", known)
    return stages


def _results(view: StageView, params: DetectionStepsParams) -> dict[str, Result]:
    results = {} if view.known is None else _stage_results(view, params)
    drawn, pairs = stage_results.suppression_boxes(view)
    return results | {
        "suppression": drawn,
        "suppressed": pairs,
        "final_boxes": _final(view, params.score),
        "overlaps": stage_results.overlap_table(view),
        "counts": stage_results.counts(view),
    }


def _stage_results(view: StageView, params: DetectionStepsParams) -> dict[str, Result]:
    """Return the results of the stages before suppression."""
    results: dict[str, Result] = {
        "anchors": stage_results.anchors_at(view, params.y, params.x),
        "matched_anchors": stage_results.matched_anchors(view),
        "scores": stage_results.score_map(view),
    }
    net = view.ctx.model.net
    if view.stages.proposals is not None:
        results["proposals"] = stage_results.proposal_boxes(view)
        if view.source() is not None and isinstance(net, RoiPooler):
            bins, feature_map, pooled = stage_results.roi_pooling(view, net)
            results |= {"feature_map": feature_map, "roi_pooling": bins}
            results["pooled_features"] = pooled
    if view.source() is not None:
        results["class_scores"] = stage_results.class_ranking(view, _TOP)
    results["box_regression"], results["offsets"] = stage_results.regression(view)
    return results


def _final(view: StageView, threshold: float) -> Boxes:
    chosen = view.found.chosen
    classes = chosen.classes.cpu().numpy()
    return Boxes(
        boxes=on_photo(chosen.boxes.cpu().numpy(), view.place),
        scores=chosen.scores.cpu().numpy(),
        classes=classes,
        labels=class_names(view.ctx.model.info, classes),
        threshold=threshold,
    )


def _notes(view: StageView) -> tuple[str, ...]:
    """Return notes on the selected object and its source."""
    if view.row is None:
        return ("no candidate is above the minimum score; lower it",)
    found = view.found.found
    classes = np.array([int(found.classes[view.row])])
    name = class_names(view.ctx.model.info, classes)[classes[0]]
    words = f"{name} {100 * float(found.scores[view.row]):.0f} %"
    anchor = view.anchor_row()
    if anchor is None:
        known = "this detector shows no anchors: only its candidates are known"
        if found.distinct:
            known = "this detector shows no anchors, and suppresses no box"
        return (words, known)
    source, place = stage_results.source_words(view, anchor)
    return (f"{words}, {source}", place)
