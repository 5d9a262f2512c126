"""Export of a recorded training run: weights of a step, curves as CSV and events."""

import csv
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.errors import InputError
from nnviz.base.file_formats import EVENTS
from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.requests import ExportTrained
from nnviz.engine.learning.architectures import Architecture
from nnviz.engine.learning.inversion import decoder_facts
from nnviz.engine.learning.run_state import tensors
from nnviz.engine.models.match.declared import Declared, write_weights
from nnviz.engine.models.networks import CHANNELS
from nnviz.media.recordings import Recording, open_recording

State = Mapping[str, NDArray[Any]]
StateAt = Callable[[Recording, int], State]
"""Returns the state after a step of a recorded run."""
_SWITCHES = (
    *(
        "activation",
        "batch_norm",
        "local_response_norm",
        "dropout",
        "depth",
        "width",
        "layers",
    ),
)


def export_step(request: ExportTrained, state_at: StateAt) -> tuple[str, ...]:
    """Export the network of a step and the figures so far; return the paths.

    Args:
        request: recording, step and destination.
        state_at: returns the state after a step of a recording.

    Raises:
        InputError: no recording of a training run, or a folder that cannot be written
            to.
    """
    recording = open_recording(Path(request.recording))
    export = _EXPORTS.get(recording.recipe.method)
    if export is None:
        raise InputError(
            request.recording,
            "holds no training run",
            f"record one of {', '.join(_EXPORTS)}",
        )
    step = len(recording) - 1 if request.step < 0 else request.step
    try:
        return export(recording, step, Path(request.out) / request.name, state_at)
    except OSError as error:
        reason = (error.strerror or "cannot be written").lower()
        raise InputError(request.out, reason, "name another folder") from None


def _export_network(
    recording: Recording, step: int, stem: Path, state_at: StateAt
) -> tuple[str, ...]:
    state = state_at(recording, step)
    weights = _write_network(state, _words(recording.recipe.values), stem)
    curves = write_curves(figures_of(state), stem)
    return (str(weights), str(curves), *write_events(figures_of(state), stem))


def _export_autoencoder(
    recording: Recording, step: int, stem: Path, _state_at: StateAt
) -> tuple[str, ...]:
    """Export the autoencoder of the newest stored state up to a step."""
    state = _kept_state(recording, step)
    channels, size, _ = (int(side) for side in state["shape"])
    values = recording.recipe.values
    arguments = {"kind": values["kind"], "code": values["code"]}
    sizes = {"channels": channels, "size": size}
    declared = Declared("Autoencoder", {**arguments, **sizes})
    side_car = {
        "title": stem.name,
        "labels": list(CHANNELS[:channels]),
        "preprocess": _preprocess(state, channels, size).to_json(),
        "task": Task.REPAINT.value,
        **declared.to_json(),
    }
    weights = write_weights(tensors("net/", state), side_car, stem)
    return (str(weights), *_write_figures(recording, step, stem, "epoch"))


def _export_characters(
    recording: Recording, step: int, stem: Path, _state_at: StateAt
) -> tuple[str, ...]:
    """Export the character model of the newest stored state up to a step."""
    state = _kept_state(recording, step)
    side_car = {
        "title": stem.name,
        "characters": "".join(state["alphabet"].tolist()),
        "hidden": state["net/lstm.weight_hh_l0"].shape[1],
    }
    weights = write_weights(tensors("net/", state), side_car, stem)
    return (str(weights), *_write_figures(recording, step, stem, "report"))


def _export_decoder(
    recording: Recording, step: int, stem: Path, _state_at: StateAt
) -> tuple[str, ...]:
    """Export the decoder of the newest stored state up to a step."""
    state, facts = decoder_facts(_kept_state(recording, step))
    weights = write_weights(state, {"title": stem.name, **facts}, stem)
    return (str(weights), *_write_figures(recording, step, stem, "report"))


