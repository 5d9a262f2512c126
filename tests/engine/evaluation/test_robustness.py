"""Accuracy against epsilon, on a network whose border is known.

Truth: "bright" is a mean above a half, so that a picture of one level flips when every
pixel moves by its distance from 127.5: so many 255ths in the largest number, times the
root of 192 pixels' values in length.
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from support.jobs import finish, never
from torch import nn

from nnviz import api
from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.base.requests import MeasureRobustness

PLAIN = {
    "input_size": (8, 8),
    "resize": 8,
    "mean": (0.0, 0.0, 0.0),
    "std": (1.0, 1.0, 1.0),
}
ROOT = 192**0.5


class Bright(nn.Module):
    def forward(self, x):
        ahead = 40 * (x.mean((1, 2, 3)) - 0.5)
        return torch.stack([-ahead, ahead], 1)


@pytest.fixture
def model():
    return api.load(Bright(), preprocess=PLAIN, labels=("dark", "bright"))


def paint(path, level, seed=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((8, 8, 3), level, np.uint8)
    pixels[0, 0] = (level + seed, level - seed, level)
    PillowImage.fromarray(pixels).save(path)


@pytest.fixture
def folder(tmp_path):
    for level in (130, 133, 140):  # 2.5, 5.5 and 12.5 from the border
        paint(tmp_path / "bright" / f"{level}.png", level)
    paint(tmp_path / "dark" / "wrong.png", 200)
    paint(tmp_path / "purple" / "unknown.png", 10)
    return tmp_path


def measured(model, folder, **asked):
    request = MeasureRobustness(model=model.request, data=str(folder), **asked)
    return finish(api.session().job(request, never))


@pytest.mark.parametrize(("attack", "steps"), [("fgsm", 1), ("pgd", 10)])
def test_a_picture_falls_where_its_level_says(model, folder, attack, steps):
    found = measured(
        model, folder, attack=attack, steps=steps, epsilons=(0, 2, 3, 6, 13)
    )
    assert found.accuracies == (0.75, 0.75, 0.5, 0.25, 0.0)
    assert (found.pictures, found.truth) == (4, "folders")
    assert "purple (1)" in found.notes[0]


@pytest.mark.parametrize(("attack", "steps"), [("pgd", 10), ("deepfool", 5)])
def test_lengths_are_those_of_the_level(model, folder, attack, steps):
    epsilons = tuple(round(each * ROOT) for each in (0, 2, 3, 6, 13))
    found = measured(
        model, folder, attack=attack, steps=steps, epsilons=epsilons, norm="l2"
    )
    assert found.accuracies == (0.75, 0.75, 0.5, 0.25, 0.0)


def test_carlini_and_wagner_find_about_those_lengths(model, folder):
    """Adam stops a little behind the border: 10 % are allowed for."""
    epsilons = tuple(each * ROOT for each in (0, 2.4, 2.8, 5.4, 6.1, 12.4, 13.8))
    found = measured(model, folder, attack="cw", steps=60, epsilons=epsilons, norm="l2")
    assert found.accuracies == (0.75, 0.75, 0.5, 0.5, 0.25, 0.25, 0.0)


def test_without_names_the_networks_own_answers_are_right(model, tmp_path):
    for level in (130, 100):
        paint(tmp_path / f"{level}.png", level)
    found = measured(model, tmp_path, attack="fgsm", epsilons=(0, 3, 30))
    assert found.accuracies == (1, 0.5, 0)
    assert found.truth == "network"
    assert "counts as correct" in found.notes[0]
    assert found.curves().y_label == "prediction unchanged, %"


def test_the_figures_are_the_curves(model, folder):
    found = measured(model, folder, attack="fgsm", epsilons=(0, 13))
    assert found.table().rows == ((0, 75.0), (13, 0.0))
    np.testing.assert_array_equal(found.curves().x, (0, 13))
    np.testing.assert_array_equal(found.curves().series["fgsm"], (75, 0))


@pytest.mark.parametrize(
    ("asked", "error", "words"),
    [
        ({"attack": "pdg"}, UsageError, "did you mean pgd"),
        ({"attack": "deepfool"}, UsageError, "ask for the norm l2"),
        ({"epsilons": (4, 2)}, UsageError, "do not rise"),
        ({"epsilons": ()}, UsageError, "do not rise"),
        ({"epsilons": (-1, 2)}, UsageError, "outside 0 to"),
    ],
)
def test_what_cannot_be_measured_is_said(model, folder, asked, error, words):
    with pytest.raises(error, match=words):
        measured(model, folder, **asked)


def test_an_empty_folder_is_said(model, tmp_path):
    with pytest.raises(InputError, match="images"):
        measured(model, tmp_path)


def test_other_networks_are_refused(folder):
    whole = api.load("bundled:scenes-segmenter")
    with pytest.raises(ModelError, match="pick a network that does"):
        measured(whole, folder)
