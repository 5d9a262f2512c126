"""Opening of weight files: reading, matching to an architecture, loading."""

import hashlib
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import Any

from torch import Tensor, nn

from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.base.events import Progress
from nnviz.base.host.reading import is_file, is_folder, parse_object
from nnviz.base.info import ModelSource, Task
from nnviz.base.preprocess import Fit as PhotoFit
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.adapters.outputs import parse_task
from nnviz.engine.models.detectors.torchvision_nets import detector
from nnviz.engine.models.folders import (
    is_usual,
    network_of,
    read_config,
    weight_files,
)
from nnviz.engine.models.labels import check_count, numbered, read_labels
from nnviz.engine.models.match.architectures import split_name
from nnviz.engine.models.match.declared import (
    Declared,
    build_declared,
    declared_in,
    side_car_within,
)
from nnviz.engine.models.match.detr import build_detr, detr_weights
from nnviz.engine.models.match.evidence import Evidence, gather
from nnviz.engine.models.match.find import build, find_architecture, install
from nnviz.engine.models.match.fit import Fit
from nnviz.engine.models.onnx.opening import OnnxNetwork, is_onnx, open_onnx
from nnviz.engine.models.opened import Opened, OutputWords, frozen
from nnviz.engine.models.programs.kinds import (
    Program,
    ProgramKind,
    pickled_module,
    program_in,
)
from nnviz.engine.models.programs.opening import open_program
from nnviz.engine.models.programs.trust import is_trusted
from nnviz.engine.models.references import (
    FileReference,
    PythonReference,
    ZooReference,
)
from nnviz.engine.models.weights.checkpoints import Checkpoint, read_state
from nnviz.engine.models.weights.file_formats import refuse_foreign
from nnviz.engine.models.weights.hashing import file_sha256
from nnviz.engine.models.weights.hugging_face import (
    is_transformers,
    open_transformers,
    size_in_config,
    task_of_class,
)
from nnviz.engine.models.zoo import labels_of, weights_of
from nnviz.media.files import read_text
from nnviz.media.side_cars import find_side_car

Check = Callable[[], None]

_OF_DETR = Preprocess(input_size=(800, 1333), resize=800, fit=PhotoFit.WHOLE)
"""Its evaluation's: the shorter side 800 px, the longer one 1333 at most."""
_ON_COCO = "fasterrcnn_resnet50_fpn"
"""One of torchvision's detectors, whose class names have COCO's numbers."""
_SMALL = (32, 32)
"""Height and width, px, of the images that small variants of networks are made for."""
_USUAL = ("", "torchvision")
_LARGEST_SIDE_CAR = 1 << 24
_SIDE_CAR = 'expected: {"title": ..., "labels": [...], "preprocess": {...}}'


@dataclass(frozen=True, slots=True)
class SideCar:
    """The sidecar ``WEIGHTS.json`` of a weight file.

    ``{"title": "Flowers", "labels": ["daisy", ...] or "labels.txt", "preprocess":
    {"input_size": [224, 224], "mean": [...], ...}, "task": "regress", "outputs": "age",
    "unit": "years"}``; every key is optional, also within ``preprocess``, where the
    architecture's values are the defaults.  A built-in architecture may be declared,
    ``{"architecture": "LeNet5", "arguments": {"classes": 10}}``; others are found by
    their weights.
    """

    title: str = ""
    labels: tuple[str, ...] = ()
    preprocess: dict[str, Any] | None = None
    said: OutputWords = field(default_factory=OutputWords)
    declared: Declared | None = None


def open_file(
    reference: FileReference, check: Check
) -> Generator[Progress, None, Opened]:
    """Open a weight file with the architecture that it matches, or a whole network.

    A program is run only with the user's consent.  Without it, only its weights are
    searched for, which runs nothing.

    Raises:
        TrustError: the file is a program whose weights alone do not suffice.
        InputError: the file, its sidecar or its labels cannot be used.
        ModelError: the weights fit no known architecture; names the nearest.
    """
    path = network_of(reference.path)
    if not (is_file(path) or is_folder(path)):
        refuse_foreign(path)  # a pipe would be waited for
    opened = yield from _open(path, check)
    if find_side_car(path) is None:
        return opened
    return replace(opened, said=read_side_car(path).said)


