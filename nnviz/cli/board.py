"""``nnviz board``: methods, networks and pictures beside each other, with numbers."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nnviz.base.boards import COMPARED, chosen_methods
from nnviz.base.errors import UsageError
from nnviz.cli import console, known, opening
from nnviz.cli.arguments import (
    DEFAULT_MODEL,
    Parser,
    add_json_option,
    add_out,
    whole_number,
)
from nnviz.media.folders import list_images

if TYPE_CHECKING:
    from nnviz.render.board import Board

_SCALES = ("board", "row", "column", "tile")


def execute(words: Sequence[str]) -> int:
    """Run every method on every network and picture; write picture, page, numbers."""
    options = _parser().read(words)
    if not options.images:
        raise UsageError("board", "no picture named", "name a file or a folder")
    methods = _names(options.methods)
    chosen_methods(known.catalogue().methods, methods)
    opening.check_out(Path(options.out))
    board = _made(options, methods)
    from nnviz.render.boards import Lock  # noqa: PLC0415  as in _made

    lock = Lock(options.scale) if options.scale else None
    files = board.save(Path(options.out), lock=lock)
    if options.json:
        answer = board.record()
        console.answer({"files": [str(file) for file in files], **answer})
    else:
        _tell(board, files)
    return 1 if board.errors else 0


def _made(options: argparse.Namespace, methods: Sequence[str]) -> "Board":
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    paths = [
        path
        for named in map(Path, options.images)
        for path in (list_images(named) if named.is_dir() else [named])
    ]
    images = [api.open_image(path, max_pixels=options.max_pixels) for path in paths]
    with console.ProgressLine() as progress:
        models = [
            api.load(reference, device=options.device, progress=progress)
            for reference in _names(options.models)
        ]
        return api.board(
            images,
            methods,
            models,
            target=options.target,
            seed=options.seed,
            progress=progress,
        )


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _tell(board: "Board", files: Sequence[Path]) -> None:
    for file in files:
        console.line(str(file))
    console.table(
        ("row", "first", "second", "rank correlation", "top tenth"),
        [
            (
                each["row"],
                each["first"],
                each["second"],
                _figure(each["rank_correlation"]),
                _figure(each["top_overlap"]),
            )
            for each in board.agreement()
        ],
        right=(3, 4),
    )
    for place, words in board.errors.items():
        console.remark(f"nnviz: {place}: {words}")


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _parser() -> Parser:
    parser = Parser(
        "board",
        "Compare methods and networks on pictures: one picture, one page, the numbers.",
        usage="IMAGE... [options]",
    )
    parser.add_argument("images", nargs="*", help=argparse.SUPPRESS)
    group = parser.add_argument_group("what is compared")
    group.add_argument(
        "--methods",
        metavar="A,B",
        default=",".join(COMPARED),
        help="a column each (default %(default)s)",
    )
    group.add_argument(
        "--models",
        metavar="R1,R2",
        default=DEFAULT_MODEL,
        help="a row each (default %(default)s)",
    )
    group.add_argument(
        "--target",
        metavar="TARGET",
        default="",
        help="what is asked: a class, class - class, layer:channel, box:0 (default:"
        " the class that each network predicts)",
    )
    group.add_argument(
        "--scale",
        choices=_SCALES,
        help="which maps share one scale of colours: all of the board, of a row, of a"
        " column, or each tile its own (default: the board where all count the same,"
        " else each column)",
    )
    group.add_argument(
        "--device",
        metavar="D",
        default="auto",
        help="auto, cpu, cuda, cuda:1 or mps (default %(default)s)",
    )
    parser.add_general(
        "--seed",
        metavar="N",
        type=whole_number("--seed"),
        default=0,
        help="of the random numbers (default 0)",
    )
    opening.add_max_pixels(parser)
    add_out(parser)
    add_json_option(parser)
    return parser
