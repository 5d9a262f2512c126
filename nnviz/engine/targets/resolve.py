"""Resolution of targets: the layer that a pass ends at, and the score of its output."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.info import LayerInfo, ModelInfo, OutputActivation, Task
from nnviz.base.notation.targets import (
    OPTION,
    BoxTarget,
    ChannelTarget,
    ClassTarget,
    ContrastTarget,
    DifferenceTarget,
    DirectionTarget,
    LikenessTarget,
    SegmentTarget,
    Target,
    parse_target,
)
from nnviz.base.results import TargetNote
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.hooks import input_to
from nnviz.engine.nn.pixel_model import PixelModel, joined
from nnviz.engine.targets.detections import Subject, segment
from nnviz.engine.targets.directions import check_length, direction_title

Score = Callable[[Any], Tensor]
_CLASSIFIER_NDIM = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResolvedTarget:
    """A target resolved for one network, ready to be scored.

    Attributes:
        target: the parsed target; classes have their index.
        words: description of the score, "logit of tabby".
        unit: the score's unit: "logit", "probability", "activation", "cosine".
        layer: at which the pass ends; "" for the network's own output.
        calls: how often one pass runs that layer.
        score: from the layer's output, (N, ...), to (N,); differentiable.
        value: the score of the image itself.
        before: whether the layer's input is scored, not its output.
        alone: images must be scored one at a time.
    """

    target: Target
    words: str
    unit: str
    layer: str
    calls: int
    score: Score
    value: float
    before: bool = False
    alone: bool = False

    @property
    def caption(self) -> TargetNote:
        """The target and the image's score, "logit of tabby, 12.3"."""
        return TargetNote(self.words, self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """Differentiable scores from pixels; passes end at the target's layer.

    Attributes:
        model: the network, from pixels.
        target: the scored target.
    """

    model: PixelModel
    target: ResolvedTarget

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the scores of a batch, (N,), with their graph.

        Raises:
            ModelError: the layer does not keep the batch first.
        """
        parts = self.model.parts(pixels, alone=self.target.alone)
        return joined([self._part(part) for part in parts])

    def _part(self, pixels: Tensor) -> Tensor:
        scores = self.target.score(self.output(pixels))
        if scores.shape != (len(pixels),):
            raise ModelError(
                self.target.layer,
                f"gives {len(scores)} rows for {len(pixels)} images",
                "ask about another layer",
            )
        return scores

    def output(self, pixels: Tensor) -> Any:
        """Return the tensor that the target scores, for images (N, C, H, W)."""
        target = self.target
        if target.before:
            return self.model.input_to(pixels, target.layer)
        if target.layer:
            return self.model.up_to(pixels, {target.layer: target.calls})[target.layer]
        return self.model.forward(pixels)


Activations = Callable[[str], Tensor]
"""Returns a layer's output for the image, (1, ...); "" is the network's output."""


def resolve(
    text: str, info: ModelInfo, activations: Activations, subject: Subject
) -> ResolvedTarget:
    """Resolve a target in the user's notation, and score it for the image.

    Args:
        text: as ``notation.targets`` describes.
        info: of the network.
        activations: of the image.
        subject: the network and the image, for boxes, segments and likeness.

    Raises:
        UsageError: no target of that name; names the nearest.
        ModelError: the network does not support this target.
    """
    target = parse_target(text, info.labels, {layer.name for layer in info.layers})
    match _meant(target, info):
        case ChannelTarget() as channel:
            return _channel(channel, info, activations)
        case BoxTarget() as box:
            return _box(box, info, subject)
        case SegmentTarget() as segment:
            return _segment(segment, info, activations)
        case LikenessTarget(file):
            return _likeness(file, subject)
        case DirectionTarget(file):
            return _direction(file, info, activations, subject)
        case ClassTarget() | DifferenceTarget() | ContrastTarget() as classes:
            return _classes(classes, info, activations)


def _meant(target: Target, info: ModelInfo) -> Target:
    """Return a class target adapted to the task: its segment, or its best box.

    Raises:
        ModelError: the network is made for another task.
    """
    kind = target.index if isinstance(target, ClassTarget) else None
    plain = isinstance(target, ClassTarget) and not target.probability
    if plain and info.task is Task.SEGMENT:
        return SegmentTarget(kind)
    if plain and info.task is Task.DETECT:
        return BoxTarget(0, kind)
    needed = _NEEDED.get(type(target))
    if needed is not None and info.task not in needed:
        raise ModelError(
            info.title,
            f"is a network for {info.task.purpose}; that target needs one for "
            + " or ".join(task.purpose for task in needed),
            "ask about something else, or a layer's channel",
        )
    return target


_NEEDED = {
    BoxTarget: (Task.DETECT,),
    SegmentTarget: (Task.SEGMENT,),
    ClassTarget: (Task.CLASSIFY, Task.MULTILABEL, Task.REGRESS),
    DifferenceTarget: (Task.CLASSIFY, Task.MULTILABEL, Task.REGRESS),
    ContrastTarget: (Task.CLASSIFY, Task.MULTILABEL),
}
"""The tasks of networks that a kind of target applies to; others apply to any."""


def _box(target: BoxTarget, info: ModelInfo, subject: Subject) -> ResolvedTarget:
    kind, score = subject.box(target.rank, target.index)
    with torch.no_grad():
        value = score(subject.outputs()).item()
    return ResolvedTarget(
        target=BoxTarget(target.rank, kind if target.index is not None else None),
        words=f"log-odds of {label(info, kind)} in box {target.rank}",
        unit="log-odds",
        layer="",
        calls=1,
        score=score,
        value=value,
        alone=True,
    )


def _segment(
    target: SegmentTarget, info: ModelInfo, activations: Activations
) -> ResolvedTarget:
    logits = activations("")
    names = [name.casefold() for name in info.labels]
    background = next((names.index(name) for name in _EMPTY if name in names), -1)
    kind, places, score = segment(logits, target.index, background)
    if not places:
        raise UsageError(
            OPTION,
            f"{label(info, kind)} is predicted at no pixel of this image",
            "ask about a class that does",
        )
    of_all = logits.shape[-1] * logits.shape[-2]
    return ResolvedTarget(
        target=SegmentTarget(kind),
        words=f"logits of {label(info, kind)}, summed over the {places} of {of_all} "
        "positions where it is predicted",
        unit="summed logits",
        layer="",
        calls=1,
        score=score,
        value=score(logits).item(),
    )


_EMPTY = ("__background__", "background")


def _likeness(file: str, subject: Subject) -> ResolvedTarget:
    head, score = subject.likeness(file)
    with torch.no_grad():
        value = score(input_to(subject.net, subject.pixels, head)).item()
    return ResolvedTarget(
        target=LikenessTarget(file),
        words=f"similarity to {Path(file).name} (cosine of what {head} is given)",
        unit="cosine",
        layer=head,
        calls=1,
        score=score,
        value=value,
        before=True,
    )


def _contrast(info: ModelInfo, output: Tensor) -> DifferenceTarget:
    """Return the contrast of the two most likely classes of an output (1, K).

    Raises:
        ModelError: there is only one.
    """
    if output.shape[1] < 2:  # noqa: PLR2004  two
        raise ModelError(info.title, "has no second class", "ask about one class")
    first, second = output[0].topk(2).indices.tolist()
    return DifferenceTarget(first, second)


def _classes(
    target: ClassTarget | DifferenceTarget | ContrastTarget,
    info: ModelInfo,
    activations: Activations,
) -> ResolvedTarget:
    output = activations("")
    if output.ndim != _CLASSIFIER_NDIM:
        raise ModelError(
            info.title, "does not give one number for each class", "ask about a layer"
        )
    if isinstance(target, ClassTarget):
        return _one_class(target, info, output)
    if isinstance(target, ContrastTarget):
        target = _contrast(info, output)
    plus, minus = target.plus, target.minus

    def difference(scores: Tensor) -> Tensor:
        return scores[:, plus] - scores[:, minus]

    unit = output_unit(info)
    return ResolvedTarget(
        target=target,
        words=f"{_of(unit, info)}{label(info, plus)} minus {label(info, minus)}",
        unit=unit,
        layer="",
        calls=1,
        score=difference,
        value=difference(output).item(),
    )


def _one_class(target: ClassTarget, info: ModelInfo, output: Tensor) -> ResolvedTarget:
    index = target.index
    if index is None:  # outputs of a regression are not ranked
        index = 0 if info.task is Task.REGRESS else int(output[0].argmax())
    unit, chosen = output_unit(info), index
    if target.probability and info.task is Task.REGRESS:
        raise ModelError(
            info.title, "gives numbers, no probabilities", "ask about the number itself"
        )

    def one(scores: Tensor) -> Tensor:
        return (probabilities(scores, info) if target.probability else scores)[
            :, chosen
        ]

    if target.probability:
        unit = "probability"
    return ResolvedTarget(
        target=ClassTarget(index, target.probability),
        words=f"{_of(unit, info)}{label(info, index)}",
        unit=unit,
        layer="",
        calls=1,
        score=one,
        value=one(output).item(),
    )


def _channel(
    target: ChannelTarget, info: ModelInfo, activations: Activations
) -> ResolvedTarget:
    layer = next(each for each in info.layers if each.name == target.layer)
    found = activations(layer.name)
    maps = maps_of(found, layer)
    _require_unit(target, layer, tuple(maps.shape[1:]))
    channel, place = target.channel, target.place

    def score(output: Tensor) -> Tensor:
        chosen = maps_of(output, layer)[:, channel]
        if place is None:
            return chosen.mean((1, 2))
        return chosen[:, place[0], place[1]]

    where = f"channel {channel} of {layer.name}"
    at = "mean of" if place is None else f"place {place[0]}, {place[1]} of"
    return ResolvedTarget(
        target=target,
        words=f"{at} {where}",
        unit="activation",
        layer=layer.name,
        calls=layer.calls,
        score=score,
        value=score(found).item(),
    )


def _direction(
    file: str, info: ModelInfo, activations: Activations, subject: Subject
) -> ResolvedTarget:
    """Return the target of a direction: its mean activation over the map."""
    name, vector = subject.direction(file)
    layer = info.known_layer(name)
    found = activations(layer.name)
    check_length(vector, maps_of(found, layer).shape[1], layer.name)

    def score(output: Tensor) -> Tensor:
        means = maps_of(output, layer).flatten(2).mean(2)
        return means @ vector.to(means)

    return ResolvedTarget(
        target=DirectionTarget(file),
        words=f"activation of {layer.name} along {direction_title(file)}",
        unit="activation",
        layer=layer.name,
        calls=layer.calls,
        score=score,
        value=score(found).item(),
    )


def _require_unit(
    target: ChannelTarget, layer: LayerInfo, shape: tuple[int, ...]
) -> None:
    channels, height, width = shape
    if target.channel >= channels:
        raise UsageError(
            OPTION,
            f"layer {layer.name} has no channel {target.channel}",
            f"it has {channels}: 0 to {channels - 1}",
        )
    y, x = target.place or (0, 0)
    if y >= height or x >= width:
        raise UsageError(
            OPTION,
            f"channel {target.channel} of {layer.name} has no position {y}, {x}",
            f"its map has {height} rows and {width} columns, counted from 0",
        )


def label(info: ModelInfo, index: int) -> str:
    """Return the name of a class."""
    return info.labels[index] if index < len(info.labels) else f"class {index}"


def output_unit(info: ModelInfo) -> str:
    """Return the unit of a network's output: "logit", "probability", or its own."""
    if info.task is Task.REGRESS:
        return info.unit or "output"
    none = info.output_activation is OutputActivation.NONE
    return "probability" if none else "logit"


def _of(unit: str, info: ModelInfo) -> str:
    """Return the prefix of a score's name: "logit of ", or "" for a regression."""
    return "" if info.task is Task.REGRESS else f"{unit} of "


def probabilities(scores: Tensor, info: ModelInfo) -> Tensor:
    """Convert a network's outputs (N, K) to probabilities."""
    match info.output_activation:
        case OutputActivation.SOFTMAX:
            return scores.softmax(1)
        case OutputActivation.SIGMOID:
            return scores.sigmoid()
        case OutputActivation.NONE:
            return scores