def _open(path: Path, check: Check) -> Generator[Progress, None, Opened]:
    if is_onnx(path):
        return (yield from _open_whole(path, open_onnx(path, check), check))
    program = program_in(path)
    if program is not None and is_trusted(path, check):
        return (yield from _open_program(program, check))
    try:
        return (yield from _open_weights(path, check))
    except (InputError, ModelError):
        program = program or pickled_module(path, check)
        if program is None:
            raise
        if not is_trusted(path, check):
            raise program.refusal() from None
    return (yield from _open_program(program, check))


def open_python(
    reference: PythonReference, check: Check
) -> Generator[Progress, None, Opened]:
    """Open the network that trusted Python code creates.

    Raises:
        TrustError: the code is not trusted.
        UsageError: there is no such module.
    """
    program = Program(ProgramKind.PYTHON, reference.path, reference.factory)
    if not is_file(program.path):
        raise InputError(str(program.path), "no such file", "check the path")
    if not is_trusted(program.path, check):
        raise program.refusal()
    opened = yield from _open_program(program, check)
    return replace(opened, reference=str(reference))


def _open_program(program: Program, check: Check) -> Generator[Progress, None, Opened]:
    told = read_side_car(program.path).preprocess or {}
    size = told.get("input_size")
    sides = (int(size[0]), int(size[1])) if isinstance(size, list | tuple) else None
    network = open_program(program, sides, check)
    return (yield from _open_whole(program.path, network, check))


def _open_whole(
    path: Path, opening: Generator[Progress, None, OnnxNetwork], check: Check
) -> Generator[Progress, None, Opened]:
    """Open a file that describes a whole network."""
    side_car = read_side_car(path)
    network = yield from opening
    preprocess, notes = network.preprocess, network.notes
    labels = side_car.labels or network.labels
    if side_car.preprocess is not None:
        preprocess = _merged(preprocess, side_car.preprocess, path.name)
    return Opened(
        net=frozen(network.net),
        reference=str(path.resolve()),
        title=side_car.title or path.stem,
        source=ModelSource.YOURS,
        weights=path.name,
        sha256=file_sha256(path, check),
        preprocess=preprocess,
        preprocess_guessed=network.guessed and side_car.preprocess is None,
        labels=labels,
        notes=notes,
        task=network.task or Task.CLASSIFY,
        task_said=network.task is not None,
        own_code=True,
    )


def _open_weights(path: Path, check: Check) -> Generator[Progress, None, Opened]:
    files = weight_files(path)
    checkpoint = yield from _read_all(files, check)
    side_car = _side_car_of(path, checkpoint)
    if side_car.declared is not None:
        return _open_declared(path, side_car, side_car.declared, checkpoint)
    config = read_config(path)
    if is_folder(path) and is_transformers(config):
        return _open_transformers(path, files, config, checkpoint, check)
    detr = detr_weights(checkpoint.tensors)
    if detr is not None:
        return _open_detr(path, side_car, checkpoint, detr, check)
    evidence = gather(checkpoint.values, path)
    hint = f"{evidence.architecture} {path.name}"
    try:
        fit = yield from find_architecture(checkpoint.tensors, hint, path.name, check)
    except ModelError:
        if not (is_usual(path) and is_transformers(config)):
            raise
        return _open_transformers(path.parent, files, config, checkpoint, check)
    net = build(fit)
    install(net, checkpoint.tensors, path.name, check, fit)
    preprocess, guessed = _preprocess(fit, net, side_car, evidence, path.name)
    return Opened(
        net=_usable(net, fit),
        reference=str(path.resolve()),
        title=side_car.title or path.stem,
        source=ModelSource.YOURS,
        weights=path.name,
        sha256=_sha256_of(files, check),
        preprocess=preprocess,
        preprocess_guessed=side_car.preprocess is None and not evidence.preprocess,
        labels=_labels(fit, side_car, checkpoint, evidence, path.name),
        notes=(_matched(fit), *fit.notes(), *guessed, *checkpoint.notes),
        task=fit.task,
    )


