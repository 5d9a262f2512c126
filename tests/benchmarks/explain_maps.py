"""Class activation maps and occlusion beside bare passes, in one run."""

import time
from collections.abc import Iterator

import torch

from nnviz.base.images import image_from_array
from nnviz.base.requests import RunMethod
from nnviz.engine.jobs import Session
from tests.benchmarks.engine import MODEL, finish, never, photo
from tests.benchmarks.figures import (
    Figure,
    benchmark,
    median_seconds,
    ratio,
    soak,
)
from tests.benchmarks.window import run_program

FAMILY = ("grad_cam", "grad_cam_pp", "hires_cam", "layer_cam", "xgrad_cam", "eigen_cam")


@benchmark
def activation_maps() -> Iterator[Figure]:
    """The whole method, from the photograph, against one forward pass from there."""
    session = Session(activation_bytes=0)
    opened = finish(session.store.open(MODEL, never))
    image = image_from_array(photo())

    def plain():
        with torch.no_grad():
            opened.net(opened.normalizer(opened.pixel_input(image)))

    for method in FAMILY:

        def ours(method=method):
            request = RunMethod(method=method, model=MODEL, image=image)
            finish(session.job(request, never))

        yield Figure(f"{method} / forward", ratio(ours, plain), 1.2)


@benchmark
def ablation() -> Iterator[Figure]:
    """512 channels of the last stage; pytorch-grad-cam takes about 500 passes."""
    session = Session(activation_bytes=0)
    opened = finish(session.store.open(MODEL, never))
    image = image_from_array(photo())

    def plain():
        with torch.no_grad():
            opened.net(opened.normalizer(opened.pixel_input(image)))

    def ours():
        request = RunMethod(method="ablation_cam", model=MODEL, image=image)
        finish(session.job(request, never))

    yield Figure("ablation_cam / forward", ratio(ours, plain), 5)


@benchmark
def occlusion() -> Iterator[Figure]:
    """The first picture of 729 windows, of a network that was run before."""
    session = Session()
    image = image_from_array(photo())
    request = RunMethod(
        method="occlusion", model=MODEL, image=image,
        values={"window": 16, "stride": 8},
    )  # fmt: skip
    # Also makes the network's twin, which is kept.
    first_partial(session, request)
    seconds = median_seconds(lambda: 1e3 * first_partial(session, request))
    yield Figure("occlusion, first of 729 windows", seconds, 200, "ms")


def first_partial(session, request):
    """Return the seconds until there is something to see; the rest is not run."""
    started = time.perf_counter()
    job = session.job(request, never)
    next(job)
    next(job)
    job.close()
    return time.perf_counter() - started


@soak
def explain_memory() -> Iterator[Figure]:
    """Every explanation of two large networks, given 1 GiB above the loaded network."""
    for reference in ("zoo:vit_b_16@random", "zoo:resnet152@random"):
        found = run_program("explain_memory.py", reference)
        for name, value in found.items():
            method, _, kind = name.rpartition(".")
            what = f"{reference[4:].partition('@')[0]} {method}"
            if kind == "mib":
                yield Figure(f"{what}: peak above the network", value, 1024, "MiB")
            else:
                yield Figure(f"{what}: time", value, unit="s")
