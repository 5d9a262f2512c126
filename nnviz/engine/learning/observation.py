"""Views of a network in training: curves, weights, activations, decisions."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.kinds.planes import Plane, PlanePoints, PlaneRegion
from nnviz.base.results import Curves, Mosaic, Report, Result, Table
from nnviz.engine.learning.run import TrainingRun
from nnviz.engine.models.networks.layer_list import ACTIVATIONS
from nnviz.engine.nn.hooks import run_to_all

_GRID = 48
"""Cells along each axis of the decision map."""
_MOST_TILES = 64
_MARGIN = 0.05
_DEAD = 1e-6
_WATCHED = 48
"""Maximum number of held-out images whose activations are computed: more would slow
training."""
_FEWEST_WATCHED, _WATCHED_SHARE = 8, 30
"""Minimum number, and training images per observed one."""


def training_report(run: TrainingRun) -> Report:
    """Return the report of a run after an epoch; its main result is the loss."""
    logits = run.held_logits()
    results: dict[str, Result] = {
        "loss": _curves(run, ("training loss", "held-out loss"), "loss"),
        "accuracy": _curves(run, ("held-out accuracy",), "share", (0.0, 1.0)),
        "weights": first_weights(run.net),
        "gradients": _layers(run, "gradient", "gradient norm"),
        "updates": _layers(run, "update", "relative update"),
        "activations": activation_table(run),
        "decisions": decision_map(logits, run),
        "confusion": confusion_table(logits, run),
    }
    return Report(results, notes_of(run))


def notes_of(run: TrainingRun) -> tuple[str, ...]:
    """Summarize a run's progress in notes."""
    history = run.history
    if not history.epochs:
        return ("the first epoch is under way",)
    best = int(np.argmin(history["held-out loss"])) + 1
    said = [
        f"epoch {history.epochs} of {run.switches.epochs}",
        f"held-out accuracy {100 * history['held-out accuracy'][-1]:.1f} %",
        f"lowest held-out loss in epoch {best}",
    ]
    if run.stopped:
        said.append(f"stopped early; the weights are those of epoch {best}")
    return tuple(said)


def _curves(
    run: TrainingRun,
    names: tuple[str, ...],
    label: str,
    limits: tuple[float, float] | None = None,
) -> Curves:
    series = {name: np.array(run.history[name], np.float64) for name in names}
    return Curves(
        x=np.arange(1, run.history.epochs + 1, dtype=np.float64),
        series=series,
        x_label="epoch",
        y_label=label,
        limits=limits,
    )


def _layers(run: TrainingRun, kind: str, label: str) -> Curves:
    """Return the curves of a figure of each layer, on a logarithmic axis."""
    series = {
        name.removeprefix(f"{kind} "): np.log10(np.maximum(values, 1e-12))
        for name, values in run.history.figures.items()
        if name.startswith(f"{kind} ")
    }
    return Curves(
        x=np.arange(1, run.history.epochs + 1, dtype=np.float64),
        series=series or {"none yet": np.zeros(0)},
        x_label="epoch",
        y_label=f"log10 {label}",
    )


def first_weights(net: nn.Module) -> Mosaic:
    """Return the kernels of the first layer with weights, as tiles.

    Convolutions of one or three channels in color; linear layers on pixels as images of
    their weights.
    """
    name, layer = next(
        (name, module)
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d | nn.Linear)
    )
    weight = layer.weight.detach()
    if weight.ndim == len("oi"):
        weight = _as_images(weight, net)
    if weight.shape[1] == len("rgb"):
        tiles = weight.permute(0, 2, 3, 1)
    else:
        tiles = weight[:, 0]
    tiles = tiles[:_MOST_TILES]
    return Mosaic(
        tiles=tiles.numpy().copy(),
        order=np.arange(len(tiles), dtype=np.int64),
        signed=True,
        shared_scale=True,
        unit="weight",
        noun="filter",
        layer="",
        empty=f"no weights in {name}" if not len(tiles) else "",
    )


def _as_images(weight: Tensor, net: nn.Module) -> Tensor:
    """Reshape rows of weights to images if they weight pixels."""
    outputs, inputs = weight.shape
    for channels in (1, 3):
        side = int((inputs / channels) ** 0.5)
        if channels * side * side == inputs:
            return weight.view(outputs, channels, side, side)
    del net
    return weight.view(outputs, 1, 1, inputs)