def _open_detr(
    path: Path,
    side_car: SideCar,
    checkpoint: Checkpoint,
    weights: Mapping[str, Tensor],
    check: Check,
) -> Opened:
    """Open weights that DETR's own program wrote."""
    try:
        net = build_detr(weights, checkpoint.values)
    except ValueError as error:
        raise ModelError(path.name, f"is not a DETR: {error}") from None
    install(net, weights, path.name, check)
    classes = net.class_embed.out_features - 1
    told = side_car.labels or checkpoint.labels
    labels = check_count(told, classes, path.name) if told else _of_coco(classes)
    stated = side_car.preprocess or {}
    return Opened(
        net=frozen(net),
        reference=str(path.resolve()),
        title=side_car.title or path.stem,
        source=ModelSource.YOURS,
        weights=path.name,
        sha256=file_sha256(path, check),
        preprocess=_merged(_OF_DETR, stated, path.name),
        labels=labels,
        notes=("DETR by the names of its own program", *checkpoint.notes),
        task=Task.DETECT,
        own_code=True,
    )


def _of_coco(classes: int) -> tuple[str, ...]:
    """Return COCO's names for as many classes as its numbers run to, else numbers."""
    names = labels_of(weights_of(ZooReference(_ON_COCO)))
    return names if len(names) == classes else numbered(classes)


def _read_all(
    files: Sequence[Path], check: Check
) -> Generator[Progress, None, Checkpoint]:
    """Read the weights of one file, or of a network's shards."""
    parts = []
    for done, file in enumerate(files):
        yield Progress(done, len(files), f"reading {file.name}")
        parts.append(read_state(file, check))
    if len(parts) == 1:
        return parts[0]
    tensors = {name: each for part in parts for name, each in part.tensors.items()}
    notes = dict.fromkeys(note for part in parts for note in part.notes)
    return Checkpoint(tensors, notes=(f"{len(parts)} files joined", *notes))


def _sha256_of(files: Sequence[Path], check: Check) -> str:
    """Return the hash of a file, or of the hashes of several in order."""
    hashes = [file_sha256(file, check) for file in files]
    if len(hashes) == 1:
        return hashes[0]
    return hashlib.sha256("\n".join(hashes).encode()).hexdigest()


def _open_transformers(
    folder: Path,
    files: Sequence[Path],
    config: Mapping[str, Any],
    checkpoint: Checkpoint,
    check: Check,
) -> Opened:
    """Open a folder written by transformers' ``save_pretrained``."""
    net = open_transformers(folder, config, checkpoint.tensors)
    evidence = gather({}, folder)
    side = size_in_config(config)
    usual = Preprocess(input_size=(side, side), resize=side)
    side_car = read_side_car(folder)
    stated = {**evidence.preprocess, **(side_car.preprocess or {})}
    guessed = () if stated else (_guess("ImageNet's networks"),)
    name = str(config["architectures"][0])
    return Opened(
        net=frozen(net),
        reference=str(folder.resolve()),
        title=side_car.title or folder.name,
        source=ModelSource.YOURS,
        weights=files[0].name,
        sha256=_sha256_of(files, check),
        preprocess=_merged(usual, stated, folder.name),
        preprocess_guessed=not stated,
        labels=side_car.labels or evidence.labels,
        notes=(f"{name} of transformers", *guessed, *checkpoint.notes),
        task=task_of_class(name),
        own_code=True,
    )


def read_side_car(path: Path) -> SideCar:
    """Read the sidecar ``NAME.json`` of ``NAME.pt`` (or ``NAME.pt.json``).

    Raises:
        InputError: the sidecar is not JSON, or not of this form.
    """
    found = find_side_car(path)
    if found is None:
        return SideCar()
    text = read_text(found, _LARGEST_SIDE_CAR, "a sidecar of weights")
    return _side_car(parse_object(text, found.name, _SIDE_CAR), found)


def _side_car_of(path: Path, checkpoint: Checkpoint) -> SideCar:
    """Return the sidecar file, else the sidecar in the file's metadata."""
    if find_side_car(path) is not None:
        return read_side_car(path)
    return _side_car(side_car_within(checkpoint.values), path)


def _side_car(values: Mapping[str, Any], found: Path) -> SideCar:
    title, preprocess = values.get("title", ""), values.get("preprocess")
    labels = values.get("labels", values.get("classes", ()))
    if isinstance(labels, str):
        labels = read_labels(_beside(found, labels))
    words = [values.get(name, "") for name in ("task", "outputs", "unit")]
    plain = all(isinstance(each, str) for each in (title, *words))
    usable = isinstance(preprocess, dict | None) and plain
    if not usable or not isinstance(labels, list | tuple):
        raise InputError(found.name, "is not a sidecar of weights", _SIDE_CAR)
    if not all(isinstance(label, str | int | float) for label in labels):
        raise InputError(found.name, "holds labels that are not names", _SIDE_CAR)
    names = tuple(str(label) for label in labels)
    declared = declared_in(values, found.name)
    return SideCar(title, names, preprocess, OutputWords(*words), declared)


