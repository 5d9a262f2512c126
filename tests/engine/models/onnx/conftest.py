"""A small network exported to ONNX by both of torch's exporters."""

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from tests.support.onnx_networks import Small, export, with_statistics


@pytest.fixture(scope="session")
def small() -> nn.Module:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return with_statistics(Small())


@pytest.fixture(scope="session")
def small_input() -> Tensor:
    return torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(2))


@pytest.fixture(scope="session", params=["script", "dynamo"])
def exported(
    request: pytest.FixtureRequest,
    small: nn.Module,
    small_input: Tensor,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """The small network as an ONNX file of each exporter."""
    path = tmp_path_factory.mktemp("onnx") / f"small.{request.param}.onnx"
    return export(small, small_input, path, request.param)
