"""Autoencoder on digits, compared with PCA of the same code size."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.planes import Plane, PlanePoints
from nnviz.base.parameters import Essential, Help, Lowest, Range, Title
from nnviz.base.results import Curves, Mosaic, Report
from nnviz.engine.learning.autoencoder import AutoencoderRun, AutoencoderSwitches
from nnviz.engine.learning.examples import Examples
from nnviz.engine.lessons.arithmetic.embedding.digit_images import SIDE, draw_digits
from nnviz.engine.lessons.arithmetic.embedding.pca import PrincipalComponents, analyze
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.labeled_points import name_classes
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_SHOWN = 60
_EXAMPLES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class AutoencoderParams:
    """Parameters: the code, the layers around it and the training."""

    code: Annotated[
        int,
        Range(1, 32),
        Essential(),
        Title("Code"),
        Help("Numbers in the code of a digit."),
    ] = 2
    hidden: Annotated[
        int,
        Range(0, 64),
        Lowest("none"),
        Essential(),
        Title("Hidden units"),
        Help(
            "Units of a tanh layer before and after the code; 0 makes all of it linear."
        ),
    ] = 32
    noise: Annotated[
        float,
        Range(0, 1),
        Essential(),
        Help("Noise added to the inputs only: a denoising autoencoder."),
    ] = 0.0
    epochs: Annotated[
        int, Range(10, 5000, log=True), Help("Number of passes over the data.")
    ] = 1000
    rate: Annotated[
        float,
        Range(0.0001, 0.1, log=True),
        Title("Learning rate"),
        Help("Learning rate of Adam."),
    ] = 0.01
    count: Annotated[
        int, Range(50, 1000), Title("Digits"), Help("Number of examples.")
    ] = 300


@register(
    "autoencoder",
    title="Autoencoder and PCA",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Baldi & Hornik 1989", "doi:10.1016/0893-6080(89)90014-2"),
    capabilities=lesson("Unsupervised learning", 5),
)
class Autoencoder:
    """Lesson: an autoencoder with a narrow code."""

    Params: ClassVar[type] = AutoencoderParams
    shows: ClassVar[str] = (
        "An autoencoder learns to reconstruct digits of 64 pixels from a code of a "
        "few numbers. It is never told which digit is which."
    )
    reading: ClassVar[str] = (
        "Points are codes, colored by digit. The dashed line is the error of the "
        "same number of principal components: a linear autoencoder comes down to it "
        "and no lower."
    )
    misleads: ClassVar[str] = (
        "Only the subspace of a linear one is that of PCA, not its axes. The error "
        "is that on the training digits; on new ones it is larger."
    )
    presets: ClassVar[Presets] = {
        "demo": {"epochs": 12, "count": 100},
        "linear": {"hidden": 0, "epochs": 1500},
        "denoising": {"noise": 0.4, "code": 10},
    }

    def run(self, ctx: Context, params: AutoencoderParams) -> Iterator[Report]:
        """Yield a report every few epochs."""
        seed = draw_seed(ctx)
        random = np.random.default_rng(seed)
        data, classes = draw_digits(params.count, random)
        run = AutoencoderRun(
            _switches(params, len(data)),
            _examples(data, classes),
            torch.Generator().manual_seed(seed),
        )
        every = max(1, params.epochs // _SHOWN)
        reports = _reports(params, (data, classes), run, every)
        total = -(-params.epochs // every)
        yield from stepped(ctx, reports, total, "step", seed=seed)


def _switches(params: AutoencoderParams, count: int) -> AutoencoderSwitches:
    """Return hyperparameters of full-batch training; linear without hidden units."""
    return AutoencoderSwitches(
        kind="deep" if params.hidden else "linear",
        code=params.code,
        hidden=(params.hidden,),
        activation="tanh",
        noise=params.noise,
        epochs=params.epochs,
        learning_rate=params.rate,
        batch=count,
    )


def _examples(data: Numbers, classes: NDArray[np.int64]) -> Examples:
    """Return digits as training examples, the first of them also as held-out ones."""
    pixels = torch.from_numpy(data).float().view(-1, 1, SIDE, SIDE)
    labels = torch.from_numpy(classes)
    names = tuple(map(str, range(10)))
    some = slice(_EXAMPLES)
    spread = float(pixels.std())
    return Examples(
        pixels, labels, pixels[some], labels[some], names, float(pixels.mean()), spread
    )


def _reports(
    params: AutoencoderParams,
    seen: tuple[Numbers, NDArray[np.int64]],
    run: AutoencoderRun,
    every: int,
) -> Iterator[tuple[Mapping[str, float], Report]]:
    data, classes = seen
    found = analyze(data)
    best = float(np.square(data - found.restore(params.code)).mean())
    while not run.ended:
        run.advance()
        epoch = len(run.losses)
        if epoch % every and not run.ended:
            continue
        loss = run.losses[-1]
        codes = run.codes(run.examples.pixels).double().numpy()
        results = {
            "codes": _plane(codes, classes, "code"),
            "digits": _digits(data, run, found, params.code),
            "error": Curves(
                x=np.arange(1, epoch + 1, dtype=np.float64),
                series={
                    "autoencoder": np.array(run.losses),
                    f"{params.code} principal components": np.full(epoch, best),
                },
                x_label="epoch",
                y_label="mean squared error",
            ),
            "PCA": _plane(found.scores, classes, "component"),
        }
        notes = (
            f"epoch {epoch:,}: error {amount(loss, 3)}, PCA {amount(best, 3)}",
            f"64 → {params.code}: {64 / params.code:.0f} times fewer numbers",
        )
        yield {"error": loss, "PCA": best}, Report(results, notes)


def _plane(codes: Numbers, classes: NDArray[np.int64], noun: str) -> Plane:
    two = np.zeros((len(codes), 2))
    two[:, : min(2, codes.shape[1])] = codes[:, :2]
    low, high = two.min(axis=0), two.max(axis=0)
    margin = 0.08 * np.maximum(high - low, 1e-9)
    return Plane(
        x_range=(float(low[0] - margin[0]), float(high[0] + margin[0])),
        y_range=(float(low[1] - margin[1]), float(high[1] + margin[1])),
        x_label=f"first {noun}",
        y_label=f"second {noun}",
        points=(PlanePoints(places=two, classes=classes.copy()),),
        texts=name_classes(two, classes),
    )


def _digits(
    data: Numbers, run: AutoencoderRun, found: PrincipalComponents, code: int
) -> Mosaic:
    """Return digits next to their reconstructions by the autoencoder and by PCA."""
    some = data[:_EXAMPLES]
    pixels = run.examples.pixels[:_EXAMPLES]
    given = run.reconstruct(pixels).flatten(1).double().numpy()
    back = found.restore(code)[:_EXAMPLES]
    rows = np.stack([some, given, back], axis=1).reshape(-1, some.shape[1])
    names = ("digit", "autoencoder", "PCA")
    return Mosaic(
        tiles=np.clip(rows, 0, 1).reshape(-1, SIDE, SIDE).astype(np.float32),
        order=np.arange(len(rows)),
        captions=names * len(some),
        signed=False,
        shared_scale=True,
        unit="brightness",
        noun="digit",
        layer="",
    )
