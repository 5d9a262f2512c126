"""The picture that a channel, a unit, a class or a direction answers to most."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from nnviz.base.channels import Mixture, parse_channels
from nnviz.base.info import OPTIMIZATION, ModelInfo, Reference
from nnviz.base.parameters import (
    ChannelIndex,
    ChannelList,
    Essential,
    Formerly,
    Help,
    ImageFolder,
    LayerName,
    Range,
    Steerable,
    TargetText,
    Title,
    Unit,
    When,
)
from nnviz.base.results import Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.models.model import Model
from nnviz.engine.nn.feature_extractor import Precision
from nnviz.engine.optvis.objectives import Objective, diversity, each
from nnviz.engine.optvis.optimize import Aim, Ascent, Optimiser, StepRules
from nnviz.engine.optvis.parametrizations import (
    Parametrisation,
    Phases,
    Pixels,
    Shape,
    Spectrum,
)
from nnviz.engine.optvis.parse_objective import (
    Where,
    of_channels,
    of_layer,
    of_target,
    side_of,
)
from nnviz.engine.optvis.regularizers import PixelRules
from nnviz.engine.optvis.report import ascent_report, faded
from nnviz.engine.optvis.spectrum_prior import (
    fitted_magnitudes,
    mean_magnitudes,
    shipped_magnitudes,
)
from nnviz.engine.optvis.transforms import (
    Crop,
    Jitter,
    Mirror,
    Pad,
    Transform,
    fitted,
    lucid,
)
from nnviz.media.decode import open_image
from nnviz.media.folders import list_images

_PERCENT = 100
_LEVELS = 255
_SHIFT = 16
"""Px either way, as the lectures shift."""
_FIRST_NOISE = 10 / _LEVELS
"""On the mean colour, as Yosinski begins."""
_CROPS = (0.5, 0.05)
"""Side of MaCo's crops at the first step and at the last, as a share of the picture."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationMaximizationParams:
    """What is made strong, and how the picture is made."""

    target: Annotated[
        TargetText,
        Essential(),
        Help(
            "A class, a class minus another, or a channel as layer:channel; left "
            "empty, the channel of the layer below."
        ),
    ] = ""
    layer: Annotated[
        LayerName,
        Essential(),
        Help("The layer of the channel; left empty, the network's output."),
    ] = ""
    channel: Annotated[
        ChannelIndex,
        Essential(),
        Help(
            "What to make strong, of the output a class; -1 for those named below, or "
            "for the whole layer."
        ),
    ] = 0
    channels: Annotated[
        ChannelList,
        When("channel", (-1,)),
        Help("One picture each: 3, 7, 12-20; or a direction: 3 - 7 + 0.5*12."),
    ] = ""
    cosine_power: Annotated[
        float,
        Range(0, 10),
        When("channel", (-1,)),
        Help("How much a direction must be met, not only gone along."),
    ] = 0.0
    place: Annotated[
        Where, Help("The channel's mean over all places, or its unit in the middle.")
    ] = "everywhere"
    image_count: Annotated[
        int,
        Essential(),
        Formerly("pictures"),
        Range(1, 16),
        Help("How many different pictures of each are made."),
    ] = 1
    diversity: Annotated[
        float,
        Range(0, 1000),
        Steerable(),
        Help("How much several pictures are pushed apart; 1 to 100 are usual."),
    ] = 0.0
    size: Annotated[
        int,
        Essential(),
        Range(0, 2048),
        Unit("px"),
        Help("Side of the picture; 0 is that of the network's input."),
    ] = 0
    steps: Annotated[
        int,
        Essential(),
        Range(1, 4096, log=True),
        Help("How many steps."),
    ] = 512
    parametrization: Annotated[
        Literal["spectrum", "phases", "pixels"],
        Formerly("parametrisation"),
        Help(
            "What is turned: waves of independent colours, their phases alone with "
            "strengths as in photographs, or the pixels themselves."
        ),
    ] = "spectrum"
    image_folder: Annotated[
        ImageFolder,
        Formerly("photographs"),
        When("parametrization", ("phases",)),
        Help(
            "Folder of photographs whose waves' strengths are taken; left empty, "
            "those of some thousand that come with the program."
        ),
    ] = ""
    optimizer: Annotated[
        Optimiser,
        Formerly("optimiser"),
        Help(
            "Adam or NAdam; ascent goes a fixed length; progress goes so far that "
            "the objective gains the learning rate."
        ),
    ] = "adam"
    learning_rate: Annotated[
        float, Range(0.0001, 100, log=True), Steerable(), Help("How large a step is.")
    ] = 0.05
    transforms: Annotated[
        Literal["lucid", "shift", "crops", "none"],
        Steerable(),
        Help(
            "What is done to the picture at random before the network sees it: "
            "shifted, scaled and turned as in Lucid, shifted alone, looked at in "
            "ever smaller crops, or nothing."
        ),
    ] = "lucid"
    strength: Annotated[
        float,
        Range(0, 300),
        Unit("%"),
        Steerable(),
        Title("Strength of transforms"),
        When("transforms", ("lucid", "shift")),
        Help("100 % is the published strength."),
    ] = 100.0
    mirror: Annotated[
        bool,
        Steerable(),
        Help("Turns left and right round in about every second step."),
    ] = False
    crops: Annotated[
        int,
        Range(1, 64),
        Steerable(),
        When("transforms", ("crops",)),
        Help("How many crops are looked at in a step."),
    ] = 32
    noise: Annotated[
        float,
        Range(0, 50),
        Unit("%"),
        Steerable(),
        Help("Noise on what the network sees, as a share of the range of values."),
    ] = 0.0
    total_variation: Annotated[
        float,
        Range(0, 100),
        Steerable(),
        Help("How much differences between neighbouring pixels cost."),
    ] = 0.0
    decay: Annotated[
        float,
        Range(0, 50),
        Unit("%"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("How much nearer to the mean colour each step brings all pixels (L2)."),
    ] = 0.0
    blur: Annotated[
        float,
        Range(0, 8),
        Unit("px"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("Standard deviation of the Gaussian that pixels are blurred with."),
    ] = 0.0
    blur_every: Annotated[
        int,
        Range(0, 100),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("Steps from one blur to the next; 0 for none."),
    ] = 0
    small_values: Annotated[
        float,
        Range(0, 99),
        Unit("%"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("Share of pixels, the palest, that each step sets to the mean colour."),
    ] = 0.0
    small_gradients: Annotated[
        float,
        Range(0, 99),
        Unit("%"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("Share of pixels, the least important, set to the mean colour likewise."),
    ] = 0.0
    importance_mask: Annotated[
        bool,
        Formerly("faded"),
        Steerable(),
        Title("Fade what does not matter"),
        Help(
            "Shows grey where the picture hardly made a difference over all steps: "
            "MaCo's transparency. The picture itself goes on as it is."
        ),
    ] = False
    redirect_relus: Annotated[
        bool,
        Formerly("redirected"),
        Title("Help silent units"),
        Help("In the first 16 steps, lets gradients through ReLUs that block all."),
    ] = True
    precision: Annotated[
        Precision,
        Help("bfloat16 is about twice as fast where the processor has it, and rough."),
    ] = "float32"


@register(
    "activation_maximization",
    title="Activation maximisation",
    group="Imagine",
    capabilities=OPTIMIZATION,
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
        "smooth": {"total_variation": 5.0, "strength": 150.0, "size": 192},
        "smooth class": {"total_variation": 20.0, "strength": 250.0, "size": 192},
        "several": {"image_count": 4, "diversity": 10.0},
        "maco": {
            "parametrization": "phases",
            "optimizer": "nadam",
            "learning_rate": 1.0,
            "transforms": "crops",
            "noise": 4.0,
            "importance_mask": True,
            "size": 512,
            "steps": 256,
        },
        "classic DVT": {
            "place": "centre",
            "parametrization": "pixels",
            "optimizer": "progress",
            "learning_rate": 2.0,
            "transforms": "none",
            "decay": 0.01,
            "blur": 1.0,
            "blur_every": 4,
            "steps": 1000,
        },
        "lecture": {
            "parametrization": "pixels",
            "optimizer": "ascent",
            "learning_rate": 5.0,
            "transforms": "shift",
            "decay": 0.5,
            "blur": 0.5,
            "blur_every": 10,
            "small_values": 5.0,
            "small_gradients": 5.0,
            "steps": 200,
        },
    }

    def run(
        self, ctx: Context, params: ActivationMaximizationParams
    ) -> Iterator[Report]:
        """Yield after each step "picture", as it was scored, and "objective"."""
        wanted = _objectives(ctx.model.info, params)
        objectives = [one for one in wanted for _ in range(params.image_count)]
        climb = _begun(ctx, params, objectives)
        while climb.steps < params.steps:
            now: ActivationMaximizationParams = ctx.params
            done = climb.steps / params.steps
            aim = _aim(objectives, now)
            climbed = climb.step(aim, _rules(ctx.model.info, now, done))
            ctx.step(climb.steps, params.steps, f"step {climb.steps}")
            ctx.keep({"objective": climb.scores[-1]}, climb.state)
            shown = (
                faded(climbed, ctx.model.mean_colour)
                if now.importance_mask
                else climbed
            )
            yield ascent_report(climb, shown, "; ".join(o.words for o in wanted))


def _objectives(
    info: ModelInfo, params: ActivationMaximizationParams
) -> list[Objective]:
    """Return what is to be made strong, one for each picture."""
    if params.target:
        return [of_target(info, params.target, params.place)]
    if params.channel < 0 and not params.channels.strip():
        return [of_layer(info, params.layer)]
    mixtures: Sequence[Mixture] = [((params.channel, 1.0),)]
    if params.channel < 0:
        mixtures = parse_channels(params.channels, "--channels")
    power = params.cosine_power
    return of_channels(info, params.layer, mixtures, params.place, power)


def _begun(
    ctx: Context, params: ActivationMaximizationParams, objectives: Sequence[Objective]
) -> Ascent:
    """Return the optimisation, at its start or where it was left."""
    model = ctx.model
    side = side_of(model.info, params.size)
    shape = (len(objectives), model.info.preprocess.channels, side, side)
    return Ascent(
        partial(_picture, model, params, shape),
        params.optimizer,
        model.feature_extractor(each(objectives).layers, ctx.check, params.precision),
        model.mean_colour,
        ctx.generator,
        ctx.begun,
    )


def _picture(
    model: Model,
    params: ActivationMaximizationParams,
    shape: Shape,
    generator: torch.Generator,
) -> Parametrisation:
    match params.parametrization:
        case "spectrum":
            return Spectrum(shape, generator, model.device)
        case "phases":
            template = _template(model, params.image_folder)
            magnitudes = fitted_magnitudes(template, shape[1], (shape[2], shape[3]))
            return Phases(magnitudes, shape, generator, model.device)
        case "pixels":
            noise = _FIRST_NOISE * torch.randn(shape, generator=generator)
            start = model.mean_colour + noise.to(model.device)
            return Pixels(start.clamp(0, 1))


def _template(model: Model, folder: str) -> Tensor:
    """Return how strong each frequency is, in a folder's photographs or the shipped.

    Raises:
        InputError: no such folder, or a file in it cannot be read.
    """
    if not folder:
        return shipped_magnitudes()
    files = list_images(Path(folder).expanduser())
    return mean_magnitudes(model.pixel_input(open_image(file))[0] for file in files)


def _aim(objectives: Sequence[Objective], params: ActivationMaximizationParams) -> Aim:
    """Return what is made strong in the pictures, whatever the view."""
    whole = each(objectives)
    if params.diversity and len(objectives) > 1:
        layer = min(whole.layers)
        whole = whole - params.diversity * diversity(layer)
    return lambda _view: whole


def _rules(
    info: ModelInfo, params: ActivationMaximizationParams, done: float
) -> StepRules:
    mirror = (Mirror(),) if params.mirror else ()
    return StepRules(
        learning_rate=params.learning_rate,
        transforms=fitted((*_transforms(info, params, done), *mirror), info),
        views=params.crops if params.transforms == "crops" else 1,
        noise=params.noise / _PERCENT,
        total_variation=params.total_variation,
        pixels=PixelRules(
            decay=params.decay / _PERCENT,
            blur=params.blur,
            blur_every=params.blur_every,
            small_values=params.small_values,
            small_gradients=params.small_gradients,
        ),
        redirected=params.redirect_relus,
    )


def _transforms(
    info: ModelInfo, params: ActivationMaximizationParams, done: float
) -> tuple[Transform, ...]:
    strength = params.strength / _PERCENT
    match params.transforms:
        case "lucid":
            return lucid(strength)
        case "shift":
            reach = round(strength * _SHIFT)
            return Pad(reach), Jitter(2 * reach)
        case "crops":
            first, last = _CROPS
            share = first + done * (last - first)
            return (Crop(share, info.preprocess.input_size),)
        case "none":
            return ()
