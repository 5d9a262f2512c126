"""ONNX files that are damaged, hostile, incomplete or beyond what this program has."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from nnviz.base.errors import InputError, ModelError
from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Interpolation
from nnviz.engine.models.onnx.folding import fold
from nnviz.engine.models.onnx.graph import Graph, GraphInput, Node
from nnviz.engine.models.onnx.skimming import skim

IMAGE = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 8, 8])
RESULT = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)


def save(path: Path, nodes, constants=(), *, inputs=(IMAGE,), opset=17, **more) -> Path:
    """Write a graph from x to y."""
    graph = helper.make_graph(
        nodes,
        "graph",
        inputs,
        [RESULT],
        [numpy_helper.from_array(*each) for each in constants],
    )
    version = helper.make_opsetid("", opset)
    model = helper.make_model(graph, opset_imports=[version])
    helper.set_model_props(model, more)
    onnx.save(model, path)
    return path


def head(*before):
    """Return nodes that end in (1, 3) numbers."""
    return [
        *before,
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]


def test_an_unknown_operator_is_named(open_model, tmp_path: Path) -> None:
    node = helper.make_node("StringNormalizer", ["x"], ["y"], name="/odd/Node")
    path = save(tmp_path / "w.onnx", [node])
    with pytest.raises(
        ModelError, match=r"StringNormalizer: .*'/odd/Node', and onnx.*; open"
    ):
        open_model(path)


def test_an_output_that_no_node_gives_is_named(open_model, tmp_path: Path) -> None:
    """Truth: the ONNX standard: each output of a graph is a value of the graph."""
    node = helper.make_node("GlobalAveragePool", ["x"], ["somewhere else"])
    path = save(tmp_path / "w.onnx", [node])
    with pytest.raises(InputError, match="has an output 'y' that no node gives"):
        open_model(path)


@pytest.mark.parametrize(
    "node",
    [
        helper.make_node("Relu", [], ["p"]),
        helper.make_node("Relu", [""], ["p"]),
        helper.make_node("Identity", [], ["p"]),
        helper.make_node("Relu", ["x", "x"], ["p"]),
        helper.make_node("BatchNormalization", ["x"], ["p"]),
    ],
)
def test_operators_take_as_many_inputs_as_the_standard_says(
    open_model, tmp_path: Path, node
) -> None:
    nodes = [node, helper.make_node("Flatten", ["p"], ["y"])]
    with pytest.raises(InputError, match="too few inputs or too many"):
        open_model(save(tmp_path / "w.onnx", nodes))


def test_an_output_that_is_a_constant_is_no_answer(open_model, tmp_path: Path) -> None:
    """Truth: the graph; its shape is all that the image gives."""
    nodes = [helper.make_node("Shape", ["x"], ["y"])]
    with pytest.raises(ModelError, match="does not depend on the image"):
        open_model(save(tmp_path / "w.onnx", nodes))


def test_an_operator_of_another_vendor_is_named(open_model, tmp_path: Path) -> None:
    node = helper.make_node("FusedConv", ["x"], ["y"], domain="com.microsoft")
    path = save(tmp_path / "w.onnx", [node])
    with pytest.raises(ModelError, match=r"com\.microsoft\.FusedConv"):
        open_model(path)


LARGE = np.arange(3 * 160 * 160, dtype=np.float32).reshape(1, 3, 160, 160) / 1e5


def added(path: Path) -> Path:
    """Write a network that adds a large constant, and a small one."""
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 160, 160])
    small = np.array([[[[1]], [[2]], [[3]]]], np.float32)
    nodes = [
        helper.make_node("Add", ["x", "small"], ["sum"]),
        helper.make_node("Add", ["sum", "large"], ["y"]),
    ]
    constants = [(LARGE, "large"), (small, "small")]
    return save(path, nodes, constants, inputs=[image])


def test_large_weights_are_read_from_the_file_itself(
    open_model, tmp_path: Path
) -> None:
    """Truth: sums of the arrays that were written, by numpy."""
    path = added(tmp_path / "w.onnx")
    with path.open("rb") as file:
        skimmed = skim(file, lambda: None)
    assert list(skimmed.weights) == [0]
    assert len(skimmed.message) < 1000 < path.stat().st_size
    x = torch.rand(1, 3, 160, 160)
    found = open_model(path).net(x)
    wanted = (x.numpy() + np.array([1, 2, 3], np.float32).reshape(1, 3, 1, 1)) + LARGE
    assert np.array_equal(found.numpy(), wanted)


@pytest.mark.parametrize("length", [1, 9, 70, 1000, 100_000])
def test_files_with_large_weights_may_be_cut(
    open_model, tmp_path: Path, length: int
) -> None:
    path = added(tmp_path / "w.onnx")
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match=r"is damaged or not an ONNX file|truncated"):
        open_model(path)


def test_constants_that_are_folded_are_let_go_of() -> None:
    """Truth: at each of three transpositions, one matrix and its turned twin exist."""
    nodes = [
        Node("Transpose", "", (f"w{n}",), (f"t{n}",), {"perm": [1, 0]}, 17, ())
        for n in range(3)
    ]
    nodes += [Node("MatMul", "", ("x", f"t{n}"), (f"y{n}",), {}, 17, ()) for n in "012"]
    constants = {f"w{n}": torch.rand(4, 5) for n in range(3)}
    most = 0

    def count() -> None:
        nonlocal most
        most = max(most, len(graph.constants))

    graph = Graph(nodes, constants, (GraphInput("x", (1, 5), 1),), ("y0", "y1", "y2"))
    fold(graph, count)
    assert most == 3
    assert sorted(graph.constants) == ["t0", "t1", "t2"]


def test_weights_beside_the_file_are_read(
    open_model, exported: Path, small_input: torch.Tensor, tmp_path: Path
) -> None:
    """Truth: the same network with its weights inside."""
    model = onnx.load(exported)
    path = tmp_path / "w.onnx"
    onnx.save(
        model, path, save_as_external_data=True, location="w.data", size_threshold=0
    )
    with torch.no_grad():
        found, expected = (
            open_model(each).net(small_input) for each in (path, exported)
        )
    assert torch.equal(found, expected)
    (tmp_path / "w.data").rename(tmp_path / "other.data")
    path = path.rename(tmp_path / "alone.onnx")
    with pytest.raises(InputError, match=r"weights are in w\.data.*; put w\.data into"):
        open_model(path)


@pytest.mark.parametrize(
    "location", ["../secret", "/etc/passwd", "a/b", "..", "", "link", "c:x", "a\\b"]
)
def test_weights_elsewhere_are_not_read(
    open_model, tmp_path: Path, location: str
) -> None:
    """A file must not make the program read others."""
    (tmp_path / "secret").write_bytes(bytes(1000))
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "link").symlink_to(tmp_path / "secret")
    tensor = numpy_helper.from_array(np.zeros(3, np.float32), "w")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    node = helper.make_node("Add", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "graph", [IMAGE], [RESULT], [tensor])
    path = folder / "w.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(InputError, match="not beside it"):
        open_model(path)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"offset": "-4"}, "too short"),
        ({"offset": "4", "length": "1000"}, "too short"),
        ({"offset": "99999999999999999999"}, "too short"),
        ({"offset": "0", "length": "8"}, "holds 2 numbers, not 3"),
    ],
)
def test_weights_beyond_the_end_are_not_read(
    open_model, tmp_path: Path, values: dict[str, str], reason: str
) -> None:
    (tmp_path / "w.data").write_bytes(bytes(12))
    tensor = TensorProto(
        name="w",
        dims=[3],
        data_type=TensorProto.FLOAT,
        data_location=TensorProto.EXTERNAL,
    )
    for key, value in ({"location": "w.data"} | values).items():
        entry = tensor.external_data.add()
        entry.key, entry.value = key, value
    node = helper.make_node("Add", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "graph", [IMAGE], [RESULT], [tensor])
    path = tmp_path / "w.onnx"
    path.write_bytes(helper.make_model(graph).SerializeToString())
    with pytest.raises(InputError, match=reason):
        open_model(path)


_SIDES = np.array([1 << 20, 1 << 20])
_ONE = np.zeros((1, 1), np.float32)
BOMBS = {
    "ConstantOfShape": [(_SIDES, "sides")],
    "Expand": [(_ONE, "one"), (_SIDES, "sides")],
    "Tile": [(_ONE, "one"), (_SIDES, "sides")],
    "Range": [(np.array(0), "a"), (np.array(1 << 40), "b"), (np.array(1), "c")],
}
"""Operators with constants whose result would be 4 TB."""


@pytest.mark.parametrize("kind", BOMBS)
def test_constants_that_would_fill_the_memory_are_refused(
    open_model, tmp_path: Path, kind: str
) -> None:
    constants = BOMBS[kind]
    nodes = [
        helper.make_node(kind, [name for _, name in constants], ["big"]),
        helper.make_node("Cast", ["big"], ["f"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["f"], ["t"]),
        helper.make_node("Add", ["x", "t"], ["y"]),
    ]
    path = save(tmp_path / "w.onnx", nodes, constants)
    with pytest.raises(ModelError, match=rf"{kind} 'big': would make a constant of"):
        open_model(path)


def test_values_out_of_order_are_refused(open_model, tmp_path: Path) -> None:
    nodes = [
        helper.make_node("Flatten", ["p"], ["y"]),
        helper.make_node("GlobalAveragePool", ["x"], ["p"]),
    ]
    with pytest.raises(InputError, match="takes 'p', never made"):
        open_model(save(tmp_path / "w.onnx", nodes))


def test_two_inputs_are_named(open_model, tmp_path: Path) -> None:
    other = helper.make_tensor_value_info("z", TensorProto.FLOAT, [1, 3, 8, 8])
    node = helper.make_node("Add", ["x", "z"], ["y"])
    path = save(tmp_path / "w.onnx", [node], inputs=(IMAGE, other))
    with pytest.raises(ModelError, match=r"2 inputs \(x, z\)"):
        open_model(path)


def test_names_of_classes_are_taken_from_the_file(open_model, tmp_path: Path) -> None:
    """As ultralytics writes them."""
    names = "{0: 'cat', 2: 'owl', 1: 'dog'}"
    path = save(tmp_path / "w.onnx", head(), names=names, task="classify", stride="32")
    model = open_model(path)
    assert model.info.labels == ("cat", "dog", "owl")
    assert model.info.preprocess.mean == (0, 0, 0)


@pytest.mark.parametrize(
    ("task", "fit", "padding"),
    [("pose", Fit.PAD, (114 / 255,) * 3), ("classify", Fit.CROP, ())],
)
def test_an_export_of_ultralytics_is_letterboxed_on_gray(
    open_model, tmp_path: Path, task, fit, padding
) -> None:
    """Truth: LetterBox fills with 114; classify_transforms crops the middle."""
    path = save(tmp_path / "w.onnx", head(), task=task, stride="32")
    preprocess = open_model(path).info.preprocess
    assert (preprocess.fit, preprocess.padding) == (fit, padding)
    assert preprocess.interpolation is Interpolation.BILINEAR


def test_a_network_that_normalizes_by_itself_gets_plain_pixels(
    open_model, tmp_path: Path
) -> None:
    scale = np.array(1 / 255, np.float32)
    nodes = [
        helper.make_node("Mul", ["x", "s"], ["n"]),
        helper.make_node("GlobalAveragePool", ["n"], ["p"]),
        helper.make_node("Flatten", ["p"], ["y"]),
    ]
    preprocess = open_model(
        save(tmp_path / "w.onnx", nodes, [(scale, "s")])
    ).info.preprocess
    assert preprocess.value_range == 255
    assert preprocess.mean == (0, 0, 0)
    assert preprocess.std == (1, 1, 1)


def test_channels_may_come_last(open_model, tmp_path: Path) -> None:
    """As TensorFlow's networks have them; truth: the mean of each channel."""
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 8, 6, 3])
    node = helper.make_node("ReduceMean", ["x"], ["y"], axes=[1, 2], keepdims=0)
    model = open_model(save(tmp_path / "w.onnx", [node], inputs=(image,)))
    assert model.info.preprocess.input_size == (8, 6)
    x = torch.rand(1, 3, 8, 6)
    assert torch.allclose(model.net(x), x.mean((2, 3)))


