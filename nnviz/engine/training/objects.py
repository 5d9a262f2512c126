"""Training of ``bundled:objects``: 101 object classes, from scratch, on Caltech-101."""

from pathlib import Path

from nnviz.engine.data.folders import Split, load_split, unpacked
from nnviz.engine.training.classifier import (
    ClassifierRecipe,
    draw_crops,
    initialize_plain,
)
from nnviz.engine.training.course import Course, Words, need_data

_NO_CLASS = frozenset({"BACKGROUND_Google"})


def load_objects(data: Path | None, recipe: ClassifierRecipe) -> Split:
    """Read and split Caltech-101, without its background class.

    Raises:
        InputError: there is no such data.
        UsageError: no data were named.
    """
    with unpacked(need_data(data)) as folder:
        return load_split(folder, recipe.test_size, _NO_CLASS)


COURSE = Course(
    recipe=ClassifierRecipe(),
    architecture="SmallResNet",
    load=load_objects,
    draw=draw_crops,
    initialize=initialize_plain,
    words=Words(
        title="Objects",
        about=(
            "An 18-layer residual network at half the usual width (2.8 million"
            " weights) that names\nthe main object of an image: one of the 101"
            " categories of Caltech-101."
        ),
        input="128 x 128 px, RGB; any size from 64 px works",
        data=(
            "Caltech-101 (Li, Andreetto, Ranzato, Perona; 2022 release), CC BY 4.0,"
            " shorter side 128 px, without `BACKGROUND_Google`"
        ),
        split=("by file hash: one fifth ({count} images) held out, never trained on"),
        train="--data caltech101.zip",
        evaluate="--data caltech101.zip --held-out",
        weaknesses=(
            "It always answers with one of its 101 categories, so an image\nof"
            " anything else gets a wrong name, often with confidence. Many categories"
            " have 40 to\n60 images only; animals in the wild and thin tools are"
            " its weakest. It knows one\ncentered object per image. `faces` and `faces"
            " easy` are the same people, whole and cut\nout, so the two are often"
            " confused and a held-out image of one may have its twin\nin the"
            " training part of the other: their figures are flattering."
        ),
    ),
)
