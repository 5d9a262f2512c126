"""``nnviz replay``: reproduce results from saved images or recipes."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nnviz import api
from nnviz.base.recipes import Recipe
from nnviz.cli import console, opening, saved
from nnviz.cli.arguments import Option, Parser, add_json_option, add_out, text_option
from nnviz.storage.replay import read_recipe, stem_of


def execute(words: Sequence[str]) -> int:
    """Run the command: reproduce each saved result."""
    options = _parser().read(words)
    opening.check_out(Path(options.out))
    written = []
    for file in map(Path, options.files):
        recipe = read_recipe(file)
        result = _again(file, options)
        _say_differences(file, recipe, result.recipe)
        files = result.save(options.out, stem_of(file, recipe))
        written.append(saved.record(result, files))
        if not options.json:
            saved.tell(result, files)
    if options.json:
        console.answer(written)
    return 0


def _again(file: Path, options: argparse.Namespace) -> api.Result:
    with console.ProgressLine() as progress:
        return api.replay(file, options.image, labels=options.labels, progress=progress)


def _say_differences(file: Path, old: Recipe, new: Recipe) -> None:
    """Remark on everything that may keep the result from being the same."""
    if old.image_sha256 != new.image_sha256:
        console.remark(
            f"{file.name}: made of another image than the recipe's {old.image}"
        )
    changed = [
        f"{name} {version} (was {old.versions[name]})"
        for name, version in new.versions.items()
        if name in old.versions and old.versions[name] != version
    ]
    if old.device != new.device:
        changed.append(f"device {new.device} (was {old.device})")
    if changed:
        console.remark(f"{file.name}: may differ a little: {', '.join(changed)}")


_OPTIONS = (
    Option("files", metavar="FILE", nargs="+", help=".png or .json that nnviz saved"),
    Option(
        "--image",
        metavar="PATH",
        help=(
            "the original image, if it is neither beside the file nor recent; or "
            "another image"
        ),
    ),
    text_option("--labels", "FILE", "label file of the recipe"),
)


def _parser() -> Parser:
    parser = Parser(
        "replay",
        "Reproduce results from files that nnviz saved.  On the same machine with "
        "the same\nversions, the files are identical to the byte.",
        usage="FILE... [options]",
    )
    parser.add(_OPTIONS)
    add_out(parser)
    add_json_option(parser)
    return parser
