"""Training of a character model: an LSTM, with its gates while it reads a text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.info import TRAINING, Reference
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import (
    Essential,
    Help,
    Lowest,
    NetworkFile,
    Range,
    Steerable,
    TextFile,
    Title,
    Words,
)
from nnviz.base.results import Curves, Ranking, Report, Result, Text
from nnviz.engine.learning.characters import (
    GATES,
    CharacterLstm,
    CharacterRun,
    CharacterSwitches,
    Reading,
    name_character,
    open_characters,
    read,
    saliency,
    sample,
)
from nnviz.engine.method import Context, Presets, register
from nnviz.media.files import read_text

_TEXT = (
    "the cat sat on the mat and the rat sat on the cat. "
    "the dog ran to the cat and the cat ran to the mat. "
    "a cat and a dog and a rat sat on a mat. "
) * 8
_LARGEST_TEXT = 1 << 24
_SAMPLED = 300
_SHOWN_UNITS, _SHOWN_CHARACTERS = 8, 40
_TOP = 10
_GATE_TITLES = {
    "input": "input gate",
    "forget": "forget gate",
    "candidate": "candidate",
    "output": "output gate",
}
_REPORTS = 100
"""Maximum number in a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainCharactersParams:
    """Parameters: the text, the model, and the displays."""

    text: Annotated[
        Words, Essential(), Help("Training text; thousands of characters or more.")
    ] = _TEXT
    text_file: Annotated[
        TextFile,
        Essential(),
        Title("Text file"),
        Help("A UTF-8 text file to learn instead of the text."),
    ] = ""
    steps: Annotated[
        int,
        Essential(),
        Range(0, 100_000, log=True),
        Lowest("none"),
        Help("Steps of training; 0 only looks at a model that was saved."),
    ] = 400
    probe: Annotated[
        Words,
        Essential(),
        Steerable(),
        Title("Text to read"),
        Help("Text that the model reads while its gates are shown."),
    ] = "the cat ran to the "
    temperature: Annotated[
        float,
        Range(0.1, 3, log=True),
        Steerable(),
        Help("Sampling temperature: low is safe and dull, high is wild."),
    ] = 0.7
    weights: Annotated[
        NetworkFile,
        Title("Saved model"),
        Help(
            'Weights file of "nnviz train characters" to continue from; the sizes '
            "are those of the file."
        ),
    ] = ""
    hidden: Annotated[
        int,
        Range(4, 1024, log=True),
        Title("Hidden units"),
        Help("Number of units of the LSTM."),
    ] = 128
    span: Annotated[
        int,
        Range(2, 256, log=True),
        Help("Characters after which backpropagation through time is truncated."),
    ] = 32
    learning_rate: Annotated[
        float, Range(1e-5, 0.1, log=True), Help("Step size of Adam.")
    ] = 0.005


