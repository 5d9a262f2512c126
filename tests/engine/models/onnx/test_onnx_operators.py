"""Each operator against the ONNX package's own cases for backends."""

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch
from onnx.backend.test.case.node import collect_testcases
from onnx.reference import ReferenceEvaluator

from nnviz.base.errors import ModelError
from nnviz.engine.models.onnx.folding import evaluate, fold
from nnviz.engine.models.onnx.graph import Graph
from nnviz.engine.models.onnx.layers import LAYERS, Materials, layer_for
from nnviz.engine.models.onnx.operators import OPERATORS
from nnviz.engine.models.onnx.reading import read_onnx

pytestmark = pytest.mark.slow

_KINDS = {"float32", "float64", "int64", "int32", "int8", "uint8", "bool"}
_LEFT_OUT = {
    # Random by definition, or of the batch.
    *("test_training_dropout_default", "test_training_dropout_default_mask"),
    *("test_training_dropout", "test_training_dropout_mask"),
    # Real numbers keep the precision that they have here.
    *("test_cast_FLOAT_to_DOUBLE", "test_cast_DOUBLE_to_FLOAT"),
    *("test_castlike_FLOAT_to_DOUBLE", "test_castlike_DOUBLE_to_FLOAT"),
    *("test_batchnorm_epsilon_training_mode", "test_batchnorm_example_training_mode"),
}
_REFUSED = {
    "test_averagepool_2d_dilations",
    "test_averagepool_3d_dilations_small",
    "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_True",
    "test_averagepool_3d_dilations_large_count_include_pad_is_0_ceil_mode_is_False",
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_True",
    "test_averagepool_3d_dilations_large_count_include_pad_is_1_ceil_mode_is_False",
    "test_gathernd_example_int32_batch_dim1",
    "test_lppool_2d_dilations",
    "test_maxpool_with_argmax_2d_precomputed_pads",
    "test_maxpool_with_argmax_2d_precomputed_strides",
    "test_onehot_out_of_range_indices",
    "test_quantizelinear_blocked_asymmetric",
    "test_dequantizelinear_blocked",
    "test_reduce_max_empty_set",
    "test_reduce_max_empty_set_bool",
    "test_reduce_min_empty_set",
    "test_resize_tf_crop_and_resize",
    "test_resize_tf_crop_and_resize_axes_2_3",
    "test_resize_tf_crop_and_resize_axes_3_2",
    "test_resize_tf_crop_and_resize_extrapolation_value",
    "test_roialign_mode_max",
    "test_scatternd_max",
    "test_scatternd_max_with_element_indices",
    "test_scatternd_min",
    "test_scatternd_min_with_element_indices",
    "test_scatternd_multiply",
}
"""Each of these is refused in words: what networks for images do not use."""
_WITHOUT_A_CASE = {
    # Names of ours for patterns of several nodes.
    *("Attention.", "ErfGelu", "HardSigmoidGate", "Linear"),
    # The cases have a slope, weights, axes or outputs that no layer of torch's has.
    *("HardSigmoid", "LayerNormalization", "PRelu", "ReduceMean"),
}
"""Layers that no case of a single node makes."""


def _arrays(values: Any) -> list[np.ndarray]:
    return [
        onnx.numpy_helper.to_array(each)
        if isinstance(each, onnx.TensorProto)
        else np.asarray(each)
        for each in values
    ]


@pytest.fixture(scope="module")
def cases() -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = collect_testcases(None)
    return [case for case in known if _is_ours(case)]


def _is_ours(case: Any) -> bool:
    """Tell whether a case is of operators and types that are read here."""
    graph, (version,) = (
        case.model.graph,
        [each.version for each in case.model.opset_import if not each.domain] or [0],
    )
    known = {node.op_type for node in graph.node} <= OPERATORS.keys() | {"Constant"}
    standard = all(node.domain in {"", "ai.onnx"} for node in graph.node)
    ((given, wanted),) = case.data_sets
    # Those of functions expanded are combinations of the other operators.
    single = not case.name.endswith("_expanded") and case.name not in _LEFT_OUT
    if not (single and known and standard and version >= 7):
        return False
    kinds = {each.dtype.name for each in (*_arrays(given), *_arrays(wanted))}
    return kinds <= _KINDS


def _run(graph: Graph, given: list[np.ndarray]) -> list[np.ndarray]:
    values = dict(graph.constants)
    for each, array in zip(graph.inputs, given, strict=True):
        values[each.name] = torch.from_numpy(array.copy())
    fold(graph, lambda: None)
    values |= graph.constants
    for node in graph.nodes:
        results = evaluate(
            node, [values[name] if name else None for name in node.inputs]
        )
        values.update(zip(node.outputs, results, strict=False))
    return [values[name].numpy() for name in graph.outputs]