def activation_table(run: TrainingRun) -> Table:
    """Return mean, spread and dead units of each activation on held-out images.

    A unit is dead if it is 0 for all of them: a ReLU then learns no more.
    """
    kinds = tuple(type(make()) for make in ACTIVATIONS.values())
    layers = [n for n, m in run.net.named_modules() if isinstance(m, kinds)]
    count = len(run.examples.pixels) // _WATCHED_SHARE
    count = min(_WATCHED, max(_FEWEST_WATCHED, count))
    pixels = run.examples.normalized(run.examples.held_pixels[:count])
    run.net.eval()
    with torch.no_grad():
        calls = dict.fromkeys(layers, 1)
        outputs = run_to_all(run.net, pixels, calls) if layers else {}
    rows = []
    for name in layers:
        values = outputs[name]
        silent = (
            (values.abs() <= _DEAD).flatten(2).all(2).all(0)
            if (values.ndim > len("nc"))
            else (values.abs() <= _DEAD).all(0)
        )
        rows.append(
            (
                name.removeprefix("layers."),
                round(float(values.mean()), 4),
                round(float(values.std()), 4),
                f"{int(silent.sum())} of {len(silent)}",
            )
        )
    return Table(
        columns=("layer", "mean activation", "spread", "inactive units"),
        rows=tuple(rows) or (("no activation function", 0.0, 0.0, "0 of 0"),),
    )


def decision_map(logits: Tensor, run: TrainingRun) -> Plane:
    """Plot held-out images on two principal axes of their outputs, with decisions.

    The axes are the first principal components of the log-probabilities; the background
    has the class of the nearest image.
    """
    places = principal_plane(logits.double().numpy())
    truth = run.examples.held_labels.numpy()
    said = logits.argmax(1).numpy()
    low, high = places.min(0), places.max(0)
    room = _MARGIN * np.maximum(high - low, 1e-6)
    low, high = low - room, high + room
    grid = nearest_classes(places, said, low, high)
    classes = run.examples.classes
    right = truth == said
    series = [
        PlanePoints(places=places[right], classes=truth[right], name="right"),
        PlanePoints(
            places=places[~right], classes=truth[~right], name="wrong", marker="cross"
        ),
    ]
    return Plane(
        x_range=(float(low[0]), float(high[0])),
        y_range=(float(low[1]), float(high[1])),
        x_label="first component of the outputs",
        y_label="second component",
        region=PlaneRegion(values=grid, kind="classes", unit=", ".join(classes)),
        points=tuple(each for each in series if len(each.places)),
    )


def principal_plane(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Project rows on their first two principal components, (N, 2); signs are fixed."""
    centered = values - values.mean(0)
    _, _, axes = np.linalg.svd(centered, full_matrices=False)
    axes = axes[:2] * np.sign(axes[:2].sum(1, keepdims=True) + 1e-12)
    places = centered @ axes.T
    missing = 2 - places.shape[1]
    return np.pad(places, ((0, 0), (0, missing)))


def nearest_classes(
    places: NDArray[np.float64],
    classes: NDArray[np.int64],
    low: NDArray[np.float64],
    high: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Return the nearest point's class at each cell of a grid, top row first."""
    from scipy.spatial import KDTree  # noqa: PLC0415  takes a while to import

    shares = np.linspace(0, 1, _GRID)
    grid = np.stack(np.meshgrid(shares, 1 - shares), -1)
    scale = np.maximum(high - low, 1e-9)
    _, nearest = KDTree((places - low) / scale).query(grid)
    return np.asarray(classes[nearest], np.int64)


def confusion_table(logits: Tensor, run: TrainingRun) -> Table:
    """Return the confusion table of held-out images, true classes as rows."""
    classes = run.examples.classes
    truth, said = run.examples.held_labels, logits.argmax(1)
    counts = torch.bincount(len(classes) * truth + said, minlength=len(classes) ** 2)
    square = counts.view(len(classes), -1).tolist()
    return Table(
        columns=("true / predicted", *classes),
        rows=tuple((name, *row) for name, row in zip(classes, square, strict=True)),
    )
