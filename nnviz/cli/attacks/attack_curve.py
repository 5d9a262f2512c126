"""``nnviz attack-curve``: accuracy against epsilon over a folder of images."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.measures.evaluation import ATTACKS, SEARCHES, Robustness, read_epsilons
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_cluster_options,
    add_json_option,
    add_model_options,
    add_out,
    add_seed,
    choice_option,
    flag_option,
    text_option,
    whole_option,
)

_EPSILONS = "0,1,2,4,8"
_STEPS = 20


def execute(words: Sequence[str]) -> int:
    """Run the command: measure the curve, and write it with its figures."""
    options = _parser().read(words)
    if not options.data:
        raise UsageError("--data", "missing", "name a folder of images")
    opening.check_out(Path(options.out))
    found = _measured(options)
    from nnviz.storage.attacks import save_curve  # noqa: PLC0415  imports numpy

    files = save_curve(found, Path(options.out))
    written = {"files": [str(file) for file in files]}
    return console.conclude(
        dataclasses.asdict(found) | written,
        lambda: _tell(found, files),
        json=options.json,
    )


def _measured(options: argparse.Namespace) -> Robustness:
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    with console.ProgressLine() as progress:
        return api.attack_curve(
            model,
            options.data,
            attack=options.attack,
            norm=options.norm,
            epsilons=options.epsilons,
            steps=options.steps,
            held_out=options.held_out,
            limit=options.limit,
            seed=options.seed,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
        )


def _tell(found: Robustness, files: Sequence[Path]) -> None:
    for file in files:
        console.line(str(file))
    console.heading(
        f"{found.reference}, {found.attack} ({found.norm}), "
        f"{found.pictures} images of {found.data}"
    )
    table = found.table()
    rows = [(f"{epsilon:g}", f"{share:.1f}") for epsilon, share in _numbers(found)]
    console.table(table.columns, rows, right=(0, 1))
    console.line(f"  {found.seconds:.0f} s")
    for note in found.notes:
        console.line(f"  {note}")


def _numbers(found: Robustness) -> list[tuple[float, float]]:
    pairs = zip(found.epsilons, found.accuracies, strict=True)
    return [(epsilon, 100 * accuracy) for epsilon, accuracy in pairs]


_OPTIONS = (
    text_option(
        "--attack",
        "NAME",
        (
            f"{', '.join(ATTACKS)} (default pgd); {' and '.join(SEARCHES)} search "
            "for the smallest perturbation, so that one run gives the whole curve"
        ),
        default="pgd",
    ),
    choice_option(
        "--norm",
        ("linf", "l2"),
        (
            "norm of the perturbation (default linf; l2 for "
            f"{' and '.join(SEARCHES)}, which have no other)"
        ),
        default="",
    ),
    Option(
        "--epsilons",
        metavar="E,E,...",
        type=read_epsilons,
        default=_EPSILONS,
        help=f"sizes of the perturbation in 1/255, ascending (default {_EPSILONS})",
    ),
    whole_option("--steps", _STEPS, f"steps of the attack (default {_STEPS})"),
    text_option(
        "--data",
        "PATH",
        "folder or zip file; subfolders named after classes of the network give the "
        "true classes, else the predictions on the clean images count as correct",
    ),
    flag_option(
        "--held-out",
        "use held-out images only: the test part of data split into train and test, "
        "otherwise one fifth, chosen by file hash",
    ),
    whole_option("--limit", 0, "use at most N images, evenly sampled (default: all)"),
)


def _parser() -> Parser:
    parser = Parser(
        "attack-curve",
        "Measure the accuracy of a network under attack on every image of a "
        "folder,\nfor several sizes of the perturbation.  Writes "
        "curve.ATTACK.NORM.csv, .png and\n.svg.",
        usage="--data FOLDER [--attack pgd] [--epsilons 0,1,2,4,8] [options]",
    )
    parser.add(_OPTIONS)
    add_seed(parser, "seed of the random starts (default 0)")
    add_cluster_options(parser)
    add_model_options(parser)
    add_out(parser)
    add_json_option(parser)
    return parser
