"""Sidecars: JSON files beside weights, with their preprocessing and labels."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nnviz.base.errors import InputError
from nnviz.base.host.reading import is_file, is_folder
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.media.files import read_bytes


def find_side_car(weights: Path) -> Path | None:
    """Return ``NAME.pt.json`` or ``NAME.json`` beside ``NAME.pt``; None for neither."""
    if not weights.name:  # the root of the disk, or of a drive
        return None
    places = (weights.with_name(f"{weights.name}.json"), weights.with_suffix(".json"))
    return next((path for path in places if is_file(path)), None)


def write_side_car(
    weights: Path,
    preprocess: Preprocess,
    labels: Sequence[str] = (),
    request: ModelRequest | None = None,
) -> Path:
    """Write a sidecar beside a file of weights; return its path.

    Other fields of an existing sidecar are kept.  When reopened, by path or by
    reference, the network has this preprocessing and these labels.

    Args:
        weights: the file of weights, or the folder of a network.
        preprocess: preprocessing to use.
        labels: names of the outputs; empty to keep them unchanged.
        request: how the network was opened: its task, output and unit are kept.

    Raises:
        InputError: there is no such file, or the folder cannot be written to.
    """
    if not (is_file(weights) or is_folder(weights)):
        raise InputError(str(weights), "is not a weights file", "open a file first")
    found = find_side_car(weights)
    path = found or weights.with_name(f"{weights.name}.json")
    values: dict[str, Any] = {}
    if found is not None:
        try:
            values = dict(json.loads(read_bytes(found)))
        except (InputError, ValueError, TypeError, RecursionError):
            raise InputError(
                found.name, "is not a sidecar of weights", "move it away, and try again"
            ) from None
    values["preprocess"] = preprocess.to_json()
    if labels:
        values["labels"] = list(labels)
    if request is not None:
        said = {name: getattr(request, name) for name in ("task", "outputs", "unit")}
        values |= {name: text for name, text in said.items() if text}
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(values, indent=1, sort_keys=True), "utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(str(path), reason, "copy the weights elsewhere") from None
    return path
