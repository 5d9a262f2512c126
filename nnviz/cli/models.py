"""``nnviz models``: list, inspect, compare or download networks."""

import argparse
import dataclasses
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.errors import UsageError, unknown
from nnviz.base.info import (
    LayerInfo,
    ModelEntry,
    ModelInfo,
    OutputActivation,
    Task,
    obstacle,
)
from nnviz.base.preprocess import Preprocess
from nnviz.cli import console, known
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    add_model_options,
    flag_option,
)
from nnviz.engine.models.weights.places import find_weights

if TYPE_CHECKING:
    from nnviz.api.compared import ArchitectureComparison

_DRAWN = (".svg", ".png")
_SCORED = {Task.CLASSIFY, Task.MULTILABEL}
_PROBABILITIES = {
    OutputActivation.SOFTMAX: "by softmax of the output",
    OutputActivation.SIGMOID: "by sigmoid of the output",
    OutputActivation.NONE: "the output itself",
}
_ACTIONS = ("list", "inspect", "compare", "fetch")


def execute(words: Sequence[str]) -> int:
    """Run the command: list, inspect, compare or download networks."""
    action = next((word for word in words if not word.startswith("-")), "list")
    match action:
        case "inspect":
            _inspect(_inspect_parser().read(words))
        case "compare":
            _compare(_compare_parser().read(words))
        case "fetch":
            _fetch(_fetch_parser().read(words))
        case _:
            options = _list_parser().read(words)
            if options.action != "list":
                raise unknown("action", options.action, _ACTIONS)
            _list(options)
    return 0


def _list(options: argparse.Namespace) -> None:
    entries = _found(options.search)
    if options.json:
        console.answer(
            [dataclasses.asdict(entry) | {"here": _is_here(entry)} for entry in entries]
        )
        return
    console.table(
        ("reference", "family", "weights", "download", "score", "year", "here"),
        [_row(entry) for entry in entries],
        right=(2, 3, 4, 5),
    )


def _found(search: str) -> list[ModelEntry]:
    """Return the networks that match every word of the search.

    Raises:
        UsageError: no network does.
    """
    entries = [each for each in known.catalogue().models if _fits(each, search)]
    if not entries:
        raise UsageError(
            search, "no network has that name", "nnviz models lists them all"
        )
    return entries


def _fits(entry: ModelEntry, search: str) -> bool:
    """Return whether an entry matches every word of the search."""
    text = f"{entry.reference} {entry.title} {entry.family} {entry.year}".lower()
    return all(word in text for word in search.lower().split())


def _row(entry: ModelEntry) -> tuple[str, ...]:
    return (
        entry.reference,
        entry.family,
        console.count(entry.parameters),
        console.file_size(entry.file_size) if entry.file_size else "-",
        "-" if entry.accuracy is None else f"{entry.accuracy:.1f} % {entry.metric}",
        str(entry.year) if entry.year else "-",
        "yes" if _is_here(entry) else "no",
    )


def _is_here(entry: ModelEntry) -> bool:
    """Return whether a network opens without a download."""
    return not entry.file or find_weights(entry.file) is not None


def _inspect(options: argparse.Namespace) -> None:
    from nnviz.cli import opening  # noqa: PLC0415  numpy; a list needs none

    options.model = options.reference
    info = opening.open_model(options, warn=False).info
    if options.json:
        verdicts = {
            each.name: obstacle(each, info) for each in known.catalogue().methods
        }
        console.answer(dataclasses.asdict(info) | {"methods": verdicts})
    else:
        _tell(info)


def _tell(info: ModelInfo) -> None:
    console.heading(f"{info.title} ({info.reference})")
    for name, value in _facts(info):
        console.line(f"  {name:<14} {value}")
    _findings(info)
    _suitable(info)
    console.heading("\nLayers")
    console.table(
        ("layer", "kind", "output", "weights", "MACs", "field"),
        [_layer(layer) for layer in info.layers],
        right=(3, 4, 5),
    )
    if info.card:
        console.heading("\nCard")
        console.line(info.card.strip())


def _facts(info: ModelInfo) -> Iterable[tuple[str, str]]:
    yield "weights", f"{info.weights}, sha256 {info.sha256[:12]}"
    yield "task", info.task
    if info.output:
        yield "output", info.output
    if info.task in _SCORED:
        yield "probabilities", _PROBABILITIES[info.output_activation]
    if info.labels:
        yield "classes", f"{len(info.labels)}: {_first(info.labels)}"
    if info.counted:
        yield "parameters", console.count(info.parameters)
        yield "MACs", f"{console.count(info.macs)} for one image"
    yield "smallest input", "{} x {} px".format(*info.smallest_input)
    yield "preprocessing", preprocess_text(info.preprocess)
    for note in info.notes:
        yield "note", note


def preprocess_text(preprocess: Preprocess) -> str:
    """Format a preprocessing as one line."""
    size = "{} x {} px".format(*preprocess.input_size)
    resized = {"crop": "shorter side", "whole": "shorter side", "squash": "both sides"}
    side = resized.get(preprocess.fit)
    resize = f"{side} {preprocess.resize} px, " if side else ""
    mean, std = (
        " ".join(f"{value:g}" for value in values)
        for values in (preprocess.mean, preprocess.std)
    )
    return (
        f"{resize}{preprocess.fit} to {size}, {preprocess.interpolation}, "
        f"mean {mean}, std {std}, {preprocess.order}, 0 to {preprocess.value_range:g}"
    )


