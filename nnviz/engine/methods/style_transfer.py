"""Style transfer: an image repainted in the style of other images."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from nnviz.base.errors import ModelError, UsageError, unknown
from nnviz.base.frames import Frame
from nnviz.base.images import Image, image_from_array
from nnviz.base.info import STYLIZATION, Need, Reference, Task
from nnviz.base.parameters import (
    Essential,
    FormerChoices,
    Formerly,
    Help,
    ImageFile,
    LayerList,
    Lowest,
    MaskFile,
    Range,
    Steerable,
    Title,
    Unit,
    When,
    ZeroKeepsSize,
)
from nnviz.base.results import ColorImage, Curves, Report
from nnviz.engine.compute.batch_size import tile_side
from nnviz.engine.compute.memory import free_bytes
from nnviz.engine.compute.tiling import tiling
from nnviz.engine.data.patterns import PATTERNS, pattern
from nnviz.engine.imaging.pyramid import Size, octave_sizes, scaled
from nnviz.engine.imaging.total_variation import total_variation
from nnviz.engine.method import Context, Presets, State, register
from nnviz.engine.nn.avg_pooling import with_average_pooling
from nnviz.engine.nn.input_sizes import SizeTrial
from nnviz.engine.optvis.report import as_image
from nnviz.engine.style.color_transfer import matched, to_luminance, with_colors_of
from nnviz.engine.style.layers import content_layers, style_layers
from nnviz.engine.style.losses import Goal, Region, StyleLoss
from nnviz.engine.style.optimizer import Descent

_PERCENT = 100
_RATIO = 2.0
"""Ratio of successive sizes."""
_COARSE = 256
"""px, longest side: size at which large shapes are painted first."""
_FALLING = 0.5
"""Between pixels and the spectrum of images: strokes stay sharp."""
_STRIP = (-2.0, -1.0, 0.0, 1.0, 2.0)
"""Offsets of the balance in the images of a strip."""
_STRIP_SIDE = 160
_ROOM = 5 << 29
"""Main memory available to passes, B: 2.5 GiB."""
_SEGMENT = "segment:"
_SHARE = 0.5
_NOISE = 0.05
_SMOOTH = 1e-3
"""Weight of a unit of smoothness relative to the normalized distances."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleTransferParams:
    """Parameters of style transfer: styles, weights, optimization."""

    style: Annotated[
        ImageFile,
        Essential(),
        Title("Style image"),
        Help(
            "An image whose style is used; or marbling, mosaic or strokes, which "
            "nnviz draws itself."
        ),
    ] = "strokes"
    second: Annotated[
        ImageFile,
        Title("Second style"),
        Help("Another style image to blend in. Empty: none."),
    ] = ""
    second_share: Annotated[
        float,
        Title("Second style weight"),
        Range(0, 100),
        Unit("%"),
        Help("Weight of the second style."),
    ] = 50.0
    third: Annotated[
        ImageFile,
        Title("Third style"),
        Help("One more style image to blend in. Empty: none."),
    ] = ""
    third_share: Annotated[
        float,
        Title("Third style weight"),
        Range(0, 100),
        Unit("%"),
        Help("Weight of the third style; the first gets the rest."),
    ] = 33.0
    balance: Annotated[
        float,
        Essential(),
        Title("Style over content"),
        Range(-3, 7),
        Steerable(),
        Help("Weight of style relative to content, in powers of ten."),
    ] = 2.0
    strip: Annotated[
        bool,
        Title("Preview strip"),
        Help("Preview five strengths as small images, from less style to more."),
    ] = False
    size: Annotated[
        int,
        Essential(),
        Range(0, 8192),
        Lowest("original"),
        Unit("px"),
        ZeroKeepsSize(),
        Help("Longest side of the result; 0 keeps the size of your image."),
    ] = 512
    style_scale: Annotated[
        float,
        Range(0.1, 4, log=True),
        Help("Size of the style image relative to yours: strokes grow with it."),
    ] = 1.0
    colors: Annotated[
        Literal["of the style", "luminance", "matched before"],
        Essential(),
        Formerly("colours"),
        Help(
            "Colors of the style; those of your image (only the lightness is "
            "painted); or those of the style matched to your image beforehand."
        ),
    ] = "of the style"
    steps: Annotated[
        int,
        Essential(),
        Range(1, 2000, log=True),
        Help(
            "Steps at the smallest size; each larger size takes half as many as "
            "the one before."
        ),
    ] = 120
    sizes: Annotated[
        int,
        Range(0, 6),
        Lowest("auto"),
        Help(
            "Number of image sizes, from small to large; 0 chooses: doubling from 256"
            " px."
        ),
    ] = 0
    optimizer: Annotated[
        Literal["lbfgs", "adam"],
        Formerly("optimiser"),
        Help("L-BFGS converges in fewer steps; Adam can be steered while it runs."),
    ] = "lbfgs"
    learning_rate: Annotated[
        float,
        Range(0.0001, 1, log=True),
        When("optimizer", ("adam",)),
        Steerable(),
        Help("Step size, as a fraction of the range from black to white."),
    ] = 0.02
    history: Annotated[
        int,
        Range(1, 100, log=True),
        When("optimizer", ("lbfgs",)),
        Help("History length of L-BFGS; shorter for large images."),
    ] = 10
    parametrization: Annotated[
        Literal["frequencies", "pixels"],
        Formerly("moved"),
        Title("Optimize"),
        Help(
            "Frequencies, so that large shapes change as readily as grain; or single "
            "pixels, as published."
        ),
    ] = "frequencies"
    smoothness: Annotated[
        float,
        Title("Total variation"),
        Range(0, 100),
        Steerable(),
        Help("Weight of the smoothness penalty: less grain."),
    ] = 3.0
    start: Annotated[
        Literal["image", "noise", "own"],
        FormerChoices({"photograph": "image", "picture": "own"}),
        Help("Image that the optimization starts from: yours, noise or another."),
    ] = "image"
    start_image: Annotated[
        ImageFile,
        Formerly("start_picture"),
        When("start", ("own",)),
        Help("An image to start from: an earlier result."),
    ] = ""
    mask: Annotated[
        MaskFile,
        Essential(),
        Help(
            "A mask: white where the style is applied, black where not; or "
            "segment:sky, the area a segmentation network labels as sky. Empty: the "
            "whole image."
        ),
    ] = ""
    outside: Annotated[
        Literal["image", "second style"],
        FormerChoices({"photograph": "image"}),
        Title("Outside the mask"),
        Help("Keep your image there, or apply the second style."),
    ] = "image"
    style_layers: Annotated[
        LayerList,
        Help(
            "Layers that define the style, with weights: stem.relu, "
            "stage2.0.relu1*0.5. Empty: chosen for the network."
        ),
    ] = ""
    content_layers: Annotated[
        LayerList,
        Help("Layers that define the content. Empty: chosen for the network."),
    ] = ""
    pooling: Annotated[
        Literal["the network's", "average"],
        Help("Average pooling instead of max pooling: smoother strokes."),
    ] = "the network's"
    distance: Annotated[
        Literal["relative", "mean square"],
        Help(
            "Normalize each layer's loss, so that layers of any network count "
            "equally; or as published."
        ),
    ] = "relative"


