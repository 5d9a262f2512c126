"""Softmax and negative log-likelihood as tables: scores, probabilities, gradient."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix, Window
from nnviz.base.parameters import Essential, Help, NumberRows, Range
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.neurons.activations import softmax
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftmaxLossParams:
    """Parameters: scores of a few images and their true classes."""

    scores: Annotated[
        NumberRows,
        Essential(),
        Help("One row per image, one number per class; semicolons between rows."),
    ] = "5 4 2; 4 2 8; 4 4 1"
    classes: Annotated[
        NumberRows, Essential(), Help("The right class of each image, from 1.")
    ] = "1 3 2"
    temperature: Annotated[
        float,
        Essential(),
        Range(0.1, 10, log=True),
        Help(
            "Scores are divided by the temperature: a high one makes all classes "
            "equally likely."
        ),
    ] = 1.0


@register(
    "softmax_loss",
    title="Softmax and its loss",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    capabilities=lesson("Activation and loss", 4),
)
class SoftmaxLoss:
    """Lesson: from scores to probabilities, to the loss, to its gradient."""

    Params: ClassVar[type] = SoftmaxLossParams
    shows: ClassVar[str] = (
        "Softmax turns scores into probabilities: e to the power of each score, "
        "divided by the sum over its row. The loss is −ln of the probability of the "
        "right class."
    )
    reading: ClassVar[str] = (
        "Each step computes one image. The gradient is the probability, minus 1 at "
        "the right class: where that probability is already 1, nothing is left to "
        "learn."
    )
    misleads: ClassVar[str] = (
        "Probabilities that add up to 1 do not mean that the network knows its "
        "limits: an image of no known class gets a class too."
    )
    presets: ClassVar[Presets] = {"demo": {}, "hot": {"temperature": 4.0}}

    def run(self, ctx: Context, params: SoftmaxLossParams) -> Iterator[Report]:
        """Yield a report for each image."""
        scores = parse_matrix(params.scores, "--scores", 10)
        classes = read_classes(params.classes, scores)
        reports = _reports(scores / params.temperature, classes)
        yield from stepped(ctx, reports, len(scores), "image")


def read_classes(text: str, scores: Numbers) -> NDArray[np.int64]:
    """Parse the true class of each row of scores, counted from 0.

    Raises:
        UsageError: the number of classes is not that of the rows, or no such class.
    """
    classes = parse_matrix(text, "--classes", 64).ravel()
    rows, count = scores.shape
    if len(classes) != rows:
        reason = f"{len(classes)} classes for {rows} images"
        raise UsageError("--classes", reason, "write one for each row of scores")
    if not np.isin(classes, np.arange(1, count + 1)).all():
        raise UsageError("--classes", "there is no such class", f"use 1 to {count}")
    return classes.astype(np.int64) - 1


def _reports(
    scores: Numbers, classes: NDArray[np.int64]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    shares = softmax(scores)
    rows = np.arange(len(scores))
    losses = -np.log(shares[rows, classes])
    for number in range(1, len(scores) + 1):
        total = float(losses[:number].sum())
        parts = " + ".join(f"{loss:.3f}" for loss in losses[:number])
        matrix = _matrix(scores, shares, classes, number)
        row, right = number - 1, int(classes[number - 1])
        notes = (
            f"image {number}: −ln {shares[row, right]:.3f} = {losses[row]:.3f}",
            f"loss so far {parts} = {total:.3f}" if number > 1 else f"loss {total:.3f}",
        )
        yield {"loss": total}, Report({"table": matrix}, notes)


def _matrix(
    scores: Numbers, shares: Numbers, classes: NDArray[np.int64], number: int
) -> Matrix:
    count, width = scores.shape
    row, right = number - 1, int(classes[number - 1])
    known = np.arange(count)[:, None] < number
    losses = -np.log(shares[np.arange(count), classes])[:, None]
    return Matrix(
        grids=(
            _score_grid(scores, (row, right, 1, 1)),
            _class_grid(np.exp(scores), known, "e to the score", "→"),
            _class_grid(shares, known, "softmax", "→"),
            Grid.so_far(losses, known, "−ln", "→"),
            _class_grid(shares - np.eye(width)[classes], known, "gradient", "|"),
        ),
        answer=2,
        formula=_formula(scores, shares, row, right),
    )


def _score_grid(scores: Numbers, window: Window) -> Grid:
    count, width = scores.shape
    return Grid(
        values=scores.copy(),
        title="scores, class",
        rows=tuple(f"image {index}" for index in range(1, count + 1)),
        columns=_numbered(width),
        window=window,
    )


def _class_grid(
    values: Numbers, known: NDArray[np.bool_], title: str, operator: str
) -> Grid:
    """Return the grid of a number for each image and class, for the images so far."""
    cells = np.broadcast_to(known, values.shape)
    grid = Grid.so_far(values, cells, title, operator)
    return replace(grid, columns=_numbered(values.shape[1]))


def _numbered(count: int) -> tuple[str, ...]:
    return tuple(str(index) for index in range(1, count + 1))


def _formula(scores: Numbers, shares: Numbers, row: int, right: int) -> str:
    terms = " + ".join(f"e^{{{term(float(each))}}}" for each in scores[row])
    return (
        rf"$\frac{{e^{{{term(float(scores[row, right]))}}}}}{{{terms}}} = "
        rf"{amount(float(shares[row, right]), 3)}$"
    )