def _compare(found: list[np.ndarray], wanted: list[np.ndarray], case: Any) -> None:
    for one, other in zip(found, wanted, strict=True):
        assert one.shape == other.shape
        assert one.dtype == other.dtype
        np.testing.assert_allclose(
            one.astype(np.float64),
            other.astype(np.float64),
            rtol=case.rtol,
            atol=max(case.atol, 2e-6),
        )


def _failures(cases: list[Any], check: Callable[[Any], None]) -> list[str]:
    """Return what is wrong with all cases: thousands of tests would cost more time."""
    found = []
    for case in cases:
        try:
            check(case)
        except Exception as error:  # noqa: BLE001 -- told with its case
            found.append(f"{case.name}: {type(error).__name__} {error}")
    return found


def test_there_are_many_cases(cases: list[Any]) -> None:
    """So that the list cannot become empty unseen."""
    assert len(cases) > 500
    assert {case.name for case in cases} >= _REFUSED
    kinds = {node.op_type for case in cases for node in case.model.graph.node}
    assert len(kinds) > 110


def test_operators_give_what_onnx_says(cases: list[Any], tmp_path: Path) -> None:
    """Truth: the ONNX package's own cases."""

    def check(case: Any) -> None:
        graph, given, wanted = _read(case, tmp_path)
        if case.name in _REFUSED:
            with pytest.raises(ModelError, match=r"^\w+ '.*': .+") as caught:
                _run(graph, given)
            assert "\n" not in str(caught.value)
        else:
            _compare(_run(graph, given), wanted, case)

    assert _failures(cases, check) == []


def test_layers_give_what_onnx_says(cases: list[Any], tmp_path: Path) -> None:
    """All inputs but the first are weights here, and torch's module takes them."""
    seen = set()

    def check(case: Any) -> None:
        graph, given, wanted = _read(case, tmp_path)
        if case.name in _REFUSED or len(graph.nodes) != 1 or not graph.inputs:
            return
        first, *rest = (torch.from_numpy(each.copy()) for each in given)
        name, *others = (each.name for each in graph.inputs)
        fixed = graph.constants | dict(zip(others, rest, strict=True))
        (node,) = graph.nodes
        layer = layer_for(node, Materials(fixed, {name: first.ndim}))
        if layer is None or node.inputs[0] != name:
            return
        module, positions = layer
        assert positions == (0,)
        seen.add(node.kind)
        with torch.no_grad():
            _compare([module.eval()(first).numpy()], wanted, case)

    assert _failures(cases, check) == []
    assert seen == LAYERS.keys() - _WITHOUT_A_CASE


def _single(kind: str, *constants: np.ndarray, **attributes: Any) -> onnx.ModelProto:
    """A graph of one node, from x (2, 3, 4, 4) to y."""
    names = [f"w{place}" for place in range(len(constants))]
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node(kind, ["x", *names], ["y"], **attributes)],
        kind,
        [onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [2, 3, 4, 4])],
        [onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)],
        [
            onnx.numpy_helper.from_array(value, name)
            for name, value in zip(names, constants, strict=True)
        ],
    )
    return onnx.helper.make_model(
        graph, opset_imports=[onnx.helper.make_opsetid("", 18)]
    )


@pytest.mark.parametrize(
    "model",
    [
        _single("HardSigmoid", alpha=1 / 6, beta=0.5),
        _single("PRelu", np.array([0.1, -0.2, 0.3], np.float32).reshape(3, 1, 1)),
        _single("ReduceMean", np.array([2, 3])),
        _single("LayerNormalization", np.arange(4, dtype=np.float32), axis=-1),
    ],
    ids=lambda each: each.graph.name,
)
def test_layers_without_a_case_give_what_the_reference_gives(
    model: onnx.ModelProto, tmp_path: Path
) -> None:
    """Truth: ONNX's reference implementation."""
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 4)).astype(np.float32)
    (wanted,) = ReferenceEvaluator(model).run(None, {"x": x})
    onnx.save(model, tmp_path / "one.onnx")
    graph = read_onnx(tmp_path / "one.onnx", lambda: None).graph
    layer = layer_for(graph.nodes[0], Materials(graph.constants, {"x": 4}))
    assert layer is not None
    assert np.allclose(layer[0].eval()(torch.from_numpy(x)).numpy(), wanted, atol=1e-6)


def _read(case: Any, folder: Path) -> tuple[Graph, list[np.ndarray], list[np.ndarray]]:
    path = folder / "case.onnx"
    onnx.save(case.model, path)
    ((given, wanted),) = case.data_sets
    return read_onnx(path, lambda: None).graph, _arrays(given), _arrays(wanted)
