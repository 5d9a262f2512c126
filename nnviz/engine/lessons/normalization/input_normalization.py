"""Input normalization: features of different units rescaled to one scale."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np

from nnviz.base.errors import UsageError
from nnviz.base.info import lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Title
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.method import Context, Presets, register


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNormalizationParams:
    """Parameters: a sample, and the statistics of all samples."""

    sample: Annotated[
        NumberRows, Essential(), Help("The features of one sample, spaces between.")
    ] = "0.45 1589.2 0.00143"
    mean: Annotated[
        NumberRows, Essential(), Help("Mean of each feature over all samples.")
    ] = "0.32 1423.2 0.00132"
    deviation: Annotated[
        NumberRows,
        Essential(),
        Title("Standard deviation"),
        Help("Standard deviation of each feature over all samples."),
    ] = "0.11 155.2 0.00042"


@register(
    "input_normalization",
    title="Input normalization",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Normalization", 1),
)
class InputNormalization:
    """Lesson: standardization of features by mean and standard deviation."""

    Params: ClassVar[type] = InputNormalizationParams
    shows: ClassVar[str] = (
        "Three features whose numbers differ by a million: minus the mean, over the "
        "standard deviation, all have mean 0 and spread 1."
    )
    reading: ClassVar[str] = (
        "Without it the feature with the largest numbers decides how the weights "
        "are moved. Networks for images do the same with red, green and blue."
    )
    misleads: ClassVar[str] = (
        "Mean and deviation are those of the training data: new data are brought to "
        "the same scale with the same numbers, not with their own."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "an ImageNet pixel": {
            "sample": "0.7 0.5 0.2",
            "mean": "0.485 0.456 0.406",
            "deviation": "0.229 0.224 0.225",
        },
    }

    def run(self, ctx: Context, params: InputNormalizationParams) -> Iterator[Report]:
        """Yield one report: the standardization as an equation.

        Raises:
            UsageError: the numbers of features differ, or a deviation is not positive.
        """
        ctx.check()
        sample = parse_matrix(params.sample, "--sample")
        mean = parse_matrix(params.mean, "--mean")
        deviation = parse_matrix(params.deviation, "--deviation")
        if not sample.shape == mean.shape == deviation.shape:
            raise UsageError("--mean", "has another number of features", "give as many")
        if not (deviation > 0).all():
            raise UsageError("--deviation", "is not positive", "give numbers above 0")
        found = (sample - mean) / deviation
        names = tuple(f"feature {index}" for index in range(1, sample.shape[1] + 1))
        matrix = Matrix(
            grids=(
                _column(sample, "sample", "", names),
                _column(mean, "mean", "−"),
                _column(deviation, "deviation", "÷"),
                _column(found, "normalized", "="),
            ),
            formula=_formula(sample, mean, deviation, found),
        )
        words = ", ".join(amount(float(each), 3) for each in found[0])
        yield Report({"normalized": matrix}, (f"normalized: {words}",))


def _column(
    values: np.ndarray, title: str, operator: str, rows: tuple[str, ...] = ()
) -> Grid:
    return Grid(
        values=values[0][:, None].copy(), title=title, operator=operator, rows=rows
    )


def _formula(
    sample: np.ndarray, mean: np.ndarray, deviation: np.ndarray, found: np.ndarray
) -> str:
    above = f"{amount(float(sample[0, 0]))} - {term(float(mean[0, 0]))}"
    below, after = amount(float(deviation[0, 0])), amount(float(found[0, 0]), 3)
    return rf"$\frac{{x - \mu}}{{\sigma}} = \frac{{{above}}}{{{below}}} = {after}$"