@register(
    "style_transfer",
    title="Style transfer",
    group="Style",
    capabilities=STYLIZATION,
    live=False,
    reference=Reference("Gatys et al. 2016", "doi:10.1109/CVPR.2016.265"),
    recorded=True,
    tasks=tuple(each for each in Task if each is not Task.REPAINT),
    needs=(Need.GRADIENTS,),
)
class StyleTransfer:
    """Pixels optimized to match an image's content and another's style."""

    Params: ClassVar[type] = StyleTransferParams
    shows: ClassVar[str] = (
        "Your image, repainted: deep layers still find the same content in it, while "
        "the textures of the layers match those of the style image."
    )
    reading: ClassVar[str] = (
        'Early layers give colors and strokes, later ones larger shapes. "Style over '
        'content" is the main control; the preview strip shows five strengths. The '
        "size of the style image relative to yours sets the size of the strokes."
    )
    misleads: ClassVar[str] = (
        "Style here means which features occur together, regardless of position: the "
        "composition and subject of the style image are lost. Another network sees "
        "other features and paints differently."
    )
    presets: ClassVar[Presets] = {
        "demo": {"size": 128, "steps": 4},
        "strip": {"strip": True},
        "keep the colors": {"colors": "luminance"},
        "more style": {"balance": 3.5},
        "steered": {"optimizer": "adam", "steps": 300},
        "published": {
            "distance": "mean square",
            "balance": 4.0,
            "smoothness": 0.0,
            "steps": 1000,
            "sizes": 1,
            "history": 100,
            "parametrization": "pixels",
        },
    }

    def run(self, ctx: Context, params: StyleTransferParams) -> Iterator[Report]:
        """Yield "painting" and "distances" after each step, at its stage's size."""
        transfer = _MultiscaleTransfer(ctx, params)
        while transfer.advance():
            numbers = transfer.step(ctx.params)
            ctx.step(*transfer.progress())
            ctx.keep(numbers, transfer.state)
            yield transfer.report()


