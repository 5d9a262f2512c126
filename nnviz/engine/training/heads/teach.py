"""Transfer learning: a head trained on a backbone's features, measured and exported."""

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from pathlib import Path

import torch
from torch import Tensor

from nnviz.base.errors import UsageError
from nnviz.base.events import Progress
from nnviz.base.info import Task
from nnviz.base.measures.training import TaughtHead
from nnviz.base.requests import TeachHead
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.models.model import Model
from nnviz.engine.training.heads.examples import (
    Examples,
    list_examples,
    read_examples,
)
from nnviz.engine.training.heads.export import Taught, export, with_head
from nnviz.engine.training.heads.features import (
    compute_features,
    first_readable,
    head_layer,
)
from nnviz.engine.training.heads.fine_tuning import FineTuning, fine_tune
from nnviz.engine.training.heads.linear import (
    LinearHead,
    fit_logistic_regression,
    fit_ridge,
)

_FORBIDDEN = set('/\\:*?"<>|\0')


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """Scores of a head on held-out examples, as in ``TaughtHead``."""

    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    error: float | None = None
    usual_error: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Data:
    """Examples with their targets as a tensor."""

    examples: Examples
    targets: Tensor = field(init=False)
    held_out: Tensor = field(init=False)

    def __post_init__(self) -> None:
        kind = torch.float64 if self.examples.regression else torch.int64
        object.__setattr__(
            self, "targets", torch.tensor(self.examples.targets, dtype=kind)
        )
        object.__setattr__(self, "held_out", torch.tensor(self.examples.held_out))

    @property
    def outputs(self) -> int:
        return len(self.examples.classes)


def teach(
    model: Model, request: TeachHead, cache: TensorCache, check: Callable[[], None]
) -> Generator[Progress, None, TaughtHead]:
    """Train a head, measure it on held-out examples, and export the network.

    Args:
        model: the backbone.
        request: the examples and the training settings.
        cache: stores the backbone's features by file.
        check: raises to stop.

    Raises:
        UsageError: the name is not a valid file name.
        InputError: too few readable images.
        ModelError: the backbone does not end in a linear layer.
    """
    started = time.perf_counter()
    stem = Path(request.out) / _checked_name(request.name)
    examples = _read(request)
    first = first_readable(model, examples.files, check)
    layer = head_layer(model, first, check)
    found = yield from compute_features(model, layer, examples.files, cache, check)
    data, features = _Data(examples.without(found.refused)), found.values
    head = _fit(data, features, ~data.held_out, request.strength)
    outputs = head(features)
    if request.fine_tune:
        net = with_head(model, layer, head)
        tuning = FineTuning(
            net, model, layer, request.fine_tune, request.seed, stem, check
        )
        outputs = yield from fine_tune(tuning, data.examples, data.targets)
    else:  # measured now: of a handful of images, a fifth more is worth another fit
        everything = torch.ones_like(data.held_out)
        head = _fit(data, features, everything, request.strength)
        net = with_head(model, layer, head)
    yield Progress(1, 1, f"writing {stem.name}")
    task = Task.REGRESS if data.examples.regression else Task.CLASSIFY
    taught = Taught(
        net=net,
        backbone=model.info,
        classes=data.examples.classes,
        task=task,
        unit=request.unit,
        title=request.name,
    )
    weights, program = export(taught, stem)
    learned_all = not request.fine_tune
    result = _result(taught, data, _measure(data, outputs), learned_all=learned_all)
    skipped = tuple(
        f"{examples.files[place]}: {reason}" for place, reason in found.refused.items()
    )
    return replace(
        result,
        path=str(weights),
        program=str(program) if program else "",
        skipped=skipped,
        seconds=time.perf_counter() - started,
    )


def _read(request: TeachHead) -> Examples:
    if request.classes:
        return list_examples(request.classes, regression=request.regression)
    if not request.data:
        raise UsageError(
            "--data", "missing", "name a folder with a subfolder for each class"
        )
    return read_examples(Path(request.data), regression=request.regression)


def _checked_name(name: str) -> str:
    if not name or name.startswith(".") or set(name) & _FORBIDDEN:
        raise UsageError("name", f"{name!r} cannot name a file", "letters will do")
    return name


def _fit(data: _Data, features: Tensor, learned: Tensor, strength: float) -> LinearHead:
    """Fit a head to some of the examples, bool (N,)."""
    x, targets = features[learned], data.targets[learned]
    if data.examples.regression:
        return fit_ridge(x, targets)
    return fit_logistic_regression(x, targets, data.outputs, strength)


def _measure(data: _Data, outputs: Tensor) -> _Measured:
    held_out = data.held_out
    if not held_out.any():
        return _Measured()
    said, truth = outputs[held_out], data.targets[held_out]
    if data.examples.regression:
        usual = data.targets[~held_out].mean()
        return _Measured(
            error=(said[:, 0].double() - truth).abs().mean().item(),
            usual_error=(usual - truth).abs().mean().item(),
        )
    found = said.argmax(1)
    pairs = torch.bincount(data.outputs * truth + found, minlength=data.outputs**2)
    return _Measured(
        (found == truth).double().mean().item(),
        tuple(map(tuple, pairs.view(data.outputs, -1).tolist())),
    )


def _result(
    taught: Taught, data: _Data, measured: _Measured, *, learned_all: bool
) -> TaughtHead:
    """Return the result, without its files."""
    kept_back = data.held_out & (not learned_all)
    targets = data.targets[~kept_back]
    images: tuple[int, ...] = (len(targets),)
    if not data.examples.regression:
        images = tuple(torch.bincount(targets, minlength=data.outputs).tolist())
    return TaughtHead(
        path="",
        program="",
        backbone=taught.backbone.reference,
        classes=taught.classes,
        images=images,
        held_out=int(data.held_out.sum()),
        learned_all=learned_all,
        accuracy=measured.accuracy,
        confusion=measured.confusion,
        error=measured.error,
        usual_error=measured.usual_error,
        unit=taught.unit,
    )
