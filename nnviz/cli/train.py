"""``nnviz train``: train a bundled network from scratch, or go on where it stopped."""

from collections.abc import Sequence

from nnviz.base.events import EPOCH, Progress
from nnviz.base.requests import TrainModel
from nnviz.cli import console
from nnviz.cli.arguments import Parser, add_out, whole_number
from nnviz.cli.training import head, watched

_NAMES = (
    "objects",
    "everyday",
    "digits",
    "scenes",
    "scenes-shortcut",
    "scenes-detector",
    "scenes-segmenter",
    "scenes-captioner",
    "style",
)


def execute(words: Sequence[str]) -> int:
    """Train, the epochs on stderr, the weights' path on stdout."""
    if words and words[0] == "head":
        return head.execute(words[1:])
    if words and words[0] in watched.RECIPES:
        return watched.execute(words[0], words[1:])
    options = _parser().read(words)
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

        def tell(progress: Progress) -> None:
            if progress.unit == EPOCH:
                steps.keep(f"{progress.what}  ({progress.done}/{progress.total})")
            else:
                steps(progress)

        path = api.perform(request, tell)
    console.line(str(path))
    return 0


def _parser() -> Parser:
    parser = Parser(
        "train",
        "Train a bundled network from scratch.  A checkpoint in the output folder is"
        " gone on from,\nso a run that was stopped loses at most one epoch.",
        usage="NAME [--data PATH] --out DIR [options]",
    )
    parser.add_argument(
        "name",
        metavar="NAME",
        help="what to train: head (classes of your own), network (a small one),"
        " autoencoder, characters (a text's; each of these has a --help of its own),"
        f" {', '.join(_NAMES)}",
    )
    parser.add_argument(
        "--data",
        metavar="PATH",
        default="",
        help="folder with a sub-folder for each class, or a zip file of one; digits and"
        " scenes need none",
    )
    parser.add_argument(
        "--epochs",
        metavar="N",
        type=whole_number("--epochs"),
        default=0,
        help="epochs: how often every image is seen; 0 for the recipe's own number",
    )
    parser.add_argument(
        "--seed",
        metavar="N",
        type=whole_number("--seed"),
        default=0,
        help="of the weights, the order and the augmentation",
    )
    parser.add_argument(
        "--style",
        metavar="PICTURE",
        default="",
        help="for style: file of the style image; or marbling,"
        " mosaic or strokes; what has been learnt after an epoch can be used at once",
    )
    parser.add_argument(
        "--network",
        metavar="REF",
        default="bundled:objects",
        help="for style: the network whose layers judge the paintings",
    )
    add_out(parser)
    return parser
