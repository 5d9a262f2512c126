"""``nnviz scenes``: write generated pictures whose truth is known."""

import functools
from collections.abc import Sequence
from pathlib import Path

from nnviz.base.events import Progress
from nnviz.cli import console
from nnviz.cli.arguments import Parser, add_out, whole_number


def execute(words: Sequence[str]) -> int:
    """Write the pictures and their annotations, whose path is the answer."""
    options = _parser().read(words)
    from nnviz.engine.data.scenes import Shortcut, make_scene  # noqa: PLC0415
    from nnviz.engine.data.scenes.coco import ANNOTATIONS, write_scenes  # noqa: PLC0415

    make = functools.partial(
        make_scene,
        size=options.size,
        shapes=tuple(options.shapes),
        dominant=options.dominant,
        shortcut=Shortcut(options.shortcut),
    )
    out = Path(options.out)
    seeds = range(options.seed, options.seed + options.count)
    with console.ProgressLine() as show:
        for done, path in enumerate(write_scenes(out, seeds, make), 1):
            show(Progress(done, options.count, path.name))
    console.line(str(out / ANNOTATIONS))
    return 0


def _parser() -> Parser:
    parser = Parser(
        "scenes",
        "Write images of textured shapes on photographic backgrounds, and what is"
        " on them\n(categories, boxes, masks, a sentence) in COCO's format.  The same"
        " seed gives the same\npicture, always; the bundled networks were trained on"
        " seeds from 1000000 on.",
        usage="--out DIR [options]",
    )
    number = whole_number
    for name, default, text in (
        ("--count", 100, "how many"),
        ("--seed", 0, "of the first image; the next has the next"),
        ("--size", 128, "side of the images, px"),
    ):
        parser.add_argument(
            name,
            metavar="N",
            type=number(name),
            default=default,
            help=f"{text} ({default})",
        )
    parser.add_argument(
        "--shapes",
        metavar=("LEAST", "MOST"),
        type=number("--shapes"),
        nargs=2,
        default=(1, 4),
        help="how many shapes an image has (1 4)",
    )
    parser.add_argument(
        "--dominant",
        action="store_true",
        help="one shape much larger than the others, for classification",
    )
    parser.add_argument(
        "--shortcut",
        choices=("none", "planted", "contradicting"),
        default="none",
        help="a mark in a corner that goes with stars, or with all but stars",
    )
    add_out(parser)
    return parser
