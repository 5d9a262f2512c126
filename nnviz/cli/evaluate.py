"""``nnviz evaluate``: how good a network is on pictures whose truth is known."""

import dataclasses
from collections.abc import Sequence

from nnviz.base.errors import UsageError
from nnviz.base.info import Task
from nnviz.base.measures.evaluation import Evaluation
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Parser,
    add_cluster_options,
    add_json_option,
    add_model_options,
    whole_number,
)

_WORST = 5


def execute(words: Sequence[str]) -> int:
    """Measure, with progress on stderr; the figures are the answer."""
    options = _parser().read(words)
    if not options.model:
        raise UsageError("evaluate", "no network named", "nnviz models lists them")
    if not options.data:
        raise UsageError("--data", "missing", "name a folder, a zip file, or digits")
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    with console.ProgressLine() as progress:
        found = api.evaluate(
            model,
            options.data,
            held_out=options.held_out,
            limit=options.limit,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
        )
    if options.json:
        console.answer(dataclasses.asdict(found))
    else:
        _tell(found, model.info.task)
    return 0


def _tell(found: Evaluation, task: Task) -> None:
    pictures = f"{found.pictures} images"
    console.heading(f"{found.reference} on {pictures} of {found.data}")
    for name, score in found.scores.items():
        console.line(f"  {name:<16}{100 * score:5.1f} %")
    console.line(f"  {'time':<16}{found.seconds:5.0f} s")
    for note in found.notes:
        console.line(f"  {note}")
    if found.classes:
        console.heading("\nWorst classes")
        counted = "pictures" if task is Task.CLASSIFY else "pixels"
        console.table(
            ("class", counted, "score"),
            [
                (each.name, str(each.count), f"{100 * each.score:.1f} %")
                for each in found.classes[:_WORST]
            ],
            right=(1, 2),
        )
    if found.confusions:
        console.heading("\nTaken for another")
        console.table(
            ("is", "said to be", "pictures", "share"),
            [
                (each.truth, each.said, str(each.count), f"{100 * each.share:.0f} %")
                for each in found.confusions
            ],
            right=(2, 3),
        )


def _parser() -> Parser:
    parser = Parser(
        "evaluate",
        "Measure how good a network is: top-1, top-5, mean per class and confusions of"
        " a\nclassifier, COCO's mAP of a detector, mean IoU of a segmenter.",
        usage="REF --data PATH|NAME [options]",
    )
    parser.add_argument("model", metavar="REF", nargs="?", help="of the network")
    parser.add_argument(
        "--data",
        metavar="PATH|NAME",
        default="",
        help="folder or zip file: for a classifier a sub-folder for each class, for a"
        " detector or segmenter images with one JSON file in COCO's format; or data"
        " that the program makes: digits, scenes, scenes-planted,"
        " scenes-contradicting",
    )
    parser.add_argument(
        "--held-out",
        action="store_true",
        help="only what the project never trains on: of data split in train and test"
        " the test part, of others one fifth by file hash",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=whole_number("--limit"),
        default=0,
        help="use at most N images, taken evenly (default all)",
    )
    add_cluster_options(parser)
    add_model_options(parser, with_reference=False)
    add_json_option(parser)
    return parser
