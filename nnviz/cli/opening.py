"""Opening of the networks and images that a command's options name."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from nnviz import api
from nnviz.base.errors import InputError, UsageError
from nnviz.base.host.reading import exists, is_folder
from nnviz.base.info import MethodInfo, Severity
from nnviz.cli import console
from nnviz.cli.arguments import Parser, whole_number
from nnviz.media.folders import list_images
from nnviz.media.headers import MAX_PIXELS


def open_model(options: argparse.Namespace, *, warn: bool = True) -> api.Model:
    """Open the network that ``add_model_options``' options name, with progress.

    Args:
        options: parsed options.
        warn: print the doctor's warnings to stderr, once.
    """
    with console.ProgressLine() as progress:
        model = api.load(
            options.model,
            preprocess=options.preprocess,
            labels=options.labels,
            task=options.task,
            outputs=options.outputs,
            trust=options.trust,
            unit=options.unit,
            device=options.device,
            progress=progress,
        )
    for finding in model.info.findings if warn else ():
        if finding.severity is not Severity.NOTE:
            console.remark(f"nnviz: {model.info.title}: {finding.text}")
    return model


def add_max_pixels(parser: Parser) -> None:
    """Add ``--max-pixels``."""
    parser.add_general(
        "--max-pixels",
        metavar="N",
        type=whole_number("--max-pixels"),
        help=f"refuse larger images (default {MAX_PIXELS / 1e6:.0f} million)",
    )


def named_images(named: Sequence[str], method: MethodInfo) -> list[Path]:
    """Return the image files for a method, expanding folders.

    Raises:
        UsageError: the method needs an image and none is named, or it takes none and
            one is named.
        InputError: a folder holds no images.
    """
    if method.needs_image and not named:
        raise UsageError(method.name, "needs an image", "name a file or a folder")
    if named and not method.needs_image:
        raise UsageError(named[0], f"{method.name} takes no image", "leave it out")
    return image_files(named)


def image_files(named: Sequence[str]) -> list[Path]:
    """Return the image files, expanding folders.

    Raises:
        InputError: a folder holds no images.
    """
    paths: list[Path] = []
    for path in map(Path, named):
        paths += list_images(path) if is_folder(path) else [path]
    return paths


def check_out(folder: Path) -> None:
    """Raise where an output folder cannot be written, before any long work.

    Raises:
        InputError: the folder is a file, lies below one, or is not writable.
    """
    there = next(path for path in (folder, *folder.absolute().parents) if exists(path))
    if not is_folder(there):
        raise InputError(str(folder), f"{there} is a file", "choose another --out")
    if not os.access(there, os.W_OK | os.X_OK):
        raise InputError(str(folder), "is not writable", "choose another --out")
