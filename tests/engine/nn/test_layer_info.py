"""Layer facts against published figures and against measured dependence."""

import copy

import pytest
import torch
import torchvision
from torch import nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from nnviz.base.info import Layout
from nnviz.engine.models.zoo import empty_network
from nnviz.engine.nn.layer_info import layer_facts, smallest_input
from nnviz.engine.nn.shapes.tracer import empty_input, meta_twin, probe

ONE_A_FAMILY = [
    *("alexnet", "vgg11_bn", "googlenet", "inception_v3", "resnet18"),
    *("resnext50_32x4d", "wide_resnet50_2", "densenet121", "squeezenet1_0"),
    *("mobilenet_v2", "mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5"),
    *("efficientnet_b0", "efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf"),
    *("convnext_tiny", "vit_b_32", "swin_t", "swin_v2_t", "maxvit_t"),
]


def build(name: str) -> nn.Module:
    """An architecture without memory for weights: facts need none."""
    return empty_network(name).eval()


def build_filled(name: str) -> nn.Module:
    """An architecture with small weights, for real passes."""
    net = build(name).to_empty(device="cpu")
    for tensor in net.state_dict().values():
        tensor.fill_(1e-3)
    return net


def input_of(name: str) -> tuple[int, int]:
    (side,) = models.get_model_weights(name).DEFAULT.transforms().crop_size
    return side, side


@pytest.mark.parametrize("name", ONE_A_FAMILY)
def test_cost_is_as_published(name: str) -> None:
    """Truth: ``_ops`` in torchvision's meta data, 1e9 multiply-accumulates."""
    facts = layer_facts(build(name), 3, input_of(name))
    published = models.get_model_weights(name).DEFAULT.meta["_ops"]
    assert facts.macs / 1e9 == pytest.approx(published, abs=5.01e-4)


@pytest.mark.parametrize("name", ["resnet18", "shufflenet_v2_x0_5", "vit_b_32"])
def test_cost_of_each_layer_is_what_torch_counts(name: str) -> None:
    """Truth: ``FlopCounterMode``, which counts a multiply-accumulate as two."""
    net = build(name)
    facts = layer_facts(net, 3, (224, 224))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        meta_twin(net)(empty_input(3, (224, 224)))
    counted = {
        key.partition(".")[2]: sum(value.values()) // 2
        for key, value in counter.get_flop_counts().items()
    }
    for layer in facts.layers:
        assert layer.macs == counted.get(layer.name, 0), layer.name


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "vgg11_bn"])
def test_shapes_are_what_a_real_pass_gives(name: str) -> None:
    """Truth: forward hooks on the network itself."""
    net = build_filled(name)
    seen = {}
    for key, module in net.named_modules():
        module.register_forward_hook(
            lambda _module, _inputs, output, key=key: seen.__setitem__(
                key, tuple(output.shape[1:])
            )
        )
    with torch.no_grad():
        net(torch.rand(1, 3, *input_of(name)))
    facts = layer_facts(net, 3, input_of(name))
    assert {layer.name: layer.shape for layer in facts.layers if layer.calls} == {
        key: shape for key, shape in seen.items() if key
    }


def linearized(net: nn.Module) -> nn.Module:
    """A copy whose outputs grow with every pixel that they can depend on."""
    net = copy.deepcopy(net)
    for parent in net.modules():
        for key, child in parent.named_children():
            if isinstance(child, nn.MaxPool2d):
                average = nn.AvgPool2d(
                    child.kernel_size, child.stride, child.padding, child.ceil_mode
                )
                setattr(parent, key, average)
            elif isinstance(child, nn.BatchNorm2d | nn.Dropout):
                setattr(parent, key, nn.Identity())
    return net.eval().double()


def support(net: nn.Module, layer: str, side: int) -> tuple[int, int]:
    """Height and width of the pixels that the layer's central place depends on."""
    kept = {}
    handle = net.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: kept.update(output=output)
    )
    pixels = torch.ones(1, 3, side, side, dtype=torch.double, requires_grad=True)
    net(pixels)
    handle.remove()
    output = kept["output"]
    center = output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum()
    (gradient,) = torch.autograd.grad(center, pixels)
    rows, columns = gradient[0].abs().sum(0).nonzero(as_tuple=True)
    return (
        int(rows.max() - rows.min()) + 1,
        int(columns.max() - columns.min()) + 1,
    )


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("alexnet", ["features.0", "features.6", "features.12"]),
        ("resnet18", ["maxpool", "layer1.1", "layer2.0.downsample", "layer3.0"]),
        ("googlenet", ["inception3a", "inception3b.branch4", "inception4c"]),
        ("shufflenet_v2_x0_5", ["stage2.1", "stage3.0.branch1", "stage3.2"]),
        ("densenet121", ["features.denseblock1.denselayer2", "features.pool0"]),
        ("squeezenet1_1", ["features.4", "features.7.expand3x3"]),
    ],
)
def test_receptive_field_is_where_the_gradient_reaches(
    name: str, layers: list[str]
) -> None:
    """Truth: pixels with a gradient in a copy where nothing can cancel or vanish."""
    net = build_filled(name)
    facts = {layer.name: layer for layer in layer_facts(net, 3, (224, 224)).layers}
    linear = linearized(net)
    for layer in layers:
        assert facts[layer].receptive_field == support(linear, layer, 384), layer


