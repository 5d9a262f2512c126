"""Deep dream: features that a layer finds in an image, amplified octave by octave."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.frames import Frame
from nnviz.base.info import OPTIMIZATION, LayerInfo, Need, Reference
from nnviz.base.parameters import (
    ChannelIndex,
    Essential,
    FormerChoices,
    Formerly,
    Help,
    ImageFile,
    LayerKinds,
    LayerList,
    LayerName,
    Lowest,
    Range,
    Steerable,
    Title,
    Unit,
    When,
    ZeroKeepsSize,
)
from nnviz.base.results import ColorImage, Report
from nnviz.engine.compute.batch_size import tile_side
from nnviz.engine.compute.memory import free_bytes
from nnviz.engine.compute.tiling import Tiling, tiling
from nnviz.engine.imaging.pyramid import (
    Size,
    moved_closer,
    octave_sizes,
    scaled,
    smoothed,
)
from nnviz.engine.method import Context, Presets, State, register
from nnviz.engine.nn.feature_extractor import FeatureExtractor, Precision
from nnviz.engine.nn.feature_maps import maps_of
from nnviz.engine.nn.input_sizes import SizeTrial
from nnviz.engine.nn.map_layers import at_depth
from nnviz.engine.optvis.dream_gradient import (
    Dream,
    Signal,
    energy,
    guided_by,
    mean,
    only,
    strongest,
)
from nnviz.engine.optvis.gradient_norm import by_bands, by_mean, by_spread
from nnviz.engine.optvis.octave_schedule import OctaveSchedule

_LEVELS = 255
_PERCENT = 100
_SIGNALS: dict[str, Signal] = {"squares": energy, "mean": mean}
_UNITS = {"mean": by_mean, "spread": by_spread, "bands": by_bands}
_REDUCTIONS = {"shallow": 8, "middle": 16, "deep": 32}
_OF_DREAM = ("layer", "depth", "layers", "channel", "strongest", "loss", "guide")
_MOST_BYTES, _LEAST_BYTES = 3 << 30, 1 << 30
"""Main memory for images and a tile, and the minimum for a tile, B."""
_COPIES = 14
"""Of the image: its source, its gradient, both rolled, its bands, the displayed
image."""
_SHARE = 0.5
"""Safety margin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeepDreamParams:
    """Parameters of deep dream: layers, octaves, steps."""

    layer: Annotated[
        LayerName,
        Essential(),
        LayerKinds("spatial"),
        Steerable(),
        Help("The layer to amplify. Empty: one at the depth below."),
    ] = ""
    depth: Annotated[
        Literal["shallow", "middle", "deep"],
        When("layer", ("",)),
        Steerable(),
        Help(
            "The last layer with maps of 1/8, 1/16 or 1/32 of the input's side: "
            "textures, eyes and faces, whole heads."
        ),
    ] = "middle"
    layers: Annotated[
        LayerList,
        Formerly("also"),
        Title("More layers"),
        Steerable(),
        Help("Other layers to amplify, separated by commas."),
    ] = ""
    channel: Annotated[
        ChannelIndex,
        Essential(),
        Steerable(),
        Help("The channel to amplify; -1 amplifies all."),
    ] = -1
    strongest: Annotated[
        int,
        Range(0, 512),
        Lowest("all"),
        When("channel", (-1,)),
        Steerable(),
        Help(
            "Amplify only this many channels, those most active on your image; 0 "
            "amplifies all."
        ),
    ] = 0
    loss: Annotated[
        Literal["squares", "mean"],
        Formerly("grows"),
        Title("Objective"),
        Steerable(),
        Help(
            "Mean of the squared activations, so that strong ones gain most, or "
            "their plain mean."
        ),
    ] = "squares"
    guide: Annotated[
        ImageFile,
        Title("Guide image"),
        Steerable(),
        Help("An image whose features guide the dream. Empty: none."),
    ] = ""
    size: Annotated[
        int,
        Essential(),
        Range(0, 8192),
        Lowest("original"),
        Unit("px"),
        ZeroKeepsSize(),
        Help("Longest side of the result; 0 keeps the size of your image."),
    ] = 0
    octaves: Annotated[
        int,
        Essential(),
        Range(1, 16),
        Help("Number of image sizes, from small to large."),
    ] = 6
    ratio: Annotated[float, Range(1.05, 3), Help("Size ratio between octaves.")] = 1.4
    steps: Annotated[
        int,
        Essential(),
        Range(1, 500, log=True),
        Steerable(),
        Help("Steps per octave."),
    ] = 10
    step_size: Annotated[
        float,
        Essential(),
        Range(0.01, 50, log=True),
        Unit("/255"),
        Steerable(),
        Help("How much each step changes a pixel, in the unit below."),
    ] = 1.0
    normalize: Annotated[
        Literal["mean", "spread", "bands"],
        Formerly("normalise"),
        Title("Step unit"),
        Steerable(),
        Help(
            "Normalize the gradient by its mean, its standard deviation, or per "
            "frequency band (which also grows large shapes)."
        ),
    ] = "bands"
    jitter: Annotated[
        int,
        Range(0, 512),
        Unit("px"),
        Steerable(),
        Help("Random shift of the image before each step."),
    ] = 32
    smoothing: Annotated[
        float,
        Range(0, 16),
        Unit("px"),
        Steerable(),
        Help("Gradient blur: larger shapes, less grain; 0 is none."),
    ] = 0.0
    colors: Annotated[
        Literal["free", "own"],
        Formerly("colours"),
        Steerable(),
        Help("Let colors change too, or only the lightness."),
    ] = "own"
    carry: Annotated[
        Literal["detail", "image"],
        FormerChoices({"picture": "image"}),
        Help("Carry only the dreamed detail to the next size, or the whole image."),
    ] = "detail"
    blend: Annotated[
        float,
        Range(0, 100),
        Unit("%"),
        Steerable(),
        Help("Fraction of your image mixed into the result."),
    ] = 0.0
    frames: Annotated[
        int,
        Range(1, 10_000, log=True),
        Help("Frames of a video that zooms deeper; 1 makes a single image."),
    ] = 1
    zoom: Annotated[
        float,
        Range(-50, 50),
        Unit("%"),
        Steerable(),
        Help("Zoom per frame."),
    ] = 5.0
    turn: Annotated[
        float,
        Range(-180, 180),
        Unit("°"),
        Steerable(),
        Help("Rotation per frame."),
    ] = 0.0
    precision: Annotated[
        Precision,
        Help(
            "bfloat16 is about twice as fast on processors that support it, and less"
            " exact."
        ),
    ] = "float32"


