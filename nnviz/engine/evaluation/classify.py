"""Accuracy of a classifier: top-1, top-5, mean per class, and confusions."""

from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from itertools import islice

import torch
from torch import Tensor

from nnviz.base.errors import InputError, ModelError
from nnviz.base.events import Progress
from nnviz.base.measures.evaluation import ClassScore, Confusion, Evaluation
from nnviz.base.notation.targets import class_called
from nnviz.engine.evaluation.sources import Question
from nnviz.engine.models.model import Model
from nnviz.engine.sharing import Share, Worker

BATCH = 32
"""Images that are classified together."""
_TOP = 5
_CONFUSIONS = 10
_NAMED = 5


def classify(
    model: Model, questions: Sequence[Question], share: Share
) -> Generator[Progress, None, Evaluation]:
    """Evaluate a classifier on the images of classes that it knows.

    Args:
        model: a network with one output for each of its labels.
        questions: images and the names of their classes; names are compared
            case-insensitively.
        share: runs each batch.

    Raises:
        InputError: the classifier knows none of the classes.
        ModelError: the output is not one number per label.
    """
    labels = model.info.labels
    places = [class_called(each.name, labels) for each in questions]
    asked = zip(questions, places, strict=True)
    known = [each for each, place in asked if place is not None]
    truth = torch.tensor([place for place in places if place is not None])
    notes = left_out(questions, labels)
    if not known:
        raise InputError(
            model.info.title,
            "knows none of the classes: " + notes[0],
            "name the folders after its labels (nnviz models inspect lists them)",
        )
    said = []
    for answers in share(answer_batch, batches(known)):
        said.append(answers)
        done = sum(len(each) for each in said)
        yield Progress(done, len(known), f"image {done} of {len(known)}")
    best = torch.cat(said)
    return _summary(model, truth, best, notes)


def left_out(questions: Sequence[Question], labels: Sequence[str]) -> tuple[str, ...]:
    """Return a note on the classes that the network does not know."""
    unknown = Counter(
        each.name for each in questions if class_called(each.name, labels) is None
    )
    if not unknown:
        return ()
    some = ", ".join(f"{name} ({count})" for name, count in unknown.most_common(_NAMED))
    more = f" and {len(unknown) - _NAMED} more" if len(unknown) > _NAMED else ""
    return (f"left out, no such class in the network: {some}{more}",)


def batches(questions: Sequence[Question]) -> Iterator[list[Question]]:
    """Yield the images in batches of ``BATCH``."""
    remaining = iter(questions)
    while batch := list(islice(remaining, BATCH)):
        yield batch


def inputs(model: Model, batch: Sequence[Question]) -> list[Tensor]:
    """Return preprocessed inputs: one batch, or single images if their shapes differ.

    Images that keep their aspect ratio cannot share a batch.
    """
    pixels = [model.pixel_input(each.open()) for each in batch]
    alike = {each.shape for each in pixels}
    return [torch.cat(pixels)] if len(alike) == 1 else pixels


@torch.no_grad()
def answer_batch(worker: Worker, batch: Sequence[Question]) -> Tensor:
    """Return the classes with the highest outputs, best first, (N, top).

    Raises:
        ModelError: the output is not one number per label.
    """
    worker.check()
    model = worker.model
    module = model.pixel_module()
    labels = len(model.info.labels)
    outputs = torch.cat([module(group) for group in inputs(model, batch)])
    if outputs.shape[1:] != (labels,):
        raise ModelError(
            model.info.title,
            f"returns outputs of shape {tuple(outputs.shape[1:])} for {labels} labels",
            "pick a network that classifies",
        )
    return outputs.topk(min(_TOP, labels)).indices.cpu()


def _summary(
    model: Model, truth: Tensor, best: Tensor, notes: tuple[str, ...]
) -> Evaluation:
    labels = model.info.labels
    hits = (best[:, 0] == truth).double()
    counts = torch.bincount(truth, minlength=len(labels))
    right = torch.bincount(truth, hits, len(labels))
    occurring = counts.nonzero()[:, 0].tolist()
    classes = [
        ClassScore(labels[i], int(counts[i]), float(right[i] / counts[i]))
        for i in occurring
    ]
    scores = {"top-1": hits.mean().item()}
    if len(labels) > _TOP:
        within = (best == truth[:, None]).any(1)
        scores[f"top-{_TOP}"] = within.double().mean().item()
    scores["mean per class"] = sum(each.score for each in classes) / len(classes)
    missed = hits == 0
    pairs = Counter(zip(truth[missed].tolist(), best[missed, 0].tolist(), strict=True))
    return Evaluation(
        reference=model.info.reference,
        pictures=len(truth),
        scores=scores,
        classes=tuple(sorted(classes, key=lambda each: each.score)),
        confusions=tuple(
            Confusion(labels[is_], labels[said], count, count / int(counts[is_]))
            for (is_, said), count in pairs.most_common(_CONFUSIONS)
        ),
        notes=notes,
    )
