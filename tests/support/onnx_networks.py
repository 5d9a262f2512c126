"""Networks exported to ONNX, small ones, by both of torch's exporters."""

import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional


class Attend(nn.Module):
    """Self-attention as networks write it that have a projection for all three."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(32, 96)
        self.proj = nn.Linear(32, 32)

    def forward(self, x: Tensor) -> Tensor:
        count, tokens, width = x.shape
        parts = self.qkv(x).reshape(count, tokens, 3, 4, 8).permute(2, 0, 3, 1, 4)
        q, k, v = parts.unbind(0)
        weights = (q @ k.transpose(-2, -1) * 8**-0.5).softmax(-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(count, tokens, width))


class Small(nn.Module):
    """Convolutions with batch norm, a residual, a gate, tokens and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(3, 16, 3, 2, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()
        )
        self.conv = nn.Conv2d(16, 16, 3, padding=1)
        self.act = nn.ReLU()
        self.gate = nn.SiLU()
        self.squeeze = nn.AdaptiveAvgPool2d(1)
        self.expand = nn.Conv2d(16, 16, 1)
        self.patches = nn.Conv2d(16, 32, 4, 4)
        self.class_token = nn.Parameter(torch.randn(1, 1, 32))
        self.norm = nn.LayerNorm(32)
        self.attn = Attend()
        self.mlp = nn.Sequential(nn.Linear(32, 64), nn.GELU(), nn.Linear(64, 32))
        self.head = nn.Linear(32, 7)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        x = self.act(self.conv(x) + x)
        x = self.gate(x * torch.sigmoid(self.expand(self.squeeze(x))))
        x = functional.relu(x - 0.1)
        tokens = self.patches(x).flatten(2).transpose(1, 2)
        first = self.class_token.expand(len(x), -1, -1)
        tokens = torch.cat((first, tokens), 1)
        tokens = tokens + self.attn(self.norm(tokens))
        tokens = tokens + self.mlp(tokens)
        return self.head(tokens[:, 0])


def with_statistics(net: nn.Module) -> nn.Module:
    """Give batch norms statistics, as training would, and return the network."""
    generator = torch.Generator().manual_seed(1)
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = torch.randn(module.num_features, generator=generator)
            spread = torch.rand(module.num_features, generator=generator)
            module.running_var = spread + 0.5
    return net.eval()


def export(
    net: nn.Module, x: Tensor, path: Path, exporter: str, **options: Any
) -> Path:
    """Write a network as torch's exporters do; what they print and warn is theirs."""
    dynamo = exporter == "dynamo"
    extra: dict[str, Any] = {"external_data": False, "verbose": False} if dynamo else {}
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            torch.onnx.export(net, (x,), path, dynamo=dynamo, **extra | options)
    finally:
        logging.disable(logging.NOTSET)
    return path


def outputs_of(net: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Return what each module gave last, by name."""
    found: dict[str, Tensor] = {}

    def keep(name: str) -> Callable[..., None]:
        def after(_module: nn.Module, _inputs: Any, output: Any) -> None:
            if isinstance(output, tuple):
                output = output[0]
            if isinstance(output, Tensor):
                found[name] = output.detach().clone()

        return after

    handles = [
        module.register_forward_hook(keep(name)) for name, module in net.named_modules()
    ]
    with torch.no_grad():
        net(x)
    for handle in handles:
        handle.remove()
    return found