def by_formula(*windows: tuple[int, int]) -> int:
    """Araujo, Norris & Sim 2019 (10.23915/distill.00021), eq. 2, for a single path.

    One more than the sum over the layers of (kernel - 1) times the product of the
    strides of all layers before; windows are (kernel, stride), the first layer first.
    """
    size, jump = 1, 1
    for kernel, stride in windows:
        size += (kernel - 1) * jump
        jump *= stride
    return size


def test_receptive_fields_by_the_formula() -> None:
    """Kernels and strides as in the papers; a residual block's longer path counts."""
    three, half = (3, 1), (3, 2)
    chains = {
        ("alexnet", "features.12"): ((11, 4), half, (5, 1), half, *[three] * 3, half),
        ("vgg16", "features.30"): (
            *(three, three, (2, 2)) * 2,
            *(three, three, three, (2, 2)) * 3,
        ),
        ("resnet18", "layer4"): (
            *((7, 2), half, *[three] * 4),
            *(half, *[three] * 3) * 3,
        ),
    }
    for (name, layer), windows in chains.items():
        facts = {x.name: x for x in layer_facts(build(name), 3, (224, 224)).layers}
        side = by_formula(*windows)
        assert facts[layer].receptive_field == (side, side), name


def test_no_receptive_field_where_every_place_sees_everything() -> None:
    """After global pooling, squeeze-and-excitation, and attention."""
    resnet = {x.name: x for x in layer_facts(build("resnet18"), 3, (224, 224)).layers}
    assert resnet["avgpool"].receptive_field is None
    assert resnet["fc"].receptive_field is None
    name = "mobilenet_v3_small"
    mobile = {x.name: x for x in layer_facts(build(name), 3, (224, 224)).layers}
    assert mobile["features.0"].receptive_field == (3, 3)
    assert mobile["features.1"].receptive_field is None
    vit = {x.name: x for x in layer_facts(build("vit_b_32"), 3, (224, 224)).layers}
    assert vit["conv_proj"].receptive_field == (32, 32)
    assert vit["encoder.layers.encoder_layer_0"].receptive_field is None


def test_tokens_know_their_grid() -> None:
    """ViT-B/32 at 224 px: 7 x 7 patches and one class token."""
    facts = layer_facts(build("vit_b_32"), 3, (224, 224))
    layers = {layer.name: layer for layer in facts.layers}
    block = layers["encoder.layers.encoder_layer_5"]
    assert (block.layout, block.shape) == (Layout.TOKENS, (50, 768))
    assert (block.grid, block.extra_tokens) == ((7, 7), 1)
    assert layers["conv_proj"].layout is Layout.MAP
    assert layers["heads.head"].layout is Layout.VECTOR
    attention = layers["encoder.layers.encoder_layer_5.self_attention"]
    assert (attention.layout, attention.grid) == (Layout.TOKENS, (7, 7))


def test_channels_last_and_windows_are_told_apart() -> None:
    swin = {x.name: x for x in layer_facts(build("swin_t"), 3, (224, 224)).layers}
    assert swin["features.1.0"].layout is Layout.MAP_LAST
    assert swin["features.1.0.attn"].layout is Layout.MAP_LAST
    assert (swin["features.3.1"].shape, swin["features.3.1"].grid) == (
        (28, 28, 192),
        (28, 28),
    )
    assert swin["permute"].layout is Layout.MAP
    maxvit = {x.name: x for x in layer_facts(build("maxvit_t"), 3, (224, 224)).layers}
    block = maxvit["blocks.0.layers.0"]
    assert (block.layout, block.shape) == (Layout.MAP, (64, 56, 56))
    inner = maxvit["blocks.0.layers.0.layers.window_attention.attn_layer"]
    assert (inner.layout, inner.shape) == (Layout.WINDOWS, (64, 49, 64))


