"""Robust accuracy: accuracy under attack as a function of epsilon."""

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from nnviz.base.errors import InputError, ModelError, UsageError, unknown
from nnviz.base.events import Progress
from nnviz.base.info import Task
from nnviz.base.measures.evaluation import ATTACKS, SEARCHES, Robustness, Truth
from nnviz.base.notation.targets import class_called
from nnviz.base.requests import MeasureRobustness
from nnviz.engine.attacks.carlini_wagner import Search, shortest
from nnviz.engine.attacks.deepfool import walked
from nnviz.engine.attacks.goals import AttackedModel, Goal, gives_shares
from nnviz.engine.attacks.norms import Norm, random_noise, size_of
from nnviz.engine.attacks.params import LEVELS
from nnviz.engine.attacks.pgd_step import AscentStep, Position, climbed
from nnviz.engine.data.folders import unpacked
from nnviz.engine.evaluation.classify import BATCH, batches, inputs, left_out
from nnviz.engine.evaluation.sources import Question, questions_in, spread
from nnviz.engine.models.model import Model
from nnviz.engine.sharing import Share, Worker
from nnviz.media.decode import MAX_PIXELS, open_image
from nnviz.media.folders import list_images

Check = Callable[[], None]
Measuring = Generator[Progress, None, Robustness]
_STRIDE = 2.5
"""Total length of PGD's steps as a multiple of epsilon (Madry et al. 2018, sec. 5)."""
_MOST = 1e5
"""Of an epsilon, 1/255: above the L2 norm of any change of a usual input."""
_CANDIDATES = 10
_OVERSHOOT = 0.02
_ROUNDS = 5
_CONSTANT = 0.1
_OWN_TRUTH = (
    "the folders are not named after the network's classes, so its prediction on the "
    "clean image counts as correct"
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Batch:
    """Images of one size that are attacked together.

    Attributes:
        attacked_model: the network.
        clean: (N, C, H, W) in [0, 1].
        goal: away from the correct classes.
        generator: of random starts.
    """

    attacked_model: AttackedModel
    clean: Tensor
    goal: Goal
    generator: torch.Generator

    def among(self, kept: Tensor) -> "_Batch":
        """Return the subset of a mask, bool (N,)."""
        goal = Goal(self.goal.classes[kept], self.goal.towards)
        return replace(self, clean=self.clean[kept], goal=goal)

    def fooled(self, pixels: Tensor) -> Tensor:
        """Return which of the pixels fool the network, bool (N,)."""
        return self.goal.reached(self.attacked_model.logits(pixels))


def measure(model: Model, request: MeasureRobustness, share: Share) -> Measuring:
    """Measure accuracy under attack on the images of a folder, for each epsilon.

    Args:
        model: the network.
        request: the attack and the data.
        share: runs each batch.

    Raises:
        InputError: there are no images.
        UsageError: no such attack, one of another norm, or epsilons that do not
            increase.
        ModelError: the network does not classify.
    """
    started = time.monotonic()
    _require(model, request)
    yield Progress(0, 0, "reading the images")
    with unpacked(Path(request.data)) as folder:
        questions, truth, notes = _questions(model, folder, request)
        right = torch.zeros(len(request.epsilons), dtype=torch.int64)
        done = 0
        tasks = (
            _Task(request, number, batch, truth)
            for number, batch in enumerate(batches(questions))
        )
        for standing in share(attack_batch, tasks):
            right += standing
            done = min(done + BATCH, len(questions))
            yield Progress(done, len(questions), f"image {done} of {len(questions)}")
    return Robustness(
        reference=model.info.reference,
        data=request.data,
        attack=_words(request),
        norm=request.norm,
        pictures=len(questions),
        truth=truth,
        epsilons=request.epsilons,
        accuracies=tuple((right.double() / len(questions)).tolist()),
        notes=notes,
        seconds=time.monotonic() - started,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """A batch of images to attack.

    Attributes:
        request: the attack.
        number: of the batch; random starts depend on it and the seed alone.
        questions: the images.
        truth: source of the correct answers.
    """

    request: MeasureRobustness
    number: int
    questions: list[Question]
    truth: Truth

    def generator(self) -> torch.Generator:
        """Return the generator of the batch's random starts."""
        sequence = np.random.SeedSequence([self.request.seed, self.number])
        (seed,) = sequence.generate_state(1, np.uint64).tolist()
        return torch.Generator().manual_seed(seed >> 1)


def attack_batch(worker: Worker, task: _Task) -> Tensor:
    """Attack a batch; return the number of correct answers at each epsilon, (E,).

    Raises:
        ModelError: the output is not one number per label.
    """
    worker.check()
    model, generator = worker.model, task.generator()
    right = torch.zeros(len(task.request.epsilons), dtype=torch.int64)
    for names, pixels in _groups(model, task.questions):
        attacked_model = _attacked_model(model, pixels, worker.check)
        batch = _Batch(
            attacked_model=attacked_model,
            clean=pixels,
            goal=_away(model, attacked_model, names, pixels, task.truth),
            generator=generator,
        )
        right += _standing(batch, task.request)
    return right


def _require(model: Model, request: MeasureRobustness) -> None:
    """Refuse a request that cannot be measured."""
    if model.info.task is not Task.CLASSIFY:
        raise ModelError(
            model.info.title, "does not classify", "pick a network that does"
        )
    if request.attack not in ATTACKS:
        raise unknown("attack", request.attack, ATTACKS)
    if request.attack in SEARCHES and request.norm != "l2":
        raise UsageError(
            request.attack, "minimizes the perturbation in L2", "ask for the norm l2"
        )
    if not request.epsilons or list(request.epsilons) != sorted(set(request.epsilons)):
        raise UsageError("epsilons", "do not rise", "write 0,1,2,4,8")
    if not all(0 <= each <= _MOST for each in request.epsilons):
        raise UsageError(
            "epsilons", f"hold a value outside 0 to {_MOST:g}", "write 0,1,2,4,8"
        )


def _words(request: MeasureRobustness) -> str:
    """Return the attack's name with its steps: "pgd, 20 steps"."""
    return request.attack + (
        "" if request.attack == "fgsm" else f", {request.steps} steps"
    )


def _questions(
    model: Model, folder: Path, request: MeasureRobustness
) -> tuple[list[Question], Truth, tuple[str, ...]]:
    """Return the images, the source of their true classes, and notes on it.

    A folder whose sub-folders are named after classes of the network provides the true
    classes; for any other the network's own predictions are used.
    """
    labels = model.info.labels
    try:
        every = questions_in(folder, 0, held_out=request.held_out)
    except InputError:
        every = [
            Question(partial(open_image, path, MAX_PIXELS), "")
            for path in list_images(folder)
        ]
    known = [each for each in every if class_called(each.name, labels) is not None]
    if known:
        notes = left_out(every, labels)
        return spread(known, request.limit), "folders", notes
    if not every:
        raise InputError(str(folder), "holds no images", "pick another folder")
    return spread(every, request.limit), "network", (_OWN_TRUTH,)


def _groups(
    model: Model, batch: Sequence[Question]
) -> Iterator[tuple[Sequence[Question], Tensor]]:
    """Yield groups of images of one size, (N, C, H, W) in [0, 1]."""
    taken = 0
    for pixels in inputs(model, batch):
        yield batch[taken : taken + len(pixels)], pixels
        taken += len(pixels)


def _attacked_model(model: Model, pixels: Tensor, check: Check) -> AttackedModel:
    """Return the network wrapped for attacks.

    Raises:
        ModelError: the output is not one number per label.
    """
    attacked_model = AttackedModel(model.pixel_model(check))
    logits = attacked_model.logits(pixels[:1])
    if logits.shape[1:] != (len(model.info.labels),):
        raise ModelError(
            model.info.title,
            f"returns outputs of shape {tuple(logits.shape[1:])}",
            "pick a network that gives a number for each of its labels",
        )
    return replace(attacked_model, shares=gives_shares(model.info))


def _away(
    model: Model,
    attacked_model: AttackedModel,
    names: Sequence[Question],
    pixels: Tensor,
    truth: Truth,
) -> Goal:
    """Return the untargeted goal: away from the right classes."""
    classes = len(model.info.labels)
    if truth == "network":
        right = attacked_model.logits(pixels).argmax(1)
    else:
        places = (class_called(each.name, model.info.labels) for each in names)
        right = torch.tensor([place for place in places if place is not None])
    meant = torch.nn.functional.one_hot(right, classes).bool().to(pixels.device)
    return Goal(meant, towards=False)


def _standing(batch: _Batch, request: MeasureRobustness) -> Tensor:
    """Return the number of images still right at each epsilon, (E,)."""
    if request.attack in SEARCHES:
        lengths = LEVELS * _shortest(batch, request)
        epsilons = torch.tensor(request.epsilons, dtype=lengths.dtype)
        return (lengths[:, None] > epsilons).sum(0)
    right = ~batch.fooled(batch.clean)
    counts = []
    for epsilon in request.epsilons:
        # An image fooled within a smaller ball is also fooled within a larger one.
        if epsilon > 0 and bool(right.any()):
            rest = batch.among(right)
            right[right.clone()] = ~_climbed(rest, epsilon / LEVELS, request)
        counts.append(int(right.sum()))
    return torch.tensor(counts)


def _climbed(batch: _Batch, epsilon: float, request: MeasureRobustness) -> Tensor:
    """Attack by FGSM or PGD; return which images are fooled, bool (N,)."""
    norm: Norm = "l2" if request.norm == "l2" else "linf"
    clean, goal = batch.clean, batch.goal
    steps, pixels = 1, clean
    if request.attack == "pgd":
        steps = request.steps
        noise = random_noise(clean, epsilon, norm, batch.generator)
        pixels = (clean + noise).clamp(0, 1)
    step = epsilon * min(1.0, _STRIDE / steps) if steps > 1 else epsilon
    how = AscentStep(epsilon=epsilon, step=step, norm=norm)
    at = Position(pixels, torch.zeros_like(clean))
    fooled = torch.zeros(len(clean), dtype=torch.bool, device=clean.device)
    for _ in range(steps):
        logits, gradient = batch.attacked_model.gradient(at.pixels, goal.loss)
        fooled |= goal.reached(logits)
        if bool(fooled.all()):
            return fooled
        at = climbed(clean, at, gradient, how)
    return fooled | batch.fooled(at.pixels)


def _shortest(batch: _Batch, request: MeasureRobustness) -> Tensor:
    """Return the smallest fooling L2 perturbation's norm, (N,); infinite for none."""
    clean, goal = batch.clean, batch.goal
    already = batch.fooled(clean)
    if request.attack == "deepfool":
        found = walked(
            batch.attacked_model, goal, clean, _CANDIDATES, request.steps, _OVERSHOOT
        )
    else:
        found = shortest(
            batch.attacked_model,
            goal,
            clean,
            Search(),
            (_ROUNDS, request.steps),
            _CONSTANT,
        )
    lengths = size_of(found - clean, "l2").flatten().cpu()
    lengths[~batch.fooled(found).cpu()] = torch.inf
    lengths[already.cpu()] = 0
    return lengths
