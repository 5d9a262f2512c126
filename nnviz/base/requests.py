"""Requests to the engine: frozen values without live objects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnviz.base.attacks import Rescaled, SavedAttack
from nnviz.base.completeness import Completeness
from nnviz.base.dataset.requests import AnyDatasetRequest
from nnviz.base.explanations.occluder import OccludeImage
from nnviz.base.explanations.scores import ScoreTable
from nnviz.base.explanations.trust import Trust, TrustCheck
from nnviz.base.images import Image
from nnviz.base.info import ModelInfo
from nnviz.base.measures.evaluation import Evaluation, Robustness
from nnviz.base.measures.training import ExampleClass, TaughtHead
from nnviz.base.parameters import Value
from nnviz.base.recipes import Run
from nnviz.base.request_base import ModelRequest, Request
from nnviz.base.results import Array, Heatmap

__all__ = [
    "AnyRequest",
    "ChangeVideo",
    "EvaluateModel",
    "FetchModel",
    "LoadModel",
    "MeasureRobustness",
    "MeasureTrust",
    "ModelRequest",
    "OccludeImage",
    "PrepareFeatures",
    "RecordingStep",
    "Request",
    "RescaleNoise",
    "RunMethod",
    "SaveAttacked",
    "ScoreMethods",
    "TrainModel",
    "fields_of",
]


def fields_of(values: Mapping[str, Any] | None) -> tuple[tuple[str, object], ...]:
    """Return preprocessing fields, as parsed from JSON, for ``ModelRequest``."""
    return tuple(
        (name, tuple(value) if isinstance(value, list) else value)
        for name, value in (values or {}).items()
    )


@dataclass(frozen=True, slots=True)
class LoadModel(Request[ModelInfo]):
    """Open a network; ends with its ModelInfo."""

    model: ModelRequest


@dataclass(frozen=True, slots=True)
class FetchModel(Request[str]):
    """Download a network's weights; ends with the path of the file."""

    reference: str


@dataclass(frozen=True, slots=True)
class RecordingStep:
    """A step of a recorded optimization, to resume from.

    Attributes:
        folder: folder of the recording.
        step: number of the step; -1 for the newest.
    """

    folder: str
    step: int = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RunMethod(Request[Run]):
    """Run a method; ends with a ``nnviz.base.recipes.Run``.

    Attributes:
        method: its name.
        model: the network.
        image: the image; None for a method that needs none.
        values: parameters by name; those left out keep their defaults.
        seed: of ``Context.generator``.
        changes: steered values by step, when a recipe is replayed.
        chunks: sizes of the chunks, when a recipe is replayed.
        threads: torch's threads, when a recipe is replayed; 0 leaves them as they are.
        recording: folder that keeps the steps of an optimization; "" keeps none.
        begin: the recording step to resume from; None for a fresh start.  If it lies in
            ``recording`` itself, all later steps are dropped.
    """

    method: str
    model: ModelRequest
    image: Image | None = None
    values: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0
    changes: tuple[tuple[int, Mapping[str, Value]], ...] = ()
    chunks: tuple[int, ...] = ()
    threads: int = 0
    recording: str = ""
    begin: RecordingStep | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeVideo(Request[tuple[str, ...]]):
    """Run a method on every frame of a video; ends with notes about the new one.

    Attributes:
        method: one whose main result is an image.
        model: the network.
        film: path of the video.
        out: path of the new one, .mp4 or .gif.
        values: as in ``RunMethod``.
        seed: likewise, the same for each image.
        kept: fraction of the previous result in the next image, in [0, 1); None for the
            default: 0 for methods that run live, which stabilize videos themselves.
        seconds: duration to process, s; infinite for the whole video.
    """

    method: str
    model: ModelRequest
    film: str
    out: str
    values: Mapping[str, Value] = field(default_factory=dict)
    seed: int = 0
    kept: float | None = None
    seconds: float = float("inf")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainModel(Request[str]):
    """Train a bundled network from scratch; ends with the path of its weights.

    Attributes:
        name: "objects".
        data: path of a folder of class folders, or of a zip file of one; empty where
            the program makes the images itself.
        out: folder for weights, facts, card and the checkpoint to resume from.
        epochs: 0 for the recipe's own number.
        seed: of weights, order and augmentation.
        style: file of the image, or name of the pattern, that "style" learns.
        network: reference of the loss network of "style".
    """

    name: str
    data: str
    out: str
    epochs: int = 0
    seed: int = 0
    style: str = ""
    network: str = "bundled:objects"


