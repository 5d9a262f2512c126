"""``nnviz scenes``: write generated images with known truth."""

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

from nnviz.base.events import Progress
from nnviz.cli import console
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_out,
    choice_option,
    flag_option,
    whole_number,
    whole_option,
)


def execute(words: Sequence[str]) -> int:
    """Run the command: write the images and annotations; print the latter's path."""
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
    _show(write_scenes(out, seeds, make), options.count)
    console.line(str(out / ANNOTATIONS))
    return 0


def _show(written: Iterable[Path], count: int) -> None:
    """Write the images, showing progress."""
    with console.ProgressLine() as show:
        for done, path in enumerate(written, 1):
            show(Progress(done, count, path.name))


_OPTIONS = (
    whole_option("--count", 100, "number of images (default 100)"),
    whole_option(
        "--seed",
        0,
        "seed of the first image; each next image has the next seed (default 0)",
    ),
    whole_option("--size", 128, "side of the images, px (default 128)"),
    Option(
        "--shapes",
        metavar=("LEAST", "MOST"),
        type=whole_number("--shapes"),
        nargs=2,
        default=(1, 4),
        help="fewest and most shapes per image (default 1 4)",
    ),
    flag_option(
        "--dominant", "one shape much larger than the others, for classification"
    ),
    choice_option(
        "--shortcut",
        ("none", "planted", "contradicting"),
        "put a mark in a corner of images with stars, or of all but those",
        default="none",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "scenes",
        "Write images of textured shapes on photographic backgrounds, with their "
        "annotations\n(categories, boxes, masks, a sentence) in COCO format.  The "
        "same seed always gives the\nsame image; the bundled networks were trained "
        "on seeds from 1000000 on.",
        usage="--out DIR [options]",
    )
    parser.add(_OPTIONS)
    add_out(parser)
    return parser
