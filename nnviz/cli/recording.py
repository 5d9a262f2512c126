"""``nnviz recording``: what a recorded optimisation holds, and films of it."""

import argparse
from collections.abc import Sequence
from typing import Any

from nnviz import api
from nnviz.cli import console
from nnviz.cli.arguments import Parser, add_json_option, number
from nnviz.media.recordings import Recording


def execute(words: Sequence[str]) -> int:
    """Tell what a recording holds, or write it as a film."""
    options = _parser().read(words)
    recording = api.open_recording(options.folder)
    facts = _facts(recording)
    if options.out:
        with console.ProgressLine() as progress:
            out = api.export_recording(
                options.folder,
                options.out,
                rate=options.rate,
                blend=options.blend,
                progress=progress,
            )
        facts["files"] = [str(out)]
    if options.json:
        console.answer(facts)
    else:
        _tell(facts)
    return 0


def _facts(recording: Recording) -> dict[str, Any]:
    recipe, facts = recording.recipe, recording.facts
    return {
        "folder": str(recording.folder),
        "title": recipe.title,
        "steps": len(recording),
        "planned": facts.total,
        "finished": facts.finished,
        "frames": len(recording.frames),
        "changes": [[step, dict(values)] for step, values in recipe.changes],
        "numbers": dict(recording.numbers[-1]) if len(recording) else {},
    }


def _tell(facts: dict[str, Any]) -> None:
    for file in facts.get("files", [facts["folder"]]):
        console.line(file)
    planned = f" of {facts['planned']}" if facts["planned"] else ""
    end = "finished" if facts["finished"] else "stopped; --resume goes on"
    console.line(f"  {facts['title']}")
    console.line(f"  {facts['steps']}{planned} steps, {facts['frames']} frames; {end}")
    for step, values in facts["changes"]:
        changed = ", ".join(f"{name} = {value}" for name, value in values.items())
        console.line(f"  after step {step}: {changed}")


def _parser() -> Parser:
    parser = Parser(
        "recording",
        "Tell what a recording of nnviz run --record holds, or make a video of it.",
        usage="FOLDER [--out FILM] [options]",
    )
    parser.add_argument("folder", metavar="FOLDER", help=argparse.SUPPRESS)
    parser.add_argument(
        "--out", metavar="FILM", default="",
        help="a name that ends in .mp4 or .gif; else a folder for numbered images",
    )  # fmt: skip
    parser.add_argument(
        "--rate", metavar="N", type=number("--rate"), default=15.0,
        help="frames a second (default %(default)g)",
    )  # fmt: skip
    parser.add_argument(
        "--blend", metavar="X", type=number("--blend"), default=0.0,
        help="share of the image in each frame, 0 to 1 (default %(default)g)",
    )  # fmt: skip
    add_json_option(parser)
    return parser