class _MultiscaleTransfer:
    """Style transfer over increasing sizes, steerable between steps."""

    def __init__(self, ctx: Context, params: StyleTransferParams) -> None:
        self._ctx = ctx
        self._params = params
        self._setup = _TransferSetup(ctx, params)
        self._stage = self._done = 0
        self._measured: list[tuple[float, float]] = []
        self._weights = _steered_weights(params)
        self._goal: tuple[int, Goal] | None = None
        if ctx.begun is None:
            self._side = self._setup.side()
            start = self._setup.start(self._size)
        else:
            self._side, self._stage, self._done = map(int, ctx.begun["place"])
            self._measured = [(each[0], each[1]) for each in ctx.begun["measured"]]
            # "felt" is the name in recordings.
            self._weights = tuple(ctx.begun["felt"].tolist())
            start = torch.zeros(ctx.begun["numbers"].shape, device=ctx.model.device)
        self._descent = self._descent_from(start)
        if ctx.begun is not None:
            self._descent.restore(ctx.begun)

    def advance(self) -> bool:
        """Advance to the next size when due; return whether a step is left."""
        if self._done < self._steps(self._stage):
            return True
        if self._stage + 1 == len(self._setup.sizes):
            return False
        self._stage, self._done, self._goal = self._stage + 1, 0, None
        larger = functional.interpolate(
            self._descent.pixels, self._size, mode="bicubic"
        )
        self._descent = self._descent_from(larger)
        return True

    def step(self, params: StyleTransferParams) -> dict[str, float]:
        """Take a step; return the distances before it."""
        weights = _steered_weights(params)
        if weights != self._weights and params.optimizer == "lbfgs":
            self._descent.forget()
        self._weights = weights
        found: dict[str, float] = {}

        def look(pixels: Tensor) -> tuple[float, Tensor]:
            loss, gradient, numbers = self._look(pixels, params)
            found.update(numbers)
            return loss, gradient

        self._descent.step(look, params.learning_rate)
        self._done += 1
        self._measured.append((found["content"], found["style"]))
        return found

    def report(self) -> Report:
        """Return the current image, and the curves of its distances."""
        measured = np.array(self._measured)
        curves = Curves(
            x=np.arange(1, len(measured) + 1),
            series={"content": measured[:, 0], "style": measured[:, 1]},
            x_label="step",
            y_label="distance",
        )
        picture = self._setup.shown(self._descent.pixels, self._size)
        return Report({"painting": picture, "distances": curves}, self._setup.notes)

    def progress(self) -> tuple[int, int, str]:
        """Return steps done, total steps, and a description of the current stage."""
        sizes = self._setup.sizes
        steps = [self._steps(stage) for stage in range(len(sizes))]
        what = f"size {self._stage + 1} of {len(sizes)}, {_by(self._size)} px"
        return sum(steps[: self._stage]) + self._done, sum(steps), what

    def state(self) -> State:
        """Return the arrays of a resume point."""
        place = [self._side, self._stage, self._done]
        return {
            **self._descent.state(),
            "place": np.array(place, np.int64),
            "measured": np.array(self._measured),
            "felt": np.array(self._weights),
        }

    @property
    def _size(self) -> Size:
        return self._setup.sizes[self._stage]

    def _steps(self, stage: int) -> int:
        return max(1, self._params.steps >> stage)

    def _descent_from(self, start: Tensor) -> Descent:
        params = self._params
        falling = _FALLING if params.parametrization == "frequencies" else 0
        return Descent(start, params.optimizer, params.history, falling)

    def _look(
        self, pixels: Tensor, params: StyleTransferParams
    ) -> tuple[float, Tensor, dict[str, float]]:
        """Return the loss, its gradient and its component distances."""
        share = _style_share(params, len(pixels)).to(pixels)
        self._side, losses = self._ctx.chunks.in_tiles(
            self._side,
            lambda side: self._setup.loss(pixels, self._goal_of(side), share),
        )
        weight = _SMOOTH * params.smoothness
        rough, smoothing = _roughness(pixels)
        total = (1 - share) * losses.content + share * losses.style + weight * rough
        gradient = losses.gradient + weight * smoothing
        # Per pixel, since L-BFGS ignores changes below 1e-10.
        scale = pixels[0].numel()
        middle = len(pixels) // 2
        numbers = {
            "loss": float(total[middle]),
            "content": float(losses.content[middle]),
            "style": float(losses.style[middle]),
        }
        return scale * float(total.sum()), scale * gradient, numbers

    def _goal_of(self, side: int) -> Goal:
        if self._goal is None or self._goal[0] != side:
            self._goal = (side, self._setup.goal(self._size, side))
        return self._goal[1]


