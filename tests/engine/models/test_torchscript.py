"""TorchScript programs interpreted in Python, against torch's own interpreter."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from nnviz.engine.models.programs.fused_attention import (
    encoder_layer,
    multi_head_attention,
)
from nnviz.engine.models.programs.symbolics import averaging_matrix
from nnviz.engine.models.programs.torchscript import InterpretedModule
from tests.support.onnx_networks import outputs_of

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning",
    "ignore::FutureWarning",
    "ignore::torch.jit.TracerWarning",
)


def halved(x: Tensor, often: int) -> Tensor:
    for _ in range(often):
        x = functional.avg_pool2d(x, 2)
    return x


class Written(nn.Module):
    """Branches, loops, lists, dictionaries and methods, as scripted code has them."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(3))
        self.act = nn.ReLU()
        self.norm = nn.BatchNorm2d(3)
        self.often = 2
        self.register_buffer("shift", torch.full((1, 3, 1, 1), 0.3))

    def mixed(self, found: dict[str, Tensor], weight: float = 0.5) -> Tensor:
        total = torch.zeros_like(found["0"])
        for key, value in found.items():
            if key != "1":
                total += weight * value
        return total

    def forward(self, x: Tensor, scale: float | None = None) -> tuple[Tensor, Tensor]:
        if x.dim() != 4:
            raise ValueError("takes images")
        found: dict[str, Tensor] = {}
        listed: list[Tensor] = []
        for index, part in enumerate(self.parts):
            x = self.act(part(x)) + self.shift
            listed.append(x)
            found[str(index)] = x
        factor = 1.0 if scale is None else scale
        count = 0
        while count < len(listed) and float(listed[count].mean()) > -1:
            count += 1
        x = self.norm(self.mixed(found)) * factor * count
        n, c, _h, _w = x.shape
        return halved(x, self.often).view(n, c, -1), torch.cat(listed[:2], 1)


class Attentive(nn.Module):
    """The attention of torch, whose fused kernel no exporter knows."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.norm = nn.LayerNorm(8)

    def forward(self, x: Tensor) -> Tensor:
        tokens = self.norm(x.flatten(2).transpose(1, 2))
        out, _ = self.attention(tokens, tokens, tokens, need_weights=False)
        return out.mean(1)


class Reusing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3)
        self.act = nn.Hardtanh()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(self.conv(self.act(x)) * 0.5)


@pytest.fixture(scope="module")
def x() -> Tensor:
    return torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("kind", ["traced", "scripted"])
def test_control_flow_and_containers(x: Tensor, kind: str) -> None:
    """Truth: the program as torch runs it."""
    net = Written().eval().requires_grad_(False)
    script = torch.jit.script(net) if kind == "scripted" else torch.jit.trace(net, x)
    with torch.no_grad():
        for found, wanted in zip(InterpretedModule(script)(x), script(x), strict=True):
            torch.testing.assert_close(found, wanted, rtol=0, atol=0)


@pytest.mark.parametrize("kind", ["traced", "scripted"])
def test_attention_is_not_fused(kind: str) -> None:
    """Truth: the module itself; the fused kernel would be one operation."""
    net = Attentive().eval()
    x = torch.randn(1, 8, 4, 4, generator=torch.Generator().manual_seed(1))
    scripted = kind == "scripted"
    script = (
        torch.jit.script(net)
        if scripted
        else torch.jit.trace(net, x, check_trace=False)
    )
    interpreted = InterpretedModule(script)
    torch.testing.assert_close(interpreted(x), net(x))
    graph = torch.jit.trace(interpreted, x, check_trace=False).inlined_graph
    assert "_native_multi_head_attention" not in str(graph)


@pytest.mark.parametrize("order", ["norm first", "norm last"])
@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_fused_kernels_are_taken_apart(order: str, activation: str) -> None:
    """Truth: torch's own kernels, which scripts without gradients run."""
    first = order == "norm first"
    layer = nn.TransformerEncoderLayer(
        8, 2, 16, 0.0, activation, batch_first=True, norm_first=first
    ).requires_grad_(False)
    x = torch.randn(2, 5, 8, generator=torch.Generator().manual_seed(1))
    own = layer.self_attn
    projections = (
        *(own.in_proj_weight, own.in_proj_bias),
        *(own.out_proj.weight, own.out_proj.bias),
    )
    parts = (layer.norm1, layer.norm2, layer.linear1, layer.linear2)
    rest = [each for part in parts for each in (part.weight, part.bias)]
    given = (x, 8, 2, *projections, activation == "gelu", first, 1e-5, *rest)
    wanted = torch._transformer_encoder_layer_fwd(*given)
    torch.testing.assert_close(encoder_layer(*given), wanted, rtol=1e-5, atol=1e-6)
    given = (x, x, x, 8, 2, *projections)
    for found, value in zip(
        multi_head_attention(*given),
        torch._native_multi_head_attention(*given),
        strict=True,
    ):
        torch.testing.assert_close(found, value, rtol=1e-5, atol=1e-6)


def test_modules_are_called_under_their_names(x: Tensor) -> None:
    """Tracing names a second call "forward1"; a layer's last output is what counts."""
    net = Reusing().eval()
    for script in (torch.jit.trace(net, x), torch.jit.script(net)):
        found = outputs_of(InterpretedModule(script), x)
        wanted = outputs_of(net, x)
        assert found.keys() == wanted.keys()
        for name, value in wanted.items():
            torch.testing.assert_close(found[name], value, rtol=0, atol=0)


@pytest.mark.parametrize(("given", "wanted"), [(7, 3), (3, 7), (8, 5), (4, 4)])
def test_adaptive_pooling_is_a_matrix(given: int, wanted: int) -> None:
    """Truth: torch's adaptive pooling of the unit vectors."""
    pooled = functional.adaptive_avg_pool1d(torch.eye(given)[None], wanted)[0].t()
    torch.testing.assert_close(averaging_matrix(given, wanted), pooled)
