"""``nnviz attacked``: rescale, save and explain a saved attack."""

import argparse
import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nnviz import api
from nnviz.base.attacks import Rescaled
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    add_out,
    number_option,
    text_option,
    whole_option,
)
from nnviz.storage.replay import read_recipe, stem_of

_FACTS = ("epsilon", "norm", "budget", "fooled", "flips_at")
"""Fields of a rescaled attack for ``--json``."""


def execute(words: Sequence[str]) -> int:
    """Run the command: find the noise that flips the answer, and write the results."""
    options = _parser().read(words)
    opening.check_out(Path(options.out))
    given = {"image": options.image, "labels": options.labels}
    with console.ProgressLine() as progress:
        found = api.rescale(options.file, options.epsilon, progress=progress, **given)
    answer: dict[str, Any] = {name: getattr(found, name) for name in _FACTS}
    answer["notes"] = list(found.report.notes)
    if not options.json:
        _tell(found, searched=options.epsilon is None)
    if options.save:
        answer["saved"] = _save(options, given)
    if options.explain:
        answer |= _explain(options, given)
    if options.json:
        console.answer(answer)
    return 0


def _tell(found: Rescaled, *, searched: bool) -> None:
    unit = f"/255 ({found.norm})"
    if searched and found.flips_at is not None:
        console.line(
            f"flips at {found.flips_at:.3g}{unit} and above; the full perturbation has "
            f"{found.budget:.3g}"
        )
    elif searched:
        console.line(f"nothing flips up to {found.budget:.3g}{unit}")
    console.line(f"at {found.epsilon:.3g}{unit}:")
    for note in found.report.notes:
        console.line(f"  {note}")


def _save(options: argparse.Namespace, given: dict[str, Any]) -> dict[str, Any]:
    saved = api.save_attacked(
        options.file,
        options.save,
        epsilon=options.epsilon,
        quality=options.quality,
        **given,
    )
    if not options.json:
        console.line(saved.path)
        console.line(f"  {saved.words}")
    return dataclasses.asdict(saved)


def _explain(options: argparse.Namespace, given: dict[str, Any]) -> dict[str, Any]:
    with console.ProgressLine() as progress:
        board = api.before_and_after(
            options.file,
            options.explain.split(","),
            target=options.target,
            progress=progress,
            **given,
        )
    file = Path(options.file)
    stem = f"{stem_of(file, read_recipe(file)).partition('.')[0]}.before-after"
    files = board.save(Path(options.out), stem)
    changes = board.changes()
    if not options.json:
        console.line(str(files[0]))
        _tell_changes(changes, board.errors)
    return {"maps": [str(each) for each in files], "changes": changes}


_OPTIONS = (
    Option("file", metavar="FILE", help=".png or .json of a saved attack"),
    number_option(
        "--epsilon",
        None,
        "size of the perturbation, in 1/255 of the attack's norm (default: search "
        "for the smallest that flips the prediction, and save the full one)",
        metavar="E",
    ),
    text_option(
        "--save",
        "OUT",
        ".png, .jpg or .webp; reopened to test whether it still fools the network",
    ),
    whole_option("--quality", 95, "quality of JPEG and WebP, 1 to 100 (default 95)"),
    text_option(
        "--explain",
        "METHOD,...",
        "maps of the image before and after, on one scale, with their correlation",
    ),
    text_option(
        "--target", "T", "what to explain in both (default: the prediction of each)"
    ),
    Option(
        "--image",
        metavar="PATH",
        help="the original image, if it is neither beside the file nor recent",
    ),
    text_option("--labels", "FILE", "label file of the recipe"),
)


def _tell_changes(
    changes: Sequence[Mapping[str, Any]], errors: Mapping[str, str]
) -> None:
    for each in changes:
        rho = each["rank_correlation"]
        words = "no range to compare" if rho is None else f"{rho:.2f}"
        console.line(
            f"  {each['column']}: rank correlation {words}, "
            f"strongest tenth in common {100 * each['top_overlap']:.0f} %"
        )
    for place, text in errors.items():
        console.line(f"  {place}: {text}")


def _parser() -> Parser:
    parser = Parser(
        "attacked",
        "Continue with an attack that nnviz run saved: find the smallest "
        "perturbation that\nflips the prediction, write the attacked image and test "
        "the file again, explain the\nimage before and after.",
        usage="FILE [--epsilon E] [--save OUT] [--explain METHOD,...] [options]",
    )
    parser.add(_OPTIONS)
    add_out(parser)
    add_json_option(parser)
    return parser
