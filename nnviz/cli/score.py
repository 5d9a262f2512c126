"""``nnviz score``: how far methods' maps can be trusted, with confidence intervals."""

import dataclasses
from collections.abc import Sequence

from nnviz.base.errors import UsageError
from nnviz.base.explanations.scores import FIGURES, Score, ScoreTable
from nnviz.cli import console, opening
from nnviz.cli.arguments import (
    Parser,
    add_cluster_options,
    add_json_option,
    add_model_options,
    whole_number,
)


def execute(words: Sequence[str]) -> int:
    """Measure, with progress on stderr; the table is the answer."""
    options = _parser().read(words)
    if not options.methods:
        raise UsageError("score", "no method named", "nnviz methods lists them")
    if not options.data:
        raise UsageError("--data", "missing", "name a folder, or scenes")
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    with console.ProgressLine() as progress:
        found = api.score(
            options.methods,
            model,
            options.data,
            limit=options.limit,
            seed=options.seed,
            randomize=options.randomize,
            average_drop=options.average_drop,
            keep=options.keep,
            cluster=options.cluster,
            workers=options.workers,
            progress=progress,
        )
    if options.json:
        console.answer(dataclasses.asdict(found))
    else:
        _tell(found)
    return 0


def _tell(found: ScoreTable) -> None:
    console.heading(f"{found.reference} on {found.images} images of {found.data}")
    measured = {each.figure for row in found.rows for each in row.scores}
    figures = [each for each in FIGURES if each.name in measured]
    console.table(
        ("method", *(each.name for each in figures)),
        [
            (row.method, *(_cell(row.score(each.name)) for each in figures))
            for row in found.rows
        ],
        right=tuple(range(1, len(figures) + 1)),
    )
    for each in figures:
        better = "high is good" if each.higher_is_better else "low is good"
        console.line(f"  {each.name}: {each.help}; {better}")
    for note in found.notes:
        console.line(f"  {note}")
    console.line(f"  {found.seconds:.0f} s")


def _cell(score: Score | None) -> str:
    """Return a figure with its interval, and the verdict."""
    if score is None:
        return "-"
    mean = score.estimate
    verdict = f" {score.verdict}" if score.verdict else ""
    return f"{mean.mean:.2f} ({mean.low:.2f}-{mean.high:.2f}){verdict}"


def _parser() -> Parser:
    parser = Parser(
        "score",
        "Measure how far methods' maps can be trusted: deletion and insertion, and\n"
        "where the objects are known pointing game, energy inside and IoU, each\n"
        "beside a random map and an edge map of the same images, with 95 % intervals.",
        usage="METHOD... --model REF --data PATH|NAME [options]",
    )
    parser.add_argument(
        "methods", metavar="METHOD", nargs="*", help="of the group Explain"
    )
    parser.add_argument(
        "--data",
        metavar="PATH|NAME",
        default="",
        help="folder or zip file with images, with one JSON file in COCO's format or"
        " without; or generated scenes: scenes, scenes-planted, scenes-contradicting",
    )
    parser.add_argument(
        "--limit",
        metavar="N",
        type=whole_number("--limit"),
        default=0,
        help="use at most N images, taken evenly (default all)",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=whole_number("--seed"),
        default=0,
        help="seed of the random numbers (default 0)",
    )
    parser.add_argument(
        "--randomize",
        action="store_true",
        help="also compare with maps of the network with random weights",
    )
    parser.add_argument(
        "--average-drop",
        action="store_true",
        help="also fade the images by the maps: average drop, increase in confidence",
    )
    parser.add_argument(
        "--keep",
        metavar="FILE",
        default="",
        help="keep the figures of each image in a file of JSON lines; an interrupted"
        " table goes on from it, and further methods and images are added to it",
    )
    add_cluster_options(parser)
    add_model_options(parser)
    add_json_option(parser)
    return parser
