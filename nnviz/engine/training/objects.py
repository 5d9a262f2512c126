"""``bundled:objects``: 101 kinds of objects, from scratch, on Caltech-101."""

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from nnviz.base.errors import InputError
from nnviz.base.preprocess import Preprocess
from nnviz.engine.data.folders import Split, load_split
from nnviz.engine.models.networks import SmallResNet
from nnviz.engine.training.classifier import (
    ClassifierRecipe,
    Epoch,
    evaluate,
    fit,
    load_trained,
)
from nnviz.engine.training.publish import publish

_NO_CLASS = frozenset({"BACKGROUND_Google"})
_ACRONYM = {"yin_yang": "yin and yang", "water_lilly": "water lily"}


@dataclass(frozen=True, slots=True)
class Figures:
    """What the card states, measured on the held-out fifth."""

    top1: float
    mean_per_class: float
    photographs: int


def train_objects(
    data: Path, stem: Path, checkpoint: Path, recipe: ClassifierRecipe
) -> Iterator[Epoch]:
    """Train, yield after each epoch, and write the files at ``stem`` at the end.

    Args:
        data: the folder of class folders, or a zip with ``caltech101/`` in it.
        stem: path of the files to write, without suffix.
        checkpoint: where the run stands; an existing one is gone on from.
        recipe: sizes, rates, seed.
    """
    split = load_objects(data, recipe.test_size)
    classes = len(split.train.classes)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    yield from fit(lambda: SmallResNet(classes), split, recipe, checkpoint, device)
    trained = load_trained(checkpoint)
    net = SmallResNet(classes)
    # The figures are of the weights that ship, so after rounding to half precision.
    net.load_state_dict(
        {
            name: value.half().float() if value.is_floating_point() else value
            for name, value in trained.weights.items()
        }
    )
    top1, per_class = evaluate(net, split.held_out, recipe, torch.device("cpu"))
    figures = Figures(top1, per_class, len(split.held_out))
    publish(
        trained.weights,
        _facts(split, recipe, figures),
        _card(figures, recipe, trained.seconds),
        stem,
    )


def load_objects(data: Path, shorter_side: int) -> Split:
    """Read Caltech-101 and split it; background pictures are no class.

    Raises:
        InputError: there is no such data.
    """
    if data.is_dir():
        return load_split(data, shorter_side, _NO_CLASS)
    if not zipfile.is_zipfile(data):
        raise InputError(
            str(data), "is neither a folder nor a zip file", "give Caltech-101's"
        )
    with TemporaryDirectory() as folder, zipfile.ZipFile(data) as packed:
        packed.extractall(folder)
        (root,) = (entry for entry in Path(folder).iterdir() if entry.is_dir())
        return load_split(root, shorter_side, _NO_CLASS)


def _facts(
    split: Split, recipe: ClassifierRecipe, figures: Figures
) -> dict[str, object]:
    return {
        "title": "Objects",
        "architecture": "SmallResNet",
        "arguments": {"classes": len(split.train.classes)},
        "task": "classify",
        "classes": [_plain_name(name) for name in split.train.classes],
        "preprocess": Preprocess(
            input_size=(recipe.test_size, recipe.test_size),
            resize=recipe.test_size,
            mean=recipe.mean,
            std=recipe.std,
        ).to_json(),
        "top1": round(100 * figures.top1, 1),
        "mean_per_class": round(100 * figures.mean_per_class, 1),
    }


def _plain_name(folder: str) -> str:
    if folder in _ACRONYM:
        return _ACRONYM[folder]
    return folder.replace("_", " ").lower()


def _card(figures: Figures, recipe: ClassifierRecipe, seconds: float) -> str:
    return f"""# bundled:objects

An 18-layer residual network at half the usual width (2.8 million weights) that names
the main object of a photograph: one of the 101 categories of Caltech-101.

| | |
|---|---|
| task | classification, 101 classes |
| input | {recipe.test_size} x {recipe.test_size} px, RGB; any size from 64 px works |
| data | Caltech-101 (Li, Andreetto, Ranzato, Perona; 2022 release), CC BY 4.0, \
shorter side {recipe.test_size} px, without `BACKGROUND_Google` |
| split | by file hash: one fifth ({figures.photographs} photographs) held out, never \
trained on |
| top-1, held out | {100 * figures.top1:.1f} % |
| mean per-class top-1, held out | {100 * figures.mean_per_class:.1f} % |
| training | from scratch, {recipe.epochs} epochs, seed {recipe.seed}, \
{seconds / 60:.0f} minutes |
| command | `nnviz train objects --data caltech101.zip --out resources/models` |
| weights | half precision, computed with in single precision |

**What it is bad at.** It always answers with one of its 101 categories, so a picture
of anything else gets a wrong name, often with confidence. Many categories have 40 to
60 photographs only; animals in the wild and thin tools are its weakest. It knows one
centred object a picture. `faces` and `faces easy` are the same people, whole and cut
out, so the two are often confused and a held-out photograph of one may have its twin
in the training part of the other: their figures are flattering.
"""
