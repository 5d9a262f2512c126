"""Activation maximization of a channel, a unit, a class or a direction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated, ClassVar, Literal

import torch
from torch import Tensor

from nnviz.base.info import OPTIMIZATION, ModelInfo, Need, Reference
from nnviz.base.notation.channels import Mixture, parse_channels
from nnviz.base.parameters import (
    ChannelIndex,
    ChannelList,
    Essential,
    FormerChoices,
    Formerly,
    Help,
    ImageFolder,
    LayerName,
    Lowest,
    Range,
    Steerable,
    TargetText,
    Title,
    Unit,
    When,
)
from nnviz.base.results import Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.feature_extractor import Precision
from nnviz.engine.optvis.objectives import Objective, diversity, each
from nnviz.engine.optvis.optimize import Aim, Ascent, Optimizer, StepRules
from nnviz.engine.optvis.parametrizations import (
    Parametrization,
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

_PERCENT = 100
_LEVELS = 255
_SHIFT = 16
"""Px in either direction, as in the lectures."""
_FIRST_NOISE = 10 / _LEVELS
"""On the mean color, Yosinski's initial image."""
_CROPS = (0.5, 0.05)
"""Side of MaCo's crops at the first and the last step, relative to the image's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivationMaximizationParams:
    """Parameters of activation maximization: objective, parametrization, rules."""

    target: Annotated[
        TargetText,
        Essential(),
        Help(
            "A class, a class minus another, or a channel written as layer:channel. "
            "Empty: the channel of the layer below."
        ),
    ] = ""
    layer: Annotated[
        LayerName,
        Essential(),
        Help("The layer of the channel. Empty: the network's output."),
    ] = ""
    channel: Annotated[
        ChannelIndex,
        Essential(),
        Help(
            "The channel to maximize; at the output, the class. -1: those listed "
            "below, or the whole layer."
        ),
    ] = 0
    channels: Annotated[
        ChannelList,
        When("channel", (-1,)),
        Help("One image each: 3, 7, 12-20; or a direction: 3 - 7 + 0.5*12."),
    ] = ""
    cosine_power: Annotated[
        float,
        Range(0, 10),
        When("channel", (-1,)),
        Help(
            "Exponent on the cosine similarity: higher values favor the right "
            "direction over a large projection on it."
        ),
    ] = 0.0
    place: Annotated[
        Where,
        FormerChoices({"centre": "center"}),
        Title("Position"),
        Help("The channel's mean over all positions, or its unit at the center."),
    ] = "everywhere"
    image_count: Annotated[
        int,
        Essential(),
        Formerly("pictures"),
        Range(1, 16),
        Help("Number of different images, optimized together."),
    ] = 1
    diversity: Annotated[
        float,
        Range(0, 1000),
        Steerable(),
        Help("How strongly several images are pushed apart; 1 to 100 is typical."),
    ] = 0.0
    size: Annotated[
        int,
        Essential(),
        Range(0, 2048),
        Lowest("auto"),
        Unit("px"),
        Help("Side of the image; 0 uses the network's input size."),
    ] = 0
    steps: Annotated[
        int,
        Essential(),
        Range(1, 4096, log=True),
        Help("Number of optimization steps."),
    ] = 512
    parametrization: Annotated[
        Literal["spectrum", "phases", "pixels"],
        Formerly("parametrisation"),
        Help(
            "What is optimized: a Fourier spectrum with decorrelated colors, its "
            "phases alone (MaCo), or the pixels themselves."
        ),
    ] = "spectrum"
    image_folder: Annotated[
        ImageFolder,
        Formerly("photographs"),
        When("parametrization", ("phases",)),
        Help(
            "Folder of images whose magnitude spectrum is used. Empty: the spectrum "
            "of several thousand images that ships with nnviz."
        ),
    ] = ""
    optimizer: Annotated[
        Optimizer,
        Formerly("optimiser"),
        Help(
            'Adam or NAdam; "ascent" takes steps of fixed length; "progress" chooses '
            "the step so that the objective gains the learning rate."
        ),
    ] = "adam"
    learning_rate: Annotated[
        float, Range(0.0001, 100, log=True), Steerable(), Help("Size of each step.")
    ] = 0.05
    transforms: Annotated[
        Literal["lucid", "shift", "crops", "none"],
        Steerable(),
        Help(
            "Random transforms before each pass: shift, scale and rotation as in "
            "Lucid; shift only; ever smaller crops; or none."
        ),
    ] = "lucid"
    strength: Annotated[
        float,
        Range(0, 300),
        Unit("%"),
        Steerable(),
        Title("Transform strength"),
        When("transforms", ("lucid", "shift")),
        Help("100 % is the published strength."),
    ] = 100.0
    mirror: Annotated[
        bool,
        Steerable(),
        Help("Mirrors the image in about every second step."),
    ] = False
    crops: Annotated[
        int,
        Range(1, 64),
        Steerable(),
        When("transforms", ("crops",)),
        Help("Number of crops per step."),
    ] = 32
    noise: Annotated[
        float,
        Range(0, 50),
        Unit("%"),
        Steerable(),
        Help("Noise added to the network's input, as a fraction of the value range."),
    ] = 0.0
    total_variation: Annotated[
        float,
        Range(0, 100),
        Steerable(),
        Help(
            "Weight of the total variation penalty: higher values give smoother images."
        ),
    ] = 0.0
    decay: Annotated[
        float,
        Range(0, 50),
        Unit("%"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("L2 decay: how far each step pulls all pixels toward the mean color."),
    ] = 0.0
    blur: Annotated[
        float,
        Range(0, 8),
        Unit("px"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("Standard deviation of the Gaussian blur applied to the image."),
    ] = 0.0
    blur_every: Annotated[
        int,
        Range(0, 100),
        Lowest("never"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help("Steps between blurs; 0 never blurs."),
    ] = 0
    small_values: Annotated[
        float,
        Range(0, 99),
        Unit("%"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help(
            "Fraction of pixels with the smallest norm that each step sets to the "
            "mean color."
        ),
    ] = 0.0
    small_gradients: Annotated[
        float,
        Range(0, 99),
        Unit("%"),
        Steerable(),
        When("parametrization", ("pixels",)),
        Help(
            "Fraction of pixels with the smallest contribution that each step sets "
            "to the mean color."
        ),
    ] = 0.0
    importance_mask: Annotated[
        bool,
        Formerly("faded"),
        Steerable(),
        Title("Fade irrelevant areas"),
        Help(
            "Grays out positions whose pixels had little influence over all steps "
            "(MaCo's transparency). The optimization itself is unchanged."
        ),
    ] = False
    redirect_relus: Annotated[
        bool,
        Formerly("redirected"),
        Title("Wake inactive units"),
        Help(
            "In the first 16 steps, lets gradients pass through ReLUs that would "
            "block all of them."
        ),
    ] = True
    precision: Annotated[
        Precision,
        Help(
            "bfloat16 is about twice as fast on processors that support it, and less"
            " exact."
        ),
    ] = "float32"


@register(
    "activation_maximization",
    title="Activation maximization",
    group="Imagine",
    capabilities=OPTIMIZATION,
    live=False,
    needs_image=False,
    recorded=True,
    reference=Reference("Olah et al. 2017", "doi:10.23915/distill.00007"),
    needs=(Need.GRADIENTS,),
)
class ActivationMaximization:
    """Activation maximization: an image optimized to activate a part of the network."""

    Params: ClassVar[type] = ActivationMaximizationParams
    shows: ClassVar[str] = (
        "An image optimized from noise, step by step, to make a channel, unit, class "
        "or direction of the network as active as possible."
    )
    reading: ClassVar[str] = (
        "Whatever keeps recurring is what the unit responds to: a texture, a part, an"
        " object. Make several images: a unit may respond to more than one thing."
    )
    misleads: ClassVar[str] = (
        "The image that excites a unit most is not a typical one: real images that "
        "activate it may look quite different, and much of the appearance comes from "
        "the parametrization and the transforms rather than the network."
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
            "place": "center",
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
        """Yield "image", as it was scored, and "objective" after each step."""
        wanted = _objectives(ctx.model.info, params)
        objectives = [one for one in wanted for _ in range(params.image_count)]
        climb = _ascent(ctx, params, objectives)
        while climb.steps < params.steps:
            now: ActivationMaximizationParams = ctx.params
            done = climb.steps / params.steps
            aim = _aim(objectives, now)
            climbed = climb.step(aim, _rules(ctx.model.info, now, done))
            ctx.step(climb.steps, params.steps, noun="step")
            ctx.keep({"objective": climb.scores[-1]}, climb.state)
            shown = (
                faded(climbed, ctx.model.mean_color) if now.importance_mask else climbed
            )
            yield ascent_report(climb, shown, "; ".join(o.words for o in wanted))


def _objectives(
    info: ModelInfo, params: ActivationMaximizationParams
) -> list[Objective]:
    """Return the objectives, one for each image."""
    if params.target:
        return [of_target(info, params.target, params.place)]
    if params.channel < 0 and not params.channels.strip():
        return [of_layer(info, params.layer)]
    mixtures: Sequence[Mixture] = [((params.channel, 1.0),)]
    if params.channel < 0:
        mixtures = parse_channels(params.channels, "--channels")
    power = params.cosine_power
    return of_channels(info, params.layer, mixtures, params.place, power)


def _ascent(
    ctx: Context, params: ActivationMaximizationParams, objectives: Sequence[Objective]
) -> Ascent:
    """Return the optimization, fresh or resumed."""
    model = ctx.model
    side = side_of(model.info, params.size)
    shape = (len(objectives), model.info.preprocess.channels, side, side)
    return Ascent(
        partial(_picture, ctx, params, shape),
        params.optimizer,
        model.feature_extractor(each(objectives).layers, ctx.check, params.precision),
        model.mean_color,
        ctx.generator,
        ctx.begun,
    )


def _picture(
    ctx: Context,
    params: ActivationMaximizationParams,
    shape: Shape,
    generator: torch.Generator,
) -> Parametrization:
    model = ctx.model
    match params.parametrization:
        case "spectrum":
            return Spectrum(shape, generator, model.device)
        case "phases":
            template = _template(ctx, params.image_folder)
            magnitudes = fitted_magnitudes(template, shape[1], (shape[2], shape[3]))
            return Phases(magnitudes, shape, generator, model.device)
        case "pixels":
            noise = _FIRST_NOISE * torch.randn(shape, generator=generator)
            start = model.mean_color + noise.to(model.device)
            return Pixels(start.clamp(0, 1))


def _template(ctx: Context, folder: str) -> Tensor:
    """Return the mean magnitude spectrum of a folder's images, or the shipped one.

    Raises:
        InputError: no such folder, or a file in it cannot be read.
    """
    if not folder:
        return shipped_magnitudes()
    files = ctx.files.listed(folder)
    return mean_magnitudes(ctx.model.pixel_input(open_image(file))[0] for file in files)


def _aim(objectives: Sequence[Objective], params: ActivationMaximizationParams) -> Aim:
    """Return the objective function of the images, the same for each view."""
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
