"""Placeholder model of lessons that need no network."""

from torch import nn

from nnviz.base.info import ModelInfo, ModelSource, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.model import Model, Normalizer

_INFO = ModelInfo(
    reference="",
    title="no network",
    source=ModelSource.BUNDLED,
    task=Task.GENERIC,
    sha256="",
    weights="",
    preprocess=Preprocess(),
    labels=(),
    layers=(),
    parameters=0,
    macs=0,
    smallest_input=(1, 1),
)


def absent_model() -> Model:
    """Return a model without layers, on the CPU; its recipe names no network."""
    return Model(nn.Identity(), _INFO, Normalizer(_INFO.preprocess))