def _findings(info: ModelInfo) -> None:
    console.heading("\nDoctor")
    if not info.findings:
        console.line("  found nothing to warn of")
    for finding in info.findings:
        console.line(f"  {finding.severity:<8} {finding.text}")
    if info.candidates:
        console.heading("\nPreprocessing inferred from the batch norm statistics")
        for each in info.candidates:
            console.line(f"  {each.distance:>10.3g}  {each.name}")


def _suitable(info: ModelInfo) -> None:
    """Write how many methods work on a network, and why the others do not."""
    methods = known.catalogue().methods
    reasons: dict[str, list[str]] = {}
    for method in methods:
        reasons.setdefault(obstacle(method, info), []).append(method.name)
    working = reasons.pop("", [])
    console.heading("\nMethods")
    console.line(f"  {len(working)} of {len(methods)} work as they are")
    for reason, names in sorted(reasons.items(), key=lambda each: -len(each[1])):
        console.line(f"  {reason}: {', '.join(names)}")


def _layer(layer: LayerInfo) -> tuple[str, ...]:
    shape, field = layer.shape, layer.receptive_field
    return (
        layer.name,
        layer.kind,
        "not run" if shape is None else " x ".join(map(str, shape)),
        console.count(layer.parameters) if layer.parameters else "-",
        console.count(layer.macs) if layer.macs else "-",
        "-" if field is None else f"{field[0]} px",
    )


def _first(labels: Sequence[str], limit: int = 4) -> str:
    return ", ".join(labels[:limit]) + (", ..." if len(labels) > limit else "")


def _compare(options: argparse.Namespace) -> None:
    from nnviz import api  # noqa: PLC0415  numpy; a list needs none

    if options.figure and Path(options.figure).suffix.lower() not in _DRAWN:
        reason = "a comparison is written as SVG or PNG"
        raise UsageError(options.figure, reason, "name a .svg or .png file")
    with console.ProgressLine() as progress:
        models = [
            api.load(each, trust=options.trust, progress=progress)
            for each in (options.first, options.second)
        ]
        found = api.compare_architectures(*models)
    files = [str(found.save(options.figure))] if options.figure else []
    infos = [each.info for each in models]
    answer = {**_compared(infos, found), "files": files}
    console.conclude(
        answer, lambda: _tell_compared(infos, found, files), json=options.json
    )


def _compared(
    infos: Sequence[ModelInfo], found: "ArchitectureComparison"
) -> dict[str, object]:
    facts = [
        {"model": each.title, "parameters": each.parameters, "macs": each.macs}
        for each in infos
    ]
    rows = {"columns": found.table.columns, "rows": found.table.rows}
    return {"models": facts, "counts": found.counts, "differences": rows}


def _tell_compared(
    infos: Sequence[ModelInfo], found: "ArchitectureComparison", files: Sequence[str]
) -> None:
    rows = [
        (each.title, console.count(each.parameters), console.count(each.macs))
        for each in infos
    ]
    console.table(("model", "parameters", "MACs"), rows, right=(1, 2))
    table = found.table
    console.line(", ".join(f"{n} {verdict}" for verdict, n in found.counts.items()))
    if table.rows:
        cells = [tuple(map(str, row)) for row in table.rows]
        console.table(table.columns, cells)
    for file in files:
        console.line(file)


def _fetch(options: argparse.Namespace) -> None:
    from nnviz import api  # noqa: PLC0415  numpy; a list needs none

    with console.ProgressLine() as progress:
        path = api.fetch(options.reference, progress)
    if options.json:
        console.answer({"reference": options.reference, "file": str(path)})
    else:
        console.line(str(path))


def _list_parser() -> Parser:
    parser = Parser(
        "models",
        "List networks, inspect one, compare two, or download weights.",
        usage="[list] [--search WORDS] [options]\n"
        "       nnviz models inspect REF [options]\n"
        "       nnviz models compare REF REF [options]\n"
        "       nnviz models fetch REF",
    )
    parser.add_argument("action", nargs="?", default="list", help=argparse.SUPPRESS)
    parser.add_argument(
        "--search",
        metavar="WORDS",
        default="",
        help="only networks that match these words",
    )
    add_json_option(parser)
    return parser


def _inspect_parser() -> Parser:
    parser = Parser(
        "models",
        "Show the facts, preprocessing, findings, layers and card of a network.",
        usage="inspect REF [options]",
    )
    parser.add_argument("action", help=argparse.SUPPRESS)
    parser.add_argument("reference", metavar="REF", help=argparse.SUPPRESS)
    add_model_options(parser, with_reference=False)
    add_json_option(parser)
    return parser


_COMPARE = (
    Option(
        "--figure",
        metavar="FILE",
        help="also write both graphs side by side, differences framed: .svg or .png",
    ),
    flag_option(
        "--trust",
        "run the network's own code if it is a program; remembered for its file",
    ),
)


def _compare_parser() -> Parser:
    parser = Parser(
        "models",
        "Compare two networks: which layers and operations differ.",
        usage="compare REF REF [options]",
    )
    parser.add_argument("action", help=argparse.SUPPRESS)
    parser.add_argument("first", metavar="REF", help=argparse.SUPPRESS)
    parser.add_argument("second", metavar="REF", help=argparse.SUPPRESS)
    parser.add(_COMPARE)
    add_json_option(parser)
    return parser


def _fetch_parser() -> Parser:
    parser = Parser(
        "models",
        "Download the weights of a network to the user's cache.",
        usage="fetch REF [options]",
    )
    parser.add_argument("action", help=argparse.SUPPRESS)
    parser.add_argument("reference", metavar="REF", help=argparse.SUPPRESS)
    add_json_option(parser)
    return parser
