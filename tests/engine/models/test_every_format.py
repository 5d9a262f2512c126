"""Seven architectures in each format: the same layers with the same values.

Truth: the network that each file was written from, and for gradients through ONNX a
second reader of the same file (onnx2fx), where it is installed.  Minutes of work: left
out unless asked for with ``-m slow``.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torchvision import models, ops

from tests.support.onnx_networks import export, outputs_of, with_statistics

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

NAMES = (
    *("resnet18", "vgg11_bn", "mobilenet_v3_small", "vit_b_16", "densenet121"),
    *("googlenet", "convnext_tiny"),
)
CLOSE = 1e-5
"""Of the largest value of a layer."""
MOST = 0.9
"""Share of the layers that have to be there under their names, but for ONNX, whose
exporters fold batch norms."""


def state_dict(net: nn.Module, _: Tensor, path: Path) -> Path:
    torch.save(net.state_dict(), path.with_suffix(".pth"))
    return path.with_suffix(".pth")


def safetensors(net: nn.Module, _: Tensor, path: Path) -> Path:
    save_file(net.state_dict(), path.with_suffix(".safetensors"))
    return path.with_suffix(".safetensors")


def pickled(net: nn.Module, _: Tensor, path: Path) -> Path:
    torch.save(net, path.with_suffix(".pt"))
    return path.with_suffix(".pt")


def traced(net: nn.Module, x: Tensor, path: Path) -> Path:
    script = torch.jit.trace(net, x, check_trace=False)
    torch.jit.save(script, path.with_suffix(".torchscript"))
    return path.with_suffix(".torchscript")


def scripted(net: nn.Module, _: Tensor, path: Path) -> Path:
    torch.jit.save(torch.jit.script(net), path.with_suffix(".torchscript"))
    return path.with_suffix(".torchscript")


def exported(net: nn.Module, x: Tensor, path: Path) -> Path:
    torch.export.save(torch.export.export(net, (x,)), path.with_suffix(".pt2"))
    return path.with_suffix(".pt2")


def onnx_script(net: nn.Module, x: Tensor, path: Path) -> Path:
    return export(net, x, path.with_suffix(".onnx"), "script", opset_version=17)


def onnx_dynamo(net: nn.Module, x: Tensor, path: Path) -> Path:
    return export(net, x, path.with_suffix(".onnx"), "dynamo")


SILENT = (nn.Dropout, nn.Identity, ops.StochasticDepth)
"""Layers that do nothing to an image, which exporters leave out."""

FORMATS: dict[str, Callable[[nn.Module, Tensor, Path], Path]] = {
    each.__name__: each
    for each in (
        *(state_dict, safetensors, pickled, traced, scripted, exported),
        *(onnx_script, onnx_dynamo),
    )
}


def made(name: str) -> nn.Module:
    extra = {"init_weights": False} if name == "googlenet" else {}
    if name == "googlenet":
        extra |= {"aux_logits": False}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = with_statistics(models.get_model(name, weights=None, **extra))
        for weight in net.parameters():
            if weight.ndim == 2 and not weight.abs().max():
                nn.init.normal_(weight, std=0.02)  # a head that begins with zeros
    return net


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_layers_give_the_same_in_each_format(
    open_model, tmp_path: Path, monkeypatch, capsys, name: str, kind: str
) -> None:
    monkeypatch.setenv("NNVIZ_TRUSTED", str(tmp_path / "trusted.txt"))
    net = made(name)
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    path = FORMATS[kind](net, x, tmp_path / "w")
    model = open_model(path, trust=True)
    found, wanted = outputs_of(model.net, x), outputs_of(net, x)
    shared = [name for name in wanted if name in found]
    leaves = [
        name
        for name, each in net.named_modules()
        if not [*each.children()] and not isinstance(each, SILENT)
    ]
    wrong = {}
    for layer in shared:
        assert found[layer].shape == wanted[layer].shape, layer
        largest = float(wanted[layer].abs().max()) or 1.0
        error = float((found[layer] - wanted[layer]).abs().max()) / largest
        if error > CLOSE:
            wrong[layer] = error
    share = len({*shared} & {*leaves}) / len({*wanted} & {*leaves})
    capsys.readouterr()
    with capsys.disabled():
        sys.stdout.write(
            f"{name} {kind}: {len(shared)} layers, {share:.0%} of leaves\n"
        )
    assert not wrong
    assert "" in shared
    if not kind.startswith("onnx"):
        assert share >= MOST


@pytest.mark.parametrize("exporter", ["onnx_script", "onnx_dynamo"])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_onnx_agree_with_a_second_reading(
    open_model, tmp_path: Path, name: str, exporter: str
) -> None:
    """Truth: onnx2fx on the same file, in float64."""
    onnx2fx = pytest.importorskip("onnx2fx")
    x = torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(2))
    path = FORMATS[exporter](made(name), x, tmp_path / "w")
    gradients = []
    for net in (open_model(path).net, onnx2fx.convert(str(path))):
        leaf = x.double().requires_grad_()
        output = net.double()(leaf)
        (output * torch.linspace(-1, 1, 1000)).sum().backward()
        gradients.append(leaf.grad)
    found, wanted = gradients
    assert (found - wanted).abs().max() <= 1e-9 * wanted.abs().max()
