"""A target made a number: which layer a pass runs to and how it is scored."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.info import LayerInfo, ModelInfo, Task
from nnviz.base.targets import (
    OPTION,
    BoxTarget,
    ChannelTarget,
    ClassTarget,
    DifferenceTarget,
    LikenessTarget,
    SegmentTarget,
    Target,
    parse_target,
)
from nnviz.engine.ops.maps import maps_of
from nnviz.engine.ops.taps import checked, input_to, run_to

Check = Callable[[], None]
Score = Callable[[Any], Tensor]
_CLASSIFIER_NDIM = 2
_SUM_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResolvedTarget:
    """A target of one network, ready to be scored.

    Attributes:
        target: what was asked about; classes have their index.
        words: what the score is, "logit of tabby".
        unit: the score's unit: "logit", "probability", "activation", "cosine".
        layer: where the pass ends; "" for the network's own output.
        calls: how often one pass runs that layer.
        score: from what the layer gives, (N, ...), to (N,); differentiable.
        value: the score of the photograph itself.
        before: what the layer is given is scored, not what it gives.
    """

    target: Target
    words: str
    unit: str
    layer: str
    calls: int
    score: Score
    value: float
    before: bool = False

    @property
    def caption(self) -> str:
        """What is asked about and the photograph's score, "logit of tabby, 12.3"."""
        return f"{self.words}, {self.value:.4g}"


@dataclass(frozen=True, slots=True, eq=False)
class Scorer:
    """From pixels to scores: differentiable, the pass no longer than needed.

    Attributes:
        net: takes what ``normaliser`` gives.
        normaliser: takes pixels in [0, 1] (N, C, H, W).
        target: what is scored.
        check: called before every module; raises to abandon the pass.
    """

    net: nn.Module
    normaliser: nn.Module
    target: ResolvedTarget
    check: Check

    def __call__(self, pixels: Tensor) -> Tensor:
        """Return the scores of a batch, (N,), with their graph.

        Raises:
            ModelError: the layer does not keep the pictures of a batch apart.
        """
        with checked(self.check):
            output = self._output(self.normaliser(pixels))
        scores = self.target.score(output)
        if scores.shape != (len(pixels),):
            raise ModelError(
                self.target.layer,
                f"gives {len(scores)} rows for {len(pixels)} pictures",
                "ask about another layer",
            )
        return scores

    def _output(self, x: Tensor) -> Any:
        target = self.target
        if target.before:
            return input_to(self.net, x, target.layer)
        if target.layer:
            return run_to(self.net, x, target.layer, calls=target.calls)
        return self.net(x)


Activations = Callable[[str], Tensor]
"""What a layer gives for the photograph, (1, ...); "" is the network's output."""


def resolve(text: str, info: ModelInfo, activations: Activations) -> ResolvedTarget:
    """Return a target as written by the user, with the photograph's own score.

    Args:
        text: as ``nnviz.base.targets`` describes.
        info: of the network.
        activations: of the photograph.

    Raises:
        UsageError: nothing of that name; names the nearest.
        ModelError: the network cannot be asked this.
    """
    target = parse_target(text, info.labels, {layer.name for layer in info.layers})
    match target:
        case ClassTarget() | DifferenceTarget():
            return _classes(target, info, activations)
        case ChannelTarget():
            return _channel(target, info, activations)
        case BoxTarget() | SegmentTarget() | LikenessTarget():
            raise ModelError(
                info.title, f"cannot be asked about {text!r}", "ask about a class"
            )


def _classes(
    target: ClassTarget | DifferenceTarget, info: ModelInfo, activations: Activations
) -> ResolvedTarget:
    output = activations("")
    if info.task is not Task.CLASSIFY or output.ndim != _CLASSIFIER_NDIM:
        raise ModelError(
            info.title, "does not give one number for each class", "ask about a layer"
        )
    if isinstance(target, ClassTarget):
        return _one_class(target, info, output)
    plus, minus = target.plus, target.minus

    def difference(scores: Tensor) -> Tensor:
        return scores[:, plus] - scores[:, minus]

    unit = output_unit(output)
    return ResolvedTarget(
        target=target,
        words=f"{unit} of {label(info, plus)} minus {label(info, minus)}",
        unit=unit,
        layer="",
        calls=1,
        score=difference,
        value=difference(output).item(),
    )


def _one_class(target: ClassTarget, info: ModelInfo, output: Tensor) -> ResolvedTarget:
    index = int(output[0].argmax()) if target.index is None else target.index
    unit = output_unit(output)
    softmax = target.probability and unit != "probability"

    def one(scores: Tensor) -> Tensor:
        return (scores.softmax(1) if softmax else scores)[:, index]

    if target.probability:
        unit = "probability"
    return ResolvedTarget(
        target=ClassTarget(index, target.probability),
        words=f"{unit} of {label(info, index)}",
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
            f"channel {target.channel} of {layer.name} has no place {y}, {x}",
            f"its map has {height} rows and {width} columns, counted from 0",
        )


def label(info: ModelInfo, index: int) -> str:
    """Return a class's name."""
    return info.labels[index] if index < len(info.labels) else f"class {index}"


def output_unit(output: Tensor) -> str:
    """Return "probability" where the network ends in a softmax of its own."""
    one = output[0].detach()
    total = float(one.sum())
    shares = bool(one.min() >= 0) and abs(total - 1) < _SUM_TOLERANCE
    return "probability" if shares and len(one) > 1 else "logit"
