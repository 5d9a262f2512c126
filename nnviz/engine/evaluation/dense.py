"""Mean average precision of detectors and mean IoU of segmenters.

Images go through the methods ``detect`` and ``segment``, as in the window.
"""

from collections.abc import Generator, Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import InputError
from nnviz.base.events import Progress
from nnviz.base.frames import Placement
from nnviz.base.images import Image
from nnviz.base.measures.evaluation import ClassScore, Evaluation
from nnviz.base.notation.targets import class_called
from nnviz.base.parameters import Value, make
from nnviz.base.results import Boxes, Mask, Report
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.data.annotated import (
    Annotated,
    Annotations,
    boxes_of,
    semantic_of,
)
from nnviz.engine.method import find, make_context
from nnviz.engine.models.model import Model
from nnviz.engine.sharing import Share, Worker
from nnviz.engine.training.coco import Found, mean_average_precision
from nnviz.engine.training.segmenter import confusion, intersection_over_union
from nnviz.media.decode import MAX_PIXELS, open_image

_DETECT: Mapping[str, Value] = {"score": 0.01, "overlap": 0.45, "limit": 100}
"""COCO counts the best hundred boxes, at any score."""
_BACKGROUNDS = ("background", "__background__")


def detect(
    model: Model, data: Annotations, share: Share
) -> Generator[Progress, None, Evaluation]:
    """Evaluate a detector by COCO's mAP.

    Raises:
        InputError: the network knows none of the categories.
    """
    classes, notes = _match(model, data.names)
    found = []
    for boxes in share(detect_image, data.pictures):
        found.append(boxes)
        yield _progress(len(found), data)
    truth = [boxes_of(picture, classes) for picture in data.pictures]
    precision = mean_average_precision(truth, found)
    return Evaluation(
        reference=model.info.reference,
        pictures=len(found),
        scores={"mAP50": precision.at_50, "mAP": precision.mean},
        notes=notes,
    )


def detect_image(worker: Worker, picture: Annotated) -> Found:
    """Return a detector's boxes on an image.

    Raises:
        TypeError: the detector returns no boxes.
    """
    image = open_image(picture.path, MAX_PIXELS)
    boxes = _run(worker, "detect", image, _DETECT).main
    if not isinstance(boxes, Boxes):
        raise TypeError(type(boxes).__name__)
    return _found(boxes)


def segment(
    model: Model, data: Annotations, share: Share
) -> Generator[Progress, None, Evaluation]:
    """Evaluate a segmenter by its mean IoU over the network's input.

    Raises:
        InputError: the network knows none of the categories.
    """
    classes, notes = _match(model, data.names)
    labels = model.info.labels
    counts = torch.zeros(len(labels), len(labels), dtype=torch.int64)
    tasks = [(picture, classes) for picture in data.pictures]
    for done, counted in enumerate(share(segment_image, tasks), 1):
        counts += counted
        yield _progress(done, data)
    overlaps = intersection_over_union(counts)
    occurring = (counts.sum(0) + counts.sum(1)).nonzero()[:, 0].tolist()
    scores = [
        ClassScore(labels[place], int(counts[place].sum()), float(overlap))
        for place, overlap in zip(occurring, overlaps, strict=True)
    ]
    return Evaluation(
        reference=model.info.reference,
        pictures=len(data.pictures),
        scores={
            "mIoU": overlaps.mean().item(),
            "pixel accuracy": (counts.diagonal().sum() / counts.sum()).item(),
        },
        classes=tuple(sorted(scores, key=lambda each: each.score)),
        notes=notes,
    )


def segment_image(worker: Worker, task: tuple[Annotated, dict[int, int]]) -> Tensor:
    """Return the confusion matrix of a segmenter's pixels on an image, (K, K).

    Raises:
        TypeError: the segmenter returns no mask.
    """
    picture, classes = task
    image = open_image(picture.path, MAX_PIXELS)
    mask = _run(worker, "segment", image, {}).main
    if not isinstance(mask, Mask):
        raise TypeError(type(mask).__name__)
    background = _background(worker.model.info.labels)
    return _counted(mask, semantic_of(picture, classes, image.size, background))


def _match(
    model: Model, names: Mapping[int, str]
) -> tuple[dict[int, int], tuple[str, ...]]:
    """Map COCO's category ids to the network's classes; note the unknown categories."""
    found = (
        (number, class_called(name, model.info.labels))
        for number, name in names.items()
    )
    known = {number: place for number, place in found if place is not None}
    unknown = [name for number, name in names.items() if number not in known]
    if not known:
        raise InputError(
            model.info.title,
            f"knows none of the categories: {', '.join(unknown[:5])}",
            "pick data of its classes (nnviz models inspect lists them)",
        )
    if not unknown:
        return known, ()
    return known, (f"left out, no such class in the network: {', '.join(unknown)}",)


def _run(
    worker: Worker, method: str, image: Image, values: Mapping[str, Value]
) -> Report:
    registered = find(method).method
    params: object = make(registered.Params, values)
    ctx = make_context(
        model=worker.model,
        image=image,
        params=params,
        generator=torch.Generator(),
        check=worker.check,
        cache=TensorCache(0),
    )
    *_, report = registered().run(ctx, params)
    if not isinstance(report, Report):
        raise TypeError(type(report).__name__)
    return report


def _found(boxes: Boxes) -> Found:
    return Found(
        torch.from_numpy(np.array(boxes.boxes)),
        torch.from_numpy(np.array(boxes.scores)),
        torch.from_numpy(np.array(boxes.classes)),
    )


def _background(labels: tuple[str, ...]) -> int:
    return next((i for i, name in enumerate(labels) if name in _BACKGROUNDS), 0)


def _counted(mask: Mask, truth: NDArray[np.int64]) -> Tensor:
    """Return the confusion matrix of a mask's pixels, (K, K)."""
    seen, inside = _over_input(truth, mask.placement)
    said = np.array(mask.classes)[inside]
    classes = len(mask.labels)
    return confusion(torch.from_numpy(said), torch.from_numpy(seen[inside]), classes)


def _over_input(
    truth: NDArray[np.int64], placement: Placement | None
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Sample an image's class map at the input's pixels; return it and a valid mask."""
    if placement is None:
        return truth, np.ones(truth.shape, np.bool_)
    height, width = placement.input_size
    rows, _ = placement.to_photo(np.arange(height) + 0.5, 0)  # type: ignore[arg-type]
    _, columns = placement.to_photo(0, np.arange(width) + 0.5)  # type: ignore[arg-type]
    rows, columns = np.floor(rows).astype(int), np.floor(columns).astype(int)
    inside = np.outer(
        (rows >= 0) & (rows < truth.shape[0]),
        (columns >= 0) & (columns < truth.shape[1]),
    )
    rows = rows.clip(0, truth.shape[0] - 1)
    columns = columns.clip(0, truth.shape[1] - 1)
    return truth[np.ix_(rows, columns)], inside


def _progress(done: int, data: Annotations) -> Progress:
    total = len(data.pictures)
    return Progress(done, total, f"image {done} of {total}")
