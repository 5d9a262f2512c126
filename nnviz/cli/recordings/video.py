"""``nnviz video``: run a method on every frame of a video."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from nnviz import api
from nnviz.base.errors import UsageError
from nnviz.base.info import MethodInfo
from nnviz.cli import arguments, console, known, opening
from nnviz.cli.arguments import Option, Parser, add_seed, number, number_option
from nnviz.cli.methods import description


def execute(words: Sequence[str]) -> int:
    """Run the command: write a video of a method's results on another video."""
    method = _method(words)
    options = _parser(method).read(words)
    if method is None:
        raise UsageError("video", "no method named", "nnviz video deep_dream VIDEO")
    if not options.film or not options.out:
        missing = "--out" if options.film else "video"
        raise UsageError(missing, "is missing", "name the videos to read and to write")
    opening.check_out(Path(options.out).parent)
    notes = _written(method, options)
    answer = {"files": [options.out], "notes": list(notes)}
    out = options.out
    return console.conclude(answer, lambda: _tell(out, notes), json=options.json)


def _written(method: MethodInfo, options: argparse.Namespace) -> Sequence[str]:
    """Write the video; return remarks on it."""
    model = opening.open_model(options)
    with console.ProgressLine() as progress:
        return api.video(
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


def _tell(file: str, notes: Sequence[str]) -> None:
    console.line(file)
    for note in notes:
        console.line(f"  {note}")


def _method(words: Sequence[str]) -> MethodInfo | None:
    """Return the method that the arguments name, which determines the options."""
    options, _ = _parser(None, add_help=False).parse_known_args(list(words))
    return known.method(options.method) if options.method else None


_OPTIONS = (
    Option("method", nargs="?", help=argparse.SUPPRESS),
    Option("film", nargs="?", help=argparse.SUPPRESS),
    Option(
        "--kept",
        metavar="X",
        type=number("--kept"),
        help=(
            "fraction of the previous result blended into the next frame, %% "
            "(default 15, or 0 for methods that stabilize videos themselves)"
        ),
    ),
    number_option("--seconds", float("inf"), "stop after this much of the video"),
)


def _parser(method: MethodInfo | None, *, add_help: bool = True) -> Parser:
    text = "Run a method on every frame of a video.  nnviz video METHOD --help shows\n"
    text += "its options.  Ctrl+C stops it; the frames written so far are kept."
    if method is not None:
        text = "\n\n".join([method.title, *description(method)])
    name = method.name if method else "METHOD"
    usage = f"{name} VIDEO --out OUT.mp4 [options]"
    parser = Parser("video", text, usage=usage, add_help=add_help)
    parser.add(_OPTIONS)
    if method is not None:
        arguments.add_method(parser, method)
    arguments.add_model_options(parser)
    add_seed(parser)
    parser.add_general(
        "--out", metavar="OUT.mp4", default="", help="video to write, .mp4 or .gif"
    )
    arguments.add_json_option(parser)
    return parser
