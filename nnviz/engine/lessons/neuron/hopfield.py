"""Hopfield network: stored letters, one corrupted and recalled, unit by unit."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix, parse_cells
from nnviz.base.parameters import (
    CellDrawing,
    Essential,
    Help,
    Range,
    Title,
    Unit,
    Words,
)
from nnviz.base.results import Curves, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.neurons.hopfield import (
    RecallStep,
    recall,
    store_hebbian,
    store_projection,
)
from nnviz.engine.lessons.arithmetic.neurons.letters import COLUMNS, ROWS, letters
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_DRAWN = ("drawn", "drawn_2", "drawn_3")
"""Parameters that hold images drawn by hand."""
_STORES = {"Hebb": store_hebbian, "projection": store_projection}


@dataclass(frozen=True, slots=True, kw_only=True)
class HopfieldParams:
    """Parameters: letters to store, and the corruption of one."""

    letters: Annotated[
        Words, Essential(), Help("Letters or digits to store, up to six.")
    ] = "HTZ"
    drawn: Annotated[
        CellDrawing,
        Essential(),
        Title("Drawn by hand"),
        Help(
            "An image of your own, stored in addition to the letters; click its cells."
        ),
    ] = ""
    drawn_2: Annotated[
        CellDrawing,
        Title("Second drawing"),
        Help("Another image of your own; click its cells."),
    ] = ""
    drawn_3: Annotated[
        CellDrawing,
        Title("Third drawing"),
        Help("A third image of your own; click its cells."),
    ] = ""
    recalled: Annotated[
        int,
        Range(1, 9),
        Essential(),
        Help(
            "Index of the pattern that is corrupted and recalled; your own come "
            "after the letters."
        ),
    ] = 1
    spoiled: Annotated[
        float,
        Range(0, 100),
        Essential(),
        Title("Corrupted"),
        Unit("%"),
        Help("Fraction of the cells that are flipped."),
    ] = 20.0
    shown: Annotated[
        CellDrawing,
        Title("Shown instead"),
        Help(
            "Pattern to show to the network instead of a corrupted one; click its "
            "cells."
        ),
    ] = ""
    storage: Annotated[
        Literal["Hebb", "projection"],
        Help("Hebb's rule mixes up similar images; projection keeps them apart."),
    ] = "projection"


@register(
    "hopfield",
    title="Hopfield network",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Hopfield 1982", "doi:10.1073/pnas.79.8.2554"),
    capabilities=lesson("Neuron", 7),
)
class Hopfield:
    """Lesson: an associative memory that completes corrupted patterns."""

    Params: ClassVar[type] = HopfieldParams
    shows: ClassVar[str] = (
        "Each cell is a unit, connected with every other. Weights between units "
        "store the images; from a corrupted image the units flip one by one, until "
        "none changes."
    )
    reading: ClassVar[str] = (
        "Click cells of an empty image to store one of your own, or cells of the "
        "shown one to corrupt it by hand. The frame marks the unit that flipped. "
        "The energy falls with each flip: stored images lie in its valleys, so the "
        "nearest one is recalled."
    )
    misleads: ClassVar[str] = (
        "Valleys also lie where nothing was stored: mixtures, and every image's "
        "negative. With Hebb's rule about 0.14 images per unit can be stored, fewer "
        "when they are similar."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "Hebb's rule mixes": {"letters": "HNUV", "storage": "Hebb"},
        "negative": {"spoiled": 80.0},
    }

    def run(self, ctx: Context, params: HopfieldParams) -> Iterator[Report]:
        """Yield the corrupted image, then a report for each unit that flips."""
        seed = draw_seed(ctx)
        random = np.random.default_rng(seed)
        stored = _stored(params)
        weights = _STORES[params.storage](stored)
        wanted = stored[min(params.recalled, len(stored)) - 1]
        state = spoil(wanted, params.spoiled / 100, random)
        if params.shown:
            state = _drawing(params.shown, "--shown")
        steps = list(recall(weights, state, random.permutation(len(state))))
        yield from stepped(
            ctx, _reports(params, stored, wanted, steps), len(steps), seed=seed
        )


def _stored(params: HopfieldParams) -> Numbers:
    """Return the letters and the user's drawings, (P, N)."""
    texts = {name: str(getattr(params, name)) for name in _DRAWN}
    own = [
        _drawing(text, "--" + name.replace("_", "-"))
        for name, text in texts.items()
        if text
    ]
    if own and not params.letters.strip():
        return np.stack(own)
    return np.concatenate(
        [letters(params.letters, "--letters"), *(o[None] for o in own)]
    )


def _drawing(text: str, option: str) -> Numbers:
    """Parse a drawing to −1 and 1, (N,)."""
    return np.where(parse_cells(text, ROWS, COLUMNS, option), 1.0, -1.0).ravel()


def spoil(image: Numbers, share: float, random: np.random.Generator) -> Numbers:
    """Flip a share of an image's cells at random."""
    turned = random.permutation(len(image))[: round(share * len(image))]
    spoiled = image.copy()
    spoiled[turned] *= -1
    return spoiled


def _reports(
    params: HopfieldParams, stored: Numbers, wanted: Numbers, steps: list[RecallStep]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    energies: list[float] = []
    for step in steps:
        energies.append(step.energy)
        wrong = int((step.state != wanted).sum())
        overlap = stored @ step.state / stored.shape[1]
        results = {
            "images": _matrix(params, stored, steps[0], step),
            "energy": _curve(energies),
        }
        words = ", ".join(f"{value:+.2f}" for value in overlap)
        notes = (f"{wrong} cells differ", f"overlap with the stored images {words}")
        measured = {"energy": step.energy, "wrong cells": float(wrong)}
        yield measured, Report(results, notes)


def _curve(energies: list[float]) -> Curves:
    return Curves(
        x=np.arange(len(energies)),
        series={"energy": np.array(energies)},
        x_label="units flipped",
        y_label="energy",
    )


def _matrix(
    params: HopfieldParams, stored: Numbers, start: RecallStep, step: RecallStep
) -> Matrix:
    names = [name for name in _DRAWN if getattr(params, name)]
    fixed = len(stored) - len(names)
    grids = [
        _grid(image, f"stored {index}", "", edits)
        for index, (image, edits) in enumerate(
            zip(stored, [""] * fixed + names, strict=True), 1
        )
    ]
    free = next((name for name in _DRAWN if name not in names), "")
    if free:
        grids.append(_grid(-np.ones(ROWS * COLUMNS), "draw here", "", free))
    row, column = divmod(max(step.unit, 0), COLUMNS)
    now = Grid(
        values=step.state.reshape(ROWS, COLUMNS).copy(),
        title="recalled",
        operator="→",
        window=(row, column, 1, 1) if step.unit >= 0 else None,
        colors="gray",
        caption=f"energy {amount(step.energy, 3)}",
    )
    return Matrix(
        grids=(
            *grids,
            _grid(start.state, "shown" if params.shown else "corrupted", "|", "shown"),
            now,
        ),
        formula=rf"$E = -\frac{{1}}{{2}}\,s^T W s = {amount(step.energy, 4)}$",
    )


def _grid(image: Numbers, title: str, operator: str, edits: str = "") -> Grid:
    return Grid(
        values=image.reshape(ROWS, COLUMNS).copy(),
        title=title,
        operator=operator,
        colors="gray",
        edits=edits,
    )