@pytest.mark.parametrize(
    ("shape", "classes", "words"),
    [
        ((1, 9, 21), 5, "v8"),
        ((1, 63, 10), 5, "v5"),
        ((1, 300, 6), 80, "end-to-end"),
    ],
)
def test_heads_of_boxes_are_recognized(
    open_model, tmp_path: Path, shape: tuple[int, ...], classes: int, words: str
) -> None:
    """Truth: 32 px have 4² + 2² + 1 places in the three grids of a YOLO head.

    All of them were trained on letterboxed images with pixels in 0 to 1 (YOLOv5's and
    ultralytics' ``LetterBox``).
    """
    image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 32])
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], keepdims=0),
        helper.make_node("Add", ["m", "w"], ["y"]),
    ]
    rows = np.zeros(shape, np.float32)
    model = open_model(save(tmp_path / "w.onnx", nodes, [(rows, "w")], inputs=(image,)))
    assert model.info.task is Task.DETECT
    assert len(model.info.labels) == classes
    assert any(words in note for note in model.info.notes)
    preprocess = model.info.preprocess
    assert (preprocess.fit, preprocess.padding) == (Fit.PAD, (114 / 255,) * 3)
    assert (preprocess.mean, preprocess.std) == ((0.0,) * 3, (1.0,) * 3)


