"""Training of a feature inversion network: a decoder from features to images."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from torch import Tensor

from nnviz.base.images import image_from_array
from nnviz.base.info import TRAINING, Reference
from nnviz.base.parameters import (
    Essential,
    Help,
    ImageFolder,
    LayerKinds,
    LayerName,
    Lowest,
    NetworkFile,
    Range,
    Title,
)
from nnviz.base.results import Curves, Report
from nnviz.engine.data.scenes import FIRST_TRAINING_SEED, make_scene
from nnviz.engine.learning.inversion import (
    FeaturePairs,
    InversionRun,
    SavedDecoder,
    open_decoder,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.map_layers import middle
from nnviz.engine.optvis.report import as_image as tiled

_SHOWN = 7
"""Held-out images shown next to the open one."""
_HELD_SHARE = 5
_LEAST_SCENE = 32
"""Minimum side of a generated scene, px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainInversionParams:
    """Parameters: the layer, the training images, and the training."""

    layer: Annotated[
        LayerName,
        Essential(),
        LayerKinds("any"),
        Help("The layer whose features are inverted. Empty: one in the middle."),
    ] = ""
    image_folder: Annotated[
        ImageFolder,
        Essential(),
        Help(
            "Images to learn from, a fifth of which is held out. Empty: generated "
            "scenes, from which it learns little about photos."
        ),
    ] = ""
    image_count: Annotated[
        int,
        Essential(),
        Range(20, 2000, log=True),
        Help("Maximum number of training images."),
    ] = 200
    epochs: Annotated[
        int,
        Essential(),
        Range(0, 500, log=True),
        Lowest("none"),
        Help("Number of passes over the images; 0 only decodes, with a saved decoder."),
    ] = 30
    weights: Annotated[
        NetworkFile,
        Title("Saved decoder"),
        Help('File of "nnviz train inversion" to resume from, for the same layer.'),
    ] = ""
    learning_rate: Annotated[
        float, Range(1e-5, 0.1, log=True), Help("Step size of Adam.")
    ] = 0.002


@register(
    "train_inversion",
    title="Feature inversion network",
    group="Train",
    live=False,
    recorded=True,
    reference=Reference("Dosovitskiy & Brox 2016", "arXiv:1506.02753"),
    capabilities=TRAINING,
)
class TrainInversion:
    """Training of a decoder from a layer's features back to images."""

    Params: ClassVar[type] = TrainInversionParams
    shows: ClassVar[str] = (
        "How a decoder learns to reconstruct images from the activations of a "
        "layer: your image and held-out ones above, their reconstructions below."
    )
    reading: ClassVar[str] = (
        "What is reconstructed has survived up to this layer: colors and positions "
        "in early layers, a rough arrangement in late ones. Compare two layers."
    )
    misleads: ClassVar[str] = (
        "The decoder adds what its training images usually look like, and averages "
        "over what it cannot know: blur is not what the layer sees. More images and "
        "epochs make it sharper."
    )
    presets: ClassVar[Presets] = {
        "demo": {"image_count": 20, "epochs": 2},
        "thorough": {"image_count": 1000, "epochs": 60},
    }

    def run(self, ctx: Context, params: TrainInversionParams) -> Iterator[Report]:
        """Yield one report an epoch: "inversions" (main), "loss"."""
        info = ctx.model.info
        layer = (info.known_layer(params.layer) if params.layer else middle(info)).name
        ctx.step(0, params.epochs, "reading images")
        learned, held_out = (
            _paired(ctx, pixels, layer) for pixels in _images(ctx, params)
        )
        drawn = ctx.generator.get_state()
        run = InversionRun(
            learned,
            held_out,
            params.learning_rate,
            ctx.generator,
            ctx.check,
            _saved_decoder(ctx, params.weights),
        )
        if ctx.begun is not None:
            run.restore(ctx.begun)
            ctx.generator.set_state(drawn)  # discard the draws of the initial weights
        own = _paired(ctx, ctx.pixels.cpu(), layer)
        if not params.epochs:
            run.measure()
            ctx.step(1, 1, "decoding")
            ctx.keep({"held-out error": run.held[-1]}, run.state)
            yield _report(run, (own, held_out), layer)
        while len(run.losses) < params.epochs:
            run.advance()
            reports = params.epochs * run.reports_of_epoch
            ctx.step(run.reports, reports, f"epoch {len(run.losses) + 1}")
            ctx.keep(_numbers(run), run.state)
            yield _report(run, (own, held_out), layer)


def _saved_decoder(ctx: Context, weights: str) -> SavedDecoder | None:
    if not weights:
        return None
    return ctx.files.opened(weights, lambda file: open_decoder(file, ctx.check))


def _images(ctx: Context, params: TrainInversionParams) -> tuple[Tensor, Tensor]:
    """Return the training and the held-out images, preprocessed for the network."""
    size = ctx.placement.input_size
    if params.image_folder:
        return ctx.files.folder(params.image_folder, params.image_count, size)
    held = max(2, params.image_count // _HELD_SHARE)
    first = FIRST_TRAINING_SEED
    seeds = (range(first, first + params.image_count - held), range(held))
    learned, held_out = (
        torch.cat([_scene(ctx, seed, size) for seed in each]) for each in seeds
    )
    return learned, held_out


def _scene(ctx: Context, seed: int, size: tuple[int, int]) -> Tensor:
    ctx.check()
    image = image_from_array(make_scene(seed, max(_LEAST_SCENE, *size)).pixels)
    return ctx.model.whole_input(image, size).cpu()


def _paired(ctx: Context, pixels: Tensor, layer: str) -> FeaturePairs:
    look = ctx.model.feature_extractor((layer,), ctx.check)

    @torch.no_grad()
    def extract(some: Tensor) -> Tensor:
        return look(some.to(ctx.model.device), frozenset({layer}))[layer]

    return FeaturePairs(pixels, extract)


def _numbers(run: InversionRun) -> dict[str, float]:
    if not run.losses:
        return {"training error": run.latest}
    return {"training error": run.losses[-1], "held-out error": run.held[-1]}


def _report(
    run: InversionRun, shown: tuple[FeaturePairs, FeaturePairs], layer: str
) -> Report:
    own, held_out = shown
    some = torch.arange(min(_SHOWN, len(held_out)))
    first = torch.arange(1)
    images = torch.cat([own.images, held_out.images[some]])
    given = torch.cat([run.decode(own, first), run.decode(held_out, some)])
    error = run.held[-1] if run.held else run.blind
    notes = (
        f"layer {layer}",
        f"held-out error {error:.4g}; the mean image has {run.blind:.4g}",
    )
    pairs = tiled(torch.cat([images, given]), len(images))
    return Report({"inversions": pairs, "loss": _curves(run)}, notes)


def _curves(run: InversionRun) -> Curves:
    count = max(1, len(run.losses))
    return Curves(
        x=np.arange(1, count + 1, dtype=np.float64),
        series={
            "training images": np.array(run.losses or [run.latest]),
            "held-out images": np.array(run.held or [run.blind]),
            "mean image, held out": np.full(count, run.blind),
        },
        x_label="epoch",
        y_label="mean squared error",
    )
