"""``nnviz train``: train a bundled network from scratch, or resume."""

import argparse
from collections.abc import Sequence
from functools import partial

from nnviz.base.events import EPOCH, Progress
from nnviz.base.requests import TrainModel
from nnviz.cli import console
from nnviz.cli.arguments import Option, Parser, add_out, text_option, whole_option
from nnviz.cli.training import head, watched

_NAMES = (
    "objects",
    "everyday",
    "digits",
    "scenes",
    "scenes-shortcut",
    "scenes-detector",
    "scenes-segmenter",
    "scenes-fcn32",
    "scenes-fcn16",
    "scenes-fcn8",
    "scenes-segnet",
    "scenes-deconvnet",
    "scenes-unet",
    "scenes-sharpmask",
    "scenes-captioner",
    "style",
)


def execute(words: Sequence[str]) -> int:
    """Run the command: train; epochs go to stderr, the weights' path to stdout."""
    if words and words[0] == "head":
        return head.execute(words[1:])
    if words and words[0] in watched.RECIPES:
        return watched.execute(words[0], words[1:])
    return _train(_parser().read(words))


def _train(options: argparse.Namespace) -> int:
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    request = TrainModel(
        name=options.name,
        data=options.data,
        out=options.out,
        epochs=options.epochs,
        seed=options.seed,
        style=options.style,
        network=options.network,
    )
    with console.ProgressLine() as steps:
        path = api.perform(request, partial(_tell, steps))
    console.line(str(path))
    return 0


def _tell(steps: console.ProgressLine, progress: Progress) -> None:
    """Show a step in place; keep an epoch's line."""
    if progress.unit == EPOCH:
        steps.keep(f"{progress.what}  ({progress.done}/{progress.total})")
    else:
        steps(progress)


_OPTIONS = (
    Option(
        "name",
        metavar="NAME",
        help=(
            "what to train: head (classes of your own), network (a small one),"
            " comparison (of such), autoencoder, inversion (a decoder of features),"
            " characters (a text's; each of these has a --help of its own)"
            f", {', '.join(_NAMES)}"
        ),
    ),
    text_option(
        "--data",
        "PATH",
        "folder with one subfolder per class, or a zip file of it; digits and "
        "scenes need none",
    ),
    whole_option(
        "--epochs",
        0,
        "number of epochs; 0 for the recipe's own number",
    ),
    whole_option("--seed", 0, "seed of weights, order and augmentation"),
    text_option(
        "--style",
        "PICTURE",
        "for style: file of the style image; or marbling, mosaic or strokes; the "
        "network can be used after each epoch",
    ),
    text_option(
        "--network",
        "REF",
        "for style: network whose layers define the loss",
        default="bundled:objects",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "train",
        "Train a bundled network from scratch.  A checkpoint in the output folder "
        "is resumed,\nso a stopped run loses at most one epoch.",
        usage="NAME [--data PATH] --out DIR [options]",
    )
    parser.add(_OPTIONS)
    add_out(parser)
    return parser
