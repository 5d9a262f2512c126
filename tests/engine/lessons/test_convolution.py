"""Convolution step by step: worked examples of the course, and numpy and torch."""

import numpy as np
import pytest
import torch
from support.lessons import answer, steps_of

from nnviz.base.errors import UsageError


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        # The course's example: (0 1 2 3 4) * (1 -1 2).
        (
            {
                "input": "0 1 2 3 4",
                "kernel": "1 -1 2",
                "operation": "convolution",
                "padding": "full",
            },
            [[0, 1, 1, 3, 5, 2, 8]],
        ),
        (
            {"input": "0 1 2 3 4", "kernel": "1 -1 2", "operation": "convolution"},
            [[1, 3, 5]],
        ),
        (
            {
                "input": "3 2 2 -1 -2 -3 -1",
                "kernel": "-1 0 2 0 -1",
                "operation": "convolution",
                "padding": "same",
            },
            [[4, 5, 3, -1, -5, -5, 0]],
        ),
        (
            {
                "input": "1 3 1; 0 -1 1; 2 2 -1",
                "kernel": "1 2; 0 -1",
                "operation": "convolution",
            },
            [[-2, -4], [6, 4]],
        ),
        ({}, [[4, 3, 4], [2, 4, 3], [2, 3, 4]]),
    ],
)
def test_worked_examples_of_the_course(values, expected):
    assert np.array_equal(answer("convolution", **values), expected)


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("rate", [1, 2])
def test_agrees_with_torch(stride, rate):
    generator = np.random.default_rng(stride + 10 * rate)
    inputs = generator.integers(-5, 6, (9, 8)).astype(float)
    kernel = generator.integers(-3, 4, (3, 2)).astype(float)

    def text(values):
        return ";".join(" ".join(map(str, row)) for row in values)

    found = answer(
        "convolution",
        input=text(inputs),
        kernel=text(kernel),
        stride=stride,
        rate=rate,
        bias=0.5,
    )
    expected = torch.nn.functional.conv2d(
        torch.tensor(inputs)[None, None],
        torch.tensor(kernel)[None, None],
        torch.tensor([0.5], dtype=torch.float64),
        stride=stride,
        dilation=rate,
    )
    assert np.allclose(found, expected[0, 0], rtol=0, atol=1e-12)


def test_each_step_shows_window_products_and_sum():
    steps = steps_of("convolution")
    assert len(steps) == 9
    for number, report in enumerate(steps):
        window, kernel, products, output = report.main.grids
        top, left, height, width = window.window
        seen = window.values[top : top + height, left : left + width]
        assert np.array_equal(seen * kernel.values, products.values)
        row, column, _, _ = output.window
        assert output.values[row, column] == products.values.sum()
        assert output.known.sum() == number + 1


def test_kernel_that_does_not_fit_is_refused_in_words():
    with pytest.raises(UsageError, match=r"--kernel: spans 1 × 3 .* 1 × 2"):
        answer("convolution", input="1 2", kernel="1 2 3")


@pytest.mark.parametrize(
    ("text", "reason"),
    [("1 a", "'a' is not a number"), ("1 2; 3", "differ in length"), ("", "is empty")],
)
def test_text_that_is_no_matrix_is_refused_in_words(text, reason):
    with pytest.raises(UsageError, match=reason):
        answer("convolution", kernel=text)


def test_color_image_of_the_course():
    """One kernel a color at the padded corner: 308 − 498 + 164 + 1 = −25."""
    report = steps_of("color_convolution")[0]
    sums = {row[0]: row[1] for row in report["sums"].rows}
    assert sums == {"red": 308, "green": -498, "blue": 164, "bias": 1, "output": -25}
    assert report.main.grids[-1].values[0, 0] == -25


def test_color_image_agrees_with_torch():
    *_, report = steps_of("color_convolution", bias=0.5)
    grids = report.main.grids
    inputs = np.stack([grids[place].values for place in (0, 3, 6)])
    kernels = np.stack([grids[place].values for place in (1, 4, 7)])
    expected = torch.nn.functional.conv2d(
        torch.tensor(inputs)[None],
        torch.tensor(kernels)[None],
        torch.tensor([0.5], dtype=torch.float64),
    )
    assert np.allclose(grids[-1].values, expected[0, 0], rtol=0, atol=1e-12)


def test_channels_of_other_sizes_are_refused_in_words():
    with pytest.raises(UsageError, match=r"--blue: is 1 × 2.*make it 5 × 5"):
        steps_of("color_convolution", blue="1 2")
    with pytest.raises(UsageError, match="--green-kernel: is 1 × 1"):
        steps_of("color_convolution", green_kernel="1")


@pytest.mark.parametrize(("kernel", "rate"), [(2, 2), (3, 2), (3, 4), (5, 3)])
def test_atrous_kernel_of_the_course(kernel, rate):
    """It spans k + (k − 1)(r − 1) cells with the same weights and products."""
    size = kernel + (kernel - 1) * (rate - 1)
    row = " ".join(["1"] * 16)
    report = steps_of(
        "convolution", input=row, kernel=" ".join(["1"] * kernel), rate=rate
    )[0]
    window, weights, products, output = report.main.grids
    assert window.window == (0, 0, 1, size)
    assert weights.values.size == products.values.size == kernel
    assert output.values.shape == (1, 16 - size + 1)
