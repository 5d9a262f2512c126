"""MaCo's images against Horama 0.3.0, by the method's own first author (T. Fel).

One definition, two roundings: Horama divides by the deviation of n - 1 values plus 1e-4
and its color matrix has eight digits, so that images agree to 1e-3 of their range.
"""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from nnviz.engine.optvis.parametrizations import Phases
from nnviz.engine.optvis.spectrum_prior import fitted_magnitudes, shipped_magnitudes

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
SHAPE = (1, 3, 96, 128)


def test_images_of_the_same_phases_are_horamas(tmp_path):
    if not PEERS.exists():
        pytest.skip("make peers installs Horama")
    magnitudes = fitted_magnitudes(shipped_magnitudes(), 3, SHAPE[2:])
    generator = torch.Generator().manual_seed(5)
    phases = Phases(magnitudes, SHAPE, generator, torch.device("cpu"))
    start = phases.leaves["phases"].detach()[0]
    np.savez(tmp_path / "in.npz", magnitudes=magnitudes.numpy(), phases=start.numpy())
    program = Path(__file__).parent / "programs/maco_image.py"
    subprocess.run(
        [PEERS, program, tmp_path / "in.npz", tmp_path / "out.npy"],
        env=os.environ,
        capture_output=True,
        check=True,
        timeout=600,
    )
    theirs = np.load(tmp_path / "out.npy")
    ours = phases.pixels()[0].detach().numpy()
    assert np.ptp(theirs) > 0.5
    np.testing.assert_allclose(ours, theirs, atol=1e-3)
