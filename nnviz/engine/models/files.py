"""Opening files of weights: read, matched to an architecture, put to use."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Progress
from nnviz.base.info import ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models import zoo
from nnviz.engine.models.bundled import own_preprocess
from nnviz.engine.models.checkpoints import Checkpoint, read_state
from nnviz.engine.models.hashing import file_sha256
from nnviz.engine.models.labels import check_count, numbered, read_labels
from nnviz.engine.models.match import Fit, build, find_architecture, install
from nnviz.engine.models.networks import CHANNELS, CLASSIFIERS, REPAINTERS
from nnviz.engine.models.onnx.opening import is_onnx, open_onnx
from nnviz.engine.models.opened import Opened, frozen
from nnviz.engine.models.places import find_side_car
from nnviz.engine.models.references import FileReference, ZooReference

Check = Callable[[], None]

_COLOURS = 3
_SMALL = "objects"
"""The bundled network whose preprocessing suits the small architectures."""
_LARGEST_SIDE_CAR = 1 << 24


def _repainted(mean: float, std: float, value_range: float = 1.0) -> Preprocess:
    return Preprocess(
        input_size=(256, 256),
        mean=(mean,) * _COLOURS,
        std=(std,) * _COLOURS,
        value_range=value_range,
    )


_REPAINTED = {
    "QuickPainter": _repainted(0.5, 0.25),
    "JohnsonNet": _repainted(0, 1, 255),
    "CycleGanGenerator": _repainted(0.5, 0.5),
}
"""What networks that paint a picture anew take, and give."""


@dataclass(frozen=True, slots=True)
class SideCar:
    """What ``WEIGHTS.json`` beside a file of weights says of it.

    ``{"title": "Flowers", "labels": ["daisy", ...] or "labels.txt",
    "preprocess": {"input_size": [224, 224], "mean": [...], ...}}``; all may be left
    out, in ``preprocess`` too, where what is left out is as the architecture has it.
    """

    title: str = ""
    labels: tuple[str, ...] = ()
    preprocess: dict[str, Any] | None = None


def open_file(
    reference: FileReference, check: Check
) -> Generator[Progress, None, Opened]:
    """Open a file of weights with the architecture that they fit.

    Raises:
        InputError: the file, its side-car or its labels cannot be used.
        ModelError: the weights fit no known architecture; shows the nearest.
    """
    path = reference.path
    if is_onnx(path):
        return (yield from _open_onnx(path, check))
    yield Progress(0, 0, f"reading {path.name}")
    checkpoint = read_state(path, check)
    side_car = read_side_car(path)
    fit = yield from find_architecture(checkpoint.tensors, path.name, path.name, check)
    net = build(fit)
    install(net, checkpoint.tensors, path.name, check)
    preprocess, guessed = _preprocess(fit, side_car, path.name)
    return Opened(
        net=frozen(net),
        reference=str(path.resolve()),
        title=side_car.title or path.stem,
        source=ModelSource.YOURS,
        weights=path.name,
        sha256=file_sha256(path, check),
        preprocess=preprocess,
        labels=_labels(fit, side_car, checkpoint, path.name),
        notes=(f"matched to {fit.architecture}", *guessed, *checkpoint.notes),
        task=Task.REPAINT if fit.architecture in REPAINTERS else Task.CLASSIFY,
    )


def _open_onnx(path: Path, check: Check) -> Generator[Progress, None, Opened]:
    """Open a network that an ONNX file describes."""
    side_car = read_side_car(path)
    network = yield from open_onnx(path, check)
    preprocess, notes = network.preprocess, network.notes
    if side_car.preprocess is not None:
        preprocess = _said(side_car, preprocess, path.name)
    return Opened(
        net=frozen(network.net),
        reference=str(path.resolve()),
        title=side_car.title or path.stem,
        source=ModelSource.YOURS,
        weights=path.name,
        sha256=file_sha256(path, check),
        preprocess=preprocess,
        labels=side_car.labels or network.labels,
        notes=notes,
    )


def read_side_car(path: Path) -> SideCar:
    """Return what stands in ``NAME.json`` beside ``NAME.pt`` (or ``NAME.pt.json``).

    Raises:
        InputError: it is no JSON, or not of this form.
    """
    found = find_side_car(path)
    if found is None:
        return SideCar()
    try:
        if found.stat().st_size > _LARGEST_SIDE_CAR:
            raise InputError(found.name, "is too large for a side-car", "shorten it")
        values = json.loads(found.read_text("utf-8"))
        title = str(values.get("title", ""))
        preprocess = values.get("preprocess")
        labels = values.get("labels", values.get("classes", ()))
    except (ValueError, AttributeError, RecursionError):
        raise _no_side_car(found.name) from None
    if isinstance(labels, str):
        labels = read_labels(found.with_name(labels))
    if not isinstance(labels, list | tuple):
        raise _no_side_car(found.name)
    return SideCar(title, tuple(str(label) for label in labels), preprocess)


def _no_side_car(name: str) -> InputError:
    return InputError(
        name,
        "is no side-car of weights",
        'expected is {"title": ..., "labels": [...], "preprocess": {...}}',
    )


def _preprocess(
    fit: Fit, side_car: SideCar, source: str
) -> tuple[Preprocess, tuple[str, ...]]:
    """Return the preprocessing and what had to be guessed about it."""
    usual = _usual(fit)
    if side_car.preprocess is None:
        note = (
            f"preprocessing taken from {fit.architecture}: check it if these weights "
            "were trained otherwise"
        )
        return usual, (note,)
    return _said(side_car, usual, source), ()


def _said(side_car: SideCar, usual: Preprocess, source: str) -> Preprocess:
    """Return the preprocessing of a side-car, completed by the usual one."""
    try:
        return usual.with_fields(side_car.preprocess or {})
    except (UsageError, TypeError) as error:
        raise InputError(
            source, f"its side-car's preprocessing cannot be used ({error})"
        ) from None


def _usual(fit: Fit) -> Preprocess:
    """Return the architecture's preprocessing for the channels and size found."""
    if fit.architecture in _REPAINTED:
        usual = _REPAINTED[fit.architecture]
    elif fit.architecture in CLASSIFIERS:
        usual = own_preprocess(_SMALL)
    else:
        usual = zoo.preprocess_of(zoo.weights_of(ZooReference(fit.architecture)))
    if fit.image_size:
        side = fit.image_size
        usual = replace(usual, input_size=(side, side), resize=side)
    if fit.channels == _COLOURS:
        return usual
    # No colours: one mean and one spread for all channels.
    return replace(
        usual,
        mean=(round(fmean(usual.mean), 3),) * fit.channels,
        std=(round(fmean(usual.std), 3),) * fit.channels,
    )


def _labels(
    fit: Fit, side_car: SideCar, checkpoint: Checkpoint, source: str
) -> tuple[str, ...]:
    """Return names from the side-car, else the checkpoint, else the architecture."""
    if fit.architecture in REPAINTERS:
        return CHANNELS
    if side_car.labels:
        return check_count(side_car.labels, fit.classes, f"the side-car of {source}")
    if len(checkpoint.labels) == fit.classes:
        return checkpoint.labels
    if fit.architecture not in CLASSIFIERS:
        usual = zoo.labels_of(zoo.weights_of(ZooReference(fit.architecture)))
        if len(usual) == fit.classes:
            return usual
    return numbered(fit.classes)
