"""The picture that a channel, a unit, a class or a direction answers to most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.channels import Mixture, parse_channels
from nnviz.base.errors import ModelError, UsageError
from nnviz.base.info import LayerInfo, ModelInfo, Reference, Task
from nnviz.base.parameters import (
    ChannelIndex,
    Help,
    LayerName,
    Range,
    Steerable,
    TargetText,
    Unit,
    When,
)
from nnviz.base.results import Curves, Report
from nnviz.base.targets import (
    OPTION,
    ChannelTarget,
    ClassTarget,
    DifferenceTarget,
    parse_target,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.ops.ascent import Aim, Ascent, Climbed, StepRules
from nnviz.engine.ops.maps import channels_of
from nnviz.engine.ops.objectives import (
    Objective,
    channel,
    diversity,
    each,
    logit,
    unit,
)
from nnviz.engine.ops.parametrisations import Spectrum
from nnviz.engine.ops.tiled import as_picture
from nnviz.engine.ops.transforms import CropOrPad, lucid

_PERCENT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationMaximizationParams:
    """What is made strong, and how the picture is made."""

    target: Annotated[
        TargetText,
        Help(
            "A class, a class minus another, or a channel as layer:channel; left "
            "empty, the channel of the layer below."
        ),
    ] = ""
    layer: Annotated[
        LayerName,
        Help("The layer of the channel; left empty, the network's output."),
    ] = ""
    channel: Annotated[
        ChannelIndex,
        Help("What to make strong; -1 for those named below. Of the output, a class."),
    ] = 0
    channels: Annotated[
        str,
        When("channel", (-1,)),
        Help("One picture each: 3, 7, 12-20; or a direction: 3 - 7 + 0.5*12."),
    ] = ""
    place: Annotated[
        Literal["everywhere", "centre"],
        Help("The channel's mean over all places, or its unit in the middle."),
    ] = "everywhere"
    pictures: Annotated[
        int, Range(1, 16), Help("How many different pictures of each are made.")
    ] = 1
    diversity: Annotated[
        float,
        Range(0, 1000),
        Steerable(),
        Help("How much several pictures are pushed apart."),
    ] = 0.0
    size: Annotated[
        int,
        Range(0, 2048),
        Unit("px"),
        Help("Side of the picture; 0 is that of the network's input."),
    ] = 0
    steps: Annotated[int, Range(1, 4096, log=True), Help("How many steps.")] = 512
    learning_rate: Annotated[
        float, Range(0.0001, 100, log=True), Steerable(), Help("How large a step is.")
    ] = 0.05
    transforms: Annotated[
        float,
        Range(0, 300),
        Unit("%"),
        Steerable(),
        Help(
            "How strongly the picture is shifted, scaled and turned at random before "
            "the network sees it; 100 % as in Lucid, 0 not at all."
        ),
    ] = 100.0
    total_variation: Annotated[
        float, Range(0, 1000), Steerable(), Help("How much smoothness counts.")
    ] = 0.0


@register(
    "activation_maximization",
    title="Activation maximisation",
    group="Imagine",
    live=False,
    needs_image=False,
    recorded=True,
    reference=Reference("Olah et al. 2017", "doi:10.23915/distill.00007"),
)
class ActivationMaximization:
    """A picture optimised until a part of the network answers to it strongly."""

    Params: ClassVar[type] = ActivationMaximizationParams
    shows: ClassVar[str] = (
        "A picture made from noise, step by step, so that a channel, a unit, a class "
        "or a direction of the network becomes as active as possible."
    )
    reading: ClassVar[str] = (
        "What comes back again and again in it is what the unit looks for: a texture, "
        "a part, a thing. Make several pictures: a unit may look for more than one."
    )
    misleads: ClassVar[str] = (
        "The strongest picture is not a typical one: photographs that the unit answers "
        "to may look quite different, and much of the look comes from the "
        "parametrisation and the transforms, not from the network."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 4, "channel": 3},
        "lucid": {},
    }

    def run(
        self, ctx: Context, params: ActivationMaximizationParams
    ) -> Iterator[Report]:
        """Yield after each step "picture", as it was scored, and "objective"."""
        wanted = _objectives(ctx.model.info, params)
        objectives = [one for one in wanted for _ in range(params.pictures)]
        objective = each(objectives)
        climb = _begun(ctx, params, objectives)
        while climb.steps < params.steps:
            now: ActivationMaximizationParams = ctx.params
            aim = _with_diversity(objective, now)
            climbed = climb.step(_always(aim), _rules(ctx.model.info, now))
            ctx.step(climb.steps, params.steps, f"step {climb.steps}")
            ctx.keep({"objective": climb.scores[-1]}, climb.state)
            yield _report(climb, climbed, objective)


def _objectives(
    info: ModelInfo, params: ActivationMaximizationParams
) -> list[Objective]:
    """Return what is to be made strong, one for each picture.

    Raises:
        UsageError: no such class, layer or channel.
        ModelError: the network cannot be asked this.
    """
    if params.target:
        return [_targeted(info, params)]
    layer = info.known_layer(params.layer) if params.layer else None
    mixtures: Sequence[Mixture] = [((params.channel, 1.0),)]
    if params.channel < 0:
        mixtures = parse_channels(params.channels, "--channels")
    return [_mixed(info, layer, mixture, params.place) for mixture in mixtures]


def _targeted(info: ModelInfo, params: ActivationMaximizationParams) -> Objective:
    names = {layer.name for layer in info.layers}
    match parse_target(params.target, info.labels, names):
        case ChannelTarget(layer, index, None):
            found = info.known_layer(layer)
            return _mixed(info, found, ((index, 1.0),), params.place)
        case ChannelTarget(layer, index, place):
            _require_channel(info, info.known_layer(layer), index)
            return unit(layer, index, place)
        case ClassTarget(int(index), False):
            return _mixed(info, None, ((index, 1.0),), "everywhere")
        case DifferenceTarget(plus, minus):
            pair = ((plus, 1.0), (minus, -1.0))
            return _mixed(info, None, pair, "everywhere")
        case _:
            raise UsageError(
                OPTION,
                f"{params.target!r} cannot be made strong",
                "name a class, class - class, or layer:channel",
            )


def _mixed(
    info: ModelInfo, layer: LayerInfo | None, mixture: Mixture, place: str
) -> Objective:
    """Return the weighted sum of channels of a layer, or of classes."""
    whole: Objective | None = None
    for index, weight in mixture:
        _require_channel(info, layer, index)
        one = _plain(info, layer, index, place)
        part = one if weight == 1 else weight * one
        whole = part if whole is None else whole + part
    if whole is None:
        raise UsageError("--channels", "names none", "write 3, 7 or 3 - 7 + 0.5*12")
    return whole


def _plain(
    info: ModelInfo, layer: LayerInfo | None, index: int, place: str
) -> Objective:
    if layer is None:
        return logit(index, info.labels[index])
    return (unit if place == "centre" else channel)(layer.name, index)


def _require_channel(info: ModelInfo, layer: LayerInfo | None, index: int) -> None:
    """Refuse a channel that there is not.

    Raises:
        UsageError: says how many there are.
        ModelError: the output is no row of classes.
    """
    if layer is None and info.task is Task.DETECT:
        raise ModelError(
            info.title, "gives boxes, no row of classes", "choose one of its layers"
        )
    count = len(info.labels) if layer is None else channels_of(layer)
    if index >= count:
        name = layer.name if layer else "the output"
        raise UsageError(
            "--channel",
            f"{name} has no channel {index}",
            f"it has {count}: 0 to {count - 1}",
        )


def _begun(
    ctx: Context, params: ActivationMaximizationParams, objectives: list[Objective]
) -> Ascent:
    """Return the optimisation, at its start or where it was left."""
    info = ctx.model.info
    side = params.size or min(info.preprocess.input_size)
    shape = (len(objectives), info.preprocess.channels, side, side)
    climb = Ascent(
        Spectrum(shape, ctx.generator, ctx.device),
        "adam",
        ctx.model.maps_pass(each(objectives).layers, ctx.check),
        ctx.model.mean_colour,
        ctx.generator,
    )
    if ctx.begun is not None:
        climb.restore(ctx.begun)
    return climb


def _with_diversity(
    objective: Objective, params: ActivationMaximizationParams
) -> Objective:
    if not params.diversity:
        return objective
    layer = min(objective.layers)
    return objective - params.diversity * diversity(layer)


def _rules(info: ModelInfo, params: ActivationMaximizationParams) -> StepRules:
    transforms = lucid(params.transforms / _PERCENT)
    if not info.takes_any_size:
        transforms = (*transforms, CropOrPad(info.preprocess.input_size))
    return StepRules(
        learning_rate=params.learning_rate,
        transforms=transforms,
        total_variation=params.total_variation,
    )


def _always(objective: Objective) -> Aim:
    return lambda _geometry: objective


def _report(climb: Ascent, climbed: Climbed, objective: Objective) -> Report:
    scores = np.array(climb.scores)
    curve = Curves(
        x=np.arange(1, len(scores) + 1),
        series={"objective": scores},
        x_label="step",
        y_label="objective",
    )
    notes = (objective.words, f"objective {scores[-1]:.4g} after {len(scores)} steps")
    return Report({"picture": as_picture(climbed.pixels), "objective": curve}, notes)
