"""Training of an autoencoder: its code as a map, decoded at any point."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor

from nnviz.base.info import TRAINING, Reference
from nnviz.base.kinds.planes import Plane, PlanePoints
from nnviz.base.parameters import (
    Essential,
    Help,
    Range,
    Steerable,
    Title,
)
from nnviz.base.results import ColorImage, Curves, Report, Result
from nnviz.engine.learning.autoencoder import AutoencoderRun, AutoencoderSwitches
from nnviz.engine.learning.examples import load_examples
from nnviz.engine.learning.observation import principal_plane
from nnviz.engine.learning.parameters import TrainingDataParams
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.optvis.report import as_image as tiled

_SHOWN = 10
"""Held-out images whose reconstructions are shown."""
_GRID = 9
"""Decoded codes along each axis of a code of two numbers."""
_PLANE = 2
_MARGIN = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainAutoencoderParams(TrainingDataParams):
    """Parameters: hyperparameters of an autoencoder."""

    kind: Annotated[
        Literal["linear", "deep", "convolutional"],
        Essential(),
        Help(
            "Linear: its code spans the space of the principal components. Deep: "
            "three linear layers each way. Convolutional: maps each way."
        ),
    ] = "deep"
    code: Annotated[
        int,
        Essential(),
        Range(1, 256, log=True),
        Title("Code"),
        Help(
            "Numbers in the code that the image must pass through; two can be shown "
            "as a map."
        ),
    ] = 2
    noise: Annotated[
        float,
        Essential(),
        Range(0, 1),
        Help(
            "Standard deviation of the noise added to the input, which the network "
            "learns to remove."
        ),
    ] = 0.0
    epochs: Annotated[
        int,
        Essential(),
        Range(1, 500, log=True),
        Help("Number of passes over the images."),
    ] = 30
    learning_rate: Annotated[
        float, Range(1e-5, 0.1, log=True), Help("Step size of Adam.")
    ] = 0.002
    x: Annotated[
        float,
        Range(-100, 100),
        Steerable(),
        Help("First number of the code to decode; a click on the map sets it."),
    ] = 0.0
    y: Annotated[
        float,
        Range(-100, 100),
        Steerable(),
        Help("Second number of the code to decode."),
    ] = 0.0


@register(
    "train_autoencoder",
    title="Autoencoder in training",
    group="Train",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Hinton & Salakhutdinov 2006", "doi:10.1126/science.1127647"),
    capabilities=replace(TRAINING, continues_at_end=True),
)
class TrainAutoencoder:
    """Training of an autoencoder, with the map of its codes."""

    Params: ClassVar[type] = TrainAutoencoderParams
    shows: ClassVar[str] = (
        "How a network learns to reconstruct images from a code of a few numbers, "
        "and where each image lies among the codes."
    )
    reading: ClassVar[str] = (
        "Images of one class should form groups. Codes in between decode to images "
        "that nobody drew: click on the map."
    )
    misleads: ClassVar[str] = (
        "Axes of the code have no meaning of their own: another seed turns and bends "
        "the map. Codes of more than two numbers are shown on their principal axes."
    )
    presets: ClassVar[Presets] = {
        "demo": {"image_count": 60, "epochs": 2},
        "linear": {"kind": "linear"},
        "denoising": {"kind": "convolutional", "code": 32, "noise": 0.3},
    }

    def run(self, ctx: Context, params: TrainAutoencoderParams) -> Iterator[Report]:
        """Yield one report an epoch: "code" (main), "images", "decoded", "loss"."""
        ctx.step(0, params.epochs, "reading images")
        examples = load_examples(
            params.data, params.folder, params.image_count, ctx.check
        )
        drawn = ctx.generator.get_state()
        switches = AutoencoderSwitches(
            kind=params.kind,
            code=params.code,
            noise=params.noise,
            epochs=params.epochs,
            learning_rate=params.learning_rate,
        )
        run = AutoencoderRun(switches, examples, ctx.generator)
        if ctx.begun is not None:
            run.restore(ctx.begun)
            ctx.generator.set_state(drawn)  # discard the draws of the initial weights
        if run.ended:  # continued at its end: another code is decoded
            yield _kept(ctx, run, params)
        while not run.ended:
            ctx.check()
            run.advance()
            yield _kept(ctx, run, params)


def _kept(ctx: Context, run: AutoencoderRun, params: TrainAutoencoderParams) -> Report:
    """Keep the epoch and return its report, with the steered code decoded."""
    done = len(run.losses)
    ctx.step(done, params.epochs, noun="epoch")
    numbers = {"training error": run.losses[-1], "held-out error": run.held[-1]}
    ctx.keep(numbers, run.state)
    return _report(run, ctx.params)


def _report(run: AutoencoderRun, params: TrainAutoencoderParams) -> Report:
    held = run.examples.held_pixels
    codes = run.codes(held)
    count = len(run.losses)
    results: dict[str, Result] = {
        "code": _map(codes, run, params),
        "images": _pairs(run, held[:: max(1, len(held) // _SHOWN)][:_SHOWN]),
        "loss": Curves(
            x=np.arange(1, count + 1, dtype=np.float64),
            series={
                "training images": np.array(run.losses),
                "held-out images": np.array(run.held),
            },
            x_label="epoch",
            y_label="mean squared error",
        ),
    }
    if params.code == _PLANE:
        results["decoded"] = _sheet(run, codes)
        here = torch.tensor([[params.x, params.y]], dtype=codes.dtype)
        results["decoded here"] = tiled(run.decode(here))
    values = held[0].numel()
    notes = (
        f"{values} values through {params.code}",
        f"held-out error {run.held[-1]:.4g} after {count} epochs",
    )
    return Report(results, notes)


def _map(codes: Tensor, run: AutoencoderRun, params: TrainAutoencoderParams) -> Plane:
    plane = codes.double().numpy()
    own = params.code == _PLANE
    places = plane if own else principal_plane(plane)
    low, high = places.min(0), places.max(0)
    room = _MARGIN * np.maximum(high - low, 1e-3)
    low, high = low - room, high + room
    named = "code" if own else "principal component"
    here = PlanePoints(
        places=np.array([[params.x, params.y]]), name="decoded here", marker="star"
    )
    points = PlanePoints(
        places=places, classes=run.examples.held_labels.numpy(), name="held-out images"
    )
    return Plane(
        x_range=(float(low[0]), float(high[0])),
        y_range=(float(low[1]), float(high[1])),
        x_label=f"first {named}",
        y_label=f"second {named}",
        points=(points, here) if own else (points,),
        places=("x", "y") if own else None,
    )


def _pairs(run: AutoencoderRun, pixels: Tensor) -> ColorImage:
    """Return images in one row, and their reconstructions below."""
    given = run.reconstruct(pixels).clamp(0, 1)
    return tiled(torch.cat([pixels, given]), len(pixels))


def _sheet(run: AutoencoderRun, codes: Tensor) -> ColorImage:
    """Decode a grid over the codes, arranged as on the map."""
    low, high = codes.amin(0), codes.amax(0)
    x = torch.linspace(float(low[0]), float(high[0]), _GRID)
    y = torch.linspace(float(high[1]), float(low[1]), _GRID)
    grid = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).view(-1, _PLANE)
    return tiled(run.decode(grid), _GRID)
