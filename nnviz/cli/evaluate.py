"""``nnviz evaluate``: evaluation of a network on images with known truth."""

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnviz.base.errors import UsageError
from nnviz.base.info import Task
from nnviz.base.measures.evaluation import Evaluation
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_cluster_options,
    add_json_option,
    add_model_options,
    flag_option,
    text_option,
    whole_option,
)

if TYPE_CHECKING:
    from nnviz import api

_WORST = 5


def execute(words: Sequence[str]) -> int:
    """Run the command: evaluate the network, and write its scores."""
    options = _parser().read(words)
    if not options.model:
        raise UsageError("evaluate", "no network named", "nnviz models lists them")
    if not options.data:
        raise UsageError("--data", "missing", "name a folder, a zip file, or digits")
    model = opening.open_model(options)
    found = _measured(model, options)
    task = model.info.task
    return console.conclude(found, lambda: _tell(found, task), json=options.json)


def _measured(model: "api.Model", options: argparse.Namespace) -> Evaluation:
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    with console.ProgressLine() as progress:
        return api.evaluate(
            model,
            options.data,
            held_out=options.held_out,
            limit=options.limit,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
        )


def _tell(found: Evaluation, task: Task) -> None:
    pictures = f"{found.pictures} images"
    console.heading(f"{found.reference} on {pictures} of {found.data}")
    for name, score in found.scores.items():
        console.line(f"  {name:<16}{100 * score:5.1f} %")
    console.line(f"  {'time':<16}{found.seconds:5.0f} s")
    for note in found.notes:
        console.line(f"  {note}")
    _tell_classes(found, "pictures" if task is Task.CLASSIFY else "pixels")


def _tell_classes(found: Evaluation, counted: str) -> None:
    """Write the worst classes and the most frequent confusions."""
    if found.classes:
        console.heading("\nWorst classes")
        rows = [
            (each.name, str(each.count), f"{100 * each.score:.1f} %")
            for each in found.classes[:_WORST]
        ]
        console.table(("class", counted, "score"), rows, right=(1, 2))
    if found.confusions:
        console.heading("\nMost frequent confusions")
        pairs = [
            (each.truth, each.said, str(each.count), f"{100 * each.share:.0f} %")
            for each in found.confusions
        ]
        columns = ("is", "predicted", "pictures", "share")
        console.table(columns, pairs, right=(2, 3))


_OPTIONS = (
    Option("model", metavar="REF", nargs="?", help="of the network"),
    text_option(
        "--data",
        "PATH|NAME",
        "folder or zip file: for a classifier one subfolder per class, for a "
        "detector or segmenter images with one COCO JSON file; or data that nnviz "
        "generates: digits, scenes, scenes-planted, scenes-contradicting",
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
        "evaluate",
        "Measure how accurate a network is: top-1, top-5, mean per class and "
        "confusions of a\nclassifier, COCO mAP of a detector, mean IoU of a "
        "segmenter.",
        usage="REF --data PATH|NAME [options]",
    )
    parser.add(_OPTIONS)
    add_cluster_options(parser)
    add_model_options(parser, with_reference=False)
    add_json_option(parser)
    return parser