def _open_declared(
    path: Path, side_car: SideCar, declared: Declared, checkpoint: Checkpoint
) -> Opened:
    """Open weights of a built-in architecture that their sidecar declares."""
    net = build_declared(declared, checkpoint.tensors, path.name)
    task = parse_task(side_car.said.task)
    return Opened(
        net=frozen(net),
        reference=str(path.resolve()),
        title=side_car.title or path.stem,
        source=ModelSource.YOURS,
        weights=path.name,
        sha256=file_sha256(path, lambda: None),
        preprocess=_merged(Preprocess(), side_car.preprocess or {}, path.name),
        labels=side_car.labels,
        notes=checkpoint.notes,
        task=task or Task.CLASSIFY,
        said=side_car.said,
    )


def _beside(side_car: Path, name: str) -> Path:
    """Return the path of a file next to a sidecar; refuse other folders.

    Raises:
        InputError: the name is not a plain file name.
    """
    if not name or name != Path(name).name or "\0" in name or "\\" in name:
        reason = "its labels are in another folder"
        raise InputError(side_car.name, reason, "put the file of labels beside it")
    return side_car.with_name(name)


def _matched(fit: Fit) -> str:
    """Describe the matched architecture: "matched to resnet18 of timm"."""
    library, name = split_name(fit.architecture)
    where = f" of {library.package}" if library.package not in _USUAL else ""
    return f"matched to {name}{where}"


def _usable(net: nn.Module, fit: Fit) -> nn.Module:
    """Freeze a network for use; detectors are wrapped to return tensors."""
    return frozen(detector(net) if fit.task is Task.DETECT else net)


def _preprocess(
    fit: Fit, net: nn.Module, side_car: SideCar, evidence: Evidence, source: str
) -> tuple[Preprocess, tuple[str, ...]]:
    """Return the preprocessing, and a note on its source or on guesses."""
    library, name = split_name(fit.architecture)
    usual = _for_input(library.preprocess(name, net), fit)
    stated = {**evidence.preprocess, **(side_car.preprocess or {})}
    merged = _merged(usual, stated, source)
    if side_car.preprocess is not None:
        return merged, ()
    if evidence.preprocess:
        return merged, (f"preprocessing read from {evidence.source}",)
    return merged, (_guess(name),)


def _merged(usual: Preprocess, stated: Mapping[str, Any], source: str) -> Preprocess:
    """Override the default preprocessing with the stated fields."""
    try:
        return usual.with_fields(stated)
    except (UsageError, TypeError, ValueError) as error:
        raise InputError(
            source, f"the preprocessing in its sidecar cannot be used ({error})"
        ) from None


def _guess(name: str) -> str:
    return (
        f"preprocessing taken from {name}: check it if these weights "
        "were trained otherwise"
    )


def _for_input(usual: Preprocess, fit: Fit) -> Preprocess:
    """Adapt a preprocessing to the network's channels and input size."""
    if fit.image_size:
        side = fit.image_size
        usual = replace(usual, input_size=(side, side), resize=side)
    if fit.kernel:
        usual = replace(usual, input_size=_SMALL, resize=_SMALL[0])
    if fit.channels == len(usual.mean):
        return usual
    # No color: one mean and one standard deviation for all channels.
    return replace(
        usual,
        mean=(round(fmean(usual.mean), 3),) * fit.channels,
        std=(round(fmean(usual.std), 3),) * fit.channels,
    )


def _labels(
    fit: Fit, side_car: SideCar, checkpoint: Checkpoint, evidence: Evidence, source: str
) -> tuple[str, ...]:
    """Return class names from the sidecar, else the file, else the architecture."""
    library, name = split_name(fit.architecture)
    if fit.task is Task.EMBED:
        return ()
    if fit.task is Task.REPAINT:
        return library.labels(name)
    if side_car.labels:
        return check_count(side_car.labels, fit.classes, f"the sidecar of {source}")
    for found in (checkpoint.labels, evidence.labels):
        if len(found) == fit.classes:
            return found
    usual = library.labels(name)
    if len(usual) == fit.classes:
        return usual
    return numbered(fit.classes)