@register(
    "deep_dream",
    title="Deep dream",
    group="Imagine",
    capabilities=OPTIMIZATION,
    live=False,
    reference=Reference("Mordvintsev et al. 2015", "google/deepdream"),
    recorded=True,
    needs=(Need.GRADIENTS,),
)
class DeepDream:
    """Gradient ascent on a layer's activations for the image, octave by octave."""

    Params: ClassVar[type] = DeepDreamParams
    shows: ClassVar[str] = (
        "Your image, changed so that a layer finds more of what it already found there."
    )
    reading: ClassVar[str] = (
        "Early layers bring out strokes and grain, middle ones patterns and eyes, "
        "late ones parts of objects. Small octaves make large shapes; the last one "
        "adds detail."
    )
    misleads: ClassVar[str] = (
        "A dream shows what the layer exaggerates, not why the network decides as it "
        "does; with many steps almost any image ends in the same motifs."
    )
    presets: ClassVar[Presets] = {
        "demo": {
            "size": 224,
            "octaves": 2,
            "steps": 3,
            "step_size": 5.0,
        },
        "gentle": {"step_size": 0.5},
        "textures": {"depth": "shallow", "octaves": 4},
        "faces": {"octaves": 4, "steps": 30, "step_size": 2.0},
        "deep": {"depth": "deep", "octaves": 4, "steps": 30, "step_size": 2.0},
        "original": {
            "colors": "free",
            "normalize": "mean",
            "octaves": 4,
            "step_size": 1.5,
        },
        "laplacian": {"colors": "free", "octaves": 3, "step_size": 1.0},
        "tensorflow": {
            "colors": "free",
            "loss": "mean",
            "normalize": "spread",
            "step_size": 1.275,
            "octaves": 5,
            "ratio": 1.3,
            "steps": 50,
            "carry": "image",
        },
        "gordicaleksa": {
            "colors": "free",
            "normalize": "spread",
            "step_size": 5.2,
            "smoothing": 1.6,
            "octaves": 4,
            "ratio": 1.8,
            "carry": "image",
        },
    }

    def run(self, ctx: Context, params: DeepDreamParams) -> Iterator[Report]:
        """Yield "dream" after each step, at the size of its octave."""
        dream_run = _DreamRun(ctx, params)
        schedule = dream_run.schedule

        def move(picture: Tensor) -> Tensor:
            now = ctx.params
            return moved_closer(picture, now.zoom / _PERCENT, now.turn)

        while schedule.advance(ctx.params.steps, params.frames, move):
            now = ctx.params
            found = dream_run.step(now)
            cost = schedule.cost(now.steps, params.frames)
            ctx.step(*_progress(schedule, now), cost)
            frame = schedule.complete(now.steps) if params.frames > 1 else None
            ctx.keep({"objective": found}, dream_run.state, frame=frame)
            yield dream_run.report(now)


