"""Lessons on whole layers and images: the course's numbers, torch, cases by hand."""

import numpy as np
import pytest
import torch
from scipy import signal
from support.jobs import cat
from support.lessons import run_lesson
from torch import nn

import nnviz
from nnviz.base.errors import InputError
from nnviz.base.images import image_from_array
from nnviz.engine.lessons.arithmetic.gray import gray_of

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


def on_image(pixels, **values):
    run, _ = run_lesson("kernel_on_image", image=image_from_array(pixels), **values)
    return run.report


def test_an_atrous_kernel_takes_every_third_pixel():
    """Truth: SciPy's correlation with the kernel and zeros between its weights."""
    pixels = np.random.default_rng(0).integers(0, 256, (20, 24), np.uint8)
    report = on_image(pixels, kernel="1 2; 3 4", rate=3)
    spread = np.zeros((4, 4))
    spread[::3, ::3] = [[1, 2], [3, 4]]
    expected = signal.correlate2d(pixels.astype(float), spread, "valid")
    assert np.allclose(report.main.values[:17, :21], expected, rtol=1e-5)
    gray, _, products = report["window"].grids
    assert gray.title.endswith("every 3 px")
    assert products.values.sum() == pytest.approx(report.main.values[10, 12], rel=1e-6)


def test_maxima_go_back_to_their_places():
    """By hand: two windows of 2 x 2, whose largest are at the lower right and left."""
    pixels = np.array([[1, 2, 3, 0], [4, 9, 8, 0]], np.uint8)
    ways = {
        "max unpooling": [[0, 0, 0, 0], [0, 9, 8, 0]],
        "bed of nails": [[9, 0, 8, 0], [0, 0, 0, 0]],
        "nearest": [[9, 9, 8, 8], [9, 9, 8, 8]],
    }
    for source, expected in ways.items():
        report = on_image(pixels, kernel="1", source=source, factor=2)
        assert np.allclose(report.main.values, expected, atol=1e-4)
        assert np.allclose(report["unpooled"].values, expected, atol=1e-4)


def test_a_kernel_on_nails_is_a_transposed_convolution():
    """Truth: torch's transposed convolution with the kernel turned by 180 degrees."""
    pixels = np.random.default_rng(1).integers(0, 256, (12, 16), np.uint8)
    report = on_image(
        pixels, kernel="1 2 3; 4 5 6; 7 8 9", source="bed of nails", factor=2
    )
    kernel = torch.arange(1.0, 10).view(1, 1, 3, 3).flip(2, 3)
    small = nn.functional.max_pool2d(torch.tensor(pixels)[None, None].float(), 2)
    whole = nn.functional.conv_transpose2d(small, kernel, stride=2)[0, 0].numpy()
    found = report.main.values
    assert np.allclose(found[1:-1, 1:-1], whole[2:12, 2:16], rtol=1e-5)


def test_an_image_smaller_than_a_window_is_refused():
    with pytest.raises(InputError, match="no window of 16 px"):
        on_image(np.zeros((8, 40), np.uint8), source="nearest", factor=16)


def test_laplacian_of_gaussian_of_the_course_is_taken_apart():
    """49 products a pixel become 9 + 25 = 34; the slide's two kernels only come near.

    The composed kernel is SciPy's full convolution of the two.
    """
    run, _ = run_lesson("kernel_decomposition", image=cat())
    rows = {row[0]: row[1:] for row in run.report["products"].rows}
    assert rows["the large kernel"] == (49, 0)
    assert rows["first, then second"][0] == 34
    assert rows["first, then second"][1] == pytest.approx(0.49, abs=1e-9)
    first, second, together, large = run.report["kernels"].grids
    expected = signal.convolve2d(first.values, second.values)
    assert np.allclose(together.values, expected, rtol=0, atol=1e-12)
    assert (large.values[3, 3], large.values[0, 0]) == (-1.3, 0.02)
    assert np.allclose(large.values, large.values.T)


