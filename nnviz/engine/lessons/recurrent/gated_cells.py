"""Gated cells over time: LSTM, peepholes, coupled gates and GRU on one signal."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from nnviz.base.info import Reference, lesson
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Curves, Diagram, DiagramEdge, DiagramNode, Report
from nnviz.engine.lessons.arithmetic.equations import amount
from nnviz.engine.lessons.arithmetic.sequences.gated_cells import (
    LstmWeights,
    gru_step,
    lstm_step,
)
from nnviz.engine.lessons.randomness import draw_seed
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]
_DIGITS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class GatedCellsParams:
    """Parameters: the cell and its input signal."""

    cell: Annotated[
        Literal["LSTM", "peepholes", "joined gates", "GRU"],
        Essential(),
        Help("Kind of gated cell."),
    ] = "LSTM"
    signal: Annotated[
        Literal["pulse", "steps", "sine", "noise"],
        Essential(),
        Help("Input signal, one number per step."),
    ] = "pulse"
    steps: Annotated[int, Range(2, 100), Essential(), Help("Steps in time.")] = 20
    remembers: Annotated[
        float,
        Range(-4, 6),
        Essential(),
        Help("Bias of the forget gate: a large one keeps the state for long."),
    ] = 2.0


@register(
    "gated_cells",
    title="LSTM variants and GRU",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference("Greff et al. 2015; Cho et al. 2014", "arXiv:1503.04069"),
    capabilities=lesson("Recurrent networks", 5),
)
class GatedCells:
    """Lesson: the gates of a cell during an input signal."""

    Params: ClassVar[type] = GatedCellsParams
    shows: ClassVar[str] = (
        "A cell of one unit with random weights reads a signal. Peepholes let gates "
        "see the state; joined gates write only what they forget; a GRU has no "
        "state other than its output."
    )
    reading: ClassVar[str] = (
        "The diagram has the values of this step, the curves those of all steps so "
        "far. A forget gate near 1 keeps the state after the pulse is over."
    )
    misleads: ClassVar[str] = (
        "One unit with random weights says how a cell computes, not which kind learns "
        "better: on most tasks the variants do equally well."
    )
    presets: ClassVar[Presets] = {
        "demo": {"steps": 12},
        "GRU": {"cell": "GRU"},
        "forgetful": {"remembers": -2.0},
    }

    def run(self, ctx: Context, params: GatedCellsParams) -> Iterator[Report]:
        """Yield a report for each time step."""
        seed = draw_seed(ctx)
        random = np.random.default_rng(seed)
        signal = make_signal(params, random)
        values = follow_cell(params, signal, random)
        reports = _reports(params, signal, values)
        yield from stepped(ctx, reports, params.steps, seed=seed)


def make_signal(params: GatedCellsParams, random: np.random.Generator) -> Numbers:
    """Return the input signal, (steps,)."""
    time = np.arange(params.steps)
    if params.signal == "pulse":
        return np.asarray(2.0 * (time == min(2, params.steps - 1)), np.float64)
    if params.signal == "steps":
        return np.asarray(np.where(time // 5 % 2, -1.0, 1.0), np.float64)
    if params.signal == "sine":
        return np.asarray(np.sin(2 * np.pi * time / 10), np.float64)
    return random.normal(0, 1, params.steps)


def follow_cell(
    params: GatedCellsParams, signal: Numbers, random: np.random.Generator
) -> dict[str, list[float]]:
    """Run a cell over the signal; return gates, state and output by name."""
    if params.cell == "GRU":
        return _follow_gru(params, signal, random)
    weights = LstmWeights(
        np.abs(random.normal(1, 0.3, (4, 1))),
        random.normal(0, 0.3, (4, 1)),
        np.array([-1.0, params.remembers, 0.0, 1.0]),
        np.full((3, 1), 0.7 if params.cell == "peepholes" else 0.0),
    )
    joined = params.cell == "joined gates"
    output, state = np.zeros(1), np.zeros(1)
    found: dict[str, list[float]] = {name: [] for name in "figoch"}
    for x in signal:
        step = lstm_step(weights, np.array([x]), output, state, joined=joined)
        output, state = step.output, step.state
        parts = (step.forget, step.enter, step.candidate, step.leave, state, output)
        for name, part in zip(found, parts, strict=True):
            found[name].append(float(part[0]))
    return found


def _follow_gru(
    params: GatedCellsParams, signal: Numbers, random: np.random.Generator
) -> dict[str, list[float]]:
    # A constant input of 1 is the bias: a GRU that remembers has a small update gate.
    reset, update, candidate = (
        np.array([[random.normal(0, 0.3), abs(random.normal(1, 0.3)), bias]])
        for bias in (0.0, -params.remembers, 0.0)
    )
    output = np.zeros(1)
    found: dict[str, list[float]] = {name: [] for name in ("r", "z", "candidate", "h")}
    for x in signal:
        step = gru_step((reset, update, candidate), np.array([x, 1.0]), output)
        output = step.output
        parts = (step.reset, step.update, step.candidate, output)
        for name, part in zip(found, parts, strict=True):
            found[name].append(float(part[0]))
    return found


def _reports(
    params: GatedCellsParams, signal: Numbers, values: Mapping[str, list[float]]
) -> Iterator[tuple[Mapping[str, float], Report]]:
    for step in range(params.steps):
        now = {name: track[step] for name, track in values.items()}
        graph = _gru_graph if params.cell == "GRU" else _lstm_graph
        before = {
            name: track[step - 1] if step else 0.0 for name, track in values.items()
        }
        seen = {"input": signal.tolist(), **values}
        tracks = {name: track[: step + 1] for name, track in seen.items()}
        results = {
            "cell": graph(float(signal[step]), now, before, params.cell),
            "over time": Curves.over_steps(tracks, "step in time", "value", 1),
        }
        words = ", ".join(f"{name} {amount(value, 2)}" for name, value in now.items())
        yield now, Report(results, (f"step {step + 1}: {words}",))


def _box(name: str, title: str, value: float, kind: str = "activation") -> DiagramNode:
    return DiagramNode(
        name=name,
        title=f"{name} = {amount(value, _DIGITS)}",
        kind=kind,
        detail=title,
        value=value,
    )


def _edges(pairs: tuple[tuple[int, int, str], ...]) -> tuple[DiagramEdge, ...]:
    return tuple(
        DiagramEdge(source=source, target=target, label=label)
        for source, target, label in pairs
    )


def _lstm_graph(
    x: float, now: Mapping[str, float], before: Mapping[str, float], cell: str
) -> Diagram:
    """Return an LSTM cell's diagram: x, h, c → gates → state → output."""
    nodes = (
        _box("x", "input", x, "input"),
        _before("h", "previous output", before),
        _before("c", "previous state", before),
        _box("f", "forget gate, σ", now["f"]),
        _box("i", "1 − f" if cell == "joined gates" else "input gate, σ", now["i"]),
        _box("g", "candidate, tanh", now["g"]),
        _box("c", "f c + i g", now["c"], "join"),
        _box("o", "output gate, σ", now["o"]),
        _box("h", "o tanh c", now["h"], "output"),
    )
    return Diagram(nodes=nodes, edges=_edges(_lstm_pairs(cell)))


