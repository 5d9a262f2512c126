"""Trust in maps against Quantus 0.6.0 and torch-cam 0.5.0, in float64, on one input.

Measured by both where the definitions are the same: pointing game, energy inside,
deletion and insertion, average drop, infidelity, max-sensitivity, ROAD's imputation and
the rank correlation of parameter randomization.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from support import trusted

from nnviz.engine.evaluation.trust.average_drop import measure_drop
from nnviz.engine.evaluation.trust.deletion_insertion import (
    curve,
    deletion,
    insertion,
)
from nnviz.engine.evaluation.trust.energy_inside import energy_inside
from nnviz.engine.evaluation.trust.infidelity import Drops, infidelity
from nnviz.engine.evaluation.trust.max_sensitivity import relative_changes
from nnviz.engine.evaluation.trust.pointing_game import hits
from nnviz.engine.evaluation.trust.randomization import similarity
from nnviz.engine.evaluation.trust.road import impute

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
STEPS = 16
MAPS = range(3)


@pytest.fixture(scope="module")
def peers(tmp_path_factory):
    """The peers' scores by name, computed once by their own Python."""
    if not PEERS.exists():
        pytest.skip("make peers installs Quantus and torch-cam")
    out = tmp_path_factory.mktemp("trust") / "scores.npz"
    subprocess.run(
        [PEERS, Path(__file__).parent / "programs/trust_measures.py", out],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        check=True,
        timeout=600,
    )
    return np.load(out)


@pytest.fixture(scope="module")
def score():
    net = trusted.net()
    return lambda images: net(images).softmax(1)[:, trusted.CLASS]


def pixels(channels=1):
    return torch.from_numpy(trusted.image(channels))


@pytest.mark.parametrize("number", MAPS)
def test_localization(peers, number):
    values, mask = trusted.maps()[number], trusted.mask()
    assert hits(values, mask) == peers[f"pointing {number}"]
    assert energy_inside(values, mask) == pytest.approx(peers[f"energy {number}"])


@pytest.mark.parametrize("number", MAPS)
def test_pixel_flipping(peers, score, number):
    """Quantus leaves the whole image out of its curve."""
    values = trusted.maps()[number]
    _, scores = curve(values, pixels(), 0 * pixels(), score, STEPS)
    np.testing.assert_allclose(scores[1:], peers[f"flipping {number}"], rtol=1e-9)


@pytest.mark.parametrize("number", MAPS)
def test_torch_cam_protocol(peers, score, number):
    """torch-cam integrates in float32; its maps have no negative values."""
    values, nothing = np.maximum(trusted.maps()[number], 0), 0 * pixels()
    areas = (
        deletion(values, pixels(), nothing, score, STEPS),
        insertion(values, pixels(), nothing, score, STEPS),
    )
    assert areas[0] == pytest.approx(peers[f"deletion_auc {number}"], rel=1e-6)
    assert areas[1] == pytest.approx(peers[f"insertion_auc {number}"], rel=1e-6)
    drop, increase = measure_drop(values, pixels(), nothing, score)
    assert drop == pytest.approx(peers[f"avg_drop {number}"], rel=1e-5, abs=1e-6)
    assert increase == peers[f"conf_increase {number}"]


@pytest.mark.parametrize("number", MAPS)
def test_infidelity(peers, number):
    """Quantus removes block after block and puts none back; of an image of ones."""
    values, net = trusted.maps()[number], trusted.net()
    masks, removed = [], np.zeros((trusted.SIDE, trusted.SIDE), bool)
    for top in range(0, trusted.SIDE, trusted.BLOCK):
        for left in range(0, trusted.SIDE, trusted.BLOCK):
            removed[top : top + trusted.BLOCK, left : left + trusted.BLOCK] = True
            masks.append(removed.copy())
    images = 1 - torch.from_numpy(np.stack(masks)).double()[:, None]
    with torch.no_grad():
        whole = net(torch.ones_like(images[:1]))[0, trusted.CLASS]
        falls = whole - net(images)[:, trusted.CLASS]
    found = infidelity(values, Drops(np.stack(masks), falls.numpy()), scaled=False)
    assert found == pytest.approx(peers[f"infidelity {number}"], rel=1e-9)


def test_max_sensitivity(peers):
    image = trusted.image()
    values = trusted.explained(image)[0]
    others = [trusted.explained(image + noise)[0] for noise in trusted.noises()]
    found = max(relative_changes(values, others))
    assert found == pytest.approx(peers["sensitivity"], rel=1e-9)


def test_road_imputation(peers):
    """Ours is solved by conjugate gradients, to 1e-5 of the equations' length."""
    filled = impute(pixels(3), torch.from_numpy(trusted.removed()))[0].numpy()
    np.testing.assert_allclose(filled, peers["imputed"], atol=1e-4)


@pytest.mark.parametrize("number", MAPS)
def test_rank_correlation(peers, number):
    first = trusted.maps()[0]
    found = similarity(trusted.maps()[number], first + trusted.maps()[number])
    assert found == pytest.approx(peers[f"spearman {number}"], rel=1e-9)
