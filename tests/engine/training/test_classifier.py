"""The fit loop learns, resumes exactly, and never trains on what it measures.

Truth: pictures made here whose class is known (stripes of three kinds).
"""

import dataclasses

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

from nnviz.base.errors import InputError
from nnviz.base.events import EPOCH
from nnviz.engine.data.folders import LabeledPhotos, is_held_out, load_split
from nnviz.engine.models.networks import SmallResNet, SmallVgg
from nnviz.engine.training import augment, everyday
from nnviz.engine.training.classifier import (
    ClassifierRecipe,
    Plan,
    draw_crops,
    fit,
    initialize_plain,
)
from nnviz.engine.training.fitting import load_trained
from nnviz.engine.training.objects import load_objects
from tests.support.epochs import epochs

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
    gray = sum(waves) / sum(direction) * 90 + 128 + rng.normal(0, 10, y.shape)
    return np.repeat(gray.clip(0, 255).astype(np.uint8)[..., None], 3, 2)


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


PLAN = Plan(lambda: SmallResNet(len(DIRECTIONS), width=8), draw_crops, initialize_plain)


def test_it_learns(folder, tmp_path):
    split = load_split(folder, 64)
    *_, last = fit(PLAN, split, RECIPE, tmp_path / "run.pt")
    # One in three by guessing; the classes are told apart by any working loop.
    assert last.scores["top-1"] >= 0.9
    assert last.number == RECIPE.epochs


def test_without_a_rate_nothing_is_learned(folder, tmp_path):
    """The control of the test above: its bar is out of reach for a loop that idles."""
    split = load_split(folder, 64)
    recipe = dataclasses.replace(RECIPE, rate=0.0, epochs=2)
    *_, last = fit(PLAN, split, recipe, tmp_path / "run.pt")
    assert last.scores["top-1"] < 0.6


def test_steps_are_told_and_can_be_stopped_at(folder, tmp_path):
    split = load_split(folder, 64)
    run = fit(PLAN, split, RECIPE, tmp_path / "run.pt")
    steps = len(split.train) // RECIPE.batch
    told = [next(run).progress() for _ in range(steps + 1)]
    assert [each.done for each in told[:-1]] == [(i + 1) / steps for i in range(steps)]
    assert told[0].what == f"epoch 1: step 1 of {steps}"
    assert (told[-1].done, told[-1].total, told[-1].unit) == (1, 6, EPOCH)


def test_a_killed_run_goes_on_as_if_unbroken(folder, tmp_path):
    split = load_split(folder, 64)
    whole = epochs(fit(PLAN, split, RECIPE, tmp_path / "whole.pt"))
    for _ in range(2):
        next(whole)
    killed = epochs(fit(PLAN, split, RECIPE, tmp_path / "killed.pt"))
    next(killed)
    killed.close()
    next(epochs(fit(PLAN, split, RECIPE, tmp_path / "killed.pt")))
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
    gray = torch.full((1, 3, 1, 1), 0.4)
    turned = augment._turn_hue(gray, torch.tensor([1.0]))
    assert torch.allclose(turned, gray)


def test_crops_are_in_range_and_repeatable():
    photo = torch.randint(0, 256, (3, 90, 120), dtype=torch.uint8)
    crops = [
        augment.random_crop(photo, 32, torch.Generator().manual_seed(1))
        for _ in range(2)
    ]
    assert torch.equal(*crops)
    assert crops[0].shape == (3, 32, 32)
    assert 0 <= crops[0].min() <= crops[0].max() <= 1


def test_shifted_pictures_are_what_a_mirrored_border_shows():
    rows = torch.arange(6.0).view(1, 1, 6, 1).expand(64, 1, 6, 6)
    moved = augment.shift_and_flip(rows, 2, torch.Generator().manual_seed(0))
    # By hand: row y of a picture moved by d shows row y + d, reflected at 0 and 5.
    seen = {tuple(picture[0, :, 0].tolist()) for picture in moved}
    expected = {
        tuple(float(5 - abs(5 - abs(y + d))) for y in range(6)) for d in range(-2, 3)
    }
    assert seen == expected


def test_a_whitened_first_layer_gives_unrelated_outputs_of_unit_spread():
    smooth = torch.nn.functional.avg_pool2d(
        torch.rand(200, 3, 34, 34, generator=torch.Generator().manual_seed(0)), 3, 1
    )
    photos = LabeledPhotos(
        list((255 * smooth).to(torch.uint8)), torch.zeros(200).long(), ("a",)
    )
    net = SmallVgg(3)
    everyday.initialize_whitened(net, photos, torch.Generator().manual_seed(0))
    mean, std = (
        torch.tensor(value).view(-1, 1, 1) for value in (everyday._MEAN, everyday._STD)
    )
    given = (torch.stack(photos.photos) / 255 - mean) / std
    with torch.no_grad():
        out = net.stem.conv(given)[:, :16, 1:-1, 1:-1].transpose(0, 1).flatten(1)
    # Whitening's definition: the second moments are the identity, up to the floor
    # under the eigenvalues and to which patches were looked at.
    statistics = out @ out.T / out.shape[1]
    off = statistics - torch.diag(statistics.diagonal())
    assert statistics.diagonal().max() < 1.2
    assert off.abs().max() < 0.1


def test_data_that_is_not_there_is_said(tmp_path):
    with pytest.raises(InputError, match="neither a folder nor a zip"):
        load_objects(tmp_path / "missing.zip", RECIPE)