@register(
    "train_characters",
    title="Character model in training",
    group="Train",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Karpathy, Johnson & Fei-Fei 2015", "arXiv:1506.02078"),
    capabilities=replace(TRAINING, continues_at_end=True),
)
class TrainCharacters:
    """Training of an LSTM on the characters of the user's text."""

    Params: ClassVar[type] = TrainCharactersParams
    shows: ClassVar[str] = (
        "How an LSTM learns to continue a text, what it writes, what its gates do "
        "at each character that it reads, and which characters its prediction "
        "depends on."
    )
    reading: ClassVar[str] = (
        "A cell that stays the same over many characters remembers something; a "
        "forget gate near 0 clears it, often at spaces. Salient characters support "
        "the prediction."
    )
    misleads: ClassVar[str] = (
        "Few units can be interpreted; those shown change the most. Saliency is the "
        "slope at this text, not what would happen without a character."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 6, "hidden": 16},
        "large": {"hidden": 512, "steps": 5000, "span": 64, "learning_rate": 0.002},
    }

    def run(self, ctx: Context, params: TrainCharactersParams) -> Iterator[Report]:
        """Yield a report every few steps.

        "loss" (main), "sample", "cell state", the gates, "saliency" and "next".
        """
        net = _saved_model(ctx, params.weights)
        drawn = ctx.generator.get_state()
        run = CharacterRun(_text(ctx, params), _switches(params), ctx.generator, net)
        if ctx.begun is not None:
            run.restore(ctx.begun)
            ctx.generator.set_state(drawn)  # discard the draws of the initial weights
        every = max(1, params.steps // _REPORTS)
        while True:
            left = params.steps - len(run.losses)
            run.advance(min(every, left), ctx.check)
            done = len(run.losses)
            reports = -(-done // every), max(1, -(-params.steps // every))
            ctx.step(*reports, f"step {done} of {params.steps}")
            ctx.keep(_numbers(run), run.state)
            yield _report(run, ctx.params)
            if done >= params.steps:
                return


def _text(ctx: Context, params: TrainCharactersParams) -> str:
    """Return the training text, and record its file's hash."""
    if not params.text_file:
        return params.text
    return ctx.files.opened(
        params.text_file, lambda file: read_text(file, _LARGEST_TEXT, "a text")
    )


def _saved_model(ctx: Context, weights: str) -> CharacterLstm | None:
    if not weights:
        return None
    return ctx.files.opened(weights, lambda file: open_characters(file, ctx.check))


def _switches(params: TrainCharactersParams) -> CharacterSwitches:
    return CharacterSwitches(
        hidden=params.hidden, span=params.span, learning_rate=params.learning_rate
    )


def _numbers(run: CharacterRun) -> dict[str, float]:
    learned = {"training loss": run.losses[-1]} if run.losses else {}
    return {**learned, "held-out loss": run.held[-1]}


def _report(run: CharacterRun, params: TrainCharactersParams) -> Report:
    net, probe = run.net, params.probe[-_SHOWN_CHARACTERS:] or " "
    # The same draw at each step, so that only the model differs.
    words = sample(
        net, probe, _SAMPLED, params.temperature, torch.Generator().manual_seed(0)
    )
    reading = read(net, probe)
    results: dict[str, Result] = {
        "loss": _curves(run),
        "sample": Text(text=words),
        **_gates(reading, probe),
        "saliency": _saliency(net, probe),
        "next": _ranking(net.alphabet, reading.logits[-1].softmax(0).double().numpy()),
    }
    notes = (f"step {len(run.losses)}, held-out loss {run.held[-1]:.3f} nats",)
    return Report(results, notes)


def _curves(run: CharacterRun) -> Curves:
    """Return the curves of both losses, the held-out one interpolated."""
    steps = max(1, len(run.losses))
    learned = np.array(run.losses or run.held[-1:])
    measured = np.linspace(1, steps, len(run.held))
    x = np.arange(1, steps + 1, dtype=np.float64)
    return Curves(
        x=x,
        series={
            "training text": learned,
            "held-out text": np.interp(x, measured, np.array(run.held)),
        },
        x_label="step",
        y_label="loss per character, nats",
    )


def _gates(reading: Reading, probe: str) -> dict[str, Result]:
    """Return cell state and gates by character, of the units that change most."""
    spread = reading.cell.std(0, correction=0)
    units = spread.argsort(descending=True, stable=True)[:_SHOWN_UNITS]
    parts = {
        "cell state": reading.cell,
        **{_GATE_TITLES[name]: reading.gates[name] for name in GATES},
    }
    names = tuple(f"unit {int(each)}" for each in units)
    columns = tuple(map(name_character, probe))
    return {
        name: Matrix(
            grids=(
                Grid(
                    values=part[:, units].T.double().numpy().copy(),
                    title=name,
                    rows=names,
                    columns=columns,
                ),
            )
        )
        for name, part in parts.items()
    }


def _saliency(net: CharacterLstm, probe: str) -> Matrix:
    values = saliency(net, probe).double().numpy()[None].copy()
    grid = Grid(
        values=values,
        title="saliency",
        columns=tuple(map(name_character, probe)),
        caption="gradient times input of the likeliest next character",
    )
    return Matrix(grids=(grid,))


def _ranking(alphabet: str, shares: NDArray[np.float64]) -> Ranking:
    best = np.argsort(-shares, kind="stable")[:_TOP]
    return Ranking(
        labels=tuple(name_character(alphabet[place]) for place in best),
        values=shares[best],
        indices=best.astype(np.int64),
        unit="probability",
        limits=(0.0, 1.0),
    )