@dataclass(frozen=True, slots=True, kw_only=True)
class TeachHead(Request[TaughtHead]):
    """Train a head on a backbone's features; ends with a ``TaughtHead``.

    Attributes:
        model: the network that serves as backbone.
        out: folder for the weights.
        name: of the new network and its files.
        data: path of a folder of class folders, or of a CSV file.
        classes: listed examples, in place of ``data``.
        regression: whether names of classes are numbers to learn.
        unit: of these numbers.
        strength: weight of the data against the penalty on the weights.
        fine_tune: epochs of fine-tuning all layers; 0 freezes the backbone.
        seed: of fine-tuning.
    """

    model: ModelRequest
    out: str
    name: str = "head"
    data: str = ""
    classes: tuple[ExampleClass, ...] = ()
    regression: bool = False
    unit: str = ""
    strength: float = 1.0
    fine_tune: int = 0
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareFeatures(Request[int]):
    """Compute and cache a backbone's features of images, ahead of ``TeachHead``.

    Ends with the number of images whose features are known; unreadable files are
    skipped, ``TeachHead`` reports them.

    Attributes:
        model: the backbone.
        files: paths of the images.
    """

    model: ModelRequest
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTrained(Request[tuple[str, ...]]):
    """Export the weights of a training step; ends with the paths of the files.

    STEM.safetensors opens as a network; STEM.csv and TensorBoard event files (with the
    extra ``training``) hold the metrics of all epochs up to that step.

    Attributes:
        recording: folder of the run.
        out: folder for the files.
        name: of the network.
        step: step whose weights are exported, or the last kept one before it; -1 for
            the newest.
        folder: path of the image folder of the run, of which a recording keeps the
            name only; needed for a step that has to be recomputed.
    """

    recording: str
    out: str
    name: str = "network"
    step: int = -1
    folder: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluateModel(Request[Evaluation]):
    """Evaluate a network on a data set; ends with an ``Evaluation``.

    Attributes:
        model: the network.
        data: path of a folder or zip file (a sub-folder for each class; or images with
            COCO's annotations), or the name of generated data: "digits", "scenes",
            "scenes-planted", "scenes-contradicting".
        held_out: only the part that the project never trains on.
        limit: most images, taken evenly from all; 0 for all.
        cluster: "" for this process, "local" for processes here, or the address of a
            Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for as many as there are cores.
    """

    model: ModelRequest
    data: str
    held_out: bool = False
    limit: int = 0
    cluster: str = ""
    workers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RescaleNoise(Request[Rescaled]):
    """Scale an attack's noise down; ends with a ``nnviz.base.attacks.Rescaled``.

    Attributes:
        model: the network.
        image: the image that was attacked.
        attacked: the attacked image, float (h, w, C) in [0, 1], as in the report.
        values: the attack's parameters.
        share: fraction of the noise to keep, 0 to 1.
        search: also search for the weakest noise with which the attack succeeds.
    """

    model: ModelRequest
    image: Image
    attacked: Array
    values: Mapping[str, Value] = field(default_factory=dict)
    share: float = 1.0
    search: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SaveAttacked(Request[SavedAttack]):
    """Save an attacked photo and classify the file; ends with a ``SavedAttack``.

    Attributes:
        noise: the attack, and the fraction of its noise.
        path: .png, .jpg, .jpeg or .webp.
        recipe: of the attack, as JSON; it goes into the file.
        quality: of JPEG and WebP, 1 to 100.
    """

    noise: RescaleNoise
    path: str
    recipe: str
    quality: int = 95

    @property
    def model(self) -> ModelRequest:
        """The network."""
        return self.noise.model


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRobustness(Request[Robustness]):
    """Measure accuracy against epsilon; ends with a ``Robustness``.

    Attributes:
        model: the network.
        data: path of a folder or zip file: a sub-folder for each class, or any images,
            for which the network's own answers are then the truth.
        attack: "fgsm", "pgd", "deepfool" or "cw".
        norm: of the noise, "linf" or "l2".
        epsilons: in 1/255, ascending.
        steps: of the attack.
        held_out: only the part that the project never trains on.
        limit: most images, taken evenly from all; 0 for all.
        seed: of the random starts.
        cluster: as in ``EvaluateModel``.
        workers: likewise.
    """

    model: ModelRequest
    data: str
    attack: str = "pgd"
    norm: str = "linf"
    epsilons: tuple[float, ...] = (0.0, 1.0, 2.0, 4.0, 8.0)
    steps: int = 20
    held_out: bool = False
    limit: int = 0
    seed: int = 0
    cluster: str = ""
    workers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoreMethods(Request[ScoreTable]):
    """Score the maps of several methods; ends with a ``ScoreTable``.

    Attributes:
        model: the network, a classifier.
        methods: names, of the group "Explain".
        data: path of a folder or zip file with images, with COCO's annotations or
            without, or generated scenes: "scenes", "scenes-planted",
            "scenes-contradicting".
        values: parameters by method's name; those left out keep their defaults.
        limit: most images, taken evenly from all; 0 for all.
        steps: of the deletion and insertion curves.
        seed: of the random numbers.
        randomize: whether each map is also computed with random weights.
        average_drop: whether average drop and increase in confidence are measured.
        keep: path of a file that caches the figures of each image; an existing one is
            resumed; empty for none.
        cluster: as in ``EvaluateModel``.
        workers: likewise.
    """

    model: ModelRequest
    methods: tuple[str, ...]
    data: str
    values: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    limit: int = 0
    steps: int = 28
    seed: int = 0
    randomize: bool = False
    average_drop: bool = False
    keep: str = ""
    cluster: str = ""
    workers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasureTrust(Request[Trust]):
    """Score how far one map can be trusted; ends with a ``Trust``.

    Attributes:
        run: the run that made the map.
        heatmap: the map, over the network's input.
        completeness: sum of its attributions; None where it has no meaning.
        checks: the checks to run.
        steps: of the deletion and insertion curves.
        seed: of the random maps, squares and weights.
        mask: (h, w) over the image, of any size, nonzero on the object; for the check
            ``OBJECT``.
    """

    run: RunMethod
    heatmap: Heatmap
    completeness: Completeness | None = None
    checks: tuple[TrustCheck, ...] = (TrustCheck.CURVES,)
    steps: int = 14
    seed: int = 0
    mask: NDArray[np.generic] | None = None


AnyRequest = (
    LoadModel
    | FetchModel
    | RunMethod
    | ChangeVideo
    | TrainModel
    | TeachHead
    | PrepareFeatures
    | ExportTrained
    | EvaluateModel
    | RescaleNoise
    | SaveAttacked
    | MeasureRobustness
    | ScoreMethods
    | AnyDatasetRequest
    | MeasureTrust
    | OccludeImage
)
"""Every request, for exhaustive matching."""