class _TransferSetup:
    """Images of a style transfer at any size, and the layers of its loss."""

    def __init__(self, ctx: Context, params: StyleTransferParams) -> None:
        self._ctx = ctx
        self._params = params
        model = ctx.model
        style = style_layers(model.info, params.style_layers, "--style-layers")
        content = content_layers(model.info, params.content_layers, "--content-layers")
        layers = {name: ctx.model.info.known_layer(name) for name in (*style, *content)}
        preprocess = model.info.preprocess
        self._trial = SizeTrial(
            model.net,
            preprocess.channels,
            {name: layer.calls for name, layer in layers.items()},
            preprocess.input_size,
        )
        maps = model.feature_extractor(layers, ctx.check)
        if params.pooling == "average":
            net = with_average_pooling(maps.model.net)
            maps = replace(maps, model=replace(maps.model, net=net))
        self.loss = StyleLoss(
            maps=maps,
            content=content,
            style=style,
            spans=self._trial.spans(),
            plain=params.distance == "mean square",
        )
        self._styles = _styles(ctx, params)
        self.sizes, self._frame = self._canvas()
        self._mask = self._masked() if params.mask else None

    @property
    def notes(self) -> tuple[str, ...]:
        """Describe the styles, and the layers of the loss."""
        names = " and ".join(Path(each.image.name).stem for each in self._styles)
        style, content = ", ".join(self.loss.style), ", ".join(self.loss.content)
        return (
            f"in the style of {names}",
            f"style by {style}; content by {content}",
            *(["style over content from left to right: " + _strip_words(self._params)]
              if self._params.strip else []),
        )  # fmt: skip

    def side(self) -> int:
        """Return a tile's side, px: the replayed one, else what fits into memory."""
        info, device = self._ctx.model.info, self._ctx.model.device
        free = _SHARE * free_bytes(device)
        room = min(_ROOM, free) if device.type == "cpu" else free
        layers = {*self.loss.style, *self.loss.content}
        pictures = len(_offsets(self._params))
        size = info.preprocess.input_size
        return self._ctx.chunks.next_size(
            tile_side(info.layers, layers, size, room / pictures)
        )

    def start(self, size: Size) -> Tensor:
        """Return the initial painting, (N, C, H, W)."""
        ctx, params = self._ctx, self._params
        first = self._photograph(size)
        if params.start == "noise":
            noise = torch.randn(first.shape, generator=ctx.generator).to(first)
            first = (ctx.model.mean_color + _NOISE * noise).clamp(0, 1)
        elif params.start == "own":
            if not params.start_image:
                raise UsageError("--start-image", "names no image", "name its file")
            image = ctx.files.image(params.start_image)
            first = self._as_judged(ctx.model.whole_input(image, size))
        return first.expand(len(_offsets(params)), -1, -1, -1)

    def goal(self, size: Size, side: int) -> Goal:
        """Return the loss's goal for images of a size."""
        cut = tiling(side, self.loss.spans)
        photograph = self._photograph(size)
        grams = [
            self.loss.grams(self._style(each.image, size), cut) for each in self._styles
        ]
        return self.loss.goal(photograph, self._regions(grams, size), cut)

    def shown(self, pixels: Tensor, size: Size) -> ColorImage:
        """Return the images as displayed."""
        if self._params.colors == "luminance":
            pixels = with_colors_of(pixels, self._whole(self._ctx.image, size))
        found = as_image(pixels.clamp(0, 1), columns=len(pixels))
        if len(pixels) > 1:
            return found
        placement = self._ctx.placement
        return ColorImage(pixels=found.pixels, frame=self._frame, placement=placement)

    def _canvas(self) -> tuple[tuple[Size, ...], Frame]:
        """Return the sizes of the stages, and the frame of the painting."""
        params, photo = self._params, self._ctx.image.size
        longest = params.size or max(photo)
        size = scaled(photo, min(longest, _STRIP_SIDE) if params.strip else longest)
        if not self._trial.takes(size):
            return (self._own_size,), Frame.INPUT
        doublings = math.ceil(math.log2(max(1, max(size) / _COARSE)))
        wished = octave_sizes(size, params.sizes or 1 + doublings, _RATIO)
        return tuple(each for each in wished if self._trial.takes(each)), Frame.PHOTO

    @property
    def _own_size(self) -> Size:
        return self._ctx.model.info.preprocess.input_size

    def _whole(self, image: Image, size: Size) -> Tensor:
        """Return an image resampled to the painting's frame."""
        if self._frame is Frame.INPUT:
            return self._ctx.model.pixel_input(image)
        return self._ctx.model.whole_input(image, size)

    def _photograph(self, size: Size) -> Tensor:
        return self._as_judged(self._whole(self._ctx.image, size))

    def _as_judged(self, picture: Tensor) -> Tensor:
        return to_luminance(picture) if self._params.colors == "luminance" else picture

    def _style(self, image: Image, size: Size) -> Tensor:
        """Return a style image scaled for a painting of a size."""
        wished = scaled(image.size, round(max(size) * self._params.style_scale))
        size_taken = wished if self._trial.takes(wished) else self._own_size
        picture = self._as_judged(self._ctx.model.whole_input(image, size_taken))
        if self._params.colors == "of the style":
            return picture
        like = self._photograph(size)
        if self._params.colors == "luminance":
            # All channels are equal.
            return matched(picture[:, :1], like[:, :1]).expand_as(picture).contiguous()
        return matched(picture, like)

    def _masked(self) -> Tensor:
        """Return the mask of the style, (1, C, H, W) in [0, 1]."""
        params, photo = self._params, self._ctx.image
        if not params.mask.startswith(_SEGMENT):
            return self._whole(self._ctx.files.image(params.mask), self.sizes[-1])
        # Objects as large as in its training images.
        larger = max(photo.size) / min(photo.size)
        size = scaled(photo.size, round(min(self._own_size) * larger))
        if self._frame is Frame.INPUT or not self._trial.takes(size):
            size = self._own_size
        return _segment(self._ctx, params.mask, self._whole(photo, size))

    def _regions(self, grams: Sequence[dict[str, Tensor]], size: Size) -> list[Region]:
        shares = [each.share for each in self._styles]
        if self._mask is None:
            return [Region(_blended(grams, shares))]
        mask = functional.interpolate(self._mask, size, mode="area")[0].mean(0)
        if self._params.outside == "image":
            return [Region(_blended(grams, shares), mask)]
        inside = [each.share * (not each.second) for each in self._styles]
        outside = [each.share * each.second for each in self._styles]
        return [
            Region(_blended(grams, inside), mask),
            Region(_blended(grams, outside), 1 - mask),
        ]


