"""Export of a recorded training run: weights of a step, curves as CSV and events."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.requests import ExportTrained
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.models.match.declared import Declared, write_weights
from nnviz.media.recordings import Recording, open_recording

State = Mapping[str, NDArray[Any]]
METHOD = "train_network"
_SWITCHES = (
    *("activation", "batch_norm", "local_response_norm", "dropout", "depth", "layers"),
)


def export_step(
    request: ExportTrained, state_at: Callable[[Recording, int], State]
) -> tuple[str, ...]:
    """Write the network of a step and the figures so far; return the paths.

    Args:
        request: recording, step and place.
        state_at: gives the state after a step of a recording.

    Raises:
        InputError: no recording of a training run, or a folder that is no place to
            write to.
    """
    recording = open_recording(Path(request.recording))
    if recording.recipe.method != METHOD:
        raise InputError(
            request.recording,
            "holds no training run",
            f"record one: nnviz run {METHOD}",
        )
    state = state_at(recording, request.step)
    stem = Path(request.out) / request.name
    try:
        weights = _write_network(state, _words(recording.recipe.values), stem)
        curves = write_curves(figures_of(state), stem)
        events = write_events(figures_of(state), stem)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(request.out, reason, "name another folder") from None
    return (str(weights), str(curves), *events)


def figures_of(state: State) -> dict[str, NDArray[np.float64]]:
    """Return the figures of each epoch by name, from a run's state."""
    prefix = "figure/"
    return {
        name.removeprefix(prefix): np.asarray(values, np.float64)
        for name, values in state.items()
        if name.startswith(prefix)
    }


def write_curves(figures: Mapping[str, NDArray[np.float64]], stem: Path) -> Path:
    """Write one line an epoch, one column a figure, as ``stem.csv``."""
    path = stem.with_suffix(".csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["epoch", *figures])
        for epoch, values in enumerate(zip(*figures.values(), strict=True), 1):
            writer.writerow([epoch, *(f"{value:.9g}" for value in values)])
    return path


def write_events(
    figures: Mapping[str, NDArray[np.float64]], stem: Path
) -> tuple[str, ...]:
    """Write the figures as TensorBoard events into the folder ``stem.events``.

    Returns:
        The folder; nothing where the package tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter  # noqa: PLC0415  optional
    except ModuleNotFoundError:
        return ()
    folder = stem.with_suffix(".events")
    for old in folder.glob("events.out.*"):
        old.unlink()
    with SummaryWriter(str(folder)) as writer:
        for name, values in figures.items():
            for epoch, value in enumerate(values.tolist(), 1):
                writer.add_scalar(name.replace(" ", "_"), value, epoch)
    return (str(folder),)


def _words(values: Mapping[str, Any]) -> str:
    """Return the layers of a run's network in words."""
    switches = {name: values[name] for name in _SWITCHES if name in values}
    return Architecture(kind=values.get("network", "lenet"), **switches).words()


def _write_network(state: State, words: str, stem: Path) -> Path:
    classes = [str(name) for name in state["classes"]]
    channels, size, _ = (int(side) for side in state["input"])
    mean, std = (float(value) for value in state["scaling"])
    prefix = "net0/"
    tensors = {
        name.removeprefix(prefix): torch.from_numpy(np.array(values))
        for name, values in state.items()
        if name.startswith(prefix)
    }
    declared = Declared(
        "LayerList",
        {"layers": words, "classes": len(classes), "channels": channels, "size": size},
    )
    preprocess = Preprocess(
        input_size=(size, size),
        resize=size,
        fit=Fit.CROP,
        mean=(mean,) * channels,
        std=(std,) * channels,
    )
    side_car = {
        "title": stem.name,
        "labels": classes,
        "preprocess": preprocess.to_json(),
        "task": Task.CLASSIFY.value,
        **declared.to_json(),
    }
    return write_weights(tensors, side_car, stem)
