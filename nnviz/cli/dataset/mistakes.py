"""``nnviz mistakes``: wrong predictions, suspect labels and duplicates of a set."""

import argparse
import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING

from nnviz.base.dataset.mistakes import Disagreement, Duplicate, Mistakes
from nnviz.base.errors import UsageError
from nnviz.base.measures.evaluation import Confusion
from nnviz.cli import console
from nnviz.cli.arguments import Parser, flag_option, text_option
from nnviz.cli.dataset.opening import index_parser, open_index, plain

if TYPE_CHECKING:
    from nnviz import api

_SHOWN = 10
_JUDGES = ("network", "features")


def execute(words: Sequence[str]) -> int:
    """Run the command: write the mistakes, or two networks' disagreements."""
    options = _parser().read(words)
    index = open_index(options)
    if options.by and options.by not in _JUDGES:
        raise UsageError("--by", f"{options.by!r} is not known", "network or features")
    found = _found(index, options)
    if options.json:
        console.answer(plain(dataclasses.asdict(found)))
    elif isinstance(found, Disagreement):
        _tell_compared(found)
    else:
        _tell(found, _SHOWN)
    return 0


def _found(index: "api.Index", options: argparse.Namespace) -> Mistakes | Disagreement:
    with console.ProgressLine() as progress:
        if options.against:
            return index.compare(
                options.against, count=options.count, progress=progress
            )
        return index.mistakes(
            count=options.count,
            by=options.by,
            duplicates=not options.no_duplicates,
            progress=progress,
        )


def _tell(found: Mistakes, shown: int) -> None:
    console.heading(f"{found.model} on {found.images} images, {found.labeled} labeled")
    _tell_figures(found)
    _tell_classes(found, shown)
    _tell_suspects(found, shown)
    _tell_duplicates(found, shown)
    for note in filter(None, (*found.notes, found.duplicates_note)):
        console.line(f"  {note}")


def _tell_figures(found: Mistakes) -> None:
    if found.labeled:
        console.line(f"  {'top-1':<24}{100 * found.accuracy:6.1f} %")
        console.line(f"  {'mean per class':<24}{100 * found.mean_per_class:6.1f} %")
    if found.reliability is not None:
        error = found.reliability.error
        console.line(f"  {'calibration error (ECE)':<24}{100 * error:6.1f} %")


def _tell_classes(found: Mistakes, shown: int) -> None:
    """Write accuracy by class, and the most frequent confusions."""
    _table(
        "Worst classes",
        ("class", "images", "score"),
        [(each.name, str(each.count), f"{100 * each.score:.1f} %")
         for each in found.classes[:shown]],
        (1, 2),
    )  # fmt: skip
    _table(
        "Most frequent confusions",
        ("is", "predicted", "images", "share"),
        [_confusion(each) for each in found.confusions[:shown]],
        (2, 3),
    )


def _tell_suspects(found: Mistakes, shown: int) -> None:
    """Write the images worth opening: confident mistakes and suspect labels."""
    _table(
        "Most confident mistakes",
        ("record", "confidence", "is", "predicted", "image"),
        [(str(each.record), f"{100 * each.confidence:.1f} %", each.label,
          each.predicted, each.path) for each in found.confident[:shown]],
        (0, 1),
    )  # fmt: skip
    _table(
        f"Likely wrong labels, by {found.suspected_by}",
        ("record", "margin", "labeled", "rather", "image"),
        [(str(each.record), f"{each.margin:+.2f}", each.label, each.suggested,
          each.path) for each in found.suspects[:shown]],
        (0, 1),
    )  # fmt: skip


def _tell_duplicates(found: Mistakes, shown: int) -> None:
    _table(
        "Near duplicates",
        ("records", "likeness", "splits", "images"),
        [_pair(each) for each in found.duplicates[:shown]],
        (1,),
    )


def _confusion(each: Confusion) -> tuple[str, str, str, str]:
    return each.truth, each.said, str(each.count), f"{100 * each.share:.0f} %"


def _pair(each: Duplicate) -> tuple[str, str, str, str]:
    splits = "leak" if each.leak else "-"
    records = f"{each.first}, {each.second}"
    return records, f"{each.likeness:.3f}", splits, ", ".join(each.paths)


def _table(
    title: str,
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    right: Sequence[int],
) -> None:
    if rows:
        console.heading(f"\n{title}")
        console.table(columns, rows, right)


def _tell_compared(found: Disagreement) -> None:
    first, second = found.models
    console.heading(f"{first} and {second} on {found.images} images")
    console.line(f"  {'agreement':<28}{100 * found.agreeing:6.1f} %")
    for model, accuracy, alone in zip(
        found.models, found.accuracies, found.only, strict=True
    ):
        if accuracy == accuracy:  # noqa: PLR0124  not a number: no labels
            console.line(f"  {model:<28}{100 * accuracy:6.1f} % right, {alone} alone")
    _table(
        "They disagree",
        ("record", first, second, "image"),
        [(str(record), *answers, path) for record, answers, path in
         list(zip(found.records, found.answers, found.paths, strict=True))[:_SHOWN]],
        (0,),
    )  # fmt: skip


_OPTIONS = (
    text_option(
        "--by",
        "JUDGE",
        "how labels are judged: network, by its probabilities, or features, by "
        "linear probes that have not seen the image (default: network if it knows "
        "the classes)",
    ),
    flag_option("--no-duplicates", "do not search for near duplicates"),
    text_option(
        "--against",
        "INDEX",
        "index of another network on the same set, to report where the two disagree",
    ),
)


def _parser() -> Parser:
    parser = index_parser(
        "mistakes",
        "Find what a network gets wrong over an indexed set: accuracy per class, "
        "confusions,\ncalibration, the most confident mistakes; labels that are "
        "likely wrong (confident\nlearning); near duplicates, in one split or "
        "across splits (data leakage).",
        "INDEX [--against INDEX] [options]",
        count=100,
        what="maximum number of entries per list",
    )
    parser.add(_OPTIONS)
    return parser
