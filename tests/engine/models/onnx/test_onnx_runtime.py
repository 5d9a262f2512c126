"""Networks with operators that the reader lacks, run by onnxruntime."""

import importlib.util
import shutil
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

import nnviz
from nnviz.base.errors import CancelledError, ModelError
from nnviz.base.info import Severity
from nnviz.engine.models.onnx.runtime import RuntimeNetwork, RuntimeProcess
from nnviz.engine.nn.hooks import checked
from tests.support.onnx_networks import export


class Rows(nn.Module):
    """An LSTM over the rows of a feature map."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, 2, 1)
        self.lstm = nn.LSTM(4 * 16, 8, batch_first=True)
        self.head = nn.Linear(8, 5)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.conv(x).relu().permute(0, 2, 1, 3).flatten(2)
        return self.head(self.lstm(rows)[0][:, -1])


@pytest.fixture(scope="module")
def rows() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Rows().eval()


@pytest.fixture(scope="module")
def recurrent(rows: nn.Module, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The network as an ONNX file, with an operator LSTM."""
    path = tmp_path_factory.mktemp("runtime") / "rows.onnx"
    x = torch.zeros(1, 3, 32, 32)
    open_batch = {"input_names": ["x"], "dynamic_axes": {"x": {0: "n"}}}
    return export(rows, x, path, "script", **open_batch)


@pytest.fixture(scope="module")
def model(recurrent: Path) -> nnviz.Model:
    return nnviz.load(str(recurrent))


def test_outputs_are_those_of_the_network(
    model: nnviz.Model, rows: nn.Module, small_input: Tensor
) -> None:
    """Truth: the network that was exported, for a batch of two."""
    pair = torch.cat((small_input, 0.5 * small_input.flip(3)))
    found = model.pixel_module()[1](pair)
    assert torch.allclose(found, rows(pair), atol=1e-5)
    assert model.info.takes_several


def test_the_doctor_says_what_is_left_out(model: nnviz.Model) -> None:
    (warning,) = (
        each.text for each in model.info.findings if each.severity is Severity.WARNING
    )
    assert warning.startswith("runs in onnxruntime")
    assert "LSTM" in warning
    notes = " ".join(each.text for each in model.info.findings)
    assert "nothing in this network tells whether its preprocessing" in notes
    assert not model.info.counted
    assert not model.info.gradients


@pytest.mark.parametrize(
    ("method", "values"),
    [("predictions", {}), ("occlusion", {"window": 16, "stride": 16})],
)
def test_methods_that_ask_for_answers_work(
    model: nnviz.Model, rows: nn.Module, method: str, values: dict[str, int]
) -> None:
    """Truth: the same method on the network that was exported."""
    image = np.random.default_rng(0).random((32, 32, 3), np.float32)
    original = nnviz.load(rows, preprocess=model.info.preprocess)
    found, wanted = (
        np.asarray(nnviz.run(method, each, image, **values).data)
        for each in (model, original)
    )
    assert np.allclose(found, wanted, atol=1e-4)


@pytest.mark.parametrize("method", ["saliency", "grad_cam", "activations", "filters"])
def test_other_methods_say_that_they_cannot(model: nnviz.Model, method: str) -> None:
    image = np.zeros((32, 32, 3), np.float32)
    given = () if method == "filters" else (image,)
    with pytest.raises(ModelError, match=r"gradients|no layer|no convolution"):
        nnviz.run(method, model, *given)


def test_without_onnxruntime_the_extra_is_named(
    recurrent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shutil.copy(recurrent, tmp_path / "other.onnx")
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    with pytest.raises(ModelError, match=r"LSTM: .*nnviz-studio\[onnx\]"):
        nnviz.load(str(path))


def test_a_stopped_pass_does_not_disturb_the_next(
    recurrent: Path, rows: nn.Module, small_input: Tensor
) -> None:
    """Truth: the network that was exported."""
    process = RuntimeProcess(recurrent, lambda: None)
    net = RuntimeNetwork(process, "", channels_last=False)
    begun = []

    def check() -> None:
        begun.append(None)
        if len(begun) > 1:
            raise CancelledError

    with checked(check), pytest.raises(CancelledError):
        net(small_input.repeat(64, 1, 1, 1))
    assert torch.allclose(net(small_input), rows(small_input), atol=1e-5)


def test_the_process_ends_with_its_network(recurrent: Path) -> None:
    process = RuntimeProcess(recurrent, lambda: None)
    child, folder = process._process, Path(process._folder.name)
    assert child.poll() is None
    del process
    assert child.poll() is not None
    assert not folder.exists()


def test_starting_it_can_be_stopped(recurrent: Path) -> None:
    def check() -> None:
        raise CancelledError

    begun = time.monotonic()
    with pytest.raises(CancelledError):
        RuntimeProcess(recurrent, check)
    assert time.monotonic() - begun < 5


def test_whole_numbers_with_channels_last_are_given(tmp_path: Path) -> None:
    """Truth: by hand: the first row of pixels comes last, in 0 to 255."""
    shape = [1, 4, 4, 3]
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["x"], ["f"], to=TensorProto.FLOAT),
            helper.make_node(
                "ReverseSequence", ["f", "n"], ["r"], time_axis=1, batch_axis=0
            ),
            helper.make_node("Slice", ["r", "from", "to", "axes"], ["s"]),
            helper.make_node("Reshape", ["s", "flat"], ["y"]),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.UINT8, shape)],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 12])],
        [
            numpy_helper.from_array(np.array(value), name)
            for name, value in {
                "n": [4],
                "from": [3],
                "to": [4],
                "axes": [1],
                "flat": [1, 12],
            }.items()
        ],
    )
    path = tmp_path / "reversed.onnx"
    versions = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=versions), path)
    model = nnviz.load(str(path), task="generic")
    pixels = np.random.default_rng(0).integers(0, 256, (4, 4, 3), np.uint8)
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None] / 255
    found = model.pixel_module()(x)
    assert found.flatten().tolist() == pixels[0].flatten().tolist()


def test_an_absurd_array_is_a_line(tmp_path: Path) -> None:
    """Truth: the ONNX standard: Expand repeats; 4 TB are in no machine."""
    graph = helper.make_graph(
        [
            helper.make_node(
                "ReverseSequence", ["x", "n"], ["r"], time_axis=1, batch_axis=0
            ),
            helper.make_node("Expand", ["r", "shape"], ["e"]),
            helper.make_node("ReduceMax", ["e"], ["y"], axes=[1, 2], keepdims=0),
        ],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, None)],
        [
            numpy_helper.from_array(np.array([3]), "n"),
            numpy_helper.from_array(np.array([10**10, 3, 8, 8]), "shape"),
        ],
    )
    path = tmp_path / "absurd.onnx"
    versions = [helper.make_opsetid("", 17)]
    onnx.save(helper.make_model(graph, opset_imports=versions), path)
    with pytest.raises(ModelError, match="onnxruntime cannot run it"):
        nnviz.load(str(path))
