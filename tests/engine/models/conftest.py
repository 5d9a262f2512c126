"""What the tests of models share."""

from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import nn

from nnviz.base.requests import ModelRequest
from nnviz.engine.models.model import Model
from nnviz.engine.models.store import ModelStore


def run_to_end(generator: Generator[Any, None, Any]) -> Any:
    """Run a job to its end and return its result."""
    while True:
        try:
            next(generator)
        except StopIteration as stop:
            return stop.value


@pytest.fixture
def finish() -> Callable[[Generator[Any, None, Any]], Any]:
    return run_to_end


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelStore:
    """A store that finds no weights of this machine's user."""
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    return ModelStore(tmp_path / "weights")


@pytest.fixture
def open_model(store: ModelStore) -> Callable[..., Model]:
    def open_model(reference: object, **options: Any) -> Model:
        request = ModelRequest(reference=str(reference), device="cpu", **options)
        return run_to_end(store.open(request, lambda: None))

    return open_model


@pytest.fixture(scope="session")
def small_network() -> nn.Module:
    """The smallest of torchvision's networks, 1.4 million weights, 1000 classes."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return torchvision.models.shufflenet_v2_x0_5(weights=None).eval()
