"""The command line, with one file for each command.

Importing this package is cheap; a command's module is imported when it is called.
"""

import errno
import importlib
import io
import os
import sys
import traceback
from collections.abc import Sequence

from nnviz.base.errors import (
    CancelledError,
    NnvizError,
    UsageError,
    error_record,
    unknown,
)
from nnviz.base.shipped.distribution import VERSION

COMMANDS = {
    "run": "run a method on images; writes an image, the numbers and the recipe",
    "board": "compare methods and networks on images, with numbers",
    "contact": "run several methods on one image; writes one contact sheet",
    "replay": "reproduce saved results from their images or recipes",
    "recording": "make a video of a recorded optimization, or describe it",
    "video": "run a method on every frame of a video",
    "methods": "list the methods, or describe one",
    "models": "list networks, inspect one, or download weights",
    "print-sticker": "write a sticker as a PDF page, at a size in millimeters",
    "live": "follow a camera, a video or the screen",
    "demo": "make a gallery of every method",
    "train": "train a bundled network from scratch",
    "evaluate": "measure how accurate a network is on labeled data",
    "score": "measure how far maps can be trusted, compared with uninformed ones",
    "attack-curve": "measure accuracy against the size of an attack",
    "attacked": "weaken a saved attack, export its image, explain before and after",
    "index": "run a network over a set of images and save predictions and features",
    "neighbors": "find the images of an index most similar to an image",
    "exemplars": "find the images of an index that activate each channel most",
    "project": "map the images of an index to a plane: PCA, LDA, t-SNE, UMAP",
    "concept": "test concepts inside a network: TCAV, NMF, linear probes",
    "ablate": "recompute predictions of an index with channels switched off",
    "mistakes": "find mistakes of a network over an index, and faults of the set",
    "scenes": "write generated scenes with their annotations",
    "mcp": "serve networks, methods and results to a coding agent",
    "lesson": "open a guided lesson in the window, check one, or list them",
    "doctor": "check this machine",
    "film": "",
    "neighbours": "",
    "catalogue": "",
}
"""Name and one line of help; commands without help are internal."""

_HOMES = (
    dict.fromkeys(
        ("index", "neighbors", "exemplars", "project", "concept", "ablate", "mistakes"),
        "dataset.",
    )
    | dict.fromkeys(("attack-curve", "attacked", "print-sticker"), "attacks.")
    | dict.fromkeys(("video", "recording", "replay"), "recordings.")
)
"""Packages of the commands that are not in this one."""
_SPELLINGS = {"film": "video", "neighbours": "neighbors"}
"""Former command names, which still work, mapped to current ones."""
_USAGE = """\
usage: nnviz [FILE ...] [--model REF]        the window, opened on these files
       nnviz COMMAND ...                     see nnviz COMMAND --help

See what a neural network sees, and why.

commands:
{commands}

options:
  -h, --help   show this help
  --version    show the version
  --debug      with any command: show the traceback of an error
"""
_ENGINE = "nnviz.engine.jobs"
"""Module that knows torch's errors; used only if it is already imported."""
_STOPPED = 130
_PIPE_CLOSED = 141
_REMEDIES = {
    errno.ENOSPC: "free some space or choose another folder with --out",
    errno.EDQUOT: "free some space or choose another folder with --out",
    errno.EACCES: "choose another place or change its permissions",
    errno.EROFS: "choose another place: this one is not writable",
    errno.ENOTDIR: "choose a folder: something on this path is a file",
    errno.EEXIST: "choose another name: this one is taken by a file",
}


def main(argv: Sequence[str]) -> int:
    """Run one command, reporting any error in one line.

    Args:
        argv: the arguments after ``nnviz``.

    Returns:
        The exit status: 0 success, 1 failure, 2 usage error, 130 stopped by Ctrl+C.
    """
    _take_any_text()
    try:
        status = _dispatch(list(argv))
        sys.stdout.flush()
    except SystemExit as end:
        return int(end.code or 0)
    except (KeyboardInterrupt, CancelledError):
        return _fail("stopped", _STOPPED)
    except BrokenPipeError:
        _silence_stdout()
        return _PIPE_CLOSED
    except Exception as error:  # noqa: BLE001  the boundary: users see a line
        return _tell_error(error, debug="--debug" in argv)
    return status


def _tell_error(error: Exception, *, debug: bool) -> int:
    """Report an error in one line, with a traceback if wanted; return the status."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        _silence_stdout()
    return _fail(_in_words(error), getattr(error, "exit_status", 1))


def _take_any_text() -> None:
    """Escape names that are not valid text, with backslashes, in the output streams."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _dispatch(argv: list[str]) -> int:
    if not all(map(_can_be_given, argv)):
        raise UsageError("arguments", "one is not a text that a shell can give")
    match argv:
        case [] | ["-h" | "--help", *_]:
            sys.stdout.write(_USAGE.format(commands=_commands()))
            return 0
        case ["--version", *_]:
            sys.stdout.write(f"nnviz {VERSION}\n")
            return 0
        case [name, *rest] if name in COMMANDS:
            command = importlib.import_module(_module(name))
            return int(command.execute(rest))
        case [name, *_] if name.startswith("-"):
            raise UsageError(name, "no such option", "see nnviz --help")
        case _:
            raise unknown("command", argv[0], _public())


def _can_be_given(word: str) -> bool:
    """Return whether an argument can come from a shell; other callers pass any text."""
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def _module(name: str) -> str:
    name = _SPELLINGS.get(name, name)
    return f"nnviz.cli.{_HOMES.get(name, '')}{name.replace('-', '_')}"


def _public() -> list[str]:
    return [name for name, text in COMMANDS.items() if text]


def _commands() -> str:
    return "\n".join(f"  {name:<14} {COMMANDS[name]}" for name in _public())


def _fail(line: str, status: int) -> int:
    sys.stderr.write(f"nnviz: {line}\n")
    return status


def _in_words(error: Exception) -> str:
    """Return an error as one line, in the engine's words if torch has been imported."""
    if isinstance(error, NnvizError):
        text = str(error)
    elif isinstance(error, OSError) and error.strerror:
        what = f"{error.filename}: " if error.filename else ""
        remedy = _REMEDIES.get(error.errno or 0, "")
        text = f"{what}{error.strerror.lower()}{'; ' if remedy else ''}{remedy}"
    else:
        record = getattr(sys.modules.get(_ENGINE), "error_record", error_record)
        text = f"{record(error).text}; run it again with --debug"
    return " ".join(text.split())


def _silence_stdout() -> None:
    """Redirect stdout to the null device, so that the flush at exit cannot fail."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.__stdout__.fileno())  # type: ignore[union-attr]
