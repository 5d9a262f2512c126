"""``nnviz score``: trust scores of methods' maps, with confidence intervals."""

import argparse
from collections.abc import Sequence

from nnviz.base.errors import UsageError
from nnviz.base.explanations.scores import FIGURES, Score, ScoreTable
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


def execute(words: Sequence[str]) -> int:
    """Run the command: score the methods, and write the table."""
    options = _parser().read(words)
    if not options.methods:
        raise UsageError("score", "no method named", "nnviz methods lists them")
    if not options.data:
        raise UsageError("--data", "missing", "name a folder, or scenes")
    found = _measured(options)
    return console.conclude(found, lambda: _tell(found), json=options.json)


def _measured(options: argparse.Namespace) -> ScoreTable:
    model = opening.open_model(options)
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    with console.ProgressLine() as progress:
        return api.score(
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


def _tell(found: ScoreTable) -> None:
    console.heading(f"{found.reference} on {found.images} images of {found.data}")
    measured = {each.figure for row in found.rows for each in row.scores}
    figures = [each for each in FIGURES if each.name in measured]
    console.table(
        ("method", *(each.name for each in figures)),
        [(row.method, *(_cell(row.score(each.name)) for each in figures))
         for row in found.rows],
        right=tuple(range(1, len(figures) + 1)),
    )  # fmt: skip
    for each in figures:
        better = "high is good" if each.higher_is_better else "low is good"
        console.line(f"  {each.name}: {each.help}; {better}")
    for note in found.notes:
        console.line(f"  {note}")
    console.line(f"  {found.seconds:.0f} s")


def _cell(score: Score | None) -> str:
    """Return a score with its interval and verdict."""
    if score is None:
        return "-"
    mean = score.estimate
    verdict = f" {score.verdict}" if score.verdict else ""
    return f"{mean.mean:.2f} ({mean.low:.2f}-{mean.high:.2f}){verdict}"


_OPTIONS = (
    Option("methods", metavar="METHOD", nargs="*", help="methods of the group Explain"),
    text_option(
        "--data",
        "PATH|NAME",
        "folder or zip file with images, with or without one COCO JSON file; or "
        "generated scenes: scenes, scenes-planted, scenes-contradicting",
    ),
    whole_option("--limit", 0, "use at most N images, evenly sampled (default: all)"),
    whole_option("--seed", 0, "seed of the random number generator (default 0)"),
    flag_option(
        "--randomize", "also compare with maps of the network with random weights"
    ),
    flag_option(
        "--average-drop",
        "also mask the images by the maps: average drop, increase in confidence",
    ),
    text_option(
        "--keep",
        "FILE",
        "JSON lines file for the figures of each image; an interrupted table "
        "continues from it, and further methods and images are added",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "score",
        "Measure how far the maps of methods can be trusted: deletion and insertion "
        "and, if\nthe objects are known, pointing game, energy inside and IoU, each "
        "compared with a\nrandom map and an edge map of the same images, with 95 % "
        "intervals.",
        usage="METHOD... --model REF --data PATH|NAME [options]",
    )
    parser.add(_OPTIONS)
    add_cluster_options(parser)
    add_model_options(parser)
    add_json_option(parser)
    return parser
