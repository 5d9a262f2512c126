"""``nnviz attack-curve``: accuracy against epsilon over a folder of pictures."""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

from nnviz.base.errors import UsageError
from nnviz.base.measures.evaluation import ATTACKS, SEARCHES, Robustness, read_epsilons
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Parser,
    add_cluster_options,
    add_json_option,
    add_model_options,
    add_out,
    whole_number,
)

_EPSILONS = "0,1,2,4,8"
_STEPS = 20


def execute(words: Sequence[str]) -> int:
    """Measure, with progress on stderr; write the curve and its figures."""
    options = _parser().read(words)
    if not options.data:
        raise UsageError("--data", "missing", "name a folder of images")
    opening.check_out(Path(options.out))
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none
    from nnviz.storage.attacks import save_curve  # noqa: PLC0415  likewise

    with console.ProgressLine() as progress:
        found = api.attack_curve(
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
    files = save_curve(found, Path(options.out))
    if options.json:
        written = {"files": [str(file) for file in files]}
        console.answer(dataclasses.asdict(found) | written)
    else:
        _tell(found, files)
    return 0


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


def _parser() -> Parser:
    parser = Parser(
        "attack-curve",
        "Measure how often a network is right where every image of a folder is\n"
        "attacked, by the noise that the attack may use.  Writes curve.ATTACK.NORM.csv,"
        "\n.png and .svg.",
        usage="--data FOLDER [--attack pgd] [--epsilons 0,1,2,4,8] [options]",
    )
    _add_attack(parser)
    parser.add_argument(
        "--data", metavar="PATH", default="",
        help="folder or zip file; sub-folders called as classes of the network tell "
        "what is right, else what the network says of the images as they are",
    )  # fmt: skip
    parser.add_argument(
        "--held-out", action="store_true",
        help="only what the project never trains on: of data split in train and test "
        "the test part, of others one fifth by file hash",
    )  # fmt: skip
    parser.add_argument(
        "--limit", metavar="N", type=whole_number("--limit"), default=0,
        help="use at most N images, taken evenly (default all)",
    )  # fmt: skip
    parser.add_general(
        "--seed", type=whole_number("--seed"), default=0, metavar="N",
        help="of the random starts (default 0)",
    )  # fmt: skip
    add_cluster_options(parser)
    add_model_options(parser)
    add_out(parser)
    add_json_option(parser)
    return parser


def _add_attack(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--attack", metavar="NAME", default="pgd",
        help=f"{', '.join(ATTACKS)} (default pgd); {' and '.join(SEARCHES)} look for "
        "the least noise, of which one attack tells the whole curve",
    )  # fmt: skip
    parser.add_argument(
        "--norm", choices=("linf", "l2"), default="",
        help="of the noise (default linf; l2 for "
        f"{' and '.join(SEARCHES)}, which know no other)",
    )  # fmt: skip
    parser.add_argument(
        "--epsilons", metavar="E,E,...", type=read_epsilons, default=_EPSILONS,
        help=f"in 1/255, rising (default {_EPSILONS})",
    )  # fmt: skip
    parser.add_argument(
        "--steps", metavar="N", type=whole_number("--steps"), default=_STEPS,
        help=f"of the attack (default {_STEPS})",
    )  # fmt: skip
