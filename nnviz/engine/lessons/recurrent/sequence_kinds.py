"""Kinds of sequence tasks: one to one, one to many, many to one, many to many."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help, Range
from nnviz.base.results import Diagram, DiagramEdge, DiagramNode, Report
from nnviz.engine.method import Context, Presets, register

_EXAMPLES = {
    "one to one": "a fixed input and output: classifying an image",
    "one to many": "a sequence as output: a caption for an image",
    "many to one": "a sequence as input: the sentiment of a sentence",
    "many to many, delayed": "the whole input, then the whole output: translation",
    "many to many, in step": "an output for each input: labeling a video's frames",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SequenceKindsParams:
    """Parameters: the kind of task and the length."""

    kind: Annotated[
        Literal[
            "one to one",
            "one to many",
            "many to one",
            "many to many, delayed",
            "many to many, in step",
        ],
        Essential(),
        Help("Steps that have an input, and steps that have an output."),
    ] = "many to many, in step"
    steps: Annotated[int, Range(2, 8), Essential(), Help("Steps of the sequence.")] = 4


@register(
    "sequence_kinds",
    title="Kinds of sequences",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Recurrent networks", 1),
)
class SequenceKinds:
    """Lesson: inputs and outputs of an unrolled recurrent network."""

    Params: ClassVar[type] = SequenceKindsParams
    shows: ClassVar[str] = (
        "A recurrent network unrolled in time: the same weights at every step, and the "
        "state handed on from one to the next."
    )
    reading: ClassVar[str] = (
        "Boxes x are inputs, h states, y outputs. Kinds of tasks differ only in which "
        "steps have an input and which an output."
    )
    misleads: ClassVar[str] = (
        "Boxes next to each other are one network at different times, not several."
    )
    presets: ClassVar[Presets] = {"demo": {}, "captions": {"kind": "one to many"}}

    def run(self, ctx: Context, params: SequenceKindsParams) -> Iterator[Report]:
        """Yield one report: the unrolled graph."""
        ctx.check()
        steps = 1 if params.kind == "one to one" else params.steps
        inputs, outputs = ports(params.kind, steps)
        graph = unrolled_graph(steps, inputs, outputs)
        yield Report({"graph": graph}, (_EXAMPLES[params.kind],))


def ports(kind: str, steps: int) -> tuple[set[int], set[int]]:
    """Return the steps with an input, and the steps with an output."""
    every = set(range(steps))
    return {
        "one to one": ({0}, {0}),
        "one to many": ({0}, every),
        "many to one": (every, {steps - 1}),
        "many to many, delayed": (
            set(range((steps + 1) // 2)),
            set(range((steps + 1) // 2 - 1, steps)),
        ),
        "many to many, in step": (every, every),
    }[kind]


def unrolled_graph(steps: int, inputs: set[int], outputs: set[int]) -> Diagram:
    """Return the diagram of a recurrent network unrolled over some steps."""
    nodes: list[DiagramNode] = []
    edges: list[DiagramEdge] = []
    before = -1
    for step in range(steps):
        if step in inputs:
            nodes.append(_node("x", step, "input"))
        state = len(nodes)
        nodes.append(_node("h", step, "linear"))
        if step in inputs:
            edges.append(DiagramEdge(source=state - 1, target=state, label="W_xh"))
        if before >= 0:
            edges.append(DiagramEdge(source=before, target=state, label="W_hh"))
        if step in outputs:
            nodes.append(_node("y", step, "output"))
            edges.append(DiagramEdge(source=state, target=state + 1, label="W_hy"))
        before = state
    return Diagram(nodes=tuple(nodes), edges=tuple(edges))


def _node(letter: str, step: int, kind: str) -> DiagramNode:
    """Return the node of an output, state or input: a column a step, a row a kind."""
    return DiagramNode(
        name=f"{letter}{step}",
        cell=(step, "yhx".index(letter)),
        title=f"{letter}{step + 1}",
        kind=kind,
    )