@dataclass(frozen=True, slots=True)
class _Style:
    """A style image with its share.

    Attributes:
        image: the image.
        share: fraction of the style.
        second: whether it is applied where a mask is black.
    """

    image: Image
    share: float
    second: bool = False


def _blended(
    grams: Sequence[dict[str, Tensor]], shares: Sequence[float]
) -> dict[str, Tensor]:
    """Return the weighted mean of Gram matrices by layer."""
    total = sum(shares) or 1.0
    return {
        layer: torch.stack(
            [
                share / total * each[layer]
                for share, each in zip(shares, grams, strict=True)
            ]
        ).sum(0)
        for layer in grams[0]
    }


def _segment(ctx: Context, target: str, picture: Tensor) -> Tensor:
    """Return the mask of a class that the network segments, (1, 1, H, W), 0 or 1.

    Raises:
        UsageError: the network has no such class, or finds none here.
        ModelError: the network does not segment.
    """
    model = ctx.model
    if model.info.task is not Task.SEGMENT:
        raise ModelError(
            model.info.title,
            "does not segment",
            "pick a network that does, or give a mask's file",
        )
    names = [name.casefold() for name in model.info.labels]
    name = target.removeprefix(_SEGMENT).strip()
    if name.casefold() not in names:
        raise unknown("class of --mask", name, model.info.labels)
    with torch.no_grad():
        logits = model.pixel_model(ctx.check).outputs(picture)[0]
    found = logits.argmax(1, keepdim=True) == names.index(name.casefold())
    if not bool(found.any()):
        raise UsageError(
            "--mask",
            f"{name} is predicted at no pixel of this image",
            "name a class that does",
        )
    return found.to(picture)


