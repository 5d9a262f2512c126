"""LSTM cell gate by gate: forget gate, input gate, state, output gate."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.info import Reference, lesson
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.parameters import Essential, Help, NumberRows, Title
from nnviz.base.results import Report
from nnviz.engine.lessons.arithmetic.equations import amount, term
from nnviz.engine.lessons.arithmetic.number_text import parse_matrix
from nnviz.engine.lessons.arithmetic.sequences.gated_cells import LstmStep, gate
from nnviz.engine.lessons.stepping import stepped
from nnviz.engine.method import Context, Presets, register

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LstmParams:
    """Parameters: the old state, and the gates' values."""

    state: Annotated[
        NumberRows, Essential(), Title("Previous state c"), Help("One number per unit.")
    ] = "-0.5 0.2"
    forget: Annotated[
        NumberRows,
        Essential(),
        Title("Forget gate f"),
        Help("Fraction of the old state that is kept, 0 to 1."),
    ] = "0.1 1"
    candidate: Annotated[
        NumberRows,
        Essential(),
        Title("Candidate g"),
        Help("Candidate value to write, −1 to 1."),
    ] = "0.9 -0.75"
    enter: Annotated[
        NumberRows,
        Essential(),
        Title("Input gate i"),
        Help("Fraction of the candidate that is written, 0 to 1."),
    ] = "0.8 0"
    leave: Annotated[
        NumberRows,
        Essential(),
        Title("Output gate o"),
        Help("Fraction of the new state that is output, 0 to 1."),
    ] = "0.5 0.9"


@register(
    "lstm",
    title="LSTM gates",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    recorded=True,
    reference=Reference(
        "Hochreiter & Schmidhuber 1997", "doi:10.1162/neco.1997.9.8.1735"
    ),
    capabilities=lesson("Recurrent networks", 4),
)
class Lstm:
    """Lesson: one step of an LSTM cell, gate by gate."""

    Params: ClassVar[type] = LstmParams
    shows: ClassVar[str] = (
        "One step of an LSTM cell, number by number: the forget gate keeps some of the "
        "old state, the input gate writes some of the candidate, the output gate shows "
        "some of the result."
    )
    reading: ClassVar[str] = (
        "A gate of 1 lets all through, of 0 nothing. From step to step the state is "
        "only multiplied by f, never by a matrix, so a gradient can last."
    )
    misleads: ClassVar[str] = (
        "Gates are set by hand here; in a network a layer computes them from the "
        "input and the previous output."
    )
    presets: ClassVar[Presets] = {
        "demo": {},
        "keep all": {"forget": "1 1", "enter": "0 0"},
        "output gate": {
            "state": "0.2027 2.2976 -2.0923",
            "forget": "1 1 1",
            "candidate": "0 0 0",
            "enter": "0 0 0",
            "leave": "0.01 0.85 0.75",
        },
    }

    def run(self, ctx: Context, params: LstmParams) -> Iterator[Report]:
        """Yield reports on forget gate, input gate, new state and output."""
        state = parse_matrix(params.state, "--state", 12).ravel()
        gates = [
            read_gate(text, option, len(state), low)
            for text, option, low in (
                (params.forget, "--forget", 0.0),
                (params.enter, "--enter", 0.0),
                (params.candidate, "--candidate", -1.0),
                (params.leave, "--leave", 0.0),
            )
        ]
        step = gate(state, *gates)
        yield from stepped(ctx, _reports(state, step), 4)


def read_gate(text: str, option: str, count: int, low: float) -> Numbers:
    """Parse a gate's values, (H,).

    Raises:
        UsageError: the number of values is not that of the state, or out of range.
    """
    values = parse_matrix(text, option, 12).ravel()
    if len(values) != count:
        reason = f"{len(values)} numbers for a state of {count}"
        raise UsageError(option, reason, "write one for each unit")
    if values.min() < low or values.max() > 1:
        raise UsageError(option, "is out of range", f"allowed is {low:g} to 1")
    return values


def _reports(
    state: Numbers, step: LstmStep
) -> Iterator[tuple[Mapping[str, float], Report]]:
    kept = "kept", step.forget * state
    written = "written", step.enter * step.candidate
    rows = (
        ("forget", ("f", step.forget), ("previous state c", state), kept, "×"),
        ("write", ("i", step.enter), ("candidate g", step.candidate), written, "×"),
        ("new state", kept, written, ("new state c", step.state), "+"),
        ("output", ("o", step.leave), ("tanh c", np.tanh(step.state)),
         ("output h", step.output), "×"),
    )  # fmt: skip
    for number, (name, *terms, operator) in enumerate(rows, 1):
        matrix = _equation(terms, operator)
        values = ", ".join(amount(float(each), 3) for each in terms[-1][1])
        notes = (f"{number}. {name}: {values}",)
        yield {"first unit": float(terms[-1][1][0])}, Report({"cell": matrix}, notes)


def _equation(terms: Sequence[tuple[str, Numbers]], operator: str) -> Matrix:
    """Return "a ⊙ b = c" for columns of numbers, with the first row's numbers."""
    a, b, c = (float(values[0]) for _, values in terms)
    sign = r"\cdot" if operator == "×" else "+"
    return Matrix(
        grids=tuple(
            Grid(values=values[:, None].copy(), title=name, operator=before)
            for (name, values), before in zip(terms, ("", operator, "="), strict=True)
        ),
        formula=rf"${term(a)} {sign} {term(b)} = {amount(c)}$",
    )
