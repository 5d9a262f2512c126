"""Published architectures through both of torch's exporters, against onnxruntime.

Minutes of work: left out unless asked for with ``-m slow``.
"""

from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torchvision import models

from tests.support.onnx_networks import export, outputs_of, with_statistics

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

TORCHVISION = (
    *("alexnet", "vgg11_bn", "resnet18", "resnet50", "resnext50_32x4d", "densenet121"),
    *("wide_resnet50_2", "googlenet", "inception_v3", "squeezenet1_1", "mnasnet0_5"),
    *("mobilenet_v2", "mobilenet_v3_small", "mobilenet_v3_large", "shufflenet_v2_x0_5"),
    *("efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf"),
    *("convnext_tiny", "vit_b_16", "vit_b_32", "swin_t", "swin_v2_t", "maxvit_t"),
    *("fcn_resnet50", "deeplabv3_mobilenet_v3_large", "lraspp_mobilenet_v3_large"),
)
TIMM = (
    *("vit_tiny_patch16_224", "mobilenetv4_conv_small", "convnextv2_atto"),
    *("mobilevit_xxs", "swin_tiny_patch4_window7_224", "efficientformer_l1"),
    *("resnet26d", "regnety_002", "levit_128s", "ghostnet_100", "coat_lite_tiny"),
)
EXPORTERS = ("script", "dynamo")


def _torchvision(name: str) -> nn.Module:
    extra = {"init_weights": False} if name in {"googlenet", "inception_v3"} else {}
    if name not in models.list_models(module=models):
        extra = {"weights_backbone": None}
    return models.get_model(name, weights=None, **extra)


def _check(net: nn.Module, side: int, path: Path, exporter: str, open_model) -> None:
    """Compare outputs with onnxruntime's, and layers with the network's."""
    with_statistics(net)
    for weight in net.parameters():
        if weight.ndim == 2 and not weight.abs().max():
            nn.init.normal_(weight, std=0.02)  # heads that begin with zeros
    x = torch.randn(1, 3, side, side, generator=torch.Generator().manual_seed(2))
    options = {"opset_version": 17} if exporter == "script" else {}
    try:
        export(net, x, path, exporter, **options)
    except Exception as error:  # noqa: BLE001 -- of torch's exporter, not of ours
        pytest.skip(f"torch cannot export it: {error}")
    model = open_model(path)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    wanted = torch.from_numpy(session.run(None, {given.name: x.numpy()})[0])
    with torch.no_grad():
        _close(model.net(x), wanted, "the output")
    found, original = outputs_of(model.net, x), outputs_of(net, x)
    shared = [name for name in found if name in original and name]
    assert shared
    for name in shared:
        if found[name].shape == original[name].shape:
            _close(found[name], original[name], name)


def _close(found: Tensor, wanted: Tensor, name: str) -> None:
    assert (found - wanted).abs().max() <= 2e-5 * wanted.abs().max(), name


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", TORCHVISION)
def test_torchvision(open_model, tmp_path: Path, name: str, exporter: str) -> None:
    """Truth: onnxruntime for the output, torchvision's network for the layers."""
    torch.manual_seed(0)
    side = 299 if name == "inception_v3" else 224
    _check(_torchvision(name), side, tmp_path / "w.onnx", exporter, open_model)


@pytest.mark.parametrize("exporter", EXPORTERS)
@pytest.mark.parametrize("name", TIMM)
def test_timm(open_model, tmp_path: Path, name: str, exporter: str) -> None:
    """Truth: onnxruntime for the output, timm's network for the layers."""
    timm = pytest.importorskip("timm")
    torch.manual_seed(0)
    net = timm.create_model(name, pretrained=False)
    side = net.pretrained_cfg["input_size"][-1]
    _check(net, side, tmp_path / "w.onnx", exporter, open_model)
