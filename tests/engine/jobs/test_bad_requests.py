"""What bad input gets on the engine's side.  Truth: issue 2, words and nothing else."""

import gc
import weakref

import numpy as np
import psutil
import pytest
import torch
from support.jobs import cat, finish, never, run_method
from torch import nn

from nnviz.base.errors import (
    ErrorKind,
    InputError,
    ModelError,
    OutOfMemoryError,
    UsageError,
)
from nnviz.base.images import image_from_array
from nnviz.base.info import Severity
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session, error_record

OBJECTS = "bundled:objects"
SIDE = 24


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def network(channels):
    return nn.Sequential(
        nn.Conv2d(channels, 4, 3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(4, 3),
    )


def preprocess(channels):
    return Preprocess(
        input_size=(SIDE, SIDE),
        resize=SIDE,
        mean=(0.5,) * channels,
        std=(0.25,) * channels,
    )


def photo(channels, side=40):
    noise = np.random.default_rng(0).integers(0, 255, (side, side, channels))
    return image_from_array(noise.astype(np.uint8), f"{channels}.png")


def run(session, net, picture, channels, method="predictions", **values):
    settings = preprocess(channels)
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=session.store.adopt(net, settings), device="cpu"),
        image=picture,
        values=values,
    )
    return finish(session.job(request, never))


@pytest.mark.parametrize(
    ("network_has", "photo_has"), [(1, 1), (1, 3), (3, 1), (3, 3), (5, 5), (5, 1)]
)
@pytest.mark.parametrize("method", ["predictions", "activations", "filters"])
def test_channels_that_fit(session, network_has, photo_has, method):
    found = run(session, network(network_has), photo(photo_has), network_has, method)
    assert found.report.main.arrays()


@pytest.mark.parametrize(("network_has", "photo_has"), [(1, 5), (3, 5), (5, 3), (3, 2)])
def test_channels_that_do_not_fit(session, network_has, photo_has):
    words = (
        f"{photo_has}.png: has {photo_has} channels, the network takes {network_has}"
    )
    with pytest.raises(InputError, match=words):
        run(session, network(network_has), photo(photo_has), network_has)


@pytest.mark.parametrize("side", [1, 2, 5])
def test_a_photo_smaller_than_any_input_is_made_larger(session, side):
    found = run(session, network(3), photo(3, side), 3)
    assert np.isfinite(found.report.main.values).all()


@pytest.mark.parametrize("size", [(1, 900), (900, 1)])
def test_a_photo_that_is_a_line(session, size):
    picture = image_from_array(np.zeros((*size, 3), np.uint8), "line.png")
    assert run(session, network(3), picture, 3).report.main.arrays()


def test_weights_that_are_no_numbers_are_a_finding(session):
    net = network(3)
    with torch.no_grad():
        net[0].weight[0, 0, 0, 0] = float("nan")
        net[3].bias[0] = float("inf")
    settings = preprocess(3)
    request = ModelRequest(reference=session.store.adopt(net, settings), device="cpu")
    info = finish(session.job(LoadModel(request), never))
    (problem,) = [f for f in info.findings if f.severity is Severity.PROBLEM]
    assert "NaN or infinite weights in 0.weight, 3.bias" in problem.text
    assert run(session, net, cat(), 3, "activations").report.main.arrays()
    with pytest.raises(ModelError, match="outputs that are infinite or not numbers"):
        run(session, net, cat(), 3, "predictions")


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        RuntimeError(
            "[enforce fail at alloc_cpu.cpp:124] err == 0. DefaultCPUAllocator: "
            "can't allocate memory: you tried to allocate 8589934592 bytes."
        ),
        RuntimeError("MPS backend out of memory (MPS allocated: 9.0 GB)"),
    ],
)
@pytest.mark.parametrize("method", ["predictions", "activations"])
def test_memory_that_runs_out_in_a_pass(session, method, error):
    """Truth: what the allocators of torch say."""
    with pytest.raises(OutOfMemoryError) as caught:
        run(session, Short(error), cat(), 3, method, **_LAYER[method])
    record = error_record(caught.value)
    assert record.kind is ErrorKind.MEMORY
    assert "memory ran out; close other programs" in record.text


_LAYER = {"predictions": {}, "activations": {"layer": "layers"}}


class Short(nn.Module):
    """Runs out of memory, but not where nothing is allocated."""

    def __init__(self, error):
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 3), Failing(error))
        self.head = nn.Linear(4, 3)

    def forward(self, x):
        return self.head(self.layers(x).mean((2, 3)))


class Failing(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.error = error

    def forward(self, x):
        if x.is_meta:
            return x
        raise self.error


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ("no such file.txt", "no such file.txt"),
        ("two.txt", "two.txt: holds 2 names, the network has 101"),
    ],
)
def test_labels_that_do_not_fit(session, tmp_path, labels, message):
    (tmp_path / "two.txt").write_text("one\ntwo")
    request = ModelRequest(reference=OBJECTS, labels=str(tmp_path / labels))
    with pytest.raises(InputError, match=message):
        finish(session.job(LoadModel(request), never))


def test_an_unknown_device(session):
    with pytest.raises(UsageError, match="cdua: no such device"):
        finish(
            session.job(
                LoadModel(ModelRequest(reference=OBJECTS, device="cdua")), never
            )
        )


@pytest.mark.slow
def test_many_networks_one_after_the_other_do_not_fill_memory():
    """Limits for two networks of 5.5 MB: after 10 and after 30 the same is held."""
    process = psutil.Process()
    session = Session(activation_bytes=8 << 20, model_bytes=12 << 20)
    networks, held = [], []
    for seed in range(30):
        name = f"zoo:shufflenet_v2_x0_5@random:{seed}"
        run_method(session, "activations", name, layer="conv1")
        model = finish(session.store.open(ModelRequest(reference=name), never))
        networks.append(weakref.ref(model.net))
        del model
        gc.collect()
        held.append(process.memory_info().rss)
    alive = [seed for seed, net in enumerate(networks) if net() is not None]
    session.close()
    assert alive == [28, 29]
    assert held[29] - held[9] < 30 << 20
