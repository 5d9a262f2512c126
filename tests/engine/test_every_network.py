"""Every network of the list opens, shows its inside and is left as it was.

Truth: issue 2, "All torchvision classification models listed load with random weights,
show filters and activations of first, middle and last layer, and are left pristine";
a plain pass with forward hooks says what the layers give, the network itself what its
kernels are.
"""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_method
from support.pristine import snapshot
from torch import nn

from nnviz.base.info import ModelSource, Task
from nnviz.base.requests import LoadModel, ModelRequest
from nnviz.engine.jobs import Session
from nnviz.engine.models.listing import list_models
from nnviz.engine.nn.feature_maps import channel_maps

ALWAYS = frozenset(
    {"alexnet", "googlenet", "inception_v3", "resnet18", "resnext50_32x4d"}
    | {"wide_resnet50_2", "densenet121", "squeezenet1_1", "mobilenet_v2", "vgg11"}
    | {"mobilenet_v3_small", "shufflenet_v2_x0_5", "mnasnet0_5", "efficientnet_b0"}
    | {"efficientnet_v2_s", "regnet_x_400mf", "regnet_y_400mf", "convnext_tiny"}
    | {"vit_b_32", "swin_t", "swin_v2_t", "maxvit_t"}
)
"""Small ones of each family; the others are marked as slow."""
FAMILIES = {
    entry.reference.removeprefix("zoo:"): entry.family
    for entry in list_models()
    if entry.source is ModelSource.TORCHVISION and entry.task is Task.CLASSIFY
}


@pytest.fixture
def session():
    """One for each network: the largest would not fit beside others."""
    opened = Session()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in ALWAYS else [pytest.mark.slow])
        for name in FAMILIES
    ],
)
def test_every_network_shows_its_inside(session, name):
    request = ModelRequest(reference=f"zoo:{name}@random", device="cpu")
    process = snapshot(nn.Module())
    info = finish(session.job(LoadModel(request), never))
    assert snapshot(nn.Module()) == process
    model = finish(session.store.open(request, never))
    before = snapshot(model.net)
    for layer in first_middle_last(each for each in info.layers if each.filters):
        shows_filters(session, model, layer)
    reached = first_middle_last(each for each in info.layers if each.shape)
    shows_activations(session, model, reached)
    assert snapshot(model.net) == before


def first_middle_last(layers):
    found = list(layers)
    return [found[0], found[len(found) // 2], found[-1]]


def shows_filters(session, model, layer):
    run = run_method(session, "filters", model.info.reference, layer=layer.name)
    weight = model.net.get_submodule(layer.name).weight.numpy()
    match weight.shape[1]:
        case 1:
            tiles = weight[:, 0]
        case 3:
            tiles = weight.transpose(0, 2, 3, 1)
        case _:
            tiles = np.linalg.norm(weight, axis=1)
    assert np.array_equal(run.report.main.tiles, tiles), layer.name


def shows_activations(session, model, layers):
    seen = plain_pass(model, layers)
    for layer in layers:
        run = run_method(session, "activations", model.info.reference, layer=layer.name)
        expected = channel_maps(seen[layer.name], layer)
        assert np.array_equal(run.report["channels"].tiles, expected), layer.name


def plain_pass(model, layers):
    """Return the last clone of each layer's output."""
    seen = {}

    def keep(name):
        def hook(_module, _inputs, output):
            tensor = output[0] if isinstance(output, tuple) else output
            seen[name] = tensor.clone()

        return hook

    handles = [
        model.net.get_submodule(layer.name).register_forward_hook(keep(layer.name))
        for layer in layers
    ]
    with torch.no_grad():
        model.net(model.normalizer(model.pixel_input(cat())))
    for handle in handles:
        handle.remove()
    return seen


def test_every_family_has_a_member_that_is_not_slow():
    assert {FAMILIES[name] for name in ALWAYS} == set(FAMILIES.values())
