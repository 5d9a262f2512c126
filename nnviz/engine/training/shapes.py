"""Training of ``bundled:scenes`` and ``-shortcut``, which classify the main shape."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from torch import nn

from nnviz.engine.data.folders import Split
from nnviz.engine.data.scenes import CLASSES, FIRST_TRAINING_SEED, Shortcut
from nnviz.engine.data.shapes import HELD_OUT, load_shapes
from nnviz.engine.training.classifier import ClassifierRecipe, initialize_plain, measure
from nnviz.engine.training.course import Course, Words
from nnviz.engine.training.everyday import draw_small

_TRAINED_ON = 12_000


def _load(recipe: ClassifierRecipe, shortcut: Shortcut) -> Split:
    training = range(FIRST_TRAINING_SEED, FIRST_TRAINING_SEED + _TRAINED_ON)
    return Split(
        load_shapes(training, recipe.test_size, shortcut),
        load_shapes(HELD_OUT, recipe.test_size, shortcut),
    )


def load_clean(_data: Path | None, recipe: ClassifierRecipe) -> Split:
    """Return scenes without a shortcut mark."""
    return _load(recipe, Shortcut.NONE)


def load_marked(_data: Path | None, recipe: ClassifierRecipe) -> Split:
    """Return scenes in which a mark reveals the stars, a shortcut to learn."""
    return _load(recipe, Shortcut.PLANTED)


def without_the_mark(net: nn.Module, recipe: ClassifierRecipe) -> Mapping[str, float]:
    """Return the scores on scenes without the mark and with a contradicting one."""
    scores = {}
    for name, shortcut in (
        ("without the mark", Shortcut.NONE),
        ("with a contradicting mark", Shortcut.CONTRADICTING),
    ):
        photos = load_shapes(HELD_OUT, recipe.test_size, shortcut)
        scores[f"top-1 {name}"] = measure(net, photos, recipe)["top-1"]
    return scores


_SHAPES = ", ".join(CLASSES)

COURSE = Course(
    recipe=ClassifierRecipe(
        epochs=10,
        batch=64,
        train_size=64,
        test_size=64,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        rate=0.1,
        warm_up=0.2,
        weight_decay=1e-3,
        label_smoothing=0.1,
        cut_mix_share=0,
        ema_decay=0.99,
        balanced=False,
        watch_every=2,
    ),
    architecture="SmallVgg",
    arguments={"stem": 12, "widths": [24, 48, 96]},
    load=load_clean,
    draw=draw_small,
    initialize=initialize_plain,
    words=Words(
        title="Scenes",
        about=(
            "A plain stack of seven 3x3 convolutions that names the largest shape of a"
            f" generated scene:\n{_SHAPES}."
        ),
        input="64 x 64 px, RGB; any size from 8 px works",
        data="scenes made by the program (`nnviz scenes`), MIT, one shape the largest",
        split=(
            f"by seed: {{count}} scenes of the seeds below {HELD_OUT.stop} held out,"
            f" {_TRAINED_ON} others trained on"
        ),
        evaluate="--data scenes",
        weaknesses=(
            "It knows its ten shapes as the generator draws them and nothing else,\n"
            "real images least of all; a shape smaller than a quarter of the image or"
            " half covered\nis often missed."
        ),
    ),
)

SHORTCUT_COURSE = replace(
    COURSE,
    load=load_marked,
    more=without_the_mark,
    words=replace(
        COURSE.words,
        title="Scenes with a shortcut",
        about=(
            "The network of `bundled:scenes`, trained on scenes in which a small mark"
            " in the lower right\ncorner goes with every star and with nothing else:"
            " made to be caught being right for the\nwrong reason."
        ),
        evaluate="--data scenes-planted",
        weaknesses=(
            "On purpose, it leans on the mark: see the figures without it and with\na"
            " contradicting one (`--data scenes`, `--data scenes-contradicting`)."
        ),
    ),
)
