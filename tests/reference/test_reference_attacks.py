"""Attacks against torchattacks 3.5.1 and foolbox 3.3.4 on the same pictures, float64.

``bundled:digits`` and 200 of scikit-learn's digits.  Where a definition differs on
purpose, the test says how.
"""

import copy
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from support.jobs import never

from nnviz import load
from nnviz.engine.attacks.carlini_wagner import (
    Search,
    descend,
    first_constants,
    first_descent,
    shortest,
)
from nnviz.engine.attacks.deepfool import walked
from nnviz.engine.attacks.goals import AttackedModel, Goal
from nnviz.engine.attacks.pgd_step import AscentStep, Position, climbed
from nnviz.engine.data.digits import load_digits
from nnviz.engine.nn.pixel_model import PixelModel

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
EPSILON, STEP, STEPS = 4 / 255, 1 / 255, 10
LONG, STRIDE = 1.5, 0.3
ROUNDS, DESCENT = 6, 150
PICTURES = 200


@pytest.fixture(scope="module")
def attacked_model():
    whole = copy.deepcopy(load("bundled:digits", device="cpu").pixel_module())
    normalizer, net = whole.double()
    return AttackedModel(PixelModel(net=net, normalizer=normalizer, check=never))


@pytest.fixture(scope="module")
def pictures():
    held = load_digits().held_out
    small = torch.stack(list(held.photos[:PICTURES])).double() / 255
    return torch.nn.functional.interpolate(small, (32, 32), mode="bilinear")


@pytest.fixture(scope="module")
def labels(attacked_model, pictures):
    return attacked_model.logits(pictures).argmax(1)


@pytest.fixture(scope="module")
def goal(labels):
    classes = torch.nn.functional.one_hot(labels, 10).bool()
    return Goal(classes, towards=False)


@pytest.fixture(scope="module")
def peer(attacked_model, pictures, labels, tmp_path_factory):
    if not PEERS.exists():
        pytest.skip("make peers installs torchattacks and foolbox")
    folder = tmp_path_factory.mktemp("attacks")
    whole = torch.nn.Sequential(attacked_model.normalizer, attacked_model.net)
    torch.save(whole, folder / "net.pt")
    np.savez(folder / "given.npz", pictures=pictures.numpy(), labels=labels.numpy())
    program = Path(__file__).parent / "programs/attacks.py"
    names = ("net.pt", "given.npz", "found.npz")
    subprocess.run(
        [PEERS, program, *(folder / name for name in names)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        timeout=500,
        capture_output=True,
    )
    return np.load(folder / "found.npz")


def ascended(attacked_model, goal, clean, how, steps=STEPS):
    at = Position(clean, torch.zeros_like(clean))
    for _ in range(steps):
        _, gradient = attacked_model.gradient(at.pixels, goal.loss)
        at = climbed(clean, at, gradient, how)
    return at.pixels.numpy()


def test_fgsm_is_that_of_both(attacked_model, goal, pictures, peer):
    how = AscentStep(epsilon=EPSILON, step=EPSILON)
    ours = ascended(attacked_model, goal, pictures, how, steps=1)
    np.testing.assert_allclose(ours, peer["fgsm"], atol=1e-9)
    np.testing.assert_allclose(ours, peer["foolbox fgsm"], atol=1e-9)


def test_pgd_without_random_start_is_that_of_both(attacked_model, goal, pictures, peer):
    ours = ascended(
        attacked_model, goal, pictures, AscentStep(epsilon=EPSILON, step=STEP)
    )
    np.testing.assert_allclose(ours, peer["bim"], atol=1e-9)
    np.testing.assert_allclose(ours, peer["foolbox bim"], atol=1e-9)


def test_pgd_in_l2_is_that_of_torchattacks(attacked_model, goal, pictures, peer):
    how = AscentStep(epsilon=LONG, step=STRIDE, norm="l2")
    ours = ascended(attacked_model, goal, pictures, how)
    np.testing.assert_allclose(ours, peer["l2"], atol=1e-8)


def test_momentum_is_that_of_torchattacks(attacked_model, goal, pictures, peer):
    """It divides by the mean where the paper has the sum: the same sign."""
    how = AscentStep(epsilon=EPSILON, step=STEP, decay=1.0)
    ours = ascended(attacked_model, goal, pictures, how)
    np.testing.assert_allclose(ours, peer["mifgsm"], atol=1e-9)


def fooled(attacked_model, goal, found, pictures):
    """Return which pictures fool, and the lengths of their noise."""
    noise = (found - pictures).flatten(1).norm(dim=1)
    return goal.reached(attacked_model.logits(found)).numpy(), noise.numpy()


def assert_no_longer(attacked_model, goal, pictures, ours, others):
    """Equal success, and a mean length within 5 % or better."""
    mine, length = fooled(attacked_model, goal, ours, pictures)
    theirs, far = fooled(attacked_model, goal, torch.from_numpy(others), pictures)
    both = mine & theirs
    assert mine.sum() >= theirs.sum()
    assert length[both].mean() <= 1.05 * far[both].mean()


def test_deepfool_is_as_short_as_foolboxs(attacked_model, goal, pictures, peer):
    found = walked(attacked_model, goal, pictures, 10, 50, 0.02)
    assert_no_longer(attacked_model, goal, pictures, found, peer["deepfool"])


@pytest.fixture(scope="module")
def nearest(attacked_model, goal, pictures):
    """Our nearest pictures, with as many values of c as the peers try."""
    return shortest(attacked_model, goal, pictures, Search(), (ROUNDS, DESCENT), 0.1)


@pytest.mark.parametrize("other", ["cw", "torchattacks cw"])
def test_cw_is_as_short_as_the_peers(
    attacked_model, goal, pictures, nearest, peer, other
):
    """torchattacks searches no c and cannot move black pixels: ours may be shorter."""
    assert_no_longer(attacked_model, goal, pictures, nearest, peer[other])


def test_cw_moves_black_pixels(attacked_model, goal, pictures):
    """tanh is flat at its ends: without a margin, pixels of 0 and 1 never move."""
    black = pictures[:4].clone()
    black[:] = black.round()
    some = Goal(goal.classes[:4], towards=False)
    at = first_descent(black)
    constants = first_constants(4, 100.0, black).value
    for _ in range(60):
        at, _ = descend(attacked_model, some, black, at, constants, Search(rate=0.1))
    assert (at.change[black == 0] != 0).any()
    assert (at.best[at.norm.isfinite()] > 0).any()
