"""``nnviz board``: methods, networks and images side by side, with their agreement."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nnviz.base.documents.boards import COMPARED, chosen_methods
from nnviz.base.errors import UsageError, unknown
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Value
from nnviz.base.shipped.defaults import DEFAULT_MODEL
from nnviz.cli import console, known, opening
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    add_out,
    add_seed,
    choice_option,
    preprocess_from,
    repeated_option,
    text_option,
)

if TYPE_CHECKING:
    from nnviz import api
    from nnviz.render.boards.board import Board

_SCALES = ("board", "row", "column", "network", "tile")


def execute(words: Sequence[str]) -> int:
    """Run the command: compute the board; write image, page and numbers."""
    options = _parser().read(words)
    if not options.images:
        raise UsageError("board", "no image named", "name a file or a folder")
    methods = _names(options.methods)
    asked = chosen_methods(known.catalogue().methods, methods)
    values = _values(options.set, asked)
    opening.check_out(Path(options.out))
    board = _computed(options, methods, values)
    from nnviz.render.boards.scale_locks import Lock  # noqa: PLC0415  imports numpy

    lock = Lock(options.scale) if options.scale else None
    files = board.save(Path(options.out), lock=lock)
    answer = {"files": [str(file) for file in files], **board.record()}
    console.conclude(answer, lambda: _tell(board, files), json=options.json)
    return 1 if board.errors else 0


def _computed(
    options: argparse.Namespace,
    methods: Sequence[str],
    values: Mapping[str, Mapping[str, Value]],
) -> "Board":
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    images = [
        api.open_image(path, max_pixels=options.max_pixels)
        for path in opening.image_files(options.images)
    ]
    references = _names(options.models)
    targets = _by_network("--target-for", options.target_for, references)
    with console.ProgressLine() as progress:
        return api.board(
            images,
            methods,
            _models(options, references, progress),
            target=options.target,
            targets=targets,
            values=values,
            seed=options.seed,
            progress=progress,
        )


def _models(
    options: argparse.Namespace,
    references: Sequence[str],
    progress: console.ProgressLine,
) -> list["api.Model"]:
    """Open the networks, each with its own preprocessing and labels."""
    from nnviz import api  # noqa: PLC0415  imports numpy; --help needs none

    texts = _by_network("--preprocess", options.preprocess, references)
    preprocess = {each: preprocess_from(text) for each, text in texts.items()}
    labels = _by_network("--labels", options.labels, references)
    return [
        api.load(
            each,
            preprocess=preprocess.get(each),
            labels=labels.get(each, ""),
            device=options.device,
            progress=progress,
        )
        for each in references
    ]


def _values(
    given: Sequence[str], methods: Sequence[MethodInfo]
) -> dict[str, dict[str, Value]]:
    """Parse ``METHOD.PARAMETER=VALUE``.

    Raises:
        UsageError: the text has another form, or the method, parameter or value does
            not exist.
    """
    known = {
        f"{method.name}.{parameter.name}": parameter
        for method in methods
        for parameter in method.parameters
    }
    found: dict[str, dict[str, Value]] = {}
    for words in given:
        place, text = _assignment(words)
        if place not in known:
            raise unknown("parameter of the board's methods", place, known)
        method, _, name = place.partition(".")
        found.setdefault(method, {})[name] = known[place].parse(text)
    return found


def _assignment(words: str) -> tuple[str, str]:
    """Split ``METHOD.PARAMETER=VALUE`` at the equals sign."""
    place, equals, text = words.partition("=")
    if not equals:
        raise UsageError("--set", f"{words!r} has no value", "METHOD.PARAMETER=VALUE")
    return place.strip().replace("-", "_"), text


def _by_network(
    option: str, given: Sequence[str], references: Sequence[str]
) -> dict[str, str]:
    """Parse ``REF=TEXT`` for networks of the board.

    Raises:
        UsageError: the network is not on the board; names those that are.
    """
    found = {}
    for words in given:
        named = [each for each in references if words.startswith(f"{each}=")]
        if not named:
            raise UsageError(
                option,
                f"{words!r} names no network of the board",
                f"write REF=..., REF of {', '.join(references)}",
            )
        longest = max(named, key=len)
        found[longest] = words.removeprefix(f"{longest}=")
    return found


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _tell(board: "Board", files: Sequence[Path]) -> None:
    for file in files:
        console.line(str(file))
    console.table(
        ("row", "first", "second", "rank correlation", "top tenth"),
        [_agreement_row(each) for each in board.agreement()],
        right=(3, 4),
    )
    for place, words in board.errors.items():
        console.remark(f"nnviz: {place}: {words}")


def _agreement_row(each: Mapping[str, Any]) -> tuple[str, ...]:
    figures = _figure(each["rank_correlation"]), _figure(each["top_overlap"])
    return each["row"], each["first"], each["second"], *figures


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


_COMPARED = (
    text_option(
        "--methods",
        "A,B",
        f"methods, one column each (default {', '.join(COMPARED)})",
        default=",".join(COMPARED),
    ),
    Option(
        "--models",
        metavar="R1,R2",
        help=f"networks, one row each (default {DEFAULT_MODEL})",
    ),
    text_option(
        "--target",
        "TARGET",
        "what to explain: a class, class - class, layer:channel, box:0 (default: "
        "the class that each network predicts)",
    ),
    repeated_option(
        "--target-for",
        "REF=TARGET",
        "target of one network instead of --target, if a class has another name "
        "there; may be given several times",
    ),
    repeated_option(
        "--set",
        "METHOD.PARAMETER=VALUE",
        "parameter of one method, such as integrated_gradients.steps=100; may be "
        "given several times",
    ),
    repeated_option(
        "--preprocess",
        "REF=FILE|JSON",
        "preprocessing to use instead of a network's own; may be given several times",
    ),
    repeated_option(
        "--labels",
        "REF=FILE",
        "class names of a network, one per line; may be given several times",
    ),
    choice_option(
        "--scale",
        _SCALES,
        "maps that share a color scale: the whole board, a row, a column, a method "
        "and network, or none (default: network if several are compared; otherwise "
        "the board if all have the same unit, or each column)",
    ),
    text_option(
        "--device",
        "D",
        "auto, cpu, cuda, cuda:1 or mps (default %(default)s)",
        default="auto",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "board",
        "Compare methods and networks on images; writes an image, a page, the numbers.",
        usage="IMAGE... [options]",
    )
    parser.add_argument("images", nargs="*", help=argparse.SUPPRESS)
    parser.add(_COMPARED, "comparison")
    add_seed(parser)
    opening.add_max_pixels(parser)
    add_out(parser)
    add_json_option(parser)
    return parser