def _export_figures(
    recording: Recording, step: int, stem: Path, _state_at: StateAt
) -> tuple[str, ...]:
    """Export the figures alone, of a run that ends with no network of its own."""
    return _write_figures(recording, step, stem, "report")


def _kept_state(recording: Recording, step: int) -> State:
    kept = [each for each in recording.states if each <= step]
    return recording.state(max(kept, default=min(recording.states)))


def _write_figures(
    recording: Recording, step: int, stem: Path, axis: str
) -> tuple[str, ...]:
    """Write the figures of the steps up to one, as CSV and TensorBoard events."""
    told = recording.numbers[: step + 1]
    known = [each for each in told if each]
    names = dict.fromkeys(name for each in known for name in each)
    figures = {
        name: np.array([each.get(name, np.nan) for each in known]) for name in names
    }
    return (str(write_curves(figures, stem, axis)), *write_events(figures, stem))


def figures_of(state: State) -> dict[str, NDArray[np.float64]]:
    """Return the figures of each epoch by name, from a run's state."""
    prefix = "figure/"
    return {
        name.removeprefix(prefix): np.asarray(values, np.float64)
        for name, values in state.items()
        if name.startswith(prefix)
    }


def write_curves(
    figures: Mapping[str, NDArray[np.float64]], stem: Path, axis: str = "epoch"
) -> Path:
    """Write ``stem.csv``: one row per epoch, one column per figure; NaN is blank."""
    path = stem.with_suffix(".csv")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([axis, *figures])
        for epoch, values in enumerate(zip(*figures.values(), strict=True), 1):
            cells = ("" if np.isnan(value) else f"{value:.9g}" for value in values)
            writer.writerow([epoch, *cells])
    return path


def write_events(
    figures: Mapping[str, NDArray[np.float64]], stem: Path
) -> tuple[str, ...]:
    """Write the figures as TensorBoard events into the folder ``stem.events``.

    Returns:
        The folder; nothing if the package tensorboardX is not installed.
    """
    try:
        from tensorboardX import SummaryWriter  # noqa: PLC0415  optional
    except ModuleNotFoundError:
        return ()
    folder = stem.with_suffix(EVENTS)
    for old in folder.glob("events.out.*"):
        old.unlink()
    with SummaryWriter(str(folder)) as writer:
        for name, values in figures.items():
            for epoch, value in enumerate(values.tolist(), 1):
                if not np.isnan(value):
                    writer.add_scalar(name.replace(" ", "_"), value, epoch)
    return (str(folder),)


def _words(values: Mapping[str, Any]) -> str:
    """Return the layer words of a run's network."""
    switches = {name: values[name] for name in _SWITCHES if name in values}
    return Architecture(kind=values.get("network", "lenet"), **switches).words()


def _write_network(state: State, words: str, stem: Path) -> Path:
    classes = [str(name) for name in state["classes"]]
    channels, size, _ = (int(side) for side in state["input"])
    sizes = {"classes": len(classes), "channels": channels, "size": size}
    declared = Declared("LayerList", {"layers": words, **sizes})
    side_car = {
        "title": stem.name,
        "labels": classes,
        "preprocess": _preprocess(state, channels, size).to_json(),
        "task": Task.CLASSIFY.value,
        **declared.to_json(),
    }
    return write_weights(tensors("net0/", state), side_car, stem)


def _preprocess(state: State, channels: int, size: int) -> Preprocess:
    mean, std = (float(value) for value in state["scaling"])
    return Preprocess(
        input_size=(size, size),
        resize=size,
        fit=Fit.CROP,
        mean=(mean,) * channels,
        std=(std,) * channels,
    )


_EXPORTS = {
    "train_network": _export_network,
    "train_autoencoder": _export_autoencoder,
    "train_characters": _export_characters,
    "train_inversion": _export_decoder,
    "compare_training": _export_figures,
}
"""By the method that made the recording."""
