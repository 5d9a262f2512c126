"""``nnviz train network``: a small network, watched, with its curves."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.catalogue import Catalogue
from nnviz.base.info import MethodInfo
from nnviz.base.resources import resource
from nnviz.cli import arguments, console
from nnviz.cli.arguments import text_option, whole_option

if TYPE_CHECKING:
    from nnviz.api.trained import TrainedNetwork

_METHOD = "train_network"


def execute(words: Sequence[str]) -> int:
    """Train, or go on where it was stopped; write weights, curves and the recording."""
    method = _method()
    options = _parser(method).read(words)
    values = arguments.method_values(options, method)
    from nnviz.api.trained import train_network  # noqa: PLC0415  imports numpy

    with console.ProgressLine() as progress:
        found = train_network(
            options.out,
            name=options.name,
            seed=options.seed,
            progress=progress,
            **values,
        )
    answer = {"files": list(found.files), "figures": dict(found.figures)}
    return console.conclude(answer, lambda: _tell(found), json=options.json)


def _tell(found: "TrainedNetwork") -> None:
    for name, value in found.figures.items():
        console.line(f"  {name:<20}{value:.4g}")
    for file in found.files:
        console.line(file)


def _method() -> MethodInfo:
    text = resource("catalogue.json").read_text("utf-8")
    methods = Catalogue.from_json(text).methods
    return next(each for each in methods if each.name == _METHOD)


_OPTIONS = (
    text_option("--name", "NAME", "of the network's files", default="network"),
    whole_option("--seed", 0, "of weights, order, dropout and augmentation"),
)


def _parser(method: MethodInfo) -> arguments.Parser:
    parser = arguments.Parser(
        "train network",
        "Train a small network on digits, generated scenes or your own folder.  Written"
        " are\nits weights (they open as a network), the curves as CSV and TensorBoard"
        " events, and a\nrecording, from which a run that was stopped goes on.",
        usage="--out DIR [options]",
    )
    arguments.add_method(parser, method)
    parser.add(_OPTIONS)
    arguments.add_json_option(parser)
    arguments.add_out(parser, str(Path("trained")))
    return parser