def _lstm_pairs(cell: str) -> tuple[tuple[int, int, str], ...]:
    """Return source, target and label of each edge, by node index."""
    pairs: tuple[tuple[int, int, str], ...] = (
        *((source, gate, "") for gate in (3, 5, 7) for source in (0, 1)),
        *((part, 6, "") for part in (2, 3, 4, 5)),
        (6, 8, ""),
        (7, 8, ""),
    )
    if cell == "joined gates":
        pairs += ((3, 4, ""),)
    else:
        pairs += ((0, 4, ""), (1, 4, ""))
    if cell == "peepholes":
        pairs += ((2, 3, "peephole"), (2, 4, "peephole"), (6, 7, "peephole"))
    return pairs


def _before(name: str, detail: str, values: Mapping[str, float]) -> DiagramNode:
    title = f"{name} = {amount(values[name], _DIGITS)}"
    return DiagramNode(name=f"{name}0", title=title, detail=detail, kind="input")


_GRU_PAIRS = (
    (0, 2, ""),
    (1, 2, ""),
    (0, 3, ""),
    (1, 3, ""),
    (2, 4, ""),
    (0, 4, ""),
    (1, 4, ""),
    (3, 5, ""),
    (4, 5, ""),
    (1, 5, ""),
)
"""Source, target and label of each edge, by node index."""


def _gru_graph(
    x: float, now: Mapping[str, float], before: Mapping[str, float], cell: str
) -> Diagram:
    """Return a GRU's diagram: x, h → reset, update → candidate → output."""
    del cell
    nodes = (
        _box("x", "input", x, "input"),
        _before("h", "previous output", before),
        _box("r", "reset gate, σ", now["r"]),
        _box("z", "update gate, σ", now["z"]),
        _box("candidate", "tanh(W [r h, x])", now["candidate"]),
        _box("h", "(1 − z) h + z candidate", now["h"], "output"),
    )
    return Diagram(nodes=nodes, edges=_edges(_GRU_PAIRS))
