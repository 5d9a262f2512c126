"""``nnviz train network``: a small network, watched, with its curves."""

from collections.abc import Sequence
from pathlib import Path

from nnviz.base.catalogue import Catalogue
from nnviz.base.info import MethodInfo
from nnviz.base.resources import resource
from nnviz.cli import arguments, console

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
    if options.json:
        console.answer({"files": list(found.files), "figures": dict(found.figures)})
        return 0
    for name, value in found.figures.items():
        console.line(f"  {name:<20}{value:.4g}")
    for file in found.files:
        console.line(file)
    return 0


def _method() -> MethodInfo:
    text = resource("catalogue.json").read_text("utf-8")
    methods = Catalogue.from_json(text).methods
    return next(each for each in methods if each.name == _METHOD)


def _parser(method: MethodInfo) -> arguments.Parser:
    parser = arguments.Parser(
        "train network",
        "Train a small network on digits, generated scenes or your own folder.  Written"
        " are\nits weights (they open as a network), the curves as CSV and TensorBoard"
        " events, and a\nrecording, from which a run that was stopped goes on.",
        usage="--out DIR [options]",
    )
    arguments.add_method(parser, method)
    parser.add_argument(
        "--name", metavar="NAME", default="network", help="of the network's files"
    )
    arguments.add_seed(parser, "of weights, order, dropout and augmentation")
    arguments.add_json_option(parser)
    arguments.add_out(parser, str(Path("trained")))
    return parser
