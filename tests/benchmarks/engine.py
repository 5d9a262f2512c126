"""The engine beside plain torch, in one run."""

import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image as PillowImage
from torchvision.models import resnet18

from nnviz.base.errors import CancelledError
from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.media.decode import open_image
from tests.benchmarks.figures import Figure, benchmark, median_seconds, ratio

MODEL = ModelRequest(reference="zoo:resnet18@random", device="cpu")


def finish(job):
    """Run a job to its end and return what it promises."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def never():
    """Keep going."""


def photo(height=300, width=451):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def pristine_net():
    torch.random.default_generator.manual_seed(0)
    return resnet18(weights=None).eval().requires_grad_(False)


@benchmark
def activations() -> Iterator[Figure]:
    """The whole method, statistics and all, against the pass to that layer."""
    session, net = Session(activation_bytes=0), pristine_net()
    image = image_from_array(photo())
    stem = torch.nn.Sequential(net.conv1, net.bn1, net.relu, net.maxpool)
    to_layer1 = torch.nn.Sequential(stem, net.layer1)
    model = finish(session.job(LoadModel(MODEL), never))
    assert model.title
    opened = finish(session.store.open(MODEL, never))
    for layer, bare in (("layer1.0", torch.nn.Sequential(stem, net.layer1[0])),
                        ("layer1", to_layer1)):  # fmt: skip

        def plain(bare=bare):
            with torch.no_grad():
                bare(opened.normalizer(opened.pixel_input(image)))

        def ours(layer=layer):
            finish(
                session.job(
                    RunMethod(
                        method="activations", model=MODEL, image=image,
                        values={"layer": layer},
                    ),
                    never,
                )
            )  # fmt: skip

        yield Figure(
            f"activations of {layer} / pass to it", ratio(ours, plain, 15), 1.1
        )


@benchmark
def predictions() -> Iterator[Figure]:
    """From the file to the names against decode + preprocess + forward."""
    session, net = Session(activation_bytes=0), pristine_net()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "photo.jpg"
        PillowImage.fromarray(photo(1500, 2000)).save(path, quality=90)
        opened = finish(session.store.open(MODEL, never))

        def plain():
            image = open_image(path)
            with torch.no_grad():
                net(opened.normalizer(opened.pixel_input(image))).softmax(1)

        def ours():
            image = open_image(path)
            request = RunMethod(method="predictions", model=MODEL, image=image)
            finish(session.job(request, never))

        yield Figure("predictions of a dropped photo / bare", ratio(ours, plain), 1.2)


@benchmark
def cancelling() -> Iterator[Figure]:
    """From the request to the end of a pass through VGG-16, stopped in the middle."""
    reference = "zoo:vgg16@random"
    model = ModelRequest(reference=reference, device="cpu")
    session = Session(activation_bytes=0)
    finish(session.job(LoadModel(model), never))
    request = RunMethod(
        method="predictions", model=model, image=image_from_array(photo())
    )

    def cancel_once() -> float:
        stop = threading.Event()
        told = 0.0

        def check():
            if stop.is_set():
                raise CancelledError

        def tell():
            nonlocal told
            time.sleep(0.08)
            told = time.perf_counter()
            stop.set()

        teller = threading.Thread(target=tell)
        teller.start()
        try:
            while True:
                finish(session.job(request, check))
        except CancelledError:
            ended = time.perf_counter()
        teller.join()
        return (ended - told) * 1e3

    yield Figure(
        "cancel in the middle of VGG-16", median_seconds(cancel_once), 100, "ms"
    )
