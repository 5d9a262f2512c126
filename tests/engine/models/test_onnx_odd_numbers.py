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
