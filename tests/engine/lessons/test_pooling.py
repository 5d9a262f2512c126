"""Pooling, unpooling, transposed convolution: the course's numbers, and torch."""

import numpy as np
import pytest
import torch
from support.lessons import answer, run_lesson, steps_of
from torch.nn import functional

FIVES = "1 2 5 5; 3 4 5 5; 5 5 5 5; 5 5 5 5"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("1 0 2 3; 4 6 6 8; 3 1 1 0; 1 2 2 4", [[6, 8], [3, 4]]),
        ("1 2 5 3; 3 0 1 2; 2 1 3 4; 1 1 2 0", [[3, 5], [2, 4]]),
        ("1 2 6 3; 3 5 2 1; 1 2 2 1; 7 3 4 8", [[5, 6], [7, 8]]),
    ],
)
def test_max_pooling_of_the_course(values, expected):
    assert np.array_equal(answer("pooling", input=values), expected)


FOUR = (
    "0 0 0 0 0 0 0; 0 0 0 0 1 0 0; 0 0 0 1 1 0 0; 0 0 1 0 1 0 0; "
    "0 1 1 1 1 1 0; 0 0 0 0 1 0 0; 0 0 0 0 1 0 0"
)


def test_the_four_of_the_course():
    """The picture, the rectified map and the pooled one are the lecture's."""
    conv = answer("convolution", input=FOUR, kernel="0 1 -1; 0 3 1; -1 1 0")
    rectified = [
        [0, 0, 2, 3, 0],
        [0, 2, 2, 5, 0],
        [2, 2, 1, 4, 0],
        [3, 5, 3, 6, 2],
        [0, 0, 1, 4, 0],
    ]
    assert np.array_equal(conv.clip(0), rectified)
    text = "; ".join(" ".join(map(str, row)) for row in rectified)
    assert np.array_equal(answer("pooling", input=text), [[2, 5], [5, 6]])


@pytest.mark.parametrize("kind", ["max", "average", "sum", "L2"])
@pytest.mark.parametrize(("size", "stride"), [(2, 2), (3, 1), (3, 2)])
def test_output_and_gradient_agree_with_autograd(kind, size, stride):
    generator = np.random.default_rng(3)
    values = generator.permutation(49).reshape(7, 7).astype(float) - 20
    text = "; ".join(" ".join(map(str, row)) for row in values)
    run, _ = run_lesson("pooling", input=text, kind=kind, size=size, stride=stride)
    leaf = torch.tensor(values, requires_grad=True)
    windows = leaf.unfold(0, size, stride).unfold(1, size, stride)
    flat = windows.reshape(*windows.shape[:2], -1)
    pooled = {
        "max": lambda: flat.max(-1).values,
        "average": lambda: flat.mean(-1),
        "sum": lambda: flat.sum(-1),
        "L2": lambda: flat.square().sum(-1).sqrt(),
    }[kind]()
    pooled.sum().backward()
    _, output, gradient = run.report.main.grids
    assert np.allclose(output.values, pooled.detach(), rtol=0, atol=1e-12)
    assert np.allclose(gradient.values, leaf.grad, rtol=0, atol=1e-12)


def test_max_unpooling_of_the_course():
    found = run_lesson("unpooling")[0].report.main.grids[-1].values
    expected = [[0, 0, 2, 0], [0, 1, 0, 0], [0, 0, 0, 0], [3, 0, 0, 4]]
    assert np.array_equal(found, expected)


def test_nearest_and_bed_of_nails():
    nearest = answer("unpooling", values="1 2", kind="nearest")
    nails = answer("unpooling", values="1 2", kind="bed of nails")
    assert np.array_equal(nearest, [[1, 1, 2, 2], [1, 1, 2, 2]])
    assert np.array_equal(nails, [[1, 0, 2, 0], [0, 0, 0, 0]])


def test_sub_pixel_is_torch_s_pixel_shuffle():
    values = np.arange(12.0).reshape(4, 3)
    text = "; ".join(" ".join(map(str, row)) for row in values)
    found = answer("unpooling", values=text, kind="sub-pixel")
    channels = torch.tensor(values)[None, :, None]
    assert np.array_equal(found, functional.pixel_shuffle(channels, 2)[0, 0])


def test_transposed_convolution_of_the_course():
    run, steps = run_lesson("transposed_convolution", input=FIVES)
    found = run.report.main.arrays()[""]
    assert np.array_equal(found[0], [1, 1, 3, 2, 7, 5, 10, 5, 5])
    assert np.array_equal(found[1], found[0])
    assert np.array_equal(found[2], [4, 4, 10, 6, 16, 10, 20, 10, 10])
    expected = functional.conv_transpose2d(
        torch.tensor([[1, 2, 5, 5], [3, 4, 5, 5], [5] * 4, [5] * 4]).double()[
            None, None
        ],
        torch.ones(1, 1, 3, 3, dtype=torch.float64),
        stride=2,
    )
    assert np.array_equal(found, expected[0, 0])
    assert len(steps) == 16
    assert "a checkerboard" in run.report.notes[1]


def test_kernel_of_twice_the_stride_has_no_checkerboard():
    steps = steps_of("transposed_convolution", input=FIVES, kernel="1 1; 1 1")
    assert "no checkerboard" in steps[-1].notes[1]
    assert np.array_equal(steps[-1].main.grids[3].values, np.ones((8, 8)))
