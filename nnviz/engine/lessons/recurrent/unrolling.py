"""Recurrent network on "hello": unrolled, trained by truncated backpropagation."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, Lowest, Range, Title, Words
from nnviz.base.results import Curves, Diagram, DiagramEdge, DiagramNode, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.sequences.letter_model import Letters, read_letters
from nnviz.engine.lessons.arithmetic.sequences.recurrent import (
    Unrolled,
    back_propagate,
    descend,
    make_weights,
    unroll,
)
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_LONGEST = 12
_CLIP = 5.0
_FEW = 3
"""Numbers of a state that are displayed."""
_DIGITS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class UnrollingParams:
    """Parameters: the word and the training."""

    word: Annotated[
        Words,
        Essential(),
        Help("Two to twelve letters; the network learns to predict each next one."),
    ] = "hello"
    hidden: Annotated[
        int,
        Range(1, 8),
        Essential(),
        Title("Hidden units"),
        Help("Numbers in the hidden state h."),
    ] = 3
    epochs: Annotated[
        int, Range(1, 500), Essential(), Help("Number of passes over the data.")
    ] = 60
    truncate: Annotated[
        int,
        Range(0, 12),
        Lowest("never"),
        Essential(),
        Help("Letters after which the gradient is truncated; 0 never truncates it."),
    ] = 0
    rate: Annotated[
        float,
        Range(0.001, 2, log=True),
        Title("Learning rate η"),
        Help("Factor of each step."),
    ] = 0.2


@register(
    "unrolling",
    title="Unrolling: hello",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Elman 1990; Werbos 1990", "doi:10.1109/5.58337"),
    capabilities=lesson("Recurrent networks", 2),
)
class Unrolling:
    """Lesson: a recurrent network that predicts the next letter of a word."""

    Params: ClassVar[type] = UnrollingParams
    shows: ClassVar[str] = (
        "A recurrent network reads a word; its state h is computed from the letter "
        "and the previous state, with the same weights each time. It learns to "
        "predict the next letter."
    )
    reading: ClassVar[str] = (
        "Time goes from left to right. The number below a state is how much the "
        "loss would change with it: the gradient that came back through time."
    )
    misleads: ClassVar[str] = (
        "After the first l the right answer is l, after the second o: only the "
        "state tells them apart. With a truncated gradient it may not learn what it "
        "has to keep."
    )
    presets: ClassVar[Presets] = {
        "demo": {"epochs": 20},
        "truncated": {"truncate": 1},
        "longer": {"word": "banana", "hidden": 5, "epochs": 200},
    }

    def run(self, ctx: Context, params: UnrollingParams) -> Iterator[Report]:
        """Yield a report for each pass over the word."""
        seed = draw_seed(ctx)
        letters = read_letters(params.word[: _LONGEST + 1], "--word", _LONGEST)
        reports = _reports(params, letters, np.random.default_rng(seed))
        yield from stepped(ctx, reports, params.epochs + 1, "pass", seed=seed)


def _reports(
    params: UnrollingParams, letters: Letters, random: np.random.Generator
) -> Iterator[tuple[Mapping[str, float], Report]]:
    size = len(letters.alphabet)
    weights = make_weights(size, params.hidden, size, random)
    inputs, targets = letters.inputs(0, -1), letters.indices[1:]
    losses: list[float] = []
    for epoch in range(params.epochs + 1):
        run = unroll(weights, inputs, targets, np.zeros(params.hidden))
        slope, norms = back_propagate(
            weights, inputs, targets, run, truncate=params.truncate
        )
        losses.append(float(run.losses.mean()))
        results = {
            "unrolled": _graph(params, letters, run, norms),
            "probabilities": _matrix(letters, run),
            "loss": Curves.over_steps(
                {"loss": losses}, "pass", "loss per letter, nats"
            ),
        }
        guesses = run.probabilities.argmax(axis=1)
        said = "".join(letters.alphabet[place] for place in guesses)
        words = f"pass {epoch}: reads {params.word[:-1]}, says {said}"
        notes = (words, f"loss {amount(losses[-1], 3)}")
        yield {"loss": losses[-1]}, Report(results, notes)
        weights = descend(weights, slope, params.rate, _CLIP)


def _graph(
    params: UnrollingParams, letters: Letters, run: Unrolled, norms: Numbers
) -> Diagram:
    nodes: list[DiagramNode] = []
    edges: list[DiagramEdge] = []
    before = -1
    for step in range(len(letters.indices) - 1):
        place = len(nodes)
        nodes += [
            _input_node(letters, step),
            _state_node(run.states[step + 1], step, float(norms[step])),
            _output_node(letters, run, step),
        ]
        edges.append(DiagramEdge(source=place, target=place + 1))
        if before >= 0:
            cut = bool(params.truncate) and step % params.truncate == 0
            label = "cut" if cut else ""
            edges.append(DiagramEdge(source=before, target=place + 1, label=label))
        edges.append(DiagramEdge(source=place + 1, target=place + 2))
        before = place + 1
    return Diagram(nodes=tuple(nodes), edges=tuple(edges))


def _input_node(letters: Letters, step: int) -> DiagramNode:
    title = f"“{letters.alphabet[letters.indices[step]]}”"
    return DiagramNode(
        name=f"x{step}", title=title, kind="input", detail=f"x{step + 1}"
    )


def _state_node(state: Numbers, step: int, norm: float) -> DiagramNode:
    """Return a hidden state's node: its first values and its gradient's norm."""
    numbers = ", ".join(amount(float(value), _DIGITS) for value in state[:_FEW])
    more = " …" if len(state) > _FEW else ""
    return DiagramNode(
        name=f"h{step}",
        cell=(step, 1),
        title=f"h{step + 1} = {numbers}{more}",
        kind="linear",
        detail=f"gradient {amount(norm, _DIGITS)}",
        value=norm,
    )


def _output_node(letters: Letters, run: Unrolled, step: int) -> DiagramNode:
    """Return an output's node: the likeliest letter, marked right or wrong."""
    guess = int(run.probabilities[step].argmax())
    right = "✓" if guess == letters.indices[step + 1] else "✗"
    share = float(run.probabilities[step][guess])
    return DiagramNode(
        name=f"y{step}",
        cell=(step, 0),
        title=f"“{letters.alphabet[guess]}” {right}",
        kind="output",
        detail=f"{100 * share:.0f} %",
        value=share,
    )


def _matrix(letters: Letters, run: Unrolled) -> Matrix:
    read = tuple(letters.alphabet[place] for place in letters.indices[:-1])
    names = tuple(letters.alphabet)
    wanted = np.eye(len(names))[letters.indices[1:]]
    return Matrix(
        grids=(
            Grid(values=wanted, title="wanted", rows=read, columns=names),
            Grid(
                values=run.probabilities.copy(),
                title="probabilities",
                operator="|",
                rows=read,
                columns=names,
            ),
        ),
        formula=r"$h_t = \tanh(W_{hh} h_{t-1} + W_{xh} x_t),\quad y_t = W_{hy} h_t$",
    )
