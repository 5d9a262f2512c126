"""``nnviz train network``, ``autoencoder``, ``characters``: watched training runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.catalogue import Catalogue
from nnviz.base.info import MethodInfo
from nnviz.base.shipped.resources import resource
from nnviz.cli import arguments, console
from nnviz.cli.arguments import text_option, whole_option

if TYPE_CHECKING:
    from nnviz.api.trained import TrainedNetwork


@dataclass(frozen=True, slots=True)
class _Recipe:
    """A kind of watched training run.

    Attributes:
        method: the training method.
        what: beginning of the help text.
        opens: use of the weights.
    """

    method: str
    what: str
    opens: str


RECIPES = {
    "network": _Recipe(
        "train_network",
        "Train a small network on digits, generated scenes or your own folder.",
        "they open as a network",
    ),
    "autoencoder": _Recipe(
        "train_autoencoder",
        "Train an autoencoder on digits, generated scenes or your own folder.",
        "they open as a network",
    ),
    "characters": _Recipe(
        "train_characters",
        "Train a character model on a text of your own.",
        "--weights opens them again",
    ),
}
"""Recipes by the argument after ``nnviz train``."""


def execute(name: str, words: Sequence[str]) -> int:
    """Run the command: train or resume; write weights, curves and recording."""
    recipe = RECIPES[name]
    method = _method(recipe.method)
    options = _parser(name, recipe, method).read(words)
    values = arguments.method_values(options, method)
    from nnviz.api.trained import train_recorded  # noqa: PLC0415  imports numpy

    with console.ProgressLine() as progress:
        found = train_recorded(
            recipe.method, options.out, options.name, options.seed, progress, values
        )
    answer = {"files": list(found.files), "figures": dict(found.figures)}
    return console.conclude(answer, lambda: _tell(found), json=options.json)


def _tell(found: "TrainedNetwork") -> None:
    for figure, value in found.figures.items():
        console.line(f"  {figure:<20}{value:.4g}")
    for file in found.files:
        console.line(file)


def _method(name: str) -> MethodInfo:
    text = resource("catalogue.json").read_text("utf-8")
    methods = Catalogue.from_json(text).methods
    return next(each for each in methods if each.name == name)


def _parser(name: str, recipe: _Recipe, method: MethodInfo) -> arguments.Parser:
    parser = arguments.Parser(
        f"train {name}",
        f"{recipe.what}  Written are\nits weights ({recipe.opens}), the curves as CSV"
        " and TensorBoard events, and a\nrecording, from which a run that was stopped"
        " goes on.",
        usage="--out DIR [options]",
    )
    arguments.add_method(parser, method)
    parser.add(
        (
            text_option("--name", "NAME", "of the model's files", default=name),
            whole_option("--seed", 0, "of weights, order, dropout and augmentation"),
        )
    )
    arguments.add_json_option(parser)
    arguments.add_out(parser, str(Path("trained")))
    return parser
