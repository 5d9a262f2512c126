"""What activations give, against forward hooks that clone in plain torch."""

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image as PillowImage
from support.jobs import cat, finish, never, run_method

from nnviz.base.info import Layout
from nnviz.base.requests import ModelRequest
from nnviz.engine.jobs import Session
from nnviz.engine.nn.hooks import output_of

FAMILIES = [
    "resnet18",  # ReLU modules that are run twice
    "vgg11_bn",  # in-place ReLUs
    "densenet121",  # concatenation, functional pooling
    "googlenet",
    "inception_v3",  # functional ReLUs in place
    "vit_b_16",
    "swin_t",
    "convnext_tiny",
    "maxvit_t",
]
LOOKED_AT = 12


@pytest.fixture(scope="module")
def session():
    # Small on purpose: one network of this list at a time.
    opened = Session(model_bytes=1)
    yield opened
    opened.close()


def as_a_hook_sees(net, x, wanted):
    """Return the last clone of each layer's output in one plain pass."""
    seen = {}
    handles = [
        module.register_forward_hook(
            lambda _m, _i, output, name=name: seen.update(
                {name: (output[0] if isinstance(output, tuple) else output).clone()}
            )
        )
        for name, module in net.named_modules()
        if name in wanted
    ]
    with torch.no_grad():
        net(x)
    for handle in handles:
        handle.remove()
    return seen


def photo_as_torchvision_has_it():
    transform = torchvision.models.ResNet18_Weights.DEFAULT.transforms()
    return transform(PillowImage.fromarray(cat().pixels))[None]


def test_resnet18_equals_torchvision_bit_for_bit(session):
    run = run_method(session, "activations", "zoo:resnet18@random", layer="layer2.1")
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = torchvision.models.resnet18(weights=None).eval()
    seen = as_a_hook_sees(net, photo_as_torchvision_has_it(), {"layer2.1"})
    data = run.report.arrays()["data"]
    assert data.shape == (128, 28, 28)
    assert data.dtype == np.float32
    assert np.array_equal(data, seen["layer2.1"][0].numpy())


def test_predictions_equal_torchvision(session):
    run = run_method(session, "predictions", "zoo:resnet18@random", top_k=1000)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        net = torchvision.models.resnet18(weights=None).eval()
    with torch.no_grad():
        logits = net(photo_as_torchvision_has_it())[0]
    values, indices = logits.double().sort(descending=True, stable=True)
    shares = logits.double().softmax(0)
    names = torchvision.models.ResNet18_Weights.DEFAULT.meta["categories"]
    assert np.array_equal(run.report["logits"].values, values.numpy())
    assert np.array_equal(run.report["logits"].indices, indices.numpy())
    assert run.report.main.labels == tuple(names[index] for index in indices)
    assert np.allclose(run.report.main.values, shares[indices].numpy(), rtol=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_layers_of_all_kinds(session, family):
    request = ModelRequest(reference=f"zoo:{family}@random", device="cpu")
    model = finish(session.store.open(request, never))
    layers = [layer for layer in model.info.layers if layer.shape is not None]
    wanted = {layer.name: layer for layer in layers[:: -(-len(layers) // LOOKED_AT)]}
    wanted[layers[-1].name] = layers[-1]
    x = model.normalizer(model.pixel_input(cat()))
    seen = as_a_hook_sees(model.net, x, wanted)
    assert seen.keys() == wanted.keys()
    for name, layer in wanted.items():
        found = output_of(model.net, x, name, calls=layer.calls, check=never)
        assert torch.equal(found, seen[name]), name
        assert tuple(found.shape[1:]) == layer.shape, name
        run = run_method(session, "activations", request.reference, layer=name)
        tiles = run.report["channels"].tiles
        assert_laid_out(layer, tiles, seen[name])
    for name in ("", *[each.name for each in layers if each.filters][::20]):
        kernels = run_method(session, "filters", request.reference, layer=name)
        assert kernels.report.main.tiles.size


def assert_laid_out(layer, tiles, output):
    """Check one number of each map against the raw output, by its meaning."""
    raw = output[0].numpy()
    match layer.layout:
        case Layout.MAP:
            assert np.array_equal(tiles, raw)
        case Layout.MAP_LAST:
            assert np.array_equal(tiles[:, 1, 2], raw[1, 2])
        case Layout.TOKENS if layer.grid:
            width = layer.grid[1]
            assert np.array_equal(
                tiles[:, 2, 3], raw[layer.extra_tokens + 2 * width + 3]
            )
        case Layout.VECTOR:
            assert np.array_equal(tiles[:, 0, 0], raw)
    assert tiles.size == raw.size - layer.extra_tokens * raw.shape[-1] * bool(
        layer.grid
    )
