"""Shapes without data: the formulas against torch's own results on the CPU."""

import pytest
import torch

from nnviz.engine.nn.shapes.meta import shape_only

ATEN = torch.ops.aten
X = (2, 3, 11, 14)
CASES = {
    "transposed": (ATEN.conv_transpose2d.input, X, [(3, 4, 2, 2), None, [2, 2]]),
    "transposed, all set": (
        ATEN.conv_transpose2d.input,
        (2, 4, 5, 7),
        [(4, 3, 3, 2), None, [3, 2], [1, 0], [1, 0], 2, [2, 1]],
    ),
    "doubled": (ATEN.upsample_bilinear2d.vec, X, [None, False, [2.0, 2.0]]),
    "scaled": (ATEN.upsample_bilinear2d.vec, X, [None, False, [1.3, 0.45]]),
    "to a size": (ATEN.upsample_bilinear2d.vec, X, [[5, 40], True, None]),
    "quotient": (ATEN.div.Tensor, X, (3, 1, 14)),
    "reflected": (ATEN.pad.default, X, [[1, 2, 3, 4], "reflect"]),
    "padded": (ATEN.pad.default, X, [[1, 2, 3, 4]]),
    "cut": (ATEN.pad.default, X, [[-1, 0, -2, 0]]),
    "clamped": (ATEN.hardtanh.default, X, [0.0, 6.0]),
    "nearest": (ATEN.upsample_nearest2d.vec, X, [None, [3.0, 0.7]]),
}


def on(device, value):
    """Return a tensor where a shape was meant."""
    return torch.zeros(value, device=device) if isinstance(value, tuple) else value


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_shapes_are_torchs(case):
    func, *values = case
    args = [
        each
        for value in values
        for each in (value if isinstance(value, list) else [value])
    ]
    found = shape_only(func, [on("meta", each) for each in args], {})
    assert found.is_meta
    assert found.shape == func(*[on("cpu", each) for each in args]).shape


@pytest.mark.parametrize("kernel", [1, 2, 3])
@pytest.mark.parametrize("stride", [1, 2, 3, 5])
@pytest.mark.parametrize("ceil", [False, True])
def test_pooled_maps_have_torchs_shape(kernel, stride, ceil):
    x, settings = torch.zeros(X), ([kernel], [stride], [kernel // 2], [1], ceil)
    found = shape_only(ATEN.max_pool2d.default, [x.to("meta"), *settings], {})
    assert found.shape == ATEN.max_pool2d.default(x, *settings).shape


def test_with_ceil_a_window_may_be_larger_than_the_map():
    x, settings = torch.zeros(1, 1, 2, 2), ([3], [2], [0], [1], True)
    found = shape_only(ATEN.max_pool2d.default, [x.to("meta"), *settings], {})
    assert found.shape == ATEN.max_pool2d.default(x, *settings).shape == (1, 1, 1, 1)
    with pytest.raises(RuntimeError, match="does not fit"):
        shape_only(ATEN.max_pool2d.default, [x[..., :1].to("meta"), *settings], {})


def test_pooling_that_keeps_places_gives_torchs_shapes_and_types():
    x, settings = torch.zeros(X), ([3, 2], [2, 2], [1, 0])
    operation = ATEN.max_pool2d_with_indices.default
    found = shape_only(operation, [x.to("meta"), *settings], {})
    truth = operation(x, *settings)
    assert [(each.shape, each.dtype) for each in found] == [
        (each.shape, each.dtype) for each in truth
    ]


def test_unpooled_maps_have_torchs_shape():
    x, places = torch.zeros(X), torch.zeros(X, dtype=torch.int64)
    meta = [x.to("meta"), places.to("meta"), [23, 29]]
    found = shape_only(ATEN.max_unpool2d.default, meta, {})
    assert found.shape == ATEN.max_unpool2d.default(x, places, [23, 29]).shape


@pytest.mark.parametrize("dim", [[], [0], [2, 3], [-1, 1]])
@pytest.mark.parametrize("keep", [False, True])
def test_the_largest_over_axes_has_torchs_shape(dim, keep):
    x = torch.zeros(X)
    found = shape_only(ATEN.amax.default, [x.to("meta"), dim, keep], {})
    assert found.shape == ATEN.amax.default(x, dim, keep).shape


@pytest.mark.parametrize("dim", [0, 1, -1])
def test_joined_tensors_are_as_long_as_all_of_them(dim):
    sizes = [list(X), list(X)]
    sizes[1][dim] = 5
    parts = [torch.zeros(size) for size in sizes]
    found = shape_only(ATEN.cat.default, [[part.to("meta") for part in parts], dim], {})
    assert found.shape == torch.cat(parts, dim).shape


def test_what_is_too_small_to_reflect_is_refused():
    meta = torch.zeros(X, device="meta")
    with pytest.raises(RuntimeError, match="too few to reflect"):
        shape_only(ATEN.pad.default, [meta, [0, 0, 11, 0], "reflect"], {})
    with pytest.raises(RuntimeError):
        ATEN.pad.default(torch.zeros(X), [0, 0, 11, 0], "reflect")


def test_what_does_not_fit_is_refused():
    meta = torch.zeros(X, device="meta")
    with pytest.raises(RuntimeError, match="17 px does not fit into 15 px"):
        shape_only(
            ATEN.conv2d.default,
            [meta, torch.zeros(4, 3, 9, 9, device="meta"), None, [1], [2], [2], 1],
            {},
        )
    with pytest.raises(RuntimeError, match="14 values"):
        shape_only(ATEN.linear.default, [meta, torch.zeros(2, 5, device="meta")], {})
    with pytest.raises(RuntimeError, match=r"[Ss]izes of tensors"):
        shape_only(ATEN.cat.default, [[meta, meta[:, :, 1:]], 1], {})