class Decoder(nn.Module):
    """Maps that grow again, tokens that are read one by one, a table of positions."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 8, 3, 2, 1)
        self.transposed = nn.ConvTranspose2d(8, 8, 2, 2)
        self.grouped = nn.ConvTranspose2d(8, 8, 4, 2, 1, groups=4)
        self.nearest = nn.Upsample(scale_factor=3)
        self.bilinear = nn.UpsamplingBilinear2d(scale_factor=3)
        self.shuffled = nn.PixelShuffle(2)
        self.gated = nn.GLU(1)
        self.patches = nn.Conv2d(8, 4, 8, 8)
        self.positions = nn.Embedding(16, 4)
        self.recurrent = nn.GRU(4, 5, batch_first=True)
        self.signal = nn.Conv1d(4, 4, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.down(x)
        for grow in (self.nearest, self.bilinear, self.shuffled, self.gated):
            grow(x)
        x = self.transposed(x) + self.grouped(x)
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        tokens = tokens + self.positions(torch.arange(16, device=x.device))
        self.signal(tokens.transpose(1, 2))
        return self.recurrent(tokens)[0][:, -1]


def test_maps_that_grow_are_maps() -> None:
    """Truth: the shapes in the documentation of torch's modules."""
    layers = layer_facts(Decoder().eval(), 3, (32, 32)).layers
    found = {each.name: each.layout for each in layers}
    assert found == {
        **dict.fromkeys(("down", "transposed", "grouped", "nearest"), Layout.MAP),
        **dict.fromkeys(("bilinear", "shuffled", "gated", "patches"), Layout.MAP),
        "positions": Layout.OTHER,
        "recurrent": Layout.TOKENS,
        "signal": Layout.OTHER,
    }


def test_a_layout_holds_for_inputs_that_are_not_square() -> None:
    swin = {x.name: x for x in layer_facts(build("swin_t"), 3, (224, 160)).layers}
    assert swin["features.5.2"].grid == (14, 10)
    assert swin["features.5.2"].layout is Layout.MAP_LAST


@pytest.mark.parametrize("name", ONE_A_FAMILY)
def test_smallest_input_is_as_documented(name: str) -> None:
    """Truth: ``min_size`` in torchvision's meta data.

    Swin's and MaxViT's figures there are the sizes of training, EfficientNet v2's
    that of a stride of 32: smaller inputs work.
    """
    documented = models.get_model_weights(name).DEFAULT.meta["min_size"]
    found = smallest_input(build(name), 3, input_of(name))
    if name in {"swin_t", "swin_v2_t", "maxvit_t", "efficientnet_v2_s"}:
        assert found < documented
    else:
        assert found == documented


@pytest.mark.parametrize(
    "name", ["alexnet", "squeezenet1_0", "densenet121", "convnext_tiny"]
)
def test_smallest_input_is_where_a_real_pass_begins_to_fail(name: str) -> None:
    """Truth: passes with real numbers."""
    net = build_filled(name)
    (side, _) = smallest_input(net, 3, input_of(name))
    with torch.no_grad():
        assert net(torch.rand(1, 3, side, side)).isfinite().all()
        with pytest.raises((RuntimeError, ValueError, ZeroDivisionError)):
            net(torch.rand(1, 3, side - 1, side - 1))


class Reused(nn.Module):
    """One ReLU twice, a branch never taken, a functional activation."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 4, 3)
        self.second = nn.Conv2d(4, 4, 3, groups=2)
        self.relu = nn.ReLU()
        self.unused = nn.Linear(3, 3)
        self.head = nn.Linear(4, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.relu(self.second(self.relu(self.first(x))))
        return self.head(torch.sigmoid(x).mean((2, 3)))


def test_calls_and_hand_counted_cost() -> None:
    """By hand: 8x8 -> 6x6 -> 4x4; 4*36*9 + 4*16*2*9 + 4*2."""
    facts = layer_facts(Reused(), 1, (8, 8))
    layers = {layer.name: layer for layer in facts.layers}
    assert layers["relu"].calls == 2
    assert (layers["unused"].calls, layers["unused"].shape) == (0, None)
    assert layers["first"].macs == 4 * 36 * 9
    assert layers["second"].macs == 4 * 16 * 2 * 9
    assert facts.macs == 4 * 36 * 9 + 4 * 16 * 2 * 9 + 4 * 2
    assert facts.output == (2,)
    assert "sigmoid" in facts.functional
    assert "relu" not in facts.functional
    assert layers["second"].filters
    assert not layers["head"].filters


def test_the_network_is_left_as_it_was() -> None:
    net = torchvision.models.resnet18(weights=None).train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    kept = {key: id(value) for key, value in net.named_parameters()}
    layer_facts(net, 3, (64, 64))
    smallest_input(net, 3, (64, 64))
    assert all(module.training for module in net.modules())
    assert kept == {key: id(value) for key, value in net.named_parameters()}
    assert all(
        torch.equal(before[key], value) for key, value in net.state_dict().items()
    )
    assert not any(module._forward_hooks for module in net.modules())
    assert not any(module._forward_pre_hooks for module in net.modules())


def test_a_failing_pass_leaves_no_hooks_on_the_twin() -> None:
    twin = meta_twin(torchvision.models.alexnet(weights=None))
    with pytest.raises(RuntimeError):
        probe(twin, empty_input(3, (8, 8)))
    assert not any(module._forward_hooks for module in twin.modules())
