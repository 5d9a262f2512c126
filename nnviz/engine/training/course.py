"""Training of a bundled classifier from its data to the published files."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.base.errors import InputError, UsageError
from nnviz.base.preprocess import Preprocess
from nnviz.engine.data.folders import Split, plain_name
from nnviz.engine.models.networks import ARCHITECTURES
from nnviz.engine.training.classifier import (
    ClassifierRecipe,
    Draw,
    Initialize,
    Plan,
    fit,
    measure,
    middles,
)
from nnviz.engine.training.dead_units import PICTURES, dead_units_text
from nnviz.engine.training.fitting import Assignment, Stand, load_trained
from nnviz.engine.training.publish import (
    card_text,
    in_half_precision,
    publish,
    train_command,
    training_text,
)

Scores = Mapping[str, float]
Measure = Callable[[nn.Module, ClassifierRecipe], Scores]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Texts of a model card that no measurement provides.

    Attributes:
        title: name for people.
        about: one or two sentences on the network and its purpose.
        input: description of its input images.
        data: with authors and licence.
        split: description of the held-out part; ``{count}`` stands for its number of
            images.
        train: options of ``nnviz train`` that locate the data.
        evaluate: options of ``nnviz evaluate`` that select the held-out part.
        weaknesses: known limitations.
    """

    title: str
    about: str
    input: str
    data: str
    split: str
    train: str = ""
    evaluate: str
    weaknesses: str


def _nothing_more(_net: nn.Module, _recipe: ClassifierRecipe) -> Scores:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """Training course of a bundled classifier; called with an assignment.

    Attributes:
        recipe: sizes, rates.
        architecture: its name among ``ARCHITECTURES``.
        arguments: of the architecture, except ``classes``.
        load: reads the data and splits them.
        draw: makes a batch, with all augmentations.
        initialize: draws the initial weights.
        words: for the card.
        more: returns further scores for the card, by name, in [0, 1].
    """

    recipe: ClassifierRecipe
    architecture: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    load: Callable[[Path | None, ClassifierRecipe], Split]
    draw: Draw
    initialize: Initialize
    words: Words
    more: Measure = _nothing_more

    def __call__(self, assignment: Assignment) -> Iterator[Stand]:
        """Train; yield steps and epochs, and write the files at the end.

        Raises:
            InputError: there is no such data.
            UsageError: no data are named.
        """
        recipe = replace(
            self.recipe,
            epochs=assignment.epochs or self.recipe.epochs,
            seed=assignment.seed,
        )
        split = self.load(assignment.data, recipe)
        _check_count(split, recipe)
        plan = Plan(lambda: self._build(split), self.draw, self.initialize)
        yield from fit(plan, split, recipe, assignment.checkpoint)
        self._publish(split, recipe, assignment)

    def _arguments(self, split: Split) -> dict[str, Any]:
        return {"classes": len(split.train.classes), **self.arguments}

    def _build(self, split: Split) -> nn.Module:
        return ARCHITECTURES[self.architecture](**self._arguments(split))

    def _publish(
        self, split: Split, recipe: ClassifierRecipe, assignment: Assignment
    ) -> None:
        trained = load_trained(assignment.checkpoint)
        net = self._build(split)
        # The scores are measured after rounding, with the weights as published.
        net.load_state_dict(in_half_precision(trained.weights))
        scores = measure(net, split.held_out, recipe)
        facts = {
            "title": self.words.title,
            "architecture": self.architecture,
            "arguments": self._arguments(split),
            "task": "classify",
            "classes": [plain_name(name) for name in split.train.classes],
            "preprocess": Preprocess(
                input_size=(recipe.test_size, recipe.test_size),
                resize=recipe.test_size,
                mean=recipe.mean,
                std=recipe.std,
            ).to_json(),
            "top1": _percent(scores["top-1"]),
            "mean_per_class": _percent(scores["mean per class"]),
        }
        name, words = assignment.stem.name, self.words
        rows = {
            "task": f"classification, {len(split.train.classes)} classes",
            "input": words.input,
            "data": words.data,
            "split": words.split.format(count=len(split.held_out)),
            **{
                f"{score}, held out": f"{_percent(value)} %"
                for score, value in {**scores, **self.more(net, recipe)}.items()
            },
            "dead units": dead_units_text(net, _some_pixels(split, recipe)),
            "measured with": f"`nnviz evaluate bundled:{name} {words.evaluate}`",
            "training": training_text(recipe.epochs, recipe.seed, trained.seconds),
            "trained with": train_command(assignment, words.train),
            "weights": "half precision, computed with in single precision",
        }
        card = card_text(name, words.about, rows, words.weaknesses)
        publish(trained.weights, facts, card, assignment.stem)


def _some_pixels(split: Split, recipe: ClassifierRecipe) -> Iterator[Tensor]:
    """Yield batches of held-out images of all classes, to find dead units on."""
    step = max(1, len(split.held_out) // PICTURES)
    return middles(split.held_out.every(step), recipe, torch.device("cpu"))


def _percent(share: float) -> float:
    return round(100 * share, 1)


def need_data(data: Path | None) -> Path:
    """Return the data's path, or raise if it was not given.

    Raises:
        UsageError: no data were named.
    """
    if data is None:
        raise UsageError("--data", "missing", "name the folder or zip file of images")
    return data


def _check_count(split: Split, recipe: ClassifierRecipe) -> None:
    """Refuse data that do not fill one batch, which an epoch needs for a step.

    Raises:
        InputError: there are too few images.
    """
    if len(split.train) < recipe.batch or not len(split.held_out):
        raise InputError(
            "--data",
            f"{len(split.train)} images to train on and {len(split.held_out)} to test "
            f"on are too few: a step takes {recipe.batch}",
            "name a folder with some hundreds of images",
        )
