"""Lessons on whole layers and images: the course's numbers, torch, cases by hand."""

import numpy as np
import pytest
import torch
from support.jobs import cat
from support.lessons import run_lesson
from torch import nn

from nnviz.base.images import image_from_array

MODEL = "bundled:digits"


def rows_of(**values):
    run, _ = run_lesson("layer_cost", **values)
    return {row[0]: row[1:] for row in run.report.main.rows}, run.report.notes


@pytest.mark.parametrize(
    ("inputs", "outputs", "weights"), [(1, 64, 5_248), (64, 256, 1_327_360)]
)
def test_weights_of_the_course(inputs, outputs, weights):
    rows, notes = rows_of(kernel=9, inputs=inputs, outputs=outputs)
    assert rows["convolution 9 × 9"][0] == weights
    assert f"= {weights:,}" in notes[1]


def test_dense_local_and_shared_of_the_course():
    """1000 × 1000 to as many: 10^12, with 10 × 10 windows 10^8, shared 100."""
    rows, _ = rows_of(size=1000, inputs=1, outputs=1, kernel=10, padding=5)
    assert rows["fully connected"][1] == pytest.approx(1e12, rel=0.01)
    assert rows["local, weights not shared"][1] == pytest.approx(1e8, rel=0.01)
    assert rows["convolution 10 × 10"][0] == 100 + 1


@pytest.mark.parametrize("groups", [1, 2, 4])
def test_counts_are_those_of_torch_layers(groups):
    values = {"size": 14, "inputs": 8, "outputs": 12, "kernel": 5, "padding": 2}
    rows, _ = rows_of(**values, groups=groups)
    conv = nn.Conv2d(8, 12, 5, padding=2, groups=groups)
    weights = sum(each.numel() for each in conv.parameters())
    places = conv(torch.zeros(1, 8, 14, 14)).shape[2] ** 2
    assert rows[f"in {groups} groups"] == (weights, 25 * 8 // groups * 12 * places)
    depthwise = nn.Sequential(nn.Conv2d(8, 8, 5, groups=8), nn.Conv2d(8, 12, 1))
    counted = sum(each.numel() for each in depthwise.parameters())
    assert rows["depthwise 5 × 5, then 1 × 1"][0] == counted


def test_sobel_on_a_step_edge_is_written_out_by_hand():
    pixels = np.zeros((5, 6), np.uint8)
    pixels[:, 3:] = 255
    run, _ = run_lesson("kernel_on_image", image=image_from_array(pixels))
    found = run.report.main.values
    assert np.allclose(found[:, [0, 1, 4, 5]], 0)
    assert np.allclose(found[:, [2, 3]], 4 * 255)
    _, kernel, products = run.report["window"].grids
    assert np.array_equal(kernel.values, [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    assert products.values.sum() == pytest.approx(found[2, 3], rel=1e-6)


def test_spectra_and_sum_agree():
    run, _ = run_lesson("convolution_theorem", image=cat(), size=64)
    gap = float(run.report.notes[0].split()[-1])
    assert gap < 1e-12


def test_map_shifts_with_the_image():
    """A shift by the stride moves the map by one place: exactly, away from edges."""
    run, _ = run_lesson("equivariance", model=MODEL, image=cat(), right=2)
    rows = {row[0]: row[1] for row in run.report["figures"].rows}
    assert rows["with the map shifted, %"] < 1e-3
    assert rows["without shifting the map, %"] > 10 * rows["with the map shifted, %"]


def test_receptive_fields_grow_around_the_place():
    run, _ = run_lesson("receptive_fields", model="bundled:objects", image=cat())
    boxes = run.report.main.boxes
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    assert (np.diff(areas) >= 0).all()
    fields = [row[2] for row in run.report["layers"].rows]
    assert fields == sorted(fields)
