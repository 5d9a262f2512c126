"""Occlusion against captum's rule, written out slowly, and against captum itself."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.explained import SIDE, cases, networks

from nnviz.engine.attribution.sliding_windows import lay_windows, mean_over_windows

ROOT = Path(__file__).parents[2]
PEERS = ROOT / ".venv-peers/bin/python"
SETTINGS = ((16, 8), (13, 9), (48, 48), (7, 7))
"""Window and stride: even, hanging over the edge, one window, no overlap."""
FILL = 0.25


def ours(net, picture, target, window, stride):
    windows = lay_windows((SIDE, SIDE), window, stride, cut=True)
    grid = np.empty((len(windows.rows), len(windows.columns)))
    for index, place in enumerate(windows.order):
        hidden = picture.clone()
        hidden[:, :, *windows.box(index)] = FILL
        grid[*place] = (net(picture) - net(hidden))[0, target].item()
    return mean_over_windows(windows, grid, (SIDE, SIDE))


def slow(net, picture, target, window, stride):
    """Every window by itself: sums of drops and counts, pixel by pixel."""
    total, count = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
    score = net(picture)[0, target].item()
    for top in range(0, SIDE - window + stride, stride):
        for left in range(0, SIDE - window + stride, stride):
            hidden = picture.clone()
            hidden[:, :, top : top + window, left : left + window] = FILL
            part = np.s_[top : top + window, left : left + window]
            total[part] += score - net(hidden)[0, target].item()
            count[part] += 1
    return total / count


@pytest.mark.parametrize(("window", "stride"), SETTINGS)
def test_cut_windows_follow_captums_rule(window, stride):
    net = networks()["plain"]
    pictures, targets = cases()
    for picture, target in zip(pictures[::4], targets[::4], strict=True):
        found = ours(net, picture[None], int(target), window, stride)
        expected = slow(net, picture[None], int(target), window, stride)
        assert np.abs(found - expected).max() <= 1e-9 * np.abs(expected).max()


@pytest.mark.slow
def test_captum_agrees(tmp_path):
    """Truth: captum 0.9's Occlusion in float64, run by the peers' own Python.

    It rounds the mean over the windows to float32 even there: so may ours differ.
    """
    if not PEERS.exists():
        pytest.skip("make peers installs captum")
    out = tmp_path / "maps.npz"
    program = Path(__file__).parent / "programs/captum_occlusion.py"
    settings = [f"{window},{stride}" for window, stride in SETTINGS]
    subprocess.run(
        [PEERS, program, out, str(FILL), *settings],
        env=os.environ | {"PYTHONPATH": str(ROOT / "tests")},
        check=True,
        timeout=600,
    )
    expected = np.load(out)
    net = networks()["plain"]
    pictures, targets = cases()
    for window, stride in SETTINGS:
        found = ours(net, pictures[:1], int(targets[0]), window, stride)
        captum = expected[f"{window},{stride}"]
        assert np.abs(found - captum).max() <= 1e-7 * np.abs(captum).max()


def test_windows_pushed_inside_are_all_of_one_size():
    """On purpose not captum's: a cut window hides less, so it drops less."""
    windows = lay_windows((48, 40), 13, 9, cut=False)
    assert {end - start for start, end in windows.rows + windows.columns} == {13}
    assert windows.rows[-1] == (35, 48)
    assert windows.columns[-1] == (27, 40)
    constant = np.ones((len(windows.rows), len(windows.columns)))
    assert np.array_equal(mean_over_windows(windows, constant, (48, 40)),
                          np.ones((48, 40)))  # fmt: skip