def _styles(ctx: Context, params: StyleTransferParams) -> list[_Style]:
    """Return the style images with their shares.

    Raises:
        UsageError: an image is needed and not named.
        InputError: a file is no image.
    """
    if params.mask and params.outside == "second style" and not params.second:
        raise UsageError("--second", "names no image", "name its file")
    further = [
        _Style(_named(ctx, text, option), share / _PERCENT, second=second)
        for text, option, share, second in (
            (params.second, "--second", params.second_share, True),
            (params.third, "--third", params.third_share, False),
        )
        if text
    ]
    left = max(0.0, 1 - sum(each.share for each in further))
    return [_Style(_named(ctx, params.style, "--style"), left), *further]


def _named(ctx: Context, text: str, option: str) -> Image:
    """Return a built-in pattern, or the image of a file."""
    if text in PATTERNS:
        return image_from_array(pattern(text), text)
    if not text:
        drawn = ", ".join(PATTERNS)
        raise UsageError(option, "names no image", f"name its file, or {drawn}")
    return ctx.files.image(text)


def _offsets(params: StyleTransferParams) -> tuple[float, ...]:
    return _STRIP if params.strip else (0.0,)


def _style_share(params: StyleTransferParams, pictures: int) -> Tensor:
    """Return the weight of style in each image, (N,) in [0, 1]."""
    balance = params.balance + torch.tensor(_offsets(params)[:pictures])
    return torch.sigmoid(math.log(10) * balance)


def _strip_words(params: StyleTransferParams) -> str:
    return ", ".join(f"{params.balance + each:g}" for each in _STRIP)


def _steered_weights(params: StyleTransferParams) -> tuple[float, float]:
    """Return the steerable weights of the loss."""
    return params.balance, params.smoothness


def _roughness(pixels: Tensor) -> tuple[Tensor, Tensor]:
    """Return total variation (N,) and its gradient."""
    leaf = pixels.detach().requires_grad_()
    with torch.enable_grad():
        rough = total_variation(leaf)
    (found,) = torch.autograd.grad(rough.sum(), leaf)
    return rough.detach(), found


def _by(size: Size) -> str:
    return f"{size[0]} x {size[1]}"
