"""Batch, layer, instance and local response normalization on a few numbers."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Range, Title, When
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.normalizers import (
    EPSILON,
    LocalResponse,
    Normalized,
    standardize,
)
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.method import Context, Presets, register

_LOCAL = ("across maps", "within a map")


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalizationParams:
    """Parameters: numbers, and the kind of normalization."""

    values: Annotated[
        NumberRows,
        Essential(),
        Help(
            "One row for each sample, one number for each feature; for local "
            "response normalization, maps and positions."
        ),
    ] = "1 10 3; 2 20 1; 3 60 2; 6 30 6"
    kind: Annotated[
        Literal["batch", "layer", "across maps", "within a map"],
        Essential(),
        Help(
            "Batch norm takes each column, layer norm each row; local response norm "
            "neighbors in other maps (rows) or in the same map."
        ),
    ] = "batch"
    gamma: Annotated[
        float,
        Essential(),
        Range(-10, 10),
        When("kind", ("batch", "layer")),
        Help("Learned factor."),
    ] = 1.0
    beta: Annotated[
        float,
        Essential(),
        Range(-10, 10),
        When("kind", ("batch", "layer")),
        Help("Learned shift."),
    ] = 0.0
    k: Annotated[float, Range(0, 10), When("kind", _LOCAL), Help("Bias k.")] = 2.0
    n: Annotated[
        int,
        Range(1, 15),
        When("kind", _LOCAL),
        Title("n"),
        Help("Number of neighboring maps that are summed over."),
    ] = 5
    alpha: Annotated[
        float, Range(0, 1), When("kind", _LOCAL), Help("Weight of the squares.")
    ] = 1e-4
    exponent: Annotated[
        float, Range(0, 2), When("kind", _LOCAL), Help("Exponent β.")
    ] = 0.75


@register(
    "normalization",
    title="Batch, layer and local response norm",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    reference=Reference("Ioffe & Szegedy 2015", "arXiv:1502.03167"),
    capabilities=lesson("Normalization", 2),
)
class Normalization:
    """Lesson: normalization layers on a few numbers, with their statistics."""

    Params: ClassVar[type] = NormalizationParams
    shows: ClassVar[str] = (
        "The numbers of a small batch before and after a normalization layer, with the "
        "means and variances that it used."
    )
    reading: ClassVar[str] = (
        "Batch norm normalizes each feature (column) over the batch; layer norm "
        "normalizes each sample (row) over its features, whatever else is in the "
        "batch."
    )
    misleads: ClassVar[str] = (
        "In training batch norm uses the batch's own statistics; afterward it uses "
        "fixed ones, remembered from training, so that a prediction does not depend "
        "on the other images."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "layer norm": {"kind": "layer"},
        "local response norm": {"kind": "across maps", "alpha": 0.01},
    }

    def run(self, ctx: Context, params: NormalizationParams) -> Iterator[Report]:
        """Yield one report: before, statistics, after."""
        ctx.check()
        values = parse_matrix(params.values, "--values")
        if params.kind in _LOCAL:
            yield Report({"normalized": _local(values, params)}, (params.kind,))
            return
        axis = 0 if params.kind == "batch" else 1
        found = standardize(values, (axis,), EPSILON)
        note = f"{params.kind} norm: each {'column' if axis == 0 else 'row'} by itself"
        yield Report({"normalized": _standard(values, found, params)}, (note,))


def _standard(
    values: np.ndarray, found: Normalized, params: NormalizationParams
) -> Matrix:
    statistics = np.concatenate(
        [found.mean, np.sqrt(found.variance)], axis=0 if params.kind == "batch" else 1
    )
    names = ("mean", "deviation")
    batch = params.kind == "batch"
    after = params.gamma * found.values + params.beta
    return Matrix(
        grids=(
            Grid(values=values, title="before"),
            Grid(
                values=statistics,
                title="statistics",
                operator="→",
                rows=names if batch else (),
                columns=() if batch else names,
                colors="none",
            ),
            Grid(values=after, title="after", operator="→"),
        ),
        formula=_formula(values, found, params, float(after[0, 0])),
    )


def _formula(
    values: np.ndarray, found: Normalized, params: NormalizationParams, after: float
) -> str:
    mean, variance = float(found.mean.flat[0]), float(found.variance.flat[0])
    above = f"{amount(float(values[0, 0]))} - {term(mean)}"
    below = rf"\sqrt{{{amount(variance)} + 10^{{-5}}}}"
    gamma, beta = term(params.gamma), term(params.beta)
    rule = r"\gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \epsilon}} + \beta"
    worked = rf"{gamma}\cdot\frac{{{above}}}{{{below}}} + {beta}"
    return f"${rule} = {worked} = {amount(after)}$"


def _local(values: np.ndarray, params: NormalizationParams) -> Matrix:
    response = LocalResponse(
        size=params.n, k=params.k, alpha=params.alpha, beta=params.exponent
    )
    across = params.kind == "across maps"
    after = response.across_maps(values) if across else response.within_map(values)
    names = tuple(f"map {index}" for index in range(len(values))) if across else ()
    return Matrix(
        grids=(
            Grid(values=values, title="before", rows=names),
            Grid(values=after, title="after", operator="→"),
        ),
        formula=r"$b = a\,/\,(k + \alpha\,\Sigma\,a^2)^{\beta}$",
    )
