"""Methods on a network from an ONNX file, against the network that was exported."""

from pathlib import Path

import numpy as np
import pytest
from torch import nn

import nnviz
from nnviz.base.errors import ModelError

PREPROCESS = {
    "input_size": [32, 32],
    "resize": 32,
    "mean": [0.485, 0.456, 0.406],
    "std": [0.229, 0.224, 0.225],
}
METHODS = {
    "predictions": {},
    "saliency": {},
    "guided_backprop": {},
    "grad_cam": {"layer": "act"},
    "integrated_gradients": {"steps": 8},
    "occlusion": {"window": 8, "stride": 8},
    "activations": {"layer": "act"},
    "attention": {},
}


@pytest.fixture(scope="module")
def original(small: nn.Module) -> nnviz.Model:
    return nnviz.load(small, preprocess=PREPROCESS)


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    return np.random.default_rng(0).random((32, 32, 3), np.float32)


@pytest.mark.parametrize("method", METHODS)
def test_methods_give_what_they_give_for_the_original(
    exported: Path, original: nnviz.Model, image: np.ndarray, method: str
) -> None:
    """Truth: the same method on the network that was exported."""
    model = nnviz.load(str(exported), preprocess=PREPROCESS)
    options = {"seed": 0} | METHODS[method]
    if method not in {"predictions", "activations"}:
        options["target"] = 2
    try:
        expected = nnviz.run(method, original, image, **options)
    except ModelError:
        # Its own code multiplies: attention is recognized in the file only.
        assert method == "attention"
        assert nnviz.run(method, model, image, **options).data.shape == (32, 32)
        return
    found = nnviz.run(method, model, image, **options)
    values, wanted = np.asarray(found.data), np.asarray(expected.data)
    assert values.shape == wanted.shape
    assert np.abs(values - wanted).max() <= 1e-4 * np.abs(wanted).max()


def test_filters_and_dreams_work(exported: Path) -> None:
    """Kernels are the weights that the file holds; a unit's image excites it more."""
    model = nnviz.load(str(exported), preprocess=PREPROCESS)
    filters = nnviz.run("filters", model, layer="patches")
    assert np.asarray(filters.data).shape[0] == 32
    dream = nnviz.run(
        "activation_maximization", model, layer="act", channels="3", steps=4
    )
    assert np.isfinite(np.asarray(dream.data)).all()
