"""Training of a network for scenes from scratch to the published files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.engine.training.dead_units import PICTURES, dead_units_text
from nnviz.engine.training.fitting import Assignment, Stand, load_trained
from nnviz.engine.training.publish import (
    card_text,
    in_half_precision,
    publish,
    train_command,
    training_text,
)
from nnviz.engine.training.scene_batches import SceneRecipe, held_out_batches
from nnviz.engine.training.scene_fit import SceneTask, fit_scenes

_JUDGED = 1000
"""Held-out scenes that the card's figures are measured on."""
_SIDES = (0.16, 0.62)
"""Of the smallest and the largest shapes, relative to the image's side."""
_LONGEST = 256
"""Maximum width of a wide image, px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneCourse:
    """Training course of a network for scenes; called with an assignment.

    Attributes:
        name: of the bundled network.
        title: name for people.
        architecture: its name among ``ARCHITECTURES``.
        classes: names of its outputs.
        arguments: of the architecture.
        kind: task of the network.
        task: network, loss and figures.
        recipe: sizes, rates, seed.
        about: one or two sentences for the card.
        weaknesses: known limitations.
        start: the initial weights, for the card.
    """

    name: str
    title: str
    architecture: str
    classes: tuple[str, ...]
    arguments: Mapping[str, Any]
    kind: Task
    task: SceneTask
    recipe: SceneRecipe
    about: str
    weaknesses: str
    start: str = "from scratch"

    def __call__(self, assignment: Assignment) -> Iterator[Stand]:
        """Train; yield steps and epochs, and write the files at the end."""
        epochs = assignment.epochs or self.recipe.epochs
        recipe = replace(self.recipe, epochs=epochs, seed=assignment.seed)
        yield from fit_scenes(self.task, recipe, assignment.checkpoint)
        self.publish(assignment, recipe)

    def publish(self, assignment: Assignment, recipe: SceneRecipe) -> None:
        """Write the weights, facts and card of a run at its checkpoint."""
        trained = load_trained(assignment.checkpoint)
        net = self.task.build().eval()
        # The figures are measured after rounding, with the weights as published.
        net.load_state_dict(in_half_precision(trained.weights))
        figures = {
            name: round(100 * value, 1)
            for name, value in self.task.measure(
                net, replace(recipe, held_out=_JUDGED)
            ).items()
        }
        facts = {
            "title": self.title,
            "architecture": self.architecture,
            "arguments": self.arguments,
            "task": self.kind,
            "trained_on": "generated scenes of simple shapes",
            "classes": self.classes,
            "preprocess": _preprocess(recipe).to_json(),
            **figures,
        }
        training = training_text(
            recipe.epochs, recipe.seed, trained.seconds, self.start
        )
        some = held_out_batches(replace(recipe, held_out=PICTURES))
        measured = {
            **{f"{name}, held out": f"{value} %" for name, value in figures.items()},
            "dead units": dead_units_text(net, (batch.pixels for batch in some)),
            "training": f"{training}, {2 * recipe.scenes} images per epoch",
            "trained with": train_command(assignment),
        }
        card = self._card(recipe, measured)
        publish(trained.weights, facts, card, assignment.stem)

    def _card(self, recipe: SceneRecipe, measured: Mapping[str, str]) -> str:
        least, most = recipe.shapes
        count = f"{_JUDGED} --shapes {least} {most} --size {recipe.size}"
        sides = [round(share * recipe.size) for share in _SIDES]
        rows = {
            "task": f"{self.kind}, {len(self.classes)} classes",
            "input": f"RGB, trained at {recipe.size} x {recipe.size} px; any size "
            f"from 32 px works, shapes should be {sides[0]} to {sides[1]} px large",
            "data": "generated scenes, no license needed: as many as wanted, all "
            f"different, {least} to {most} shapes per image",
            "split": "by seed: trained on seeds from 1000000 on, measured on "
            f"{_JUDGED} scenes of the seeds from 0 on",
            **measured,
            "measured with": f"`nnviz scenes --out held-out --count {count}`, "
            f"`nnviz evaluate bundled:{self.name} --data held-out`",
            "weights": "half precision, computed with in single precision",
        }
        return card_text(self.name, self.about, rows, self.weaknesses)


def _preprocess(recipe: SceneRecipe) -> Preprocess:
    return Preprocess(
        input_size=(recipe.size, _LONGEST),
        resize=recipe.size,
        fit=Fit.WHOLE,
        mean=recipe.mean,
        std=recipe.std,
    )