class _DreamRun:
    """A running dream; steered values take effect with the next step."""

    def __init__(self, ctx: Context, params: DeepDreamParams) -> None:
        self._ctx = ctx
        self._ask(params)
        self._canvas = _canvas(ctx, params, self._trial)
        self.schedule = OctaveSchedule(
            source=self._canvas.source,
            sizes=self._canvas.sizes,
            keeps_detail=params.carry == "detail",
        )
        if ctx.begun is None:
            self._side = self._chunk()
        else:
            self.schedule.restore(ctx.begun)
            self._side = int(ctx.begun["side"])

    def step(self, params: DeepDreamParams) -> float:
        """Take a step; return the mean objective before it."""
        if _asked(params) != self._asked:
            self._ask(params)
            self._side = self._chunk()
        schedule = self.schedule
        down, right = self._shift(params.jitter)
        gradient, found = self._gradient(schedule.picture.roll((down, right), (2, 3)))
        gradient = gradient.roll((-down, -right), (2, 3))
        if params.colors == "own":
            # One channel stands for three equal ones, with their mean and spread.
            gradient = gradient.mean(1, keepdim=True)
        if params.smoothing:
            gradient = smoothed(gradient, params.smoothing)
        gradient = _UNITS[params.normalize](gradient)
        schedule.add(gradient.mul_(params.step_size / _LEVELS))
        return found / (schedule.size[0] * schedule.size[1])

    def report(self, params: DeepDreamParams) -> Report:
        """Return the report of the current image."""
        picture = ColorImage(
            pixels=self.schedule.seen(params.blend / _PERCENT),
            frame=self._canvas.frame,
            placement=self._ctx.placement,
        )
        return Report(
            {"dream": picture}, (_words(self._ctx, params), *self._canvas.notes)
        )

    def state(self) -> State:
        """Return the arrays of a resume point."""
        return {**self.schedule.state(), "side": np.array(self._side, np.int64)}

    def _ask(self, params: DeepDreamParams) -> None:
        """Set up the dream from the parameters."""
        self._asked = _asked(params)
        layers = {layer.name: layer for layer in _layers(self._ctx, params)}
        model = self._ctx.model
        self._trial = SizeTrial(
            model.net,
            model.info.preprocess.channels,
            {name: layer.calls for name, layer in layers.items()},
            model.info.preprocess.input_size,
        )
        self._dream = _dream(self._ctx, params, layers)

    def _tiling(self, side: int) -> Tiling:
        """Return the tiling; receptive fields are measured when first needed.

        Args:
            side: of a tile, px.
        """
        if max(self.schedule.size) > side and self._dream.spans is None:
            self._dream = replace(self._dream, spans=self._trial.spans())
        return tiling(side, self._dream.spans)

    def _shift(self, jitter: int) -> tuple[int, int]:
        """Draw the random shift of the image, down and to the right, px."""
        if not self._tiling(self._side).exact(self.schedule.size):
            # Where tile borders could show, they are at another position in each step.
            jitter = max(jitter, self._side // 2)
        down, right = torch.randint(
            -jitter, jitter + 1, (2,), generator=self._ctx.generator
        ).tolist()
        return down, right

    def _gradient(self, picture: Tensor) -> tuple[Tensor, float]:
        """Return the gradient, in smaller tiles if memory runs out.

        Raises:
            OutOfMemoryError: the smallest tile does not fit into memory.
        """

        def work(side: int) -> tuple[Tensor, float]:
            cut = self._tiling(side)
            return self._dream.gradient(picture, cut)

        self._side, found = self._ctx.chunks.in_tiles(self._side, work)
        return found

    def _chunk(self) -> int:
        """Return a tile's side, px: the replayed one, else what fits into memory."""
        info, device = self._ctx.model.info, self._ctx.model.device
        most: float = free_bytes(device)
        if device.type == "cpu":
            taken = _COPIES * self._canvas.source.nbytes
            most = min(most, max(_LEAST_BYTES, _MOST_BYTES - taken))
        size, signals = info.preprocess.input_size, self._dream.signals
        return self._ctx.chunks.next_size(
            tile_side(info.layers, signals, size, _SHARE * most)
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Canvas:
    """The start image of a dream, and its octaves.

    Attributes:
        source: (1, C, H, W) in [0, 1].
        sizes: of the octaves, smallest first.
        frame: that it replaces.
        notes: deviations from the parameters.
    """

    source: Tensor
    sizes: tuple[Size, ...]
    frame: Frame
    notes: tuple[str, ...] = ()


def _canvas(ctx: Context, params: DeepDreamParams, trial: SizeTrial) -> _Canvas:
    """Return the image at the requested size, with the sizes of its octaves."""
    info = ctx.model.info
    size = scaled(ctx.image.size, params.size)
    if not trial.takes(size):
        own = info.preprocess.input_size
        note = (
            f"the network takes no image of {_by(size)} px: "
            f"one octave, on its own input of {_by(own)} px"
        )
        return _Canvas(ctx.pixels, (own,), Frame.INPUT, (note,))
    wished = octave_sizes(size, params.octaves, params.ratio)
    sizes = tuple(each for each in wished if trial.takes(each))
    notes = [f"octaves of {', '.join(_by(each) for each in sizes)} px"]
    if len(sizes) < len(wished):
        left = len(wished) - len(sizes)
        notes.append(
            f"{left} smaller ones are left out: the network takes none of them"
        )
    source = ctx.model.whole_input(ctx.image, size)
    return _Canvas(source, sizes, Frame.PHOTO, tuple(notes))


def _dream(
    ctx: Context, params: DeepDreamParams, layers: Mapping[str, LayerInfo]
) -> Dream:
    """Build the dream of the parameters.

    Raises:
        UsageError: no such layer or channel.
        ModelError: no layer has maps, or the layer is not run.
        InputError: the guide is no image.
    """
    model = ctx.model
    passes = model.feature_extractor(layers, ctx.check, params.precision)
    height, width = model.info.preprocess.input_size
    return Dream(
        maps=passes,
        signals={name: _signal(ctx, params, passes, name) for name in layers},
        # A mean over the values of each layer, times the number of pixels of the image.
        shares={
            name: height * width / math.prod(layer.shape or ())
            for name, layer in layers.items()
        },
    )


def _layers(ctx: Context, params: DeepDreamParams) -> tuple[LayerInfo, ...]:
    """Return the layers of the dream, each once."""
    first = (
        ctx.model.info.known_layer(params.layer)
        if params.layer
        else at_depth(ctx.model.info, _REDUCTIONS[params.depth])
    )
    further = [name.strip() for name in params.layers.split(",") if name.strip()]
    return tuple(map(ctx.model.info.known_layer, dict.fromkeys((first.name, *further))))


def _signal(
    ctx: Context, params: DeepDreamParams, passes: FeatureExtractor, layer: str
) -> Signal:
    """Return the gradient signal of a layer."""
    signal = _SIGNALS[params.loss]
    if params.guide:
        with torch.no_grad():
            guide = passes(ctx.files.pixels(params.guide), frozenset({layer}))[layer]
        signal = guided_by(guide)
    channels = _channels(ctx, params, layer)
    return only(channels, signal) if channels else signal


def _channels(ctx: Context, params: DeepDreamParams, name: str) -> tuple[int, ...]:
    """Return the channels of the dream; empty for all.

    Raises:
        UsageError: the layer has no such channel.
    """
    one = params.channel >= 0 and name == _layers(ctx, params)[0].name
    if not one and not (params.strongest and params.channel < 0):
        return ()
    maps = maps_of(ctx.activations(name), ctx.model.info.known_layer(name))
    if not one:
        return strongest(maps, params.strongest)
    count = maps.shape[1]
    if params.channel >= count:
        raise UsageError(
            "--channel", f"{name} has {count} channels", f"0 to {count - 1}"
        )
    return (params.channel,)


def _words(ctx: Context, params: DeepDreamParams) -> str:
    """Describe the dream's layers and channels."""
    layers = ", ".join(layer.name for layer in _layers(ctx, params))
    which = ""
    if params.channel >= 0:
        which = f"channel {params.channel} of "
    elif params.strongest:
        which = f"the {params.strongest} strongest channels of "
    guide = f", guided by {Path(params.guide).name}" if params.guide else ""
    return f"what {which}{layers} finds{guide}"


def _asked(params: DeepDreamParams) -> tuple[object, ...]:
    """Return the parameters that define the dream."""
    return tuple(getattr(params, name) for name in _OF_DREAM)


def _progress(
    schedule: OctaveSchedule, params: DeepDreamParams
) -> tuple[int, int, str]:
    octaves = len(schedule.sizes)
    before = schedule.frame * octaves + schedule.octave
    what = f"octave {schedule.octave + 1} of {octaves}, {_by(schedule.size)} px"
    if params.frames > 1:
        what = f"frame {schedule.frame + 1} of {params.frames}, {what}"
    return (
        before * params.steps + min(schedule.step, params.steps),
        params.frames * octaves * params.steps,
        what,
    )


def _by(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
