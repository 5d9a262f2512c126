"""The job that ablates channels and measures their effect over a set."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.dataset.concepts import Ablation
from nnviz.base.dataset.requests import AblateChannels
from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.base.events import Job, Progress
from nnviz.engine.dataset.ablation import (
    Replace,
    replaced_channels,
    with_constant,
    with_patch,
)
from nnviz.engine.dataset.exemplars.patches import set_of
from nnviz.engine.dataset.passes import opened_batches
from nnviz.engine.evaluation.sources import spread
from nnviz.engine.jobs.dataset.index_model import open_model
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_maps import channels_of, maps_of
from nnviz.engine.targets.resolve import probabilities
from nnviz.media.index import ImageIndex

_NAMED = 100


@carries_out(AblateChannels)
def ablate(resources: Resources, request: AblateChannels, check: Check) -> Job:
    """Compare predictions with channels replaced or not; ends with an ``Ablation``."""
    index = ImageIndex(request.index)
    chosen = request.records or range(len(index))
    records = np.array(spread(list(chosen), request.limit), np.int64)
    model = yield from open_model(resources, index, check)
    with resources.store.lease(model):
        layer = model.info.known_layer(request.layer).name if request.layer else (
            index.layer().name
        )  # fmt: skip
        replace = _replacement(index, model, layer, request, check)
        asked: list[int] = []
        before: list[Tensor] = []
        after: list[Tensor] = []
        images = set_of(index, records)
        for places, pixels in opened_batches(model, images, check):
            before.append(_shares(model, pixels, check))
            with replaced_channels(model, layer, replace):
                after.append(_shares(model, pixels, check))
            asked += places
            yield Progress(len(asked), len(images), f"image {len(asked)}")
    if not asked:
        raise InputError(str(index.folder), "holds none of the images", "index some")
    return _summary(
        index, request, layer, records[asked], (torch.cat(before), torch.cat(after))
    )


@torch.no_grad()
def _shares(model: Model, pixels: Tensor, check: Check) -> Tensor:
    """Return class probabilities of a batch, (n, K).

    Raises:
        ModelError: the network does not classify.
    """
    output = next(iter(model.pixel_model(check).outputs(pixels)), None)
    if output is None or output.flatten(1).shape[1] != len(model.info.labels):
        raise ModelError(model.info.title, "does not classify", "pick a classifier")
    return probabilities(output.flatten(1).float(), model.info).cpu()


@torch.no_grad()
def _replacement(
    index: ImageIndex, model: Model, layer: str, request: AblateChannels, check: Check
) -> Replace:
    """Return the replacement of the channels that the request describes.

    Raises:
        UsageError: no such channel, or a mean that the index does not hold.
    """
    info = model.info.known_layer(layer)
    count = channels_of(info)
    for channel in request.channels:
        if not 0 <= channel < count:
            raise UsageError(
                "--channels", f"{channel} is none of {count} channels", "count from 0"
            )
    if request.image is not None:
        pixels = model.pixel_input(request.image)
        output = model.pixel_model(check).up_to(pixels, {layer: info.calls})[layer]
        return with_patch(request.channels, maps_of(output, info)[0])
    if request.replacement == "mean":
        means = np.asarray(index.features(layer), np.float64).mean(0)
        return with_constant(request.channels, torch.from_numpy(means))
    if request.replacement != "zero":
        raise UsageError(
            "--replace", f"{request.replacement!r} is not known", "zero or mean"
        )
    return with_constant(request.channels, torch.zeros(count))


def _summary(
    index: ImageIndex,
    request: AblateChannels,
    layer: str,
    records: NDArray[np.int64],
    shares: tuple[Tensor, Tensor],
) -> Ablation:
    said = [each.argmax(1).numpy() for each in shares]
    label = np.asarray(index.columns["label"], np.int64)[records]
    known = (label >= 0) & (label < index.facts.outputs)
    right = [np.asarray(each == label)[known] for each in said]
    differ = np.flatnonzero(said[0] != said[1])
    sure = shares[0].amax(1).numpy()
    order = differ[np.argsort(-sure[differ], kind="stable")][:_NAMED]
    names = index.class_names
    return Ablation(
        layer=layer,
        channels=request.channels,
        replacement=request.image.name if request.image else request.replacement,
        images=len(records),
        labeled=int(known.sum()),
        before=float(right[0].mean()) if known.any() else float("nan"),
        after=float(right[1].mean()) if known.any() else float("nan"),
        changed=len(differ) / len(records),
        classes=_classes(names, label[known], right),
        records=records[order],
        answers=tuple((names[said[0][k]], names[said[1][k]]) for k in order),
        paths=tuple(index.paths[int(records[k])] for k in order),
    )


def _classes(
    names: Sequence[str], label: NDArray[np.int64], right: list[NDArray[np.bool_]]
) -> tuple[tuple[str, int, float, float], ...]:
    """Return each class's accuracy before and after, the largest drop first."""
    found = [
        (
            names[number],
            int((label == number).sum()),
            float(right[0][label == number].mean()),
            float(right[1][label == number].mean()),
        )
        for number in np.unique(label).tolist()
    ]
    return tuple(sorted(found, key=lambda each: each[3] - each[2]))
