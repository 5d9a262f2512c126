"""ONNX nodes whose numbers contradict their weights; truth: one line or none."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from nnviz.base.errors import NnvizError
from nnviz.engine.models.onnx.opening import open_onnx


def network(kind: str, shape: tuple[int, ...], **attributes: object) -> bytes:
    """Return a network of one node with weights of a shape."""
    weight = numpy_helper.from_array(np.ones(shape, np.float32), "w")
    node = helper.make_node(kind, ["x", "w"], ["y"], **attributes)
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([node], "g", [given], [made], [weight])
    opset = [helper.make_opsetid("", 17)]
    content: bytes = helper.make_model(graph, opset_imports=opset).SerializeToString()
    return content


@pytest.mark.parametrize("kind", ["Conv", "ConvTranspose"])
@pytest.mark.parametrize("group", [0, -1, 2, 7, 2**40])
def test_groups_that_cannot_be(tmp_path: Path, kind: str, group: int) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(network(kind, (3, 3, 3, 3), group=group))
    with suppress(NnvizError):  # onnxruntime tells some only in a pass
        list(open_onnx(path, lambda: None))


def _opened(tmp_path: Path, nodes: list[object], constants: list[object]) -> None:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
    made = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "g", [given], [made], constants)
    opset = [helper.make_opsetid("", 17)]
    path = tmp_path / "a.onnx"
    path.write_bytes(helper.make_model(graph, opset_imports=opset).SerializeToString())
    with suppress(NnvizError):
        list(open_onnx(path, lambda: None))


@pytest.mark.parametrize("value", [3, 2.5, [1, 2], "a", ["a", "b"]])
def test_attributes_of_another_type(tmp_path: Path, value: object) -> None:
    """A tensor is what ``ConstantOfShape`` declares."""
    sizes = numpy_helper.from_array(np.array([1, 3, 8, 8]), "s")
    filled = helper.make_node("ConstantOfShape", ["s"], ["c"], value=value)
    _opened(tmp_path, [filled, helper.make_node("Add", ["x", "c"], ["y"])], [sizes])


@pytest.mark.parametrize("pads", [[0, 0, 2**40, 2**40], [2**31] * 4])
def test_sizes_that_no_memory_holds(tmp_path: Path, pads: list[int]) -> None:
    weight = numpy_helper.from_array(np.ones((3, 3, 3, 3), np.float32), "w")
    node = helper.make_node("Conv", ["x", "w"], ["y"], pads=pads)
    _opened(tmp_path, [node], [weight])
