"""``nnviz train head``: train a head for your own classes or numbers."""

import argparse
from collections.abc import Sequence

from nnviz.base.errors import UsageError
from nnviz.base.measures.training import TaughtHead
from nnviz.cli import console
from nnviz.cli.arguments import (
    Parser,
    add_json_option,
    add_out,
    flag_option,
    text_option,
    whole_option,
)


def execute(words: Sequence[str]) -> int:
    """Run the command: train the head; write its accuracy and path."""
    options = _parser().read(words)
    if not options.data:
        raise UsageError(
            "--data", "missing", "name a folder with a subfolder for each class"
        )
    found = _taught(options)
    return console.conclude(found, lambda: _tell(found), json=options.json)


def _taught(options: argparse.Namespace) -> TaughtHead:
    from nnviz.api.trained import teach  # noqa: PLC0415  imports numpy; --help not

    with console.ProgressLine() as progress:
        return teach(
            options.data,
            options.out,
            backbone=options.backbone,
            name=options.name,
            regression=options.regress,
            unit=options.unit,
            fine_tune=options.fine_tune,
            seed=options.seed,
            progress=progress,
        )


def _tell(found: TaughtHead) -> None:
    console.heading(f"{found.path}")
    learned = sum(found.images)
    kept_back = f"{found.held_out} held out"
    if found.learned_all:
        kept_back += " until they were measured"
    console.line(f"  learned from {learned} images, {kept_back}")
    for line in found.skipped:
        console.remark(f"  skipped {line}")
    if found.accuracy is not None:
        console.line(f"  {100 * found.accuracy:.1f} % accuracy on the held-out images")
    if found.error is not None and found.usual_error is not None:
        unit = f" {found.unit}" if found.unit else ""
        usual = f"(if the mean were always predicted: {found.usual_error:.3g}{unit})"
        console.line(f"  mean error {found.error:.3g}{unit} {usual}")
    console.line(f"  {found.seconds:.1f} s on the features of {found.backbone}")
    if found.confusion:
        _tell_confusion(found)
    console.line(f"\nnnviz run predictions IMAGE --model {found.path}")
    if found.program:
        console.line(f"python {found.program} IMAGE   (plain torch)")


def _tell_confusion(found: TaughtHead) -> None:
    console.heading("\nHeld-out images, by class (rows) and prediction")
    rows = [
        (name, *(str(count) for count in row))
        for name, row in zip(found.classes, found.confusion, strict=True)
    ]
    console.table(("", *found.classes), rows, right=range(1, len(rows) + 1))


_OPTIONS = (
    text_option(
        "--backbone",
        "REF",
        "network whose features are used (default bundled:imagenet)",
    ),
    text_option(
        "--data",
        "PATH",
        "folder with one subfolder of images per class; or a CSV file with a "
        "header, then an image's path and its class or number in each line",
    ),
    text_option(
        "--name", "NAME", "title of the new network (default: name of the data)"
    ),
    flag_option(
        "--regress",
        "learn numbers (regression): the names of the subfolders, or the numbers of "
        "the table",
    ),
    text_option("--unit", "UNIT", "unit of these numbers"),
    whole_option(
        "--fine-tune",
        0,
        "fine-tune all layers for N epochs, which takes minutes; a stopped run can "
        "be resumed",
        metavar="EPOCHS",
    ),
    whole_option("--seed", 0, "seed of fine-tuning"),
)


def _parser() -> Parser:
    parser = Parser(
        "train head",
        "Teach a network classes or numbers of your own: a linear layer on the "
        "features of a\nfrozen network.  A fifth of the images, chosen by hash, is "
        "held out to measure the\naccuracy; at the end the network learns these too.",
        usage="--data PATH --out DIR [options]",
    )
    parser.add(_OPTIONS)
    add_json_option(parser)
    add_out(parser)
    return parser
