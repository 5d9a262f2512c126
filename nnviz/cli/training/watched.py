"""``nnviz train network``, ``autoencoder``, ``inversion``, ...: watched training."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import UsageError
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
        opens: use of the weights; empty where there are none.
    """

    method: str
    what: str
    opens: str = ""

    @property
    def written(self) -> str:
        """Beginning of the list of written files."""
        if not self.opens:
            return "Writes\nthe curves"
        return f"Written are\nits weights ({self.opens}), the curves"


RECIPES = {
    "network": _Recipe(
        "train_network",
        "Train a small network on digits, generated scenes or your own folder.",
        "opened like any network",
    ),
    "autoencoder": _Recipe(
        "train_autoencoder",
        "Train an autoencoder on digits, generated scenes or your own folder.",
        "opened like any network",
    ),
    "characters": _Recipe(
        "train_characters",
        "Train a character model on a text of your own.",
        "reopened with --weights",
    ),
    "inversion": _Recipe(
        "train_inversion",
        "Train a decoder that reconstructs images from the features of a network's "
        "layer.",
        "reopened with --weights",
    ),
    "comparison": _Recipe(
        "compare_training", "Train small networks that differ in a few settings."
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
    from nnviz.cli import opening  # noqa: PLC0415  likewise

    model = opening.open_model(options) if method.needs_model else None
    with console.ProgressLine() as progress:
        found = train_recorded(
            recipe.method, options.out, options.name, options.seed, progress, values,
            model=model, image=_image(options) if method.needs_image else None,
        )  # fmt: skip
    answer = {"files": list(found.files), "figures": dict(found.figures)}
    return console.conclude(answer, lambda: _tell(found), json=options.json)


def _image(options: argparse.Namespace) -> str:
    """Return the path of the image that is watched.

    Raises:
        UsageError: none is named.
    """
    if not options.image:
        raise UsageError("--image", "missing", "name the image to watch")
    return str(options.image)


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
        f"{recipe.what}  {recipe.written} as CSV and TensorBoard events, and a\n"
        "recording, from which a stopped run can be resumed.",
        usage="--out DIR [options]",
    )
    arguments.add_method(parser, method)
    parser.add(
        (
            text_option("--name", "NAME", "name of the model's files", default=name),
            whole_option(
                "--seed", 0, "seed of weights, order, dropout and augmentation"
            ),
        )
    )
    if method.needs_image:
        watched = "image whose features are decoded after each epoch"
        parser.add((text_option("--image", "FILE", watched),))
    if method.needs_model:
        arguments.add_model_options(parser)
    arguments.add_json_option(parser)
    arguments.add_out(parser, str(Path("trained")))
    return parser
