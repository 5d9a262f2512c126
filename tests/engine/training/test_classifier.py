"""The fit loop learns, resumes exactly, and never trains on what it measures.

Truth: pictures made here whose class is known (stripes of four directions).
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from nnviz.base.errors import InputError
from nnviz.engine.data.folders import is_held_out, load_split
from nnviz.engine.models.networks import SmallResNet
from nnviz.engine.training import augment
from nnviz.engine.training.classifier import ClassifierRecipe, fit, load_trained
from nnviz.engine.training.objects import load_objects

RECIPE = ClassifierRecipe(
    epochs=6, batch=8, train_size=40, test_size=64, ema_decay=0.7, cut_mix_share=0.2
)
DIRECTIONS = {"down": (1, 0), "right": (0, 1), "dots": (1, 1)}


def stripes(direction, rng):
    """Random phase and period, so that no two pictures are alike."""
    y, x = np.mgrid[:64, :80]
    period, phase = rng.uniform(8, 14), rng.uniform(0, 2 * np.pi)
    waves = [
        np.sin(2 * np.pi * axis / period + phase) * use
        for axis, use in zip((y, x), direction, strict=True)
    ]
    grey = sum(waves) / sum(direction) * 90 + 128 + rng.normal(0, 10, y.shape)
    return np.repeat(grey.clip(0, 255).astype(np.uint8)[..., None], 3, 2)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("stripes")
    rng = np.random.default_rng(0)
    for name, direction in DIRECTIONS.items():
        (root / name).mkdir()
        for index in range(60):
            PillowImage.fromarray(stripes(direction, rng)).save(
                root / name / f"{index:03}.png"
            )
    return root


def build():
    return SmallResNet(len(DIRECTIONS), width=8)


def test_it_learns(folder, tmp_path):
    split = load_split(folder, 64)
    *_, last = fit(build, split, RECIPE, tmp_path / "run.pt", torch.device("cpu"))
    # One in three by guessing; the classes are told apart by any working loop.
    assert last.top1 >= 0.9
    assert last.number == RECIPE.epochs


def test_a_killed_run_goes_on_as_if_unbroken(folder, tmp_path):
    split = load_split(folder, 64)
    whole = fit(build, split, RECIPE, tmp_path / "whole.pt", torch.device("cpu"))
    for _ in range(2):
        next(whole)
    killed = fit(build, split, RECIPE, tmp_path / "killed.pt", torch.device("cpu"))
    next(killed)
    killed.close()
    next(fit(build, split, RECIPE, tmp_path / "killed.pt", torch.device("cpu")))
    unbroken = load_trained(tmp_path / "whole.pt").weights
    for name, value in load_trained(tmp_path / "killed.pt").weights.items():
        assert torch.equal(value, unbroken[name]), name


def test_split_depends_on_the_bytes_alone(folder):
    split = load_split(folder, 64)
    files = sorted(folder.glob("*/*.png"))
    held = sum(is_held_out(path.read_bytes()) for path in files)
    assert len(split.held_out) == held
    assert len(split.train) == len(files) - held
    # Binomial(180, 1/5): outside 15..60 once in more than a million tries.
    assert 15 < held < 60


def test_cut_mix_shares_targets_in_proportion_to_the_area():
    batch = torch.stack([torch.zeros(3, 40, 40), torch.ones(3, 40, 40)])
    targets = torch.eye(2)
    generator = torch.Generator().manual_seed(3)
    mixed, shared = augment.cut_mix(batch, targets, generator)
    # The first picture is black and gets a white rectangle of the second's.
    assert shared[0, 1].item() == pytest.approx(mixed[0].mean().item(), abs=1e-6)
    assert shared.sum(1).tolist() == pytest.approx([1, 1])


def test_a_third_of_a_turn_of_the_hue_moves_red_to_green_to_blue():
    red = torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)
    green = augment._turn_hue(red, torch.tensor([2 * torch.pi / 3]))
    assert green.flatten().tolist() == pytest.approx([0, 1, 0], abs=1e-6)
    grey = torch.full((1, 3, 1, 1), 0.4)
    turned = augment._turn_hue(grey, torch.tensor([1.0]))
    assert torch.allclose(turned, grey)


def test_crops_are_in_range_and_repeatable():
    photo = torch.randint(0, 256, (3, 90, 120), dtype=torch.uint8)
    crops = [
        augment.random_crop(photo, 32, torch.Generator().manual_seed(1))
        for _ in range(2)
    ]
    assert torch.equal(*crops)
    assert crops[0].shape == (3, 32, 32)
    assert 0 <= crops[0].min() <= crops[0].max() <= 1


def test_data_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="neither a folder nor a zip"):
        load_objects(tmp_path / "missing.zip", 64)