_OPEN = """
import sys
from pathlib import Path
import resource
resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
from nnviz.base.errors import NnvizError
from nnviz.engine.models.onnx.opening import open_onnx
for name in sys.argv[1:]:
    try:
        for _ in open_onnx(Path(name), lambda: None):
            pass
    except NnvizError as error:
        assert "\\n" not in str(error), error
print("alive")
"""


def mutated(data: bytes, seed: int) -> bytes:
    """Return a file with bytes changed, cut out, put in twice, or without its end."""
    random = np.random.default_rng(seed)
    found = bytearray(data)
    for _ in range(random.integers(1, 8)):
        place = int(random.integers(len(found)))
        length = int(random.integers(1, 40))
        match random.integers(5):
            case 0 | 1:
                found[place] = int(random.integers(256))
            case 2:
                del found[place : place + length]
            case 3:
                found[place:place] = found[place : place + length]
            case _:
                del found[max(place, len(found) // 2) :]
        if not found:
            break
    return bytes(found)


def test_changed_files_end_in_one_line(exported: Path, tmp_path: Path) -> None:
    """Hundreds of changed files in a process of its own; none ends it."""
    model = onnx.load(exported)
    # The weights are most of the bytes: without them changes meet the structure.
    for tensor in model.graph.initializer:
        if len(tensor.raw_data) > 64:
            tensor.ClearField("raw_data")
            tensor.float_data.append(0)
    data = model.SerializeToString()
    count = int(os.environ.get("NNVIZ_FUZZ", "60"))
    paths = []
    for seed in range(count):
        whole = exported.read_bytes() if seed % 2 else data
        path = tmp_path / f"{seed}.onnx"
        path.write_bytes(mutated(whole, seed))
        paths.append(str(path))
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _OPEN, *paths],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.endswith("alive\n")
