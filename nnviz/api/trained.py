"""Training from Python: a new head, the bundled networks, watched small networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from nnviz.api.core import Model, OnProgress, Pictured, perform, run
from nnviz.api.recorded import open_recording, resume
from nnviz.base.errors import UsageError
from nnviz.base.measures.training import TaughtHead
from nnviz.base.parameters import Value
from nnviz.base.requests import ExportTrained, ModelRequest, TeachHead, TrainModel
from nnviz.base.shipped.defaults import default_model
from nnviz.media.recordings import NUMBERS_FILE, Recording


def teach(
    data: str | PathLike[str],
    out: str | PathLike[str],
    *,
    backbone: Model | str = "",
    name: str = "",
    regression: bool = False,
    unit: str = "",
    strength: float = 1.0,
    fine_tune: int = 0,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> TaughtHead:
    """Train a head for your own classes or numbers, from a handful of images.

    A linear layer is trained on the features of a frozen network, and measured on a
    held-out fifth of the images, chosen by hash.  The one that is written has learned
    these too, unless all layers were fine-tuned.

    Args:
        data: folder with a sub-folder of images for each class; or a CSV file with a
            header and lines of an image's path, relative to it, and a class or number.
        out: folder for NAME.safetensors, which opens as a network, NAME.json and
            NAME.py, which uses it with torch alone.
        backbone: the network, or its reference; empty for the default one.
        name: of the new network; empty for the name of the data.
        regression: learn numbers: the names of sub-folders, or the table's values, are
            numbers.
        unit: of these numbers.
        strength: weight of the data against the penalty on the weights.
        fine_tune: epochs of fine-tuning all layers; takes minutes rather than seconds.
        seed: of fine-tuning.
        progress: called with each ``Progress``.

    Raises:
        InputError: too few images, or one that cannot be read.
        ModelError: the backbone does not end in a linear layer.
    """
    request = (
        backbone.request
        if isinstance(backbone, Model)
        else ModelRequest(reference=backbone or default_model())
    )
    return perform(
        TeachHead(
            model=request,
            data=str(data),
            out=str(out),
            name=name or Path(data).stem or "head",
            regression=regression,
            unit=unit,
            strength=strength,
            fine_tune=fine_tune,
            seed=seed,
        ),
        progress,
    )


def train(
    name: str,
    out: str | PathLike[str],
    *,
    data: str | PathLike[str] = "",
    epochs: int = 0,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> Path:
    """Train a bundled network, or resume; return the path of its weights.

    Args:
        name: of the recipe, as ``nnviz train --help`` lists them.
        out: folder for weights, facts, card and the checkpoint to resume from.
        data: folder of class folders, or a zip file of one, where the recipe needs
            data.
        epochs: 0 for the recipe's own number.
        seed: of weights, order and augmentation.
        progress: called with each ``Progress``.

    Raises:
        UsageError: there is no such recipe, or it needs data and none are named.
    """
    request = TrainModel(
        name=name, data=str(data), out=str(out), epochs=epochs, seed=seed
    )
    return Path(perform(request, progress))


@dataclass(frozen=True, slots=True)
class TrainedNetwork:
    """The files and final metrics of a watched training run.

    Attributes:
        files: weights if there are any, curves as CSV, folder of TensorBoard events,
            recording.
        figures: of the last epoch by name.
    """

    files: tuple[str, ...]
    figures: Mapping[str, float]


def train_network(
    out: str | PathLike[str],
    *,
    name: str = "network",
    seed: int = 0,
    progress: OnProgress | None = None,
    **switches: Value,
) -> TrainedNetwork:
    """Train a small network, or resume, and export weights, curves and recording.

    Args:
        out: folder for NAME.safetensors, which opens as a network, NAME.csv,
            NAME.events and NAME.recording.
        name: of the files.
        seed: of weights, order, dropout and augmentation.
        progress: called with each ``Progress``.
        **switches: parameters of the method ``train_network``.

    Raises:
        NnvizError: in words: a switch, a folder, data that cannot be read.
    """
    return train_recorded("train_network", out, name, seed, progress, switches)


def train_autoencoder(
    out: str | PathLike[str],
    *,
    name: str = "autoencoder",
    seed: int = 0,
    progress: OnProgress | None = None,
    **switches: Value,
) -> TrainedNetwork:
    """Train an autoencoder, or resume, and export weights, curves and recording.

    Args:
        out: folder for NAME.safetensors, which opens as a network from image to image,
            NAME.csv, NAME.events and NAME.recording.
        name: of the files.
        seed: of weights, order and noise.
        progress: called with each ``Progress``.
        **switches: parameters of the method ``train_autoencoder``.

    Raises:
        NnvizError: in words: a switch, a folder, data that cannot be read.
    """
    return train_recorded("train_autoencoder", out, name, seed, progress, switches)


def train_characters(
    out: str | PathLike[str],
    *,
    name: str = "characters",
    seed: int = 0,
    progress: OnProgress | None = None,
    **switches: Value,
) -> TrainedNetwork:
    """Train a character model, or resume, and export weights, curves and recording.

    Args:
        out: folder for NAME.safetensors, which ``weights`` of the method
            ``train_characters`` opens, NAME.csv, NAME.events and NAME.recording.
        name: of the files.
        seed: of the weights.
        progress: called with each ``Progress``.
        **switches: parameters of the method ``train_characters``.

    Raises:
        NnvizError: in words: a switch, or a file that cannot be read.
    """
    return train_recorded("train_characters", out, name, seed, progress, switches)


def train_inversion(
    out: str | PathLike[str],
    model: Model | str,
    image: Pictured,
    *,
    name: str = "inversion",
    seed: int = 0,
    progress: OnProgress | None = None,
    **switches: Value,
) -> TrainedNetwork:
    """Train a decoder from a layer's features back to images, or resume.

    Args:
        out: folder for NAME.safetensors, which ``weights`` of the method
            ``train_inversion`` opens, NAME.csv, NAME.events and NAME.recording, which
            holds the images that are decoded after each epoch.
        model: the network whose features are decoded.
        image: the image that is decoded beside held-out ones.
        name: of the files.
        seed: of the weights and the order.
        progress: called with each ``Progress``.
        **switches: parameters of the method ``train_inversion``.

    Raises:
        NnvizError: in words: a switch, a folder, data that cannot be read.
    """
    return train_recorded(
        "train_inversion", out, name, seed, progress, switches, model=model, image=image
    )


def compare_training(
    out: str | PathLike[str],
    *,
    name: str = "comparison",
    seed: int = 0,
    progress: OnProgress | None = None,
    **switches: Value,
) -> TrainedNetwork:
    """Train small networks that differ in some switches side by side, or resume.

    Args:
        out: folder for NAME.csv and NAME.events, the held-out loss of each run after
            each report, and NAME.recording.
        name: of the files.
        seed: of weights, order, dropout and augmentation, shared by all runs.
        progress: called with each ``Progress``.
        **switches: parameters of the method ``compare_training``; ``vary`` says what
            differs.

    Raises:
        NnvizError: in words: a switch, a folder, data that cannot be read.
    """
    return train_recorded("compare_training", out, name, seed, progress, switches)


def train_recorded(
    method: str,
    out: str | PathLike[str],
    name: str,
    seed: int,
    progress: OnProgress | None,
    switches: Mapping[str, Value],
    *,
    model: Model | str | None = None,
    image: Pictured | None = None,
) -> TrainedNetwork:
    """Train with a recorded method, or resume, and export the files.

    Args:
        method: that trains: "train_network", "train_autoencoder", "train_characters",
            "train_inversion", "compare_training".
        out: folder for the files.
        name: of the files.
        seed: of all random numbers.
        progress: called with each ``Progress``.
        switches: the method's parameters.
        model: the network of a method that needs one.
        image: likewise.

    Raises:
        UsageError: the recording that is there is of a run with other settings.
    """
    recording = Path(out) / f"{name}.recording"
    stopped = open_recording(recording) if _has_steps(recording) else None
    if stopped is None:
        run(method, model, image, seed=seed, progress=progress, record=recording,
            **switches)  # fmt: skip
    else:
        asked = {"method": method, **({"seed": seed} if seed else {}), **switches}
        if model is not None:
            asked["model"] = model if isinstance(model, str) else model.info.reference
        _check_same(stopped, asked)
        if not stopped.facts.finished:
            resume(recording, progress=progress)
    files = export_trained(recording, out, name=name)
    numbers = open_recording(recording).numbers
    last = next((each for each in reversed(numbers) if each), {})
    return TrainedNetwork((*files, str(recording)), dict(last))


def _has_steps(recording: Path) -> bool:
    """Tell whether a recording has steps; one that failed before its first has none."""
    numbers = recording / NUMBERS_FILE
    return numbers.is_file() and numbers.stat().st_size > 0


def _check_same(stopped: Recording, asked: Mapping[str, Value]) -> None:
    """Raise if a recorded run is of another method, seed, network or settings.

    Raises:
        UsageError: names the first setting that differs.
    """
    recipe = stopped.recipe
    own = {"method": recipe.method, "seed": recipe.seed, "model": recipe.model}
    recorded = own | dict(recipe.values)
    for name, value in asked.items():
        known = recorded.get(name, value)
        of_files = isinstance(value, str) and Path(value).name == known
        if known != value and not of_files:
            raise UsageError(
                str(stopped.folder),
                f"is of a run with {name} {known}, not {value}",
                "name another folder for this one, or remove that recording",
            )


def export_trained(
    recording: str | PathLike[str],
    out: str | PathLike[str],
    *,
    name: str = "network",
    step: int = -1,
    folder: str | PathLike[str] = "",
) -> tuple[str, ...]:
    """Export a step of a recorded training run as a network, with its curves.

    Args:
        recording: folder of the run.
        out: folder for the files.
        name: of the network.
        step: step whose weights are exported; -1 for the newest.
        folder: image folder of the run, of which the recording keeps the name only;
            needed for a step whose state was not kept.

    Returns:
        Paths of the weights, the curves (CSV) and the folder of TensorBoard events,
        which is written with the extra ``training`` only.

    Raises:
        InputError: the folder holds no training run.
    """
    request = ExportTrained(
        recording=str(recording),
        out=str(out),
        name=name,
        step=step,
        folder=str(folder),
    )
    return perform(request)
