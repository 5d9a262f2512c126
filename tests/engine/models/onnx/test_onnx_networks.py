"""Networks from ONNX files against onnxruntime and the network that was exported."""

from collections import OrderedDict
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn

from nnviz.engine.models.onnx.batching import batch_rule
from nnviz.engine.nn.shapes.graph import operation_graph
from tests.support.onnx_networks import export, outputs_of


def by_onnxruntime(path: Path, x: Tensor) -> np.ndarray:
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    return session.run(None, {given.name: x.numpy()})[0]


def close(found: Tensor, wanted: Tensor, precision: float = 1e-5) -> bool:
    return bool((found - wanted).abs().max() <= precision * wanted.abs().max())


def test_outputs_are_those_of_onnxruntime(
    open_model, exported: Path, small_input: Tensor
) -> None:
    """Truth: onnxruntime."""
    model = open_model(exported)
    with torch.no_grad():
        found = model.net(small_input)
    assert close(found, torch.from_numpy(by_onnxruntime(exported, small_input)))
    assert model.info.labels == tuple(f"class {index}" for index in range(7))
    assert model.info.preprocess.input_size == (32, 32)


def test_layers_have_the_names_and_outputs_of_the_network(
    open_model, exported: Path, small: nn.Module, small_input: Tensor
) -> None:
    """Truth: the network that was exported."""
    model = open_model(exported)
    found = outputs_of(model.net, small_input)
    wanted = outputs_of(small, small_input)
    shared = found.keys() & wanted.keys()
    assert shared >= {
        *("", "act", "conv", "gate", "squeeze", "expand", "patches", "norm", "head"),
        *("attn", "attn.qkv", "attn.proj", "mlp", "mlp.0", "mlp.1", "mlp.2", "stem.2"),
    }
    for name in shared:
        assert close(found[name], wanted[name]), name
    # The batch norm is part of the convolution now, and its name says so.
    (folded,) = found.keys() & {"stem.0_1", "stem.0_bn"}
    assert close(found[folded], wanted["stem.1"])


def test_modules_are_named_by_their_classes(
    open_model, exported: Path, small: nn.Module
) -> None:
    """Truth: the classes of the network, which torch's newer exporter writes."""
    told = ".dynamo." in exported.name
    groups = operation_graph(open_model(exported).net, 3, (32, 32)).groups
    for path in ("stem", "attn", "mlp"):
        kind = type(small.get_submodule(path)).__name__
        assert groups[path] == (kind if told else "")


def test_layers_are_of_torchs_kinds(open_model, exported: Path) -> None:
    model = open_model(exported)
    kinds = {layer.name: layer.kind for layer in model.info.layers}
    assert kinds["conv"] == "Conv2d"
    assert kinds["act"] == "ReLU"
    assert kinds["gate"] == "SiLU"
    assert kinds["mlp.1"] == "GELU"
    assert kinds["norm"] == "LayerNorm"
    assert kinds["attn.attention"] == "Attention"
    assert kinds["attn.qkv"] == "Linear"
    assert kinds["relu"] == "ReLU"  # made by the network's own code


def test_several_images_pass_where_one_was_written_down(
    open_model, exported: Path, small: nn.Module
) -> None:
    model = open_model(exported)
    assert model.info.takes_several
    pixels = torch.randn(3, 3, 32, 32, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        assert close(model.net(pixels), small(pixels))


@pytest.mark.parametrize(
    ("one", "two", "result", "axis", "place"),
    [
        ((1, 8, 7, 7), (2, 8, 7, 7), (1, 392), 0, 0),
        # Windows of one image lie behind each other: 64 of the first, then the next.
        ((64, 49, 96), (128, 49, 96), (1, 64, 49, 96), 0, 0),
        # Tokens first, as in torch's multi-head attention: heads of each image.
        ((5, 1, 12), (5, 2, 12), (5, 3, 4), 1, 1),
        # And back, for the product with one matrix: a row for each token of each image.
        ((5, 1, 3, 4), (5, 2, 3, 4), (5, 12), 1, 0),
        ((5, 1, 3, 4), (5, 2, 3, 4), (5, 1, 12), 1, 1),
        ((5, 12), (10, 12), (5, 1, 12), 0, 1),
    ],
)
def test_where_images_lie_is_seen_from_shapes(one, two, result, axis, place) -> None:
    """Truth: the shapes that these reshapes have for two images."""
    rule = batch_rule(one, two, result)
    assert rule is not None
    assert rule[:2] == (axis, place)
    assert two[axis] * rule[2] == 2 * result[place]


def test_sizes_left_open_stay_open(open_model, tmp_path: Path) -> None:
    """Truth: the network that was exported, at a size that it was not exported with."""
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1),
        nn.Upsample(scale_factor=2, mode="bilinear"),
        nn.MaxPool2d(2),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    ).eval()
    axes = {"x": {0: "batch", 2: "rows", 3: "columns"}}
    path = export(
        net,
        torch.rand(1, 3, 32, 32),
        tmp_path / "open.onnx",
        "script",
        input_names=["x"],
        dynamic_axes=axes,
    )
    model = open_model(path)
    assert model.info.takes_any_size
    assert model.info.preprocess.input_size == (224, 224)
    for shape in ((1, 3, 40, 56), (2, 3, 224, 224)):
        x = torch.rand(shape)
        with torch.no_grad():
            assert close(model.net(x), net(x))


def test_gradients_are_those_of_the_network(
    open_model, exported: Path, small: nn.Module, small_input: Tensor
) -> None:
    """Truth: the network that was exported; in float64, but for the folded norm."""
    net = open_model(exported).net.double()
    gradients = []
    for each in (net, nn.Module.double(small)):
        x = small_input.double().requires_grad_()
        (gradient,) = torch.autograd.grad(each(x)[0, 3], x)
        gradients.append(gradient)
    small.float()
    assert close(*gradients, precision=1e-5)


class Halves(nn.Module):
    """A convolution on one half of the channels, as in ShuffleNet."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        first, second = x.chunk(2, 1)
        return torch.cat((self.conv(second), first), 1)


def test_operations_without_a_module_do_not_cut_the_modules_around(
    open_model, tmp_path: Path
) -> None:
    """Truth: the network.  The exporter's optimizer makes splits of no module."""
    torch.manual_seed(0)
    body = nn.Sequential(Halves(), Halves(), nn.ReLU())
    stem, tail = nn.Conv2d(3, 8, 1), nn.Conv2d(8, 2, 1)
    net = nn.Sequential(OrderedDict(stem=stem, body=body, tail=tail)).eval()
    x = torch.randn(1, 3, 32, 32)
    export(net, x, tmp_path / "halves.onnx", "dynamo")
    model = open_model(tmp_path / "halves.onnx")
    found, wanted = outputs_of(model.net, x), outputs_of(net, x)
    for name in ("body", "body.0.conv", "body.1.conv", "tail"):
        assert close(found[name], wanted[name]), name
