"""``nnviz film``: run a method on every picture of a film."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nnviz import api
from nnviz.base.errors import UsageError
from nnviz.base.info import MethodInfo
from nnviz.cli import arguments, console, known, opening
from nnviz.cli.arguments import Parser, number
from nnviz.cli.methods import description


def execute(words: Sequence[str]) -> int:
    """Write a film of what a method makes of another."""
    method = _method(words)
    options = _parser(method).read(words)
    if method is None:
        raise UsageError("film", "no method named", "nnviz film deep_dream FILM")
    if not options.film or not options.out:
        missing = "--out" if options.film else "film"
        raise UsageError(missing, "is missing", "name the videos to read and to write")
    opening.check_out(Path(options.out).parent)
    model = opening.open_model(options)
    with console.ProgressLine() as progress:
        notes = api.film(
            method.name,
            model,
            options.film,
            options.out,
            kept=None if options.kept is None else options.kept / 100,
            seconds=options.seconds,
            seed=options.seed,
            progress=progress,
            **arguments.method_values(options, method),
        )
    if options.json:
        console.answer({"files": [options.out], "notes": list(notes)})
        return 0
    for line in (options.out, *(f"  {note}" for note in notes)):
        console.line(line)
    return 0


def _method(words: Sequence[str]) -> MethodInfo | None:
    """Return the method that the words name: it declares options of its own."""
    options, _ = _parser(None, add_help=False).parse_known_args(list(words))
    return known.method(options.method) if options.method else None


def _parser(method: MethodInfo | None, *, add_help: bool = True) -> Parser:
    text = "Run a method on every picture of a film.  nnviz film METHOD --help shows\n"
    text += "its options.  Ctrl+C ends it; what there is is kept."
    if method is not None:
        text = "\n\n".join([method.title, *description(method)])
    name = method.name if method else "METHOD"
    usage = f"{name} FILM --out OUT.mp4 [options]"
    parser = Parser("film", text, usage=usage, add_help=add_help)
    parser.add_argument("method", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument("film", nargs="?", help=argparse.SUPPRESS)
    parser.add_argument(
        "--kept", metavar="X", type=number("--kept"),
        help="share of the last result in the next image, %% (default 15, or 0 for "
        "methods that follow cameras: they steady videos themselves)",
    )  # fmt: skip
    parser.add_argument(
        "--seconds", metavar="N", type=number("--seconds"), default=float("inf"),
        help="stop after so much of the video",
    )  # fmt: skip
    if method is not None:
        arguments.add_method(parser, method)
    arguments.add_model_options(parser)
    arguments.add_seed(parser)
    parser.add_general(
        "--out", metavar="OUT.mp4", default="", help="the video to write, .mp4 or .gif"
    )
    arguments.add_json_option(parser)
    return parser
