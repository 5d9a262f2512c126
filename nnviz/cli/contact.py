"""``nnviz contact``: several methods on one image as one contact sheet."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.errors import UsageError
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Value
from nnviz.cli import console, known, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    add_model_options,
    text_option,
    whole_option,
)
from nnviz.storage.contact_sheets import check_name

if TYPE_CHECKING:
    from nnviz import api

_TARGET = "target"


def execute(words: Sequence[str]) -> int:
    """Run the command: run each method on the image; write their contact sheet."""
    options = _parser().read(words)
    *names, image = options.words or [""]
    if not names:
        raise UsageError(
            "contact", "no method or no image named", "nnviz contact METHOD... IMAGE"
        )
    methods = [known.method(name.replace("-", "_")) for name in names]
    out = Path(options.out)
    check_name(out)
    opening.check_out(out.parent)
    results = _results(methods, image, options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    file = str(api.contact_sheet(results, out))
    answer = {"file": file}
    return console.conclude(answer, lambda: console.line(file), json=options.json)


def _results(
    methods: Sequence[MethodInfo], image: str, options: argparse.Namespace
) -> list["api.Result"]:
    """Run each method on the image."""
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    photo = api.open_image(image)
    with console.ProgressLine() as progress:
        return [
            api.run(
                method.name,
                model,
                photo if method.needs_image else None,
                seed=options.seed,
                record="",
                progress=progress,
                **_values(method, options.target),
            )
            for method in methods
        ]


def _values(method: MethodInfo, target: str) -> dict[str, Value]:
    """Return the target as a parameter, for a method that takes one."""
    takes = any(each.name == _TARGET for each in method.parameters)
    return {_TARGET: target} if target and takes else {}


_OPTIONS = (
    Option("words", metavar="METHOD... IMAGE", nargs="*"),
    text_option("--target", "TARGET", "what to explain (default: the predicted class)"),
    whole_option("--seed", 0, "seed of the random number generator (default 0)"),
)


def _parser() -> Parser:
    parser = Parser(
        "contact",
        "Run several methods on one image; writes a contact sheet of results with "
        "legends.",
        usage="METHOD... IMAGE [options]",
    )
    parser.add(_OPTIONS)
    parser.add_general(
        "--out",
        metavar="FILE",
        default="contact.png",
        help="PNG file to write (default %(default)s)",
    )
    add_model_options(parser)
    add_json_option(parser)
    return parser