def test_small_kernels_in_turn_are_the_large_one():
    """(f * g) * h = f * (g * h) away from the edges, with SciPy."""
    run, _ = run_lesson("kernel_decomposition", image=cat())
    first, second, _, _ = run.report["kernels"].grids
    values = gray_of(cat())
    # Networks correlate, and so does the lesson; both small kernels are symmetric.
    in_turn = signal.convolve2d(values, first.values, "same")
    in_turn = signal.convolve2d(in_turn, second.values, "same")
    found = run.report["response"].values
    assert np.allclose(found[6:-6, 6:-6], in_turn[6:-6, 6:-6], atol=1e-4)


def test_average_is_separable():
    run, _ = run_lesson(
        "kernel_decomposition",
        image=cat(),
        first="1 1 1",
        second="1; 1; 1",
        large="1 1 1; 1 1 1; 1 1 1",
    )
    rows = {row[0]: row[1:] for row in run.report["products"].rows}
    assert rows["a column, then a row"][0] == 6
    assert rows["a column, then a row"][1] < 1e-12
    assert rows["first, then second"] == (6, 0)


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


def plain(side):
    """Return the preprocessing of a gray network that gets pixels as they are."""
    size = (side, side)
    return {"input_size": size, "resize": side, "mean": (0.0,), "std": (1.0,)}


def gray(side):
    return np.full((side, side), 128, np.uint8)


def uniform_stack(depth):
    """Return a linear network of 3 × 3 layers of ones: its fields are known exactly."""
    layers = [nn.Conv2d(1, 1, 3, padding=1, bias=False) for _ in range(depth)]
    for layer in layers:
        nn.init.ones_(layer.weight)
    return nn.Sequential(*layers)


@pytest.mark.parametrize("depth", [1, 4, 9])
def test_effective_field_of_a_uniform_stack(depth):
    """Luo et al. 2016, 2.2: trinomial coefficients, deviation √(2 n / 3)."""
    net = nnviz.load(uniform_stack(depth), preprocess=plain(41))
    result = nnviz.run("effective_receptive_field", net, gray(41), passes=1)
    found = result.data
    line = np.array([1.0])
    for _ in range(depth):
        line = np.convolve(line, np.ones(3))
    expected = np.zeros((41, 41))
    inside = slice(20 - depth, 20 + depth + 1)
    expected[inside, inside] = np.outer(line, line)
    assert np.allclose(found, expected, rtol=1e-5)
    rows = {row[0]: row[1] for row in result.report["figures"].rows}
    assert rows["theoretical field, px"] == f"{2 * depth + 1} × {2 * depth + 1}"
    deviation = rows["standard deviation along an axis, px"]
    assert deviation == pytest.approx((2 * depth / 3) ** 0.5, abs=0.01)
    counted = (expected > (1 - 0.9545) * expected.max()).sum()
    assert rows["effective size, px"] == pytest.approx(counted**0.5, abs=0.06)


def test_random_signs_average_to_the_squares_of_all_channels():
    """A 1 × 1 layer of weights 3 and 4: √(3² + 4²) = 5, however the signs fall."""
    layer = nn.Conv2d(1, 2, 1, bias=False)
    layer.weight.data = torch.tensor([3.0, 4.0]).reshape(2, 1, 1, 1)
    net = nnviz.load(nn.Sequential(layer), preprocess=plain(8))
    found = nnviz.run(
        "effective_receptive_field", net, gray(8), layer="0", passes=256
    ).data
    assert found[4, 4] == pytest.approx(5, rel=0.1)
    assert np.count_nonzero(found) == 1


def test_effective_field_of_a_network_is_smaller_than_the_theoretical():
    run, reports = run_lesson(
        "effective_receptive_field", model="bundled:objects", image=cat(), passes=3
    )
    assert len(reports) == 3
    (_, effective), (_, theoretical) = (
        [box[0], box[2] - box[0]] for box in run.report["fields"].boxes
    )
    assert 0 < effective < theoretical
