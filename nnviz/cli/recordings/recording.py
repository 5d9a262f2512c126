"""``nnviz recording``: summary of a recorded optimization, or a video of it."""

import argparse
from collections.abc import Sequence
from typing import Any

from nnviz import api
from nnviz.cli import console
from nnviz.cli.arguments import (
    Option,
    Parser,
    add_json_option,
    number_option,
    text_option,
)
from nnviz.media.recordings import Recording


def execute(words: Sequence[str]) -> int:
    """Run the command: summarize a recording, or export it as a video."""
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
    return console.conclude(facts, lambda: _tell(facts), json=options.json)


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
    end = "finished" if facts["finished"] else "stopped; continue with --resume"
    console.line(f"  {facts['title']}")
    console.line(f"  {facts['steps']}{planned} steps, {facts['frames']} frames; {end}")
    for step, values in facts["changes"]:
        changed = ", ".join(f"{name} = {value}" for name, value in values.items())
        console.line(f"  after step {step}: {changed}")


_OPTIONS = (
    Option("folder", metavar="FOLDER", help=argparse.SUPPRESS),
    text_option(
        "--out",
        "FILM",
        ".mp4 or .gif file to write, or a folder for numbered images",
    ),
    number_option("--rate", 15.0, "frames per second (default %(default)g)"),
    number_option(
        "--blend",
        0.0,
        "fraction of the original image in each frame, 0 to 1 (default %(default)g)",
        metavar="X",
    ),
)


def _parser() -> Parser:
    parser = Parser(
        "recording",
        "Describe a recording of nnviz run --record, or make a video of it.",
        usage="FOLDER [--out VIDEO] [options]",
    )
    parser.add(_OPTIONS)
    add_json_option(parser)
    return parser
